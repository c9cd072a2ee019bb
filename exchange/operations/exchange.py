"""One exchange of a process: the store, the clock, and the one queue that every write goes through."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from exchange.errors import NotSignedIn
from exchange.graph import Store
from exchange.model.ledger import LedgerHead
from exchange.model.parties import Viewer
from exchange.operations.following.follower import LiveGraph
from exchange.operations.following.known import Known
from exchange.operations.following.known_clients import KnownClients
from exchange.operations.following.snapshots import SnapshotFile
from exchange.operations.reading.sampling import Runs
from exchange.operations.reading.session import Session
from exchange.operations.swings.customers_told import CustomersTold
from exchange.operations.swings.judging import Swings
from exchange.operations.turns import Share, Turns
from exchange.operations.watching.audit import Audit
from exchange.operations.watching.probing import ForeignScenarios
from exchange.operations.watching.refused_scenarios import RefusedScenarios
from exchange.operations.writing.measures import Measures, NoMeasures
from exchange.operations.writing.queue import WriteQueue

Clock = Callable[[], int]

WRITTEN_US: Final = 1_000_000  # after a write more of them are expected: a head that was seen is soon another


def wall_clock_us() -> int:
    """Microseconds since 1970, UTC."""
    return time.time_ns() // 1_000


@dataclass(frozen=True, slots=True)
class Exchange:
    """What operations need. Make it with `open_exchange`, end it with `close`."""

    store: Store
    clock: Clock
    queue: WriteQueue
    turns: Turns = field(default_factory=Turns)
    refused_scenarios: RefusedScenarios = field(default_factory=RefusedScenarios)
    swings: Swings = field(default_factory=Swings)
    runs: Runs = field(default_factory=Runs)
    graph: LiveGraph | None = None
    measures: Measures = field(default_factory=NoMeasures)
    known: Known = field(default_factory=Known)
    publishing: asyncio.Lock = field(default_factory=asyncio.Lock)  # of a quarter's benchmarks
    audit: Audit = field(init=False)
    customers: CustomersTold = field(init=False)
    clients: KnownClients = field(init=False)
    foreign_scenarios: ForeignScenarios = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "audit", Audit(self.store, self.queue))
        object.__setattr__(self, "customers", CustomersTold(self.store, self.graph, self.audit, self.clock))
        object.__setattr__(self, "clients", KnownClients(self.store))
        object.__setattr__(self, "foreign_scenarios", ForeignScenarios(self.audit))

    async def session(self, viewer: Viewer) -> Session:
        """Everything that one viewer asks in one go: all of it is decided at one ledger head and one instant. Raises
        NotSignedIn where the viewer's client is not any more what it was when its token was given."""
        return await self._session(viewer, await self.store.head())

    async def question(self, viewer: Viewer) -> Session:
        """The same for what writes nothing, and is confirmed before it leaves. While nobody writes, it begins at the
        head that was seen last, without reading it: confirming shows that it was the head when the answer was made,
        so nothing acknowledged before is missing; else nothing is told, and the question put again."""
        head = self.store.last_head
        if head is None or self.clock() - head.at_us < WRITTEN_US:
            return await self.session(viewer)
        try:
            return await self._session(viewer, head, assumed=True)
        except NotSignedIn:  # or its client is another since, and the token is of that
            return await self.session(viewer)

    async def _session(self, viewer: Viewer, head: LedgerHead, *, assumed: bool = False) -> Session:
        now_us = max(self.clock(), head.at_us)
        await self.clients.confirm(viewer, head)
        session = Session(self.store, viewer, head, now_us, self.share(viewer), self.graph, self.measures)
        session.foreign_scenarios, session.known, session.assumed = self.foreign_scenarios, self.known, assumed
        return session

    def share(self, viewer: Viewer) -> Share:
        """The turns of one operation of a viewer."""
        return Share(self.turns, _caller(viewer))

    async def close(self) -> None:
        """Ends the queue; writes that wait are refused as StoreUnavailable. The store is its opener's to close."""
        await self.customers.close()
        await self.queue.close()
        if self.graph is not None:
            await self.graph.close()


def _caller(viewer: Viewer) -> str:
    """Who takes turns: an organization, whichever of its clients asks; everybody without a token together."""
    return "operator" if viewer.operator else viewer.organization_id or "anonymous"


def open_exchange(
    store: Store,
    *,
    clock: Clock = wall_clock_us,
    graph_megabytes: int = 0,
    snapshot: Path | None = None,
    measures: Measures | None = None,
) -> Exchange:
    """An exchange over an open store; call it inside a running event loop. `graph_megabytes`: how much memory the graph
    may take in this process; 0: every closure is read from the store. `snapshot`: the file that it is kept in.
    `measures`: who counts what is done."""
    kept = None if snapshot is None else SnapshotFile(snapshot)
    graph = LiveGraph(store, clock, megabytes_max=graph_megabytes, snapshot=kept) if graph_megabytes else None
    if graph is not None:
        graph.start()
    counted, known = measures or NoMeasures(), Known()
    queue = WriteQueue(store, clock, graph, counted, known)
    return Exchange(store, clock, queue, graph=graph, measures=counted, known=known)
