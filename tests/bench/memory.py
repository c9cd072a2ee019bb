"""The graph in memory, made up in four sizes: closures cut out and solved, certified, against sweeps of the whole; and
admission (tests/bench/admitting.py); and closures that are kept (tests/bench/keeping.py).

One sweep is one product of scipy's CSR matrix of all lines with a vector: a unit that does not depend on the machine.
Where loops are random nearly everything is in one loop, so there a closure is the whole and only that is solved. The
established engine, which factorizes, is beside the two smaller sizes, and at FACTORIZED_LIMITED once, in a process of
its own that is ended after a while (tests/bench/factorizing.py): larger ones were too slow to wait for.
"""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import TYPE_CHECKING

import networkx as nx
import numpy as np
from scipy.sparse import csc_array, csr_array

from exchange.memory import NOBODY, Column, Present, Tables, Whole, cut
from exchange.model.closure import Dates
from exchange.model.footprint import NEVER_US
from exchange.rollup.standings import OWN_WIDTH
from tests.bench import established, factorizing
from tests.bench.admitting import admitted
from tests.bench.keeping import kept as kept_figures
from tests.bench.measuring import Figure, Spread, in_turn, milliseconds
from tests.bench.supply import AS_OF, Supply, supply, tables_of, with_gain

if TYPE_CHECKING:
    from tests.bench.__main__ import Options

TITLE = "the graph in memory, products made up"
SIZES = (1_000, 10_000, 100_000, 1_000_000)
FACTORIZED_MAX = 10_000
FACTORIZED_LIMITED = 100_000
NEARLY_ALL, GAIN = 100_000, 0.99
CHANGED = 50  # products that change, one after the other, in each round
PEERS = {"bw2calc": "bw2calc, one demand, factorized", "networkx": "networkx, the closure's products alone"}
ASKED = 20  # products of the last tier, asked one after the other in each round


def run(options: Options) -> list[Figure]:
    found: list[Figure] = []
    for products in SIZES:
        for local in (True, False):
            name = f"{products:,} products, {'loops in industries' if local else 'random loops'}"
            found += _measure(name, supply(products, local=local), options.rounds, local=local)
    return found + _nearly_all(options.rounds)


