"""The spread of a result, from the spreads of what was stated: the analytic log-normal form on the whole closure."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from math import exp, log

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from exchange.model.carbon import COLUMN
from exchange.model.footprint import Lines
from exchange.model.pedigree import Pedigree
from exchange.model.resolved import Uncertainty, UncertaintyReason
from exchange.rollup import Solution
from exchange.rollup.uncertainty import Spread, interval_of, shown_uncertainty
from tests.rollup.check import World, check, line, solve
from tests.rollup.test_laws import LAW, Spec, specs
from tests.rollup.views import Viewer, view_of


def spread(world: World, root: str, reason: str | None = None) -> Spread:
    """What a product's result depends on; the graph in memory says the same of what is shown of it."""
    solution = check(world, root)
    found = solution.spread(world.keys[root])
    shown = solution.uncertainty(world.keys[root])
    assert (None if found.reason is None else found.reason.value) == reason
    assert shown == shown_uncertainty(found.deviation, found.covered, found.reason)
    return found


def shown_of(world: World, root: str) -> Uncertainty:
    return solve(world, root).uncertainty(world.keys[root])


def two_parts(*, same: bool) -> World:
    world = World()
    world.modelled("root", None, [line("a", 1), line("a" if same else "b", 1)])
    world.declared("a", "3", gsd=2)
    world.declared("b", "3", gsd=2)
    return world


@pytest.mark.parametrize(("same", "expected"), [(False, "1.6325269194"), (True, "2.0000000000")])
def test_two_equal_parts(same: bool, expected: str) -> None:
    found = spread(two_parts(same=same), "root")
    assert f"{found.deviation:.10f}" == expected
    assert found.covered == pytest.approx(0.5)  # the two lines' amounts have no stated spread


def test_what_is_shown_is_rounded() -> None:
    shown = shown_of(two_parts(same=False), "root")
    assert shown.geometric_standard_deviation == Decimal("1.6325")
    assert shown.covered_percent == Decimal(50)
    assert shown.reason is None


def test_what_lies_half_way_goes_one_way_whoever_computes_it() -> None:
    """1 of 8 is covered, 12.5 percent: half-even, also where sums come out a last bit off."""
    world = World()
    for amount in ("0.7", "0.1", "0.3"):
        lines = [line("a", amount, gsd="1.1"), line("b", Decimal(amount) * 3)]
        world.declared("a", "1")
        world.declared("b", "1")
        world.modelled(f"of {amount}", None, lines)
        assert shown_of(world, f"of {amount}").covered_percent == Decimal(12)


@pytest.mark.parametrize("covered", [0.375, 0.374999999999999, 0.375000000000001])
def test_last_bits_are_rounded_away_first(covered: float) -> None:
    """Else 37.5 percent would be 37 on one machine and 38 on another."""
    assert shown_uncertainty(1.2, covered, None).covered_percent == Decimal(38)
    assert shown_uncertainty(1 + covered / 10_000, 1.0, None).geometric_standard_deviation == Decimal("1")


def test_each_kind_of_parameter() -> None:
    """Direct emissions, a line's amount and a declared result: e = 0.25, 0.75, 0.75."""
    world = World()
    world.modelled("root", "1", [line("leaf", 3, gsd="1.2")], gsd="1.5")
    world.declared("leaf", "1", gsd="1.1")
    found = spread(world, "root")
    assert found.elasticities.tolist() == pytest.approx([0.25, 0.75, 0.75])
    expected = (0.25 * log(1.5)) ** 2 + (0.75 * log(1.1)) ** 2 + (0.75 * log(1.2)) ** 2
    assert found.deviation == pytest.approx(exp(expected**0.5), rel=1e-14)
    assert found.covered == pytest.approx(1)


OFTEN = Pedigree(Decimal("0.0006"), None, 2, 3, 2, 3, 3)  # variance 0.0101
SELDOM = Pedigree(None, Decimal("1.2"), 1, 1, 1, 1, 5)  # variance ln² 1.2 + 0.12


