"""Mutation: everything that can be written. Each is one input, one operation, and a result union.

A resolver turns the input into the operation's value, lets the operation write, and reads the payload back through a
session that began after the write. What it may raise, and the union member each becomes: permissions.Guard.
"""

# ruff: noqa: A002 (the API's own argument names)

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Annotated

import strawberry
from strawberry import UNSET
from strawberry.types.base import get_object_definition

from exchange.errors import Problems
from exchange.operations.changing import deprecating, products, publishing, releases, sharing
from exchange.operations.requests import inputs as values
from exchange.schema.alliance_mutations import AllianceMutations
from exchange.schema.benchmark_mutations import BenchmarkMutations
from exchange.schema.connections import given
from exchange.schema.datasets import Release
from exchange.schema.errors import AccessDenied, Conflict, InvalidInput, LoopRefused, NotFound
from exchange.schema.footprint_inputs import FootprintInput
from exchange.schema.footprint_values import Stated, footprint_value, parts_of
from exchange.schema.footprints import Finding, Footprint
from exchange.schema.grant_inputs import GrantAccessInput, grant_request
from exchange.schema.grants import Grant
from exchange.schema.ids import only_id
from exchange.schema.members import MemberMutations
from exchange.schema.products import Product
from exchange.schema.scalars import Urn, Uuid
from exchange.schema.work import Info, Work
from exchange.schema.writing import DONE_OR_NOT, IDEMPOTENCY_KEY, read_back, written


@strawberry.input(description="A new product of your organization.")
class CreateProductInput:
    idempotency_key: Uuid = strawberry.field(description=IDEMPOTENCY_KEY)
    product_ids: list[Urn] = strawberry.field(description="URNs in your own namespaces; at least one.")
    name: str = strawberry.field(description="Its name.")
    description: str | None = strawberry.field(default=UNSET, description="What it is.")
    classifications: list[Urn] = strawberry.field(
        default_factory=list, description="What kind of product it is, as URNs."
    )


@strawberry.input(description="A new edition of one of your datasets. Makes the dataset where it does not exist.")
class CreateReleaseInput:
    idempotency_key: Uuid = strawberry.field(description=IDEMPOTENCY_KEY)
    dataset: str = strawberry.field(description="The dataset's name.")
    label: str = strawberry.field(description="What you call the edition, such as 2023 or v1.3.0.")
    date: dt.date = strawberry.field(description="When it came out.")


@strawberry.input(description="One footprint.")
class PublishFootprintInput:
    idempotency_key: Uuid = strawberry.field(description=IDEMPOTENCY_KEY)
    footprint: FootprintInput = strawberry.field(description="What to publish.")


@strawberry.input(description="Many footprints: all or none; at most 1000.")
class PublishFootprintsInput:
    idempotency_key: Uuid = strawberry.field(description=IDEMPOTENCY_KEY)
    footprints: list[FootprintInput] = strawberry.field(description="What to publish, 1 to 1000.")


@strawberry.input(description="Withdraws a footprint; it stays in history.")
class DeprecateFootprintInput:
    footprint: strawberry.ID = strawberry.field(description="Its id.")
    reason: str = strawberry.field(description="Why, for whoever used it.")


@strawberry.input(description="Ends a grant now.")
class RevokeAccessInput:
    grant: strawberry.ID = strawberry.field(description="Its id.")


@strawberry.type(description="The new product.")
class CreateProductPayload:
    product: Product = strawberry.field(description="The product.")


@strawberry.type(description="The new release.")
class CreateReleasePayload:
    release: Release = strawberry.field(description="The release.")


@strawberry.type(description="The published footprint.")
class PublishFootprintPayload:
    footprint: Footprint = strawberry.field(description="The footprint.")


@strawberry.type(description="The published footprints.")
class PublishFootprintsPayload:
    footprints: list[Footprint] = strawberry.field(description="The footprints, in the order of the input.")


@strawberry.type(description="The withdrawn footprint.")
class DeprecateFootprintPayload:
    footprint: Footprint = strawberry.field(description="The footprint.")
    findings: list[Finding] = strawberry.field(
        description="What to know of it: NOTHING_STANDS where nothing stands for the product today that did before."
    )


@strawberry.type(description="The new grant.")
class GrantAccessPayload:
    grant: Grant = strawberry.field(description="The grant.")


@strawberry.type(description="The revoked grant.")
class RevokeAccessPayload:
    grant: Grant = strawberry.field(description="The grant.")


CreateProductResult = Annotated[
    CreateProductPayload | InvalidInput | AccessDenied | Conflict,
    strawberry.union("CreateProductResult", description=DONE_OR_NOT),
]
CreateReleaseResult = Annotated[
    CreateReleasePayload | InvalidInput | AccessDenied | Conflict,
    strawberry.union("CreateReleaseResult", description=DONE_OR_NOT),
]
PublishFootprintResult = Annotated[
    PublishFootprintPayload | InvalidInput | NotFound | AccessDenied | Conflict | LoopRefused,
    strawberry.union("PublishFootprintResult", description=DONE_OR_NOT),
]
PublishFootprintsResult = Annotated[
    PublishFootprintsPayload | InvalidInput | NotFound | AccessDenied | Conflict | LoopRefused,
    strawberry.union("PublishFootprintsResult", description=DONE_OR_NOT),
]
DeprecateFootprintResult = Annotated[
    DeprecateFootprintPayload | InvalidInput | NotFound | AccessDenied | Conflict | LoopRefused,
    strawberry.union("DeprecateFootprintResult", description=DONE_OR_NOT),
]
GrantAccessResult = Annotated[
    GrantAccessPayload | InvalidInput | NotFound | AccessDenied | Conflict | LoopRefused,
    strawberry.union("GrantAccessResult", description=DONE_OR_NOT),
]
RevokeAccessResult = Annotated[
    RevokeAccessPayload | InvalidInput | NotFound | AccessDenied | Conflict,
    strawberry.union("RevokeAccessResult", description=DONE_OR_NOT),
]


