"""Footprints: the immutable versions that owners publish, with their lines and findings."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, cast

import strawberry

from exchange.model import footprint as model
from exchange.operations.answers.values import FallbackLineAnswer, FootprintAnswer, LineAnswer
from exchange.schema.carbon import DataQuality, StageEmissions
from exchange.schema.conformity import ProductOrSectorSpecificRule, Verification
from exchange.schema.datasets import Release
from exchange.schema.enumerations import (
    AmountUnit,
    DeclaredUnit,
    FindingSeverity,
    FootprintKind,
    FootprintStatus,
    LifeCycleStage,
    PriceBasis,
    SystemBoundary,
)
from exchange.schema.ids import global_id
from exchange.schema.instants import instant_of, midnight_of
from exchange.schema.long_lists import Made
from exchange.schema.nodes import Node
from exchange.schema.pedigree import Pedigree
from exchange.schema.scalars import Urn, Uuid
from exchange.schema.work import Info

if TYPE_CHECKING:
    from exchange.schema.products import Product

LazyProduct = Annotated["Product", strawberry.lazy("exchange.schema.products")]
_OWNERS = "The owner's; null to everybody else, or none stated."


@strawberry.type(description="Something that was kept but is worth a look.")
class Finding:
    code: str = strawberry.field(description="Stable; what kind of finding.")
    severity: FindingSeverity = strawberry.field(description="How much it matters.")
    message: str = strawberry.field(description="What was found, for people.")
    path: list[str] = strawberry.field(description="The field, from the footprint on.")
    expected: str | None = strawberry.field(description="What was expected.")
    got: str | None = strawberry.field(description="What was stated.")

    @staticmethod
    def of(finding: model.Finding) -> Finding:
        return Finding(
            code=finding.code,
            severity=FindingSeverity(finding.severity),
            message=finding.message,
            path=list(finding.path),
            expected=finding.expected,
            got=finding.got,
        )


@strawberry.type(description="A stated result within the footprint's system boundary, kg CO2e per declared unit.")
class DeclaredFootprint:
    pcf_excluding_biogenic_uptake: Decimal = strawberry.field(description="Without biogenic uptake.")
    pcf_including_biogenic_uptake: Decimal = strawberry.field(description="With biogenic uptake.")
    primary_data_share: Decimal | None = strawberry.field(
        description="Percent that rests on primary data; null: not stated."
    )
    pedigree: Pedigree | None = strawberry.field(description=f"Scores of the result. {_OWNERS}")


@strawberry.type(description="What a modelled footprint emits itself, gate to gate.")
class ModelledFootprint:
    direct: list[StageEmissions] = strawberry.field(description="Direct emissions by stage, kg CO2e per declared unit.")
    direct_primary_data_share: Decimal | None = strawberry.field(
        description="Percent of the direct emissions that rests on primary data; null: not stated."
    )
    direct_pedigree: Pedigree | None = strawberry.field(description=f"Scores of the direct emissions. {_OWNERS}")


@strawberry.type(description="What serves where a line would otherwise be a gap.")
class FallbackLine:
    answer: strawberry.Private[FallbackLineAnswer]
    product_id: Urn | None = strawberry.field(description="The URN that the publisher named it by.")
    named_id: strawberry.ID | None = strawberry.field(description="The id that the publisher named it by.")
    amount: Decimal = strawberry.field(description="How much per declared unit of the footprint.")
    unit: AmountUnit = strawberry.field(description="The unit of the amount.")
    currency: str | None = strawberry.field(description="ISO 4217, where the unit is MONEY.")
    price_year: int | None = strawberry.field(description="Year of the prices, where the unit is MONEY.")
    price_basis: PriceBasis | None = strawberry.field(description="Which prices, where the unit is MONEY.")
    pedigree: Pedigree | None = strawberry.field(description=f"Scores of the amount. {_OWNERS}")

    @staticmethod
    def of(answer: FallbackLineAnswer) -> FallbackLine:
        price = answer.price
        return FallbackLine(
            answer=answer,
            product_id=None if answer.urn is None else Urn(answer.urn),
            named_id=None if answer.named_id is None else global_id("Product", answer.named_id),
            amount=answer.amount,
            unit=AmountUnit(answer.unit),
            currency=price.currency if price else None,
            price_year=price.year if price else None,
            price_basis=price.basis if price else None,
            pedigree=Pedigree.of(answer.pedigree),
        )

    @strawberry.field(description="Null: registered by nobody, or not visible to the viewer.")
    async def product(self, info: Info) -> LazyProduct | None:
        return await info.context.loaders.product(self.answer.product_key)


@strawberry.type(description="One input of a modelled footprint.")
class Line:
    answer: strawberry.Private[LineAnswer]
    number: int = strawberry.field(
        description="Position among the lines that the viewer sees, from 1; the same in gaps, fallbacks and trees."
    )
    product_id: Urn | None = strawberry.field(description="The URN that the publisher named it by.")
    named_id: strawberry.ID | None = strawberry.field(description="The id that the publisher named it by.")
    amount: Decimal = strawberry.field(description="How much per declared unit of the footprint.")
    unit: AmountUnit = strawberry.field(description="The unit of the amount.")
    currency: str | None = strawberry.field(description="ISO 4217, where the unit is MONEY.")
    price_year: int | None = strawberry.field(description="Year of the prices, where the unit is MONEY.")
    price_basis: PriceBasis | None = strawberry.field(description="Which prices, where the unit is MONEY.")
    data_quality: DataQuality | None = strawberry.field(description="How good the amount is; null: not stated.")
    geometric_standard_deviation: Decimal | None = strawberry.field(
        description="Uncertainty of the amount, at least 1, as stated or as it follows from pedigree scores; null: not "
        "stated."
    )
    pedigree: Pedigree | None = strawberry.field(description=f"Scores of the amount. {_OWNERS}")
    stage: LifeCycleStage = strawberry.field(description="Where in the life cycle the input is used.")
    amount_is_primary: bool = strawberry.field(description="Whether the amount was measured, not assumed.")
    delivered: bool = strawberry.field(description="Whether the supplier's outbound transport counts in this line.")
    packaging: bool = strawberry.field(description="Whether the input is packaging.")
    credit: bool = strawberry.field(description="Whether the line takes emissions off (a negative amount).")
    fallback: FallbackLine | None = strawberry.field(description="What serves where the line would be a gap.")

    @staticmethod
    def of(answer: LineAnswer) -> Line:
        price = answer.price
        return Line(
            answer=answer,
            number=answer.number,
            product_id=None if answer.urn is None else Urn(answer.urn),
            named_id=None if answer.named_id is None else global_id("Product", answer.named_id),
            amount=answer.amount,
            unit=AmountUnit(answer.unit),
            currency=price.currency if price else None,
            price_year=price.year if price else None,
            price_basis=price.basis if price else None,
            data_quality=None if answer.data_quality is None else DataQuality.of(answer.data_quality),
            geometric_standard_deviation=answer.geometric_standard_deviation,
            pedigree=Pedigree.of(answer.pedigree),
            stage=answer.stage,
            amount_is_primary=answer.amount_is_primary,
            delivered=answer.delivered,
            packaging=answer.packaging,
            credit=answer.credit,
            fallback=None if answer.fallback is None else FallbackLine.of(answer.fallback),
        )

    @strawberry.field(
        description="Null: registered by nobody, or not visible to the viewer (then only the owner sees the line)."
    )
    async def product(self, info: Info) -> LazyProduct | None:
        return await info.context.loaders.product(self.answer.product_key)


@strawberry.type(description="One published version of a product's footprint. Immutable: a correction is a new one.")
class Footprint(Node):
    answer: strawberry.Private[FootprintAnswer]
    pf_id: Uuid = strawberry.field(
        description="PACT's id of this version, unique among its owner's footprints; id names it here."
    )
    preceding_pf_ids: list[Uuid] = strawberry.field(description="The versions that this one corrects.")
    kind: FootprintKind = strawberry.field(description="Declared or modelled.")
    status: FootprintStatus = strawberry.field(description="Whether it still stands.")
    system_boundary: SystemBoundary = strawberry.field(description="What part of the life cycle its result covers.")
    published_at: dt.datetime = strawberry.field(description="When the exchange accepted it.")
    deprecated_at: dt.datetime | None = strawberry.field(description="When it was corrected or withdrawn.")
    reference_period_start: dt.datetime = strawberry.field(description="Begin of the time that the data describe.")
    reference_period_end: dt.datetime = strawberry.field(description="End of that time, exclusive.")
    validity_period_start: dt.datetime = strawberry.field(description="From when it stands for the product.")
    validity_period_end: dt.datetime | None = strawberry.field(
        description="Exclusive; null: open (a dataset release in force). To the month, that is its first day, for "
        "whoever is not the owner."
    )
    declared_unit_amount: Decimal = strawberry.field(description="How many units one declared unit has.")
    declared_unit_of_measurement: DeclaredUnit = strawberry.field(description="The unit.")
    currency: str | None = strawberry.field(description="ISO 4217, where the unit is MONEY.")
    price_year: int | None = strawberry.field(description="Year of the prices, where the unit is MONEY.")
    price_basis: PriceBasis | None = strawberry.field(description="Which prices, where the unit is MONEY.")
    product_mass_per_declared_unit: Decimal = strawberry.field(description="Kilogram; 0 where mass means nothing.")
    geography_country: str | None = strawberry.field(description="ISO 3166-1 alpha-2.")
    geography_country_subdivision: str | None = strawberry.field(description="ISO 3166-2.")
    geography_region_or_subregion: str | None = strawberry.field(description="UN geoscheme, as in PACT.")
    ipcc_characterization_factors: list[str] = strawberry.field(description="Assessment reports, such as AR6.")
    cross_sectoral_standards: list[str] = strawberry.field(description="Such as ISO14067.")
    product_or_sector_specific_rules: list[ProductOrSectorSpecificRule] = strawberry.field(
        description="Rules for its kind of product that were followed, too; empty: none, or none stated."
    )
    verification: Verification | None = strawberry.field(
        description="By a third party, as the owner states it; null: none stated."
    )
    data_quality: DataQuality | None = strawberry.field(description="As the owner rates it; null: not stated.")
    comment: str | None = strawberry.field(
        description="What the owner says of it, such as sources and assumptions. Null below INPUTS, or none."
    )
    declared: DeclaredFootprint | None = strawberry.field(description="Null: modelled, or below TOTAL.")
    modelled: ModelledFootprint | None = strawberry.field(
        description="Null: declared, or the viewer's view does not show it."
    )
    findings: list[Finding] = strawberry.field(description="The owner's; empty to everybody else.")

    @staticmethod
    def of(answer: FootprintAnswer) -> Footprint:
        price, declared, modelled = answer.price, answer.declared, answer.modelled
        return Footprint(
            id=global_id("Footprint", answer.id),
            answer=answer,
            pf_id=Uuid(answer.pf_id),
            preceding_pf_ids=[Uuid(pf_id) for pf_id in answer.preceding_pf_ids],
            kind=answer.kind,
            status=answer.status,
            system_boundary=answer.boundary,
            published_at=instant_of(answer.published_at_us),
            deprecated_at=instant_of(answer.deprecated_at_us),
            reference_period_start=instant_of(answer.reference_period_start_us),
            reference_period_end=instant_of(answer.reference_period_end_us),
            validity_period_start=midnight_of(answer.valid_from_day),
            validity_period_end=midnight_of(answer.valid_until_day),
            declared_unit_amount=answer.declared_unit_amount,
            declared_unit_of_measurement=answer.declared_unit,
            currency=price.currency if price else None,
            price_year=price.year if price else None,
            price_basis=price.basis if price else None,
            product_mass_per_declared_unit=answer.mass_kg_per_declared_unit,
            geography_country=answer.geography_country,
            geography_country_subdivision=answer.geography_country_subdivision,
            geography_region_or_subregion=answer.geography_region_or_subregion,
            ipcc_characterization_factors=list(answer.ipcc_characterization_factors),
            cross_sectoral_standards=list(answer.cross_sectoral_standards),
            product_or_sector_specific_rules=[ProductOrSectorSpecificRule.of(rule) for rule in answer.product_rules],
            verification=Verification.of(answer.verification),
            data_quality=None if answer.data_quality is None else DataQuality.of(answer.data_quality),
            comment=answer.comment,
            declared=None
            if declared is None
            else DeclaredFootprint(
                pcf_excluding_biogenic_uptake=declared.excluding_kg_co2e,
                pcf_including_biogenic_uptake=declared.including_kg_co2e,
                primary_data_share=declared.primary_data_share_percent,
                pedigree=Pedigree.of(declared.pedigree),
            ),
            modelled=None
            if modelled is None
            else ModelledFootprint(
                direct=[StageEmissions.of(stage, columns) for stage, columns in modelled.direct.items()],
                direct_primary_data_share=modelled.direct_primary_data_share_percent,
                direct_pedigree=Pedigree.of(modelled.direct_pedigree),
            ),
            findings=[Finding.of(finding) for finding in answer.findings],
        )

    @strawberry.field(
        description="Null below INPUTS; empty if declared; only the lines of the viewer's view, numbered from 1."
    )
    def lines(self) -> list[Line] | None:
        return None if self.answer.lines is None else cast(list[Line], Made(self.answer.lines, Line.of))

    @strawberry.field(description="The product that it is a footprint of.")
    async def product(self, info: Info) -> LazyProduct:
        return await info.context.loaders.visible_product(self.answer.product_key)

    @strawberry.field(
        description="What was left out, in percent: its owner sees the own statement, others the whole chain's."
    )
    async def exempted_emissions_percent(self, info: Info) -> Decimal:
        stated = self.answer.exempted_emissions_percent
        return await info.context.session.exempted_percent(self.answer.id) if stated is None else stated

    @strawberry.field(description="The dataset release that it belongs to.")
    async def release(self, info: Info) -> Release | None:
        if self.answer.release_id is None:
            return None
        return await info.context.loaders.release(self.answer.release_id)
