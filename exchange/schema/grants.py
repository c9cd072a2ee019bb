"""Grants: the owner's permissions. Shown to the product's owner and to whom they reach."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated

import strawberry

from exchange.operations.answers import GrantAnswer
from exchange.schema.enumerations import GrantLevel
from exchange.schema.ids import global_id
from exchange.schema.instants import instant_of
from exchange.schema.nodes import Node
from exchange.schema.organizations import Organization
from exchange.schema.work import Info

if TYPE_CHECKING:
    from exchange.schema.products import Product


@strawberry.type(description="A permission: which product, to whom, how much detail, from when to when.")
class Grant(Node):
    answer: strawberry.Private[GrantAnswer]
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
            level=GrantLevel[answer.level.name],
            onward=answer.onward,
            from_=instant_of(answer.from_us),
            until=instant_of(answer.until_us),
            revoked_at=instant_of(answer.revoked_at_us),
        )

    @strawberry.field(description="The product; null where the viewer may not see it any more.")
    async def product(self, info: Info) -> Annotated[Product, strawberry.lazy("exchange.schema.products")] | None:
        return await info.context.loaders.product(self.answer.product_key)

    @strawberry.field(description="To whom. Null: everybody.")
    async def organization(self, info: Info) -> Organization | None:
        if self.answer.organization_id is None:
            return None
        return await info.context.loaders.organization(self.answer.organization_id)
