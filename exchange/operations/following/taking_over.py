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

from exchange.errors import StoreUnavailable
from exchange.graph import Store
from exchange.memory import (
    Tables,
    Touched,
    add_footprint_columns,
    add_footprints,
    add_grant_columns,
    add_product_columns,
    add_products,
    add_releases,
    bind,
    bind_names,
    deprecate,
    names_to_bind,
    put_grants,
    put_memberships,
)
from exchange.model.alliance import Membership
from exchange.model.columns import GrantColumns, ProductColumns
from exchange.model.footprint import NEVER_US, Footprint
from exchange.model.grant import Grant
from exchange.model.ledger import Change, ChangeKind, LedgerHead
from exchange.model.product import Product, Release
from exchange.model.writes import PublishFootprint, RememberAnswer, Write
from exchange.operations.turns import beside

T = TypeVar("T")

log = logging.getLogger(__name__)

RANGE_MAX: Final = 2_000  # products or footprints read at once: some ten megabytes as values of Python
READS_AT_ONCE: Final = 2  # connections that read ahead: the database and this process work beside each other
COLLECT_AFTER: Final = 100_000  # new objects, while the graph is loaded
LOOKS_MAX: Final = 8  # at what was changed: with the pauses below half a second
LOOK_PAUSE_SECONDS: Final = 0.002  # before the second look, doubled for each further one
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
        touched = add_products(tables, self.products)
        touched |= add_releases(tables, self.releases)
        touched |= add_footprints(tables, self.published)
        for footprint in self.deprecated:
            touched |= deprecate(tables, footprint)
        bind(tables, self.products)
        touched |= put_grants(tables, self.grants)
        return touched | put_memberships(tables, self.memberships)


def changed_by(writes: Sequence[Write]) -> Changed | None:
    """What a transaction of this process changed, without reading it: the store gives footprints as they were
    published. None: it wrote something else, too, or nothing that the graph holds."""
    published = [write.footprint for write in writes if isinstance(write, PublishFootprint)]
    others = [write for write in writes if not isinstance(write, PublishFootprint | RememberAnswer)]
    return Changed([], [], published, [], [], []) if published and not others else None


async def read_changed(store: Store, after: int, upto: int) -> Changed:
    """What the ledger's changes are about, as it is now: more may have happened to it since.

    Some databases show a transaction step by step: the ledger's head may be seen a moment before what it counts. Taken
    over like that, a footprint would be missing from then on, or a revoked grant hold. So all of it has to be there as
    the changes tell it; else it is read again. Raises StoreUnavailable where it does not come.
    """
    changes = await store.changes(after, upto)
    for look in range(LOOKS_MAX):
        changed = await _read_as_it_is(store, changes)
        if changed is not None:
            return changed
        await asyncio.sleep(LOOK_PAUSE_SECONDS * 2**look)
    raise StoreUnavailable("What the ledger tells of could not be read whole. Ask again in a few seconds.")


async def _read_as_it_is(store: Store, changes: Sequence[Change]) -> Changed | None:
    """None: not all of it is there yet."""
    revoked = set(_subjects(changes, ChangeKind.ACCESS_REVOKED))
    granted = _subjects(changes, ChangeKind.ACCESS_GRANTED, ChangeKind.ACCESS_REVOKED)
    left = set(_subjects(changes, ChangeKind.MEMBER_LEFT))
    products = await store.get_products(_subjects(changes, ChangeKind.PRODUCT_CREATED))
    releases = await store.get_releases(_subjects(changes, ChangeKind.RELEASE_CREATED))
    published = await store.get_footprints(_subjects(changes, ChangeKind.FOOTPRINT_PUBLISHED))
    deprecated = await store.get_footprints(_subjects(changes, ChangeKind.FOOTPRINT_DEPRECATED))
    grants = await store.get_grants(granted)
    memberships = await store.get_memberships(_subjects(changes, ChangeKind.MEMBER_JOINED, ChangeKind.MEMBER_LEFT))
    found = Changed(
        products=_there(products),
        releases=_there(releases),
        published=_there(published),
        deprecated=_there(deprecated),
        grants=_there(grants),
        memberships=_there(memberships),
    )
    whole = None not in (*products, *releases, *published, *deprecated, *grants, *memberships)
    ended = all(each.deprecated_sequence < NEVER_US for each in found.deprecated)
    ended = ended and all(each.revoked_sequence < NEVER_US for each in found.grants if each.id in revoked)
    # Who is a member, and who is none any more; an invitation that is not accepted yet is neither.
    begun = all(each.joined_us < NEVER_US for each in found.memberships)
    ended = ended and all(each.ended_sequence < NEVER_US for each in found.memberships if each.id in left)
    return found if whole and begun and ended else None


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
    takes as long as everything else that is done with them.

    The threshold is the whole process's. It is what it was again when loading ends, however it ends; where several
    graphs are loaded at once, when the last of them does.
    """
    if not _LOADS:
        _LOADS.append(gc.get_threshold())
        gc.set_threshold(COLLECT_AFTER, *_LOADS[0][1:])
    else:
        _LOADS.append(_LOADS[0])
    try:
        yield
    finally:
        usual = _LOADS.pop()
        if not _LOADS:
            gc.set_threshold(*usual)


_LOADS: Final[list[tuple[int, int, int]]] = []  # the usual threshold, once for each load under way


async def _loaded(store: Store, head: LedgerHead, check: Callable[[Tables], None]) -> Tables:
    tables = Tables()
    add_releases(tables, [each for each in await store.read_releases() if each.sequence <= head.sequence])
    tables.products.resize(head.products)
    tables.versions.resize(head.footprints)
    progress = _Progress(head)

    def take(read: tuple[ProductColumns, GrantColumns]) -> None:
        add_product_columns(tables, read[0])
        add_grant_columns(tables, read[1])

    reads = _ranges(head.products, lambda first, after: store.read_product_columns(first, after, head.sequence))
    async with aclosing(reads):
        async for after, products in reads:
            await beside(partial(take, products))
            progress.tell(after, 0)
            check(tables)
    put_memberships(tables, await store.read_memberships(head.sequence))
    put_grants(tables, await store.read_grants_of_all(head.sequence))
    versions = _ranges(head.footprints, lambda first, after: store.read_footprint_columns(first, after, head.sequence))
    async with aclosing(versions):
        async for after, footprints in versions:
            await beside(partial(add_footprint_columns, tables, footprints))
            progress.tell(head.products, after)
            check(tables)
    sequences = (tables.products.sequence, tables.versions.sequence)
    if any((column.values == NEVER_US).any() for column in sequences):  # the head was seen before what it counts
        raise StoreUnavailable("The graph could not be read whole. Ask again in a few seconds.")
    # A line's product is later than its consumer where it was named before it was there.
    names = await store.read_names(names_to_bind(tables))
    bind_names(tables, ((urn, key) for urn, key in names.items() if key < head.products))
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
