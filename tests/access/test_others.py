"""The rule by which an owner says what others see of its products, on values: each way, each instant, each level."""

from __future__ import annotations

from dataclasses import replace

import pytest

from exchange.access import Disclosure, Other, RouteCondition, RouteKind, disclosed, levels_by, routes
from exchange.model.footprint import NEVER_US
from exchange.model.grant import AccessLevel, Grant
from exchange.model.product import Product

NONE, TOTAL, BREAKDOWN, INPUTS, OWNER = AccessLevel
NOW = 1_000
CAR = Product("car", 7, "maker", (), "Car", None, ("urn:c:car",), 0, 1)
GIVEN = Grant("g", "car", 7, "dealer", INPUTS, False, 0, NEVER_US, NEVER_US, 1, NEVER_US)
EVERYBODY = replace(GIVEN, organization_id=None, level=TOTAL)
TO_MEMBERS = replace(GIVEN, organization_id=None, alliance_id="circle")
# The owner is shown who is in the circle and in the ring; the dealer is in the circle.
DEALER = Other("dealer", NOW, frozenset({"circle"}), frozenset({"ring"}))


def found(*grants: Grant, product: Product = CAR, other: Other = DEALER) -> list[tuple[str, str, bool, str | None]]:
    return [
        (route.kind.name, route.level.name, route.in_force, route.condition and route.condition.name)
        for route in routes(product, grants, other)
    ]


BY_ITSELF = ("ORGANIZATION", "INPUTS", True, None)
WAYS = {
    "to it": (GIVEN, [BY_ITSELF]),
    "to another": (replace(GIVEN, organization_id="shop"), []),
    "to everybody, whatever level is written": (replace(EVERYBODY, level=INPUTS), [("PUBLIC", "TOTAL", True, None)]),
    "to an alliance that it is in": (TO_MEMBERS, [("ALLIANCE", "INPUTS", True, None)]),
    "to an alliance that it is not in": (replace(TO_MEMBERS, alliance_id="ring"), []),
    "to an alliance that the owner is not in": (
        replace(TO_MEMBERS, alliance_id="far"),
        [("ALLIANCE", "INPUTS", True, "IS_MEMBER")],
    ),
    "for statistics": (replace(TO_MEMBERS, level=NONE), []),
    "revoked": (replace(GIVEN, revoked_at_us=5), []),
    "that ends now": (replace(GIVEN, until_us=NOW), []),
    "that ends in an instant": (replace(GIVEN, until_us=NOW + 1), [BY_ITSELF]),
    "that begins now": (replace(GIVEN, from_us=NOW), [BY_ITSELF]),
    "that begins in an instant": (replace(GIVEN, from_us=NOW + 1), [("ORGANIZATION", "INPUTS", False, None)]),
    "of another product": (replace(GIVEN, product_id="bus", product_key=8), []),
    "of everything": (replace(GIVEN, product_id=None, product_key=-1, owner_id="maker"), [BY_ITSELF]),
    "of everything of another": (replace(GIVEN, product_id=None, product_key=-1, owner_id="mill"), []),
    "onward to it": (replace(GIVEN, onward=True), [BY_ITSELF]),
    "onward to another": (
        replace(GIVEN, organization_id="shop", onward=True),
        [("ONWARD", "TOTAL", True, "SEES_LINES")],
    ),
    "onward to everybody": (replace(EVERYBODY, onward=True), [("PUBLIC", "TOTAL", True, None)]),
    "onward to an alliance that the owner is not in": (
        replace(TO_MEMBERS, alliance_id="far", onward=True),
        [("ALLIANCE", "INPUTS", True, "IS_MEMBER"), ("ONWARD", "TOTAL", True, "SEES_LINES")],
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_grant_reaches_it_in_its_way(way: str) -> None:
    grant, expected = WAYS[way]
    assert found(grant) == expected


@pytest.mark.parametrize(
    ("alliance", "from_us", "condition"),
    [("ring", 0, None), ("ring", NOW + 1, "SEES_LINES"), ("far", 0, "SEES_LINES"), (None, 0, "SEES_LINES")],
)
def test_onward_is_certain_where_the_owner_shows_the_lines_itself(
    alliance: str | None, from_us: int, condition: str | None
) -> None:
    """By an alliance that the owner is in, from now on, of a product that goes into what it shows at INPUTS."""
    grant = replace(GIVEN, organization_id=None if alliance else "shop", alliance_id=alliance, onward=True)
    other = replace(DEALER, onward=frozenset({CAR.key}))
    onward = [route for route in found(replace(grant, from_us=from_us), other=other) if route[0] == "ONWARD"]
    assert onward == [("ONWARD", "TOTAL", from_us <= NOW, condition)]


def test_levels_are_those_of_grants_in_force_with_and_without_conditions() -> None:
    begins_later, may_be = replace(GIVEN, from_us=NOW + 1), replace(TO_MEMBERS, alliance_id="far", level=BREAKDOWN)
    assert levels_by(routes(CAR, [begins_later], DEALER)) == (NONE, NONE)
    assert levels_by(routes(CAR, [EVERYBODY, begins_later, may_be], DEALER)) == (TOTAL, BREAKDOWN)
    assert levels_by([]) == (NONE, NONE)
    assert RouteCondition.IS_MEMBER in {route.condition for route in routes(CAR, [may_be], DEALER)}


def test_what_is_known_to_be_seen_is_told_and_the_rest_is_a_condition() -> None:
    shown, conditional, hidden = Disclosure
    public = replace(CAR, public_us=((0, NOW + 1),))
    assert disclosed(CAR, None, DEALER) is conditional  # another owner's
    assert disclosed(CAR, [], DEALER) is hidden
    assert disclosed(CAR, [GIVEN], DEALER) is shown
    assert disclosed(CAR, [replace(GIVEN, organization_id="shop", onward=True)], DEALER) is conditional
    every: list[list[Grant] | None] = [None, []]
    for grants in every:
        assert disclosed(public, grants, DEALER) is shown
        assert disclosed(replace(CAR, owner_id="dealer"), grants, DEALER) is shown
        assert disclosed(CAR, grants, replace(DEALER, onward=frozenset({CAR.key}))) is shown
    assert disclosed(replace(CAR, public_us=((0, NOW),)), [], DEALER) is hidden
    assert [kind.name for kind in RouteKind] == ["ORGANIZATION", "ALLIANCE", "PUBLIC", "ONWARD"]
