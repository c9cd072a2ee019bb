"""Whom grants reach besides one organization, and what they cover besides one product: by columns.

A grant to an alliance is one row, whoever its members are: they are looked up. A grant of many products is one row in
the chain of their owner: what it covers is looked up. So neither an alliance's size nor an owner's is multiplied.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from exchange.memory.columns import Array, Column
from exchange.memory.layout import EVERYBODY, NOBODY, Memberships, Touched
from exchange.model.alliance import Membership
from exchange.model.closure import Dates
from exchange.model.footprint import NEVER_US
from exchange.model.grant import AccessLevel, Grant
from exchange.model.resolved import Bools, Ints

if TYPE_CHECKING:
    from exchange.memory.tables import Tables

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

    def grantee(self, grant: Grant, tables: Tables) -> int:
        """The number that a grant's row has of whom it is to."""
        if grant.alliance_id is not None:
            return FIRST_ALLIANCE - self.alliance_number(grant.alliance_id)
        return EVERYBODY if grant.organization_id is None else tables.owner_number(grant.organization_id)

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


def put_grants(tables: Tables, grants: Iterable[Grant]) -> Touched:
    """New grants, and known ones that were revoked since. Those of level BENCHMARK permit nothing: they have no row."""
    touched, columns, reach = Touched.nothing(), tables.grants, tables.reach
    for grant in grants:
        if grant.level == AccessLevel.NONE:
            continue
        owner = NOBODY if grant.owner_id is None else tables.owner_number(grant.owner_id)
        start = _chain_of(tables, grant, owner)
        row = _row(tables, int(start.values[_place(grant, owner)]), grant.sequence)
        if row == NOBODY:
            row = len(columns.product)
            for column in columns.columns():
                column.resize(row + 1)
            columns.product.values[row] = NOBODY if grant.owner_id is not None else grant.product_key
            columns.owner.values[row] = owner
            columns.classification.values[row] = reach.class_number(grant.classification)
            columns.previous.values[row] = start.values[_place(grant, owner)]
            start.values[_place(grant, owner)] = row
        columns.grantee.values[row] = reach.grantee(grant, tables)
        columns.from_us.values[row], columns.until_us.values[row] = grant.from_us, grant.until_us
        columns.sequence.values[row] = grant.sequence
        columns.revoked.put(row, grant.revoked_at_us, grant.revoked_sequence)
        keys = covered(tables, np.array([row]))
        touched.followers |= keys
        touched.granted |= keys
    return touched


def put_memberships(tables: Tables, memberships: Iterable[Membership]) -> Touched:
    """Who joined an alliance, and who left it since; what is granted to it may be followed by other lines then."""
    touched, reach = Touched.nothing(), tables.reach
    columns = reach.members
    for each in memberships:
        if each.joined_us == NEVER_US:
            continue
        known = np.flatnonzero(columns.sequence.values == each.sequence)
        row = int(known[0]) if len(known) else len(columns.sequence)
        if not len(known):
            for column in columns.columns():
                column.resize(row + 1)
            columns.alliance.values[row] = reach.alliance_number(each.alliance_id)
            columns.organization.values[row] = tables.owner_number(each.organization_id)
            columns.joined_us.values[row], columns.sequence.values[row] = each.joined_us, each.sequence
        columns.ended_sequence.values[row] = each.ended_sequence
        number = FIRST_ALLIANCE - reach.alliance_number(each.alliance_id)
        keys = covered(tables, np.flatnonzero(tables.grants.grantee.values == number))
        touched.followers |= keys
        touched.granted |= keys
    return touched


def covered(tables: Tables, rows: Array) -> set[int]:
    """Keys of the products that these grants are of."""
    grants, products = tables.grants, tables.products
    product = grants.product.values[rows]
    found = set(product[product != NOBODY].tolist())
    for row in rows[product == NOBODY].tolist():
        keys = np.flatnonzero(products.owner.values == grants.owner.values[row])
        classes = np.full(len(keys), grants.classification.values[row])
        found.update(keys[tables.reach.covers(classes, products.kind.values[keys])].tolist())
    return found


def _chain_of(tables: Tables, grant: Grant, owner: int) -> Column:
    if grant.owner_id is None:
        if grant.product_key >= len(tables.products.latest_grant):
            tables.products.resize(grant.product_key + 1)
        return tables.products.latest_grant
    if owner >= len(tables.reach.latest):
        tables.reach.latest.resize(owner + 1)
    return tables.reach.latest


def _place(grant: Grant, owner: int) -> int:
    return grant.product_key if grant.owner_id is None else owner


def _row(tables: Tables, row: int, sequence: int) -> int:
    """The row of a chain with this sequence; NOBODY: it has none."""
    while row != NOBODY and tables.grants.sequence.values[row] != sequence:
        row = int(tables.grants.previous.values[row])
    return row
