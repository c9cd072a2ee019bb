"""Reading organizations, their clients, signing keys, and answers remembered under an idempotency key."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from exchange.graph.bolt import Bolt
from exchange.graph.keys import name_key
from exchange.graph.reading import Listing, by_key, chunks, map_by_key, read_page
from exchange.graph.records import (
    EVERYBODY,
    client_of,
    organization_of,
    remembered_of,
    signing_key_of,
)
from exchange.graph.writes import namespaces
from exchange.model.footprint import NEVER_US
from exchange.model.paging import Page, PageOf
from exchange.model.parties import Client, Organization
from exchange.model.writes import RememberedAnswer, SigningKey

KEYS_MAX = 100  # signing keys that are read; a key serves for weeks, so this is years of them

_BY_COMPANY_ID = "MATCH (:CompanyId {urn: $urn})-[:IDENTIFIES]->(o:Organization) RETURN properties(o)"
_HOLDERS = "UNWIND $names AS n MATCH (o:Organization)-[:HOLDS]->(:Namespace {name: n}) RETURN properties(o)"
_HOLDERS_INSIDE = (
    "MATCH (o:Organization)-[:HOLDS]->(n:Namespace) WHERE n.name >= $first AND n.name < $end RETURN properties(o)"
)
_CLIENTS = """
MATCH (:Organization {id: $id})<-[:ACTS_FOR]-(c:Client) RETURN properties(c) ORDER BY c.createdAtUs, c.id
"""
_IN_GROUP = "MATCH (o:Organization {groupId: $id}) RETURN o.id ORDER BY o.id"
_SIGNING_KEYS = "MATCH (k:SigningKey) RETURN properties(k) ORDER BY k.createdAtUs DESC, k.id LIMIT $most"
_PUBLIC_OWNERS = """
MATCH (g:Grant {audience: $everybody})
WHERE g.revokedAtUs = $never AND g.fromUs <= $at AND g.untilUs > $at
MATCH (g)-[:ON]->(p:Product) RETURN DISTINCT p.ownerId
"""


async def get_organizations(bolt: Bolt, ids: Sequence[str]) -> list[Organization | None]:
    return await by_key(bolt, "Organization", "id", ids, organization_of)


async def get_by_company_id(bolt: Bolt, urn: str) -> Organization | None:
    rows = await bolt.read(_BY_COMPANY_ID, urn=urn)
    return organization_of(rows[0][0]) if rows else None


async def get_by_namespace(bolt: Bolt, domains: Sequence[str], gs1_prefixes: Sequence[str]) -> list[Organization]:
    """Holders of any of the domains, of any of the prefixes, and of a prefix that contains or lies inside one."""
    around = {prefix[:length] for prefix in gs1_prefixes for length in range(1, len(prefix) + 1)}
    rows = await bolt.read(_HOLDERS, names=namespaces(domains, sorted(around)))
    for prefix in gs1_prefixes:
        [first] = namespaces((), (prefix,))
        rows += await bolt.read(_HOLDERS_INSIDE, first=first, end=first + ":")  # ":" follows the digit 9
    found = {organization.id: organization for organization in (organization_of(row[0]) for row in rows)}
    return list(found.values())


async def list_organizations(bolt: Bolt, page: Page, visible: Collection[str] | None) -> PageOf[Organization]:
    if visible is None:
        listing = Listing("MATCH (n:Organization)", "sortName")
    else:
        match = "UNWIND $visible AS v MATCH (n:Organization {id: v})"
        listing = Listing(match, "sortName", parameters={"visible": sorted(visible)})
    return await read_page(bolt, listing, page, organization_of)


async def owners_of_public_products(bolt: Bolt, at_us: int) -> set[str]:
    rows = await bolt.read(_PUBLIC_OWNERS, everybody=EVERYBODY, never=NEVER_US, at=at_us)
    return {row[0] for row in rows}


async def get_clients(bolt: Bolt, ids: Sequence[str]) -> list[Client | None]:
    return await by_key(bolt, "Client", "id", ids, client_of)


async def list_clients(bolt: Bolt, organization_id: str) -> list[Client]:
    return [client_of(row[0]) for row in await bolt.read(_CLIENTS, id=organization_id)]


async def in_group(bolt: Bolt, head_id: str) -> list[str]:
    return [row[0] for row in await bolt.read(_IN_GROUP, id=head_id)]


async def signing_keys(bolt: Bolt) -> list[SigningKey]:
    return [signing_key_of(row[0]) for row in await bolt.read(_SIGNING_KEYS, most=KEYS_MAX)]


async def remembered_answers(bolt: Bolt, keys: Sequence[str]) -> dict[str, RememberedAnswer]:
    found: dict[str, RememberedAnswer] = {}
    for chunk in chunks(keys):
        stored = await map_by_key(bolt, "RememberedAnswer", "id", [name_key(key) for key in chunk], remembered_of)
        found.update((remembered.key, remembered) for remembered in stored.values())
    return found
