"""The certified interval holds the exact answer: dense LU in extended precision is the oracle."""

from decimal import Decimal
from fractions import Fraction
from typing import cast

import numpy as np
import pytest

from exchange.rollup.answer import answer
from exchange.rollup.standings import ExactOwn, Recipes, binary_terms
from exchange.rollup.system import System, csr
from tests.rollup.check import World, line, solve

COLUMNS = 12


def random_system(random: np.random.Generator, gain: float, *, signed: bool) -> tuple[np.ndarray, np.ndarray]:
    """A random loop of `gain` with four columns that are not zero, one of which is zero in part."""
    size = int(random.integers(2, 12))
    dense = random.random((size, size)) * (random.random((size, size)) < 0.6)
    scale = 10.0 ** random.uniform(-3, 3, size)
    dense = dense * scale[:, None] / scale[None, :]
    radius = max(abs(np.linalg.eigvals(dense)))
    if radius > 0:
        dense *= gain / radius
    own = np.zeros((size, COLUMNS))
    own[:, [0, 1, 3, 7]] = random.random((size, 4)) * scale[:, None]
    own[:, 1] *= random.random(size) < 0.5
    if signed:
        dense *= random.choice([-1, 1], (size, size))
        own *= random.choice([-1, 1], (size, COLUMNS))
    return dense, own


def system_of(dense: np.ndarray, own: np.ndarray) -> System:
    rows, columns = np.nonzero(dense)
    matrix = csr(rows, columns, dense[rows, columns], len(own))
    alone = np.full(len(own), -1)
    exact = [tuple(Decimal(float(value)) for value in row) for row in own]
    stated = ExactOwn(cast(Recipes, Stated(exact)), np.arange(len(own)), len(own))
    return System(binary_terms(exact), stated, matrix, alone, np.arange(len(own)), np.diff(matrix.indptr).astype(float))


class Stated:
    """The exact own terms of a system that no footprints stand behind."""

    def __init__(self, exact: list[tuple[Decimal, ...]]) -> None:
        self.exact = exact

    def own(self, row: int) -> tuple[Decimal, ...]:
        return self.exact[row]


def exact_solution(dense: np.ndarray, own: np.ndarray) -> list[list[Fraction]]:
    """Gauss elimination with fractions: no rounding at all."""
    size = len(dense)
    rows = [
        [Fraction(int(i == j)) - Fraction(float(dense[i, j])) for j in range(size)]
        + [Fraction(float(value)) for value in own[i]]
        for i in range(size)
    ]
    for pivot in range(size):
        best = max(range(pivot, size), key=lambda i: abs(rows[i][pivot]))
        rows[pivot], rows[best] = rows[best], rows[pivot]
        rows[pivot] = [value / rows[pivot][pivot] for value in rows[pivot]]
        for i in range(size):
            if i != pivot and rows[i][pivot]:
                factor = rows[i][pivot]
                rows[i] = [a - factor * b for a, b in zip(rows[i], rows[pivot], strict=True)]
    return [row[size:] for row in rows]


@pytest.mark.parametrize("signed", [False, True])
def test_the_interval_holds_dense_lus_answer_on_random_loops(signed):
    random = np.random.default_rng(20)
    for number in range(200):
        gain = float(random.choice([0.0, 0.3, 0.9, 0.99, 0.9999]))
        dense, own = random_system(random, gain, signed=signed)
        solved = answer(system_of(dense, own))
        lu = np.linalg.solve(np.eye(len(own)) - dense, own)
        slack = 1e-12 * np.linalg.cond(np.eye(len(own)) - dense) * (1 + abs(lu).max(axis=0))
        assert np.all(abs(solved.x[:, :COLUMNS] - lu) <= solved.radius[:, :COLUMNS] + slack), number
        size = abs(solved.x[:, :COLUMNS]).max(axis=1)
        assert np.all(solved.radius[:, :COLUMNS].max(axis=1) <= 1e-7 * np.maximum(size, size.max() * 1e-6))
        assert not solved.radius[:, [2, 4, 5, 6, 8, 9, 10, 11]].any()


@pytest.mark.parametrize("signed", [False, True])
def test_the_interval_holds_the_exact_answer(signed):
    random = np.random.default_rng(21)
    for number in range(30):
        gain = float(random.choice([0.3, 0.9, 0.99, 0.99999]))
        dense, own = random_system(random, gain, signed=signed)
        solved = answer(system_of(dense, own))
        for i, row in enumerate(exact_solution(dense, own)):
            for column, value in enumerate(row):
                distance = abs(value - Fraction(float(solved.x[i, column])))
                assert distance <= Fraction(float(solved.radius[i, column])), (number, i, column)


def test_two_products_that_alternate_do_not_deceive_the_certificate():
    """On a periodic loop the ratio of successive increments never falls below 1."""
    dense = np.array([[0.0, 0.4], [0.06, 0.0]])
    own = np.zeros((2, COLUMNS))
    own[:, 0] = [0.85, 0.05]
    solved = answer(system_of(dense, own))
    exact = exact_solution(dense, own)
    for i in range(2):
        assert abs(exact[i][0] - Fraction(float(solved.x[i, 0]))) <= Fraction(float(solved.radius[i, 0]))
        assert 0 < solved.radius[i, 0] < 1e-14


def test_the_interval_covers_what_rounding_to_binary_took():
    """0.1 and 0.3 are not binary numbers; the decimal answer lies inside all the same."""
    world = World()
    world.modelled("a", "0.1", [line("b", "0.3")])
    world.modelled("b", "0.7", [line("a", "0.1")])
    solution = solve(world, "a")
    exact = (Fraction(1, 10) + Fraction(3, 10) * Fraction(7, 10)) / (1 - Fraction(3, 100))
    lower, upper = map(Fraction, solution.interval(world.keys["a"]))
    assert lower <= exact <= upper
    assert upper - lower < Fraction(1, 10**14)
    total = solution.total(world.keys["a"])
    assert Fraction(total.lower) <= exact <= Fraction(total.upper)


def test_what_rounding_took_from_a_supplier_widens_its_consumers_too():
    dense = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1e8], [0.0, 0.0, 0.0]])
    own = np.zeros((3, COLUMNS))
    own[1:, 0] = [-1e7, 0.1]
    solved = answer(system_of(dense, own))
    exact = exact_solution(dense, own)[0][0]
    assert exact == Fraction(0.1) * 10**8 - 10**7
    assert exact > 0
    assert abs(exact - Fraction(float(solved.x[0, 0]))) <= Fraction(float(solved.radius[0, 0]))


def test_loops_that_emit_nothing_over_units_of_any_size_are_exactly_zero():
    dense = np.array([[0.0, 5e10, 0.0], [0.0, -0.2, -7.5e15], [0.0, 1.1e-17, 0.2]])
    own = np.zeros((3, COLUMNS))
    own[0, 0] = 128.0
    solved = answer(system_of(dense, own))
    assert solved.x[:, 0].tolist() == [128.0, 0.0, 0.0]
    assert solved.radius[1:].any() == np.False_
    assert not solved.dead.any()


def test_the_shown_interval_is_widened_by_four_quanta_and_rounded_outward():
    world = World()
    world.declared("p", "1234.5678901234567")
    total = solve(world, "p").total(0)
    assert [str(value) for value in (total.excluding, total.lower, total.upper, total.quantum)] == [
        "1234.56789012",
        "1234.56789008",
        "1234.56789017",
        "1E-8",
    ]
