"""Each role with every query, mutation and subscription, and with every field of an organization and of a product.

What is expected stands in docs/permissions.md, in tables that people read.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from exchange.config import Settings
from exchange.model.parties import ROLE_SCOPES, Role, Scope
from exchange.schema.permissions import PERMISSIONS, Permission
from tests.api.callers import Callers
from tests.api.exchange_server import ApiClient, new_key, serving
from tests.api.schema_walk import fields_of, selection
from tests.api.shared_world import ASKED_US, WRITTEN_US, SharedWorld, urn
from tests.api.test_truth_table import (
    CELLS,
    PREVIEW,
    QUESTION,
    SCHEMA_FIELDS,
    WAYS,
    actions,
    check_refused,
    fields,
    part,
    request,
    scores,
    without_access,
    without_scores,
)
from tests.api.web_socket_client import WebSocketClient
from tests.docs.documents import document

BY_PERMISSION = "| permission | ADMINISTRATOR | PUBLISHER | READER | AUDITOR |"
OF_AN_ORGANIZATION = "| field | ADMINISTRATOR | PUBLISHER | READER | AUDITOR | other | operator |"


def columns(header: str) -> dict[str, dict[str, str]]:
    """Rows of a table by their first cell, each by the names of its columns."""
    names = header.strip("| ").split(" | ")[1:]
    rows = document("docs/permissions.md").table(header)
    return {row[0].strip("`"): dict(zip(names, row[1:], strict=True)) for row in rows}


def cell(action: str, role: Role) -> str:
    """What the documents say that a role makes of an action."""
    return columns(BY_PERMISSION)[actions()[action]["permission"]][role.value]


@pytest.fixture(scope="module")
def world(settings: Settings) -> Iterator[SharedWorld]:
    clock = [WRITTEN_US]
    with serving(settings, clock=lambda: clock[0]) as server:
        yield SharedWorld(Callers(server), clock).build()


def maker(world: SharedWorld, role: Role) -> ApiClient:
    return world.callers.client("maker", ROLE_SCOPES[role])


def test_the_tables_have_every_permission_and_every_field() -> None:
    asked = {each.value for table in PERMISSIONS.values() for each in table.values()}
    assert set(columns(BY_PERMISSION)) == asked == {each.value for each in Permission}
    assert list(columns(OF_AN_ORGANIZATION)) == [f"Organization.{name}" for name in fields_of("Organization")]


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("query", fields_of("Query"))
def test_each_role_asks_what_the_table_says(world: SharedWorld, query: str, role: Role) -> None:
    client, expected = maker(world, role), cell(f"Query.{query}", role)
    if query == "grantPreview":
        given: dict[str, Any] = {"idempotencyKey": new_key(), "product": world.products["widget"], "level": "TOTAL"}
        given["to"] = {"organization": world.callers.organization("newcomer")}
        found = client.query(PREVIEW, {"input": given})["grantPreview"]
        assert found.get("code") == (None if expected == "yes" else expected)
        return
    text = (
        WAYS[query_name := f"Query.{query}"]
        or {
            "viewer": "{ viewer { organization { name } } }",
            "organization": "query ($organization: ID!) { organization(id: $organization) { name } }",
            "organizations": "{ organizations { nodes { name } } }",
            "alliance": "query ($alliance: ID!) { alliance(id: $alliance) { name } }",
            "alliances": "{ alliances { nodes { name } } }",
        }[query]
    )
    known = {
        "id": world.products["widget"],
        "urn": urn("widget"),
        "organization": world.callers.organization("maker"),
        "alliance": world.alliances["club"],
    }
    named = {name: value for name, value in known.items() if f"${name}:" in text}
    found = client.query(text, named)
    assert expected in {"yes", "totals"}, query_name
    assert all(value for value in found.values())
    if "product" in found:
        access = client.query("query ($id: ID!) { product(id: $id) { access } }", {"id": known["id"]})
        assert access["product"] == {"access": "TOTAL" if expected == "totals" else "OWNER"}


@pytest.mark.parametrize("role", Role)
def test_each_role_is_told_by_subscription_as_the_table_says(world: SharedWorld, role: Role) -> None:
    assert list(fields_of("Subscription")) == ["monteCarlo"]
    query = """subscription ($id: ID!) { monteCarlo(product: $id, samples: 1000) {
      __typename ... on MonteCarloProgress { finished samples } } }"""
    assert cell("Subscription.monteCarlo", role) in {"yes", "totals"}
    with WebSocketClient(world.server.url, maker(world, role).token) as socket:
        socket.subscribe(query, {"id": world.products["widget"]})
        *told, end = socket.messages()
    assert end["type"] == "complete"
    assert told[-1]["payload"]["data"]["monteCarlo"]["__typename"] == "MonteCarloProgress"


@pytest.mark.parametrize("name", fields_of("Organization"))
def test_each_role_is_shown_the_fields_of_an_organization_as_the_table_says(world: SharedWorld, name: str) -> None:
    row = columns(OF_AN_ORGANIZATION)[f"Organization.{name}"]
    query = f"query ($id: ID!) {{ organization(id: $id) {selection('Organization')} }}"
    asked = {"id": world.callers.organization("maker")}
    callers = {role.value: maker(world, role) for role in Role}
    callers |= {"other": world.client("stranger"), "operator": world.client("operator")}
    found = {who: client.query(query, asked)["organization"][name] for who, client in callers.items()}
    whole = found["ADMINISTRATOR"]
    assert whole is not None
    for who, expected in row.items():
        if expected == "null":
            assert found[who] is None, who
        elif expected == "part":
            assert found[who]["totalCount"] < whole["totalCount"]
        elif who != "operator":  # who is told of others' clients, and sees other products' names
            assert without_access(found[who]) == without_access(whole), who
        else:
            assert found[who] is not None


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("product", ["widget", "leaf"])
def test_each_role_is_shown_of_its_organizations_products_what_its_level_is(
    world: SharedWorld, product: str, role: Role
) -> None:
    level = "TOTAL" if columns(BY_PERMISSION)["READ"][role.value] == "totals" else "OWNER"
    given = maker(world, role).query(QUESTION, {"id": world.products[product]})["product"]
    owned = world.client("owner").query(QUESTION, {"id": world.products[product]})["product"]
    relation = {("widget", "TOTAL"): "total", ("leaf", "TOTAL"): "total on leaf"}.get((product, level), "owner")
    if level == "TOTAL":
        other = world.client(relation).query(QUESTION, {"id": world.products[product]})["product"]
        assert given == other  # whoever it was granted TOTAL on it
    for name in SCHEMA_FIELDS:
        value, of_owner = part(given, name), part(owned, name)
        if name == "Product.access":
            assert value == level
            continue
        if level == "TOTAL":
            assert scores(value) <= {None}
            of_owner = without_scores(of_owner)
            if fields()[name][level] == "view":
                continue  # is compared with that other viewer's, above
            CELLS[fields()[name][level]](without_access(value), without_access(of_owner), name, relation, given)
        else:
            assert value == of_owner, name


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("mutation", fields_of("Mutation"))
def test_each_role_writes_what_the_table_says(world: SharedWorld, mutation: str, role: Role) -> None:
    expected = cell(f"Mutation.{mutation}", role)
    if expected == "yes":
        return  # below, because it changes the world
    check_refused(world, maker(world, role), mutation, request(world, mutation, "owner"), expected, path=[])


def test_a_role_that_may_write_does(world: SharedWorld) -> None:
    """Last, because it changes the world: the publisher all that needs PUBLISH, the administrator the rest."""
    may = {role: [each for each in fields_of("Mutation") if cell(f"Mutation.{each}", role) == "yes"] for role in Role}
    operators = {name for name, permission in PERMISSIONS["Mutation"].items() if permission is Permission.ADMINISTER}
    assert set(may[Role.ADMINISTRATOR]) == set(fields_of("Mutation")) - operators
    assert may[Role.READER] == may[Role.AUDITOR] == []
    for mutation in may[Role.ADMINISTRATOR]:
        role = Role.PUBLISHER if mutation in may[Role.PUBLISHER] else Role.ADMINISTRATOR
        found = maker(world, role).mutate(mutation, request(world, mutation, "owner"), "__typename")
        assert found["__typename"].endswith("Payload"), (mutation, found)


def test_a_token_may_be_asked_for_with_less(world: SharedWorld) -> None:
    """An administrator who only audits sees no more than an auditor."""
    world.clock[0] = ASKED_US
    organization = world.callers.ids["maker"]
    token = world.server.token(organization, ROLE_SCOPES[Role.ADMINISTRATOR], wanted="audit")
    client = ApiClient(world.server.http, token)
    found = client.query("query ($id: ID!) { product(id: $id) { access } }", {"id": world.products["widget"]})
    assert found["product"] == {"access": "TOTAL"}
    given = {"idempotencyKey": new_key(), "name": "x", "kind": "PERSON", "role": "READER"}
    assert client.mutate("addMember", given, "__typename")["code"] == "ACCESS_DENIED"
    assert Scope.MANAGE in ROLE_SCOPES[Role.ADMINISTRATOR]
