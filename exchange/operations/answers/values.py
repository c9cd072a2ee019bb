"""Answers as values: each holds only what its viewer may see, so that whoever prints it need not decide anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Generic, TypeVar

from exchange.model.conformity import ProductOrSectorSpecificRule, Verification
from exchange.model.footprint import (
    DataQuality,
    Finding,
    FootprintKind,
    FootprintStatus,
    LifeCycleStage,
    Price,
    SystemBoundary,
)
from exchange.model.grant import AccessLevel
from exchange.model.pedigree import Pedigree
from exchange.model.product import Product
from exchange.model.resolved import GapCode, UncertaintyReason
from exchange.operations.answers.explanation import Explanation
from exchange.rollup import Draws, Explained, PrimaryDataAdvice, SpreadAdvice, Variables
from exchange.units import DeclaredUnit

T = TypeVar("T")
Columns = tuple[Decimal, ...]  # in the order of exchange.model.carbon.COLUMNS


@dataclass(frozen=True, slots=True)
class OrganizationAnswer:
    id: str
    name: str
    company_ids: tuple[str, ...]
    group_id: str


@dataclass(frozen=True, slots=True)
class ProductAnswer:
    """A product that the viewer may see, at `access` (never NONE)."""

    product: Product
    access: AccessLevel


@dataclass(frozen=True, slots=True)
class FallbackLineAnswer:
    """pedigree, here and below: the owner's own; None for everybody else, who knows what follows from it."""

    product_key: int | None  # None: registered by nobody, or not visible to the viewer
    urn: str | None
    named_id: str | None  # product id (UUID)
    amount: Decimal
    unit: str
    price: Price | None
    pedigree: Pedigree | None


@dataclass(frozen=True, slots=True)
class LineAnswer:
    number: int
    product_key: int | None
    urn: str | None
    named_id: str | None
    amount: Decimal
    unit: str
    price: Price | None
    data_quality: DataQuality | None
    geometric_standard_deviation: Decimal | None
    stage: LifeCycleStage
    amount_is_primary: bool
    delivered: bool
    packaging: bool
    credit: bool
    fallback: FallbackLineAnswer | None
    pedigree: Pedigree | None


@dataclass(frozen=True, slots=True)
class DeclaredAnswer:
    """unknown_components: names that the owner left unknown in it."""

    excluding_kg_co2e: Decimal
    including_kg_co2e: Decimal
    primary_data_share_percent: Decimal | None
    pedigree: Pedigree | None
    geometric_standard_deviation: Decimal | None
    unknown_components: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ModelledAnswer:
    direct: Mapping[LifeCycleStage, Columns]
    direct_primary_data_share_percent: Decimal | None
    direct_pedigree: Pedigree | None


@dataclass(frozen=True, slots=True)
class FootprintAnswer:
    """One version as its viewer sees it. Days are since 1970-01-01, already to the month for non-owners.

    exempted_emissions_percent: None where it has to be rolled up for this viewer (`Session.exempted_percent`).
    comment: None below INPUTS, since what an owner writes to its readers may tell a recipe.
    """

    id: str
    pf_id: str
    preceding_pf_ids: tuple[str, ...]
    product_key: int
    kind: FootprintKind
    status: FootprintStatus
    boundary: SystemBoundary
    published_at_us: int
    deprecated_at_us: int | None
    reference_period_start_us: int
    reference_period_end_us: int
    valid_from_day: int
    valid_until_day: int | None
    declared_unit_amount: Decimal
    declared_unit: DeclaredUnit
    price: Price | None
    mass_kg_per_declared_unit: Decimal
    geography_country: str | None
    geography_country_subdivision: str | None
    geography_region_or_subregion: str | None
    ipcc_characterization_factors: tuple[str, ...]
    cross_sectoral_standards: tuple[str, ...]
    product_rules: tuple[ProductOrSectorSpecificRule, ...]
    verification: Verification | None
    exempted_emissions_percent: Decimal | None
    data_quality: DataQuality | None
    release_id: str | None
    comment: str | None
    declared: DeclaredAnswer | None
    modelled: ModelledAnswer | None
    lines: tuple[LineAnswer, ...] | None
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class StageAnswer:
    stage: LifeCycleStage
    components: Columns


@dataclass(frozen=True, slots=True)
class GapAnswer:
    code: GapCode
    message: str
    consumer_key: int
    line: int
    product_key: int | None


@dataclass(frozen=True, slots=True)
class FallbackUseAnswer:
    reason: GapCode
    consumer_key: int
    line: int
    product_key: int


@dataclass(frozen=True, slots=True)
class ContributionAnswer:
    product_key: int
    own_kg_co2e: Decimal
    share_percent: Decimal
    broken_down: bool


