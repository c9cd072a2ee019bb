"""Everybody's results, kept: after any change they are what a solve from nothing says, within 1e-12."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from exchange.memory import NOBODY, Column, NoAnswer, Present, Tables, Touched, Whole, everything, whole
from exchange.model.closure import Dates
from exchange.model.footprint import NEVER_US
from exchange.rollup.standings import OWN_WIDTH
from tests.bench.supply import AS_OF, supply, tables_of

DATES = Dates(AS_OF, NEVER_US - 2, NEVER_US - 2)


def standing(tables: Tables) -> Present:
    return Present(tables, DATES)


def scaled(tables: Tables, key: int, by: float) -> None:
    """Another own term."""
    own = tables.versions.own.of(np.array([key]))
    own[0, 0] *= by
    own[0, -1] = own[0, 0]
    tables.versions.own.put(np.array([key]), own)


def assert_as_from_nothing(kept: Whole, present: Present) -> None:
    found, expected = kept.excluding(), Whole(present).excluding()
    assert (np.abs(found - expected) <= 1e-12 * np.abs(expected)).all()
    assert (np.abs(found - expected) <= kept.radius() + 1e-300).all()


@pytest.mark.parametrize("local", [True, False])
def test_it_is_what_each_closure_says(local: bool) -> None:
    present = standing(tables_of(supply(2_000, local=local)))
    position = Column(np.int32, fill=NOBODY)
    position.resize(2_000)
    expected = everything(present, position).solve({})
    kept = Whole(present)
    radius = kept.radius()
    for key in range(0, 2_000, 37):
        lower, upper = expected.interval(key)
        value = kept.excluding()[key]
        assert float(lower) - radius[key] <= value <= float(upper) + radius[key]
        assert kept.components(key) == pytest.approx(expected.cradle_to_gate(key), rel=1e-13, abs=0)
    assert (radius <= 1e-12 * kept.excluding()).all()


@pytest.mark.parametrize("local", [True, False])
def test_one_change_moves_what_it_affects_and_nothing_else(local: bool) -> None:
    tables = tables_of(supply(3_000, local=local))
    present = standing(tables)
    kept = Whole(present)
    random = np.random.default_rng(7)
    for key in random.integers(0, 3_000, 30).tolist():
        before = kept.excluding()
        scaled(tables, key, float(random.choice([1e-3, 0.9, 1.1, 1e3])))
        kept.update(np.array([key]))
        assert_as_from_nothing(kept, present)
        assert kept.excluding()[key] != before[key]


def test_what_goes_and_comes_moves_its_consumers() -> None:
    """A version that is deprecated leaves gaps; one that comes back fills them."""
    tables = tables_of(supply(1_000))
    present = standing(tables)
    kept = Whole(present)
    first = kept.excluding()
    hub = int(np.bincount(tables.lines.supplier.values).argmax())
    for head in (DATES.head, DATES.head + 1):
        gone = head == DATES.head
        tables.versions.deprecated.put(hub, *((0, 0) if gone else (NEVER_US, NEVER_US)))
        moved = present.advance(replace(DATES, head=head), Touched({hub}, set()))
        kept.update(np.array(sorted(moved)))
        assert_as_from_nothing(kept, present)
        assert (kept.excluding()[hub] == 0) == gone
    assert kept.excluding() == pytest.approx(first, rel=1e-12)


def test_a_hub_is_swept_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    tables = tables_of(supply(3_000))
    present = standing(tables)
    kept = Whole(present)
    monkeypatch.setattr(whole, "FRONTIER_SHARE", 1e-9)
    monkeypatch.setattr(whole, "LINES_MIN", 1)
    hub = int(np.bincount(tables.lines.supplier.values).argmax())
    scaled(tables, hub, 2.0)
    kept.update(np.array([hub]))
    assert kept.pushed == 0
    assert_as_from_nothing(kept, present)


def test_a_component_that_nobody_had_is_taken_in() -> None:
    tables = tables_of(supply(500))
    present = standing(tables)
    kept = Whole(present)
    assert kept.components(499)[1] == 0
    tables.versions.own.column(1).values[3] = 5.0
    tables.versions.own.column(OWN_WIDTH - 1).values[3] += 5.0
    kept.update(np.array([3]))
    assert kept.components(3)[1] == 5.0
    assert_as_from_nothing(kept, present)


def test_many_small_changes_do_not_drift() -> None:
    tables = tables_of(supply(400, local=False))
    present = standing(tables)
    kept = Whole(present)
    random = np.random.default_rng(11)
    for key in random.integers(0, 400, 2_000).tolist():
        scaled(tables, key, float(random.choice([0.5, 2.0, 1 + 1e-9])))
        kept.update(np.array([key]))
    assert_as_from_nothing(kept, present)


def test_a_loop_without_an_answer_is_no_result() -> None:
    tables = tables_of(supply(500))
    present = standing(tables)
    kept = Whole(present)
    line = int(np.flatnonzero(present.serving.values != NOBODY)[0])
    consumer = int(tables.versions.product.values[tables.lines.version.values[line]])
    present.serving.values[line] = consumer
    tables.lines.supplier.values[line] = consumer
    tables.followers.add_later(line, consumer)
    present.factor.values[line] = 1.5
    with pytest.raises(NoAnswer):
        kept.update(np.array([consumer]))
    with pytest.raises(NoAnswer):
        Whole(present)


def test_a_graph_of_nothing_has_no_results() -> None:
    kept = Whole(standing(Tables()))
    assert kept.excluding().shape == (0,)
    assert kept.radius().shape == (0,)


@pytest.mark.parametrize("gain", [0.99, 0.9999])
def test_a_loop_that_consumes_nearly_all_of_itself_has_its_answer(gain: float) -> None:
    """Sweeps alone would take thousands."""
    tables = tables_of(supply(500))
    present = standing(tables)
    kept = Whole(present)
    line = int(np.flatnonzero(present.serving.values != NOBODY)[0])
    consumer = int(tables.versions.product.values[tables.lines.version.values[line]])
    before = kept.excluding()[consumer]
    taken = present.factor.values[line] * kept.excluding()[present.serving.values[line]]
    present.serving.values[line] = consumer
    tables.lines.supplier.values[line] = consumer
    tables.followers.add_later(line, consumer)
    present.factor.values[line] = gain
    kept.update(np.array([consumer]))
    again, radius = Whole(present), kept.radius()
    assert abs(kept.excluding()[consumer] - (before - taken) / (1 - gain)) <= radius[consumer]
    assert (np.abs(kept.excluding() - again.excluding()) <= radius + again.radius()).all()
    assert (radius <= 1e-13 / (1 - gain) ** 2 * kept.excluding()).all()
