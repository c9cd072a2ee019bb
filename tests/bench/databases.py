"""Databases that hold a made-up supply chain, for as long as a block runs: built once, and kept for the next time.

A large one takes minutes to build, so it stays in a folder, by default `build/databases`. Whoever writes into it asks
for a copy, which goes when the block ends: everybody begins with the same graph. A database that was not built to its
end is built again.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import neo4j

from exchange.graph import Store
from exchange.graph.connect import Target
from exchange.graph.embedded import EmbeddedDatabase
from exchange.graph.endpoint import Endpoint
from tests.bench.imported import add_empty_lists, import_files, write_csv
from tests.bench.supply import supply
from tests.bench.written import write
from tests.store import neo4j_server

NEO4J_HEAP: Final = "4g"
NEO4J_PAGE_CACHE: Final = "4g"
INDEX_SECONDS_MAX: Final = 1_800


@dataclass(frozen=True, slots=True)
class Database:
    """target: for a store of this process. environment: for a server of its own. endpoint: for a bare driver; None
    where the database is started by whoever opens it."""

    target: Target
    environment: dict[str, str]
    endpoint: Endpoint | None
    processes: tuple[int, ...] = ()


@contextlib.contextmanager
def embedded(products: int, folder: Path, *, copied: bool = False) -> Iterator[Database]:
    """The embedded database. `copied`: its own, and not started: the server that is told of it does that."""
    kept = _built(folder / f"embedded-{products}", lambda place: _build_embedded(products, place))
    with contextlib.ExitStack() as stack:
        place = stack.enter_context(_copy(kept)) if copied else kept
        environment = {"EXCHANGE_GRAPH_URI": f"embedded:{place}"}
        if copied:
            yield Database(Target(place, attach=True), environment, None)
            return
        database = EmbeddedDatabase(place)
        endpoint = database.start()
        stack.callback(database.stop)
        yield Database(Target(place, attach=True), environment, endpoint)


def _build_embedded(products: int, place: Path) -> None:
    async def fill() -> None:
        store = await Store.open(Target(place))
        try:
            await store.ready()
            await write(store, supply(products))
        finally:
            await store.close()

    asyncio.run(fill())


@contextlib.contextmanager
def neo4j_5(products: int, folder: Path, *, copied: bool = False) -> Iterator[Database]:
    """A Neo4j 5.26 of its own. Raises neo4j_server.Absent."""
    kept = _built(folder / f"neo4j-{products}", lambda place: _build_neo4j(products, place))
    with contextlib.ExitStack() as stack:
        server = _server(stack.enter_context(_copy(kept)) if copied else kept)
        server.start()
        try:
            endpoint = Endpoint(server.bolt, server.user, server.password)
            environment = {
                "EXCHANGE_GRAPH_URI": server.bolt,
                "EXCHANGE_GRAPH_USER": server.user,
                "EXCHANGE_GRAPH_PASSWORD": server.password,
            }
            yield Database(Target(endpoint=endpoint), environment, endpoint, (server.process.pid,))
        finally:
            server.kill()


def _build_neo4j(products: int, place: Path) -> None:
    """Imported, then started once: migrations make the indexes."""
    server, made = _server(place), supply(products)
    with tempfile.TemporaryDirectory(dir=place.parent) as files:
        import_files(server, write_csv(Path(files), made))
    server.start()
    try:
        asyncio.run(_migrate(Target(endpoint=Endpoint(server.bolt, server.user, server.password))))
        with neo4j.GraphDatabase.driver(server.bolt, auth=(server.user, server.password)) as driver:
            driver.execute_query("CALL db.awaitIndexes($seconds)", seconds=INDEX_SECONDS_MAX)
            add_empty_lists(driver, made)
        server.stop()
    finally:
        server.kill()


async def _migrate(target: Target) -> None:
    store = await Store.open(target)
    try:
        await store.ready()
    finally:
        await store.close()


def _server(home: Path) -> neo4j_server.Neo4jServer:
    return neo4j_server.prepare(neo4j_server.NEO4J_5, home, heap=NEO4J_HEAP, page_cache=NEO4J_PAGE_CACHE)


KINDS: Final[dict[str, Callable[..., AbstractContextManager[Database]]]] = {
    "embedded": embedded,
    "neo4j": neo4j_5,
}

NAMES: Final = {"embedded": "embedded", "neo4j": "Neo4j 5.26"}


def _built(place: Path, build: Callable[[Path], None]) -> Path:
    """The folder of a database that is whole."""
    if not place.is_dir():
        unfinished = place.with_name(f"{place.name}.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        print(f"building {place}", flush=True)
        began = time.perf_counter()
        build(unfinished)
        unfinished.rename(place)
        print(f"built {place} in {time.perf_counter() - began:.0f} s", flush=True)
    return place


@contextlib.contextmanager
def _copy(kept: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=kept.parent, prefix="copy-") as folder:
        place = Path(folder) / kept.name
        shutil.copytree(kept, place)
        yield place