def _measure(name: str, made: Supply, rounds: int, *, local: bool) -> list[Figure]:
    tables = tables_of(made)
    dates = Dates(AS_OF, NEVER_US - 1, NEVER_US - 1)
    began: list[Present] = []
    loading = in_turn(1, {"present": lambda: began.append(Present(tables, dates))}, warm_up=0)
    present = began[-1]
    matrix = csr_array((made.amount, made.supplier.astype(np.int32), made.starts), shape=(made.products,) * 2)
    x = np.ones(made.products)
    runs: dict[str, Callable[[], object]] = {"sweep": lambda: matrix @ x, "whole": lambda: Whole(present)}
    most = _most_megabytes(lambda: Whole(present))
    kept = Whole(present)
    runs["change"] = lambda: _change(tables, kept)
    hub = int(np.bincount(made.supplier).argmax())
    runs["hub"] = lambda: _change_one(tables, kept, hub)
    closure = ""
    if local:
        position = Column(np.int32, fill=NOBODY)
        position.resize(made.products)
        asked = made.products - 1 - np.random.default_rng(2).integers(0, made.products // 20, ASKED)
        sizes = [len(cut(present, [key], position).keys) for key in asked.tolist()]
        closure = f"closure of {int(np.median(sizes)):,}"
        runs["cut"] = lambda: [cut(present, [key], position) for key in asked.tolist()]
        runs["solve"] = lambda: [_total(present, key, position) for key in asked.tolist()]
    runs |= _peers(made)
    took = {what: milliseconds(spread) for what, spread in in_turn(rounds, runs).items()}
    sweep = took["sweep"]
    figures = [
        Figure(f"{name}: all products", took["whole"], "ms", "one sweep", sweep),
        Figure(f"{name}: all products, at most beside the columns", Spread((most,)), "MB", "once", None),
        Figure(f"{name}: one change to all whom it affects", _each(took["change"], CHANGED), "ms", "one sweep", sweep),
        Figure(f"{name}: a change of the largest hub", took["hub"], "ms", "one sweep", sweep),
        Figure(f"{name}: what stands, found anew", milliseconds(loading["present"]), "ms", "once", None),
        Figure(f"{name}: columns", Spread((_megabytes(tables, present),)), "MB", "", None),
    ]
    if local:
        cut_out, solved = _each(took["cut"], ASKED), _each(took["solve"], ASKED)
        figures += [
            Figure(f"{name}: one product, {closure}, cut out", cut_out, "ms", "one sweep", sweep),
            Figure(f"{name}: the same, solved and certified", solved, "ms", "one sweep", sweep),
        ]
        for peer in ("bw2calc", "networkx"):
            if peer in took:
                figures.append(Figure(f"{name}: the same, solved and certified", solved, "ms", PEERS[peer], took[peer]))
        if made.products == FACTORIZED_LIMITED:
            figures += _limited(f"{name}: the same, solved and certified", solved)
        figures += kept_figures(name, tables, asked.tolist(), rounds)
        figures += admitted(name, made, tables, present, position, rounds)
    return figures


def _limited(name: str, ours: Spread) -> list[Figure]:
    """Beside peers that are measured once, or did not finish."""
    found = []
    for peer, seconds in factorizing.measured(FACTORIZED_LIMITED).items():
        if seconds is None:
            told = f"{PEERS[peer]}: did not finish in {factorizing.SECONDS_MAX:g} s"
            found.append(Figure(name, ours, "ms", told, None))
        else:
            median = Spread((ours.median,))
            found.append(Figure(name, median, "ms", f"{PEERS[peer]}, once", Spread((seconds * 1e3,))))
    return found


def _each(spread: Spread, count: int) -> Spread:
    return spread.scaled(lambda value: value / count)


def _change(tables: Tables, kept: Whole) -> None:
    """Own terms of some products, changed one after the other."""
    for key in np.random.default_rng(9).integers(0, len(tables.products.owner), CHANGED).tolist():
        _change_one(tables, kept, key)


def _change_one(tables: Tables, kept: Whole, key: int) -> None:
    first, last = (tables.versions.own.column(at).values for at in (0, OWN_WIDTH - 1))
    first[key] *= 1.01
    last[key] = first[key]
    kept.update(np.array([key]))


def _nearly_all(rounds: int) -> list[Figure]:
    """Random loops that together consume nearly all of themselves."""
    made = with_gain(supply(NEARLY_ALL, local=False), GAIN)
    present = Present(tables_of(made), Dates(AS_OF, NEVER_US - 1, NEVER_US - 1))
    matrix = csr_array((made.amount, made.supplier.astype(np.int32), made.starts), shape=(made.products,) * 2)
    x = np.ones(made.products)
    took = in_turn(rounds, {"sweep": lambda: matrix @ x, "whole": lambda: Whole(present)})
    name = f"{NEARLY_ALL:,} products, random loops of gain {GAIN}: all products"
    return [Figure(name, milliseconds(took["whole"]), "ms", "one sweep", milliseconds(took["sweep"]))]


def _peers(made: Supply) -> dict[str, Callable[[], object]]:
    """The same product's result by an established engine, and its closure alone by a graph library."""
    if made.products > FACTORIZED_MAX:
        return {}
    last = made.products - 1
    consumers = np.repeat(np.arange(made.products), np.diff(made.starts))
    graph = nx.DiGraph(zip(consumers.tolist(), made.supplier.tolist(), strict=True))
    entries = csc_array((made.amount, (consumers, made.supplier)), shape=(made.products,) * 2)
    brightway = established.brightway(entries, made.own, last)
    found: dict[str, Callable[[], object]] = {"networkx": lambda: nx.descendants(graph, last)}
    return found if brightway is None else found | {"bw2calc": brightway["bw2calc one"]}


def _most_megabytes(work: Callable[[], object]) -> float:
    """What it takes at most, by Python's own account of all arrays; it is slower meanwhile."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()


def _total(present: Present, key: int, position: Column) -> object:
    return cut(present, [key], position).solve({}).total(key)


def _megabytes(tables: Tables, present: Present) -> float:
    return (tables.nbytes + present.nbytes) / 1e6
