"""The spread of USEEIO's results: the analytic form beside samples, all 411 direct emissions and 92,527 lines varying.

Every stated number has a geometric standard deviation (GSD) of 1.1. N samples know ln GSD to 1 ÷ √(2N) of itself (one
standard error), and so GSD, which is near 1, far better. Seeds are fixed.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from math import exp, log, sqrt

import numpy as np
import pytest

from exchange.model.footprint import LineExtras
from exchange.rollup import Solution, View, roll_up
from exchange.rollup.monte_carlo import draw
from tests.rollup.check import NOW, World
from tests.rollup.useeio import Useeio, read_useeio
from tests.rollup.views import Viewer, nodes_of

GSD = Decimal("1.1")
DENSE_SAMPLES = 250  # of all products at once: one standard error is 4.5 % of ln GSD, so 0.5 % of the largest GSD here
ENGINE_SAMPLES = 100  # of one product: 7.1 % of ln GSD, and 0.5 % of the largest GSD here
CODES = ("336111", "331110", "1111A0")  # cars, steel, oilseeds


@pytest.fixture(scope="module")
def useeio(data_dir) -> Useeio:
    found = read_useeio(data_dir)
    nodes = {}
    for key, node in found.snapshot.nodes.items():
        [footprint] = node.footprints
        modelled = footprint.modelled
        assert modelled is not None
        lines = replace(
            modelled.lines,
            extras=dict.fromkeys(range(len(modelled.lines)), LineExtras(geometric_standard_deviation=GSD)),
        )
        stated = replace(modelled, direct_geometric_standard_deviation=GSD, lines=lines)
        nodes[key] = replace(node, footprints=(replace(footprint, modelled=stated),))
    return replace(found, snapshot=replace(found.snapshot, nodes=nodes))


@pytest.fixture(scope="module")
def solution(useeio: Useeio) -> Solution:
    return roll_up(useeio.snapshot, range(411), NOW, lambda consumer, supplier: True)


def emitting(useeio: Useeio) -> list[int]:
    return [key for key, published in enumerate(useeio.published) if published > 0]


def dense(useeio: Useeio) -> tuple[np.ndarray, np.ndarray]:
    matrix, direct = np.zeros((411, 411)), np.zeros(411)
    for key, node in useeio.snapshot.nodes.items():
        modelled = node.footprints[0].modelled
        assert modelled is not None
        matrix[key, list(modelled.lines.suppliers)] = [float(amount) for amount in modelled.lines.amounts]
        direct[key] = sum(float(each.excluding()) for each in modelled.direct.values())
    return matrix, direct


def test_samples_by_dense_lu_agree_with_the_analytic_form_in_every_sector(useeio, solution):
    """No line of the engine draws or solves here: numpy does, all products in one solve for each sample."""
    matrix, direct = dense(useeio)
    places, random, sigma = np.nonzero(matrix), np.random.default_rng(5), log(float(GSD))
    logs = np.empty((DENSE_SAMPLES, 411))
    keys = emitting(useeio)
    for sample in range(DENSE_SAMPLES):
        drawn = np.eye(411)
        drawn[places] -= matrix[places] * np.exp(sigma * random.standard_normal(len(places[0])))
        x = np.linalg.solve(drawn, direct * np.exp(sigma * random.standard_normal(411)))
        logs[sample, keys] = np.log(x[keys])
    ratios = []
    for key in keys:
        spread, found = solution.spread(key), float(logs[:, key].std(ddof=1))
        assert spread.reason is None
        assert spread.covered == pytest.approx(1)
        assert exp(found) == pytest.approx(spread.deviation, rel=0.01)
        ratios.append(found / log(spread.deviation))
    assert len(ratios) > 380
    assert np.median(ratios) == pytest.approx(1, abs=0.05)  # of ln GSD itself
    assert np.quantile(np.abs(np.array(ratios) - 1), 0.95) < 3.5 / sqrt(2 * DENSE_SAMPLES)


@pytest.mark.parametrize("code", CODES)
def test_the_engines_samples_agree_with_the_analytic_form(useeio, solution, code):
    world = World()
    world.keys = {each: key for key, each in enumerate(useeio.codes)}
    view = View(world.keys[code], nodes_of(world, solution, Viewer(owner=useeio.codes)))
    drawn = draw(view, ENGINE_SAMPLES, 1, solution.prepare_uncertainties)
    assert not np.isnan(drawn).any()
    analytic = solution.spread(world.keys[code])
    assert exp(float(np.log(drawn).std(ddof=1))) == pytest.approx(analytic.deviation, rel=0.01)
    assert float(np.log(drawn).mean()) == pytest.approx(
        log(float(solution.total(world.keys[code]).excluding)), abs=4 * log(analytic.deviation) / sqrt(ENGINE_SAMPLES)
    )
