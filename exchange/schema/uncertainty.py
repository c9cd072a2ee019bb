"""How sure a roll-up is: its spread, samples of it, and which inputs would improve it."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Final

import strawberry

from exchange.operations.answers.values import UncertaintyAnswer
from exchange.rollup import Draws, SpreadAdvice
from exchange.rollup import PrimaryDataAdvice as Gain
from exchange.schema.enumerations import UncertaintyMethod, UncertaintyReason
from exchange.schema.work import Info

if TYPE_CHECKING:
    from exchange.schema.products import Product

LazyProduct = Annotated["Product", strawberry.lazy("exchange.schema.products")]

ADVICE_MAX: Final = 100  # more than anybody writes to
ADVICE_DEFAULT: Final = 5
SAMPLES_DEFAULT: Final = 1_000
SEED_DEFAULT: Final = 1


@strawberry.type(description="The spread of a result. It says nothing of what nobody stated a spread of.")
class Uncertainty:
    answer: strawberry.Private[UncertaintyAnswer]
    geometric_standard_deviation: Decimal | None = strawberry.field(
        description="A factor, 1 or more, rounded to four decimals. Null: see reason."
    )
    lower: Decimal | None = strawberry.field(
        description="kg CO2e per declared unit: 2.5 percent lie below. The shown result divided by GSD to the power "
        "1.96; the result counts as the median of a log-normal distribution."
    )
    upper: Decimal | None = strawberry.field(
        description="kg CO2e per declared unit: 2.5 percent lie above. The shown result times GSD to the power 1.96."
    )
    covered_percent: Decimal = strawberry.field(
        description="How much of what the result depends on has a stated spread: percent of the sum of absolute "
        "elasticities, in whole percents."
    )
    method: UncertaintyMethod = strawberry.field(description="How it was computed.")
    reason: UncertaintyReason | None = strawberry.field(description="Why there is no spread; null: there is one.")

    @strawberry.field(
        description="Whether a spread in the viewer's view is above 1.5, so that this form gives too little: ask for "
        "monteCarlo then."
    )
    async def monte_carlo_advised(self, info: Info) -> bool:
        return await info.context.session.compute(self.answer.monte_carlo_advised)

    @staticmethod
    def of(answer: UncertaintyAnswer) -> Uncertainty:
        return Uncertainty(
            answer=answer,
            geometric_standard_deviation=answer.geometric_standard_deviation,
            lower=answer.lower_kg_co2e,
            upper=answer.upper_kg_co2e,
            covered_percent=answer.covered_percent,
            method=UncertaintyMethod.ANALYTIC_LOG_NORMAL,
            reason=answer.reason,
        )


@strawberry.type(description="A result drawn many times. All null: no sample has an answer.")
class MonteCarlo:
    samples: int = strawberry.field(description="How many were drawn.")
    seed: int = strawberry.field(description="Of the random numbers.")
    samples_without_answer: int = strawberry.field(
        description="How many were left out, because a loop then has no answer or takes nearly all of itself."
    )
    median: Decimal | None = strawberry.field(description="kg CO2e per declared unit.")
    mean: Decimal | None = strawberry.field(description="kg CO2e per declared unit.")
    lower: Decimal | None = strawberry.field(
        description="kg CO2e per declared unit: 2.5 percent of the samples lie below."
    )
    upper: Decimal | None = strawberry.field(
        description="kg CO2e per declared unit: 2.5 percent of the samples lie above."
    )
    geometric_standard_deviation: Decimal | None = strawberry.field(
        description="Of the samples, a factor. Null also where one of them is zero or below."
    )
    method: UncertaintyMethod = strawberry.field(description="How it was computed.")

    @staticmethod
    def of(answer: Draws) -> MonteCarlo:
        return MonteCarlo(
            samples=answer.samples,
            seed=answer.seed,
            samples_without_answer=answer.without_answer,
            median=answer.median_kg_co2e,
            mean=answer.mean_kg_co2e,
            lower=answer.lower_kg_co2e,
            upper=answer.upper_kg_co2e,
            geometric_standard_deviation=answer.geometric_standard_deviation,
            method=UncertaintyMethod.MONTE_CARLO,
        )


@strawberry.type(description="An input whose supplier should be asked for primary data.")
class PrimaryDataAdvice:
    answer: strawberry.Private[Gain]
    line: int = strawberry.field(description="The number of the line among those of the consumer that the viewer sees.")
    gain_percentage_points: Decimal = strawberry.field(
        description="By how much primaryDataShare would rise if the line's amount and its supplier's whole result were "
        "primary data, and nothing else changed."
    )

    @strawberry.field(description="Whose line it is.")
    async def consumer(self, info: Info) -> LazyProduct:
        return await info.context.loaders.visible_product(self.answer.consumer_key)

    @strawberry.field(description="What serves the line now.")
    async def supplier(self, info: Info) -> LazyProduct:
        return await info.context.loaders.visible_product(self.answer.supplier_key)

    @staticmethod
    def of(answer: Gain) -> PrimaryDataAdvice:
        return PrimaryDataAdvice(answer=answer, line=answer.line, gain_percentage_points=answer.gain_percentage_points)


@strawberry.type(description="A number that the spread of a result comes from.")
class UncertaintyAdvice:
    answer: strawberry.Private[SpreadAdvice]
    line: int | None = strawberry.field(
        description="The amount of this line of the product, numbered among those that the viewer sees. Null: what the "
        "product brings in itself, which is the whole of a product that is not shown open."
    )
    geometric_standard_deviation: Decimal = strawberry.field(description="Its own spread, a factor.")
    contribution_percent: Decimal = strawberry.field(
        description="Its part in ln²GSD of the result, in percent, on the viewer's view."
    )

    @strawberry.field(description="The product.")
    async def product(self, info: Info) -> LazyProduct:
        return await info.context.loaders.visible_product(self.answer.product_key)

    @staticmethod
    def of(answer: SpreadAdvice) -> UncertaintyAdvice:
        return UncertaintyAdvice(
            answer=answer,
            line=answer.line,
            geometric_standard_deviation=answer.geometric_standard_deviation,
            contribution_percent=answer.contribution_percent,
        )
