"""Results as they are shown: rounded, so that equal facts are equal to the byte whoever computed them.

A declared product's own statement is exact and rounded as it is. A solved one is rounded from binary, or, where its
certified interval holds a boundary of nine-digit rounding, from extended precision, before it is rounded to twelve
digits: so the shown value itself settles every digest (docs/method.md, "Numbers going out" and "Digest").
"""

from __future__ import annotations

from copy import copy
from decimal import Decimal
from functools import cached_property

import numpy as np

from exchange.model.carbon import COLUMNS
from exchange.model.resolved import Bools
from exchange.rollup.answer import EXCLUDING_COLUMN, Answer
from exchange.rollup.narrowing import Narrowing, undecided
from exchange.rollup.own_terms import EXACT, EXCLUDING_WIDTH, excluding
from exchange.rollup.resolution import Resolution
from exchange.rollup.rounding import Rounded, next_power_of_ten, quantum_of, round_outward, round_vector


class Shown:
    """Rounded vectors of the rows of a solved system; each is computed when first asked for."""

    def __init__(self, resolution: Resolution, solved: Answer) -> None:
        self._resolution = resolution
        self._answer = solved
        self._rounded: dict[int, Rounded] = {}

    def prepare(self) -> None:
        """Computes what all rows need, so that `again` has it."""
        self._undecided, self._used, self._narrowing  # noqa: B018 - each is computed when it is looked at

    def again(self) -> Shown:
        """The same, sharing what was computed; rows that are asked for from now on are its own."""
        other = copy(self)
        other._rounded = dict(self._rounded)
        return other

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

        The radius rests on the whole recipe, so its size would tell of it. Up to one quantum it counts as one quantum
        around the shown sum; what is wider is narrowed first, and shown by its power of ten where even that is wider.
        """
        lower, upper = self.interval(row)
        rounded = self.row(row)
        if lower == upper:
            return (lower, upper) if not any(rounded.components) else round_outward(lower, upper, rounded.quantum)
        radius = EXACT.divide(EXACT.subtract(upper, lower), 2)
        if radius > rounded.quantum:
            radius = self._narrowed_radius(row)
        coarse = max(next_power_of_ten(radius), rounded.quantum)
        shown = rounded.excluding
        return round_outward(EXACT.subtract(shown, coarse), EXACT.add(shown, coarse), rounded.quantum)

    def _narrowed_radius(self, row: int) -> Decimal:
        """Of the sum excluding uptake, in extended precision."""
        radii = (self._narrowing.column(column).radius[row] for column in self._used if column < EXCLUDING_WIDTH)
        return sum((Decimal(float(radius)) for radius in radii), Decimal(0)) or Decimal("1E-300")

    def _exact(self, row: int) -> tuple[Decimal, ...] | None:
        """A row that no line enters and that has an answer: its own term is the result."""
        system = self._answer.system
        alone = system.counts[row] == 0 and not self._answer.dead[row]
        return system.exact_own.vector(row) if alone else None

    def _solved(self, row: int) -> list[Decimal]:
        """A solved row's components, narrowed where the certificate leaves nine digits undecided."""
        width = len(COLUMNS)
        doubtful = self._undecided[row]
        if self._wide(row):
            doubtful = np.isin(np.arange(width), self._used)
        elif doubtful.any():
            radius = np.zeros((1, width))
            for column in self._used:
                radius[0, column] = self._narrowing.radius(column)[row]
            doubtful = undecided(self._answer.x[row : row + 1, :width], radius)[0]
        return [
            self._narrowing.column(column).value(row)
            if doubtful[column]
            else Decimal(float(self._answer.x[row, column]))
            for column in range(width)
        ]

    def _wide(self, row: int) -> bool:
        """Whether a row's certified interval is wider than what is shown of it."""
        x, radius = self._answer.x[row], self._answer.radius[row]
        return bool(radius[EXCLUDING_COLUMN] > float(quantum_of(Decimal(float(np.abs(x[: len(COLUMNS)]).max())))))

    @cached_property
    def _used(self) -> list[int]:
        """Columns that hold anything."""
        return np.flatnonzero(self._answer.system.own[:, : len(COLUMNS)].any(axis=0)).tolist()

    @cached_property
    def _undecided(self) -> Bools:
        width = len(COLUMNS)
        return undecided(self._answer.x[:, :width], self._answer.radius[:, :width])

    @cached_property
    def _narrowing(self) -> Narrowing:
        solved = self._answer
        return Narrowing(self._resolution, solved.system, solved.x, solved.scale)
