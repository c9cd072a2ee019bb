"""Columns that grow: numpy arrays with room at their end, so that appending is cheap and reading is an array.

Room is never written to before it is used: memory that nobody has touched is only promised by usual systems, so a
column with room takes no more than its rows. Large columns lie in pages of their own, which go back to the system in
the moment in which the column moves or ends; in a heap shared with whatever is read while they grow they would leave
holes.
"""

from __future__ import annotations

import mmap
import sys
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

GROWTH: Final = 0.125  # room made when a column has to move: memory is what bounds the graph, not copying
MAPPED_MIN: Final = 1_000_000  # bytes from which on a column has pages of its own
NARROW: Final = (np.uint8, np.uint16, np.int32)  # kinds of a column of numbers, the narrowest first


class Column:
    """One value, or `width` of them, per row. `values` is a view of the filled rows; writing to it changes them."""

    __slots__ = ("_count", "_data", "_fill")

    def __init__(self, dtype: npt.DTypeLike, *, width: int | None = None, fill: float = 0) -> None:
        shape = (0,) if width is None else (0, width)
        self._data: Array = np.empty(shape, dtype=dtype)
        self._fill = fill
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def values(self) -> Array:
        return self._data[: self._count]

    @property
    def nbytes(self) -> int:
        """Of the filled rows."""
        return int(self.values.nbytes)

    def extend(self, values: npt.ArrayLike) -> None:
        """Appends rows."""
        added = np.asarray(values, dtype=self._data.dtype).reshape(-1, *self._data.shape[1:])
        first = self._count
        self.reserve(first + len(added))
        self._count = first + len(added)
        self._data[first : self._count] = added

    def take(self, values: Array) -> None:
        """Makes an array the column's own rows. Raises ValueError where it is of another kind."""
        if values.dtype != self._data.dtype or values.shape[1:] != self._data.shape[1:] or not values.flags.writeable:
            raise ValueError(f"an array of {values.dtype} {values.shape} where {self._data.dtype} was expected")
        self._data, self._count = values, len(values)

    def reserve(self, count: int) -> None:
        """Makes sure of room for `count` rows; a column that has to move gets some more."""
        if count > len(self._data):
            moved = room((count + int(count * GROWTH), *self._data.shape[1:]), self._data.dtype)
            moved[: self._count] = self._data[: self._count]
            self._data = moved

    def resize(self, count: int) -> None:
        """Makes the column `count` rows long, new ones holding the fill; it never shrinks."""
        if count <= self._count:
            return
        self.reserve(count)
        np.copyto(self._data[self._count : count], self._fill, casting="unsafe")  # also into bytes
        self._count = count


class Numbers(Column):
    """Numbers from 0 on that are appended: each in as few bytes as the largest of them needs."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__(NARROW[0])

    def extend(self, values: npt.ArrayLike) -> None:
        added = np.asarray(values)
        most = int(added.max(initial=0))
        if most > np.iinfo(self._data.dtype).max:
            wider = next(kind for kind in NARROW if most <= np.iinfo(kind).max)
            self._data = self.values.astype(wider)
        super().extend(added)

    def take(self, values: Array) -> None:
        if values.dtype in NARROW:
            self._data = np.empty(0, dtype=values.dtype)
        super().take(values)


def room(shape: tuple[int, ...], dtype: npt.DTypeLike) -> Array:
    """An array that holds anything until it is written to; a large one in pages of its own."""
    kind = np.dtype(dtype)
    count = int(np.prod(shape, dtype=np.int64))
    if count * kind.itemsize < MAPPED_MIN:
        return np.empty(shape, dtype=kind)
    return np.frombuffer(_pages(count * kind.itemsize), dtype=kind, count=count).reshape(shape)


def _pages(size: int) -> mmap.mmap:
    """Private to this process; in huge pages where there are such, which makes looking things up at random quicker."""
    if sys.platform == "win32":
        return mmap.mmap(-1, size)
    pages = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    if sys.platform == "linux":
        pages.madvise(mmap.MADV_HUGEPAGE)
    return pages


def ranges(starts: Array, counts: Array) -> npt.NDArray[np.int64]:
    """starts[0] … starts[0] + counts[0] - 1, starts[1] …: all of them in one array."""
    ends = np.cumsum(counts, dtype=np.int64)
    total = int(ends[-1]) if len(ends) else 0
    return np.repeat(starts - (ends - counts), counts) + np.arange(total, dtype=np.int64)
