"""What few versions and grants have, or what many have alike: a number for each row, and the values once.

So a row takes four bytes for what it mostly does not have, instead of the bytes of all of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from exchange.memory.columns import Array, Column
from exchange.model.footprint import NEVER_US
from exchange.model.resolved import Floats
from exchange.rollup.standings import OWN_WIDTH

DISTINCT_MAX: Final = 100_000  # values looked for again: a dictionary of so many takes some twenty megabytes
STATED_WIDTH: Final = 7  # of `Stated`
SHARE_PERCENT, EXEMPTED_PERCENT, DEVIATION, PACKAGING = 0, 4, 5, 6  # places in it
RATINGS: Final = slice(1, 4)  # and of these


class Ended:
    """When, and by which change of the ledger, some rows of many came to an end. row: of each, its place in `pairs`;
    place 0: it did not. pairs: instant and sequence."""

    def __init__(self) -> None:
        self.row = Column(np.int32)
        self.pairs = Column(np.int64, width=2)
        self.pairs.extend([[NEVER_US, NEVER_US]])

    def at_us(self, rows: Array) -> Array:
        return np.asarray(self.pairs.values[self.row.values[rows], 0])

    def sequence(self, rows: Array) -> Array:
        return np.asarray(self.pairs.values[self.row.values[rows], 1])

    def put(self, rows: npt.ArrayLike, at_us: npt.ArrayLike, sequences: npt.ArrayLike) -> None:
        """Of rows that are there; NEVER_US of both: it has not come to an end."""
        pairs = np.stack(np.broadcast_arrays(np.asarray(at_us, np.int64), np.asarray(sequences, np.int64)), axis=-1)
        where, pairs = np.atleast_1d(np.asarray(rows, dtype=np.int64)), pairs.reshape(-1, 2)
        pairs = np.broadcast_to(pairs, (len(where), 2))
        ended = np.flatnonzero((pairs != NEVER_US).any(axis=1))
        places = np.zeros(len(where), dtype=np.int32)
        places[ended] = len(self.pairs) + np.arange(len(ended))
        self.pairs.extend(pairs[ended])
        self.row.values[where] = places


StatedRow = tuple[float, tuple[float, float, float], float, float, float]


def stated_rows(stated: Sequence[StatedRow]) -> Floats:
    """Rows as `Stated` has them, of percent of primary data, ratings, percent exempted, deviation and packaging."""
    rows = [
        (share, *ratings, exempted, deviation, packaging) for share, ratings, exempted, deviation, packaging in stated
    ]
    return np.array(rows, dtype=np.float64).reshape(-1, STATED_WIDTH)


class Stated:
    """What versions state of their data besides emissions. row: of each, its place in `values`, (places, 7): percent of
    primary data, three ratings, percent exempted, geometric standard deviation and packaging; NaN where unknown."""

    def __init__(self) -> None:
        self.row = Column(np.int32)
        self.values = Column(np.float64, width=STATED_WIDTH)
        self._places: dict[bytes, int] = {}

    def of(self, rows: Array) -> Floats:
        """(rows, 7)."""
        return np.asarray(self.values.values[self.row.values[rows]])

    def put(self, rows: npt.ArrayLike, values: Floats) -> None:
        """Of rows that are there; (rows, 7)."""
        if not self._places:  # out of a file, or nothing yet
            known = self.values.values[:DISTINCT_MAX]
            self._places = {value.tobytes(): place for place, value in enumerate(known)}
        new: list[int] = []
        places: list[int] = []
        first = len(self.values)
        for at, value in enumerate(values):
            text = value.tobytes()
            place = self._places.get(text)
            if place is None:
                place = first + len(new)
                new.append(at)
                if len(self._places) < DISTINCT_MAX:
                    self._places[text] = place
            places.append(place)
        self.values.extend(values[new])
        self.row.values[np.asarray(rows, dtype=np.int64)] = places


class Terms:
    """Own terms, (rows, 13) as in `Standings`: a column of each component that any row states, none of the others."""

    def __init__(self) -> None:
        self._columns: dict[int, Column] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def used(self) -> list[int]:
        """Which components, and their sum, there are."""
        return sorted(self._columns)

    def columns(self) -> Iterable[Column]:
        return (self._columns[at] for at in self.used)

    def column(self, at: int) -> Column:
        """The column of a component, which is made where there is none."""
        if at not in self._columns:
            made = self._columns[at] = Column(np.float64)
            made.resize(self._count)
        return self._columns[at]

    def resize(self, count: int) -> None:
        self._count = max(self._count, count)
        for column in self._columns.values():
            column.resize(count)

    def of(self, rows: Array) -> Floats:
        """(rows, 13)."""
        return self.part(rows, np.arange(OWN_WIDTH))

    def part(self, rows: Array, which: Array) -> Floats:
        """(rows, components): these components alone."""
        found = np.zeros((len(rows), len(which)))
        for place, at in enumerate(which.tolist()):
            if at in self._columns:
                found[:, place] = self._columns[at].values[rows]
        return found

    def put(self, rows: Array, values: Floats) -> None:
        """(rows, 13), of rows that are there."""
        bits = np.ascontiguousarray(values).view(np.int64)  # a zero with a sign is no zero here
        for at in np.flatnonzero(bits.any(axis=0)).tolist():
            self.column(at)
        for at, column in self._columns.items():
            column.values[rows] = values[:, at]

    def take(self, count: int, arrays: Mapping[int, Array]) -> None:
        """So many rows, of these components. Raises ValueError where one is of another kind."""
        self._count = count
        for at, values in arrays.items():
            if not 0 <= at < OWN_WIDTH or len(values) != count:
                raise ValueError(f"no column of component {at}")
            self._columns[at] = Column(np.float64)
            self._columns[at].take(values)
