"""A viewer's view with some processes changed: what the root reaches in it, as rows and columns.

A process is a product's own term and what its cradle to gate takes. Rows are in the order in which lines reach them,
nearest first and in the order of the lines: it depends on what the viewer sees and on nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from exchange.model.resolved import Floats, Ints
from exchange.model.view import ViewNode
from exchange.rollup.own_terms import EXACT, Vector, excluding
from exchange.rollup.system import Matrix, csr
from exchange.rollup.view import View


@dataclass(frozen=True, slots=True)
class Take:
    """One line: `factor` declared units of the supplier per declared unit of the process; delivered: with the
    supplier's outbound logistics."""

    supplier_key: int
    factor: Decimal
    delivered: bool


@dataclass(frozen=True, slots=True)
class Process:
    """own: kg CO2e per declared unit, in the order of COLUMNS. takes: in the order of the lines."""

    own: Vector
    takes: tuple[Take, ...]


def process_of(node: ViewNode) -> Process:
    """The process of a product as the view has it; a leaf takes nothing."""
    columns = zip(node.lines.suppliers.tolist(), node.exact_factors, node.lines.delivered.tolist(), strict=True)
    return Process(node.own, tuple(Take(supplier, factor, delivered) for supplier, factor, delivered in columns))


@dataclass(frozen=True, slots=True, eq=False)
class ChangedView:
    """keys: what the root reaches, the root first; row_of: their rows. starts: where each row's lines begin, one entry
    more than rows; supplier: row of each line's. own_kg: of each row, excluding uptake, with the outbound logistics of
    delivered lines."""

    keys: tuple[int, ...]
    row_of: Mapping[int, int]
    starts: Ints
    supplier: Ints
    factors: Floats
    own_kg: Floats
    root: int = 0

    @classmethod
    def of(cls, view: View, changed: Mapping[int, Process]) -> ChangedView:
        """Raises LookupError where a line leaves the view."""
        keys, row_of = [view.root_key], {view.root_key: 0}
        counts: list[int] = []
        suppliers: list[int] = []
        factors: list[Floats] = []
        own_kg: list[float] = []
        for key in keys:  # grows while it is walked
            named, amounts, own = _columns(view, key, changed.get(key))
            for supplier in named:
                if supplier not in row_of:
                    row_of[supplier] = len(keys)
                    keys.append(supplier)
            suppliers += [row_of[supplier] for supplier in named]
            counts.append(len(named))
            factors.append(amounts)
            own_kg.append(own)
        starts = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
        found = np.array(suppliers, dtype=np.int64)
        return cls(tuple(keys), row_of, starts, found, np.concatenate(factors), np.array(own_kg))

    @property
    def consumer(self) -> Ints:
        """Row of each line's process."""
        return np.repeat(np.arange(len(self.keys)), np.diff(self.starts))

    def matrix(self) -> Matrix:
        """A: (rows, rows), processes by row."""
        return csr(self.consumer, self.supplier, self.factors, len(self.keys))

    def transposed(self) -> Matrix:
        """A^T."""
        return csr(self.supplier, self.consumer, self.factors, len(self.keys))


def _columns(view: View, key: int, changed: Process | None) -> tuple[list[int], Floats, float]:
    """Of one product: the suppliers of its lines, their factors, and the own term as ChangedView has it."""
    node = view.nodes[key]
    if changed is None:
        lines, own = node.lines, node.own
        named, factors = lines.suppliers.tolist(), lines.factors
        delivered = np.flatnonzero(lines.delivered).tolist()
        exact = [(named[at], node.exact_factors[at]) for at in delivered]
    else:
        own, takes = changed.own, changed.takes
        named, factors = [take.supplier_key for take in takes], np.array([float(take.factor) for take in takes])
        exact = [(take.supplier_key, take.factor) for take in takes if take.delivered]
    kg = excluding(own)
    for supplier, factor in exact:
        kg = EXACT.add(kg, EXACT.multiply(factor, view.nodes[supplier].total.outbound))
    return named, np.asarray(factors, dtype=np.float64), float(kg)
