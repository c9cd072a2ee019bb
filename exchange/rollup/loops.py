"""Loops: which products consume each other, which loops have no answer, and how to name one for people.

A loop has an answer that can be certified exactly where some w > 0 has |A| w < w on it (Collatz and Wielandt: the
spectral radius of |A| there is below 1). Established engines answer beyond it too, with numbers that mean nothing;
we refuse (docs/method.md, "Solving and the certificate" and "Admission").
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import networkx as nx
import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order, connected_components

from exchange.model.resolved import Bools, Floats, Ints
from exchange.rollup.system import Matrix

ITERATIONS_MAX: Final = 400  # of the power method; what it leaves undecided goes to eigenvalues
DENSE_MAX: Final = 1500  # rows of a component whose eigenvalues are computed densely: about three seconds


def strong_components(matrix: Matrix) -> Ints:
    """Label of each row's strongly connected component; an entry that is 0 connects nothing.

    Entries of one row to one column are made one first: scipy 1.17's search for strong components never ends on
    some matrices that hold an entry twice.
    """
    connected = csr_array((np.abs(matrix.data), matrix.indices.copy(), matrix.indptr.copy()), shape=matrix.shape)
    connected.eliminate_zeros()
    connected.sum_duplicates()
    _, labels = connected_components(connected, directed=True, connection="strong")
    return labels.astype(np.int64)


def looped_components(matrix: Matrix) -> list[Ints]:
    """Rows of every component that consumes itself, whatever the sign of the amounts."""
    labels = strong_components(matrix)
    return [np.flatnonzero(labels == label) for label in _looped(matrix, labels).tolist()]


def without_answer(size: Matrix) -> list[Ints]:
    """The strongly connected components of |A| on which no w > 0 with |A| w < w was found, as rows of each."""
    labels = strong_components(size)
    inside = _inside(size, labels)
    lower, upper, shape = _bounds(inside, labels)
    refused: list[Ints] = []
    for label in _looped(size, labels).tolist():
        if upper[label] < 1:
            continue
        rows = np.flatnonzero(labels == label)
        if lower[label] >= 1 or not _has_answer(inside[rows][:, rows], shape[rows]):
            refused.append(rows)
    return refused


def reaching(matrix: Matrix, targets: Bools) -> Bools:
    """Rows from which a target is reached by following entries, targets included."""
    found = targets.copy()
    structure = csr_array((np.ones_like(matrix.data), matrix.indices, matrix.indptr), shape=matrix.shape)
    while True:
        more = found | (structure @ found.astype(np.float64) > 0)
        if np.array_equal(more, found):
            return found
        found = more


def reached_from(matrix: Matrix, row: int) -> Ints:
    """Rows that a row reaches, itself included."""
    order = breadth_first_order(matrix, row, directed=True, return_predecessors=False)
    return np.asarray(order, dtype=np.int64)


def shortest_loop(edges: Iterable[tuple[int, int]]) -> tuple[int, ...]:
    """A shortest loop among edges (consumer, supplier), as product keys in order; () where there is none.

    For messages and pictures, of graphs that a person could read: its time grows with nodes x edges.
    """
    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_edges_from(sorted(set(edges)))
    best: tuple[int, ...] = ()
    for component in nx.strongly_connected_components(graph):
        for start in sorted(component):
            loop = _loop_from(graph.subgraph(component), start)
            if loop and (not best or len(loop) < len(best)):
                best = loop
    return best


def _loop_from(graph: nx.DiGraph[int], start: int) -> tuple[int, ...]:
    if graph.has_edge(start, start):
        return (start,)
    paths = nx.single_source_shortest_path(graph, start)
    closing = [list(paths[before]) for before in graph.predecessors(start) if before in paths]
    return tuple(min((len(path), path) for path in closing)[1]) if closing else ()


def _looped(matrix: Matrix, labels: Ints) -> Ints:
    """Labels of the components that consume themselves."""
    rows = np.repeat(np.arange(len(labels)), np.diff(matrix.indptr))
    itself = np.zeros(len(labels), dtype=np.bool_)
    itself[rows[(rows == matrix.indices) & (matrix.data != 0)]] = True
    return np.unique(labels[itself | (np.bincount(labels)[labels] > 1)])


def _inside(size: Matrix, labels: Ints) -> Matrix:
    """|A| without the entries that lead from one component to another."""
    rows = np.repeat(np.arange(len(labels)), np.diff(size.indptr))
    kept = np.where(labels[rows] == labels[size.indices], size.data, 0.0)
    found = csr_array((kept, size.indices.copy(), size.indptr.copy()), shape=size.shape)
    found.eliminate_zeros()
    found.sum_duplicates()
    return found


def _bounds(inside: Matrix, labels: Ints) -> tuple[Floats, Floats, Floats]:
    """Collatz-Wielandt bounds of each component's spectral radius, and the positive vector that gave them.

    min_i (B v)_i / v_i <= radius <= max_i (B v)_i / v_i for every v > 0; v <- v + B v sharpens both.
    """
    components = int(labels.max(initial=-1)) + 1
    v = np.ones(len(labels))
    lower, upper = np.zeros(components), np.full(components, np.inf)
    for _ in range(ITERATIONS_MAX):
        grown = inside @ v
        ratio = grown / v
        low, high = np.full(components, np.inf), np.zeros(components)
        np.minimum.at(low, labels, ratio)
        np.maximum.at(high, labels, ratio)
        lower, upper = np.maximum(lower, low), np.minimum(upper, high)
        if np.all((upper < 1) | (lower >= 1)):
            break
        v = v + grown
        largest = np.zeros(components)
        np.maximum.at(largest, labels, v)
        v = np.maximum(v / largest[labels], np.finfo(np.float64).tiny)
    return lower, upper, v


def _has_answer(block: Matrix, v: Floats) -> bool:
    """Whether a component that the bounds left undecided has a w > 0 with |A| w < w, from its eigenvector."""
    if block.shape[0] > DENSE_MAX:
        return False
    values, vectors = np.linalg.eig(block.toarray() / v[:, None] * v[None, :])
    w = np.abs(vectors[:, int(np.argmax(values.real))].real) * v
    return bool(np.all(w > 0) and np.all(block @ w < w))
