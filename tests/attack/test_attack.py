"""An attacker by linear programming against the view: no hidden total is determined; against a weaker rule, many are.

Few and small graphs, so that it runs with everything else; `python -m tests.attack` runs hundreds of large ones, whose
figures stand in docs/permissions.md ("What an attacker can compute").
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from exchange.config import Settings
from exchange.graph.embedded import EmbeddedDatabase
from tests.api.callers import Callers
from tests.api.exchange_server import serving
from tests.attack.campaign import (
    Knowledge,
    Tally,
    attack,
    attacker,
    campaign,
    hidden_from,
    solved,
    totals_only,
    weaker_rule,
)
from tests.attack.graphs import random_graph
from tests.attack.over_http import publish, told_over_http
from tests.attack.told import told_in_process
from tests.rollup.check import instant

GRAPHS = 40
PRODUCTS = (50, 60, 70, 80)


def show(title: str, tally: Tally) -> None:
    for (knowledge, viewers), count in tally.counts.items():
        print(f"{title}, {knowledge.value}, {viewers} viewers: {count}")


def test_no_hidden_total_is_determined() -> None:
    """By nobody alone and by no two together, with granted recipes or with all."""
    tally = Tally()
    for seed in range(GRAPHS):
        state = solved(random_graph(1000 + seed, products=PRODUCTS[seed % 4]))
        for group in state.graph.attackers:
            attack(state, group, [Knowledge.GRANTED, Knowledge.RECIPES], tally, at_most=2)
    show("the view", tally)
    for (knowledge, _), count in tally.counts.items():
        assert count.hidden > 500
        assert count.exactly == count.leaked == 0, count
        assert count.within <= 0.005 * count.hidden, "some shown totals are near each other, whatever is shown besides"
        assert (count.bounded > 0) is (knowledge is Knowledge.RECIPES), "else this would be true of nothing"


def test_a_weaker_rule_lets_the_attacker_determine_totals() -> None:
    """So it is an attacker: the same programs, and direct emissions beside a hidden line."""
    with weaker_rule():
        tally = campaign(range(2000, 2006), [Knowledge.RECIPES], products=50)
    show("direct emissions shown although a line is hidden", tally)
    counts = tally.counts.values()
    assert sum(count.exactly for count in counts) > 0.03 * sum(count.hidden for count in counts)
    assert all(count.leaked >= count.exactly > 0 for count in counts)


def test_whoever_knows_what_variants_have_in_common_can_subtract() -> None:
    """Told in docs/permissions.md as not guaranteed: two shown totals that differ by one hidden line."""
    tally = campaign(range(3000, 3004), [Knowledge.VARIANTS], products=60, at_most=10)
    show("the view", tally)
    assert sum(count.exactly for count in tally.counts.values()) > 0


def test_totals_of_products_that_add_little_are_narrowly_bounded_and_still_not_determined() -> None:
    """Told in the same place: between what visible inputs bring and what visible consumers carry."""
    tally = campaign(range(4000, 4006), [Knowledge.GRANTED, Knowledge.RECIPES], products=60, at_most=5, thin=True)
    show("the view, of products that add 1 to 5 percent of their own", tally)
    for (knowledge, _), count in tally.counts.items():
        assert count.exactly == count.leaked == 0, count
        assert (count.within > 0) is (knowledge is Knowledge.RECIPES)


@pytest.mark.parametrize("seed", [5000, 5001, 5003])
def test_to_who_knows_every_recipe_breakdown_and_inputs_tell_nothing_of_hidden_totals(seed: int) -> None:
    """What is left open of a hidden total is what the shown totals alone leave open."""
    state = solved(random_graph(seed, products=60))
    compared = 0
    for group in state.graph.attackers:
        told = [told_in_process(state.world, viewer, state.graph.columns) for viewer in group]
        knowing, closed = attacker(state, told, Knowledge.RECIPES), [totals_only(each) for each in told]
        plain = attacker(state, closed, Knowledge.RECIPES)
        hidden = [name for name in hidden_from(state, told) if knowing.squeezed(name).upper < float("inf")]
        for name in hidden[:15]:
            given, without = knowing.bounds(name), plain.bounds(name)
            near = pytest.approx((without.lower, without.upper), rel=1e-5, abs=1e-6)
            assert (given.lower, given.upper) == near, name
            compared += 1
    assert compared > 10


@pytest.fixture(scope="module")
def callers(embedded_database: EmbeddedDatabase) -> Iterator[Callers]:
    settings = Settings(graph_uri=f"embedded:{embedded_database.directory}")
    with serving(settings, clock=lambda: instant("2026-07-01")) as server:
        yield Callers(server)


def test_a_server_tells_what_the_attacker_feeds_on(callers: Callers) -> None:
    """Over HTTP, from the graph in memory, byte for byte the same numbers."""
    graph = random_graph(6000, products=50)
    state = solved(graph)
    publish(callers, graph.plan)
    for viewer in {viewer for group in graph.attackers for viewer in group}:
        over_http = told_over_http(callers.client(viewer), graph.columns)
        in_process = told_in_process(state.world, viewer, graph.columns)
        assert over_http.products == in_process.products
        assert over_http.contributions == in_process.contributions
        assert over_http.trees == in_process.trees
        assert len(in_process.products) >= 5
