"""From the moment that an end of access is acknowledged, no answer on any transport shows what it was to.

Two servers on one database, each with the graph in its memory. Readers ask without a pause on both, over HTTP and over
WebSocket, and hear Monte Carlo runs, while somebody else publishes; then access ends, in each way in which it can.
"""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import pytest

from exchange.config import Settings
from exchange.operations.reading import sampling
from tests.api import inputs
from tests.api.callers import Callers
from tests.api.exchange_server import ApiClient, ExchangeServer, new_key, serving
from tests.api.web_socket_client import WebSocketClient
from tests.rollup.check import instant

CLASS = "urn:pact:class.example:c:1"
NUMBERS = itertools.count()
BEFORE, AFTER = 3, 4  # answers of each reader before and after access ends
SECONDS_MAX = 180.0
RESULT = """cradleToGate(asOf: "2026-06-30") { ... on RollUp { pcfExcludingBiogenicUptake digest
  contributions { product { name } } tree(depth: 3) { root { children { product { name } } } }
  topPaths { paths { steps { product { name } } } } monteCarlo(samples: 100, seed: 1) { median }
  explainFile { content } } }"""
QUESTION = f"""query ($id: ID!, $own: ID!, $urn: URN!) {{
  product(id: $id) {{ name access footprints {{ totalCount }} {RESULT} whatIf(scenarios: [{{}}]) {{ __typename }} }}
  node(id: $id) {{ id }} named: product(productId: $urn) {{ name }}
  products(first: 100) {{ totalCount nodes {{ name }} }} own: product(id: $own) {{ {RESULT} }}
  compare(product: $own, other: $id) {{ verdict }} }}"""
RUN = """subscription ($id: ID!) { monteCarlo(product: $id, samples: 100000, asOf: "2026-06-30") {
  __typename ... on MonteCarloProgress { samplesDone estimate { median } } } }"""


@dataclass
class Shared:
    """A product that a reader is shown, one of the reader's own that takes it, and how access to it ends."""

    product: str
    urn: str
    name: str
    own: str
    end: Callable[[], Any]

    @property
    def variables(self) -> dict[str, str]:
        return {"id": self.product, "own": self.own, "urn": self.urn}


@dataclass
class World:
    callers: Callers
    second: ExchangeServer
    kept: dict[str, Any] = field(default_factory=dict)

    def client(self, name: str, server: int = 0) -> ApiClient:
        client = self.callers.client(name)
        return client if server == 0 else ApiClient(self.second.http, client.token, client.organization_id)

    def url(self, server: int) -> str:
        return (self.callers.server, self.second)[server].url

    def product(self, owner: str, name: str, result: dict[str, Any], *classes: str) -> tuple[str, str]:
        urn = f"urn:uuid:{new_key()}"
        given: dict[str, Any] = {"idempotencyKey": new_key(), "productIds": [urn], "name": name}
        given["classifications"] = list(classes)
        made: str = self.client(owner).done("createProduct", given, "product { id }")["product"]["id"]
        self.publish(owner, made, result)
        return made, urn

    def publish(self, owner: str, product: str, result: dict[str, Any]) -> None:
        given = {"idempotencyKey": new_key(), "footprint": inputs.footprint(product, result)}
        self.client(owner).done("publishFootprint", given, "__typename")

    def grant(self, owner: str, to: dict[str, Any], level: str, **of: Any) -> str:
        given = {"idempotencyKey": new_key(), "to": to, "level": level, **of}
        made: str = self.client(owner).done("grantAccess", given, "grant { id }")["grant"]["id"]
        return made

    def revoke(self, owner: str, grant: str) -> None:
        """At the other server than the one that wrote everything."""
        self.client(owner, 1).done("revokeAccess", {"grant": grant}, "__typename")

    def alliance(self, founder: str, *members: str) -> str:
        given: dict[str, Any] = {"idempotencyKey": new_key(), "name": f"Alliance {next(NUMBERS)}"}
        made: str = self.client(founder).done("foundAlliance", given, "alliance { id }")["alliance"]["id"]
        for member in members:
            given = {"idempotencyKey": new_key(), "alliance": made, "organization": self.callers.organization(member)}
            invited = self.client(founder).done("inviteToAlliance", given, "invitation { id }")["invitation"]["id"]
            self.client(member).done("acceptInvitation", {"invitation": invited}, "__typename")
        return made


@pytest.fixture(scope="module")
def world(settings: Settings) -> Iterator[World]:
    clock = instant("2026-07-01")
    with (
        serving(settings, clock=lambda: clock) as first,
        serving(settings, clock=lambda: clock) as second,
    ):
        yield World(Callers(first), second)


