"""Founding an alliance, inviting to it, accepting and declining, leaving it."""

# ruff: noqa: A002 (the API's own argument names)

from __future__ import annotations

from typing import Annotated

import strawberry

from exchange.errors import Problems
from exchange.operations.changing import alliances
from exchange.operations.requests import inputs as values
from exchange.schema.alliances import Alliance, Membership
from exchange.schema.errors import AccessDenied, Conflict, InvalidInput, LoopRefused, NotFound
from exchange.schema.ids import only_id, required_id
from exchange.schema.scalars import Uuid
from exchange.schema.work import Info
from exchange.schema.writing import DONE_OR_NOT, IDEMPOTENCY_KEY, read_back, written


@strawberry.input(description="A new alliance. Your organization is its first member, and convenes it.")
class FoundAllianceInput:
    idempotency_key: Uuid = strawberry.field(description=IDEMPOTENCY_KEY)
    name: str = strawberry.field(
        description="Its name, which no other alliance may have. Everybody who is signed in can read it."
    )


@strawberry.input(description="Invites an organization to an alliance that yours convenes.")
class InviteToAllianceInput:
    idempotency_key: Uuid = strawberry.field(description=IDEMPOTENCY_KEY)
    alliance: strawberry.ID = strawberry.field(description="Id of the alliance.")
    organization: strawberry.ID = strawberry.field(description="Id of the organization.")


@strawberry.input(description="Joins the alliance that your organization was invited to, from now on.")
class AcceptInvitationInput:
    invitation: strawberry.ID = strawberry.field(description="Its id, a Membership without `from`.")


@strawberry.input(description="Declines an invitation, or takes one back as the convener.")
class DeclineInvitationInput:
    invitation: strawberry.ID = strawberry.field(description="Its id, a Membership without `from`.")


@strawberry.input(description="Leaves an alliance now. What is granted to it does not reach you any more.")
class LeaveAllianceInput:
    alliance: strawberry.ID = strawberry.field(description="Id of the alliance.")


@strawberry.type(description="The new alliance.")
class FoundAlliancePayload:
    alliance: Alliance = strawberry.field(description="The alliance.")


@strawberry.type(description="The invitation.")
class InviteToAlliancePayload:
    invitation: Membership = strawberry.field(description="The invitation.")


@strawberry.type(description="The membership that the invitation has become.")
class AcceptInvitationPayload:
    membership: Membership = strawberry.field(description="The membership.")


@strawberry.type(description="The invitation is gone.")
class DeclineInvitationPayload:
    alliance: Alliance = strawberry.field(description="The alliance that it was to.")


@strawberry.type(description="The membership is gone.")
class LeaveAlliancePayload:
    alliance: Alliance = strawberry.field(description="The alliance that was left.")


FoundAllianceResult = Annotated[
    FoundAlliancePayload | InvalidInput | AccessDenied | Conflict,
    strawberry.union("FoundAllianceResult", description=DONE_OR_NOT),
]
InviteToAllianceResult = Annotated[
    InviteToAlliancePayload | InvalidInput | NotFound | AccessDenied | Conflict,
    strawberry.union("InviteToAllianceResult", description=DONE_OR_NOT),
]
AcceptInvitationResult = Annotated[
    AcceptInvitationPayload | InvalidInput | NotFound | AccessDenied | Conflict | LoopRefused,
    strawberry.union("AcceptInvitationResult", description=DONE_OR_NOT),
]
DeclineInvitationResult = Annotated[
    DeclineInvitationPayload | InvalidInput | NotFound | AccessDenied | Conflict,
    strawberry.union("DeclineInvitationResult", description=DONE_OR_NOT),
]
LeaveAllianceResult = Annotated[
    LeaveAlliancePayload | InvalidInput | NotFound | AccessDenied,
    strawberry.union("LeaveAllianceResult", description=DONE_OR_NOT),
]


def _invitation(text: str) -> str:
    return only_id(text, "Membership", "input", "invitation")


@strawberry.type
class AllianceMutations:
    @strawberry.mutation(description="Founds an alliance. Needs PUBLISH.")
    async def found_alliance(
        self, info: Info, input: Annotated[FoundAllianceInput, strawberry.argument(description="The alliance.")]
    ) -> FoundAllianceResult:
        request = values.FoundAllianceInput(idempotency_key=input.idempotency_key, name=input.name)
        work = info.context
        uuid = await written(info, lambda: alliances.found_alliance(work.exchange, work.viewer, request))
        return FoundAlliancePayload(alliance=read_back(await work.loaders.alliance(uuid)))

    @strawberry.mutation(description="Invites an organization to an alliance that yours convenes. Needs PUBLISH.")
    async def invite_to_alliance(
        self, info: Info, input: Annotated[InviteToAllianceInput, strawberry.argument(description="Whom, and where.")]
    ) -> InviteToAllianceResult:
        problems = Problems()
        request = values.InviteToAllianceInput(
            idempotency_key=input.idempotency_key,
            alliance=required_id(input.alliance, "Alliance", problems, ("input", "alliance")),
            organization=required_id(input.organization, "Organization", problems, ("input", "organization")),
        )
        problems.raise_any()
        work = info.context
        uuid = await written(info, lambda: alliances.invite_to_alliance(work.exchange, work.viewer, request))
        return InviteToAlliancePayload(invitation=read_back(await work.loaders.membership(uuid)))

    @strawberry.mutation(description="Joins an alliance that your organization was invited to. Needs PUBLISH.")
    async def accept_invitation(
        self, info: Info, input: Annotated[AcceptInvitationInput, strawberry.argument(description="Which one.")]
    ) -> AcceptInvitationResult:
        invitation, work = _invitation(input.invitation), info.context
        uuid = await written(info, lambda: alliances.accept_invitation(work.exchange, work.viewer, invitation))
        return AcceptInvitationPayload(membership=read_back(await work.loaders.membership(uuid)))

    @strawberry.mutation(
        description="Declines an invitation; the convener of the alliance takes one back with it. Needs PUBLISH."
    )
    async def decline_invitation(
        self, info: Info, input: Annotated[DeclineInvitationInput, strawberry.argument(description="Which one.")]
    ) -> DeclineInvitationResult:
        invitation, work = _invitation(input.invitation), info.context
        uuid = await written(info, lambda: alliances.decline_invitation(work.exchange, work.viewer, invitation))
        return DeclineInvitationPayload(alliance=read_back(await work.loaders.alliance(uuid)))

    @strawberry.mutation(description="Ends the membership of your organization now. Needs PUBLISH.")
    async def leave_alliance(
        self, info: Info, input: Annotated[LeaveAllianceInput, strawberry.argument(description="Which alliance.")]
    ) -> LeaveAllianceResult:
        alliance, work = only_id(input.alliance, "Alliance", "input", "alliance"), info.context
        uuid = await written(info, lambda: alliances.leave_alliance(work.exchange, work.viewer, alliance))
        return LeaveAlliancePayload(alliance=read_back(await work.loaders.alliance(uuid)))
