"""The graph out of a file, held against the database first: for servers that start and commands that need all of it.

A file is only taken where the ledger holds the very change that was the file's last, and where what came since is few
enough to be followed. What it lacks is read as the ledger tells it, so what comes out is the graph as loading it from
the database would give it. Nobody but a server writes such a file.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from exchange.errors import StoreUnavailable
from exchange.graph import Store
from exchange.memory import Tables
from exchange.model.ledger import LedgerHead
from exchange.operations.following.snapshots import Kept, SnapshotFile, SnapshotUnusable
from exchange.operations.following.taking_over import load_tables, read_changed
from exchange.operations.turns import beside

log = logging.getLogger(__name__)

CHANGES_MAX: Final = 100_000  # further behind than this, loading again is quicker than following


async def read_kept(store: Store, file: SnapshotFile) -> Kept | None:
    """The graph as the file has it, of this database and not too far behind its ledger; None: there is no file, or none
    that can be used, and then the log says why. Raises StoreUnavailable."""
    try:
        return await _checked(store, file)
    except SnapshotUnusable as error:
        log.warning("the snapshot %s is not used: %s. The graph is loaded instead.", file.path, error)
        return None


async def _checked(store: Store, file: SnapshotFile) -> Kept | None:
    kept = await beside(file.read)
    if kept is None:
        return None
    head, last, present = await store.head(), kept.last, kept.present
    if last.sequence > head.sequence or await store.changes(last.sequence - 1, last.sequence) != [last]:
        raise SnapshotUnusable("it is of another database, or of another past of this one")
    if head.sequence - last.sequence > CHANGES_MAX or present.dates.head != last.sequence:
        raise SnapshotUnusable(f"it is {head.sequence - last.sequence} changes behind")
    return kept


async def tables_at(
    store: Store, head: LedgerHead, check: Callable[[Tables], None], file: SnapshotFile | None
) -> Tables:
    """Everything up to `head`: from the file where there is one that can be used, else from the database, in bounded
    reads. `check` is called with what is there, and stops it by raising. Raises StoreUnavailable."""
    found = None if file is None else await _followed(store, head, check, file)
    return await load_tables(store, head, check) if found is None else found


async def _followed(
    store: Store, head: LedgerHead, check: Callable[[Tables], None], file: SnapshotFile
) -> Tables | None:
    kept = await read_kept(store, file)
    if kept is None or kept.last.sequence > head.sequence:  # a server has just written it: it knows more than is asked
        return None
    tables = kept.present.tables
    check(tables)
    if kept.last.sequence < head.sequence:
        try:
            changed = await read_changed(store, kept.last.sequence, head.sequence)
        except StoreUnavailable:  # raised in the same words by whoever loads it, where it lasts
            return None
        await beside(lambda: changed.apply(tables))
        check(tables)
    return tables
