"""Benchmark editions, and where an own product stands in them. Who sees what of them: operations.benchmark_answers."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import strawberry
from strawberry import UNSET

from exchange.benchmarks.comparable import price_of
from exchange.model.benchmark import UNSTATED
from exchange.model.benchmark import BenchmarkSet as SetOf
from exchange.operations.benchmarks import answers as benchmark_answers
from exchange.operations.benchmarks.answers import EditionAnswer, PlaceAnswer
from exchange.schema.benchmark_enumerations import (
    BenchmarkGroups,
    BenchmarkPosition,
    BenchmarkReason,
    BiogenicConvention,
)
from exchange.schema.connections import AFTER, BEFORE, FIRST, LAST, Connection, connection, page_of
from exchange.schema.enumerations import DeclaredUnit, PriceBasis, SystemBoundary
from exchange.schema.ids import global_id
from exchange.schema.instants import date_of, instant_of
from exchange.schema.nodes import Node
from exchange.schema.scalars import Urn
from exchange.schema.work import Info
from exchange.units import BASE_UNIT

if TYPE_CHECKING:
    from exchange.schema.alliances import Alliance

LazyAlliance = Annotated["Alliance", strawberry.lazy("exchange.schema.alliances")]


@strawberry.type(
    description="Which results a benchmark counts together: those that are alike in all of this. Nothing narrows it."
)
class BenchmarkSet:
    category: Urn = strawberry.field(description="A classification that products have, or one above it in its system.")
    system_boundary: SystemBoundary = strawberry.field(description="What part of the life cycle the results cover.")
    unit: DeclaredUnit = strawberry.field(
        description="What numbers are per: one of this. Results per kilowatt hour are counted per megajoule, say."
    )
    currency: str | None = strawberry.field(description="ISO 4217, where the unit is MONEY.")
    price_year: int | None = strawberry.field(description="Year of the prices, where the unit is MONEY.")
    price_basis: PriceBasis | None = strawberry.field(description="Which prices, where the unit is MONEY.")
    biogenic_convention: BiogenicConvention | None = strawberry.field(
        description="What the results do with biogenic uptake. Null: they do not say, so some may count it."
    )

    @staticmethod
    def of(of: SetOf) -> BenchmarkSet:
        price = price_of(of.price)
        return BenchmarkSet(
            category=Urn(of.category),
            system_boundary=of.boundary,
            unit=BASE_UNIT[of.dimension],
            currency=price.currency if price else None,
            price_year=price.year if price else None,
            price_basis=price.basis if price else None,
            biogenic_convention=None if of.convention == UNSTATED else BiogenicConvention(of.convention),
        )


@strawberry.type(
    description="Statistics over comparable results of an alliance's members, published once a quarter, and the same "
    "for all of them. Shown to the alliance's members of the day, and to nobody else."
)
class BenchmarkEdition(Node):
    answer: strawberry.Private[EditionAnswer]
    counts: BenchmarkSet = strawberry.field(description="Which results are counted.")
    quarter: str = strawberry.field(description="The quarter that it is of, such as 2026-Q3.")
    closing_date: dt.date = strawberry.field(
        description="The last day of that quarter: results, members and consent are those of that day."
    )
    published_at: dt.datetime = strawberry.field(description="When it was published.")
    lower_quartile: Decimal | None = strawberry.field(
        description="Of the groups' values, a quarter lie below about this; kg CO2e per unit. Null: fewer than nine."
    )
    median: Decimal = strawberry.field(
        description="Half of the groups' values lie below about this; kg CO2e per unit. It is nobody's value, and lies "
        "on a grid."
    )
    upper_quartile: Decimal | None = strawberry.field(
        description="Three quarters lie below about this; kg CO2e per unit. Null: fewer than nine groups."
    )
    grid_step_percent: int = strawberry.field(
        description="Numbers are powers of 1 + this percentage, the nearest ones: 10, from twelve groups on 5."
    )
    groups: BenchmarkGroups = strawberry.field(description="How many corporate groups are counted, no closer.")
    in_force: bool = strawberry.field(description="Whether no newer edition has taken its place.")
    kept_because: BenchmarkReason | None = strawberry.field(
        description="Of one in force, why the newest quarter has no other. Null: it is of that quarter, or superseded."
    )

    @staticmethod
    def of(answer: EditionAnswer) -> BenchmarkEdition:
        edition = answer.edition
        return BenchmarkEdition(
            id=global_id("BenchmarkEdition", edition.id),
            answer=answer,
            counts=BenchmarkSet.of(edition.of),
            quarter=edition.quarter,
            closing_date=date_of(edition.closing_day),
            published_at=instant_of(edition.at_us),
            lower_quartile=edition.lower_quartile,
            median=edition.median,
            upper_quartile=edition.upper_quartile,
            grid_step_percent=edition.step_percent,
            groups=BenchmarkGroups(edition.groups),
            in_force=answer.in_force,
            kept_because=answer.kept_because,
        )

    @strawberry.field(description="Whose members are counted.")
    async def alliance(self, info: Info) -> LazyAlliance:
        return await info.context.loaders.visible_alliance(self.answer.edition.of.alliance_id)

    @strawberry.field(description="Editions of the same results before this one, the newest first.")
    async def earlier(
        self,
        info: Info,
        first: Annotated[int | None, FIRST] = UNSET,
        after: Annotated[str | None, AFTER] = UNSET,
        last: Annotated[int | None, LAST] = UNSET,
        before: Annotated[str | None, BEFORE] = UNSET,
    ) -> Connection[BenchmarkEdition]:
        page = page_of(first, after, last, before)
        found = await benchmark_answers.earlier(info.context.session, self.answer.edition, page)
        return connection(found, BenchmarkEdition.of)


@strawberry.type(description="Where an own product stands among the results that it is comparable with.")
class BenchmarkPlace:
    counts: BenchmarkSet = strawberry.field(description="Which results those are.")
    emissions: Decimal = strawberry.field(
        description="The product's own result on the dates asked about, kg CO2e per unit, to twelve digits."
    )
    edition: BenchmarkEdition | None = strawberry.field(
        description="The edition in force. Null: nothing is published; `reason` says why."
    )
    reason: BenchmarkReason | None = strawberry.field(
        description="Why nothing is published, or nothing newer. Null: the edition is of the newest quarter."
    )
    position: BenchmarkPosition | None = strawberry.field(
        description="Where the product's result lies, read off the edition's numbers and off nothing else. Null: there "
        "is none."
    )

    @staticmethod
    def of(answer: PlaceAnswer) -> BenchmarkPlace:
        return BenchmarkPlace(
            counts=BenchmarkSet.of(answer.of),
            emissions=answer.kg_co2e_per_base_unit,
            edition=None if answer.edition is None else BenchmarkEdition.of(answer.edition),
            reason=answer.reason,
            position=answer.position,
        )
