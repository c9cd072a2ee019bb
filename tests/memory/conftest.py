"""A database for the tests of the graph in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from exchange.graph import Store
from exchange.graph.embedded import EmbeddedDatabase
from tests.store import databases


@pytest.fixture
def database(embedded_database: EmbeddedDatabase) -> Iterator[databases.Database]:
    """An empty one."""
    found = databases.embedded(embedded_database)
    found.empty()
    yield found
    found.close()


@pytest.fixture
async def store(database: databases.Database) -> AsyncIterator[Store]:
    opened = await Store.open(database.target)
    await opened.ready()
    yield opened
    await opened.close()
