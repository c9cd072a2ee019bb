"""Which lines name a product: the graph read from supplier to consumer.

Most of it is one sorted array, built once; what is added later is kept beside it until it is worth sorting again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from typing import Final

import numpy as np

from exchange.memory.columns import Array, ranges, room
from exchange.model.resolved import Ints

BESIDE_MAX: Final = 100_000  # lines kept unsorted; a dictionary of so many takes about ten megabytes
PART_MIN: Final = 500_000  # lines sorted at once, which bounds what that takes
PARTS_MAX: Final = 16  # and how often all of them are looked at
LINES_MAX: Final = 2**31 - 1  # rows of lines are numbered with 32 bits; so many take 85 GB


class Followers:
    """Lines by the product that they name."""

    def __init__(self) -> None:
        self._lines: Array = np.zeros(0, dtype=np.int32)
        self._starts: Array = np.zeros(1, dtype=np.int32)
        self._beside: dict[int, list[int]] = {}
        self._count_beside = 0
        self._left_out = False

    @property
    def nbytes(self) -> int:
        return int(self._lines.nbytes + self._starts.nbytes)

    def add(self, first_line: int, suppliers: Sequence[int]) -> None:
        """New lines, numbered from `first_line`; a negative supplier is nobody."""
        for line, supplier in enumerate(suppliers, start=first_line):
            if supplier >= 0:
                self._beside.setdefault(supplier, []).append(line)
        self._count_beside += len(suppliers)

    def leave_out(self) -> None:
        """Lines were added that are found only after the next `sort`: what loads everything sorts it once, at its end,
        and need not keep millions of lines in a dictionary before."""
        self._left_out = True

    def add_later(self, line: int, supplier: int) -> None:
        """A known line that names a product from now on."""
        self._beside.setdefault(supplier, []).append(line)
        self._count_beside += 1

    @property
    def is_due(self) -> bool:
        """Whether so much lies beside the array that it should be sorted again."""
        return self._count_beside > max(BESIDE_MAX, len(self._lines) // 8)

    def sort(self, suppliers: Array, products: int) -> None:
        """Builds the array anew from the suppliers of all lines. Raises OverflowError for more than LINES_MAX."""
        if len(suppliers) > LINES_MAX:
            raise OverflowError(
                f"a server holds at most {LINES_MAX:,} lines in memory, and there are {len(suppliers):,}"
            )
        starts = _starts(suppliers, max(products, int(suppliers.max(initial=-1)) + 1))
        lines = room((int(starts[-1]),), np.int32)
        part = max(PART_MIN, len(lines) // PARTS_MAX)
        ends = np.unique(np.searchsorted(starts, np.arange(0, len(lines) + part, part)).clip(max=len(starts) - 1))
        for first, after in pairwise(ends.tolist()):  # products of some lines at a time
            found = np.flatnonzero((suppliers >= first) & (suppliers < after))
            found = found[np.argsort(suppliers[found], kind="stable")]
            lines[starts[first] : starts[after]] = found
        self._lines, self._starts = lines, starts
        self._beside, self._count_beside, self._left_out = {}, 0, False

    def arrays(self) -> dict[str, Array]:
        """All of it, as arrays: the sorted part, and what lies beside it."""
        assert not self._left_out, "lines were added that are not sorted yet"
        beside = [(product, line) for product, lines in self._beside.items() for line in lines]
        return {
            "lines": self._lines,
            "starts": self._starts,
            "beside": np.array(beside, dtype=np.int64).reshape(-1, 2),
        }

    def take(self, arrays: Mapping[str, Array]) -> None:
        """What `arrays` gave. Raises ValueError where the sorted part contradicts itself."""
        lines, starts = arrays["lines"], arrays["starts"]
        if lines.dtype != self._lines.dtype or starts.dtype != self._starts.dtype or not len(starts):
            raise ValueError("arrays of another kind")
        if starts[0] != 0 or starts[-1] != len(lines) or (len(starts) > 1 and (np.diff(starts) < 0).any()):
            raise ValueError("the lines of products do not follow each other")
        self._lines, self._starts = lines, starts
        for product, line in arrays["beside"].tolist():
            self.add_later(line, product)

    def of(self, products: Collection[int]) -> Ints:
        """Lines that name any of these products, each once."""
        assert not self._left_out, "lines were added that are not sorted yet"
        keys = np.array(sorted(products), dtype=np.int64)
        inside = keys[keys < len(self._starts) - 1]
        found = self._lines[ranges(self._starts[inside], self._starts[inside + 1] - self._starts[inside])]
        beside = [line for key in keys.tolist() for line in self._beside.get(key, ())]
        return np.concatenate((found.astype(np.int64), np.array(beside, dtype=np.int64)))


def _starts(suppliers: Array, products: int) -> Array:
    """Where the lines that name each product begin, and where the last's end, if all are sorted by it."""
    starts = np.zeros(products + 1, dtype=np.int32)
    for first in range(0, len(suppliers), PART_MIN):
        part = suppliers[first : first + PART_MIN]
        starts[1:] += np.bincount(part[part >= 0], minlength=products).astype(np.int32)
    return np.cumsum(starts, out=starts)
