"""The audit trail over HTTP: reads at INPUTS and denied writes are in it before they are answered, its two parties read
it, nobody else does, and a file of it is whole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from exchange.config import Settings
from exchange.errors import StoreUnavailable
from exchange.model.audit_file import verify_audit
from exchange.model.parties import OPERATOR
from exchange.operations.exchange import Exchange
from exchange.operations.reading.audit_reading import export_audit
from exchange.operations.watching import probing
from tests.api.callers import ADMINISTRATOR, Callers, client_id
from tests.api.exchange_server import ApiClient, ExchangeServer, new_key, serving
from tests.api.shared_world import ASKED_US, WRITTEN_US, SharedWorld, footprint

DAY_US = 86_400_000_000
LINES = "query ($id: ID!) { product(id: $id) { access footprint { lines { number } } } }"
TOTAL = "query ($id: ID!) { product(id: $id) { cradleToGate { ... on RollUp { pcfExcludingBiogenicUptake } } } }"
WHAT_IF = """query ($id: ID!) { product(id: $id) { whatIf(scenarios: [{}, {}]) {
  __typename ... on WhatIf { scenarios { __typename } } } } }"""
AUDIT = """query ($id: ID!, $first: Int, $after: String) { organization(id: $id) {
  audit(first: $first, after: $after) { totalCount pageInfo { hasNextPage endCursor }
    nodes { at kind client detail hash subject organization { name } product { name } } } } }"""


@pytest.fixture(scope="module")
def world(settings: Settings) -> Iterator[SharedWorld]:
    now = [WRITTEN_US]
    with serving(settings, clock=lambda: now[0]) as server:
        yield SharedWorld(Callers(server), now).build()


@pytest.fixture(autouse=True)
def _another_day(world: SharedWorld) -> None:
    """Each test begins a day on which nobody has read anything."""
    next_day(world)


def next_day(world: SharedWorld) -> None:
    """Tokens hold for an hour; whoever asks, and the key that signs for it, is there before heads are compared."""
    world.clock[0] += DAY_US
    world._clients.clear()
    for relation in ("owner", "operator", "total", "breakdown", "inputs", "stranger", "anonymous"):
        world.client(relation)


def entries(world: SharedWorld, by: ApiClient, organization: str) -> list[dict[str, Any]] | None:
    """Every entry that the caller is shown of an organization's trail, newest first, by small pages."""
    found: list[dict[str, Any]] = []
    after = None
    while True:
        asked = {"id": world.callers.organization(organization), "first": 7, "after": after}
        shown = by.query(AUDIT, asked)["organization"]
        if shown is None or shown["audit"] is None:
            return None
        found += shown["audit"]["nodes"]
        after = shown["audit"]["pageInfo"]["endCursor"]
        if not shown["audit"]["pageInfo"]["hasNextPage"]:
            assert shown["audit"]["totalCount"] == len(found)
            return found


def newest(world: SharedWorld, relation: str, organization: str) -> dict[str, Any]:
    found = entries(world, world.client(relation), organization)
    assert found
    return found[0]


def head(world: SharedWorld) -> int:
    return world.server.ledger_head()


def test_a_read_at_inputs_is_told_to_the_owner_and_to_the_reader(world: SharedWorld) -> None:
    before = head(world)
    world.client("inputs").query(LINES, {"id": world.products["widget"]})
    assert head(world) == before + 1
    owner, reader = newest(world, "owner", "maker"), newest(world, "inputs", "inputs")
    assert owner == {**reader, "client": None}
    assert reader["client"] == client_id("inputs", ADMINISTRATOR)
    assert (owner["kind"], owner["organization"], owner["product"]) == (
        "INPUTS_READ",
        {"name": "Inputs & Co"},
        {"name": "Widget"},
    )
    assert owner["subject"] is None
    assert newest(world, "operator", "maker")["client"] == client_id("inputs", ADMINISTRATOR)


def test_a_second_read_of_the_day_costs_nothing_and_the_next_day_counts_again(world: SharedWorld) -> None:
    widget = {"id": world.products["widget"]}
    before = head(world)
    for query in (LINES, TOTAL, LINES):
        world.client("inputs").query(query, widget)
    assert head(world) == before + 1
    next_day(world)
    before = head(world)
    world.client("inputs").query(TOTAL, widget)  # computed from its lines, whatever of it is asked for
    assert head(world) == before + 1


@pytest.mark.parametrize("relation", ["owner", "total", "breakdown", "operator", "stranger", "anonymous"])
def test_what_is_not_read_at_inputs_is_not_recorded(world: SharedWorld, relation: str) -> None:
    before = head(world)
    for query in (LINES, TOTAL):
        world.client(relation).query(query, {"id": world.products["widget"]})
    assert head(world) == before


