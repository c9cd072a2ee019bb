"""The operator publishes a quarter through the API, from the graph in memory; others' questions and writes go on."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pytest

from exchange.benchmarks.quarters import quarter_name
from exchange.config import Settings
from exchange.model.footprint import SystemBoundary
from exchange.model.parties import OPERATOR, Scope
from exchange.operations.benchmarks import values as benchmark_values
from exchange.operations.benchmarks.publishing import CLOSING, publish_benchmarks
from exchange.operations.benchmarks.values import Counted, Source, read_counted
from exchange.operations.following import follower as following
from exchange.operations.following import kept_graph
from exchange.operations.following.snapshots import SnapshotFile
from exchange.operations.following.taking_over import load_tables
from exchange.operations.requests.checks import US_PER_DAY, day_of
from exchange.schema.ids import global_id
from tests.api.benchmark_world import CPC, DAY, MEGABYTES, BenchmarkWorld
from tests.api.callers import client_id
from tests.api.exchange_server import ApiClient
from tests.api.test_benchmarks import CEMENT, SEVEN, Place, after, of_category

T = TypeVar("T")
SECONDS_MAX = 120.0  # until a test that would wait for ever fails
FIELDS = "quarter closingDate publishedAt publishedBefore newEditions keptEditions setsWithoutEdition products"
TOTAL = "query ($id: ID!) { product(id: $id) { cradleToGate { ... on RollUp { pcfExcludingBiogenicUptake } } } }"


@pytest.fixture(scope="module")
def running(settings: Settings) -> Iterator[Place]:
    with Place(settings) as running:
        yield running


@pytest.fixture
def place(running: Place, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setattr("exchange.tokens.issuer.KEYS_READ_AGAIN_SECONDS", 0)
    return running.begin_anew("p")


def operator(place: Place) -> ApiClient:
    place.run(lambda world: world.organization("operator"))
    place.callers.ids["operator"] = place.world.organizations["operator"]
    return place.callers.client("operator", frozenset(Scope))


def publish(place: Place, **given: Any) -> dict[str, Any]:
    return operator(place).mutate("publishBenchmarks", given, FIELDS)


def test_a_quarter_is_published_once_and_told_again(place: Place) -> None:
    alliance = place.run(lambda world: world.counted("a", SEVEN, CEMENT))
    closing = place.run(after)
    first = publish(place, closing=str(closing))
    expected = {
        "__typename": "PublishBenchmarksPayload",
        "quarter": quarter_name(closing),
        "closingDate": str(closing),
        "publishedAt": f"{closing + 2 * DAY}T00:00:00Z",
        "publishedBefore": False,
        "newEditions": 5,
        "keptEditions": 0,
        "setsWithoutEdition": 0,
        "products": 7,
    }
    assert first == expected
    assert of_category(place.benchmarks("a0", alliance))["median"] == "4.177"
    client = operator(place)  # made, and its key, before heads are compared
    head = place.server.ledger_head()
    for given in ({"closing": str(closing)}, {}, {"closing": None}):
        assert client.mutate("publishBenchmarks", given, FIELDS) == expected | {"publishedBefore": True}
    assert place.server.ledger_head() == head
    [change] = [each for each in place.server.run(changes_of) if each.subject == quarter_name(closing)]
    assert (change.kind.value, change.detail) == ("BENCHMARKS_PUBLISHED", "5 new, 0 kept")
    assert change.by.startswith(client_of(place))


async def changes_of(exchange: Any) -> Any:
    return await exchange.store.changes(0, (await exchange.store.head()).sequence)


def client_of(place: Place) -> str:
    known = {client_id("operator", frozenset(Scope)), client_id(place.callers.ids["operator"], frozenset(Scope))}
    [found] = [each for each in known if place.server.run(partial(_of_ours, client=each, place=place))]
    return found


async def _of_ours(exchange: Any, *, client: str, place: Place) -> bool:
    found = await exchange.store.get_client(client)
    return found is not None and found.organization_id == place.callers.ids["operator"]


def test_what_cannot_be_published_is_refused_with_its_path(place: Place) -> None:
    missed, newer = place.run(after), place.run(after)
    assert publish(place, closing=str(newer))["publishedBefore"] is False
    head = place.server.ledger_head()
    for closing, kind, code, message in (
        (newer - DAY, "InvalidInput", "INVALID_INPUT", f"Write {newer}"),
        (place.world.closing, "InvalidInput", "INVALID_INPUT", "not over yet"),
        (missed, "Conflict", "CONFLICT", f"{quarter_name(newer)} is published"),
    ):
        found = publish(place, closing=str(closing))
        assert (found["__typename"], found["code"], found["path"]) == (kind, code, list(CLOSING))
        assert message in found["message"]
        if kind == "InvalidInput":
            [problem] = found["problems"]
            assert (problem["code"], problem["path"]) == ("OUT_OF_RANGE", list(CLOSING))
            assert found["message"] == f"input.closing: {problem['message']}"
    assert place.server.ledger_head() == head


# --- from memory and from the database ---


def source_of(place: Place, *, live: bool) -> Source:
    return Source(place.server.exchange.graph if live else None, MEGABYTES)


async def counted_at(place: Place, head: Any, closing: dt.date, *, live: bool) -> Counted:
    day = day_of(closing)
    exchange = place.server.exchange
    source = source_of(place, live=live)
    return await read_counted(exchange.store, source, head, exchange.clock(), day, (day + 1) * US_PER_DAY - 1)


def test_memory_counts_what_the_database_does_also_of_a_state_that_is_past(place: Place) -> None:
    """Results of lines, a footprint published after the closing day, consent of one classification, two boundaries; and
    asked about a head that others have left behind, as when they write meanwhile."""
    closing = place.world.closing

    async def build(world: BenchmarkWorld) -> Any:
        alliance = await world.counted("a", SEVEN, CEMENT)
        await world.product("a0", "other", (f"{CPC}17100",), "3")
        await world.consent("a1", alliance, everything=False, classification=CEMENT[0])
        await world.product("late", "thing", CEMENT, "5")
        await world.join(alliance, "late")
        world.after()
        await world.publish("a2", "thing", "1000")
        head = await world.exchange.store.head()
        await world.product("a3", "later", CEMENT, "5")
        await world.publish("a4", "thing", "7")
        await world.publish("a5", "thing", "70", boundary=SystemBoundary.CRADLE_TO_GRAVE)
        await world.consent("late", alliance)
        return head

    async def compare(_: BenchmarkWorld) -> None:
        now = await place.server.exchange.store.head()
        found = [
            await counted_at(place, each, day, live=live)
            for each in (head, now)
            for day in (closing, place.world.closing)
            for live in (True, False)
        ]
        assert found[0] == found[1]
        assert found[2] == found[3]
        assert found[4] == found[5]
        assert found[6] == found[7]
        assert found[2] != found[0] != found[6]
        before, after_it = found[2].products, found[6].products
        assert after_it - before == 2, "who consented after that head, and what was made after it; each product once"

    head = place.run(build)
    place.run(compare)
    place.run(lambda world: world.close())  # so that no other test publishes it


class Held:
    """`counted_of` stops until the test lets it go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun, self.go = threading.Semaphore(0), threading.Event()
        self.count = 0
        real = benchmark_values.counted_of

        def counted_of(*given: Any) -> Counted:
            self.count += 1
            self.begun.release()
            assert self.go.wait(SECONDS_MAX)
            return real(*given)

        monkeypatch.setattr(benchmark_values, "counted_of", counted_of)

    def has_begun(self) -> None:
        assert self.begun.acquire(timeout=SECONDS_MAX)


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[Held]:
    found = Held(monkeypatch)
    yield found
    found.go.set()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as made:
        yield made


