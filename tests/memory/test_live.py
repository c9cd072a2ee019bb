"""The graph in memory of a server is never older than the last acknowledged write, and never says anything else."""

from __future__ import annotations

from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from exchange.operations.writing.measures import ClosureSource
from tests.memory.live import LiveMachine, admitted_from_both
from tests.memory.sources import Sources
from tests.store.databases import Database

# Not made smaller where it fails: each try takes seconds, and its steps are printed.
SHORT = settings(
    max_examples=8, stateful_step_count=25, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate]
)


def test_two_servers_say_what_the_database_says(database: Database) -> None:
    sources = Sources()
    with admitted_from_both() as decided:
        machine = type("Machine", (LiveMachine,), {"database": database, "sources": sources})
        run_state_machine_as_test(machine, settings=SHORT)
    assert sources.told.count(ClosureSource.KEPT) > 100
    assert decided[True] > 0
    assert decided[False] > 0
