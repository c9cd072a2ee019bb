"""What is published of one set of values, and when a new edition may take the place of an old one.

Median from six groups, quartiles from nine; on a 10 percent grid, 5 percent from twelve; the number of groups as a
band. Never a minimum, a maximum, a rank, or a number of a part that somebody chose. A new edition needs four groups
whose values changed: of fewer, the difference of the two would tell too much (docs/method.md, "Benchmarks").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Final

from exchange.benchmarks.comparable import ComparableSet, Contribution
from exchange.benchmarks.quantiles import harrell_davis, on_grid

MEDIAN_GROUPS_MIN: Final = 6
QUARTILE_GROUPS_MIN: Final = 9
FINE_GROUPS_MIN: Final = 12
CHANGED_GROUPS_MIN: Final = 4
STEP_PERCENT: Final = 10
FINE_STEP_PERCENT: Final = 5
LOWER, MIDDLE, UPPER = Fraction(1, 4), Fraction(1, 2), Fraction(3, 4)


class GroupBand(StrEnum):
    """How many groups, no closer than that. The first three begin where something more is published."""

    SIX_TO_EIGHT = "SIX_TO_EIGHT"
    NINE_TO_ELEVEN = "NINE_TO_ELEVEN"
    TWELVE_TO_NINETEEN = "TWELVE_TO_NINETEEN"
    TWENTY_TO_FORTY_NINE = "TWENTY_TO_FORTY_NINE"
    FIFTY_OR_MORE = "FIFTY_OR_MORE"


_BANDS: Final = (
    (50, GroupBand.FIFTY_OR_MORE),
    (20, GroupBand.TWENTY_TO_FORTY_NINE),
    (FINE_GROUPS_MIN, GroupBand.TWELVE_TO_NINETEEN),
    (QUARTILE_GROUPS_MIN, GroupBand.NINE_TO_ELEVEN),
    (MEDIAN_GROUPS_MIN, GroupBand.SIX_TO_EIGHT),
)


class Status(StrEnum):
    NEW = "NEW"
    KEPT = "KEPT"
    NONE = "NONE"


class WhyNot(StrEnum):
    """Why nothing new is published; the first that applies."""

    TOO_FEW_GROUPS = "TOO_FEW_GROUPS"
    TOO_FEW_CHANGES = "TOO_FEW_CHANGES"
    NOT_POSITIVE = "NOT_POSITIVE"  # a quantile is 0 or below, where the grid has no place
    TOO_CLOSE_TO_ANOTHER = "TOO_CLOSE_TO_ANOTHER"  # a published set differs by one to four groups


@dataclass(frozen=True, slots=True)
class Numbers:
    """What is published: kg CO2e per base unit, on a grid of step_percent. Quartiles: None below nine groups."""

    lower_quartile: Decimal | None
    median: Decimal
    upper_quartile: Decimal | None
    step_percent: int
    groups: GroupBand


@dataclass(frozen=True, slots=True)
class Edition:
    """quarter: as 2026-Q3. members: what it was computed from, which is never shown."""

    alliance_id: str
    key: ComparableSet
    quarter: str
    numbers: Numbers
    members: frozenset[Contribution]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What holds of a set in a quarter. edition: the new one, or the old one that stays; why_not: why none is new."""

    status: Status
    edition: Edition | None
    why_not: WhyNot | None


def numbers_of(members: Sequence[Contribution]) -> Numbers | WhyNot:
    """What may be published of these groups by their number alone."""
    count = len(members)
    if count < MEDIAN_GROUPS_MIN:
        return WhyNot.TOO_FEW_GROUPS
    step = FINE_STEP_PERCENT if count >= FINE_GROUPS_MIN else STEP_PERCENT
    values = [float(member.kg_co2e_per_base_unit) for member in members]
    median = on_grid(harrell_davis(values, MIDDLE), step)
    if median is None:
        return WhyNot.NOT_POSITIVE
    lower = upper = None
    if count >= QUARTILE_GROUPS_MIN:
        lower, upper = (on_grid(harrell_davis(values, probability), step) for probability in (LOWER, UPPER))
        if lower is None or upper is None:
            return WhyNot.NOT_POSITIVE
    return Numbers(lower, median, upper, step, next(band for fewest, band in _BANDS if count >= fewest))


def changed_groups(members: frozenset[Contribution], last: frozenset[Contribution]) -> frozenset[str]:
    """Groups whose value is another than in the last published edition, that joined, or that left."""
    return frozenset(one.group_id for one in members ^ last)
