"""Supply paths: the largest first, by exact factors, and never a larger one left out without saying so."""

from decimal import Decimal

import pytest

from exchange.rollup.paths import PATH_LINES_MAX, top_paths
from tests.rollup.check import World, line, solve
from tests.rollup.example import example_world
from tests.rollup.test_view import EVERYTHING, delivered_world, power_and_coal
from tests.rollup.views import Viewer, view_of


def view(world, root, viewer):
    return view_of(world, solve(world, root), root, viewer)


def told(world, path):
    names = {key: name for name, key in world.keys.items()}
    return [(names[step.product_key], step.line, str(step.amount)) for step in path.steps]


def test_the_paths_of_the_car():
    world = example_world()
    found = view(world, "car", Viewer(owner=["car", "steel"])).top_paths(5)
    shown = [
        (" > ".join(f"{name} {line or ''} {amount}" for name, line, amount in told(world, path)), str(path.own_kg_co2e))
        for path in found.paths
    ]
    assert shown == [
        ("car  1 > steel 1 0.9", "1530"),
        ("car  1 > steel 1 0.9 > power 1 450", "401.12704918"),
        ("car  1 > power 2 400", "356.55737705"),
        ("car  1", "300"),
        ("car  1 > steel 1 0.9 > coal 2 540", "55.88114754"),
    ]
    assert [path.broken_down for path in found.paths] == [True, False, False, True, False]
    assert str(found.paths[0].share_percent) == "56.4353741497"
    assert str(found.coverage_percent) == "97.5102040816"
    assert found.complete


def test_all_paths_of_an_acyclic_view_are_the_total():
    world = example_world()
    found = view(world, "car", Viewer(owner=["car", "steel"])).top_paths(100)
    assert len(found.paths) == 7
    assert str(found.coverage_percent) == "100"
    assert found.complete


def test_a_loop_is_walked_as_often_as_it_is_worth_it():
    world = power_and_coal()
    found = view(world, "power", Viewer(owner=["power", "coal"])).top_paths(5)
    names = {key: name for name, key in world.keys.items()}
    shown = [([names[step.product_key] for step in path.steps], str(path.own_kg_co2e)) for path in found.paths]
    turn = ["power", "coal"]
    assert shown == [
        (["power"], "0.85"),
        ([*turn, "power"], "0.0204"),
        (turn, "0.02"),
        ([*turn, *turn, "power"], "0.0004896"),
        ([*turn, *turn], "0.00048"),
    ]
    assert found.complete


def test_outbound_logistics_of_a_delivered_line_are_the_consumers():
    world = delivered_world()
    found = view(world, "root", Viewer(owner=["root", "S"])).top_paths(5)
    assert [str(path.own_kg_co2e) for path in found.paths] == ["20", "10", "1.8"]
    assert str(found.coverage_percent) == "100"


def test_a_large_end_behind_a_small_own_term_is_found_first():
    """Best-first by the most that lies behind a place, not by what the place emits."""
    world = World()
    world.modelled("root", "1", [line("poor", 1), line("rich", 1)])
    world.declared("poor", "5")
    world.modelled("rich", None, [line("deep", 2)])
    world.modelled("deep", None, [line("well", 3)])
    world.declared("well", "4")
    found = view(world, "root", Viewer(owner=["root", "rich", "deep"])).top_paths(1)
    assert [str(path.own_kg_co2e) for path in found.paths] == ["24"]
    assert [step.line for step in found.paths[0].steps] == [None, 2, 1, 1]
    assert [str(step.amount) for step in found.paths[0].steps] == ["1", "1", "2", "6"]
    assert found.complete


def test_credits_count_by_their_size():
    world = World()
    world.modelled("root", "1", [line("a", 1), line("b", -1, credit=True)])
    world.declared("a", "3")
    world.declared("b", "5")
    found = view(world, "root", Viewer(owner=["root"])).top_paths(2)
    assert [(str(path.own_kg_co2e), str(path.share_percent)) for path in found.paths] == [("-5", "500"), ("3", "-300")]
    assert str(found.coverage_percent) == "200"


def test_of_nothing_there_are_no_paths_and_they_are_all():
    world = World()
    world.modelled("root", None, [line("a", 1)])
    world.declared("a", "0")
    found = view(world, "root", Viewer(owner=["root"])).top_paths(5)
    assert (found.paths, str(found.coverage_percent), found.complete) == ((), "100", True)


def test_a_total_of_zero_has_paths_without_a_share():
    world = World()
    world.modelled("root", None, [line("a", 1), line("a", -1, credit=True)])
    world.declared("a", "3")
    found = view(world, "root", Viewer(owner=["root"])).top_paths(1)
    assert [(str(path.own_kg_co2e), str(path.share_percent)) for path in found.paths] == [("3", "0")]
    assert str(found.coverage_percent) == "0"
    assert str(view(world, "root", Viewer(owner=["root"])).top_paths(3).coverage_percent) == "100"


def test_a_search_that_stops_says_so():
    world = example_world()
    columns = view(world, "steel", EVERYTHING).columns
    whole = top_paths(columns, 4)
    stopped = top_paths(columns, 4, nodes_max=2)
    assert whole.complete
    assert not stopped.complete
    assert len(stopped.paths) < 4
    assert stopped.paths == whole.paths[: len(stopped.paths)]


def chain(length: int) -> World:
    world = World()
    for number in range(length):
        world.modelled(f"p{number}", None, [line(f"p{number + 1}", 1)])
    world.declared(f"p{length}", "1")
    return world


@pytest.mark.parametrize(("length", "paths"), [(PATH_LINES_MAX, 1), (PATH_LINES_MAX + 1, 0), (150, 0)])
def test_a_path_that_is_too_long_is_not_shown_and_that_is_said(length, paths):
    world = chain(length)
    found = view(world, "p0", Viewer(owner=list(world.keys))).top_paths(5)
    assert (len(found.paths), found.complete) == (paths, bool(paths))
    assert found.coverage_percent == Decimal(100 * paths)


def test_longer_best_paths_than_sweeps_are_bounded_from_above():
    """A chain of 80 lines with a branch at every place: the branches come out in their order."""
    world = chain(80)
    for number in range(80):
        world.footprints[f"p{number}"].clear()
        world.modelled(f"p{number}", None, [line(f"p{number + 1}", "0.9"), line(f"b{number}", 1)])
        world.declared(f"b{number}", number + 1)
    found = view(world, "p0", Viewer(owner=list(world.keys))).top_paths(4)
    expected = sorted((0.9**number * (number + 1) for number in range(80)), reverse=True)[:4]
    assert [float(path.own_kg_co2e) for path in found.paths] == pytest.approx(expected, rel=1e-9)
    assert found.complete
