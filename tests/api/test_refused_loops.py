"""Refused attempts over HTTP: the owners of the loop's members are shown them, nobody else is, and nothing more."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from exchange.config import Settings
from exchange.model.parties import Scope
from exchange.schema.ids import named_by
from tests.api.dated_world import World, dated_world
from tests.api.exchange_server import ApiClient, new_key
from tests.embedded_databases import EmbeddedDatabases

NOW = datetime(2026, 6, 30, tzinfo=UTC)
ATTEMPTS = """query ($id: ID!, $first: Int, $after: String, $last: Int, $before: String) { product(id: $id) {
  access refusedLoops(first: $first, after: $after, last: $last, before: $before) {
    totalCount edges { cursor node { at own organization { id name } } } nodes { at }
    pageInfo { hasNextPage hasPreviousPage } } } }"""


@pytest.fixture
def settings(embedded_databases: EmbeddedDatabases) -> Iterator[Settings]:
    """Of a database that each test has for itself."""
    with embedded_databases.empty() as database:
        yield Settings(graph_uri=f"embedded:{database.directory}")


@pytest.fixture
def world(settings: Settings) -> Iterator[World]:
    """One's `mine` goes into two's `hidden`, that into three's `shown`, of which one may make `mine`; four sees all."""
    with dated_world(settings, NOW) as made:
        for name in ("three", "four"):
            made.server.add_organization(name)
        publish(made, "mine")
        publish(made, "two/hidden", made.line("mine", "0.5"))
        publish(made, "three/shown", made.line("two/hidden", "2"))
        publish(made, "two/beside", made.line("three/shown", "1"))
        for name, to in (("mine", "two"), ("two/hidden", "three"), ("three/shown", "one"), ("three/shown", "two")):
            granted(made, name, to)
        for name in ("mine", "two/hidden", "three/shown", "two/beside"):
            granted(made, name, "four", level="INPUTS")
        yield made


def publish(world: World, name: str, *lines: dict[str, Any]) -> None:
    world.publish(world.modelled(name, *lines), by=name.split("/")[0] if "/" in name else "one")


def granted(world: World, name: str, to: str, **more: Any) -> None:
    assert world.grant(name, to, **more)["__typename"] == "GrantAccessPayload"


def refused(world: World, name: str, *lines: dict[str, Any]) -> None:
    by = name.split("/")[0] if "/" in name else "one"
    found = world.send(world.modelled(name, *lines), by=by)
    assert found["__typename"] == "LoopRefused", found


def asked(world: World, name: str, by: str, **page: Any) -> dict[str, Any] | None:
    client = world.client(by) if by != "anonymous" else ApiClient(world.server.http, None)
    found: dict[str, Any] | None = client.query(ATTEMPTS, {"id": world.product(name), **page})["product"]
    return found


def attempts(world: World, name: str, by: str) -> list[tuple[bool, str]] | None:
    """Whether it was the owner's own, and who tried, newest first; None: the field is null."""
    product = asked(world, name, by)
    assert product is not None
    shown = product["refusedLoops"]
    if shown is None:
        return None
    nodes = [edge["node"] for edge in shown["edges"]]
    assert shown["totalCount"] == len(nodes)
    assert all(set(node) == {"at", "own", "organization"} for node in nodes)
    return [(node["own"], node["organization"]["name"]) for node in nodes]


def test_the_owners_of_the_members_see_who_tried_and_nobody_else_does(world: World) -> None:
    refused(world, "mine", world.line("three/shown", "1"))
    assert attempts(world, "mine", "one") == [(True, "OneCo")]
    assert attempts(world, "two/hidden", "two") == [(False, "OneCo")]
    assert attempts(world, "three/shown", "three") == [(False, "OneCo")]
    assert attempts(world, "two/beside", "two") == []  # takes of the loop, and is not on it
    assert attempts(world, "three/shown", "one") is None
    assert attempts(world, "mine", "two") is None
    for name in ("mine", "two/hidden", "three/shown", "two/beside"):
        assert attempts(world, name, "four") is None  # at INPUTS
    assert asked(world, "mine", "three") is None  # as what is not there
    assert asked(world, "mine", "anonymous") is None


def test_a_refused_grant_is_an_attempt_as_well(world: World) -> None:
    granted(world, "two/beside", "one")
    publish(world, "other", world.line("two/beside", "1"))
    world.product("three/late")
    publish(world, "three/late", world.line("other", "1"))  # not granted yet: counts for nothing
    granted(world, "three/late", "two")
    publish(world, "two/beside", world.line("three/late", "1"))
    found = world.grant("other", "three")
    assert (found["__typename"], found["path"]) == ("LoopRefused", ["input", "product"])
    assert attempts(world, "other", "one") == [(True, "OneCo")]
    assert attempts(world, "three/late", "three") == [(False, "OneCo")]
    assert attempts(world, "two/beside", "two") == [(False, "OneCo")]
    assert attempts(world, "mine", "one") == []


def test_the_operator_sees_what_the_owner_sees(world: World) -> None:
    refused(world, "mine", world.line("mine", "1"))
    organization = named_by(world.server.clients["one"].organization_id or "")
    assert organization is not None
    token = world.server.token(organization[1], frozenset(Scope))
    operator = ApiClient(world.server.http, token)
    for name in ("mine", "two/hidden"):
        owner = asked(world, name, "two" if "/" in name else "one")
        assert operator.query(ATTEMPTS, {"id": world.product(name)})["product"] == owner


def test_attempts_come_newest_first_and_in_pages(world: World) -> None:
    for _ in range(5):
        refused(world, "mine", world.line("mine", "1"))
        world.clock.now += timedelta(minutes=1)
    whole = asked(world, "mine", "one")
    assert whole is not None
    edges = whole["refusedLoops"]["edges"]
    times = [edge["node"]["at"] for edge in edges]
    assert times == sorted(times, reverse=True)
    assert len(set(times)) == 5
    cursors = [edge["cursor"] for edge in edges]
    for page, expected, more, before in (
        ({"first": 2}, edges[:2], True, False),
        ({"first": 2, "after": cursors[1]}, edges[2:4], True, True),
        ({"first": 9, "after": cursors[3]}, edges[4:], False, True),
        ({"last": 2}, edges[3:], False, True),
        ({"last": 2, "before": cursors[1]}, edges[:1], True, False),
    ):
        found = asked(world, "mine", "one", **page)
        assert found is not None
        shown = found["refusedLoops"]
        assert (shown["edges"], shown["totalCount"]) == (expected, 5)
        assert shown["pageInfo"] == {"hasNextPage": more, "hasPreviousPage": before}
    foreign = {"id": world.product("mine"), "after": cursors[0][:-2]}
    found = world.client("one").answer(ATTEMPTS, foreign)
    assert found["errors"][0]["extensions"]["code"] == "INVALID_INPUT"


def test_members_are_counted_with_whom_they_were_refused(world: World) -> None:
    """Ten refusals of one product a day; others may still be published, and see them all."""
    mutation = "mutation ($input: PublishFootprintInput!) { publishFootprint(input: $input) { __typename } }"
    loop = world.modelled("mine", world.line("three/shown", "1"))
    for _ in range(10):
        refused(world, "mine", world.line("three/shown", "1"))
    body = world.client("one").answer(mutation, {"input": {"idempotencyKey": new_key(), "footprint": loop}})
    assert body["errors"][0]["extensions"]["code"] == "TOO_MANY_REQUESTS"
    assert attempts(world, "two/hidden", "two") == [(False, "OneCo")] * 10
    publish(world, "two/hidden", world.line("mine", "0.25"))
