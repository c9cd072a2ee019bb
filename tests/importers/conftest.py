"""An exchange of its own for each test, on embedded databases of which each is started once a module."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from exchange.graph import Store, Target
from exchange.graph.embedded import EmbeddedDatabase
from exchange.operations.exchange import Exchange, open_exchange


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedDatabase]:
    pytest.importorskip("arcadedb_embedded")
    database = EmbeddedDatabase(tmp_path_factory.mktemp("importers"), heap_megabytes=1024)
    database.start()
    yield database
    database.stop()


@pytest.fixture
async def exchange(database: EmbeddedDatabase) -> AsyncIterator[Exchange]:
    """The module's database is shared: what one test publishes, the next one finds."""
    store = await Store.open(Target(database.directory, attach=True))
    await store.ready()
    opened = open_exchange(store)
    yield opened
    await opened.close()
    await store.close()
