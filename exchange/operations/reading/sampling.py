"""Monte Carlo with progress: a long run on one viewer's view, told step by step, and stopped with whoever asked.

The rules:

- Samples are drawn in short steps, each in a turn of its caller (turns.py), so that a run holds up nobody.
- Everything that is told is decided anew: a new session at the ledger's head of that moment, and the roll-up of the
  same dates in it. Where the viewer is then shown the same, the samples drawn so far are those of the new view, too.
  Where it is shown something else, they are thrown away and the run begins anew. Where the product is not shown any
  more, the run ends with an error.
- Of one caller RUNS_OF_ONE_MAX runs are under way, of everybody RUNS_MAX: each keeps its view in memory.
- A run that is told to nobody ends: whoever stops iterating ends it, at the end of the step that is being computed.
"""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from exchange.errors import NotFound, StoreUnavailable, TooManyRequests
from exchange.model.resolved import Floats
from exchange.operations.answers.values import RefusedAnswer
from exchange.operations.reading.session import Session
from exchange.rollup import Draws, Variables, draws_of, parts

RUNS_OF_ONE_MAX: Final = 2  # a caller who compares two products
RUNS_MAX: Final = 20  # of everybody in one server: a view of 100,000 lines takes some 10 MB
RETRY_AFTER_SECONDS: Final = 10
STEP_SECONDS: Final = 0.25  # of drawing in one turn; others of the same caller wait no longer than that for theirs
PROGRESS_SECONDS: Final = 1.0  # of drawing between two messages: as often as people look
DRAWN_PER_DECIDED: Final = 10.0  # so much longer is drawn than deciding took, so that it stays a tenth of the work
BEGUN_MAX: Final = 3  # a view that changes more often within one run changes too fast to draw from
TOLD_MAX: Final = 3  # tries to tell the result while rights change


@dataclass(frozen=True, slots=True)
class SamplingProgress:
    """The first `done` of `samples` drawn, and what they say. Dates: as asked, or those of the start."""

    as_of_day: int
    known_at_us: int
    done: int
    samples: int
    draws: Draws


class Runs:
    """The runs under way in this process, by caller."""

    def __init__(self, of_one: int = RUNS_OF_ONE_MAX, most: int = RUNS_MAX) -> None:
        self.of_one, self.most = of_one, most
        self._under_way: Counter[str] = Counter()

    @property
    def under_way(self) -> int:
        return self._under_way.total()

    @contextlib.contextmanager
    def one_more(self, caller: str) -> Iterator[None]:
        """Counts one run while the block runs. Raises TooManyRequests."""
        if self._under_way[caller] >= self.of_one:
            raise TooManyRequests(
                f"{self.of_one} Monte Carlo runs of yours are under way. Wait for one to end, or end it.",
                retry_after_seconds=RETRY_AFTER_SECONDS,
            )
        if self.under_way >= self.most:
            raise TooManyRequests(
                "This server has as many Monte Carlo runs under way as it takes. Ask again soon, or ask for fewer "
                "samples with the field `monteCarlo`.",
                retry_after_seconds=RETRY_AFTER_SECONDS,
            )
        self._under_way[caller] += 1
        try:
            yield
        finally:
            self._under_way[caller] -= 1
            if not self._under_way[caller]:
                del self._under_way[caller]


@dataclass(frozen=True, slots=True)
class Asked:
    """What to draw. product_id: ours. Dates None: today and now, as they are when the run begins."""

    product_id: str
    as_of_day: int | None
    known_at_us: int | None
    samples: int
    seed: int


@dataclass(frozen=True, slots=True)
class _Decided:
    as_of_day: int
    known_at_us: int
    variables: Variables


@dataclass(slots=True)
class _Drawing:
    """Samples of one view, drawn one part after the other."""

    asked: Asked
    digest: bytes
    waiting: Iterator[Floats]
    drawn: list[Floats] = field(default_factory=list)
    done: int = 0

    @property
    def finished(self) -> bool:
        return self.done == self.asked.samples

    def step(self) -> None:
        """Draws for about STEP_SECONDS, and one part at least."""
        until = time.monotonic() + STEP_SECONDS
        for part in self.waiting:
            self.drawn.append(part)
            self.done += len(part)
            if time.monotonic() >= until:
                return

    def draws(self) -> Draws:
        self.drawn = [np.concatenate(self.drawn)]
        return draws_of(self.drawn[0], self.asked.seed)


async def sampling(
    runs: Runs, asked: Asked, anew: Callable[[], Awaitable[Session]], told: Callable[[], bool]
) -> AsyncGenerator[SamplingProgress | RefusedAnswer | None, None]:
    """How far the run has come, again and again; the last has all samples. None, and nothing after it: the product is
    unknown or not visible; a refused roll-up likewise.

    `anew` gives a session at the head of the moment, and `told` says whether what was yielded last was told: where
    rights changed meanwhile it was not, and the result is decided and yielded once more. Raises NotFound where the
    product is no longer visible, InvalidInput on a limit, TooManyRequests, StoreUnavailable.
    """
    session = await anew()
    with runs.one_more(session.share.caller):
        drawing: _Drawing | None = None
        begun = tries = 0
        while True:
            if tries >= TOLD_MAX:
                raise StoreUnavailable("Rights changed again and again while this was answered. Try again.")
            began = time.monotonic()
            decided = await _decide(session, asked)
            if not isinstance(decided, _Decided):
                if drawing is not None and decided is None:
                    raise NotFound("The product is not visible to you any more: the run was ended.")
                yield decided
                if told():
                    return
                session, tries = await anew(), tries + 1
                continue
            asked = Asked(asked.product_id, decided.as_of_day, decided.known_at_us, asked.samples, asked.seed)
            digest = await session.compute(decided.variables.digest)
            if drawing is None or drawing.digest != digest:
                begun, tries = begun + 1, 0
                if begun > BEGUN_MAX:
                    raise StoreUnavailable("What you are shown changed again and again during this run. Try again.")
                drawing = _Drawing(asked, digest, parts(decided.variables, asked.samples, asked.seed))
            else:
                draws = await session.compute(drawing.draws)
                yield SamplingProgress(decided.as_of_day, decided.known_at_us, drawing.done, asked.samples, draws)
                if drawing.finished and told():
                    return
                tries += drawing.finished
            until = time.monotonic() + max(PROGRESS_SECONDS, DRAWN_PER_DECIDED * (time.monotonic() - began))
            while not drawing.finished:
                await session.compute(drawing.step)
                if time.monotonic() >= until:
                    break
            session = await anew()


async def _decide(session: Session, asked: Asked) -> _Decided | RefusedAnswer | None:
    """What is drawn from, as the session's viewer is shown it."""
    product = (await session.products([asked.product_id]))[0]
    if product is None:
        return None
    answer = (await session.roll_up([product.product.key], asked.as_of_day, asked.known_at_us))[0]
    if isinstance(answer, RefusedAnswer):
        return answer
    variables = await session.compute(lambda: answer.variables(asked.samples))
    return _Decided(answer.as_of_day, answer.known_at_us, variables)
