"""Running embedded databases, lent to one module of tests after the other.

Starting one, preparing it and warming its Java up costs more than most modules do with it. The rule: who takes one
finds it as it is after a first start, and has it alone until it is given back.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from exchange.app import SNAPSHOT
from exchange.graph.embedded import EmbeddedDatabase
from tests.store import databases

LARGE = 20_000  # nodes and relationships; to delete more takes longer than a new database


class EmbeddedDatabases:
    """Starts one when one is wanted and none is there that nobody has. `new_directory`: where it gets its files."""

    def __init__(self, new_directory: Callable[[], Path]) -> None:
        self._new_directory = new_directory
        self._given_back: list[EmbeddedDatabase] = []

    @contextlib.contextmanager
    def empty(self) -> Iterator[EmbeddedDatabase]:
        """A running one; servers and commands attach to it."""
        database = self._emptied() or self._started()
        yield database
        self._given_back.append(database)

    def close(self) -> None:
        while self._given_back:
            self._given_back.pop().stop()

    def _started(self) -> EmbeddedDatabase:
        database = EmbeddedDatabase(self._new_directory())
        database.start()
        return database

    def _emptied(self) -> EmbeddedDatabase | None:
        """One that others had before; None where there is none that is worth emptying."""
        while self._given_back:
            database = self._given_back.pop()
            reached = databases.embedded(database)
            [[nodes]] = reached.run("MATCH (n) RETURN count(n)")
            [[relationships]] = reached.run("MATCH ()-[e]->() RETURN count(e)")
            if nodes + relationships <= LARGE:
                reached.empty()
                reached.close()
                (database.directory / SNAPSHOT).unlink(missing_ok=True)
                return database
            reached.close()
            database.stop()
            shutil.rmtree(database.directory)
        return None
