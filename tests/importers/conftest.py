"""An exchange of its own for each test, on a database that is empty when a module begins."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from exchange.graph import Store, Target
from exchange.graph.embedded import EmbeddedDatabase
from exchange.operations.exchange import Exchange, open_exchange


@pytest.fixture(scope="module")
def database(embedded_database: EmbeddedDatabase) -> EmbeddedDatabase:
    """Shared by a module: what one test publishes, the next one finds."""
    return embedded_database


@pytest.fixture
async def exchange(database: EmbeddedDatabase) -> AsyncIterator[Exchange]:
    """The module's database is shared: what one test publishes, the next one finds."""
    store = await Store.open(Target(database.directory, attach=True))
    await store.ready()
    opened = open_exchange(store)
    yield opened
    await opened.close()
    await store.close()
