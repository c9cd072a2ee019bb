"""How often a scenario may be refused because it closes a loop: the same bound as for what is published.

A scenario is computed on its viewer's own view, so its refusal tells nothing that the viewer could not compute. It is
bounded nevertheless, so that nobody has to trust in that, and counted in this process alone: what-if writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from exchange.errors import TooManyRequests
from exchange.operations.watching.counts_of_a_day import CountsOfADay
from exchange.operations.writing.refusals import REFUSALS_PER_DAY_MAX, seconds_left

PRODUCTS_COUNTED_MAX: Final = 100_000


class RefusedScenarios:
    """Counts by product; a new day (UTC) begins with none."""

    def __init__(self) -> None:
        self._counts: CountsOfADay[str] = CountsOfADay(PRODUCTS_COUNTED_MAX)

    def check(self, product_ids: Iterable[str], now_us: int) -> None:
        """Raises TooManyRequests where scenarios of one of the products were refused too often today."""
        counts = self._counts.at(now_us)
        if any(counts[product_id] >= REFUSALS_PER_DAY_MAX for product_id in product_ids):
            raise TooManyRequests(
                f"Scenarios of one of these processes were refused as a loop {REFUSALS_PER_DAY_MAX} times today. "
                "Change its lines so that no loop consumes at least one of itself, and try again tomorrow (UTC).",
                retry_after_seconds=seconds_left(now_us),
            )

    def count(self, product_ids: Iterable[str], now_us: int) -> None:
        """Counts one refusal for each product."""
        self._counts.at(now_us).update(product_ids)