@pytest.fixture(autouse=True)
def short_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many messages of a run, and a run that is longer than a test."""
    monkeypatch.setattr(sampling, "PROGRESS_SECONDS", 0.0)
    monkeypatch.setattr(sampling, "STEP_SECONDS", 0.0)
    monkeypatch.setattr(import_module("exchange.rollup.monte_carlo"), "NUMBERS_AT_ONCE", 50)


# --- the ways in which access ends ------------------------------------------------------------------------------------


def by_a_grant(world: World, owner: str, reader: str, product: str) -> Callable[[], Any]:
    grant = world.grant(owner, {"organization": world.callers.organization(reader)}, "INPUTS", product=product)
    return lambda: world.revoke(owner, grant)


def by_everything(world: World, owner: str, reader: str, product: str) -> Callable[[], Any]:
    grant = world.grant(owner, {"organization": world.callers.organization(reader)}, "INPUTS", everything=True)
    return lambda: world.revoke(owner, grant)


def by_a_classification(world: World, owner: str, reader: str, product: str) -> Callable[[], Any]:
    grant = world.grant(owner, {"organization": world.callers.organization(reader)}, "TOTAL", classification=CLASS)
    return lambda: world.revoke(owner, grant)


def by_an_alliance(world: World, owner: str, reader: str, product: str) -> Callable[[], Any]:
    alliance = world.alliance(owner, reader)
    grant = world.grant(owner, {"alliance": alliance}, "INPUTS", product=product)
    return lambda: world.revoke(owner, grant)


def by_everything_to_an_alliance(world: World, owner: str, reader: str, product: str) -> Callable[[], Any]:
    alliance = world.alliance(owner, reader)
    grant = world.grant(owner, {"alliance": alliance}, "TOTAL", everything=True)
    return lambda: world.revoke(owner, grant)


def by_membership(world: World, owner: str, reader: str, product: str) -> Callable[[], Any]:
    alliance = world.alliance(owner, reader)
    world.grant(owner, {"alliance": alliance}, "INPUTS", product=product)
    return lambda: world.client(reader, 1).done("leaveAlliance", {"alliance": alliance}, "__typename")


def by_membership_and_everything(world: World, owner: str, reader: str, product: str) -> Callable[[], Any]:
    alliance = world.alliance(owner, reader)
    world.grant(owner, {"alliance": alliance}, "INPUTS", everything=True)
    return lambda: world.client(reader, 1).done("leaveAlliance", {"alliance": alliance}, "__typename")


def by_the_public(world: World, owner: str, reader: str, product: str) -> Callable[[], Any]:
    grant = world.grant(owner, {"public": True}, "TOTAL", product=product)
    return lambda: world.revoke(owner, grant)


WAYS = [
    by_a_grant,
    by_everything,
    by_a_classification,
    by_an_alliance,
    by_everything_to_an_alliance,
    by_membership,
    by_membership_and_everything,
    by_the_public,
]


def shared(world: World, way: Callable[..., Callable[[], Any]]) -> Shared:
    """An owner and a reader of this test's own."""
    number = next(NUMBERS)
    owner, reader = f"owner{number}", f"reader{number}"
    name = f"Secret{number}"
    made = inputs.declared("7.25")
    made["declared"] |= {"geometricStandardDeviation": "1.5"}
    product, urn = world.product(owner, name, made, CLASS)
    end = way(world, owner, reader, product)
    line = {"product": {"id": product}, "amount": "2", "unit": "KILOGRAM"}
    own, _ = world.product(reader, "Taker", inputs.modelled(line))
    return Shared(product, urn, name, own, end)


# --- readers ----------------------------------------------------------------------------------------------------------


@dataclass
class Heard:
    """What a reader was answered: whether it left the server after access had ended, and the text.

    Sure it is of what was asked after that was acknowledged; over WebSocket also of what comes after the pong to a
    ping that was sent after it, whenever it was asked.
    """

    answers: list[tuple[bool, str]] = field(default_factory=list)

    @property
    def after(self) -> list[str]:
        return [text for left_after, text in self.answers if left_after]


