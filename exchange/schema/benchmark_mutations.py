"""Publishing a quarter of benchmark editions, which is the operator's."""

# ruff: noqa: A002 (the API's own argument names)

from __future__ import annotations

import datetime as dt
from typing import Annotated

import strawberry
from strawberry import UNSET

from exchange.operations.benchmarks.publishing import Published, publish_benchmarks
from exchange.schema.connections import given
from exchange.schema.errors import AccessDenied, Conflict, InvalidInput
from exchange.schema.instants import date_of, instant_of
from exchange.schema.work import Info
from exchange.schema.writing import DONE_OR_NOT, written


@strawberry.input(
    description="Which quarter. It takes no idempotency key: a quarter is published once, and asking again is answered "
    "with what was published."
)
class PublishBenchmarksInput:
    closing: dt.date | None = strawberry.field(
        default=UNSET, description="The last day of the quarter; of the newest that has ended if not given (UTC)."
    )


@strawberry.type(description="A quarter whose benchmark editions are published, of all alliances.")
class PublishBenchmarksPayload:
    quarter: str = strawberry.field(description="The quarter, such as 2026-Q3.")
    closing_date: dt.date = strawberry.field(description="Its last day.")
    published_at: dt.datetime = strawberry.field(description="When it was published.")
    published_before: bool = strawberry.field(
        description="Whether it was published before this was asked, so that nothing was done."
    )
    new_editions: int = strawberry.field(description="How many editions the quarter brought.")
    kept_editions: int = strawberry.field(description="How many earlier ones stay in force.")
    sets_without_edition: int = strawberry.field(
        description="Of how many more sets with six groups or more nothing is published."
    )
    products: int = strawberry.field(description="How many products were counted, each once.")

    @staticmethod
    def of(published: Published) -> PublishBenchmarksPayload:
        quarter = published.quarter
        return PublishBenchmarksPayload(
            quarter=quarter.id,
            closing_date=date_of(quarter.closing_day),
            published_at=instant_of(quarter.at_us),
            published_before=published.again,
            new_editions=quarter.new,
            kept_editions=quarter.kept,
            sets_without_edition=quarter.none,
            products=quarter.products,
        )


PublishBenchmarksResult = Annotated[
    PublishBenchmarksPayload | InvalidInput | AccessDenied | Conflict,
    strawberry.union("PublishBenchmarksResult", description=DONE_OR_NOT),
]


@strawberry.type
class BenchmarkMutations:
    @strawberry.mutation(
        description="Publishes a quarter of benchmark editions of all alliances: all of them or none. Needs ADMINISTER."
    )
    async def publish_benchmarks(
        self, info: Info, input: Annotated[PublishBenchmarksInput, strawberry.argument(description="Which quarter.")]
    ) -> PublishBenchmarksResult:
        closing, work = given(input.closing), info.context
        published = await written(info, lambda: publish_benchmarks(work.exchange, work.viewer, closing))
        return PublishBenchmarksPayload.of(published)
