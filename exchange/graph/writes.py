"""How each kind of write changes the graph: grouped by kind, in an order in which each finds what it builds on.

One statement a kind and chunk (UNWIND in bounded batches); nothing here commits, or knows of the ledger.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from exchange.errors import NotFound
from exchange.graph import alliances, audit, benchmarks, footprint_writes, refused_loops
from exchange.graph import records as r
from exchange.graph.bolt import Transaction
from exchange.model.footprint import NEVER_US
from exchange.model.writes import (
    AddClient,
    AddGrant,
    AddMembership,
    AddOrganization,
    AddSigningKey,
    ChangeClient,
    CreateDataset,
    CreateProduct,
    CreateRelease,
    DeprecateFootprint,
    EndMembership,
    FoundAlliance,
    JoinAlliance,
    PublishFootprint,
    PublishQuarter,
    RecordReading,
    RecordRefusedLoop,
    RememberAnswer,
    RevokeClient,
    RevokeGrant,
    SetGroup,
    Write,
)

W = TypeVar("W")

CHUNK_MAX = 1_000

_ORGANIZATION = """
UNWIND $rows AS r CREATE (o:Organization) SET o = r.properties
WITH o, r UNWIND r.namespaces AS n CREATE (o)-[:HOLDS]->(:Namespace {name: n})
"""
_COMPANY_IDS = """
UNWIND $rows AS r MATCH (o:Organization {id: r.properties.id})
UNWIND r.properties.companyIds AS u CREATE (:CompanyId {urn: u})-[:IDENTIFIES]->(o)
"""
_CLIENT = """
UNWIND $rows AS r MATCH (o:Organization {id: r.organizationId}) CREATE (c:Client) SET c = r
CREATE (c)-[:ACTS_FOR]->(o) RETURN count(c)
"""
_REVOKE_CLIENT = "UNWIND $rows AS r MATCH (c:Client {id: r.id}) SET c.revokedAtUs = r.atUs RETURN count(c)"
_CHANGE_CLIENT = """
UNWIND $rows AS r MATCH (c:Client {id: r.id})
SET c.scopes = r.scopes, c.secretHash = r.secretHash, c.version = r.version RETURN count(c)
"""
_GROUP = "UNWIND $rows AS r MATCH (o:Organization {id: r.id}) SET o.groupId = r.groupId RETURN count(o)"
_SIGNING_KEY = "UNWIND $rows AS r CREATE (k:SigningKey) SET k = r RETURN count(k)"
_REMEMBERED = "UNWIND $rows AS r CREATE (a:RememberedAnswer) SET a = r RETURN count(a)"
_DATASET = """
UNWIND $rows AS r MATCH (o:Organization {id: r.publisherId}) CREATE (d:Dataset) SET d = r
CREATE (o)-[:PUBLISHES]->(d) RETURN count(d)
"""
_RELEASE = """
UNWIND $rows AS r MATCH (d:Dataset {id: r.datasetId}) CREATE (x:Release) SET x = r
CREATE (x)-[:RELEASE_OF]->(d) RETURN count(x)
"""
_PRODUCT = """
UNWIND $rows AS r MATCH (o:Organization {id: r.ownerId}) CREATE (p:Product) SET p = r
CREATE (o)-[:SUPPLIES]->(p) RETURN count(p)
"""
# A name that another product has is found by the count: MERGE alone would give it two.
_IDENTIFIERS = """
UNWIND $rows AS r MATCH (p:Product {key: r.key}) UNWIND r.productIds AS u
MERGE (n:Identifier {urn: u}) SET n.productKey = coalesce(n.productKey, p.key)
WITH n, p WHERE n.productKey = p.key CREATE (n)-[:IDENTIFIES]->(p) RETURN count(n)
"""
_GRANT = """
UNWIND $rows AS r MATCH (p:Product {key: r.productKey}) CREATE (g:Grant) SET g = r
CREATE (g)-[:ON]->(p) RETURN count(g)
"""
_GRANT_OF_ALL = """
UNWIND $rows AS r MATCH (o:Organization {id: r.allOfOwner}) CREATE (g:Grant) SET g = r
CREATE (g)-[:ON]->(o) RETURN count(g)
"""
_GRANT_TO_ALLIANCE = """
UNWIND $rows AS r MATCH (g:Grant {id: r.id}) MATCH (a:Alliance {id: r.allianceId})
CREATE (g)-[:TO]->(a) RETURN count(g)
"""
_GRANT_TO = """
UNWIND $rows AS r MATCH (g:Grant {id: r.id}) MATCH (o:Organization {id: r.organizationId})
CREATE (g)-[:TO]->(o) RETURN count(g)
"""
_REVOKE_GRANT = """
UNWIND $rows AS r MATCH (g:Grant {id: r.id})
SET g.revokedAtUs = r.atUs, g.revokedSequence = r.sequence RETURN count(g)
"""
_PUBLIC_WINDOWS = """
UNWIND $ids AS i MATCH (:Grant {id: i})-[:ON]->(p:Product) WITH DISTINCT p
OPTIONAL MATCH (p)<-[:ON]-(g:Grant) WHERE g.audience = $everybody AND g.revokedAtUs = $never
WITH p, collect(g.fromUs) AS starts, collect(g.untilUs) AS ends
SET p.publicFrom = starts, p.publicUntil = ends
"""


class NameTaken(Exception):
    """A URN of a new product belongs to another one."""


async def apply(transaction: Transaction, writes: Sequence[Write]) -> None:
    """Runs every write inside the transaction.

    Raises NotFound where something that a write names by id does not exist, and NameTaken; the database's own
    uniqueness comes as the driver's ConstraintError.
    """
    await _organizations(transaction, [w.organization for w in _of(writes, AddOrganization)])
    await _create(transaction, _CLIENT, [r.client_properties(w.client) for w in _of(writes, AddClient)])
    await _create(
        transaction,
        _REVOKE_CLIENT,
        [{"id": w.client_id, "atUs": w.at_us} for w in _of(writes, RevokeClient)],
    )
    changed = [r.client_properties(w.client) for w in _of(writes, ChangeClient)]
    await _create(transaction, _CHANGE_CLIENT, changed)
    groups = [{"id": w.organization_id, "groupId": w.group_id} for w in _of(writes, SetGroup)]
    await _create(transaction, _GROUP, groups)
    keys = [r.signing_key_properties(w.key) for w in _of(writes, AddSigningKey)]
    await _create(transaction, _SIGNING_KEY, keys)
    await _create(transaction, _DATASET, [r.dataset_properties(w.dataset) for w in _of(writes, CreateDataset)])
    await _create(transaction, _RELEASE, [r.release_properties(w.release) for w in _of(writes, CreateRelease)])
    products = [r.product_properties(w.product) for w in _of(writes, CreateProduct)]
    await _products(transaction, products)
    footprints = [w.footprint for w in _of(writes, PublishFootprint)]
    if footprints:
        await footprint_writes.publish(transaction, footprints)
    for chunk in _chunks(_of(writes, DeprecateFootprint)):
        await footprint_writes.deprecate(transaction, chunk)
    await _alliances(transaction, writes)
    await _grants(transaction, writes)
    await refused_loops.record(transaction, _of(writes, RecordRefusedLoop))
    for readings in _chunks(_of(writes, RecordReading)):
        await audit.record(transaction, readings)
    await benchmarks.publish(transaction, _of(writes, PublishQuarter))
    remembered = [r.remembered_properties(w.remembered) for w in _of(writes, RememberAnswer)]
    await _create(transaction, _REMEMBERED, remembered)
    for urns in _chunks([urn for product in products for urn in product["productIds"]]):
        await footprint_writes.bind_names(transaction, urns)


def namespaces(domains: Sequence[str], gs1_prefixes: Sequence[str]) -> list[str]:
    """Namespaces as they are stored: a domain and a prefix never meet."""
    return [f"domain:{domain}" for domain in domains] + [f"gs1:{prefix}" for prefix in gs1_prefixes]


async def _organizations(transaction: Transaction, organizations: Sequence[Any]) -> None:
    rows = [
        {
            "properties": r.organization_properties(organization),
            "namespaces": namespaces(organization.domains, organization.gs1_prefixes),
        }
        for organization in organizations
    ]
    for chunk in _chunks(rows):
        await transaction.run(_ORGANIZATION, rows=chunk)
        await transaction.run(_COMPANY_IDS, rows=chunk)


async def _products(transaction: Transaction, products: Sequence[r.Properties]) -> None:
    await _create(transaction, _PRODUCT, products)
    for chunk in _chunks([product for product in products if product["productIds"]]):
        found = await transaction.run(_IDENTIFIERS, rows=chunk)
        if found[0][0] != sum(len(product["productIds"]) for product in chunk):
            raise NameTaken


async def _alliances(transaction: Transaction, writes: Sequence[Write]) -> None:
    founded = [r.alliance_properties(w.alliance) for w in _of(writes, FoundAlliance)]
    await _create(transaction, alliances.FOUND, founded)
    invited = [r.membership_properties(w.membership) for w in _of(writes, AddMembership)]
    await _create(transaction, alliances.INVITE, invited)
    await _create(transaction, alliances.MEMBER, [each for each in invited if each["joinedUs"] != NEVER_US])
    joined = [{"id": w.membership_id, "atUs": w.at_us, "sequence": w.sequence} for w in _of(writes, JoinAlliance)]
    await _create(transaction, alliances.JOIN, joined)
    await _create(transaction, alliances.MEMBER, joined)
    ended = [{"id": w.membership_id, "atUs": w.at_us, "sequence": w.sequence} for w in _of(writes, EndMembership)]
    await _create(transaction, alliances.END, ended)
    for chunk in _chunks(ended):
        await transaction.run(alliances.END_MEMBER, rows=chunk)


async def _grants(transaction: Transaction, writes: Sequence[Write]) -> None:
    added = [r.grant_properties(w.grant) for w in _of(writes, AddGrant)]
    revoked = [{"id": w.grant_id, "atUs": w.at_us, "sequence": w.sequence} for w in _of(writes, RevokeGrant)]
    await _create(transaction, _GRANT, [grant for grant in added if "productKey" in grant])
    await _create(transaction, _GRANT_OF_ALL, [grant for grant in added if "allOfOwner" in grant])
    await _create(transaction, _GRANT_TO, [grant for grant in added if "organizationId" in grant])
    await _create(transaction, _GRANT_TO_ALLIANCE, [grant for grant in added if "allianceId" in grant])
    await _create(transaction, _REVOKE_GRANT, revoked)
    public = [grant["id"] for grant in added if grant["audience"] == r.EVERYBODY]
    for chunk in _chunks(public + [grant["id"] for grant in revoked]):
        await transaction.run(_PUBLIC_WINDOWS, ids=chunk, everybody=r.EVERYBODY, never=NEVER_US)


async def _create(transaction: Transaction, statement: str, rows: Sequence[r.Properties]) -> None:
    """Runs a statement for each row and counts: a row that found nothing to build on is an error, not a silence."""
    for chunk in _chunks(rows):
        found = await transaction.run(statement, rows=chunk)
        if found[0][0] != len(chunk):
            raise NotFound("Something that a write names does not exist. Nothing was written.")


def _of(writes: Sequence[Write], kind: type[W]) -> list[W]:
    return [write for write in writes if isinstance(write, kind)]


def _chunks(rows: Sequence[W]) -> list[Sequence[W]]:
    return [rows[start : start + CHUNK_MAX] for start in range(0, len(rows), CHUNK_MAX)]
