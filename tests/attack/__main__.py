"""`python -m tests.attack [--graphs N] [--first N] [--at-most N] [--thin] [--weaker]`: attacks random exchanges, and
prints how many hidden totals it found out."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import time
from dataclasses import asdict

from tests.attack.campaign import campaign, weaker_rule


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.attack", description=__doc__)
    parser.add_argument("--graphs", type=int, default=331, help="how many; 331 if not given")
    parser.add_argument("--first", type=int, default=0, help="number of the first one, which is its random seed")
    parser.add_argument("--thin", action="store_true", help="of products that add 1 to 5 percent of their own")
    parser.add_argument(
        "--at-most", type=int, default=10, help="hidden totals of a graph and attacker; 10 if not given"
    )
    parser.add_argument("--weaker", action="store_true", help="with direct emissions shown beside a hidden line")
    given = parser.parse_args(arguments)
    began = time.perf_counter()
    with weaker_rule() if given.weaker else contextlib.nullcontext():
        tally = campaign(range(given.first, given.first + given.graphs), thin=given.thin, at_most=given.at_most)
    for (knowledge, viewers), count in sorted(tally.counts.items(), key=lambda each: (each[0][0].value, each[0][1])):
        print(f"{knowledge.value}, {viewers} viewers: {count}")
        print(json.dumps({"knowledge": knowledge.name, "viewers": viewers, **asdict(count)}))
    print(f"{tally.graphs} graphs in {time.perf_counter() - began:.0f} s")
    return 0


sys.exit(main(sys.argv[1:]))
