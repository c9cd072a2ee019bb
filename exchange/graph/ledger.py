"""The ledger: one head that every write moves, so that writes happen one after another on any number of servers.

A writer decides against a head it has read, and its transaction ends with the statement that moves that head: if
somebody else moved it meanwhile, nothing is written and the writer hears `HeadMoved`. Sequences are therefore without
gaps, and a decision (admission, a free name) holds for exactly the graph it is written to.

A commit whose answer was lost is looked up by its own mark in the ledger: it is never written twice, and never
reported lost where it was kept.

The changes are a chain, too: each is kept with a hash over the one before (`model/audit.py`), whose last is on the
ledger's node, and so moves with the head or not at all.
"""

from __future__ import annotations

import asyncio
import secrets
import time
import uuid
from collections.abc import Sequence
from typing import Any

from exchange.errors import Conflict, ExchangeError, StoreUnavailable
from exchange.graph.audit import CHANGES, counted, places_of
from exchange.graph.bolt import Bolt, CommitUnknown, Transaction
from exchange.graph.driver_errors import CAUGHT, may_be_a_collision, translated
from exchange.graph.migrations import check_version
from exchange.graph.pauses import pause_seconds
from exchange.graph.records import change_of, entry_properties
from exchange.graph.taken import find_taken
from exchange.graph.writes import NameTaken, apply
from exchange.model.audit import GENESIS, SECRET_BYTES, seal
from exchange.model.ledger import CREDENTIALS, Change, LedgerHead
from exchange.model.writes import CreateProduct, PublishFootprint, Write

CHANGES_CHUNK_MAX = 1_000
COLLISIONS_MAX = 12  # of one write with other servers: with the pauses below about a second
COLLISION_PAUSE_SECONDS = 0.002
COLLISION_PAUSE_SECONDS_MAX = 0.1
OUTCOME_SECONDS_MAX = 15.0  # to learn what became of a commit: an embedded database is back after two
OUTCOME_PAUSE_SECONDS = 0.1
LOOKS_MAX = 8  # at changes that the head counts already: with the pauses below half a second
LOOK_PAUSE_SECONDS = 0.002  # before the second look, doubled for each further one

_HEAD = """
MATCH (l:Ledger {id: 'ledger'})
RETURN l.head, l.products, l.footprints, l.schemaVersion, coalesce(l.atUs, 0), coalesce(l.credentials, 0)
"""
# Writing to the node comes first: it waits for whoever is before us, and only then is the head read.
_MOVE = """
MATCH (l:Ledger {id: 'ledger'})
SET l.head = l.head + $changes, l.products = l.products + $products, l.footprints = l.footprints + $footprints,
    l.atUs = $at, l.credentials = coalesce($credentials, l.credentials, 0)
WITH l UNWIND $parties AS p MERGE (t:AuditTail {id: p.id}) SET t.entries = coalesce(t.entries, 0) + p.entries
RETURN l.head - $changes, l.products - $products, l.footprints - $footprints, coalesce(l.auditHash, $genesis),
    p.id, t.entries - p.entries
"""
# The chain begins with the first change that was written as an entry of it: older ones have no hash.
_APPEND = """
MATCH (l:Ledger {id: 'ledger'}) SET l.auditHash = $hash, l.auditFrom = coalesce(l.auditFrom, $first)
WITH l UNWIND $rows AS r CREATE (c:Change) SET c = r
"""
_TOUCH = "MATCH (l:Ledger {id: 'ledger'}) SET l.id = l.id"
_WHOSE = "MATCH (c:Change {sequence: $sequence}) RETURN c.transaction"


class HeadMoved(Exception):
    """The head that a write was decided against is no longer the head: nothing was written, decide again."""


async def read_head(bolt: Bolt) -> LedgerHead:
    """The head as the database has it now; raises StoreTooNew where a newer exchange has migrated it meanwhile."""
    rows = await bolt.read(_HEAD, newest=True)
    if not rows:
        raise StoreUnavailable("The graph database is not set up yet. Ask again in a few seconds.")
    sequence, products, footprints, version, at_us, credentials = rows[0]
    check_version(version)
    return LedgerHead(sequence, products, footprints, at_us, credentials)


