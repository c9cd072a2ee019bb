"""Advice: which suppliers' primary data would help most, and where a spread comes from."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.model.footprint import Lines
from exchange.rollup import View, primary_data_advice, spread_advice
from exchange.rollup.view_parameters import parameters_of
from tests.rollup.check import World, line, solve
from tests.rollup.test_laws import LAW, Spec, specs
from tests.rollup.test_uncertainty import uncertain
from tests.rollup.views import Viewer, nodes_of


def view_of(world: World, root: str, viewer: Viewer) -> View:
    return View(world.keys[root], nodes_of(world, solve(world, root), viewer))


def gains(world: World, root: str, viewer: Viewer, first: int = 5) -> list[tuple[str, int, str, str]]:
    names = {key: name for name, key in world.keys.items()}
    return [
        (names[each.consumer_key], each.line, names[each.supplier_key], f"{each.gain_percentage_points:.4f}")
        for each in primary_data_advice(view_of(world, root, viewer), first)
    ]


def car() -> World:
    """300 of its own (100 %), steel 2,100 (36 %, secondary amount), a motor of 400 (its own half primary)."""
    world = World()
    world.modelled("car", "300", [line("steel", 900), line("motor", 1, primary=True)], pds=100)
    world.declared("steel", Decimal(2100) / 900, pds=36)
    world.modelled("motor", "200", [line("copper", 10, primary=True)], pds=100)
    world.declared("copper", "20", pds=0)
    return world


def test_the_gains_of_a_small_chain() -> None:
    """Steel 2100/2800 x 100; copper 400/2800 x 1/2 x 100; the motor 400/2800 x (100 - 50): copper brings the same."""
    expected = [
        ("car", 1, "steel", "75.0000"),
        ("motor", 1, "copper", "7.1429"),
        ("car", 2, "motor", "7.1429"),
    ]
    assert gains(car(), "car", Viewer(owner=["car", "motor"])) == expected
    assert gains(car(), "car", Viewer(owner=["car", "motor"]), 1) == expected[:1]


def test_what_is_not_shown_open_is_held_fast() -> None:
    assert gains(car(), "car", Viewer(owner=["car"])) == [("car", 1, "steel", "75.0000"), ("car", 2, "motor", "7.1429")]
    assert gains(car(), "car", Viewer(inputs={"car": [2]})) == [("car", 2, "motor", "7.1429")]
    assert gains(car(), "car", Viewer()) == []


def test_what_is_primary_already_gains_nothing() -> None:
    world = World()
    world.modelled("root", "1", [line("leaf", 1, primary=True)], pds=0)
    world.declared("leaf", "1", pds=100)
    assert gains(world, "root", Viewer(owner=["root"])) == []


def test_a_secondary_amount_stops_what_is_behind_it() -> None:
    """The first step is the line's own amount: until that is primary, its suppliers' data cannot help."""
    world = World()
    world.modelled("root", None, [line("made", 1)])
    world.modelled("made", None, [line("leaf", 1, primary=True)])
    world.declared("leaf", "1", pds=0)
    assert gains(world, "root", Viewer(owner=["root", "made"])) == [("root", 1, "made", "100.0000")]


def test_a_dataset_release_stays_secondary() -> None:
    world = World()
    world.modelled("root", None, [line("factor", 1, primary=True)])
    world.modelled("factor", "1", [line("leaf", 1)], release="r")
    world.declared("leaf", "1")
    assert gains(world, "root", Viewer(owner=["root", "factor"])) == [("root", 1, "factor", "100.0000")]


@pytest.mark.parametrize("coal_is_primary", [True, False])
def test_gains_in_a_loop_are_what_computing_anew_says(coal_is_primary: bool) -> None:
    world = World()
    world.modelled("power", "0.85", [line("coal", "0.4", primary=True)], unit="KILOWATT_HOUR", pds=100)
    world.modelled("coal", "0.05", [line("power", "0.6", "KILOWATT_HOUR", primary=coal_is_primary)], pds=20)
    check_gains(world, "power")


@LAW
@given(specs(), st.integers(0, 7))
def test_gains_are_what_computing_anew_says(spec: Spec, secondary: int) -> None:
    world = World()
    for number in range(len(spec.direct)):
        lines = [
            line(f"p{to}", Decimal(grams) / 1000, credit=grams < 0, primary=(number + position) % 8 != secondary)
            for position, (to, grams) in enumerate(spec.lines[number])
        ]
        world.modelled(f"p{number}", Decimal(spec.direct[number]) / 1000, lines, pds=10 * number)
    check_gains(world, "p0")


def check_gains(world: World, root: str) -> None:
    """Every gain, beside the roll-up of a world in which the line's supplier is replaced by one with primary data."""
    names = {key: name for name, key in world.keys.items()}
    viewer = Viewer(owner=list(world.keys))
    before = solve(world, root).total(world.keys[root]).primary_data_share_percent
    totals = solve(world, root)
    for each in primary_data_advice(view_of(world, root, viewer), 50):
        consumer, supplier = names[each.consumer_key], names[each.supplier_key]
        other = World()
        other.keys, other.owners, other.sequence = dict(world.keys), dict(world.owners), world.sequence
        other.footprints = {name: list(versions) for name, versions in world.footprints.items()}
        other.declared("sender", Decimal(totals.cradle_to_gate(each.supplier_key)[0]), pds=100)
        sender = other.footprints["sender"][0]
        other.replace("sender", 1, declared_unit=world.footprints[supplier][0].declared_unit)
        lines = list(world.footprints[consumer][0].lines)
        at = each.line - 1
        lines[at] = replace(lines[at], product_key=sender.product_key, urn="urn:x:sender", amount_is_primary=True)
        modelled = world.footprints[consumer][0].modelled
        assert modelled is not None
        other.replace(consumer, 1, modelled=replace(modelled, lines=Lines.of(lines)))
        after = solve(other, root).total(world.keys[root]).primary_data_share_percent
        assert float(each.gain_percentage_points) == pytest.approx(float(after - before), abs=1e-7)


