"""How many scenarios one caller may ask about one foreign product in a day.

A scenario is computed on its caller's own view, so it tells nothing that the caller could not compute. It is bounded
nevertheless, so that nobody has to trust in that: a thousand is fifty full requests, far more than anybody compares,
and far less than a search digit by digit takes. Whoever comes to the end is told, logged, and shown to the product's
owner. Counted in this process alone: each server gives its own thousand.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Final

from exchange.errors import TooManyRequests
from exchange.model.parties import Viewer
from exchange.model.product import Product
from exchange.operations.watching.audit import Audit
from exchange.operations.watching.counts_of_a_day import CountsOfADay
from exchange.operations.writing.refusals import seconds_left

FOREIGN_SCENARIOS_PER_DAY_MAX: Final = 1_000
PAIRS_COUNTED_MAX: Final = 100_000

log = logging.getLogger(__name__)


class ForeignScenarios:
    """Counts by caller and product; a new day (UTC) begins with none."""

    def __init__(self, audit: Audit) -> None:
        self._audit = audit
        self._counts: CountsOfADay[tuple[str, str]] = CountsOfADay(PAIRS_COUNTED_MAX)

    async def count(self, viewer: Viewer, products: Iterable[Product], scenarios: int, now_us: int) -> None:
        """Counts the scenarios of one request on each of these foreign products. Raises TooManyRequests, and counts
        nothing, where one has too many; it is recorded before it is told."""
        counts = self._counts.at(now_us)
        caller = viewer.organization_id or "anonymous"
        asked = list(products)
        for product in asked:
            if counts[caller, product.id] + scenarios > FOREIGN_SCENARIOS_PER_DAY_MAX:
                await self._limit(viewer, product, now_us)
        for product in asked:
            counts[caller, product.id] += scenarios

    async def _limit(self, viewer: Viewer, product: Product, now_us: int) -> None:
        log.warning("too many what-ifs: product %s, asked by %s", product.id, viewer.client_id or "anonymous")
        detail = f"more than {FOREIGN_SCENARIOS_PER_DAY_MAX} what-if scenarios in a day"
        await self._audit.probing_limited(viewer, product, detail, now_us)
        raise TooManyRequests(
            f"Your organization has asked about {FOREIGN_SCENARIOS_PER_DAY_MAX:,} scenarios of this product today, "
            "which is another's. Its owner is told. Compare fewer, and try again tomorrow (UTC).",
            retry_after_seconds=seconds_left(now_us),
        )
