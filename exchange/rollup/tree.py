"""The supply chain as a tree: what the root takes, on which path, and what it is worth there.

Expanded best-first: the largest child not shown yet comes next, a child being weight x factor x (x + o where
delivered). A product that is reached on several paths is a node on each; a product that consumes itself appears as an
ordinary child of itself, with what the loop takes at that turn (brightway nets such loops instead; Mutel 2017).
Nothing is left out silently: `coverage_percent` says how much of the total the own terms of the shown nodes explain,
which is all but what hidden children are worth, and `hidden_nodes` how many children of shown nodes are not shown
(docs/method.md, "Explanation").
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Context, Decimal
from heapq import heappop, heappush
from math import fsum
from typing import Final

import numpy as np

from exchange.errors import InvalidInput
from exchange.model.resolved import Floats, Ints
from exchange.model.view import ViewNode
from exchange.rollup.own_terms import excluding
from exchange.rollup.rounding import round_percent, round_significant, round_to, share_percent

TREE_DEPTH_MAX: Final = 20  # deeper than any chain that a person reads; answers are nested to this depth
TREE_NODES_MAX: Final = 1000  # a page of a few hundred kilobytes
_DIGITS: Final = Context(prec=60)  # a factor has 34 digits: no path loses any that is shown


@dataclass(frozen=True, slots=True)
class TreeNode:
    """A product on one path from the root.

    line: number of the line that takes it, None for the root. amount: declared units of the product that one
    declared unit of the root takes on this path. total_kg_co2e: cradle to gate on this path, with outbound logistics
    where the line is delivered; own_kg_co2e: its own term and those outbound logistics: own terms and children sum to
    the total. All excluding biogenic uptake. share_percent: of the root's total, 0 where that is 0.
    """

    product_key: int
    line: int | None
    amount: Decimal
    total_kg_co2e: Decimal
    own_kg_co2e: Decimal
    share_percent: Decimal
    children: tuple[TreeNode, ...]


@dataclass(frozen=True, slots=True)
class Tree:
    """The shown part of the supply chain, and how much of it that is: 100 where nothing is hidden; more only where what
    is hidden lowers the total."""

    root: TreeNode
    coverage_percent: Decimal
    hidden_nodes: int


@dataclass(frozen=True, slots=True, eq=False)
class TreeLines:
    """A view's products by row, and its lines by column, consumers one after the other.

    starts: where each row's lines begin, one entry more than rows. delivered_kg: outbound logistics per declared
    unit of the line's supplier, 0 unless delivered. total_kg: of each row, excluding uptake. The floats find the
    nodes that are worth showing; what is shown of them is computed from `nodes` by decimals.
    """

    nodes: Sequence[ViewNode]
    starts: Ints
    supplier: Ints
    factors: Floats
    delivered_kg: Floats
    total_kg: Floats


@dataclass(slots=True)
class _Path:
    """A node while the tree grows; `position` of the line that takes it, among its consumer's lines."""

    row: int
    position: int | None
    depth: int
    amount: float
    total_kg: float
    children: list[_Path] = field(default_factory=list)


def grow(lines: TreeLines, root: int, *, depth: int, cutoff_percent: float, max_nodes: int) -> Tree:
    """Shows at most `max_nodes` nodes, at most `depth` lines below the root, none below the cut-off.

    root: its row. cutoff_percent: of the root's absolute total. Kilograms are rounded to the quantum of the root's
    total, amounts to 12 significant digits, percentages to 10 decimals. Raises InvalidInput where an argument is out
    of its limits.
    """
    _check_limits(depth, cutoff_percent, max_nodes)
    top = _Path(root, None, 0, 1.0, float(lines.total_kg[root]))
    least_kg = abs(top.total_kg) * cutoff_percent / 100.0
    waiting: list[tuple[float, int, Iterator[_Path], _Path, _Path]] = []
    shown, known, pushed = 0, 1, 0

    def wait_for(siblings: Iterator[_Path], parent: _Path) -> None:
        """Puts the largest sibling not shown yet in the queue: no more than one of each parent waits."""
        nonlocal pushed
        for child in siblings:
            pushed += 1
            heappush(waiting, (-abs(child.total_kg), pushed, siblings, child, parent))
            return

    newest: _Path | None = top
    while newest is not None:
        shown += 1
        known += int(lines.starts[newest.row + 1] - lines.starts[newest.row])
        if newest.depth < depth:
            wait_for(_children(lines, newest, least_kg), newest)
        newest = None
        if waiting and shown < max_nodes:
            _, _, siblings, newest, parent = heappop(waiting)
            parent.children.append(newest)
            wait_for(siblings, parent)
    hidden = known - shown
    total = lines.nodes[root].total
    node = _Values(lines, total.excluding, total.quantum).of(top, None, Decimal(1))
    return Tree(node, _coverage_percent(lines, top, total.excluding, hidden), hidden)


