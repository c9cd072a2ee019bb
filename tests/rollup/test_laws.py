"""Laws that hold for every graph, tried on random ones: loops, self-loops, credits, shared suppliers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from exchange.model.resolved import Total
from tests.rollup.check import World, line, solve
from tests.rollup.views import Viewer, view_of

LAW = settings(max_examples=60)


@dataclass(frozen=True)
class Spec:
    """Products p0, p1, …: direct emissions in grams, lines as (supplier, amount in grams per kilogram)."""

    direct: tuple[int, ...]
    lines: tuple[tuple[tuple[int, int], ...], ...]

    def world(self, *, scale: int = 1, backwards: bool = False, unit: str = "GRAM") -> World:
        """The graph; `backwards` publishes and lists everything in the opposite order."""
        world = World()
        step = -1 if backwards else 1
        for number in range(len(self.direct))[::step]:
            lines = [
                line(f"p{to}", Decimal(grams) / (1 if unit == "GRAM" else 1000), unit, credit=grams < 0)
                for to, grams in self.lines[number][::step]
            ]
            world.modelled(f"p{number}", Decimal(self.direct[number] * scale) / 1000, lines)
        return world


@st.composite
def specs(draw, signed: bool = True) -> Spec:
    """At most six products with at most three lines of at most 0.3: every loop has an answer."""
    count = draw(st.integers(1, 6))
    least = -300 if signed else 0
    to = st.integers(0, count - 1)
    lines = st.lists(st.tuples(to, st.integers(least, 300)), max_size=3).map(tuple)
    emissions = st.integers(-5000 if signed else 0, 5000)
    return Spec(
        tuple(draw(st.lists(emissions, min_size=count, max_size=count))),
        tuple(draw(st.lists(lines, min_size=count, max_size=count))),
    )


def total(world: World, name: str = "p0") -> Total:
    return solve(world, name).total(world.keys[name])


def alike(one: Total, other: Total, factor: int = 1) -> bool:
    """Whether two results are the same up to their certified intervals."""
    return factor * one.lower <= other.upper and other.lower <= factor * one.upper


@LAW
@given(specs(), st.integers(2, 9))
def test_multiplying_demand_multiplies_the_result(spec, times):
    world = spec.world()
    world.modelled("buyer", None, [line("p0", times)])
    assert alike(total(world), total(world, "buyer"), times)


@LAW
@given(specs(), st.integers(2, 9))
def test_scaling_all_emissions_scales_the_result(spec, times):
    assert alike(total(spec.world()), total(spec.world(scale=times)), times)


@LAW
@given(specs(), st.sets(st.integers(0, 5)))
def test_contributions_sum_to_the_result_in_every_view(spec, owned):
    world = spec.world()
    solution = solve(world, "p0")
    view = view_of(world, solution, "p0", Viewer(owner=[f"p{number}" for number in owned]))
    shown = solution.total(world.keys["p0"])
    found = view.contributions()
    size = sum((abs(one.own_kg_co2e) for one in found), Decimal(0)) + shown.quantum * 10**12
    assert abs(sum((one.own_kg_co2e for one in found), -shown.excluding)) <= size * Decimal("1E-11")


@LAW
@given(specs(), st.integers(0, 5), st.integers(0, 2), st.integers(-100, 400))
def test_splitting_a_line_changes_no_total(spec, number, position, part):
    number %= len(spec.direct)
    lines = spec.lines[number]
    assume(position < len(lines))
    to, grams = lines[position]
    assume(abs(part) + abs(grams - part) <= 800 and sum(abs(g) for _, g in lines) + 2 * abs(part) < 950)
    split = (*lines[:position], (to, part), *lines[position + 1 :], (to, grams - part))
    other = replace(spec, lines=(*spec.lines[:number], split, *spec.lines[number + 1 :]))
    assert alike(total(spec.world()), total(other.world()))


@LAW
@given(specs())
def test_order_changes_no_total(spec):
    forwards, backwards = spec.world(), spec.world(backwards=True)
    one, other = solve(forwards, "p0"), solve(backwards, "p0")
    assert alike(one.total(forwards.keys["p0"]), other.total(backwards.keys["p0"]))


@LAW
@given(specs(), st.sampled_from(["KILOGRAM"]))
def test_converting_units_changes_no_total(spec, unit):
    one, other = total(spec.world()), total(spec.world(unit=unit))
    assert one == other


@LAW
@given(specs(signed=False), st.integers(0, 5), st.integers(0, 5), st.integers(1, 90))
def test_without_credits_another_input_never_lowers_the_result(spec, number, to, grams):
    number, to = number % len(spec.direct), to % len(spec.direct)
    more = (*spec.lines[number], (to, grams))
    other = replace(spec, lines=(*spec.lines[:number], more, *spec.lines[number + 1 :]))
    assert total(other.world()).upper >= total(spec.world()).lower


@LAW
@given(specs())
def test_the_solution_satisfies_its_equation(spec):
    world = spec.world()
    solution = solve(world, *(f"p{number}" for number in range(len(spec.direct))))
    x = [solution.cradle_to_gate(world.keys[f"p{number}"])[0] for number in range(len(spec.direct))]
    for number, lines in enumerate(spec.lines):
        terms = [spec.direct[number] / 1000, *(grams / 1000 * x[to] for to, grams in lines)]
        assert abs(x[number] - sum(terms)) <= 1e-14 * (sum(map(abs, terms)) + abs(x[number]))


@LAW
@given(specs())
def test_the_interval_contains_lus_answer(spec):
    world = spec.world()
    solution = solve(world, "p0")
    count = len(spec.direct)
    matrix = np.eye(count)
    for number, lines in enumerate(spec.lines):
        for to, grams in lines:
            matrix[number, to] -= grams / 1000
    lu = np.linalg.solve(matrix, np.array(spec.direct) / 1000)[0]
    lower, upper = map(float, solution.interval(world.keys["p0"]))
    slack = 1e-13 * (abs(lu) + 1)
    assert lower - slack <= lu <= upper + slack


@LAW
@given(specs(), st.lists(st.tuples(st.integers(0, 100), st.integers(1, 5)), min_size=6, max_size=6))
def test_quality_stays_within_its_bounds(spec, stated):
    world = World()
    for number, direct in enumerate(spec.direct):
        lines = [
            line(f"p{to}", grams, "GRAM", credit=grams < 0, primary=grams % 2 == 0) for to, grams in spec.lines[number]
        ]
        share, rating = stated[number]
        world.modelled(f"p{number}", Decimal(direct) / 1000, lines, pds=share, dqr=rating, exempted=rating)
    found = total(world)
    assert 0 <= found.primary_data_share_percent <= 100
    assert (
        1 <= min(found.technological_dqr, found.temporal_dqr) <= max(found.technological_dqr, found.temporal_dqr) <= 5
    )
    assert 0 <= found.exempted_emissions_percent <= 100


@LAW
@given(specs(), st.integers(0, 5))
def test_delivered_lines_cost_what_their_transport_emits(spec, grams):
    """A delivered line is worth as much as the same line and a second one to a product that emits the transport."""
    delivered, apart = spec.world(), spec.world()
    delivered.declared("S", "3", outbound=Decimal(grams) / 10)
    delivered.modelled("buyer", "1", [line("S", 2, delivered=True), line("p0", 1)])
    apart.declared("S", "3")
    apart.declared("T", Decimal(grams) / 10)
    apart.modelled("buyer", "1", [line("S", 2), line("T", 2), line("p0", 1)])
    assert alike(total(delivered, "buyer"), total(apart, "buyer"))
