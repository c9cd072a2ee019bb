"""How often a loop may be refused: the check is an oracle, so nobody gets to ask it a thousand times.

Whether a line closes a loop without an answer depends on what other owners keep to themselves: whoever may try amounts
one after the other finds a foreign coefficient digit by digit. So refusals are counted per product and day, and the
gain is never stated (docs/method.md, "Admission"). The counts are this process's own: with several servers on one
database the bound is as many times higher.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

from exchange.errors import TooManyRequests
from exchange.operations.checks import US_PER_DAY

REFUSALS_PER_DAY_MAX = 10  # each tells one bit: three decimal digits a day, while an honest mistake takes two or three
PRODUCTS_COUNTED_MAX = 100_000  # beyond it the day's counts begin anew rather than grow

log = logging.getLogger(__name__)


class Refusals:
    """Counts refused loops by product; a new day (UTC) begins with none."""

    def __init__(self) -> None:
        self._day = -1
        self._counts: dict[str, int] = {}

    def check(self, product_ids: Iterable[str], now_us: int) -> None:
        """Raises TooManyRequests where one of the products was refused too often today."""
        self._turn(now_us)
        if any(self._counts.get(product_id, 0) >= REFUSALS_PER_DAY_MAX for product_id in product_ids):
            left_s = (US_PER_DAY - now_us % US_PER_DAY) // 1_000_000 + 1
            raise TooManyRequests(
                "This product's lines were refused as a loop too often today. Check amounts and units with your "
                "suppliers, and try again tomorrow (UTC).",
                retry_after_seconds=left_s,
            )

    def count(self, product_ids: Iterable[str], by: str, now_us: int) -> None:
        """Counts one refusal for each product, and logs it for the operator."""
        self._turn(now_us)
        for product_id in product_ids:
            self._counts[product_id] = self._counts.get(product_id, 0) + 1
            log.warning("loop refused: product %s, asked by %s", product_id, by)

    def _turn(self, now_us: int) -> None:
        day = now_us // US_PER_DAY
        if day != self._day or len(self._counts) > PRODUCTS_COUNTED_MAX:
            self._day, self._counts = day, {}
