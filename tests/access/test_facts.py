"""What a viewer may know of one product, in small worlds with exact numbers: every rule of `facts` once.

V views. The maker M owns `car`; S, T, U supply it. All amounts are whole, so that each number can be checked by hand.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest

from exchange.access import facts as facts_of_product
from exchange.model.carbon import COLUMN, COLUMNS, STATED
from exchange.model.closure import Dates
from exchange.model.grant import AccessLevel
from exchange.operations.reading.roll_ups import solve_for
from tests.access.worlds import GrantedWorld, session_of, viewer_of
from tests.rollup.check import NOW, day, instant, line

FOSSIL, UNSPECIFIED = COLUMN["fossilGhgEmissions"], COLUMN["unspecified"]
STEEL, MOTOR, CAR = 2, 400, 300 + 900 * 2 + 400  # kg: per kg of steel, per motor, per car


def maker(*, steel=None, motor=None, more=()) -> GrantedWorld:
    """M's car: 300 kg direct, 900 kg of S's steel, one of T's motors. steel, motor: what those lines have besides."""
    world = GrantedWorld()
    world.own("S", "steel")
    world.own("T", "motor")
    world.own("M", "car")
    world.declared("steel", STEEL, pds="50")
    world.declared("motor", MOTOR)
    lines = [line("steel", 900, **(steel or {})), line("motor", 1, **(motor or {})), *more]
    world.modelled("car", 300, lines, pds="100", exempted="1", valid=("2026-01-01", "2027-05-17"))
    world.grant("steel", "M")
    world.grant("motor", "M")
    return world


def facts(world: GrantedWorld, viewer: str | None, name: str = "car", dates: Dates = NOW):
    """What the viewer may know of a product that is asked about."""
    key = world.key(name)
    solved = asyncio.run(solve_for(session_of(world, viewer_of(viewer)), [key], dates))
    return facts_of_product(key, solved.level_of, solved)


def answer(world: GrantedWorld, viewer: str | None, name: str = "car"):
    session = session_of(world, viewer_of(viewer))
    return asyncio.run(session.roll_up([world.key(name)], None, None))[0]


def footprint(world: GrantedWorld, viewer: str | None, name: str = "car"):
    session = session_of(world, viewer_of(viewer))
    return asyncio.run(session.standing_footprints([world.key(name)], None, None))[0]


def numbers(node, world: GrantedWorld) -> list[tuple[int, str, str]]:
    """(number, supplier, factor) of the lines in a view."""
    names = world.names()
    lines = node.lines
    factors = [str(factor) for factor in node.exact_factors]
    return list(zip(lines.numbers.tolist(), [names[key] for key in lines.suppliers.tolist()], factors, strict=True))


def test_nobody_else_knows_of_the_product() -> None:
    world = maker()
    world.grant("car", "V", from_us=NOW.known_at_us + 1)
    world.grant("car", "V", until_us=NOW.known_at_us)
    world.grant("car", "V", revoked=True)
    world.grant("car", "another")
    assert facts(world, "V") is None
    assert facts(world, None) is None
    assert facts(world, "S") is None


@pytest.mark.parametrize("to", ["V", None])
def test_total_is_a_closed_leaf(to) -> None:
    world = maker()
    world.grant("car", to)
    node = facts(world, "V")
    assert node.level == AccessLevel.TOTAL
    assert node.own == node.total.components
    assert node.total.excluding == CAR
    assert (len(node.lines.suppliers), node.direct, node.by_stage) == (0, None, None)
    assert (node.broken_down, node.has_gaps, node.gaps, node.unknown_components) == (False, False, (), ())
    shown = answer(world, "V")
    assert shown.direct is shown.by_stage is shown.own_exempted_emissions_percent is shown.ledger_sequence is None
    assert [c.own_kg_co2e for c in shown.contributions(9)] == [CAR]
    page = footprint(world, "V")
    assert (page.modelled, page.lines, page.data_quality, page.exempted_emissions_percent) == (None, None, None, None)


