"""Carbon components, stages and data quality: PACT's names, spelled as PACT spells them.

Automatic camel case would spell CO2 and DQR wrongly, so those names are written out; a test compares with PACT.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import strawberry

from exchange.model import footprint as model
from exchange.schema.enumerations import LifeCycleStage


@strawberry.type(description="kg CO2e per declared unit, by component. A component that nobody stated is 0.")
class CarbonComponents:
    fossil_ghg_emissions: Decimal = strawberry.field(
        name="fossilGhgEmissions", description="From fossil sources and processes; at least 0."
    )
    land_use_change_ghg_emissions: Decimal = strawberry.field(
        name="landUseChangeGhgEmissions", description="From land use change; at least 0."
    )
    land_management_biogenic_co2_emissions: Decimal = strawberry.field(
        name="landManagementBiogenicCO2Emissions", description="Biogenic CO2 from land management; at least 0."
    )
    land_management_biogenic_co2_removals: Decimal = strawberry.field(
        name="landManagementBiogenicCO2Removals", description="Removed by land management; at most 0."
    )
    biogenic_non_co2_emissions: Decimal = strawberry.field(
        name="biogenicNonCO2Emissions", description="Biogenic gases other than CO2; at least 0."
    )
    technological_co2_removals: Decimal = strawberry.field(
        name="technologicalCO2Removals", description="Removed from the air and stored; at most 0."
    )
    ccs_technological_co2_capture: Decimal = strawberry.field(
        name="ccsTechnologicalCO2Capture", description="Captured at the source and stored; at most 0."
    )
    unspecified: Decimal = strawberry.field(
        name="unspecified",
        description="In the total excluding biogenic uptake, but not broken down by who stated it; any sign.",
    )
    biogenic_co2_uptake: Decimal = strawberry.field(
        name="biogenicCO2Uptake", description="Taken up by biomass in the product; at most 0."
    )
    unspecified_biogenic: Decimal = strawberry.field(
        name="unspecifiedBiogenic",
        description="In the total including biogenic uptake only, but not broken down; any sign.",
    )
    land_management_fossil_ghg_emissions: Decimal = strawberry.field(
        name="landManagementFossilGhgEmissions", description="Memo: already inside fossilGhgEmissions."
    )
    aircraft_ghg_emissions: Decimal = strawberry.field(
        name="aircraftGhgEmissions", description="Memo: already inside fossilGhgEmissions."
    )

    @staticmethod
    def of(columns: Sequence[Decimal]) -> CarbonComponents:
        """From amounts in the order of exchange.model.carbon.COLUMNS, which is the order of the fields here."""
        return CarbonComponents(**dict(zip(CarbonComponents.__dataclass_fields__, columns, strict=True)))


@strawberry.type(description="What is emitted in one stage of the life cycle.")
class StageEmissions:
    stage: LifeCycleStage = strawberry.field(description="The stage.")
    components: CarbonComponents = strawberry.field(description="kg CO2e per declared unit.")

    @staticmethod
    def of(stage: LifeCycleStage, columns: Sequence[Decimal]) -> StageEmissions:
        return StageEmissions(stage=stage, components=CarbonComponents.of(columns))


@strawberry.type(description="Data quality ratings, 1 (best) to 5 (worst), as in PACT.")
class DataQuality:
    technological_dqr: Decimal = strawberry.field(
        name="technologicalDQR", description="How well the technology is represented."
    )
    temporal_dqr: Decimal = strawberry.field(name="temporalDQR", description="How well the time is represented.")
    geographical_dqr: Decimal = strawberry.field(
        name="geographicalDQR", description="How well the place is represented."
    )

    @staticmethod
    def of(quality: model.DataQuality) -> DataQuality:
        return DataQuality(
            technological_dqr=quality.technological,
            temporal_dqr=quality.temporal,
            geographical_dqr=quality.geographical,
        )
