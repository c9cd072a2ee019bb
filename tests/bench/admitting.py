"""Admission from the graph in memory: a product's lines published again, against its closure cut out and solved.

One product of the last tier, to which nothing comes back; one on a loop; ten thousand products at once, against
everything solved. Each proposal is judged and dropped: nothing of the graph changes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from exchange.memory import Column, Present, Proposal, Tables, cut, demand, everything
from exchange.model.closure import Dates
from exchange.model.footprint import NEVER_US
from exchange.model.resolved import Ints
from exchange.rollup import judge
from tests.bench.measuring import Figure, Spread, in_turn, milliseconds
from tests.bench.supply import AS_OF, Supply, looped, new_version

NOW = Dates(AS_OF, 0, NEVER_US - 1)
ASKED = 5  # products, one after the other in each round
BATCH = 10_000  # at once
WHOLE_MAX = 100_000  # products solved, or admitted, at once


def admitted(name: str, made: Supply, tables: Tables, present: Present, position: Column, rounds: int) -> list[Figure]:
    """The figures of one graph; `position` as in `exchange.memory.cut`."""
    if made.products > WHOLE_MAX:  # of random loops, a closure would be more than may be judged
        return []
    admit = partial(_admit, tables, position)
    products = {"a product": made.products - 1 - np.random.default_rng(2).integers(0, made.products // 20, ASKED)}
    on_loops = looped(made)
    if len(on_loops):
        products["a product on a loop"] = np.random.default_rng(3).choice(on_loops, ASKED)
    runs: dict[str, Callable[[], object]] = {}
    for which, keys in products.items():
        proposals = [_again(made, keys[at : at + 1]) for at in range(ASKED)]
        runs[which] = partial(_each, admit, proposals)
        runs[f"{which}, solved"] = partial(_each, partial(_solve, present, position), keys.tolist())
    if made.products >= BATCH:
        batch = _again(made, np.random.default_rng(4).permutation(made.products)[:BATCH])
        runs["batch"] = lambda: admit(batch)
        runs["all, solved"] = lambda: everything(present, position).solve({}).cradle_to_gate(0)
    took = {what: milliseconds(spread) for what, spread in in_turn(rounds, runs).items()}

    def each(what: str) -> Spread:
        return took[what].scaled(lambda value: value / ASKED)

    figures = [
        Figure(f"{name}: {which} admitted", each(which), "ms", "its closure, solved", each(f"{which}, solved"))
        for which in products
    ]
    if "batch" in took:
        of_all = took["all, solved"]
        figures.append(Figure(f"{name}: {BATCH:,} admitted at once", took["batch"], "ms", "all, solved", of_all))
    return figures


def _again(made: Supply, keys: Ints) -> Proposal:
    return Proposal([new_version(made, key) for key in keys.tolist()], frozenset(keys.tolist()))


def _admit(tables: Tables, position: Column, proposal: Proposal) -> None:
    judge(demand(tables, proposal, NOW, position), (), proposal.footprints)


def _solve(present: Present, position: Column, key: int) -> object:
    return cut(present, [key], position).solve({}).total(key)


def _each(do: Callable[..., object], things: Sequence[object]) -> None:
    for thing in things:
        do(thing)
