"""`python -m tests.bench [--only NAME] [--data PATH] [--rounds N]`: runs benchmarks, prints tables, keeps figures."""

from __future__ import annotations

import argparse
import importlib
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.bench.measuring import RESULTS, ROOT, keep, machine, show

# Each is a module of this folder with `TITLE` and `run(options)`.
BENCHMARKS = {
    "publish": "publishing",
    "audit": "auditing",
    "rollup": "rolling_up",
    "engine": "engine",
    "start": "starting",
    "memory": "memory",
    "explain": "explaining",
    "loading": "loading",
    "http": "serving",
    "sharing": "sharing",
    "editions": "editions",
    "quarters": "quarters",
}
ROUNDS = 7
DATABASES = ROOT / "build" / "databases"


@dataclass(frozen=True, slots=True)
class Options:
    """data: the folder that holds useeio/; None: there is none. rounds: how often everything is measured. databases:
    the folder where made-up ones are kept. products, database: one size and one kind of these alone; None: all."""

    data: Path | None
    rounds: int
    databases: Path = DATABASES
    products: int | None = None
    database: str | None = None


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", choices=BENCHMARKS, help="run this one")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data", help="folder with the real data")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"how often each is measured; {ROUNDS} if not given")
    parser.add_argument("--databases", type=Path, default=DATABASES, help="folder where made-up ones are kept")
    parser.add_argument(
        "--products", type=int, help="of the made-up chain, where databases hold one; else its own sizes"
    )
    parser.add_argument("--database", choices=("embedded", "neo4j"), help="on this kind alone")
    given = parser.parse_args(arguments)
    data = given.data if (given.data / "useeio").is_dir() else None
    options = Options(data, given.rounds, given.databases.resolve(), given.products, given.database)
    for name, module in BENCHMARKS.items():
        if given.only in (None, name):
            benchmark = importlib.import_module(f"tests.bench.{module}")
            figures, on = benchmark.run(options), machine()
            show(f"{name}: {benchmark.TITLE}", figures, on)
            keep(figures, on)
    print(f"kept in {RESULTS.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
