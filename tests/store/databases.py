"""The databases that the contract is tested on: how each is reached, emptied, killed and brought back."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import neo4j

from exchange.graph.connect import Target
from exchange.graph.embedded import EmbeddedDatabase
from exchange.graph.endpoint import Endpoint
from tests.store.neo4j_server import Neo4jServer


@dataclass
class Database:
    """One running database. endpoint: where it is now. kill: as a crash would; revive: until it serves again."""

    target: Target
    endpoint: Callable[[], Endpoint]
    kill: Callable[[], None]
    revive: Callable[[], None]

    def run(self, statement: str, **parameters) -> list[list]:
        """Rows of a statement, past the store: to look at what is really there."""
        endpoint = self.endpoint()
        quiet = {} if endpoint.embedded else {"notifications_min_severity": "OFF"}
        with (
            neo4j.GraphDatabase.driver(endpoint.uri, auth=(endpoint.user, endpoint.password), **quiet) as driver,
            driver.session() as session,
        ):
            return session.run(statement, parameters).values()

    def empty(self) -> None:
        self.run("MATCH (n) DETACH DELETE n")

    def everything(self) -> tuple[list, list]:
        """All nodes and all relationships, to compare before and after."""
        nodes = self.run("MATCH (n) RETURN labels(n), properties(n)")
        edges = self.run(
            "MATCH (a)-[e]->(b) RETURN type(e), properties(e), labels(a), properties(a), labels(b), properties(b)"
        )
        return sorted(map(repr, map(_ordered, nodes))), sorted(map(repr, map(_ordered, edges)))


def _ordered(row: list) -> list:
    return [sorted(value.items()) if isinstance(value, dict) else value for value in row]


def embedded(database: EmbeddedDatabase) -> Database:
    """An embedded database that another part of the tests holds: stores attach to it."""

    def endpoint() -> Endpoint:
        deadline = time.monotonic() + 30
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

    return Database(Target(database.directory, attach=True), endpoint, kill, lambda: endpoint() and None)


def neo4j_database(server: Neo4jServer, uri: str) -> Database:
    found = Endpoint(uri, server.user, server.password)

    def kill() -> None:
        server.kill()

    return Database(Target(endpoint=found), lambda: replace(found, uri=server.bolt), kill, server.start)
