"""The linear system of a closure: x = d + A x, all components at once.

Row r < products is a product's cradle to gate, x. Products that say anything of their outbound logistics have a
second row, o = DISTRIBUTION direct emissions + sum over DISTRIBUTION lines of factor x; a line marked `delivered`
has an edge to both rows of the product that serves it, which is the same as joining d and A of the consumer
(docs/method.md, "Lines and units", Transport) and needs no elimination.

Only acquisition and manufacturing lines enter x rows. Entries of one row to the same supplier stay apart: they are
the lines.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from scipy.sparse import csr_array

from exchange.model.footprint import DELIVERED, STAGES, LifeCycleStage
from exchange.model.resolved import Bools, Floats, Ints
from exchange.rollup.resolution import Resolution
from exchange.rollup.standings import ExactOwn

Matrix = Any  # csr_array of float64: scipy's stubs do not follow products of sparse and dense arrays
GATE_STAGE_MAX: Final = STAGES.index(LifeCycleStage.MANUFACTURING)  # acquisition and manufacturing come first
ALL_LINES: Final = slice(None)
DISTRIBUTION_STAGE: Final = STAGES.index(LifeCycleStage.DISTRIBUTION)


@dataclass(frozen=True, slots=True, eq=False)
class System:
    """x = own + matrix x over rows.

    own: (rows, 13), in the order of COLUMNS, then their sum excluding uptake; exact_own: the components before they
    were rounded to binary. matrix: (rows, rows) in CSR, duplicates kept. outbound_row: of each product, -1 where
    nothing was said of its outbound logistics. product_of_row: the product's own row. counts: entries of each row.
    """

    own: Floats
    exact_own: ExactOwn
    matrix: Matrix
    outbound_row: Ints
    product_of_row: Ints
    counts: Floats

    @property
    def rows(self) -> int:
        return len(self.own)


def build_system(resolution: Resolution) -> System:
    """The system of all products of a resolved closure; rows below len(resolution.keys) are theirs, in order."""
    standings, products = resolution.standings, len(resolution.keys)
    said = np.flatnonzero(standings.has_outbound)
    outbound_row = np.full(products, -1, dtype=np.int64)
    outbound_row[said] = products + np.arange(len(said))
    product_of_row = np.concatenate((np.arange(products), said))
    matrix = matrix_of(resolution, outbound_row, resolution.factors, len(product_of_row))
    return System(
        own=np.concatenate((standings.own, standings.outbound)),
        exact_own=ExactOwn(standings.recipes, product_of_row, products),
        matrix=matrix,
        outbound_row=outbound_row,
        product_of_row=product_of_row,
        counts=np.diff(matrix.indptr).astype(np.float64),
    )


def matrix_of(resolution: Resolution, outbound_row: Ints, factors: Floats, size: int) -> Matrix:
    """A, or a matrix of the same entries with other `factors` (one for each line of the closure)."""
    return csr(*_entries(resolution, outbound_row, factors), size)


def csr(rows: Ints, columns: Ints, factors: Floats, size: int) -> Matrix:
    """A square CSR matrix of these entries; duplicates are kept, order within a row as given."""
    if len(rows) and np.any(rows[1:] < rows[:-1]):
        order = np.argsort(rows, kind="stable")
        rows, columns, factors = rows[order], columns[order], factors[order]
    starts = np.zeros(size + 1, dtype=np.int32)
    np.cumsum(np.bincount(rows, minlength=size), out=starts[1:])
    return csr_array((factors, columns.astype(np.int32), starts), shape=(size, size))


def absolute(matrix: Matrix) -> Matrix:
    """|A|, entry by entry; where nothing is negative, A itself."""
    if not len(matrix.data) or matrix.data.min() >= 0:
        return matrix
    return csr_array((np.abs(matrix.data), matrix.indices, matrix.indptr), shape=matrix.shape)


def in_stages(resolution: Resolution, first: int, last: int, part: slice = ALL_LINES) -> Bools:
    """Lines that a product of the closure serves, in these stages (indexes into STAGES, both included)."""
    stages = resolution.stages[part]
    return (resolution.serving[part] >= 0) & (stages >= first) & (stages <= last)


def delivered_to(resolution: Resolution, outbound_row: Ints, part: slice = ALL_LINES) -> Ints:
    """Of each line: the outbound row that it also takes, -1 where none (not delivered, or nothing was said)."""
    serving = resolution.serving[part]
    takes = ((resolution.flags[part] & DELIVERED) != 0) & (serving >= 0)
    return np.where(takes, outbound_row[np.where(takes, serving, 0)], -1)


def _entries(resolution: Resolution, outbound_row: Ints, factors: Floats) -> tuple[Ints, Ints, Floats]:
    gate = in_stages(resolution, 0, GATE_STAGE_MAX)
    distribution = in_stages(resolution, DISTRIBUTION_STAGE, DISTRIBUTION_STAGE)
    consumer_row = np.where(distribution, outbound_row[resolution.consumer], resolution.consumer)
    used = gate | distribution
    also = delivered_to(resolution, outbound_row)
    both = used & (also >= 0)
    return (
        np.concatenate((consumer_row[used], consumer_row[both])),
        np.concatenate((resolution.serving[used], also[both])),
        np.concatenate((factors[used], factors[both])),
    )
