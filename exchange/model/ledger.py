"""The ledger: every write appends changes with a gap-free increasing sequence, in the same transaction."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class ChangeKind(StrEnum):
    ORGANIZATION_ADDED = "ORGANIZATION_ADDED"
    CLIENT_ADDED = "CLIENT_ADDED"
    CLIENT_REVOKED = "CLIENT_REVOKED"
    KEY_ADDED = "KEY_ADDED"
    PRODUCT_CREATED = "PRODUCT_CREATED"
    RELEASE_CREATED = "RELEASE_CREATED"
    FOOTPRINT_PUBLISHED = "FOOTPRINT_PUBLISHED"
    FOOTPRINT_DEPRECATED = "FOOTPRINT_DEPRECATED"
    ACCESS_GRANTED = "ACCESS_GRANTED"
    ACCESS_REVOKED = "ACCESS_REVOKED"
    LOOP_REFUSED = "LOOP_REFUSED"
    ALLIANCE_FOUNDED = "ALLIANCE_FOUNDED"
    MEMBER_INVITED = "MEMBER_INVITED"
    MEMBER_JOINED = "MEMBER_JOINED"
    INVITATION_ENDED = "INVITATION_ENDED"
    MEMBER_LEFT = "MEMBER_LEFT"


@dataclass(frozen=True, slots=True)
class Change:
    """One entry: what happened (`kind`) to what (`subject`, an id), by whom (client, or "operator"), when."""

    sequence: int
    kind: ChangeKind
    subject: str
    by: str
    at_us: int


@dataclass(frozen=True, slots=True)
class LedgerHead:
    """The last sequence, and how many dense keys have been given out (the next product gets key `products`).

    at_us: the latest instant of any change. No later question or write is dated before it, whatever the clock of the
    server that it comes to says: else a write acknowledged by one server could be missed on another that is behind.
    """

    sequence: int
    products: int
    footprints: int
    at_us: int = field(default=0, compare=False)
