"""Refused loops are counted per product and day, because each tells something of a foreign recipe."""

import pytest

from exchange.errors import TooManyRequests
from exchange.operations.refusals import REFUSALS_PER_DAY_MAX, Refusals

DAY_US = 86_400_000_000


def test_a_product_is_refused_so_often_a_day_and_no_more() -> None:
    refusals = Refusals()
    for _ in range(REFUSALS_PER_DAY_MAX):
        refusals.check(["a"], 5)
        refusals.count(["a"], "client", 5)
    with pytest.raises(TooManyRequests) as refused:
        refusals.check(["b", "a"], DAY_US - 2_000_000)
    assert refused.value.retry_after_seconds == 3
    refusals.check(["b"], 5)
    refusals.check(["a"], DAY_US)
