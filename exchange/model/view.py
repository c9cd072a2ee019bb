"""A viewer's view: the graph that this viewer's answers are computed on, and that holds nothing else.

A product of which the viewer sees lines is a node {own term, lines}; every other visible product is a leaf holding
its total (docs/permissions.md). Everything an answer contains is made of these values.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from exchange.model.footprint import Price
from exchange.model.grant import AccessLevel
from exchange.model.resolved import Bools, Floats, GapCode, Ints, StageTotal, Total, Uncertainty


@dataclass(frozen=True, eq=False)
class ViewLines:
    """The lines of a product that the viewer sees and that count in its cradle to gate, by column.

    numbers: position among the lines that this viewer sees, from 1. suppliers: product keys, all visible.
    factors: declared units of the supplier per declared unit of the consumer. delivered, stages, primary, deviations:
    as in ResolvedLines.
    """

    numbers: Ints
    suppliers: Ints
    factors: Floats
    delivered: Bools
    stages: Ints
    primary: Bools
    deviations: Floats

    @cached_property
    def distinct_suppliers(self) -> tuple[int, ...]:
        """Each supplier once, in the order of the lines. A page walks the same lines from each of its products."""
        return tuple(dict.fromkeys(self.suppliers.tolist()))

    @cached_property
    def supplier_set(self) -> frozenset[int]:
        return frozenset(self.distinct_suppliers)


@dataclass(frozen=True, slots=True)
class UnitsApart:
    """A line's unit and what its product is declared in, where the two do not meet.

    weighed: whether the product, one that may be counted by its mass, states a mass per declared unit.
    """

    unit: str
    price: Price | None
    declared_unit: str
    declared_price: Price | None
    weighed: bool


@dataclass(frozen=True, slots=True)
class ViewGap:
    """A line of the viewer's own product that nothing serves, or (by_fallback) that its fallback serves."""

    number: int
    code: GapCode
    visible_key: int | None  # gap: the product it names if the viewer may see it; by_fallback: the serving product
    by_fallback: bool
    units_apart: UnitsApart | None = None  # of a gap UNIT_NOT_CONVERTIBLE whose product the viewer may see


@dataclass(frozen=True, slots=True, eq=False)
class ViewNode:
    """What one viewer may know of one product: the only thing that answers are computed from.

    own: own term in the order of COLUMNS, kg CO2e per declared unit: the total for a leaf, the total minus the
    visible lines for a product shown at INPUTS, the direct emissions for an owner (or where they are shown).
    broken_down: whether `own` is direct emissions that the viewer may see as such.
    unknown_components: names that the owner left unknown in what the viewer is shown of it.
    owner_id, geography_country: as in Standing.
    released: of a dataset release. direct_deviation: geometric standard deviation of `own` where that is broken down,
    NaN: not stated, or not shown. uncertainty: of the total, computed when called.
    """

    product_key: int
    level: AccessLevel
    footprint_id: str
    footprint_ipcc: tuple[str, ...]
    total: Total
    own: tuple[Decimal, ...]
    broken_down: bool
    lines: ViewLines
    exact_factors: Sequence[Decimal]  # of `lines`, 34 digits; empty for a leaf
    has_gaps: bool  # whether any line of this product itself is a gap
    gaps: tuple[ViewGap, ...]  # the owner's; empty to everybody else
    unknown_components: tuple[str, ...]
    direct: tuple[Decimal, ...] | None  # in the order of COLUMNS; None: declared, or not shown
    by_stage: tuple[StageTotal, ...] | None
    owner_id: str
    geography_country: str | None
    released: bool
    direct_deviation: float
    uncertainty: Callable[[], Uncertainty]
