"""A made-up supply chain (`supply.py`) written into a database by raw statements.

Products, footprints and grants have the properties that publishing gives them. Left out is what loading does not read:
the relationships of footprints and owners, and the ledger's changes.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

import neo4j

from exchange.graph.footprint_records import footprint_properties
from exchange.graph.records import grant_properties, product_properties
from exchange.model.carbon import CarbonComponents
from exchange.model.columns import FootprintColumns, GrantColumns, ProductColumns
from exchange.model.footprint import STAGES, Declared, Footprint, LifeCycleStage, Lines, Modelled
from exchange.model.product import Product
from exchange.units import DeclaredUnit
from tests.bench.supply import KILOGRAM, OWNERS, VALID_FROM, Supply
from tests.memory import by_column
from tests.store.examples import a_footprint, a_grant, a_product, an_organization

BATCH: Final = 1_000
_OWNERS: Final = [an_organization() for _ in range(OWNERS)]
_MANUFACTURING = STAGES.index(LifeCycleStage.MANUFACTURING)

_PRODUCTS = "UNWIND $rows AS r CREATE (p:Product) SET p = r"
_FOOTPRINTS = "UNWIND $rows AS r CREATE (f:Footprint) SET f = r"
_GRANTS = "UNWIND $rows AS r MATCH (p:Product {key: r.productKey}) CREATE (g:Grant) SET g = r CREATE (g)-[:ON]->(p)"
_LEDGER = "MATCH (l:Ledger) SET l.head = $head, l.products = $products, l.footprints = $footprints, l.atUs = 0"


def write(driver: neo4j.Driver, made: Supply) -> None:
    """Into a database that has the exchange's schema and nothing else.

    One footprint each, with the product's key: declared in the first tier, modelled in the others; everything public.
    """
    count = made.products
    products = [
        a_product(_OWNERS[key % OWNERS], key, f"Product {key}", id=_id("product", key), sequence=key + 1)
        for key in range(count)
    ]
    with driver.session() as session:
        for batch in _batches(map(product_properties, products)):
            session.run(_PRODUCTS, rows=batch).consume()
        for batch in _batches(map(footprint_properties, _footprints(made, products))):
            session.run(_FOOTPRINTS, rows=batch).consume()
        grants = (
            a_grant(product, None, id=_id("grant", product.key), from_us=0, sequence=2 * count + product.key + 1)
            for product in products
        )
        for batch in _batches(map(grant_properties, grants)):
            session.run(_GRANTS, rows=batch).consume()
        session.run(_LEDGER, head=3 * count, products=count, footprints=count).consume()


def columns_of(made: Supply, first: int, after: int) -> tuple[ProductColumns, GrantColumns, FootprintColumns]:
    """What the store would read of these keys, were the same written into a database."""
    keys, head = range(first, after), made.products
    products = [a_product(_OWNERS[key % OWNERS], key, "", id=_id("product", key), sequence=key + 1) for key in keys]
    grants = [a_grant(product, None, from_us=0, sequence=2 * head + product.key + 1) for product in products]
    return (
        by_column.product_columns(products),
        by_column.grant_columns(grants),
        by_column.footprint_columns(list(_footprints(made, products))),
    )


def _footprints(made: Supply, products: list[Product]) -> Iterator[Footprint]:
    for product in products:
        first, after = int(made.starts[product.key]), int(made.starts[product.key + 1])
        suppliers = made.supplier[first:after].tolist()
        amount = Decimal(f"{made.own[product.key]:.9g}")
        own = CarbonComponents({"fossilGhgEmissions": amount})
        lines = Lines(
            suppliers=suppliers,
            names=[f"id:{_id('product', key)}" for key in suppliers],
            amounts=[str(Decimal(repr(each))) for each in made.amount[first:after].tolist()],
            units=[0] * len(suppliers),
            unit_table=[(KILOGRAM, None)],
            stages=[_MANUFACTURING] * len(suppliers),
            flags=[0] * len(suppliers),
        )
        footprint = a_footprint(
            product,
            product.key,
            [],
            id=_id("footprint", product.key),
            pf_id=_id("pf", product.key),
            sequence=made.products + product.key + 1,
            valid_from_day=VALID_FROM,
            declared_unit=DeclaredUnit.KILOGRAM,
            declared_unit_amount=Decimal(1),
            mass_kg_per_declared_unit=Decimal(1),
            geography_country="CN",
        )
        if suppliers:
            modelled = Modelled({LifeCycleStage.MANUFACTURING: own}, None, None, None, lines)
            yield replace(footprint, modelled=modelled)
        else:
            declared = Declared(amount, amount, own, None, None, None, None)
            yield replace(footprint, declared=declared, modelled=None)


def _batches(rows: Iterable[Any]) -> Iterator[list[Any]]:
    batch: list[Any] = []
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _id(kind: str, key: int) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{kind} {key}"))
