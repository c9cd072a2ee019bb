"""A viewer's view as parameters: every number of it that has a spread or a share of primary data, by column.

Made of shown facts and of nothing else. A leaf's total has the leaf's own shown spread; so has what an open product
keeps to itself where that is not broken down; direct emissions that are shown have their stated spread; a line's amount
has its own. A leaf's outbound logistics vary with its total, those of an open product are held fast (docs/method.md,
"Uncertainty").
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from exchange.errors import InvalidInput
from exchange.model.resolved import Bools, Floats, Ints, Uncertainty
from exchange.model.view import ViewNode
from exchange.rollup.own_terms import excluding
from exchange.rollup.solving import solve
from exchange.rollup.system import Matrix, csr
from exchange.rollup.view import View, solve_view

LARGE_SPREAD: Final = 1.5  # a geometric standard deviation above which the form of the first order gives too little
CLOSED_MAX: Final = 500  # products of the view that are not broken down: of each, its own spread is computed first


@dataclass(frozen=True, slots=True, eq=False)
class ViewParameters:
    """Products by row, in the order of their keys; lines by column, consumers one after the other.

    own, total, outbound: kg CO2e per declared unit, excluding uptake. factors: declared units of the supplier per
    declared unit of the consumer. numbers: of lines, as the viewer sees them. leaf: products without lines.
    """

    keys: tuple[int, ...]
    root: int
    nodes: tuple[ViewNode, ...]
    own: Floats
    total: Floats
    outbound: Floats
    leaf: Bools
    consumer: Ints
    supplier: Ints
    factors: Floats
    numbers: Ints
    delivered: Bools
    primary: Bools
    line_deviations: Floats

    def own_deviations(self, prepare: Callable[[list[int]], None]) -> Floats:
        """Of each row's own term, NaN where nothing is stated. `prepare` is told which products' shown spreads will be
        asked for, so that they are computed together. Raises InvalidInput where those are too many."""
        closed = self.closed
        if len(closed) > CLOSED_MAX:
            raise InvalidInput(
                f"What you see of this supply chain has {len(closed)} products that are not broken down; spreads of at "
                f"most {CLOSED_MAX} are looked at one by one. Ask for `uncertainty` instead."
            )
        prepare(closed)
        return np.array(
            [node.direct_deviation if node.broken_down else _shown(node.uncertainty()) for node in self.nodes]
        )

    @property
    def closed(self) -> list[int]:
        """Products that are not broken down."""
        return [key for key, node in zip(self.keys, self.nodes, strict=True) if not node.broken_down]

    @property
    def worth(self) -> Floats:
        """Of each line, kg CO2e per declared unit of its consumer: a (x + o where delivered)."""
        outbound = np.where(self.delivered, self.outbound[self.supplier], 0.0)
        return np.asarray(self.factors * (self.total[self.supplier] + outbound))

    def demand(self) -> Floats:
        """y = e_root + A^T y: declared units of each product per declared unit of the root."""
        return self.weights(self.factors)

    def weights(self, factors: Floats) -> Floats:
        """The same with other factors of the lines."""
        asked = np.zeros((len(self.keys), 1))
        asked[self.root] = 1.0
        return np.asarray(solve(csr(self.supplier, self.consumer, factors, len(self.keys)), asked).x[:, 0])

    def matrix(self, factors: Floats) -> Matrix:
        """Lines as entries from consumers to suppliers."""
        return csr(self.consumer, self.supplier, factors, len(self.keys))


def large_spread(view: View, prepare: Callable[[list[int]], None]) -> bool:
    """Whether a parameter of the view has a spread above LARGE_SPREAD: Monte Carlo is then to be preferred. Products
    that are not broken down count where they are at most CLOSED_MAX. `prepare` as in `own_deviations`."""
    parameters = parameters_of(view)
    stated = [node.direct_deviation for node in parameters.nodes if node.broken_down]
    if bool((parameters.line_deviations > LARGE_SPREAD).any()) or any(each > LARGE_SPREAD for each in stated):
        return True
    if len(parameters.closed) > CLOSED_MAX:
        return False
    return bool((parameters.own_deviations(prepare) > LARGE_SPREAD).any())


def parameters_of(view: View) -> ViewParameters:
    """Of the products that the root reaches. Raises LookupError where a line leaves the view."""
    keys = solve_view(view).keys
    nodes = tuple(view.nodes[key] for key in keys)

    def of_lines(column: Callable[[ViewNode], np.ndarray]) -> np.ndarray:
        return np.concatenate([column(node) for node in nodes])

    counts = np.array([len(node.lines.suppliers) for node in nodes], dtype=np.int64)
    return ViewParameters(
        keys=keys,
        root=keys.index(view.root_key),
        nodes=nodes,
        own=np.array([float(excluding(node.own)) for node in nodes]),
        total=np.array([float(node.total.excluding) for node in nodes]),
        outbound=np.array([float(node.total.outbound) for node in nodes]),
        leaf=np.equal(counts, 0),
        consumer=np.repeat(np.arange(len(keys)), counts),
        supplier=np.searchsorted(np.array(keys, dtype=np.int64), of_lines(lambda node: node.lines.suppliers)),
        factors=of_lines(lambda node: node.lines.factors),
        numbers=of_lines(lambda node: node.lines.numbers),
        delivered=of_lines(lambda node: node.lines.delivered),
        primary=of_lines(lambda node: node.lines.primary),
        line_deviations=of_lines(lambda node: node.lines.deviations),
    )


def _shown(uncertainty: Uncertainty) -> float:
    shown = uncertainty.geometric_standard_deviation
    return np.nan if shown is None else float(shown)
