"""Answers from closures that are kept: what a server's graph in memory takes to find one, to see that nothing in it
moved, and to tell a total; nothing of HTTP, of the database, or of who may see what.

Asked again while nothing is written; and asked again with a change of another product before each question, so that
every product of the closure has to be looked at. Before that, a thousand other products have changed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, cast

import numpy as np

from exchange.memory import Present, Tables, Touched
from exchange.model.closure import Dates
from exchange.model.footprint import NEVER_US
from exchange.model.ledger import LedgerHead
from exchange.operations.following.follower import LiveGraph
from exchange.operations.requests.checks import US_PER_DAY
from tests.bench.measuring import Figure, Spread, in_turn, milliseconds
from tests.bench.supply import AS_OF

REPEATED = 20  # each product, in each round
CHANGES, AT_ONCE = 1_000, 50  # of other products, and how many in one step
NOW_US = AS_OF * US_PER_DAY


def kept(name: str, tables: Tables, asked: Sequence[int], rounds: int) -> list[Figure]:
    """The figures of one graph, whose products `asked` are asked about one by one."""
    head = LedgerHead(NEVER_US - 1, 0, 0, 0)
    present = Present(tables, Dates(AS_OF, NOW_US, head.sequence))
    graph = LiveGraph(cast(Any, None), lambda: NOW_US, megabytes_max=100_000)
    graph._present = present
    loop = asyncio.new_event_loop()

    async def ask(before: Callable[[], object] | None = None) -> None:
        for key in asked:
            if before is not None:
                before()
            closure = await graph.closure([key], present.dates, head, NOW_US)
            assert closure is not None
            assert closure.kept is not None
            closure.kept.solution({}).total(key)
            graph.keep(closure)

    async def ask_again(before: Callable[[], object] | None = None) -> None:
        for _ in range(REPEATED):
            await ask(before)

    try:
        loop.run_until_complete(ask())
        _change_others(tables, present, graph)
        assert sum(graph._closures.find(present, [key]) is not None for key in asked) == len(asked)
        step = partial(present.moves.begin, len(tables.products.owner))
        took = in_turn(
            rounds,
            {
                "nothing": lambda: loop.run_until_complete(ask_again()),
                "changed": lambda: loop.run_until_complete(ask_again(step)),
            },
        )
    finally:
        loop.close()
    each = {what: milliseconds(spread).scaled(lambda ms: ms / REPEATED / len(asked)) for what, spread in took.items()}
    size = graph._closures.nbytes / len(graph.kept_roots) / 1e6
    return [
        Figure(f"{name}: the same, kept and asked again", each["nothing"], "ms", "", None),
        Figure(f"{name}: the same, with a change of another before each", each["changed"], "ms", "", None),
        Figure(f"{name}: the same, what it is counted with", Spread((size,)), "MB", "", None),
    ]


def _change_others(tables: Tables, present: Present, graph: LiveGraph) -> None:
    """Products that rest in none of what is kept are deprecated, and stand again."""
    mentioned = np.concatenate([each.rights.keys for each in graph._closures._kept.values()])
    others = np.setdiff1d(np.arange(len(tables.products.owner)), mentioned)
    others = others[-CHANGES:]
    for first in range(0, len(others), AT_ONCE):
        part = others[first : first + AT_ONCE]
        for sequence, at_us in ((0, 0), (NEVER_US, NEVER_US)):
            tables.versions.deprecated.put(part, at_us, sequence)
            moved = present.advance(present.dates, Touched(set(part.tolist()), set()))
            assert moved >= set(part.tolist())