@pytest.mark.parametrize("level", ["TOTAL", "BREAKDOWN", "INPUTS", "OWNER"])
def test_spreads_are_those_of_what_is_shown(level: str) -> None:
    """Of the total to whoever sees it; of a line with the line, of direct emissions where they are broken down.

    exp sqrt((0.12 ln 1.5)² + (0.72 ln 1.1)² + (0.16 ln 1.2)²) = exp 0.0890 = 1.0931.
    """
    world = maker(steel={"gsd": "1.1"}, motor={"gsd": "1.2", "primary": True})
    world.modelled("van", 300, [line("steel", 900, gsd="1.1"), line("motor", 1, gsd="1.2", primary=True)], gsd="1.5")
    world.own("M", "van")
    if level != "OWNER":
        world.grant("van", "V", level)
    world.grant("motor", "V")  # and not the steel: its line is hidden
    node = facts(world, "M" if level == "OWNER" else "V", "van")
    shown = facts(world, "M", "van").uncertainty()
    assert node.uncertainty() == shown
    assert (shown.geometric_standard_deviation, shown.reason) == (Decimal("1.0931"), None)
    expected = {"OWNER": ([1.1, 1.2], [False, True]), "INPUTS": ([1.2], [True])}.get(level, ([], []))
    assert (node.lines.deviations.tolist(), node.lines.primary.tolist()) == expected
    assert repr(node.direct_deviation) == ("1.5" if level == "OWNER" else "nan")
    assert node.released is False


def test_a_closed_leaf_says_that_it_has_gaps_and_not_which() -> None:
    world = maker_with_gap()
    world.grant("car", "V")
    node = facts(world, "V")
    assert (node.has_gaps, node.gaps) == (True, ())
    assert [(gap.number, gap.code.value) for gap in facts(world, "M").gaps] == [(3, "NOT_GRANTED")]
    assert answer(world, "V").gaps == ()
    assert [gap.line for gap in answer(world, "M").gaps] == [3]


def maker_with_gap() -> GrantedWorld:
    world = GrantedWorld()
    world.unregistered.add("seat")
    world.own("S", "steel")
    world.own("M", "car")
    world.declared("steel", STEEL)
    world.declared("motor", MOTOR)
    world.modelled("car", 300, [line("steel", 900), line("motor", 1), line("seat", 4)])
    world.grant("steel", "M")
    world.grant("motor", "M")
    return world


# --- BREAKDOWN ------------------------------------------------------------------------------------------------------


def all_visible(**more) -> GrantedWorld:
    world = maker(**more)
    world.grant("car", "V", "BREAKDOWN")
    world.grant("steel", "V")
    world.grant("motor", "V")
    return world


def check_closed(world: GrantedWorld) -> None:
    node = facts(world, "V")
    assert (node.direct, node.by_stage, node.broken_down, node.unknown_components) == (None, None, False, ())
    assert node.own == node.total.components
    assert (footprint(world, "V").modelled, footprint(world, "V").data_quality) == (None, None)


def test_breakdown_shows_direct_emissions_and_stages_where_every_line_is_visible() -> None:
    node = facts(all_visible(), "V")
    assert node.direct[FOSSIL] == 300
    assert {stage.stage: stage.components[FOSSIL] for stage in node.by_stage} == {
        "RAW_MATERIAL_ACQUISITION": 2200,
        "MANUFACTURING": 300,
    }
    assert node.unknown_components == tuple(name for name in STATED if name != "fossilGhgEmissions")
    assert (node.broken_down, len(node.lines.suppliers)) == (False, 0)  # its total stays a leaf: no line is shown
    page = footprint(all_visible(), "V")
    assert page.modelled.direct_primary_data_share_percent == 100
    assert page.lines is None


def test_breakdown_is_closed_while_one_product_is_hidden() -> None:
    world = all_visible()
    world.grants.pop()
    check_closed(world)


@pytest.mark.parametrize("stage", ["DISTRIBUTION", "USE", "END_OF_LIFE"])
def test_lines_of_every_stage_count(stage) -> None:
    world = all_visible(more=[line("power", 5, stage=stage)])
    world.own("U", "power")
    world.declared("power", 1)
    world.grant("power", "M")
    check_closed(world)
    world = all_visible(more=[line("power", 5, stage=stage)])
    world.declared("power", 1)
    world.grant("power", "M")
    world.grant("power", "V")
    assert facts(world, "V").direct[FOSSIL] == 300
    assert stage in {one.stage for one in facts(world, "V").by_stage}


