"""Cradle-to-grave footprints are never candidates of a roll-up, and never added to anything (docs/method.md)."""

import pytest

from exchange.model.footprint import SystemBoundary
from exchange.rollup import choose
from tests.rollup.check import NOW, World, check, line

GRAVE = SystemBoundary.CRADLE_TO_GRAVE
OLD, NEW = ("2023-01-01", "2024-01-01"), ("2024-01-01", "2025-01-01")


def to_grave(world: World, name: str, kg: str, **more) -> None:
    world.declared(name, kg, **more)
    world.replace(name, len(world.footprints[name]), boundary=GRAVE)


def bought(world: World) -> World:
    world.modelled("root", "1", [line("part", 3)])
    return world


def test_a_line_to_a_cradle_to_grave_footprint_is_a_gap_and_adds_nothing():
    world = bought(World())
    to_grave(world, "part", "50", period=NEW)
    check(world, "root", excluding="1", gaps={1: "OTHER_BOUNDARY"})


def test_a_product_of_cradle_to_grave_only_has_no_cradle_to_gate():
    world = World()
    to_grave(world, "part", "50", period=NEW)
    check(world, "part", refused="OTHER_BOUNDARY")


@pytest.mark.parametrize(("gate", "grave"), [(OLD, NEW), (NEW, OLD), (NEW, NEW)])
def test_a_cradle_to_gate_version_stands_beside_it_whichever_is_newer(gate, grave):
    world = bought(World())
    world.declared("part", "2", period=gate)
    to_grave(world, "part", "50", period=grave)
    check(world, "root", excluding="7")
    check(world, "part", excluding="2")


def test_a_fallback_serves_where_only_cradle_to_grave_is_there_and_is_one_itself_never():
    world = World()
    to_grave(world, "part", "50", period=NEW)
    world.declared("factor", "4")
    world.modelled("root", "1", [line("part", 3, fallback=("factor", "2", "KILOGRAM"))])
    check(world, "root", excluding="9", fallbacks={1: "OTHER_BOUNDARY"})
    to_grave(world, "use", "9", period=NEW)
    world.modelled("other", "1", [line("part", 3, fallback=("use", "2", "KILOGRAM"))])
    check(world, "other", excluding="1", gaps={1: "OTHER_BOUNDARY"})


@pytest.mark.parametrize(
    ("gate", "grave", "reason"),
    [
        (("2020-01-01", "2021-01-01"), ("2025-01-01", "2099-01-01"), "OTHER_BOUNDARY"),
        (("2020-01-01", "2021-01-01"), ("2090-01-01", "2099-01-01"), "EXPIRED"),
        (("2090-01-01", "2099-01-01"), ("2020-01-01", "2021-01-01"), "EXPIRED"),
        (("2090-01-01", "2099-01-01"), ("2080-01-01", "2099-01-01"), "NOT_YET_VALID"),
    ],
)
def test_the_reason_is_the_other_boundary_only_where_that_holds_on_the_day(gate, grave, reason):
    world = World()
    world.declared("part", "2", valid=gate)
    to_grave(world, "part", "50", valid=grave)
    check(world, "part", refused=reason)


def test_within_cradle_to_grave_the_newest_of_that_boundary_stands():
    world = World()
    world.declared("part", "2", period=NEW)
    to_grave(world, "part", "50", period=OLD)
    to_grave(world, "part", "40", period=NEW)
    node = world.snapshot().nodes[world.keys["part"]]
    stands = choose(node, NOW, {}, GRAVE).footprint
    assert stands is not None and stands.declared is not None  # noqa: PT018
    assert str(stands.declared.excluding_kg_co2e) == "40"
