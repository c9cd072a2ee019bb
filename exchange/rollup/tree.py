"""The supply chain as a tree: what the root takes, on which path, and what it is worth there.

Expanded best-first: the largest child not shown yet comes next, a child being weight x factor x (x + o where
delivered). A product that is reached on several paths is a node on each; a product that consumes itself appears as an
ordinary child of itself, with what the loop takes at that turn (brightway nets such loops instead; Mutel 2017).
Nothing is left out silently: `coverage_percent` says how much of the total the own terms of the shown nodes explain,
`hidden_nodes` how many children of shown nodes are not shown (docs/method.md, "Explanation").
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from heapq import heappop, heappush
from typing import Final

import numpy as np

from exchange.errors import InvalidInput
from exchange.model.resolved import Floats, Ints
from exchange.rollup.rounding import round_percent, round_significant, round_to

TREE_DEPTH_MAX: Final = 20  # deeper than any chain that a person reads; answers are nested to this depth
TREE_NODES_MAX: Final = 1000  # a page of a few hundred kilobytes


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
    """The shown part of the supply chain, and how much of it that is."""

    root: TreeNode
    coverage_percent: Decimal
    hidden_nodes: int


@dataclass(frozen=True, slots=True, eq=False)
class TreeLines:
    """A view's lines by column, consumers one after the other, and its products by row.

    starts: where each row's lines begin, one entry more than rows. outbound_kg: per declared unit of the line's
    supplier, 0 unless delivered. own_kg, total_kg: of each row, excluding uptake.
    """

    keys: tuple[int, ...]
    starts: Ints
    numbers: Ints
    supplier: Ints
    factors: Floats
    outbound_kg: Floats
    own_kg: Floats
    total_kg: Floats


@dataclass(slots=True)
class _Path:
    """A node while the tree grows."""

    row: int
    line: int | None
    depth: int
    amount: float
    total_kg: float
    own_kg: float
    children: list[_Path] = field(default_factory=list)


def grow(lines: TreeLines, root: int, quantum: Decimal, *, depth: int, cutoff_percent: float, max_nodes: int) -> Tree:
    """Shows at most `max_nodes` nodes, at most `depth` lines below the root, none below the cut-off.

    cutoff_percent: of the root's absolute total. quantum: of the root's total; kilograms are rounded to it, amounts
    to 12 significant digits, percentages to 10 decimals. Raises InvalidInput where an argument is out of its limits.
    """
    _check_limits(depth, cutoff_percent, max_nodes)
    top = _Path(root, None, 0, 1.0, float(lines.total_kg[root]), float(lines.own_kg[root]))
    least_kg = abs(top.total_kg) * cutoff_percent / 100.0
    waiting: list[tuple[float, int, _Path, _Path]] = []
    shown, hidden, explained_kg, pushed = 1, 0, top.own_kg, 0
    parent = top
    while True:
        children, left_out = _children(lines, parent, depth, least_kg)
        hidden += left_out
        for child in children:
            pushed += 1
            heappush(waiting, (-abs(child.total_kg), pushed, child, parent))
        if not waiting or shown == max_nodes:
            break
        _, _, child, above = heappop(waiting)
        above.children.append(child)
        explained_kg += child.own_kg
        shown += 1
        parent = child
    hidden += len(waiting)
    if top.total_kg:
        coverage = round_percent(100.0 * explained_kg / top.total_kg)
    else:
        coverage = Decimal(0 if hidden else 100)
    return Tree(_frozen(lines, top, top.total_kg, quantum), coverage, hidden)


def _children(lines: TreeLines, parent: _Path, depth: int, least_kg: float) -> tuple[list[_Path], int]:
    """The children worth showing, and how many are not."""
    part = slice(int(lines.starts[parent.row]), int(lines.starts[parent.row + 1]))
    count = part.stop - part.start
    if parent.depth >= depth:
        return [], count
    rows = lines.supplier[part]
    amounts = parent.amount * lines.factors[part]
    outbound = amounts * lines.outbound_kg[part]
    totals = amounts * lines.total_kg[rows] + outbound
    owns = amounts * lines.own_kg[rows] + outbound
    kept = np.flatnonzero(np.abs(totals) >= least_kg).tolist()
    numbers = lines.numbers[part]
    found = [
        _Path(
            int(rows[position]),
            int(numbers[position]),
            parent.depth + 1,
            float(amounts[position]),
            float(totals[position]),
            float(owns[position]),
        )
        for position in kept
    ]
    return found, count - len(found)


def _frozen(lines: TreeLines, path: _Path, root_kg: float, quantum: Decimal) -> TreeNode:
    return TreeNode(
        product_key=lines.keys[path.row],
        line=path.line,
        amount=round_significant(Decimal(path.amount)),
        total_kg_co2e=round_to(Decimal(path.total_kg), quantum),
        own_kg_co2e=round_to(Decimal(path.own_kg), quantum),
        share_percent=round_percent(100.0 * path.total_kg / root_kg) if root_kg else Decimal(0),
        children=tuple(_frozen(lines, child, root_kg, quantum) for child in path.children),
    )


def _check_limits(depth: int, cutoff_percent: float, max_nodes: int) -> None:
    if not 0 <= depth <= TREE_DEPTH_MAX:
        raise InvalidInput(f"A tree's depth is 0 to {TREE_DEPTH_MAX}.", path=("depth",))
    if not 0 <= cutoff_percent <= 100:
        raise InvalidInput("A tree's cut-off is 0 to 100 percent.", path=("cutoffPercent",))
    if not 1 <= max_nodes <= TREE_NODES_MAX:
        raise InvalidInput(f"A tree has 1 to {TREE_NODES_MAX} nodes.", path=("maxNodes",))
