"""Reading grants, datasets and their releases."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from exchange.graph.bolt import Bolt
from exchange.graph.keys import name_key
from exchange.graph.reading import Listing, by_key, chunks, read_page
from exchange.graph.records import dataset_of, grant_of, release_of
from exchange.model.footprint import NEVER_US
from exchange.model.grant import Grant
from exchange.model.paging import Page, PageOf
from exchange.model.product import Dataset, Release

_TO = """
MATCH (g:Grant {audience: $audience}) WHERE g.revokedAtUs = $never RETURN properties(g) ORDER BY g.sequence
"""
_SUCCESSORS = """
UNWIND $ids AS i MATCH (x:Release {id: i})-[:RELEASE_OF]->(:Dataset)<-[:RELEASE_OF]-(y:Release)
WHERE y.dateDay > x.dateDay OR (y.dateDay = x.dateDay AND y.sequence > x.sequence)
RETURN i, properties(y) ORDER BY y.dateDay, y.sequence
"""


async def get_grants(bolt: Bolt, ids: Sequence[str]) -> list[Grant | None]:
    return await by_key(bolt, "Grant", "id", ids, grant_of)


async def list_grants(bolt: Bolt, product_key: int, page: Page) -> PageOf[Grant]:
    listing = Listing(
        match="MATCH (:Product {key: $product})<-[:ON]-(n:Grant)",
        order="sequence",
        integer=True,
        parameters={"product": product_key},
    )
    return await read_page(bolt, listing, page, grant_of)


async def grants_to(bolt: Bolt, organization_id: str) -> list[Grant]:
    rows = await bolt.read(_TO, audience=organization_id, never=NEVER_US)
    return [grant_of(row[0]) for row in rows]


async def get_dataset(bolt: Bolt, publisher_id: str, name: str) -> Dataset | None:
    return (await by_key(bolt, "Dataset", "nameKey", [name_key(publisher_id, name)], dataset_of))[0]


async def get_datasets(bolt: Bolt, ids: Sequence[str]) -> list[Dataset | None]:
    return await by_key(bolt, "Dataset", "id", ids, dataset_of)


async def get_releases(bolt: Bolt, ids: Sequence[str]) -> list[Release | None]:
    return await by_key(bolt, "Release", "id", ids, release_of)


async def get_release_by_label(bolt: Bolt, dataset_id: str, label: str) -> Release | None:
    return (await by_key(bolt, "Release", "labelKey", [name_key(dataset_id, label)], release_of))[0]


async def read_releases(bolt: Bolt) -> list[Release]:
    """All of them, in the order of the ledger."""
    rows = await bolt.read("MATCH (r:Release) RETURN properties(r)")
    return sorted((release_of(row[0]) for row in rows), key=lambda release: release.sequence)


async def read_successors(bolt: Bolt, release_ids: Collection[str]) -> dict[str, list[Release]]:
    """For each release that exists, the later ones of its dataset, earliest first."""
    found: dict[str, list[Release]] = {
        release.id: [] for release in await get_releases(bolt, list(release_ids)) if release is not None
    }
    for chunk in chunks(found):
        for identity, stored in await bolt.read(_SUCCESSORS, ids=chunk):
            found[identity].append(release_of(stored))
    return found
