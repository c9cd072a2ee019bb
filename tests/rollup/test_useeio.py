"""USEEIO v2.0.1-411, straight from its files: 411 published totals, a strongly connected core of 381 products."""

from dataclasses import replace
from decimal import Decimal

import pytest

from exchange.rollup import Outcome, View, admit, process_of, roll_up, what_if
from tests.rollup.check import NOW, World
from tests.rollup.useeio import brightway_lca, read_useeio
from tests.rollup.views import Viewer, nodes_of


@pytest.fixture(scope="module")
def useeio(data_dir):
    return read_useeio(data_dir)


@pytest.fixture(scope="module")
def solution(useeio):
    return roll_up(useeio.snapshot, range(411), NOW, lambda consumer, supplier: True)


def test_it_is_all_there(useeio):
    lines = [node.footprints[0].lines for node in useeio.snapshot.nodes.values()]
    assert (len(lines), sum(map(len, lines))) == (411, 92_527)
    assert sum(amount.startswith("-") for each in lines for amount in each.amounts) == 60


def test_every_published_total_is_reproduced_inside_its_interval(useeio, solution):
    for key, published in enumerate(useeio.published):
        total = solution.total(key)
        if published == 0:
            assert (total.excluding, total.lower, total.upper) == (0, 0, 0)
            continue
        assert abs(float(total.excluding) / published - 1) <= 1e-9
        assert float(total.lower) <= published <= float(total.upper)
        lower, upper = map(float, solution.interval(key))
        assert lower <= published <= upper
        assert upper - lower <= 1e-11 * published


def test_known_sectors(useeio, solution):
    for code, direct, total in [
        ("221100", 4.026766, 4.490753),
        ("336111", 0.027761, 0.360786),
        ("331110", 0.384268, 1.142492),
    ]:
        key = useeio.codes.index(code)
        assert round(float(sum(solution.direct(key))), 6) == direct
        assert round(float(solution.total(key).excluding), 6) == total


def test_a_single_product_reads_the_core_and_gets_the_same_number(useeio, solution):
    alone = roll_up(useeio.snapshot, [0], NOW, lambda consumer, supplier: True)
    assert len(alone.keys) == 383
    assert alone.total(0) == solution.total(0)


def test_secondary_data_is_rated_but_not_primary(solution):
    total = solution.total(0)
    assert (total.primary_data_share_percent, str(total.technological_dqr)) == (0, "3")


def test_the_whole_model_is_admitted_as_one_batch(useeio):
    nodes = {key: replace(node, footprints=()) for key, node in useeio.snapshot.nodes.items()}
    new = [node.footprints[0] for node in useeio.snapshot.nodes.values()]
    admit(replace(useeio.snapshot, nodes=nodes), new, (), NOW.as_of_day, lambda consumer, supplier: True)


def test_bw2calc_agrees(useeio, solution):
    """An established engine, where it is installed."""
    lca = brightway_lca(useeio, {key: solution.direct(key) for key in range(411)}, 0)
    for key in range(0, 411, 40):
        lca.lcia({key: 1})
        assert lca.score == pytest.approx(float(solution.total(key).excluding), rel=1e-9)


def test_a_what_if_of_one_product_is_the_roll_up_of_the_model_in_which_it_is_so(useeio, solution):
    """Half of every input of the product with the most of them; the owner sees the whole model."""
    world = World()
    world.keys = {code: key for key, code in enumerate(useeio.codes)}
    changed = max(range(411), key=lambda key: len(useeio.snapshot.nodes[key].footprints[0].lines))
    lines = useeio.snapshot.nodes[changed].footprints[0].lines
    amounts = [str(Decimal(amount) / 2) for amount in lines.amounts]
    footprint = useeio.snapshot.nodes[changed].footprints[0]
    halved = replace(footprint, modelled=replace(footprint.modelled, lines=replace(lines, amounts=amounts)))
    nodes = nodes_of(world, solution, Viewer(owner=useeio.codes))
    real = roll_up(useeio.snapshot, range(411), NOW, lambda consumer, supplier: True, chosen={changed: halved})
    was = process_of(nodes[changed])
    process = replace(was, takes=tuple(replace(take, factor=take.factor / 2) for take in was.takes))
    for root in (0, changed, 200, 410):
        found = what_if(View(root, nodes), {changed: process})
        assert isinstance(found, Outcome)
        total = real.total(root)
        assert found.after.lower <= total.excluding <= found.after.upper
        assert abs(found.after.excluding - total.excluding) <= 2 * max(found.after.quantum, total.quantum)
        changes = found.contributions()
        difference = found.after.excluding - found.before.excluding
        assert abs(sum((one.difference_kg_co2e for one in changes), -difference)) <= 411 * found.after.quantum
