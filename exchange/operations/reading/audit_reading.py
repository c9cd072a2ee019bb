"""Reading the audit trail: an organization its own entries, newest first.

An entry is read by the organization that acted and by the one whose things it concerns (`ledger.Change.readers` has the
exception), and by nobody else; by which client, only the organization that acted is told. The operator reads every
list.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from exchange.errors import InvalidInput
from exchange.graph import Store
from exchange.model.audit import GENESIS, AuditEntry
from exchange.model.audit_file import end, header, line_of
from exchange.model.ledger import ChangeKind
from exchange.model.paging import Page, page_of_numbers
from exchange.operations.answers.permission import reads_trail, require_administrator
from exchange.operations.answers.short_lists import NOT_OF_THIS_LIST
from exchange.operations.answers.values import PageAnswer
from exchange.operations.reading.sight import Sight

NUMBER: Final = re.compile(r"[1-9][0-9]{0,15}", re.ASCII)


@dataclass(frozen=True, slots=True)
class AuditAnswer:
    """One entry as its reader may know it; None: nothing of the kind, or not the reader's to know."""

    at_us: int
    kind: ChangeKind
    subject: str
    organization_id: str | None
    client_id: str | None
    product_id: str | None
    detail: str | None
    hash: str


async def list_audit(sight: Sight, organization_id: str, page: Page) -> PageAnswer[AuditAnswer] | None:
    """The entries of one organization, newest first; None for whoever is neither its administrator or auditor nor the
    operator."""
    viewer = sight.viewer
    if not reads_trail(viewer, organization_id):
        return None
    total = await sight.store.audit_count(organization_id)
    for cursor, argument in ((page.after, "after"), (page.before, "before")):
        if cursor is not None and (NUMBER.fullmatch(cursor) is None or int(cursor) > total):
            raise InvalidInput(NOT_OF_THIS_LIST, path=(argument,))
    part = page_of_numbers(total, page)
    found = await sight.store.audit_entries_of(organization_id, part)
    shown = [(str(number), entry) for number, entry in zip(part, found, strict=True) if entry is not None]
    reader = None if viewer.operator else organization_id
    return PageAnswer(
        tuple(_answer(entry, reader) for _, entry in shown),
        tuple(number for number, _ in shown),
        has_next=bool(part) and part[-1] > 1,
        has_previous=bool(part) and part[0] < total,
        total=total,
    )


def _answer(entry: AuditEntry, reader: str | None) -> AuditAnswer:
    change = entry.change
    by_told = reader is None or reader == change.organization_id
    return AuditAnswer(
        at_us=change.at_us,
        kind=change.kind,
        subject=change.subject,
        organization_id=change.organization_id or None,
        client_id=change.by if by_told else None,
        product_id=change.product_id or None,
        detail=change.detail or None,
        hash=entry.hash,
    )


async def export_audit(store: Store, sight: Sight, reader: str | None, since_us: int | None) -> AsyncIterator[str]:
    """The lines of an audit file: the whole chain as `reader` may know it (None: all of it), from the first entry on
    that is not older than `since_us`. The operator's to make: an organization's file, too, tells how many entries
    others have. Raises AccessDenied."""
    require_administrator(sight.viewer)
    tail = await store.audit_tail()
    first, previous = tail.first or tail.head + 1, GENESIS
    if since_us is not None:
        first, previous = await _first_since(store, first, tail.head, since_us)
    yield header(first, previous)
    after = first - 1
    while after < tail.head:
        entries = await store.audit_entries(after, tail.head)
        for entry in entries:
            yield line_of(entry, reader)
        after = max(after + 1, entries[-1].change.sequence) if entries else tail.head
    yield end(tail.head, tail.hash)  # by the ledger's own node: what is gone at the end is missed


async def _first_since(store: Store, first: int, head: int, since_us: int) -> tuple[int, str]:
    """Where to begin, and the hash before it: instants never go back along the chain, so by halving."""
    low, high = first, head + 1
    while low < high:
        middle = (low + high) // 2
        [entry] = await store.audit_entries(middle - 1, middle)
        low, high = (middle + 1, high) if entry.change.at_us < since_us else (low, middle)
    if low == first:
        return first, GENESIS
    [before] = await store.audit_entries(low - 2, low - 1)
    return low, before.hash
