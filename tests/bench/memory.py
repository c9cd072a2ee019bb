"""The graph in memory, made up in four sizes: closures cut out and solved, certified, against sweeps of the whole; and
admission (tests/bench/admitting.py).

One sweep is one product of scipy's CSR matrix of all lines with a vector: a unit that does not depend on the machine.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from exchange.memory import NOBODY, Column, Present, Tables, cut, everything
from exchange.model.closure import Dates
from exchange.model.footprint import NEVER_US
from tests.bench.admitting import admitted
from tests.bench.measuring import Figure, Spread, in_turn, milliseconds
from tests.bench.supply import AS_OF, Supply, supply, tables_of

if TYPE_CHECKING:
    from tests.bench.__main__ import Options

TITLE = "the graph in memory, products made up"
SIZES = (1_000, 10_000, 100_000, 1_000_000)
WHOLE_MAX = 100_000  # products solved at once here: every line has ten columns beside the graph's own
ASKED = 20  # products of the last tier, asked one after the other in each round


def run(options: Options) -> list[Figure]:
    found: list[Figure] = []
    for products in SIZES:
        for local in (True, False):
            name = f"{products:,} products, {'loops in industries' if local else 'random loops'}"
            found += _measure(name, supply(products, local=local), options.rounds)
    return found


def _measure(name: str, made: Supply, rounds: int) -> list[Figure]:
    tables = tables_of(made)
    dates = Dates(AS_OF, NEVER_US - 1, NEVER_US - 1)
    began: list[Present] = []
    loading = in_turn(1, {"present": lambda: began.append(Present(tables, dates))}, warm_up=0)
    present = began[-1]
    position = Column(np.int32, fill=NOBODY)
    position.resize(made.products)
    asked = made.products - 1 - np.random.default_rng(2).integers(0, made.products // 20, ASKED)
    sizes = [len(cut(present, [key], position).keys) for key in asked.tolist()]
    matrix = csr_array((made.amount, made.supplier.astype(np.int32), made.starts), shape=(made.products,) * 2)
    x = np.ones(made.products)
    runs: dict[str, Callable[[], object]] = {
        "sweep": lambda: matrix @ x,
        "cut": lambda: [cut(present, [key], position) for key in asked.tolist()],
        "solve": lambda: [_total(present, key, position) for key in asked.tolist()],
    }
    if made.products <= WHOLE_MAX:
        runs["all"] = lambda: everything(present, position).solve({}).cradle_to_gate(0)
    took = {what: milliseconds(spread) for what, spread in in_turn(rounds, runs).items()}
    sweep = took["sweep"]

    def each(spread: Spread) -> Spread:
        return spread.scaled(lambda value: value / ASKED)

    closure = f"closure of {int(np.median(sizes)):,}"
    figures = [
        Figure(f"{name}: one product, {closure}, cut out", each(took["cut"]), "ms", "one sweep", sweep),
        Figure(f"{name}: the same, solved and certified", each(took["solve"]), "ms", "one sweep", sweep),
        Figure(f"{name}: what stands, found anew", milliseconds(loading["present"]), "ms", "once", None),
        Figure(f"{name}: columns", Spread((_megabytes(tables, present),)), "MB", "", None),
    ]
    if "all" in took:
        figures.insert(2, Figure(f"{name}: all products, certified", took["all"], "ms", "one sweep", sweep))
    return figures + admitted(name, made, tables, present, position, rounds)


def _total(present: Present, key: int, position: Column) -> object:
    return cut(present, [key], position).solve({}).total(key)


def _megabytes(tables: Tables, present: Present) -> float:
    return (tables.nbytes + present.nbytes) / 1e6
