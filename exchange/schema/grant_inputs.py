"""What a grant is asked for with: of which products, to whom, at which level, from when to when."""

# ruff: noqa: A002 (the API's own argument names)

from __future__ import annotations

import datetime as dt

import strawberry
from strawberry import UNSET

from exchange.errors import Problems
from exchange.model.grant import AccessLevel
from exchange.operations.requests import inputs as values
from exchange.schema.connections import given
from exchange.schema.enumerations import GrantLevel
from exchange.schema.ids import required_id
from exchange.schema.scalars import Urn, Uuid
from exchange.schema.writing import IDEMPOTENCY_KEY


@strawberry.input(one_of=True, description="To whom: exactly one of the three.")
class GranteeInput:
    organization: strawberry.ID | None = strawberry.field(default=UNSET, description="Id of an organization.")
    alliance: strawberry.ID | None = strawberry.field(
        default=UNSET, description="Id of an alliance: whoever is a member on the day, later ones included."
    )
    public: bool | None = strawberry.field(default=UNSET, description="True: everybody; of one product only.")


@strawberry.input(
    description="Lets an organization, an alliance or everybody see products of yours. Public grants are TOTAL and of "
    "one product. TOTAL counts your suppliers' numbers and shows each change; what was once shown stays known. Exactly "
    "one of product, everything and classification."
)
class GrantAccessInput:
    idempotency_key: Uuid = strawberry.field(description=IDEMPOTENCY_KEY)
    product: strawberry.ID | None = strawberry.field(default=UNSET, description="Id of one of your products.")
    everything: bool = strawberry.field(
        default=False, description="True: all of your products, and those that you register later."
    )
    classification: Urn | None = strawberry.field(
        default=UNSET, description="All of your products with this classification, and those that you register later."
    )
    to: GranteeInput = strawberry.field(description="To whom.")
    level: GrantLevel = strawberry.field(description="How much detail.")
    from_: dt.datetime | None = strawberry.field(
        name="from", default=UNSET, description="From when; now if absent or past."
    )
    until: dt.datetime | None = strawberry.field(default=UNSET, description="Until when, exclusive; open if absent.")
    onward: bool = strawberry.field(
        default=False,
        description="Whether those who see the lines of the grantee's products see this product's total, too.",
    )


def grant_request(input: GrantAccessInput) -> values.GrantAccessInput:
    """The operation's value. Raises InvalidInput for what is no id."""
    problems = Problems()

    def id_of(text: str | None, kind: str, *steps: str) -> str | None:
        return None if text is None else required_id(text, kind, problems, ("input", *steps))

    request = values.GrantAccessInput(
        idempotency_key=input.idempotency_key,
        product=id_of(given(input.product), "Product", "product"),
        everything=input.everything,
        classification=given(input.classification),
        level=AccessLevel.NONE if input.level is GrantLevel.BENCHMARK else AccessLevel[input.level.name],
        organization=id_of(given(input.to.organization), "Organization", "to", "organization"),
        alliance=id_of(given(input.to.alliance), "Alliance", "to", "alliance"),
        public=bool(given(input.to.public)),
        from_=given(input.from_),
        until=given(input.until),
        onward=input.onward,
    )
    problems.raise_any()
    return request