def test_breakdown_is_closed_while_a_fallback_is_hidden() -> None:
    world = all_visible(motor={"fallback": ("factor", 1, "KILOGRAM")})
    world.declared("factor", 350)
    check_closed(world)
    world = all_visible(motor={"fallback": ("factor", 1, "KILOGRAM")})
    world.declared("factor", 350)
    world.grant("factor", None)
    assert facts(world, "V").direct[FOSSIL] == 300


def test_breakdown_is_closed_while_a_fallback_is_nobodys() -> None:
    """It must not differ from one that is registered and hidden."""
    world = GrantedWorld()
    world.unregistered.add("factor")
    world.declared("motor", MOTOR)
    world.modelled("car", 300, [line("motor", 1, fallback=("factor", 1, "KILOGRAM"))])
    world.grant("motor", None)
    world.grant("car", "V", "BREAKDOWN")
    check_closed(world)


def test_breakdown_is_closed_while_a_line_is_a_gap() -> None:
    world = maker_with_gap()
    world.grant("car", "V", "BREAKDOWN")
    world.grant("steel", "V")
    world.grant("motor", "V")
    check_closed(world)


def test_breakdown_is_closed_while_a_line_is_served_by_its_fallback() -> None:
    world = GrantedWorld()
    world.own("T", "motor")
    world.declared("motor", MOTOR)
    world.declared("factor", 350)
    world.modelled("car", 300, [line("motor", 1, fallback=("factor", 1, "KILOGRAM"))])
    world.grant("factor", None)
    world.grant("motor", "V")
    world.grant("car", "V", "BREAKDOWN")
    check_closed(world)
    assert facts(world, "V").total.excluding == 650


# --- INPUTS ---------------------------------------------------------------------------------------------------------


def test_inputs_shows_visible_lines_numbered_among_themselves_and_the_exact_rest() -> None:
    world = maker()
    world.grant("car", "V", "INPUTS")
    world.grant("motor", "V")
    node = facts(world, "V")
    assert numbers(node, world) == [(1, "motor", "1")]
    assert node.own[FOSSIL] == CAR - MOTOR
    assert (node.broken_down, node.direct, node.unknown_components) == (False, None, ())
    (shown,) = footprint(world, "V").lines
    assert (shown.number, shown.urn, shown.amount) == (1, "urn:x:motor", 1)
    assert [(world.names()[c.product_key], c.own_kg_co2e) for c in answer(world, "V").contributions(9)] == [
        ("car", CAR - MOTOR),
        ("motor", MOTOR),
    ]
    assert [child.line for child in answer(world, "V").tree(3, 0.0, 9).root.children] == [1]


def test_the_rest_is_exact_in_every_component() -> None:
    """One third is no decimal: the rest is the shown total minus the amount times the shown total, digit for digit."""
    world = GrantedWorld()
    parts = {"fossilGhgEmissions": "1.1", "landUseChangeGhgEmissions": "0.7"}
    world.declared("leaf", "1.8", amount=3, components=parts)
    world.declared("other", "0.4")
    world.modelled("mixed", "0.1", [line("leaf", 1), line("other", 1)])
    world.modelled("product", "0.3", [line("mixed", "0.7"), line("other", 2)])
    for name in ("leaf", "other", "mixed"):
        world.grant(name, f"owner of {'mixed' if name != 'mixed' else 'product'}")
    world.grant("other", "owner of product")
    world.grant("product", "V", "INPUTS")
    world.grant("mixed", "V")
    node, mixed = facts(world, "V", "product"), facts(world, "V", "mixed")
    for column in range(len(COLUMNS)):
        assert node.own[column] == node.total.components[column] - Decimal("0.7") * mixed.total.components[column]
    assert node.own != node.total.components


def test_inputs_shows_direct_emissions_once_every_line_is_visible() -> None:
    world = maker()
    world.grant("car", "V", "INPUTS")
    world.grant("steel", "V")
    world.grant("motor", None)
    node = facts(world, "V")
    assert numbers(node, world) == [(1, "steel", "900"), (2, "motor", "1")]
    assert node.own == node.direct
    assert node.own[FOSSIL] == 300
    assert node.broken_down
    assert len(node.by_stage) == 2


