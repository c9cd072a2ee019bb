"""Quantiles that are nobody's value: Harrell-Davis, and the grid that what is published lies on.

An ordinary quantile of 5, 9 or 13 values *is* one of them. Harrell and Davis weigh all order statistics by a beta
distribution. F. E. Harrell, C. E. Davis: A new distribution-free quantile estimator, Biometrika 69 (1982), 635-640.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Context, Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import betainc

WEIGHTS_KEPT_MAX: Final = 1_000  # of a number of groups and a quantile; some megabytes
GRID_DIGITS: Final = 4  # of a published number: a tenth of the finest step
_CONTEXT: Final = Context(prec=GRID_DIGITS)


def harrell_davis(values: Sequence[Decimal] | Sequence[float], probability: Fraction) -> float:
    """The quantile at `probability` of at least one value: sum of w_i x_(i), where w_i is how much of the beta
    distribution with ((n + 1) p, (n + 1)(1 - p)) lies between (i - 1)/n and i/n."""
    ordered = np.sort(np.array(values, dtype=np.float64))
    return math.fsum((_weights(len(values), probability) * ordered).tolist())


@lru_cache(maxsize=WEIGHTS_KEPT_MAX)
def _weights(count: int, probability: Fraction) -> npt.NDArray[np.float64]:
    """The same for every set of as many groups, so kept."""
    p = float(probability)
    edges = betainc((count + 1) * p, (count + 1) * (1 - p), np.arange(count + 1) / count)
    return np.diff(edges)


def on_grid(number: float, step_percent: int) -> Decimal | None:
    """The nearest power of 1 + step/100, to four digits; None where a logarithmic grid has no place, at 0 and below."""
    if not number > 0:
        return None
    return grid_number(grid_place(number, step_percent), step_percent)


def grid_place(number: float, step_percent: int) -> int:
    """Which power is nearest, by ratio."""
    return round(math.log(number) / math.log1p(step_percent / 100))


def grid_number(place: int, step_percent: int) -> Decimal:
    """That power, in plain digits."""
    power = Context(prec=30).power(1 + Decimal(step_percent) / 100, place)
    return Decimal(f"{_CONTEXT.plus(power).normalize(_CONTEXT):f}")
