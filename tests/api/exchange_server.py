"""A real server on loopback over a real store, in a thread of this process, with one client per organization.

Everything goes over HTTP as a customer's client would send it: POST /auth/token, then POST /graphql. Only what the
operator does on the command line (organizations, clients) is called directly.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import uuid
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx
import uvicorn

from exchange.app import Server, create_app, running_exchange
from exchange.config import Settings
from exchange.model.footprint import NEVER_US
from exchange.model.ledger import WATCHED
from exchange.model.parties import OPERATOR, Client, Scope
from exchange.operations.changing.credentials import add_client
from exchange.operations.changing.organizations import add_organization
from exchange.operations.exchange import Clock, Exchange, wall_clock_us
from exchange.schema.ids import global_id
from exchange.tokens import hash_secret, make_secret
from tests.api import example

T = TypeVar("T")
START_SECONDS_MAX = 180.0
ANSWER_SECONDS_MAX = 180.0
RELATIVE_TOLERANCE = 1e-9


def close_to(given: str, expected: str) -> None:
    """Equal to 1e-9, relative; zero is exactly zero."""
    assert abs(float(given) - float(expected)) <= RELATIVE_TOLERANCE * abs(float(expected)), f"{given} ≠ {expected}"


@dataclass(slots=True)
class ApiClient:
    """One caller. `token` None: anonymous."""

    http: httpx.Client
    token: str | None
    organization_id: str | None = None

    def post(self, query: str, variables: dict[str, Any] | None = None) -> httpx.Response:
        headers = {} if self.token is None else {"Authorization": f"Bearer {self.token}"}
        return self.http.post("/graphql", json={"query": query, "variables": variables or {}}, headers=headers)

    def answer(self, query: str, variables: dict[str, Any] | None = None) -> dict[str, Any]:
        """The whole answer: data and errors."""
        found: dict[str, Any] = self.post(query, variables).json()
        return found

    def query(self, query: str, variables: dict[str, Any] | None = None) -> dict[str, Any]:
        """The data of an answer without errors."""
        found = self.answer(query, variables)
        assert "errors" not in found, found["errors"]
        data: dict[str, Any] = found["data"]
        return data

    def mutate(self, mutation: str, given: dict[str, Any], fields: str) -> dict[str, Any]:
        """One mutation with one input: its union member, with __typename, the payload's `fields`, or the error."""
        input_type = mutation[0].upper() + mutation[1:] + "Input"
        problems = "" if mutation in WITHOUT_PROBLEMS else "... on InvalidInput { problems { code path message } }"
        text = f"""
        mutation ($input: {input_type}!) {{
          {mutation}(input: $input) {{
            __typename
            ... on {mutation[0].upper() + mutation[1:]}Payload {{ {fields} }}
            ... on UserError {{ code message path }}
            {problems}
          }}
        }}"""
        found: dict[str, Any] = self.query(text, {"input": given})[mutation]
        return found

    def done(self, mutation: str, given: dict[str, Any], fields: str) -> dict[str, Any]:
        """A mutation that must succeed."""
        found = self.mutate(mutation, given, fields)
        assert found["__typename"].endswith("Payload"), found
        return found


# Of these nothing but an id can be wrong.
WITHOUT_PROBLEMS = {
    *("revokeAccess", "acceptInvitation", "declineInvitation", "leaveAlliance"),
    *("changeMemberRole", "rotateMemberSecret", "removeMember"),
}


def new_key() -> str:
    """An idempotency key."""
    return str(uuid.uuid4())


