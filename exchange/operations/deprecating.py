"""Deprecating a footprint: the only edit of one. Without a successor, the one before it stands again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from exchange.errors import Conflict, NotFound, Problems
from exchange.model.closure import Dates
from exchange.model.footprint import NEVER_US, Footprint
from exchange.model.ledger import ChangeKind, LedgerHead
from exchange.model.parties import Viewer
from exchange.model.product import Product
from exchange.model.writes import DeprecateFootprint, Write
from exchange.operations.checks import US_PER_DAY, Checker
from exchange.operations.exchange import Exchange
from exchange.operations.extreme_publications import count, tell_suppliers
from exchange.operations.inputs import DeprecateFootprintInput
from exchange.operations.permission import require_owner, require_publisher, written_by
from exchange.operations.writing import Allocation, Decision
from exchange.rollup import choose


async def deprecate_footprint(exchange: Exchange, viewer: Viewer, given: DeprecateFootprintInput) -> str:
    """Deprecates an own footprint; without a successor, the one before it stands again. Returns its id.

    Raises InvalidInput, NotFound, AccessDenied, Conflict (already deprecated), NotSignedIn.
    """
    require_publisher(viewer)
    problems = Problems()
    Checker(problems, ("input",)).text(given.reason, "reason", required=True, lines=True)
    problems.raise_any()
    session = await exchange.session(viewer)
    shown = (await session.footprints([given.footprint]))[0]
    path = ("input", "footprint")
    if shown is None:
        raise NotFound("No such footprint, or it is not visible to you. Check the id.", path=path)
    answer = (await session.products_by_key([shown.product_key]))[0]
    product = require_owner(viewer, answer, path, doing="deprecate its footprints").product
    return await exchange.queue.do(_Deprecate(exchange, viewer, product, given.footprint, given.reason))


@dataclass(frozen=True, slots=True)
class _Deprecate:
    exchange: Exchange
    viewer: Viewer
    product: Product
    footprint_id: str
    reason: str
    size: int = 1

    @property
    def by(self) -> str:
        return written_by(self.viewer)

    @property
    def touches(self) -> frozenset[str]:
        return frozenset({self.footprint_id, self.product.id})

    async def decide(self, head: LedgerHead, now_us: int) -> Decision[str]:
        footprint = (await self.exchange.store.get_footprints([self.footprint_id]))[0]
        if footprint is None:
            raise NotFound("No such footprint, or it is not visible to you. Check the id.")
        if footprint.deprecated_at_us != NEVER_US:
            raise Conflict("This footprint is already deprecated.", path=("input", "footprint"))
        owner_id, again = self.product.owner_id, await self._stands_again(head, now_us)
        judged = await self.exchange.swings.judge(
            lambda: self.exchange.session(self.viewer), owner_id, again, now_us, limited=False
        )

        def build(allocation: Allocation) -> Sequence[Write]:
            sequence = allocation.change(
                ChangeKind.FOOTPRINT_DEPRECATED,
                self.footprint_id,
                owner_id=owner_id,
                product_id=self.product.id,
            )
            tell_suppliers(allocation, judged, owner_id)
            return [DeprecateFootprint(self.footprint_id, now_us, sequence, self.reason)]

        written = partial(count, self.exchange, judged, owner_id, self.by)
        return Decision(self.footprint_id, build, written=written)

    async def _stands_again(self, head: LedgerHead, now_us: int) -> list[Footprint]:
        """What stands once this does not, where that is compared with what was published today: to publish, to look and
        to deprecate must not be another way of swinging."""
        store = self.exchange.store
        if not self.exchange.swings.compares(self.product.id, now_us):
            return []
        node = (await store.read_nodes([self.product.key]))[self.product.key]
        rest = [one for one in node.footprints if one.id != self.footprint_id]
        releases = sorted({one.release_id for one in rest if one.release_id})
        successors = await store.read_successors(releases) if releases else {}
        dates = Dates(now_us // US_PER_DAY, now_us, head.sequence)
        standing = choose(replace(node, footprints=rest), dates, successors).footprint
        return [] if standing is None else [standing]
