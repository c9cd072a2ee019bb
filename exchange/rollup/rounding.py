"""Numbers going out: how a result is rounded before anybody sees it.

q = 10^(floor(log10 of the largest component) - 11). Components are rounded half-even to q, both totals are the exact
sums of the rounded components, the certified interval is widened by 4 q and rounded outward. Where rounding carries
the largest component to the next power of ten, q follows it, so that 9.999… and 10 are shown alike
(docs/method.md, "Numbers going out").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from typing import Final

from exchange.model.carbon import ZERO
from exchange.rollup.own_terms import EXACT, Vector, excluding, including

DIGITS: Final = 12  # significant digits of the largest component
DIGEST_DIGITS: Final = 9  # of what enters a digest as a result (docs/method.md, "Digest")
QUANTUM_OF_ZERO: Final = Decimal("1E-12")
PERCENT_QUANTUM: Final = Decimal("1E-10")  # of percentages, shares and data quality ratings
_ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Rounded:
    """A vector in the order of COLUMNS, rounded together, with its exact sums."""

    components: Vector
    quantum: Decimal
    excluding: Decimal
    including: Decimal


def round_vector(values: Sequence[Decimal]) -> Rounded:
    """Components rounded half-even to one quantum, and the exact sums of what they became."""
    quantum = quantum_of(max(abs(value) for value in values))
    components = tuple(round_to(value, quantum) for value in values)
    return Rounded(components, quantum, plain(excluding(components)), plain(including(components)))


def quantum_of(largest: Decimal, digits: int = DIGITS) -> Decimal:
    """The quantum that leaves `digits` significant digits of the largest absolute value; 1E-12 of zero."""
    if largest == 0:
        return QUANTUM_OF_ZERO
    exponent = largest.adjusted()
    quantum = power_of_ten(exponent - digits + 1)
    carried = largest.quantize(quantum, ROUND_HALF_EVEN, EXACT).adjusted() > exponent
    return power_of_ten(exponent - digits + 2) if carried else quantum


def power_of_ten(exponent: int) -> Decimal:
    """10 ** exponent, exactly."""
    return _ONE.scaleb(exponent)


def next_power_of_ten(value: Decimal) -> Decimal:
    """The least power of ten that is not below a positive number."""
    power = power_of_ten(value.adjusted())
    return power if power == value else power_of_ten(value.adjusted() + 1)


def round_to(value: Decimal, quantum: Decimal) -> Decimal:
    """Half-even to a multiple of `quantum` (a power of ten), without trailing zeros."""
    return plain(value.quantize(quantum, ROUND_HALF_EVEN, EXACT))


def round_significant(value: Decimal, digits: int = DIGITS) -> Decimal:
    """A single number, half-even to so many significant digits."""
    return round_to(value, quantum_of(abs(value), digits))


def round_outward(lower: Decimal, upper: Decimal, quantum: Decimal) -> tuple[Decimal, Decimal]:
    """The interval widened by 4 q, its ends rounded to multiples of q away from each other."""
    margin = EXACT.multiply(quantum, Decimal(4))
    low = EXACT.subtract(lower, margin).quantize(quantum, ROUND_FLOOR, EXACT)
    high = EXACT.add(upper, margin).quantize(quantum, ROUND_CEILING, EXACT)
    return plain(low), plain(high)


def round_percent(value: float | Decimal) -> Decimal:
    """A percentage or rating, half-even to ten decimals."""
    return round_to(Decimal(value), PERCENT_QUANTUM)


def share_percent(part: Decimal, whole: Decimal) -> Decimal:
    """Percent of a whole, both as they are shown, so that whoever divides what is shown gets it; 0 of a whole of 0."""
    return round_percent(EXACT.divide(EXACT.multiply(part, Decimal(100)), whole)) if whole else ZERO


def plain(value: Decimal) -> Decimal:
    """The same number without trailing zeros and without a positive exponent; minus zero becomes 0."""
    if value == 0:
        return ZERO
    shortest = value.normalize(EXACT)
    exponent = shortest.as_tuple().exponent
    positive = isinstance(exponent, int) and exponent > 0
    return shortest.quantize(_ONE, ROUND_HALF_EVEN, EXACT) if positive else shortest


def text(value: Decimal) -> str:
    """Plain decimal text: sign, digits, one point, no exponent, no trailing zeros."""
    return format(value.normalize(EXACT), "f") if value else "0"
