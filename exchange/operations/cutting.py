"""A closure cut out of the graph in memory, for one question: what it is, and who owns and sees what is in it.

Going to a thread and back takes longer than the smaller part of the work, so a closure that is small is solved where it
was cut out, before anybody else has the graph. A large one keeps nobody waiting: it is solved beside the graph.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from exchange.memory import NOBODY, Column, Cut, History, KeptClosure, Present, Rights, cut, may_be_kept, rights
from exchange.model.closure import Dates

LINES_AT_ONCE: Final = 20_000  # some ten milliseconds to cut out and solve; a thread costs about one


@dataclass(frozen=True, slots=True)
class Closure:
    """What was cut out of the graph for one question, and who owns and sees what is in it, at the question's now.
    kept: what it is, or may be, kept as for the next; None: it may not. solve_seconds: where it was solved just now."""

    cut: Cut
    rights: Rights
    kept: KeptClosure | None = None
    solve_seconds: float | None = None


class Cutter:
    """Of one graph; it does one thing at a time, in a thread."""

    def __init__(self) -> None:
        self._scratch = Column(np.int32, fill=NOBODY)

    @property
    def nbytes(self) -> int:
        return self._scratch.nbytes

    def scratch(self, present: Present) -> Column:
        """One entry a product, all NOBODY; to be left so."""
        self._scratch.resize(len(present.tables.products.owner))
        return self._scratch

    def cut_out(
        self, present: Present, keys: Sequence[int], dates: Dates, now: Dates, chosen: dict[int, int], *, keeps: bool
    ) -> Closure:
        """The closure of `keys` at `dates`, with the rights at `now`. `chosen`: versions that stand whatever the dates
        say. `keeps`: whether it may be kept, so far as the question goes."""
        source = present if not chosen and present.holds_at(dates) else History(present.tables, dates, chosen)
        found = cut(source, keys, self.scratch(present))
        theirs = rights(present.tables, found.mentioned, now)
        if not keeps or not may_be_kept(found, theirs):
            return Closure(found, theirs)
        kept = KeptClosure(present, found, theirs)
        if found.lines > LINES_AT_ONCE:
            return Closure(found, theirs, kept)
        began = time.perf_counter()
        kept.solution({})  # whoever is shown what the footprints themselves say hands them in later
        return Closure(found, theirs, kept, time.perf_counter() - began)
