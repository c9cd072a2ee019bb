"""Laws of every explanation, on random graphs with loops and credits, seen by random viewers."""

from __future__ import annotations

from decimal import Context, Decimal

import numpy as np
import pytest
from hypothesis import assume, event, given
from hypothesis import strategies as st

from exchange.rollup import ContributionGrouping, GroupKind, View, solve_view
from exchange.rollup.grouping import TIERS_MAX
from exchange.rollup.own_terms import excluding
from tests.rollup.check import World, solve
from tests.rollup.test_elasticities import Differences, dense
from tests.rollup.test_laws import LAW, Spec, specs
from tests.rollup.test_view import flat
from tests.rollup.views import Viewer, nodes_of

PLACES = ("CN", "DE", None)


@st.composite
def viewed(draw, graphs=None):
    """A graph, and who sees what of it: products whole, products at INPUTS with some lines, the rest closed."""
    spec = draw(specs() if graphs is None else graphs)
    owner, inputs = [], {}
    for number in range(len(spec.direct)):
        level = draw(st.sampled_from(["OWNER", "OWNER", "INPUTS", "TOTAL"]))
        if level == "OWNER":
            owner.append(f"p{number}")
        elif level == "INPUTS":
            inputs[f"p{number}"] = draw(st.sets(st.integers(1, 3)))
    return spec, Viewer(owner=owner, inputs=inputs)


@st.composite
def acyclic(draw):
    """At most six products that take only later ones."""
    spec = draw(specs())
    lines = tuple(tuple((to, grams) for to, grams in each if to > number) for number, each in enumerate(spec.lines))
    return Spec(spec.direct, lines)


def described(spec: Spec) -> World:
    """The graph, with countries, owners and ratings."""
    world = spec.world()
    for number in range(len(spec.direct)):
        world.replace(f"p{number}", 1, geography_country=PLACES[number % 3])
    world.own("first", *(f"p{number}" for number in range(0, len(spec.direct), 2)))
    return world


def view_of(given_view):
    spec, viewer = given_view
    world = described(spec)
    solution = solve(world, "p0")
    nodes = nodes_of(world, solution, viewer)
    return nodes, solve_view(View(world.keys["p0"], nodes)), solution.total(world.keys["p0"])


@LAW
@given(viewed(), st.sampled_from(ContributionGrouping))
def test_the_groups_of_every_grouping_sum_to_the_total(given_view, grouping):
    _, view, total = view_of(given_view)
    groups = view.contributions_by(grouping)
    assert sum((group.kg_co2e for group in groups), Decimal(0)) == total.excluding
    assert len({group.of for group in groups}) == len(groups)
    assert all(group.kg_co2e for group in groups)
    for kind in {group.of.kind for group in groups}:
        event(f"{grouping} {kind}")


@LAW
@given(viewed())
def test_the_groups_are_sums_of_the_products_contributions(given_view):
    nodes, view, total = view_of(given_view)
    expected: dict[object, Decimal] = {}
    size = total.quantum
    for one in view.contributions():
        of = (nodes[one.product_key].owner_id, one.broken_down)
        expected[of] = expected.get(of, Decimal(0)) + one.own_kg_co2e
        size += abs(one.own_kg_co2e) + total.quantum
    for group in view.contributions_by(ContributionGrouping.ORGANIZATION):
        wanted = expected.pop((group.of.owner_id, group.of.kind is GroupKind.KNOWN))
        assert abs(group.kg_co2e - wanted) <= 8 * total.quantum + size * Decimal("1E-12")
    assert all(abs(rest) <= 8 * total.quantum for rest in expected.values())


@LAW
@given(viewed())
def test_tiers_are_powers_of_the_matrix(given_view):
    nodes, view, total = view_of(given_view)
    keys, matrix, own = dense(nodes)
    weight = np.zeros(len(keys))
    weight[keys.index(view.root_key)] = 1.0
    tiers = dict.fromkeys(range(TIERS_MAX + 1), Decimal(0))
    for group in view.contributions_by(ContributionGrouping.TIER):
        if group.of.tier is not None:
            tiers[group.of.tier] += group.kg_co2e
    for tier in range(TIERS_MAX + 1):
        assert float(tiers[tier]) == pytest.approx(float(weight @ own), rel=1e-9, abs=20 * float(total.quantum))
        weight = matrix.T @ weight


@LAW
@given(viewed())
def test_elasticities_are_finite_differences(given_view):
    nodes, view, total = view_of(given_view)
    entries = view.elasticities(1000)
    if entries is None:
        assert total.excluding == 0
        return
    differences = Differences(nodes)
    keys, matrix, own = differences.keys, differences.matrix, differences.own
    root = keys.index(view.root_key)
    assume(abs(total.excluding) > Decimal("1E-3"))  # below it differences lose their own digits
    for entry in entries:
        j, node = keys.index(entry.consumer_key), nodes[entry.consumer_key]
        if entry.line is None:
            more = own.copy()
            more[j] += excluded(node)
            expected = np.linalg.solve(np.eye(len(keys)) - matrix, more)[root] / float(total.excluding) - 1
        else:
            place = int(np.flatnonzero(node.lines.numbers == entry.line)[0])
            supplier, factor = int(node.lines.suppliers[place]), float(node.lines.factors[place])
            expected = differences.of_a_line(view.root_key, entry.consumer_key, supplier, factor)
        assert float(entry.elasticity) == pytest.approx(expected, rel=1e-5, abs=1e-5 / abs(float(total.excluding)) ** 2)


