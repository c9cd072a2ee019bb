"""Query: every way into the graph. Each resolver reads through the operation's session; none decides who sees what."""

# ruff: noqa: A001, A002 (the API's own argument names)

from __future__ import annotations

import asyncio
import datetime as dt
from typing import Annotated, Final

import strawberry
from strawberry import UNSET

from exchange.errors import InvalidInput
from exchange.model.paging import ProductQuery
from exchange.operations.reading import alliance_answers
from exchange.schema.alliances import Alliance
from exchange.schema.comparisons import Comparison
from exchange.schema.connections import AFTER, BEFORE, FIRST, LAST, Connection, connection, given, page_of
from exchange.schema.dates import AS_OF, KNOWN_AT
from exchange.schema.enumerations import OrderDirection, ProductOrder, Scope
from exchange.schema.grant_previews import grant_preview
from exchange.schema.ids import named_by, uuid_of
from exchange.schema.instants import day_of, microseconds_of
from exchange.schema.nodes import Node
from exchange.schema.organizations import Organization
from exchange.schema.products import Product, ProductFilter, ProductOrderInput
from exchange.schema.scalars import Urn
from exchange.schema.work import Info, Work

NODES_MAX: Final = 100  # as many as a page
NOBODY: Final = "00000000-0000-0000-0000-000000000000"  # owns nothing


@strawberry.type(description="Who asks.")
class Viewer:
    organization: Organization | None = strawberry.field(description="Null: anonymous, or the operator.")
    scopes: list[Scope] = strawberry.field(description="What the token is good for; empty without one.")


async def _node(work: Work, id: str) -> Node | None:
    named = named_by(id)
    if named is None:
        return None
    type_name, uuid = named
    loaders = work.loaders
    match type_name:
        case "Product":
            return await loaders.product_by_id(uuid)
        case "Organization":
            return await loaders.organization(uuid)
        case "Footprint":
            return await loaders.footprint(uuid)
        case "Dataset":
            return await loaders.dataset(uuid)
        case "Release":
            return await loaders.release(uuid)
        case "Alliance":
            return await loaders.alliance(uuid)
        case "Membership":
            return await loaders.membership(uuid)
        case "Member":
            return await loaders.member(uuid)
        case "BenchmarkEdition":
            return await loaders.benchmark_edition(uuid)
        case _:
            return await loaders.grant(uuid)


def _exactly_one(first: object | None, second: object | None, names: str) -> None:
    if (first is None) == (second is None):
        raise InvalidInput(f"Give exactly one of {names}.")


def _product_query(filter: ProductFilter | None, order_by: ProductOrderInput | None) -> ProductQuery:
    owner = given(filter.owner) if filter else None
    return ProductQuery(
        name_contains=given(filter.name_contains) if filter else None,
        owner_id=None if owner is None else uuid_of(owner, "Organization") or NOBODY,
        classification=given(filter.classification) if filter else None,
        urn=given(filter.product_id) if filter else None,
        order=order_by.field if order_by else ProductOrder.NAME,
        descending=order_by is not None and order_by.direction is OrderDirection.DESC,
    )


