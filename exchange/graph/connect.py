"""From EXCHANGE_GRAPH_URI to a database: which of the three ways is meant, and who says where it listens now.

- nothing, or `embedded:PATH`: this process starts an embedded database, or (commands) attaches to the one a server
  of the same user holds on that directory;
- `bolt://`, `bolt+s://`, `bolt+ssc://`: one Neo4j server;
- `neo4j://`, `neo4j+s://`, `neo4j+ssc://`: a Neo4j cluster or Aura, routed.
"""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from exchange.errors import ConfigurationInvalid, StoreInUse, StoreUnavailable
from exchange.graph.embedded import HEAP_MEGABYTES, START_SECONDS_MAX, EmbeddedDatabase, holds_database, is_served
from exchange.graph.endpoint import Endpoint, read_endpoint

EMBEDDED = "embedded"
DIRECT = ("bolt", "bolt+s", "bolt+ssc")
ROUTED = ("neo4j", "neo4j+s", "neo4j+ssc")
ATTACH_POLL_SECONDS = 0.05
EXAMPLES = "embedded:PATH, bolt://localhost:7687 or neo4j+s://example.databases.neo4j.io"
HOST = re.compile(r"[\w-]+(\.[\w-]+)*\.?")


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
    problem = uri_problem(uri)
    if problem is not None:
        raise ConfigurationInvalid(problem)
    scheme, _, rest = uri.partition(":")
    if scheme == EMBEDDED:
        return Target(Path(rest), attach=attach, heap_megabytes=heap_megabytes)
    if not password:
        raise ConfigurationInvalid("EXCHANGE_GRAPH_PASSWORD is not set, and a Neo4j server asks for one.")
    return Target(endpoint=Endpoint(uri, user or "neo4j", password, database=database))


def uri_problem(uri: str) -> str | None:
    """What is wrong with an EXCHANGE_GRAPH_URI and what to write; None: it can be used.

    Holds no part of the URI: somebody may have put a secret into it.
    """
    scheme, _, rest = uri.partition(":")
    if scheme == EMBEDDED:
        return None if rest else "EXCHANGE_GRAPH_URI=embedded: names no directory. Write embedded:PATH."
    if scheme not in DIRECT + ROUTED:
        return f"EXCHANGE_GRAPH_URI begins with none of the known schemes. Write {EXAMPLES}."
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError:  # a port that is none, half a pair of brackets
        return f"EXCHANGE_GRAPH_URI has no host and port that can be understood. Write {EXAMPLES}."
    if parts.username is not None or "@" in uri:
        return (
            "EXCHANGE_GRAPH_URI has a user or a password in it. Write scheme, host and port only, and set "
            "EXCHANGE_GRAPH_USER and EXCHANGE_GRAPH_PASSWORD."
        )
    if not parts.hostname or port == 0 or not (":" in parts.hostname or HOST.fullmatch(parts.hostname)):
        return f"EXCHANGE_GRAPH_URI names no host, or no port, that there may be. Write {EXAMPLES}."
    if parts.path.strip("/") or parts.fragment or (parts.query and scheme in DIRECT):
        return (
            f"EXCHANGE_GRAPH_URI must be scheme, host and port only. Write {EXAMPLES}; a database's name goes into "
            "EXCHANGE_GRAPH_DATABASE."
        )
    return None


def is_begun(target: Target) -> bool:
    """Whether there is something to open: an embedded database that was made before, or a server, which says itself."""
    return target.directory is None or holds_database(target.directory)


class Source(Protocol):
    """Who knows where the database listens. `attached`: another process of this user holds it."""

    @property
    def attached(self) -> bool: ...

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
        if target.attach and is_served(database.directory):  # trying to start one would wait for its lock
            return _Attached(database.directory)
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
    attached = False

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    async def endpoint(self, *, refresh: bool) -> Endpoint:
        return self._endpoint

    async def close(self) -> None:
        pass


class _Child:
    """Our own child: it listens elsewhere after every restart."""

    attached = False

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

    attached = True

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
