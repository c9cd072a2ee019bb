"""Pedigree scores of a number, and the spread that follows from them: ecoinvent 3's additions.

Owns the table of additions, and the one place where a geometric standard deviation is derived. It is derived when a
footprint comes in and kept beside the scores, so that whatever computes with spreads knows of no scores. Decimal
arithmetic of fixed precision, rounded once: every machine and every store has the same digits. Rules:
docs/method.md, "Uncertainty".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import lru_cache
from typing import Final

SCORES: Final = (1, 2, 3, 4, 5)  # best to worst
# Indicator -> what each score adds to the variance of ln x (Weidema et al. 2013, chapter 10).
ADDED_VARIANCES: Final[Mapping[str, tuple[Decimal, ...]]] = {
    name: tuple(Decimal(text) for text in texts.split())
    for name, texts in {
        "reliability": "0 0.0006 0.002 0.008 0.04",
        "completeness": "0 0.0001 0.0006 0.002 0.008",
        "temporal_correlation": "0 0.0002 0.002 0.008 0.04",
        "geographical_correlation": "0 0.000025 0.0001 0.0006 0.002",
        "further_technological_correlation": "0 0.0006 0.008 0.04 0.12",
    }.items()
}
BASIC_VARIANCE_MAX: Final = Decimal(25)  # a factor of e^5 either way: nothing is known; ecoinvent's largest is below 1
BASIC_DEVIATION_MAX: Final = Decimal(148)  # the same as a factor, in whole numbers
DERIVED_QUANTUM: Final = Decimal("1E-10")  # of a derived deviation: as fine as shares and percentages
DERIVED_KEPT_MAX: Final = 10_000  # one publisher scores many lines alike
_ENOUGH: Final = Context(prec=40)  # a variance of 38 digits, as many as the API reads, is added to exactly


@dataclass(frozen=True, slots=True)
class Pedigree:
    """How good a number's source is: five scores, 1 (best) to 5 (worst), and the basic uncertainty that it has all the
    same. Exactly one of the two basic ones is there: the variance of ln x, or its geometric standard deviation."""

    basic_variance: Decimal | None
    basic_geometric_standard_deviation: Decimal | None
    reliability: int
    completeness: int
    temporal_correlation: int
    geographical_correlation: int
    further_technological_correlation: int

    @property
    def variance(self) -> Decimal:
        """Of ln x, exactly where the basic one is a variance: basic + what the scores add."""
        total = self.basic_variance
        if total is None:
            assert self.basic_geometric_standard_deviation is not None, "one of the two is stated"
            basic = _ENOUGH.ln(self.basic_geometric_standard_deviation)
            total = _ENOUGH.multiply(basic, basic)
        for name, added in ADDED_VARIANCES.items():
            total = _ENOUGH.add(total, added[getattr(self, name) - 1])
        return total

    @property
    def geometric_standard_deviation(self) -> Decimal:
        """exp sqrt(variance), half-even to ten decimals; at least 1."""
        return _derived(self)


@lru_cache(DERIVED_KEPT_MAX)
def _derived(pedigree: Pedigree) -> Decimal:
    deviation = _ENOUGH.exp(_ENOUGH.sqrt(pedigree.variance))
    return deviation.quantize(DERIVED_QUANTUM, ROUND_HALF_EVEN, _ENOUGH)