def in_each_place(*spreads: object) -> World:
    """Of direct emissions, a line's amount, a fallback's that serves, and a declared result."""
    direct, amount, fallback, declared = spreads
    world = World()
    world.unregistered.add("gone")
    lines = [line("leaf", 3, gsd=amount), line("gone", 1, fallback=("factor", "2", "KILOGRAM", fallback))]
    world.modelled("root", "1", lines, gsd=direct)
    world.declared("leaf", "1", gsd=declared)
    world.declared("factor", "0.5")
    return world


def test_scores_give_the_same_as_the_spread_that_follows_from_them_where_it_is_stated() -> None:
    scores = (OFTEN, SELDOM, OFTEN, SELDOM)
    found = spread(in_each_place(*scores), "root")
    stated = spread(in_each_place(*(each.geometric_standard_deviation for each in scores)), "root")
    assert found.elasticities.tolist() == stated.elasticities.tolist()
    assert found.deviations.tolist() == pytest.approx(stated.deviations.tolist(), rel=0, abs=0, nan_ok=True)
    assert (found.deviation, found.covered) == (stated.deviation, stated.covered)
    # x = 1 + 3 + 1: e = 0.2, 0.6, 0.2, 0.6
    seldom = log(1.2) ** 2 + 0.12
    expected = (0.2**2 + 0.2**2) * 0.0101 + (0.6**2 + 0.6**2) * seldom
    assert found.deviation == pytest.approx(exp(expected**0.5), rel=1e-9)
    assert found.deviation != pytest.approx(spread(in_each_place("1.2", "1.2", "1.2", "1.2"), "root").deviation)


def test_a_delivered_line_carries_the_outbound_logistics_of_its_supplier() -> None:
    """A declared result and its outbound logistics are one statement; so are direct emissions of all stages."""
    world = World()
    world.modelled("root", None, [line("made", 2, delivered=True, gsd="1.3"), line("leaf", 1, delivered=True)])
    stages = {"DISTRIBUTION": "1"}
    world.modelled("made", "3", [line("truck", 5, stage="DISTRIBUTION", gsd="1.4")], stages=stages, gsd="1.2")
    world.declared("truck", "0.2", gsd="1.1")
    world.declared("leaf", "7", outbound="3", gsd="1.5")
    found = spread(world, "root")
    # x = 2 (3 + 1 + 5 x 0.2) + (7 + 3) = 20
    keys = {name: row for row, name in enumerate(["root", "made", "leaf", "truck"])}
    assert found.elasticities[: len(keys)].tolist() == pytest.approx([0, 0.4, 0.5, 0.1])
    assert found.elasticities[len(keys) :].tolist() == pytest.approx([0.5, 0.5, 0.1])
    assert found.deviations[len(keys) :].tolist() == pytest.approx([1.3, np.nan, 1.4], nan_ok=True)


def test_a_line_served_by_its_fallback_has_the_spread_of_the_fallbacks_amount() -> None:
    world = World()
    world.unregistered.add("gone")
    fallback = ("factor", "2", "KILOGRAM", "1.7")
    world.modelled("root", None, [line("gone", 1, gsd="1.2", fallback=fallback), line("leaf", 1, fallback=fallback)])
    world.declared("factor", "1", gsd="1")
    world.declared("leaf", "2")
    found = spread(world, "root")
    assert found.deviations[-2:].tolist() == pytest.approx([1.7, np.nan], nan_ok=True)
    assert found.deviation == pytest.approx(exp(0.5 * log(1.7)))


def test_stages_after_the_gate_have_no_part_in_it() -> None:
    world = World()
    world.modelled("root", "1", [line("power", 3, stage="USE", gsd=3)], gsd="1.5")
    world.declared("power", "1", gsd=3)
    found = spread(world, "root")
    assert found.deviation == pytest.approx(1.5)
    assert found.covered == pytest.approx(1)