def test_a_line_whose_fallback_is_hidden_or_nobodys_is_in_the_rest() -> None:
    for factor in ("hidden", "nobodys"):
        world = GrantedWorld()
        if factor == "nobodys":
            world.unregistered.add("factor")
        world.own("S", "steel")
        world.own("T", "motor")
        world.declared("steel", STEEL)
        world.declared("motor", MOTOR)
        if factor == "hidden":
            world.own("U", "factor")
            world.declared("factor", 350)
        world.own("M", "car")
        world.modelled("car", 300, [line("steel", 900, fallback=("factor", 1, "KILOGRAM")), line("motor", 1)])
        for name in ("steel", "motor"):
            world.grant(name, "M")
            world.grant(name, "V")
        world.grant("car", "V", "INPUTS")
        node = facts(world, "V")
        assert numbers(node, world) == [(1, "motor", "1")], factor
        assert node.own[FOSSIL] == CAR - MOTOR
        assert [each.urn for each in footprint(world, "V").lines] == ["urn:x:motor"]


def test_gap_and_fallback_lines_are_the_owners_alone() -> None:
    world = GrantedWorld()
    world.unregistered.add("seat")
    world.own("T", "motor")
    world.own("M", "car", "wheel")
    world.declared("motor", MOTOR)
    world.declared("factor", 350)
    world.declared("wheel", 10)
    lines = [line("motor", 1, fallback=("factor", 1, "KILOGRAM")), line("seat", 4), line("wheel", 4)]
    world.modelled("car", 300, lines)
    world.grant("factor", None)
    for name in ("motor", "wheel"):
        world.grant(name, "V")
    world.grant("car", "V", "INPUTS")
    node = facts(world, "V")
    assert numbers(node, world) == [(1, "wheel", "4")]
    assert (node.gaps, node.has_gaps, node.direct) == ((), True, None)
    assert node.own[FOSSIL] == 650
    own = facts(world, "M")
    assert numbers(own, world) == [(1, "factor", "1"), (3, "wheel", "4")]
    assert [(gap.number, gap.code.value, gap.by_fallback) for gap in own.gaps] == [
        (1, "NOT_GRANTED", True),
        (2, "NOT_GRANTED", False),
    ]
    assert own.gaps[1].visible_key is None
    assert own.own[FOSSIL] == 300


def test_lines_outside_the_gate_are_listed_but_not_in_the_view() -> None:
    world = maker(more=[line("steel", 7, stage="USE"), line("motor", 2)])
    world.grant("car", "V", "INPUTS")
    world.grant("steel", "V")
    world.grant("motor", "V")
    assert numbers(facts(world, "V"), world) == [(1, "steel", "900"), (2, "motor", "1"), (4, "motor", "2")]
    assert [each.number for each in footprint(world, "V").lines] == [1, 2, 3, 4]


def test_a_delivered_line_is_valued_with_its_outbound_logistics() -> None:
    world = GrantedWorld()
    world.own("M", "car")
    world.declared("motor", MOTOR, outbound=20)
    world.declared("steel", STEEL)
    world.modelled("car", 300, [line("motor", 2, delivered=True), line("steel", 900)])
    world.grant("motor", None)
    world.grant("steel", "M")
    world.grant("car", "V", "INPUTS")
    node = facts(world, "V")
    assert node.total.excluding == 300 + 2 * (MOTOR + 20) + 1800
    assert node.own[FOSSIL] == 300 + 1800
    assert node.own[UNSPECIFIED] == 0
    shares = {world.names()[c.product_key]: c.own_kg_co2e for c in answer(world, "V").contributions(9)}
    assert shares == {"car": 2100 + 2 * 20, "motor": 2 * MOTOR}


# --- the owner, onward, the operator --------------------------------------------------------------------------------