def test_an_answer_that_cannot_be_recorded_does_not_leave(world: SharedWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*_: Any) -> None:
        raise StoreUnavailable("away")

    monkeypatch.setattr(type(world.server.exchange.queue), "do", away)
    answer = world.client("inputs").answer(LINES, {"id": world.products["widget"]})
    assert answer["errors"][0]["extensions"]["code"] == "STORE_UNAVAILABLE"
    assert answer.get("data") is None
    monkeypatch.undo()
    assert world.client("inputs").query(LINES, {"id": world.products["widget"]})["product"]["access"] == "INPUTS"


def publish(world: SharedWorld, relation: str) -> str:
    given = {"idempotencyKey": new_key(), "footprint": footprint("widget", world.products["widget"])}
    return str(world.client(relation).mutate("publishFootprint", given, "footprint { id }")["code"])


def test_a_denied_write_is_told_to_the_owner_and_to_who_tried(world: SharedWorld) -> None:
    before = head(world)
    assert publish(world, "total") == "ACCESS_DENIED"
    assert publish(world, "total") == "ACCESS_DENIED"
    assert head(world) == before + 1
    found = newest(world, "owner", "maker")
    assert (found["kind"], found["detail"], found["client"]) == ("WRITE_DENIED", "publishFootprint", None)
    assert found["organization"] == {"name": "Total & Co"}
    assert newest(world, "total", "total")["client"] == client_id("total", ADMINISTRATOR)


def test_a_write_to_what_is_not_visible_tells_its_owner_nothing(world: SharedWorld) -> None:
    before = head(world)
    assert publish(world, "stranger") == "NOT_FOUND"
    assert head(world) == before


def test_nobody_reads_the_trail_of_others(world: SharedWorld) -> None:
    for relation in ("stranger", "inputs", "total", "anonymous", "anonymous on public"):
        assert entries(world, world.client(relation), "maker") is None, relation
    assert entries(world, world.client("operator"), "maker") == [
        {**each, "client": mine["client"] or each["client"]}
        for each, mine in zip(
            entries(world, world.client("operator"), "maker") or [],
            entries(world, world.client("owner"), "maker") or [],
            strict=True,
        )
    ]


def test_what_an_owner_did_is_all_there(world: SharedWorld) -> None:
    found = entries(world, world.client("owner"), "maker")
    assert found is not None
    assert found[-1]["kind"] == "ORGANIZATION_ADDED"
    kinds = [each["kind"] for each in found]
    assert [kinds.count(kind) for kind in ("PRODUCT_CREATED", "FOOTPRINT_PUBLISHED", "ACCESS_REVOKED")] == [5, 5, 1]
    assert kinds.count("LOOP_REFUSED") == 1
    [revoked] = [each for each in found if each["kind"] == "ACCESS_REVOKED"]
    assert revoked["detail"].startswith(f"INPUTS to {world.callers.ids['revoked']} from 2026-07-01T00:00:00.000000Z")
    client = world.client("owner")
    for each in found:
        if each["subject"]:
            assert client.query("query ($id: ID!) { node(id: $id) { id } }", {"id": each["subject"]})["node"]
    assert [each["at"] for each in found] == sorted((each["at"] for each in found), reverse=True)


ALLIED = ("ALLIANCE_FOUNDED", "MEMBER_INVITED", "MEMBER_JOINED", "INVITATION_ENDED", "MEMBER_LEFT")


def allied(world: SharedWorld, organization: str) -> list[tuple[str, str, bool]]:
    """What an organization is shown of alliances, oldest first: what, by whom, and whether by which client."""
    found = entries(world, world.callers.client(organization, ADMINISTRATOR), organization) or []
    told = [each for each in reversed(found) if each["kind"] in ALLIED]
    assert all(each["product"] is None for each in told)
    return [(each["kind"], each["organization"]["name"], each["client"] is not None) for each in told]


def test_what_happens_to_a_membership_is_told_to_its_organization_and_to_who_acted(world: SharedWorld) -> None:
    """To no other member, and to nobody who granted something to the alliance."""
    invited, smith = ("MEMBER_INVITED", "Smith & Co", False), "Smith & Co"
    assert allied(world, "allied") == [invited, ("MEMBER_JOINED", "Allied & Co", True)]
    assert allied(world, "left") == [
        invited,
        ("MEMBER_JOINED", "Left & Co", True),
        ("MEMBER_LEFT", "Left & Co", True),
    ]
    assert allied(world, "invited") == [invited]
    assert allied(world, "smith") == [
        ("ALLIANCE_FOUNDED", smith, True),
        ("MEMBER_JOINED", smith, True),
        *[("MEMBER_INVITED", smith, True)] * 4,
    ]
    assert not {kind for kind, _, _ in allied(world, "maker")} & {"MEMBER_LEFT", "INVITATION_ENDED"}
    assert {who for _, who, _ in allied(world, "maker")} == {"Maker & Co", smith, "Mill & Co"}
    [founded] = [
        each
        for each in entries(world, world.callers.client("smith", ADMINISTRATOR), "smith") or []
        if each["kind"] == "ALLIANCE_FOUNDED"
    ]
    assert (founded["subject"], founded["detail"]) == (world.alliances["guild"], "Guild")


