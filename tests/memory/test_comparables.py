"""Results for benchmarks are those of roll-ups: of everybody at once, and one by one where somebody has none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from exchange.memory import NOBODY, Column, History, NoAnswer, Present, Tables, Whole, comparables, cut
from exchange.memory.layout import TO_GRAVE
from exchange.model.closure import Dates
from exchange.model.footprint import NEVER_US
from exchange.model.resolved import Ints
from exchange.rollup.own_terms import EXCLUDING_WIDTH
from exchange.rollup.standings import OWN_WIDTH
from tests.bench.supply import AS_OF, supply, tables_of, with_gain

DATES = Dates(AS_OF, NEVER_US - 1, NEVER_US - 1)
EVERY = np.arange(1_300)


def rolled_up(tables: Tables, keys: Ints) -> dict[int, float]:
    """By the ordinary roll-up of each product; without those that are refused."""
    scratch = Column(np.int32, fill=NOBODY)
    scratch.resize(len(tables.products.owner))
    found = {}
    for key in keys.tolist():
        solution = cut(History(tables, DATES), [key], scratch).solve({})
        if solution.refusal(key) is None:
            found[key] = sum(solution.cradle_to_gate(key)[:EXCLUDING_WIDTH])
    return found


def results(tables: Tables, keys: Ints) -> dict[int, float]:
    found = comparables(tables, DATES, keys)
    assert not found.to_grave.any()
    return dict(zip(found.product.tolist(), found.kg_co2e.tolist(), strict=True))


def check(found: dict[int, float], expected: dict[int, float]) -> None:
    assert found.keys() == expected.keys()
    assert all(found[key] == pytest.approx(expected[key], rel=1e-9) for key in expected)


def test_results_are_those_of_roll_ups() -> None:
    tables = tables_of(supply(1_300))
    check(results(tables, EVERY[::7]), rolled_up(tables, EVERY[::7]))


def test_where_a_loop_has_no_answer_the_others_have_theirs() -> None:
    tables = tables_of(with_gain(supply(1_300), 1.3))
    with pytest.raises(NoAnswer):
        Whole(Present(tables, DATES))
    expected = rolled_up(tables, EVERY)
    assert 0 < len(expected) < len(EVERY)
    check(results(tables, EVERY), expected)


def test_what_is_stated_to_the_grave_stands_beside_and_says_what_it_leaves_open() -> None:
    """Three products get a version to the grave: one total with uptake unknown, one with uptake stated, two totals."""
    tables = tables_of(supply(1_300))
    versions: Any = tables.versions
    first = len(versions.product)
    versions.resize(first + 3)
    for at in range(3):
        for column in versions.columns():
            column.values[first + at] = column.values[at]
        versions.previous.values[first + at] = at
        versions.kind.values[first + at] |= TO_GRAVE
        tables.products.latest_version.values[at] = first + at
    unknown = (1 << 16) - 1
    versions.unknown.values[first : first + 3] = (unknown, 0, unknown)
    own = np.zeros((3, OWN_WIDTH))
    own[:, 0] = [100, 101, 102]
    own[2, EXCLUDING_WIDTH + 1] = 0.5
    versions.own.put(np.arange(first, first + 3), own)
    found = comparables(tables, DATES, np.arange(4))
    rows = list(zip(found.product.tolist(), found.to_grave.tolist(), found.uptake_unclear.tolist(), strict=True))
    gate = [(key, False, False) for key in range(4)]
    assert rows == [*gate, (0, True, True), (1, True, False), (2, True, False)]
    assert found.kg_co2e[4:].tolist() == [100, 101, 102]
