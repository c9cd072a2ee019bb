"""Grants: the owner's permissions. Shown to the owner of the products and to whom they reach."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated

import strawberry

from exchange.model.grant import AccessLevel
from exchange.operations.answers.values import GrantAnswer
from exchange.operations.reading.grant_use import GrantUse as LastUse
from exchange.schema.access_enumerations import GrantUseCode
from exchange.schema.alliances import Alliance
from exchange.schema.enumerations import GrantLevel
from exchange.schema.ids import global_id
from exchange.schema.instants import instant_of
from exchange.schema.nodes import Node
from exchange.schema.scalars import Urn
from exchange.schema.work import Info

if TYPE_CHECKING:
    from exchange.schema.organizations import Organization
    from exchange.schema.products import Product

LazyOrganization = Annotated["Organization", strawberry.lazy("exchange.schema.organizations")]


@strawberry.type(
    description="When a grant was last used. That one was shown lines is kept, by day; not what was asked, and not by "
    "which of several grants that reach it."
)
class GrantUse:
    use: strawberry.Private[LastUse]
    code: GrantUseCode = strawberry.field(description="What is known of it.")
    at: dt.datetime | None = strawberry.field(
        description="With READ: when a client was last shown what was computed from lines that it is of, that is the "
        "first such answer of that day (UTC)."
    )

    @strawberry.field(description="With READ: whose client that was.")
    async def organization(self, info: Info) -> LazyOrganization | None:
        if self.use.organization_id is None:
            return None
        return await info.context.loaders.organization(self.use.organization_id)


@strawberry.type(description="A permission: which products, to whom, how much detail, from when to when.")
class Grant(Node):
    answer: strawberry.Private[GrantAnswer]
    everything: bool = strawberry.field(
        description="Whether it is of all of the owner's products, and of those that it registers later."
    )
    classification: Urn | None = strawberry.field(
        description="Of all of the owner's products with this classification, later ones included; null: not so."
    )
    level: GrantLevel = strawberry.field(description="How much it shows.")
    onward: bool = strawberry.field(
        description="Whether those who see the lines of the grantee's products see this product's total, too."
    )
    from_: dt.datetime = strawberry.field(name="from", description="When it begins.")
    until: dt.datetime | None = strawberry.field(description="When it ends, exclusive; null: open.")
    revoked_at: dt.datetime | None = strawberry.field(description="When it was revoked; null while it stands.")

    @staticmethod
    def of(answer: GrantAnswer) -> Grant:
        return Grant(
            id=global_id("Grant", answer.id),
            answer=answer,
            everything=answer.product_key is None and answer.classification is None,
            classification=None if answer.classification is None else Urn(answer.classification),
            level=GrantLevel.BENCHMARK if answer.level == AccessLevel.NONE else GrantLevel[answer.level.name],
            onward=answer.onward,
            from_=instant_of(answer.from_us),
            until=instant_of(answer.until_us),
            revoked_at=instant_of(answer.revoked_at_us),
        )

    @strawberry.field(description="Who gave it.")
    async def owner(self, info: Info) -> LazyOrganization:
        return await info.context.loaders.visible_organization(self.answer.owner_id)

    @strawberry.field(
        description="The client of the owner that gave it, as `exchange client add` named it. The owner's; null to "
        "everybody else."
    )
    async def granted_by(self, info: Info) -> str | None:
        return await info.context.loaders.granted_by(self.answer)

    @strawberry.field(
        description="When it was last used, as far as that is kept: reads of lines, by whom a grant at INPUTS reaches. "
        "The owner's; null to everybody else."
    )
    async def last_used(self, info: Info) -> GrantUse | None:
        use = await info.context.loaders.last_use(self.answer)
        return None if use is None else GrantUse(use=use, code=use.code, at=instant_of(use.at_us))

    @strawberry.field(description="The product; null: of many, or the viewer may not see it any more.")
    async def product(self, info: Info) -> Annotated[Product, strawberry.lazy("exchange.schema.products")] | None:
        return await info.context.loaders.product(self.answer.product_key)

    @strawberry.field(description="To which alliance, that is to its members of the day. Null: to none.")
    async def alliance(self, info: Info) -> Alliance | None:
        return await info.context.loaders.alliance(self.answer.alliance_id)

    @strawberry.field(description="To which organization. Null: to everybody, or to an alliance.")
    async def organization(self, info: Info) -> LazyOrganization | None:
        if self.answer.organization_id is None:
            return None
        return await info.context.loaders.organization(self.answer.organization_id)
