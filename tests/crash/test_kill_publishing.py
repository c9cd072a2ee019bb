"""Whoever publishes a quarter and is killed in the middle has published nothing of it, and it can be published then."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from exchange.graph import Store, Target
from exchange.graph.embedded import EmbeddedDatabase
from exchange.model.parties import OPERATOR
from exchange.operations.benchmarks.publishing import Published, publish_benchmarks
from exchange.operations.exchange import open_exchange
from tests.api.benchmark_world import BUILT, CPC, MEGABYTES, BenchmarkWorld
from tests.crash import edition_publisher
from tests.crash.edition_publisher import COMMITTED
from tests.crash.server_process import ROOT, environment
from tests.rollup.check import instant

LABELS = ("BenchmarkQuarter", "BenchmarkEdition", "BenchmarkMembers", "BenchmarkOutcome")
WHOLE = {"BenchmarkQuarter": 1, "BenchmarkEdition": 5, "BenchmarkMembers": 5, "BenchmarkOutcome": 5}
STEPS = ("_QUARTER", "_EDITIONS", "_MEMBERS", "_OUTCOMES", COMMITTED)


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    pytest.importorskip("arcadedb_embedded")
    database = EmbeddedDatabase(tmp_path / "graph", heap_megabytes=512)
    database.start()
    yield database.directory
    database.stop()


async def kept(store: Store) -> dict[str, int]:
    found = {}
    for label in LABELS:
        [[found[label]]] = await store._raw.read(f"MATCH (n:{label}) RETURN count(n)")
    return found


def test_a_quarter_whose_publisher_was_killed_is_whole_or_not_there(directory: Path) -> None:
    """One after the other, at every step: nothing is left behind, until one was killed after its commit."""
    clock = [instant(BUILT)]

    async def build() -> str:
        store = await Store.open(Target(directory, attach=True))
        exchange = open_exchange(store, clock=lambda: clock[0])
        world = BenchmarkWorld(exchange, clock)
        await world.counted("a", [str(value) for value in range(1, 8)], (f"{CPC}37440",))
        closing = world.after()
        await exchange.close()
        await store.close()
        return str(closing)

    async def look() -> tuple[dict[str, int], int]:
        store = await Store.open(Target(directory, attach=True))
        try:
            return await kept(store), (await store.head()).sequence
        finally:
            await store.close()

    closing = asyncio.run(build())
    before, head = asyncio.run(look())
    assert before == dict.fromkeys(LABELS, 0)
    for step in STEPS:
        line = [sys.executable, "-m", edition_publisher.__name__, str(directory), str(clock[0]), closing, step]
        process = subprocess.Popen(line, env=environment(directory), cwd=ROOT, stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "there\n", step
        finally:
            process.kill()
            process.communicate()
        found, after = asyncio.run(look())
        expected = WHOLE if step == COMMITTED else before
        assert (step, found, after - head) == (step, expected, 1 if step == COMMITTED else 0)

    async def publish() -> Published:
        store = await Store.open(Target(directory, attach=True))
        exchange = open_exchange(store, clock=lambda: clock[0])
        try:
            return await publish_benchmarks(exchange, OPERATOR, None, megabytes_max=MEGABYTES)
        finally:
            await exchange.close()
            await store.close()

    again = asyncio.run(publish())
    assert (again.again, again.quarter.new) == (True, 5)
