"""Comparing two products: the verdict, its reasons with both values, and the difference where there may be one."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import strawberry

from exchange.comparison import Difference as DifferenceOf
from exchange.comparison import Reason
from exchange.operations.reading.comparing import MESSAGES, ComparedSide, ComparisonAnswer
from exchange.schema.comparison_enumerations import ComparisonFinding, ComparisonReasonCode, ComparisonVerdict
from exchange.schema.enumerations import DeclaredUnit, SystemBoundary
from exchange.schema.work import Info

if TYPE_CHECKING:
    from exchange.schema.footprints import Footprint
    from exchange.schema.products import Product

LazyProduct = Annotated["Product", strawberry.lazy("exchange.schema.products")]
LazyFootprint = Annotated["Footprint", strawberry.lazy("exchange.schema.footprints")]


@strawberry.type(description="A field that two footprints differ in, or that one of them leaves unknown.")
class ComparedField:
    field: str = strawberry.field(description="Its name in this API.")
    product: str | None = strawberry.field(description="Of the first product; null: not known, or none.")
    other: str | None = strawberry.field(description="Of the other product; null: not known, or none.")


@strawberry.type(description="Why two results are not comparable, or what has to be said beside a comparison.")
class ComparisonReason:
    code: ComparisonReasonCode = strawberry.field(description="Stable; what it is about.")
    finding: ComparisonFinding = strawberry.field(description="Whether the two differ, or it is not known.")
    prevents: bool = strawberry.field(description="Whether the two cannot be compared because of it.")
    message: str = strawberry.field(description="What it means, for people.")
    fields: list[ComparedField] = strawberry.field(description="The fields that it rests on, with both values.")

    @staticmethod
    def of(reason: Reason) -> ComparisonReason:
        return ComparisonReason(
            code=reason.code,
            finding=reason.finding,
            prevents=reason.prevents,
            message=MESSAGES[reason.code],
            fields=[
                ComparedField(field=name, product=one, other=other)
                for name, one, other in zip(reason.fields, reason.one, reason.other, strict=True)
            ],
        )


@strawberry.type(description="One side of a comparison, as its viewer sees it.")
class ComparedProduct:
    side: strawberry.Private[ComparedSide]
    system_boundary: SystemBoundary | None = strawberry.field(
        description="What part of the life cycle its result covers; null: it has none on these dates."
    )
    emissions: Decimal | None = strawberry.field(
        description="Its result excluding biogenic uptake, kg CO2e per its own declared unit; null: none."
    )

    @staticmethod
    def of(side: ComparedSide) -> ComparedProduct:
        return ComparedProduct(side=side, system_boundary=side.boundary, emissions=side.kg_co2e)

    @strawberry.field(description="The product.")
    async def product(self, info: Info) -> LazyProduct:
        return await info.context.loaders.visible_product(self.side.product_key)

    @strawberry.field(description="The footprint that stands for it within this boundary; null: none.")
    async def footprint(self, info: Info) -> LazyFootprint | None:
        if self.side.footprint_id is None:
            return None
        return await info.context.loaders.footprint(self.side.footprint_id)


@strawberry.type(
    description="Both results per the first product's declared unit, excluding biogenic uptake. Intervals are 95 "
    "percent, of the spreads that were stated; null where a spread is not known."
)
class ComparisonDifference:
    declared_unit_amount: Decimal = strawberry.field(description="How many units that declared unit has.")
    declared_unit_of_measurement: DeclaredUnit = strawberry.field(description="The unit.")
    product_emissions: Decimal = strawberry.field(description="Of the first product, kg CO2e per that declared unit.")
    other_emissions: Decimal = strawberry.field(description="Of the other product, kg CO2e per that declared unit.")
    percent: Decimal | None = strawberry.field(
        description="How much more the other carries, in percent of the first; null where the first carries 0."
    )
    product_lower: Decimal | None = strawberry.field(description="Lower end of the first one's interval.")
    product_upper: Decimal | None = strawberry.field(description="Upper end of the first one's interval.")
    other_lower: Decimal | None = strawberry.field(description="Lower end of the other one's interval.")
    other_upper: Decimal | None = strawberry.field(description="Upper end of the other one's interval.")
    overlap: bool | None = strawberry.field(
        description="Whether the intervals overlap: then the difference may be chance. Null: not known, because an "
        "interval is missing, or because they would be wider if all spreads had been stated."
    )

    @staticmethod
    def of(difference: DifferenceOf) -> ComparisonDifference:
        lower, upper = difference.interval or (None, None)
        other_lower, other_upper = difference.other_interval or (None, None)
        return ComparisonDifference(
            declared_unit_amount=difference.declared_unit_amount,
            declared_unit_of_measurement=difference.declared_unit,
            product_emissions=difference.kg_co2e,
            other_emissions=difference.other_kg_co2e,
            percent=difference.percent,
            product_lower=lower,
            product_upper=upper,
            other_lower=other_lower,
            other_upper=other_upper,
            overlap=difference.overlap,
        )


@strawberry.type(description="Whether the results of two products may be compared, and how. Of the viewer's facts.")
class Comparison:
    verdict: ComparisonVerdict = strawberry.field(description="Whether they may.")
    product: ComparedProduct = strawberry.field(description="The first product.")
    other: ComparedProduct = strawberry.field(description="The other product.")
    reasons: list[ComparisonReason] = strawberry.field(description="Why not, or what to say beside it.")
    difference: ComparisonDifference | None = strawberry.field(description="Null where they are not comparable.")

    @staticmethod
    def of(answer: ComparisonAnswer) -> Comparison:
        compared = answer.comparison
        return Comparison(
            verdict=compared.verdict,
            product=ComparedProduct.of(answer.one),
            other=ComparedProduct.of(answer.other),
            reasons=[ComparisonReason.of(reason) for reason in compared.reasons],
            difference=None if compared.difference is None else ComparisonDifference.of(compared.difference),
        )
