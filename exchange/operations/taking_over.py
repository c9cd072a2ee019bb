"""What the graph in memory takes over from the database: everything at first, then what the ledger says was written."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from exchange.graph import Store
from exchange.memory import Tables, Touched
from exchange.model.closure import Node
from exchange.model.footprint import Footprint
from exchange.model.grant import Grant
from exchange.model.ledger import Change, ChangeKind, LedgerHead
from exchange.model.product import Product, Release
from exchange.operations.turns import beside

T = TypeVar("T")

log = logging.getLogger(__name__)

NODES_CHUNK_MAX: Final = 2_000  # products read at once: some ten megabytes
PROGRESS_SECONDS: Final = 5.0  # between two lines of the log while a large graph is loaded


@dataclass(frozen=True, slots=True)
class Changed:
    """What was written between two heads of the ledger."""

    products: Sequence[Product]
    releases: Sequence[Release]
    published: Sequence[Footprint]
    deprecated: Sequence[Footprint]
    grants: Sequence[Grant]

    def apply(self, tables: Tables) -> Touched:
        """Takes all of it over; nothing interrupts it."""
        touched = tables.add_products(self.products)
        touched |= tables.add_releases(self.releases)
        touched |= tables.add_footprints(self.published)
        for footprint in self.deprecated:
            touched |= tables.deprecate(footprint)
        tables.bind(self.products)
        return touched | tables.put_grants(self.grants)


async def read_changed(store: Store, after: int, upto: int) -> Changed:
    """What the ledger's changes are about, as it is now: more may have happened to it since."""
    changes = await store.changes(after, upto)
    granted = _subjects(changes, ChangeKind.ACCESS_GRANTED, ChangeKind.ACCESS_REVOKED)
    return Changed(
        products=_there(await store.get_products(_subjects(changes, ChangeKind.PRODUCT_CREATED))),
        releases=_there(await store.get_releases(_subjects(changes, ChangeKind.RELEASE_CREATED))),
        published=_there(await store.get_footprints(_subjects(changes, ChangeKind.FOOTPRINT_PUBLISHED))),
        deprecated=_there(await store.get_footprints(_subjects(changes, ChangeKind.FOOTPRINT_DEPRECATED))),
        grants=_there(await store.get_grants(granted)),
    )


async def load_tables(store: Store, head: LedgerHead, check: Callable[[Tables], None]) -> Tables:
    """Everything up to `head`, in bounded reads. `check` is called after each, and stops it by raising."""
    tables = Tables()
    tables.products.resize(head.products)
    tables.versions.resize(head.footprints)
    tables.add_releases([each for each in await store.read_releases() if each.sequence <= head.sequence])
    told = time.monotonic()
    for first in range(0, head.products, NODES_CHUNK_MAX):
        if time.monotonic() - told > PROGRESS_SECONDS:
            told = time.monotonic()
            log.info("loading the graph: %d of %d products", first, head.products)
        keys = range(first, min(first + NODES_CHUNK_MAX, head.products))
        nodes = list((await store.read_nodes(list(keys))).values())
        await beside(lambda nodes=nodes: _add_nodes(tables, nodes, head.sequence))  # type: ignore[misc]
        check(tables)
    return tables


def _add_nodes(tables: Tables, nodes: Sequence[Node], head: int) -> None:
    """What a read brought, without what was written since `head`: the ledger brings that."""
    there = [node for node in nodes if node.product.sequence <= head]
    tables.add_products(node.product for node in there)
    tables.add_footprints([each for node in there for each in node.footprints if each.sequence <= head])
    # A line's product is later than its consumer where it was named before it was there: in this read, or a later one.
    tables.bind(node.product for node in there)
    tables.put_grants(grant for node in there for grant in node.grants if grant.sequence <= head)


def _subjects(changes: Sequence[Change], *kinds: ChangeKind) -> list[str]:
    return list(dict.fromkeys(change.subject for change in changes if change.kind in kinds))


def _there(found: Iterable[T | None]) -> list[T]:
    return [each for each in found if each is not None]
