"""Grants and memberships go into the columns, in the order of the ledger: new ones, and how known ones ended.

Each function says which products' lines may be followed otherwise by it.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from exchange.memory.columns import Array, Column
from exchange.memory.layout import EVERYBODY, NOBODY, Touched
from exchange.memory.reach import FIRST_ALLIANCE
from exchange.memory.tables import Tables
from exchange.model.alliance import Membership
from exchange.model.footprint import NEVER_US
from exchange.model.grant import AccessLevel, Grant


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
        columns.grantee.values[row] = _grantee(tables, grant)
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


def _grantee(tables: Tables, grant: Grant) -> int:
    """The number that a grant's row has of whom it is to."""
    if grant.alliance_id is not None:
        return FIRST_ALLIANCE - tables.reach.alliance_number(grant.alliance_id)
    return EVERYBODY if grant.organization_id is None else tables.owner_number(grant.organization_id)
