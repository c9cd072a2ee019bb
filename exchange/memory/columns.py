"""Columns that grow: numpy arrays with room at their end, so that appending is cheap and reading is an array."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

GROWTH: Final = 0.125  # room kept free when a column has to move: memory is what bounds the graph, not copying


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
        return int(self._data.nbytes)

    def extend(self, values: npt.ArrayLike) -> None:
        """Appends rows."""
        added = np.asarray(values, dtype=self._data.dtype).reshape(-1, *self._data.shape[1:])
        first = self._count
        self.resize(first + len(added))
        self._data[first : self._count] = added

    def take(self, values: Array) -> None:
        """Makes an array the column's own rows. Raises ValueError where it is of another kind."""
        if values.dtype != self._data.dtype or values.shape[1:] != self._data.shape[1:] or not values.flags.writeable:
            raise ValueError(f"an array of {values.dtype} {values.shape} where {self._data.dtype} was expected")
        self._data, self._count = values, len(values)

    def resize(self, count: int) -> None:
        """Makes the column `count` rows long, new ones holding the fill; it never shrinks."""
        if count <= self._count:
            return
        if count > len(self._data):
            room = count if self._count == 0 else count + int(count * GROWTH)
            moved = np.full((room, *self._data.shape[1:]), self._fill, dtype=self._data.dtype)
            moved[: self._count] = self._data[: self._count]
            self._data = moved
        self._count = count


def ranges(starts: Array, counts: Array) -> npt.NDArray[np.int64]:
    """starts[0] … starts[0] + counts[0] - 1, starts[1] …: all of them in one array."""
    ends = np.cumsum(counts, dtype=np.int64)
    total = int(ends[-1]) if len(ends) else 0
    return np.repeat(starts - (ends - counts), counts) + np.arange(total, dtype=np.int64)