def excluded(node) -> float:
    return float(excluding(node.own))


@LAW
@given(viewed(), st.integers(1, 100))
def test_paths_and_what_they_leave_out_are_the_total(given_view, first):
    _, view, total = view_of(given_view)
    found = view.top_paths(first)
    sizes = [abs(path.own_kg_co2e) for path in found.paths]
    assert all(sizes[at] >= sizes[at + 1] - total.quantum for at in range(len(sizes) - 1))
    covered = sum((path.own_kg_co2e for path in found.paths), Decimal(0))
    if total.excluding:
        expected = 100 * covered / total.excluding
        slack = 100 * len(found.paths) * total.quantum / abs(total.excluding) + Decimal("1E-9")
        assert abs(found.coverage_percent - expected) <= slack
    assert len({tuple((step.product_key, step.line) for step in path.steps) for path in found.paths}) == len(sizes)
    for path in found.paths:
        assert path.steps[0].product_key == view.root_key
        assert path.steps[0].line is None


def all_paths(nodes, root):
    """Every path of an acyclic view: the keys and lines along it, and what its end emits, walked without any order."""
    waiting: list[tuple[tuple[int, ...], tuple[int, ...], Decimal]] = [((root,), (), Decimal(1))]
    while waiting:
        keys, lines, weight = waiting.pop()
        node = nodes[keys[-1]]
        yield keys, lines, weight * excluding(node.own)
        for number, supplier, factor in zip(
            node.lines.numbers.tolist(), node.lines.suppliers.tolist(), node.exact_factors, strict=True
        ):
            waiting.append(((*keys, supplier), (*lines, number), weight * factor))


@LAW
@given(viewed(acyclic()), st.integers(1, 30))
def test_the_largest_of_all_paths_are_found(given_view, first):
    """Acyclic graphs: what best-first search finds is what sorting all paths finds."""
    nodes, view, total = view_of(given_view)
    paths = [path for path in all_paths(nodes, view.root_key) if path[2]]
    wanted = sorted((abs(kilograms) for _, _, kilograms in paths), reverse=True)[:first]
    found = view.top_paths(first)
    assert found.complete
    assert len(found.paths) == len(wanted)
    for path, kilograms in zip(found.paths, wanted, strict=True):
        assert abs(abs(path.own_kg_co2e) - kilograms) <= total.quantum + kilograms * Decimal("1E-12")


@LAW
@given(viewed(acyclic()))
def test_contributions_are_sums_over_paths(given_view):
    nodes, view, total = view_of(given_view)
    sums: dict[int, Decimal] = {}
    count = 0
    for keys, _, kilograms in all_paths(nodes, view.root_key):
        sums[keys[-1]] = sums.get(keys[-1], Decimal(0)) + kilograms
        count += 1
    slack = total.quantum * 4 + sum((abs(kilograms) for kilograms in sums.values()), Decimal(0)) * Decimal("1E-12")
    for one in view.contributions():
        assert abs(one.own_kg_co2e - sums[one.product_key]) <= slack
    if count <= 100:
        found = view.top_paths(100)
        assert found.complete
        assert str(found.coverage_percent) == "100" or abs(found.coverage_percent - 100) < Decimal("1E-6")


@LAW
@given(viewed())
def test_every_share_is_of_the_kilograms_that_are_shown(given_view):
    """Whoever divides what is shown gets it, so that one thing has one share wherever it is named."""
    _, view, total = view_of(given_view)
    tree = view.tree(20, 0.0, 200)
    shown = [(one.own_kg_co2e, one.share_percent) for one in view.contributions()]
    shown += [(one.own_kg_co2e, one.share_percent) for one in view.top_paths(50).paths]
    shown += [(one.kg_co2e, one.share_percent) for by in ContributionGrouping for one in view.contributions_by(by)]
    shown += [(node.total_kg_co2e, node.share_percent) for _, node in flat(tree.root)]
    for kilograms, share in shown:
        exact = Context(prec=100).divide(100 * kilograms, total.excluding) if total.excluding else Decimal(0)
        assert abs(share - exact) <= Decimal("5E-11")


@LAW
@given(viewed(acyclic()), st.integers(1, 40))
def test_coverage_is_100_where_nothing_is_hidden_and_more_only_where_something_lowers_the_total(given_view, most):
    nodes, view, total = view_of(given_view)
    assume(total.excluding)
    whole, part, paths = view.tree(20, 0.0, 1000), view.tree(3, 1.0, most), view.top_paths(most)
    assert (str(whole.coverage_percent), whole.hidden_nodes) == ("100", 0)
    own = [excluding(node.own) for node in nodes.values()]
    factors = [factor for node in nodes.values() for factor in node.exact_factors]
    if min([*own, *factors]) >= 0:
        assert part.coverage_percent <= 100
        assert paths.coverage_percent <= 100
    if len([path for path in all_paths(nodes, view.root_key) if path[2]]) <= most:
        assert str(paths.coverage_percent) == "100"
