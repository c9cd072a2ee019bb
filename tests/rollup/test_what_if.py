"""What-if on a view: the laws that hold for every graph, and cases computed by hand."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange.model.carbon import COLUMN, COLUMNS, UPTAKE
from exchange.rollup import NoAnswer, Outcome, Process, Take, View, process_of, what_if
from tests.rollup.check import World, line, solve
from tests.rollup.views import Viewer, nodes_of, view_of

LAW = settings(max_examples=60)
FOSSIL = "fossilGhgEmissions"
LAND_USE = "landUseChangeGhgEmissions"


@dataclass(frozen=True)
class Made:
    """A product's direct emissions in grams (fossil, land use change, uptake), and lines as (supplier, grams, credit,
    delivered) per kilogram."""

    direct: tuple[int, int, int]
    lines: tuple[tuple[int, int, bool], ...]


def world_of(products: tuple[Made, ...], *, unrelated: int = 0, backwards: bool = False) -> World:
    """p0, p1, … and a supplier s that states its outbound logistics; keys in this order, or in the opposite one."""
    world = World()
    names = [*(f"p{number}" for number in range(len(products))), "s"]
    for name in names[::-1] if backwards else names:
        for number in range(unrelated):
            world.declared(f"unrelated to {name}, {number}", 1)
        world.key(name)
    world.declared("s", "1.5", "1.25", components={FOSSIL: "1", UPTAKE: "-0.2"}, outbound="0.125")
    for number, made in enumerate(products):
        parts = dict(zip((FOSSIL, LAND_USE, UPTAKE), made.direct, strict=True))
        direct = {name: Decimal(grams) / 1000 for name, grams in parts.items()}
        lines = [
            line(f"p{to}" if to < len(products) else "s", grams, "GRAM", credit=grams < 0, delivered=delivered)
            for to, grams, delivered in made.lines
        ]
        world.modelled(f"p{number}", direct, lines)
    return world


@st.composite
def products_of(draw, count: int) -> tuple[Made, ...]:
    """At most three lines of at most 0.3 each: every loop has an answer."""
    lines = st.tuples(st.integers(0, count), st.integers(-300, 300), st.booleans())
    direct = st.tuples(st.integers(0, 5000), st.integers(0, 900), st.integers(-900, 900))
    one = st.builds(Made, direct, st.lists(lines, max_size=3).map(tuple))
    return tuple(draw(st.lists(one, min_size=count, max_size=count)))


@st.composite
def two_exchanges(draw) -> tuple[tuple[Made, ...], tuple[Made, ...], frozenset[int]]:
    """The same products twice; those of the set are the viewer's own and differ."""
    count = draw(st.integers(1, 5))
    one, other = draw(products_of(count)), draw(products_of(count))
    own = draw(st.frozensets(st.integers(0, count - 1)))
    return one, tuple(other[n] if n in own else one[n] for n in range(count)), own


def viewer(own: Collection[int], count: int) -> Viewer:
    """Owns some, and is shown all lines of the others."""
    names = {f"p{number}" for number in range(count)}
    owned = {f"p{number}" for number in own}
    return Viewer(owner=owned, inputs={name: range(1, 10) for name in names - owned})


def view(world: World, seen: Viewer) -> View:
    return View(world.keys["p0"], nodes_of(world, solve(world, "p0", "s"), seen))


def answered(found: Outcome | NoAnswer) -> Outcome:
    assert isinstance(found, Outcome)
    return found


def moved(before: World, after: World, products: int, own: Collection[int]) -> tuple[View, Outcome]:
    """The view of the first world, and what it answers if the viewer's own processes were those of the second."""
    everything = ["p0", "s", *(f"p{number}" for number in range(1, products))]
    seen = viewer(own, products)
    base = View(before.keys["p0"], nodes_of(before, solve(before, *everything), seen))
    there = nodes_of(after, solve(after, *everything), seen)
    changed = {after.keys[f"p{number}"]: process_of(there[after.keys[f"p{number}"]]) for number in own}
    return base, answered(what_if(base, changed))