async def read_changes(bolt: Bolt, after: int, upto: int) -> list[Change]:
    """Changes after+1 … upto, in order and without a gap."""
    found: list[Change] = []
    for first in range(after + 1, upto + 1, CHANGES_CHUNK_MAX):
        found += await _read_chunk(bolt, first, min(first + CHANGES_CHUNK_MAX - 1, upto))
    return found


async def _read_chunk(bolt: Bolt, first: int, last: int) -> list[Change]:
    """Neo4j shows a transaction before it has brought its last index up to date: the head moves a moment before the
    changes can be found that it counts. So one looks again."""
    for look in range(LOOKS_MAX):
        rows = await bolt.read(CHANGES, first=first, last=last)
        if len(rows) == last - first + 1:
            return [change_of(row[0]) for row in rows]
        await asyncio.sleep(LOOK_PAUSE_SECONDS * 2**look)
    raise StoreUnavailable("The ledger could not be read whole. Ask again in a few seconds.")


class SharedHead:
    """Reads of the head, shared: callers join a read that has not started, never one that may predate their write.

    Neo4j shows a transaction step by step, and its locks are held until all of it is there. A head that somebody else
    has moved may therefore be seen before what it counts; so a new one is told only after whoever held the ledger's
    lock is through.
    """

    def __init__(self, bolt: Bolt) -> None:
        self._bolt = bolt
        self.seen: LedgerHead | None = None  # the latest; up to its sequence, everything is known to be there
        self._running: asyncio.Task[LedgerHead] | None = None
        self._waiting: asyncio.Task[LedgerHead] | None = None

    async def read(self) -> LedgerHead:
        if self._waiting is None:
            self._waiting = asyncio.create_task(self._read_after(self._running))
            self._waiting.add_done_callback(_looked_at)
        return await asyncio.shield(self._waiting)

    async def _read_after(self, previous: asyncio.Task[LedgerHead] | None) -> LedgerHead:
        if previous is not None:
            await asyncio.wait([previous])
        self._running, self._waiting = self._waiting, None  # from here on nobody joins
        head = await read_head(self._bolt)
        if self.seen is None or head.sequence > self.seen.sequence:
            if not await self._bolt.is_embedded():
                await self._bolt.touch(_TOUCH)
            self.settle(head)
        return head

    def settle(self, head: LedgerHead) -> None:
        """A transaction with this head was committed: it held the ledger's lock after all before it."""
        if self.seen is None or head.sequence > self.seen.sequence:
            self.seen = head


async def write(bolt: Bolt, writes: Sequence[Write], changes: Sequence[Change], expected: LedgerHead) -> LedgerHead:
    """Applies the writes and appends the changes in one transaction, if `expected` is still the head."""
    if not changes:
        raise ValueError("a write without a change would be seen by nobody")
    if [change.sequence for change in changes] != list(
        range(expected.sequence + 1, expected.sequence + len(changes) + 1)
    ):
        raise ValueError("changes carry the sequences that follow the expected head")
    return await _Writing(bolt, writes, changes, expected).run()


