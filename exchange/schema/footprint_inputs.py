"""What publishers send: a footprint as GraphQL input. These types declare it; footprint_values reads what comes."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import strawberry
from strawberry import UNSET

from exchange.schema.conformity import ProductOrSectorSpecificRuleInput, VerificationInput
from exchange.schema.enumerations import AmountUnit, DeclaredUnit, LifeCycleStage, PriceBasis, SystemBoundary
from exchange.schema.pedigree import PedigreeInput
from exchange.schema.scalars import Urn, Uuid


@strawberry.input(one_of=True, description="Names a product: exactly one of the two.")
class ProductKey:
    id: strawberry.ID | None = strawberry.field(default=UNSET, description="By its id.")
    product_id: Urn | None = strawberry.field(
        default=UNSET, description="By a URN, registered or not: it binds when its owner registers it."
    )


@strawberry.input(description="Data quality ratings, 1 (best) to 5 (worst), as in PACT.")
class DataQualityInput:
    technological_dqr: Decimal = strawberry.field(
        name="technologicalDQR", description="How well the technology is represented."
    )
    temporal_dqr: Decimal = strawberry.field(name="temporalDQR", description="How well the time is represented.")
    geographical_dqr: Decimal = strawberry.field(
        name="geographicalDQR", description="How well the place is represented."
    )


@strawberry.input(description="kg CO2e per declared unit. Absent: unknown; counted 0 and listed.")
class CarbonComponentsInput:
    fossil_ghg_emissions: Decimal = strawberry.field(
        name="fossilGhgEmissions", description="From fossil sources and processes; at least 0."
    )
    land_use_change_ghg_emissions: Decimal | None = strawberry.field(
        name="landUseChangeGhgEmissions", default=UNSET, description="From land use change; at least 0."
    )
    land_management_biogenic_co2_emissions: Decimal | None = strawberry.field(
        name="landManagementBiogenicCO2Emissions",
        default=UNSET,
        description="Biogenic CO2 from land management; at least 0.",
    )
    land_management_biogenic_co2_removals: Decimal | None = strawberry.field(
        name="landManagementBiogenicCO2Removals", default=UNSET, description="Removed by land management; at most 0."
    )
    biogenic_non_co2_emissions: Decimal | None = strawberry.field(
        name="biogenicNonCO2Emissions", default=UNSET, description="Biogenic gases other than CO2; at least 0."
    )
    technological_co2_removals: Decimal | None = strawberry.field(
        name="technologicalCO2Removals", default=UNSET, description="Removed from the air and stored; at most 0."
    )
    ccs_technological_co2_capture: Decimal | None = strawberry.field(
        name="ccsTechnologicalCO2Capture", default=UNSET, description="Captured at the source and stored; at most 0."
    )
    unspecified: Decimal | None = strawberry.field(
        name="unspecified",
        default=UNSET,
        description="Modelled footprints only: direct emissions that are not broken down; any sign.",
    )
    biogenic_co2_uptake: Decimal | None = strawberry.field(
        name="biogenicCO2Uptake", default=UNSET, description="Taken up by biomass in the product; at most 0."
    )
    land_management_fossil_ghg_emissions: Decimal | None = strawberry.field(
        name="landManagementFossilGhgEmissions",
        default=UNSET,
        description="Memo: already inside fossilGhgEmissions.",
    )
    aircraft_ghg_emissions: Decimal | None = strawberry.field(
        name="aircraftGhgEmissions", default=UNSET, description="Memo: already inside fossilGhgEmissions."
    )


@strawberry.input(description="What is emitted directly in one stage of the life cycle.")
class StageEmissionsInput:
    stage: LifeCycleStage = strawberry.field(description="The stage.")
    components: CarbonComponentsInput = strawberry.field(description="kg CO2e per declared unit.")


@strawberry.input(description="What serves where the line would otherwise be a gap, typically an emission factor.")
class FallbackInput:
    product: ProductKey = strawberry.field(description="What serves.")
    amount: Decimal = strawberry.field(description="How much of it per declared unit of the footprint.")
    unit: AmountUnit = strawberry.field(description="The unit of the amount.")
    currency: str | None = strawberry.field(default=UNSET, description="ISO 4217; required for MONEY.")
    price_year: int | None = strawberry.field(default=UNSET, description="Year of the prices; required for MONEY.")
    price_basis: PriceBasis | None = strawberry.field(default=UNSET, description="Which prices; required for MONEY.")
    geometric_standard_deviation: Decimal | None = strawberry.field(
        default=UNSET, description="Uncertainty of the amount, at least 1."
    )
    pedigree: PedigreeInput | None = strawberry.field(
        default=UNSET, description="The same by pedigree scores; not beside geometricStandardDeviation."
    )


@strawberry.input(description="One input of a modelled footprint.")
class LineInput:
    product: ProductKey = strawberry.field(description="What goes in.")
    amount: Decimal = strawberry.field(description="How much per declared unit of the footprint.")
    unit: AmountUnit = strawberry.field(description="The unit of the amount.")
    currency: str | None = strawberry.field(default=UNSET, description="ISO 4217; required for MONEY.")
    price_year: int | None = strawberry.field(default=UNSET, description="Year of the prices; required for MONEY.")
    price_basis: PriceBasis | None = strawberry.field(default=UNSET, description="Which prices; required for MONEY.")
    stage: LifeCycleStage = strawberry.field(
        default=LifeCycleStage.RAW_MATERIAL_ACQUISITION, description="Where in the life cycle it is used."
    )
    amount_is_primary: bool = strawberry.field(
        default=False, description="Whether the amount was measured, not assumed."
    )
    delivered: bool = strawberry.field(
        default=False, description="Whether the supplier's outbound transport counts in this line."
    )
    packaging: bool = strawberry.field(default=False, description="Whether it is packaging.")
    credit: bool = strawberry.field(
        default=False, description="Whether it takes emissions off; a negative amount needs it."
    )
    data_quality: DataQualityInput | None = strawberry.field(default=UNSET, description="How good the amount is.")
    geometric_standard_deviation: Decimal | None = strawberry.field(
        default=UNSET, description="Uncertainty of the amount, at least 1."
    )
    pedigree: PedigreeInput | None = strawberry.field(
        default=UNSET, description="The same by pedigree scores; not beside geometricStandardDeviation."
    )
    fallback: FallbackInput | None = strawberry.field(
        default=UNSET, description="What serves where the line would be a gap."
    )


@strawberry.input(description="Direct emissions, and the lines that bring the rest.")
class ModelledInput:
    direct: list[StageEmissionsInput] = strawberry.field(
        description="What the process itself emits, gate to gate, by stage; never including inputs."
    )
    direct_primary_data_share: Decimal | None = strawberry.field(
        default=UNSET, description="Percent of the direct emissions that rests on primary data."
    )
    direct_packaging_ghg_emissions: Decimal | None = strawberry.field(
        default=UNSET, description="The part of the direct emissions that is packaging, kg CO2e per declared unit."
    )
    direct_geometric_standard_deviation: Decimal | None = strawberry.field(
        default=UNSET, description="Uncertainty of the direct emissions, at least 1."
    )
    direct_pedigree: PedigreeInput | None = strawberry.field(
        default=UNSET, description="The same by pedigree scores; not beside directGeometricStandardDeviation."
    )
    lines: list[LineInput] = strawberry.field(description="What goes in, per declared unit.")


@strawberry.input(description="A stated result within the footprint's system boundary, kg CO2e per declared unit.")
class DeclaredInput:
    pcf_excluding_biogenic_uptake: Decimal = strawberry.field(description="Without biogenic uptake.")
    pcf_including_biogenic_uptake: Decimal = strawberry.field(description="With biogenic uptake.")
    components: CarbonComponentsInput = strawberry.field(description="The result by component.")
    outbound_logistics_ghg_emissions: Decimal | None = strawberry.field(
        default=UNSET, description="Transport to the customer, beside the result."
    )
    packaging_ghg_emissions: Decimal | None = strawberry.field(
        default=UNSET, description="Of packaging, inside the result."
    )
    primary_data_share: Decimal | None = strawberry.field(
        default=UNSET, description="Percent that rests on primary data."
    )
    geometric_standard_deviation: Decimal | None = strawberry.field(
        default=UNSET, description="Uncertainty of the result, at least 1."
    )
    pedigree: PedigreeInput | None = strawberry.field(
        default=UNSET, description="The same by pedigree scores; not beside geometricStandardDeviation."
    )


@strawberry.input(description="A new version of a product's footprint. Exactly one of declared and modelled.")
class FootprintInput:
    product: strawberry.ID = strawberry.field(description="Id of the product, one of your own.")
    release: strawberry.ID | None = strawberry.field(default=UNSET, description="Id of the release that it belongs to.")
    fossil_carbon_content: Decimal | None = strawberry.field(
        default=UNSET, description="kg of fossil carbon in one declared unit."
    )
    pf_id: Uuid | None = strawberry.field(
        default=UNSET,
        description="PACT's id, a UUID of your own making, once among all your footprints; made where absent.",
    )
    preceding_pf_ids: list[Uuid] = strawberry.field(
        default_factory=list,
        description="pfIds of your versions of this product that this one corrects; they become deprecated.",
    )
    declared_unit_amount: Decimal = strawberry.field(description="How many units one declared unit has; above 0.")
    declared_unit_of_measurement: DeclaredUnit = strawberry.field(description="The unit.")
    currency: str | None = strawberry.field(default=UNSET, description="ISO 4217; required for MONEY.")
    price_year: int | None = strawberry.field(default=UNSET, description="Year of the prices; required for MONEY.")
    price_basis: PriceBasis | None = strawberry.field(default=UNSET, description="Which prices; required for MONEY.")
    product_mass_per_declared_unit: Decimal = strawberry.field(description="Kilogram; 0 where mass means nothing.")
    reference_period_start: dt.datetime = strawberry.field(description="Begin of the time that the data describe.")
    reference_period_end: dt.datetime = strawberry.field(description="End of that time, exclusive.")
    validity_period_start: dt.datetime | None = strawberry.field(
        default=UNSET, description="From when it stands for the product; the reference period's end if absent."
    )
    validity_period_end: dt.datetime | None = strawberry.field(
        default=UNSET, description="Exclusive; three years after the reference period's end if absent."
    )
    geography_country: str | None = strawberry.field(default=UNSET, description="ISO 3166-1 alpha-2.")
    geography_country_subdivision: str | None = strawberry.field(default=UNSET, description="ISO 3166-2.")
    geography_region_or_subregion: str | None = strawberry.field(default=UNSET, description="UN geoscheme, as in PACT.")
    boundary_processes_description: str | None = strawberry.field(
        default=UNSET, description="What is inside the boundary."
    )
    ipcc_characterization_factors: list[str] = strawberry.field(description="Assessment reports, such as AR6.")
    cross_sectoral_standards: list[str] = strawberry.field(description="Such as ISO14067.")
    product_or_sector_specific_rules: list[ProductOrSectorSpecificRuleInput] | None = strawberry.field(
        default=UNSET, description="Rules for its kind of product that were followed, too; absent or empty: none."
    )
    verification: VerificationInput | None = strawberry.field(
        default=UNSET, description="That a third party verified it; absent: it was not verified."
    )
    exempted_emissions_percent: Decimal = strawberry.field(
        default=Decimal(0), description="What was left out, in percent."
    )
    exempted_emissions_description: str | None = strawberry.field(default=UNSET, description="Why it was left out.")
    data_quality: DataQualityInput | None = strawberry.field(
        default=UNSET, description="Of the declared result, or of the direct emissions."
    )
    comment: str | None = strawberry.field(
        default=UNSET, description="Anything else, for people: who sees INPUTS on the product reads it."
    )
    declared: DeclaredInput | None = strawberry.field(default=UNSET, description="A stated result.")
    modelled: ModelledInput | None = strawberry.field(default=UNSET, description="Direct emissions and lines.")
    system_boundary: SystemBoundary = strawberry.field(
        default=SystemBoundary.CRADLE_TO_GATE,
        description="What part of the life cycle a declared result covers. A cradle-to-grave one is kept and compared, "
        "and never added to anything.",
    )
