"""The audit chain: each change is hashed together with the hash of the one before, so that none can be changed, left
out, put in or moved without all later hashes changing. The canonical form is in docs/guides/audit.md.

An entry is hashed in two steps. Its leaf covers what it says, with a salt; its hash covers the hash before and the
leaf. So whoever may not read an entry is given its leaf, checks the chain across it, and can guess nothing: a salt is
only ever shown with what it covers. Who acted (`by`) is covered by a leaf of its own, because the owner of a product is
told which organization read it, and not by which client.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from exchange.model.ledger import Change

FORMAT: Final = "exchange-audit-1"  # of the canonical form: entries that were hashed once stay as they are
GENESIS: Final = hashlib.sha256(FORMAT.encode()).hexdigest()  # what the first entry follows
SECRET_BYTES: Final = 16
EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 (UTC, which the text says)
canonical: Final = json.JSONEncoder(
    ensure_ascii=True, separators=(",", ":")
).encode  # made once: a write has a thousand


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """A change in the chain. secret: what both salts are made from. hash: of the chain up to and with it."""

    change: Change
    secret: str
    hash: str

    @property
    def salt(self) -> str:
        """Shown with the entry."""
        return _salt(self.secret, "entry")

    @property
    def by_salt(self) -> str:
        """Shown with who acted."""
        return _salt(self.secret, "by")

    @property
    def leaf(self) -> str:
        return _leaf_of_change(self.change, self.salt, self.by_salt)


def seal(previous: str, changes: Sequence[Change], random: bytes) -> list[AuditEntry]:
    """The changes as entries that follow the hash `previous`, in order. random: SECRET_BYTES for each, that nobody can
    guess."""
    entries = []
    for change, secret in zip(changes, _pieces(random), strict=True):
        leaf = _leaf_of_change(change, _salt(secret, "entry"), _salt(secret, "by"))
        previous = link(previous, leaf)
        entries.append(AuditEntry(change, secret, previous))
    return entries


def link(previous: str, leaf: str) -> str:
    """The hash after an entry, in hexadecimal digits like both that it is made from."""
    return hashlib.sha256(bytes.fromhex(previous) + bytes.fromhex(leaf)).hexdigest()


def leaf_of(
    *,
    sequence: int,
    at: str,
    kind: str,
    subject: str,
    product: str,
    owner: str,
    organization: str,
    detail: str,
    by_hash: str,
    salt: str,
) -> str:
    """SHA-256 over the canonical form: a JSON array in this order, without spaces, in ASCII."""
    told = [FORMAT, sequence, at, kind, subject, product, owner, organization, detail, by_hash, salt]
    return hashlib.sha256(canonical(told).encode()).hexdigest()


def by_hash_of(by: str, salt: str) -> str:
    """What a leaf says of who acted."""
    return hashlib.sha256(canonical([FORMAT, by, salt]).encode()).hexdigest()


def at_text(at_us: int) -> str:
    """An instant as entries have it: UTC, always with microseconds."""
    return (EPOCH + timedelta(microseconds=at_us)).isoformat(timespec="microseconds") + "Z"


def _leaf_of_change(change: Change, salt: str, by_salt: str) -> str:
    return leaf_of(
        sequence=change.sequence,
        at=at_text(change.at_us),
        kind=change.kind.value,
        subject=change.subject,
        product=change.product_id,
        owner=change.owner_id,
        organization=change.organization_id,
        detail=change.detail,
        by_hash=by_hash_of(change.by, by_salt),
        salt=salt,
    )


def _salt(secret: str, of: str) -> str:
    return hashlib.sha256(f"{FORMAT} {of} {secret}".encode()).hexdigest()[:32]


def _pieces(random: bytes) -> Iterator[str]:
    for start in range(0, len(random), SECRET_BYTES):
        yield random[start : start + SECRET_BYTES].hex()