@LAW
@given(two_exchanges())
def test_a_what_if_is_the_roll_up_of_an_exchange_in_which_it_is_so(exchanges):
    one, other, own = exchanges
    before, after = world_of(one), world_of(other)
    base, found = moved(before, after, len(one), own)
    real = solve(after, "p0").total(after.keys["p0"])
    assert found.after.lower <= real.excluding <= found.after.upper
    largest = max(node.total.quantum for node in base.nodes.values())
    coarse = max(found.after.quantum, real.quantum, largest)
    assert found.after.upper - found.after.lower <= 500 * coarse
    for shown, expected in zip(found.after.components, real.components, strict=True):
        assert abs(shown - expected) <= 20 * coarse
    assert found.after.excluding == sum(found.after.components[:8])
    assert found.after.including == sum(found.after.components[:10])


@LAW
@given(st.integers(1, 5).flatmap(products_of), st.data())
def test_the_empty_scenario_is_the_plain_result(products, data):
    own = data.draw(st.frozensets(st.integers(0, len(products) - 1)))
    world = world_of(products)
    base = view(world, viewer(own, len(products)))
    keys = [world.keys[f"p{number}"] for number in own]
    same = {key: process_of(base.nodes[key]) for key in keys if key in base.nodes}
    total = base.nodes[base.root_key].total
    for changed in ({}, same):
        found = answered(what_if(base, changed))
        assert found.after is found.before
        assert found.before.components == total.components
        assert (found.before.lower, found.before.upper) == (total.lower, total.upper)
        plain = view_of(world, solve(world, "p0", "s"), "p0", viewer(own, len(products))).contributions()
        assert {one.product_key: one.before_kg_co2e for one in found.contributions()} == {
            one.product_key: one.own_kg_co2e for one in plain
        }
        assert not any(one.difference_kg_co2e for one in found.contributions())


@LAW
@given(two_exchanges())
def test_contributions_sum_to_the_difference(exchanges):
    one, other, own = exchanges
    before, after = world_of(one), world_of(other)
    base, found = moved(before, after, len(one), own)
    changes = found.contributions()
    size = max([abs(c) for node in base.nodes.values() for c in node.total.components] + [found.after.quantum * 10**12])
    difference = found.after.excluding - found.before.excluding
    assert abs(sum((one.difference_kg_co2e for one in changes), -difference)) <= size * Decimal("1E-9")
    assert all(one.after_kg_co2e - one.before_kg_co2e == one.difference_kg_co2e for one in changes)
    sizes = [abs(one.difference_kg_co2e) for one in changes]
    assert sizes == sorted(sizes, reverse=True)


@LAW
@given(two_exchanges())
def test_keys_change_no_byte(exchanges):
    """They tell how much others made, and in which order."""
    one, other, own = exchanges

    def asked(unrelated: int = 0, *, backwards: bool = False) -> tuple[object, object]:
        before, after = (world_of(each, unrelated=unrelated, backwards=backwards) for each in (one, other))
        base, found = moved(before, after, len(one), own)
        names = {key: name for name, key in before.keys.items()}
        totals = {names[key]: node.total for key, node in base.nodes.items()}
        return sorted(totals.items()), found.after

    plain, shifted, turned = asked(), asked(unrelated=2), asked(backwards=True)
    for again in (shifted, turned):
        if again[0] == plain[0]:  # the same shown facts: what the last bits of two roll-ups do is not the subject
            assert again == plain


def loop() -> tuple[World, View]:
    """p0 takes 0.4 of p1, which takes 0.06 of p0: power and coal."""
    world = world_of((Made((850, 0, 0), ((1, 400, False),)), Made((50, 0, 0), ((0, 60, False),))))
    return world, view(world, viewer([0, 1], 2))


def with_line(base: View, key: int, supplier: int, factor: str, delivered: bool = False) -> dict[int, Process]:
    return {key: Process(base.nodes[key].own, (Take(supplier, Decimal(factor), delivered),))}


