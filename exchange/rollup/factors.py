"""From a line's amount to its factor: declared units of the supplier per declared unit of the consumer.

A factor is amount x numerator / denominator, exact until it is rounded once: to 34 digits for people and digests, to
binary for the solver. Rules and which dimensions meet: docs/method.md, "Lines and units". Declared units and
`productMassPerDeclaredUnit` are PACT's (Technical Specification v3, section "ProductFootprint").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Context, Decimal

import numpy as np

from exchange.model.footprint import Footprint, Price
from exchange.model.resolved import EXACT_FACTOR_DIGITS, Bools, Floats, Ints
from exchange.model.view import UnitsApart
from exchange.units import COUNTED_BY_MASS, DeclaredUnit, Dimension, dimension, size

_EXACT = Context(prec=120)  # holds any product of an amount (at most 38 digits) and a unit's size exactly
_FACTOR = Context(prec=EXACT_FACTOR_DIGITS)


@dataclass(frozen=True, slots=True)
class SupplierUnit:
    """What a supplier's footprint is stated per, as far as a factor depends on it.

    mass_kg: of one declared unit; None where no mass line could use it, so that equal units compare equal.
    """

    unit: str
    price: Price | None
    amount: Decimal
    mass_kg: Decimal | None


@dataclass(frozen=True, slots=True)
class Ratio:
    """A factor is amount x numerator / denominator."""

    numerator: Decimal
    denominator: Decimal

    @property
    def is_one(self) -> bool:
        """Whether the amount already is the factor."""
        return self.numerator == self.denominator


def supplier_unit(footprint: Footprint) -> SupplierUnit:
    """What this footprint is stated per."""
    return supplier_unit_of(
        footprint.declared_unit,
        footprint.price,
        footprint.declared_unit_amount,
        footprint.mass_kg_per_declared_unit,
    )


def supplier_unit_of(unit: DeclaredUnit, price: Price | None, amount: Decimal, mass_kg: Decimal) -> SupplierUnit:
    """The same of its parts; `mass_kg`: of one declared unit."""
    return SupplierUnit(unit, price, amount, mass_kg if dimension(unit) in COUNTED_BY_MASS else None)


def units_apart(unit: str, price: Price | None, supplier: SupplierUnit) -> UnitsApart:
    """What a line is in and what its product is declared in, where the two do not meet."""
    weighed = supplier.mass_kg is not None and supplier.mass_kg > 0
    return UnitsApart(unit, price, supplier.unit, supplier.price, weighed)


def ratio(unit: str, price: Price | None, supplier: SupplierUnit) -> Ratio | None:
    """The ratio for lines in `unit` to `supplier`; None: not convertible.

    Same dimension: size of the unit / (size of the declared unit x declaredUnitAmount). A mass line to a product
    declared in piece, litre, cubic or square metre: kilograms / productMassPerDeclaredUnit, which is per declared
    unit already. MONEY: only where currency, year and price basis are the same.
    """
    mine, theirs = dimension(unit), dimension(supplier.unit)
    if mine is theirs:
        if mine is Dimension.MONEY and price != supplier.price:
            return None
        return _positive(size(unit), _EXACT.multiply(size(supplier.unit), supplier.amount))
    if mine is Dimension.MASS and supplier.mass_kg is not None:
        return _positive(size(unit), supplier.mass_kg)
    return None


def exact_factor(amount: Decimal, ratio: Ratio) -> Decimal:
    """amount x numerator / denominator, rounded once, to 34 significant digits."""
    if ratio.is_one:
        return _FACTOR.plus(amount)
    return _FACTOR.divide(_EXACT.multiply(amount, ratio.numerator), ratio.denominator)


def binary_factor(amount: str, ratio: Ratio) -> float:
    """The factor of an amount given as decimal text, rounded to binary once."""
    return float(amount) if ratio.is_one else float(exact_factor(Decimal(amount), ratio))


def binary_factors(
    amounts: Sequence[str],
    units: Sequence[tuple[str, Price | None]],
    unit_of: Ints,
    suppliers: Sequence[SupplierUnit],
    supplier_of: Ints,
) -> tuple[Floats, Bools]:
    """Factors of many lines, each rounded to binary once, and which of them could be converted (0 elsewhere).

    unit_of, supplier_of: of each line, its entry in `units` and in `suppliers`. Lines of one unit to suppliers of
    one kind share their ratio.
    """
    factors = np.fromiter(map(float, amounts), dtype=np.float64, count=len(amounts))
    convertible = np.ones(len(amounts), dtype=np.bool_)
    pair = unit_of * len(suppliers) + supplier_of
    for number in np.flatnonzero(np.bincount(pair)).tolist():
        unit, price = units[number // len(suppliers)]
        found = ratio(unit, price, suppliers[number % len(suppliers)])
        if found is not None and found.is_one:
            continue
        at = np.flatnonzero(pair == number)
        if found is None:
            convertible[at] = False
        else:
            factors[at] = [binary_factor(amounts[position], found) for position in at.tolist()]
    factors[~convertible] = 0.0
    return factors, convertible


def _positive(numerator: Decimal, denominator: Decimal) -> Ratio | None:
    return Ratio(numerator, denominator) if denominator > 0 else None
