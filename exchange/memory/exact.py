"""Decimals that are not the shortest text of their double, kept beside the columns: few have so many digits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from exchange.memory.columns import Array
from exchange.rollup.own_terms import Vector
from exchange.rollup.standings import OWN_WIDTH


class ExactDecimals:
    """By column, row and position in the row; what is not here is its double's shortest text."""

    def __init__(self) -> None:
        self._long: dict[tuple[str, int, int], Decimal] = {}

    def keep(self, what: str, row: int, values: Sequence[Decimal]) -> None:
        for at, value in enumerate(values):
            if value and Decimal(repr(float(value))) != value:
                self._long[what, row, at] = value

    def of(self, what: str, row: int, at: int, value: float) -> Decimal:
        """The decimal of which `value` is the double."""
        kept = self._long.get((what, row, at)) if self._long else None
        return Decimal(repr(value)) if kept is None else kept

    def vector(self, what: str, row: int, values: Array) -> Vector:
        """The components of an own term, of which `values` are the doubles."""
        return tuple(
            self.of(what, row, at, value) if value or self._long else Decimal(0)
            for at, value in enumerate(values[: OWN_WIDTH - 1].tolist())
        )

    def entries(self) -> list[list[object]]:
        """Column, row, position and decimal text of each."""
        return [[*place, str(value)] for place, value in self._long.items()]

    def take(self, entries: Iterable[Sequence[object]]) -> None:
        """What `entries` gave."""
        for what, row, at, text in entries:
            self._long[str(what), int(row), int(at)] = Decimal(str(text))  # type: ignore[call-overload]
