"""Members of an organization: who may do what, who manages whom, and that a token ends with its member."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest

from exchange.config import Settings
from exchange.model.ledger import ChangeKind
from exchange.model.parties import OPERATOR, ROLE_SCOPES, MemberKind, Role, Scope, Viewer
from exchange.operations.changing import credentials
from exchange.operations.changing.organizations import add_organization, set_group
from exchange.operations.exchange import Exchange
from exchange.schema.ids import global_id
from tests.api.callers import ADMINISTRATOR, Callers
from tests.api.exchange_server import ApiClient, ExchangeServer, new_key, serving
from tests.api.inputs import footprint
from tests.api.schema_walk import selection
from tests.api.shared_world import declared, line, modelled
from tests.api.web_socket_client import WebSocketClient

WHO = "{ viewer { organization { name } scopes } }"
MEMBER = "member { id client name kind role addedAt removedAt }"
MEMBERS = """query ($id: ID!, $removed: Boolean!) { organization(id: $id) {
  members(removed: $removed, first: 100) { totalCount nodes { id client name kind role removedAt } } } }"""


@dataclass
class World:
    """Two servers on one database."""

    servers: tuple[ExchangeServer, ExchangeServer]
    callers: Callers

    @property
    def server(self) -> ExchangeServer:
        return self.servers[0]

    def administrator(self, name: str) -> ApiClient:
        return self.callers.client(name, ADMINISTRATOR)

    def on(self, server: int, token: str) -> ApiClient:
        return ApiClient(self.servers[server].http, token)

    def sign_in(self, client_id: str, secret: str, scope: str | None = None) -> str | None:
        """A token; None: refused as wrong."""
        form = {"grant_type": "client_credentials"} | ({"scope": scope} if scope else {})
        answer = self.server.http.post("/auth/token", data=form, auth=(client_id, secret))
        if answer.status_code == 401:
            assert answer.json()["error"] == "invalid_client"
            return None
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    def add(self, by: ApiClient, role: str, name: str = "Li Wei", kind: str = "PERSON") -> dict[str, Any]:
        given = {"idempotencyKey": new_key(), "name": name, "kind": kind, "role": role}
        return by.done("addMember", given, f"{MEMBER} clientSecret")

    def member(self, by: ApiClient, role: str) -> tuple[dict[str, Any], ApiClient]:
        """A new member, and itself signed in."""
        added = self.add(by, role)
        token = self.sign_in(added["member"]["client"], added["clientSecret"])
        assert token is not None
        return added["member"], ApiClient(self.server.http, token, by.organization_id)

    def listed(self, by: ApiClient, organization: str, *, removed: bool = False) -> list[dict[str, Any]] | None:
        asked = {"id": self.callers.organization(organization), "removed": removed}
        found = by.query(MEMBERS, asked)["organization"]["members"]
        if found is None:
            return None
        assert found["totalCount"] == len(found["nodes"])
        nodes: list[dict[str, Any]] = found["nodes"]
        return nodes


@pytest.fixture(scope="module")
def world(settings: Settings) -> Iterator[World]:
    with serving(settings) as first, serving(settings) as second:
        yield World((first, second), Callers(first))


def ended(answer: Any) -> bool:
    """Whether the token was refused, as HTTP and GraphQL say that."""
    if answer.status_code != 401:
        return False
    body = answer.json()
    assert "data" not in body
    assert [error["extensions"]["code"] for error in body["errors"]] == ["NOT_SIGNED_IN"]
    assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    return True


def kinds_since(world: World, head: int) -> list[ChangeKind]:
    upto = world.server.ledger_head()
    return [each.kind for each in world.server.run(lambda exchange: exchange.store.changes(head, upto))]


def test_a_member_is_told_its_secret_once_and_signs_in_with_its_role(world: World) -> None:
    admin = world.administrator("adding")
    given = {"idempotencyKey": new_key(), "name": "Connector", "kind": "SERVICE_ACCOUNT", "role": "PUBLISHER"}
    added = admin.done("addMember", given, f"{MEMBER} clientSecret")
    again = admin.done("addMember", given, f"{MEMBER} clientSecret")
    assert again == {**added, "clientSecret": None}
    assert admin.mutate("addMember", {**given, "role": "READER"}, "__typename")["code"] == "CONFLICT"
    member, secret = added["member"], added["clientSecret"]
    assert (member["name"], member["kind"], member["role"]) == ("Connector", "SERVICE_ACCOUNT", "PUBLISHER")
    assert member["removedAt"] is None
    token = world.sign_in(member["client"], secret)
    assert token is not None
    found = world.on(0, token).query(WHO)["viewer"]
    assert found == {"organization": {"name": "Adding & Co"}, "scopes": ["READ", "PUBLISH"]}
    assert world.sign_in(member["client"], secret + "x") is None
    kept = world.server.run(lambda exchange: exchange.store.get_client(member["client"]))
    assert kept is not None
    assert kept.secret_hash.startswith("scrypt$")
    assert secret not in repr(kept)


@pytest.mark.parametrize("role", Role)
def test_a_role_is_its_scopes(world: World, role: Role) -> None:
    _, client = world.member(world.administrator("scopes"), role.value)
    assert client.query(WHO)["viewer"]["scopes"] == [one.value for one in Scope if one in ROLE_SCOPES[role]]


def test_a_name_that_cannot_be_shown_is_no_members(world: World) -> None:
    admin = world.administrator("adding")
    before = world.server.ledger_head()
    for name, code in (("  ", "REQUIRED"), ("x" * 513, "TOO_LONG"), ("a\x07b", "TEXT_INVALID")):
        given = {"idempotencyKey": new_key(), "name": name, "kind": "PERSON", "role": "READER"}
        found = admin.mutate("addMember", given, "__typename")
        assert [(each["code"], each["path"]) for each in found["problems"]] == [(code, ["input", "name"])]
    assert world.server.ledger_head() == before


# --- tokens end with their member ------------------------------------------------------------------------------------


CHANGES: dict[str, dict[str, Any]] = {
    "removeMember": {},
    "changeMemberRole": {"role": "READER"},
    "rotateMemberSecret": {},
}


@pytest.mark.parametrize("mutation", CHANGES)
def test_a_token_ends_at_once_on_every_server(world: World, mutation: str) -> None:
    admin = world.administrator("ending")
    member, client = world.member(admin, "PUBLISHER")
    _, other = world.member(admin, "PUBLISHER")
    token = client.token or ""
    for server in (0, 1):
        assert world.on(server, token).query(WHO)["viewer"]["scopes"] == ["READ", "PUBLISH"]
    admin.done(mutation, {"member": member["id"], **CHANGES[mutation]}, "__typename")
    for server in (0, 1):
        assert ended(world.on(server, token).post(WHO)), server
        assert ended(world.on(server, token).post('mutation { leaveAlliance(input: {alliance: "x"}) { __typename } }'))
        assert world.on(server, other.token or "").query(WHO)["viewer"]["scopes"] == ["READ", "PUBLISH"]


def test_a_demoted_member_signs_in_again_with_less_and_a_promoted_one_with_more(world: World) -> None:
    admin = world.administrator("ending")
    added = world.add(admin, "PUBLISHER")
    id_, client, secret = added["member"]["id"], added["member"]["client"], added["clientSecret"]
    for role, scopes in (("READER", ["READ"]), ("AUDITOR", ["AUDIT"]), ("PUBLISHER", ["READ", "PUBLISH"])):
        found = admin.done("changeMemberRole", {"member": id_, "role": role}, MEMBER)["member"]
        assert found["role"] == role
        token = world.sign_in(client, secret)
        assert token is not None
        assert world.on(1, token).query(WHO)["viewer"]["scopes"] == scopes
    before = world.server.ledger_head()
    admin.done("changeMemberRole", {"member": id_, "role": "PUBLISHER"}, MEMBER)
    assert world.server.ledger_head() == before
    assert world.on(0, token or "").query(WHO)["viewer"]["scopes"] == ["READ", "PUBLISH"]


def test_a_new_secret_takes_the_place_of_the_old_one(world: World) -> None:
    admin = world.administrator("ending")
    added = world.add(admin, "READER")
    client = added["member"]["client"]
    found = admin.done("rotateMemberSecret", {"member": added["member"]["id"]}, f"{MEMBER} clientSecret")
    assert found["member"] == added["member"]
    assert found["clientSecret"] != added["clientSecret"]
    assert world.sign_in(client, added["clientSecret"]) is None
    assert world.sign_in(client, found["clientSecret"]) is not None


def test_who_is_removed_gets_no_token_and_is_found_by_who_audits(world: World) -> None:
    admin = world.administrator("removing")
    added = world.add(admin, "READER", "Wang Fang")
    gone = admin.done("removeMember", {"member": added["member"]["id"]}, MEMBER)["member"]
    assert gone == {**added["member"], "removedAt": gone["removedAt"]}
    assert gone["removedAt"] is not None
    assert world.sign_in(gone["client"], added["clientSecret"]) is None
    assert gone["id"] not in [each["id"] for each in world.listed(admin, "removing") or []]
    assert gone["id"] in [each["id"] for each in world.listed(admin, "removing", removed=True) or []]
    node = "query ($id: ID!) { node(id: $id) { ... on Member { name removedAt } } }"
    assert admin.query(node, {"id": gone["id"]})["node"] == {"name": "Wang Fang", "removedAt": gone["removedAt"]}
    before = world.server.ledger_head()
    for mutation, more in CHANGES.items():
        found = admin.mutate(mutation, {"member": gone["id"], **more}, "__typename")
        assert (found["code"], found["path"]) == ("CONFLICT", ["input", "member"])
    assert world.server.ledger_head() == before


def test_a_question_costs_no_read_more_until_somebody_is_changed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    admin = world.administrator("reading")
    member, client = world.member(admin, "READER")
    reads: list[str] = []
    store = world.server.exchange.store
    ask = type(store).get_clients

    async def counted(self: Any, ids: Any) -> Any:
        if self is store:
            reads.extend(ids)
        return await ask(self, ids)

    monkeypatch.setattr(type(store), "get_clients", counted)
    for _ in range(3):
        client.query(WHO)
    assert reads == [member["client"]]
    for _ in range(2):  # what is written otherwise changes nothing of it
        given = {"idempotencyKey": new_key(), "productIds": [f"urn:uuid:{new_key()}"], "name": "New"}
        admin.done("createProduct", given, "__typename")
        client.query(WHO)
    assert reads.count(member["client"]) == 1
    other, _ = world.member(admin, "READER")
    admin.done("removeMember", {"member": other["id"]}, "__typename")
    for _ in range(3):
        client.query(WHO)
    assert reads.count(member["client"]) == 2


def test_an_answer_that_is_being_prepared_does_not_leave(world: World) -> None:
    admin = world.administrator("preparing")
    member, client = world.member(admin, "READER")
    other, _ = world.member(admin, "READER")
    viewer = Viewer(world.callers.ids["preparing"], frozenset({Scope.READ}), False, member["client"], 0)
    session = world.server.run(lambda exchange: exchange.session(viewer))
    admin.done("removeMember", {"member": other["id"]}, "__typename")
    assert world.server.run(lambda _: session.confirm())
    admin.done("removeMember", {"member": member["id"]}, "__typename")
    assert not world.server.run(lambda _: session.confirm())
    assert ended(client.post(WHO))


def test_a_connection_that_is_open_does_not_outlive_its_member(world: World) -> None:
    admin = world.administrator("connected")
    member, client = world.member(admin, "READER")
    with WebSocketClient(world.server.url, client.token) as socket:
        socket.subscribe(WHO, {})
        assert [each["type"] for each in socket.messages()] == ["next", "complete"]
        admin.done("removeMember", {"member": member["id"]}, "__typename")
        socket.subscribe(WHO, {}, "2")
        [refused] = socket.messages()
        assert (refused["id"], refused["type"]) == ("2", "error")
        assert [error["extensions"]["code"] for error in refused["payload"]] == ["NOT_SIGNED_IN"]


def test_the_operators_tokens_end_too(world: World) -> None:
    token = world.server.token(world.callers.ids.setdefault("run", _organization(world, "run")), frozenset(Scope))
    headers = {"Authorization": f"Bearer {token}"}
    assert world.server.http.get("/metrics", headers=headers).status_code == 200
    [client] = world.server.run(lambda exchange: exchange.store.list_clients(world.callers.ids["run"]))
    world.server.run(lambda exchange: credentials.revoke_client(exchange, OPERATOR, client.id))
    for server in world.servers:
        assert server.http.get("/metrics", headers=headers).status_code == 401
        assert ended(ApiClient(server.http, token).post(WHO))


def _organization(world: World, name: str) -> str:
    made = world.server.run(lambda x: add_organization(x, OPERATOR, name=f"{name}Co", domains=[f"{name}.example"]))
    return made.id


# --- one administrator remains ---------------------------------------------------------------------------------------


def test_the_last_administrator_can_neither_be_removed_nor_demoted(world: World) -> None:
    admin = world.administrator("last")
    [only] = world.listed(admin, "last") or []
    world.add(admin, "PUBLISHER")
    before = world.server.ledger_head()
    for mutation, more in (("removeMember", {}), ("changeMemberRole", {"role": "PUBLISHER"})):
        found = admin.mutate(mutation, {"member": only["id"], **more}, "__typename")
        assert (found["code"], found["path"]) == ("CONFLICT", ["input", "member"])
        assert "last administrator" in found["message"]
    assert world.server.ledger_head() == before
    second, client = world.member(admin, "ADMINISTRATOR")
    found = admin.done("changeMemberRole", {"member": only["id"], "role": "AUDITOR"}, MEMBER)  # itself: it is told
    assert found["member"]["role"] == "AUDITOR"
    assert ended(admin.post(WHO))
    assert client.mutate("removeMember", {"member": second["id"]}, "__typename")["code"] == "CONFLICT"
    new_secret = client.done("rotateMemberSecret", {"member": second["id"]}, "clientSecret")["clientSecret"]
    assert ended(client.post(WHO))
    token = world.sign_in(second["client"], new_secret)
    assert token is not None
    again = world.on(0, token)
    again.done("changeMemberRole", {"member": only["id"], "role": "ADMINISTRATOR"}, "__typename")
    gone = again.done("removeMember", {"member": second["id"]}, MEMBER)["member"]
    assert gone["removedAt"] is not None
    assert ended(again.post(WHO))


@pytest.mark.parametrize("attempt", range(3))
def test_two_administrators_who_end_each_other_at_once_leave_one(world: World, attempt: int) -> None:
    name = f"rivals{attempt}"
    first = world.administrator(name)
    [one] = world.listed(first, name) or []
    other, second = world.member(first, "ADMINISTRATOR")
    second = world.on(1, second.token or "")
    asks = [(first, "removeMember", {"member": other["id"]})]
    asks.append((second, "changeMemberRole", {"member": one["id"], "role": "READER"}))
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda ask: ask[0].post(_mutation(ask[1]), {"input": ask[2]}), asks))
    kept = world.server.run(lambda exchange: exchange.store.list_clients(world.callers.ids[name]))
    assert sum(each.stands and each.role is Role.ADMINISTRATOR for each in kept) == 1


def _mutation(name: str) -> str:
    kind = name[0].upper() + name[1:]
    return f"mutation ($input: {kind}Input!) {{ {name}(input: $input) {{ __typename }} }}"


def test_the_operator_may_end_the_last_administrator(world: World) -> None:
    admin = world.administrator("leaked")
    [only] = world.listed(admin, "leaked") or []
    world.server.run(lambda exchange: credentials.revoke_client(exchange, OPERATOR, only["client"]))
    assert ended(admin.post(WHO))


# --- whose business it is --------------------------------------------------------------------------------------------


def test_members_are_shown_to_administrators_auditors_and_the_operator_alone(world: World) -> None:
    admin = world.administrator("shown")
    auditor, publisher, reader = (world.member(admin, role)[1] for role in ("AUDITOR", "PUBLISHER", "READER"))
    operator = world.callers.client("operator", frozenset(Scope))
    expected = world.listed(admin, "shown")
    assert [each["role"] for each in expected or []] == ["ADMINISTRATOR", "AUDITOR", "PUBLISHER", "READER"]
    for client in (auditor, operator):
        assert world.listed(client, "shown") == expected
    others = (world.administrator("other"), world.callers.client("other", ROLE_SCOPES[Role.AUDITOR]))
    trail = "query ($id: ID!) { organization(id: $id) { audit { totalCount } grants { totalCount } } }"
    shown = {"id": world.callers.organization("shown")}
    for client in (publisher, reader, *others):
        assert world.listed(client, "shown") is None
        assert client.query(trail, shown)["organization"]["audit"] is None
    for client in (admin, auditor, operator):
        assert client.query(trail, shown)["organization"]["audit"]["totalCount"] >= 5
    for client in (admin, auditor, publisher, reader):
        assert client.query(trail, shown)["organization"]["grants"] == {"totalCount": 0}
    for client in (publisher, reader, *others):
        node = client.query("query ($id: ID!) { node(id: $id) { id } }", {"id": (expected or [])[0]["id"]})
        assert node == {"node": None}


def test_the_operators_client_is_no_member_and_cannot_be_taken_over(world: World) -> None:
    admin = world.administrator("hosting")
    world.callers.client("hosting", frozenset(Scope))
    clients = world.server.run(lambda exchange: exchange.store.list_clients(world.callers.ids["hosting"]))
    [operators] = [each for each in clients if each.role is None]
    assert [each["role"] for each in world.listed(admin, "hosting", removed=True) or []] == ["ADMINISTRATOR"]
    before = world.server.ledger_head()
    for mutation, more in CHANGES.items():
        found = admin.mutate(mutation, {"member": global_id("Member", operators.id), **more}, "__typename")
        never = admin.mutate(mutation, {"member": global_id("Member", new_key()), **more}, "__typename")
        assert found == never
        assert found["code"] == "NOT_FOUND"
    assert world.server.ledger_head() == before


def test_the_trail_says_who_changed_whom_and_no_name(world: World) -> None:
    admin = world.administrator("trail")
    [one] = world.listed(admin, "trail") or []
    before = world.server.ledger_head()
    member, _ = world.member(admin, "PUBLISHER")
    admin.done("changeMemberRole", {"member": member["id"], "role": "READER"}, "__typename")
    admin.done("rotateMemberSecret", {"member": member["id"]}, "__typename")
    admin.done("removeMember", {"member": member["id"]}, "__typename")
    assert kinds_since(world, before) == [
        ChangeKind.CLIENT_ADDED,
        ChangeKind.CLIENT_ROLE_CHANGED,
        ChangeKind.CLIENT_SECRET_ROTATED,
        ChangeKind.CLIENT_REVOKED,
    ]
    trail = """query ($id: ID!) { organization(id: $id) { audit(first: 4) {
      nodes { kind subject client detail organization { name } } } } }"""
    asked = {"id": world.callers.organization("trail")}
    found = admin.query(trail, asked)["organization"]["audit"]["nodes"]
    assert [each["detail"] for each in found] == [
        "role READER, PERSON",
        "role READER, PERSON",
        "role READER, PERSON; was PUBLISHER",
        "role PUBLISHER, PERSON",
    ]
    for each in found:
        assert (each["subject"], each["client"]) == (member["id"], one["client"])
        assert each["organization"] == {"name": "Trail & Co"}
    [first] = admin.query(trail.replace("first: 4", "last: 1"), asked)["organization"]["audit"]["nodes"]
    assert first["kind"] == "ORGANIZATION_ADDED"


def test_an_older_clients_scopes_are_a_role(world: World) -> None:
    """Nothing but scopes was kept of it."""
    admin = world.administrator("older")
    for scopes in ({Scope.READ}, {Scope.PUBLISH}, {Scope.READ, Scope.PUBLISH}):
        world.callers.client("older", frozenset(scopes))
    forget = "MATCH (c:Client) WHERE c.organizationId = $id REMOVE c.kind, c.name, c.version"
    id_ = world.callers.ids["older"]
    world.server.run(lambda exchange: exchange.store._raw.alter(forget, id=id_))
    found = [(each["role"], each["kind"], each["name"]) for each in world.listed(admin, "older") or []]
    assert found == [(role, "SERVICE_ACCOUNT", None) for role in ("ADMINISTRATOR", "READER", "PUBLISHER", "PUBLISHER")]
    given = world.server.run(lambda x: x.store.list_clients(id_))[1]
    changed = world.server.run(lambda x: credentials.give_role(x, OPERATOR, given.id, Role.AUDITOR))
    assert (changed.role, changed.version, changed.kind) == (Role.AUDITOR, 1, MemberKind.SERVICE_ACCOUNT)


# --- what an auditor is shown ----------------------------------------------------------------------------------------


def shown_of(product: dict[str, Any]) -> str:
    """Without the instant of the question, and digests over it."""
    text = json.dumps(product, sort_keys=True)
    return re.sub(r"sha256:[0-9a-f]+", "", re.sub(r"20\d\d-\d\d-\d\dT[0-9:.]+Z", "", text))


def test_an_auditor_reads_totals_and_no_recipe(world: World) -> None:
    """Of its own organization's products what a customer at TOTAL is shown, and not more of those shared with it."""
    maker, buyer = world.administrator("recipes"), world.administrator("buyer")
    products = {}
    for part, body in (("bolt", declared()), ("steel", declared()), ("widget", None)):
        urn = f"urn:pact:recipes.example:product-id:{part}"
        given: dict[str, Any] = {"idempotencyKey": new_key(), "productIds": [urn], "name": part}
        products[part] = maker.done("createProduct", given, "product { id }")["product"]["id"]
        lines = [{**line(each, "2"), "product": {"id": products[each]}} for each in products if each != "widget"]
        whole = footprint(products[part], body or modelled(*lines))
        maker.done("publishFootprint", {"idempotencyKey": new_key(), "footprint": whole}, "__typename")
        for level, to in (("INPUTS", buyer), ("TOTAL", world.administrator("customer"))):
            given = {"idempotencyKey": new_key(), "product": products[part], "level": level}
            maker.done("grantAccess", {**given, "to": {"organization": to.organization_id}}, "__typename")
    query = f"query ($id: ID!) {{ product(id: $id) {selection('Product')} }}"
    customer = shown_of(world.callers.client("customer").query(query, {"id": products["widget"]})["product"])
    assert json.loads(customer)["access"] == "TOTAL"
    assert buyer.query(query, {"id": products["widget"]})["product"]["footprint"]["lines"] is not None
    for whose in ("recipes", "buyer"):
        before = world.server.ledger_head()
        auditor = world.callers.client(whose, ROLE_SCOPES[Role.AUDITOR])
        assert shown_of(auditor.query(query, {"id": products["widget"]})["product"]) == customer, whose
        listed = auditor.query("{ products { totalCount nodes { name access } } }")["products"]
        assert [(each["name"], each["access"]) for each in listed["nodes"]] == [
            (name, "TOTAL") for name in ("bolt", "steel", "widget")
        ]
        assert ChangeKind.INPUTS_READ not in kinds_since(world, before)
    grants = "query ($id: ID!) { organization(id: $id) { grants { totalCount nodes { level product { name } } } } }"
    auditor = world.callers.client("recipes", ROLE_SCOPES[Role.AUDITOR])
    found = auditor.query(grants, {"id": maker.organization_id})["organization"]["grants"]
    assert found["totalCount"] == 6


