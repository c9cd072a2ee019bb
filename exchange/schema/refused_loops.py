"""Refused loops: attempts that the owners of a loop's members are shown, and nobody else."""

from __future__ import annotations

import datetime as dt

import strawberry

from exchange.operations.answers.values import RefusedLoopAnswer
from exchange.schema.instants import instant_of
from exchange.schema.organizations import Organization
from exchange.schema.work import Info


@strawberry.type(
    description="An attempt to publish or to grant that was refused, because it would have closed a loop through the "
    "product that consumes at least one of itself."
)
class RefusedLoop:
    answer: strawberry.Private[RefusedLoopAnswer]
    at: dt.datetime = strawberry.field(description="When it was refused.")
    own: bool = strawberry.field(description="Whether the product's owner tried.")

    @staticmethod
    def of(answer: RefusedLoopAnswer) -> RefusedLoop:
        return RefusedLoop(answer=answer, at=instant_of(answer.at_us), own=answer.own)

    @strawberry.field(description="Who tried.")
    async def organization(self, info: Info) -> Organization:
        return await info.context.loaders.visible_organization(self.answer.organization_id)
