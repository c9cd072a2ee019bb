"""While somebody goes through all of the graph it stays as it is: memory answers what it can, the store the rest."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from exchange.graph import Store
from exchange.memory import Present, Tables, comparables, pack
from exchange.memory.columns import Array
from exchange.model.closure import Dates
from exchange.model.parties import OPERATOR
from exchange.operations.exchange import Exchange, open_exchange
from exchange.operations.following.snapshots import SnapshotFile
from exchange.operations.requests.checks import US_PER_DAY
from tests.memory.test_following import NOW_US, closure, excluding, from_the_store, live, published
from tests.memory.test_snapshots import assert_equal, opened
from tests.store.examples import a_line, put_footprint


@pytest.fixture
async def exchange(store: Store) -> AsyncIterator[Exchange]:
    found = open_exchange(store, clock=lambda: NOW_US, graph_megabytes=64)
    assert await live(found).loaded()
    yield found
    await found.close()


def present_of(exchange: Exchange) -> Present:
    present = live(exchange)._present
    assert present is not None
    return present


async def test_it_is_brought_to_the_head_and_stays_there(exchange: Exchange, store: Store) -> None:
    graph, made = live(exchange), await published(store)
    session = await exchange.session(OPERATOR)
    async with graph.standing_still(session.head, session.now_us) as tables:
        assert tables is not None
        assert len(tables.versions.product) == len(made)
        assert graph.head == session.head.sequence
        assert await closure(exchange, made[1]) is not None
        await put_footprint(store, made[1], [a_line(made[0]), a_line(made[0])])
        assert await closure(exchange, made[1]) is None
        assert await excluding(exchange, made[1]) == await from_the_store(exchange, made[1])
        assert (len(tables.versions.product), graph.head) == (len(made), session.head.sequence)
        assert graph.holds(tables)
    assert await closure(exchange, made[1]) is not None
    assert len(tables.versions.product) == len(made) + 1
    async with graph.standing_still(session.head, session.now_us) as again:  # it knows more than is asked for
        assert again is tables


async def test_where_no_graph_is_there_is_none(exchange: Exchange) -> None:
    graph, session = live(exchange), await exchange.session(OPERATOR)
    async with graph.standing_still(session.head, session.now_us) as tables:
        assert tables is not None
        graph.give_up(load_again=False)
        assert not graph.holds(tables)
    async with graph.standing_still(session.head, session.now_us) as none:
        assert none is None
    graph.start()
    assert await graph.loaded()
    assert not graph.holds(tables), "another graph"


async def test_it_goes_on_after_a_failure(exchange: Exchange, store: Store) -> None:
    graph, session = live(exchange), await exchange.session(OPERATOR)
    with pytest.raises(ZeroDivisionError):
        async with graph.standing_still(session.head, session.now_us):
            raise ZeroDivisionError
    made = await published(store)
    assert await closure(exchange, made[1]) is not None


async def test_one_after_the_other_a_snapshot_too(store: Store, tmp_path: Path) -> None:
    made = await published(store)
    path = tmp_path / "graph.snapshot"
    exchange = await opened(store, path)
    graph, order = live(exchange), list[str]()
    session = await exchange.session(OPERATOR)

    async def second() -> None:
        async with graph.standing_still(session.head, session.now_us):
            order.append("second")

    async def snapshot() -> None:
        await graph._write_snapshot()
        order.append("snapshot")

    assert graph._writing is not None
    await graph._writing
    await put_footprint(store, made[1], [a_line(made[0])])
    assert await closure(exchange, made[1]) is not None
    async with graph.standing_still(session.head, session.now_us):
        waiting = [asyncio.create_task(second()), asyncio.create_task(snapshot())]
        for _ in range(20):
            await asyncio.sleep(0.005)
        await put_footprint(store, made[1], [a_line(made[0]), a_line(made[0])])
        order.append("first")
    await asyncio.gather(*waiting)
    assert order == ["first", "second", "snapshot"]
    kept = SnapshotFile(path).read()
    assert kept is not None
    assert_equal(kept.present, present_of(exchange))
    await exchange.close()


async def test_what_benchmarks_count_leaves_the_graph_as_it_was(exchange: Exchange, store: Store) -> None:
    """Also what was written since who names whom was sorted, which others go through meanwhile."""
    made = await published(store, 3)
    assert await closure(exchange, made[1]) is not None  # takes it over
    present = present_of(exchange)
    before, document = arrays_of(present), pack(present).document
    assert len(before["followers.beside"]) > 0
    head = (await store.head()).sequence

    def results(tables: Tables) -> list[float]:
        dates = Dates(NOW_US // US_PER_DAY, NOW_US, head)
        return list(comparables(tables, dates, np.arange(3)).kg_co2e)

    found = results(present.tables)
    assert len(found) == 3
    after = arrays_of(present)
    assert (document, before.keys()) == (pack(present).document, after.keys())
    for name, values in before.items():
        np.testing.assert_array_equal(values, after[name], err_msg=name)


def arrays_of(present: Present) -> dict[str, Array]:
    """Copies."""
    return {name: values.copy() for name, values in pack(present).arrays.items()}
