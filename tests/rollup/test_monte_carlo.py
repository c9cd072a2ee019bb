"""Samples drawn from a view: how many, from what, and that they agree with the analytic form where that holds."""

from __future__ import annotations

from importlib import import_module
from math import exp, log, sqrt
from random import Random

import numpy as np
import pytest

from exchange.errors import InvalidInput
from exchange.rollup import Solution, View, monte_carlo
from exchange.rollup.monte_carlo import Bounds, draw, draws_of, parts, variables_of
from tests.rollup.check import World, line, solve
from tests.rollup.views import Viewer, nodes_of

monte_carlo_module = import_module("exchange.rollup.monte_carlo")  # the package has the function under this name


def seen(world: World, root: str, viewer: Viewer) -> tuple[Solution, View]:
    solution = solve(world, root)
    return solution, View(world.keys[root], nodes_of(world, solution, viewer))


def ln_deviation(world: World, root: str, viewer: Viewer, samples: int, seed: int = 3) -> float:
    """Standard deviation of ln x over the samples that have an answer."""
    solution, view = seen(world, root, viewer)
    return float(np.nanstd(np.log(draw(view, samples, seed, solution.prepare_uncertainties))))


def supply_chain(gsd: object) -> World:
    """Sixty products with shared suppliers, delivered lines and small loops; every number has the same spread."""
    world, random = World(), Random(11)
    for number in range(60):
        suppliers = random.sample(range(number + 1, 66), 3 if number < 50 else 1)
        lines = [
            line(f"p{to}", random.choice(["0.2", "0.5", "1"]), gsd=gsd, delivered=random.random() < 0.2)
            for to in suppliers
        ]
        if number % 7 == 3:
            lines.append(line(f"p{random.randrange(number + 1)}", "0.05", gsd=gsd))
        world.modelled(f"p{number}", random.choice(["0.5", "1", "3"]), lines, gsd=gsd)
    for number in range(60, 66):
        world.declared(f"p{number}", random.choice(["0.5", "2", "4"]), outbound="0.3", gsd=gsd)
    return world


OWNER_OF_ALL = Viewer(owner=[f"p{number}" for number in range(60)])


def test_small_spreads_agree_with_the_analytic_form() -> None:
    world = supply_chain("1.1")
    analytic = solve(world, "p0").spread(world.keys["p0"])
    assert analytic.reason is None
    assert analytic.covered == 1
    found = ln_deviation(world, "p0", OWNER_OF_ALL, 10_000)
    assert exp(found) == pytest.approx(analytic.deviation, rel=0.01)
    assert found == pytest.approx(
        log(analytic.deviation), rel=0.025
    )  # three standard errors and what the first order lacks


def test_large_spreads_exceed_the_analytic_form() -> None:
    world = supply_chain("2")
    analytic = solve(world, "p0").spread(world.keys["p0"])
    assert ln_deviation(world, "p0", OWNER_OF_ALL, 10_000) > 1.05 * log(analytic.deviation)


def test_the_same_seed_gives_the_same_and_another_does_not() -> None:
    solution, view = seen(supply_chain("1.3"), "p0", OWNER_OF_ALL)
    first = monte_carlo(view, 500, 7, solution.prepare_uncertainties)
    assert first == monte_carlo(view, 500, 7, solution.prepare_uncertainties)
    assert first.median_kg_co2e != monte_carlo(view, 500, 8, solution.prepare_uncertainties).median_kg_co2e
    assert (first.samples, first.seed, first.without_answer) == (500, 7, 0)


def test_a_log_normal_comes_out_as_it_went_in() -> None:
    """Median 10, GSD 1.5: mean 10 exp(ln^2 1.5 / 2) = 10.857, quantiles 10 / 1.5^1.96 = 4.517 and 22.14."""
    world = World()
    world.declared("leaf", "10", gsd="1.5")
    solution, view = seen(world, "leaf", Viewer())
    found = monte_carlo(view, 10_000, 1, solution.prepare_uncertainties)
    assert float(found.median_kg_co2e or 0) == pytest.approx(10, rel=0.02)
    assert float(found.mean_kg_co2e or 0) == pytest.approx(10 * exp(log(1.5) ** 2 / 2), rel=0.02)
    assert float(found.lower_kg_co2e or 0) == pytest.approx(10 / 1.5**1.96, rel=0.03)
    assert float(found.upper_kg_co2e or 0) == pytest.approx(10 * 1.5**1.96, rel=0.03)
    assert float(found.geometric_standard_deviation or 0) == pytest.approx(1.5, rel=0.01)


@pytest.mark.parametrize(("same", "expected"), [(True, log(2)), (False, log(2) * sqrt(0.5))])
def test_a_shared_supplier_is_drawn_once(same: bool, expected: float) -> None:
    world = World()
    world.modelled("root", None, [line("a", 1), line("a" if same else "b", 1)])
    world.declared("a", "3", gsd="1.1")
    world.declared("b", "3", gsd="1.1")
    found = ln_deviation(world, "root", Viewer(owner=["root"]), 10_000)
    assert found == pytest.approx(expected * log(1.1) / log(2), rel=0.02)


def test_a_closed_product_varies_as_it_is_shown() -> None:
    """The viewer sees the total of `made` alone, with its shown spread, and nothing of what it is made of."""
    world = World()
    world.modelled("root", None, [line("made", 1)])
    world.modelled("made", None, [line("leaf", 1, gsd="1.2")])
    world.declared("leaf", "5", gsd="1.1")
    shown = solve(world, "root").uncertainty(world.keys["made"]).geometric_standard_deviation
    assert str(shown) == "1.2284"
    found = ln_deviation(world, "root", Viewer(owner=["root"]), 10_000)
    assert found == pytest.approx(log(1.2284), rel=0.02)


