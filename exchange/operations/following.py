"""The graph in memory of a running server, kept by following the ledger.

Loaded once, in bounded reads, beside whatever is asked meanwhile. From then on every question first brings it to the
ledger's head, once for all who wait; so an answer is never older than the last acknowledged write, whichever server
took it. Where it cannot answer (still loading, too large, fallen behind), the closure is read from the store: the same
numbers, only slower.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np

from exchange.errors import ExchangeError
from exchange.graph import Store
from exchange.memory import NOBODY, Column, Cut, History, Present, Rights, Tables, Touched, consumers, cut, rights
from exchange.model.closure import Dates, Node
from exchange.model.footprint import Footprint
from exchange.model.grant import Grant
from exchange.model.ledger import Change, ChangeKind, LedgerHead
from exchange.model.product import Product, Release
from exchange.operations.checks import US_PER_DAY
from exchange.operations.turns import beside

T = TypeVar("T")

log = logging.getLogger(__name__)

NODES_CHUNK_MAX: Final = 2_000  # products read at once: some ten megabytes
CHANGES_MAX: Final = 100_000  # further behind than this, loading again is quicker than following
RETRY_SECONDS: Final = 5.0  # after a load that failed because the database was away
MEGABYTE: Final = 1_000_000


class GraphTooLarge(Exception):
    """The graph needs more memory than it may have."""


@dataclass(frozen=True, slots=True)
class Closure:
    """What was cut out of the graph for one question, and who owns and sees what is in it, at the question's now."""

    cut: Cut
    rights: Rights


