"""docs/permissions.md has a row for everything that can be asked, and says what the code says."""

from __future__ import annotations

import re

import pytest
from graphql import GraphQLObjectType

from exchange.errors import AccessDenied, NotFound, NotSignedIn
from exchange.schema.permissions import PERMISSIONS
from exchange.schema.schema import core_schema
from tests.docs.documents import document

PAGE = document("docs/permissions.md").path.read_text(encoding="utf-8")
ACTIONS = "| action | permission | anonymous | none | TOTAL | BREAKDOWN | INPUTS | OWNER | operator |"
FIELDS = "| field | TOTAL | BREAKDOWN | INPUTS | OWNER |"
OUTCOMES = {"yes", "part", "null", NotSignedIn.code, NotFound.code, AccessDenied.code}
SHOWN = {"yes", "if", "view", "month", "null", "[]", "declared", "rolled up", "operator", "no comments"}


def fields_of(name: str) -> list[str]:
    kind = core_schema().type_map[name]
    assert isinstance(kind, GraphQLObjectType)
    return [f"{name}.{field}" for field in kind.fields]


def actions() -> dict[str, list[str]]:
    return {row[0].strip("`"): row[1:] for row in document("docs/permissions.md").table(ACTIONS)}


def shown() -> dict[str, list[str]]:
    return {row[0].strip("`"): row[1:] for row in document("docs/permissions.md").table(FIELDS)}


def test_every_query_mutation_and_subscription_has_a_row() -> None:
    assert sorted(actions()) == sorted(fields_of("Query") + fields_of("Mutation") + fields_of("Subscription"))


def test_each_row_says_the_permission_that_is_enforced() -> None:
    declared = {
        f"{root}.{field}": permission.value
        for root, table in PERMISSIONS.items()
        for field, permission in table.items()
    }
    assert {action: row[0] for action, row in actions().items()} == declared


@pytest.mark.parametrize(("action", "row"), actions().items())
def test_outcomes_are_of_the_known_kinds(action: str, row: list[str]) -> None:
    assert len(row) == 8
    assert set(row[1:]) <= OUTCOMES, action
    if action.startswith("Mutation."):
        assert row[1] == NotSignedIn.code


@pytest.mark.parametrize("name", ["Product", "Footprint", "RollUp"])
def test_every_field_has_a_row_for_each_level(name: str) -> None:
    table = shown()
    assert sorted(field for field in table if field.startswith(f"{name}.")) == sorted(fields_of(name))
    for field in fields_of(name):
        assert len(table[field]) == 4
        assert set(table[field]) <= SHOWN, field


def test_what_only_the_owner_sees_is_no_field_that_others_are_shown() -> None:
    [promise] = re.findall(r"^5\. \*\*Nobody but the owner sees\*\*(.*?)\n\n", PAGE, re.DOTALL | re.MULTILINE)
    kept, _, shown_to_all = promise.partition("No secret is")
    assert "last change" not in kept
    named = re.findall(r"`(\w+)`", shown_to_all)
    assert {"publishedAt", "deprecatedAt"} <= set(named)
    assert all(shown()[f"Footprint.{field}"] == ["yes"] * 4 for field in named)


def test_a_higher_level_never_shows_less() -> None:
    order = {"null": 0, "[]": 0}
    for field, row in shown().items():
        ranks = [order.get(cell, 1) for cell in row]
        assert ranks == sorted(ranks), field
