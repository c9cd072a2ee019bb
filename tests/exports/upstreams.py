"""Upstream graphs made up for tests: no exchange, only values."""

from __future__ import annotations

from decimal import Decimal

from exchange.model.grant import AccessLevel
from exchange.model.product import Product
from exchange.model.resolved import GapCode
from exchange.operations.reading.upstream import Upstream, UpstreamGap, UpstreamLine, UpstreamProduct


def product(key: int, name: str, owner: str, *, total: str, demand: float, own: str) -> UpstreamProduct:
    named = Product(f"id-{key}", key, owner, (f"urn:pact:{owner}.example:product-id:{key}",), name, None, (), 0, 0)
    return UpstreamProduct(
        product=named,
        owner=owner,
        access=AccessLevel.OWNER,
        declared_unit_amount=Decimal(1),
        declared_unit="KILOGRAM",
        cradle_to_gate_kg_co2e=Decimal(total),
        demand=demand,
        own_kg_co2e=Decimal(own),
        own_share_percent=Decimal(own) / 8 * 100,
        has_gaps=key == 0,
    )


def small() -> Upstream:
    """A car of steel and power; power and coal need each other; the seat is a gap. Names try to break out."""
    return Upstream(
        root_key=0,
        as_of_day=20_634,
        products={
            0: product(0, 'Car <"&\x00> 汽车', "maker", total="8", demand=1, own="1"),
            1: product(1, "Steel", "mill", total="5", demand=1, own="3"),
            2: product(2, "Power", "grid", total="2", demand=2, own="3"),
            3: product(3, "Coal", "mine", total="1", demand=1, own="1"),
        },
        lines=[
            UpstreamLine(0, 1, 1, 1.0, False, Decimal("62.5")),
            UpstreamLine(0, 2, 2, 0.5, False, Decimal("12.5")),
            UpstreamLine(0, 2, 3, 0.5, False, Decimal("12.5")),
            UpstreamLine(1, 2, 1, 1.0, True, Decimal("25.0")),
            UpstreamLine(2, 3, 1, 0.5, False, Decimal("12.5")),
            UpstreamLine(3, 2, 1, 0.1, False, Decimal("2.5")),
            UpstreamLine(1, 1, 2, 0.1, False, Decimal("1.0")),
        ],
        gaps=[UpstreamGap(0, 4, GapCode.NOT_GRANTED, "Ask the supplier.", "urn:pact:seats.example:product-id:seat")],
    )


def wide(count: int) -> Upstream:
    """A product of many small suppliers."""
    products = {0: product(0, "Everything", "maker", total=str(count), demand=1, own="0")}
    lines = []
    for key in range(1, count):
        products[key] = product(key, f"Part {key}", f"owner {key % 20}", total="1", demand=1, own="1")
        lines.append(UpstreamLine(0, key, key, 1.0, False, Decimal(100) / count))
        lines.append(UpstreamLine(key, key % 7 + 1, 1, 0.01, False, Decimal(1) / count))
    return Upstream(0, 20_634, products, [line for line in lines if line.consumer_key != line.supplier_key], [])
