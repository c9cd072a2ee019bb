"""Two results per the same declared unit, and how far the second lies from the first (docs/method.md, "Comparing")."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal
from typing import Final

from exchange.comparison.subjects import Subject
from exchange.units import DeclaredUnit, size

DIGITS: Final = 12  # of what goes out, as of every result
PERCENT_PLACES: Final = Decimal("0.01")

ALL_PERCENT: Final = Decimal(100)

Interval = tuple[Decimal, Decimal]

_WIDE: Final = Context(prec=60)


@dataclass(frozen=True, slots=True)
class Difference:
    """Amounts in kg CO2e per declared_unit_amount of declared_unit, which are the first side's own.

    percent: of the first, positive where the second is larger; None where the first is 0. intervals: 95 percent, lower
    and upper, of the spreads that were stated; None where none was. overlap: whether they do; None where nobody knows.
    """

    declared_unit_amount: Decimal
    declared_unit: DeclaredUnit
    kg_co2e: Decimal
    other_kg_co2e: Decimal
    percent: Decimal | None
    interval: Interval | None
    other_interval: Interval | None
    overlap: bool | None


def difference_of(one: Subject, other: Subject) -> Difference:
    """The difference of two subjects whose units have one dimension (and whose prices are the same)."""
    kg, converted = _rounded(one.kg_co2e), _converted(other.kg_co2e, one, other)
    interval, other_interval = _interval(one, one), _interval(one, other)
    whole = min(one.covered_percent, other.covered_percent) >= ALL_PERCENT
    return Difference(
        declared_unit_amount=one.declared_unit_amount,
        declared_unit=one.declared_unit,
        kg_co2e=kg,
        other_kg_co2e=converted,
        percent=_percent(kg, converted),
        interval=interval,
        other_interval=other_interval,
        overlap=_overlap(interval, other_interval, whole=whole),
    )


def _overlap(one: Interval | None, other: Interval | None, *, whole: bool) -> bool | None:
    """With more of the spreads known, intervals get wider: those that overlap still would, others might."""
    if one is None or other is None:
        return None
    overlap = one[0] <= other[1] and other[0] <= one[1]
    return overlap if overlap or whole else None


def _percent(kg: Decimal, other: Decimal) -> Decimal | None:
    if kg == 0:
        return None
    ratio = _WIDE.divide(_WIDE.multiply(_WIDE.subtract(other, kg), Decimal(100)), abs(kg))
    return ratio.quantize(PERCENT_PLACES, rounding=ROUND_HALF_EVEN, context=_WIDE)


def _interval(one: Subject, of: Subject) -> Interval | None:
    """Rounded outward."""
    if of.lower_kg_co2e is None or of.upper_kg_co2e is None:
        return None
    return (
        _converted(of.lower_kg_co2e, one, of, rounding=ROUND_FLOOR),
        _converted(of.upper_kg_co2e, one, of, rounding=ROUND_CEILING),
    )


def _converted(kg: Decimal, one: Subject, other: Subject, *, rounding: str = ROUND_HALF_EVEN) -> Decimal:
    """An amount per declared unit of `other`, per declared unit of `one`: the ratio of units is exact until here."""
    wanted = _WIDE.multiply(one.declared_unit_amount, size(one.declared_unit))
    given = _WIDE.multiply(other.declared_unit_amount, size(other.declared_unit))
    return _rounded(_WIDE.divide(_WIDE.multiply(kg, wanted), given), rounding=rounding)


def _rounded(kg: Decimal, *, rounding: str = ROUND_HALF_EVEN) -> Decimal:
    if kg == 0:
        return Decimal(0)
    quantum = Decimal(1).scaleb(kg.adjusted() - DIGITS + 1)
    rounded = kg.quantize(quantum, rounding=rounding, context=_WIDE).normalize(_WIDE)
    return Decimal(f"{rounded:f}")
