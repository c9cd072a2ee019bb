"""A layered layout: suppliers left of their consumers, few crossings, the same picture every time.

Sugiyama's four steps: leave out the edges that close loops, give each node the longest path as its column, order each
column by the barycentre of its neighbours, then move rows towards their neighbours as far as the spacing allows. Edges
that span columns get a way point in each, so that they run between nodes and not through them.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import networkx as nx

N = TypeVar("N", bound=Hashable)
ORDER_SWEEPS = 24  # the order stops to change long before on graphs of a few hundred nodes
ROW_SWEEPS = 40


@dataclass(frozen=True, slots=True)
class Layout(Generic[N]):
    """Columns count from 0 at the left, rows are real numbers, 1 apart at least within a column (way points less).

    way_points: of each edge (supplier, consumer) that spans columns, left to right. closing: edges that close a loop.
    """

    column: Mapping[N, int]
    row: Mapping[N, float]
    way_points: Mapping[tuple[N, N], Sequence[tuple[int, float]]]
    closing: frozenset[tuple[N, N]]
    columns: int
    rows: float


@dataclass(frozen=True, slots=True)
class _Bend:
    """Where an edge passes a column between its ends."""

    edge: tuple[Hashable, Hashable]
    column: int


def layered(
    nodes: Sequence[N], edges: Iterable[tuple[N, N]], *, bend_height: float = 0.35, late_sources: bool = True
) -> Layout[N]:
    """Lays out nodes and edges (supplier, consumer). Order of `nodes` breaks every tie.

    late_sources: whoever has no supplier stands right before its first consumer instead of in the first column.
    """
    rank = {node: position for position, node in enumerate(nodes)}
    wanted = sorted({(s, c) for s, c in edges if s != c}, key=lambda edge: (rank[edge[0]], rank[edge[1]]))
    closing = _closing(nodes, wanted)
    forward = [edge for edge in wanted if edge not in closing]
    column = _columns(nodes, forward, late_sources)
    steps, bends = _unit_steps(forward, column)
    members: dict[int, list[Hashable]] = defaultdict(list)
    for node in nodes:
        members[column[node]].append(node)
    for bend in bends:
        members[bend.column].append(bend)
    before: dict[Hashable, list[Hashable]] = defaultdict(list)
    after: dict[Hashable, list[Hashable]] = defaultdict(list)
    for left, right in steps:
        before[right].append(left)
        after[left].append(right)
    columns = [members[position] for position in range(max(members, default=-1) + 1)]
    _order(columns, before, after)
    heights = {item: bend_height if isinstance(item, _Bend) else 1.0 for items in columns for item in items}
    row = _rows(columns, before, after, heights)
    low = min(row.values(), default=0.0)
    points: dict[tuple[N, N], list[tuple[int, float]]] = defaultdict(list)
    for bend in bends:
        points[bend.edge].append((bend.column, row[bend] - low))  # type: ignore[index]  # its edge is one of ours
    return Layout(
        column=column,
        row={node: row[node] - low for node in nodes},
        way_points={edge: sorted(found) for edge, found in points.items()},
        closing=closing,
        columns=len(columns),
        rows=max(row.values(), default=0.0) - low,
    )


def _closing(nodes: Sequence[N], edges: Sequence[tuple[N, N]]) -> frozenset[tuple[N, N]]:
    """Edges without which there is no loop: those that a walk against the edges, consumers first, finds going back."""
    suppliers: dict[N, list[N]] = defaultdict(list)
    consumers: dict[N, int] = defaultdict(int)
    for supplier, consumer in edges:
        suppliers[consumer].append(supplier)
        consumers[supplier] += 1
    found: set[tuple[N, N]] = set()
    done: set[N] = set()
    for start in sorted(nodes, key=lambda node: consumers[node] > 0):
        if start in done:
            continue
        path, on_path = [(start, iter(suppliers[start]))], {start}
        while path:
            node, waiting = path[-1]
            following = next(waiting, None)
            if following is None:
                path.pop()
                on_path.discard(node)
                done.add(node)
            elif following in on_path:
                found.add((following, node))
            elif following not in done:
                path.append((following, iter(suppliers[following])))
                on_path.add(following)
    return frozenset(found)


def _columns(nodes: Sequence[N], edges: Sequence[tuple[N, N]], late_sources: bool) -> dict[N, int]:
    graph: nx.DiGraph[N] = nx.DiGraph()
    graph.add_nodes_from(nodes)
    graph.add_edges_from(edges)
    column: dict[N, int] = {}
    for position, generation in enumerate(nx.topological_generations(graph)):
        column.update(dict.fromkeys(generation, position))
    if late_sources:
        for node in nodes:
            consumers = [column[consumer] for consumer in graph.successors(node)]
            if consumers and not graph.in_degree(node):
                column[node] = min(consumers) - 1
    return column


def _unit_steps(
    edges: Sequence[tuple[N, N]], column: Mapping[N, int]
) -> tuple[list[tuple[Hashable, Hashable]], list[_Bend]]:
    """Every edge as steps from one column to the next, and the way points between them."""
    steps: list[tuple[Hashable, Hashable]] = []
    bends: list[_Bend] = []
    for supplier, consumer in edges:
        between = [_Bend((supplier, consumer), c) for c in range(column[supplier] + 1, column[consumer])]
        bends.extend(between)
        chain: list[Hashable] = [supplier, *between, consumer]
        steps.extend(itertools.pairwise(chain))
    return steps, bends


def _order(
    columns: list[list[Hashable]],
    before: Mapping[Hashable, list[Hashable]],
    after: Mapping[Hashable, list[Hashable]],
) -> None:
    """Orders each column in place, to and fro, and keeps the order with the fewest crossings."""
    best, fewest = [list(items) for items in columns], _crossings(columns, after)
    for sweep in range(ORDER_SWEEPS):
        rightwards = sweep % 2 == 0
        neighbours = before if rightwards else after
        for items in columns if rightwards else reversed(columns):
            place = {item: index for others in columns for index, item in enumerate(others)}
            centre = {
                item: sum(place[n] for n in neighbours[item]) / len(neighbours[item])
                if neighbours[item]
                else place[item]
                for item in items
            }
            items.sort(key=centre.__getitem__)
        crossings = _crossings(columns, after)
        if crossings < fewest:
            best, fewest = [list(items) for items in columns], crossings
    columns[:] = best


def _crossings(columns: Sequence[Sequence[Hashable]], after: Mapping[Hashable, list[Hashable]]) -> int:
    count = 0
    for items, following in itertools.pairwise(columns):
        place = {item: index for index, item in enumerate(following)}
        ends: list[int] = []
        for item in items:
            reached = sorted(place[n] for n in after[item])
            count += sum(1 for end in reached for earlier in ends if earlier > end)
            ends.extend(reached)
    return count


def _rows(
    columns: Sequence[Sequence[Hashable]],
    before: Mapping[Hashable, list[Hashable]],
    after: Mapping[Hashable, list[Hashable]],
    heights: Mapping[Hashable, float],
) -> dict[Hashable, float]:
    """Rows that keep each column's order and spacing, each near the middle of its neighbours."""
    row: dict[Hashable, float] = {}
    for items in columns:
        offsets = _packed([0.0] * len(items), [heights[item] for item in items])
        middle = (offsets[0] + offsets[-1]) / 2 if offsets else 0.0
        row.update({item: offset - middle for item, offset in zip(items, offsets, strict=True)})
    for sweep in range(ROW_SWEEPS):
        for items in columns if sweep % 2 == 0 else reversed(columns):
            wanted = []
            for item in items:
                near = [row[n] for n in before[item]] + [row[n] for n in after[item]]
                wanted.append(sum(near) / len(near) if near else row[item])
            placed = _packed(wanted, [heights[item] for item in items])
            row.update(zip(items, placed, strict=True))
    return row


def _packed(wanted: Sequence[float], heights: Sequence[float]) -> list[float]:
    """Positions in the given order, far enough apart, with the least sum of squared distances to those wanted."""
    offsets = [0.0]
    for upper, lower in itertools.pairwise(heights):
        offsets.append(offsets[-1] + (upper + lower) / 2)
    blocks: list[list[float]] = []  # sum of shifts, count: neighbouring blocks that would overlap become one
    for want, offset in zip(wanted, offsets, strict=False):
        blocks.append([want - offset, 1.0])
        while len(blocks) > 1 and blocks[-2][0] / blocks[-2][1] > blocks[-1][0] / blocks[-1][1]:
            last = blocks.pop()
            blocks[-1][0] += last[0]
            blocks[-1][1] += last[1]
    shifts = [block[0] / block[1] for block in blocks for _ in range(int(block[1]))]
    return [offset + shift for offset, shift in zip(offsets, shifts, strict=False)]