class _Writing:
    """One write, until it is known to be kept or known not to be."""

    def __init__(self, bolt: Bolt, writes: Sequence[Write], changes: Sequence[Change], expected: LedgerHead) -> None:
        self._bolt, self._writes, self._changes, self._expected = bolt, writes, changes, expected
        self._mark = uuid.uuid4().hex
        self._may_be_kept = False  # an earlier attempt's commit was never answered
        self._after = LedgerHead(
            expected.sequence + len(changes),
            expected.products + sum(isinstance(each, CreateProduct) for each in writes),
            expected.footprints + sum(isinstance(each, PublishFootprint) for each in writes),
            max(expected.at_us, *(change.at_us for change in changes)),
            max(expected.credentials, *(change.sequence for change in changes if change.kind in CREDENTIALS), 0),
        )
        self._credentials = max((c.sequence for c in changes if c.kind in CREDENTIALS), default=None)

    async def run(self) -> LedgerHead:
        for attempt in range(COLLISIONS_MAX):
            try:
                await self._bolt.write(self._in_transaction)
                return self._after
            except CommitUnknown:
                self._may_be_kept = True
                if await self._kept():
                    return self._after
            except (HeadMoved, NameTaken, *CAUGHT) as error:
                if self._may_be_kept and await self._kept():
                    return self._after
                await self._look_into(error)
            await asyncio.sleep(pause_seconds(attempt, COLLISION_PAUSE_SECONDS, COLLISION_PAUSE_SECONDS_MAX))
        raise StoreUnavailable("Other writers kept coming first. Nothing was written; ask again.")

    async def _in_transaction(self, transaction: Transaction) -> None:
        await apply(transaction, self._writes)
        before = await transaction.run(
            _MOVE,
            changes=len(self._changes),
            products=self._after.products - self._expected.products,
            footprints=self._after.footprints - self._expected.footprints,
            at=self._after.at_us,
            credentials=self._credentials,
            genesis=GENESIS,
            parties=counted(self._changes),
        )
        if not before or LedgerHead(*before[0][:3]) != self._expected:
            raise HeadMoved
        entries = seal(before[0][3], self._changes, secrets.token_bytes(SECRET_BYTES * len(self._changes)))
        places = places_of(self._changes, {row[4]: row[5] for row in before})
        rows = [entry_properties(entry, own) for entry, own in zip(entries, places, strict=True)]
        rows[0]["transaction"] = self._mark
        first, last = entries[0].change.sequence, entries[-1].hash
        for start in range(0, len(rows), CHANGES_CHUNK_MAX):
            await transaction.run(_APPEND, rows=rows[start : start + CHANGES_CHUNK_MAX], hash=last, first=first)

    async def _look_into(self, error: BaseException) -> None:
        """Raises what the failed attempt means; returns where it is worth another one."""
        if isinstance(error, HeadMoved):
            raise error
        if not isinstance(error, NameTaken) and not may_be_a_collision(error):
            understood = translated(error)
            if isinstance(understood, StoreUnavailable) and await self._is_back():
                return
            raise understood from error
        # A taken key, or two writers that met: the embedded database says the same of both. Where the head has moved,
        # deciding again tells them apart (and finds the first answer of an idempotency key that was just used).
        if (await read_head(self._bolt)).sequence != self._expected.sequence:
            raise HeadMoved from error
        taken = await find_taken(self._bolt, self._writes)
        if taken is not None:
            raise taken from error
        if isinstance(error, NameTaken):
            raise Conflict("One write registers the same URN for two products.", path=("urn",))

    async def _is_back(self) -> bool:
        """Whether a connection that broke before the commit can be had again at once: nothing was written by it."""
        try:
            return (await read_head(self._bolt)).sequence == self._expected.sequence
        except ExchangeError:
            return False

    async def _kept(self) -> bool:
        """Whether an unanswered commit is in the ledger. Waits for a database that is starting again."""
        deadline = time.monotonic() + OUTCOME_SECONDS_MAX
        while True:
            try:
                return bool(await self._whose() == self._mark)
            except StoreUnavailable:
                if time.monotonic() > deadline:
                    raise StoreUnavailable(
                        "The graph database went away while it was writing, so it is not known whether the write was "
                        "kept. Ask again with the same idempotency key: it is then done once, not twice."
                    ) from None
                await asyncio.sleep(OUTCOME_PAUSE_SECONDS)

    async def _whose(self) -> Any:
        rows = await self._bolt.read(_WHOSE, newest=True, sequence=self._changes[0].sequence)
        return rows[0][0] if rows else None


def _looked_at(task: asyncio.Task[LedgerHead]) -> None:
    """Every caller may have gone away: then nobody else asks for the error."""
    if not task.cancelled():
        task.exception()
