"""Many clients at once, on one server and on two that share a database: together they cannot do what each may not.

Every race is run on the embedded database and, where one can be had, on Neo4j.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NoReturn

import pytest
from pydantic import SecretStr

from exchange.config import Settings
from exchange.model.ledger import ChangeKind, LedgerHead
from exchange.model.parties import Organization
from exchange.model.writes import AddOrganization
from exchange.operations.exchange import Exchange
from exchange.operations.writing.queue import Allocation, Decision
from tests.api import inputs
from tests.api.exchange_server import ApiClient, ExchangeServer, new_key, serving
from tests.api.graph_dump import check_whole
from tests.store import databases, neo4j_server
from tests.store.neo4j_server import NEO4J_5, Neo4jServer, Neo4jServers

ROUNDS = {"embedded": 20, "neo4j": 6}


@dataclass
class Servers:
    """Two servers on one database, and the organizations `one` and `two`, which both servers know."""

    running: list[ExchangeServer]
    rounds: int

    def client(self, organization: str, server: int) -> ApiClient:
        known = self.running[0].clients[organization]
        return ApiClient(self.running[server].http, known.token, known.organization_id)

    def product(self, owner: str) -> str:
        given = {"idempotencyKey": new_key(), "productIds": [f"urn:uuid:{new_key()}"], "name": "A product"}
        return str(self.client(owner, 0).done("createProduct", given, "product { id }")["product"]["id"])

    def grant(self, owner: str, product: str, to: str, server: int = 0, **more: Any) -> dict[str, Any]:
        grantee = {"organization": self.running[0].clients[to].organization_id}
        given = {"idempotencyKey": new_key(), "product": product, "to": grantee, "level": "TOTAL", **more}
        return self.client(owner, server).mutate("grantAccess", given, "grant { id }")


@contextlib.contextmanager
def two_servers(settings: Settings, rounds: int) -> Iterator[Servers]:
    with serving(settings) as first, serving(settings) as second:
        first.add_organization("one")
        first.add_organization("two")
        yield Servers([first, second], rounds)


def settings_of_neo4j(starting: Future[Neo4jServer], give_up: Callable[[str], NoReturn]) -> Settings:
    """Of servers on a Neo4j that others may have used before."""
    try:
        server = starting.result()
    except neo4j_server.Absent as absent:
        give_up(str(absent))
    database = databases.neo4j_database(server, server.bolt)
    database.empty()
    database.close()
    return Settings(graph_uri=server.bolt, graph_user=server.user, graph_password=SecretStr(server.password))


@pytest.fixture(scope="module")
def neo4j(neo4j_servers: Neo4jServers) -> Future[Neo4jServer]:
    """Starts while the embedded database is tested."""
    return neo4j_servers.start(NEO4J_5)


@pytest.fixture(scope="module", params=["embedded", "neo4j"])
def servers(
    request: pytest.FixtureRequest, neo4j: Future[Neo4jServer], no_neo4j: Callable[[str], NoReturn]
) -> Iterator[Servers]:
    if request.param == "embedded":
        settings: Settings = request.getfixturevalue("settings")
    else:
        settings = settings_of_neo4j(neo4j, no_neo4j)
    with two_servers(settings, ROUNDS[request.param]) as running:
        yield running
        running.running[0].run(lambda exchange: check_whole(exchange.store))


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """The answers of calls that start at the same moment, or nearly: a random part of a millisecond apart."""
    start = threading.Barrier(len(calls))

    def call(one: Callable[[], Any]) -> Any:
        start.wait()
        threading.Event().wait(random.random() / 1000)
        return one()

    with ThreadPoolExecutor(len(calls)) as pool:
        return [each.result() for each in [pool.submit(call, one) for one in calls]]


def kinds(answers: Sequence[dict[str, Any]]) -> Counter[str]:
    return Counter(answer["__typename"] for answer in answers)


def modelled(product: str, *lines: tuple[str, str], **more: Any) -> dict[str, Any]:
    """A footprint per kilogram with lines (id of a supplier, kilogram)."""
    named = [{"product": {"id": supplier}, "amount": amount, "unit": "KILOGRAM"} for supplier, amount in lines]
    return inputs.footprint(product, inputs.modelled(*named), **more)


def publish(client: ApiClient, footprint: dict[str, Any]) -> dict[str, Any]:
    given = {"idempotencyKey": new_key(), "footprint": footprint}
    return client.mutate("publishFootprint", given, "footprint { id pfId }")


LOOP = "query ($id: ID!) { product(id: $id) { cradleToGate { __typename } } }"
SHARED = pytest.mark.parametrize("second", [0, 1], ids=["one server", "two servers"])


@SHARED
def test_of_two_halves_of_a_forbidden_loop_one_is_refused(servers: Servers, second: int) -> None:
    for _ in range(servers.rounds):
        a, b = servers.product("one"), servers.product("two")
        servers.grant("one", a, "two")
        servers.grant("two", b, "one")
        answers = at_once(
            partial(publish, servers.client("one", 0), modelled(a, (b, "1"))),
            partial(publish, servers.client("two", second), modelled(b, (a, "1"))),
        )
        assert kinds(answers) == {"PublishFootprintPayload": 1, "LoopRefused": 1}


@SHARED
def test_of_many_halves_of_loops_those_that_fit_are_admitted(servers: Servers, second: int) -> None:
    """Eight products that each take 0.5 of all others: with two of them the gain is 0.5, with three it is 1."""
    products = [servers.product("one") for _ in range(8)]
    answers = at_once(
        *(
            partial(
                publish, servers.client("one", second * (n % 2)), modelled(p, *((q, "0.5") for q in products if q != p))
            )
            for n, p in enumerate(products)
        )
    )
    assert kinds(answers) == {"PublishFootprintPayload": 2, "LoopRefused": 6}
    for product in products:
        found = servers.client("one", second).query(LOOP, {"id": product})["product"]["cradleToGate"]["__typename"]
        assert found in {"RollUp", "RollUpRefused"}


@SHARED
def test_a_grant_and_a_footprint_do_not_close_a_loop_together(servers: Servers, second: int) -> None:
    for _ in range(servers.rounds // 2):
        a, b = servers.product("one"), servers.product("two")
        servers.grant("two", b, "one")
        assert kinds([publish(servers.client("one", 0), modelled(a, (b, "1")))]) == {"PublishFootprintPayload": 1}
        answers = at_once(
            partial(servers.grant, "one", a, "two"),
            partial(publish, servers.client("two", second), modelled(b, (a, "1"))),
        )
        said = kinds(answers)
        assert said["LoopRefused"] == 1, said
        assert said["GrantAccessPayload"] + said["PublishFootprintPayload"] == 1


@SHARED
def test_one_of_many_gets_a_name(servers: Servers, second: int) -> None:
    for _ in range(1 + servers.rounds // 5):
        urn = f"urn:uuid:{new_key()}"
        answers = at_once(
            *(
                partial(
                    servers.client(("one", "two")[n % 2], second * (n // 3)).mutate,
                    "createProduct",
                    {"idempotencyKey": new_key(), "productIds": [urn], "name": str(n)},
                    "product { id }",
                )
                for n in range(6)
            )
        )
        assert kinds(answers) == {"CreateProductPayload": 1, "Conflict": 5}
        assert {tuple(a["path"]) for a in answers if "path" in a} == {("input", "productIds", "0")}


@SHARED
def test_one_of_many_corrections_replaces_a_footprint(servers: Servers, second: int) -> None:
    for _ in range(1 + servers.rounds // 5):
        product = servers.product("one")
        old = publish(servers.client("one", 0), modelled(product))["footprint"]["pfId"]
        answers = at_once(
            *(
                partial(publish, servers.client("one", second * (n % 2)), modelled(product, precedingPfIds=[old]))
                for n in range(5)
            )
        )
        assert kinds(answers) == {"PublishFootprintPayload": 1, "Conflict": 4}
        assert {tuple(a["path"]) for a in answers if "path" in a} == {("input", "footprint", "precedingPfIds")}


@SHARED
def test_one_of_many_gets_a_pf_id_and_a_label(servers: Servers, second: int) -> None:
    product, pf_id, label = servers.product("one"), new_key(), new_key()
    answers = at_once(
        *(partial(publish, servers.client("one", second * (n % 2)), modelled(product, pfId=pf_id)) for n in range(4))
    )
    assert kinds(answers) == {"PublishFootprintPayload": 1, "Conflict": 3}
    assert {tuple(a["path"]) for a in answers if "path" in a} == {("input", "footprint", "pfId")}
    release = {"dataset": f"Data {label}", "label": label, "date": "2026-01-01"}
    answers = at_once(
        *(
            partial(
                servers.client("one", second * (n % 2)).mutate,
                "createRelease",
                {"idempotencyKey": new_key(), **release},
                "release { id }",
            )
            for n in range(4)
        )
    )
    assert kinds(answers) == {"CreateReleasePayload": 1, "Conflict": 3}
    assert {tuple(a["path"]) for a in answers if "path" in a} == {("input", "label")}


@SHARED
def test_one_of_many_withdraws_a_footprint_and_revokes_a_grant(servers: Servers, second: int) -> None:
    product = servers.product("one")
    footprint = publish(servers.client("one", 0), modelled(product))["footprint"]["id"]
    grant = servers.grant("one", product, "two")["grant"]["id"]
    for mutation, given, fields in (
        ("deprecateFootprint", {"footprint": footprint, "reason": "Wrong."}, "footprint { id }"),
        ("revokeAccess", {"grant": grant}, "grant { id }"),
    ):
        answers = at_once(
            *(partial(servers.client("one", second * (n % 2)).mutate, mutation, given, fields) for n in range(4))
        )
        assert sorted(kinds(answers).values()) == [1, 3]
        assert kinds(answers)["Conflict"] == 3


def test_every_answer_counts_every_write_that_was_acknowledged(servers: Servers) -> None:
    """Read from the other server at once, a write is there."""
    product = servers.product("one")
    query = "query ($id: ID!) { product(id: $id) { footprints { totalCount } cradleToGate { __typename } } }"
    for number in range(1, 11):
        assert publish(servers.client("one", number % 2), modelled(product))["__typename"].endswith("Payload")
        found = servers.client("one", 1 - number % 2).query(query, {"id": product})["product"]
        assert found == {"footprints": {"totalCount": number}, "cradleToGate": {"__typename": "RollUp"}}


@dataclass
class Step:
    """A write of the test's own, to look into the queue."""

    deciding: Callable[[], None]
    name: Any
    by: str = "test"
    size: int = 1
    touches: frozenset[str] = field(default_factory=frozenset)

    async def decide(self, head: LedgerHead, now_us: int) -> Decision[str]:
        await asyncio.sleep(0)
        self.deciding()
        made = Organization(new_key(), self.name, (), (), (), "g", now_us, head.sequence)

        def build(allocation: Allocation) -> list[AddOrganization]:
            allocation.change(ChangeKind.ORGANIZATION_ADDED, made.id)
            return [AddOrganization(made)]

        return Decision(made.id, build)