def test_an_invitation_that_is_taken_back_is_told_to_both(world: SharedWorld) -> None:
    world.invite("club", "stranger")
    invitation = {"invitation": world.invitations["club", "stranger"]}
    world.client("owner").done("declineInvitation", invitation, "__typename")
    for organization in ("maker", "stranger"):
        assert allied(world, organization)[-1] == ("INVITATION_ENDED", "Maker & Co", organization == "maker")


def test_a_grant_to_an_alliance_is_told_to_who_gave_it_alone(world: SharedWorld) -> None:
    given = {"idempotencyKey": new_key(), "everything": True, "level": "BENCHMARK"}
    given |= {"to": {"alliance": world.alliances["club"]}}
    found = world.client("owner").done("grantAccess", given, "grant { id }")
    world.client("owner").done("revokeAccess", {"grant": found["grant"]["id"]}, "__typename")
    mine = (entries(world, world.client("owner"), "maker") or [])[:2]
    assert [each["kind"] for each in mine] == ["ACCESS_REVOKED", "ACCESS_GRANTED"]
    for each in mine:
        assert each["detail"].startswith("BENCHMARK on everything to alliance ")
        assert (each["product"], each["organization"]) == (None, {"name": "Maker & Co"})
    for other in ("smith", "mill", "allied", "counted"):
        shown = entries(world, world.callers.client(other, ADMINISTRATOR), other) or []
        assert all(each["subject"] != found["grant"]["id"] for each in shown)


def test_a_cursor_of_another_list_is_refused(world: SharedWorld) -> None:
    for after in ("MA", "LTE", "OTk5OTk5", "eA"):  # 0, -1, 999999, x
        asked = {"id": world.callers.organization("maker"), "after": after}
        assert "errors" in world.client("owner").answer(AUDIT, asked), after


def test_too_many_what_ifs_on_a_foreign_product_are_limited_and_told(
    world: SharedWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probing, "FOREIGN_SCENARIOS_PER_DAY_MAX", 4)
    widget, before = {"id": world.products["widget"]}, head(world)
    for _ in range(4):  # its own owner may ask as often as it likes
        world.client("owner").query(WHAT_IF, widget)
    for _ in range(2):
        world.client("total").query(WHAT_IF, widget)
    assert head(world) == before
    for _ in range(2):
        found = world.client("total").answer(WHAT_IF, widget)
        assert found["errors"][0]["extensions"]["code"] == "TOO_MANY_REQUESTS"
    assert head(world) == before + 1
    told = newest(world, "owner", "maker")
    assert (told["kind"], told["organization"]) == ("PROBING_LIMITED", {"name": "Total & Co"})
    world.client("breakdown").query(WHAT_IF, widget)  # others may go on


def lines_of(server: ExchangeServer, reader: str | None, since_us: int | None = None) -> list[str]:
    async def lines(exchange: Exchange) -> list[str]:
        session = await exchange.session(OPERATOR)
        return [line async for line in export_audit(exchange.store, session, reader, since_us)]

    return server.run(lines)


def test_a_file_of_two_servers_is_whole_and_has_every_hash_that_was_shown(
    world: SharedWorld, settings: Settings
) -> None:
    with serving(settings, clock=lambda: world.clock[0]) as other:
        second = ApiClient(other.http, world.client("inputs").token)
        for client in (world.client("inputs"), second):
            client.query(LINES, {"id": world.products["widget"]})
    shown = entries(world, world.client("owner"), "maker") or []
    assert [each["kind"] for each in shown[:2]] == ["INPUTS_READ", "INPUTS_READ"]  # one of each server
    for name in (None, *world.callers.ids):
        whose = None if name is None else world.callers.ids[name]
        found = verify_audit(lines_of(world.server, whose), [each["hash"] for each in shown])
        assert found.whole, (name, found.problems)
        assert found.from_the_beginning
        assert (found.head, found.told + found.left_out) == (head(world), head(world))
    ours = verify_audit(lines_of(world.server, world.callers.ids["maker"]))
    assert ours.told == len(shown)
    since = verify_audit(lines_of(world.server, None, ASKED_US))
    assert since.whole
    assert 1 < since.first < head(world)
    assert verify_audit(lines_of(world.server, None, world.clock[0] + DAY_US)).whole  # nothing yet
