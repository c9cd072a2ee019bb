"""How often a scenario may be refused because it closes a loop: the same bound as for what is published.

A scenario is computed on its viewer's own view, so its refusal tells nothing that the viewer could not compute. It is
bounded nevertheless, so that nobody has to trust in that, and counted in this process alone: what-if writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from exchange.errors import TooManyRequests
from exchange.operations.checks import US_PER_DAY
from exchange.operations.refusals import REFUSALS_PER_DAY_MAX, seconds_left

PRODUCTS_COUNTED_MAX: Final = 100_000  # beyond it the day's counts begin anew rather than grow


class RefusedScenarios:
    """Counts by product; a new day (UTC) begins with none."""

    def __init__(self) -> None:
        self._day = -1
        self._counts: dict[str, int] = {}

    def check(self, product_ids: Iterable[str], now_us: int) -> None:
        """Raises TooManyRequests where scenarios of one of the products were refused too often today."""
        self._turn(now_us)
        if any(self._counts.get(product_id, 0) >= REFUSALS_PER_DAY_MAX for product_id in product_ids):
            raise TooManyRequests(
                f"Scenarios of one of these processes were refused as a loop {REFUSALS_PER_DAY_MAX} times today. "
                "Change its lines so that no loop consumes at least one of itself, and try again tomorrow (UTC).",
                retry_after_seconds=seconds_left(now_us),
            )

    def count(self, product_ids: Iterable[str], now_us: int) -> None:
        """Counts one refusal for each product."""
        self._turn(now_us)
        for product_id in product_ids:
            self._counts[product_id] = self._counts.get(product_id, 0) + 1

    def _turn(self, now_us: int) -> None:
        day = now_us // US_PER_DAY
        if day != self._day or len(self._counts) > PRODUCTS_COUNTED_MAX:
            self._day, self._counts = day, {}
