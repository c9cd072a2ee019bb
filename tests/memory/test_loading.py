"""Loading the graph out of the database: exactly what is there, whatever happens meanwhile."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from exchange.graph import Store, bolt
from exchange.memory import followers
from exchange.model.product import Product
from exchange.model.writes import AddGrant, DeprecateFootprint, RevokeGrant
from exchange.operations.exchange import open_exchange
from exchange.operations.following import follower as following
from exchange.operations.following import taking_over
from exchange.operations.following.taking_over import load_tables
from tests.memory.rich import rich, writes_of
from tests.memory.test_columns import assert_same_tables, one_by_one
from tests.memory.test_following import NOW_US, closure, excluding, from_the_store, live, published
from tests.store.databases import Database
from tests.store.examples import a_grant, a_line, put, put_footprint, put_organization, put_products

Hook = Callable[[], Awaitable[None]]
COUNT = 12
RANGE = 3


@pytest.fixture
def ranges(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small ones, read one after the other."""
    monkeypatch.setattr(taking_over, "RANGE_MAX", RANGE)
    monkeypatch.setattr(taking_over, "READS_AT_ONCE", 1)


def before_read(monkeypatch: pytest.MonkeyPatch, number: int, hook: Hook) -> list[int]:
    """Has `hook` run before the read of footprints of this number (from 0); returns the keys at which reads began."""
    begun: list[int] = []
    read = Store.read_footprint_columns

    async def hooked(self: Store, first: int, after: int, head: int) -> Any:
        begun.append(first)
        if len(begun) == number + 1:
            await hook()
        return await read(self, first, after, head)

    monkeypatch.setattr(Store, "read_footprint_columns", hooked)
    return begun


def reading() -> list[asyncio.Task[Any]]:
    return [task for task in asyncio.all_tasks() if task.get_name() == "graph-loading-read"]


@pytest.mark.parametrize("seed", range(3))
async def test_what_is_loaded_is_what_was_written(store: Store, seed: int) -> None:
    made = rich(seed)
    await put(store, *writes_of(made))
    head = replace(await store.head(), sequence=20_000)  # later than everything in a rich graph
    assert_same_tables(await load_tables(store, head, lambda _: None), one_by_one(made))


@pytest.mark.parametrize("at_once", [1, 4])
async def test_what_is_written_meanwhile_comes_by_the_ledger(
    store: Store, monkeypatch: pytest.MonkeyPatch, ranges: None, at_once: int
) -> None:
    """New products, versions, deprecations and grants, while half of it is loaded."""
    monkeypatch.setattr(taking_over, "READS_AT_ONCE", at_once)
    made = await published(store, COUNT)
    buyer = await put_organization(store)
    urn = f"urn:pact:{buyer.domains[0]}:product-id:late"
    await put_footprint(store, made[6], [a_line(made[1]), a_line(urn=urn, number=2)])
    first = await put_footprint(store, made[3], [a_line(made[2])])
    granted = a_grant(made[4], buyer, from_us=0, sequence=(await store.head()).sequence + 1)
    await put(store, AddGrant(granted))
    later: list[Product] = []

    async def write() -> None:
        later.extend(await put_products(store, buyer, "Late", product_ids=(urn,)))
        await put_footprint(store, later[0], [a_line(made[-1])])
        await put_footprint(store, made[5], [a_line(later[0]), a_line(made[4])])
        sequence = (await store.head()).sequence + 1
        await put(store, DeprecateFootprint(first.id, NOW_US - 5, sequence, "wrong"))
        await put(store, RevokeGrant(granted.id, NOW_US - 4, sequence + 1))
        await put(store, AddGrant(a_grant(made[0], buyer, from_us=0, sequence=sequence + 2)))
        await put(store, AddGrant(a_grant(later[0], None, from_us=0, sequence=sequence + 3)))

    before_read(monkeypatch, 2, write)
    exchange = open_exchange(store, clock=lambda: NOW_US, graph_megabytes=64)
    assert await live(exchange).loaded()
    assert live(exchange).head is not None
    for product in (*made, *later):
        found = await closure(exchange, product)
        assert found is not None
        assert await excluding(exchange, product) == await from_the_store(exchange, product)
    assert live(exchange).head == (await store.head()).sequence
    named = await closure(exchange, made[6])  # by a URN that was registered meanwhile
    assert named is not None
    assert later[0].key in named.cut.keys
    await exchange.close()


