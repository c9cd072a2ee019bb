"""Alliances: organizations that share with each other as one, and who was a member of one when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from exchange.model.footprint import NEVER_US

LATEST = NEVER_US - 1  # a head later than every sequence that is given out


@dataclass(frozen=True, slots=True)
class Alliance:
    """What is granted to it reaches its members of the day."""

    id: str
    name: str
    founder_id: str
    founded_at_us: int
    sequence: int


@dataclass(frozen=True, slots=True)
class Membership:
    """An invitation, and what became of it: a member from the instant at which the organization accepted, until it
    left. Leaving holds for every known-at, as revoking does. Instants in microseconds."""

    id: str
    alliance_id: str
    organization_id: str
    invited_by_id: str
    invited_at_us: int
    joined_us: int  # NEVER_US: not accepted
    sequence: int  # of the Change that accepted it; NEVER_US: none did
    ended_at_us: int  # declined, taken back or left; NEVER_US while it stands
    ended_sequence: int  # NEVER_US while it stands
    invited_sequence: int = 0  # of the Change that invited it: invitations of one instant have an order, too

    @property
    def open(self) -> bool:
        """An invitation that waits for its answer."""
        return self.joined_us == NEVER_US and self.ended_at_us == NEVER_US

    @property
    def stands(self) -> bool:
        """Accepted, and not left since."""
        return self.joined_us != NEVER_US and self.ended_at_us == NEVER_US

    def holds(self, at_us: int, head: int = LATEST) -> bool:
        """Whether it makes the organization a member at an instant, by what was written up to a sequence."""
        return self.sequence <= head < self.ended_sequence and self.joined_us <= at_us


def convener_of(memberships: Sequence[Membership]) -> str | None:
    """Who has been a member of one alliance for longest; None: it has no members."""
    standing = [each for each in memberships if each.stands]
    return min(standing, key=lambda each: each.sequence).organization_id if standing else None


Members = Mapping[str, tuple[Membership, ...]]  # of one alliance, former ones included, by organization


def standing_members(members: Members) -> list[str]:
    """Ids of the organizations that have joined and not left."""
    return [organization for organization, each in members.items() if any(one.stands for one in each)]


def members_of(memberships: Iterable[Membership]) -> dict[str, Members]:
    """By alliance; invitations that nobody accepted are left out."""
    found: dict[str, dict[str, tuple[Membership, ...]]] = {}
    for each in memberships:
        if each.joined_us != NEVER_US:
            of_alliance = found.setdefault(each.alliance_id, {})
            of_alliance[each.organization_id] = (*of_alliance.get(each.organization_id, ()), each)
    return dict(found)
