"""One product of a made-up supply chain by established engines, in a process of its own that may be ended.

    python -m tests.bench.factorizing PRODUCTS

bw2calc factorizes the whole matrix, with pypardiso where that is installed beside it and else with scipy's SuperLU;
networkx finds only which products are behind the one asked about. Prints a JSON object a line as each is done: what,
seconds, solver, score. To see what pypardiso makes of it, run it with a Python that has bw2calc, networkx and
pypardiso; it is not among the locked extras, because it brings 0.3 GB of libraries for one processor maker.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from importlib.util import find_spec
from typing import Any

import networkx as nx
import numpy as np
from scipy.sparse import csc_array

from tests.bench import established
from tests.bench.supply import Supply, supply

SECONDS_MAX = 120.0  # of one process: more than anybody waits for an answer


def matrix_of(made: Supply) -> tuple[Any, Any]:
    """Entries from consumers to suppliers, and where consumers stand."""
    consumers = np.repeat(np.arange(made.products), np.diff(made.starts))
    return csc_array((made.amount, (consumers, made.supplier)), shape=(made.products,) * 2), consumers


def measured(products: int, seconds_max: float = SECONDS_MAX) -> dict[str, float | None]:
    """Seconds of each, None for what did not finish within the limit; nothing of what is not installed."""
    line = [sys.executable, "-m", "tests.bench.factorizing", str(products)]
    try:
        said = subprocess.run(line, capture_output=True, text=True, timeout=seconds_max, check=True).stdout
    except subprocess.TimeoutExpired as error:
        told: object = error.stdout
        said = told.decode() if isinstance(told, bytes) else str(told or "")
    found: dict[str, float | None] = {name: None for name in ("networkx", "bw2calc") if find_spec(name)}
    return found | {each["what"]: each["seconds"] for each in map(json.loads, said.splitlines())}


def main(products: int) -> None:
    made = supply(products)
    last = made.products - 1
    matrix, consumers = matrix_of(made)
    graph = nx.DiGraph(zip(consumers.tolist(), made.supplier.tolist(), strict=True))
    began = time.perf_counter()
    behind = len(nx.descendants(graph, last))
    say("networkx", time.perf_counter() - began, solver=None, score=behind)
    runs = established.brightway(matrix, made.own, last)
    if runs is not None:
        began = time.perf_counter()
        score = runs["bw2calc one"]()
        solver = "pypardiso" if find_spec("pypardiso") else "SuperLU"
        say("bw2calc", time.perf_counter() - began, solver=solver, score=score)


def say(what: str, seconds: float, **more: object) -> None:
    print(json.dumps({"what": what, "seconds": seconds, **more}), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
