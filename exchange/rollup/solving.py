"""Solving x = d + A x for many columns at once, over CSR arrays, to the last bits that doubles hold.

Sweeps x <- d + A x come first: a closure without loops is finished after as many as it is deep, and supply chains
lose about half of the error at each. Where the decay that was seen says that sweeps would be too many (loops that
consume nearly all of themselves), BiCGSTAB (van der Vorst, 1992) on the unit-scaled residual removes the slow part
and sweeps go on. Nothing here judges the result: the certificate does (docs/method.md, "Solving and the certificate").
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.linalg import LinearOperator, bicgstab

from exchange.model.resolved import Floats
from exchange.rollup.loops import looped_components
from exchange.rollup.system import Matrix, absolute

SWEEPS_BETWEEN_CHECKS: Final = 4
SWEEPS_FIRST: Final = 64  # enough for a gain of 0.55 to reach roundoff; most supply chains lie below it
SWEEPS_MAX: Final = 400  # beyond it BiCGSTAB was quicker on every loop that was tried
ROUNDS_MAX: Final = 40  # of BiCGSTAB and sweeps; random loops of gain 0.999999 needed at most five
ROUNDOFF: Final = 2.0**-52
ROWS_AT_ONCE: Final = 10_000  # looked at for changes: bounds what that takes beside the vectors
TINY: Final = 1e-30  # a scale for rows without one, relative to the largest


@dataclass(frozen=True, slots=True, eq=False)
class Solved:
    """x: (rows, columns). settled: whether the iteration came to rest at roundoff. sweeps: how many that took, of all
    columns together; BiCGSTAB's steps are not counted."""

    x: Floats
    settled: bool
    sweeps: int = 0


def sweep(matrix: Matrix, own: Floats) -> Solved:
    """Sweeps only, while they promise to settle within SWEEPS_MAX; `settled` False: too slow, or no answer."""
    return _in_columns(own, lambda part: _sweeps(matrix, absolute(matrix), part, part, SWEEPS_MAX))


def sweep_from(matrix: Matrix, own: Floats, start: Floats) -> Solved:
    """The same from an earlier solution of nearly the same system: what is right already is not found again.

    Changes are measured by the scale of `start` until that says settled, and then by that of what was found.
    """
    x, size, previous = start, absolute(matrix), np.inf
    scale, of_start = row_scale(size, own, start), True
    with np.errstate(over="ignore", invalid="ignore"):  # a loop without an answer grows until it is stopped
        for done in range(SWEEPS_BETWEEN_CHECKS, SWEEPS_MAX + 1, SWEEPS_BETWEEN_CHECKS):
            for _ in range(SWEEPS_BETWEEN_CHECKS - 1):
                x = _swept(matrix, own, x)
            last, x = x, _swept(matrix, own, x)
            change = _change(x, last, scale)
            if not np.isfinite(change):
                break
            if of_start and _is_at_rest(change, previous):
                scale, of_start, previous = row_scale(size, own, x), False, np.inf
                change = _change(x, last, scale)
            del last
            if not of_start and _is_at_rest(change, previous):
                return Solved(x, settled=True, sweeps=done)
            previous = change
    return Solved(x, settled=False, sweeps=done)


def solve(matrix: Matrix, own: Floats) -> Solved:
    """Sweeps, with BiCGSTAB where they are too slow. The matrix must be known to have an answer."""
    size = absolute(matrix)

    def columns(part: Floats) -> Solved:
        found = _sweeps(matrix, size, part, part, SWEEPS_MAX)
        if not found.settled and _acyclic(matrix):
            patient = _sweeps(matrix, size, part, found.x, len(part) + SWEEPS_BETWEEN_CHECKS, patient=True)
            return replace(patient, sweeps=found.sweeps + patient.sweeps)
        for _ in range(ROUNDS_MAX):
            if found.settled or not np.isfinite(found.x).all():
                break
            corrected = _correct(matrix, size, part, found.x)
            before = found.sweeps
            found = _sweeps(matrix, size, part, corrected, SWEEPS_MAX)
            found = replace(found, sweeps=before + found.sweeps)
        return found

    return _in_columns(own, columns)


def row_scale(size: Matrix, own: Floats, x: Floats) -> Floats:
    """s = max_c |d_c| + |A| max_c |x_c|; zeros become 1e-30 of the largest. `size` is |A|."""
    scale: Floats = size @ _largest(x)
    scale += _largest(own)
    largest, unscaled = float(scale.max(initial=0.0)), scale > 0
    scale[np.logical_not(unscaled, out=unscaled)] = _least_scale(largest)
    return scale


def _least_scale(largest: float) -> float:
    return TINY * (largest if largest > 0 else 1.0)


def _in_columns(own: Floats, run: Callable[[Floats], Solved]) -> Solved:
    """Solves each column that is not zero, equal ones once."""
    distinct: list[int] = []
    same_as: dict[int, int] = {}
    for column in np.flatnonzero(own.any(axis=0)).tolist():
        found = (at for at, other in enumerate(distinct) if np.array_equal(own[:, other], own[:, column]))
        same_as[column] = next(found, len(distinct))
        if same_as[column] == len(distinct):
            distinct.append(column)
    if not distinct:
        return Solved(np.zeros_like(own), settled=True)
    whole = len(distinct) == own.shape[1] and own.flags.c_contiguous
    with np.errstate(over="ignore", invalid="ignore"):  # a loop without an answer grows until it is stopped
        solved = run(own if whole else np.ascontiguousarray(own[:, distinct]))
    if whole:
        return solved
    x = np.zeros_like(own)
    for column, at in same_as.items():
        x[:, column] = solved.x[:, at]
    return Solved(x, solved.settled, solved.sweeps)


