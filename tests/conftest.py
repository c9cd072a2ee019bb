"""What every test may ask of the command line: real data, reference files and a real Neo4j; and a running database.

An absent thing is skipped with its reason. A thing somebody asked for by an option and that is not there is a
failure, never a skip: a check nobody sees missing is worse than none.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from exchange.graph.embedded import EmbeddedDatabase
    from tests.embedded_databases import EmbeddedDatabases
    from tests.store.neo4j_server import Neo4jServers

# Every Java that is started compiles once and lightly: the databases of tests live for minutes at most, and what they
# spent on compiling well they would not get back.
os.environ.setdefault("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1")

# A slow machine is no counter-example; how many examples are tried stays the profile's in force.
settings.register_profile("exchange", settings.get_profile(settings.get_current_profile_name()), deadline=None)
settings.load_profile("exchange")


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("exchange", "the footprint exchange")
    group.addoption("--require-neo4j", action="store_true", help="an absent Neo4j is a failure, not a skip")
    group.addoption(
        "--data", type=Path, metavar="PATH", help="folder with the real data (default: ../shared/data if it is there)"
    )
    group.addoption(
        "--pact-schema",
        type=Path,
        metavar="PATH",
        help="PACT's OpenAPI file (default: ../shared/reference/pact/openapi_v3_0.yaml if it is there)",
    )
    group.addoption(
        "--api-core",
        type=Path,
        metavar="PATH",
        help="folder with core.graphql and example.json (default: ../shared/api if it is there)",
    )
    group.addoption(
        "--outage-seconds",
        type=_seconds,
        default=5.0,
        metavar="SECONDS",
        help="how long the database is away in tests/crash (default: 5; a minute is worth a run now and then)",
    )


def _seconds(text: str) -> float:
    """How long an outage lasts; an hour at most, or a slip of the pen stops a suite."""
    seconds = float(text)
    if not 0 < seconds <= 3600:
        raise ValueError(text)
    return seconds


def asked_for_or_skip(config: pytest.Config, option: str, default: str) -> Path:
    """The path of the option, else the default beside the repository, else skip; asked for and absent: fail."""
    asked: Path | None = config.getoption(option)
    path = asked if asked is not None else config.rootpath.parent / default
    if path.exists():
        return path.resolve()
    if asked is not None:
        pytest.fail(f"{option} {asked}: there is no such file or folder", pytrace=False)
    pytest.skip(f"needs {option} PATH")


@pytest.fixture(scope="session")
def data_dir(pytestconfig: pytest.Config) -> Path:
    """The folder with the real data: useeio/, china/, uk_factors/ and the rest."""
    return asked_for_or_skip(pytestconfig, "--data", "shared/data")


@pytest.fixture(scope="session")
def pact_schema_path(pytestconfig: pytest.Config) -> Path:
    """PACT's own schema, to compare names and formats with."""
    return asked_for_or_skip(pytestconfig, "--pact-schema", "shared/reference/pact/openapi_v3_0.yaml")


@pytest.fixture(scope="session")
def api_core_dir(pytestconfig: pytest.Config) -> Path:
    """The folder that fixes the core of the GraphQL schema and holds the small exchange with exact answers."""
    return asked_for_or_skip(pytestconfig, "--api-core", "shared/api")


@pytest.fixture(scope="session")
def no_neo4j(pytestconfig: pytest.Config) -> Callable[[str], NoReturn]:
    """What to call, with the reason, where a real Neo4j cannot be had: skips, or fails under --require-neo4j."""

    def give_up(reason: str) -> NoReturn:
        if pytestconfig.getoption("--require-neo4j"):
            pytest.fail(f"--require-neo4j, but {reason}", pytrace=False)
        pytest.skip(reason)

    return give_up


@pytest.fixture(scope="session")
def embedded_databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedDatabases]:
    """For those who need two at once; `embedded_database` is for who needs one."""
    pytest.importorskip("arcadedb_embedded")
    from tests.embedded_databases import EmbeddedDatabases

    lent = EmbeddedDatabases(lambda: tmp_path_factory.mktemp("embedded"))
    yield lent
    lent.close()


@pytest.fixture(scope="module")
def embedded_database(embedded_databases: EmbeddedDatabases) -> Iterator[EmbeddedDatabase]:
    """A running one, empty when the module begins."""
    with embedded_databases.empty() as database:
        yield database


@pytest.fixture(scope="session")
def neo4j_servers() -> Iterator[Neo4jServers]:
    """Each is started once; whoever takes one empties it."""
    from tests.store.neo4j_server import Neo4jServers

    running = Neo4jServers()
    yield running
    running.close()


@pytest.fixture(scope="session", autouse=True)
def sockets_that_the_driver_leaves() -> Iterator[None]:
    """Closed without a word. Where a request is broken off while the driver connects for it, the driver leaves its
    socket open until nobody has it any more, and the warning fails whatever test runs then. All other sockets that
    nobody closes are failures."""

    class Left(socket.socket):
        def __del__(self) -> None:
            self.close()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("neo4j._async_compat.network._bolt_socket.socket", Left)
        yield


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """The one event loop the server runs on."""
    return "asyncio"
