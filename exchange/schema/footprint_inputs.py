"""What publishers send: a footprint as GraphQL input, and its conversion into the operations' values.

Conversion decodes global ids and says which are malformed; it checks nothing else, which is the operation's part.
Absent and null mean the same everywhere (PACT clients send null for what they leave out).
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Final

import strawberry
from strawberry import UNSET

from exchange.errors import Problems
from exchange.model.carbon import COLUMNS, UNSPECIFIED_BIOGENIC
from exchange.operations import inputs as values
from exchange.schema.carbon import CarbonComponents
from exchange.schema.connections import given
from exchange.schema.enumerations import AmountUnit, DeclaredUnit, LifeCycleStage, PriceBasis
from exchange.schema.ids import uuid_of
from exchange.schema.scalars import Urn, Uuid

Path = tuple[str, ...]


def required_id(text: str, type_name: str, problems: Problems, path: Path) -> str:
    """The UUID that an id of this type names; a problem where it is malformed or of another type."""
    uuid = uuid_of(text, type_name)
    if uuid is None:
        problems.add(
            "ID_INVALID", f"is not the id of a {type_name}; use one that this API gave you", path, got=text[:80]
        )
    return uuid or ""


@strawberry.input(one_of=True, description="Names a product: exactly one of the two.")
class ProductKey:
    id: strawberry.ID | None = strawberry.field(default=UNSET, description="By its id.")
    product_id: Urn | None = strawberry.field(
        default=UNSET, description="By a URN, registered or not: it binds when its owner registers it."
    )

    def value(self, problems: Problems, path: Path) -> values.ProductKey:
        id_ = given(self.id)
        if id_ is None:
            return values.ProductKey(product_id=given(self.product_id))
        return values.ProductKey(id=required_id(id_, "Product", problems, (*path, "id")))


@strawberry.input(description="Data quality ratings, 1 (best) to 5 (worst), as in PACT.")
class DataQualityInput:
    technological_dqr: Decimal = strawberry.field(
        name="technologicalDQR", description="How well the technology is represented."
    )
    temporal_dqr: Decimal = strawberry.field(name="temporalDQR", description="How well the time is represented.")
    geographical_dqr: Decimal = strawberry.field(
        name="geographicalDQR", description="How well the place is represented."
    )

    def value(self) -> values.DataQualityInput:
        return values.DataQualityInput(self.technological_dqr, self.temporal_dqr, self.geographical_dqr)


def quality(stated: DataQualityInput | None) -> values.DataQualityInput | None:
    stated = given(stated)
    return None if stated is None else stated.value()


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

    def value(self) -> dict[str, Decimal | None]:
        return {component: given(getattr(self, name)) for component, name in STATEABLE.items()}


# PACT's name of each component that may be stated -> the field that holds it. The answer's type has them in order.
STATEABLE: Final[dict[str, str]] = {
    component: field
    for component, field in zip(COLUMNS, CarbonComponents.__dataclass_fields__, strict=True)
    if component != UNSPECIFIED_BIOGENIC
}


@strawberry.input(description="What is emitted directly in one stage of the life cycle.")
class StageEmissionsInput:
    stage: LifeCycleStage = strawberry.field(description="The stage.")
    components: CarbonComponentsInput = strawberry.field(description="kg CO2e per declared unit.")

    def value(self) -> values.StageEmissionsInput:
        return values.StageEmissionsInput(self.stage, self.components.value())


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

    def value(self, problems: Problems, path: Path) -> values.FallbackInput:
        return values.FallbackInput(
            product=self.product.value(problems, (*path, "product")),
            amount=self.amount,
            unit=self.unit,
            currency=given(self.currency),
            price_year=given(self.price_year),
            price_basis=given(self.price_basis),
            geometric_standard_deviation=given(self.geometric_standard_deviation),
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
    fallback: FallbackInput | None = strawberry.field(
        default=UNSET, description="What serves where the line would be a gap."
    )

    def value(self, problems: Problems, path: Path) -> values.LineInput:
        fallback = given(self.fallback)
        return values.LineInput(
            product=self.product.value(problems, (*path, "product")),
            amount=self.amount,
            unit=self.unit,
            currency=given(self.currency),
            price_year=given(self.price_year),
            price_basis=given(self.price_basis),
            stage=self.stage,
            amount_is_primary=self.amount_is_primary,
            delivered=self.delivered,
            packaging=self.packaging,
            credit=self.credit,
            data_quality=quality(self.data_quality),
            geometric_standard_deviation=given(self.geometric_standard_deviation),
            fallback=None if fallback is None else fallback.value(problems, (*path, "fallback")),
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
    lines: list[LineInput] = strawberry.field(description="What goes in, per declared unit.")

    def value(self, problems: Problems, path: Path) -> values.ModelledInput:
        return values.ModelledInput(
            direct=tuple(stage.value() for stage in self.direct),
            lines=tuple(
                line.value(problems, (*path, "lines", str(position))) for position, line in enumerate(self.lines)
            ),
            direct_primary_data_share=given(self.direct_primary_data_share),
            direct_packaging_ghg_emissions=given(self.direct_packaging_ghg_emissions),
            direct_geometric_standard_deviation=given(self.direct_geometric_standard_deviation),
        )


@strawberry.input(description="A stated cradle-to-gate result, kg CO2e per declared unit.")
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

    def value(self) -> values.DeclaredInput:
        return values.DeclaredInput(
            pcf_excluding_biogenic_uptake=self.pcf_excluding_biogenic_uptake,
            pcf_including_biogenic_uptake=self.pcf_including_biogenic_uptake,
            components=self.components.value(),
            outbound_logistics_ghg_emissions=given(self.outbound_logistics_ghg_emissions),
            packaging_ghg_emissions=given(self.packaging_ghg_emissions),
            primary_data_share=given(self.primary_data_share),
            geometric_standard_deviation=given(self.geometric_standard_deviation),
        )


@strawberry.input(description="A new version of a product's footprint. Exactly one of declared and modelled.")
class FootprintInput:
    product: strawberry.ID = strawberry.field(description="Id of the product, one of your own.")
    release: strawberry.ID | None = strawberry.field(default=UNSET, description="Id of the release that it belongs to.")
    fossil_carbon_content: Decimal | None = strawberry.field(
        default=UNSET, description="kg of fossil carbon in one declared unit."
    )
    pf_id: Uuid | None = strawberry.field(default=UNSET, description="The publisher's own PACT id; made where absent.")
    preceding_pf_ids: list[Uuid] = strawberry.field(
        default_factory=list, description="The versions that this one corrects; they become deprecated."
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

    def value(self, problems: Problems, path: Path) -> values.FootprintInput:
        release, declared, modelled = given(self.release), given(self.declared), given(self.modelled)
        return values.FootprintInput(
            product=required_id(self.product, "Product", problems, (*path, "product")),
            release=None if release is None else required_id(release, "Release", problems, (*path, "release")),
            fossil_carbon_content=given(self.fossil_carbon_content),
            pf_id=given(self.pf_id),
            preceding_pf_ids=tuple(self.preceding_pf_ids),
            declared_unit_amount=self.declared_unit_amount,
            declared_unit_of_measurement=self.declared_unit_of_measurement,
            currency=given(self.currency),
            price_year=given(self.price_year),
            price_basis=given(self.price_basis),
            product_mass_per_declared_unit=self.product_mass_per_declared_unit,
            reference_period_start=self.reference_period_start,
            reference_period_end=self.reference_period_end,
            validity_period_start=given(self.validity_period_start),
            validity_period_end=given(self.validity_period_end),
            geography_country=given(self.geography_country),
            geography_country_subdivision=given(self.geography_country_subdivision),
            geography_region_or_subregion=given(self.geography_region_or_subregion),
            boundary_processes_description=given(self.boundary_processes_description),
            ipcc_characterization_factors=tuple(self.ipcc_characterization_factors),
            cross_sectoral_standards=tuple(self.cross_sectoral_standards),
            exempted_emissions_percent=self.exempted_emissions_percent,
            exempted_emissions_description=given(self.exempted_emissions_description),
            data_quality=quality(self.data_quality),
            comment=given(self.comment),
            declared=None if declared is None else declared.value(),
            modelled=None if modelled is None else modelled.value(problems, (*path, "modelled")),
        )
