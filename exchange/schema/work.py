"""What the resolvers of one operation share: who asks, the session that decides what they see, and its loaders.

Everything an operation shows is decided by one session, at one ledger head. A write replaces the session, so that
its payload is read from what was written. When rights change while an answer is prepared, the operation runs again
with a new session; `once` keeps its writes from happening twice.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import strawberry

from exchange.errors import ExchangeError
from exchange.model.parties import Viewer

if TYPE_CHECKING:
    from exchange.operations.exchange import Exchange
    from exchange.operations.reading.session import Session
    from exchange.schema.loaders import Loaders

T = TypeVar("T")


@dataclass(slots=True)
class Work:
    """`make_loaders` is given from outside, because loaders know the types and the types know this."""

    exchange: Exchange
    viewer: Viewer
    make_loaders: Callable[[Session], Loaders]
    session: Session
    loaders: Loaders
    written: dict[Hashable, Any] = field(default_factory=dict)
    told: bool = True  # whether what a subscription yielded last has left
    explained_parts: int = 0  # products and lines of the explain files of this answer

    @classmethod
    async def begin(
        cls,
        exchange: Exchange,
        viewer: Viewer,
        make_loaders: Callable[[Session], Loaders],
        *,
        writes: bool = True,
    ) -> Work:
        """writes: whether it may, or has many answers; of a question alone each answer is confirmed."""
        session = await (exchange.session(viewer) if writes else exchange.question(viewer))
        return cls(exchange, viewer, make_loaders, session, make_loaders(session))

    async def renew(self) -> None:
        """From here on, read the graph as it stands now."""
        before = self.session
        self.session = await self.exchange.session(self.viewer)
        self.session.inputs_read |= before.inputs_read  # of mutations before, whose payloads stay in the answer
        self.session.benchmarks_read |= before.benchmarks_read
        self.loaders = self.make_loaders(self.session)

    async def may_leave(self) -> bool:
        """Whether what was answered may be told: rights are as they were when it was decided, and which foreign
        products' lines and which benchmarks it tells of is recorded. Where it may not, it was not read."""
        may = await self.session.confirm() and (not await self._record_reads() or await self.session.confirm())
        if not may:
            self.session.inputs_read.clear()
            self.session.benchmarks_read.clear()
        return may

    async def _record_reads(self) -> bool:
        """Whether any is new today."""
        session, audit, new = self.session, self.exchange.audit, False
        if session.inputs_read:
            new |= await audit.inputs_read(self.viewer, session.inputs_read, session.now_us)
        if session.benchmarks_read:
            new |= await audit.benchmarks_read(self.viewer, session.benchmarks_read, session.now_us)
        return new

    async def once(self, place: Hashable, write: Callable[[], Awaitable[T]]) -> T:
        """The outcome of a write (an error of ours is one too), which happens at the first call for a place only."""
        if place not in self.written:
            try:
                self.written[place] = await write()
            except ExchangeError as error:
                self.written[place] = error
            await self.renew()
        outcome = self.written[place]
        if isinstance(outcome, ExchangeError):
            raise outcome
        return outcome  # type: ignore[no-any-return]


Info = strawberry.Info[Work, None]
