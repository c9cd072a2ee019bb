"""Databases for the store's tests: each is started once, when the first test that needs it comes near."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import NoReturn

import pytest

from exchange.graph import Store
from tests.store import databases, neo4j_server
from tests.store.databases import Database
from tests.store.neo4j_server import NEO4J_5, NEO4J_2026, Neo4jServer, Neo4jServers, Neo4jVersion

VERSIONS = {"neo4j_5": NEO4J_5, "neo4j_5_routed": NEO4J_5, "neo4j_2026": NEO4J_2026}


@pytest.fixture(scope="module", autouse=True)
def _early(request: pytest.FixtureRequest, neo4j_servers: Neo4jServers) -> None:
    """Has the servers that a module needs start with its first test, while others are tested."""
    for item in request.session.items:
        if item.path == request.path:
            backend = getattr(getattr(item, "cls", None), "backend", None)
            if backend in VERSIONS:
                neo4j_servers.start(VERSIONS[backend])


@pytest.fixture
def neo4j(neo4j_servers: Neo4jServers, no_neo4j: Callable[[str], NoReturn]) -> Callable[[Neo4jVersion], Neo4jServer]:
    """A running server of a version; a machine that cannot run it skips, or fails if it was required."""

    def get(version: Neo4jVersion) -> Neo4jServer:
        try:
            return neo4j_servers.start(version).result()
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
