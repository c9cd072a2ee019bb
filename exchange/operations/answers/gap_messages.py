"""What is said of a gap: why nothing serves the line, and what its owner can do."""

from __future__ import annotations

from collections.abc import Mapping

from exchange.model.footprint import Price
from exchange.model.resolved import GapCode
from exchange.model.view import UnitsApart, ViewGap
from exchange.units import COUNTED_BY_MASS, AmountUnit, Dimension, dimension

GAP_MESSAGES: Mapping[GapCode, str] = {
    GapCode.NOT_GRANTED: "Nobody registered this product, or its owner has not granted you access: ask the supplier.",
    GapCode.NO_FOOTPRINT: "The supplier has published no footprint for this product: ask for one.",
    GapCode.EXPIRED: "The supplier's footprint has expired on this date: ask for a newer one.",
    GapCode.NOT_YET_VALID: "The supplier's footprint is not yet valid on this date.",
    GapCode.OTHER_BOUNDARY: "The supplier's footprint of this date is cradle to grave, which would count the use and "
    "the end of life of what goes in: ask for a cradle-to-gate one.",
    GapCode.UNIT_NOT_CONVERTIBLE: "The line's unit cannot be converted to the unit that the supplier declares: "
    "ask the supplier which unit that is.",
}
UNITS_OF = {kind: [unit for unit in AmountUnit if dimension(unit) is kind] for kind in Dimension}


def gap_message(gap: ViewGap) -> str:
    """The message of a line that nothing serves; with both units where the viewer may see them."""
    return GAP_MESSAGES[gap.code] if gap.units_apart is None else units_message(gap.units_apart)


def units_message(apart: UnitsApart) -> str:
    stated, declared = _named(apart.unit, apart.price), _named(apart.declared_unit, apart.declared_price)
    return f"The line is in {stated}, and the supplier declares {declared}: {_advice(apart)}."


def _advice(apart: UnitsApart) -> str:
    """What would be served: a unit of the declared kind; one of mass too, where the supplier states its mass."""
    kind = dimension(apart.declared_unit)
    if kind is Dimension.MONEY:
        return f"state the amount in {_named(apart.declared_unit, apart.declared_price)}"
    advice = f"state the amount in {_either(UNITS_OF[kind])}"
    if kind not in COUNTED_BY_MASS:
        return advice
    if apart.weighed:
        return f"{advice}, or its mass in {_either(UNITS_OF[Dimension.MASS])}"
    if dimension(apart.unit) is Dimension.MASS:
        return f"{advice}, or ask the supplier to state the product's mass (productMassPerDeclaredUnit)"
    return advice


def _named(unit: str, price: Price | None) -> str:
    return str(unit) if price is None else f"{unit} ({price.currency} of {price.year}, {price.basis} price)"


def _either(units: list[AmountUnit]) -> str:
    *others, last = map(str, units)
    return f"{', '.join(others)} or {last}" if others else last
