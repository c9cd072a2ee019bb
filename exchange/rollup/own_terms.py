"""A footprint's own terms: what it states itself, before any line is valued, as exact decimals.

All vectors are in the order of COLUMNS, kg CO2e per declared unit. Sums are exact; the solver gets them rounded to
binary once. Rules: docs/method.md, "Components" and "Lines and units"; component names are PACT's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Context, Decimal, localcontext
from typing import Final

from exchange.model.carbon import (
    COLUMN,
    COLUMNS,
    EXCLUDING,
    INCLUDING,
    STATED,
    UNSPECIFIED,
    UNSPECIFIED_BIOGENIC,
    UPTAKE,
    ZERO,
    CarbonComponents,
)
from exchange.model.footprint import GATE_STAGES, STAGES, Declared, Footprint, LifeCycleStage

Vector = tuple[Decimal, ...]

EXACT: Final = Context(prec=200)  # sums and products of amounts of 38 digits stay exact
EXCLUDING_WIDTH: Final = len(EXCLUDING)
INCLUDING_WIDTH: Final = len(INCLUDING)
NOTHING: Final[Vector] = (ZERO,) * len(COLUMNS)
_DISTRIBUTION = STAGES.index(LifeCycleStage.DISTRIBUTION)


def exact_sum(numbers: Iterable[Decimal]) -> Decimal:
    """The sum, without rounding."""
    total = ZERO
    for number in numbers:
        total = EXACT.add(total, number)
    return total


def excluding(vector: Sequence[Decimal]) -> Decimal:
    """ "Excluding biogenic uptake": the sum of the first eight columns."""
    return exact_sum(vector[:EXCLUDING_WIDTH])


def including(vector: Sequence[Decimal]) -> Decimal:
    """ "Including biogenic uptake": the sum of the first ten columns."""
    return exact_sum(vector[:INCLUDING_WIDTH])


def add(vectors: Iterable[Sequence[Decimal]]) -> Vector:
    """The sum of vectors, column by column."""
    given = list(vectors)
    if len(given) == 1:
        return tuple(given[0])
    return tuple(exact_sum(column) for column in zip(NOTHING, *given, strict=True))


def stated_result(declared: Declared) -> Vector:
    """A declared cradle-to-gate result by column. Stated totals govern ("Components"):

    unspecified = stated excluding - sum of its components;
    unspecifiedBiogenic = stated including - stated excluding - biogenicCO2Uptake.
    """
    vector = [declared.components.get(name) if name in STATED else ZERO for name in COLUMNS]
    with localcontext(EXACT):
        unspecified = declared.excluding_kg_co2e - excluding(vector)
        rest = declared.including_kg_co2e - declared.excluding_kg_co2e - vector[COLUMN[UPTAKE]]
    vector[COLUMN[UNSPECIFIED]] = unspecified
    vector[COLUMN[UNSPECIFIED_BIOGENIC]] = rest
    return tuple(vector)


def direct_of_stages(direct: Mapping[LifeCycleStage, CarbonComponents], stages: Iterable[LifeCycleStage]) -> Vector:
    """Direct emissions of these stages together; stages that nothing is said of count 0."""
    return add(direct[stage].vector() for stage in stages if stage in direct)


def gate_term(footprint: Footprint) -> Vector:
    """What the footprint itself brings into cradle to gate: the stated result, or the direct emissions."""
    if footprint.declared is not None:
        return stated_result(footprint.declared)
    return NOTHING if footprint.modelled is None else direct_of_stages(footprint.modelled.direct, GATE_STAGES)


def outbound_term(footprint: Footprint) -> Vector | None:
    """What the footprint itself brings into outbound logistics; None: it says nothing of them.

    Stated (in `unspecified`) for a declared footprint; the direct emissions of DISTRIBUTION for a modelled one
    that has such emissions or lines.
    """
    if footprint.declared is not None:
        stated = footprint.declared.outbound_logistics_kg_co2e
        return None if stated is None else unspecified_only(stated)
    modelled = footprint.modelled
    if modelled is None:
        return None
    if LifeCycleStage.DISTRIBUTION in modelled.direct or _DISTRIBUTION in modelled.lines.stages:
        return direct_of_stages(modelled.direct, (LifeCycleStage.DISTRIBUTION,))
    return None


def unspecified_only(amount: Decimal) -> Vector:
    """An amount that is not broken down."""
    return tuple(amount if name == UNSPECIFIED else ZERO for name in COLUMNS)
