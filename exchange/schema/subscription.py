"""Subscription: what is told bit by bit, over WebSocket alone. Its resolver checks and begins; what it yields is
decided anew each time, by a session of its own (exchange.operations.reading.sampling)."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, Final

import strawberry
from strawberry import UNSET

from exchange.operations.answers.values import RefusedAnswer
from exchange.operations.reading.sampling import Asked, SamplingProgress, sampling
from exchange.operations.reading.session import Session
from exchange.rollup.monte_carlo import RUN_SAMPLES_MAX, SAMPLES_MIN, SEED_MAX
from exchange.schema.bounds import bounded
from exchange.schema.connections import given
from exchange.schema.dates import AS_OF, KNOWN_AT
from exchange.schema.ids import uuid_of
from exchange.schema.instants import date_of, day_of, instant_of, microseconds_of
from exchange.schema.roll_ups import RollUpRefused
from exchange.schema.uncertainty import SEED_DEFAULT, MonteCarlo
from exchange.schema.work import Info, Work

RUN_SAMPLES_DEFAULT: Final = 10_000


@strawberry.type(description="How far a Monte Carlo run has come.")
class MonteCarloProgress:
    as_of: dt.date = strawberry.field(description="The day that it was asked for.")
    known_at: dt.datetime = strawberry.field(description="What was published by then counts.")
    samples_done: int = strawberry.field(
        description="How many are drawn. It begins again where what the viewer is shown has changed meanwhile."
    )
    samples: int = strawberry.field(description="How many are drawn in the end.")
    finished: bool = strawberry.field(description="Whether all are drawn: this is the result, and the last message.")
    estimate: MonteCarlo = strawberry.field(
        description="What those drawn so far say; of all of them the same that RollUp.monteCarlo answers to the same "
        "dates, samples and seed."
    )

    @staticmethod
    def of(answer: SamplingProgress) -> MonteCarloProgress:
        return MonteCarloProgress(
            as_of=date_of(answer.as_of_day),
            known_at=instant_of(answer.known_at_us),
            samples_done=answer.done,
            samples=answer.samples,
            finished=answer.done == answer.samples,
            estimate=MonteCarlo.of(answer.draws),
        )


MonteCarloRun = Annotated[
    MonteCarloProgress | RollUpRefused,
    strawberry.union("MonteCarloRun", description="How far a run has come, or why there is none."),
]


async def _told(work: Work, asked: Asked) -> AsyncGenerator[MonteCarloProgress | RollUpRefused | None, None]:
    async def anew() -> Session:
        await work.renew()
        return work.session

    async with aclosing(sampling(work.exchange.runs, asked, anew, lambda: work.told)) as found:
        async for each in found:
            if isinstance(each, RefusedAnswer):
                yield RollUpRefused.of(each)
            else:
                yield None if each is None else MonteCarloProgress.of(each)


async def _nothing() -> AsyncGenerator[None, None]:
    yield None


@strawberry.type(description="What is told bit by bit, over WebSocket.")
class Subscription:
    @strawberry.subscription(
        description="A product's cradle to gate drawn many times, on the viewer's view, as RollUp.monteCarlo does at "
        "once: about every second how far it has come, and in the end the result. Null, and nothing after it: the "
        "product is unknown or not visible."
    )
    async def monte_carlo(
        self,
        info: Info,
        product: Annotated[strawberry.ID, strawberry.argument(description="The product's id.")],
        as_of: Annotated[dt.date | None, AS_OF] = UNSET,
        known_at: Annotated[dt.datetime | None, KNOWN_AT] = UNSET,
        samples: Annotated[
            int | None, strawberry.argument(description=f"How many, {SAMPLES_MIN} to {RUN_SAMPLES_MAX}.")
        ] = RUN_SAMPLES_DEFAULT,
        seed: Annotated[
            int | None, strawberry.argument(description="Of the random numbers; the same gives the same.")
        ] = SEED_DEFAULT,
    ) -> AsyncGenerator[MonteCarloRun | None, None]:
        count = int(bounded("samples", samples, RUN_SAMPLES_DEFAULT, SAMPLES_MIN, RUN_SAMPLES_MAX))
        start = int(bounded("seed", seed, SEED_DEFAULT, 0, SEED_MAX))
        uuid = uuid_of(product, "Product")
        if uuid is None:
            return _nothing()
        dates = day_of(given(as_of)), microseconds_of(given(known_at))
        return _told(info.context, Asked(uuid, *dates, count, start))
