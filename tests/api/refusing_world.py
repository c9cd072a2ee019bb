"""A server with something of everything that an input can name, to see that what is refused leaves all as it was."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import httpx

from exchange.model.parties import Scope
from tests.api.bad_inputs import declared
from tests.api.bad_values import GONE, KEYLESS, Id
from tests.api.exchange_server import ApiClient, ExchangeServer, new_key
from tests.api.graph_dump import Dump, dump


@dataclass
class World:
    """A server with something of everything, the ids of it, and all that its database holds."""

    server: ExchangeServer
    ids: dict[str, str]
    before: Dump
    head: int = 0

    @property
    def maker(self) -> ApiClient:
        return self.server.clients["maker"]

    def resolved(self, given: Any) -> Any:
        if isinstance(given, Id):
            return self.ids[given.name]
        if isinstance(given, dict):
            return {name: self.resolved(value) for name, value in given.items() if value is not GONE}
        return [self.resolved(value) for value in given] if isinstance(given, list) else given

    def check_unchanged(self) -> None:
        assert dump(self.server) == self.before, "the store changed"


def make_world(server: ExchangeServer) -> World:
    """On a server that holds nothing yet."""
    maker, other = server.add_organization("maker"), server.add_organization("other")
    reader = server.add_organization("reader", scopes=frozenset({Scope.READ}))
    found = World(server, {"me": maker.organization_id or "", "other": other.organization_id or ""}, Dump({}, ""))

    def make(client: ApiClient, mutation: str, fields: str, **given: Any) -> dict[str, Any]:
        if mutation not in KEYLESS:
            given["idempotencyKey"] = new_key()
        return client.done(mutation, found.resolved(given), fields)

    def publish(client: ApiClient, name: str, product: str) -> None:
        given = declared() | {"product": Id(product)}
        made = make(client, "publishFootprint", "footprint { id pfId }", footprint=given)["footprint"]
        found.ids |= {name: made["id"], f"{name} pfId": made["pfId"]}

    for client, owner, name in (
        (maker, "maker", "mine"),
        (maker, "maker", "other of mine"),
        (other, "other", "shown"),
        (other, "other", "hidden"),
    ):
        urn = f"urn:pact:{owner}.example:product-id:{name.replace(' ', '-')}"
        made = make(client, "createProduct", "product { id }", productIds=[urn], name=name)
        found.ids[name] = made["product"]["id"]
    publish(maker, "deprecated", "mine")
    make(maker, "deprecateFootprint", "footprint { id }", footprint=Id("deprecated"), reason="Wrong.")
    publish(maker, "standing", "mine")
    publish(maker, "second", "other of mine")
    publish(other, "shown footprint", "shown")
    publish(other, "hidden footprint", "hidden")
    found.ids["their pfId"] = found.ids["shown footprint pfId"]
    for client, name in ((maker, "my release"), (other, "their release")):
        made = make(client, "createRelease", "release { id }", dataset="Factors", label="2026", date="2026-01-01")
        found.ids[name] = made["release"]["id"]
    for client, name, product, to in (
        (maker, "my grant", "mine", "other"),
        (maker, "revoked grant", "mine", "other"),
        (other, "grant to me", "shown", "me"),
        (other, "hidden grant", "hidden", "other of all"),
    ):
        found.ids["other of all"] = reader.organization_id or ""
        made = make(
            client, "grantAccess", "grant { id }", product=Id(product), to={"organization": Id(to)}, level="TOTAL"
        )
        found.ids[name] = made["grant"]["id"]
    make(maker, "revokeAccess", "grant { id }", grant=Id("revoked grant"))
    for client, name, called in ((maker, "my alliance", "Mine"), (other, "their alliance", "Theirs")):
        found.ids[name] = make(client, "foundAlliance", "alliance { id }", name=called)["alliance"]["id"]
    for client, name, alliance, to in (
        (maker, "invitation of mine", "my alliance", "other of all"),
        (other, "declined invitation", "their alliance", "me"),
        (other, "hidden invitation", "their alliance", "other of all"),
    ):
        given = {"alliance": Id(alliance), "organization": Id(to)}
        found.ids[name] = make(client, "inviteToAlliance", "invitation { id }", **given)["invitation"]["id"]
    make(maker, "declineInvitation", "__typename", invitation=Id("declined invitation"))
    given = {"alliance": Id("their alliance"), "organization": Id("me")}
    invited = make(other, "inviteToAlliance", "invitation { id }", **given)["invitation"]
    found.ids["invitation to me"] = invited["id"]
    own = maker.query("{ viewer { organization { memberships { nodes { id from } } } } }")["viewer"]["organization"]
    [found.ids["my membership"]] = [each["id"] for each in own["memberships"]["nodes"] if each["from"] is not None]
    found.before, found.head = dump(server), server.ledger_head()
    return found


def document(mutation: str) -> str:
    name = mutation[0].upper() + mutation[1:]
    return f"""mutation ($input: {name}Input!) {{ {mutation}(input: $input) {{ __typename
      ... on UserError {{ message code path }}
      ... on InvalidInput {{ problems {{ code message path expected got }} }} }} }}"""


def send(client: ApiClient, mutation: str, given: Any) -> httpx.Response:
    """As JSON in ASCII, in which a lone surrogate can be said."""
    body = json.dumps({"query": document(mutation), "variables": {"input": given}}).encode()
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {client.token}"}
    return client.http.post("/graphql", content=body, headers=headers)
