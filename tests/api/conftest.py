"""Servers for the tests of the API."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from exchange.config import Settings
from tests.api.exchange_server import ExchangeServer, serving


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExchangeServer]:
    """A server of the module's own, on an embedded database of its own."""
    with serving(Settings(graph_uri=f"embedded:{tmp_path_factory.mktemp('graph')}")) as running:
        yield running
