"""The ledger: every write appends changes with a gap-free increasing sequence, in the same transaction.

It is the audit trail, too: what was read and refused, as far as it matters for trust, is a change that changes nothing
(`WATCHED`). How changes are chained to one another is `audit.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final


class ChangeKind(StrEnum):
    ORGANIZATION_ADDED = "ORGANIZATION_ADDED"
    CLIENT_ADDED = "CLIENT_ADDED"
    CLIENT_REVOKED = "CLIENT_REVOKED"
    CLIENT_ROLE_CHANGED = "CLIENT_ROLE_CHANGED"
    CLIENT_SECRET_ROTATED = "CLIENT_SECRET_ROTATED"
    GROUP_CHANGED = "GROUP_CHANGED"
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
    BENCHMARKS_PUBLISHED = "BENCHMARKS_PUBLISHED"
    INPUTS_READ = "INPUTS_READ"
    BENCHMARK_READ = "BENCHMARK_READ"
    WRITE_DENIED = "WRITE_DENIED"
    PROBING_LIMITED = "PROBING_LIMITED"
    EXTREME_PUBLICATION = "EXTREME_PUBLICATION"


# What was seen and tried, not written: no answer depends on it.
WATCHED = frozenset(
    {
        ChangeKind.LOOP_REFUSED,
        ChangeKind.INPUTS_READ,
        ChangeKind.BENCHMARK_READ,
        ChangeKind.WRITE_DENIED,
        ChangeKind.PROBING_LIMITED,
        ChangeKind.EXTREME_PUBLICATION,
    }
)

# The rules of EXTREME_PUBLICATION, which an entry's detail names.
RULE_OF_AMOUNTS: Final = "AMOUNT_SWINGS"
RULE_OF_OWN_EMISSIONS: Final = "OWN_EMISSIONS_SWINGS"

# What ends tokens before their time.
CREDENTIALS = frozenset({ChangeKind.CLIENT_REVOKED, ChangeKind.CLIENT_ROLE_CHANGED, ChangeKind.CLIENT_SECRET_ROTATED})


@dataclass(frozen=True, slots=True)
class Change:
    """One entry: what happened (`kind`) to what (`subject`, an id), by whom (client, or "operator"), when.

    organization_id: for whom `by` acted; empty: the operator, or somebody without a token. owner_id: whose it is that
    something happened to, the other one that may read the entry (`readers`). product_id: the product concerned. detail:
    what more both may know, as short text. Each is empty where there is none.
    """

    sequence: int
    kind: ChangeKind
    subject: str
    by: str
    at_us: int
    organization_id: str = ""
    owner_id: str = ""
    product_id: str = ""
    detail: str = ""

    @property
    def readers(self) -> tuple[str, ...]:
        """The organizations in whose trails the entry stands: its owner first, then the one that acted, where another.

        Whose product takes its own is hidden from who swings its own emissions: of that it is not told, nor counts it.
        """
        hidden = self.kind is ChangeKind.EXTREME_PUBLICATION and self.detail == RULE_OF_OWN_EMISSIONS
        named = (self.owner_id, "" if hidden else self.organization_id)
        return tuple(dict.fromkeys(one for one in named if one))


@dataclass(frozen=True, slots=True)
class LedgerHead:
    """The last sequence, and how many dense keys have been given out (the next product gets key `products`).

    at_us: the latest instant of any change. No later question or write is dated before it, whatever the clock of the
    server that it comes to says: else a write acknowledged by one server could be missed on another that is behind.
    credentials: the sequence of the last change that ended tokens, so that whoever knows a client as of then knows it
    as of now.
    """

    sequence: int
    products: int
    footprints: int
    at_us: int = field(default=0, compare=False)
    credentials: int = field(default=0, compare=False)
