"""What another organization sees of an own product: by which grants, and what of its footprint."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, cast

import strawberry

from exchange.operations.reading.access_of import AccessOfAnswer, AccessReason, ShownAnswer
from exchange.operations.reading.access_of import AccessRoute as RouteAnswer
from exchange.operations.reading.access_of import ShownLine as ShownLineAnswer
from exchange.operations.reading.access_of import ShownPart as ShownPartAnswer
from exchange.schema.access_enumerations import AccessReasonCode, AccessRouteCondition, AccessRouteKind, Disclosure
from exchange.schema.carbon import CarbonComponents
from exchange.schema.enumerations import AccessLevel
from exchange.schema.footprints import Line
from exchange.schema.grants import Grant
from exchange.schema.instants import instant_of
from exchange.schema.long_lists import Made
from exchange.schema.roll_ups import RollUpRefused
from exchange.schema.work import Info

if TYPE_CHECKING:
    from exchange.schema.organizations import Organization
    from exchange.schema.products import Product

LazyProduct = Annotated["Product", strawberry.lazy("exchange.schema.products")]
LazyOrganization = Annotated["Organization", strawberry.lazy("exchange.schema.organizations")]


@strawberry.type(description="Why something is shown only on a condition, or not at all.", name="AccessReason")
class Reason:
    answer: strawberry.Private[AccessReason]
    code: AccessReasonCode = strawberry.field(description="Stable; which reason.")
    line: int | None = strawberry.field(description="The number of the line that it is about, as you see it.")

    @staticmethod
    def of(answer: AccessReason) -> Reason:
        return Reason(answer=answer, code=answer.code, line=answer.line)

    @strawberry.field(description="The product that would have to be visible. Null: none, or you do not see it either.")
    async def product(self, info: Info) -> LazyProduct | None:
        return await info.context.loaders.product(self.answer.product_key)


@strawberry.type(description="Whether a part of a footprint is shown.")
class ShownPart:
    disclosure: Disclosure = strawberry.field(description="Whether it is.")
    reasons: list[Reason] = strawberry.field(
        description="CONDITIONAL: what has to hold, all of it. HIDDEN: what hides it. SHOWN: none."
    )

    @staticmethod
    def of(part: ShownPartAnswer) -> ShownPart:
        return ShownPart(disclosure=part.disclosure, reasons=[Reason.of(each) for each in part.reasons])


@strawberry.type(description="A line of the footprint, and whether it is shown.")
class ShownLine:
    line: Line = strawberry.field(
        description="The line, as you see it. Another sees it without its scores, and numbered among those shown to it."
    )
    disclosure: Disclosure = strawberry.field(description="Whether it is shown.")
    reasons: list[Reason] = strawberry.field(
        description="CONDITIONAL: what has to hold, all of it. HIDDEN: what hides it. SHOWN: none."
    )

    @staticmethod
    def of(answer: ShownLineAnswer) -> ShownLine:
        reasons = [Reason.of(each) for each in answer.part.reasons]
        return ShownLine(line=Line.of(answer.line), disclosure=answer.part.disclosure, reasons=reasons)


@strawberry.type(
    description="What the level shows of the footprint that stands. Earlier versions are shown at the same level."
)
class ShownFootprint:
    pcf_excluding_biogenic_uptake: Decimal | None = strawberry.field(
        description="The total, kg CO2e per declared unit, without biogenic uptake; null: there is no result."
    )
    pcf_including_biogenic_uptake: Decimal | None = strawberry.field(description="The same with biogenic uptake.")
    components: CarbonComponents | None = strawberry.field(description="The same by component.")
    refused: RollUpRefused | None = strawberry.field(description="Why there is no result; null: there is one.")
    has_gaps: bool = strawberry.field(description="Whether it is told that a line is a gap; never which.")
    direct: ShownPart = strawberry.field(description="Direct emissions, and emissions by stage.")
    lines: list[ShownLine] = strawberry.field(description="All lines of the footprint; none below INPUTS.")
    rest: Decimal | None = strawberry.field(
        description="At INPUTS: what is left as one number, the total minus the lines that are SHOWN, kg CO2e per "
        "declared unit without biogenic uptake; digit for digit ownEmissions at the root of its tree. Less is left for "
        "each CONDITIONAL one that is shown, too."
    )
    comment: str | None = strawberry.field(description="At INPUTS: the footprint's comment, whole.")

    @staticmethod
    def of(answer: ShownAnswer) -> ShownFootprint:
        total = answer.total
        return ShownFootprint(
            pcf_excluding_biogenic_uptake=None if total is None else total.excluding,
            pcf_including_biogenic_uptake=None if total is None else total.including,
            components=None if total is None else CarbonComponents.of(total.components),
            refused=None if answer.refused is None else RollUpRefused.of(answer.refused),
            has_gaps=answer.has_gaps,
            direct=ShownPart.of(answer.direct),
            lines=cast("list[ShownLine]", Made(answer.lines, ShownLine.of)),
            rest=answer.rest_kg_co2e,
            comment=answer.comment,
        )


@strawberry.type(description="A grant of yours by which an organization sees a product, or may.")
class AccessRoute:
    answer: strawberry.Private[RouteAnswer]
    kind: AccessRouteKind = strawberry.field(description="How the grant reaches it.")
    level: AccessLevel = strawberry.field(description="What it shows.")
    in_force: bool = strawberry.field(description="Whether it holds now; if not, it begins later.")
    from_: dt.datetime = strawberry.field(name="from", description="When it begins.")
    until: dt.datetime | None = strawberry.field(description="When it ends, exclusive; null: open.")
    condition: AccessRouteCondition | None = strawberry.field(
        description="What has to be so, which others decide and you are not shown. Null: nothing."
    )

    @staticmethod
    def of(answer: RouteAnswer) -> AccessRoute:
        return AccessRoute(
            answer=answer,
            kind=answer.kind,
            level=AccessLevel[answer.level.name],
            in_force=answer.in_force,
            from_=instant_of(answer.from_us),
            until=instant_of(answer.until_us),
            condition=answer.condition,
        )

    @strawberry.field(description="The grant; null: the one that is only asked about.")
    async def grant(self) -> Grant | None:
        return None if self.answer.grant is None else Grant.of(self.answer.grant)


@strawberry.type(description="What an organization sees of a product of yours, by all that you may know.")
class ProductAccess:
    answer: strawberry.Private[AccessOfAnswer]
    level: AccessLevel | None = strawberry.field(
        description="The level that it has for certain; null: none. OWNER: it is the owner, and sees everything."
    )
    level_at_most: AccessLevel | None = strawberry.field(
        description="The level that it has if the conditions of all routes hold; null: none."
    )
    routes: list[AccessRoute] = strawberry.field(
        description="By which grants, those that begin later included; in the order in which they were given."
    )
    shown: ShownFootprint | None = strawberry.field(
        description="What it is shown at `level`; null: nothing, or, as the owner, everything."
    )

    @staticmethod
    def of(answer: AccessOfAnswer) -> ProductAccess:
        return ProductAccess(
            answer=answer,
            level=AccessLevel[answer.level.name] if answer.level else None,
            level_at_most=AccessLevel[answer.level_at_most.name] if answer.level_at_most else None,
            routes=[AccessRoute.of(route) for route in answer.routes],
            shown=None if answer.shown is None else ShownFootprint.of(answer.shown),
        )

    @strawberry.field(description="The organization.")
    async def organization(self, info: Info) -> LazyOrganization:
        return await info.context.loaders.visible_organization(self.answer.organization_id)
