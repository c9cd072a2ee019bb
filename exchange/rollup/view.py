"""A viewer's view, solved: contributions, tree and digest, from nothing but what this viewer may know.

A view is a graph of shown facts (docs/permissions.md): products with visible lines hold their own term and those
lines, all others are leaves holding their total. Its solution is the shown totals themselves; the explanation comes
from y = (I - A^T)^-1 e_root, the demand for each product that one declared unit of the root makes: the contribution
of product k is y_k d_k (docs/method.md, "Explanation"; Heijungs and Suh 2002, section 2.8). All of it is on the total
excluding biogenic uptake. Rows are in the order of product keys, so that equal views give equal bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

import numpy as np

from exchange.model.carbon import STATED
from exchange.model.footprint import Finding
from exchange.model.resolved import Bools, Floats, Ints
from exchange.model.view import ViewNode
from exchange.rollup.digest import digest_of
from exchange.rollup.elasticities import Elasticity, elasticities
from exchange.rollup.findings import mixed_factors_finding, uptake_finding
from exchange.rollup.grouping import ContributionGroup, ContributionGrouping, contribution_groups
from exchange.rollup.own_terms import excluding
from exchange.rollup.paths import TopPaths, top_paths
from exchange.rollup.rounding import round_to, share_percent
from exchange.rollup.solving import solve
from exchange.rollup.system import csr
from exchange.rollup.tree import Tree, TreeLines, grow
from exchange.rollup.view_columns import ViewColumns


@dataclass(frozen=True, slots=True)
class View:
    """The root, and every product that its visible lines reach; further nodes have no effect."""

    root_key: int
    nodes: Mapping[int, ViewNode]


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one product's own term is worth in the root's total.

    own_kg_co2e: per declared unit of the root, excluding uptake; outbound logistics of a delivered line belong to
    the consumer. share_percent: of the root's total, 0 where that is 0. broken_down: the own term is direct
    emissions that the viewer may see as such.
    """

    product_key: int
    own_kg_co2e: Decimal
    share_percent: Decimal
    broken_down: bool


def solve_view(view: View) -> SolvedView:
    """Reads the nodes that the root reaches. Raises LookupError where a line leaves the view."""
    keys = _reached(view)
    nodes = [view.nodes[key] for key in keys]
    return SolvedView(view.root_key, keys, nodes)


