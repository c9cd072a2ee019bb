"""What explains a roll-up: its groups, what would change it most, its largest paths; and what rests on a product.

Resolvers of fields of `RollUp` and `Product`. Everything is of the viewer's view, and computed when it is asked for.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Final

import strawberry
from strawberry import UNSET

from exchange.operations.answers.explanation import (
    ELASTICITIES_MAX,
    PATH_LINES_MAX,
    PATH_NODES_MAX,
    PATHS_MAX,
    TIERS_MAX,
)
from exchange.operations.answers.explanation import ContributionGroup as GroupAnswer
from exchange.operations.answers.explanation import Elasticity as ElasticityAnswer
from exchange.operations.answers.explanation import PathStep as StepAnswer
from exchange.schema.bounds import bounded
from exchange.schema.connections import AFTER, FIRST, Connection, connection, given, page_of
from exchange.schema.dates import AS_OF, KNOWN_AT
from exchange.schema.enumerations import ContributionGrouping, ContributionGroupKind, LifeCycleStage
from exchange.schema.instants import day_of, microseconds_of
from exchange.schema.organizations import Organization
from exchange.schema.work import Info

if TYPE_CHECKING:
    from exchange.operations.reading.downstream import Resting
    from exchange.schema.products import Product

LazyProduct = Annotated["Product", strawberry.lazy("exchange.schema.products")]

GROUPS_MAX: Final = 1_000  # more than anybody reads
GROUPS_DEFAULT: Final = 20
ELASTICITIES_DEFAULT: Final = 20
PATHS_DEFAULT: Final = 10


@strawberry.type(description="A part of a result: everything that has one thing in common.")
class ContributionGroup:
    answer: strawberry.Private[GroupAnswer]
    kind: ContributionGroupKind = strawberry.field(description="What the group says of its emissions.")
    stage: LifeCycleStage | None = strawberry.field(description="By LIFE_CYCLE_STAGE: the stage; null: not shown.")
    country: str | None = strawberry.field(
        description="By COUNTRY: ISO 3166-1 alpha-2; null: the footprint states none, or a region."
    )
    tier: int | None = strawberry.field(
        description=f"By TIER: lines from the product, 0 to {TIERS_MAX}; null: further away."
    )
    data_quality_level: int | None = strawberry.field(
        description="By DATA_QUALITY: the mean of the three ratings, rounded half-even, 1 best to 5 worst; null: all "
        "three are 5, which is what unknown counts."
    )
    emissions: Decimal = strawberry.field(description="kg CO2e per declared unit of the product asked about.")
    share_percent: Decimal = strawberry.field(
        description="Percent of the result, both as they are shown; 0 where that is 0."
    )

    @staticmethod
    def of(answer: GroupAnswer) -> ContributionGroup:
        of = answer.of
        return ContributionGroup(
            answer=answer,
            kind=of.kind,
            stage=of.stage,
            country=of.country,
            tier=of.tier,
            data_quality_level=of.data_quality_level,
            emissions=answer.kg_co2e,
            share_percent=answer.share_percent,
        )

    @strawberry.field(description="By ORGANIZATION: the owner of the products; else null.")
    async def organization(self, info: Info) -> Organization | None:
        owner_id = self.answer.of.owner_id
        return None if owner_id is None else await info.context.loaders.visible_organization(owner_id)

    @strawberry.field(description="What the group is, for people.")
    async def label(self, info: Info) -> str:
        of = self.answer.of
        if of.owner_id is not None:
            return _labelled((await info.context.loaders.visible_organization(of.owner_id)).name, of.kind)
        if of.tier is not None:
            tier = f"Tier {of.tier}" if of.tier else "Direct"
            return tier if of.kind is ContributionGroupKind.KNOWN else _labelled(f"{tier} or further", of.kind)
        if of.kind is ContributionGroupKind.BEYOND:
            return f"Beyond tier {TIERS_MAX}"
        if of.kind is ContributionGroupKind.UNKNOWN:
            return "Unknown"
        if of.data_quality_level is not None:
            return f"Level {of.data_quality_level}"
        stage = None if of.stage is None else of.stage.value.replace("_", " ").capitalize()
        name = of.country or stage
        return "Not broken down" if name is None else _labelled(name, of.kind)


def _labelled(name: str, kind: ContributionGroupKind) -> str:
    return name if kind is ContributionGroupKind.KNOWN else f"{name}, not broken down"


@strawberry.type(description="How much the result follows one line, or one product's own term.")
class Elasticity:
    answer: strawberry.Private[ElasticityAnswer]
    line: int | None = strawberry.field(
        description="The number of the line, as the viewer counts the consumer's lines; null: the consumer's own term."
    )
    elasticity: Decimal = strawberry.field(
        description="Percent by which the result changes per percent of the line's amount, or of the own term."
    )
    broken_down: bool = strawberry.field(
        description="False: an own term that holds what is not shown, such as a declared result."
    )

    @strawberry.field(description="Whose line or own term it is.")
    async def consumer(self, info: Info) -> LazyProduct:
        return await info.context.loaders.visible_product(self.answer.consumer_key)

    @strawberry.field(description="The product that the line takes; null: the consumer's own term.")
    async def supplier(self, info: Info) -> LazyProduct | None:
        return await info.context.loaders.product(self.answer.supplier_key)


@strawberry.type(description="What would change the result most.")
class Elasticities:
    entries: list[Elasticity] = strawberry.field(description="Largest first, by absolute size; none that is zero.")
    reason: str | None = strawberry.field(description="Why there are none, for people; null where there may be some.")


@strawberry.type(description="One place on a supply path.")
class SupplyPathStep:
    answer: strawberry.Private[StepAnswer]
    line: int | None = strawberry.field(
        description="The number of the line that leads here, as the viewer counts the lines of the step before; null "
        "at the product asked about."
    )
    amount: Decimal = strawberry.field(
        description="How much of the product one declared unit of the product asked about takes on this path, in the "
        "product's declared units."
    )

    @strawberry.field(description="The product.")
    async def product(self, info: Info) -> LazyProduct:
        return await info.context.loaders.visible_product(self.answer.product_key)


@strawberry.type(description="A way through the supply chain: from the product asked about to where it is emitted.")
class SupplyPath:
    steps: list[SupplyPathStep] = strawberry.field(description="From the product asked about, line by line.")
    own_emissions: Decimal = strawberry.field(
        description="kg CO2e of the last product's own term on this path, per declared unit of the product asked about."
    )
    share_percent: Decimal = strawberry.field(
        description="Percent of the result, both as they are shown; 0 where that is 0."
    )
    broken_down: bool = strawberry.field(
        description="False: the last product's own term holds what is not shown, such as a declared result."
    )


@strawberry.type(description="The supply paths worth most.")
class SupplyPaths:
    paths: list[SupplyPath] = strawberry.field(
        description="Largest own emissions first, by absolute amount. A loop is walked as often as it is worth it."
    )
    coverage_percent: Decimal = strawberry.field(
        description="Percent of the result that the paths explain together: 100 where there are no others, more only "
        "where something lowers the result."
    )
    complete: bool = strawberry.field(
        description=f"False: a larger path may be missing, because the search stopped after {PATH_NODES_MAX:,} places "
        f"or met a path of more than {PATH_LINES_MAX} lines."
    )


@strawberry.type(description="A product that rests on another one.")
class DownstreamProduct:
    answer: strawberry.Private[Any]
    share_percent: Decimal | None = strawberry.field(
        description="Percent of its result that would not be there if the other product were worth nothing; with "
        "credits it may be negative or above 100. Null: its result is 0."
    )

    @staticmethod
    def of(answer: Resting) -> DownstreamProduct:
        return DownstreamProduct(answer=answer, share_percent=answer.share_percent)

    @strawberry.field(description="The product.")
    async def product(self, info: Info) -> LazyProduct:
        return await info.context.loaders.visible_product(self.answer.product_key)


async def contributions_by(
    root: strawberry.Parent[Any],
    info: Info,
    grouping: Annotated[ContributionGrouping, strawberry.argument(description="By what.")],
    first: Annotated[
        int | None, strawberry.argument(description=f"How many groups, 1 to {GROUPS_MAX}.")
    ] = GROUPS_DEFAULT,
) -> list[ContributionGroup]:
    count = int(bounded("first", first, GROUPS_DEFAULT, 1, GROUPS_MAX))
    explained = root.answer.explanation
    found = await info.context.session.compute(lambda: explained.contributions_by(grouping, count))
    return [ContributionGroup.of(group) for group in found]


async def elasticities(
    root: strawberry.Parent[Any],
    info: Info,
    first: Annotated[
        int | None, strawberry.argument(description=f"How many, 1 to {ELASTICITIES_MAX}.")
    ] = ELASTICITIES_DEFAULT,
) -> Elasticities:
    count = int(bounded("first", first, ELASTICITIES_DEFAULT, 1, ELASTICITIES_MAX))
    found = await info.context.session.compute(lambda: root.answer.explanation.elasticities(count))
    entries = [
        Elasticity(answer=one, line=one.line, elasticity=one.elasticity, broken_down=one.broken_down)
        for one in found.entries
    ]
    return Elasticities(entries=entries, reason=found.reason)


async def top_paths(
    root: strawberry.Parent[Any],
    info: Info,
    first: Annotated[int | None, strawberry.argument(description=f"How many, 1 to {PATHS_MAX}.")] = PATHS_DEFAULT,
) -> SupplyPaths:
    count = int(bounded("first", first, PATHS_DEFAULT, 1, PATHS_MAX))
    found = await info.context.session.compute(lambda: root.answer.explanation.top_paths(count))
    paths = [
        SupplyPath(
            steps=[SupplyPathStep(answer=step, line=step.line, amount=step.amount) for step in path.steps],
            own_emissions=path.own_kg_co2e,
            share_percent=path.share_percent,
            broken_down=path.broken_down,
        )
        for path in found.paths
    ]
    return SupplyPaths(paths=paths, coverage_percent=found.coverage_percent, complete=found.complete)


async def downstream(
    root: strawberry.Parent[Any],
    info: Info,
    as_of: Annotated[dt.date | None, AS_OF] = UNSET,
    known_at: Annotated[dt.datetime | None, KNOWN_AT] = UNSET,
    first: Annotated[int | None, FIRST] = UNSET,
    after: Annotated[str | None, AFTER] = UNSET,
) -> Connection[DownstreamProduct] | None:
    page = page_of(first, after, None, None)
    dates = day_of(given(as_of)), microseconds_of(given(known_at))
    answers = await info.context.session.downstream(root.answer.product.key, *dates, page)
    return None if answers is None else connection(answers, DownstreamProduct.of)
