"""Alliances and who is in them. Who sees what of them: exchange.operations.reading.alliance_answers."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated

import strawberry
from strawberry import UNSET

from exchange.operations.answers.values import AllianceAnswer, MembershipAnswer
from exchange.operations.benchmarks import answers as benchmark_answers
from exchange.operations.reading import alliance_answers
from exchange.schema.benchmarks import BenchmarkEdition, BenchmarkPlace
from exchange.schema.connections import AFTER, BEFORE, FIRST, LAST, Connection, connection, given, page_of
from exchange.schema.dates import AS_OF, KNOWN_AT
from exchange.schema.ids import global_id, uuid_of
from exchange.schema.instants import day_of, instant_of, microseconds_of
from exchange.schema.nodes import Node
from exchange.schema.work import Info

if TYPE_CHECKING:
    from exchange.schema.organizations import Organization

LazyOrganization = Annotated["Organization", strawberry.lazy("exchange.schema.organizations")]


@strawberry.type(description="Organizations that share with each other as one. Its members see who they are.")
class Alliance(Node):
    answer: strawberry.Private[AllianceAnswer]
    name: str = strawberry.field(description="Its name, which no other alliance has.")

    @staticmethod
    def of(answer: AllianceAnswer) -> Alliance:
        return Alliance(id=global_id("Alliance", answer.id), answer=answer, name=answer.name)

    @strawberry.field(description="Who founded it. The members'; null to everybody else.")
    async def founder(self, info: Info) -> LazyOrganization | None:
        if not self.answer.is_member:
            return None
        return await info.context.loaders.visible_organization(self.answer.founder_id)

    @strawberry.field(description="When it was founded. The members'; null to everybody else.")
    async def founded_at(self) -> dt.datetime | None:
        return instant_of(self.answer.founded_at_us) if self.answer.is_member else None

    @strawberry.field(
        description="Who is in it, the longest first: the first one convenes it, and invites. The members'; null to "
        "everybody else."
    )
    async def members(
        self,
        info: Info,
        first: Annotated[int | None, FIRST] = UNSET,
        after: Annotated[str | None, AFTER] = UNSET,
        last: Annotated[int | None, LAST] = UNSET,
        before: Annotated[str | None, BEFORE] = UNSET,
    ) -> Connection[Membership] | None:
        page = page_of(first, after, last, before)
        found = alliance_answers.members(await info.context.loaders.memberships_in(self.answer), page)
        return None if found is None else connection(found, Membership.of)

    @strawberry.field(
        description="Invitations that wait for an answer, the oldest first. The members'; null to everybody else."
    )
    async def invitations(
        self,
        info: Info,
        first: Annotated[int | None, FIRST] = UNSET,
        after: Annotated[str | None, AFTER] = UNSET,
        last: Annotated[int | None, LAST] = UNSET,
        before: Annotated[str | None, BEFORE] = UNSET,
    ) -> Connection[Membership] | None:
        page = page_of(first, after, last, before)
        found = alliance_answers.invitations(await info.context.loaders.memberships_in(self.answer), page)
        return None if found is None else connection(found, Membership.of)

    @strawberry.field(
        description="The benchmark editions in force, by category: the newest published of each. The members'; null to "
        "everybody else."
    )
    async def benchmarks(
        self,
        info: Info,
        first: Annotated[int | None, FIRST] = UNSET,
        after: Annotated[str | None, AFTER] = UNSET,
        last: Annotated[int | None, LAST] = UNSET,
        before: Annotated[str | None, BEFORE] = UNSET,
    ) -> Connection[BenchmarkEdition] | None:
        page = page_of(first, after, last, before)
        found = await benchmark_answers.benchmarks(info.context.session, self.answer, page)
        return None if found is None else connection(found, BenchmarkEdition.of)

    @strawberry.field(
        description="Where an own product stands, in each of its categories and in those above them. Empty: it has no "
        "result on these dates, or no classification. Null: not a member, or not the product's owner."
    )
    async def benchmark_places(
        self,
        info: Info,
        product: Annotated[strawberry.ID, strawberry.argument(description="Id of the product.")],
        as_of: Annotated[dt.date | None, AS_OF] = UNSET,
        known_at: Annotated[dt.datetime | None, KNOWN_AT] = UNSET,
    ) -> list[BenchmarkPlace] | None:
        uuid = uuid_of(product, "Product")
        if uuid is None:
            return None
        dates = day_of(given(as_of)), microseconds_of(given(known_at))
        found = await benchmark_answers.places(info.context.session, self.answer, uuid, *dates)
        return None if found is None else [BenchmarkPlace.of(each) for each in found]


@strawberry.type(
    description="An organization in an alliance, or invited to it. Shown to that organization and to the alliance's "
    "members, until it has ended."
)
class Membership(Node):
    answer: strawberry.Private[MembershipAnswer]
    invited_at: dt.datetime = strawberry.field(description="When it was invited; of the founder when it founded.")
    from_: dt.datetime | None = strawberry.field(
        name="from", description="Since when it is a member; null: invited, and has not answered."
    )

    @staticmethod
    def of(answer: MembershipAnswer) -> Membership:
        return Membership(
            id=global_id("Membership", answer.id),
            answer=answer,
            invited_at=instant_of(answer.invited_at_us),
            from_=instant_of(answer.joined_us),
        )

    @strawberry.field(description="Which alliance.")
    async def alliance(self, info: Info) -> Alliance:
        return await info.context.loaders.visible_alliance(self.answer.alliance_id)

    @strawberry.field(description="Which organization.")
    async def organization(self, info: Info) -> LazyOrganization:
        return await info.context.loaders.visible_organization(self.answer.organization_id)

    @strawberry.field(description="Who invited it; the founder itself.")
    async def invited_by(self, info: Info) -> LazyOrganization:
        return await info.context.loaders.visible_organization(self.answer.invited_by_id)
