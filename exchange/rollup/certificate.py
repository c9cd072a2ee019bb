"""The certified interval: how far the computed result can be from the exact solution of x = d + A x.

For any w > 0 with u = w - |A| w > 0: |x* - x|_i <= w_i max_k |d + A x - x|_k / u_k, whatever solver made x
(|x* - x| <= (I - |A|)^-1 |r|, and (I - |A|)^-1 is not negative where such a w exists: an M-matrix, Berman and
Plemmons 1994, chapter 6). The residual's own rounding, and that of factors and emissions to binary, is bounded by
epsilon_k = (n_k + 6) 2^-52 (|d| + |A||x| + |x|)_k with n_k the entries of row k (Higham 2002, section 3.1).

It says nothing of data quality or gaps. Rules: docs/method.md, "Solving and the certificate".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from exchange.model.resolved import Floats
from exchange.rollup.solving import ROUNDOFF, TINY, row_scale, solve
from exchange.rollup.system import Matrix

SWEEPS_MAX: Final = 40  # w is almost always found within five; after these it is solved for
UNCANCELLED: Final = 1e-6  # far above roundoff, and so little that loops do not widen the intervals of others
SHAPING_SWEEPS: Final = 8  # a loop of that many products, each per milligram of the next, takes its sizes
WORTHWHILE: Final = 1.1  # another sweep for an interval at least a tenth narrower


@dataclass(frozen=True, slots=True, eq=False)
class Scale:
    """w > 0 and u > 0, not above w - |A| w, of every row."""

    w: Floats
    u: Floats


def find_scale(size: Matrix, counts: Floats, start: Floats) -> Scale | None:
    """A certificate's w from sweeps w <- start + |A| w, `size` being |A| and start > 0; None: none was found.

    Sweeps go on while they still widen min u / w, to which the interval is inversely proportional.
    """
    w, found, best = start, None, 0.0
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(SWEEPS_MAX):
            u = _below(size, counts, w)
            share = float((u / w).min(initial=1.0))
            if found is not None and not share > WORTHWHILE * best:
                return found
            if share > 0:
                found, best = Scale(w, u), share
            w = start + size @ w
            if not np.isfinite(w).all():
                return found
    return found


def solve_scale(size: Matrix, counts: Floats, own: Floats, start: Floats) -> Scale | None:
    """The same where sweeps do not get there, for an |A| whose loops are known to have an answer.

    They fail on loops that consume nearly all of themselves, on long chains, and on whatever consumes a result that
    cancels to nothing. So w is solved for, from a start with a little of z = |d| + |A| z, in which nothing cancels;
    rows that no emission reaches take their sizes from each other.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        z = solve(size, np.abs(own).max(axis=1)[:, None]).x
        untouched = np.equal(z[:, 0], 0)
        shape = untouched.astype(np.float64)
        for _ in range(SHAPING_SWEEPS):
            shape = np.where(untouched, shape + size @ shape, 0.0)
        small = TINY * float(start.max(initial=0.0)) * shape / max(float(shape.max(initial=0.0)), 1.0)
        begin = np.where(untouched, small, start + UNCANCELLED * row_scale(size, own, z))
        w = solve(size, begin[:, None]).x[:, 0]
        u = _below(size, counts, w)
    return Scale(w, u) if np.all(w > 0) and np.all(u > 0) else None


def radii(matrix: Matrix, size: Matrix, counts: Floats, own: Floats, x: Floats, scale: Scale) -> Floats:
    """The radius of the certified interval of every row and column, (rows, columns).

    The worst residual is taken over what a row reaches: its equations are closed in themselves, and a product's
    interval must not tell of what was solved beside it. Exactly 0 for a column of zeros, and for rows that no emission
    at all reaches.
    """
    absolute_x = np.abs(x)
    residual = np.abs(own + matrix @ x - x)
    epsilon = (counts + 6)[:, None] * ROUNDOFF * (np.abs(own) + size @ absolute_x + absolute_x)
    found: Floats = np.zeros_like(x)
    used = own.any(axis=0)
    worst = _worst_reached(matrix, ((residual + epsilon) / scale.u[:, None])[:, used])
    found[:, used] = scale.w[:, None] * worst * (1 + 8 * ROUNDOFF)
    return found


def _worst_reached(matrix: Matrix, ratio: Floats) -> Floats:
    """The largest entry of each column over the rows that a row reaches, itself included."""
    worst = ratio
    filled = np.flatnonzero(np.diff(matrix.indptr))
    if not len(filled):
        return worst
    starts = matrix.indptr[filled]
    while True:
        reached = np.maximum.reduceat(worst[matrix.indices], starts, axis=0)
        if not (reached > worst[filled]).any():
            return worst
        worst = worst.copy()
        worst[filled] = np.maximum(worst[filled], reached)


def _below(size: Matrix, counts: Floats, w: Floats) -> Floats:
    """w - |A| w, rounded down."""
    consumed = (size @ w) * (1 + (counts + 6) * ROUNDOFF)
    difference = w - consumed
    return np.asarray(difference - np.abs(difference) * 2 * ROUNDOFF)