def _as_stated(_: type, stated: Stated, __: object) -> Stated:
    return stated


# Taken as sent: making objects of the schema of twenty thousand lines takes longer than publishing them.
for _large in (PublishFootprintInput, PublishFootprintsInput):
    get_object_definition(_large, strict=True).from_input = _as_stated


async def _publish_request(
    work: Work, key: str, footprints: Sequence[Stated], *, single: bool
) -> values.PublishFootprintsInput:
    def convert() -> values.PublishFootprintsInput:
        problems = Problems()
        found = [
            footprint_value(footprint, problems, publishing.path_of(position, single=single))
            for position, footprint in enumerate(footprints)
        ]
        problems.raise_any()
        return values.PublishFootprintsInput(key, tuple(found), single=single)

    return await work.session.compute(convert, parts=sum(map(parts_of, footprints)))


@strawberry.type(description="Writes. Each returns its payload, or why nothing was changed.")
class Mutation(AllianceMutations, MemberMutations, BenchmarkMutations):
    @strawberry.mutation(description="Registers a product of your organization. Needs PUBLISH.")
    async def create_product(
        self, info: Info, input: Annotated[CreateProductInput, strawberry.argument(description="The product.")]
    ) -> CreateProductResult:
        request = values.CreateProductInput(
            idempotency_key=input.idempotency_key,
            product_ids=tuple(input.product_ids),
            name=input.name,
            description=given(input.description),
            classifications=tuple(input.classifications),
        )
        work = info.context
        uuid = await written(info, lambda: products.create_product(work.exchange, work.viewer, request))
        return CreateProductPayload(product=read_back(await work.loaders.product_by_id(uuid)))

    @strawberry.mutation(description="Publishes one footprint of one of your products. Needs PUBLISH.")
    async def publish_footprint(
        self,
        info: Info,
        input: Annotated[Stated, strawberry.argument(description="The footprint.", graphql_type=PublishFootprintInput)],
    ) -> PublishFootprintResult:
        work = info.context
        request = await _publish_request(work, input["idempotencyKey"], [input["footprint"]], single=True)
        uuids = await written(info, lambda: publishing.publish_footprints(work.exchange, work.viewer, request))
        return PublishFootprintPayload(footprint=read_back(await work.loaders.footprint(uuids[0])))

    @strawberry.mutation(description="Publishes many footprints: all or none; at most 1000. Needs PUBLISH.")
    async def publish_footprints(
        self,
        info: Info,
        input: Annotated[
            Stated, strawberry.argument(description="The footprints.", graphql_type=PublishFootprintsInput)
        ],
    ) -> PublishFootprintsResult:
        work = info.context
        request = await _publish_request(work, input["idempotencyKey"], input["footprints"], single=False)
        uuids = await written(info, lambda: publishing.publish_footprints(work.exchange, work.viewer, request))
        return PublishFootprintsPayload(
            footprints=[read_back(footprint) for footprint in await work.loaders.footprints(uuids)]
        )

    @strawberry.mutation(description="Adds a dated edition to one of your datasets. Needs PUBLISH.")
    async def create_release(
        self, info: Info, input: Annotated[CreateReleaseInput, strawberry.argument(description="The release.")]
    ) -> CreateReleaseResult:
        request = values.CreateReleaseInput(
            idempotency_key=input.idempotency_key, dataset=input.dataset, label=input.label, date=input.date
        )
        work = info.context
        uuid = await written(info, lambda: releases.create_release(work.exchange, work.viewer, request))
        return CreateReleasePayload(release=read_back(await work.loaders.release(uuid)))

    @strawberry.mutation(description="Withdraws one of your footprints; it stays in history. Needs PUBLISH.")
    async def deprecate_footprint(
        self, info: Info, input: Annotated[DeprecateFootprintInput, strawberry.argument(description="Which one.")]
    ) -> DeprecateFootprintResult:
        footprint = only_id(input.footprint, "Footprint", "input", "footprint")
        request = values.DeprecateFootprintInput(footprint=footprint, reason=input.reason)
        work = info.context
        found = await written(info, lambda: deprecating.deprecate_footprint(work.exchange, work.viewer, request))
        return DeprecateFootprintPayload(
            footprint=read_back(await work.loaders.footprint(found.footprint_id)),
            findings=[Finding.of(finding) for finding in found.findings],
        )

    @strawberry.mutation(
        description="Lets an organization, an alliance or everybody see products of yours. Needs PUBLISH."
    )
    async def grant_access(
        self, info: Info, input: Annotated[GrantAccessInput, strawberry.argument(description="The permission.")]
    ) -> GrantAccessResult:
        request = grant_request(input)
        work = info.context
        uuid = await written(info, lambda: sharing.grant_access(work.exchange, work.viewer, request))
        return GrantAccessPayload(grant=read_back(await work.loaders.grant(uuid)))

    @strawberry.mutation(description="Ends a grant on products of yours. Needs PUBLISH.")
    async def revoke_access(
        self, info: Info, input: Annotated[RevokeAccessInput, strawberry.argument(description="Which one.")]
    ) -> RevokeAccessResult:
        grant, work = only_id(input.grant, "Grant", "input", "grant"), info.context
        uuid = await written(info, lambda: sharing.revoke_access(work.exchange, work.viewer, grant))
        return RevokeAccessPayload(grant=read_back(await work.loaders.grant(uuid)))
