"""Refused loops are counted per product and day, because each tells something of a foreign recipe."""

from __future__ import annotations

from collections.abc import Collection
from typing import cast

import pytest

from exchange.errors import TooManyRequests
from exchange.graph import Store
from exchange.operations.writing.refusals import REFUSALS_PER_DAY_MAX, check_refusals

DAY_US = 86_400_000_000


class Counts:
    """The part of a store that knows how often what was refused: `a` on the first day."""

    def __init__(self, count: int) -> None:
        self.count = count

    async def refused_loop_counts(self, product_ids: Collection[str], day: int) -> dict[str, int]:
        return {"a": self.count} if day == 0 and "a" in product_ids else {}


async def test_a_product_is_refused_so_often_a_day_and_no_more() -> None:
    await check_refusals(cast(Store, Counts(REFUSALS_PER_DAY_MAX - 1)), ["b", "a"], 5)
    full = cast(Store, Counts(REFUSALS_PER_DAY_MAX))
    with pytest.raises(TooManyRequests) as refused:
        await check_refusals(full, ["b", "a"], DAY_US - 2_000_000)
    assert refused.value.retry_after_seconds == 3
    await check_refusals(full, ["b"], 5)
    await check_refusals(full, ["a"], DAY_US)
