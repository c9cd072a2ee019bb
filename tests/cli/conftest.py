"""The command line in this process, on an embedded database that somebody else holds: commands attach to it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from typer.testing import CliRunner, Result

from exchange.cli import commands
from exchange.config import variables
from exchange.graph.embedded import EmbeddedDatabase

Run = Callable[..., Result]


@pytest.fixture(scope="module")
def database(embedded_database: EmbeddedDatabase) -> EmbeddedDatabase:
    """As a server would hold it."""
    return embedded_database


@pytest.fixture
def exchange(database: EmbeddedDatabase) -> Run:
    """Runs `exchange …` on the module's database."""
    environment = dict.fromkeys(variables()) | {"EXCHANGE_DATA_DIRECTORY": str(database.directory)}

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(commands, arguments, env=environment)

    return run
