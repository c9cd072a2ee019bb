"""Extended precision, for the few results that rounding would otherwise leave to chance.

A result enters digests rounded to nine digits. Where its certified interval holds a rounding boundary, last bits, and
with them the machine, would settle the digest; so the value is first narrowed: iterative refinement (Wilkinson 1963;
Higham 2002, chapter 12) with x, factors and emissions as unevaluated sums of two doubles (106 bits), products split
exactly (Dekker 1971) and every residual summed exactly (Shewchuk's fsum). Rules: docs/method.md, "Digest".
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from math import fsum
from typing import Final

import numpy as np

from exchange.model.resolved import Bools, Floats
from exchange.rollup.certificate import Scale
from exchange.rollup.own_terms import EXACT
from exchange.rollup.resolution import Resolution
from exchange.rollup.rounding import DIGEST_DIGITS, DIGITS
from exchange.rollup.solving import ROUNDOFF, solve
from exchange.rollup.system import Matrix, System, absolute, matrix_of

ROUNDS_MAX: Final = 6  # each gains the solver's ten to sixteen digits, two are usual
DIVISION_SLACK: Final = 1e-6  # rounding of a division whose result is below 1e9
_UNIT = ROUNDOFF**2 * 4  # of what two doubles hold
_SPLITTER = 2.0**27 + 1


@dataclass(frozen=True, slots=True, eq=False)
class Narrowed:
    """One column of x as hi + lo, by row, and the radius of its certified interval."""

    hi: Floats
    lo: Floats
    radius: Floats

    def value(self, row: int) -> Decimal:
        """The value, as far as it is known; 0 where the interval holds 0."""
        value = EXACT.add(Decimal(float(self.hi[row])), Decimal(float(self.lo[row])))
        return Decimal(0) if abs(value) <= Decimal(float(self.radius[row])) else value


def undecided(x: Floats, radius: Floats) -> Bools:
    """Which components (rows, 12) could be rounded to another nine digits within their certified interval.

    Rounding to nine digits after rounding to twelve switches half a twelfth-digit quantum beside each odd multiple
    of half of 10^(floor(log10 largest) - 8); and where the largest component gains a digit, everything does.
    """
    size = np.abs(x)
    largest = size.max(axis=1, initial=0.0)
    known = largest > 0
    exponent = np.floor(np.log10(np.where(known, largest, 1.0)))
    step = (10.0 ** (exponent - DIGEST_DIGITS + 1))[:, None]
    quantum = 10.0 ** (exponent - DIGITS + 1)
    position = size / step
    beside = np.abs(position - np.floor(position) - 0.5)
    near = np.abs(beside - 0.5 * 10.0 ** (DIGEST_DIGITS - DIGITS)) <= radius / step + DIVISION_SLACK
    carry = np.abs(10.0 ** (exponent + 1) - quantum / 2 - largest)
    gains = carry <= radius.max(axis=1, initial=0.0) + 8 * ROUNDOFF * largest
    doubtful = (near | gains[:, None]) & known[:, None] & (radius > 0)
    return np.asarray(doubtful, dtype=np.bool_)


class Narrowing:
    """Narrows columns of one solved system on demand; what it found is kept."""

    def __init__(self, resolution: Resolution, system: System, x: Floats, scale: Scale) -> None:
        self._system, self._x, self._scale = system, x, scale
        self._resolution = resolution
        self._columns: dict[int, Narrowed] = {}
        self._radii: dict[int, Floats] = {}
        self._low_matrix: Matrix | None = None

    def column(self, column: int) -> Narrowed:
        """A component of all products, in extended precision."""
        if column not in self._columns:
            self._columns[column] = self._refine(column)
        return self._columns[column]

    def radius(self, column: int) -> Floats:
        """The radius of a column as it was solved, from its exact residual; bounds the rounding to binary too.

        Some hundred times below the certificate's, which bounds the residual's rounding by its number of terms.
        """
        if column not in self._radii:
            system = self._system
            x, zero = self._x[:, column], np.zeros(system.rows)
            own = system.own[:, column]
            residual = self._residual(np.zeros_like(system.matrix.data), own, zero, x, zero)
            size = absolute(system.matrix) @ np.abs(x) + np.abs(own)
            self._radii[column] = self._radius(residual, 0.5 * ROUNDOFF * size)
        return self._radii[column]

    def _radius(self, residual: Floats, slack: Floats) -> Floats:
        error = (np.abs(residual) + slack) * (1 + 8 * ROUNDOFF)
        worst = float((error / self._scale.u).max(initial=0.0))
        return np.asarray(self._scale.w * worst * (1 + 8 * ROUNDOFF))

    def _refine(self, column: int) -> Narrowed:
        system, matrix = self._system, self._system.matrix
        size = absolute(matrix)
        own = [system.exact_own.vector(row)[column] for row in range(system.rows)]
        own_hi = system.own[:, column]
        own_lo = np.array([_rest(exact, float(hi)) for exact, hi in zip(own, own_hi, strict=True)])
        hi, lo = self._x[:, column].copy(), np.zeros(system.rows)
        best = Narrowed(hi, lo, np.full(system.rows, np.inf))
        for _ in range(ROUNDS_MAX):
            residual = self._residual(self._low(), own_hi, own_lo, hi, lo)
            radius = self._radius(residual, _UNIT * (np.abs(own_hi) + size @ np.abs(hi) + np.abs(hi)))
            if not np.any(radius < 0.5 * best.radius):
                break
            best = Narrowed(hi, lo, radius)
            correction = solve(matrix, residual[:, None]).x[:, 0]
            hi, lo = _two_sum(hi, lo + correction)
        return best

    def _residual(self, low: Floats, own_hi: Floats, own_lo: Floats, hi: Floats, lo: Floats) -> Floats:
        """d + A x - x of every row, summed exactly and rounded once."""
        matrix = self._system.matrix
        of_hi, of_lo = hi[matrix.indices], lo[matrix.indices]
        terms = np.stack(
            (
                *_two_product(matrix.data, of_hi),
                *_two_product(matrix.data, of_lo),
                *_two_product(low, of_hi),
                low * of_lo,
            ),
            axis=1,
        )
        width = terms.shape[1]
        flat = terms.ravel().tolist()
        starts = (matrix.indptr.astype(np.int64) * width).tolist()
        alone = np.stack((own_hi, own_lo, -hi, -lo), axis=1).tolist()
        return np.array([fsum(flat[starts[k] : starts[k + 1]] + alone[k]) for k in range(len(alone))])

    def _low(self) -> Floats:
        """What rounding to binary took from every entry of the matrix."""
        if self._low_matrix is None:
            self._low_matrix = matrix_of(
                self._resolution, self._system.outbound_row, self._factor_rests(), self._system.rows
            )
        # Entries of rows that were emptied stay empty.
        return np.where(self._system.matrix.data != 0, self._low_matrix.data, 0.0)

    def _factor_rests(self) -> Floats:
        resolution = self._resolution
        rests = np.zeros(len(resolution.factors))
        for row in range(len(resolution.keys)):
            part = resolution.lines_of(row)
            served = np.flatnonzero(resolution.serving[part] >= 0).tolist()
            factors = resolution.factors[part]
            for position, exact in zip(served, resolution.exact_factors(row, served), strict=True):
                rests[part.start + position] = _rest(exact, float(factors[position]))
        return rests


def _rest(exact: Decimal, rounded: float) -> float:
    return float(EXACT.subtract(exact, Decimal(rounded)))


def _two_sum(a: Floats, b: Floats) -> tuple[Floats, Floats]:
    """a + b rounded, and exactly what rounding took (Knuth)."""
    total = a + b
    virtual = total - a
    return total, (a - (total - virtual)) + (b - virtual)


def _two_product(a: Floats, b: Floats) -> tuple[Floats, Floats]:
    """a x b rounded, and exactly what rounding took (Dekker)."""
    product = a * b
    a_hi, a_lo = _split(a)
    b_hi, b_lo = _split(b)
    return product, ((a_hi * b_hi - product) + a_hi * b_lo + a_lo * b_hi) + a_lo * b_lo


def _split(a: Floats) -> tuple[Floats, Floats]:
    shifted = _SPLITTER * a
    hi = shifted - (shifted - a)
    return hi, a - hi
