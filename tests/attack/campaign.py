"""Attacks on many random exchanges: what each kind of knowledge makes of the answers, counted.

knowledge   GRANTED   the lines that were shown
            RECIPES   every line of every product that counts, from an omniscient source; no emissions
            VARIANTS  the same, and which products have the same direct emissions as another
"""

from __future__ import annotations

import contextlib
import enum
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from importlib import import_module
from typing import Any
from unittest.mock import patch

import numpy as np

from exchange.access import permits_at
from exchange.model.footprint import GATE_STAGES, STAGES
from exchange.rollup import Solution, roll_up
from tests.access.worlds import GrantedWorld
from tests.attack.graphs import Graph, random_graph
from tests.attack.linear import Attacker, Bounds, Recipe
from tests.attack.told import Told, ToldLine, told_in_process
from tests.rollup.check import NOW

facts_module = import_module("exchange.access.facts")  # the package has the function under this name

WITHIN = 0.2  # a total is determined if the middle of what is open is wrong by at most this
EXACTLY = 1e-4


class Knowledge(enum.Enum):
    GRANTED = "granted recipes"
    RECIPES = "every recipe"
    VARIANTS = "every recipe, and which variants emit alike"


@dataclass
class Count:
    """hidden: totals that nobody of the attackers is shown. bounded: of them, on both sides. exactly, within:
    determined, that near. leaked: so near by more than shown totals, which are what was granted (`totals_only`).
    closest: the least error of any. example: where that was."""

    hidden: int = 0
    bounded: int = 0
    within: int = 0
    exactly: int = 0
    leaked: int = 0
    closest: float = float("inf")
    example: str = ""

    def add(self, bounds: Bounds, by_totals: Callable[[], Bounds], where: str) -> None:
        self.bounded += bounds.error < float("inf")
        self.within += bounds.error <= WITHIN
        self.exactly += bounds.error <= EXACTLY
        if bounds.error <= WITHIN:
            self.leaked += by_totals().error > bounds.error + EXACTLY
        if bounds.error < self.closest:
            self.closest, self.example = bounds.error, where

    def __str__(self) -> str:
        share = 100 / max(1, self.hidden)
        return (
            f"{self.hidden} hidden: {self.exactly} determined ({self.exactly * share:.2f} %), {self.within} within "
            f"{WITHIN:.0%} ({self.within * share:.2f} %), {self.leaked} of these by more than totals, {self.bounded} "
            f"bounded on both sides; closest {self.closest:.3f} {self.example}"
        )


@dataclass
class Tally:
    graphs: int = 0
    counts: dict[tuple[Knowledge, int], Count] = field(default_factory=dict)  # by knowledge, and by how many pool

    def of(self, knowledge: Knowledge, viewers: int) -> Count:
        return self.counts.setdefault((knowledge, viewers), Count())


@dataclass
class State:
    """One graph, solved: what is true, which is for the attacker to find out. recipes: lines that count."""

    graph: Graph
    world: GrantedWorld
    solution: Solution
    recipes: dict[str, list[tuple[str, float, ToldLine]]]

    def total(self, name: str) -> float:
        return float(self.solution.total(self.world.keys[name]).excluding)


def solved(graph: Graph) -> State:
    world = graph.plan.world()
    names = world.names()
    keys = [world.keys[name] for name in graph.plan.products]
    solution = roll_up(world.snapshot(), keys, NOW, permits_at(NOW))
    recipes = {}
    for name in graph.plan.products:
        resolved, recipe = solution.resolved(world.keys[name]), []
        for at, one in enumerate(world.footprints[name][0].lines if resolved is not None else ()):
            assert resolved is not None
            if not resolved.gaps[at] and STAGES[resolved.stages[at]] in GATE_STAGES:
                supplier = names[int(resolved.serving[at])]
                line = ToldLine(supplier, one.amount, one.stage.value, one.amount_is_primary, one.packaging)
                recipe.append((supplier, float(resolved.factors[at]), line))
        recipes[name] = recipe
    return State(graph, world, solution, recipes)


