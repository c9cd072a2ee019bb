"""Deprecating a footprint: the only edit of one. Without a successor, the one before it stands again, unless that was
replaced."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from exchange.errors import Conflict, NotFound, Problems
from exchange.model.closure import Dates
from exchange.model.footprint import NEVER_US, Finding, Footprint
from exchange.model.ledger import ChangeKind, LedgerHead
from exchange.model.parties import Viewer
from exchange.model.product import Product
from exchange.model.writes import DeprecateFootprint, Write
from exchange.operations.answers.permission import require_owner, require_publisher, written_by
from exchange.operations.changing.extreme_publications import count, tell_suppliers
from exchange.operations.exchange import Exchange
from exchange.operations.requests.checks import US_PER_DAY, Checker
from exchange.operations.requests.findings import withdrawn_finding
from exchange.operations.requests.inputs import DeprecateFootprintInput
from exchange.operations.writing.queue import Allocation, Decision
from exchange.rollup import choose


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """findings: what the owner should know that it means, on the day that it was written."""

    footprint_id: str
    findings: tuple[Finding, ...]


async def deprecate_footprint(exchange: Exchange, viewer: Viewer, given: DeprecateFootprintInput) -> Withdrawn:
    """Deprecates an own footprint.

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

    async def decide(self, head: LedgerHead, now_us: int) -> Decision[Withdrawn]:
        footprint = (await self.exchange.store.get_footprints([self.footprint_id]))[0]
        if footprint is None:
            raise NotFound("No such footprint, or it is not visible to you. Check the id.")
        if footprint.deprecated_at_us != NEVER_US:
            raise Conflict("This footprint is already deprecated.", path=("input", "footprint"))
        owner_id, (before, after) = self.product.owner_id, await self._standing(head, now_us)
        again = [after] if after is not None and self.exchange.swings.compares(self.product.id, now_us) else []
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
        findings = tuple(withdrawn_finding(before is not None, after is not None))
        return Decision(Withdrawn(self.footprint_id, findings), build, written=written)

    async def _standing(self, head: LedgerHead, now_us: int) -> tuple[Footprint | None, Footprint | None]:
        """What stands today, with it and without it. What stands again is compared with what was published today: to
        publish, to look and to deprecate must not be another way of swinging."""
        store = self.exchange.store
        node = (await store.read_nodes([self.product.key]))[self.product.key]
        releases = sorted({one.release_id for one in node.footprints if one.release_id})
        successors = await store.read_successors(releases) if releases else {}
        dates = Dates(now_us // US_PER_DAY, now_us, head.sequence)
        without = replace(node, footprints=[one for one in node.footprints if one.id != self.footprint_id])
        before, after = (choose(each, dates, successors).footprint for each in (node, without))
        return before, after
