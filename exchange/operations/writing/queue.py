"""The one queue that every write of a process goes through: decided, admitted and written in order, all or none.

A command is decided against the ledger's head: it reads, checks, and says what to write. Up to 64 commands that wait
are decided together and written in one transaction, whose last statement moves the ledger's head. Where another server
moved it meanwhile, nothing was written and everything is decided again, refusals too: otherwise a request sent twice
could miss its first answer and then meet what that answer wrote. So each decision, admission included, holds for
exactly the graph that it was written to, with any number of servers.

The consumer survives anything: an error of one command is that command's answer.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from exchange.errors import ExchangeError, LoopRefused, StoreUnavailable
from exchange.graph import HeadMoved, Store
from exchange.model.footprint import Footprint
from exchange.model.grant import Grant
from exchange.model.ledger import Change, ChangeKind, LedgerHead
from exchange.model.writes import Write
from exchange.operations.following.follower import LiveGraph
from exchange.operations.following.known import Known
from exchange.operations.writing.admission import check_admission
from exchange.operations.writing.measures import Measures, NoMeasures
from exchange.operations.writing.refusals import refused_loop

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

BATCH_COMMANDS_MAX = 64  # one transaction's worth: measured to be where more no longer helps
BATCH_FOOTPRINTS_MAX = 1000  # keeps the longest transaction near half a second
HEAD_RETRIES_MAX = 60  # each retry means that another server wrote: it made progress
HEAD_BACKOFF_S = 0.002
HEAD_BACKOFF_MAX_S = 0.1
WAITING_MAX = 10_000  # beyond it, say so instead of growing

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Allocation:
    """Gives out sequences and dense keys of one transaction, and collects its changes."""

    head: LedgerHead
    by: str
    at_us: int
    changes: list[Change] = field(default_factory=list)
    products: int = 0
    footprints: int = 0

    def change(
        self,
        kind: ChangeKind,
        subject: str,
        *,
        owner_id: str = "",
        product_id: str = "",
        detail: str = "",
        organization_id: str | None = None,
    ) -> int:
        """Appends a change and returns its sequence. organization_id: for whom it was made; the owner if None."""
        sequence = self.head.sequence + len(self.changes) + 1
        actor = owner_id if organization_id is None else organization_id
        change = Change(sequence, kind, subject, self.by, self.at_us, actor, owner_id, product_id, detail)
        self.changes.append(change)
        return sequence

    def product_key(self) -> int:
        self.products += 1
        return self.head.products + self.products - 1

    def footprint_key(self) -> int:
        self.footprints += 1
        return self.head.footprints + self.footprints - 1


@dataclass(frozen=True, slots=True)
class Decision(Generic[T_co]):
    """What a command wants written. `build` is called with the transaction's allocation, perhaps more than once.

    footprints, the keys of those that they replace, and grants: what admission has to look at. organization_id: who is
    recorded to have tried, where it refuses; counted_as: by what id refusals are counted, where not by the product's.
    Grants are on one product each here, and those to an alliance have its members. result: the command's answer. A
    decision without `build` writes nothing (an answer that is remembered). written: called once it is written, before
    anything else is decided; it must not fail.
    """

    result: T_co
    build: Callable[[Allocation], Sequence[Write]] | None
    footprints: Sequence[Footprint] = ()
    deprecated_keys: frozenset[int] = frozenset()
    grants: Sequence[Grant] = ()
    organization_id: str = ""
    counted_as: str = ""
    written: Callable[[], None] | None = None


class Command(Protocol[T_co]):
    """One write that somebody asked for. `touches`: two commands that share an entry are never decided together."""

    @property
    def by(self) -> str: ...
    @property
    def touches(self) -> frozenset[str]: ...
    @property
    def size(self) -> int: ...

    async def decide(self, head: LedgerHead, now_us: int) -> Decision[T_co]: ...


@dataclass(slots=True)
class _Waiting:
    command: Command[object]
    answer: asyncio.Future[object]


class WriteQueue:
    """Takes commands, answers each when it is durably written (or why it was not)."""

    def __init__(
        self,
        store: Store,
        clock: Callable[[], int],
        graph: LiveGraph | None = None,
        measures: Measures | None = None,
        known: Known | None = None,
    ) -> None:
        self._store, self._clock, self._graph = store, clock, graph
        self._measures, self._known = measures or NoMeasures(), known or Known()
        self._waiting: list[_Waiting] = []
        self._wake = asyncio.Event()
        self._closed = False
        self._consumer = asyncio.get_running_loop().create_task(self._consume(), name="write-queue")

    async def do(self, command: Command[T]) -> T:
        """Decides and writes; raises what the decision raises. Cancelling the caller does not undo a write."""
        if self._closed:
            raise StoreUnavailable("The exchange is closing. Ask again in a moment.")
        if len(self._waiting) >= WAITING_MAX:
            raise StoreUnavailable("Too many writes are waiting. Ask again in a moment.")
        answer: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(command, answer))
        self._wake.set()
        return await answer  # type: ignore[return-value]  # the future carries this command's own result

    async def close(self) -> None:
        """Finishes the transaction under way, then refuses what still waits."""
        self._closed = True
        self._wake.set()
        await self._consumer
        for waiting in self._waiting:
            _refuse(waiting, StoreUnavailable("The exchange is closing. Ask again in a moment."))
        self._waiting.clear()

    async def _consume(self) -> None:
        while not self._closed:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting and not self._closed:
                batch = self._take()
                try:
                    await self._write(batch)
                except Exception as error:  # the queue must outlive any error of one batch
                    if not isinstance(error, ExchangeError):
                        log.exception("a batch of %d writes failed", len(batch))
                    for waiting in batch:
                        _refuse(waiting, error)

    def _take(self) -> list[_Waiting]:
        """The longest run of waiting commands that do not touch the same things, within the bounds."""
        batch: list[_Waiting] = []
        touched: set[str] = set()
        size = 0
        for waiting in self._waiting[:BATCH_COMMANDS_MAX]:
            command = waiting.command
            if batch and (size + command.size > BATCH_FOOTPRINTS_MAX or not touched.isdisjoint(command.touches)):
                break
            batch.append(waiting)
            touched |= command.touches
            size += command.size
        del self._waiting[: len(batch)]
        return [waiting for waiting in batch if not waiting.answer.cancelled()]

    async def _write(self, batch: list[_Waiting]) -> None:
        """Writes a batch in one transaction; where it is refused as a whole, one command at a time."""
        for attempt in range(HEAD_RETRIES_MAX):
            try:
                await self._write_once(batch)
                return
            except HeadMoved:
                await asyncio.sleep(random.uniform(0, min(HEAD_BACKOFF_S * 2**attempt, HEAD_BACKOFF_MAX_S)))
            except StoreUnavailable:  # it is away for all of them
                raise
            except Exception:
                if len(batch) == 1:
                    raise
                for waiting in batch:
                    try:
                        await self._write([waiting])
                    except Exception as error:  # noqa: BLE001  (each command has its own answer)
                        _refuse(waiting, error)
                return
        raise StoreUnavailable("Other servers kept writing first. Nothing was written; ask again.")

    async def _write_once(self, batch: list[_Waiting]) -> None:
        head = await self._store.head()
        now_us = max(self._clock(), head.at_us)
        asked = [waiting for waiting in batch if not waiting.answer.done()]
        outcomes = await asyncio.gather(
            *(waiting.command.decide(head, now_us) for waiting in asked), return_exceptions=True
        )
        decided: list[tuple[_Waiting, Decision[object]]] = []
        refused: list[tuple[_Waiting, BaseException]] = []
        for waiting, outcome in zip(asked, outcomes, strict=True):
            if isinstance(outcome, HeadMoved):
                raise outcome
            if isinstance(outcome, BaseException):
                refused.append((waiting, outcome))
            else:
                decided.append((waiting, outcome))
        try:
            await check_admission(self._store, self._graph, head, [decision for _, decision in decided], now_us)
        except LoopRefused as loop:
            if len(batch) == 1:  # else each is decided by itself
                await self._record(decided[0], loop, head, now_us)
            raise
        writes, changes = _assemble(decided, head, now_us)
        if changes:
            after = await self._store.write(writes, changes, head)
            self._known.wrote(head.sequence, after.sequence, {change.kind for change in changes})
            for _, decision in decided:
                if decision.written is not None:
                    decision.written()
        elif refused and (await self._store.head()).sequence != head.sequence:
            raise HeadMoved  # it may have read one part before another server's write and one after it
        for waiting, error in refused:
            _refuse(waiting, error)
        for waiting, decision in decided:
            if not waiting.answer.done():
                waiting.answer.set_result(decision.result)
        if changes and self._graph is not None:
            await self._graph.wrote(writes, head, after)

    async def _record(
        self, refused: tuple[_Waiting, Decision[object]], error: LoopRefused, head: LedgerHead, now_us: int
    ) -> None:
        """Writes down that a loop was refused, before anybody is told. Raises HeadMoved: then it may be none now."""
        waiting, decision = refused
        if error.members:
            write = refused_loop(decision, error, now_us, head.sequence + 1)
            allocation, tried = Allocation(head, waiting.command.by, now_us), write.refused
            owner_id, product_id = tried.organization_id, tried.product_id  # only owners write
            allocation.change(ChangeKind.LOOP_REFUSED, tried.id, owner_id=owner_id, product_id=product_id)
            await self._store.write([write], allocation.changes, head)
            self._measures.refused(error.code)
            log.warning("loop refused: product %s, asked by %s", product_id, waiting.command.by)
        elif (await self._store.head()).sequence != head.sequence:
            raise HeadMoved


def _assemble(
    decided: Sequence[tuple[_Waiting, Decision[object]]], head: LedgerHead, now_us: int
) -> tuple[list[Write], list[Change]]:
    writes: list[Write] = []
    allocation = Allocation(head, "", now_us)
    for waiting, decision in decided:
        if decision.build is not None:
            allocation.by = waiting.command.by
            writes.extend(decision.build(allocation))
    return writes, allocation.changes


def _refuse(waiting: _Waiting, error: BaseException) -> None:
    if not waiting.answer.done():
        waiting.answer.set_exception(error)
