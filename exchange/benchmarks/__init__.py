"""Statistics over comparable footprints that show where a product stands, and nobody's number. Pure: no I/O, no clock.

comparable.py which results go together, and the one value that each corporate group has in them
quantiles.py  Harrell-Davis quantiles, and the grid that published numbers lie on
editions.py   what is published of a set, and when a new edition may follow an old one
categories.py which categories are above which, by their codes
quarters.py   the four of a year, and when each closes
releasing.py  all sets of a quarter together: categories with their parents, alliances that overlap
position.py   where a value stands, read off the published numbers

Rules and reasons: docs/method.md, "Benchmarks"; what an attacker gains: docs/permissions.md.
"""

from exchange.benchmarks.comparable import ComparableSet, Contribution, Result, contributions
from exchange.benchmarks.editions import (
    Edition,
    GroupBand,
    Numbers,
    Outcome,
    Status,
    WhyNot,
    changed_groups,
    numbers_of,
)
from exchange.benchmarks.position import Position, position
from exchange.benchmarks.quantiles import harrell_davis, on_grid
from exchange.benchmarks.releasing import Candidate, release

__all__ = [
    "Candidate",
    "ComparableSet",
    "Contribution",
    "Edition",
    "GroupBand",
    "Numbers",
    "Outcome",
    "Position",
    "Result",
    "Status",
    "WhyNot",
    "changed_groups",
    "contributions",
    "harrell_davis",
    "numbers_of",
    "on_grid",
    "position",
    "release",
]