def today(head: LedgerHead, now_us: int) -> Dates:
    """Today and now."""
    return Dates(now_us // US_PER_DAY, now_us, head.sequence)


class LiveGraph:
    """One server's graph in memory. All of its methods belong to the event loop."""

    def __init__(self, store: Store, clock: Callable[[], int], *, megabytes_max: int) -> None:
        self._store, self._clock = store, clock
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

    def start(self) -> None:
        """Begins to load, unless it does already."""
        if self._loading is None or self._loading.done():
            self._loading = asyncio.get_running_loop().create_task(self._load_until_there(), name="graph-loading")

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

    async def closure(
        self,
        keys: Sequence[int],
        dates: Dates,
        head: LedgerHead,
        now_us: int,
        *,
        chosen: Mapping[int, Footprint] | None = None,
    ) -> Closure | None:
        """The closure of `keys` at `dates`, with the rights at `head` and `now_us`, to which the graph is brought
        first; None: it has to be read from the store. `chosen`: as in `exchange.rollup.roll_up`."""
        async with self._mutex:
            present = self._present
            if present is None or not await self._brought_to(present, head, now_us):
                return None
            versions = {key: footprint.key for key, footprint in (chosen or {}).items()}
            return await beside(lambda: self._closure(present, keys, dates, today(head, now_us), versions))

    async def consumers(
        self, keys: Sequence[int], owner_id: str | None, head: LedgerHead, now_us: int
    ) -> list[int] | None:
        """Keys of products with a line or fallback, in any version, to any of `keys`; of one owner, or (None) of all.
        None: it has to be read from the store."""
        async with self._mutex:
            present = self._present
            if present is None or not await self._brought_to(present, head, now_us):
                return None
            return await beside(lambda: consumers(present.tables, keys, owner_id))

    def _closure(
        self, present: Present, keys: Sequence[int], dates: Dates, now: Dates, chosen: dict[int, int]
    ) -> Closure:
        self._scratch.resize(len(present.tables.products.owner))
        source = present if not chosen and present.holds_at(dates) else History(present.tables, dates, chosen)
        found = cut(source, keys, self._scratch)
        return Closure(found, rights(present.tables, found.mentioned, now))

    async def _brought_to(self, present: Present, head: LedgerHead, now_us: int) -> bool:
        """Takes over what was written up to `head`; where it has more already, the tables know the earlier state.
        False: it is given up, and loaded again where that helps."""
        at, now = present.dates, today(head, now_us)
        if at.head > now.head or (at.head == now.head and present.holds_at(now)):
            return True
        if now.head - at.head > CHANGES_MAX:
            log.warning("the graph in memory is %d changes behind: it is loaded again", now.head - at.head)
            self._give_up(load_again=True)
            return False
        changed = await self._read(at.head, now.head)
        try:
            touched = changed.apply(present.tables)
            present.advance(_later(at, now), touched, head.at_us)
        except Exception:  # half taken over: never answer from it
            self._give_up(load_again=True)
            log.exception("the graph in memory could not follow the ledger: it is loaded again")
            return False
        if self.nbytes > self._bytes_max:
            self._give_up(load_again=False)
            log.warning("%s", self._too_large())
            return False
        return True

    def _give_up(self, *, load_again: bool) -> None:
        self._present = None
        if load_again:
            self.start()

    async def _read(self, after: int, upto: int) -> Changed:
        """What the ledger's changes are about, as it is now: more may have happened to it since."""
        changes = await self._store.changes(after, upto)
        granted = _subjects(changes, ChangeKind.ACCESS_GRANTED, ChangeKind.ACCESS_REVOKED)
        return Changed(
            products=_there(await self._store.get_products(_subjects(changes, ChangeKind.PRODUCT_CREATED))),
            releases=_there(await self._store.get_releases(_subjects(changes, ChangeKind.RELEASE_CREATED))),
            published=_there(await self._store.get_footprints(_subjects(changes, ChangeKind.FOOTPRINT_PUBLISHED))),
            deprecated=_there(await self._store.get_footprints(_subjects(changes, ChangeKind.FOOTPRINT_DEPRECATED))),
            grants=_there(await self._store.get_grants(granted)),
        )

    async def _load_until_there(self) -> None:
        while True:
            try:
                self._present = await self._load()
                log.info("the graph is in memory: %d MB at ledger sequence %s", self.nbytes // MEGABYTE, self.head)
                return
            except GraphTooLarge as error:
                log.warning("%s", error)
                return
            except ExchangeError as error:
                if not error.retryable:
                    log.exception("the graph could not be loaded; answers are computed from the database")
                    return
                log.warning("the graph could not be loaded: %s", error.message)
                await asyncio.sleep(RETRY_SECONDS)
            except Exception:
                log.exception("the graph could not be loaded; answers are computed from the database")
                return

    async def _load(self) -> Present:
        head = await self._store.head()
        tables = Tables()
        tables.products.resize(head.products)
        tables.versions.resize(head.footprints)
        tables.add_releases([each for each in await self._store.read_releases() if each.sequence <= head.sequence])
        for first in range(0, head.products, NODES_CHUNK_MAX):
            keys = range(first, min(first + NODES_CHUNK_MAX, head.products))
            nodes = list((await self._store.read_nodes(list(keys))).values())
            await beside(lambda nodes=nodes: _add_nodes(tables, nodes, head.sequence))  # type: ignore[misc]
            if tables.nbytes > self._bytes_max:
                raise GraphTooLarge(self._too_large())
        now = today(head, max(self._clock(), head.at_us))
        present = await beside(lambda: Present(tables, now, head.at_us))
        if present.nbytes + tables.nbytes > self._bytes_max:
            raise GraphTooLarge(self._too_large())
        return present

    def _too_large(self) -> str:
        return (
            f"The graph needs more than the {self._bytes_max // MEGABYTE} MB that it may have in memory, so answers "
            "are computed from the database: correct, but slower. Raise EXCHANGE_GRAPH_MEGABYTES."
        )


@dataclass(frozen=True, slots=True)
class Changed:
    """What was written between two heads of the ledger."""

    products: Sequence[Product]
    releases: Sequence[Release]
    published: Sequence[Footprint]
    deprecated: Sequence[Footprint]
    grants: Sequence[Grant]

    def apply(self, tables: Tables) -> Touched:
        """Takes all of it over; nothing interrupts it."""
        touched = tables.add_products(self.products)
        touched |= tables.add_releases(self.releases)
        touched |= tables.add_footprints(self.published)
        for footprint in self.deprecated:
            touched |= tables.deprecate(footprint)
        return touched | tables.put_grants(self.grants)


def _add_nodes(tables: Tables, nodes: Sequence[Node], head: int) -> None:
    """What a read brought, without what was written since `head`: the ledger brings that."""
    there = [node for node in nodes if node.product.sequence <= head]
    tables.add_products(node.product for node in there)
    tables.add_footprints([each for node in there for each in node.footprints if each.sequence <= head])
    tables.put_grants(grant for node in there for grant in node.grants if grant.sequence <= head)


def _later(at: Dates, now: Dates) -> Dates:
    """Time never goes back, whatever clock a question came with."""
    return Dates(max(at.as_of_day, now.as_of_day), max(at.known_at_us, now.known_at_us), now.head)


def _subjects(changes: Sequence[Change], *kinds: ChangeKind) -> list[str]:
    return list(dict.fromkeys(change.subject for change in changes if change.kind in kinds))


def _there(found: Iterable[T | None]) -> list[T]:
    return [each for each in found if each is not None]
