"""Contributions and tree of a viewer's view."""

from dataclasses import replace
from decimal import Decimal

import pytest

from exchange.errors import InvalidInput
from exchange.rollup import View, solve_view, upstream_graph
from tests.rollup.check import World, assert_same, line, solve
from tests.rollup.example import example_world
from tests.rollup.views import Viewer, nodes_of, view_of

EVERYTHING = Viewer(owner=["power", "coal", "steel", "orefactor", "transport", "car"])


def power_and_coal() -> World:
    world = World()
    world.modelled("power", "0.85", [line("coal", "0.4")], unit="KILOWATT_HOUR")
    world.modelled("coal", "0.05", [line("power", "0.06", "KILOWATT_HOUR")])
    return world


def contributions(world, root, viewer):
    names = {key: name for name, key in world.keys.items()}
    found = view_of(world, solve(world, root), root, viewer).contributions()
    return {names[one.product_key]: one for one in found}


def test_contributions_over_a_loop():
    found = contributions(power_and_coal(), "power", Viewer(owner=["power", "coal"]))
    assert list(found) == ["power", "coal"]
    assert_same(found["power"].own_kg_co2e, "0.8709016393")
    assert_same(found["coal"].own_kg_co2e, "0.0204918033")
    assert_same(found["power"].share_percent, "97.7011494253")
    assert all(one.broken_down for one in found.values())


def test_a_closed_supplier_is_one_leaf():
    found = contributions(power_and_coal(), "power", Viewer(owner=["power"]))
    assert_same(found["power"].own_kg_co2e, "0.850000000000")
    assert_same(found["coal"].own_kg_co2e, "0.041393442623")
    assert found["coal"].broken_down is False


def test_a_closed_root_is_its_own_only_contribution():
    found = contributions(power_and_coal(), "power", Viewer())
    assert {name: str(one.share_percent) for name, one in found.items()} == {"power": "100"}


def test_contributions_sum_to_the_total_whatever_is_visible():
    world = example_world()
    solution = solve(world, "car")
    total = solution.total(world.keys["car"])
    for viewer in (EVERYTHING, Viewer(), Viewer(owner=["car"]), Viewer(inputs={"car": [2], "steel": [1, 3]})):
        found = view_of(world, solution, "car", viewer).contributions()
        assert abs(sum((one.own_kg_co2e for one in found), -total.excluding)) <= 8 * total.quantum
        assert abs(sum((one.share_percent for one in found), Decimal(-100))) < Decimal("1E-8")


def test_first_limits_the_contributions_and_the_order_is_by_size():
    world = World()
    world.modelled("root", "1", [line("a", 1), line("b", -1, credit=True), line("c", 1), line("zero", 1)])
    for name, kilograms in [("a", "3"), ("b", "5"), ("c", "3"), ("zero", "0")]:
        world.declared(name, kilograms)
    view = view_of(world, solve(world, "root"), "root", Viewer(owner=["root"]))
    found = [(world_name(world, one), str(one.own_kg_co2e), str(one.share_percent)) for one in view.contributions()]
    assert found == [("b", "-5", "-250"), ("a", "3", "150"), ("c", "3", "150"), ("root", "1", "50")]
    assert [world_name(world, one) for one in view.contributions(2)] == ["b", "a"]


def test_the_root_is_listed_even_with_nothing_of_its_own_and_shares_of_zero_are_zero():
    world = World()
    world.modelled("root", None, [line("a", 1), line("a", -1, credit=True)])
    world.declared("a", "3")
    view = view_of(world, solve(world, "root"), "root", Viewer(owner=["root"]))
    found = [(world_name(world, one), str(one.own_kg_co2e), str(one.share_percent)) for one in view.contributions()]
    assert found == [("root", "0", "0")]
    assert str(view.tree().coverage_percent) == "100"


def world_name(world, one):
    return {key: name for name, key in world.keys.items()}[one.product_key]


def delivered_world() -> World:
    world = World()
    world.modelled("root", "1", [line("S", 2, delivered=True)])
    world.modelled("S", "10", [line("fuel", 1)], stages={"DISTRIBUTION": "0.4"})
    world.declared("fuel", "5")
    return world


@pytest.mark.parametrize("viewer", [Viewer(owner=["root"]), Viewer(inputs={"root": [1]}), Viewer(owner=["root", "S"])])
def test_outbound_logistics_of_a_delivered_line_belong_to_the_consumer(viewer):
    found = contributions(delivered_world(), "root", viewer)
    assert str(found["root"].own_kg_co2e) == "1.8"
    assert str(found["S"].own_kg_co2e) == ("20" if "S" in viewer.owner else "30")


