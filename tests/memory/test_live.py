"""The graph in memory of a server is never older than the last acknowledged write, and never says anything else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from exchange.graph.embedded import EmbeddedDatabase
from tests.memory.live import LiveMachine
from tests.store import databases

# Not made smaller where it fails: each try takes seconds, and its steps are printed.
SHORT = settings(
    max_examples=12, stateful_step_count=25, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate]
)


@pytest.fixture(scope="module")
def embedded_database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedDatabase]:
    pytest.importorskip("arcadedb_embedded")
    database = EmbeddedDatabase(tmp_path_factory.mktemp("live"), heap_megabytes=512)
    database.start()
    yield database
    database.stop()


def test_two_servers_say_what_the_database_says(embedded_database: EmbeddedDatabase) -> None:
    database = databases.embedded(embedded_database)
    machine = type("Machine", (LiveMachine,), {"database": database})
    try:
        run_state_machine_as_test(machine, settings=SHORT)
    finally:
        database.close()
