"""The tree on USEEIO: beside paths enumerated without the engine, and beside bw_graph_tools where it is installed."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal, localcontext

import numpy as np
import pytest

from exchange.model.view import ViewNode
from exchange.rollup import SolvedView, TreeNode, View, roll_up, solve_view
from tests.rollup.check import NOW, World
from tests.rollup.useeio import Useeio, brightway_lca, read_useeio
from tests.rollup.views import Viewer, nodes_of

DEPTH, CUTOFF_PERCENT, NODES = 4, 0.5, 1000
CODES = ("336111", "331110", "311810", "1111A0")  # cars, steel, bread, oilseeds

Path = tuple[int, ...]


@pytest.fixture(scope="module")
def useeio(data_dir):
    return read_useeio(data_dir)


@pytest.fixture(scope="module")
def nodes(useeio) -> dict[int, ViewNode]:
    solution = roll_up(useeio.snapshot, range(411), NOW, lambda consumer, supplier: True)
    world = World()
    world.keys = {code: key for key, code in enumerate(useeio.codes)}
    return nodes_of(world, solution, Viewer(owner=useeio.codes))


def shown(node: TreeNode, before: Path = ()) -> Iterator[tuple[Path, float, float]]:
    """Every node of a tree: the products on the way to it, its total and its own term."""
    path = (*before, node.product_key)
    yield path, float(node.total_kg_co2e), float(node.own_kg_co2e)
    for child in node.children:
        yield from shown(child, path)


def tree(view: SolvedView) -> dict[Path, tuple[float, float]]:
    found = list(shown(view.tree(DEPTH, CUTOFF_PERCENT, NODES).root))
    assert len(found) < NODES  # so that nothing but the cut-off and the depth decides
    assert len({path for path, _, _ in found}) == len(found)
    return {path: (total, own) for path, total, own in found}


@pytest.mark.parametrize("code", CODES)
def test_the_tree_is_what_walking_every_path_finds(useeio, nodes, code):
    """By a dense inverse and a walk without an order: all paths of four lines whose totals reach the cut-off."""
    root = useeio.codes.index(code)
    matrix, direct = dense(useeio, nodes)
    x = np.linalg.solve(np.eye(411) - matrix, direct)
    least = abs(x[root]) * CUTOFF_PERCENT / 100
    expected = {}
    waiting: list[tuple[Path, float]] = [((root,), 1.0)]
    while waiting:
        path, weight = waiting.pop()
        expected[path] = (weight * x[path[-1]], weight * direct[path[-1]])
        if len(path) <= DEPTH:
            worth = weight * matrix[path[-1]] * x
            waiting += [
                ((*path, to), weight * matrix[path[-1], to]) for to in np.flatnonzero(abs(worth) >= least).tolist()
            ]
    assert_alike(tree(solve_view(View(root, nodes))), expected)


def dense(useeio: Useeio, nodes: dict[int, ViewNode]) -> tuple[np.ndarray, np.ndarray]:
    matrix = np.zeros((411, 411))
    for key, node in useeio.snapshot.nodes.items():
        lines = node.footprints[0].lines
        matrix[key, list(lines.suppliers)] = [float(amount) for amount in lines.amounts]
    return matrix, np.array([float(sum(nodes[key].own)) for key in range(411)])


def assert_alike(found: dict[Path, tuple[float, float]], expected: dict[Path, tuple[float, float]]) -> None:
    assert found.keys() == expected.keys()
    assert len(found) > 10
    for path, (total, own) in expected.items():
        assert found[path] == pytest.approx((total, own), rel=1e-8, abs=1e-11)


@pytest.mark.parametrize("code", CODES)
def test_bw_graph_tools_grows_the_same_tree(useeio, nodes, code):
    """An established engine, where it is installed: the same nodes at the same cut-off, with the same numbers.

    It nets what a product consumes of itself, where ours shows a child of itself; so ours gets the netted lines.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what else could be installed, and of how much a cut-off leaves out
        traversal = pytest.importorskip("bw_graph_tools", reason="needs bw_graph_tools, a companion of bw2calc")
        root = useeio.codes.index(code)
        lca = brightway_lca(useeio, {key: node.own for key, node in nodes.items()}, root)
        settings = traversal.GraphTraversalSettings(
            cutoff=CUTOFF_PERCENT / 100, max_calc=10_000, max_depth=DEPTH + 1, separate_biosphere_flows=False
        )
        walked = traversal.NewNodeEachVisitGraphTraversal(lca, settings)
        began = time.perf_counter()
        walked.traverse()
        theirs_ms = (time.perf_counter() - began) * 1e3
    expected = {}
    path_of: dict[int, Path] = {-1: ()}
    for edge in sorted(walked.edges, key=lambda edge: walked.nodes[edge.producer_unique_id].depth):
        node = walked.nodes[edge.producer_unique_id]
        product = int(lca.dicts.product.reversed[node.reference_product_index])
        path = path_of[edge.producer_unique_id] = (*path_of[edge.consumer_unique_id], product)
        expected[path] = (float(node.cumulative_score), float(node.direct_emissions_score))
    netted = {key: without_itself(node) for key, node in nodes.items()}
    view = solve_view(View(root, netted))
    began = time.perf_counter()
    ours = tree(view)
    ours_ms = (time.perf_counter() - began) * 1e3
    assert_alike(ours, expected)
    print(f"tree of {code}, {len(ours)} nodes: ours {ours_ms:.1f} ms, view solved in it; theirs {theirs_ms:.1f} ms")


def without_itself(node: ViewNode) -> ViewNode:
    """The same product with what it takes of itself taken out of everything else."""
    lines, key = node.lines, node.product_key
    rest = np.flatnonzero(lines.suppliers != key)
    with localcontext() as context:
        context.prec = 60
        own_use = sum(
            (factor for factor, to in zip(node.exact_factors, lines.suppliers, strict=True) if to == key), Decimal(0)
        )
        factors = [node.exact_factors[at] / (1 - own_use) for at in rest.tolist()]
        own = tuple(component / (1 - own_use) for component in node.own)
    kept = replace(
        lines,
        numbers=lines.numbers[rest],
        suppliers=lines.suppliers[rest],
        factors=np.array([float(factor) for factor in factors]),
        delivered=lines.delivered[rest],
        stages=lines.stages[rest],
    )
    return replace(node, own=own, lines=kept, exact_factors=factors)
