"""Counts that begin anew with each day (UTC), in the memory of one process."""

from __future__ import annotations

from collections import Counter
from typing import Generic, TypeVar

from exchange.operations.requests.checks import US_PER_DAY

K = TypeVar("K")


class CountsOfADay(Generic[K]):
    """`kept_max`: beyond so many things counted, the day's counts begin anew rather than grow."""

    def __init__(self, kept_max: int) -> None:
        self._kept_max = kept_max
        self._day = -1
        self._counts: Counter[K] = Counter()

    def at(self, now_us: int) -> Counter[K]:
        """The counts of the day of that instant (microseconds), to be read and raised."""
        day = now_us // US_PER_DAY
        if day != self._day or len(self._counts) > self._kept_max:
            self._day, self._counts = day, Counter()
        return self._counts
