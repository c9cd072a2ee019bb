"""How much of a product a viewer is shown: the owner's everything, else the highest grant that reaches the viewer.

Decided by the grants in force now, whatever dates a question asks about (docs/permissions.md).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from exchange.model.closure import Node
from exchange.model.grant import AccessLevel, Grant
from exchange.model.parties import Viewer
from exchange.model.product import Product


def level(
    viewer: Viewer, product: Product, grants: Iterable[Grant], now_us: int, onward: Collection[int]
) -> AccessLevel:
    """The viewer's level on a product, NONE where it must look as if the product did not exist.

    grants: all that may reach the viewer (others are ignored). onward: keys that `onward_keys` found for this viewer.
    """
    if viewer.operator or (viewer.organization_id is not None and product.owner_id == viewer.organization_id):
        return at_most(viewer, AccessLevel.OWNER)
    highest = AccessLevel.TOTAL if product.key in onward else AccessLevel.NONE
    for grant in grants:
        if grant.covers(product) and grant.reaches(viewer.organization_id, now_us) and grant.in_force(now_us):
            # A public grant shows TOTAL, whatever was written in it.
            shown = AccessLevel.TOTAL if grant.public else grant.level
            highest = max(highest, shown)
    return at_most(viewer, highest)


def at_most(viewer: Viewer, highest: AccessLevel) -> AccessLevel:
    """What is left of a level that an organization has, to the member that asks: an auditor sees totals alone."""
    return min(highest, AccessLevel.TOTAL) if viewer.totals_only else highest


def onward_keys(held: Iterable[tuple[Node, Collection[int]]], suppliers: Mapping[int, Node], now_us: int) -> set[int]:
    """Products that a viewer sees at TOTAL because grants on them are onward.

    held: the products of others on which the viewer holds INPUTS, each with the keys of the products that the lines of
    its standing footprint name. suppliers: those products. Whoever holds INPUTS on a product of the grantee sees TOTAL
    on what its lines name; that never permits an edge, and is not passed on.
    """
    found: set[int] = set()
    for consumer, named in held:
        for key in named:
            supplier = suppliers.get(key)
            if supplier is not None and any(
                grant.onward and grant.reaches(consumer.product.owner_id, now_us) and grant.in_force(now_us)
                for grant in supplier.grants
                if not grant.public
            ):
                found.add(key)
    return found
