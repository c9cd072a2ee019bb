"""The command line in this process, on an embedded database that somebody else holds: commands attach to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from typer.testing import CliRunner, Result

from exchange.cli import commands
from exchange.config import variables
from exchange.graph.embedded import EmbeddedDatabase

Run = Callable[..., Result]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedDatabase]:
    """As a server would hold it."""
    pytest.importorskip("arcadedb_embedded")
    database = EmbeddedDatabase(tmp_path_factory.mktemp("cli"), heap_megabytes=512)
    database.start()
    yield database
    database.stop()


@pytest.fixture
def exchange(database: EmbeddedDatabase) -> Run:
    """Runs `exchange …` on the module's database."""
    environment = dict.fromkeys(variables()) | {"EXCHANGE_DATA_DIRECTORY": str(database.directory)}

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(commands, arguments, env=environment)

    return run
