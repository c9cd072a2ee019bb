"""Databases for the store's tests: each is started once, when the first test that needs it comes near."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NoReturn

import pytest

from exchange.graph import Store
from exchange.graph.embedded import EmbeddedDatabase
from tests.store import databases, neo4j_server
from tests.store.databases import Database
from tests.store.neo4j_server import NEO4J_5, NEO4J_2026, Neo4jServer, Neo4jVersion

VERSIONS = {"neo4j_5": NEO4J_5, "neo4j_5_routed": NEO4J_5, "neo4j_2026": NEO4J_2026}


class Servers:
    """Neo4j servers, started beside the tests because they take their time, and ended with them."""

    def __init__(self) -> None:
        self._starting: dict[Neo4jVersion, Future[Neo4jServer]] = {}
        self._pool = ThreadPoolExecutor()

    def start(self, version: Neo4jVersion) -> Future[Neo4jServer]:
        if version not in self._starting:
            self._starting[version] = self._pool.submit(_started, version)
        return self._starting[version]

    def close(self) -> None:
        self._pool.shutdown()
        for starting in self._starting.values():
            if starting.exception() is None:
                starting.result().kill()  # nothing of it is kept, and an orderly end takes ten seconds
                shutil.rmtree(starting.result().home, ignore_errors=True)


def _started(version: Neo4jVersion) -> Neo4jServer:
    server = neo4j_server.prepare(version)
    server.start()
    return server


@pytest.fixture(scope="session")
def servers(request: pytest.FixtureRequest) -> Iterator[Servers]:
    running = Servers()
    for item in request.session.items:  # those that will be needed start now, while others are tested
        backend = getattr(getattr(item, "cls", None), "backend", None)
        if backend in VERSIONS:
            running.start(VERSIONS[backend])
    yield running
    running.close()


@pytest.fixture(scope="session", autouse=True)
def _early(servers: Servers) -> None:
    """Has the servers start with the first test of this folder, whichever it is."""


@pytest.fixture(scope="session")
def embedded_database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedDatabase]:
    pytest.importorskip("arcadedb_embedded")
    database = EmbeddedDatabase(tmp_path_factory.mktemp("embedded"), heap_megabytes=512)
    database.start()
    yield database
    database.stop()


@pytest.fixture
def neo4j(servers: Servers, no_neo4j: Callable[[str], NoReturn]) -> Callable[[Neo4jVersion], Neo4jServer]:
    """A running server of a version; a machine that cannot run it skips, or fails if it was required."""

    def get(version: Neo4jVersion) -> Neo4jServer:
        try:
            return servers.start(version).result()
        except neo4j_server.Absent as absent:
            no_neo4j(str(absent))

    return get


@pytest.fixture
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """The empty database that a class of tests names by `backend`."""
    backend = request.cls.backend
    if backend == "embedded":
        found = databases.embedded(request.getfixturevalue("embedded_database"))
    else:
        server = request.getfixturevalue("neo4j")(VERSIONS[backend])
        found = databases.neo4j_database(server, server.routed if backend.endswith("routed") else server.bolt)
    found.empty()
    yield found
    found.close()


@pytest.fixture
async def store(database: Database) -> AsyncIterator[Store]:
    opened = await Store.open(database.target)
    await opened.ready()
    yield opened
    await opened.close()


@pytest.fixture
async def other_store(store: Store, database: Database) -> AsyncIterator[Store]:
    """A second server on the same database."""
    opened = await Store.open(database.target)
    yield opened
    await opened.close()
