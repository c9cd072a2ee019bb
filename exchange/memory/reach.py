"""Whom grants reach besides one organization, and what they cover besides one product: by columns.

A grant to an alliance is one row, whoever its members are: they are looked up. A grant of many products is one row in
the chain of their owner: what it covers is looked up. So neither an alliance's size nor an owner's is multiplied.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from exchange.memory.columns import Array, Column
from exchange.memory.layout import EVERYBODY, NOBODY, Memberships
from exchange.model.closure import Dates
from exchange.model.resolved import Bools, Ints

if TYPE_CHECKING:
    pass

FIRST_ALLIANCE: Final = -3  # as a grantee: alliance number n is FIRST_ALLIANCE - n; EVERYBODY, OUTSIDER are before it


class Reach:
    """alliances: their numbers. kinds: the distinct sets of classifications that products have, the empty one first.
    classes: classifications that some grant is of. latest: by owner's number, where the chain of the grants of its many
    products begins, NOBODY: it has none."""

    def __init__(self) -> None:
        self.alliances: dict[str, int] = {}
        self.kinds: dict[tuple[str, ...], int] = {(): 0}
        self.classes: list[str] = []
        self.latest = Column(np.int32, fill=NOBODY)
        self.members = Memberships()

    def kind_number(self, classifications: Sequence[str]) -> int:
        return self.kinds.setdefault(tuple(classifications), len(self.kinds))

    def alliance_number(self, alliance_id: str) -> int:
        return self.alliances.setdefault(alliance_id, len(self.alliances))

    def class_number(self, classification: str | None) -> int:
        if classification is None:
            return NOBODY
        if classification not in self.classes:
            self.classes.append(classification)
        return self.classes.index(classification)

    def latest_of(self, owners: Array) -> Ints:
        """Where the chains of these owners begin."""
        found = np.full(len(owners), NOBODY, dtype=np.int64)
        known = np.flatnonzero((owners != NOBODY) & (owners < len(self.latest)))
        found[known] = self.latest.values[owners[known]]
        return found

    def covers(self, classes: Array, kinds: Array) -> Bools:
        """Whether products of these kinds are of these classes, pair by pair; class NOBODY: every product is."""
        found = np.asarray(classes == NOBODY)
        for number in np.unique(classes[~found]).tolist():
            name = self.classes[number]
            having = np.array([name in kind for kind in self.kinds], dtype=np.bool_)
            found |= (classes == number) & having[kinds]
        return found

    def reached(self, grantee: Array, owner: Array, dates: Dates) -> Bools:
        """Whether grants to these reach these owners, pair by pair; members of the day are those of `dates`."""
        found = np.asarray((grantee == EVERYBODY) | (grantee == owner))
        allied = np.flatnonzero((grantee <= FIRST_ALLIANCE) & (owner >= 0))
        if len(allied):
            members = self.members
            standing = (
                (members.sequence.values <= dates.head)
                & (members.ended_sequence.values > dates.head)
                & (members.joined_us.values <= dates.known_at_us)
            )
            width = int(max(owner[allied].max(), members.organization.values.max(initial=0))) + 1
            pairs = members.alliance.values[standing].astype(np.int64) * width + members.organization.values[standing]
            asked = (FIRST_ALLIANCE - grantee[allied].astype(np.int64)) * width + owner[allied]
            found[allied] = np.isin(asked, pairs)
        return found

    def document(self) -> dict[str, Any]:
        """What is no column, as values of JSON."""
        return {
            "alliances": list(self.alliances),
            "kinds": [list(kind) for kind in self.kinds],
            "classes": self.classes,
        }

    def take(self, stored: Mapping[str, Any]) -> None:
        """What `document` gave."""
        for alliance_id in stored["alliances"]:
            self.alliance_number(alliance_id)
        for kind in stored["kinds"]:
            self.kind_number(kind)
        for name in stored["classes"]:
            self.class_number(name)