def total(place: Place, name: str) -> str:
    asked = {"id": global_id("Product", place.world.products[name, "thing"])}
    return str(place.client(name).query(TOTAL, asked)["product"]["cradleToGate"]["pcfExcludingBiogenicUptake"])


def begun(place: Place, pool: ThreadPoolExecutor, closing: dt.date) -> Future[dict[str, Any]]:
    client = operator(place)
    return pool.submit(client.mutate, "publishBenchmarks", {"closing": str(closing)}, FIELDS)


def test_while_it_is_computed_others_ask_and_write_and_are_answered(
    place: Place, held: Held, pool: ThreadPoolExecutor
) -> None:
    alliance = place.run(lambda world: world.counted("a", SEVEN, CEMENT))
    closing, turns = place.run(after), place.server.exchange.turns
    asked = begun(place, pool, closing)
    held.has_begun()
    assert (turns.under_way, turns.waiting) == (1, 0)
    assert total(place, "a6") == "12"
    place.run(lambda world: world.publish("a6", "thing", "99"))
    assert total(place, "a6") == "99", "from the database, where memory stands still"
    assert place.benchmarks("a0", alliance) == []
    assert not asked.done()
    held.go.set()
    found = asked.result(SECONDS_MAX)
    assert (found["newEditions"], found["publishedBefore"]) == (5, False)
    assert turns.under_way == 0
    assert of_category(place.benchmarks("a0", alliance))["median"] == "4.177", "of the closing day"
    assert total(place, "a6") == "99"


def test_of_two_who_publish_at_once_one_computes_and_both_are_answered(
    place: Place, held: Held, pool: ThreadPoolExecutor
) -> None:
    alliance = place.run(lambda world: world.counted("a", SEVEN, CEMENT))
    closing = place.run(after)
    asked = [begun(place, pool, closing) for _ in range(2)]
    held.has_begun()
    assert not held.begun.acquire(timeout=0.2)
    held.go.set()
    one, other = sorted((each.result(SECONDS_MAX) for each in asked), key=lambda found: found["publishedBefore"])
    assert (one["publishedBefore"], other) == (False, one | {"publishedBefore": True})
    assert held.count == 1
    assert len(place.benchmarks("a0", alliance)) == 5


