"""Callers of a server: organizations and tokens, signed at once with the server's own key.

POST /auth/token hashes a secret on purpose slowly; that it works is tested where it is tested.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

from exchange.model.footprint import NEVER_US
from exchange.model.parties import OPERATOR, ROLE_SCOPES, Client, Role, Scope
from exchange.operations.changing.credentials import add_client, add_signing_key, get_client, signing_keys
from exchange.operations.changing.organizations import add_organization
from exchange.schema.ids import global_id
from exchange.tokens.signing import issue, make_key, signing_key
from tests.api.exchange_server import ApiClient, ExchangeServer

PUBLISHER = ROLE_SCOPES[Role.PUBLISHER]
ADMINISTRATOR = ROLE_SCOPES[Role.ADMINISTRATOR]


def client_id(name: str, scopes: frozenset[Scope] = PUBLISHER) -> str:
    """The same for the same organization and scopes."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{name} {sorted(scopes)}"))


@dataclass
class Callers:
    """Organizations by name, and whoever speaks for them."""

    server: ExchangeServer
    ids: dict[str, str] = field(default_factory=dict)

    def organization(self, name: str) -> str:
        """Its id, as the API has it; it holds the domain `name`.example."""
        if name not in self.ids:
            called, domains = f"{name.title()} & Co", [f"{name}.example"]
            made = self.server.run(lambda exchange: add_organization(exchange, OPERATOR, name=called, domains=domains))
            self.ids[name] = made.id
        return global_id("Organization", self.ids[name])

    def client(self, name: str | None, scopes: frozenset[Scope] = PUBLISHER) -> ApiClient:
        """A client of an organization, which is made if need be; None: anonymous."""
        if name is None:
            return ApiClient(self.server.http, None)
        organization = self.organization(name)
        now_us, known = self.server.exchange.clock(), client_id(name, scopes)
        client = self.server.run(lambda exchange: get_client(exchange, known))
        if client is not None and client.organization_id != self.ids[name]:  # another test's, of the same name
            known = client_id(self.ids[name], scopes)
            client = self.server.run(lambda exchange: get_client(exchange, known))
        if client is None:
            client = made_now = Client(known, self.ids[name], scopes, "", now_us, NEVER_US)
            self.server.run(lambda exchange: add_client(exchange, OPERATOR, made_now))
        key = signing_key(self.server.run(signing_keys), now_us)
        if key is None:
            key = made = make_key(now_us)
            self.server.run(lambda exchange: add_signing_key(exchange, made))
        token = issue(key, client, sorted(scopes), now_us, 60)
        return ApiClient(self.server.http, token.text, organization)
