"""What a grant would make knowable, before it is given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import strawberry

from exchange.operations.grant_preview import Consequence, GrantPreviewAnswer, preview_grant
from exchange.schema.enumerations import FindingSeverity
from exchange.schema.errors import AccessDenied, InvalidInput, NotFound
from exchange.schema.grant_inputs import GrantAccessInput, grant_request
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
    product_count: int = strawberry.field(description="How many of your products it is of today.")
    reach_count: int | None = strawberry.field(
        description="How many other organizations it reaches today; null: everybody, or the members of an alliance "
        "that you are not in."
    )
    consequences: list[GrantConsequence] = strawberry.field(description="What it would make knowable, in words.")

    @staticmethod
    def of(answer: GrantPreviewAnswer) -> GrantPreview:
        return GrantPreview(
            product_count=answer.products,
            reach_count=None if answer.reaches is None else len(answer.reaches),
            consequences=[GrantConsequence.of(each) for each in answer.consequences],
        )


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
