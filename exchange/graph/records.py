"""Nodes of the graph as values, and back: everything but footprints (`footprint_records.py`).

A node's properties carry the names of the fields in camel case. An absent property is None; empty lists are stored.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from exchange.graph.keys import checked, name_key, search_name, sort_name
from exchange.model.alliance import Alliance, Membership
from exchange.model.audit import AuditEntry
from exchange.model.grant import CONSENT, NO_PRODUCT, AccessLevel, Grant
from exchange.model.ledger import Change, ChangeKind
from exchange.model.parties import Client, MemberKind, Organization, Scope
from exchange.model.product import Dataset, Product, Release
from exchange.model.writes import RememberedAnswer, SigningKey

Properties = dict[str, Any]

_ENCODER = json.JSONEncoder(ensure_ascii=False)  # json.dumps would make one each time, which takes longer than its work

EVERYBODY = "*"  # the audience of a public grant; no organization has this id


def present(properties: Properties) -> Properties:
    """Without what is None: the two databases do not agree on storing it."""
    return {name: value for name, value in properties.items() if value is not None}


def json_text(value: object) -> str:
    """Characters as they are: the driver, not an escape, decides what text can be stored."""
    return _ENCODER.encode(value)


def organization_properties(organization: Organization) -> Properties:
    return {
        "id": checked(organization.id, "An organization's id"),
        "name": organization.name,
        "nameKey": name_key(search_name(organization.name)),
        "sortName": sort_name(organization.name, organization.id),
        "domains": list(organization.domains),
        "gs1Prefixes": list(organization.gs1_prefixes),
        "companyIds": [checked(urn, "A company id") for urn in organization.company_ids],
        "groupId": organization.group_id,
        "createdAtUs": organization.created_at_us,
        "sequence": organization.sequence,
    }


def organization_of(stored: Properties) -> Organization:
    return Organization(
        id=stored["id"],
        name=stored["name"],
        domains=tuple(stored["domains"]),
        gs1_prefixes=tuple(stored["gs1Prefixes"]),
        company_ids=tuple(stored["companyIds"]),
        group_id=stored["groupId"],
        created_at_us=stored["createdAtUs"],
        sequence=stored["sequence"],
    )


def client_properties(client: Client) -> Properties:
    return {
        "id": checked(client.id, "A client's id"),
        "organizationId": client.organization_id,
        "scopes": sorted(client.scopes),
        "secretHash": client.secret_hash,
        "createdAtUs": client.created_at_us,
        "revokedAtUs": client.revoked_at_us,
        "kind": client.kind.value,
        "name": checked(client.name, "A member's name"),
        "version": client.version,
    }


def client_of(stored: Properties) -> Client:
    return Client(
        id=stored["id"],
        organization_id=stored["organizationId"],
        scopes=frozenset(Scope(scope) for scope in stored["scopes"]),
        secret_hash=stored["secretHash"],
        created_at_us=stored["createdAtUs"],
        revoked_at_us=stored["revokedAtUs"],
        kind=MemberKind(stored.get("kind", MemberKind.SERVICE_ACCOUNT)),
        name=stored.get("name", ""),
        version=stored.get("version", 0),
    )


def signing_key_properties(key: SigningKey) -> Properties:
    return {
        "id": checked(key.id, "A signing key's id"),
        "document": key.document,
        "createdAtUs": key.created_at_us,
        "signsUntilUs": key.signs_until_us,
        "verifiesUntilUs": key.verifies_until_us,
    }


def signing_key_of(stored: Properties) -> SigningKey:
    return SigningKey(
        id=stored["id"],
        document=stored["document"],
        created_at_us=stored["createdAtUs"],
        signs_until_us=stored["signsUntilUs"],
        verifies_until_us=stored["verifiesUntilUs"],
    )


def remembered_properties(remembered: RememberedAnswer) -> Properties:
    return {
        "id": name_key(remembered.key),
        "key": remembered.key,
        "bodySha256": remembered.body_sha256,
        "answer": remembered.answer,
        "atUs": remembered.at_us,
    }


def remembered_of(stored: Properties) -> RememberedAnswer:
    return RememberedAnswer(
        key=stored["key"], body_sha256=stored["bodySha256"], answer=stored["answer"], at_us=stored["atUs"]
    )


def product_properties(product: Product) -> Properties:
    return present(
        {
            "id": checked(product.id, "A product's id"),
            "key": product.key,
            "ownerId": product.owner_id,
            "productIds": [checked(urn, "A product id") for urn in product.product_ids],
            "name": product.name,
            "searchName": search_name(product.name),
            "sortName": sort_name(product.name, product.id),
            "description": product.description,
            "classifications": list(product.classifications),
            "createdAtUs": product.created_at_us,
            "sequence": product.sequence,
            "publicFrom": [],
            "publicUntil": [],
        }
    )


def product_of(stored: Properties) -> Product:
    return Product(
        id=stored["id"],
        key=stored["key"],
        owner_id=stored["ownerId"],
        product_ids=tuple(stored["productIds"]),
        name=stored["name"],
        description=stored.get("description"),
        classifications=tuple(stored["classifications"]),
        created_at_us=stored["createdAtUs"],
        sequence=stored["sequence"],
        public_us=tuple(zip(stored["publicFrom"], stored["publicUntil"], strict=True)),
    )


def dataset_properties(dataset: Dataset) -> Properties:
    return {
        "id": checked(dataset.id, "A dataset's id"),
        "name": dataset.name,
        "nameKey": name_key(dataset.publisher_id, dataset.name),
        "publisherId": dataset.publisher_id,
    }


def dataset_of(stored: Properties) -> Dataset:
    return Dataset(id=stored["id"], name=stored["name"], publisher_id=stored["publisherId"])


def release_properties(release: Release) -> Properties:
    return {
        "id": checked(release.id, "A release's id"),
        "datasetId": release.dataset_id,
        "label": release.label,
        "labelKey": name_key(release.dataset_id, release.label),
        "dateDay": release.date_day,
        "createdAtUs": release.created_at_us,
        "sequence": release.sequence,
    }


def release_of(stored: Properties) -> Release:
    return Release(
        id=stored["id"],
        dataset_id=stored["datasetId"],
        label=stored["label"],
        date_day=stored["dateDay"],
        created_at_us=stored["createdAtUs"],
        sequence=stored["sequence"],
    )


def grant_properties(grant: Grant) -> Properties:
    return present(
        {
            "id": checked(grant.id, "A grant's id"),
            "productId": grant.product_id,
            "productKey": None if grant.owner_id is not None else grant.product_key,
            "organizationId": grant.organization_id,
            "allianceId": grant.alliance_id,
            "audience": grant.organization_id or grant.alliance_id or EVERYBODY,
            "allOfOwner": grant.owner_id,
            "classification": grant.classification,
            "level": grant.level_name,
            "onward": grant.onward,
            "fromUs": grant.from_us,
            "untilUs": grant.until_us,
            "revokedAtUs": grant.revoked_at_us,
            "sequence": grant.sequence,
            "revokedSequence": grant.revoked_sequence,
        }
    )


def grant_of(stored: Properties) -> Grant:
    return Grant(
        id=stored["id"],
        product_id=stored.get("productId"),
        product_key=stored.get("productKey", NO_PRODUCT),
        organization_id=stored.get("organizationId"),
        level=AccessLevel.NONE if stored["level"] == CONSENT else AccessLevel[stored["level"]],
        onward=stored["onward"],
        from_us=stored["fromUs"],
        until_us=stored["untilUs"],
        revoked_at_us=stored["revokedAtUs"],
        sequence=stored["sequence"],
        revoked_sequence=stored["revokedSequence"],
        alliance_id=stored.get("allianceId"),
        owner_id=stored.get("allOfOwner"),
        classification=stored.get("classification"),
    )


def alliance_properties(alliance: Alliance) -> Properties:
    return {
        "id": checked(alliance.id, "An alliance's id"),
        "name": alliance.name,
        "nameKey": name_key(search_name(alliance.name)),
        "sortName": sort_name(alliance.name, alliance.id),
        "founderId": alliance.founder_id,
        "foundedAtUs": alliance.founded_at_us,
        "sequence": alliance.sequence,
    }


def alliance_of(stored: Properties) -> Alliance:
    return Alliance(
        id=stored["id"],
        name=stored["name"],
        founder_id=stored["founderId"],
        founded_at_us=stored["foundedAtUs"],
        sequence=stored["sequence"],
    )


def membership_properties(membership: Membership) -> Properties:
    return {
        "id": checked(membership.id, "A membership's id"),
        "allianceId": membership.alliance_id,
        "organizationId": membership.organization_id,
        "invitedById": membership.invited_by_id,
        "invitedAtUs": membership.invited_at_us,
        "joinedUs": membership.joined_us,
        "sequence": membership.sequence,
        "endedAtUs": membership.ended_at_us,
        "endedSequence": membership.ended_sequence,
        "invitedSequence": membership.invited_sequence,
    }


def membership_of(stored: Properties) -> Membership:
    return Membership(
        id=stored["id"],
        alliance_id=stored["allianceId"],
        organization_id=stored["organizationId"],
        invited_by_id=stored["invitedById"],
        invited_at_us=stored["invitedAtUs"],
        joined_us=stored["joinedUs"],
        sequence=stored["sequence"],
        ended_at_us=stored["endedAtUs"],
        ended_sequence=stored["endedSequence"],
        invited_sequence=stored["invitedSequence"],
    )


def entry_properties(entry: AuditEntry, places: Mapping[str, str]) -> Properties:
    """A change with its place in the audit chain, and in the lists of those who may read it (`graph/audit.py`)."""
    change = entry.change
    return {
        "sequence": change.sequence,
        "kind": change.kind.value,
        "subject": change.subject,
        "by": change.by,
        "atUs": change.at_us,
        "secret": entry.secret,
        "hash": entry.hash,
        **{name: text for name, text in _parties(change) if text},
        **places,
    }


def _parties(change: Change) -> tuple[tuple[str, str], ...]:
    return (
        ("organizationId", change.organization_id),
        ("ownerId", change.owner_id),
        ("productId", change.product_id),
        ("detail", change.detail),
    )


def entry_of(stored: Properties) -> AuditEntry:
    return AuditEntry(change_of(stored), stored["secret"], stored["hash"])


def change_of(stored: Properties) -> Change:
    return Change(
        sequence=stored["sequence"],
        kind=ChangeKind(stored["kind"]),
        subject=stored["subject"],
        by=stored["by"],
        at_us=stored["atUs"],
        organization_id=stored.get("organizationId", ""),
        owner_id=stored.get("ownerId", ""),
        product_id=stored.get("productId", ""),
        detail=stored.get("detail", ""),
    )