def test_a_loop_by_hand():
    """With 0.2 of coal: (0.85 + 0.2 x 0.05) / (1 - 0.2 x 0.06) = 0.86 / 0.988."""
    world, base = loop()
    found = answered(what_if(base, with_line(base, world.keys["p0"], world.keys["p1"], "0.2")))
    assert str(found.before.excluding) == "0.891393442623"
    assert str(found.after.excluding) == "0.87044534413"
    assert str(found.after.lower) == "0.870445344119"
    assert str(found.after.upper) == "0.87044534414"
    changes = {one.product_key: one for one in found.contributions()}
    # Demands 1 / 0.988 and 0.2 / 0.988, instead of 1 / 0.976 and 0.4 / 0.976.
    assert str(changes[world.keys["p0"]].after_kg_co2e) == "0.86032388664"
    assert str(changes[world.keys["p1"]].after_kg_co2e) == "0.01012145749"


def test_a_loop_that_consumes_all_of_itself_has_no_answer():
    world, base = loop()
    keys = (world.keys["p0"], world.keys["p1"])
    for factor in ("16.7", "-20", "1000"):
        assert what_if(base, with_line(base, keys[0], keys[1], factor)) == NoAnswer(keys)
    assert answered(what_if(base, with_line(base, keys[0], keys[1], "16"))).after.excluding > 30


def test_a_loop_without_emissions_is_looked_for_too():
    world = world_of((Made((0, 0, 0), ()),))
    base, key = view(world, viewer([0], 1)), world.keys["p0"]
    assert what_if(base, with_line(base, key, key, "1.5")) == NoAnswer((key,))
    for factor in ("0.5", "0.999999"):
        assert answered(what_if(base, with_line(base, key, key, factor))).after.excluding == 0


def test_a_delivered_line_brings_outbound_logistics_that_stay_as_they_are():
    world = world_of((Made((1000, 0, 0), ()),))
    base, key = view(world, viewer([0], 1)), world.keys["p0"]
    plain = answered(what_if(base, with_line(base, key, world.keys["s"], "2"))).after
    delivered = answered(what_if(base, with_line(base, key, world.keys["s"], "2", delivered=True))).after
    assert (plain.excluding, plain.including) == (Decimal(4), Decimal("3.5"))
    assert delivered.excluding == Decimal("4.25")
    assert plain.components[COLUMN[UPTAKE]] == Decimal("-0.4")
    assert len(plain.components) == len(COLUMNS)


def test_closed_totals_never_move():
    """p1 is a leaf to the viewer, though it consumes the viewer's p0; and a leaf that is asked about is its total."""
    world, _ = loop()
    nodes = nodes_of(world, solve(world, "p0"), Viewer(owner=["p0"]))
    base = View(world.keys["p0"], nodes)
    found = answered(what_if(base, with_line(base, world.keys["p0"], world.keys["p1"], "0.2")))
    closed = nodes[world.keys["p1"]].total.excluding
    assert abs(found.after.excluding - (Decimal("0.85") + Decimal("0.2") * closed)) <= found.after.quantum
    assert str(found.after.excluding) == "0.870696721312"
    leaf = View(world.keys["p1"], nodes)
    asked = answered(what_if(leaf, with_line(leaf, world.keys["p0"], world.keys["p1"], "0.2")))
    assert asked.after == asked.before


def test_numbers_are_never_shown_finer_than_they_are_known():
    """1000 kg to 12 digits are known to 1e-8; 1 kg of it is not known better."""
    world = world_of((Made((999_999, 0, 0), ((1, 1, False),)), Made((1_000_100, 0, 0), ())))
    base, key = view(world, viewer([0], 2)), world.keys["p0"]
    own = tuple(Decimal("0.123456789") if name == FOSSIL else Decimal(0) for name in COLUMNS)
    found = answered(what_if(base, {key: Process(own, process_of(base.nodes[key]).takes)}))
    assert found.after.quantum == found.before.quantum == Decimal("1E-8")
    assert found.after.excluding == Decimal("1.12355679")


@pytest.mark.parametrize("factor", ["0.4", "0.40"])
def test_the_same_factor_in_other_digits_is_no_change(factor):
    world, base = loop()
    found = answered(what_if(base, with_line(base, world.keys["p0"], world.keys["p1"], factor)))
    assert found.after is found.before
