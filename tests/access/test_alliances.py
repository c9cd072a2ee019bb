"""Alliances, consent to statistics, and grants of many products: who is shown what, and which lines are followed.

V views, M makes the car, S supplies the steel that goes into it; all grants are S's and M's own.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from random import Random
from typing import Any

import pytest

from exchange.access import facts, permits_at, permits_ever
from exchange.errors import AccessDenied, InvalidInput, NotFound
from exchange.model.closure import Dates
from exchange.model.grant import AccessLevel
from exchange.model.view import ViewNode
from exchange.operations.changing.grant_preview import GrantPreviewAnswer, preview_grant
from exchange.operations.reading.roll_ups import solve_for
from exchange.operations.requests.inputs import GrantAccessInput
from tests.access.granted_facts import levels
from tests.access.pairs import ALLIANCES, LEVELS, random_plan
from tests.access.worlds import EARLIER_US, GrantedWorld, session_of, viewer_of
from tests.rollup.check import NOW, line

CLASS = "urn:pact:class.example:c:1"
NONE, TOTAL, BREAKDOWN, INPUTS, OWNER = AccessLevel

# What V is to the alliance, and whether what is granted to it reaches V now.
STATES: dict[str, tuple[dict[str, Any] | None, bool]] = {
    "member": ({}, True),
    "member since this instant": ({"joined_us": NOW.known_at_us}, True),
    "member from the next instant on": ({"joined_us": NOW.known_at_us + 1}, False),
    "invited only": ({"joined": False}, False),
    "former member": ({"left": True}, False),
    "declined": ({"joined": False, "left": True}, False),
    "never asked": (None, False),
}


def world(state: str = "member") -> GrantedWorld:
    """M's car of 300 kg takes 900 kg of S's steel of 2 kg."""
    made = GrantedWorld()
    made.own("S", "steel", "wire")
    made.own("M", "car")
    made.own("V", "fleet")
    made.classified["steel"] = (CLASS,)
    made.declared("steel", 2)
    made.declared("wire", 3)
    made.modelled("car", 300, [line("steel", 900)])
    made.modelled("fleet", 1, [line("steel", 1)])
    made.grant("steel", "M")
    given = STATES[state][0]
    if given is not None:
        made.member("alliance-0", "V", **given)
    return made


def level_of(made: GrantedWorld, viewer: str | None, name: str) -> AccessLevel:
    """By every way in which a level is decided: by nodes, and one by one in a list."""
    key = made.key(name)
    first, second = session_of(made, viewer_of(viewer)), session_of(made, viewer_of(viewer))
    by_node = asyncio.run(first.level_of_nodes(list(made.snapshot().nodes.values())))[key]
    answer = asyncio.run(second.products_by_key([key]))[0]
    assert by_node == (NONE if answer is None else answer.access) == levels(made, viewer)[name]
    return by_node


@pytest.mark.parametrize("granted", [*LEVELS, "BENCHMARK"])
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("of", ["car", "of M"])
def test_a_grant_to_an_alliance_reaches_its_members_of_the_day(of: str, state: str, granted: str) -> None:
    made = world(state)
    made.grant(of, "alliance-0", granted)
    made.grant("car", "alliance-1", "INPUTS")
    reached = STATES[state][1] and granted != "BENCHMARK"
    assert level_of(made, "V", "car") == (AccessLevel[granted] if reached else NONE)
    assert level_of(made, None, "car") == NONE
    assert level_of(made, "S", "car") == NONE
    assert level_of(made, "M", "car") == OWNER
    assert level_of(made, "V", "steel") == NONE


TIMES: dict[str, tuple[dict[str, Any], bool]] = {
    "in force": ({}, True),
    "begins later": ({"from_us": NOW.known_at_us + 1}, False),
    "ended": ({"until_us": NOW.known_at_us}, False),
    "revoked": ({"revoked": True}, False),
}


@pytest.mark.parametrize("time", TIMES)
@pytest.mark.parametrize("to", ["V", "alliance-0"])
@pytest.mark.parametrize("of", ["steel", "of S", "classified"])
def test_whatever_it_is_of_and_to_a_grant_holds_from_when_to_when(of: str, to: str, time: str) -> None:
    made, (given, holds) = world(), TIMES[time]
    classified = of == "classified"
    made.grant("of S" if classified else of, to, "BREAKDOWN", classification=CLASS if classified else None, **given)
    assert level_of(made, "V", "steel") == (BREAKDOWN if holds else NONE)
    assert level_of(made, "V", "wire") == (BREAKDOWN if holds and of == "of S" else NONE)
    assert level_of(made, "V", "car") == NONE


def test_the_highest_of_all_that_reach_counts() -> None:
    made = world()
    made.grant("steel", "V", "TOTAL")
    made.grant("of S", "alliance-0", "INPUTS", classification=CLASS)
    made.grant("of S", "V", "BREAKDOWN")
    assert level_of(made, "V", "steel") == INPUTS
    assert level_of(made, "V", "wire") == BREAKDOWN


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("of", ["steel", "of S"])
def test_onward_to_an_alliance_passes_through_its_members(of: str, state: str) -> None:
    """M is what V was in the truth table: whoever holds INPUTS on M's car sees S's steel."""
    made = world("never asked")
    given, reached = STATES[state]
    if given is not None:
        made.member("alliance-0", "M", **given)
    made.grant(of, "alliance-0", "TOTAL", onward=True)
    made.grant("car", "V", "INPUTS")
    assert level_of(made, "V", "steel") == (TOTAL if reached else NONE)
    assert level_of(made, "V", "wire") == NONE


def test_inputs_of_many_pass_on_what_is_onward() -> None:
    made = world()
    made.grant("steel", "M", onward=True)
    made.grant("of M", "alliance-0", "INPUTS")
    assert level_of(made, "V", "steel") == TOTAL


# --- lines ----------------------------------------------------------------------------------------------------------


def followed(made: GrantedWorld, dates: Dates = NOW) -> bool:
    """Whether V's line to S's steel is followed."""
    nodes = made.snapshot().nodes
    return permits_at(dates)(nodes[made.key("fleet")].product, nodes[made.key("steel")])


def may_ever(made: GrantedWorld) -> bool:
    nodes = made.snapshot().nodes
    return permits_ever(NOW.known_at_us)(nodes[made.key("fleet")].product, nodes[made.key("steel")])


@pytest.mark.parametrize("granted", [*LEVELS, "BENCHMARK"])
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("of", ["steel", "of S"])
def test_a_members_line_is_followed(of: str, state: str, granted: str) -> None:
    made = world(state)
    made.grant(of, "alliance-0", granted)
    assert followed(made) is may_ever(made) is (STATES[state][1] and granted != "BENCHMARK")


def test_what_was_known_before_somebody_joined_stays_as_it_was() -> None:
    made = world("never asked")
    made.member("alliance-0", "V", joined_us=EARLIER_US + 1)
    made.grant("steel", "alliance-0")
    assert followed(made)
    assert not followed(made, Dates(NOW.as_of_day, EARLIER_US, NOW.head))


def test_leaving_holds_for_every_known_at_as_revoking_does() -> None:
    left, revoked = world("former member"), world("member")
    left.grant("steel", "alliance-0")
    revoked.grant("steel", "alliance-0", revoked=True)
    for made in (left, revoked):
        assert not followed(made, Dates(NOW.as_of_day, EARLIER_US, NOW.head))
        assert followed(made, Dates(NOW.as_of_day, EARLIER_US, 0)), "as of a ledger that did not have it yet"
        assert not may_ever(made)


def test_admission_counts_grants_that_begin_later() -> None:
    made = world()
    made.grant("steel", "alliance-0", from_us=NOW.known_at_us + 5)
    assert not followed(made)
    assert may_ever(made)


# --- told before it is given ------------------------------------------------------------------------------------------


def preview(made: GrantedWorld, owner: str, **given: Any):
    asked = GrantAccessInput("key", **{"product": "product-car", "level": TOTAL, **given})
    return asyncio.run(preview_grant(session_of(made, viewer_of(owner)), asked))


def warned(found: GrantPreviewAnswer) -> list[tuple[str, str | None]]:
    return [(each.code, each.organization_id) for each in found.consequences if each.warning]


def codes(found: GrantPreviewAnswer) -> list[str]:
    return [each.code for each in found.consequences]


def test_an_owner_is_warned_of_a_supplier_whom_the_grant_reaches() -> None:
    made = world()
    assert warned(preview(made, "M", organization="V")) == []
    found = preview(made, "M", organization="S")
    assert warned(found) == [("SUPPLIER_CAN_MEASURE", "S")]
    assert [each.product_key for each in found.consequences if each.warning] == [made.key("car")]
    assert (found.products, found.reaches) == (1, ("S",))
    assert warned(preview(made, "M", organization="S", level=AccessLevel.INPUTS))
    assert codes(preview(made, "S", product="product-steel", organization="M")) == [
        "SHOWS_TOTAL",
        "MAY_BE_USED",
        "REST_BY_SUBTRACTION",
        "STAYS_KNOWN",
    ]


def test_everybody_includes_the_suppliers() -> None:
    found = preview(world(), "M", public=True)
    assert warned(found) == [("REACHES_EVERYBODY", None), ("SUPPLIER_CAN_MEASURE", "S")]


def test_what_the_owner_does_not_see_is_not_used_to_warn() -> None:
    """O's ore goes into S's steel: M is told of O only where it sees it there."""

    def deeper() -> GrantedWorld:
        made = world()
        made.own("O", "ore")
        made.declared("ore", 1)
        made.modelled("steel", 1, [line("ore", 1)])
        made.grant("ore", "S")
        return made

    assert warned(preview(deeper(), "M", organization="O")) == []
    seen = deeper()
    seen.grant("steel", "M", "INPUTS")
    seen.grant("ore", "M")
    assert warned(preview(seen, "M", organization="O")) == [("SUPPLIER_CAN_MEASURE", "O")]


def test_members_are_counted_and_warned_of_only_for_whoever_is_one() -> None:
    made = world()
    made.member("alliance-0", "S")
    outside = preview(made, "M", alliance="alliance-0")
    assert (outside.reaches, warned(outside)) == (None, [("REACHES_LATER_MEMBERS", None)])
    made = world()
    made.member("alliance-0", "S")
    made.member("alliance-0", "M")
    inside = preview(made, "M", alliance="alliance-0")
    assert (inside.reaches, warned(inside)) == (("V", "S"), [("SUPPLIER_CAN_MEASURE", "S")])


def test_of_many_products_and_of_statistics() -> None:
    made = world()
    everything = preview(made, "S", product=None, everything=True, organization="V")
    assert (everything.products, codes(everything)[:2]) == (2, ["SHOWS_TOTAL", "COVERS_LATER_PRODUCTS"])
    some = preview(made, "S", product=None, classification=CLASS, organization="V")
    assert some.products == 1
    consent = preview(made, "M", alliance="alliance-0", level=NONE)
    assert codes(consent) == ["SHOWS_NOTHING", "REACHES_LATER_MEMBERS"]
    shown = preview(made, "M", alliance="alliance-0")
    assert "stay published" in consent.consequences[1].message
    assert "stop seeing it" not in consent.consequences[1].message
    assert any("stop seeing it" in each.message for each in shown.consequences)
    assert "REACHES_EVERYBODY" in codes(preview(made, "M", public=True))


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"product": None, "organization": "V"}, ("input", "product")),
        ({"everything": True, "organization": "V"}, ("input", "product")),
        ({"product": None, "everything": True, "public": True}, ("input", "to", "public")),
        ({"organization": "V", "alliance": "alliance-0"}, ("input", "to")),
        ({"organization": "V", "level": NONE}, ("input", "level")),
        ({"public": True, "level": NONE}, ("input", "level")),
        ({"alliance": "alliance-0", "level": NONE, "onward": True}, ("input", "onward")),
        ({"organization": "M"}, ("input", "to", "organization")),
    ],
)
def test_what_would_be_refused_is_refused_before(given: dict[str, Any], path: tuple[str, ...]) -> None:
    with pytest.raises(InvalidInput) as refused:
        preview(world(), "M", **given)
    assert [problem.path for problem in refused.value.problems] == [path]


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"alliance": "none"}, NotFound),
        ({"organization": "nobody"}, NotFound),
        ({"product": "product-steel", "organization": "V"}, AccessDenied),
        ({"product": "product-wire", "organization": "V"}, NotFound),
    ],
)
def test_a_grant_that_is_not_the_callers_to_give_is_refused(given: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        preview(world(), "M", **given)


# --- two viewers together -------------------------------------------------------------------------------------------


def views_of(made: GrantedWorld, viewer: str, names: list[str]) -> dict[str, ViewNode]:
    """What the viewer may know of each product that it may ask about and that has an answer."""
    found: dict[str, ViewNode] = {}
    for name in names:
        key = made.key(name)
        solved = asyncio.run(solve_for(session_of(made, viewer_of(viewer)), [key], NOW))
        node = None if solved.solution.refusal(key) is not None else facts(key, solved.level_of, solved)
        if node is not None:
            found[name] = node
    return found


def shown_lines(node: ViewNode) -> dict[tuple[int, str, int, bool], int]:
    """How often each line is in a view: its product, exact factor, stage, and whether it is delivered."""
    lines, found = node.lines, dict[tuple[int, str, int, bool], int]()
    columns = (lines.suppliers.tolist(), map(str, node.exact_factors), lines.stages.tolist(), lines.delivered.tolist())
    for one in zip(*columns, strict=True):
        found[one] = found.get(one, 0) + 1
    return found


def ways_of(made: GrantedWorld, viewer: str) -> list[str]:
    """In which ways something is shown to a viewer: by grants of one product or of many, to an alliance, onward."""
    session = session_of(made, viewer_of(viewer))
    given, onward = asyncio.run(session._reaching()), asyncio.run(session.onward())
    found = {"one": given.by_key, "many": given.of_many, "alliance": given.alliances, "onward": onward}
    return [way for way, what in found.items() if what]


def test_two_viewers_together_see_no_more_than_one_that_holds_the_grants_of_both() -> None:
    """Random graphs; every grant and membership of Ann and of Bob is Cy's, too. Whatever is in one of their views is in
    Cy's: each product with the same total, each line, and each own term by subtraction of the lines that Cy sees."""
    compared = opened = 0
    ways: Counter[str] = Counter()
    for seed in range(25):
        random = Random(seed)
        plan = random_plan(random, products=14)
        for viewer in ("Ann", "Bob"):
            for name in plan.products:
                if random.random() < 0.3:
                    plan.grants += [
                        (name, each, level, False) for level in [random.choice(LEVELS)] for each in (viewer, "Cy")
                    ]
            for owner in {planned.owner: None for planned in plan.products.values()}:
                if random.random() < 0.15:
                    level = random.choice(LEVELS)
                    plan.grants += [(f"of {owner}", each, level, False) for each in (viewer, "Cy")]
            for alliance in ALLIANCES:
                if random.random() < 0.5:
                    plan.members += [(alliance, each, "member") for each in (viewer, "Cy")]
        made, names = plan.world(), list(plan.products)
        whole = views_of(made, "Cy", names)
        for viewer in ("Ann", "Bob"):
            for way in ways_of(made, viewer):
                ways[way] += 1
            for name, node in views_of(made, viewer, names).items():
                one, other = shown_lines(node), shown_lines(whole[name])
                assert whole[name].level >= node.level
                assert whole[name].total == node.total
                assert all(other.get(each, 0) >= count for each, count in one.items())
                assert node.direct is None or node.direct == whole[name].direct
                assert node.by_stage is None or node.by_stage == whole[name].by_stage
                compared, opened = compared + 1, opened + bool(one)
    assert compared > 200
    assert opened > 20
    assert all(ways[way] >= 10 for way in ("one", "many", "alliance", "onward")), ways
