"""Loops: which have an answer, who is refused when one has none, and how a loop is named."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from exchange.errors import RollUpRefused
from exchange.rollup import shortest_loop
from exchange.rollup.loops import looped_components, strong_components, without_answer
from tests.rollup.check import World, assert_same, check, line, solve


def ring(gain: float, size: int = 3) -> World:
    """A ring of products that consumes `gain` of itself; each emits 1."""
    world = World()
    for number in range(size):
        amount = gain if number == 0 else 1
        world.modelled(f"p{number}", "1", [line(f"p{(number + 1) % size}", amount)])
    return world


def test_a_loop_that_consumes_less_than_itself_is_solved():
    check(ring(0.5), "p0", excluding="4.000")
    check(ring(0.999999), "p0", excluding="2999998.0")
    check(ring(-0.5), "p0", excluding="0.000")


@pytest.mark.parametrize("gain", [1, 1.000001, 2, 1e6, -1, -3])
def test_a_loop_that_consumes_at_least_itself_is_refused(gain):
    world = ring(gain)
    solution = check(world, "p0", refused="LOOP_WITHOUT_ANSWER")
    refusal = solution.refusal(world.keys["p0"])
    assert refusal is not None
    assert refusal.members == (0, 1, 2)
    with pytest.raises(RollUpRefused) as caught:
        solution.total(0)
    assert (caught.value.refusal, caught.value.members) == ("LOOP_WITHOUT_ANSWER", (0, 1, 2))


@pytest.mark.parametrize(
    ("gain", "refused"), [(0.999, None), (1, "LOOP_WITHOUT_ANSWER"), (-1.5, "LOOP_WITHOUT_ANSWER")]
)
def test_a_product_that_consumes_itself(gain, refused):
    world = World()
    world.modelled("self", "1", [line("self", gain)])
    check(world, "self", refused=refused)
    if refused is None:
        check(world, "self", excluding="1000.0000000")


def test_only_products_that_depend_on_the_loop_are_refused():
    world = ring(2)
    world.modelled("victim", "1", [line("p1", 1), line("healthy", 1)])
    world.modelled("beyond", "1", [line("victim", 0)])
    world.modelled("healthy", "1", [line("leaf", 2)])
    world.modelled("p2", "1", [line("p0", 1), line("leaf", 1)], published="2026-02-01")
    world.modelled("other", "1", [line("other2", "0.5")])
    world.modelled("other2", "1", [line("other", "0.5")])
    world.declared("leaf", "3")
    solution = solve(world, "victim", "healthy", "beyond", "other", "leaf")
    codes = {name: solution.refusal(world.keys[name]) for name in world.keys}
    assert {name for name, refusal in codes.items() if refusal} == {"p0", "p1", "p2", "victim", "beyond"}
    assert codes["beyond"] == codes["p0"]
    assert_same(solution.total(world.keys["healthy"]).excluding, "7.000")
    assert_same(solution.total(world.keys["other"]).excluding, "2.000")
    assert_same(solution.total(world.keys["leaf"]).excluding, "3.000")


def test_refused_products_name_only_the_loops_they_depend_on():
    world = ring(2)
    world.modelled("x", "1", [line("y", 2)])
    world.modelled("y", "1", [line("x", 1), line("p0", 1)])
    world.modelled("z", "1", [line("x", 1)])
    solution = solve(world, "z", "p0")
    of_z, of_p = solution.refusal(world.keys["z"]), solution.refusal(world.keys["p0"])
    assert of_z is not None
    assert of_p is not None
    assert set(of_z.members) == {world.keys[name] for name in ("p0", "p1", "p2", "x", "y")}
    assert set(of_p.members) == {world.keys[name] for name in ("p0", "p1", "p2")}


def test_a_use_stage_that_depends_on_such_a_loop_refuses_its_product_but_not_its_buyers():
    world = ring(2)
    world.modelled("car", "1", [line("p0", 1, stage="USE")])
    world.modelled("fleet", "1", [line("car", 10)])
    check(world, "car", refused="LOOP_WITHOUT_ANSWER")
    check(world, "fleet", excluding="11.000")


def test_outbound_logistics_without_an_answer_refuse_their_product_and_its_buyers():
    world = ring(2)
    world.modelled("S", "1", [line("p0", 1, stage="DISTRIBUTION")])
    world.modelled("buyer", "1", [line("S", 1), line("leaf", 1)])
    world.declared("leaf", "1")
    solution = check(world, "buyer", refused="LOOP_WITHOUT_ANSWER")
    assert solution.refusal(world.keys["S"]) == solution.refusal(world.keys["buyer"])
    assert solution.refusal(world.keys["leaf"]) is None


def test_a_loop_over_units_of_very_different_size_is_solved():
    world = World()
    world.modelled("ship", "1", [line("screw", "1000000000", "GRAM")], unit="PIECE", mass="0")
    world.modelled("screw", "0.000001", [line("ship", "0.0000004", "PIECE")])
    # x_ship = 1 + 1e6 x_screw, x_screw = 1e-6 + 4e-7 x_ship: 2 / (1 - 0.4).
    check(world, "ship", excluding="3.33333333333")


def test_what_consumes_a_result_that_cancels_to_nothing_is_solved():
    world = World()
    world.declared("leaf", "1")
    world.modelled("nothing", "1000", [line("leaf", -1000, credit=True)])
    world.modelled("root", None, [line("nothing", 3)])
    world.modelled("beyond", None, [line("root", 3), line("leaf", 1)])
    check(world, "root", excluding="0")
    check(world, "beyond", excluding="1.000")


def test_a_long_chain_without_loops_is_solved():
    world = World()
    for number in range(1, 701):
        world.modelled(f"p{number}", "1", [line(f"p{number - 1}", 1)])
    world.declared("p0", "1")
    check(world, "p700", excluding="701.000")


def test_a_long_chain_behind_a_slow_loop_is_solved():
    world = ring(0.99999)
    world.modelled("q0", "1", [line("p0", 1)])
    for number in range(1, 301):
        world.modelled(f"q{number}", "1", [line(f"q{number - 1}", 1)])
    check(world, "q300", excluding="300299.0000")


def test_loops_without_answer_are_found_beside_others():
    # 0-1 gains 0.9, 2-3 gains 1, 4 gains 1.5, 5 feeds on all, 6-7 gains 0.999999.
    rows = [0, 1, 2, 3, 4, 5, 5, 5, 6, 7]
    columns = [1, 0, 3, 2, 4, 0, 2, 4, 7, 6]
    data = [0.9, 1.0, 1e6, 1e-6, 1.5, 9.0, 9.0, 9.0, 1e-9, 999.999e6]
    matrix = csr_array((data, (rows, columns)), shape=(8, 8))
    found = sorted(tuple(rows.tolist()) for rows in without_answer(matrix))
    assert found == [(2, 3), (4,)]


def test_several_lines_to_one_supplier_are_one_connection():
    """scipy's own search for strong components does not end on this matrix as it stands."""
    twice = csr_array((np.array([0.65, 0.79]), np.array([3, 3]), np.array([0, 0, 0, 2, 2, 2])), shape=(5, 5))
    assert len(np.unique(strong_components(twice))) == 5
    assert looped_components(twice) == []
    itself = csr_array((np.array([0.5, -0.5]), np.array([0, 0]), np.array([0, 2, 2])), shape=(2, 2))
    assert [rows.tolist() for rows in looped_components(itself)] == [[0]]
    world = ring(0.999)
    world.modelled("p1", "1", [line("p2", "0.5"), line("p2", "0.5")], published="2026-02-01")
    check(world, "p0", excluding="2998.0000000")


def test_random_loops_are_judged_like_their_spectral_radius():
    random = np.random.default_rng(7)
    for _ in range(200):
        size = int(random.integers(1, 9))
        dense = random.random((size, size)) * (random.random((size, size)) < 0.5)
        scale = 10.0 ** random.uniform(-4, 4, size)
        dense = dense * scale[:, None] / scale[None, :]
        radius = max(abs(np.linalg.eigvals(dense)))
        if radius > 0:
            dense *= random.choice([0.2, 0.99, 0.9999, 1.0001, 1.01, 5.0]) / radius
        radius = max(abs(np.linalg.eigvals(dense)))
        assert bool(without_answer(csr_array(dense))) == (radius >= 1)


def test_the_shortest_loop_is_named_in_order():
    edges = [(1, 2), (2, 3), (3, 1), (3, 4), (4, 1), (5, 5), (6, 7)]
    assert shortest_loop(edges) == (5,)
    assert shortest_loop(edges[:5]) == (1, 2, 3)
    assert shortest_loop([(6, 7), (7, 8)]) == ()
    assert shortest_loop([]) == ()
