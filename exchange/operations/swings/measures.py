"""What a footprint states that may swing: how much it takes of each product, and its own emissions.

Per base unit of the footprint's product, in base units, so that other units with adapted amounts are the same. Two
footprints are compared in what both have. Thousandfold is what docs/permissions.md, "Extreme publications", calls a
swing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final, TypeVar

from exchange.model.carbon import ZERO, CarbonComponents
from exchange.model.footprint import GATE_STAGES, Fallback, Footprint, LifeCycleStage, Line, Price, SystemBoundary
from exchange.units import Dimension, dimension, size

SWING_FACTOR: Final = Decimal(1_000)  # three digits; kilogram for ton, the commonest mistake, is one such
MASS: Final = (Dimension.MASS, None)
# What a line may bring: cradle to gate, and where it is delivered the outbound logistics.
STAGES: Final = (*GATE_STAGES, LifeCycleStage.DISTRIBUTION)

Measured = tuple[Dimension, Price | None]
Kind = tuple[int, Measured, Measured]  # supplier key, and what its amount and the declared unit are measured in
Amounts = dict[Kind, Decimal]
Emissions = dict[Measured, Decimal]
K = TypeVar("K")


def amounts_of(footprint: Footprint) -> Amounts:
    """How much of each product its lines and fallbacks take: base units per base unit of its own, by supplier and by
    what both are measured in. Lines to nobody's product are left out, and so is what is 0."""
    declared = footprint.declared_unit_amount * size(footprint.declared_unit)
    per = (dimension(footprint.declared_unit), footprint.price)
    found: Amounts = {}
    for one in _named(footprint):
        if one.product_key is not None and one.amount:
            kind = (one.product_key, (dimension(one.unit), one.price), per)
            found[kind] = found.get(kind, ZERO) + abs(one.amount * size(one.unit)) / declared
    return found


def emissions_of(footprint: Footprint) -> Emissions:
    """The size of what it states itself, kg CO2e per base unit, and where it says a mass per kilogram: customers take
    it by either, and a mass that swings swings what they take.

    Every number that may come to a customer, each without its sign, together: an emission cannot hide behind a removal
    that makes up for it. What is not from cradle to gate comes to nobody.
    """
    if footprint.boundary is not SystemBoundary.CRADLE_TO_GATE:
        return {}
    if footprint.declared is not None:
        stated = footprint.declared
        own = abs(stated.excluding_kg_co2e) + abs(stated.including_kg_co2e) + _size(stated.components)
        own += abs(stated.outbound_logistics_kg_co2e or ZERO)
    else:
        direct: Mapping[LifeCycleStage, CarbonComponents] = footprint.modelled.direct if footprint.modelled else {}
        own = sum((_size(direct[stage]) for stage in STAGES if stage in direct), ZERO)
    per = (dimension(footprint.declared_unit), footprint.price)
    found = {per: own / (footprint.declared_unit_amount * size(footprint.declared_unit))}
    if per != MASS and footprint.mass_kg_per_declared_unit:
        found[MASS] = own / footprint.mass_kg_per_declared_unit
    return found


def swung(before: Mapping[K, Decimal], after: Mapping[K, Decimal]) -> set[K]:
    """What is a thousand times what it was, or less than a thousandth. From nothing to something, and back, is both: no
    factor is larger."""
    found: set[K] = set()
    for kind, amount in after.items():
        old = before.get(kind)
        if old is not None and amount != old and not old / SWING_FACTOR < amount < old * SWING_FACTOR:
            found.add(kind)
    return found


def _size(components: CarbonComponents) -> Decimal:
    return sum(map(abs, components.amounts.values()), ZERO)


def _named(footprint: Footprint) -> Iterable[Line | Fallback]:
    for line in footprint.lines:
        yield line
        if line.fallback is not None:
            yield line.fallback