def test_outbound_logistics_of_a_closed_supplier_vary_with_it() -> None:
    world = World()
    world.modelled("root", None, [line("leaf", 1, delivered=True)])
    world.declared("leaf", "7", outbound="3", gsd="1.1")
    solution, view = seen(world, "root", Viewer(owner=["root"]))
    drawn = draw(view, 1000, 1, solution.prepare_uncertainties)
    alone = draw(View(world.keys["leaf"], view.nodes), 1000, 1, solution.prepare_uncertainties)
    assert np.log(drawn).std() == pytest.approx(np.log(alone).std(), rel=0.1)
    assert np.median(drawn) == pytest.approx(10, rel=0.02)


def test_loops_without_an_answer_are_counted_and_left_out() -> None:
    """0.6 of itself with GSD 1.5: beyond 1 with probability 1 - Phi(ln(1/0.6)/ln 1.5) = 10.4 percent."""
    world = World()
    world.modelled("root", "1", [line("root", "0.6", gsd="1.5")])
    solution, view = seen(world, "root", Viewer(owner=["root"]))
    found = monte_carlo(view, 10_000, 1, solution.prepare_uncertainties)
    assert found.without_answer / 10_000 == pytest.approx(0.124, abs=0.01)  # and those above 0.944
    assert float(found.median_kg_co2e or 0) > 2.2
    assert (found.upper_kg_co2e or 0) > 0


def test_where_no_sample_has_an_answer_there_is_none() -> None:
    world = World()
    world.modelled("root", "1", [line("root", "0.97")])
    solution, view = seen(world, "root", Viewer(owner=["root"]))
    found = monte_carlo(view, 100, 1, solution.prepare_uncertainties)
    assert (found.without_answer, found.median_kg_co2e, found.geometric_standard_deviation) == (100, None, None)


def test_samples_below_zero_have_no_geometric_standard_deviation() -> None:
    world = World()
    world.modelled("root", "10", [line("credit", -9, credit=True)], gsd="1.2")
    world.declared("credit", "1")
    solution, view = seen(world, "root", Viewer(owner=["root"]))
    found = monte_carlo(view, 1000, 1, solution.prepare_uncertainties)
    assert found.geometric_standard_deviation is None
    assert float(found.lower_kg_co2e or 0) == pytest.approx(10 / 1.2**1.96 - 9, abs=0.3)


@pytest.mark.parametrize(
    ("samples", "seed", "path"), [(99, 1, "samples"), (10_001, 1, "samples"), (100, -1, "seed"), (100, 2**31, "seed")]
)
def test_limits(samples: int, seed: int, path: str) -> None:
    solution, view = seen(two(), "root", Viewer())
    with pytest.raises(InvalidInput) as raised:
        monte_carlo(view, samples, seed, solution.prepare_uncertainties)
    assert raised.value.path == (path,)


def two() -> World:
    world = World()
    world.declared("root", "1", gsd="1.1")
    return world


def test_a_view_too_large_says_how_many_can_be_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    solution, view = seen(supply_chain("1.1"), "p0", OWNER_OF_ALL)
    monkeypatch.setattr(monte_carlo_module, "AT_ONCE", Bounds(10_000, 50_000, ""))
    with pytest.raises(InvalidInput, match=r"Ask for at most 442 samples"):
        monte_carlo(view, 1000, 1, solution.prepare_uncertainties)
    monkeypatch.setattr("exchange.rollup.view_parameters.CLOSED_MAX", 3)
    with pytest.raises(InvalidInput, match="6 products that are not broken down; spreads of at most 3"):
        monte_carlo(view, 100, 1, solution.prepare_uncertainties)


def test_parts_of_the_samples_are_drawn_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory is bounded; all samples are there, and no two parts are alike."""
    solution, view = seen(supply_chain("1.1"), "p0", OWNER_OF_ALL)
    monkeypatch.setattr(monte_carlo_module, "NUMBERS_AT_ONCE", 25_000)
    drawn = draw(view, 1000, 1, solution.prepare_uncertainties)
    assert len(drawn) == 1000
    assert len(set(drawn.tolist())) == 1000


def test_the_first_parts_of_a_run_are_the_first_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever stops between parts draws the same; and equal digests say so."""
    solution, view = seen(supply_chain("1.3"), "p0", OWNER_OF_ALL)
    monkeypatch.setattr(monte_carlo_module, "NUMBERS_AT_ONCE", 25_000)
    whole = draw(view, 1000, 5, solution.prepare_uncertainties)
    variables = variables_of(view, 1000, solution.prepare_uncertainties, monte_carlo_module.WITH_PROGRESS)
    run = parts(variables, 1000, 5)
    first = next(run)
    assert 0 < len(first) < 1000
    assert first.tolist() == whole[: len(first)].tolist()
    assert draws_of(np.concatenate([first, *run]), 5) == monte_carlo(view, 1000, 5, solution.prepare_uncertainties)
    again, other = (
        variables_of(each, 1000, made.prepare_uncertainties, monte_carlo_module.WITH_PROGRESS)
        for made, each in (
            seen(supply_chain("1.3"), "p0", OWNER_OF_ALL),
            seen(supply_chain("1.31"), "p0", OWNER_OF_ALL),
        )
    )
    assert again.digest() == variables.digest() != other.digest()