@strawberry.type(description="Questions. Everything undisclosed is null or absent, never an error.")
class Query:
    @strawberry.field(description="Who asks. Without a token: anonymous, who sees what is public.")
    async def viewer(self, info: Info) -> Viewer:
        viewer = info.context.viewer
        organization = None
        if viewer.organization_id is not None:
            organization = await info.context.loaders.organization(viewer.organization_id)
        return Viewer(organization=organization, scopes=[scope for scope in Scope if scope in viewer.scopes])

    @strawberry.field(description="The thing with this id. Null: unknown or not visible.")
    async def node(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="Its id.")]
    ) -> Node | None:
        return await _node(info.context, id)

    @strawberry.field(description=f"At most {NODES_MAX}; one entry per id, in order.")
    async def nodes(
        self, info: Info, ids: Annotated[list[strawberry.ID], strawberry.argument(description="Their ids.")]
    ) -> list[Node | None]:
        if len(ids) > NODES_MAX:
            raise InvalidInput(f"Ask for at most {NODES_MAX} nodes at once; got {len(ids)} ids.", path=("ids",))
        work = info.context
        return await asyncio.gather(*(_node(work, id) for id in ids))

    @strawberry.field(description="Exactly one argument. Null: unknown or not visible.")
    async def product(
        self,
        info: Info,
        id: Annotated[strawberry.ID | None, strawberry.argument(description="Its id.")] = UNSET,
        product_id: Annotated[Urn | None, strawberry.argument(description="One of its identifiers.")] = UNSET,
    ) -> Product | None:
        id, product_id = given(id), given(product_id)
        _exactly_one(id, product_id, "id and productId")
        if product_id is not None:
            return await info.context.loaders.product_by_urn(product_id)
        uuid = uuid_of(id, "Product")
        return None if uuid is None else await info.context.loaders.product_by_id(uuid)

    @strawberry.field(description="Products that the viewer may see.")
    async def products(
        self,
        info: Info,
        filter: Annotated[ProductFilter | None, strawberry.argument(description="Which ones.")] = UNSET,
        order_by: Annotated[
            ProductOrderInput | None, strawberry.argument(description="In which order; by name if absent.")
        ] = UNSET,
        first: Annotated[int | None, FIRST] = UNSET,
        after: Annotated[str | None, AFTER] = UNSET,
        last: Annotated[int | None, LAST] = UNSET,
        before: Annotated[str | None, BEFORE] = UNSET,
    ) -> Connection[Product]:
        page = page_of(first, after, last, before)
        query = _product_query(given(filter), given(order_by))
        return connection(await info.context.session.list_products(query, page), info.context.loaders.show_product)

    @strawberry.field(
        description="Two products beside each other: whether their results are comparable, with reasons, and by how "
        "much they differ. Null: one of them is unknown or not visible."
    )
    async def compare(
        self,
        info: Info,
        product: Annotated[strawberry.ID, strawberry.argument(description="Id of the first product.")],
        other: Annotated[strawberry.ID, strawberry.argument(description="Id of the product to hold beside it.")],
        as_of: Annotated[dt.date | None, AS_OF] = UNSET,
        known_at: Annotated[dt.datetime | None, KNOWN_AT] = UNSET,
    ) -> Comparison | None:
        loaders, uuids = info.context.loaders, [uuid_of(name, "Product") for name in (product, other)]
        found = await asyncio.gather(*(loaders.product_by_id(uuid) for uuid in uuids if uuid is not None))
        sides = [each for each in found if each is not None]
        if len(sides) < len((product, other)):
            return None
        dates = day_of(given(as_of)), microseconds_of(given(known_at))
        keys = sides[0].answer.product.key, sides[1].answer.product.key
        return Comparison.of(await loaders.comparison(keys, dates))

    @strawberry.field(description="Exactly one argument. Null: unknown or not visible.")
    async def organization(
        self,
        info: Info,
        id: Annotated[strawberry.ID | None, strawberry.argument(description="Its id.")] = UNSET,
        company_id: Annotated[Urn | None, strawberry.argument(description="One of its identifiers.")] = UNSET,
    ) -> Organization | None:
        id, company_id = given(id), given(company_id)
        _exactly_one(id, company_id, "id and companyId")
        if company_id is not None:
            answer = await info.context.session.organization_by_company_id(company_id)
            return None if answer is None else Organization.of(answer)
        uuid = uuid_of(id, "Organization")
        return None if uuid is None else await info.context.loaders.organization(uuid)

    @strawberry.field(description="Organizations by name. Signed in: all; anonymous: the owners of public products.")
    async def organizations(
        self,
        info: Info,
        first: Annotated[int | None, FIRST] = UNSET,
        after: Annotated[str | None, AFTER] = UNSET,
        last: Annotated[int | None, LAST] = UNSET,
        before: Annotated[str | None, BEFORE] = UNSET,
    ) -> Connection[Organization]:
        page = page_of(first, after, last, before)
        return connection(await info.context.session.list_organizations(page), Organization.of)

    grant_preview = strawberry.field(
        resolver=grant_preview,
        description="What a grant would make knowable, and whom it would reach, before you give it. Tells the owner "
        "nothing that it may not see already. Needs PUBLISH.",
    )

    @strawberry.field(description="The alliance with this id. Null: unknown, or not signed in.")
    async def alliance(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="Its id.")]
    ) -> Alliance | None:
        return await info.context.loaders.alliance(uuid_of(id, "Alliance"))

    @strawberry.field(description="Alliances by name. Signed in: all, by their names; anonymous: none.")
    async def alliances(
        self,
        info: Info,
        first: Annotated[int | None, FIRST] = UNSET,
        after: Annotated[str | None, AFTER] = UNSET,
        last: Annotated[int | None, LAST] = UNSET,
        before: Annotated[str | None, BEFORE] = UNSET,
    ) -> Connection[Alliance]:
        page = page_of(first, after, last, before)
        return connection(await alliance_answers.list_alliances(info.context.session, page), Alliance.of)