def spreads(world: World, root: str, viewer: Viewer, first: int = 5) -> list[tuple[str, int | None, str, str]]:
    names = {key: name for name, key in world.keys.items()}
    solution = solve(world, root)
    found = spread_advice(view_of(world, root, viewer), first, solution.prepare_uncertainties)
    return [
        (names[each.product_key], each.line, str(each.geometric_standard_deviation), f"{each.contribution_percent:.4f}")
        for each in found
    ]


def test_where_a_spread_comes_from() -> None:
    """e = 0.25 (direct), 0.75 (the line), 0.75 (the leaf)."""
    world = World()
    world.modelled("root", "1", [line("leaf", 3, gsd="1.2")], gsd="1.5")
    world.declared("leaf", "1", gsd="1.1")
    parts = [(0.75 * log(1.2)) ** 2, (0.25 * log(1.5)) ** 2, (0.75 * log(1.1)) ** 2]
    shares = [f"{100 * part / sum(parts):.4f}" for part in parts]
    expected = [("root", 1, "1.2", shares[0]), ("root", None, "1.5", shares[1]), ("leaf", None, "1.1", shares[2])]
    assert spreads(world, "root", Viewer(owner=["root"])) == expected
    assert spreads(world, "root", Viewer(owner=["root"]), 2) == expected[:2]
    assert spreads(world, "root", Viewer()) == [("root", None, "1.2028", "100.0000")]


def test_where_nothing_is_stated_there_is_no_advice() -> None:
    assert spreads(car(), "car", Viewer(owner=["car", "motor"])) == []


def test_outbound_logistics_of_a_leaf_count_with_it() -> None:
    """One statement of 7 + 3, beside 10 of direct emissions: half of the result each."""
    world = World()
    world.modelled("root", "10", [line("leaf", 1, delivered=True)], gsd="1.1")
    world.declared("leaf", "7", outbound="3", gsd="1.1")
    expected = [("leaf", None, "1.1", "50.0000"), ("root", None, "1.1", "50.0000")]
    assert spreads(world, "root", Viewer(owner=["root"])) == expected


@LAW
@given(specs(signed=False))
def test_the_owner_of_everything_sees_the_elasticities_of_the_whole(spec: Spec) -> None:
    """There the view is the closure: each parameter carries the same part of the spread."""
    world = uncertain(spec)
    solution = solve(world, "p0")
    if solution.total(world.keys["p0"]).excluding <= 0:
        return
    whole = solution.spread(world.keys["p0"])
    parts = np.where(
        np.isnan(whole.deviations), 0, (whole.elasticities * np.log(np.nan_to_num(whole.deviations, nan=1))) ** 2
    )
    view = view_of(world, "p0", Viewer(owner=list(world.keys)))
    found = spread_advice(view, 1000, solution.prepare_uncertainties)
    expected = sorted((100 * parts[parts > 0] / parts.sum()).tolist(), reverse=True) if parts.any() else []
    shown = [float(each.contribution_percent) for each in found]
    assert [each for each in shown if each > 1e-9] == pytest.approx(
        [each for each in expected if each > 1e-9], abs=1e-6
    )
    assert len(parameters_of(view).keys) == len(solution.keys)
