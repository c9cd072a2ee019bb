"""Members of an organization as its administrators and auditors, and the operator, are shown them; nobody else is.

The operator's clients are no members. One that was removed is found again by its id, and in the list of those who ever
were, because the audit trail goes on naming it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from exchange.model.footprint import NEVER_US
from exchange.model.paging import Page
from exchange.model.parties import Client, MemberKind, Role
from exchange.operations.answers.permission import reads_trail
from exchange.operations.answers.short_lists import page_of_ids
from exchange.operations.answers.values import PageAnswer

if TYPE_CHECKING:
    from exchange.operations.reading.session import Session


@dataclass(frozen=True, slots=True)
class MemberAnswer:
    """removed_us: None while it is there."""

    id: str
    name: str | None
    kind: MemberKind
    role: Role
    added_us: int
    removed_us: int | None


async def members_of(
    session: Session, organization_id: str, page: Page, *, removed: bool = False
) -> PageAnswer[MemberAnswer] | None:
    """Oldest first; `removed`: those who were removed, too. None for whoever may not read the audit trail."""
    if not reads_trail(session.viewer, organization_id):
        return None
    there = await session.store.list_clients(organization_id)
    found = [(each, role) for each in there if (role := each.role) is not None and (removed or each.stands)]
    return page_of_ids(found, [each.id for each, _ in found], page, lambda one: _member(*one))


async def members(session: Session, ids: Sequence[str]) -> list[MemberAnswer | None]:
    """One entry per id, in order; None: unknown, no member, or not shown."""
    answers: list[MemberAnswer | None] = []
    for client in await session.store.get_clients(ids):
        role = None if client is None else client.role
        if client is None or role is None or not reads_trail(session.viewer, client.organization_id):
            answers.append(None)
        else:
            answers.append(_member(client, role))
    return answers


def _member(client: Client, role: Role) -> MemberAnswer:
    return MemberAnswer(
        id=client.id,
        name=client.name or None,
        kind=client.kind,
        role=role,
        added_us=client.created_at_us,
        removed_us=None if client.revoked_at_us == NEVER_US else client.revoked_at_us,
    )
