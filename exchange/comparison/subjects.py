"""What of a footprint counts when it is compared: facts that its viewer is shown. None and empty mean unknown."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from exchange.model.conformity import ProductRuleOperator, Verification
from exchange.model.footprint import DataQuality, Price, SystemBoundary
from exchange.units import DeclaredUnit


class BiogenicConvention(StrEnum):
    """What a result does with the CO2 that biomass took up."""

    EXCLUDING_UPTAKE = "EXCLUDING_UPTAKE"
    INCLUDING_UPTAKE = "INCLUDING_UPTAKE"


ProductRule = tuple[ProductRuleOperator, str, str]  # whose, by what name where that is OTHER, and its own name


@dataclass(frozen=True, slots=True)
class Subject:
    """One side of a comparison. Amounts are kg CO2e per declared unit.

    kg_co2e: the result. lower_kg_co2e, upper_kg_co2e: its 95 percent interval, None where its spread is not known.
    covered_percent: how much of what the result depends on has a stated spread. has_gaps: whether inputs of its own are
    missing. mass_kg: per declared unit, 0 where none is stated. standards: for all products, that it was
    made by. product_rules: for its kind. verification: of the footprint itself, None: none.
    """

    boundary: SystemBoundary
    kg_co2e: Decimal
    lower_kg_co2e: Decimal | None
    upper_kg_co2e: Decimal | None
    covered_percent: Decimal
    convention: BiogenicConvention | None
    declared_unit_amount: Decimal
    declared_unit: DeclaredUnit
    price: Price | None
    mass_kg: Decimal
    period_start_us: int
    period_end_us: int
    country: str | None
    country_subdivision: str | None
    region: str | None
    characterizations: tuple[str, ...]
    standards: tuple[str, ...]
    product_rules: tuple[ProductRule, ...]
    verification: Verification | None
    classifications: tuple[str, ...]
    primary_data_share_percent: Decimal | None
    quality: DataQuality | None
    has_gaps: bool