class SolvedView:
    """The answers of one view about its root; each is computed when it is asked for.

    keys: the products that the root reaches in the view, itself included, ascending.
    """

    def __init__(self, root_key: int, keys: tuple[int, ...], nodes: list[ViewNode]) -> None:
        self.root_key = root_key
        self.keys = keys
        self._nodes = nodes
        self._root = keys.index(root_key)

    def contributions(self, first: int | None = None) -> tuple[Contribution, ...]:
        """Own terms weighted by demand, largest absolute first: the root always, the others where not zero.

        They sum to the root's total, up to rounding to its quantum. first: at most so many.
        """
        total = self._nodes[self._root].total
        weighted = self._demand * (self._own + self._delivered)
        found = [(round_to(Decimal(float(kg)), total.quantum), row) for row, kg in enumerate(weighted.tolist())]
        listed = sorted(
            (item for item in found if item[0] or item[1] == self._root),
            key=lambda item: (-abs(item[0]), item[1]),
        )
        return tuple(
            Contribution(
                self.keys[row],
                kg,
                share_percent(kg, total.excluding),
                self._nodes[row].broken_down,
            )
            for kg, row in listed[:first]
        )

    def tree(self, depth: int = 3, cutoff_percent: float = 1.0, max_nodes: int = 200) -> Tree:
        """The supply chain from the root, largest branches first (see `grow`). Raises InvalidInput on a limit."""
        return grow(
            self._tree_lines,
            self._root,
            depth=depth,
            cutoff_percent=cutoff_percent,
            max_nodes=max_nodes,
        )

    def contributions_by(
        self, grouping: ContributionGrouping, first: int | None = None
    ) -> tuple[ContributionGroup, ...]:
        """Emissions in groups that sum to the root's total, largest absolute first. first: at most so many."""
        return contribution_groups(self.columns, grouping)[:first]

    def elasticities(self, first: int) -> tuple[Elasticity, ...] | None:
        """Percent of the result per percent of a line or an own term, largest absolute first (see `elasticities`)."""
        return elasticities(self.columns, first)

    def top_paths(self, first: int) -> TopPaths:
        """The supply paths worth most, largest absolute first (see `top_paths`)."""
        return top_paths(self.columns, first)

    def digest(self) -> str:
        """ "sha256:" and the hash of the view's facts (see `digest_of`)."""
        return digest_of(self.root_key, dict(zip(self.keys, self._nodes, strict=True)))

    def unknown_components(self) -> tuple[str, ...]:
        """Components that somebody in the view left unknown, in the order of COLUMNS."""
        unknown = {name for node in self._nodes for name in node.unknown_components}
        return tuple(name for name in STATED if name in unknown)

    def ipcc_characterization_factors(self) -> tuple[str, ...]:
        """Every set of characterization factors in the view, sorted."""
        return tuple(sorted({name for node in self._nodes for name in node.footprint_ipcc}))

    def findings(self) -> tuple[Finding, ...]:
        """UPTAKE_POSITIVE of the root's total, and MIXED_CHARACTERIZATION_FACTORS of the view."""
        components = self._nodes[self._root].total.components
        return (
            *uptake_finding(components),
            *mixed_factors_finding(self.ipcc_characterization_factors()),
        )

    @cached_property
    def columns(self) -> ViewColumns:
        """The view as rows and columns, for whoever explains it."""
        return ViewColumns(
            nodes=self._nodes,
            root=self._root,
            starts=self._tree_lines.starts,
            consumer=self._consumer,
            supplier=self._supplier,
            factors=self._factors,
            outbound_kg=self._outbound,
            total_kg=self._tree_lines.total_kg,
            own_kg=self._own + self._delivered,
            demand=self._demand,
        )

    @cached_property
    def _consumer(self) -> Ints:
        return np.repeat(np.arange(len(self.keys)), [len(node.lines.suppliers) for node in self._nodes])

    @cached_property
    def _supplier(self) -> Ints:
        suppliers = _joined([node.lines.suppliers for node in self._nodes]).astype(np.int64)
        return np.searchsorted(np.array(self.keys, dtype=np.int64), suppliers)

    @cached_property
    def _factors(self) -> Floats:
        return _joined([node.lines.factors for node in self._nodes]).astype(np.float64)

    @cached_property
    def _delivered_lines(self) -> Bools:
        return _joined([node.lines.delivered for node in self._nodes]).astype(np.bool_)

    @cached_property
    def _own(self) -> Floats:
        """Own terms excluding uptake, kg CO2e per declared unit."""
        return np.array([float(excluding(node.own)) for node in self._nodes])

    @cached_property
    def _outbound(self) -> Floats:
        """Of each line: kg CO2e of outbound logistics per declared unit of the supplier; 0 unless delivered."""
        outbound = np.array([float(node.total.outbound) for node in self._nodes])
        return np.where(self._delivered_lines, outbound[self._supplier], 0.0)

    @cached_property
    def _delivered(self) -> Floats:
        """What delivered lines add to their consumers' own terms."""
        added = np.bincount(self._consumer, self._factors * self._outbound, minlength=len(self.keys))
        return added.astype(np.float64)

    @cached_property
    def _demand(self) -> Floats:
        """y = e_root + A^T y: declared units of each product per declared unit of the root."""
        order = np.argsort(self._supplier, kind="stable")
        transposed = csr(self._supplier[order], self._consumer[order], self._factors[order], len(self.keys))
        asked = np.zeros((len(self.keys), 1))
        asked[self._root] = 1.0
        return solve(transposed, asked).x[:, 0]

    @cached_property
    def _tree_lines(self) -> TreeLines:
        counts = [len(node.lines.suppliers) for node in self._nodes]
        return TreeLines(
            nodes=self._nodes,
            starts=np.concatenate(([0], np.cumsum(counts))),
            supplier=self._supplier,
            factors=self._factors,
            delivered_kg=self._outbound,
            total_kg=np.array([float(node.total.excluding) for node in self._nodes]),
        )


def _reached(view: View) -> tuple[int, ...]:
    """Keys that the root reaches, ascending."""
    found = {view.root_key}
    front = [view.root_key]
    while front:
        key = front.pop()
        node = view.nodes.get(key)
        if node is None:
            raise LookupError(f"product key {key} is named by a line of the view but is not in the view")
        if not node.lines.supplier_set <= found:
            new = node.lines.supplier_set - found
            found |= new
            front += new
    return tuple(sorted(found))


def _joined(columns: list[Ints] | list[Floats] | list[Bools]) -> Floats | Ints | Bools:
    return np.concatenate([np.asarray(column) for column in columns])
