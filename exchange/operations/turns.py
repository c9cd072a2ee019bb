"""Turns at heavy work: one caller's questions do not hold up everybody else's.

Roll-ups share this process's interpreter, its threads and its connections to the database. So whoever reads a closure,
solves it or goes through a view takes a turn first. The rules:

- At most TURNS_MAX turns are under way, and TURNS_OF_ONE_MAX of one caller: no caller alone ever has them all.
- Callers are served in turn: a turn that ends goes to the first caller in the line, who then stands at its end. So each
  waits for at most as many turns to end as callers wait, whatever one of them has sent.
- One operation (a request) has one turn at a time, however many parts of it ask. Whoever has one needs no other, so
  nobody waits for what waits for it.
- At most WAITING_OF_ONE_MAX operations of one caller wait; a further one is refused rather than kept.
- What runs in a thread keeps its turn until it ends, also where nobody waits for it any more.

What bounds a turn is the largest closure (exchange.rollup.closure). All of this belongs to one event loop.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator, Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Final, TypeVar

from exchange.errors import TooManyRequests

T = TypeVar("T")

TURNS_MAX: Final = 4  # the interpreter is one: more at once only make each other slower, and hold more memory
TURNS_OF_ONE_MAX: Final = 2  # so that one is read while the other is computed
WAITING_OF_ONE_MAX: Final = 100  # a minute's work or more; each keeps its request in memory
RETRY_AFTER_SECONDS: Final = 5
PARTS_AT_ONCE: Final = 200  # lines of a footprint that is read or checked: a few milliseconds, no turn's worth


class Turns:
    """Who has a turn and who waits for one; one per process."""

    def __init__(
        self, most: int = TURNS_MAX, of_one: int = TURNS_OF_ONE_MAX, waiting_of_one: int = WAITING_OF_ONE_MAX
    ) -> None:
        self.most, self.of_one, self.waiting_of_one = most, of_one, waiting_of_one
        self._under_way: Counter[str] = Counter()
        # Callers in the order in which they are served, each with its own operations in the order that they came.
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    @property
    def under_way(self) -> int:
        return self._under_way.total()

    @property
    def waiting(self) -> int:
        return sum(map(len, self._waiting.values()))

    async def begin(self, caller: str) -> None:
        """Waits for a turn. Raises TooManyRequests where too much of this caller waits already."""
        if self._is_free(caller):  # then none of the caller's waits: `_serve` has left nothing that may begin
            self._under_way[caller] += 1
            return
        if len(self._waiting.get(caller, ())) >= self.waiting_of_one:
            raise TooManyRequests(
                f"{self.waiting_of_one} of your requests are waiting already. Ask again when some are answered.",
                retry_after_seconds=RETRY_AFTER_SECONDS,
            )
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(caller, deque()).append(place)
        try:
            await place
        except asyncio.CancelledError:
            if place.cancelled():
                self._leave(caller, place)
            else:  # served in the same moment
                self.end(caller)
            raise

    def end(self, caller: str) -> None:
        """Gives a turn back."""
        self._under_way[caller] -= 1
        if not self._under_way[caller]:
            del self._under_way[caller]
        self._serve()

    def _is_free(self, caller: str) -> bool:
        return self.under_way < self.most and self._under_way[caller] < self.of_one

    def _serve(self) -> None:
        """Gives what is free to those who wait; who is served goes to the end of the line."""
        while (caller := next(filter(self._is_free, self._waiting), None)) is not None:
            places = self._waiting.pop(caller)
            place = places.popleft()
            if places:
                self._waiting[caller] = places
            if not place.done():  # cancelled, and its operation has not been told yet
                self._under_way[caller] += 1
                place.set_result(None)

    def _leave(self, caller: str, place: asyncio.Future[None]) -> None:
        places = self._waiting.get(caller)
        if places is not None and place in places:
            places.remove(place)
            if not places:
                del self._waiting[caller]


@dataclass(eq=False)
class _Turn:
    ended: bool = False


_TURN: ContextVar[_Turn | None] = ContextVar("turn", default=None)  # that this task, or the one that began it, has


@dataclass(slots=True, eq=False)
class Share:
    """The turns of one operation of one caller: one at a time."""

    turns: Turns = field(default_factory=Turns)
    caller: str = ""
    _mutex: asyncio.Lock = field(default_factory=asyncio.Lock)

    @contextlib.asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """A turn for as long as the block runs; inside of one, nothing. Raises TooManyRequests."""
        held = _TURN.get()
        if held is not None and not held.ended:
            yield
            return
        async with self._mutex:
            await self.turns.begin(self.caller)
            mine = _Turn()
            before = _TURN.set(mine)
            try:
                yield
            finally:
                _TURN.reset(before)
                mine.ended = True
                self.turns.end(self.caller)

    async def compute(self, make: Callable[[], T], *, parts: int | None = None) -> T:
        """What `make` returns, computed in a turn and beside the event loop; at once where it has few `parts`."""
        if parts is not None and parts <= PARTS_AT_ONCE:
            return make()
        async with self.turn():
            return await beside(make)


async def beside(make: Callable[[], T]) -> T:
    """What `make` returns, computed in a thread. Whoever is cancelled meanwhile waits for its end, because a thread
    cannot be stopped."""
    work = asyncio.ensure_future(asyncio.to_thread(make))
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        await asyncio.gather(work, return_exceptions=True)
        raise
