"""The graph in memory of a running server, kept by following the ledger.

Loaded once, out of a snapshot or in bounded reads, beside whatever is asked meanwhile. From then on every question
first brings it to the ledger's head, once for all who wait; so an answer is never older than the last acknowledged
write, whichever server took it. Where it cannot answer (still loading, too large, fallen behind, being written to a
file), the closure is read from the store: the same numbers, only slower.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from typing import Final

import numpy as np

from exchange.errors import ExchangeError
from exchange.graph import Store
from exchange.memory import (
    NOBODY,
    Closure,
    Column,
    History,
    KeptClosure,
    KeptClosures,
    Present,
    Proposal,
    Tables,
    Whole,
    consumed,
    consumers,
    cut,
    demand,
    may_be_kept,
    rights,
)
from exchange.model.closure import Dates
from exchange.model.footprint import Footprint
from exchange.model.ledger import LedgerHead
from exchange.model.resolved import Ints
from exchange.model.writes import Write
from exchange.operations.following.everybody import Everybody
from exchange.operations.following.graph_size import MEGABYTE, GraphTooLarge, too_large
from exchange.operations.following.kept_graph import CHANGES_MAX, read_kept
from exchange.operations.following.snapshots import SnapshotFile, SnapshotUnusable
from exchange.operations.following.taking_over import Changed, changed_by, load_tables, read_changed
from exchange.operations.requests.instants import later, today
from exchange.operations.turns import beside
from exchange.rollup.demand import Demand

log = logging.getLogger(__name__)

SNAPSHOT_CHANGES: Final = 20_000  # after so many, what a snapshot would have to follow takes longer than its reading
ADMISSION_CHANGES_MAX: Final = 10_000  # the same while writes wait: seconds, more than reading most closures takes
RETRY_SECONDS: Final = 1.0  # after a load that failed because the database was away: it begins with one small read
CLOSING_SECONDS_MAX: Final = 5.0  # for what the last snapshot needs of the database; what is being written is finished
KEPT_SHARE: Final = 4  # solved closures take at most a fourth of the memory, and only what the graph leaves free


class LiveGraph:
    """One server's graph in memory. All of its methods belong to the event loop."""

    def __init__(
        self, store: Store, clock: Callable[[], int], *, megabytes_max: int, snapshot: SnapshotFile | None = None
    ) -> None:
        """`snapshot`: where it is kept for the next start; None: nowhere."""
        self.megabytes_max, self.snapshot = megabytes_max, snapshot
        self._store, self._clock = store, clock
        self._bytes_max = megabytes_max * MEGABYTE
        self._present: Present | None = None
        self._scratch = Column(np.int32, fill=NOBODY)
        self._mutex = asyncio.Lock()
        self._everybody = Everybody()
        self._closures = KeptClosures()
        self._loading: asyncio.Task[None] | None = None
        self._writing: asyncio.Task[None] | None = None
        self._halfway = False  # while changes are taken over
        self._frozen = False  # while somebody goes through all of it, nothing changes
        self._freezing = asyncio.Lock()  # who that is; taken before `_mutex`
        self._snapshot_is_trusted = True
        self._snapshot_head: int | None = None
        self._snapshot_at: float | None = None

    @property
    def snapshot_age_seconds(self) -> float | None:
        """Since the snapshot was written that a next start would use; None: there is none."""
        return None if self._snapshot_at is None else max(time.time() - self._snapshot_at, 0.0)

    @property
    def nbytes(self) -> int:
        """Bytes of the columns; 0 while nothing is loaded."""
        present = self._present
        if present is None:
            return 0
        kept = self._everybody.nbytes + self._closures.nbytes
        return present.nbytes + present.tables.nbytes + self._scratch.nbytes + kept

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
        """Ends loading; what was taken over since the last snapshot is written to a new one."""
        if self._loading is not None:
            self._loading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._loading
        with contextlib.suppress(TimeoutError):  # a database that hangs does not keep the server from ending
            async with asyncio.timeout(CLOSING_SECONDS_MAX):
                if self._writing is not None:
                    await self._writing
                if self._present is not None and self._snapshot_head != self.head:
                    await self._write_snapshot()

    async def closure(
        self,
        keys: Sequence[int],
        dates: Dates,
        head: LedgerHead,
        now_us: int,
        *,
        chosen: Mapping[int, Footprint] | None = None,
        anew: bool = False,
    ) -> Closure | None:
        """The closure of `keys` at `dates`, with the rights at `head` and `now_us`, to which the graph is brought
        first; None: it has to be read from the store. `chosen`: as in `exchange.rollup.roll_up`. `anew`: not one that
        is kept."""
        async with self._mutex:
            present = self._present
            if present is None or not await self._brought_to(present, head, now_us):
                return None
            now = today(head, now_us)
            keeps = not chosen and not anew and present.holds_at(dates) and present.holds_at(now)
            if keeps:
                kept = self._closures.find(present, keys)
                if kept is not None:
                    if not kept.rights_hold():
                        await beside(lambda: kept.find_rights(present, now))
                    return Closure(kept.cut, kept.rights, kept)
            versions = {key: footprint.key for key, footprint in (chosen or {}).items()}
            return await beside(lambda: self._closure(present, keys, dates, now, versions, keeps))

    def keep(self, closure: Closure) -> None:
        """Keeps a closure that was solved, for as long as nothing in it moves, and memory allows it."""
        present, kept = self._present, closure.kept
        if present is not None and kept is not None and kept.is_of(present) and kept not in self._closures:
            self._closures.keep(kept, self._room())

    @property
    def kept_roots(self) -> list[tuple[int, ...]]:
        """What was asked about, of each closure that is kept; some of them may have moved since."""
        return self._closures.roots

    def _room(self) -> int:
        """Bytes that kept closures may take."""
        return min(self._bytes_max // KEPT_SHARE, self._bytes_max - (self.nbytes - self._closures.nbytes))

    @contextlib.asynccontextmanager
    async def _brought(self, head: LedgerHead, now_us: int) -> AsyncIterator[Present | None]:
        """The graph at `head` and `now_us`, which is its caller's alone meanwhile; None: it cannot be had here."""
        async with self._mutex:
            present = self._present
            yield present if present is not None and await self._brought_to(present, head, now_us) else None

    async def consumers(
        self,
        keys: Collection[int],
        owner_id: str | None,
        head: LedgerHead,
        now_us: int,
        *,
        others: bool = False,
        most: int | None = None,
    ) -> list[int] | None:
        """What the store's `product_keys_with_lines_to` gives. None: it has to be read from there."""
        async with self._brought(head, now_us) as present:
            if present is None:
                return None
            return await beside(lambda: consumers(present.tables, keys, owner_id, others=others, most=most))

    async def whole(self, head: LedgerHead, now_us: int) -> Whole | None:
        """Everybody's result as of now at `head`, to which the graph is brought first; None: it cannot be had here.

        Kept from one question to the next, and then only what moved is computed anew. It goes on changing: take from it
        what is needed before anything else is awaited.
        """
        async with self._brought(head, now_us) as present:
            return None if present is None else await self._everybody.at(present)

    async def renew_whole(self, head: LedgerHead, now_us: int) -> Ints | None:
        """Solves everybody's results from nothing and keeps those. Returns the keys of the products whose kept results
        were not what comes out; None: there was nothing to compare."""
        async with self._brought(head, now_us) as present:
            return None if present is None else await self._everybody.renew(present)

    async def demand(self, proposal: Proposal, head: LedgerHead, now_us: int) -> Demand | None:
        """What admission of a proposal judges, at `head` and `now_us`, to which the graph is brought first; None: it
        has to be read from the store. Nothing of the graph changes by a proposal. Raises LoopRefused (too large)."""
        async with self._mutex:
            present = self._present
            if present is None or head.sequence - present.dates.head > ADMISSION_CHANGES_MAX:
                return None
            if not await self._brought_to(present, head, now_us):
                return None
            self._scratch.resize(len(present.tables.products.owner))
            return await beside(lambda: demand(present.tables, proposal, today(head, now_us), self._scratch))

    @contextlib.asynccontextmanager
    async def standing_still(self, head: LedgerHead, now_us: int) -> AsyncIterator[Tables | None]:
        """The tables, in which is everything up to `head` at least, and which nothing changes while the block runs:
        meanwhile memory answers what it can without a change, and the store the rest. None: they cannot be had here."""
        async with self._freezing:
            async with self._brought(head, now_us) as present:
                self._frozen = present is not None
            try:
                yield None if present is None else present.tables
            finally:
                self._frozen = False

    def holds(self, tables: Tables) -> bool:
        """Whether answers still come from these: they were not given up."""
        return self._present is not None and self._present.tables is tables

    def consumed_keys(self, keys: Collection[int], head: LedgerHead) -> set[int] | None:
        """Those of the products to which any footprint has a line or fallback; None: the store has to be asked. Many
        footprints that nobody's line names are published one after the other: the graph is not brought on for them."""
        present = self._present
        if present is None or present.dates.head < head.sequence:
            return None
        return consumed(present.tables, keys)

    async def wrote(self, writes: Sequence[Write], before: LedgerHead, after: LedgerHead) -> None:
        """What this process wrote itself is taken over as it is, where the graph stood just before it. Else it comes
        with what the next question needs."""
        changed = changed_by(writes)
        async with self._mutex:
            present = self._present
            if changed and present and not self._frozen and present.dates.head == before.sequence:
                await self._take(present, changed, today(after, after.at_us), after.at_us)

    def _closure(
        self, present: Present, keys: Sequence[int], dates: Dates, now: Dates, chosen: dict[int, int], keeps: bool
    ) -> Closure:
        self._scratch.resize(len(present.tables.products.owner))
        source = present if not chosen and present.holds_at(dates) else History(present.tables, dates, chosen)
        found = cut(source, keys, self._scratch)
        theirs = rights(present.tables, found.mentioned, now)
        keeps = keeps and may_be_kept(found, theirs)
        return Closure(found, theirs, KeptClosure(present, found, theirs) if keeps else None)

    async def _brought_to(self, present: Present, head: LedgerHead, now_us: int) -> bool:
        """Takes over what was written up to `head`; where it has more already, the tables know the earlier state.
        False: it is given up, and loaded again where that helps."""
        at, now = present.dates, today(head, now_us)
        if at.head > now.head or (at.head == now.head and present.holds_at(now)):
            return True
        if now.head - at.head > CHANGES_MAX:
            log.warning("the graph in memory is %d changes behind: it is loaded again", now.head - at.head)
            self.give_up()
            return False
        if self._frozen:
            return False
        changed = await read_changed(self._store, at.head, now.head)
        return await self._take(present, changed, now, head.at_us)

    async def _take(self, present: Present, changed: Changed, now: Dates, at_us: int) -> bool:
        """False: it is given up, and loaded again where that helps."""
        try:
            await beside(lambda: self._take_over(present, changed, now, at_us))
        except (Exception, asyncio.CancelledError) as error:
            if self._halfway:  # never answer from it, also where nobody waits for this any more
                self.give_up()
                log.exception("the graph in memory could not follow the ledger: it is loaded again")
            if isinstance(error, asyncio.CancelledError):
                raise
            return False
        self._closures.shrink(self._room())
        if self.nbytes > self._bytes_max:
            self.give_up(load_again=False)
            log.warning("%s", too_large(self._bytes_max))
            return False
        if self.snapshot is not None and now.head - (self._snapshot_head or 0) >= SNAPSHOT_CHANGES:
            self._start_writing()
        return True

    def _take_over(self, present: Present, changed: Changed, now: Dates, at_us: int) -> None:
        """In one piece, whoever is cancelled meanwhile: nothing goes on and forgets what it has moved."""
        self._halfway = True
        touched = changed.apply(present.tables)
        self._everybody.move(present.advance(later(present.dates, now), touched, at_us))
        self._halfway = False

    def give_up(self, *, load_again: bool = True, from_database: bool = False) -> None:
        """Answers nothing any more, until it has been loaded again. `from_database`: what was wrong may have been kept,
        so the snapshot is not used either, and replaced."""
        if from_database:
            self._snapshot_is_trusted = False
        self._present = None
        self._everybody.drop()
        self._closures.clear()
        if load_again:
            self.start()

    async def _load_until_there(self) -> None:
        level = logging.WARNING  # the first time; whoever was told that it is away knows it
        while True:
            try:
                began = time.monotonic()
                self._present = await self._kept() or await self._load()
                log.info(
                    "the graph is in memory after %.1f s, from %s: %d MB at ledger sequence %s",
                    time.monotonic() - began,
                    "the database" if self._snapshot_head is None else "its snapshot",
                    self.nbytes // MEGABYTE,
                    self.head,
                )
                if self._snapshot_head != self.head:
                    self._start_writing()
                return
            except GraphTooLarge as error:
                log.warning("%s", error)
                return
            except Exception as error:
                if not isinstance(error, ExchangeError) or not error.retryable:
                    log.exception("the graph could not be loaded; answers are computed from the database")
                    return
                log.log(level, "the graph could not be loaded, which is tried again until it can be: %s", error.message)
                level = logging.DEBUG
                await asyncio.sleep(RETRY_SECONDS)

    async def _load(self) -> Present:
        head = await self._store.head()
        tables = await load_tables(self._store, head, self._check_size)
        now = today(head, max(self._clock(), head.at_us))
        present = await beside(lambda: Present(tables, now, head.at_us))
        self._check_size(tables, present.nbytes)
        return present

    def _check_size(self, tables: Tables, more: int = 0) -> None:
        if tables.nbytes + more > self._bytes_max:
            raise too_large(self._bytes_max)

    # -- the snapshot ----------------------------------------------------------------------------------------------

    async def _kept(self) -> Present | None:
        """The graph out of the snapshot, if there is one that is of this database and not too far behind."""
        if self.snapshot is None or not self._snapshot_is_trusted:
            self._snapshot_head = None
            return None
        kept = await read_kept(self._store, self.snapshot)
        if kept is None:
            return None
        self._check_size(kept.present.tables, kept.present.nbytes)
        self._snapshot_head, self._snapshot_at = kept.last.sequence, kept.written_at
        return kept.present

    def _start_writing(self) -> None:
        if self._writing is None or self._writing.done():
            self._writing = asyncio.get_running_loop().create_task(self._write_snapshot(), name="graph-snapshot")

    async def _write_snapshot(self) -> None:
        """Writes the graph as it is. Meanwhile it answers what it can without a change, and the store the rest."""
        async with self._freezing:
            async with self._mutex:
                present, snapshot, head = self._present, self.snapshot, self.head
                if present is None or snapshot is None or not head:
                    return
                self._frozen = True
            try:
                [last] = await self._store.changes(head - 1, head)
                size = await beside(lambda: snapshot.write(present, last))
            except (OSError, ExchangeError, SnapshotUnusable) as error:
                log.warning("the snapshot %s could not be written: %s", snapshot.path, error)
            else:
                self._snapshot_head, self._snapshot_at, self._snapshot_is_trusted = head, time.time(), True
                log.info("the graph is kept in %s: %d MB", snapshot.path, size // MEGABYTE)
            finally:
                self._frozen = False
