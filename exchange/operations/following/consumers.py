"""Which products name others in their lines: from the graph in memory, or where that cannot answer from the store.

Both give the same (tests/memory/live.py): whoever asks need not know which it was.
"""

from __future__ import annotations

from collections.abc import Collection

from exchange.graph import Store
from exchange.model.ledger import LedgerHead
from exchange.operations.following.follower import LiveGraph


async def consumers(
    store: Store,
    graph: LiveGraph | None,
    head: LedgerHead,
    now_us: int,
    keys: Collection[int],
    owner_id: str | None,
    *,
    others: bool = False,
    most: int | None = None,
) -> list[int]:
    """Keys of products with a line or fallback, in any version, to any of `keys`; of one owner, or (None) of all, or
    (`others`) of all but that one; ascending, and at most so many of them."""
    found = None
    if graph is not None:
        found = await graph.consumers(keys, owner_id, head, now_us, others=others, most=most)
    if found is None:
        found = await store.product_keys_with_lines_to(keys, owner_id, others=others, most=most)
    return found
