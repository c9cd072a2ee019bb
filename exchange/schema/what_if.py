"""What-if: questions to a product, and the answers side by side. Nothing is written.

The inputs are read as graphql-core leaves them, as those of publishing are (footprint_values): mappings by the API's
names, defaults filled in.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Final

import strawberry
from strawberry import UNSET
from strawberry.types.base import get_object_definition

from exchange.errors import InvalidInput, Problems
from exchange.operations.answers.values import RefusedAnswer
from exchange.operations.reading.what_if import (
    CHANGES_MAX,
    SCENARIOS_MAX,
    ScenarioAnswer,
    ScenarioRefusedAnswer,
    WhatIfAnswer,
)
from exchange.operations.requests import what_if_inputs as values
from exchange.operations.requests.inputs import ProductKey as ProductKeyValue
from exchange.operations.requests.inputs import StageEmissionsInput as StageEmissionsValue
from exchange.rollup import ContributionChange as ContributionChangeAnswer
from exchange.rollup import Figures
from exchange.schema.bounds import bounded
from exchange.schema.carbon import CarbonComponents
from exchange.schema.enumerations import AmountUnit, DeclaredUnit, PriceBasis, RollUpRefusedCode
from exchange.schema.errors import Problem, problem_of
from exchange.schema.footprint_inputs import CarbonComponentsInput, ProductKey, StageEmissionsInput
from exchange.schema.footprint_values import components_value, product_key_value
from exchange.schema.instants import date_of, instant_of
from exchange.schema.roll_ups import CONTRIBUTIONS_DEFAULT, CONTRIBUTIONS_MAX, RollUpRefused
from exchange.schema.work import Info

if TYPE_CHECKING:
    from exchange.schema.products import Product

LazyProduct = Annotated["Product", strawberry.lazy("exchange.schema.products")]
Stated = Mapping[str, Any]
Path = tuple[str, ...]

OWN_PROCESS: Final = "The product whose process is changed: one of your own, with a modelled footprint."
LINE_NUMBER: Final = "The number of the line in its footprint, from 1."


@strawberry.input(
    description="What you make yourself instead of buying it, such as power from your own roof. Its emissions count as "
    "direct emissions of the process."
)
class OwnSupplyInput:
    emissions: CarbonComponentsInput = strawberry.field(
        description='kg CO2e per one unit of what you make; "0" for fossil where making it emits nothing.'
    )
    unit: AmountUnit = strawberry.field(description="The unit, such as KILOWATT_HOUR; of the same kind as the line's.")


@strawberry.input(one_of=True, description="What takes the place: exactly one of the two.")
class SubstituteInput:
    supplier: ProductKey | None = strawberry.field(
        default=UNSET,
        description="A product that you see, and that is yours, public or granted to you: in the same amount and unit.",
    )
    own: OwnSupplyInput | None = strawberry.field(default=UNSET, description="What you make yourself.")


@strawberry.input(description="Another supplier, amount or unit for one line. What is absent stays as the line has it.")
class LineChangeInput:
    product: ProductKey = strawberry.field(description=OWN_PROCESS)
    line: int = strawberry.field(description=LINE_NUMBER)
    supplier: ProductKey | None = strawberry.field(
        default=UNSET, description="A product that you see, and that is yours, public or granted to you."
    )
    amount: Decimal | None = strawberry.field(
        default=UNSET, description="How much per declared unit of the process's product."
    )
    unit: AmountUnit | None = strawberry.field(default=UNSET, description="The unit of the amount.")
    currency: str | None = strawberry.field(default=UNSET, description="ISO 4217; required with the unit MONEY.")
    price_year: int | None = strawberry.field(default=UNSET, description="Year of the prices; required with MONEY.")
    price_basis: PriceBasis | None = strawberry.field(default=UNSET, description="Which prices; required with MONEY.")


@strawberry.input(description="Other direct emissions of one process, stage by stage. Stages that are absent stay.")
class DirectChangeInput:
    product: ProductKey = strawberry.field(description=OWN_PROCESS)
    direct: list[StageEmissionsInput] = strawberry.field(
        description="What the process itself emits, as in publishing; stages inside cradle to gate."
    )


@strawberry.input(
    description="A share of one line from elsewhere: recycled input (percent of the material comes from another "
    "product), or rooftop power (percent of the electricity is made by yourself)."
)
class ShareOfLineInput:
    product: ProductKey = strawberry.field(description=OWN_PROCESS)
    line: int = strawberry.field(description=LINE_NUMBER)
    percent: Decimal = strawberry.field(description="Of the line's amount, 0 to 100. The rest stays where it is from.")
    by: SubstituteInput = strawberry.field(description="What serves that share, in the line's unit.")


@strawberry.input(
    description="Another product in every line of your processes that one product serves: other electricity, or with a "
    "percentage rooftop power everywhere."
)
class ReplaceSupplierInput:
    supplier: ProductKey = strawberry.field(description="What is replaced, such as the grid's electricity.")
    by: SubstituteInput = strawberry.field(description="What takes its place, in the same amounts and units.")
    percent: Decimal = strawberry.field(
        default=Decimal(100), description="How much of each amount is replaced, 0 to 100."
    )


@strawberry.input(one_of=True, description="One change of your own processes: exactly one of these.")
class ScenarioChangeInput:
    line: LineChangeInput | None = strawberry.field(
        default=UNSET, description="Another supplier, amount or unit for one line."
    )
    direct: DirectChangeInput | None = strawberry.field(
        default=UNSET, description="Other direct emissions of one process."
    )
    share_of_line: ShareOfLineInput | None = strawberry.field(
        default=UNSET, description="A share of one line from elsewhere: recycled input, rooftop power."
    )
    replace_supplier: ReplaceSupplierInput | None = strawberry.field(
        default=UNSET, description="Another product wherever one serves: other electricity, rooftop power."
    )


@strawberry.input(description="What if: changes of your own processes, made one after the other.")
class ScenarioInput:
    name: str | None = strawberry.field(default=UNSET, description="What you call it; it comes back with the answer.")
    changes: list[ScenarioChangeInput] = strawberry.field(
        default_factory=list, description=f"At most {CHANGES_MAX}. None: the plain result."
    )


def _as_stated(_: type, stated: Stated, __: object) -> Stated:
    return stated


SCENARIOS: Final = strawberry.argument(
    description=f"Up to {SCENARIOS_MAX} in one request; one without changes is the plain result.",
    graphql_type=list[ScenarioInput],
)
get_object_definition(ScenarioInput, strict=True).from_input = _as_stated


@strawberry.type(description="A result of a scenario, or the result without it; kg CO2e per declared unit.")
class WhatIfFigures:
    pcf_excluding_biogenic_uptake: Decimal = strawberry.field(description="The sum of the first eight components.")
    pcf_including_biogenic_uptake: Decimal = strawberry.field(
        description="With biogenicCO2Uptake and unspecifiedBiogenic."
    )
    components: CarbonComponents = strawberry.field(description="By component.")
    lower: Decimal = strawberry.field(
        description="Numerical interval of pcfExcludingBiogenicUptake. Not data uncertainty."
    )
    upper: Decimal = strawberry.field(
        description="Numerical interval of pcfExcludingBiogenicUptake. Not data uncertainty."
    )

    @staticmethod
    def of(figures: Figures) -> WhatIfFigures:
        return WhatIfFigures(
            pcf_excluding_biogenic_uptake=figures.excluding,
            pcf_including_biogenic_uptake=figures.including,
            components=CarbonComponents.of(figures.components),
            lower=figures.lower,
            upper=figures.upper,
        )


@strawberry.type(description="What a scenario changes in what one product adds to the result; kg CO2e.")
class ContributionChange:
    answer: strawberry.Private[ContributionChangeAnswer]
    before: Decimal = strawberry.field(description="As in contributions of cradleToGate; 0 where it is not in it.")
    after: Decimal = strawberry.field(description="In the scenario; 0 where it is no longer in it.")
    difference: Decimal = strawberry.field(description="after - before.")

    @strawberry.field(description="The product.")
    async def product(self, info: Info) -> LazyProduct:
        return await info.context.loaders.visible_product(self.answer.product_key)


@strawberry.type(description="The answer of one scenario.")
class Scenario:
    answer: strawberry.Private[ScenarioAnswer]
    name: str | None = strawberry.field(description="As you called it.")
    before: WhatIfFigures = strawberry.field(description="The plain result: what cradleToGate answers.")
    after: WhatIfFigures = strawberry.field(description="The result in the scenario; closed totals stay as they are.")
    difference_excluding_biogenic_uptake: Decimal = strawberry.field(description="after - before, kg CO2e.")
    difference_including_biogenic_uptake: Decimal = strawberry.field(description="after - before, kg CO2e.")

    @strawberry.field(
        description="Where the difference comes from, largest first: own terms of products in the viewer's view. They "
        "sum to differenceExcludingBiogenicUptake, up to rounding."
    )
    async def contributions(
        self,
        info: Info,
        first: Annotated[
            int | None, strawberry.argument(description=f"How many, 1 to {CONTRIBUTIONS_MAX}.")
        ] = CONTRIBUTIONS_DEFAULT,
    ) -> list[ContributionChange]:
        count = int(bounded("first", first, CONTRIBUTIONS_DEFAULT, 1, CONTRIBUTIONS_MAX))
        return [
            ContributionChange(
                answer=one,
                before=one.before_kg_co2e,
                after=one.after_kg_co2e,
                difference=one.difference_kg_co2e,
            )
            for one in await info.context.session.compute(lambda: self.answer.contributions(count))
        ]

    @staticmethod
    def of(answer: ScenarioAnswer) -> Scenario:
        before, after = answer.before, answer.after
        return Scenario(
            answer=answer,
            name=answer.name,
            before=WhatIfFigures.of(before),
            after=WhatIfFigures.of(after),
            difference_excluding_biogenic_uptake=after.excluding - before.excluding,
            difference_including_biogenic_uptake=after.including - before.including,
        )


@strawberry.type(description="Why one scenario has no answer; the others are answered.")
class ScenarioRefused:
    answer: strawberry.Private[RefusedAnswer]
    name: str | None = strawberry.field(description="As you called it.")
    code: RollUpRefusedCode = strawberry.field(description="LOOP_WITHOUT_ANSWER.")
    message: str = strawberry.field(description="Why, and what to do, for people.")
    path: list[str] = strawberry.field(description="The scenario, from the argument on; list positions as text.")

    @strawberry.field(description="The products of the loop, all of the viewer's view.")
    async def members(self, info: Info) -> list[LazyProduct]:
        return await info.context.loaders.products_seen(self.answer.member_keys)

    @staticmethod
    def of(answer: ScenarioRefusedAnswer) -> ScenarioRefused:
        refusal = answer.refusal
        return ScenarioRefused(
            answer=refusal,
            name=answer.name,
            code=RollUpRefusedCode(refusal.code),
            message=refusal.message,
            path=list(answer.path),
        )


ScenarioResult = Annotated[
    Scenario | ScenarioRefused,
    strawberry.union("ScenarioResult", description="A scenario's answer, or why it has none."),
]


@strawberry.type(description="Scenarios on your own processes side by side, computed on your view. Nothing is written.")
class WhatIf:
    as_of: dt.date = strawberry.field(description="The day that it was asked for.")
    known_at: dt.datetime = strawberry.field(description="What was published by then counts.")
    declared_unit_amount: Decimal = strawberry.field(description="How many units one declared unit has.")
    declared_unit_of_measurement: DeclaredUnit = strawberry.field(description="The unit.")
    scenarios: list[ScenarioResult] = strawberry.field(description="In the order in which they were asked.")

    @staticmethod
    def of(answer: WhatIfAnswer) -> WhatIf:
        return WhatIf(
            as_of=date_of(answer.as_of_day),
            known_at=instant_of(answer.known_at_us),
            declared_unit_amount=answer.declared_unit_amount,
            declared_unit_of_measurement=DeclaredUnit(answer.declared_unit),
            scenarios=[
                ScenarioRefused.of(each) if isinstance(each, ScenarioRefusedAnswer) else Scenario.of(each)
                for each in answer.scenarios
            ],
        )


@strawberry.type(description="What is wrong with the scenarios: every mistake of all of them. None was answered.")
class ScenariosInvalid:
    message: str = strawberry.field(description="What is wrong and what to do, for people.")
    problems: list[Problem] = strawberry.field(description="Every wrong field, from the argument scenarios on.")


WhatIfResult = Annotated[
    WhatIf | RollUpRefused | ScenariosInvalid,
    strawberry.union(
        "WhatIfResult",
        description="The scenarios' answers; why the product has no result at all; or every mistake of the scenarios.",
    ),
]


async def what_if(
    info: Info, product_key: int, scenarios: list[Stated], dates: tuple[int | None, int | None]
) -> WhatIf | RollUpRefused | ScenariosInvalid:
    """The answer of `Product.whatIf`."""
    problems = Problems()
    read = [
        scenario_value(scenario, problems, ("scenarios", str(position))) for position, scenario in enumerate(scenarios)
    ]
    work = info.context
    try:
        answer = await work.session.what_if(work.exchange.refused_scenarios, product_key, read, *dates, problems)
    except InvalidInput as error:
        return ScenariosInvalid(message=error.message, problems=[problem_of(problem) for problem in error.problems])
    return RollUpRefused.of(answer) if isinstance(answer, RefusedAnswer) else WhatIf.of(answer)


def scenario_value(given: Stated, problems: Problems, path: Path) -> values.ScenarioInput:
    """The value of a ScenarioInput. Malformed ids are added to `problems`, below `path`."""
    changes = given.get("changes") or ()
    return values.ScenarioInput(
        name=given.get("name"),
        changes=tuple(
            _change(change, problems, (*path, "changes", str(position))) for position, change in enumerate(changes)
        ),
    )


def _change(given: Stated, problems: Problems, path: Path) -> values.ChangeInput:
    [(field, stated)] = given.items()  # graphql-core saw to it that there is exactly one
    path = (*path, field)

    def product(name: str) -> ProductKeyValue:
        return product_key_value(stated[name], problems, (*path, name))

    match field:
        case "line":
            return values.LineChangeInput(
                product=product("product"),
                line=stated["line"],
                supplier=product("supplier") if stated.get("supplier") else None,
                amount=stated.get("amount"),
                unit=stated.get("unit"),
                currency=stated.get("currency"),
                price_year=stated.get("priceYear"),
                price_basis=stated.get("priceBasis"),
            )
        case "direct":
            stages = [
                StageEmissionsValue(one["stage"], components_value(one["components"])) for one in stated["direct"]
            ]
            return values.DirectChangeInput(product("product"), tuple(stages))
        case "shareOfLine":
            by = _substitute(stated["by"], problems, (*path, "by"))
            return values.ShareOfLineInput(product("product"), stated["line"], stated["percent"], by)
    by = _substitute(stated["by"], problems, (*path, "by"))
    return values.ReplaceSupplierInput(product("supplier"), by, stated["percent"])


def _substitute(given: Stated, problems: Problems, path: Path) -> values.SubstituteInput:
    if given.get("supplier"):
        supplier = product_key_value(given["supplier"], problems, (*path, "supplier"))
        return values.SubstituteInput(supplier=supplier)
    own = given["own"]
    return values.SubstituteInput(own=values.OwnSupplyInput(components_value(own["emissions"]), own["unit"]))
