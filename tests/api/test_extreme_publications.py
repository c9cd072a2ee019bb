"""Amounts of a supplier's product that swing by orders of magnitude, again and again: told to its owner, bounded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from exchange.config import Settings
from tests.api.callers import ADMINISTRATOR, Callers, client_id
from tests.api.exchange_server import new_key, serving
from tests.api.shared_world import WRITTEN_US, SharedWorld, footprint, line, modelled

DAY_US = 86_400_000_000
AUDIT = """query ($id: ID!) { organization(id: $id) { audit(first: 100) { totalCount nodes {
  kind detail client subject organization { name } product { name } } } } }"""


@pytest.fixture(scope="module")
def world(settings: Settings) -> Iterator[SharedWorld]:
    now = [WRITTEN_US]
    with serving(settings, clock=lambda: now[0]) as server:
        yield SharedWorld(Callers(server), now).build()


@pytest.fixture(autouse=True)
def _another_day(world: SharedWorld) -> None:
    world.clock[0] += DAY_US
    world._clients.clear()


def publish(world: SharedWorld, *lines: dict[str, Any], name: str = "widget", **more: Any) -> str:
    """The code of what went wrong, or the new footprint's type."""
    given = {**footprint(name, world.products[name]), **modelled(*lines), **more}
    mutation = """mutation ($input: PublishFootprintInput!) { publishFootprint(input: $input) {
      __typename ... on UserError { code } } }"""
    asked = {"input": {"idempotencyKey": new_key(), "footprint": given}}
    answer = world.client("owner").answer(mutation, asked)
    if "errors" in answer:
        return str(answer["errors"][0]["extensions"]["code"])
    return str(answer["data"]["publishFootprint"].get("code", "PUBLISHED"))


def swings(world: SharedWorld, times: int, of: str = "steel", **more: Any) -> list[str]:
    """Publishes so many changes of an amount, a thousandfold up and down in turns, after a first publication."""
    return [publish(world, line(of, ("2", "2000")[turn % 2]), **more) for turn in range(times + 1)]


def told(world: SharedWorld, organization: str) -> list[dict[str, Any]]:
    asked = {"id": world.callers.organization(organization)}
    nodes = world.callers.client(organization, ADMINISTRATOR).query(AUDIT, asked)["organization"]["audit"]["nodes"]
    return [each for each in nodes if each["kind"] == "EXTREME_PUBLICATION"]


def test_the_third_swing_of_a_day_is_told_to_the_suppliers_owner_once_and_says_no_amount(world: SharedWorld) -> None:
    before = len(told(world, "mill"))
    assert set(swings(world, 2)) == {"PUBLISHED"}
    assert len(told(world, "mill")) == before
    assert publish(world, line("steel", "2000")) == "PUBLISHED"
    assert publish(world, line("steel", "2")) == "PUBLISHED"
    found = told(world, "mill")
    assert len(found) == before + 1
    assert found[0] == {
        "kind": "EXTREME_PUBLICATION",
        "detail": "AMOUNT_SWINGS",
        "client": None,
        "subject": None,
        "organization": {"name": "Maker & Co"},
        "product": {"name": "Steel"},
    }
    assert told(world, "maker")[0] == {**found[0], "client": client_id("maker", ADMINISTRATOR)}
    assert told(world, "smith") == []


def test_after_ten_of_them_there_is_no_other_that_day_and_ordinary_changes_go_on(world: SharedWorld) -> None:
    assert set(swings(world, 12)) == {"PUBLISHED"}
    assert publish(world, line("steel", "2000")) == "TOO_MANY_REQUESTS"
    assert publish(world, line("steel", "2001"), line("bolt", "1")) == "TOO_MANY_REQUESTS"
    assert publish(world, line("steel", "1999")) == "PUBLISHED"
    assert publish(world, line("bolt", "1000")) == "PUBLISHED"
    world.clock[0] += DAY_US
    world._clients.clear()
    assert swings(world, 1) == ["PUBLISHED"] * 2


def test_a_mistaken_unit_and_its_correction_of_many_products_are_told_to_nobody(world: SharedWorld) -> None:
    before = len(told(world, "mill"))
    for name in ("widget", "open"):
        assert set(swings(world, 2, name=name)) == {"PUBLISHED"}
    assert len(told(world, "mill")) == before


def test_other_units_with_adapted_amounts_are_no_swing(world: SharedWorld) -> None:
    before = len(told(world, "mill"))
    grams, tons = {**line("steel", "2000"), "unit": "GRAM"}, {**line("steel", "0.002"), "unit": "TON"}
    per_ton = {"declaredUnitAmount": "1000", "productMassPerDeclaredUnit": "1000"}
    for _ in range(3):
        assert publish(world, grams) == publish(world, tons) == "PUBLISHED"
        assert publish(world, line("steel", "2000"), **per_ton) == "PUBLISHED"
        assert publish(world, line("steel", "2")) == "PUBLISHED"
    assert len(told(world, "mill")) == before


def test_the_same_by_a_fallback_or_by_another_name_is_the_same(world: SharedWorld) -> None:
    before = len(told(world, "mill"))
    by_id = {"product": {"id": world.products["steel"]}}
    for turn in range(4):
        amount = ("2", "2000")[turn % 2]
        served = {"product": line("steel", "1")["product"], "amount": amount, "unit": "KILOGRAM"}
        lines = line("nothing", "1", fallback=served) if turn < 2 else {**line("steel", amount), **by_id}
        assert publish(world, lines) == "PUBLISHED"
    assert len(told(world, "mill")) == before + 1


def test_swings_of_what_is_not_seen_or_not_there_are_told_to_nobody(world: SharedWorld) -> None:
    """Else the publisher, who reads its own trail, would learn that there is something."""
    for name in ("gear", "nothing"):
        before = world.callers.client("maker", ADMINISTRATOR).query(AUDIT, {"id": world.callers.organization("maker")})
        if name == "gear":
            grant = world.grants["gear", "maker"]
            world.callers.client("smith").done("revokeAccess", {"grant": grant}, "grant { id }")
        assert set(swings(world, 14, of=name)) == {"PUBLISHED"}
        after = world.callers.client("maker", ADMINISTRATOR).query(AUDIT, {"id": world.callers.organization("maker")})
        counts = [each["organization"]["audit"]["totalCount"] for each in (before, after)]
        assert counts[1] == counts[0] + 15
    assert told(world, "smith") == []


def test_amounts_of_an_own_product_in_which_nothing_of_others_is_are_limited_and_told_to_nobody(
    world: SharedWorld,
) -> None:
    before = len(told(world, "maker"))
    assert set(swings(world, 12, of="leaf")) == {"PUBLISHED"}
    assert publish(world, line("leaf", "2000")) == "TOO_MANY_REQUESTS"
    assert publish(world, line("leaf", "3")) == "PUBLISHED"
    assert len(told(world, "maker")) == before
