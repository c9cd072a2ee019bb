"""When a grant was last used, as far as that is kept: told to the owner, who gave it.

Kept is when an organization was last shown what was computed from a product's lines (`audit.py`), so only grants at
INPUTS are told of. It is made of what the owner may know anyway: its own audit trail, and who is in the alliances that
it is in. Of an alliance that it is not in nothing is told: whose reading counted would tell who is a member.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from exchange.model.alliance import Membership
from exchange.model.grant import AccessLevel
from exchange.model.writes import reading_of_many
from exchange.operations.answers.values import GrantAnswer
from exchange.operations.reading.grant_answers import is_owners

if TYPE_CHECKING:
    from exchange.operations.reading.session import Session


class GrantUseCode(StrEnum):
    READ = "READ"
    NOT_READ = "NOT_READ"
    READ_BY_ANOTHER = "READ_BY_ANOTHER"
    NOT_KEPT = "NOT_KEPT"
    MEMBERS_NOT_SHOWN = "MEMBERS_NOT_SHOWN"


@dataclass(frozen=True, slots=True)
class GrantUse:
    """at_us, organization_id: of the last reading, with READ alone; the first of its day (UTC) that was recorded."""

    code: GrantUseCode
    at_us: int | None = None
    organization_id: str | None = None


async def last_uses(session: Session, grants: Sequence[GrantAnswer]) -> list[GrantUse | None]:
    """One entry per grant, in order; None where the viewer is not the owner. Readings are looked up together, and so
    are the members of all alliances."""
    shown = [grant for grant in grants if is_owners(session, grant)]
    keys = {grant.product_key for grant in shown if grant.product_key is not None}
    products = {one.product.key: one.product.id for one in await session.products_by_key(sorted(keys)) if one}
    readers = await _readers(session, [grant for grant in shown if grant.level == AccessLevel.INPUTS])
    pairs = {(_of(grant, products), one) for grant in shown for one in readers.get(grant.id, ())}
    readings = await session.store.last_readings(sorted(pairs)) if pairs else {}
    return [_use(grant, readers, products, readings) if is_owners(session, grant) else None for grant in grants]


async def _readers(session: Session, grants: Sequence[GrantAnswer]) -> dict[str, Mapping[str, int]]:
    """By grant: whom it reaches, each with since when it does; absent: members whom the owner is not shown."""
    shown = await session.alliances()
    named = {grant.alliance_id for grant in grants if grant.alliance_id is not None}
    known = sorted(named if session.viewer.operator else named & shown)
    members: dict[str, list[Membership]] = {alliance: [] for alliance in known}
    for each in await session.store.memberships_in(known) if known else ():
        if each.stands:
            members[each.alliance_id].append(each)
    found: dict[str, Mapping[str, int]] = {}
    for grant in grants:
        if grant.organization_id is not None:
            found[grant.id] = {grant.organization_id: grant.from_us}
        elif grant.alliance_id in members:
            allies = [each for each in members[grant.alliance_id] if each.organization_id != grant.owner_id]
            found[grant.id] = {each.organization_id: max(grant.from_us, each.joined_us) for each in allies}
    return found


def _of(grant: GrantAnswer, products: Mapping[int, str]) -> str:
    """Under what name readings of what it is of are kept."""
    if grant.product_key is None:
        return reading_of_many(grant.owner_id, grant.classification)
    return products[grant.product_key]


def _use(
    grant: GrantAnswer,
    readers: Mapping[str, Mapping[str, int]],
    products: Mapping[int, str],
    readings: Mapping[tuple[str, str], int],
) -> GrantUse:
    if grant.level != AccessLevel.INPUTS:
        return GrantUse(GrantUseCode.NOT_KEPT)
    if grant.id not in readers:
        return GrantUse(GrantUseCode.MEMBERS_NOT_SHOWN)
    of, ends = _of(grant, products), [end for end in (grant.until_us, grant.revoked_at_us) if end is not None]
    last = {one: readings[of, one] for one in readers[grant.id] if (of, one) in readings}
    during = {one: at_us for one, at_us in last.items() if at_us >= readers[grant.id][one]}
    within = {one: at_us for one, at_us in during.items() if all(at_us < end for end in ends)}
    if within:
        reader = max(within, key=lambda one: (within[one], one))
        return GrantUse(GrantUseCode.READ, within[reader], reader)
    return GrantUse(GrantUseCode.READ_BY_ANOTHER if during else GrantUseCode.NOT_READ)
