"""A server that answers from memory proves now and then that it says what the database says.

Every few minutes one product is chosen by chance, now of all and now of those of which a solved closure is kept. Its
result is computed anew from the graph in memory and from the closure as the database has it, is asked for as anybody
asks, who may be answered from a closure that is kept, and is looked up among everybody's results, which are kept and
changed only where something moved. Once an hour everybody's are solved from nothing and compared with what was kept, so
that no difference grows unseen. All must agree; where they do not, the log and the metrics say so, and the graph is
loaded again.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import random
from dataclasses import replace
from typing import Final

from exchange.errors import ExchangeError
from exchange.memory.whole import KEPT_DIFFERENCE, RADII
from exchange.model.parties import OPERATOR
from exchange.operations.exchange import Exchange
from exchange.operations.following.follower import LiveGraph
from exchange.operations.reading.roll_ups import Solved, solve_for
from exchange.operations.reading.session import Session

log = logging.getLogger(__name__)

KEPT_CHECKED: Final = 0.5  # of the checks: what is answered most rests on few closures, where many are there
SECONDS_BETWEEN: Final = 300.0  # a check costs what two roll-ups cost, one of them read from the database
CHECKS_BETWEEN: Final = 12  # solving everybody anew takes about 60 sweeps, in which other questions to memory wait


class SelfCheck:
    """The task of one server, which compares now and then until it is closed. `exchange` holds its graph in memory."""

    def __init__(self, exchange: Exchange, seconds_between: float = SECONDS_BETWEEN) -> None:
        self._exchange, self._seconds = exchange, seconds_between
        self._task = asyncio.get_running_loop().create_task(self._run(), name="self-check")

    async def close(self) -> None:
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    async def _run(self) -> None:
        for number in itertools.count(1):
            await asyncio.sleep(self._seconds)
            try:
                await check_one(self._exchange)
                if number % CHECKS_BETWEEN == 0:
                    await check_all(self._exchange)
            except ExchangeError as error:  # the database is away, or there is too much to do: the next time
                log.info("no self-check: %s", error.message)
            except Exception:
                log.exception("the self-check failed")


async def check_one(exchange: Exchange, key: int | None = None) -> bool | None:
    """Whether memory and database agree on a product, one by chance if `key` is not given; None: there is nothing to
    compare. Where they do not, the graph in memory is given up and loaded again."""
    graph, session = exchange.graph, await exchange.session(OPERATOR)
    if graph is None or not session.head.products:
        return None
    if key is None:
        key = _by_chance(graph, session.head.products)
    dates = session.dates()
    if await graph.closure([key], dates, session.head, session.now_us, anew=True) is None:
        return None
    in_store = await solve_for(replace(session, graph=None), [key], dates)
    differs = (
        _difference(key, await solve_for(session, [key], dates, anew=True), in_store)
        or _difference(key, await solve_for(session, [key], dates), in_store)
        or await _kept_differs(session, key, in_store)
    )
    exchange.measures.checked(agreed=differs is None)
    if differs is not None:
        log.error("the graph in memory is given up: product key %d, ledger %d: %s", key, session.head.sequence, differs)
        graph.give_up(from_database=True)
    return differs is None


async def check_all(exchange: Exchange) -> bool | None:
    """Whether everybody's kept results are what comes out when they are solved from nothing, which are kept from here
    on; None: there is nothing to compare. Where they are not, the graph in memory is given up and loaded again."""
    graph, session = exchange.graph, await exchange.session(OPERATOR)
    if graph is None or not session.head.products:
        return None
    differing = await graph.renew_whole(session.head, session.now_us)
    if differing is None:
        return None
    exchange.measures.checked(agreed=not len(differing))
    if len(differing):
        log.error(
            "the graph in memory is given up: what was kept of %d products is not what comes out, product key %d first",
            len(differing),
            differing[0],
        )
        graph.give_up(from_database=True)
    return not len(differing)


def _by_chance(graph: LiveGraph, products: int) -> int:
    alone = [roots[0] for roots in graph.kept_roots if len(roots) == 1]
    return random.choice(alone) if alone and random.random() < KEPT_CHECKED else random.randrange(products)


def _difference(key: int, one: Solved, other: Solved) -> str | None:
    refusals = [solved.solution.refusal(key) for solved in (one, other)]
    if refusals[0] != refusals[1]:
        return f"refused in memory: {refusals[0]}, in the database: {refusals[1]}"
    if refusals[0] is None and one.total(key) != other.total(key):
        return f"{one.total(key)} in memory, {other.total(key)} in the database"
    return None


async def _kept_differs(session: Session, key: int, solved: Solved) -> str | None:
    """How the kept result differs; None: it does not, or the graph has gone on meanwhile."""
    assert session.graph is not None
    whole = await session.graph.whole(session.head, session.now_us)
    if whole is None or session.graph.head != session.head.sequence or solved.solution.refusal(key) is not None:
        return None
    expected, kept = solved.solution.cradle_to_gate(key), whole.components(key).tolist()
    lower, upper = solved.solution.interval(key)
    least = KEPT_DIFFERENCE * max(map(abs, expected)) + RADII * float(upper - lower)
    if all(abs(one - other) <= least for one, other in zip(kept, expected, strict=True)):
        return None
    return f"{kept} kept, {expected} in the database"
