"""Sweeps from an earlier solution on: the same as from nothing, also where the earlier one was of another size."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import random_array

from exchange.rollup.solving import SWEEPS_MAX, sweep, sweep_from
from exchange.rollup.system import Matrix, csr


def _matrix(seed: int, gain: float, rows: int = 300) -> Matrix:
    """Random loops; each row takes `gain` of others."""
    found = random_array((rows, rows), density=0.03, rng=np.random.default_rng(seed), format="coo")
    row, column = found.row.astype(np.int64), found.col.astype(np.int64)
    sums = np.bincount(row, found.data, minlength=rows)
    return csr(row, column, found.data * gain / sums[row], rows)


@pytest.mark.parametrize("columns", [1, 3])
@pytest.mark.parametrize("factor", [1.0, 1.01, 1e9, 1e-9, 0.0])
def test_it_ends_where_sweeps_from_nothing_end(factor: float, columns: int) -> None:
    matrix, own = _matrix(1, 0.6), np.random.default_rng(2).uniform(0.5, 2, (300, columns))
    start = sweep(matrix, own).x * factor
    found = sweep_from(matrix, own, start)
    assert found.settled
    np.testing.assert_allclose(found.x, sweep(matrix, own).x, rtol=2e-15 * 4)


def test_what_is_nearly_there_takes_fewer_sweeps() -> None:
    matrix, own = _matrix(3, 0.6), np.ones((300, 1))
    found = sweep(matrix, own)
    assert sweep_from(matrix, own, found.x).sweeps == 4
    assert 4 < sweep_from(matrix, own, found.x * 1.0001).sweeps < found.sweeps


def test_a_result_that_cancels_is_measured_by_what_was_found() -> None:
    """Removals: what one row takes of two others is nearly nothing, and was much before."""
    matrix = csr(np.array([2, 2]), np.array([0, 1]), np.array([1.0, -1.0]), 3)
    own = np.array([[1.0], [1.0], [1e-3]])
    start = np.array([[1e12], [-1e12], [2e12]])
    assert sweep_from(matrix, own, start).x.tolist() == [[1.0], [1.0], [1e-3]]


def test_a_loop_that_grows_or_hardly_settles_is_left_to_others() -> None:
    growing, own = csr(np.array([0, 1]), np.array([1, 0]), np.array([2.0, 2.0]), 2), np.ones((2, 1))
    assert not sweep_from(growing, own, own).settled
    slow = csr(np.array([0, 1]), np.array([1, 0]), np.array([0.9999, 0.9999]), 2)
    found = sweep_from(slow, own, own)
    assert not found.settled
    assert found.sweeps == SWEEPS_MAX