def test_in_the_tree_outbound_logistics_belong_to_the_delivered_child():
    world = delivered_world()
    tree = view_of(world, solve(world, "root"), "root", Viewer(owner=["root", "S"])).tree()
    assert str(tree.root.own_kg_co2e) == "1"
    (child,) = tree.root.children
    assert [str(one) for one in (child.amount, child.total_kg_co2e, child.own_kg_co2e)] == ["2", "30.8", "20.8"]
    assert str(tree.coverage_percent) == "100"


def flat(node, depth=0):
    yield depth, node
    for child in node.children:
        yield from flat(child, depth + 1)


def test_the_tree_of_the_example():
    world = example_world()
    tree = view_of(world, solve(world, "car"), "car", Viewer(owner=["car", "steel"])).tree()
    shown = [
        (depth, world_name(world, node), node.line, str(node.amount), str(node.total_kg_co2e), str(node.share_percent))
        for depth, node in flat(tree.root)
    ]
    assert shown == [
        (0, "car", None, "1", "2711.06557377", "100"),
        (1, "steel", 1, "0.9", "2054.50819672", "75.7823129251"),
        (2, "power", 1, "450", "401.12704918", "14.7959183673"),
        (2, "coal", 2, "540", "55.88114754", "2.0612244898"),
        (2, "orefactor", 3, "1350", "40.5", "1.493877551"),
        (1, "power", 2, "400", "356.55737705", "13.1519274377"),
    ]
    assert tree.hidden_nodes == 1  # transport, 0.996 %
    assert_same(tree.coverage_percent, "99.0040816327")


def test_own_and_children_make_up_every_node_of_a_whole_tree():
    world = example_world()
    tree = view_of(world, solve(world, "steel"), "steel", EVERYTHING).tree(20, 0.0, 1000)
    for depth, node in flat(tree.root):
        if depth < 20:
            parts = node.own_kg_co2e + sum(child.total_kg_co2e for child in node.children)
            assert abs(parts - node.total_kg_co2e) <= Decimal("1E-7")
    assert abs(tree.coverage_percent - 100) < Decimal("1E-7")


def rounded_down() -> World:
    """The root's total, 1.1234567890141, is shown as 1.12345678901: its parts are 100.0000000004 % of that."""
    world = World()
    world.modelled("root", "1", [line("a", 1), line("tiny", 1)])
    world.declared("a", "0.123456789014")
    world.declared("tiny", "0.0000000000001")
    return world


def test_what_explains_all_of_a_total_that_was_rounded_down_explains_100_percent():
    world = rounded_down()
    view = view_of(world, solve(world, "root"), "root", Viewer(owner=["root"]))
    for tree, hidden in [(view.tree(3, 0.0, 10), 0), (view.tree(3, 1.0, 10), 1)]:
        assert (str(tree.coverage_percent), tree.hidden_nodes) == ("100", hidden)
    assert [str(view.top_paths(first).coverage_percent) for first in (3, 2)] == ["100", "100"]
    assert [str(one.share_percent) for one in view.contributions()] == ["89.0109890992", "10.9890109008"]


def test_all_paths_explain_100_percent_also_where_a_credit_is_among_them():
    world = World()
    world.modelled("root", "1.5", [line("a", 1), line("b", -1, credit=True)])
    world.declared("a", "0.123456789014")
    world.declared("b", "0.5")
    view = view_of(world, solve(world, "root"), "root", Viewer(owner=["root"]))
    assert [str(view.top_paths(first).coverage_percent) for first in (3, 4)] == ["100", "100"]


def test_a_tree_that_hides_a_credit_explains_more_than_100_percent():
    world = World()
    world.modelled("root", "8", [line("a", 1), line("b", -1, credit=True)])
    world.declared("a", "4")
    world.declared("b", "2")
    view = view_of(world, solve(world, "root"), "root", Viewer(owner=["root"]))
    assert (str(view.tree(3, 25.0, 10).coverage_percent), view.tree(3, 25.0, 10).hidden_nodes) == ("120", 1)
    assert str(view.top_paths(2).coverage_percent) == "120"


def test_limits_of_the_tree():
    world = example_world()
    view = view_of(world, solve(world, "steel"), "steel", EVERYTHING)
    assert [len(list(flat(view.tree(3, 0.0, nodes).root))) for nodes in (1, 2, 5, 1000)] == [1, 2, 5, 9]
    assert [max(depth for depth, _ in flat(view.tree(depth, 0.0, 1000).root)) for depth in (0, 1, 2)] == [0, 1, 2]
    assert view.tree(0, 0.0, 1000).hidden_nodes == 4
    assert view.tree(1, 0.0, 2).hidden_nodes == 3 + 1
    assert view.tree(1, 10.0, 1000).hidden_nodes == 3 + 1
    for arguments in [(-1, 1, 10), (21, 1, 10), (3, -0.1, 10), (3, 100.1, 10), (3, 1, 0), (3, 1, 1001)]:
        with pytest.raises(InvalidInput):
            view.tree(*arguments)
    with pytest.raises(InvalidInput):
        view.tree(3, float("nan"), 10)