@dataclass(frozen=True, slots=True)
class TreeNodeAnswer:
    product_key: int
    line: int | None
    amount: Decimal  # declared units of the product
    total_kg_co2e: Decimal
    own_kg_co2e: Decimal
    share_percent: Decimal
    children: tuple[TreeNodeAnswer, ...]


@dataclass(frozen=True, slots=True)
class TreeAnswer:
    root: TreeNodeAnswer
    coverage_percent: Decimal
    hidden_nodes: int


@dataclass(frozen=True, slots=True)
class UncertaintyAnswer:
    """Of the total excluding uptake; the interval in kg CO2e per declared unit, None where there is a reason."""

    geometric_standard_deviation: Decimal | None
    lower_kg_co2e: Decimal | None
    upper_kg_co2e: Decimal | None
    covered_percent: Decimal
    reason: UncertaintyReason | None
    monte_carlo_advised: Callable[[], bool]  # whether a spread in the viewer's view is too large for this form


@dataclass(frozen=True, slots=True)
class RollUpAnswer:
    """A product's cradle to gate as its viewer sees it. The functions compute on the viewer's view when called, which
    may take long: `Session.compute` calls them in a turn."""

    product_key: int
    as_of_day: int
    known_at_us: int
    ledger_sequence: int | None
    declared_unit_amount: Decimal
    declared_unit: DeclaredUnit
    excluding_kg_co2e: Decimal
    including_kg_co2e: Decimal
    lower_kg_co2e: Decimal
    upper_kg_co2e: Decimal
    components: Columns
    direct: Columns | None
    by_stage: tuple[StageAnswer, ...] | None
    outbound_logistics_kg_co2e: Decimal | None
    packaging_kg_co2e: Decimal | None
    primary_data_share_percent: Decimal
    data_quality: DataQuality
    exempted_emissions_percent: Decimal
    own_exempted_emissions_percent: Decimal | None
    ipcc_characterization_factors: tuple[str, ...]
    findings: tuple[Finding, ...]
    unknown_components: tuple[str, ...]
    has_gaps: bool
    gaps: tuple[GapAnswer, ...]
    fallbacks: tuple[FallbackUseAnswer, ...]
    valid_until_day: Callable[[], int | None]
    contributions: Callable[[int], Sequence[ContributionAnswer]]
    tree: Callable[[int, float, int], TreeAnswer]
    explanation: Explanation
    digest: Callable[[], str]
    explained: Callable[[], Explained]
    uncertainty: Callable[[], UncertaintyAnswer]
    monte_carlo: Callable[[int, int], Draws]
    variables: Callable[[int], Variables]
    primary_data_advice: Callable[[int], Sequence[PrimaryDataAdvice]]
    uncertainty_advice: Callable[[int], Sequence[SpreadAdvice]]


@dataclass(frozen=True, slots=True)
class RefusedAnswer:
    """Why there is no result. `member_keys`: products of the loop that the viewer may see."""

    code: str
    message: str
    member_keys: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RefusedLoopAnswer:
    """own: whether the product's owner tried."""

    at_us: int
    own: bool
    organization_id: str


@dataclass(frozen=True, slots=True)
class GrantAnswer:
    """product_key: None: of many. owner_id: who gave it. Neither organization_id nor alliance_id: everybody."""

    id: str
    owner_id: str
    product_key: int | None
    classification: str | None
    organization_id: str | None
    alliance_id: str | None
    level: AccessLevel
    onward: bool
    from_us: int
    until_us: int | None
    revoked_at_us: int | None
    sequence: int


@dataclass(frozen=True, slots=True)
class AllianceAnswer:
    """is_member: whether the viewer may see who its members are."""

    id: str
    name: str
    founder_id: str
    founded_at_us: int
    is_member: bool


@dataclass(frozen=True, slots=True)
class MembershipAnswer:
    """joined_us: None: an invitation that waits for its answer."""

    id: str
    alliance_id: str
    organization_id: str
    invited_by_id: str
    invited_at_us: int
    joined_us: int | None


@dataclass(frozen=True, slots=True)
class DatasetAnswer:
    id: str
    name: str
    publisher_id: str


@dataclass(frozen=True, slots=True)
class ReleaseAnswer:
    id: str
    dataset_id: str
    label: str
    date_day: int


@dataclass(frozen=True, slots=True)
class PageAnswer(Generic[T]):
    """`keys` are the sort keys of the items, of which the schema makes opaque cursors."""

    items: tuple[T, ...]
    keys: tuple[str, ...]
    has_next: bool
    has_previous: bool
    total: int