@dataclass(slots=True)
class ExchangeServer:
    """The running server, with what tests need to act as its operator."""

    url: str
    exchange: Exchange
    loop: asyncio.AbstractEventLoop
    http: httpx.Client
    clients: dict[str, ApiClient] = field(default_factory=dict)
    products: dict[str, str] = field(default_factory=dict)

    def run(self, make: Callable[[Exchange], Coroutine[Any, Any, T]]) -> T:
        """Runs an operation on the server's own loop."""
        return asyncio.run_coroutine_threadsafe(make(self.exchange), self.loop).result(ANSWER_SECONDS_MAX)

    def ledger_head(self) -> int:
        return self.run(lambda exchange: exchange.store.head()).sequence

    def wrote_nothing_since(self, head: int) -> bool:
        """Whether all that came after this head is what was read or refused."""
        upto = self.ledger_head()
        changes = self.run(lambda exchange: exchange.store.changes(head, upto))
        return all(change.kind in WATCHED for change in changes)

    def token(self, organization_id: str, scopes: frozenset[Scope], wanted: str | None = None) -> str:
        """A token from POST /auth/token, of a new client of the organization."""
        client_id, secret = f"test-{uuid.uuid4()}", make_secret()
        client = Client(client_id, organization_id, scopes, hash_secret(secret), self.exchange.clock(), NEVER_US)
        self.run(lambda exchange: add_client(exchange, OPERATOR, client))
        form = {"grant_type": "client_credentials"} | ({"scope": wanted} if wanted else {})
        answer = self.http.post("/auth/token", data=form, auth=(client_id, secret))
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    def add_organization(
        self, key: str, *, scopes: frozenset[Scope] = frozenset({Scope.READ, Scope.PUBLISH})
    ) -> ApiClient:
        """An organization with the domain `key`.example, and a client of it."""
        made = self.run(
            lambda exchange: add_organization(exchange, OPERATOR, name=f"{key.title()}Co", domains=[f"{key}.example"])
        )
        self.clients[key] = ApiClient(self.http, self.token(made.id, scopes), global_id("Organization", made.id))
        return self.clients[key]

    def client(self, key: str) -> ApiClient:
        """The client of an organization that was added, or `anonymous`."""
        return ApiClient(self.http, None) if key == "anonymous" else self.clients[key]


@contextlib.contextmanager
def serving(settings: Settings, *, clock: Clock = wall_clock_us) -> Iterator[ExchangeServer]:
    """A server on a free port of loopback, until the block ends.

    It attaches to an embedded database that somebody holds, and starts one that nobody does. clock: microseconds, in
    place of the machine's.
    """
    ready = threading.Event()
    made: list[ExchangeServer] = []
    failed: list[BaseException] = []
    stop: list[Callable[[], None]] = []

    async def run() -> None:
        async with running_exchange(settings, attach=True, clock=clock, serving=True) as exchange:
            if exchange.graph is not None:  # from here on answers come from memory; else a test would ask either
                assert await exchange.graph.loaded()

            def started(url: str) -> None:
                http = httpx.Client(base_url=url, timeout=ANSWER_SECONDS_MAX)
                made.append(ExchangeServer(url, exchange, asyncio.get_running_loop(), http))
                ready.set()

            config = uvicorn.Config(
                create_app(exchange, settings), host="127.0.0.1", port=0, log_config=None, lifespan="off"
            )
            server = Server(config, started)
            stop.append(lambda: setattr(server, "should_exit", True))
            await server.serve()

    def thread() -> None:
        try:
            asyncio.run(run())
        except BaseException as error:  # noqa: BLE001  (whatever it was, the test has to see it)
            failed.append(error)
        finally:
            ready.set()

    worker = threading.Thread(target=thread, name="test-server")
    worker.start()
    try:
        assert ready.wait(START_SECONDS_MAX), "the server did not start"
        if failed:
            raise failed[0]
        yield made[0]
    finally:
        for each in stop:
            each()
        worker.join(START_SECONDS_MAX)
        for server in made:
            server.http.close()


def publish_all(server: ExchangeServer) -> None:
    """The example exchange: organizations, products, footprints, grants, in this order, each by its owner."""
    for key in example.ORGANIZATIONS:
        server.add_organization(key)
    for key, owner in example.OWNERS.items():
        given: dict[str, Any] = {"idempotencyKey": new_key(), "productIds": [example.urn(key)], "name": key.title()}
        made = server.client(owner).done("createProduct", given, "product { id }")
        server.products[key] = made["product"]["id"]
    for key, footprint in example.footprints():
        given = {"idempotencyKey": new_key(), "footprint": {"product": server.products[key], **footprint}}
        server.client(example.OWNERS[key]).done("publishFootprint", given, "footprint { id }")
    for key, to, level, onward in example.GRANTS:
        grantee: dict[str, Any] = (
            {"public": True} if to == "public" else {"organization": server.clients[to].organization_id}
        )
        given = {
            "idempotencyKey": new_key(),
            "product": server.products[key],
            "to": grantee,
            "level": level,
            "onward": onward,
        }
        server.client(example.OWNERS[key]).done("grantAccess", given, "grant { id }")
