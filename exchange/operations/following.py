"""The graph in memory of a running server, kept by following the ledger.

Loaded once, in bounded reads, beside whatever is asked meanwhile. From then on every question first brings it to the
ledger's head, once for all who wait; so an answer is never older than the last acknowledged write, whichever server
took it. Where it cannot answer (still loading, too large, a head that is past), the closure is read from the store:
the same numbers, only slower.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from exchange.errors import ExchangeError
from exchange.graph import Store
from exchange.memory import NOBODY, Column, Cut, History, Present, Tables, Touched, cut
from exchange.model.closure import Dates, Node
from exchange.model.footprint import Footprint
from exchange.model.ledger import Change, ChangeKind, LedgerHead

log = logging.getLogger(__name__)

NODES_CHUNK_MAX: Final = 2_000  # products read at once: some ten megabytes
CHANGES_MAX: Final = 200_000  # further behind than this, loading again is quicker than following
RETRY_SECONDS: Final = 5.0  # after a load that failed because the database was away
MEGABYTE: Final = 1_000_000


class GraphTooLarge(Exception):
    """The graph needs more memory than it may have."""


class LiveGraph:
    """One server's graph in memory. All of its methods belong to the event loop."""

    def __init__(self, store: Store, *, megabytes_max: int) -> None:
        self._store = store
        self._bytes_max = megabytes_max * MEGABYTE
        self._present: Present | None = None
        self._scratch = Column(np.int32, fill=NOBODY)
        self._mutex = asyncio.Lock()
        self._loading: asyncio.Task[None] | None = None

    @property
    def nbytes(self) -> int:
        """Bytes of the columns; 0 while nothing is loaded."""
        present = self._present
        return 0 if present is None else present.nbytes + present.tables.nbytes + self._scratch.nbytes

    @property
    def head(self) -> int | None:
        """The ledger sequence that it stands at; None while nothing is loaded."""
        return None if self._present is None else self._present.dates.head

    def start(self, dates_of: DatesOf) -> None:
        """Begins to load. `dates_of`: today and now, at a ledger head."""
        self._loading = asyncio.get_running_loop().create_task(self._load_until_there(dates_of), name="graph-loading")

    async def loaded(self) -> bool:
        """Waits until loading has ended; whether the graph is there."""
        if self._loading is not None:
            await asyncio.shield(self._loading)
        return self._present is not None

    async def close(self) -> None:
        if self._loading is not None:
            self._loading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._loading

    async def cut(
        self, keys: Sequence[int], dates: Dates, now: Dates, *, chosen: Mapping[int, Footprint] | None = None
    ) -> Cut | None:
        """The closure of `keys` at `dates`; None: it has to be read from the store. `now`: today's dates at the same
        head, which the graph is brought to first."""
        if self._present is None:
            return None
        async with self._mutex:
            present = self._present
            if present is None or not await self._brought_to(present, now):
                return None
            self._scratch.resize(len(present.tables.products.owner))
            if not chosen and present.holds_at(dates):
                return cut(present, keys, self._scratch)
            versions = {key: footprint.key for key, footprint in (chosen or {}).items()}
            return cut(History(present.tables, dates, versions), keys, self._scratch)

    async def _brought_to(self, present: Present, now: Dates) -> bool:
        """Takes over what was written up to the head of `now`; False: it is past that head already."""
        at = present.dates
        if at.head > now.head:
            return True  # the tables know every earlier state; what stands now is not asked for
        if now.head - at.head > CHANGES_MAX:
            log.warning("the graph in memory is %d changes behind: it is loaded again", now.head - at.head)
            self._present = None
            return False
        if at.head == now.head and present.holds_at(now):
            return True
        try:
            touched = await self._take_over(present.tables, at.head, now.head)
            present.advance(_later(at, now), touched)
        except ExchangeError:
            raise
        except Exception:
            self._present = None  # half taken over: never answer from it
            log.exception("the graph in memory could not follow the ledger; answers come from the database")
            return False
        return True

    async def _take_over(self, tables: Tables, after: int, upto: int) -> Touched:
        changes = await self._store.changes(after, upto)
        products = await self._store.get_products(_subjects(changes, ChangeKind.PRODUCT_CREATED))
        releases = await self._store.get_releases(_subjects(changes, ChangeKind.RELEASE_CREATED))
        published = await self._store.get_footprints(_subjects(changes, ChangeKind.FOOTPRINT_PUBLISHED))
        deprecated = await self._store.get_footprints(_subjects(changes, ChangeKind.FOOTPRINT_DEPRECATED))
        granted = _subjects(changes, ChangeKind.ACCESS_GRANTED) + _subjects(changes, ChangeKind.ACCESS_REVOKED)
        grants = await self._store.get_grants(list(dict.fromkeys(granted)))
        # Everything was read: from here on nothing can be interrupted.
        touched = tables.add_products(_there(products))
        touched |= tables.add_releases(_there(releases))
        touched |= tables.add_footprints(_there(published))
        for footprint in _there(deprecated):
            touched |= tables.deprecate(footprint)
        return touched | tables.put_grants(_there(grants))

    async def _load_until_there(self, dates_of: DatesOf) -> None:
        while True:
            try:
                self._present = await self._load(dates_of)
                log.info("the graph is in memory: %d MB at ledger sequence %s", self.nbytes // MEGABYTE, self.head)
                return
            except GraphTooLarge as error:
                log.warning("%s", error)
                return
            except ExchangeError as error:
                if not error.retryable:
                    raise
                log.warning("the graph could not be loaded: %s", error.message)
                await asyncio.sleep(RETRY_SECONDS)

    async def _load(self, dates_of: DatesOf) -> Present:
        head = await self._store.head()
        tables = Tables()
        tables.products.resize(head.products)
        tables.versions.resize(head.footprints)
        tables.add_releases([each for each in await self._store.read_releases() if each.sequence <= head.sequence])
        for first in range(0, head.products, NODES_CHUNK_MAX):
            keys = range(first, min(first + NODES_CHUNK_MAX, head.products))
            nodes = (await self._store.read_nodes(list(keys))).values()
            await asyncio.to_thread(_add_nodes, tables, list(nodes), head.sequence)
            if tables.nbytes > self._bytes_max:
                raise GraphTooLarge(
                    f"The graph needs more than the {self._bytes_max // MEGABYTE} MB that it may have in memory, so "
                    "answers are computed from the database: correct, but slower. Raise EXCHANGE_GRAPH_MEGABYTES."
                )
        return await asyncio.to_thread(Present, tables, dates_of(head))


class DatesOf:
    """Today and now, at a ledger head."""

    def __init__(self, session_dates) -> None:  # type: ignore[no-untyped-def]
        self._of = session_dates

    def __call__(self, head: LedgerHead) -> Dates:
        return self._of(head)  # type: ignore[no-any-return]


def _add_nodes(tables: Tables, nodes: Sequence[Node], head: int) -> None:
    """What a read brought, without what was written since `head`: the ledger brings that."""
    there = [node for node in nodes if node.product.sequence <= head]
    tables.add_products(node.product for node in there)
    tables.add_footprints([each for node in there for each in node.footprints if each.sequence <= head])
    tables.put_grants(grant for node in there for grant in node.grants if grant.sequence <= head)


def _later(at: Dates, now: Dates) -> Dates:
    """Time never goes back, whatever clock a question came with."""
    return Dates(max(at.as_of_day, now.as_of_day), max(at.known_at_us, now.known_at_us), now.head)


def _subjects(changes: Sequence[Change], kind: ChangeKind) -> list[str]:
    return list(dict.fromkeys(change.subject for change in changes if change.kind is kind))


def _there(found):  # type: ignore[no-untyped-def]
    return [each for each in found if each is not None]
