"""The audit trail as an organization reads its own: what it did, and what others did with what is its own."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated, Final

import strawberry

from exchange.operations.reading.audit_reading import AuditAnswer
from exchange.schema.enumerations import AuditKind
from exchange.schema.ids import global_id
from exchange.schema.instants import instant_of
from exchange.schema.work import Info

if TYPE_CHECKING:
    from exchange.schema.organizations import Organization
    from exchange.schema.products import Product

# Of what kind a thing is that `node` finds by the subject's id; a key, say, has no id here.
SUBJECT_TYPES: Final = {
    AuditKind.ORGANIZATION_ADDED: "Organization",
    AuditKind.CLIENT_ADDED: "Member",
    AuditKind.CLIENT_REVOKED: "Member",
    AuditKind.CLIENT_ROLE_CHANGED: "Member",
    AuditKind.CLIENT_SECRET_ROTATED: "Member",
    AuditKind.GROUP_CHANGED: "Organization",
    AuditKind.PRODUCT_CREATED: "Product",
    AuditKind.RELEASE_CREATED: "Release",
    AuditKind.FOOTPRINT_PUBLISHED: "Footprint",
    AuditKind.FOOTPRINT_DEPRECATED: "Footprint",
    AuditKind.ACCESS_GRANTED: "Grant",
    AuditKind.ACCESS_REVOKED: "Grant",
    AuditKind.ALLIANCE_FOUNDED: "Alliance",
    AuditKind.MEMBER_INVITED: "Membership",
    AuditKind.MEMBER_JOINED: "Membership",
    AuditKind.INVITATION_ENDED: "Membership",
    AuditKind.MEMBER_LEFT: "Membership",
    AuditKind.BENCHMARK_READ: "Alliance",
}


@strawberry.type(
    description="One entry of the audit trail. It is shown to the organization that acted and to the one whose things "
    "it concerns, and to nobody else; of OWN_EMISSIONS_SWINGS to the second alone."
)
class AuditEntry:
    answer: strawberry.Private[AuditAnswer]
    at: dt.datetime = strawberry.field(description="When it was written; a later entry is never older.")
    kind: AuditKind = strawberry.field(description="What happened.")
    subject: strawberry.ID | None = strawberry.field(
        description="Id of what was written, for `node`; null where it has none."
    )
    client: str | None = strawberry.field(
        description="The client that acted. Told to the organization that it acts for; null to everybody else."
    )
    detail: str | None = strawberry.field(
        description="What more is kept: of a grant its level, of which products, to whom and how long; of a membership "
        "the alliance; of a member its role; of a denied write its mutation; of a benchmark its quarter and category."
    )
    hash: str = strawberry.field(
        description="The chain's hash up to this entry, 64 hexadecimal digits. Note it down: `exchange audit verify "
        "--head` then finds whether a later file of the trail still has it."
    )

    @staticmethod
    def of(answer: AuditAnswer) -> AuditEntry:
        kind = AuditKind(answer.kind)
        named = SUBJECT_TYPES.get(kind)
        return AuditEntry(
            answer=answer,
            at=instant_of(answer.at_us),
            kind=kind,
            subject=None if named is None else global_id(named, answer.subject),
            client=answer.client_id,
            detail=answer.detail,
            hash=answer.hash,
        )

    @strawberry.field(description="Who acted. Null: the operator, or somebody without a token.")
    async def organization(
        self, info: Info
    ) -> Annotated[Organization, strawberry.lazy("exchange.schema.organizations")] | None:
        if self.answer.organization_id is None:
            return None
        return await info.context.loaders.organization(self.answer.organization_id)

    @strawberry.field(
        description="The product that it concerns. Null: none, or one that the viewer may not see any more."
    )
    async def product(self, info: Info) -> Annotated[Product, strawberry.lazy("exchange.schema.products")] | None:
        if self.answer.product_id is None:
            return None
        return await info.context.loaders.product_by_id(self.answer.product_id)
