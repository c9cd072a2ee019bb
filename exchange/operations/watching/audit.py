"""What is kept of who saw and tried what: recorded before the answer leaves, once a day for each client and product.

A read of a foreign product at INPUTS or of a benchmark, a write that was denied, and a limit on probing that was
reached are entries of the ledger like everything written, under its expected head: so they are in the one audit chain,
on every server. Where they cannot be recorded, nothing is answered.

One entry for each client, product or benchmark, and kind of access and day (UTC) bounds how much is written: the first
answer of a day pays for it. What is recorded already is kept in this process, so another server, and this one after a
restart, may write a second entry; none leaves one out.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from exchange.errors import AccessDenied
from exchange.graph import Store
from exchange.model.alliance import convener_of
from exchange.model.ledger import RULE_OF_OWN_EMISSIONS, ChangeKind, LedgerHead
from exchange.model.parties import Viewer
from exchange.model.product import Product
from exchange.model.writes import RecordReading, Write, reading_of_many
from exchange.operations.answers.permission import written_by
from exchange.operations.requests.checks import US_PER_DAY
from exchange.operations.writing.queue import Allocation, Decision, WriteQueue

ENTRIES_AT_ONCE_MAX: Final = 1_000  # of one write: a transaction of a tenth of a second
KEPT_MAX: Final = 200_000  # what a day's first readers of everything make; beyond it, what is known begins anew


@dataclass(frozen=True, slots=True)
class Seen:
    """One entry to be. owner_id: whose product it concerns; empty where none is. read: under what names a reading is
    kept, so that it is found by every grant that it may be owed to."""

    kind: ChangeKind
    subject: str
    product_id: str
    owner_id: str
    detail: str = ""
    read: tuple[str, ...] = ()


class Audit:
    """Records, of one process."""

    def __init__(self, store: Store, queue: WriteQueue) -> None:
        self._store, self._queue = store, queue
        self._day = -1
        self._kept: set[tuple[str, ...]] = set()
        self._read: set[tuple[str, int]] = set()

    async def inputs_read(self, viewer: Viewer, keys: Collection[int], now_us: int) -> bool:
        """Records that a client was shown what was computed from the lines of the foreign products with these keys;
        whether any was new today. Where none is, nothing is asked of the database.

        Only who asks with a token is recorded: a command of the operator reads the database itself.
        """
        client = viewer.client_id
        if client is None or viewer.organization_id is None:
            return False
        self._turn(now_us)
        new = [key for key in keys if (client, key) not in self._read]
        if not new:
            return False
        found = await self._store.get_products_by_key(new)
        products = [product for product in found if product is not None]
        await self._write(_by(viewer), viewer.organization_id, [_reading(product) for product in products])
        # Only now: whoever asks the same meanwhile records it too, rather than answer before it is written.
        self._read.update((client, key) for key in new)
        return True

    async def benchmarks_read(self, viewer: Viewer, read: Mapping[tuple[str, str], bool], now_us: int) -> bool:
        """Records that a client was told of benchmarks (the alliance's id, and which one), in the trail of its
        organization, and where it says so of the one that convenes the alliance; whether any was new today. Of the
        operator nothing is recorded, with a token or without."""
        client = viewer.client_id
        if client is None or viewer.organization_id is None or viewer.operator:
            return False
        self._turn(now_us)
        kind = ChangeKind.BENCHMARK_READ
        new = [each for each in read if (client, kind, *each) not in self._kept]
        if not new:
            return False
        alliances = sorted({alliance for alliance, _ in new})
        members = await self._store.memberships_in(alliances)
        conveners = {
            alliance: convener_of([each for each in members if each.alliance_id == alliance]) for alliance in alliances
        }
        await self._write(
            _by(viewer),
            viewer.organization_id,
            [
                Seen(kind, alliance, "", (conveners[alliance] or "") if read[alliance, detail] else "", detail)
                for alliance, detail in new
            ],
        )
        self._kept.update((client, kind, *each) for each in new)
        return True

    async def write_denied(self, viewer: Viewer, error: AccessDenied, field: str, now_us: int) -> None:
        """Records that a client tried what it may not: to the product's owner, where it saw the product, and itself."""
        seen = Seen(ChangeKind.WRITE_DENIED, error.product_id or field, error.product_id, error.owner_id, field)
        await self._once_a_day(viewer, seen, now_us)

    async def probing_limited(self, viewer: Viewer, product: Product, detail: str, now_us: int) -> None:
        """Records that somebody came to the end of what it may ask about a foreign product in a day."""
        seen = Seen(ChangeKind.PROBING_LIMITED, product.id, product.id, product.owner_id, detail)
        await self._once_a_day(viewer, seen, now_us)

    async def own_emissions_swung(
        self, organization_id: str, by: str, customers: Sequence[Product], now_us: int
    ) -> None:
        """Records, for the owner of each of these products, that the organization swings the emissions of what goes
        into it: once a day for each organization and product. It is none of the organization's own entries."""
        self._turn(now_us)
        kind, rule = ChangeKind.EXTREME_PUBLICATION, RULE_OF_OWN_EMISSIONS
        kept = {(organization_id, kind, one.id, rule): one for one in customers}
        new = kept.keys() - self._kept
        seen = [Seen(kind, one.id, one.id, one.owner_id, rule) for key, one in kept.items() if key in new]
        await self._write(by, organization_id, seen)
        self._kept |= new

    async def _once_a_day(self, viewer: Viewer, seen: Seen, now_us: int) -> None:
        self._turn(now_us)
        kept = (_by(viewer), seen.kind, seen.subject, seen.detail)
        if kept not in self._kept:
            await self._write(_by(viewer), viewer.organization_id or "", [seen])
            self._kept.add(kept)

    async def _write(self, by: str, organization_id: str, seen: Sequence[Seen]) -> None:
        for start in range(0, len(seen), ENTRIES_AT_ONCE_MAX):
            part = tuple(seen[start : start + ENTRIES_AT_ONCE_MAX])
            await self._queue.do(_Record(by, organization_id, part))

    def _turn(self, now_us: int) -> None:
        day = now_us // US_PER_DAY
        if day != self._day or len(self._kept) + len(self._read) > KEPT_MAX:
            self._day, self._kept, self._read = day, set(), set()


def _reading(product: Product) -> Seen:
    many = [reading_of_many(product.owner_id, name) for name in (None, *product.classifications)]
    return Seen(ChangeKind.INPUTS_READ, product.id, product.id, product.owner_id, read=(product.id, *many))


def _by(viewer: Viewer) -> str:
    return "anonymous" if viewer.anonymous else written_by(viewer)


@dataclass(frozen=True, slots=True)
class _Record:
    """Nothing is decided: what was seen was seen."""

    by: str
    organization_id: str
    seen: tuple[Seen, ...]

    @property
    def touches(self) -> frozenset[str]:
        return frozenset()

    @property
    def size(self) -> int:
        return len(self.seen)

    async def decide(self, head: LedgerHead, now_us: int) -> Decision[None]:
        def build(allocation: Allocation) -> Sequence[Write]:
            for each in self.seen:
                allocation.change(
                    each.kind,
                    each.subject,
                    owner_id=each.owner_id,
                    product_id=each.product_id,
                    detail=each.detail,
                    organization_id=self.organization_id,
                )
            names = dict.fromkeys(name for each in self.seen for name in each.read)
            return [RecordReading(name, self.organization_id, now_us) for name in names]

        return Decision(None, build)