@pytest.mark.parametrize("how", ["leaves", "revokes"])
def test_who_leaves_or_revokes_while_it_is_computed_is_not_counted(
    place: Place, held: Held, pool: ThreadPoolExecutor, how: str
) -> None:
    place.run(lambda world: world.counted("a", SEVEN, CEMENT))
    alliance = place.run(lambda world: world.counted("b", SEVEN[:5], (f"{CPC}17100",)))

    async def sixth(world: BenchmarkWorld) -> str:
        await world.product("b5", "thing", (f"{CPC}17100",), "6")
        await world.join(alliance, "b5")
        return await world.consent("b5", alliance)

    grant, closing = place.run(sixth), place.run(after)
    asked = begun(place, pool, closing)
    held.has_begun()
    place.run(lambda world: world.leave(alliance, "b5") if how == "leaves" else world.revoke("b5", grant))
    held.go.set()
    found = asked.result(SECONDS_MAX)
    assert (held.count, found["newEditions"]) == (2, 5), "the second alliance has five groups left"


# --- where the server has no graph ---


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """By whom the whole database was read."""
    done: list[str] = []

    def counted(who: str) -> Callable[..., Awaitable[Any]]:
        async def load(*given: Any) -> Any:
            done.append(who)
            return await load_tables(*given)

        return load

    monkeypatch.setattr(kept_graph, "load_tables", counted("publishing"))
    monkeypatch.setattr(following, "load_tables", counted("server"))
    return done


@pytest.mark.parametrize("graph", ["there", "loading", "none", "wrong"])
def test_where_the_graph_comes_from(
    place: Place, monkeypatch: pytest.MonkeyPatch, loads: list[str], graph: str
) -> None:
    """wrong: it was given up while results were computed from it, which count no more."""
    live = place.server.exchange.graph
    assert live is not None
    place.run(lambda world: world.counted("a", SEVEN, CEMENT))
    closing = place.run(after)
    monkeypatch.setattr(live, "snapshot", None)
    real = benchmark_values.counted_of

    def wrong_at_first(*given: Any) -> Counted:
        found = real(*given)
        if not loads:
            place.server.loop.call_soon_threadsafe(partial(live.give_up, load_again=False))
            place.run(nothing)
            return Counted((), 0)
        return found

    async def set_up(_: BenchmarkWorld) -> None:
        if graph == "loading":
            live.give_up()
        elif graph == "none":
            live.give_up(load_again=False)

    if graph == "wrong":
        monkeypatch.setattr(benchmark_values, "counted_of", wrong_at_first)
    client = operator(place)
    place.run(set_up)
    found = client.mutate("publishBenchmarks", {"closing": str(closing)}, FIELDS)
    assert found["newEditions"] == 5
    expected = {"there": [], "loading": ["server"], "none": ["publishing"], "wrong": ["publishing"]}
    assert loads == expected[graph]
    monkeypatch.undo()
    place.run(load_again)


async def nothing(_: BenchmarkWorld) -> None:
    """Until what was called before has run."""


async def load_again(world: BenchmarkWorld) -> None:
    graph = world.exchange.graph
    assert graph is not None
    if graph.head is None:
        graph.start()
    assert await graph.loaded()


def test_a_graph_that_may_not_be_loaded_is_said_to_the_operator_alone(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = place.server.exchange.graph
    place.run(lambda world: world.counted("a", SEVEN, CEMENT))
    closing = place.run(after)
    client, other = operator(place), place.client("a0")
    head = place.server.ledger_head()
    monkeypatch.setattr(live, "_present", None)
    monkeypatch.setattr(live, "megabytes_max", 0)
    text = f'mutation {{ publishBenchmarks(input: {{ closing: "{closing}" }}) {{ __typename }} }}'
    [error] = client.answer(text)["errors"]
    assert error["extensions"]["code"] == "CONFIGURATION_INVALID"
    assert "EXCHANGE_GRAPH_MEGABYTES" in error["message"]
    [same] = other.answer(text)["data"].values()
    assert same == {"__typename": "AccessDenied"}
    monkeypatch.undo()
    assert place.server.wrote_nothing_since(head)
    assert publish(place, closing=str(closing))["publishedBefore"] is False


def test_a_servers_file_is_read_where_its_graph_is_not_there(
    place: Place, monkeypatch: pytest.MonkeyPatch, loads: list[str], tmp_path: Path
) -> None:
    live = place.server.exchange.graph
    assert live is not None
    place.run(lambda world: world.counted("a", SEVEN, CEMENT))
    closing = place.run(after)

    async def without(world: BenchmarkWorld) -> Any:
        monkeypatch.setattr(live, "_present", None)
        try:
            return await publish_benchmarks(world.exchange, OPERATOR, closing)
        finally:
            monkeypatch.undo()

    async def write(_: BenchmarkWorld) -> None:
        monkeypatch.setattr(live, "snapshot", SnapshotFile(tmp_path / "graph.snapshot"))
        await live._write_snapshot()

    place.run(write)
    published = place.run(without)
    assert (published.again, published.quarter.new, loads) == (False, 5, [])
