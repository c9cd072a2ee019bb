"""Who may see what, granted by whom, last used when: the owner's overview, and that a page of it is read at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from exchange.config import Settings
from exchange.graph.bolt import Bolt
from tests.api.callers import ADMINISTRATOR, Callers, client_id
from tests.api.exchange_server import ApiClient, new_key, serving
from tests.api.shared_world import ASKED_US, WRITTEN_US, SharedWorld

DAY_US = 86_400_000_000
LINES = "query ($id: ID!) { product(id: $id) { footprint { lines { number } } } }"
USE = "lastUsed { code at organization { name } }"
GRANTS = f"""query ($first: Int) {{ viewer {{ organization {{ grants(first: $first) {{ nodes {{
  level everything classification grantedBy organization {{ name }} product {{ name }} {USE} }} }} }} }} }}"""
GRANT = f"query ($id: ID!) {{ node(id: $id) {{ ... on Grant {{ grantedBy {USE} }} }} }}"
MEMBERS = """query ($first: Int) { alliances(first: $first) { nodes { name
  members(first: 50) { totalCount nodes { organization { name } } } invitations { totalCount } } } }"""


@pytest.fixture(scope="module")
def world(settings: Settings) -> Iterator[SharedWorld]:
    now = [WRITTEN_US]
    with serving(settings, clock=lambda: now[0]) as server:
        made = SharedWorld(Callers(server), now).build()
        for name in ("steel", "bolt"):
            for member in ("friend", "partner"):
                made.grant(name, member)
        given(made, "friend", everything=True)
        given(made, "partner", classification="urn:pact:class.example:c:1")
        given(made, "partner", classification="urn:pact:class.example:c:2")
        for ally in ("maker", "friend"):
            if ally == "friend":
                made.invite("club", ally)
                made.client(ally).done(
                    "acceptInvitation", {"invitation": made.invitations["club", ally]}, "membership { id }"
                )
        made.grant("leaf", "club", "INPUTS")
        made.grant("widget", "statistics", "INPUTS")
        yield made


def given(world: SharedWorld, to: str, **what: Any) -> None:
    to_whom = {"organization": world.callers.organization(to)}
    asked = {"idempotencyKey": new_key(), "to": to_whom, "level": "INPUTS", **what}
    made = world.client("owner").done("grantAccess", asked, "grant { id }")
    world.grants[str(what), to] = made["grant"]["id"]


def next_day(world: SharedWorld) -> None:
    """Tokens hold for an hour."""
    world.clock[0] += DAY_US
    world._clients.clear()


def use(world: SharedWorld, grant: tuple[str, str], relation: str = "owner") -> dict[str, Any] | None:
    node = world.client(relation).query(GRANT, {"id": world.grants[grant]})["node"]
    return None if node is None else node["lastUsed"]


def read(world: SharedWorld, relation: str, product: str) -> str:
    """Reads the lines of a product on a day of its own; when that was."""
    next_day(world)
    found = world.client(relation).query(LINES, {"id": world.products[product]})
    assert found["product"]["footprint"] is not None
    return str(world.client("owner").query(AT)["viewer"]["organization"]["audit"]["nodes"][0]["at"])


AT = "{ viewer { organization { audit(first: 1) { nodes { at } } } } }"
NOT_READ, NOT_KEPT = ({"code": code, "at": None, "organization": None} for code in ("NOT_READ", "NOT_KEPT"))


def test_a_grant_says_when_its_grantee_last_read_lines_and_nothing_of_other_products(world: SharedWorld) -> None:
    assert use(world, ("gapped", "inputs")) == NOT_READ
    first = read(world, "inputs", "widget")
    found = {"code": "READ", "at": first, "organization": {"name": "Inputs & Co"}}
    assert use(world, ("widget", "inputs")) == found
    assert use(world, ("gapped", "inputs")) == NOT_READ
    assert use(world, ("widget", "inputs-partly")) == NOT_READ
    second = read(world, "inputs", "widget")
    assert first < second
    assert use(world, ("widget", "inputs")) == {**found, "at": second}


@pytest.mark.parametrize("grant", [("widget", "total"), ("widget", "breakdown"), ("open", "")])
def test_of_a_grant_below_inputs_nothing_is_kept(world: SharedWorld, grant: tuple[str, str]) -> None:
    relation = "stranger" if grant[1] == "" else grant[1]
    world.client(relation).query(LINES, {"id": world.products[grant[0]]})
    assert use(world, grant) == NOT_KEPT


def test_a_grant_of_many_counts_what_it_is_of(world: SharedWorld) -> None:
    all_of_it = ("{'everything': True}", "friend")
    by_class = ("{'classification': 'urn:pact:class.example:c:1'}", "partner")
    other_class = ("{'classification': 'urn:pact:class.example:c:2'}", "partner")
    assert use(world, all_of_it) == use(world, by_class) == NOT_READ
    at = read(world, "friend", "widget")
    assert use(world, all_of_it) == {"code": "READ", "at": at, "organization": {"name": "Friend & Co"}}
    assert use(world, by_class) == NOT_READ
    at = read(world, "partner", "gapped")
    assert use(world, by_class) == {"code": "READ", "at": at, "organization": {"name": "Partner & Co"}}
    assert use(world, other_class) == NOT_READ


def test_of_an_alliance_the_members_that_the_owner_sees_count_and_others_are_not_told_by_it(world: SharedWorld) -> None:
    assert use(world, ("leaf", "club")) == NOT_READ
    at = read(world, "friend", "leaf")
    assert use(world, ("leaf", "club")) == {"code": "READ", "at": at, "organization": {"name": "Friend & Co"}}
    read(world, "counted", "widget")  # a member of an alliance that the owner is not in
    assert use(world, ("widget", "statistics")) == {"code": "MEMBERS_NOT_SHOWN", "at": None, "organization": None}
    assert use(world, ("widget", "statistics"), "operator")["code"] == "READ"  # type: ignore[index]


def test_what_was_read_after_a_grant_ended_was_read_by_another(world: SharedWorld) -> None:
    world.grant("gapped", "fickle", "INPUTS")
    first = ("gapped", "fickle")
    ended = world.grants[first]
    at = read(world, "fickle", "gapped")
    next_day(world)
    world.client("owner").done("revokeAccess", {"grant": ended}, "grant { id }")
    assert use(world, first) == {"code": "READ", "at": at, "organization": {"name": "Fickle & Co"}}
    world.grant("gapped", "fickle", "INPUTS")
    assert use(world, first) == NOT_READ  # the new one: it was read before that began
    later = read(world, "fickle", "gapped")
    assert use(world, first) == {"code": "READ", "at": later, "organization": {"name": "Fickle & Co"}}
    world.grants[first] = ended
    assert use(world, first) == {"code": "READ_BY_ANOTHER", "at": None, "organization": None}


@pytest.mark.parametrize("relation", ["inputs", "operator", "stranger", "anonymous"])
def test_only_the_owner_is_told(world: SharedWorld, relation: str) -> None:
    node = world.client(relation).query(GRANT, {"id": world.grants["widget", "inputs"]})["node"]
    if relation == "inputs":
        assert node == {"grantedBy": None, "lastUsed": None}
    elif relation == "operator":
        assert node["grantedBy"] == client_id("maker")
        assert node["lastUsed"]["code"] in {"READ", "NOT_READ"}
    else:
        assert node is None


def statements(monkeypatch: pytest.MonkeyPatch, client: ApiClient, query: str, first: int) -> tuple[int, int]:
    """How many items a page has, and how many statements answer it."""
    run, ran = Bolt.read, list[str]()

    async def counted(self: Bolt, statement: str, **parameters: Any) -> Any:
        ran.append(statement)
        return await run(self, statement, **parameters)

    client.query(query, {"first": first})  # whatever a first question reads once
    with monkeypatch.context() as patched:
        patched.setattr(Bolt, "read", counted)
        found = client.query(query, {"first": first})
    return str(found).count("'name'"), len(ran)


def test_a_page_of_grants_is_read_at_once(world: SharedWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    client = world.client("owner")
    (few, small), (many, large) = (statements(monkeypatch, client, GRANTS, first) for first in (8, 30))
    assert few * 2 < many
    assert large == small


def test_what_somebody_sees_of_a_page_of_products_is_read_at_once(
    world: SharedWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, other = world.client("owner"), world.callers.organization("inputs")
    query = f"""query ($first: Int) {{ viewer {{ organization {{ products(first: $first) {{ nodes {{ name
      accessOf(organization: "{other}", asOf: "2026-07-02") {{
        level routes {{ kind }} shown {{ rest lines {{ disclosure }} }} }} }} }} }} }} }}"""
    found = client.query(query, {"first": 5})["viewer"]["organization"]["products"]["nodes"]
    assert [node["accessOf"]["level"] for node in found] == [None, "INPUTS", "INPUTS", "TOTAL", "INPUTS"]
    (few, small), (many, large) = (statements(monkeypatch, client, query, first) for first in (3, 5))
    assert few < many
    assert large == small


def test_members_of_a_page_of_alliances_are_read_at_once(world: SharedWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    client = world.client("operator")
    (few, small), (many, large) = (statements(monkeypatch, client, MEMBERS, first) for first in (1, 3))
    assert few < many
    assert large == small


def test_the_overview_says_who_granted_what_to_whom(world: SharedWorld) -> None:
    nodes = world.client("owner").query(GRANTS, {"first": 100})["viewer"]["organization"]["grants"]["nodes"]
    assert {node["grantedBy"] for node in nodes} == {client_id("maker"), client_id("maker", ADMINISTRATOR)}
    assert {node["lastUsed"]["code"] for node in nodes} >= {"READ", "NOT_KEPT", "NOT_READ", "MEMBERS_NOT_SHOWN"}
    assert world.clock[0] > ASKED_US