def test_who_gives_up_waiting_takes_nobody_along(servers: Servers) -> None:
    async def steps(exchange: Exchange) -> list[Any]:
        def give_up() -> None:
            gone.cancel()

        gone = asyncio.create_task(exchange.queue.do(Step(give_up, f"Gone {new_key()}")))
        others = [exchange.queue.do(Step(lambda: None, f"Stays {new_key()}")) for _ in range(5)]
        return await asyncio.gather(gone, *others, return_exceptions=True)

    head = servers.running[0].ledger_head()
    gone, *others = servers.running[0].run(steps)
    assert isinstance(gone, asyncio.CancelledError)
    assert all(isinstance(other, str) for other in others), others
    assert servers.running[0].ledger_head() == head + 6


@pytest.mark.parametrize("bad", ["half \ud800", object()], ids=["text that cannot be stored", "a bug"])
def test_a_write_that_the_database_chokes_on_takes_nobody_along(servers: Servers, bad: object) -> None:
    async def steps(exchange: Exchange) -> list[Any]:
        names = [f"Good {new_key()}", bad, f"Good {new_key()}"]
        return await asyncio.gather(
            *(exchange.queue.do(Step(lambda: None, name)) for name in names), return_exceptions=True
        )

    head = servers.running[0].ledger_head()
    answers = servers.running[0].run(steps)
    assert [isinstance(answer, str) for answer in answers] == [True, False, True], answers
    assert servers.running[0].ledger_head() == head + 2
