"""Reading footprints, and the part of the graph that a roll-up needs.

Nothing is chosen here: all versions of a product and all its grants come back, and `rollup` decides which stands.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Iterator, Sequence

from exchange.graph.bolt import Bolt
from exchange.graph.footprint_records import footprint_of
from exchange.graph.grants import grants_of_all, with_members
from exchange.graph.keys import SEPARATOR
from exchange.graph.reading import COLLECTED_MAX, Listing, chunks, read_page
from exchange.graph.records import Properties, grant_of, product_of
from exchange.model.closure import Node
from exchange.model.footprint import Footprint
from exchange.model.grant import Grant
from exchange.model.paging import Page, PageOf
from exchange.model.product import Product

LINES_MAX = 100_000  # of one statement's answer, so that no answer grows with the graph; about 10 MB
FOOTPRINTS_BESIDE_MIN, LINES_BESIDE_MIN = 100, 5_000  # take about 5 ms to be made of a record; a thread costs 0.1 ms

# One record an answer: a record each costs the driver more than what is in it. Neither gives an order.
_AROUND = """
UNWIND $keys AS k MATCH (p:Product {key: k})
RETURN collect([properties(p), [(p)<-[:OF]-(f:Footprint) | [f.key, coalesce(f.lineCount, 0)]],
  [(p)<-[:ON]-(g:Grant) | properties(g)]])
"""
_VERSIONS = "UNWIND $keys AS k MATCH (f:Footprint {key: k}) RETURN collect(properties(f))"


async def get_footprints(bolt: Bolt, ids: Sequence[str]) -> list[Footprint | None]:
    return await _by_text(bolt, "id", ids)


async def get_by_pf_id(bolt: Bolt, owner_id: str, pf_ids: Sequence[str]) -> list[Footprint | None]:
    return await _by_text(bolt, "pfKey", [f"{owner_id}{SEPARATOR}{pf_id}" for pf_id in pf_ids])


async def _by_text(bolt: Bolt, name: str, texts: Sequence[str]) -> list[Footprint | None]:
    """A record each: together they may have millions of lines."""
    statement = f"UNWIND $texts AS t MATCH (f:Footprint {{{name}: t}}) RETURN t, properties(f)"
    found: dict[str, Footprint] = {}
    for chunk in chunks(texts):
        found.update((text, footprint_of(stored)) for text, stored in await bolt.read(statement, texts=chunk))
    return [found.get(text) for text in texts]


async def list_footprints(bolt: Bolt, product_key: int, page: Page) -> PageOf[Footprint]:
    listing = Listing(
        match="MATCH (:Product {key: $product})<-[:OF]-(n:Footprint)",
        order="sequence",
        descending=True,
        integer=True,
        parameters={"product": product_key},
    )
    return await read_page(bolt, listing, page, footprint_of)


async def read_nodes(bolt: Bolt, keys: Collection[int]) -> dict[int, Node]:
    """Products with every version and every grant; a key that no product has is absent."""
    found: dict[int, Node] = {}
    for chunk in chunks(keys, COLLECTED_MAX):
        [[around]] = await bolt.read(_AROUND, keys=chunk)
        versions: dict[int, list[Footprint]] = {stored["key"]: [] for stored, _, _ in around}
        sizes = sorted((key, lines) for _, footprints, _ in around for key, lines in footprints)
        for part in bounded(sizes):
            [[properties]] = await bolt.read(_VERSIONS, keys=part)
            for footprint in await _footprints_of(properties):
                versions[footprint.product_key].append(footprint)
        products = [product_of(stored) for stored, _, _ in around]
        on = await _grants_on(bolt, products, [grants for _, _, grants in around])
        for product, on_it in on:
            found[product.key] = Node(product, versions[product.key], on_it)
    return found


async def _grants_on(
    bolt: Bolt, products: Sequence[Product], stored: Sequence[Sequence[Properties]]
) -> list[tuple[Product, list[Grant]]]:
    """Each product with the grants on it, by sequence: those of many products that cover it, too, and those to an
    alliance with its members."""
    of_all: dict[str, list[Grant]] = {}
    for grant in await grants_of_all(bolt, {product.owner_id for product in products}):
        of_all.setdefault(grant.owner_id or "", []).append(grant)
    on: list[list[Grant]] = []
    for product, grants in zip(products, stored, strict=True):
        of_many = [grant for grant in of_all.get(product.owner_id, ()) if grant.covers(product)]
        on.append(sorted([*map(grant_of, grants), *of_many], key=lambda each: each.sequence))
    reached = iter(await with_members(bolt, [grant for each in on for grant in each]))
    return [(product, [next(reached) for _ in each]) for product, each in zip(products, on, strict=True)]


async def _footprints_of(properties: Sequence[Properties]) -> list[Footprint]:
    """In the order of their keys; made beside the event loop where there is much to make."""

    def make() -> list[Footprint]:
        return sorted(map(footprint_of, properties), key=lambda each: each.key)

    lines = sum(stored.get("lineCount") or 0 for stored in properties)
    few = len(properties) < FOOTPRINTS_BESIDE_MIN and lines < LINES_BESIDE_MIN
    return make() if few else await asyncio.to_thread(make)


def bounded(sizes: Iterable[tuple[int, int]]) -> Iterator[list[int]]:
    """Footprint keys in lists of bounded length and bounded lines; one that has more lines goes alone."""
    part: list[int] = []
    lines = 0
    for key, size in sizes:
        if part and lines + size > LINES_MAX:
            yield part
            part, lines = [], 0
        part.append(key)
        lines += size
    if part:
        yield part
