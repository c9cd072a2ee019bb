"""Solves a closure's system and certifies it, or says which products have no answer.

Only products that depend on a loop without an answer are refused; the others are solved without it. A product
depends on what it consumes and on what its outbound logistics consume (docs/method.md, "Solving and the certificate").
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_array

from exchange.model.resolved import Bools, Floats, Ints
from exchange.rollup.certificate import Scale, find_scale, radii, solve_scale
from exchange.rollup.loops import looped_components, reached_from, reaching, without_answer
from exchange.rollup.own_terms import EXCLUDING_WIDTH
from exchange.rollup.solving import Solved, row_scale, solve, sweep
from exchange.rollup.system import Matrix, System, absolute, csr

EXCLUDING_COLUMN = 12  # of x and radius: after those of COLUMNS


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """x and the radius of its certified interval, (rows, 13): COLUMNS, then the total excluding uptake.

    system: what was solved, rows without an answer emptied. dead: rows without an answer.
    loops: rows of each loop that has none. sweeps: how many solving took.
    """

    system: System
    x: Floats
    radius: Floats
    scale: Scale
    dead: Bools
    loops: tuple[Ints, ...]
    dependence: Matrix | None
    sweeps: int

    def loop_members(self, row: int) -> Ints:
        """Rows of the loops without an answer that a row depends on."""
        if self.dependence is None:
            return np.zeros(0, dtype=np.int64)
        reached = reached_from(self.dependence, row)
        hit = [loop for loop in self.loops if np.isin(loop, reached).any()]
        return np.unique(np.concatenate(hit)) if hit else np.zeros(0, dtype=np.int64)


def answer(system: System) -> Answer:
    """x = d + A x with its certificate, for all rows that have one."""
    own = system.own[:, :EXCLUDING_COLUMN]
    found = sweep(system.matrix, own)
    if found.settled:
        size = absolute(system.matrix)
        start = row_scale(size, own, found.x)
        scale = find_scale(size, system.counts, start)
        if scale is not None:
            return _certified(system, found, scale)
    return _slow_answer(system)


def _slow_answer(system: System) -> Answer:
    """For loops that consume nearly all of themselves, or all, or more, and for what the first attempt left over."""
    dependence = _dependence(system)
    loops = without_answer(absolute(system.matrix))
    while True:
        dead = reaching(dependence, _rows_of(loops, system.rows))
        emptied = _without(system, dead)
        size = absolute(emptied.matrix)
        own = emptied.own[:, :EXCLUDING_COLUMN]
        found = solve(emptied.matrix, own)
        if np.isfinite(found.x).all():
            start = row_scale(size, own, found.x)
            scale = find_scale(size, emptied.counts, start) or solve_scale(size, emptied.counts, own, start)
            if scale is not None:
                return replace(_certified(emptied, found, scale), dead=dead, loops=tuple(loops), dependence=dependence)
        # Every loop left seemed to have an answer, yet none was certified: refuse rather than answer wrongly.
        left = [rows for rows in looped_components(size) if not dead[rows].any()]
        loops += left or [np.flatnonzero(~dead)]


def _certified(system: System, found: Solved, scale: Scale) -> Answer:
    x = np.column_stack((found.x, found.x[:, :EXCLUDING_WIDTH].sum(axis=1)))
    radius = radii(system.matrix, absolute(system.matrix), system.counts, system.own, x, scale)
    return Answer(system, x, radius, scale, np.zeros(system.rows, dtype=np.bool_), (), None, found.sweeps)


def _dependence(system: System) -> Matrix:
    """Entries from each row to what it depends on: what it consumes, and its outbound logistics."""
    matrix = system.matrix
    rows = np.repeat(np.arange(system.rows), np.diff(matrix.indptr))
    products = np.flatnonzero(system.outbound_row >= 0)
    return csr(
        np.concatenate((rows, products)),
        np.concatenate((matrix.indices, system.outbound_row[products])),
        np.ones(len(rows) + len(products)),
        system.rows,
    )


def _rows_of(loops: list[Ints], size: int) -> Bools:
    found = np.zeros(size, dtype=np.bool_)
    for rows in loops:
        found[rows] = True
    return found


def _without(system: System, dead: Bools) -> System:
    """The system with these rows emptied; no other row depends on them."""
    if not dead.any():
        return system
    matrix = system.matrix
    rows = np.repeat(np.arange(system.rows), np.diff(matrix.indptr))
    data = np.where(dead[rows], 0.0, matrix.data)
    return replace(
        system,
        own=np.where(dead[:, None], 0.0, system.own),
        exact_own=replace(system.exact_own, emptied=dead),
        matrix=csr_array((data, matrix.indices, matrix.indptr), shape=matrix.shape),
    )