def _children(lines: TreeLines, parent: _Path, least_kg: float) -> Iterator[_Path]:
    """The children that reach the cut-off, largest first; of equal ones in the order of their lines."""
    rows, amounts, totals = _worth(lines, parent)
    sizes = np.abs(totals)
    for at in np.argsort(-sizes, kind="stable").tolist():
        if not sizes[at] >= least_kg:
            return
        yield _Path(int(rows[at]), at, parent.depth + 1, float(amounts[at]), float(totals[at]))


def _worth(lines: TreeLines, parent: _Path) -> tuple[Ints, Floats, Floats]:
    """Of each line of a node: its supplier's row, how much of it that is, what that is worth in the root's total."""
    part = slice(int(lines.starts[parent.row]), int(lines.starts[parent.row + 1]))
    rows = lines.supplier[part]
    amounts = parent.amount * lines.factors[part]
    return rows, amounts, amounts * (lines.total_kg[rows] + lines.delivered_kg[part])


def _coverage_percent(lines: TreeLines, top: _Path, total_kg: Decimal, hidden: int) -> Decimal:
    """The total less what the hidden children are worth, in percent of it.

    The own terms that are shown add up to that too, but each result is rounded by itself, so that their sum misses 100
    by rounding where nothing, or nothing that counts, is hidden.
    """
    if not hidden or not total_kg:
        return Decimal(0 if hidden else 100)
    left_out = fsum(worth for path in _paths(top) for worth in _hidden_worth(lines, path))
    return round_percent(100.0 - 100.0 * left_out / float(total_kg))


def _hidden_worth(lines: TreeLines, path: _Path) -> list[float]:
    positions = [child.position for child in path.children if child.position is not None]
    worth: list[float] = np.delete(_worth(lines, path)[2], positions).tolist()
    return worth


def _paths(top: _Path) -> Iterator[_Path]:
    yield top
    for child in top.children:
        yield from _paths(child)


@dataclass(frozen=True, slots=True)
class _Values:
    """What is shown of the nodes of a grown tree."""

    lines: TreeLines
    root_kg: Decimal
    quantum: Decimal

    def of(self, path: _Path, consumer: ViewNode | None, amount: Decimal) -> TreeNode:
        """A node and those below. amount: per declared unit of the root."""
        node = self.lines.nodes[path.row]
        delivered, line = Decimal(0), None
        if consumer is not None and path.position is not None:
            line = int(consumer.lines.numbers[path.position])
            if consumer.lines.delivered[path.position]:
                delivered = node.total.outbound
        own_kg = _DIGITS.multiply(amount, _DIGITS.add(excluding(node.own), delivered))
        total_kg = _DIGITS.multiply(amount, _DIGITS.add(node.total.excluding, delivered))
        children = []
        for child in path.children:
            factor = Decimal(0) if child.position is None else node.exact_factors[child.position]
            children.append(self.of(child, node, _DIGITS.multiply(amount, factor)))
        shown_kg = round_to(total_kg, self.quantum)
        return TreeNode(
            product_key=node.product_key,
            line=line,
            amount=round_significant(amount),
            total_kg_co2e=shown_kg,
            own_kg_co2e=round_to(own_kg, self.quantum),
            share_percent=share_percent(shown_kg, self.root_kg),
            children=tuple(children),
        )


def _check_limits(depth: int, cutoff_percent: float, max_nodes: int) -> None:
    if not 0 <= depth <= TREE_DEPTH_MAX:
        raise InvalidInput(f"A tree's depth is 0 to {TREE_DEPTH_MAX}.", path=("depth",))
    if not 0 <= cutoff_percent <= 100:
        raise InvalidInput("A tree's cut-off is 0 to 100 percent.", path=("cutoffPercent",))
    if not 1 <= max_nodes <= TREE_NODES_MAX:
        raise InvalidInput(f"A tree has 1 to {TREE_NODES_MAX} nodes.", path=("maxNodes",))
