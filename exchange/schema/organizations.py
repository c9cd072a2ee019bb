"""Organizations: the enterprises that own products, and publishers of datasets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import strawberry
from strawberry import UNSET

from exchange.model.paging import ProductQuery
from exchange.operations.answers.values import OrganizationAnswer
from exchange.operations.reading import alliance_answers, member_answers
from exchange.schema.alliances import Membership
from exchange.schema.audit import AuditEntry
from exchange.schema.connections import AFTER, BEFORE, FIRST, LAST, Connection, connection, page_of
from exchange.schema.grants import Grant
from exchange.schema.ids import global_id
from exchange.schema.members import Member
from exchange.schema.nodes import Node
from exchange.schema.scalars import Urn
from exchange.schema.work import Info

if TYPE_CHECKING:
    from exchange.schema.products import Product


@strawberry.type(description="An enterprise that takes part in the exchange.")
class Organization(Node):
    answer: strawberry.Private[OrganizationAnswer]
    company_ids: list[Urn] = strawberry.field(description="URNs that identify the company, as in PACT.")
    name: str = strawberry.field(description="Its name.")

    @staticmethod
    def of(answer: OrganizationAnswer) -> Organization:
        return Organization(
            id=global_id("Organization", answer.id),
            answer=answer,
            company_ids=[Urn(urn) for urn in answer.company_ids],
            name=answer.name,
        )

    @strawberry.field(description="The corporate group's head; itself where it stands alone.")
    async def group(self, info: Info) -> Organization:
        if self.answer.group_id == self.answer.id:
            return self
        # A head that the viewer may not see is not shown to exist.
        return await info.context.loaders.organization(self.answer.group_id) or self

    @strawberry.field(description="The organization's products that the viewer may see, by name.")
    async def products(
        self,
        info: Info,
        first: Annotated[int | None, FIRST] = UNSET,
        after: Annotated[str | None, AFTER] = UNSET,
        last: Annotated[int | None, LAST] = UNSET,
        before: Annotated[str | None, BEFORE] = UNSET,
    ) -> Connection[Annotated[Product, strawberry.lazy("exchange.schema.products")]]:
        page = page_of(first, after, last, before)
        answers = await info.context.session.list_products(ProductQuery(owner_id=self.answer.id), page)
        return connection(answers, info.context.loaders.show_product)

    @strawberry.field(
        description="The organization's audit trail, newest first: what it did, saw and tried, and what others did "
        "with its own. Its administrators', auditors' and the operator's; null to everybody else."
    )
    async def audit(
        self,
        info: Info,
        first: Annotated[int | None, FIRST] = UNSET,
        after: Annotated[str | None, AFTER] = UNSET,
        last: Annotated[int | None, LAST] = UNSET,
        before: Annotated[str | None, BEFORE] = UNSET,
    ) -> Connection[AuditEntry] | None:
        page = page_of(first, after, last, before)
        answers = await info.context.session.list_audit(self.answer.id, page)
        return None if answers is None else connection(answers, AuditEntry.of)

    @strawberry.field(
        description="Who acts for it, oldest first: people and service accounts, each with its role. Its "
        "administrators', auditors' and the operator's; null to everybody else."
    )
    async def members(
        self,
        info: Info,
        removed: Annotated[
            bool, strawberry.argument(description="Also those who were removed, whom the audit trail still names.")
        ] = False,
        first: Annotated[int | None, FIRST] = UNSET,
        after: Annotated[str | None, AFTER] = UNSET,
        last: Annotated[int | None, LAST] = UNSET,
        before: Annotated[str | None, BEFORE] = UNSET,
    ) -> Connection[Member] | None:
        page = page_of(first, after, last, before)
        found = await member_answers.members_of(info.context.session, self.answer.id, page, removed=removed)
        return None if found is None else connection(found, Member.of)

    @strawberry.field(
        description="Alliances that it is in, and invitations to it, oldest first. Its own; null to everybody else."
    )
    async def memberships(
        self,
        info: Info,
        first: Annotated[int | None, FIRST] = UNSET,
        after: Annotated[str | None, AFTER] = UNSET,
        last: Annotated[int | None, LAST] = UNSET,
        before: Annotated[str | None, BEFORE] = UNSET,
    ) -> Connection[Membership] | None:
        page = page_of(first, after, last, before)
        found = await alliance_answers.memberships_of(info.context.session, self.answer.id, page)
        return None if found is None else connection(found, Membership.of)

    @strawberry.field(
        description="All grants that it gave, newest first, revoked ones included: who may see what, from when, until "
        "when, and which client granted it. Its own; null to everybody else."
    )
    async def grants(
        self,
        info: Info,
        first: Annotated[int | None, FIRST] = UNSET,
        after: Annotated[str | None, AFTER] = UNSET,
        last: Annotated[int | None, LAST] = UNSET,
        before: Annotated[str | None, BEFORE] = UNSET,
    ) -> Connection[Grant] | None:
        page = page_of(first, after, last, before)
        found = await info.context.session.list_grants_by(self.answer.id, page)
        return None if found is None else connection(found, Grant.of)
