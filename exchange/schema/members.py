"""Members of an organization, and what its administrators do with them: add, give a role or a secret, remove."""

# ruff: noqa: A002 (the API's own argument names)

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Annotated, TypeVar

import strawberry

from exchange.operations.changing import members
from exchange.operations.reading.member_answers import MemberAnswer
from exchange.operations.requests import inputs as values
from exchange.schema.enumerations import MemberKind, Role
from exchange.schema.errors import AccessDenied, Conflict, InvalidInput, NotFound
from exchange.schema.ids import global_id, only_id
from exchange.schema.instants import instant_of
from exchange.schema.nodes import Node
from exchange.schema.scalars import Uuid
from exchange.schema.work import Info
from exchange.schema.writing import DONE_OR_NOT, IDEMPOTENCY_KEY, read_back, written
from exchange.tokens import hash_secret, make_secret

T = TypeVar("T")


@strawberry.type(
    description="Somebody, or a program, that acts for an organization with credentials of its own. Shown to the "
    "organization's administrators and auditors, and to the operator."
)
class Member(Node):
    client: str = strawberry.field(description="The client's id, for POST /auth/token and in the audit trail.")
    name: str | None = strawberry.field(description="What people call it; null where it was added without a name.")
    kind: MemberKind = strawberry.field(description="A person's client, or a program's.")
    role: Role = strawberry.field(description="What it may do.")
    added_at: dt.datetime = strawberry.field(description="When it was added.")
    removed_at: dt.datetime | None = strawberry.field(description="When it was removed; null while it is there.")

    @staticmethod
    def of(answer: MemberAnswer) -> Member:
        return Member(
            id=global_id("Member", answer.id),
            client=answer.id,
            name=answer.name,
            kind=answer.kind,
            role=answer.role,
            added_at=instant_of(answer.added_us),
            removed_at=None if answer.removed_us is None else instant_of(answer.removed_us),
        )


@strawberry.input(description="A new member of your organization.")
class AddMemberInput:
    idempotency_key: Uuid = strawberry.field(description=IDEMPOTENCY_KEY)
    name: str = strawberry.field(description="What people call it. It is not in the audit trail.")
    kind: MemberKind = strawberry.field(description="A person's client, or a program's.")
    role: Role = strawberry.field(description="What it may do.")


@strawberry.input(description="Gives a member another role now. Its tokens end.")
class ChangeMemberRoleInput:
    member: strawberry.ID = strawberry.field(description="Its id.")
    role: Role = strawberry.field(description="What it may do from now on.")


@strawberry.input(description="Gives a member another secret now. The old one and its tokens end.")
class RotateMemberSecretInput:
    member: strawberry.ID = strawberry.field(description="Its id.")


@strawberry.input(description="Removes a member now. Its secret and its tokens end.")
class RemoveMemberInput:
    member: strawberry.ID = strawberry.field(description="Its id.")


@strawberry.type(description="The new member.")
class AddMemberPayload:
    member: Member = strawberry.field(description="The member.")
    client_secret: str | None = strawberry.field(
        description="Its secret, told this once and kept nowhere. Null: the request was answered before; where that "
        "answer was lost, rotateMemberSecret makes another."
    )


@strawberry.type(description="The member with its role.")
class ChangeMemberRolePayload:
    member: Member = strawberry.field(description="The member.")


@strawberry.type(description="The member and its new secret.")
class RotateMemberSecretPayload:
    member: Member = strawberry.field(description="The member.")
    client_secret: str = strawberry.field(description="Its secret, told this once and kept nowhere.")


@strawberry.type(description="The member is gone.")
class RemoveMemberPayload:
    member: Member = strawberry.field(description="The member that it was.")


AddMemberResult = Annotated[
    AddMemberPayload | InvalidInput | AccessDenied | Conflict,
    strawberry.union("AddMemberResult", description=DONE_OR_NOT),
]
ChangeMemberRoleResult = Annotated[
    ChangeMemberRolePayload | InvalidInput | NotFound | AccessDenied | Conflict,
    strawberry.union("ChangeMemberRoleResult", description=DONE_OR_NOT),
]
RotateMemberSecretResult = Annotated[
    RotateMemberSecretPayload | InvalidInput | NotFound | AccessDenied | Conflict,
    strawberry.union("RotateMemberSecretResult", description=DONE_OR_NOT),
]
RemoveMemberResult = Annotated[
    RemoveMemberPayload | InvalidInput | NotFound | AccessDenied | Conflict,
    strawberry.union("RemoveMemberResult", description=DONE_OR_NOT),
]


def _member(text: str) -> str:
    return only_id(text, "Member", *members.MEMBER)


async def _secret() -> tuple[str, str]:
    """A new secret and its slow hash, which is made beside the event loop."""
    secret = make_secret()
    return secret, await asyncio.to_thread(hash_secret, secret)


async def _changed(info: Info, client_id: str, change: Callable[[], Awaitable[T]]) -> T:
    """The outcome of a change of a member. Whoever changes itself is told so: its token ends after this request."""
    work = info.context

    async def write() -> T:
        outcome = await change()
        if client_id == work.viewer.client_id:
            work.viewer = replace(work.viewer, client_version=None)
        return outcome

    return await written(info, write)


@strawberry.type
class MemberMutations:
    @strawberry.mutation(description="Adds a member to your organization. Needs MANAGE.")
    async def add_member(
        self, info: Info, input: Annotated[AddMemberInput, strawberry.argument(description="Whom.")]
    ) -> AddMemberResult:
        request = values.AddMemberInput(
            idempotency_key=input.idempotency_key, name=input.name, kind=input.kind, role=input.role
        )
        work = info.context

        async def add() -> tuple[members.Added, str]:
            secret, hashed = await _secret()
            return await members.add_member(work.exchange, work.viewer, request, hashed), secret

        added, secret = await written(info, add)
        member = read_back(await work.loaders.member(added.client_id))
        return AddMemberPayload(member=member, client_secret=secret if added.now else None)

    @strawberry.mutation(description="Gives a member of your organization another role. Needs MANAGE.")
    async def change_member_role(
        self, info: Info, input: Annotated[ChangeMemberRoleInput, strawberry.argument(description="Whose, and which.")]
    ) -> ChangeMemberRoleResult:
        uuid, role, work = _member(input.member), input.role, info.context
        await _changed(info, uuid, lambda: members.change_role(work.exchange, work.viewer, uuid, role))
        return ChangeMemberRolePayload(member=read_back(await work.loaders.member(uuid)))

    @strawberry.mutation(description="Gives a member of your organization another secret. Needs MANAGE.")
    async def rotate_member_secret(
        self, info: Info, input: Annotated[RotateMemberSecretInput, strawberry.argument(description="Whose.")]
    ) -> RotateMemberSecretResult:
        uuid, work = _member(input.member), info.context

        async def rotate() -> str:
            secret, hashed = await _secret()
            await members.rotate_secret(work.exchange, work.viewer, uuid, hashed)
            return secret

        secret = await _changed(info, uuid, rotate)
        return RotateMemberSecretPayload(member=read_back(await work.loaders.member(uuid)), client_secret=secret)

    @strawberry.mutation(description="Removes a member of your organization. Needs MANAGE.")
    async def remove_member(
        self, info: Info, input: Annotated[RemoveMemberInput, strawberry.argument(description="Whom.")]
    ) -> RemoveMemberResult:
        uuid, work = _member(input.member), info.context
        await _changed(info, uuid, lambda: members.remove_member(work.exchange, work.viewer, uuid))
        return RemoveMemberPayload(member=read_back(await work.loaders.member(uuid)))
