"""The engine alone, from a snapshot in memory to results, against bw2calc and a bare sparse solve.

The engine's time holds everything from decimal texts to certified totals; scipy starts from a matrix of doubles and
gives doubles without a certificate; bw2calc starts from a datapackage of doubles, which holds the same model. Times
are this process's own on the processor.
"""

from __future__ import annotations

from collections.abc import Callable
from time import process_time
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csc_array, identity
from scipy.sparse.linalg import spsolve

from exchange.model.closure import Dates, Snapshot
from exchange.rollup import roll_up
from tests.bench.established import brightway
from tests.bench.measuring import Figure, in_turn, milliseconds

if TYPE_CHECKING:
    from tests.bench.__main__ import Options

TITLE = "USEEIO (411 products, 92,527 lines) from a snapshot in memory"
WITHOUT_DATA = "needs --data PATH with useeio/"


def run(options: Options) -> list[Figure]:
    if options.data is None:
        print(f"engine: {WITHOUT_DATA}")
        return []
    from tests.rollup.check import NOW
    from tests.rollup.useeio import read_useeio

    useeio = read_useeio(options.data)
    snapshot, dates = useeio.snapshot, NOW
    keys = list(snapshot.nodes)
    matrix, direct = _system(snapshot, dates)

    def ours(roots: list[int]) -> Callable[[], object]:
        def solve() -> object:
            solution = roll_up(snapshot, roots, dates, lambda consumer, supplier: True)
            return [solution.total(root) for root in roots]

        return solve

    runs = {
        "one": ours(keys[:1]),
        "all": ours(keys),
        "spsolve": lambda: spsolve(identity(len(keys), format="csc") - matrix, direct),
    }
    established = brightway(matrix, direct)
    if established is not None:
        runs |= established
    took = {name: milliseconds(spread) for name, spread in in_turn(options.rounds, runs, clock=process_time).items()}
    absent = "bw2calc: absent (the extra `oracle`)"
    return [
        Figure("engine, one product", took["one"], "ms CPU", "scipy spsolve, totals of all", took["spsolve"]),
        Figure(
            "engine, one product",
            took["one"],
            "ms CPU",
            "bw2calc LCA, one demand" if established else absent,
            took.get("bw2calc one"),
        ),
        Figure("engine, all 411 products", took["all"], "ms CPU", "scipy spsolve, totals of all", took["spsolve"]),
        Figure(
            "engine, all 411 products",
            took["all"],
            "ms CPU",
            "bw2calc LCA, 411 demands" if established else absent,
            took.get("bw2calc all"),
        ),
    ]


def _system(snapshot: Snapshot, dates: Dates) -> tuple[Any, Any]:
    """Of x = d + A x in doubles: A transposed is what scipy's peer solves with, consumers in rows."""
    rows: list[int] = []
    columns: list[int] = []
    amounts: list[float] = []
    for key, node in snapshot.nodes.items():
        lines = node.footprints[0].lines
        rows += [key] * len(lines)
        columns += list(lines.suppliers)
        amounts += [float(amount) for amount in lines.amounts]
    size = len(snapshot.nodes)
    solution = roll_up(snapshot, list(snapshot.nodes), dates, lambda consumer, supplier: True)
    direct = np.array([float(sum(solution.direct(key) or ())) for key in snapshot.nodes])
    return csc_array((amounts, (rows, columns)), shape=(size, size)), direct
