"""Which key of a refused write is taken: after the fact, so that writes themselves pay for no check.

Each kind of key has one statement that finds a node holding it. What is found becomes a Conflict whose path names the
kind (`urn`, `pfId`, `idempotencyKey`, `organizationName`, `namespace`, `companyId`, `id`, …) and the value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from exchange.errors import Conflict
from exchange.graph.bolt import Bolt
from exchange.graph.keys import SEPARATOR, name_key, search_name
from exchange.graph.writes import namespaces
from exchange.model.writes import (
    AddClient,
    AddGrant,
    AddMembership,
    AddOrganization,
    AddSigningKey,
    CreateDataset,
    CreateProduct,
    CreateRelease,
    FoundAlliance,
    PublishFootprint,
    PublishQuarter,
    RememberAnswer,
    Write,
)

Pairs = Iterator[tuple[str, str]]  # (as it is stored, as it is shown)

CHUNK_MAX = 1_000


def _any(label: str, name: str) -> str:
    return f"UNWIND $keys AS k MATCH (n:{label} {{{name}: k}}) RETURN k LIMIT 1"


_URN = "UNWIND $keys AS k MATCH (n:Identifier {urn: k})-[:IDENTIFIES]->(:Product) RETURN k LIMIT 1"


async def find_taken(bolt: Bolt, writes: Sequence[Write]) -> Conflict | None:
    """The first key of these writes that something stored already has; None where all are free."""
    owners = await _owners(bolt, writes)
    for kind, statement, keys_of in _KINDS:
        shown = {key: text for write in writes for key, text in keys_of(write, owners)}
        keys = list(shown)
        for start in range(0, len(keys), CHUNK_MAX):
            rows = await bolt.read(statement, newest=True, keys=keys[start : start + CHUNK_MAX])
            if rows:
                text = shown[rows[0][0]]
                message = f"The {_WORDS[kind]} {text} is taken already. Nothing was written."
                return Conflict(message, path=(kind, text))
    return None


async def _owners(bolt: Bolt, writes: Sequence[Write]) -> dict[int, str]:
    """Owner of each product that a footprint is published into."""
    owners = {write.product.key: write.product.owner_id for write in writes if isinstance(write, CreateProduct)}
    missing = {w.footprint.product_key for w in writes if isinstance(w, PublishFootprint)} - set(owners)
    if missing:
        statement = "UNWIND $keys AS k MATCH (p:Product {key: k}) RETURN p.key, p.ownerId"
        owners.update((key, owner) for key, owner in await bolt.read(statement, newest=True, keys=sorted(missing)))
    return owners


def _urns(write: Write, _: dict[int, str]) -> Pairs:
    if isinstance(write, CreateProduct):
        yield from ((urn, urn) for urn in write.product.product_ids)


def _pf_ids(write: Write, owners: dict[int, str]) -> Pairs:
    if isinstance(write, PublishFootprint):
        owner = owners.get(write.footprint.product_key, "")
        yield f"{owner}{SEPARATOR}{write.footprint.pf_id}", write.footprint.pf_id


def _remembered(write: Write, _: dict[int, str]) -> Pairs:
    if isinstance(write, RememberAnswer):
        yield name_key(write.remembered.key), write.remembered.key


def _names(write: Write, _: dict[int, str]) -> Pairs:
    if isinstance(write, AddOrganization):
        yield name_key(search_name(write.organization.name)), write.organization.name


def _alliance_names(write: Write, _: dict[int, str]) -> Pairs:
    if isinstance(write, FoundAlliance):
        yield name_key(search_name(write.alliance.name)), write.alliance.name


def _namespaces(write: Write, _: dict[int, str]) -> Pairs:
    if isinstance(write, AddOrganization):
        organization = write.organization
        for name in namespaces(organization.domains, organization.gs1_prefixes):
            yield name, name.partition(":")[2]


def _company_ids(write: Write, _: dict[int, str]) -> Pairs:
    if isinstance(write, AddOrganization):
        yield from ((urn, urn) for urn in write.organization.company_ids)


def _dataset_names(write: Write, _: dict[int, str]) -> Pairs:
    if isinstance(write, CreateDataset):
        yield name_key(write.dataset.publisher_id, write.dataset.name), write.dataset.name


def _labels(write: Write, _: dict[int, str]) -> Pairs:
    if isinstance(write, CreateRelease):
        yield name_key(write.release.dataset_id, write.release.label), write.release.label


def _ids(kind: type[Write], member: str) -> Callable[[Write, dict[int, str]], Pairs]:
    def keys(write: Write, _: dict[int, str]) -> Pairs:
        if isinstance(write, kind):
            identity = getattr(write, member).id
            yield identity, identity

    return keys


_KINDS: Sequence[tuple[str, str, Callable[[Write, dict[int, str]], Pairs]]] = (
    ("idempotencyKey", _any("RememberedAnswer", "id"), _remembered),
    ("urn", _URN, _urns),
    ("pfId", _any("Footprint", "pfKey"), _pf_ids),
    ("namespace", _any("Namespace", "name"), _namespaces),
    ("companyId", _any("CompanyId", "urn"), _company_ids),
    ("organizationName", _any("Organization", "nameKey"), _names),
    ("allianceName", _any("Alliance", "nameKey"), _alliance_names),
    ("datasetName", _any("Dataset", "nameKey"), _dataset_names),
    ("releaseLabel", _any("Release", "labelKey"), _labels),
    ("id", _any("Organization", "id"), _ids(AddOrganization, "organization")),
    ("id", _any("Client", "id"), _ids(AddClient, "client")),
    ("id", _any("SigningKey", "id"), _ids(AddSigningKey, "key")),
    ("id", _any("Product", "id"), _ids(CreateProduct, "product")),
    ("id", _any("Dataset", "id"), _ids(CreateDataset, "dataset")),
    ("id", _any("Release", "id"), _ids(CreateRelease, "release")),
    ("id", _any("Footprint", "id"), _ids(PublishFootprint, "footprint")),
    ("id", _any("Grant", "id"), _ids(AddGrant, "grant")),
    ("id", _any("Alliance", "id"), _ids(FoundAlliance, "alliance")),
    ("id", _any("Membership", "id"), _ids(AddMembership, "membership")),
    ("quarter", _any("BenchmarkQuarter", "id"), _ids(PublishQuarter, "quarter")),
)
# What people call them.
_WORDS = {
    "idempotencyKey": "idempotency key",
    "urn": "URN",
    "pfId": "pfId",
    "namespace": "domain or GS1 prefix",
    "companyId": "company id",
    "organizationName": "organization name",
    "allianceName": "alliance name",
    "datasetName": "dataset name",
    "releaseLabel": "release label",
    "id": "id",
    "quarter": "benchmark quarter",
}
