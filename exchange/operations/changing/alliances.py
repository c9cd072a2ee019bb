"""Alliances: an organization founds one, its convener invites, the invited accepts or declines, a member leaves.

The convener is whoever has been a member for longest: the founder at first. So an alliance is never without somebody
who may invite while it has members. Joining is like being granted everything that is granted to the alliance: lines
that were there before may be followed from then on, and one that would close a loop without an answer is refused.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from exchange.errors import AccessDenied, Conflict, LoopRefused, NotFound, Problems
from exchange.graph import Store
from exchange.model.alliance import Alliance, Membership, convener_of
from exchange.model.footprint import NEVER_US
from exchange.model.grant import Grant
from exchange.model.ledger import ChangeKind, LedgerHead
from exchange.model.parties import Viewer
from exchange.model.writes import AddMembership, EndMembership, FoundAlliance, JoinAlliance, Write
from exchange.operations.answers.permission import require_publisher, written_by
from exchange.operations.changing.sharing import one_by_one
from exchange.operations.exchange import Exchange
from exchange.operations.requests.checks import NAME_LENGTH_MAX, Checker
from exchange.operations.requests.inputs import FoundAllianceInput, InviteToAllianceInput
from exchange.operations.writing.idempotency import body_sha256, first_answer, remember, scoped_key
from exchange.operations.writing.queue import BATCH_FOOTPRINTS_MAX, Allocation, Decision
from exchange.operations.writing.refusals import check_refusals

ALLIANCE_MEMBERS_MAX: Final = 1_000  # open invitations included; the largest trade associations have some hundreds

NOT_FOUND_ALLIANCE = "No such alliance. Check the id."
NOT_FOUND_INVITATION = "No such invitation, or it is not yours to answer. Check the id."
NO_MEMBER = "Your organization is no member of this alliance."
MEMBER = "This organization is a member already. There is nothing to do."
INVITED = "This organization is invited already. Wait for its answer, or take the invitation back by declineInvitation."


async def found_alliance(exchange: Exchange, viewer: Viewer, given: FoundAllianceInput) -> str:
    """Founds an alliance whose first member is the caller's organization, and returns its id.

    Raises InvalidInput, Conflict (the name is taken), AccessDenied, NotSignedIn.
    """
    founder_id = require_publisher(viewer)
    problems = Problems()
    Checker(problems, ("input",)).text(given.name, "name", longest=NAME_LENGTH_MAX, required=True)
    problems.raise_any()
    command = _Found(
        exchange.store,
        given.name,
        founder_id,
        written_by(viewer),
        scoped_key(founder_id, given.idempotency_key),
        body_sha256("foundAlliance", given),
    )
    return await exchange.queue.do(command)


@dataclass(frozen=True, slots=True)
class _Found:
    store: Store
    name: str
    founder_id: str
    by: str
    key: str
    body: str
    size: int = 1

    @property
    def touches(self) -> frozenset[str]:
        return frozenset({self.key, "alliances"})

    async def decide(self, head: LedgerHead, now_us: int) -> Decision[str]:
        remembered = await first_answer(self.store, self.key, self.body)
        if remembered is not None:
            return Decision(str(remembered), None)
        if await self.store.alliance_is_called(self.name):
            raise Conflict("An alliance of this name is there already. Choose another.", path=("input", "name"))
        alliance_id = str(uuid.uuid4())
        first = _invitation(str(uuid.uuid4()), alliance_id, self.founder_id, self.founder_id, now_us)

        def build(allocation: Allocation) -> Sequence[Write]:
            founded = allocation.change(
                ChangeKind.ALLIANCE_FOUNDED, alliance_id, owner_id=self.founder_id, detail=self.name
            )
            joined = _change(allocation, ChangeKind.MEMBER_JOINED, first, self.founder_id)
            return [
                FoundAlliance(Alliance(alliance_id, self.name, self.founder_id, now_us, founded)),
                AddMembership(replace(first, joined_us=now_us, sequence=joined, invited_sequence=joined)),
                remember(self.key, self.body, alliance_id, now_us),
            ]

        return Decision(alliance_id, build)


async def invite_to_alliance(exchange: Exchange, viewer: Viewer, given: InviteToAllianceInput) -> str:
    """Invites an organization to an alliance that the caller's organization convenes; returns the invitation's id.

    Raises NotFound (alliance or organization), AccessDenied (not its convener), Conflict (a member or invited already,
    or too many), NotSignedIn.
    """
    inviter_id = require_publisher(viewer)
    if (await exchange.store.get_alliances([given.alliance]))[0] is None:
        raise NotFound(NOT_FOUND_ALLIANCE, path=("input", "alliance"))
    if (await exchange.store.get_organizations([given.organization]))[0] is None:
        raise NotFound("No such organization. Check the id.", path=("input", "organization"))
    command = _Invite(
        exchange.store,
        given,
        inviter_id,
        written_by(viewer),
        scoped_key(inviter_id, given.idempotency_key),
        body_sha256("inviteToAlliance", given),
    )
    return await exchange.queue.do(command)


async def _require_convener(store: Store, alliance_id: str, organization_id: str) -> list[Membership]:
    found = await store.memberships_in([alliance_id])
    if convener_of(found) != organization_id:
        raise AccessDenied(
            "Only the convener of an alliance invites: the organization that has been a member for longest.",
            path=("input", "alliance"),
        )
    return found


@dataclass(frozen=True, slots=True)
class _Invite:
    store: Store
    given: InviteToAllianceInput
    inviter_id: str
    by: str
    key: str
    body: str
    size: int = 1

    @property
    def touches(self) -> frozenset[str]:
        return frozenset({self.key, self.given.alliance})

    async def decide(self, head: LedgerHead, now_us: int) -> Decision[str]:
        remembered = await first_answer(self.store, self.key, self.body)
        if remembered is not None:
            return Decision(str(remembered), None)
        alliance_id, organization_id = self.given.alliance, self.given.organization
        found = await _require_convener(self.store, alliance_id, self.inviter_id)
        there = [each for each in found if each.open or each.stands]
        already = next((each for each in there if each.organization_id == organization_id), None)
        if already is not None:
            raise Conflict(MEMBER if already.stands else INVITED, path=("input", "organization"))
        if len(there) >= ALLIANCE_MEMBERS_MAX:
            message = f"An alliance has at most {ALLIANCE_MEMBERS_MAX} members and open invitations. Take one back."
            raise Conflict(message, path=("input", "alliance"))
        invitation = _invitation(str(uuid.uuid4()), alliance_id, organization_id, self.inviter_id, now_us)

        def build(allocation: Allocation) -> Sequence[Write]:
            sequence = _change(allocation, ChangeKind.MEMBER_INVITED, invitation, self.inviter_id)
            invited = replace(invitation, invited_sequence=sequence)
            return [AddMembership(invited), remember(self.key, self.body, invitation.id, now_us)]

        return Decision(invitation.id, build)


def _change(allocation: Allocation, kind: ChangeKind, membership: Membership, organization_id: str) -> int:
    """What happened to an organization's membership. The trail shows it to that one and to the one that acted, and to
    no other member: who is in an alliance is told to its members only, and no longer than they are."""
    return allocation.change(
        kind,
        membership.id,
        owner_id=membership.organization_id,
        detail=f"alliance {membership.alliance_id}",
        organization_id=organization_id,
    )


def _invitation(
    membership_id: str, alliance_id: str, organization_id: str, invited_by_id: str, now_us: int
) -> Membership:
    return Membership(
        id=membership_id,
        alliance_id=alliance_id,
        organization_id=organization_id,
        invited_by_id=invited_by_id,
        invited_at_us=now_us,
        joined_us=NEVER_US,
        sequence=NEVER_US,
        ended_at_us=NEVER_US,
        ended_sequence=NEVER_US,
    )


async def accept_invitation(exchange: Exchange, viewer: Viewer, membership_id: str) -> str:
    """Makes the invited organization a member from now on; returns the membership's id.

    Raises NotFound, AccessDenied (somebody else's), Conflict (answered already), LoopRefused, NotSignedIn.
    """
    organization_id = require_publisher(viewer)
    try:
        return await exchange.queue.do(_Accept(exchange.store, membership_id, organization_id, written_by(viewer)))
    except LoopRefused as refused:
        if not refused.members:  # too large to be judged
            raise LoopRefused(refused.message, path=_INVITATION) from None
        message = (
            "What is granted to this alliance would let a line of yours close a loop that consumes at least one of "
            "itself. You did not join."
        )
        raise LoopRefused(message, members=refused.members, path=_INVITATION) from None


_INVITATION: Final = ("input", "invitation")


@dataclass(frozen=True, slots=True)
class _Accept:
    """Decided alone: whatever is granted or published beside it may meet in a loop."""

    store: Store
    membership_id: str
    organization_id: str
    by: str
    size: int = BATCH_FOOTPRINTS_MAX

    @property
    def touches(self) -> frozenset[str]:
        return frozenset({self.membership_id})

    async def decide(self, head: LedgerHead, now_us: int) -> Decision[str]:
        invitation = await _invited(self.store, self.membership_id, self.organization_id)
        if invitation.organization_id != self.organization_id:
            raise AccessDenied("This invitation is to another organization: only that may accept.", path=_INVITATION)
        await check_refusals(self.store, [self.organization_id], now_us)
        granted = await self.store.grants_to(invitation.alliance_id)

        def build(allocation: Allocation) -> Sequence[Write]:
            sequence = _change(allocation, ChangeKind.MEMBER_JOINED, invitation, self.organization_id)
            return [JoinAlliance(self.membership_id, now_us, sequence)]

        return Decision(
            self.membership_id,
            build,
            grants=await one_by_one(self.store, [self._own(grant) for grant in granted if grant.until_us > now_us]),
            organization_id=self.organization_id,
            counted_as=self.organization_id,
        )

    def _own(self, grant: Grant) -> Grant:
        """As if it were granted to the organization itself."""
        return replace(grant, alliance_id=None, organization_id=self.organization_id)


async def _invited(store: Store, membership_id: str, organization_id: str) -> Membership:
    """An open invitation to that organization, or of an alliance that it is a member of."""
    invitation = (await store.get_memberships([membership_id]))[0]
    if invitation is None or not await _may_know(store, invitation, organization_id):
        raise NotFound(NOT_FOUND_INVITATION, path=_INVITATION)
    if not invitation.open:
        raise Conflict("This invitation is answered already.", path=_INVITATION)
    return invitation


async def _may_know(store: Store, membership: Membership, organization_id: str) -> bool:
    """Its own organization until it has ended, and members of the alliance while it stands or is open."""
    if membership.ended_at_us != NEVER_US:
        return False
    if membership.organization_id == organization_id:
        return True
    there = await store.memberships_in([membership.alliance_id])
    return any(each.stands and each.organization_id == organization_id for each in there)


async def decline_invitation(exchange: Exchange, viewer: Viewer, membership_id: str) -> str:
    """Ends an open invitation: the invited declines it, or the convener takes it back. Returns the alliance's id.

    Raises NotFound, AccessDenied (neither of the two), Conflict (answered already), NotSignedIn.
    """
    organization_id = require_publisher(viewer)
    return await exchange.queue.do(_Decline(exchange.store, membership_id, organization_id, written_by(viewer)))


@dataclass(frozen=True, slots=True)
class _Decline:
    store: Store
    membership_id: str
    organization_id: str
    by: str
    size: int = 1

    @property
    def touches(self) -> frozenset[str]:
        return frozenset({self.membership_id})

    async def decide(self, head: LedgerHead, now_us: int) -> Decision[str]:
        invitation = await _invited(self.store, self.membership_id, self.organization_id)
        if invitation.organization_id != self.organization_id:
            convener = convener_of(await self.store.memberships_in([invitation.alliance_id]))
            if convener != self.organization_id:
                message = "Only the invited organization, or the alliance's convener, ends an invitation."
                raise AccessDenied(message, path=_INVITATION)

        def build(allocation: Allocation) -> Sequence[Write]:
            sequence = _change(allocation, ChangeKind.INVITATION_ENDED, invitation, self.organization_id)
            return [EndMembership(self.membership_id, now_us, sequence)]

        return Decision(invitation.alliance_id, build)


async def leave_alliance(exchange: Exchange, viewer: Viewer, alliance_id: str) -> str:
    """Ends the membership of the caller's organization at once, for every known-at. Returns the alliance's id.

    Raises NotFound, AccessDenied (no member), NotSignedIn.
    """
    organization_id = require_publisher(viewer)
    if (await exchange.store.get_alliances([alliance_id]))[0] is None:
        raise NotFound(NOT_FOUND_ALLIANCE, path=("input", "alliance"))
    return await exchange.queue.do(_Leave(exchange.store, alliance_id, organization_id, written_by(viewer)))


@dataclass(frozen=True, slots=True)
class _Leave:
    store: Store
    alliance_id: str
    organization_id: str
    by: str
    size: int = 1

    @property
    def touches(self) -> frozenset[str]:
        return frozenset({self.alliance_id})

    async def decide(self, head: LedgerHead, now_us: int) -> Decision[str]:
        found = await self.store.memberships_in([self.alliance_id])
        mine = [each for each in found if each.stands and each.organization_id == self.organization_id]
        if not mine:
            raise AccessDenied(NO_MEMBER, path=("input", "alliance"))

        def build(allocation: Allocation) -> Sequence[Write]:
            sequence = _change(allocation, ChangeKind.MEMBER_LEFT, mine[0], self.organization_id)
            return [EndMembership(mine[0].id, now_us, sequence)]

        return Decision(self.alliance_id, build)
