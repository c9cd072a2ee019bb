"""What the graph in memory takes over from the database: everything at first, then what the ledger says was written."""

from __future__ import annotations

import asyncio
import gc
import logging
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable, Iterator, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any, Final, TypeVar

from exchange.graph import Store
from exchange.memory import (
    Tables,
    Touched,
    add_footprint_columns,
    add_grant_columns,
    add_product_columns,
    names_to_bind,
)
from exchange.model.alliance import Membership
from exchange.model.columns import GrantColumns, ProductColumns
from exchange.model.footprint import Footprint
from exchange.model.grant import Grant
from exchange.model.ledger import Change, ChangeKind, LedgerHead
from exchange.model.product import Product, Release
from exchange.operations.turns import beside

T = TypeVar("T")

log = logging.getLogger(__name__)

RANGE_MAX: Final = 5_000  # products or footprints read at once: some ten megabytes
READS_AT_ONCE: Final = 2  # connections that read ahead: the database and this process work beside each other
COLLECT_AFTER: Final = 100_000  # new objects, while the graph is loaded
PROGRESS_SECONDS: Final = 5.0  # between two lines of the log while a large graph is loaded


@dataclass(frozen=True, slots=True)
class Changed:
    """What was written between two heads of the ledger."""

    products: Sequence[Product]
    releases: Sequence[Release]
    published: Sequence[Footprint]
    deprecated: Sequence[Footprint]
    grants: Sequence[Grant]
    memberships: Sequence[Membership]

    def apply(self, tables: Tables) -> Touched:
        """Takes all of it over; nothing interrupts it."""
        touched = tables.add_products(self.products)
        touched |= tables.add_releases(self.releases)
        touched |= tables.add_footprints(self.published)
        for footprint in self.deprecated:
            touched |= tables.deprecate(footprint)
        tables.bind(self.products)
        touched |= tables.put_grants(self.grants)
        return touched | tables.put_memberships(self.memberships)


async def read_changed(store: Store, after: int, upto: int) -> Changed:
    """What the ledger's changes are about, as it is now: more may have happened to it since."""
    changes = await store.changes(after, upto)
    granted = _subjects(changes, ChangeKind.ACCESS_GRANTED, ChangeKind.ACCESS_REVOKED)
    allied = _subjects(changes, ChangeKind.MEMBER_JOINED, ChangeKind.MEMBER_LEFT)
    return Changed(
        products=_there(await store.get_products(_subjects(changes, ChangeKind.PRODUCT_CREATED))),
        releases=_there(await store.get_releases(_subjects(changes, ChangeKind.RELEASE_CREATED))),
        published=_there(await store.get_footprints(_subjects(changes, ChangeKind.FOOTPRINT_PUBLISHED))),
        deprecated=_there(await store.get_footprints(_subjects(changes, ChangeKind.FOOTPRINT_DEPRECATED))),
        grants=_there(await store.get_grants(granted)),
        memberships=_there(await store.get_memberships(allied)),
    )


async def load_tables(store: Store, head: LedgerHead, check: Callable[[Tables], None]) -> Tables:
    """Everything up to `head`, in bounded reads. `check` is called after each, and stops it by raising.

    Keys are dense: what was written up to `head` has the keys below its counts. Later writes are left out, and come by
    the ledger.
    """
    with _fewer_collections():
        return await _loaded(store, head, check)


@contextmanager
def _fewer_collections() -> Iterator[None]:
    """Rows that are read are millions of lists, none of them in a cycle: to search them for cycles after every 700
    takes as long as everything else that is done with them. One graph is loaded at a time in a process."""
    before = gc.get_threshold()
    gc.set_threshold(COLLECT_AFTER, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


async def _loaded(store: Store, head: LedgerHead, check: Callable[[Tables], None]) -> Tables:
    tables = Tables()
    tables.add_releases([each for each in await store.read_releases() if each.sequence <= head.sequence])
    tables.products.resize(head.products)
    tables.versions.resize(head.footprints)
    progress = _Progress(head)

    def add_products(read: tuple[ProductColumns, GrantColumns]) -> None:
        add_product_columns(tables, read[0])
        add_grant_columns(tables, read[1])

    reads = _ranges(head.products, lambda first, after: store.read_product_columns(first, after, head.sequence))
    async with aclosing(reads):
        async for after, products in reads:
            await beside(partial(add_products, products))
            progress.tell(after, 0)
            check(tables)
    tables.put_memberships(await store.read_memberships(head.sequence))
    tables.put_grants(await store.read_grants_of_all(head.sequence))
    versions = _ranges(head.footprints, lambda first, after: store.read_footprint_columns(first, after, head.sequence))
    async with aclosing(versions):
        async for after, footprints in versions:
            await beside(partial(add_footprint_columns, tables, footprints))
            progress.tell(head.products, after)
            check(tables)
    # A line's product is later than its consumer where it was named before it was there.
    names = await store.read_names(names_to_bind(tables))
    tables.bind_names((urn, key) for urn, key in names.items() if key < head.products)
    return tables


async def _ranges(count: int, read: Callable[[int, int], Coroutine[Any, Any, T]]) -> AsyncGenerator[tuple[int, T]]:
    """What `read` brings of all keys below `count`, in order, each with the key after its last; a few ranges are read
    while one is worked on."""
    starts = iter(range(0, count, RANGE_MAX))
    ahead: deque[tuple[int, asyncio.Task[T]]] = deque()
    try:
        while True:
            for first in islice(starts, READS_AT_ONCE - len(ahead)):
                after = min(first + RANGE_MAX, count)
                ahead.append((after, asyncio.create_task(read(first, after), name="graph-loading-read")))
            if not ahead:
                return
            after, task = ahead.popleft()
            yield after, await task
    finally:
        for _, task in ahead:
            task.cancel()
        await asyncio.gather(*(task for _, task in ahead), return_exceptions=True)


class _Progress:
    """Says in the log how far a long load has come."""

    def __init__(self, head: LedgerHead) -> None:
        self._head, self._told = head, time.monotonic()

    def tell(self, products: int, footprints: int) -> None:
        if time.monotonic() - self._told > PROGRESS_SECONDS:
            self._told, head = time.monotonic(), self._head
            there = f"{products} of {head.products} products, {footprints} of {head.footprints} footprints"
            log.info("loading the graph: %s", there)


def _subjects(changes: Sequence[Change], *kinds: ChangeKind) -> list[str]:
    return list(dict.fromkeys(change.subject for change in changes if change.kind in kinds))


def _there(found: Iterable[T | None]) -> list[T]:
    return [each for each in found if each is not None]
