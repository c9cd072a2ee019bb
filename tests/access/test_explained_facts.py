"""What explanations are made of: the stages of shown lines, owners and countries, each where it is shown."""

from __future__ import annotations

import pytest

from exchange.operations.answers.explanation import ContributionGrouping
from tests.access.test_facts import answer, facts
from tests.access.worlds import GrantedWorld
from tests.rollup.check import line


def world_of_stages() -> GrantedWorld:
    """A car of a hidden bolt (acquisition), paint and glue (manufacturing), tyres (acquisition), and fuel in use."""
    world = GrantedWorld()
    world.own("M", "car")
    lines = [
        line("bolt", 1),
        line("paint", 2, stage="MANUFACTURING"),
        line("fuel", 9, stage="USE"),
        line("tyre", 4),
        line("glue", 1, stage="MANUFACTURING"),
    ]
    world.modelled("car", "3", lines, country="DE")
    for name, kilograms, country in [
        ("bolt", "1", "CN"),
        ("paint", "5", "FR"),
        ("fuel", "7", "SA"),
        ("tyre", "11", None),
        ("glue", "13", "FR"),
    ]:
        world.declared(name, kilograms, country=country)
        world.grant(name, "M")
    for name in ("paint", "fuel", "tyre", "glue"):
        world.grant(name, "V")
    world.grant("car", "V", "INPUTS")
    world.grant("car", "total")
    return world


def test_each_line_has_its_own_stage_also_where_others_are_hidden() -> None:
    node = facts(world_of_stages(), "V")
    assert (node.lines.numbers.tolist(), node.lines.stages.tolist()) == ([1, 3, 4], [1, 0, 1])
    node = facts(world_of_stages(), "M")
    assert (node.lines.numbers.tolist(), node.lines.stages.tolist()) == ([1, 2, 4, 5], [0, 1, 0, 1])


@pytest.mark.parametrize("viewer", ["M", "V", "total"])
def test_whoever_sees_a_product_sees_its_owner_and_country(viewer) -> None:
    node = facts(world_of_stages(), viewer)
    assert (node.owner_id, node.geography_country) == ("M", "DE")


def groups(viewer: str, grouping: ContributionGrouping) -> dict[tuple[str, object], str]:
    found = answer(world_of_stages(), viewer).explanation.contributions_by(grouping, 100)
    return {(each.of.kind.value, each.of.stage or each.of.country): str(each.kg_co2e) for each in found}


def test_stages_are_those_of_shown_lines_and_of_what_is_shown_by_stage() -> None:
    stage = ContributionGrouping.LIFE_CYCLE_STAGE
    assert groups("M", stage) == {("KNOWN", "RAW_MATERIAL_ACQUISITION"): "45", ("KNOWN", "MANUFACTURING"): "26"}
    assert groups("V", stage) == {
        ("KNOWN", "RAW_MATERIAL_ACQUISITION"): "44",
        ("KNOWN", "MANUFACTURING"): "23",
        ("NOT_BROKEN_DOWN", None): "4",
    }
    assert groups("total", stage) == {("NOT_BROKEN_DOWN", None): "71"}


def test_countries_are_those_of_the_view() -> None:
    country = ContributionGrouping.COUNTRY
    assert groups("M", country) == {
        ("UNKNOWN", None): "44",
        ("NOT_BROKEN_DOWN", "FR"): "23",
        ("KNOWN", "DE"): "3",
        ("NOT_BROKEN_DOWN", "CN"): "1",
    }
    assert groups("V", country) == {
        ("UNKNOWN", None): "44",
        ("NOT_BROKEN_DOWN", "FR"): "23",
        ("NOT_BROKEN_DOWN", "DE"): "4",  # the rest, the hidden bolt of CN inside
    }
