"""Admission of a transaction's footprints and grants: no set of lines may consume at least one of itself.

The rule is exchange.rollup's (docs/method.md, "Admission"); here is what it has to look at. A loop through a new
footprint returns to its product through a line that somebody has to it, so a product that nobody's line names is
admitted without reading its upstream. The graph in memory answers where it can, at the head that the write is decided
at; else its upstream is read from the store. Both judge the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from exchange.access import permits_ever
from exchange.errors import LoopRefused
from exchange.graph import Store
from exchange.memory import Proposal
from exchange.model.footprint import Footprint
from exchange.model.grant import Grant
from exchange.model.ledger import LedgerHead
from exchange.operations.following.follower import LiveGraph
from exchange.operations.requests.checks import US_PER_DAY
from exchange.operations.turns import beside
from exchange.operations.writing.closures import read_admission
from exchange.rollup import admit, admit_grant, judge


class Proposed(Protocol):
    """The part of a decision that admission looks at."""

    @property
    def footprints(self) -> Sequence[Footprint]: ...
    @property
    def deprecated_keys(self) -> frozenset[int]: ...
    @property
    def grants(self) -> Sequence[Grant]: ...


async def check_admission(
    store: Store, graph: LiveGraph | None, head: LedgerHead, proposed: Sequence[Proposed], now_us: int
) -> None:
    """Raises LoopRefused where the footprints and grants of one transaction together would close a loop without an
    answer: after those that stand at `head`. `now_us` decides which versions have expired."""
    new = [footprint for decision in proposed for footprint in decision.footprints]
    deprecated = frozenset(key for decision in proposed for key in decision.deprecated_keys)
    grants = [grant for decision in proposed for grant in decision.grants]
    if new and await _may_close_a_loop(store, graph, head, new):
        await _judge(store, graph, head, Proposal(new, deprecated, grants), now_us)
    keys = sorted({grant.product_key for grant in grants})
    if keys and await _consumed(store, graph, head, keys):
        try:
            await _judge(store, graph, head, Proposal(grants=grants, granted_keys=keys), now_us)
        except LoopRefused as refused:
            if not refused.members:  # too large to be judged
                raise LoopRefused(refused.message, path=("input", "product")) from None
            message = "This access would close a loop that consumes at least one of itself. Nothing was granted."
            raise LoopRefused(message, members=refused.members, path=("input", "product")) from None


async def _may_close_a_loop(store: Store, graph: LiveGraph | None, head: LedgerHead, new: Sequence[Footprint]) -> bool:
    """Whether any of the products is named by a line, of the new footprints or of stored ones."""
    products = {footprint.product_key for footprint in new}
    for footprint in new:
        lines = footprint.lines
        if not products.isdisjoint(lines.suppliers):
            return True
        if any(e.fallback and e.fallback.product_key in products for e in (lines.extras or {}).values()):
            return True
    return await _consumed(store, graph, head, sorted(products))


async def _consumed(store: Store, graph: LiveGraph | None, head: LedgerHead, keys: Sequence[int]) -> bool:
    """Whether any line or fallback names one of these products."""
    known = None if graph is None else graph.consumed_keys(keys, head)
    return bool(await store.consumed_keys(keys) if known is None else known)


async def _judge(store: Store, graph: LiveGraph | None, head: LedgerHead, proposal: Proposal, now_us: int) -> None:
    new, keys, deprecated = proposal.footprints, proposal.granted_keys, proposal.deprecated_keys
    demand = None if graph is None else await graph.demand(proposal, head, now_us)
    if demand is not None:
        await beside(lambda: judge(demand, keys, new))
        return
    today, products = now_us // US_PER_DAY, proposal.products.tolist()
    snapshot = await read_admission(
        store, products, new, head.sequence, now_us, deprecated_keys=deprecated, grants=proposal.grants
    )
    if new:
        await beside(lambda: admit(snapshot, new, deprecated, today, permits_ever(now_us)))
    else:
        await beside(lambda: admit_grant(snapshot, keys, today, permits_ever(now_us)))
