"""A viewer's view by rows and columns: what every explanation of a roll-up is computed from, and nothing else.

Rows are products by ascending key; lines stand consumer after consumer, in the order that the viewer sees. All
kilograms are kg CO2e per declared unit, excluding biogenic uptake (docs/method.md, "Explanation").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from exchange.model.resolved import Floats, Ints, Total
from exchange.model.view import ViewNode
from exchange.rollup.own_terms import EXACT, exact_sum, excluding
from exchange.rollup.rounding import share_percent
from exchange.rollup.system import Matrix, csr


@dataclass(frozen=True, slots=True, eq=False)
class ViewColumns:
    """root: its row. starts: where each row's lines begin, one entry more than rows. consumer, supplier: rows of each
    line. outbound_kg: of each line, outbound logistics per declared unit of the supplier; 0 unless delivered.

    total_kg: of each row. own_kg: of each row, its own term together with what its delivered lines' outbound logistics
    add to it, which belong to the consumer. demand: declared units of each product per declared unit of the root.
    """

    nodes: Sequence[ViewNode]
    root: int
    starts: Ints
    consumer: Ints
    supplier: Ints
    factors: Floats
    outbound_kg: Floats
    total_kg: Floats
    own_kg: Floats
    demand: Floats

    @property
    def total(self) -> Total:
        """The root's, as it is shown."""
        return self.nodes[self.root].total

    def lines_of(self, row: int) -> range:
        """The lines of a row."""
        return range(int(self.starts[row]), int(self.starts[row + 1]))

    def position(self, line: int) -> int:
        """A line's place among those of its consumer, from 0."""
        return line - int(self.starts[self.consumer[line]])

    def number(self, line: int) -> int:
        """A line's number, as the viewer counts the consumer's lines."""
        return int(self.nodes[self.consumer[line]].lines.numbers[self.position(line)])

    def factor(self, line: int) -> Decimal:
        """A line's exact factor."""
        return self.nodes[int(self.consumer[line])].exact_factors[self.position(line)]

    def value_kg(self, line: int) -> Decimal:
        """What a line is worth per declared unit of its consumer, exactly: factor times total, and outbound
        logistics where it is delivered."""
        supplier = self.nodes[self.supplier[line]].total
        worth = supplier.excluding
        if self.nodes[self.consumer[line]].lines.delivered[self.position(line)]:
            worth = EXACT.add(worth, supplier.outbound)
        return EXACT.multiply(self.factor(line), worth)

    def exact_own_kg(self, row: int) -> Decimal:
        """`own_kg` of a row, exactly."""
        node = self.nodes[row]
        added = (
            EXACT.multiply(node.exact_factors[at], self.nodes[self.supplier[self.starts[row] + at]].total.outbound)
            for at in np.flatnonzero(node.lines.delivered).tolist()
        )
        return exact_sum((excluding(node.own), *added))

    def share_percent(self, kg_co2e: Decimal) -> Decimal:
        """Percent of the root's total of so many kilograms, as they are shown; 0 where that is 0."""
        return share_percent(kg_co2e, self.total.excluding)

    def matrix(self) -> Matrix:
        """A: (rows, rows), consumers by row."""
        return csr(self.consumer, self.supplier, self.factors, len(self.nodes))
