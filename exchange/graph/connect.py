"""From EXCHANGE_GRAPH_URI to a database: which of the three ways is meant, and who says where it listens now.

- nothing, or `embedded:PATH`: this process starts an embedded database, or (commands) attaches to the one a server
  of the same user holds on that directory;
- `bolt://`, `bolt+s://`, `bolt+ssc://`: one Neo4j server;
- `neo4j://`, `neo4j+s://`, `neo4j+ssc://`: a Neo4j cluster or Aura, routed.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from exchange.errors import ConfigurationInvalid, StoreInUse, StoreUnavailable
from exchange.graph.embedded import HEAP_MEGABYTES, START_SECONDS_MAX, EmbeddedDatabase
from exchange.graph.endpoint import Endpoint, read_endpoint

EMBEDDED = "embedded"
DIRECT = ("bolt", "bolt+s", "bolt+ssc")
ROUTED = ("neo4j", "neo4j+s", "neo4j+ssc")
ATTACH_POLL_SECONDS = 0.05
EXAMPLES = "embedded:PATH, bolt://localhost:7687 or neo4j+s://example.databases.neo4j.io"


@dataclass(frozen=True, slots=True)
class Target:
    """What the settings mean. Exactly one of `directory` (embedded) and `endpoint` (a server) is there.

    attach: where another process of this user holds the directory, use its database instead of refusing.
    """

    directory: Path | None = None
    endpoint: Endpoint | None = None
    attach: bool = False
    heap_megabytes: int = field(default=HEAP_MEGABYTES, repr=False)

    def __str__(self) -> str:
        """Where the graph is, without secrets."""
        return f"{EMBEDDED}:{self.directory}" if self.endpoint is None else self.endpoint.uri


def parse_target(
    uri: str | None,
    *,
    user: str | None = None,
    password: str | None = None,
    database: str | None = None,
    default_directory: Path,
    attach: bool = False,
    heap_megabytes: int = HEAP_MEGABYTES,
) -> Target:
    """The target that these settings mean; raises ConfigurationInvalid, saying what to set, and connects nowhere."""
    if not uri:
        return Target(default_directory, attach=attach, heap_megabytes=heap_megabytes)
    scheme, _, rest = uri.partition(":")
    if scheme == EMBEDDED:
        if not rest:
            raise ConfigurationInvalid("EXCHANGE_GRAPH_URI=embedded: names no directory. Write embedded:PATH.")
        return Target(Path(rest), attach=attach, heap_megabytes=heap_megabytes)
    if scheme not in DIRECT + ROUTED:
        raise ConfigurationInvalid(f"EXCHANGE_GRAPH_URI={uri!r} is not understood. Use {EXAMPLES}.")
    parts = urlsplit(uri)
    if not parts.hostname or parts.username or parts.password or parts.path.strip("/"):
        raise ConfigurationInvalid(
            "EXCHANGE_GRAPH_URI must be scheme, host and port only. Set the user and the password with "
            "EXCHANGE_GRAPH_USER and EXCHANGE_GRAPH_PASSWORD."
        )
    if not password:
        raise ConfigurationInvalid("EXCHANGE_GRAPH_PASSWORD is not set, and a Neo4j server asks for one.")
    return Target(endpoint=Endpoint(uri, user or "neo4j", password, database=database))


class Source(Protocol):
    """Who knows where the database listens."""

    async def endpoint(self, *, refresh: bool) -> Endpoint:
        """The endpoint now; `refresh` after a failure, when what was known may be old. Raises StoreUnavailable."""

    async def close(self) -> None: ...


async def open_source(target: Target) -> Source:
    """Gets hold of the database, starting or attaching as the target says.

    A server that does not answer is no error here, because it may come later; an embedded database that cannot start is
    (StoreInUse, ConfigurationInvalid, StoreUnavailable).
    """
    if target.endpoint is not None:
        return _Server(target.endpoint)
    assert target.directory is not None
    deadline = time.monotonic() + START_SECONDS_MAX
    while True:
        database = EmbeddedDatabase(target.directory, heap_megabytes=target.heap_megabytes)
        try:
            await _start(database)
            return _Child(database)
        except StoreInUse:
            if not target.attach or time.monotonic() > deadline:
                raise
        if read_endpoint(database.directory) is not None:
            return _Attached(database.directory)
        await asyncio.sleep(ATTACH_POLL_SECONDS)  # its holder is starting, or has just ended


async def _start(database: EmbeddedDatabase) -> None:
    """Starts it; if the caller is cancelled meanwhile, nothing is left running."""
    starting = asyncio.ensure_future(asyncio.to_thread(database.start))
    try:
        await asyncio.shield(starting)
    except asyncio.CancelledError:
        await asyncio.to_thread(database.stop)
        await asyncio.wait([starting])
        starting.exception()
        raise


class _Server:
    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    async def endpoint(self, *, refresh: bool) -> Endpoint:
        return self._endpoint

    async def close(self) -> None:
        pass


class _Child:
    """Our own child: it listens elsewhere after every restart."""

    def __init__(self, database: EmbeddedDatabase) -> None:
        self._database = database

    async def endpoint(self, *, refresh: bool) -> Endpoint:
        endpoint = self._database.endpoint
        if endpoint is None:
            raise StoreUnavailable("The embedded database is starting again. Ask again in a few seconds.")
        return endpoint

    async def close(self) -> None:
        await asyncio.to_thread(self._database.stop)


class _Attached:
    """A database that another process of this user holds."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._endpoint: Endpoint | None = None

    async def endpoint(self, *, refresh: bool) -> Endpoint:
        if self._endpoint is None or refresh:
            self._endpoint = read_endpoint(self._directory)
        if self._endpoint is None:
            raise StoreUnavailable(f"The process that held the embedded database in {self._directory} has ended.")
        return self._endpoint

    async def close(self) -> None:
        pass
