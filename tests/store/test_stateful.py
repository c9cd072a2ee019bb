"""The store against a plain dictionary, on the embedded database and on Neo4j."""

from __future__ import annotations

from hypothesis.stateful import run_state_machine_as_test

from tests.store import databases
from tests.store.neo4j_server import NEO4J_5
from tests.store.stateful import SHORT, StoreMachine


def run(database: databases.Database) -> None:
    machine = type("Machine", (StoreMachine,), {"database": database})
    try:
        run_state_machine_as_test(machine, settings=SHORT)
    finally:
        database.close()


def test_the_embedded_database_behaves_like_a_dictionary(embedded_database):
    run(databases.embedded(embedded_database))


def test_neo4j_behaves_like_a_dictionary(neo4j):
    server = neo4j(NEO4J_5)
    run(databases.neo4j_database(server, server.bolt))
