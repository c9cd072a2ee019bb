"""One seeded exchange for all documents: starting it is most of what these tests cost."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator

import pytest

from tests.docs.seeded_exchange import SeededExchange, seeded_exchange


@pytest.fixture(scope="session")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SeededExchange]:
    """The demo supply chain, served on loopback; its database's directory is `exchange.directory`."""
    if importlib.util.find_spec("arcadedb_embedded") is None:
        pytest.skip("needs the embedded store, which is not installed here")
    with seeded_exchange(tmp_path_factory.mktemp("documents")) as served:
        yield served
