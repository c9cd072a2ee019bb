"""A quarter of benchmark editions published by a running server: the operator's mutation, beside others' questions.

The graph and its members are those of `tests.bench.editions`. The peer of publishing is what no answer about everybody
can do without: solving the whole graph on the closing day, out of the same memory. Beside it the smallest question is
asked again and again, and by itself for as long. Without HTTP, in one process, as a server's event loop does it.
"""

from __future__ import annotations

import asyncio
import statistics
import time
import tracemalloc
from collections.abc import Awaitable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from exchange.benchmarks.quarters import closing_of
from exchange.graph import Store
from exchange.memory import Present, Whole
from exchange.model.closure import Dates
from exchange.model.ledger import LedgerHead
from exchange.model.parties import OPERATOR
from exchange.operations.exchange import Exchange, open_exchange
from exchange.operations.following.follower import LiveGraph
from exchange.operations.requests.checks import US_PER_DAY, day_of
from exchange.schema.execution import Executor, Request
from tests.bench.databases import KINDS, NAMES
from tests.bench.editions import AFTER_US, CLOSING, MEGABYTES, PRODUCTS, SMALLEST, allied, forget, with_store
from tests.bench.measuring import Figure, Spread, milliseconds
from tests.store import neo4j_server

if TYPE_CHECKING:
    from tests.bench.__main__ import Options

TITLE = "a quarter published by a running server, products made up"
NEXT: Final = closing_of(CLOSING + timedelta(days=1))
PAUSE_SECONDS: Final = 0.002  # between two small questions
PUBLISH: Final = """mutation ($closing: Date) { publishBenchmarks(input: { closing: $closing }) {
  ... on PublishBenchmarksPayload { publishedBefore newEditions keptEditions products }
  ... on UserError { code message } } }"""


def run(options: Options) -> list[Figure]:
    found: list[Figure] = []
    products = options.products or PRODUCTS
    for kind, database in KINDS.items():
        if options.database in (None, kind):
            try:
                with database(products, options.databases, copied=True) as copy:
                    target = replace(copy.target, attach=False) if copy.target.directory else copy.target
                    measured = partial(_figures, f"{NAMES[kind]}, {products:,} products", products, options.rounds)
                    found += asyncio.run(with_store(target, measured))
            except neo4j_server.Absent as absent:
                print(f"quarters: without {NAMES[kind]}: {absent}")
    return found


@dataclass(slots=True)
class _Took:
    """Seconds of each round; of small questions all that were asked in it."""

    publishing: list[float] = field(default_factory=list)
    again: list[float] = field(default_factory=list)
    next_: list[float] = field(default_factory=list)
    solving: list[float] = field(default_factory=list)
    beside: list[list[float]] = field(default_factory=list)
    alone: list[list[float]] = field(default_factory=list)


async def _figures(name: str, products: int, rounds: int, store: Store) -> list[Figure]:
    await allied(store, products)
    clock = [AFTER_US]
    exchange = open_exchange(store, clock=lambda: clock[0], graph_megabytes=MEGABYTES)
    graph, executor, took = exchange.graph, Executor(exchange), _Took()
    assert graph is not None
    assert await graph.loaded()
    try:
        for turn in range(1 + rounds):
            made = took if turn else _Took()
            made.solving.append(await _solved(graph, await store.head()))
            small = _Small(executor)
            seconds, answer = await small.while_(_publish(executor))
            assert answer["publishedBefore"] is False
            made.publishing.append(seconds)
            made.beside.append(small.took)
            made.again.append((await small.while_(_publish(executor)))[0])
            small = _Small(executor)
            await small.while_(asyncio.sleep(seconds))
            made.alone.append(small.took)
            await forget(store)
        clock[0] = AFTER_US + (day_of(NEXT) - day_of(CLOSING)) * US_PER_DAY  # and never back
        for turn in range(1 + rounds):
            await _publish(executor)
            seconds, later = await _Small(executor).while_(_publish(executor, NEXT))
            (took if turn else _Took()).next_.append(seconds)
            await forget(store)
        print(f"quarters: {answer}, then {later}, the graph takes {graph.nbytes / 1e6:.0f} MB")
        print(f"quarters: {await _more_memory(exchange, executor):.0f} MB more while it is published")
    finally:
        await exchange.close()
    return _told(name, took)


def _told(name: str, took: _Took) -> list[Figure]:
    def spread(of: list[list[float]], which: Any) -> Spread:
        return milliseconds(Spread(tuple(which(each) for each in of)))

    return [
        Figure(
            f"{name}: a quarter published by the mutation",
            Spread(tuple(took.publishing)),
            "s",
            "everybody's results solved",
            Spread(tuple(took.solving)),
        ),
        Figure(
            f"{name}: the next quarter",
            Spread(tuple(took.next_)),
            "s",
            "everybody's results solved",
            Spread(tuple(took.solving)),
        ),
        Figure(f"{name}: the same again", milliseconds(Spread(tuple(took.again))), "ms", "", None),
        *(
            Figure(
                f"{name}: the smallest question beside, {how}",
                spread(took.beside, which),
                "ms",
                "the same alone",
                spread(took.alone, which),
            )
            for how, which in (("median", statistics.median), ("19 of 20 in", _most), ("slowest", max))
        ),
    ]


def _most(seconds: list[float]) -> float:
    return sorted(seconds)[len(seconds) * 19 // 20]


async def _publish(executor: Executor, closing: date = CLOSING) -> Any:
    given = {"closing": str(closing)}
    answer = await executor.answer(Request(PUBLISH, given), OPERATOR, "bench")
    return answer.body["data"]["publishBenchmarks"]


class _Small:
    """The smallest question, asked again and again while something else is done."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self.took: list[float] = []

    async def while_(self, work: Awaitable[Any]) -> tuple[float, Any]:
        """Seconds that the work took, and what came of it."""
        asking = asyncio.create_task(self._ask())
        began = time.perf_counter()
        found = await work
        seconds = time.perf_counter() - began
        asking.cancel()
        return seconds, found

    async def _ask(self) -> None:
        while True:
            began = time.perf_counter()
            assert (await self._executor.answer(Request(SMALLEST), OPERATOR, "bench")).executed
            self.took.append(time.perf_counter() - began)
            await asyncio.sleep(PAUSE_SECONDS)


async def _solved(graph: LiveGraph, head: LedgerHead) -> float:
    """Seconds of solving everything on the closing day, out of the graph in memory."""
    async with graph.standing_still(head, AFTER_US) as tables:
        assert tables is not None
        dates = Dates(day_of(CLOSING), AFTER_US, head.sequence)
        began = time.perf_counter()
        await asyncio.to_thread(lambda: Whole(Present(tables, dates, goes_on=False)).excluding())
        return time.perf_counter() - began


async def _more_memory(exchange: Exchange, executor: Executor) -> float:
    """Megabytes of Python and of arrays beyond what there was, at their most, while a quarter is published."""
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        assert (await _publish(executor))["publishedBefore"] is False
        return (tracemalloc.get_traced_memory()[1] - before) / 1e6
    finally:
        tracemalloc.stop()
        await forget(exchange.store)
