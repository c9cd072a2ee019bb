"""Admission of a transaction's footprints and grants: no set of lines may consume at least one of itself.

The rule is exchange.rollup's (docs/method.md, "Admission"); here is what it has to look at. A loop through a new
footprint returns to its product through a line that somebody has to it, so a product that nobody's line names is
admitted without reading its upstream.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from exchange.access import permits_ever
from exchange.errors import LoopRefused
from exchange.graph import Store
from exchange.model.footprint import Footprint
from exchange.model.grant import Grant
from exchange.operations.checks import US_PER_DAY
from exchange.operations.closures import read_admission
from exchange.operations.turns import beside
from exchange.rollup import admit, admit_grant


class Proposed(Protocol):
    """The part of a decision that admission looks at."""

    @property
    def footprints(self) -> Sequence[Footprint]: ...
    @property
    def deprecated_ids(self) -> frozenset[str]: ...
    @property
    def grants(self) -> Sequence[Grant]: ...


async def check_admission(store: Store, head: int, proposed: Sequence[Proposed], now_us: int) -> None:
    """Raises LoopRefused where the footprints and grants of one transaction together would close a loop without an
    answer. `now_us` decides which versions have expired."""
    today = now_us // US_PER_DAY
    new = [footprint for decision in proposed for footprint in decision.footprints]
    deprecated = frozenset(name for decision in proposed for name in decision.deprecated_ids)
    grants = [grant for decision in proposed for grant in decision.grants]
    if new and await _may_close_a_loop(store, new):
        keys = sorted({footprint.product_key for footprint in new})
        snapshot = await read_admission(store, keys, new, head, now_us, grants=grants)
        await beside(lambda: admit(snapshot, new, deprecated, today, permits_ever(now_us)))
    if grants:
        await _check_grants(store, head, grants, now_us, today)


async def _may_close_a_loop(store: Store, new: Sequence[Footprint]) -> bool:
    """Whether any of the products is named by a line, of the new footprints or of stored ones."""
    products = {footprint.product_key for footprint in new}
    for footprint in new:
        lines = footprint.lines
        if not products.isdisjoint(lines.suppliers):
            return True
        if any(e.fallback and e.fallback.product_key in products for e in (lines.extras or {}).values()):
            return True
    return bool(await store.consumed_keys(sorted(products)))


async def _check_grants(store: Store, head: int, grants: Sequence[Grant], now_us: int, today: int) -> None:
    keys = sorted({grant.product_key for grant in grants})
    if not await store.consumed_keys(keys):
        return
    snapshot = await read_admission(store, keys, (), head, now_us, grants=grants)
    try:
        await beside(lambda: admit_grant(snapshot, keys, today, permits_ever(now_us)))
    except LoopRefused as refused:
        message = "This access would close a loop that consumes at least one of itself. Nothing was granted."
        raise LoopRefused(message, members=refused.members, path=("input", "product")) from None