def test_a_loop() -> None:
    """Power and coal of docs/method.md: 0.4098360656 coal is worth 0.1034836066 each of 0.8913934426."""
    world = World()
    world.modelled("power", "0.85", [line("coal", "0.4", gsd=2)], unit="KILOWATT_HOUR")
    world.modelled("coal", "0.05", [line("power", "0.06", "KILOWATT_HOUR")])
    found = spread(world, "power")
    assert f"{found.elasticities[2]:.10f}" == "0.0475786697"
    assert f"{found.deviation:.8f}" == "1.03352886"


def test_a_long_chain_is_a_product_of_log_normals() -> None:
    """Nothing cancels, so it has a spread however deep it is."""
    world = World()
    for tier in range(9):
        world.modelled(f"p{tier}", None, [line(f"p{tier + 1}", 2, gsd="1.1")])
    world.declared("p9", "1", gsd="1.1")
    assert spread(world, "p0").deviation == pytest.approx(exp(10**0.5 * log(1.1)))


def test_a_difference_of_large_numbers_has_none() -> None:
    """10 − 9 with GSD 1.2: a third of it lies below zero."""
    world = World()
    world.modelled("root", "10", [line("credit", -9, credit=True, gsd="1.2")], gsd="1.2")
    world.declared("credit", "1")
    found = spread(world, "root", "UNSTABLE")
    assert found.gross == pytest.approx(19)
    assert found.elasticities.tolist() == pytest.approx([10, -9, -9])


def test_many_small_credits_cancel_too() -> None:
    """No parameter alone is large."""
    world = World()
    lines = [line("leaf", 1, gsd="1.2")] * 10 + [line("leaf", -1, credit=True, gsd="1.2")] * 9
    world.modelled("root", None, lines)
    world.declared("leaf", "1")
    found = spread(world, "root", "UNSTABLE")
    assert found.gross == pytest.approx(19)
    assert np.abs(found.elasticities).max() == pytest.approx(1)


def test_a_loop_that_consumes_most_of_itself_has_none() -> None:
    world = World()
    world.modelled("root", "1", [line("root", "0.9", gsd="1.05")])
    found = spread(world, "root", "UNSTABLE")
    assert found.elasticities.tolist() == pytest.approx([1, 9])


@pytest.mark.parametrize("direct", ["0", "1"])
def test_what_is_not_positive_has_none(direct: str) -> None:
    world = World()
    world.modelled("root", direct, [line("credit", -1, credit=True, gsd="1.2")], gsd="1.2")
    world.declared("credit", "1", gsd="1.2")
    found = spread(world, "root", "NOT_POSITIVE")
    assert found.covered == pytest.approx(1)


def test_nothing_at_all_has_none() -> None:
    world = World()
    world.declared("root", "0", gsd="1.2")
    assert spread(world, "root", "NOT_POSITIVE").covered == 0


def test_what_nobody_stated_has_none() -> None:
    world = World()
    world.modelled("root", "1", [line("leaf", 1)])
    world.declared("leaf", "1")
    assert spread(world, "root", "NOT_STATED").covered == 0


def test_what_is_stated_to_be_certain_is_covered() -> None:
    world = World()
    world.declared("root", "1", gsd="1")
    found = spread(world, "root")
    assert (found.deviation, found.covered) == (1.0, 1.0)


def test_the_interval_follows_from_what_is_shown() -> None:
    assert interval_of(Decimal(100), Decimal(2)) == (Decimal("25.7028"), Decimal("389.062"))
    assert interval_of(Decimal("7.5"), Decimal(1)) == (Decimal("7.5"), Decimal("7.5"))


def test_spreads_are_no_part_of_the_digest() -> None:
    """The result and what it was computed from are the same, however sure anybody is of them."""
    found = set()
    for gsd in (None, "1.5"):
        world = World()
        world.modelled("root", "1", [line("leaf", 3, gsd=gsd)], gsd=gsd)
        world.declared("leaf", "1", gsd=gsd)
        found.add(view_of(world, solve(world, "root"), "root", Viewer(owner=["root"])).digest())
    assert len(found) == 1


# --- laws -----------------------------------------------------------------------------------------------------------


