"""Which products name others in their lines, in any version: the store's `product_keys_with_lines_to` by columns."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from exchange.memory.layout import NOBODY
from exchange.memory.tables import Tables


def consumers(
    tables: Tables, products: Collection[int], owner_id: str | None, *, others: bool = False, most: int | None = None
) -> list[int]:
    """Keys of products with a line or fallback to any of these; of one owner, or (None) of all, or (`others`) of all
    but that one; ascending, and at most so many of them."""
    keys = set(products)
    fallbacks = [line for key in keys for line in tables.fallback_followers.get(key, ())]
    lines = np.concatenate((tables.followers.of(keys), np.array(fallbacks, dtype=np.int64)))
    found = np.unique(tables.versions.product.values[tables.lines.version.values[lines]])
    if owner_id is not None:
        owner = tables.owners.get(owner_id, NOBODY)  # who owns no product is owner of none
        found = found[(tables.products.owner.values[found] == owner) != others]
    return [int(key) for key in found[:most]]
