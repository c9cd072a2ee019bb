"""What the API tells a viewer, as plain numbers: all that the attacker feeds on.

Taken from the answers of a session, which is what every transport serialises; `over_http` takes the same from a server.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeVar

from exchange.model.carbon import COLUMN
from exchange.model.paging import Page, ProductOrder, ProductQuery
from exchange.operations.answers.values import RollUpAnswer, TreeNodeAnswer
from exchange.operations.reading.session import Session
from tests.access.worlds import GrantedWorld, session_of, viewer_of

T = TypeVar("T")
ROOTS = 12  # products of a viewer whose contributions and tree are asked for
FIRST = 100  # contributions, and nodes of a tree
TREE_DEPTH = 4


@dataclass(frozen=True)
class ToldLine:
    """A line that counts: kilograms of the supplier per kilogram of the product."""

    supplier: str
    amount: Decimal
    stage: str
    primary: bool
    packaging: bool


@dataclass(frozen=True)
class ToldProduct:
    """Kilograms per kilogram of the product, by component; None: not told. lines: those that are shown."""

    components: Mapping[str, Decimal]
    lower: Decimal
    upper: Decimal
    primary_percent: Decimal
    temporal_rating: Decimal
    packaging: Decimal | None
    direct: Mapping[str, Decimal] | None
    by_stage: Mapping[str, Decimal] | None  # excluding biogenic uptake
    lines: tuple[ToldLine, ...] | None
    access: str


@dataclass(frozen=True)
class ToldShare:
    """A product's own term in the total of another, kg; a place of it in the other's tree, and how much of it."""

    product: str
    own_kg: Decimal
    amount: Decimal | None = None
    total_kg: Decimal | None = None


@dataclass
class Told:
    """By name of the product."""

    products: dict[str, ToldProduct] = field(default_factory=dict)
    contributions: dict[str, tuple[ToldShare, ...]] = field(default_factory=dict)
    trees: dict[str, tuple[ToldShare, ...]] = field(default_factory=dict)


def told_in_process(world: GrantedWorld, viewer: str, columns: Sequence[str]) -> Told:
    """All of it that the operations answer to one organization."""
    return asyncio.run(_told(session_of(world, viewer_of(viewer)), world.names(), columns))


async def _told(session: Session, names: Mapping[int, str], columns: Sequence[str]) -> Told:
    told, keys, after = Told(), list[int](), None
    levels: dict[int, str] = {}
    while True:
        page = await session.list_products(ProductQuery(order=ProductOrder.CREATED_AT), Page(first=100, after=after))
        keys += [each.product.key for each in page.items]
        levels |= {each.product.key: each.access.name for each in page.items}
        if not page.has_next:
            break
        after = page.keys[-1]
    results = await session.roll_up(keys, None, None)
    footprints = await session.standing_footprints(keys, None, None)
    for key, result, footprint in zip(keys, results, footprints, strict=True):
        assert isinstance(result, RollUpAnswer)
        assert footprint is not None
        gaps = {gap.line for gap in result.gaps if gap.consumer_key == key}
        lines = [_line(one, names) for one in footprint.lines or () if one.number not in gaps]
        told.products[names[key]] = _product(
            result, None if footprint.lines is None else tuple(lines), levels[key], columns
        )
    for key, result in asked_about(list(zip(keys, results, strict=True))):
        assert isinstance(result, RollUpAnswer)
        shares = result.contributions(FIRST)
        told.contributions[names[key]] = tuple(ToldShare(names[one.product_key], one.own_kg_co2e) for one in shares)
        told.trees[names[key]] = tuple(_shares(result.tree(TREE_DEPTH, 0.0, FIRST).root, names))
    return told


def asked_about(products: list[T]) -> list[T]:
    """Those whose contributions and tree are asked for."""
    return products[:: max(1, len(products) // ROOTS)]


def _product(
    result: RollUpAnswer, lines: tuple[ToldLine, ...] | None, access: str, columns: Sequence[str]
) -> ToldProduct:
    def of(vector: Sequence[Decimal]) -> dict[str, Decimal]:
        return {name: vector[COLUMN[name]] for name in columns}

    stages = result.by_stage
    return ToldProduct(
        components=of(result.components),
        lower=result.lower_kg_co2e,
        upper=result.upper_kg_co2e,
        primary_percent=result.primary_data_share_percent,
        temporal_rating=result.data_quality.temporal,
        packaging=result.packaging_kg_co2e,
        direct=None if result.direct is None else of(result.direct),
        by_stage=None
        if stages is None
        else {one.stage.value: sum(of(one.components).values(), Decimal(0)) for one in stages},
        lines=lines,
        access=access,
    )


def _line(one: Any, names: Mapping[int, str]) -> ToldLine:
    """The owner is told which product a line of its names where it may see that; else the name that it wrote."""
    supplier = (one.urn or "").removeprefix("urn:x:") if one.product_key is None else names[one.product_key]
    return ToldLine(supplier, one.amount, one.stage.value, one.amount_is_primary, one.packaging)


def _shares(node: TreeNodeAnswer, names: Mapping[int, str]) -> list[ToldShare]:
    found = [ToldShare(names[node.product_key], node.own_kg_co2e, node.amount, node.total_kg_co2e)]
    for child in node.children:
        found += _shares(child, names)
    return found