def test_the_owner_has_its_direct_emissions_stages_lines_and_own_statement() -> None:
    world = maker()
    node = facts(world, "M")
    assert node.level == AccessLevel.OWNER
    assert node.own == node.direct
    assert (node.own[FOSSIL], node.broken_down) == (300, True)
    assert numbers(node, world) == [(1, "steel", "900"), (2, "motor", "1")]
    assert answer(world, "M").own_exempted_emissions_percent == 1
    assert answer(world, "M").ledger_sequence is None
    assert answer(world, "M").valid_until_day() == day("2027-05-17")
    assert footprint(world, "M").valid_until_day == day("2027-05-17")


def test_an_owner_whose_supplier_is_no_longer_visible_keeps_the_line_and_gets_a_rest() -> None:
    """Known at a time when the motor was granted; the grant has ended since, and what is shown is decided now."""
    then = replace(NOW, known_at_us=instant("2026-03-01"))
    world = maker()
    world.grants[-1] = replace(world.grants[-1], until_us=instant("2026-04-01"))
    node = facts(world, "M", dates=then)
    assert numbers(node, world) == [(1, "steel", "900")]
    assert node.own[FOSSIL] == CAR - 1800
    assert node.direct[FOSSIL] == 300
    assert not node.broken_down
    now = facts(world, "M")
    assert now.total.excluding == CAR - MOTOR
    assert [(gap.number, gap.visible_key) for gap in now.gaps] == [(2, None)]


def test_onward_shows_the_total_to_whoever_holds_inputs_and_to_nobody_else() -> None:
    def shared(level: str, *, onward=True) -> GrantedWorld:
        world = maker()
        world.grants[1] = replace(world.grants[1], onward=onward)  # of the motor, to M
        world.grant("car", "V", level)
        return world

    world = shared("INPUTS")
    assert facts(world, "V", "motor").level == AccessLevel.TOTAL
    assert numbers(facts(world, "V"), world) == [(1, "motor", "1")]
    for level in ("TOTAL", "BREAKDOWN"):
        assert facts(shared(level), "V", "motor") is None
    assert facts(shared("INPUTS", onward=False), "V", "motor") is None
    assert facts(world, "another", "motor") is None


def test_onward_does_not_permit_an_edge() -> None:
    world = maker()
    world.grants[1] = replace(world.grants[1], onward=True)
    world.grant("car", "V", "INPUTS")
    world.own("V", "copy")
    world.modelled("copy", 1, [line("motor", 1)])
    node = facts(world, "V", "copy")
    assert node.total.excluding == 1
    assert [(gap.code.value, gap.visible_key) for gap in node.gaps] == [("NOT_GRANTED", world.key("motor"))]


def test_onward_is_not_passed_on() -> None:
    """The motor's own supplier granted onward to T; V holds INPUTS on the car, not on the motor."""
    world = GrantedWorld()
    world.own("U", "magnet")
    world.own("T", "motor")
    world.own("M", "car")
    world.declared("magnet", 5)
    world.modelled("motor", 395, [line("magnet", 1)])
    world.modelled("car", 300, [line("motor", 1)])
    world.grant("magnet", "T", onward=True)
    world.grant("motor", "M", onward=True)
    world.grant("car", "V", "INPUTS")
    assert facts(world, "V", "motor").level == AccessLevel.TOTAL
    assert facts(world, "V", "magnet") is None


def test_the_operator_has_everything_of_everybody() -> None:
    world = maker_with_gap()
    node = facts(world, "operator")
    assert (node.level, node.own[FOSSIL], node.broken_down) == (AccessLevel.OWNER, 300, True)
    assert len(node.gaps) == 1
    assert answer(world, "operator").ledger_sequence == NOW.head


def test_validity_is_shown_to_the_month() -> None:
    world = maker()
    world.grant("car", "V")
    assert answer(world, "V").valid_until_day() == day("2027-05-01")
    shown = footprint(world, "V")
    assert (shown.valid_from_day, shown.valid_until_day) == (day("2026-01-01"), day("2027-05-01"))


def test_a_declared_product_says_what_it_left_unknown_to_all_who_see_it() -> None:
    world = maker()
    world.grant("motor", "V")
    node = facts(world, "V", "motor")
    assert "landUseChangeGhgEmissions" in node.unknown_components
    assert (node.direct, node.by_stage, node.broken_down) == (None, None, False)
    assert footprint(world, "V", "motor").lines is None