def uncertain(spec: Spec, *, unit: str = "GRAM") -> World:
    """Everything with a spread of its own, but for every third line."""
    world = World()
    for number in range(len(spec.direct)):
        lines = [
            line(
                f"p{to}",
                Decimal(grams) / (1 if unit == "GRAM" else 1000),
                unit,
                credit=grams < 0,
                gsd=None if position % 3 == 2 else 1 + Decimal(number + position) / 10,
            )
            for position, (to, grams) in enumerate(spec.lines[number])
        ]
        world.modelled(f"p{number}", Decimal(spec.direct[number]) / 1000, lines, gsd=f"1.{number}")
    return world


@LAW
@given(specs())
def test_units_change_no_spread_and_memory_says_the_same(spec: Spec) -> None:
    world, other = uncertain(spec), uncertain(spec, unit="KILOGRAM")
    one = check(world, "p0").uncertainty(world.keys["p0"])
    assert one == solve(other, "p0").uncertainty(other.keys["p0"])


@pytest.mark.parametrize("total", ["-1", "0", "3"])
@pytest.mark.parametrize("gsd", [None, "1", "1.25"])
def test_what_consumes_nothing_is_its_own_parameter(total: str, gsd: str | None) -> None:
    """Found without a solve, and the same as with one."""
    world = World()
    world.modelled("root", {"unspecified": total}, gsd=gsd)
    world.modelled("whole", {"unspecified": total}, [line("root", 0)], gsd=gsd)
    reason = "NOT_POSITIVE" if total != "3" else "NOT_STATED" if gsd is None else None
    spread(world, "root", reason)
    assert shown_of(world, "root") == shown_of(world, "whole")


@LAW
@given(specs(signed=False), st.integers(0, 5), st.integers(0, 2))
def test_elasticities_are_what_finite_differences_say(spec: Spec, number: int, position: int) -> None:
    number %= len(spec.direct)
    assume(position < len(spec.lines[number]))
    assume(spec.lines[number][position][1] > 0)

    def total(step: Decimal) -> tuple[float, Solution, World]:
        world = uncertain(spec)
        lines = list(world.footprints[f"p{number}"][0].lines)
        lines[position] = replace(lines[position], amount=lines[position].amount * (1 + step))
        modelled = world.footprints[f"p{number}"][0].modelled
        assert modelled is not None
        world.replace(f"p{number}", 1, modelled=replace(modelled, lines=Lines.of(lines)))
        solution, key = solve(world, "p0"), world.keys["p0"]
        return solution.cradle_to_gate(key)[COLUMN["fossilGhgEmissions"]], solution, world

    step = Decimal("1E-5")
    (up, _, _), (down, _, _), (x, solution, world) = total(step), total(-step), total(Decimal(0))
    assume(x > 0 and world.keys[f"p{number}"] in solution.keys)
    names = {key: int(name[1:]) for name, key in world.keys.items()}
    before = solution.keys[: solution.keys.index(world.keys[f"p{number}"])]
    at = len(solution.keys) + sum(len(spec.lines[names[key]]) for key in before) + position
    expected = log(up / down) / log((1 + step) / (1 - step))
    assert solution.spread(world.keys["p0"]).elasticities[at] == pytest.approx(expected, rel=1e-6, abs=1e-9)


@LAW
@given(st.integers(1, 8), st.integers(0, 7), st.integers(0, 5))
def test_one_uncertain_line_of_a_chain(tiers: int, at: int, direct: int) -> None:
    """Its elasticity is the share of the result that comes through it."""
    at %= tiers
    world = World()
    for tier in range(tiers):
        world.modelled(f"p{tier}", direct, [line(f"p{tier + 1}", 1, gsd=2 if tier == at else None)])
    world.declared(f"p{tiers}", "1")
    share = (1 + direct * (tiers - 1 - at)) / (1 + direct * tiers)
    assert spread(world, "p0").deviation == pytest.approx(2**share)


def test_reasons_are_of_the_model() -> None:
    assert [reason.value for reason in UncertaintyReason] == ["NOT_POSITIVE", "NOT_STATED", "UNSTABLE"]
