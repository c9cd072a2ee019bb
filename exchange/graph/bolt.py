"""Statements over Bolt: one driver, replaced when the database moves, and errors in the exchange's own words.

The rules: a read is one statement in its own transaction and is tried again on a new connection, because nothing can
be lost by it; a write is one transaction and is never tried again here, because only the ledger can tell what became
of it (`ledger.py`). No statement relies on a time-out of the server: the time here bounds only our waiting.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar

import neo4j
from neo4j.exceptions import AuthError

from exchange.errors import StoreUnavailable
from exchange.graph.connect import ROUTED, Source
from exchange.graph.driver_errors import CAUGHT, is_silence, is_worth_another_try, translated
from exchange.graph.endpoint import Endpoint
from exchange.graph.presence import Presence, quieten_driver

T = TypeVar("T")
Row = list[Any]

CONNECT_SECONDS_MAX = 5.0
READ_SECONDS_MAX = 60.0  # the longest read, a bulk load's chunk, takes 1 s
WRITE_SECONDS_MAX = 300.0  # a thousand footprints take 0.5 s; a first import on a slow disk far longer
READ_ATTEMPTS = 4
RETRY_SECONDS = 0.05  # before the first repetition, doubled for each further one
RETRY_SECONDS_MAX = 2.0  # after that long, a caller is better told
CONNECTIONS_MAX = 50

logger = logging.getLogger(__name__)


class CommitUnknown(Exception):
    """The connection broke while a transaction was committing: only the ledger knows whether it was kept."""


class Transaction:
    """A transaction under way; its errors come untranslated, for the writer to tell collisions apart."""

    def __init__(self, transaction: neo4j.AsyncTransaction) -> None:
        self._transaction = transaction

    async def run(self, statement: str, **parameters: Any) -> list[Row]:
        """Rows of one statement, each a list of its columns."""
        result = await self._transaction.run(statement, parameters)
        return await result.values()


class Bolt:
    """The way to the database that a source names. Belongs to one event loop."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._driver: neo4j.AsyncDriver | None = None
        self._endpoint: Endpoint | None = None
        self._mutex = asyncio.Lock()
        self._presence = Presence()
        self._bookmarks: neo4j.AsyncBookmarkManager | None = None

    @property
    def endpoint(self) -> Endpoint | None:
        """Where the last statement went."""
        return self._endpoint

    async def close(self) -> None:
        async with self._mutex:
            await self._drop_driver()

    async def read(self, statement: str, *, newest: bool = False, **parameters: Any) -> list[Row]:
        """Rows of one statement that changes nothing, each a list of its columns.

        newest: ask the member of a cluster that takes the writes. Raises StoreUnavailable after a few attempts, and
        ConfigurationInvalid where the database refuses us.
        """

        async def once() -> list[Row]:
            mode = neo4j.WRITE_ACCESS if newest else neo4j.READ_ACCESS
            async with asyncio.timeout(READ_SECONDS_MAX), self._session(mode) as session:
                result = await session.run(statement, parameters)
                return await result.values()

        return await self._tried_again(once)

    async def alter(self, statement: str, **parameters: Any) -> list[Row]:
        """Runs one statement that may be repeated without harm (schema commands, counters set to a value)."""

        async def once() -> list[Row]:
            async with asyncio.timeout(WRITE_SECONDS_MAX), self._session(neo4j.WRITE_ACCESS) as session:
                result = await session.run(statement, parameters)
                return await result.values()

        return await self._tried_again(once)

    async def touch(self, statement: str) -> None:
        """Runs one statement that writes, and takes it back: it waits for whoever writes to the same nodes, until what
        they wrote is there whole. In a cluster, later reads on any member see that, too."""

        async def once() -> None:
            async with (
                asyncio.timeout(WRITE_SECONDS_MAX),
                self._session(neo4j.WRITE_ACCESS) as session,
                await session.begin_transaction() as transaction,  # its end without a commit takes it back
            ):
                await (await transaction.run(statement)).consume()

        await self._tried_again(once)
        if self._bookmarks is not None:  # what is taken back leaves no bookmark
            await self.read("RETURN 1", newest=True)

    async def write(self, body: Callable[[Transaction], Awaitable[T]]) -> T:
        """Runs `body` in one transaction, once. What it raises rolls everything back and comes as it is.

        Raises CommitUnknown where the commit itself broke; any other error means that nothing was written.
        """
        committing = False
        try:
            async with asyncio.timeout(WRITE_SECONDS_MAX), self._session(neo4j.WRITE_ACCESS) as session:
                transaction = await session.begin_transaction()
                try:
                    result = await body(Transaction(transaction))
                except BaseException:
                    with contextlib.suppress(*CAUGHT):
                        await transaction.rollback()
                    raise
                committing = True
                await transaction.commit()
                return result
        except CAUGHT as error:
            refused = isinstance(error, neo4j.exceptions.Neo4jError)  # then the server rolled back, and says so
            if committing and not refused:
                raise CommitUnknown from error
            raise

    async def is_embedded(self) -> bool:
        """Whether this is the database that comes with the exchange, with the peculiarities that it has."""
        return (await self._source.endpoint(refresh=False)).embedded

    async def server(self) -> str:
        """The server's own name and version."""
        driver = await self._ready_driver(refresh=False)
        try:
            info = await driver.get_server_info()
        except CAUGHT as error:
            raise translated(error) from error
        return str(info.agent)

    async def _tried_again(self, once: Callable[[], Awaitable[T]]) -> T:
        began, asked_at = time.monotonic(), self._presence.asked()
        for attempt in range(READ_ATTEMPTS):
            try:
                found = await once()
            except StoreUnavailable as error:
                self._presence.lost(error, asked_at)
                raise
            except CAUGHT as error:
                moved = isinstance(error, AuthError) and await self._moved()
                last = attempt == READ_ATTEMPTS - 1 or time.monotonic() - began > RETRY_SECONDS_MAX
                if last or not (moved or is_worth_another_try(error)):
                    if is_silence(error):
                        self._presence.lost(error, asked_at)
                    else:
                        self._presence.answered()
                    raise translated(error) from error
            else:
                self._presence.answered()
                return found
            await asyncio.sleep(RETRY_SECONDS * 2**attempt)
            with contextlib.suppress(StoreUnavailable):
                await self._ready_driver(refresh=True)
        raise AssertionError("unreachable")

    async def _moved(self) -> bool:
        """Whether the database is elsewhere by now, so that a refusal came from a stranger on its old port."""
        try:
            return await self._source.endpoint(refresh=True) != self._endpoint
        except StoreUnavailable:
            return False

    @contextlib.asynccontextmanager
    async def _session(self, mode: str) -> AsyncIterator[neo4j.AsyncSession]:
        driver = await self._ready_driver(refresh=False)
        assert self._endpoint is not None
        options: dict[str, Any] = {} if self._bookmarks is None else {"bookmark_manager": self._bookmarks}
        async with driver.session(default_access_mode=mode, database=self._endpoint.database, **options) as session:
            yield session

    async def _ready_driver(self, *, refresh: bool) -> neo4j.AsyncDriver:
        """The driver for where the database listens now."""
        endpoint = await self._source.endpoint(refresh=refresh)
        if self._driver is not None and endpoint == self._endpoint:
            return self._driver
        async with self._mutex:
            if self._driver is None or endpoint != self._endpoint:
                await self._drop_driver()
                self._driver, self._endpoint = _driver(endpoint), endpoint
                # In a cluster, what this process has seen or written is seen by its next read on any member.
                routed = endpoint.uri.startswith(tuple(f"{scheme}:" for scheme in ROUTED))
                self._bookmarks = neo4j.AsyncGraphDatabase.bookmark_manager() if routed else None
            return self._driver

    async def _drop_driver(self) -> None:
        driver, self._driver = self._driver, None
        if driver is not None:
            with contextlib.suppress(*CAUGHT):
                await driver.close()


def _driver(endpoint: Endpoint) -> neo4j.AsyncDriver:
    quieten_driver()
    options: dict[str, Any] = {
        "connection_timeout": CONNECT_SECONDS_MAX,
        "connection_acquisition_timeout": CONNECT_SECONDS_MAX * 4,
        "max_connection_pool_size": CONNECTIONS_MAX,
        "user_agent": "footprint-exchange",
        "telemetry_disabled": True,
    }
    if not endpoint.embedded:
        # Hints about labels that are still empty; the embedded database sends none and refuses the setting.
        options["notifications_min_severity"] = "OFF"
    try:
        return neo4j.AsyncGraphDatabase.driver(endpoint.uri, auth=(endpoint.user, endpoint.password), **options)
    except CAUGHT as error:
        raise translated(error) from error
