"""Elasticities: what a percent of a line, or of an own term, changes the total by; against finite differences."""

from decimal import Decimal

import numpy as np
import pytest

from exchange.model.resolved import Total
from exchange.model.view import ViewNode
from exchange.rollup import roll_up, solve_view
from exchange.rollup.own_terms import excluding
from exchange.rollup.view import View
from tests.rollup.check import NOW, World, assert_same, line, solve
from tests.rollup.test_view import delivered_world, power_and_coal
from tests.rollup.useeio import read_useeio
from tests.rollup.views import Viewer, nodes_of, view_of


def found(world, root, viewer, first=1000):
    names = {key: name for name, key in world.keys.items()}
    entries = view_of(world, solve(world, root), root, viewer).elasticities(first)
    assert entries is not None
    return {(names[one.consumer_key], one.line, names.get(one.supplier_key)): one for one in entries}


def test_of_the_coal_line_of_power():
    shown = found(power_and_coal(), "power", Viewer(owner=["power", "coal"]))
    assert list(shown) == [("power", None, None), ("power", 1, "coal"), ("coal", 1, "power"), ("coal", None, None)]
    assert_same(shown["power", 1, "coal"].elasticity, "0.0475786697")
    assert_same(shown["coal", 1, "power"].elasticity, "0.0245901639")  # y 0.4098360656 x 0.06 x 0.8913934426 / x
    assert_same(shown["power", None, None].elasticity, "0.9770114943")  # the contribution as a part of the total
    assert all(one.broken_down for one in shown.values())


def test_a_closed_supplier_does_not_move_with_the_root():
    shown = found(power_and_coal(), "power", Viewer(owner=["power"]))
    assert_same(shown["power", 1, "coal"].elasticity, "0.0464367816")  # 0.0413934426 / 0.8913934426
    assert_same(shown["coal", None, None].elasticity, "0.0464367816")
    assert shown["coal", None, None].broken_down is False


def test_a_delivered_line_is_worth_its_outbound_logistics_too():
    shown = found(delivered_world(), "root", Viewer(owner=["root", "S"]))
    assert_same(shown["root", 1, "S"].elasticity, "0.9685534591")  # 30.8 / 31.8
    assert_same(shown["root", None, None].elasticity, "0.0314465409")  # 1 / 31.8, without logistics


def test_of_nothing_nothing_is_a_percentage():
    world = World()
    world.modelled("root", None, [line("a", 1), line("a", -1, credit=True)])
    world.declared("a", "3")
    assert view_of(world, solve(world, "root"), "root", Viewer(owner=["root"])).elasticities(10) is None


def test_the_largest_come_first_and_what_is_zero_does_not_come():
    world = World()
    world.modelled("root", "1", [line("a", 1), line("b", -1, credit=True), line("zero", 1)])
    for name, kilograms in [("a", "3"), ("b", "2"), ("zero", "0")]:
        world.declared(name, kilograms)
    shown = found(world, "root", Viewer(owner=["root"]))
    assert [(name, number, str(one.elasticity)) for (name, number, _), one in shown.items()] == [
        ("a", None, "1.5"),
        ("root", 1, "1.5"),
        ("b", None, "-1"),
        ("root", 2, "-1"),
        ("root", None, "0.5"),
    ]
    assert len(found(world, "root", Viewer(owner=["root"]), first=2)) == 2


STEP = 1e-6  # of a line: large against roundoff, small against the curve of a loop


def dense(nodes: dict[int, ViewNode]) -> tuple[list[int], np.ndarray, np.ndarray]:
    """A view as a dense system, apart from the engine: keys, A and d, delivered logistics as lines to rows of d."""
    keys = sorted(nodes)
    at = {key: row for row, key in enumerate(keys)}
    matrix = np.zeros((len(keys), len(keys)))
    own = np.array([float(excluding(nodes[key].own)) for key in keys])
    for key in keys:
        lines = nodes[key].lines
        for supplier, factor, delivered in zip(lines.suppliers, lines.factors, lines.delivered, strict=True):
            matrix[at[key], at[supplier]] += factor
            if delivered:
                own[at[key]] += factor * float(nodes[supplier].total.outbound)
    return keys, matrix, own


class Differences:
    """A view's system, solved again with a little more of one line, and with a little less: each is solved for once,
    for all products at once."""

    def __init__(self, nodes: dict[int, ViewNode]) -> None:
        self.keys, self.matrix, self.own = dense(nodes)
        self.at = {key: row for row, key in enumerate(self.keys)}
        self.plain = np.linalg.solve(np.eye(len(self.keys)) - self.matrix, self.own)
        self._solved: dict[tuple[int, int, float], np.ndarray] = {}

    def solved(self, consumer: int, supplier: int, step: float) -> np.ndarray:
        """x, with `step` more of what one row takes of another."""
        if (consumer, supplier, step) not in self._solved:
            moved = self.matrix.copy()
            moved[consumer, supplier] += step
            found = np.linalg.solve(np.eye(len(self.own)) - moved, self.own)
            self._solved[consumer, supplier, step] = found
        return self._solved[consumer, supplier, step]

    def of_a_line(self, root: int, consumer: int, supplier: int, factor: float) -> float:
        """Percent of a product's result per percent of one line."""
        at, j, i = self.at[root], self.at[consumer], self.at[supplier]
        more, less = (float(self.solved(j, i, step * factor)[at]) for step in (STEP, -STEP))
        return (more - less) / (2 * STEP) / float(self.plain[at])

    def of_an_own_term(self, root: int, consumer: int, total: float) -> float:
        """Percent of a product's total per percent of what another states as its own."""
        size, at, j = len(self.keys), self.at[root], self.at[consumer]
        y = np.linalg.solve(np.eye(size) - self.matrix.T, np.eye(size)[at])
        return float(y[j] * self.own[j]) / total


