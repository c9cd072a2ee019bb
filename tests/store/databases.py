"""The databases that the contract is tested on: how each is reached, emptied, killed and brought back."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import neo4j

from exchange.graph.connect import Target
from exchange.graph.embedded import EmbeddedDatabase
from exchange.graph.endpoint import Endpoint
from exchange.graph.migrations import newest_version
from tests.store.neo4j_server import Neo4jServer

Rows = list[list[Any]]
VERSION = newest_version()
BACK_SECONDS_MAX = 180  # until what hangs fails; a busy machine takes long to start Java


@dataclass
class Database:
    """One running database. endpoint: where it is now. kill: as a crash would; revive: until it serves again."""

    target: Target
    endpoint: Callable[[], Endpoint]
    kill: Callable[[], None]
    revive: Callable[[], object]
    _driver: neo4j.Driver | None = None
    _driver_to: Endpoint | None = None

    def run(self, statement: str, **parameters: Any) -> Rows:
        """Rows of a statement, past the store: to look at what is really there."""
        endpoint = self.endpoint()
        if self._driver is None or self._driver_to != endpoint:
            self.close()
            quiet: Any = {} if endpoint.embedded else {"notifications_min_severity": "OFF"}
            auth = (endpoint.user, endpoint.password)
            self._driver, self._driver_to = neo4j.GraphDatabase.driver(endpoint.uri, auth=auth, **quiet), endpoint
        with self._driver.session() as session:
            return session.run(statement, parameters).values()

    def close(self) -> None:
        if self._driver is not None:
            self._driver.close()
            self._driver = None

    def empty(self) -> None:
        """As it is after the first start; the schema stays, because making it takes longer than most tests."""
        self.run("MATCH (n) WHERE NOT n:Ledger DETACH DELETE n")
        self.run("MATCH (l:Ledger) SET l.head = 0, l.products = 0, l.footprints = 0, l.schemaVersion = $v", v=VERSION)
        self.run("MATCH (l:Ledger) REMOVE l.auditHash, l.auditFrom, l.credentials, l.atUs")

    def everything(self) -> tuple[list[str], list[str]]:
        """All nodes and all relationships, to compare before and after."""
        nodes = self.run("MATCH (n) RETURN labels(n), properties(n)")
        edges = self.run(
            "MATCH (a)-[e]->(b) RETURN type(e), properties(e), labels(a), properties(a), labels(b), properties(b)"
        )
        return sorted(map(repr, map(_ordered, nodes))), sorted(map(repr, map(_ordered, edges)))


def _ordered(row: list[Any]) -> list[Any]:
    return [sorted(value.items()) if isinstance(value, dict) else value for value in row]


def embedded(database: EmbeddedDatabase) -> Database:
    """An embedded database that another part of the tests holds: stores attach to it."""

    def endpoint() -> Endpoint:
        deadline = time.monotonic() + BACK_SECONDS_MAX
        while database.endpoint is None:
            assert time.monotonic() < deadline, "the embedded database did not come back"
            time.sleep(0.01)
        return database.endpoint

    def kill() -> None:
        pid = endpoint().pid
        assert pid is not None
        os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))
        while database.endpoint is not None and database.endpoint.pid == pid:
            time.sleep(0.01)

    return Database(Target(database.directory, attach=True), endpoint, kill, endpoint)


def neo4j_database(server: Neo4jServer, uri: str) -> Database:
    found = Endpoint(uri, server.user, server.password)

    def kill() -> None:
        server.kill()

    return Database(Target(endpoint=found), lambda: replace(found, uri=server.bolt), kill, server.start)