def hidden_from(state: State, told: Sequence[Told]) -> list[str]:
    return [name for name in state.graph.plan.products if not any(name in each.products for each in told)]


def totals_only(told: Told) -> Told:
    """As if every grant were of TOTAL: no lines, direct emissions, stages, contributions or trees."""
    closed = {name: replace(product, direct=None, by_stage=None, lines=None) for name, product in told.products.items()}
    return Told(closed)


@contextlib.contextmanager
def weaker_rule() -> Iterator[None]:
    """Direct emissions are shown from BREAKDOWN although a line is hidden."""
    every: Callable[..., Any] = lambda resolved, level_of: np.ones(len(resolved.serving), dtype=np.bool_)  # noqa: E731
    with patch.object(facts_module, "line_is_shown", every):
        yield


def attacker(state: State, told: Sequence[Told], knowledge: Knowledge) -> Attacker:
    """What several viewers who pool their answers make of them."""
    graph = state.graph
    names = list(graph.plan.products)
    recipes: Mapping[str, Recipe] = state.recipes
    whole = names
    if knowledge is Knowledge.GRANTED:
        recipes, whole = _granted(told, frozenset(names))
    alike = graph.variants if knowledge is Knowledge.VARIANTS else ()
    return Attacker(names, graph.columns, recipes, whole, told, alike)


def _granted(told: Sequence[Told], names: frozenset[str]) -> tuple[dict[str, Recipe], list[str]]:
    """Lines shown to any of them: each as often as to who was shown it most often."""
    recipes: dict[str, Recipe] = {}
    whole = []
    for name in {name for each in told for name in each.products}:
        seen: Counter[ToldLine] = Counter()
        for product in [each.products[name] for each in told if name in each.products]:
            seen |= Counter(product.lines or ())
            if product.access == "OWNER" or (product.lines is not None and product.direct is not None):
                whole.append(name)
        lines = [one for one in seen.elements() if one.supplier in names]
        recipes[name] = [(one.supplier, float(one.amount), one) for one in lines]
    return recipes, whole


def attack(
    state: State, group: Sequence[str], knowledges: Iterable[Knowledge], tally: Tally, at_most: int | None = None
) -> None:
    """One group of viewers. at_most: so many of the hidden totals, those most narrowly bounded at first sight."""
    told = [told_in_process(state.world, viewer, state.graph.columns) for viewer in group]
    hidden = hidden_from(state, told)
    by_totals = cache(lambda knowledge: attacker(state, [totals_only(each) for each in told], knowledge))
    for knowledge in knowledges:
        count, made = tally.of(knowledge, len(group)), attacker(state, told, knowledge)
        assert not made.contradicted, "the attacker's equations are wrong"
        count.hidden += len(hidden)
        # Nothing bounds from above what no chain of known lines leads to, or a variant that emits alike.
        hopeful = hidden if made.alike else [name for name in hidden if made.squeezed(name).upper < float("inf")]
        for name in sorted(hopeful, key=lambda name: made.squeezed(name).error)[:at_most]:
            bounds = made.bounds(name)
            true, slack = state.total(name), 1e-6 * max(1.0, abs(state.total(name)))
            assert bounds.lower - slack <= true <= bounds.upper + slack, (name, bounds, true)
            where = f"of {name} by {'+'.join(group)}"
            count.add(bounds, partial(_bounds_by, by_totals, knowledge, name), where)


def _bounds_by(attackers: Callable[[Knowledge], Attacker], knowledge: Knowledge, name: str) -> Bounds:
    return attackers(knowledge).bounds(name)


def campaign(
    seeds: Iterable[int],
    knowledges: Sequence[Knowledge] = tuple(Knowledge),
    *,
    thin: bool = False,
    products: int | None = None,
    at_most: int | None = None,
) -> Tally:
    """Random exchanges, and in each an organization with products, one without, and two together."""
    tally = Tally()
    for seed in seeds:
        state = solved(random_graph(seed, products=products, thin=thin))
        tally.graphs += 1
        for group in state.graph.attackers:
            attack(state, group, knowledges, tally, at_most)
    return tally
