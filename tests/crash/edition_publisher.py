"""Publishes a quarter and stops for good inside of its transaction, to be killed: `DIRECTORY CLOCK CLOSING STEP`.

It is the mutation of a server that has the graph in memory.

STEP is the name of a statement in `exchange.graph.benchmarks`, after which it stops, or `committed`. It says so on
standard output first.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any, NoReturn

from exchange.graph import Store, Target, benchmarks
from exchange.graph.bolt import Transaction
from exchange.model.parties import OPERATOR
from exchange.operations.exchange import open_exchange
from exchange.schema.execution import Executor, Request

COMMITTED = "committed"
PUBLISH = """mutation ($closing: Date) { publishBenchmarks(input: { closing: $closing }) {
  ... on PublishBenchmarksPayload { newEditions } ... on UserError { code } } }"""


async def stop() -> NoReturn:
    print("there", flush=True)
    await asyncio.Event().wait()
    raise AssertionError("nobody sets it")


async def main(directory: str, clock: str, closing: str, step: str) -> None:
    run = Transaction.run
    last = getattr(benchmarks, step, None)

    async def running(self: Transaction, statement: str, **parameters: Any) -> Any:
        found = await run(self, statement, **parameters)
        if statement == last:
            await stop()
        return found

    Transaction.run = running  # type: ignore[method-assign]
    store = await Store.open(Target(Path(directory), attach=True))
    exchange = open_exchange(store, clock=lambda: int(clock), graph_megabytes=1_024)
    assert exchange.graph is not None
    assert await exchange.graph.loaded()
    answer = await Executor(exchange).answer(Request(PUBLISH, {"closing": closing}), OPERATOR, "crash")
    assert answer.body == {"data": {"publishBenchmarks": {"newEditions": 5}}}
    assert step == COMMITTED
    await stop()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
