"""Start-up: from the command until /readyz says yes, against the same database started bare and asked one thing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import neo4j

from exchange.graph.embedded import EmbeddedDatabase
from tests.bench.measuring import ROOT, Figure, Run, Spread, in_turn

if TYPE_CHECKING:
    from tests.bench.__main__ import Options

TITLE = "exchange serve until it is ready, embedded store"
READY_SECONDS_MAX = 120.0


def run(options: Options) -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        number = iter(range(10_000))

        def fresh() -> Path:
            return here / f"fresh-{next(number)}"

        serve_until_ready(here / "kept")
        bare(here / "bare")
        runs = {
            "serve, fresh": lambda: serve_until_ready(fresh()),
            "serve, existing": lambda: serve_until_ready(here / "kept"),
            "bare, fresh": lambda: bare(fresh()),
            "bare, existing": lambda: bare(here / "bare"),
        }
        ready: dict[str, list[float]] = {name: [] for name in runs}
        # The runs end what they start; only the time until it was ready counts.
        in_turn(options.rounds, {name: _noting(ready[name], start) for name, start in runs.items()}, warm_up=0)
    found = {name: Spread(tuple(values)) for name, values in ready.items()}
    peer = "database child and one query"
    return [
        Figure("start-up, fresh directory", found["serve, fresh"], "s", peer, found["bare, fresh"]),
        Figure("start-up, existing directory", found["serve, existing"], "s", peer, found["bare, existing"]),
    ]


def _noting(into: list[float], start: Callable[[], float]) -> Run:
    return lambda: into.append(start())


def serve_until_ready(directory: Path) -> float:
    """Seconds until the server that the command line starts answers that it is ready."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("EXCHANGE_")}
    environment |= {"EXCHANGE_GRAPH_URI": f"embedded:{directory}", "PYTHONUNBUFFERED": "1", "NO_COLOR": "1"}
    began = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-m", "exchange", "serve", "--port", "0"],
        cwd=ROOT,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    ) as server:
        try:
            assert server.stderr is not None
            address = next(
                (
                    word.removesuffix("/graphql.")
                    for line in server.stderr
                    for word in line.split()
                    if "http://" in word
                ),
                None,
            )
            assert address is not None, "the server ended before it listened"
            while httpx.get(f"{address}/readyz").status_code != 200:
                assert time.perf_counter() - began < READY_SECONDS_MAX, "the server did not become ready"
                time.sleep(0.01)
            return time.perf_counter() - began
        finally:
            server.send_signal(signal.SIGTERM)
            server.communicate()


def bare(directory: Path) -> float:
    """Seconds until the database that the exchange would use answers a driver."""
    database = EmbeddedDatabase(directory)
    began = time.perf_counter()
    database.start()
    try:
        endpoint = database.endpoint
        assert endpoint is not None
        with neo4j.GraphDatabase.driver(endpoint.uri, auth=(endpoint.user, endpoint.password)) as driver:
            driver.execute_query("RETURN 1")
        return time.perf_counter() - began
    finally:
        database.stop()
