"""What the arithmetic needs to know of the footprints that stand, by row: as columns, wherever they came from.

A closure read from the store brings footprints as values, a graph in memory brings columns. Both end here, so that
there is one arithmetic. What is exact, and asked of few rows only, stays with its source (`Recipes`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Protocol

import numpy as np

from exchange.model.carbon import COLUMNS, CarbonComponents
from exchange.model.footprint import DataQuality, Finding, Footprint, LifeCycleStage
from exchange.model.resolved import Bools, Floats, Ints, Standing
from exchange.model.view import UnitsApart
from exchange.rollup.own_terms import NOTHING, Vector, excluding, gate_term, outbound_term

WORST_RATING: Final = 5.0  # what an unknown rating counts
OWN_WIDTH: Final = len(COLUMNS) + 1  # the components, and the sum excluding uptake


class Recipes(Protocol):
    """The exact side of the footprints that stand, by row."""

    def own(self, row: int) -> Vector:
        """What the footprint itself brings into cradle to gate, in the order of COLUMNS."""
        ...

    def outbound(self, row: int) -> Vector:
        """What it itself brings into outbound logistics; only of rows with `has_outbound`."""
        ...

    def packaging(self, row: int) -> Decimal | None:
        """What it states of its packaging; None: nothing."""
        ...

    def direct(self, row: int) -> Mapping[LifeCycleStage, CarbonComponents] | None:
        """Direct emissions by stage of a product asked about; None: declared."""
        ...

    def findings(self, row: int) -> tuple[Finding, ...]:
        """What was found when the footprint of a product asked about was published."""
        ...

    def standing(self, row: int) -> Standing: ...

    def exact_factors(self, row: int, positions: Sequence[int]) -> list[Decimal]:
        """Factors of lines (positions from 0), 34 significant digits. Raises LookupError for a gap."""
        ...

    def units_apart(self, row: int, position: int) -> UnitsApart:
        """The units of a line (position from 0) whose reason is UNIT_NOT_CONVERTIBLE."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Standings:
    """The footprints that stand for the products of a closure, by row.

    own: (rows, 13), kg CO2e per declared unit: the own term by COLUMNS and its sum excluding uptake, each rounded to
    binary once. outbound: the same of the rows with `has_outbound`, in their order. released: of a dataset release.
    stated_share_percent: of the own term, that rests on primary data; 0 where unknown, secondary or released.
    stated_ratings: (rows, 3), 5 where unknown. deviation: geometric standard deviation of the own term, NaN where
    unknown. valid_until_day: exclusive, NEVER_DAY: open.
    """

    declared: Bools
    released: Bools
    own: Floats
    has_outbound: Bools
    outbound: Floats
    stated_share_percent: Floats
    stated_ratings: Floats
    exempted_percent: Floats
    deviation: Floats
    valid_until_day: Ints
    recipes: Recipes


def are_unrated(ratings: Iterable[Decimal]) -> bool:
    """Of the three ratings of a result: an unknown one counts 5, so three of exactly 5 say that nobody on the way
    stated any better, and not whether somebody stated these."""
    return all(rating == WORST_RATING for rating in ratings)


def standings_of(footprints: Sequence[Footprint], ends: Sequence[int], recipes: Recipes) -> Standings:
    """Of footprints as values; `ends`: the exclusive day on which each stops to hold."""
    outbound = [outbound_term(footprint) for footprint in footprints]
    return Standings(
        declared=np.array([footprint.declared is not None for footprint in footprints], dtype=np.bool_),
        released=np.array([footprint.release_id is not None for footprint in footprints], dtype=np.bool_),
        own=binary_terms([gate_term(footprint) for footprint in footprints]),
        has_outbound=np.array([term is not None for term in outbound], dtype=np.bool_),
        outbound=binary_terms([term for term in outbound if term is not None]),
        stated_share_percent=np.array([stated_share_percent(footprint) for footprint in footprints], dtype=np.float64),
        stated_ratings=np.array([stated_ratings(f.data_quality) for f in footprints], dtype=np.float64).reshape(-1, 3),
        exempted_percent=np.array([float(f.exempted_emissions_percent) for f in footprints], dtype=np.float64),
        deviation=np.array([stated_deviation(footprint) for footprint in footprints], dtype=np.float64),
        valid_until_day=np.array(ends, dtype=np.int64),
        recipes=recipes,
    )


def binary_terms(vectors: Sequence[Vector]) -> Floats:
    """(rows, 13): components and their sum excluding uptake, each rounded to binary once."""
    return np.array([(*vector, excluding(vector)) for vector in vectors], dtype=np.float64).reshape(-1, OWN_WIDTH)


def stated_share_percent(footprint: Footprint) -> float:
    """Percent of the footprint's own term that rests on primary data, as stated; 0 where unknown or secondary."""
    if footprint.release_id is not None:
        return 0.0
    stated: Decimal | None = None
    if footprint.declared is not None:
        stated = footprint.declared.primary_data_share_percent
    elif footprint.modelled is not None:
        stated = footprint.modelled.direct_primary_data_share_percent
    return 0.0 if stated is None else float(stated)


def stated_deviation(footprint: Footprint) -> float:
    """Geometric standard deviation of the stated result, or of the direct emissions; NaN where unknown."""
    stated: Decimal | None = None
    if footprint.declared is not None:
        stated = footprint.declared.geometric_standard_deviation
    elif footprint.modelled is not None:
        stated = footprint.modelled.direct_geometric_standard_deviation
    return binary_deviation(stated)


def binary_deviation(stated: Decimal | None) -> float:
    """A geometric standard deviation as a double; NaN where it is not stated."""
    return np.nan if stated is None else float(stated)


def stated_ratings(quality: DataQuality | None) -> tuple[float, float, float]:
    """Technological, temporal, geographical; 5 where unknown."""
    if quality is None:
        return (WORST_RATING, WORST_RATING, WORST_RATING)
    return (float(quality.technological), float(quality.temporal), float(quality.geographical))


def stated_packaging(footprint: Footprint) -> Decimal | None:
    """What the footprint itself states of its packaging; None: nothing."""
    if footprint.declared is not None:
        return footprint.declared.packaging_kg_co2e
    return footprint.modelled.direct_packaging_kg_co2e if footprint.modelled is not None else None


def standing_of(footprint: Footprint, owner_id: str) -> Standing:
    """What is said of a footprint that stands, beside its numbers; `owner_id`: of its product."""
    return Standing(
        owner_id=owner_id,
        footprint_id=footprint.id,
        declared=footprint.declared is not None,
        released=footprint.release_id is not None,
        declared_unit_amount=footprint.declared_unit_amount,
        declared_unit=footprint.declared_unit,
        price=footprint.price,
        geography_country=footprint.geography_country,
        exempted_emissions_percent=footprint.exempted_emissions_percent,
        ipcc_characterization_factors=footprint.ipcc_characterization_factors,
        unknown_components=footprint.unknown_components,
    )


@dataclass(frozen=True, slots=True, eq=False)
class ExactOwn:
    """Own terms of the rows of a system as exact decimals, made when asked for; outbound rows follow the products."""

    recipes: Recipes
    product_of_row: Ints
    products: int
    emptied: Bools | None = None

    def vector(self, row: int) -> Vector:
        """In the order of COLUMNS, kg CO2e per declared unit; zeros for a row that was emptied."""
        if self.emptied is not None and self.emptied[row]:
            return NOTHING
        product = int(self.product_of_row[row])
        return self.recipes.own(product) if row < self.products else self.recipes.outbound(product)
