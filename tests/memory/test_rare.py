"""What few rows have, or many have alike, is kept once, and is what it was when it is looked up."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from exchange.memory import Column, Present, Whole, followers, rare, room, whole
from exchange.memory.columns import GROWTH, MAPPED_MIN, Numbers
from exchange.memory.followers import Followers
from exchange.memory.rare import Ended, Stated, Terms
from exchange.model.closure import Dates
from exchange.model.footprint import NEVER_US
from exchange.rollup import solving
from exchange.rollup.standings import OWN_WIDTH
from tests.bench.supply import AS_OF, supply, tables_of

ROWS = np.arange(3)


def test_a_component_has_a_column_when_some_row_states_it() -> None:
    terms = Terms()
    terms.resize(2)
    first = np.zeros((2, OWN_WIDTH))
    first[1, 4] = 2.5
    terms.put(ROWS[:2], first)
    assert terms.used == [4]
    assert [len(column) for column in terms.columns()] == [2]
    terms.resize(3)
    later = np.zeros((1, OWN_WIDTH))
    later[0, 7] = -0.0  # says nothing, and is told as it was said
    terms.put(ROWS[2:], later)
    assert terms.used == [4, 7]
    assert terms.of(ROWS).tobytes() == np.concatenate((first, later)).tobytes()
    assert terms.part(ROWS, np.array([0, 4])).tolist() == [[0.0, 0.0], [0.0, 2.5], [0.0, 0.0]]


def test_what_ended_is_told_by_instant_and_change() -> None:
    ended = Ended()
    ended.row.resize(3)
    assert ended.at_us(ROWS).tolist() == ended.sequence(ROWS).tolist() == [NEVER_US] * 3
    ended.put(ROWS, [5, NEVER_US, 7], [50, NEVER_US, 70])
    ended.put(1, 6, 60)
    assert (ended.at_us(ROWS).tolist(), ended.sequence(ROWS).tolist()) == ([5, 6, 7], [50, 60, 70])
    ended.put(ROWS[:2], NEVER_US, NEVER_US)
    assert (ended.at_us(ROWS).tolist(), ended.sequence(ROWS).tolist()) == (
        [NEVER_US, NEVER_US, 7],
        [NEVER_US] * 2 + [70],
    )


@pytest.mark.parametrize("distinct", [0, 1, 100])
def test_what_is_stated_alike_is_kept_once(monkeypatch: pytest.MonkeyPatch, distinct: int) -> None:
    """As far as it is looked for; beyond that it is kept again, and just as right."""
    monkeypatch.setattr(rare, "DISTINCT_MAX", distinct)
    stated, other = Stated(), Stated()
    rows = np.array([[0, 3, 3, 3, 0, np.nan, np.nan], [50, 1, 2, 3, 5, 1.2, 0.5]])
    for each in (stated, other):
        each.row.resize(6)
    stated.put(np.arange(4), rows[[0, 1, 0, 1]])
    other.values.take(stated.values.values.copy())  # as out of a file
    other.row.take(stated.row.values.copy())
    for each in (stated, other):
        each.put(np.array([4, 5]), rows[[1, 0]])
        np.testing.assert_array_equal(each.of(np.arange(6)), rows[[0, 1, 0, 1, 1, 0]])
        assert len(each.values) == {0: 6, 1: 4, 100: 2}[distinct]


def test_numbers_take_as_few_bytes_as_the_largest_needs() -> None:
    numbers, expected = Numbers(), []
    for most, kind in ((0, np.uint8), (255, np.uint8), (256, np.uint16), (70_000, np.int32), (1, np.int32)):
        numbers.extend([most, 0])
        expected += [most, 0]
        assert numbers.values.dtype == kind
        assert numbers.values.tolist() == expected
        again = Numbers()
        again.take(numbers.values.copy())
        assert again.values.dtype == kind
    with pytest.raises(ValueError, match="float64"):
        numbers.take(np.zeros(3))


def test_room_is_made_once_and_counted_when_it_is_used() -> None:
    column = Column(np.float64, fill=7.0)
    column.extend(np.arange(10.0))
    column.reserve(1_000)
    assert column.nbytes == 80
    place = column.values.ctypes.data
    column.resize(1_000)
    assert column.values.ctypes.data == place
    assert column.values[[0, 9, 10, 999]].tolist() == [0.0, 9.0, 7.0, 7.0]
    column.resize(2_000)
    assert column.values.base is not None
    assert len(column.values.base) == int(2_000 * (1 + GROWTH))


@pytest.mark.parametrize("dtype", [np.float64, "V16", np.uint8])
def test_a_large_array_has_pages_of_its_own(dtype: str) -> None:
    """They are given back with it; Python's account of its own arrays does not hold them."""
    tracemalloc.start()
    count = MAPPED_MIN // np.dtype(dtype).itemsize
    found, small = room((count,), dtype), room((count // 2,), dtype)
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert small.nbytes <= taken < found.nbytes
    assert found.shape == (count,)
    assert found.flags.writeable


def test_lines_are_sorted_in_parts_as_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also those that nobody is named by, one that most name, and a product that is not there yet."""
    random = np.random.default_rng(3)
    suppliers = random.integers(-1, 50, 1_000).astype(np.int32)
    suppliers[random.random(1_000) < 0.5] = 17
    monkeypatch.setattr(followers, "PART_MIN", 40)
    found = Followers()
    found.sort(suppliers, 48)
    for product in range(51):
        assert found.of([product]).tolist() == np.flatnonzero(suppliers == product).tolist()
    found.take(found.arrays())


MANY = st.integers(0, 10_000)


@given(MANY, st.integers(1, 3), st.sampled_from([1, 7, 30]))
def test_changes_are_the_same_some_rows_at_a_time(seed: int, columns: int, at_once: int) -> None:
    """To the last bit: with rows that have no scale, and with what is no number any more."""
    random = np.random.default_rng(seed)
    rows = 29
    matrix = csr_array(random.random((rows, rows)) * (random.random((rows, rows)) < 0.1))
    own, x, last = random.random((3, rows, columns)) * (random.random((3, rows, 1)) < 0.5)
    if seed % 3 == 0:
        x[seed % rows] = -x[seed % rows]
    if seed % 7 == 0:
        x[seed % rows] = np.nan
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(solving, "ROWS_AT_ONCE", at_once)
        found = solving._change_by_rows(matrix, own, x, last)
    expected = solving._change(x, last, solving.row_scale(matrix, own, x))
    assert found == expected or (np.isnan(found) and np.isnan(expected))


def test_everybodys_results_take_three_vectors_beside_their_matrix(monkeypatch: pytest.MonkeyPatch) -> None:
    products = 20_000
    monkeypatch.setattr(whole, "CHUNK_MAX", 1_000)
    monkeypatch.setattr(solving, "ROWS_AT_ONCE", 200)
    present = Present(tables_of(supply(products)), Dates(AS_OF, NEVER_US - 1, NEVER_US - 1))
    lines = len(present.tables.lines.supplier)
    Whole(present)
    tracemalloc.start()
    kept = Whole(present)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.reset_peak()
    assert not len(kept.renew())
    _, again = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    matrix, vector = 12 * lines + 4 * products, 8 * products
    assert most < matrix + 3.5 * vector
    assert again < matrix + 4.5 * vector  # what was kept is compared
