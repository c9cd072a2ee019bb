"""What an organization's own intermediate products reach: the first products of others, upstream and downstream.

Upstream: what an own product takes, through own products, of others. Downstream: which products of others take an own
one, or an own one that contains it. Never farther than the first foreign product: who is beyond it is a secret of that
product's owner.

Lines count of every footprint that is not deprecated, whatever it is valid for: a question can name any day. Fallbacks
count as lines do, and a name that somebody registered after the line was published is that product, as everywhere.
What is read is bounded; the nearest first, and of equally near ones those that were registered first.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from exchange.access import permits_at
from exchange.graph import Store
from exchange.model.closure import Dates, Node
from exchange.model.footprint import Footprint, FootprintStatus
from exchange.model.ledger import LedgerHead
from exchange.model.product import Product
from exchange.operations.following.consumers import consumers
from exchange.operations.following.follower import LiveGraph
from exchange.operations.reading.session import Session
from exchange.operations.requests.checks import US_PER_DAY

OWN_PRODUCTS_MAX: Final = 1_000  # looked through in one direction; as many as are published at once
SUPPLIERS_MAX: Final = 1_000  # of others, that own products take; each may become an entry, and those are one write
CUSTOMERS_MAX: Final = 1_000  # products of others whose lines are read to see whether they still take an own one
CUSTOMERS_TOLD_MAX: Final = 100  # of them, found: an entry each
NODES_AT_ONCE: Final = 50  # products with all their versions and lines; some megabytes at the most, as a rule


@dataclass(frozen=True, slots=True)
class Reading:
    """Where it is read, and as of when."""

    store: Store
    graph: LiveGraph | None
    head: LedgerHead
    now_us: int


async def suppliers_through(
    session: Session, owner_id: str, keys: Iterable[int], new: Sequence[Footprint]
) -> dict[int, set[int]]:
    """Of each own product among `keys`: the foreign products that the owner sees and that it takes, itself or through
    other own ones. new: footprints that are about to be published, whose lines count as well."""
    own: dict[int, set[int]] = {}  # what each own product names
    seen: set[int] = set()  # foreign ones
    asked, written, front = set(keys), _by_product(new), sorted(set(keys))
    while front:
        answers = [each.product for each in await session.products_by_key(front) if each is not None]
        mine = [product.key for product in answers if product.owner_id == owner_id]
        seen.update([product.key for product in answers if product.owner_id != owner_id][: SUPPLIERS_MAX - len(seen)])
        mine = mine[: OWN_PRODUCTS_MAX - len(own)]
        async for nodes in _read(session.store, mine):
            versions = {key: [*node.footprints, *written.get(key, ())] for key, node in nodes.items()}
            own |= await _named(session.store, versions)
        found = set[int]().union(*(own[key] for key in mine if key in own))
        front = sorted(found - own.keys() - seen - asked)[: OWN_PRODUCTS_MAX + SUPPLIERS_MAX]
        asked.update(front)
    return {key: _reached(own, key) & seen for key in own}


async def customers_of(reading: Reading, owner_id: str, keys: Collection[int]) -> list[Product]:
    """Products of others that take one of these own products, or an own one that contains one; nearest first.

    Only what may take it now: who names a product in a line without a right to it is not told that it is there.
    """
    dates = Dates(reading.now_us // US_PER_DAY, reading.now_us, reading.head.sequence)
    permits = permits_at(dates)
    search = _Downstream(reading, owner_id)
    suppliers = {key: node async for nodes in _read(reading.store, sorted(keys)) for key, node in nodes.items()}
    search.met.update(suppliers)
    while suppliers:
        async for customer, named in search.taking(suppliers, others=True):
            if any(permits(customer.product, suppliers[key]) for key in named):
                search.found.append(customer.product)
                if len(search.found) == CUSTOMERS_TOLD_MAX:
                    return search.found
        suppliers = {node.product.key: node async for node, _ in search.taking(suppliers, others=False)}
    return search.found


@dataclass(slots=True)
class _Downstream:
    """met: own products, those to look through included; looked_at: foreign ones."""

    reading: Reading
    owner_id: str
    met: set[int] = field(default_factory=set)
    looked_at: set[int] = field(default_factory=set)
    found: list[Product] = field(default_factory=list)

    async def taking(self, suppliers: Mapping[int, Node], *, others: bool) -> AsyncIterator[tuple[Node, set[int]]]:
        """Products, not met before, that name some of the suppliers; with which."""
        known, most = (self.looked_at, CUSTOMERS_MAX) if others else (self.met, OWN_PRODUCTS_MAX)
        reading = self.reading
        keys = await consumers(
            *(reading.store, reading.graph, reading.head, reading.now_us),
            suppliers.keys(),
            self.owner_id,
            others=others,
            most=most + len(known),
        )
        new = [key for key in keys if key not in known][: max(most - len(known), 0)]
        known.update(new)
        async for nodes in _read(reading.store, new):
            named = await _named(reading.store, {key: node.footprints for key, node in nodes.items()})
            for key in sorted(nodes):
                if not named[key].isdisjoint(suppliers):
                    yield nodes[key], named[key] & suppliers.keys()


async def _read(store: Store, keys: Sequence[int]) -> AsyncIterator[dict[int, Node]]:
    for start in range(0, len(keys), NODES_AT_ONCE):
        yield await store.read_nodes(keys[start : start + NODES_AT_ONCE])


async def _named(store: Store, versions: Mapping[int, Sequence[Footprint]]) -> dict[int, set[int]]:
    """Keys of the products that each product's lines and fallbacks name, by its footprints that are not deprecated."""
    bound: dict[int, set[int]] = {}
    later: dict[int, set[str]] = {}
    for product, footprints in versions.items():
        names = [name for one in footprints if one.status is FootprintStatus.ACTIVE for name in _names(one)]
        bound[product] = {key for key, _ in names if key is not None}
        later[product] = {urn for key, urn in names if key is None and urn is not None}
    urns = set[str]().union(*later.values())
    registered = await store.read_names(urns) if urns else {}
    return {key: found | {registered[urn] for urn in later[key] & registered.keys()} for key, found in bound.items()}


def _names(footprint: Footprint) -> Iterator[tuple[int | None, str | None]]:
    """What each line and fallback names: the product's key, or where nobody had registered it the URN."""
    lines = footprint.lines
    for supplier, name in zip(lines.suppliers, lines.names, strict=True):
        yield (None, name) if supplier < 0 else (supplier, None)
    for extras in (lines.extras or {}).values():
        if extras.fallback is not None:
            yield extras.fallback.product_key, extras.fallback.urn


def _by_product(footprints: Sequence[Footprint]) -> dict[int, list[Footprint]]:
    found: dict[int, list[Footprint]] = {}
    for one in footprints:
        found.setdefault(one.product_key, []).append(one)
    return found


def _reached(own: Mapping[int, set[int]], key: int) -> set[int]:
    """Everything that an own product names, itself or through own ones."""
    found, open_ = set[int](), [key]
    while open_:
        new = own.get(open_.pop(), set()) - found
        found |= new
        open_ += new
    return found
