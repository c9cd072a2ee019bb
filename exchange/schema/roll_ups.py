"""Roll-ups: a product's cradle to gate on the viewer's view. Lists of it are computed when they are asked for."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Final

import strawberry

from exchange.operations.answers.values import (
    ContributionAnswer,
    FallbackUseAnswer,
    GapAnswer,
    RefusedAnswer,
    RollUpAnswer,
    TreeNodeAnswer,
)
from exchange.rollup.monte_carlo import SAMPLES_MAX, SAMPLES_MIN, SEED_MAX
from exchange.schema import explanation
from exchange.schema.bounds import bounded
from exchange.schema.carbon import CarbonComponents, DataQuality, StageEmissions
from exchange.schema.enumerations import DeclaredUnit, GapCode, RollUpRefusedCode
from exchange.schema.explain_files import ExplainFile, explain_file_of
from exchange.schema.explanation import ContributionGroup, Elasticities, SupplyPaths
from exchange.schema.footprints import Finding
from exchange.schema.instants import date_of, instant_of
from exchange.schema.uncertainty import (
    ADVICE_DEFAULT,
    ADVICE_MAX,
    SAMPLES_DEFAULT,
    SEED_DEFAULT,
    MonteCarlo,
    PrimaryDataAdvice,
    Uncertainty,
    UncertaintyAdvice,
)
from exchange.schema.work import Info

if TYPE_CHECKING:
    from exchange.schema.products import Product

LazyProduct = Annotated["Product", strawberry.lazy("exchange.schema.products")]

CONTRIBUTIONS_MAX: Final = 1_000  # more than anybody reads; whole answers are the explain file's
TREE_DEPTH_MAX: Final = 20  # as deep as a query may nest
TREE_NODES_MAX: Final = 1_000  # a page of them still answers in a second
CONTRIBUTIONS_DEFAULT: Final = 20
TREE_DEPTH_DEFAULT: Final = 3
TREE_CUTOFF_PERCENT_DEFAULT: Final = 1.0
TREE_NODES_DEFAULT: Final = 200


@strawberry.type(description="An input that could not be resolved: a hole in the result, never a silent zero.")
class Gap:
    answer: strawberry.Private[GapAnswer]
    code: GapCode = strawberry.field(description="Why.")
    message: str = strawberry.field(description="Why, for people.")
    line: int = strawberry.field(description="The number of the line in the consumer's footprint.")

    @strawberry.field(description="Whose line it is.")
    async def consumer(self, info: Info) -> LazyProduct:
        return await info.context.loaders.visible_product(self.answer.consumer_key)

    @strawberry.field(description="What the line names; null: registered by nobody, or not visible to the viewer.")
    async def product(self, info: Info) -> LazyProduct | None:
        return await info.context.loaders.product(self.answer.product_key)


@strawberry.type(description="A line that its fallback serves, because its own product could not.")
class FallbackUse:
    answer: strawberry.Private[FallbackUseAnswer]
    reason: GapCode = strawberry.field(description="Why the line's own product does not serve.")
    line: int = strawberry.field(description="The number of the line in the consumer's footprint.")

    @strawberry.field(description="Whose line it is.")
    async def consumer(self, info: Info) -> LazyProduct:
        return await info.context.loaders.visible_product(self.answer.consumer_key)

    @strawberry.field(description="What serves.")
    async def product(self, info: Info) -> LazyProduct:
        return await info.context.loaders.visible_product(self.answer.product_key)


@strawberry.type(description="What one product adds to the result.")
class Contribution:
    answer: strawberry.Private[ContributionAnswer]
    own_emissions: Decimal = strawberry.field(
        description="kg CO2e of the product's own term in the viewer's view, per declared unit of the product asked "
        "about."
    )
    share_percent: Decimal = strawberry.field(description="Percent of the result, both as they are shown.")
    broken_down: bool = strawberry.field(
        description="False: own and undisclosed, or a declared result that is not broken down."
    )

    @strawberry.field(description="The product.")
    async def product(self, info: Info) -> LazyProduct:
        return await info.context.loaders.visible_product(self.answer.product_key)


@strawberry.type(description="One place in the supply chain, as the viewer sees it.")
class ContributionNode:
    answer: strawberry.Private[TreeNodeAnswer]
    line: int | None = strawberry.field(description="The number of the line that leads here; null at the root.")
    amount: Decimal = strawberry.field(
        description="How much of the product one declared unit of the root takes on this path, in the product's "
        "declared units."
    )
    total_emissions: Decimal = strawberry.field(description="Cradle to gate on this path, kg CO2e.")
    own_emissions: Decimal = strawberry.field(description="The product's own term on this path, kg CO2e.")
    share_percent: Decimal = strawberry.field(description="Percent of the root's total, both as they are shown.")
    children: list[ContributionNode] = strawberry.field(description="Its lines, largest first.")

    @staticmethod
    def of(answer: TreeNodeAnswer) -> ContributionNode:
        return ContributionNode(
            answer=answer,
            line=answer.line,
            amount=answer.amount,
            total_emissions=answer.total_kg_co2e,
            own_emissions=answer.own_kg_co2e,
            share_percent=answer.share_percent,
            children=[ContributionNode.of(child) for child in answer.children],
        )

    @strawberry.field(description="The product.")
    async def product(self, info: Info) -> LazyProduct:
        return await info.context.loaders.visible_product(self.answer.product_key)


@strawberry.type(description="The supply chain as a tree, cut off where branches get small.")
class ContributionTree:
    root: ContributionNode = strawberry.field(description="The product asked about.")
    coverage_percent: Decimal = strawberry.field(
        description="Percent of the total that the shown nodes explain: 100 where nothing is hidden, more only where "
        "what is hidden lowers the total."
    )
    hidden_nodes: int = strawberry.field(description="How many branches of the view were cut off.")


@strawberry.type(description="Why there is no result; never a wrong one.")
class RollUpRefused:
    answer: strawberry.Private[RefusedAnswer]
    code: RollUpRefusedCode = strawberry.field(description="Why.")
    message: str = strawberry.field(description="Why, and what to do, for people.")

    @strawberry.field(
        description="For a loop without an answer: the members that the viewer may see; the others are only counted "
        "to their owner."
    )
    async def members(self, info: Info) -> list[LazyProduct]:
        return await info.context.loaders.products_seen(self.answer.member_keys)

    @staticmethod
    def of(answer: RefusedAnswer) -> RollUpRefused:
        return RollUpRefused(answer=answer, code=RollUpRefusedCode(answer.code), message=answer.message)


@strawberry.type(description="What one declared unit of a product carries from cradle to gate.")
class RollUp:
    answer: strawberry.Private[RollUpAnswer]
    product: LazyProduct = strawberry.field(description="The product asked about.")
    as_of: dt.date = strawberry.field(description="The day that it was asked for.")
    known_at: dt.datetime = strawberry.field(description="What was published by then counts.")
    ledger_sequence: Decimal | None = strawberry.field(
        description="The operator's; null to everybody else (it counts hidden writes)."
    )
    declared_unit_amount: Decimal = strawberry.field(description="How many units one declared unit has.")
    declared_unit_of_measurement: DeclaredUnit = strawberry.field(description="The unit.")
    pcf_excluding_biogenic_uptake: Decimal = strawberry.field(description="kg CO2e per declared unit.")
    pcf_including_biogenic_uptake: Decimal = strawberry.field(description="kg CO2e per declared unit.")
    lower: Decimal = strawberry.field(
        description="Certified numerical interval of pcfExcludingBiogenicUptake. Not data uncertainty."
    )
    upper: Decimal = strawberry.field(
        description="Certified numerical interval of pcfExcludingBiogenicUptake. Not data uncertainty."
    )
    components: CarbonComponents = strawberry.field(description="The result by component.")
    direct: CarbonComponents | None = strawberry.field(
        description="Direct emissions. Null: declared, or the viewer's level does not show it."
    )
    by_stage: list[StageEmissions] | None = strawberry.field(
        description="By life-cycle stage. Null: declared, or the viewer's level does not show it."
    )
    outbound_logistics_ghg_emissions: Decimal | None = strawberry.field(
        description="Transport to the customer, beside the result; null: nothing was said of it."
    )
    packaging_ghg_emissions: Decimal | None = strawberry.field(
        description="Of packaging, inside the result; null: nothing was said of it."
    )
    primary_data_share: Decimal = strawberry.field(
        description="Percent of the absolute result that rests on primary data."
    )
    data_quality: DataQuality = strawberry.field(description="Ratings over the whole chain, weighted by emissions.")
    exempted_emissions_percent: Decimal = strawberry.field(description="What the chain left out, in percent.")
    own_exempted_emissions_percent: Decimal | None = strawberry.field(
        description="The owner's own statement; null to everybody else."
    )
    ipcc_characterization_factors: list[str] = strawberry.field(
        description="The assessment reports in use; more than one is a finding."
    )
    findings: list[Finding] = strawberry.field(description="UPTAKE_POSITIVE, mixed GWP sets and the like.")
    unknown_components: list[str] = strawberry.field(
        description="Components that somebody on the way left unknown; of the view."
    )
    has_gaps: bool = strawberry.field(description="Whether any line of this product itself is a gap.")
    gaps: list[Gap] = strawberry.field(description="Gaps of the viewer's view.")
    fallbacks: list[FallbackUse] = strawberry.field(description="Lines of the viewer's view that fallbacks serve.")

    @staticmethod
    def of(answer: RollUpAnswer, product: Product) -> RollUp:
        sequence = answer.ledger_sequence
        return RollUp(
            answer=answer,
            product=product,
            as_of=date_of(answer.as_of_day),
            known_at=instant_of(answer.known_at_us),
            ledger_sequence=None if sequence is None else Decimal(sequence),
            declared_unit_amount=answer.declared_unit_amount,
            declared_unit_of_measurement=answer.declared_unit,
            pcf_excluding_biogenic_uptake=answer.excluding_kg_co2e,
            pcf_including_biogenic_uptake=answer.including_kg_co2e,
            lower=answer.lower_kg_co2e,
            upper=answer.upper_kg_co2e,
            components=CarbonComponents.of(answer.components),
            direct=None if answer.direct is None else CarbonComponents.of(answer.direct),
            by_stage=None
            if answer.by_stage is None
            else [StageEmissions.of(entry.stage, entry.components) for entry in answer.by_stage],
            outbound_logistics_ghg_emissions=answer.outbound_logistics_kg_co2e,
            packaging_ghg_emissions=answer.packaging_kg_co2e,
            primary_data_share=answer.primary_data_share_percent,
            data_quality=DataQuality.of(answer.data_quality),
            exempted_emissions_percent=answer.exempted_emissions_percent,
            own_exempted_emissions_percent=answer.own_exempted_emissions_percent,
            ipcc_characterization_factors=list(answer.ipcc_characterization_factors),
            findings=[Finding.of(finding) for finding in answer.findings],
            unknown_components=list(answer.unknown_components),
            has_gaps=answer.has_gaps,
            gaps=[Gap(answer=gap, code=gap.code, message=gap.message, line=gap.line) for gap in answer.gaps],
            fallbacks=[FallbackUse(answer=use, reason=use.reason, line=use.line) for use in answer.fallbacks],
        )

    @strawberry.field(
        description="The day from which the result may be another because something in the view expires; exclusive; "
        "to the month for whoever is not the owner."
    )
    async def valid_until(self, info: Info) -> dt.date | None:
        return date_of(await info.context.session.compute(self.answer.valid_until_day))

    @strawberry.field(description="Largest first, by absolute amount; of the viewer's view.")
    async def contributions(
        self,
        info: Info,
        first: Annotated[
            int | None, strawberry.argument(description=f"How many, 1 to {CONTRIBUTIONS_MAX}.")
        ] = CONTRIBUTIONS_DEFAULT,
    ) -> list[Contribution]:
        count = int(bounded("first", first, CONTRIBUTIONS_DEFAULT, 1, CONTRIBUTIONS_MAX))
        return [
            Contribution(
                answer=entry,
                own_emissions=entry.own_kg_co2e,
                share_percent=entry.share_percent,
                broken_down=entry.broken_down,
            )
            for entry in await info.context.session.compute(lambda: self.answer.contributions(count))
        ]

    @strawberry.field(description="The supply chain as a tree; of the viewer's view.")
    async def tree(
        self,
        info: Info,
        depth: Annotated[
            int | None, strawberry.argument(description=f"How many lines deep, 0 to {TREE_DEPTH_MAX}.")
        ] = TREE_DEPTH_DEFAULT,
        cutoff_percent: Annotated[
            float | None,
            strawberry.argument(description="Branches below this percentage of the total are cut off, 0 to 100."),
        ] = TREE_CUTOFF_PERCENT_DEFAULT,
        max_nodes: Annotated[
            int | None, strawberry.argument(description=f"How many nodes at most, 1 to {TREE_NODES_MAX}.")
        ] = TREE_NODES_DEFAULT,
    ) -> ContributionTree:
        deep = int(bounded("depth", depth, TREE_DEPTH_DEFAULT, 0, TREE_DEPTH_MAX))
        cutoff = float(bounded("cutoffPercent", cutoff_percent, TREE_CUTOFF_PERCENT_DEFAULT, 0, 100))
        most = int(bounded("maxNodes", max_nodes, TREE_NODES_DEFAULT, 1, TREE_NODES_MAX))
        tree = await info.context.session.compute(lambda: self.answer.tree(deep, cutoff, most))
        return ContributionTree(
            root=ContributionNode.of(tree.root),
            coverage_percent=tree.coverage_percent,
            hidden_nodes=tree.hidden_nodes,
        )

    contributions_by: list[ContributionGroup] = strawberry.field(
        resolver=explanation.contributions_by,
        description="The result in groups, largest first, by absolute amount; of the viewer's view. All groups "
        "together are the result, to the last digit: what is not broken down or not known is a group of its own.",
    )
    elasticities: Elasticities = strawberry.field(
        resolver=explanation.elasticities,
        description="What would change the result most: lines and own terms of the viewer's view.",
    )
    top_paths: SupplyPaths = strawberry.field(
        resolver=explanation.top_paths,
        description="The supply paths worth most, from the product to where something is emitted; of the viewer's "
        "view.",
    )

    @strawberry.field(description="sha256: of the viewer's explain file; equal digests mean equal inputs.")
    async def digest(self, info: Info) -> str:
        return await info.context.session.compute(self.answer.digest)

    @strawberry.field(
        description="What the result was computed from, to be kept and recomputed offline; of the viewer's view. Pin "
        "asOf and knownAt to get the same file again."
    )
    async def explain_file(self, info: Info) -> ExplainFile:
        return await explain_file_of(info, self.answer)

    @strawberry.field(
        description="The spread of pcfExcludingBiogenicUptake that follows from the spreads that were stated, "
        "analytically, over the whole supply chain; the same for every viewer."
    )
    async def uncertainty(self, info: Info) -> Uncertainty:
        return Uncertainty.of(await info.context.session.compute(self.answer.uncertainty))

    @strawberry.field(
        description="The spread of pcfExcludingBiogenicUptake by drawing at random, on the viewer's view. To be "
        "preferred to uncertainty where any stated spread is above 1.5: the analytic form is then too small. Products "
        "that are not shown open vary independently, also where they share suppliers that the viewer does not see."
    )
    async def monte_carlo(
        self,
        info: Info,
        samples: Annotated[
            int | None, strawberry.argument(description=f"How many, {SAMPLES_MIN} to {SAMPLES_MAX}.")
        ] = SAMPLES_DEFAULT,
        seed: Annotated[
            int | None, strawberry.argument(description="Of the random numbers; the same gives the same.")
        ] = SEED_DEFAULT,
    ) -> MonteCarlo:
        count = int(bounded("samples", samples, SAMPLES_DEFAULT, SAMPLES_MIN, SAMPLES_MAX))
        start = int(bounded("seed", seed, SEED_DEFAULT, 0, SEED_MAX))
        return MonteCarlo.of(await info.context.session.compute(lambda: self.answer.monte_carlo(count, start)))

    @strawberry.field(
        description="Inputs that would raise primaryDataShare most if their suppliers sent primary data, largest gain "
        "first; of the viewer's view."
    )
    async def primary_data_advice(
        self,
        info: Info,
        first: Annotated[int | None, strawberry.argument(description=f"How many, 1 to {ADVICE_MAX}.")] = ADVICE_DEFAULT,
    ) -> list[PrimaryDataAdvice]:
        count = int(bounded("first", first, ADVICE_DEFAULT, 1, ADVICE_MAX))
        advice = await info.context.session.compute(lambda: self.answer.primary_data_advice(count))
        return [PrimaryDataAdvice.of(each) for each in advice]

    @strawberry.field(
        description="Numbers that the spread of the result comes from, largest part first; of the viewer's view."
    )
    async def uncertainty_advice(
        self,
        info: Info,
        first: Annotated[int | None, strawberry.argument(description=f"How many, 1 to {ADVICE_MAX}.")] = ADVICE_DEFAULT,
    ) -> list[UncertaintyAdvice]:
        count = int(bounded("first", first, ADVICE_DEFAULT, 1, ADVICE_MAX))
        advice = await info.context.session.compute(lambda: self.answer.uncertainty_advice(count))
        return [UncertaintyAdvice.of(each) for each in advice]


RollUpResult = Annotated[
    RollUp | RollUpRefused, strawberry.union("RollUpResult", description="A result, or why there is none.")
]