async def test_a_database_that_goes_away_meanwhile_is_asked_again(
    store: Store, database: Database, monkeypatch: pytest.MonkeyPatch, ranges: None, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(following, "RETRY_SECONDS", 0.2)
    monkeypatch.setattr(bolt, "READ_ATTEMPTS", 2)  # so few that the store does not bridge it by itself
    made = await published(store, COUNT)

    async def kill() -> None:
        await asyncio.to_thread(database.kill)

    begun = before_read(monkeypatch, 2, kill)
    exchange = open_exchange(store, clock=lambda: NOW_US, graph_megabytes=64)
    assert await live(exchange).loaded()
    assert caplog.text.count("the graph could not be loaded") == 1  # and was tried again more often
    assert begun.count(0) == 2  # all of it again, from its beginning
    assert begun[-COUNT // RANGE :] == list(range(0, COUNT, RANGE))
    assert reading() == []
    await asyncio.to_thread(database.revive)
    found = await closure(exchange, made[-1])
    assert found is not None
    assert set(found.cut.keys) == {product.key for product in made}
    assert await excluding(exchange, made[-1]) == await from_the_store(exchange, made[-1])
    await exchange.close()


async def test_the_bound_of_memory_ends_loading_where_it_is_reached(
    store: Store, monkeypatch: pytest.MonkeyPatch, ranges: None, caplog: pytest.LogCaptureFixture
) -> None:
    made = await published(store, COUNT)
    sizes: list[int] = []
    head = await store.head()
    await load_tables(store, head, lambda tables: sizes.append(tables.nbytes))
    assert sizes == sorted(sizes)
    enough_for = COUNT // RANGE + 2  # all products, and two ranges of footprints
    monkeypatch.setattr(following, "MEGABYTE", sizes[enough_for - 1])

    async def nothing() -> None: ...

    begun = before_read(monkeypatch, 0, nothing)
    exchange = open_exchange(store, clock=lambda: NOW_US, graph_megabytes=1)
    assert not await live(exchange).loaded()
    assert begun == [0, RANGE, 2 * RANGE]
    assert reading() == []
    assert "EXCHANGE_GRAPH_MEGABYTES" in caplog.text
    assert live(exchange).nbytes == 0
    assert await closure(exchange, made[-1]) is None
    assert await excluding(exchange, made[-1]) == await from_the_store(exchange, made[-1])
    await exchange.close()


async def test_more_lines_than_can_be_numbered_are_left_to_the_database(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(followers, "LINES_MAX", COUNT - 2)  # one less than there are
    made = await published(store, COUNT)
    exchange = open_exchange(store, clock=lambda: NOW_US, graph_megabytes=64)
    assert not await live(exchange).loaded()
    assert "at most 10 lines in memory, and there are 11" in caplog.text
    assert await closure(exchange, made[-1]) is None
    assert await excluding(exchange, made[-1]) == await from_the_store(exchange, made[-1])
    await exchange.close()


async def test_a_server_that_ends_meanwhile_reads_no_more(
    store: Store, monkeypatch: pytest.MonkeyPatch, ranges: None
) -> None:
    await published(store, COUNT)
    monkeypatch.setattr(taking_over, "READS_AT_ONCE", 3)
    there, never = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        there.set()
        await never.wait()

    before_read(monkeypatch, 1, wait)
    exchange = open_exchange(store, clock=lambda: NOW_US, graph_megabytes=64)
    await there.wait()
    await exchange.close()
    assert reading() == []
    assert live(exchange).head is None


async def test_the_log_says_how_far_it_is(
    store: Store, monkeypatch: pytest.MonkeyPatch, ranges: None, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(taking_over, "PROGRESS_SECONDS", -1.0)
    await published(store, 4)
    with caplog.at_level(logging.INFO):
        await load_tables(store, await store.head(), lambda _: None)
    said = [record.message for record in caplog.records if record.message.startswith("loading the graph")]
    assert said == [
        "loading the graph: 3 of 4 products, 0 of 4 footprints",
        "loading the graph: 4 of 4 products, 0 of 4 footprints",
        "loading the graph: 4 of 4 products, 3 of 4 footprints",
        "loading the graph: 4 of 4 products, 4 of 4 footprints",
    ]
