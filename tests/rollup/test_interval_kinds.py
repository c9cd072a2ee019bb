"""The certified interval holds the answer on thousands of random graphs, each kind of graph in its thousands.

Small ones are compared with Gauss elimination in fractions, which is exact; large ones with LU, within LU's own error.
A graph may be of several kinds at once: signed coefficients, self-loops, a loop that returns only after every second,
third or fourth line (periodic), columns that are zero throughout, and a gain close to 1.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pytest

from exchange.rollup.answer import answer
from tests.rollup.test_interval import COLUMNS, exact_solution, system_of

KINDS = ("signed", "self-loop", "periodic", "zero column", "gain 0.999", "acyclic")
SMALL, LARGE = 4_000, 4_000  # graphs
OF_A_KIND = 1_000  # at least
COMPARED = (0, 3)  # columns that are not zero; one of them may be made so


@dataclass(frozen=True)
class Graph:
    kinds: frozenset[str]
    dense: np.ndarray
    own: np.ndarray


def random_graph(random: np.random.Generator, low: int, high: int, density: float) -> Graph:
    """Amounts over six orders of magnitude, scaled to a gain that is drawn; kinds are found in what came out."""
    size = int(random.integers(low, high))
    dense = random.random((size, size)) * (random.random((size, size)) < density)
    np.fill_diagonal(dense, np.diag(dense) * (random.random() < 0.9))
    period = int(random.integers(2, 5))
    if random.random() < 0.48:  # only lines to the next class of the products, round and round
        classes = random.permutation(np.arange(size) % period)
        dense *= (classes[None, :] - classes[:, None]) % period == 1
    elif random.random() < 0.3:
        dense = np.triu(dense, 1)
    radius = float(np.abs(np.linalg.eigvals(dense)).max())
    if radius > 1e-9:
        dense *= float(random.choice([0.5, 0.9, 0.99, 0.999, 0.999, 0.999])) / radius
    scale = 10.0 ** random.uniform(-3, 3, size)
    dense = dense * scale[:, None] / scale[None, :]
    own = np.zeros((size, COLUMNS))
    own[:, COMPARED] = random.random((size, len(COMPARED))) * scale[:, None]
    if random.random() < 0.4:
        own[:, random.choice(COMPARED)] = 0.0
    if random.random() < 0.4:
        dense = dense * random.choice([-1, 1], dense.shape)
        own *= random.choice([-1, 1], own.shape)
    return Graph(kinds_of(dense, own), dense, own)


def kinds_of(dense: np.ndarray, own: np.ndarray) -> frozenset[str]:
    """What the graph is, found from its numbers and not from how it was made."""
    there = dense != 0
    ways = there.astype(float)
    for _ in range(len(dense).bit_length()):  # by how many lines one returns: 2^k at most
        ways = np.minimum(ways + ways @ ways, 1.0)
    reached = ways > 0
    gain = float(np.abs(np.linalg.eigvals(np.abs(dense))).max())
    found = {
        "signed": bool((dense < 0).any()),
        "self-loop": bool(np.diag(there).any()),
        "periodic": is_periodic(there, reached),
        "zero column": not own[:, COMPARED].any(axis=0).all(),
        "gain 0.999": gain > 0.9985,
        "acyclic": not np.diag(reached).any(),
    }
    return frozenset(kind for kind, holds in found.items() if holds)


def is_periodic(there: np.ndarray, reached: np.ndarray) -> bool:
    """Whether some product returns to itself, and none in any odd or in any third number of lines alone: the greatest
    common divisor of the lengths of its closed ways is above 1."""
    for start in np.flatnonzero(np.diag(reached)).tolist():
        members = np.flatnonzero(reached[start] & reached[:, start])
        inside, depth = there[np.ix_(members, members)], np.full(len(members), -1)
        level, front = 0, np.arange(len(members)) == 0
        while front.any():
            depth[front] = level
            level, front = level + 1, inside[front].any(axis=0) & (depth < 0)
        consumers, suppliers = np.nonzero(inside)
        if np.gcd.reduce(depth[consumers] + 1 - depth[suppliers]) > 1:
            return True
        if len(members) == len(there):
            return False
    return False


def left_over(dense: np.ndarray, own: np.ndarray, x: np.ndarray) -> np.ndarray:
    """At most how far x is from x = d + A x, in absolute terms."""
    a, d, found = (each.astype(np.longdouble) for each in (dense, own, x))
    sizes = np.abs(found) + np.abs(d) + np.abs(a) @ np.abs(found)
    rest = np.abs(d + a @ found - found) + (len(dense) + 3) * np.finfo(np.longdouble).eps * sizes
    return np.asarray(rest.astype(float))


def assert_mixed(counts: Counter[str]) -> None:
    assert {kind: counts[kind] for kind in KINDS if counts[kind] < OF_A_KIND} == {}


def test_the_interval_holds_the_exact_answer_on_thousands_of_small_graphs() -> None:
    random, counts = np.random.default_rng(31), Counter[str]()
    for number in range(SMALL):
        graph = random_graph(random, 2, 6, 0.8)
        counts.update(graph.kinds)
        solved = answer(system_of(graph.dense, graph.own))
        exact = exact_solution(graph.dense, graph.own[:, COMPARED])
        for i, row in enumerate(exact):
            for column, value in zip(COMPARED, row, strict=True):
                distance = abs(value - Fraction(float(solved.x[i, column])))
                assert distance <= Fraction(float(solved.radius[i, column])), (number, i, column, graph.kinds)
    assert_mixed(counts)


def test_the_interval_holds_lus_answer_on_thousands_of_larger_graphs() -> None:
    """LU's own error is |(I - A)^-1| times what LU leaves over, found in longer numbers where the machine has them;
    twice that, for the inverse is a computed one."""
    random, counts = np.random.default_rng(32), Counter[str]()
    for number in range(LARGE):
        graph = random_graph(random, 12, 40, 0.12)
        counts.update(graph.kinds)
        solved = answer(system_of(graph.dense, graph.own))
        matrix, own = np.eye(len(graph.dense)) - graph.dense, graph.own[:, COMPARED]
        lu = np.linalg.solve(matrix, own)
        slack = 2 * np.abs(np.linalg.inv(matrix)) @ left_over(graph.dense, own, lu)
        distance = np.abs(solved.x[:, COMPARED] - lu)
        assert np.all(distance <= solved.radius[:, COMPARED] + slack), (number, graph.kinds)
        if (graph.dense >= 0).all() and (graph.own >= 0).all():  # and it is no wide interval that holds it
            width = solved.radius[:, COMPARED].max(axis=1)
            assert np.all(width <= 1e-7 * np.maximum(lu.max(axis=1), lu.max() * 1e-9)), (number, graph.kinds)
    assert_mixed(counts)


@pytest.mark.parametrize(
    ("dense", "kinds"),
    [
        ([[0, 0.5], [0.4, 0]], {"periodic"}),
        ([[0, 0.5], [0, 0]], {"acyclic"}),
        ([[0.1, 0.5], [0.4, 0]], {"self-loop"}),
        ([[0, -0.5], [0.4, 0]], {"signed", "periodic"}),
        ([[0, 0.5, 0], [0, 0, 0.5], [0.5, 0.5, 0]], set()),  # closed ways of two and of three lines
        ([[0, 0.5, 0], [0, 0, 0.5], [1.2, 0, 0]], {"periodic"}),
    ],
)
def test_kinds_are_told_apart(dense: list[list[float]], kinds: set[str]) -> None:
    given = np.array(dense)
    assert kinds_of(given, np.ones((len(given), COLUMNS))) == kinds
    assert kinds_of(given, np.zeros((len(given), COLUMNS))) == kinds | {"zero column"}
