"""Reading grants, datasets and their releases."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from exchange.graph.alliances import memberships_in
from exchange.graph.bolt import Bolt
from exchange.graph.keys import name_key
from exchange.graph.reading import Listing, by_key, chunks, merged, read_page
from exchange.graph.records import dataset_of, grant_of, membership_of, release_of
from exchange.model.alliance import Membership, members_of
from exchange.model.footprint import NEVER_US
from exchange.model.grant import Grant
from exchange.model.paging import Page, PageOf
from exchange.model.product import Dataset, Release

_TO = """
UNWIND $audiences AS a MATCH (g:Grant {audience: a}) WHERE g.revokedAtUs = $never
RETURN properties(g) ORDER BY g.sequence
"""
# Everything that decides what an organization is shown by grants, in one statement.
_REACHING = """
MATCH (m:Membership {organizationId: $id}) WHERE m.endedAtUs = $never RETURN properties(m) AS m, null AS g
UNION ALL
MATCH (g:Grant {audience: $id}) WHERE g.revokedAtUs = $never RETURN null AS m, properties(g) AS g
UNION ALL
MATCH (m:Membership {organizationId: $id}) WHERE m.endedAtUs = $never AND m.joinedUs < $never
MATCH (g:Grant {audience: m.allianceId}) WHERE g.revokedAtUs = $never RETURN null AS m, properties(g) AS g
"""
_OF_ALL = "UNWIND $owners AS o MATCH (g:Grant {allOfOwner: o}) RETURN properties(g) ORDER BY g.sequence"
# The index is an order only with a bound; every owner's id is behind the empty text.
_OF_ALL_OWNERS = """
MATCH (g:Grant) WHERE g.allOfOwner > "" AND g.sequence <= $head RETURN properties(g) ORDER BY g.sequence
"""
_COVERING = "(n.classification IS NULL OR n.classification IN p.classifications)"
_SUCCESSORS = """
UNWIND $ids AS i MATCH (x:Release {id: i})-[:RELEASE_OF]->(:Dataset)<-[:RELEASE_OF]-(y:Release)
WHERE y.dateDay > x.dateDay OR (y.dateDay = x.dateDay AND y.sequence > x.sequence)
RETURN i, properties(y) ORDER BY y.dateDay, y.sequence
"""


async def get_grants(bolt: Bolt, ids: Sequence[str]) -> list[Grant | None]:
    return await by_key(bolt, "Grant", "id", ids, grant_of)


async def list_grants(bolt: Bolt, product_key: int, page: Page) -> PageOf[Grant]:
    """Two lists merged: those on the product itself, and those of many that cover it."""
    own = Listing(
        match="MATCH (:Product {key: $product})<-[:ON]-(n:Grant)",
        order="sequence",
        integer=True,
        parameters={"product": product_key},
    )
    match = "MATCH (p:Product {key: $product}) MATCH (n:Grant {allOfOwner: p.ownerId})"
    of_many = replace(own, match=match, where=[_COVERING])
    return merged([await read_page(bolt, each, page, grant_of) for each in (own, of_many)], own, page)


async def list_grants_by(bolt: Bolt, owner_id: str, page: Page) -> PageOf[Grant]:
    """Two lists merged: those on one of the owner's products, and those of many."""
    own = Listing(
        match="MATCH (:Organization {id: $owner})-[:SUPPLIES]->(:Product)<-[:ON]-(n:Grant)",
        order="sequence",
        descending=True,
        integer=True,
        parameters={"owner": owner_id},
    )
    of_many = replace(own, match="MATCH (n:Grant {allOfOwner: $owner})")
    return merged([await read_page(bolt, each, page, grant_of) for each in (own, of_many)], own, page)


async def grants_to(bolt: Bolt, audiences: Collection[str]) -> list[Grant]:
    found: list[Grant] = []
    for chunk in chunks(audiences):
        found += [grant_of(row[0]) for row in await bolt.read(_TO, audiences=chunk, never=NEVER_US)]
    return sorted(found, key=lambda grant: grant.sequence)


async def grants_reaching(bolt: Bolt, organization_id: str) -> tuple[list[Membership], list[Grant]]:
    rows = await bolt.read(_REACHING, id=organization_id, never=NEVER_US)
    memberships = [membership_of(row[0]) for row in rows if row[0] is not None]
    grants = [grant_of(row[1]) for row in rows if row[1] is not None]
    return memberships, sorted(grants, key=lambda grant: grant.sequence)


async def grants_of_all(bolt: Bolt, owner_ids: Collection[str]) -> list[Grant]:
    """Grants of many products of these owners."""
    rows = [row for chunk in chunks(owner_ids) for row in await bolt.read(_OF_ALL, owners=chunk)]
    return [grant_of(row[0]) for row in rows]


async def read_grants_of_all(bolt: Bolt, head: int) -> list[Grant]:
    """The same of every owner."""
    return [grant_of(row[0]) for row in await bolt.read(_OF_ALL_OWNERS, head=head)]


async def with_members(bolt: Bolt, grants: Iterable[Grant]) -> list[Grant]:
    """Grants to alliances with the members of these."""
    found = list(grants)
    ids = {grant.alliance_id for grant in found if grant.alliance_id is not None}
    if not ids:
        return found
    members = members_of(await memberships_in(bolt, sorted(ids)))
    return [g if g.alliance_id is None else replace(g, members=members.get(g.alliance_id, {})) for g in found]


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
