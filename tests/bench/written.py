"""A made-up supply chain (`chain.py`) written into a database by the store, a thousand values a transaction."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Final

from exchange.graph import Store
from exchange.model.columns import FootprintColumns, GrantColumns, ProductColumns
from exchange.model.writes import AddGrant, AddOrganization, CreateProduct, PublishFootprint, Write
from tests.bench.chain import Chain
from tests.bench.supply import Supply
from tests.memory import by_column

BATCH: Final = 1_000


async def write(store: Store, made: Supply) -> None:
    """Into a database that has the exchange's schema and nothing else."""
    chain = Chain(made)
    changes = chain.changes()
    waiting = _writes(chain)
    while writes := list(itertools.islice(waiting, BATCH)):
        await store.write(writes, list(itertools.islice(changes, len(writes))), await store.head())


def _writes(chain: Chain) -> Iterator[Write]:
    products = [chain.product(key) for key in range(chain.made.products)]
    yield from map(AddOrganization, chain.organizations)
    yield from map(CreateProduct, products)
    yield from (PublishFootprint(chain.footprint(product)) for product in products)
    yield from (AddGrant(chain.grant(product)) for product in products)


def columns_of(made: Supply, first: int, after: int) -> tuple[ProductColumns, GrantColumns, FootprintColumns]:
    """What the store would read of these keys, were the same written into a database."""
    chain = Chain(made)
    products = [chain.product(key) for key in range(first, after)]
    return (
        by_column.product_columns(products),
        by_column.grant_columns([chain.grant(product) for product in products]),
        by_column.footprint_columns([chain.footprint(product) for product in products]),
    )
