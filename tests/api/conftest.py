"""Servers for the tests of the API."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from exchange.config import Settings
from exchange.graph.embedded import EmbeddedDatabase
from tests.api.exchange_server import ExchangeServer, serving


@pytest.fixture(scope="module")
def settings(embedded_database: EmbeddedDatabase) -> Settings:
    """Of servers on the database that the module has for itself."""
    return Settings(graph_uri=f"embedded:{embedded_database.directory}")


@pytest.fixture(scope="module")
def server(settings: Settings) -> Iterator[ExchangeServer]:
    """A server of the module's own."""
    with serving(settings) as running:
        yield running
