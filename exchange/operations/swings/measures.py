"""What a footprint states that may swing: how much it takes of each product, and its own emissions.

Per base unit of the footprint's product, in base units, so that other units with adapted amounts are the same. Two
footprints are compared in what both have, part by part and in their sums: a part that stays cannot hide one that
swings, and parts that make up for each other cannot hide their sum. Thousandfold is what docs/permissions.md, "Extreme
publications", calls a swing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Final, TypeVar

from exchange.model.carbon import COLUMNS, ZERO
from exchange.model.footprint import GATE_STAGES, Fallback, Footprint, LifeCycleStage, Line, Price, SystemBoundary
from exchange.rollup.own_terms import direct_of_stages, excluding, gate_term, including, outbound_term
from exchange.units import Dimension, dimension, size

SWING_FACTOR: Final = Decimal(1_000)  # three digits; kilogram for ton, the commonest mistake, is one such
MASS: Final = (Dimension.MASS, None)
# What a line may bring: cradle to gate, and where it is delivered the outbound logistics.
STAGES: Final = (*GATE_STAGES, LifeCycleStage.DISTRIBUTION)
TOGETHER: Final = "together"  # lines inside cradle to gate, credits taken off
ANYWHERE: Final = "anywhere"  # lines and fallbacks, without signs

Measured = tuple[Dimension, Price | None]
Kind = tuple[int, Measured, Measured, str]  # supplier key, what its amount and the declared unit are measured in, part
Amounts = dict[Kind, Decimal]
Emissions = dict[tuple[Measured, str], Decimal]
K = TypeVar("K")


def amounts_of(footprint: Footprint) -> Amounts:
    """How much of each product its lines and fallbacks take: base units per base unit of its own, by supplier, by what
    both are measured in, and by part. Lines to nobody's product are left out, and so is what is 0."""
    declared = footprint.declared_unit_amount * size(footprint.declared_unit)
    per = (dimension(footprint.declared_unit), footprint.price)
    found: Amounts = {}
    for one, parts in _named(footprint):
        if one.product_key is None:
            continue
        measured, amount = (dimension(one.unit), one.price), one.amount * size(one.unit)
        for part in (*parts, ANYWHERE):
            kind = (one.product_key, measured, per, part)
            found[kind] = found.get(kind, ZERO) + (abs(amount) if part == ANYWHERE else amount)
    return {kind: abs(amount) / declared for kind, amount in found.items() if amount}


def _named(footprint: Footprint) -> Iterator[tuple[Line | Fallback, Iterable[str]]]:
    """With the sums that each is part of."""
    for line in footprint.lines:
        yield line, _parts(line)
        if line.fallback is not None:
            yield line.fallback, ("fallback",)


def _parts(line: Line) -> Iterator[str]:
    yield f"{line.stage} {'credited' if line.amount < 0 else 'taken'}"
    if line.stage in GATE_STAGES:
        yield TOGETHER
    if line.delivered:
        yield "delivered"
    if line.packaging:
        yield "packaging"


def emissions_of(footprint: Footprint) -> Emissions:
    """The size of what it states itself, kg CO2e per base unit, and where it says a mass per kilogram: customers take
    it by either, and a mass that swings swings what they take.

    Every number that may come to a customer: both totals, each component, outbound logistics, and each stage of a
    modelled one. What is not from cradle to gate comes to nobody.
    """
    if footprint.boundary is not SystemBoundary.CRADLE_TO_GATE:
        return {}
    parts = dict(_stated(footprint))
    per = (dimension(footprint.declared_unit), footprint.price)
    amount = footprint.declared_unit_amount * size(footprint.declared_unit)
    found: Emissions = {(per, part): abs(own) / amount for part, own in parts.items()}
    if per != MASS and footprint.mass_kg_per_declared_unit:
        found |= {(MASS, part): abs(own) / footprint.mass_kg_per_declared_unit for part, own in parts.items()}
    return found


def _stated(footprint: Footprint) -> Iterator[tuple[str, Decimal]]:
    """By name, per declared unit; a modelled and a declared footprint have the same names but for stages."""
    gate, outbound = gate_term(footprint), outbound_term(footprint)
    yield "excluding", excluding(gate)
    yield "including", including(gate)
    yield from zip(COLUMNS, gate, strict=True)
    yield "outbound", ZERO if outbound is None else excluding(outbound)
    direct = footprint.modelled.direct if footprint.modelled is not None else {}
    for stage in STAGES:
        if stage in direct:
            term = direct_of_stages(direct, (stage,))
            yield f"{stage} excluding", excluding(term)
            yield from ((f"{stage} {name}", value) for name, value in zip(COLUMNS, term, strict=True))


def swung(before: Mapping[K, Decimal], after: Mapping[K, Decimal]) -> set[K]:
    """What is a thousand times what it was, or less than a thousandth. From nothing to something, and back, is both: no
    factor is larger."""
    found: set[K] = set()
    for kind, amount in after.items():
        old = before.get(kind)
        if old is not None and amount != old and not old / SWING_FACTOR < amount < old * SWING_FACTOR:
            found.add(kind)
    return found
