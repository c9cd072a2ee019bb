"""Reading products: by id, key and URN, in lists that show only what a viewer may see, and who consumes them."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from exchange.graph.bolt import Bolt
from exchange.graph.keys import search_name
from exchange.graph.reading import Listing, by_key, chunks, merged, read_page
from exchange.graph.records import product_of
from exchange.model.paging import Page, PageOf, ProductOrder, ProductQuery, Visible
from exchange.model.product import Product

_BY_URN = "UNWIND $urns AS u MATCH (:Identifier {urn: u})-[:IDENTIFIES]->(p:Product) RETURN u, properties(p)"
_KEYS = "UNWIND $ids AS i MATCH (n:Product {id: i}) RETURN collect([i, n.key])"
_OWNED = "UNWIND $ids AS i MATCH (n:Product {id: i}) WHERE n.ownerId = $owner RETURN collect([i, n.key])"
_NAMES = "UNWIND $urns AS u MATCH (n:Identifier {urn: u}) WHERE n.productKey IS NOT NULL RETURN u, n.productKey"
_LINES_TO = "UNWIND $keys AS k MATCH (:Product {key: k})<-[:INPUT|FALLBACK]-(:Footprint)-[:OF]->(c:Product)"
_NAMES_TO = """
UNWIND $keys AS k MATCH (:Product {key: k})<-[:IDENTIFIES]-(:Identifier)<-[:NAMES]-(:Footprint)-[:OF]->(c:Product)
"""
_CONSUMED = """
UNWIND $keys AS k MATCH (p:Product {key: k}) WHERE EXISTS { MATCH (p)<-[:INPUT|FALLBACK]-() } RETURN k
"""
_CONSUMED_BY_NAME = """
UNWIND $keys AS k MATCH (p:Product {key: k})
WHERE EXISTS { MATCH (p)<-[:IDENTIFIES]-(:Identifier)<-[:NAMES]-() } RETURN k
"""
_IS_PUBLIC = "any(i IN range(0, size(n.publicFrom) - 1) WHERE n.publicFrom[i] <= $at AND n.publicUntil[i] > $at)"
_OWN_OR_PUBLIC = f"(n.ownerId = $viewer OR {_IS_PUBLIC})"
_IS_VISIBLE = f"({_OWN_OR_PUBLIC} OR n.key IN $granted)"
_IN_RELEASE = f"""
UNWIND $ids AS i MATCH (:Release {{id: i}})<-[:IN]-(:Footprint)-[:OF]->(n:Product)
WHERE {_IS_VISIBLE} RETURN DISTINCT i
"""
_IN_DATASET = f"""
UNWIND $ids AS i MATCH (:Dataset {{id: i}})<-[:RELEASE_OF]-(:Release)<-[:IN]-(:Footprint)-[:OF]->(n:Product)
WHERE {_IS_VISIBLE} RETURN DISTINCT i
"""
_COVERED = """
UNWIND $pairs AS x MATCH (:Organization {id: x[0]})-[:SUPPLIES]->(p:Product)
WHERE p.key > $after AND (x[1] = "" OR x[1] IN p.classifications)
RETURN DISTINCT p.key ORDER BY p.key LIMIT $most
"""
COVERED_MAX = 50_000  # keys of one answer, so that none grows with the products of an owner
_GRANTED = "UNWIND $granted AS g MATCH (n:Product {key: g})"


async def get_products(bolt: Bolt, ids: Sequence[str]) -> list[Product | None]:
    return await by_key(bolt, "Product", "id", ids, product_of)


async def get_products_by_key(bolt: Bolt, keys: Sequence[int]) -> list[Product | None]:
    return await by_key(bolt, "Product", "key", keys, product_of)


async def get_products_by_urn(bolt: Bolt, urns: Sequence[str]) -> dict[str, Product]:
    found: dict[str, Product] = {}
    for chunk in chunks(urns):
        found.update((urn, product_of(stored)) for urn, stored in await bolt.read(_BY_URN, urns=chunk))
    return found


async def read_keys(bolt: Bolt, ids: Collection[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for chunk in chunks(ids):
        [[together]] = await bolt.read(_KEYS, ids=chunk)
        found.update(together)
    return found


async def read_owned_keys(bolt: Bolt, ids: Collection[str], owner_id: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for chunk in chunks(ids):
        [[together]] = await bolt.read(_OWNED, ids=chunk, owner=owner_id)
        found.update(together)
    return found


async def read_names(bolt: Bolt, urns: Collection[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for chunk in chunks(urns):
        found.update((urn, key) for urn, key in await bolt.read(_NAMES, urns=chunk))
    return found


async def list_products(bolt: Bolt, query: ProductQuery, page: Page, visible: Visible | None) -> PageOf[Product]:
    """Two lists merged where products were granted: to look for each product among thousands of keys is far slower."""
    listing = _listing(query)
    if visible is None:
        return await read_page(bolt, listing, page, product_of)
    own_or_public = listing.narrowed(_OWN_OR_PUBLIC, **_sight(visible))
    if not visible.keys:
        return await read_page(bolt, own_or_public, page, product_of)
    granted = replace(listing.narrowed(f"NOT {_OWN_OR_PUBLIC}", **_sight(visible)), match=_GRANTED)
    parts = [await read_page(bolt, each, page, product_of) for each in (own_or_public, granted)]
    return merged(parts, listing, page)


async def keys_with_lines_to(
    bolt: Bolt, keys: Collection[int], owner_id: str | None, others: bool, most: int | None
) -> list[int]:
    found: set[int] = set()
    whose = f"WHERE $owner IS NULL OR c.ownerId {'<>' if others else '='} $owner RETURN DISTINCT c.key"
    first = "" if most is None else "ORDER BY c.key LIMIT $most"
    for chunk in chunks(keys):
        for statement in (_LINES_TO, _NAMES_TO):
            rows = await bolt.read(f"{statement} {whose} {first}", keys=chunk, owner=owner_id, most=most)
            found.update(row[0] for row in rows)
    return sorted(found)[:most]


async def consumed_keys(bolt: Bolt, keys: Collection[int]) -> set[int]:
    found: set[int] = set()
    for chunk in chunks(keys):
        both = await asyncio.gather(*(bolt.read(each, keys=chunk) for each in (_CONSUMED, _CONSUMED_BY_NAME)))
        found.update(row[0] for rows in both for row in rows)
    return found


async def covered_keys(bolt: Bolt, pairs: Collection[tuple[str, str | None]]) -> list[int]:
    """Keys of the products of these owners, of all of them or (second) of one classification, in order."""
    asked = [[owner, classification or ""] for owner, classification in sorted(pairs, key=str)]
    found: list[int] = []
    while asked:
        after = found[-1] if found else -1
        rows = await bolt.read(_COVERED, pairs=asked, after=after, most=COVERED_MAX)
        found += [row[0] for row in rows]
        if len(rows) < COVERED_MAX:
            break
    return found


async def releases_with_visible_products(bolt: Bolt, ids: Collection[str], visible: Visible) -> set[str]:
    return {row[0] for chunk in chunks(ids) for row in await bolt.read(_IN_RELEASE, ids=chunk, **_sight(visible))}


async def datasets_with_visible_products(bolt: Bolt, ids: Collection[str], visible: Visible) -> set[str]:
    return {row[0] for chunk in chunks(ids) for row in await bolt.read(_IN_DATASET, ids=chunk, **_sight(visible))}


def _sight(visible: Visible) -> dict[str, Any]:
    """What the conditions above ask for. No organization has an empty id: to an anonymous viewer nothing is its own."""
    return {"viewer": visible.organization_id or "", "granted": sorted(visible.keys), "at": visible.at_us}


def _listing(query: ProductQuery) -> Listing:
    """The narrowest start that the query names; the rest are conditions on what that finds."""
    parameters: dict[str, Any] = {}
    conditions: list[str] = []
    match = "MATCH (n:Product)"
    if query.urn is not None:
        match = "MATCH (:Identifier {urn: $urn})-[:IDENTIFIES]->(n:Product)"
        conditions.append("$urn IN n.productIds")
        parameters["urn"] = query.urn
    if query.owner_id is not None:
        if query.urn is None:
            match = "MATCH (:Organization {id: $owner})-[:SUPPLIES]->(n:Product)"
        conditions.append("n.ownerId = $owner")
        parameters["owner"] = query.owner_id
    if query.name_contains:
        conditions.append("n.searchName CONTAINS $name")
        parameters["name"] = search_name(query.name_contains)
    if query.classification is not None:
        conditions.append("$classification IN n.classifications")
        parameters["classification"] = query.classification
    by_name = query.order == ProductOrder.NAME
    return Listing(
        match=match,
        order="sortName" if by_name else "key",
        descending=query.descending,
        integer=not by_name,
        where=conditions,
        parameters=parameters,
    )