# --- corporate groups ------------------------------------------------------------------------------------------------


def test_a_group_has_one_head_and_no_chain(world: World) -> None:
    ids = {name: _organization(world, name) for name in ("holding", "mill", "forge", "estate")}

    def put(name: str, head: str | None) -> str:
        async def change(exchange: Exchange) -> str:
            try:
                found = await set_group(exchange, OPERATOR, ids[name], None if head is None else ids[head])
            except Exception as error:  # noqa: BLE001 (its code is what is asked)
                return str(getattr(error, "code", error))
            return next(each for each in ids if ids[each] == found.group_id)

        return world.server.run(change)

    before = world.server.ledger_head()
    assert put("mill", "holding") == "holding"
    assert put("mill", "holding") == "holding"  # nothing to write
    assert put("forge", "mill") == "CONFLICT"  # a head that is under another
    assert put("holding", "estate") == "CONFLICT"  # a head with somebody under it
    assert put("forge", "forge") == "forge"
    assert kinds_since(world, before) == [ChangeKind.GROUP_CHANGED]
    with pytest.raises(Exception, match="under another head itself"):
        world.server.run(
            lambda x: add_organization(x, OPERATOR, name="Under", domains=["under.example"], group_id=ids["mill"])
        )
    assert put("mill", None) == "mill"
    assert put("holding", "estate") == "estate"
    assert put("mill", "estate") == "estate"
    [change] = world.server.run(lambda x: x.store.changes(before, before + 1))
    assert (change.subject, change.owner_id, change.organization_id) == (ids["mill"], ids["mill"], "")
    assert change.detail == f"under {ids['holding']}"
    assert sorted(world.server.run(lambda x: x.store.in_group(ids["estate"]))) == sorted(
        ids[name] for name in ("estate", "mill", "holding")
    )


def test_two_that_are_put_under_each_other_at_once_make_no_loop(world: World) -> None:
    ids = [_organization(world, name) for name in ("east", "west")]

    async def both(exchange: Exchange) -> list[object]:
        asks = [set_group(exchange, OPERATOR, one, other) for one, other in (ids, reversed(ids))]
        return list(await asyncio.gather(*asks, return_exceptions=True))

    found = world.server.run(both)
    assert sum(isinstance(each, Exception) for each in found) == 1
    kept = world.server.run(lambda x: x.store.get_organizations(ids))
    assert len({each.group_id for each in kept if each}) == 1
