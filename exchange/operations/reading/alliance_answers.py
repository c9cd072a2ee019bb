"""Alliances as their viewer is shown them: members see who is in and who is invited, everybody else a name.

Signed-in callers see that every alliance exists, as they see every organization: else nobody could share with one, or
be invited to it. Anonymous callers see none. An organization sees its own memberships and the invitations to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from exchange.model.alliance import Alliance, Membership
from exchange.model.footprint import NEVER_US
from exchange.model.paging import Page
from exchange.operations.answers.short_lists import page_of_ids
from exchange.operations.answers.values import AllianceAnswer, MembershipAnswer, PageAnswer

if TYPE_CHECKING:
    from exchange.operations.reading.session import Session


async def alliances(session: Session, ids: Sequence[str]) -> list[AllianceAnswer | None]:
    """One entry per id, in order; None: unknown, or nobody signed in."""
    if session.viewer.anonymous:
        return [None] * len(ids)
    mine = await session.alliances()
    found = await session.store.get_alliances(ids)
    return [None if each is None else _alliance(session, each, mine) for each in found]


async def list_alliances(session: Session, page: Page) -> PageAnswer[AllianceAnswer]:
    """By name; none to whoever is not signed in."""
    if session.viewer.anonymous:
        return PageAnswer((), (), has_next=False, has_previous=False, total=0)
    mine, found = await session.alliances(), await session.store.list_alliances(page)
    answers = tuple(_alliance(session, each, mine) for each in found.items)
    return PageAnswer(answers, tuple(found.keys), found.has_next, found.has_previous, found.total)


def _alliance(session: Session, alliance: Alliance, mine: frozenset[str]) -> AllianceAnswer:
    is_member = session.viewer.operator or alliance.id in mine
    return AllianceAnswer(alliance.id, alliance.name, alliance.founder_id, alliance.founded_at_us, is_member)


async def memberships(session: Session, ids: Sequence[str]) -> list[MembershipAnswer | None]:
    """Memberships and open invitations by id: the viewer's own, and those of alliances that it is a member of."""
    mine, viewer = await session.alliances(), session.viewer
    return [
        _membership(each)
        if each is not None
        and each.ended_at_us == NEVER_US
        and (viewer.operator or each.organization_id == viewer.organization_id or each.alliance_id in mine)
        else None
        for each in await session.store.get_memberships(ids)
    ]


async def memberships_of(session: Session, organization_id: str, page: Page) -> PageAnswer[MembershipAnswer] | None:
    """The viewer's own organization's, oldest first, open invitations included; None of any other."""
    viewer = session.viewer
    if not viewer.operator and viewer.organization_id != organization_id:
        return None
    return _page(await session.store.memberships_of(organization_id), page)


async def memberships_in(session: Session, alliances: Sequence[AllianceAnswer]) -> list[tuple[Membership, ...] | None]:
    """For each alliance all of its memberships and invitations, past ones too, the oldest first; None where the viewer
    is no member. Not to be shown as it is: `members` and `invitations` take from it what is."""
    asked = {alliance.id: list[Membership]() for alliance in alliances if alliance.is_member}
    for each in await session.store.memberships_in(sorted(asked)) if asked else ():
        asked[each.alliance_id].append(each)
    return [tuple(asked[alliance.id]) if alliance.is_member else None for alliance in alliances]


def members(found: Sequence[Membership] | None, page: Page) -> PageAnswer[MembershipAnswer] | None:
    """Who is in an alliance, the longest first; None for whoever is no member."""
    return None if found is None else _page([each for each in found if each.stands], page)


def invitations(found: Sequence[Membership] | None, page: Page) -> PageAnswer[MembershipAnswer] | None:
    """Invitations that wait for an answer, the oldest first; None for whoever is no member."""
    return None if found is None else _page([each for each in found if each.open], page)


def _membership(membership: Membership) -> MembershipAnswer:
    return MembershipAnswer(
        id=membership.id,
        alliance_id=membership.alliance_id,
        organization_id=membership.organization_id,
        invited_by_id=membership.invited_by_id,
        invited_at_us=membership.invited_at_us,
        joined_us=None if membership.joined_us == NEVER_US else membership.joined_us,
    )


def _page(found: Sequence[Membership], page: Page) -> PageAnswer[MembershipAnswer]:
    return page_of_ids(found, [each.id for each in found], page, _membership)