@dataclass
class Readers:
    """All that ask at once, until each has been answered often enough after access ended."""

    ended: threading.Event = field(default_factory=threading.Event)
    stop: bool = False

    def go_on(self, heard: Heard) -> bool:
        return not self.stop and len(heard.after) < AFTER

    def over_http(self, client: ApiClient, variables: dict[str, Any], heard: Heard) -> None:
        while self.go_on(heard):
            ended = self.ended.is_set()
            heard.answers.append((ended, client.post(QUESTION, variables).text))

    def over_socket(self, socket: WebSocketClient, variables: dict[str, Any], heard: Heard) -> None:
        ponged = False
        while self.go_on(heard):
            ended = self.ended.is_set()
            socket.subscribe(QUESTION, variables)
            while (message := socket.receive())["type"] != "complete":
                ponged = ponged or message["type"] == "pong"
                if message["type"] != "pong":
                    heard.answers.append((ended or ponged, json.dumps(message["payload"])))


@dataclass
class Listener:
    """Hears runs, one after the other, until one is refused. Messages have an order: what comes after a pong left after
    its ping had come."""

    socket: WebSocketClient
    product: str
    messages: list[dict[str, Any]] = field(default_factory=list)

    def listen(self) -> None:
        message = {"type": "complete"}
        while message["type"] != "error":
            if message["type"] == "complete":
                self.socket.subscribe(RUN, {"id": self.product})
            message = self.socket.receive()
            self.messages.append(message)

    def after_pong(self) -> list[dict[str, Any]]:
        kinds = [message["type"] for message in self.messages]
        return self.messages[kinds.index("pong") + 1 :] if "pong" in kinds else []

    def running(self) -> bool:
        return any(message["type"] == "next" for message in self.messages)


def wait_until(true: Callable[[], bool]) -> None:
    until = time.monotonic() + SECONDS_MAX
    while not true():
        assert time.monotonic() < until, "the readers did not get that far"
        time.sleep(0.005)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_nothing_is_shown_from_when_the_end_is_acknowledged(world: World, way: Callable[..., Any]) -> None:
    given = shared(world, way)
    number = given.name.removeprefix("Secret")
    spare, _ = world.product(f"writer{number}", "Other", inputs.declared("1"))
    readers, heard = Readers(), [Heard() for _ in range(4)]
    with (
        WebSocketClient(world.url(0), world.client(f"reader{number}").token) as one,
        WebSocketClient(world.url(1), world.client(f"reader{number}").token) as two,
        WebSocketClient(world.url(0), world.client(f"reader{number}").token) as three,
        WebSocketClient(world.url(1), world.client(f"reader{number}").token) as four,
        ThreadPoolExecutor(7) as pool,
    ):
        clients = [world.client(f"reader{number}", server) for server in (0, 1)]
        listeners = [Listener(socket, given.product) for socket in (three, four)]
        done: list[Future[None]] = []
        for client, each in zip(clients, heard[:2], strict=True):
            done.append(pool.submit(readers.over_http, client, given.variables, each))
        for socket, each in zip((one, two), heard[2:], strict=True):
            done.append(pool.submit(readers.over_socket, socket, given.variables, each))
        done += [pool.submit(listener.listen) for listener in listeners]
        done.append(pool.submit(keep_publishing, world, f"writer{number}", spare, readers))
        try:
            wait_until(lambda: all(len(each.answers) >= BEFORE for each in heard))
            wait_until(lambda: all(listener.running() for listener in listeners))
            given.end()
            readers.ended.set()
            for socket in (one, two, three, four):
                socket.send({"type": "ping"})
            for waited in done[:-1]:
                waited.result(SECONDS_MAX)
        finally:
            readers.stop = True
        done[-1].result(SECONDS_MAX)
    check(given, heard, listeners)


def keep_publishing(world: World, owner: str, product: str, readers: Readers) -> None:
    while not readers.stop:
        world.publish(owner, product, inputs.declared("1"))
        threading.Event().wait(0.05)


def check(given: Shared, heard: list[Heard], listeners: list[Listener]) -> None:
    for each in heard:
        first = each.answers[0][1]
        assert given.name in first, first
        assert '"15.5"' in first, "own 1 and 2 times 7.25"
        assert len(each.after) >= AFTER
        for text in each.after:
            for secret in (given.name, given.product, "7.25", "15.5", "14.5", given.urn):
                assert secret not in text
            data = json.loads(text)["data"]
            assert (data["product"], data["node"], data["named"], data["compare"]) == (None,) * 4
            assert data["products"] == {"totalCount": 1, "nodes": [{"name": "Taker"}]}
            assert data["own"]["cradleToGate"]["pcfExcludingBiogenicUptake"] == "1"
    for listener in listeners:
        assert {message["type"] for message in listener.after_pong()} <= {"complete", "error"}
        [error] = listener.messages[-1]["payload"]
        assert error["extensions"]["code"] == "NOT_FOUND"
