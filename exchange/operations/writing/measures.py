"""What operations tell about their own work, for whoever runs the exchange: never for callers.

Closure sizes and sweeps would tell a caller about recipes that it may not see, so they go to the operator's metrics and
log only (docs/guides/watch-a-server.md).
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

log = logging.getLogger(__name__)

SLOW_SECONDS: Final = 1.0  # a roll-up that takes longer says in the log where its time went


class ClosureSource(StrEnum):
    """Where a closure came from."""

    KEPT = "kept"  # solved for an earlier question already
    MEMORY = "memory"
    STORE = "store"


@dataclass(frozen=True, slots=True)
class Solving:
    """One closure that was solved, for `asked` products. read_seconds: until it was at hand; products, lines: in it;
    sweeps: over its matrix, until it was solved."""

    source: ClosureSource
    asked: int
    read_seconds: float
    solve_seconds: float
    products: int
    lines: int
    sweeps: int


class Measures(Protocol):
    """Who counts."""

    def solved(self, solving: Solving) -> None: ...
    def refused(self, code: str) -> None:
        """A roll-up, a write or a grant that was refused, by the code that its caller got."""
        ...

    def checked(self, *, agreed: bool) -> None:
        """Memory and database were compared on one product."""
        ...


class NoMeasures:
    """Nobody counts."""

    def solved(self, solving: Solving) -> None: ...
    def refused(self, code: str) -> None: ...
    def checked(self, *, agreed: bool) -> None: ...


def tell_if_slow(solving: Solving) -> None:
    """Writes a slow solving's own breakdown into the log."""
    whole = solving.read_seconds + solving.solve_seconds
    if whole >= SLOW_SECONDS:
        log.warning(
            "slow roll-up: %.2f s for %d products asked about: %.2f s until the closure of %d products and %d lines "
            "was at hand (%s), %.2f s to solve it in %d sweeps",
            whole,
            solving.asked,
            solving.read_seconds,
            solving.products,
            solving.lines,
            solving.source.value,
            solving.solve_seconds,
            solving.sweeps,
        )
