"""Results as they are shown: rounded, so that equal facts are equal to the byte whoever computed them.

A declared product's own statement is exact and rounded as it is. A solved one is rounded from binary, or, where its
certified interval holds a boundary of nine-digit rounding, from extended precision, before it is rounded to twelve
digits: so the shown value itself settles every digest (docs/method.md, "Numbers going out" and "Digest").
"""

from __future__ import annotations

from decimal import Decimal
from functools import cached_property
from typing import Final

import numpy as np

from exchange.model.carbon import COLUMNS
from exchange.model.resolved import Bools
from exchange.rollup.answer import EXCLUDING_COLUMN, Answer
from exchange.rollup.narrowing import Narrowing, undecided
from exchange.rollup.own_terms import EXACT, excluding
from exchange.rollup.resolution import Resolution
from exchange.rollup.rounding import Rounded, next_power_of_ten, round_outward, round_vector

RADIUS_LEAST: Final = Decimal("0.001")  # of a quantum: below it, a radius shows in no answer


class Shown:
    """Rounded vectors of the rows of a solved system; each is computed when first asked for."""

    def __init__(self, resolution: Resolution, solved: Answer) -> None:
        self._resolution = resolution
        self._answer = solved
        self._rounded: dict[int, Rounded] = {}

    def row(self, row: int) -> Rounded:
        """A row's components, rounded together, and their sums: cradle to gate, or outbound logistics."""
        if row not in self._rounded:
            self._rounded[row] = round_vector(self._exact(row) or self._solved(row))
        return self._rounded[row]

    def interval(self, row: int) -> tuple[Decimal, Decimal]:
        """The certified interval of a row excluding uptake, not rounded yet."""
        exact = self._exact(row)
        if exact is not None:
            center, radius = excluding(exact), Decimal(0)
        else:
            center = Decimal(float(self._answer.x[row, EXCLUDING_COLUMN]))
            radius = Decimal(float(self._answer.radius[row, EXCLUDING_COLUMN]))
        return EXACT.subtract(center, radius), EXACT.add(center, radius)

    def shown_interval(self, row: int) -> tuple[Decimal, Decimal]:
        """The same, widened by the rounding and rounded outward; [0, 0] where everything is exactly zero.

        The radius is rounded up to a power of ten first: it rests on the whole recipe, and its digits would tell of it.
        """
        lower, upper = self.interval(row)
        rounded = self.row(row)
        if lower == upper == 0 and not any(rounded.components):
            return lower, upper
        center, radius = EXACT.divide(EXACT.add(lower, upper), 2), EXACT.divide(EXACT.subtract(upper, lower), 2)
        coarse = max(next_power_of_ten(radius), EXACT.multiply(rounded.quantum, RADIUS_LEAST)) if radius else radius
        low, high = round_outward(EXACT.subtract(center, coarse), EXACT.add(center, coarse), rounded.quantum)
        return min(low, rounded.excluding), max(high, rounded.excluding)

    def _exact(self, row: int) -> tuple[Decimal, ...] | None:
        """A row that no line enters and that has an answer: its own term is the result."""
        system = self._answer.system
        alone = system.counts[row] == 0 and not self._answer.dead[row]
        return system.exact_own[row] if alone else None

    def _solved(self, row: int) -> list[Decimal]:
        """A solved row's components, narrowed where the certificate leaves nine digits undecided."""
        width = len(COLUMNS)
        doubtful = self._undecided[row]
        if doubtful.any():
            radius = np.zeros((1, width))
            used = np.flatnonzero(self._answer.own[:, :width].any(axis=0)).tolist()
            for column in used:
                radius[0, column] = self._narrowing.radius(column)[row]
            doubtful = undecided(self._answer.x[row : row + 1, :width], radius)[0]
        return [
            self._narrowing.column(column).value(row)
            if doubtful[column]
            else Decimal(float(self._answer.x[row, column]))
            for column in range(width)
        ]

    @cached_property
    def _undecided(self) -> Bools:
        width = len(COLUMNS)
        return undecided(self._answer.x[:, :width], self._answer.radius[:, :width])

    @cached_property
    def _narrowing(self) -> Narrowing:
        solved = self._answer
        return Narrowing(self._resolution, solved.system, solved.x, solved.scale)
