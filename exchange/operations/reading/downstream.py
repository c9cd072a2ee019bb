"""Downstream of an own product: which products that its owner may open rest on it, and by how much.

Everything comes from the owner's own views of those products, put together: what they use of this one without the
owner being shown it is not told. Which products are looked at depends on what the owner knows: the products granted to
it at INPUTS, and, of its own, those with lines that may lead here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from exchange.access import build_views, facts
from exchange.errors import InvalidInput
from exchange.model.closure import Dates
from exchange.model.grant import AccessLevel
from exchange.model.view import ViewNode
from exchange.operations.following.consumers import consumers
from exchange.operations.reading.roll_ups import Solved, solve_for
from exchange.operations.reading.sight import Sight
from exchange.rollup import RefusalCode, Resting, resting_on

DOWNSTREAM_PRODUCTS_MAX: Final = 2_000  # products looked at for one answer; a few seconds in one turn

__all__ = ["Resting", "downstream"]


class _Totals(Solved):
    """Without results by stage, which no share rests on and which many products would take long to have."""

    def by_stage(self, key: int) -> None:
        return None


async def downstream(sight: Sight, product_key: int, dates: Dates) -> tuple[Resting, ...]:
    """Of a product that the viewer owns; the largest share first. One closure and one solve for all that is looked at.

    Raises InvalidInput where that would be more than DOWNSTREAM_PRODUCTS_MAX products, or too large a closure.
    """
    async with sight.share.turn():
        candidates = await _candidates(sight, product_key)
        if not candidates:
            return ()
        solved = await solve_for(sight, [product_key, *candidates], dates, stages=False)
        totals = _Totals(solved.solution, solved.level_of)
        return await sight.share.compute(lambda: _resting(sight, totals, product_key, candidates))


async def _candidates(sight: Sight, product_key: int) -> list[int]:
    """Products that the viewer may open, and that may use the product by lines that it may see."""
    granted = await sight.granted()
    opened = sorted(key for key, level in granted.items() if level >= AccessLevel.INPUTS and key != product_key)
    met, front = {product_key, *opened}, [product_key, *opened]
    owner = None if sight.viewer.operator else sight.viewer.organization_id
    while front:
        if len(met) > DOWNSTREAM_PRODUCTS_MAX + 1:
            raise _too_many(f"more than {DOWNSTREAM_PRODUCTS_MAX:,} products that you may open")
        found = await consumers(sight.store, sight.graph, sight.head, sight.now_us, front, owner)
        front = [key for key in found if key not in met]
        met.update(front)
    return sorted(met - {product_key})


def _resting(sight: Sight, solved: Solved, product_key: int, candidates: Sequence[int]) -> tuple[Resting, ...]:
    refusals = {key: solved.solution.refusal(key) for key in candidates}
    if any(refusal is not None and refusal.code is RefusalCode.TOO_LARGE for refusal in refusals.values()):
        raise _too_many("products whose supply chains together are too large to compute")
    roots = [key for key in candidates if refusals[key] is None and solved.level_of(key) >= AccessLevel.INPUTS]
    known: dict[int, ViewNode | None] = {}

    def facts_of(key: int) -> ViewNode | None:
        if key not in known:
            known[key] = sight.met(facts(key, solved.level_of, solved))
        return known[key]

    return resting_on(build_views(roots, facts_of), product_key)


def _too_many(what: str) -> InvalidInput:
    return InvalidInput(
        f"This product may go into {what}: ask each of those products for its contributions instead.",
        path=("downstream",),
    )
