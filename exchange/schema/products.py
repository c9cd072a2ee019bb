"""Products: the nodes of the supply-chain graph, and what each leads to."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import strawberry
from strawberry import UNSET

from exchange.operations.answers.values import ProductAnswer
from exchange.schema import explanation
from exchange.schema.accesses import ProductAccess
from exchange.schema.connections import AFTER, BEFORE, FIRST, LAST, Connection, connection, given, page_of
from exchange.schema.dates import AS_OF, KNOWN_AT
from exchange.schema.enumerations import AccessLevel, OrderDirection, ProductOrder
from exchange.schema.explanation import DownstreamProduct
from exchange.schema.footprints import Footprint
from exchange.schema.grants import Grant
from exchange.schema.ids import global_id, uuid_of
from exchange.schema.instants import day_of, microseconds_of
from exchange.schema.nodes import Node
from exchange.schema.organizations import Organization
from exchange.schema.refused_loops import RefusedLoop
from exchange.schema.roll_ups import RollUpResult
from exchange.schema.scalars import Urn
from exchange.schema.what_if import SCENARIOS, Stated, WhatIfResult, what_if
from exchange.schema.work import Info


@strawberry.input(description="Which products: all given conditions hold.")
class ProductFilter:
    name_contains: str | None = strawberry.field(default=UNSET, description="Part of the name, without regard to case.")
    owner: strawberry.ID | None = strawberry.field(default=UNSET, description="Id of the organization that owns it.")
    classification: Urn | None = strawberry.field(default=UNSET, description="One of its classifications.")
    product_id: Urn | None = strawberry.field(default=UNSET, description="One of its identifiers.")


@strawberry.input(name="ProductOrder", description="In which order.")
class ProductOrderInput:
    field: ProductOrder = strawberry.field(description="By what.")
    direction: OrderDirection = strawberry.field(default=OrderDirection.ASC, description="Which end first.")


@strawberry.type(description="A product of an organization: a node of the supply-chain graph.")
class Product(Node):
    answer: strawberry.Private[ProductAnswer]
    product_ids: list[Urn] = strawberry.field(description="URNs that identify it, in the owner's namespaces.")
    name: str = strawberry.field(description="Its name.")
    description: str | None = strawberry.field(description="What it is.")
    classifications: list[Urn] = strawberry.field(description="What kind of product it is, as URNs.")
    access: AccessLevel = strawberry.field(description="The viewer's level on this product.")

    @staticmethod
    def of(answer: ProductAnswer) -> Product:
        product = answer.product
        return Product(
            id=global_id("Product", product.id),
            answer=answer,
            product_ids=[Urn(urn) for urn in product.product_ids],
            name=product.name,
            description=product.description,
            classifications=[Urn(urn) for urn in product.classifications],
            access=AccessLevel[answer.access.name],
        )

    @strawberry.field(description="Who makes and publishes it.")
    async def owner(self, info: Info) -> Organization:
        return await info.context.loaders.visible_organization(self.answer.product.owner_id)

    @strawberry.field(description="The footprint that stands for the product; null where none does.")
    async def footprint(
        self,
        info: Info,
        as_of: Annotated[dt.date | None, AS_OF] = UNSET,
        known_at: Annotated[dt.datetime | None, KNOWN_AT] = UNSET,
    ) -> Footprint | None:
        dates = day_of(given(as_of)), microseconds_of(given(known_at))
        return await info.context.loaders.standing_footprint(self.answer.product.key, dates)

    @strawberry.field(description="Every version that the viewer may see, newest first.")
    async def footprints(
        self,
        info: Info,
        first: Annotated[int | None, FIRST] = UNSET,
        after: Annotated[str | None, AFTER] = UNSET,
        last: Annotated[int | None, LAST] = UNSET,
        before: Annotated[str | None, BEFORE] = UNSET,
    ) -> Connection[Footprint]:
        page = page_of(first, after, last, before)
        answers = await info.context.session.list_footprints(self.answer.product.key, page)
        return connection(answers, Footprint.of)

    @strawberry.field(description="Computed on demand, on the viewer's view.")
    async def cradle_to_gate(
        self,
        info: Info,
        as_of: Annotated[dt.date | None, AS_OF] = UNSET,
        known_at: Annotated[dt.datetime | None, KNOWN_AT] = UNSET,
    ) -> RollUpResult:
        dates = day_of(given(as_of)), microseconds_of(given(known_at))
        return await info.context.loaders.cradle_to_gate(self, dates)

    @strawberry.field(
        description="What it would carry if your own processes were others: scenarios side by side, computed on the "
        "viewer's view. Nothing is written."
    )
    async def what_if(
        self,
        info: Info,
        scenarios: Annotated[list[Stated], SCENARIOS],
        as_of: Annotated[dt.date | None, AS_OF] = UNSET,
        known_at: Annotated[dt.datetime | None, KNOWN_AT] = UNSET,
    ) -> WhatIfResult:
        dates = day_of(given(as_of)), microseconds_of(given(known_at))
        return await what_if(info, self.answer.product.key, scenarios, dates)

    @strawberry.field(
        description="What an organization sees of it: how, and what exactly. Told by the owner's own facts; what other "
        "owners decide is a condition. The owner's; null to everybody else, and where there is no such organization."
    )
    async def access_of(
        self,
        info: Info,
        organization: Annotated[strawberry.ID, strawberry.argument(description="Id of the organization.")],
        as_of: Annotated[dt.date | None, AS_OF] = UNSET,
        known_at: Annotated[dt.datetime | None, KNOWN_AT] = UNSET,
    ) -> ProductAccess | None:
        dates = day_of(given(as_of)), microseconds_of(given(known_at))
        uuid = uuid_of(organization, "Organization")
        if uuid is None:
            return None
        answer = await info.context.loaders.access_of(self.answer.product.key, uuid, dates)
        return None if answer is None else ProductAccess.of(answer)

    @strawberry.field(description="Who may see it. The owner's; null to everybody else.")
    async def grants(
        self,
        info: Info,
        first: Annotated[int | None, FIRST] = UNSET,
        after: Annotated[str | None, AFTER] = UNSET,
        last: Annotated[int | None, LAST] = UNSET,
        before: Annotated[str | None, BEFORE] = UNSET,
    ) -> Connection[Grant] | None:
        page = page_of(first, after, last, before)
        answers = await info.context.session.list_grants(self.answer.product.key, page)
        return None if answers is None else connection(answers, Grant.of)

    downstream: Connection[DownstreamProduct] | None = strawberry.field(
        resolver=explanation.downstream,
        description="Other products that the viewer may open and whose views lead to this one, with how much of each "
        "rests on it, largest first. The owner's; null to everybody else.",
    )

    @strawberry.field(
        description="Attempts of anybody, refused because they would have closed a loop without an answer through this "
        "product, newest first; the newest thousand. The owner's; null to everybody else."
    )
    async def refused_loops(
        self,
        info: Info,
        first: Annotated[int | None, FIRST] = UNSET,
        after: Annotated[str | None, AFTER] = UNSET,
        last: Annotated[int | None, LAST] = UNSET,
        before: Annotated[str | None, BEFORE] = UNSET,
    ) -> Connection[RefusedLoop] | None:
        page = page_of(first, after, last, before)
        answers = await info.context.session.list_refused_loops(self.answer.product.key, page)
        return None if answers is None else connection(answers, RefusedLoop.of)
