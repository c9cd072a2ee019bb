"""Where a value stands among published numbers. Nothing else is looked at, so asking with any value tells nothing more.

Within half a step of the grid a value counts as being at a number: the number itself is no more exact.
"""

from __future__ import annotations

from enum import StrEnum

from exchange.benchmarks.editions import Numbers
from exchange.benchmarks.quantiles import grid_place


class Position(StrEnum):
    """Lower carries less. Between the quartiles only where those are published."""

    BELOW_LOWER_QUARTILE = "BELOW_LOWER_QUARTILE"
    AT_LOWER_QUARTILE = "AT_LOWER_QUARTILE"
    LOWER_QUARTILE_TO_MEDIAN = "LOWER_QUARTILE_TO_MEDIAN"
    BELOW_MEDIAN = "BELOW_MEDIAN"
    AT_MEDIAN = "AT_MEDIAN"
    ABOVE_MEDIAN = "ABOVE_MEDIAN"
    MEDIAN_TO_UPPER_QUARTILE = "MEDIAN_TO_UPPER_QUARTILE"
    AT_UPPER_QUARTILE = "AT_UPPER_QUARTILE"
    ABOVE_UPPER_QUARTILE = "ABOVE_UPPER_QUARTILE"


def position(kg_co2e_per_base_unit: float, numbers: Numbers) -> Position:
    """Where a value stands. The median comes before a quartile that lies on the same place of the grid."""
    middle = _compared(kg_co2e_per_base_unit, float(numbers.median), numbers.step_percent)
    if middle == 0:
        return Position.AT_MEDIAN
    quartile = numbers.lower_quartile if middle < 0 else numbers.upper_quartile
    if quartile is None:
        return Position.BELOW_MEDIAN if middle < 0 else Position.ABOVE_MEDIAN
    outer = _compared(kg_co2e_per_base_unit, float(quartile), numbers.step_percent)
    if outer == 0:
        return Position.AT_LOWER_QUARTILE if middle < 0 else Position.AT_UPPER_QUARTILE
    if middle < 0:
        return Position.BELOW_LOWER_QUARTILE if outer < 0 else Position.LOWER_QUARTILE_TO_MEDIAN
    return Position.ABOVE_UPPER_QUARTILE if outer > 0 else Position.MEDIAN_TO_UPPER_QUARTILE


def _compared(value: float, number: float, step_percent: int) -> int:
    """-1, 0 or 1: below, on the same place of the grid, above."""
    if value <= 0:
        return -1
    places = grid_place(value, step_percent), grid_place(number, step_percent)
    return (places[0] > places[1]) - (places[0] < places[1])