def test_the_largest_nodes_are_shown_first():
    world = example_world()
    view = view_of(world, solve(world, "car"), "car", EVERYTHING)
    sizes = [min(abs(node.total_kg_co2e) for _, node in flat(view.tree(3, 0.0, nodes).root)) for nodes in range(1, 12)]
    assert sizes == sorted(sizes, reverse=True)


def test_a_product_that_consumes_itself_is_a_child_of_itself():
    world = World()
    world.modelled("self", "1", [line("self", "0.5")])
    tree = view_of(world, solve(world, "self"), "self", Viewer(owner=["self"])).tree(3)
    assert [str(node.total_kg_co2e) for _, node in flat(tree.root)] == ["2", "1", "0.5", "0.25"]
    assert (str(tree.coverage_percent), tree.hidden_nodes) == ("93.75", 1)


def test_only_what_the_root_reaches_is_read():
    world = example_world()
    nodes = nodes_of(world, solve(world, "car"), Viewer(owner=["steel"]))
    view = solve_view(View(world.keys["car"], nodes))
    assert view.keys == (world.keys["car"],)
    steel = solve_view(View(world.keys["steel"], nodes))
    assert set(steel.keys) == {world.keys[name] for name in ("steel", "power", "coal", "orefactor", "transport")}
    backwards = solve_view(View(world.keys["steel"], dict(reversed(nodes.items()))))
    assert backwards.contributions() == steel.contributions()
    assert backwards.tree() == steel.tree()


def test_a_line_that_leaves_the_view_is_a_bug_of_the_caller():
    world = example_world()
    nodes = nodes_of(world, solve(world, "car"), Viewer(owner=["car"]))
    del nodes[world.keys["steel"]]
    with pytest.raises(LookupError, match="not in the view"):
        solve_view(View(world.keys["car"], nodes))


def test_what_the_view_says_of_unknowns_and_factors():
    world = World()
    world.modelled("root", {"fossilGhgEmissions": "1"}, [line("a", 1)], ipcc=("AR6",))
    world.declared("a", "1", "0.5", components={"fossilGhgEmissions": "1", "biogenicCO2Uptake": "-0.5"}, ipcc=("AR5",))
    solution = solve(world, "root")
    closed, opened = (view_of(world, solution, "root", viewer) for viewer in (Viewer(), Viewer(owner=["root"])))
    assert closed.ipcc_characterization_factors() == ("AR6",)
    assert opened.ipcc_characterization_factors() == ("AR5", "AR6")
    assert [finding.code for finding in opened.findings()] == ["MIXED_CHARACTERIZATION_FACTORS"]
    assert closed.findings() == ()
    assert "biogenicCO2Uptake" in closed.unknown_components()
    assert closed.unknown_components()[0] == "landUseChangeGhgEmissions"


def test_a_positive_uptake_is_a_finding_of_the_view():
    world = World()
    world.modelled("root", {"fossilGhgEmissions": "1", "biogenicCO2Uptake": "1.5"})
    view = view_of(world, solve(world, "root"), "root", Viewer())
    assert [(finding.code, finding.got) for finding in view.findings()] == [("UPTAKE_POSITIVE", "1.5")]


def test_the_upstream_graph_is_the_views():
    world = example_world()
    nodes = nodes_of(world, solve(world, "steel"), Viewer(owner=["steel"]))
    names = {key: name for name, key in world.keys.items()}
    graph = upstream_graph(View(world.keys["steel"], nodes))
    assert graph.number_of_nodes() == 5
    edges = {(data["line"], names[supplier]): data["factor"] for _, supplier, data in graph.edges(data=True)}
    assert edges == {(1, "power"): 500.0, (2, "coal"): 600.0, (3, "orefactor"): 1500.0, (4, "transport"): 300.0}
    assert graph.nodes[world.keys["steel"]]["root"] is True
    assert graph.nodes[world.keys["transport"]]["own_kg_co2e"] == "30"


def test_a_view_node_without_effect_changes_nothing():
    world = example_world()
    nodes = nodes_of(world, solve(world, "car"), Viewer(owner=["steel"]))
    before = solve_view(View(world.keys["steel"], nodes)).digest()
    car = world.keys["car"]
    nodes[car] = replace(nodes[car], footprint_id="another")
    assert solve_view(View(world.keys["steel"], nodes)).digest() == before
