"""What a grant would make knowable, before it is given."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated

import strawberry
from strawberry import UNSET

from exchange.operations.changing.grant_preview import Consequence, GrantPreviewAnswer, preview_grant
from exchange.schema.accesses import ProductAccess
from exchange.schema.connections import given
from exchange.schema.dates import AS_OF, KNOWN_AT
from exchange.schema.enumerations import FindingSeverity
from exchange.schema.errors import AccessDenied, InvalidInput, NotFound
from exchange.schema.grant_inputs import GrantAccessInput, grant_request
from exchange.schema.ids import uuid_of
from exchange.schema.instants import day_of, microseconds_of
from exchange.schema.work import Info

if TYPE_CHECKING:
    from exchange.schema.organizations import Organization
    from exchange.schema.products import Product


@strawberry.type(description="One thing that a grant would make knowable, or whom it would reach.")
class GrantConsequence:
    answer: strawberry.Private[Consequence]
    code: str = strawberry.field(description="What kind of thing; documented in docs/errors.md.")
    severity: FindingSeverity = strawberry.field(description="WARNING: think twice.")
    message: str = strawberry.field(description="In words, as in docs/permissions.md.")

    @staticmethod
    def of(answer: Consequence) -> GrantConsequence:
        severity = FindingSeverity.WARNING if answer.warning else FindingSeverity.INFO
        return GrantConsequence(answer=answer, code=answer.code, severity=severity, message=answer.message)

    @strawberry.field(description="The organization that it is about; null: none in particular.")
    async def organization(
        self, info: Info
    ) -> Annotated[Organization, strawberry.lazy("exchange.schema.organizations")] | None:
        if self.answer.organization_id is None:
            return None
        return await info.context.loaders.visible_organization(self.answer.organization_id)

    @strawberry.field(description="The product of yours that it is about; null: all that the grant is of.")
    async def product(self, info: Info) -> Annotated[Product, strawberry.lazy("exchange.schema.products")] | None:
        return await info.context.loaders.product(self.answer.product_key)


@strawberry.type(description="What a grant would make knowable. Nothing was written.")
class GrantPreview:
    answer: strawberry.Private[GrantPreviewAnswer]
    product_count: int = strawberry.field(description="How many of your products it is of today.")
    reach_count: int | None = strawberry.field(
        description="How many other organizations it reaches today; null: everybody, or the members of an alliance "
        "that you are not in."
    )
    consequences: list[GrantConsequence] = strawberry.field(description="What it would make knowable, in words.")

    @staticmethod
    def of(answer: GrantPreviewAnswer) -> GrantPreview:
        return GrantPreview(
            answer=answer,
            product_count=answer.products,
            reach_count=None if answer.reaches is None else len(answer.reaches),
            consequences=[GrantConsequence.of(each) for each in answer.consequences],
        )

    @strawberry.field(
        description="What an organization would see of one of your products if the grant were given, and held now. "
        "Null: no such organization, or no such product of yours."
    )
    async def access_of(
        self,
        info: Info,
        organization: Annotated[
            strawberry.ID | None,
            strawberry.argument(description="Id of the organization; absent: the one that the grant is to."),
        ] = UNSET,
        product: Annotated[
            strawberry.ID | None,
            strawberry.argument(description="Id of the product; absent: the one that the grant is of."),
        ] = UNSET,
        as_of: Annotated[dt.date | None, AS_OF] = UNSET,
        known_at: Annotated[dt.datetime | None, KNOWN_AT] = UNSET,
    ) -> ProductAccess | None:
        asked, dates = self.answer.asked, (day_of(given(as_of)), microseconds_of(given(known_at)))
        named, own = given(organization), given(product)
        to = asked.given.organization if named is None else uuid_of(named, "Organization")
        of = asked.given.product if own is None else uuid_of(own, "Product")
        if to is None or of is None:
            return None
        session = info.context.session
        [found] = await session.products([of])
        if found is None:
            return None
        proposed = self.answer.proposed(session)
        [answer] = await session.access_of([found.product.key], to, *dates, proposed)
        return None if answer is None else ProductAccess.of(answer)


GrantPreviewResult = Annotated[
    GrantPreview | InvalidInput | NotFound | AccessDenied,
    strawberry.union("GrantPreviewResult", description="The preview, or why the grant would be refused."),
]


async def grant_preview(
    info: Info,
    input: Annotated[  # noqa: A002 (the API's own argument name)
        GrantAccessInput, strawberry.argument(description="As for grantAccess; its idempotencyKey is not used.")
    ],
) -> GrantPreviewResult:
    return GrantPreview.of(await preview_grant(info.context.session, grant_request(input)))
