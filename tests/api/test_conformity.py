"""Product rules and verification over HTTP, on a real store: what was published is shown, and shown as published."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from exchange.config import Settings
from tests.api.callers import Callers
from tests.api.exchange_server import new_key, serving
from tests.api.inputs import declared, footprint
from tests.rollup.check import instant

SHOWN = """pfId productOrSectorSpecificRules { operator ruleNames otherOperatorName }
  verification { coverage providerName completedAt standardName comments }"""
RULES = [
    {"operator": "EPD_INTERNATIONAL", "ruleNames": ["PCR 2019:14", "c-PCR-001"], "otherOperatorName": None},
    {"operator": "OTHER", "ruleNames": ["鋼 1"], "otherOperatorName": "Steel Forum"},
]
VERIFICATION = {
    "coverage": "PRODUCT_LEVEL",
    "providerName": "Checkers",
    "completedAt": "2026-06-30T23:59:59.999999Z",
    "standardName": "ISO 14064-3",
    "comments": "Both sites.\nNo findings.",
}


@pytest.fixture(scope="module")
def callers(settings: Settings) -> Iterator[Callers]:
    with serving(settings, clock=lambda: instant("2026-07-01")) as server:
        yield Callers(server)


def published(callers: Callers, name: str, **stated: Any) -> tuple[str, dict[str, Any]]:
    """The product's id, and its footprint as it is answered."""
    client = callers.client("maker")
    given: dict[str, Any] = {"productIds": [f"urn:pact:maker.example:product-id:{name}"], "name": name}
    product = client.done("createProduct", given | {"idempotencyKey": new_key()}, "product { id }")["product"]["id"]
    body = footprint(product, declared("2"), **stated)
    done = client.done("publishFootprint", {"idempotencyKey": new_key(), "footprint": body}, f"footprint {{ {SHOWN} }}")
    return product, done["footprint"]


def test_what_was_published_is_shown(callers):
    product, shown = published(callers, "whole", productOrSectorSpecificRules=RULES, verification=VERIFICATION)
    assert shown.pop("pfId")
    assert shown == {"productOrSectorSpecificRules": RULES, "verification": VERIFICATION}
    grant = {"idempotencyKey": new_key(), "product": product, "to": {"public": True}, "level": "TOTAL"}
    callers.client("maker").done("grantAccess", grant, "grant { id }")
    question = f'query ($id: ID!) {{ product(id: $id) {{ footprint(asOf: "2026-07-01") {{ {SHOWN} }} }} }}'
    found = callers.client(None).query(question, {"id": product})["product"]["footprint"]
    assert found.pop("pfId")
    assert found == shown | {"verification": VERIFICATION | {"comments": None}}  # comments are for who sees INPUTS


@pytest.mark.parametrize(
    ("name", "stated"),
    [
        ("absent", {}),
        ("null", {"productOrSectorSpecificRules": None, "verification": None}),
        ("empty", {"productOrSectorSpecificRules": []}),
    ],
)
def test_who_states_nothing_is_shown_nothing(callers, name, stated):
    _, shown = published(callers, name, **stated)
    assert (shown["productOrSectorSpecificRules"], shown["verification"]) == ([], None)


def test_what_a_verification_leaves_open_is_null(callers):
    _, shown = published(callers, "thin", verification={"completedAt": "2026-06-01T02:00:00+02:00"})
    assert shown["verification"] == dict.fromkeys(VERIFICATION) | {"completedAt": "2026-06-01T00:00:00Z"}
