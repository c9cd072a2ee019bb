"""Counts where answers came from."""

from __future__ import annotations

from exchange.operations.writing.measures import ClosureSource, NoMeasures, Solving


class Sources(NoMeasures):
    """In order."""

    def __init__(self) -> None:
        self.told: list[ClosureSource] = []

    def solved(self, solving: Solving) -> None:
        self.told.append(solving.source)