def _sweeps(matrix: Matrix, size: Matrix, own: Floats, x: Floats, sweeps_max: int, *, patient: bool = False) -> Solved:
    """Sweeps from `x` on; gives up where they are too slow for sweeps_max, unless `patient`."""
    previous = np.inf
    for done in range(SWEEPS_BETWEEN_CHECKS, sweeps_max + 1, SWEEPS_BETWEEN_CHECKS):
        for _ in range(SWEEPS_BETWEEN_CHECKS - 1):
            x = _swept(matrix, own, x)
        last, x = x, _swept(matrix, own, x)
        if np.array_equal(x, last):
            return Solved(x, settled=True, sweeps=done)
        change = _change_by_rows(size, own, x, last)
        del last  # a vector less while sweeps go on
        if not np.isfinite(change):
            return Solved(x, settled=False, sweeps=done)
        if _is_at_rest(change, previous):
            return Solved(x, settled=True, sweeps=done)
        too_slow = done >= SWEEPS_FIRST and _sweeps_left(change, previous) > sweeps_max - done
        if too_slow and not patient:
            return Solved(x, settled=False, sweeps=done)
        previous = change
    return Solved(x, settled=False, sweeps=sweeps_max)


def _is_at_rest(change: float, previous: float) -> bool:
    """At roundoff, or near it and no longer getting nearer."""
    return change <= 4 * ROUNDOFF or (change < 1e3 * ROUNDOFF and change > 0.95 * previous)


def _swept(matrix: Matrix, own: Floats, x: Floats) -> Floats:
    """own + A x, in one new array: making a second takes a tenth of the time."""
    found: Floats = matrix @ x
    found += own
    return found


def _change(x: Floats, last: Floats, scale: Floats) -> float:
    """The largest change of any row, by its scale."""
    largest = _moved(x, last)
    largest /= scale
    return float(largest.max())


def _change_by_rows(size: Matrix, own: Floats, x: Floats, last: Floats) -> float:
    """`_change` by `row_scale(size, own, x)`, of a large system some rows at a time: the same number without vectors of
    all scales and changes."""
    if len(x) <= ROWS_AT_ONCE:
        return _change(x, last, row_scale(size, own, x))
    values, most, change, unscaled = _largest(x), 0.0, 0.0, 0.0
    for first in range(0, len(x), ROWS_AT_ONCE):
        part = slice(first, first + ROWS_AT_ONCE)
        scale = _rows(size, first, min(part.stop, len(x))) @ values
        scale += _largest(own[part])
        moved, scaled = _moved(x[part], last[part]), scale > 0
        most = max(most, float(scale.max()))
        # A number that is none has to be the largest: max() of Python would lose it.
        change = float(np.maximum(change, (moved[scaled] / scale[scaled]).max(initial=0.0)))
        unscaled = float(np.maximum(unscaled, moved[~scaled].max(initial=0.0)))
    return float(np.maximum(change, unscaled / _least_scale(most)))


def _moved(x: Floats, last: Floats) -> Floats:
    """The largest change of each row."""
    moved = x - last
    np.abs(moved, out=moved)
    largest: Floats = moved[:, 0] if moved.shape[1] == 1 else moved.max(axis=1)
    return largest


def _rows(matrix: Matrix, first: int, after: int) -> Matrix:
    """Some rows of a matrix."""
    starts = matrix.indptr[first : after + 1]
    part = slice(int(starts[0]), int(starts[-1]))
    shape = (after - first, matrix.shape[1])
    return csr_array((matrix.data[part], matrix.indices[part], starts - starts[0]), shape=shape)


def _largest(values: Floats) -> Floats:
    """The largest of each row, without its sign; to be read only: of one column without signs it is that column."""
    if values.shape[1] != 1:
        return np.asarray(np.abs(values).max(axis=1))
    return values[:, 0] if len(values) and values.min() >= 0 else np.abs(values[:, 0])


def _acyclic(matrix: Matrix) -> bool:
    """Whether no row reaches itself: sweeps then finish after as many as the closure is deep."""
    return not looped_components(matrix)


def _sweeps_left(change: float, previous: float) -> float:
    """How many sweeps the decay between the last two checks promises until roundoff."""
    if change >= previous:
        return np.inf
    return float(SWEEPS_BETWEEN_CHECKS * np.log(change / ROUNDOFF) / np.log(previous / change))


def _correct(matrix: Matrix, size: Matrix, own: Floats, x: Floats) -> Floats:
    """x with the slow part of its error removed: unit-scaled BiCGSTAB on the residual, column by column.

    With S = diag(row_scale), e solves (I - S^-1 A S) (S^-1 e) = S^-1 (d + A x - x).
    """
    scale = row_scale(size, own, x)
    rows = np.repeat(np.arange(len(scale)), np.diff(matrix.indptr))
    data = matrix.data * scale[matrix.indices] / scale[rows]
    scaled = csr_array((data, matrix.indices, matrix.indptr), shape=matrix.shape)
    operator = LinearOperator(matrix.shape, matvec=lambda vector: vector - scaled @ vector, dtype=np.dtype(np.float64))
    corrected = x.copy()
    for column in range(x.shape[1]):
        residual = (own[:, column] + matrix @ x[:, column] - x[:, column]) / scale
        norm = float(np.linalg.norm(residual))
        if norm == 0:
            continue
        error, _ = bicgstab(operator, residual / norm, rtol=1e-10, atol=0.0, maxiter=500)
        if np.isfinite(error).all():
            corrected[:, column] += norm * error * scale
    return corrected
