"""What happens while the database is away, and that everything works again when it is back, without a restart."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from urllib.parse import urlsplit

import pytest

from exchange.errors import ConfigurationInvalid, StoreUnavailable
from exchange.graph import HeadMoved, Store, Target
from exchange.graph.endpoint import Endpoint
from exchange.model.ledger import LedgerHead
from exchange.model.writes import AddOrganization
from tests.store.databases import Database
from tests.store.examples import an_organization, changes_of, put_organization
from tests.store.neo4j_server import free_port

BACK_SECONDS_MAX = 180


class Wire:
    """A way to a database that can be cut and mended."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.port = free_port()
        self._there = urlsplit(endpoint.uri)
        self.target = Target(endpoint=replace(endpoint, uri=f"bolt://127.0.0.1:{self.port}"))
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._carrying: set[asyncio.Task[None] | None] = set()

    async def mend(self) -> None:
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self.port)

    async def cut(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in self._open:
            writer.transport.abort()
        while self._carrying:
            await asyncio.wait([task for task in self._carrying if task is not None])

    async def _carry(self, here: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        self._carrying.add(task)
        writers = [back]
        try:
            with contextlib.suppress(OSError):
                reader, writer = await asyncio.open_connection(self._there.hostname, self._there.port)
                writers.append(writer)
                self._open.update(writers)
                await asyncio.gather(_copy(here, writer), _copy(reader, back))
        finally:
            self._open.difference_update(writers)
            for each in writers:
                each.close()
                with contextlib.suppress(OSError):
                    await each.wait_closed()
            self._carrying.discard(task)


async def _copy(source: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await source.read(65_536):
            to.write(data)
            await to.drain()
    to.close()


@pytest.fixture
async def wire(database: Database) -> AsyncIterator[Wire]:
    made = Wire(database.endpoint())
    yield made
    await made.cut()


async def soon(action):
    """What the action returns once the database is back."""
    deadline = asyncio.get_running_loop().time() + BACK_SECONDS_MAX
    while True:
        try:
            return await action()
        except StoreUnavailable:
            assert asyncio.get_running_loop().time() < deadline, "the database did not come back"
            await asyncio.sleep(0.05)


class AwayContract:
    async def test_a_database_that_comes_late_is_used_when_it_is_there(self, wire: Wire) -> None:
        store = await Store.open(wire.target)
        owner = an_organization()
        for action in (store.ready, store.head, lambda: store.get_organizations([owner.id]), store.describe):
            with pytest.raises(StoreUnavailable) as caught:
                await action()
            assert caught.value.retryable
        with pytest.raises(StoreUnavailable):
            await store.write([AddOrganization(owner)], changes_of([AddOrganization(owner)], NONE), NONE)
        await wire.mend()
        await store.ready()
        assert await store.get_organizations([owner.id]) == [None]
        await store.close()

    async def test_a_database_that_goes_away_is_used_when_it_is_back(self, wire: Wire) -> None:
        await wire.mend()
        store = await Store.open(wire.target)
        owner = await put_organization(store)
        for _ in range(2):
            await wire.cut()
            with pytest.raises(StoreUnavailable):
                await store.ready()
            with pytest.raises(StoreUnavailable):
                await put_organization(store)
            await wire.mend()
            assert await store.get_organizations([owner.id]) == [owner]
        assert await store.head() == LedgerHead(1, 0, 0)
        await store.close()

    async def test_a_database_that_goes_away_is_told_once_and_so_is_its_return(
        self, wire: Wire, caplog: pytest.LogCaptureFixture
    ) -> None:
        """However many questions were asked, and not where a connection is had again at once."""
        store = await Store.open(wire.target)
        with pytest.raises(StoreUnavailable):  # it has not come yet: nothing is gone
            await store.ready()
        await wire.mend()
        await store.ready()
        await asyncio.gather(*(store.get_organizations([str(number)]) for number in range(10)))
        await wire.cut()
        await wire.mend()
        await store.ready()
        assert [record.getMessage() for record in caplog.records] == []
        for _ in range(2):
            await wire.cut()
            asked = [*(store.get_organizations([str(number)]) for number in range(10)), store.head(), store.head()]
            assert all(
                isinstance(each, StoreUnavailable) for each in await asyncio.gather(*asked, return_exceptions=True)
            )
            with pytest.raises(StoreUnavailable):
                await store.ready()
            assert [record.levelname for record in caplog.records] == ["ERROR"]
            assert caplog.records[0].getMessage().startswith("The graph database is gone (")
            await wire.mend()
            for _ in range(2):
                await store.ready()
            assert [record.levelname for record in caplog.records] == ["ERROR", "WARNING"]
            assert re.fullmatch(r"The graph database is back, after \d+\.\d s\.", caplog.records[1].getMessage())
            caplog.clear()
        await store.close()

    async def test_a_wrong_password_is_told_as_such(self, database: Database) -> None:
        endpoint = replace(database.endpoint(), password="not the password")
        store = await Store.open(Target(endpoint=endpoint))
        with pytest.raises(ConfigurationInvalid, match="EXCHANGE_GRAPH_PASSWORD") as caught:
            await store.ready()
        assert "not the password" not in str(caught.value)
        await store.close()

    async def test_a_killed_database_loses_nothing_acknowledged(self, store: Store, database: Database) -> None:
        acknowledged: list[str] = []
        enough, stop = asyncio.Event(), asyncio.Event()

        async def writer() -> None:
            while not stop.is_set():
                owner = an_organization()
                writes = [AddOrganization(owner)]
                with contextlib.suppress(HeadMoved, StoreUnavailable):
                    head = await store.head()
                    await store.write(writes, changes_of(writes, head), head)
                    acknowledged.append(owner.id)
                if len(acknowledged) > 20:
                    enough.set()
                await asyncio.sleep(0.002)

        writers = [asyncio.create_task(writer()) for _ in range(2)]
        await enough.wait()
        await asyncio.to_thread(database.kill)
        await asyncio.to_thread(database.revive)
        before = len(acknowledged)
        await soon(store.ready)
        enough.clear()
        while len(acknowledged) < before + 5:
            await enough.wait()
            enough.clear()
        stop.set()
        await asyncio.gather(*writers)
        head = await soon(store.head)
        changes = await store.changes(0, head.sequence)
        kept = {change.subject for change in changes}
        assert len(kept) == len(changes)
        assert kept >= set(acknowledged)
        assert None not in await store.get_organizations(sorted(kept))
        assert database.run("MATCH (n:Organization) RETURN count(n)") == [[len(kept)]]


NONE = LedgerHead(0, 0, 0)