def total_kg(total: Total) -> float:
    return float(total.excluding)


def check_against_differences(
    nodes: dict[int, ViewNode], root_key: int, *, first: int, differences: Differences | None = None
) -> int:
    """Compares the largest entries of a view without delivered lines; returns how many lines there were."""
    entries = solve_view(View(root_key, nodes)).elasticities(first)
    assert entries is not None
    differences = differences or Differences(nodes)
    lines = 0
    for entry in entries:
        if entry.line is None:
            total = total_kg(nodes[root_key].total)
            expected = differences.of_an_own_term(root_key, entry.consumer_key, total)
        else:
            columns = nodes[entry.consumer_key].lines
            place = int(np.flatnonzero(columns.numbers == entry.line)[0])
            assert columns.suppliers[place] == entry.supplier_key
            assert entry.supplier_key is not None
            factor = float(columns.factors[place])
            expected = differences.of_a_line(root_key, entry.consumer_key, entry.supplier_key, factor)
            lines += 1
        assert float(entry.elasticity) == pytest.approx(expected, rel=1e-5, abs=1e-8)
    return lines


def test_useeio_agrees_with_finite_differences(data_dir):
    """Twenty products of a core of 381 that all reach each other, the largest lines of each."""
    useeio = read_useeio(data_dir)
    solution = roll_up(useeio.snapshot, range(411), NOW, lambda consumer, supplier: True)
    world = World()
    world.keys = {code: key for key, code in enumerate(useeio.codes)}
    nodes = nodes_of(world, solution, Viewer(owner=useeio.codes))
    emitting = [key for key, published in enumerate(useeio.published) if published][::20][:20]
    assert len(emitting) == 20
    differences = Differences(nodes)
    checked = sum(check_against_differences(nodes, key, first=8, differences=differences) for key in emitting)
    assert checked > 60


MANY_LINES = 150


def test_many_lines_of_useeio_agree_with_finite_differences_in_every_product(data_dir):
    """One line changed changes all products at once, so two solves of a line serve for all that show it."""
    useeio = read_useeio(data_dir)
    solution = roll_up(useeio.snapshot, range(411), NOW, lambda consumer, supplier: True)
    world = World()
    world.keys = {code: key for key, code in enumerate(useeio.codes)}
    nodes = nodes_of(world, solution, Viewer(owner=useeio.codes))
    keys, matrix, own = dense(nodes)
    assert keys == list(range(411))
    found: dict[tuple[int, int], dict[int, float]] = {}  # elasticities by line and product asked about
    for root in [key for key, published in enumerate(useeio.published) if published][::10]:
        entries = solve_view(View(root, nodes)).elasticities(400)
        assert entries is not None
        for entry in entries:
            if entry.line is not None and entry.supplier_key is not None:
                line_of = found.setdefault((entry.consumer_key, entry.supplier_key), {})
                line_of[root] = float(entry.elasticity)
    shared = sorted(found, key=lambda line_: (-len(found[line_]), line_))
    tried = shared[:MANY_LINES:2] + shared[MANY_LINES :: max(1, len(shared) // (MANY_LINES // 2))][: MANY_LINES // 2]
    plain, compared = np.linalg.solve(np.eye(411) - matrix, own), 0
    for consumer, supplier in tried:
        moved = []
        for step in (STEP, -STEP):
            changed = np.eye(411) - matrix
            changed[consumer, supplier] -= step * matrix[consumer, supplier]
            moved.append(np.linalg.solve(changed, own))
        by_step = (moved[0] - moved[1]) / (2 * STEP)  # kg
        for root, elasticity in found[consumer, supplier].items():
            assert elasticity == pytest.approx(by_step[root] / plain[root], rel=1e-5, abs=1e-8), (consumer, supplier)
            compared += 1
    assert len(tried) >= 140
    assert compared > 1_500


def test_a_weaker_derivative_is_found_out(monkeypatch):
    """Without the loop, that is with demand of the root alone, the differences disagree."""
    world = power_and_coal()
    nodes = nodes_of(world, solve(world, "power"), Viewer(owner=["power", "coal"]))
    assert check_against_differences(nodes, world.keys["power"], first=10) == 2
    view = solve_view(View(world.keys["power"], nodes))
    monkeypatch.setattr(type(view), "_demand", np.array([1.0, 0.4]))
    entries = view.elasticities(10)
    assert entries is not None
    assert abs(entries[0].elasticity - Decimal("0.9770114943")) > Decimal("0.01")
