"""Requests as values: the mutations' inputs with the API's field names in snake case, not yet checked.

Decimals are finite (the scalar saw to that); everything else is checked by the operation, which names a wrong field
by its path in the API's own spelling.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from exchange.model.conformity import ProductRuleOperator, VerificationCoverage
from exchange.model.footprint import LifeCycleStage, PriceBasis, SystemBoundary
from exchange.model.grant import AccessLevel
from exchange.model.parties import MemberKind, Role
from exchange.units import AmountUnit, DeclaredUnit

# Of a field that came when requests had been hashed without it: where it has its default, a request is what it was.
ADDED_LATER: Final = {"added_later": True}


@dataclass(frozen=True, slots=True)
class ProductKey:
    """Exactly one: `id` is a product's UUID (the schema decoded the global id), or a URN."""

    id: str | None = None
    product_id: str | None = None


@dataclass(frozen=True, slots=True)
class DataQualityInput:
    technological_dqr: Decimal
    temporal_dqr: Decimal
    geographical_dqr: Decimal


@dataclass(frozen=True, slots=True)
class PedigreeInput:
    reliability: int
    completeness: int
    temporal_correlation: int
    geographical_correlation: int
    further_technological_correlation: int
    basic_variance: Decimal | None = None
    basic_geometric_standard_deviation: Decimal | None = None


@dataclass(frozen=True, slots=True)
class FallbackInput:
    product: ProductKey
    amount: Decimal
    unit: AmountUnit
    currency: str | None = None
    price_year: int | None = None
    price_basis: PriceBasis | None = None
    geometric_standard_deviation: Decimal | None = None
    pedigree: PedigreeInput | None = field(default=None, metadata=ADDED_LATER)


@dataclass(frozen=True, slots=True)
class LineInput:
    product: ProductKey
    amount: Decimal
    unit: AmountUnit
    currency: str | None = None
    price_year: int | None = None
    price_basis: PriceBasis | None = None
    stage: LifeCycleStage = LifeCycleStage.RAW_MATERIAL_ACQUISITION
    amount_is_primary: bool = False
    delivered: bool = False
    packaging: bool = False
    credit: bool = False
    data_quality: DataQualityInput | None = None
    geometric_standard_deviation: Decimal | None = None
    fallback: FallbackInput | None = None
    pedigree: PedigreeInput | None = field(default=None, metadata=ADDED_LATER)


@dataclass(frozen=True, slots=True)
class StageEmissionsInput:
    """`components`: PACT component name -> amount; a missing or None one is unknown."""

    stage: LifeCycleStage
    components: dict[str, Decimal | None]


@dataclass(frozen=True, slots=True)
class ModelledInput:
    direct: tuple[StageEmissionsInput, ...]
    lines: tuple[LineInput, ...]
    direct_primary_data_share: Decimal | None = None
    direct_packaging_ghg_emissions: Decimal | None = None
    direct_geometric_standard_deviation: Decimal | None = None
    direct_pedigree: PedigreeInput | None = field(default=None, metadata=ADDED_LATER)


@dataclass(frozen=True, slots=True)
class DeclaredInput:
    pcf_excluding_biogenic_uptake: Decimal
    pcf_including_biogenic_uptake: Decimal
    components: dict[str, Decimal | None]
    outbound_logistics_ghg_emissions: Decimal | None = None
    packaging_ghg_emissions: Decimal | None = None
    primary_data_share: Decimal | None = None
    geometric_standard_deviation: Decimal | None = None
    pedigree: PedigreeInput | None = field(default=None, metadata=ADDED_LATER)


@dataclass(frozen=True, slots=True)
class ProductOrSectorSpecificRuleInput:
    operator: ProductRuleOperator
    rule_names: tuple[str, ...]
    other_operator_name: str | None = None


@dataclass(frozen=True, slots=True)
class VerificationInput:
    coverage: VerificationCoverage | None = None
    provider_name: str | None = None
    completed_at: datetime | None = None
    standard_name: str | None = None
    comments: str | None = None


@dataclass(frozen=True, slots=True)
class FootprintInput:
    """`product` and `release` are UUIDs (decoded global ids); `pf_id` and `preceding_pf_ids` are UUID text."""

    product: str
    declared_unit_amount: Decimal
    declared_unit_of_measurement: DeclaredUnit
    product_mass_per_declared_unit: Decimal
    reference_period_start: datetime
    reference_period_end: datetime
    ipcc_characterization_factors: tuple[str, ...]
    cross_sectoral_standards: tuple[str, ...]
    release: str | None = None
    fossil_carbon_content: Decimal | None = None
    pf_id: str | None = None
    preceding_pf_ids: tuple[str, ...] = ()
    currency: str | None = None
    price_year: int | None = None
    price_basis: PriceBasis | None = None
    validity_period_start: datetime | None = None
    validity_period_end: datetime | None = None
    geography_country: str | None = None
    geography_country_subdivision: str | None = None
    geography_region_or_subregion: str | None = None
    boundary_processes_description: str | None = None
    exempted_emissions_percent: Decimal = field(default_factory=lambda: Decimal(0))
    exempted_emissions_description: str | None = None
    data_quality: DataQualityInput | None = None
    comment: str | None = None
    declared: DeclaredInput | None = None
    modelled: ModelledInput | None = None
    system_boundary: SystemBoundary = field(default=SystemBoundary.CRADLE_TO_GATE, metadata=ADDED_LATER)
    product_rules: tuple[ProductOrSectorSpecificRuleInput, ...] = field(default=(), metadata=ADDED_LATER)
    verification: VerificationInput | None = field(default=None, metadata=ADDED_LATER)


@dataclass(frozen=True, slots=True)
class CreateProductInput:
    idempotency_key: str
    product_ids: tuple[str, ...]
    name: str
    description: str | None = None
    classifications: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CreateReleaseInput:
    idempotency_key: str
    dataset: str
    label: str
    date: date


@dataclass(frozen=True, slots=True)
class PublishFootprintsInput:
    """Also of publishFootprint, with one footprint: `single` then leaves the list position out of paths."""

    idempotency_key: str
    footprints: tuple[FootprintInput, ...]
    single: bool = False


@dataclass(frozen=True, slots=True)
class DeprecateFootprintInput:
    footprint: str
    reason: str


@dataclass(frozen=True, slots=True)
class GrantAccessInput:
    """Exactly one of `product` (UUID), `everything` and `classification`; exactly one of `organization`, `alliance`
    (UUIDs) and `public`. Level NONE: BENCHMARK."""

    idempotency_key: str
    product: str | None
    level: AccessLevel
    everything: bool = field(default=False, metadata=ADDED_LATER)
    classification: str | None = field(default=None, metadata=ADDED_LATER)
    organization: str | None = None
    alliance: str | None = field(default=None, metadata=ADDED_LATER)
    public: bool = False
    from_: datetime | None = None
    until: datetime | None = None
    onward: bool = False


@dataclass(frozen=True, slots=True)
class FoundAllianceInput:
    idempotency_key: str
    name: str


@dataclass(frozen=True, slots=True)
class InviteToAllianceInput:
    """UUIDs."""

    idempotency_key: str
    alliance: str
    organization: str


@dataclass(frozen=True, slots=True)
class AddMemberInput:
    idempotency_key: str
    name: str
    kind: MemberKind
    role: Role
