"""What has to be read before a write can be admitted: everything upstream, under every footprint that may ever stand.

A roll-up follows the one footprint that stands on its dates; admission follows all that are Active and unexpired, the
new ones included, every line of theirs that may be followed now or later, and every fallback (docs/method.md,
"Admission").
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from exchange.model.closure import Dates, Node, Permits, Snapshot
from exchange.model.footprint import NEVER_DAY, NEVER_US, Footprint
from exchange.model.product import Product
from exchange.rollup.choice import valid_until_day
from exchange.rollup.closure import CLOSURE_LINES_MAX, CLOSURE_ROWS_MAX, FOLLOWED_STAGES, Frontier


class AdmissionWalk:
    """Walks from `keys` and the products of `new` towards suppliers, as far as a growing snapshot goes.

    today_day: the day of the write. permits_ever: whether ownership, public access or a recorded grant, present or
    future, lets a line of the first product's owner be followed to the second product. deprecated_keys: of versions
    that the new ones replace: they do not count any more.
    After the last step: `versions` of every product that was reached, `denied` (owner, supplier) pairs.
    """

    def __init__(
        self,
        keys: Iterable[int],
        new: Sequence[Footprint],
        today_day: int,
        permits_ever: Permits,
        deprecated_keys: Collection[int] = (),
    ) -> None:
        self.new = new
        self._new_of: dict[int, list[Footprint]] = {}
        for footprint in new:
            self._new_of.setdefault(footprint.product_key, []).append(footprint)
        self._deprecated_keys = frozenset(deprecated_keys)
        self.today_day = today_day
        self.versions: dict[int, tuple[Footprint, ...]] = {}
        self.denied: set[tuple[str, int]] = set()
        self.too_large = False
        self._permits_ever = permits_ever
        self._pending: dict[tuple[str, int], Product | None] = {}
        self._settled: set[tuple[str, int]] = set()
        self._pending_names: dict[tuple[str, str], Product] = {}
        self._asked: set[str] = set()
        self._lines = 0
        for key in [*keys, *(footprint.product_key for footprint in new)]:
            self._pending["", key] = None

    def step(self, snapshot: Snapshot) -> Frontier:
        """Goes on with what was read since the last step, and says what is to be read next; empty: complete.

        `snapshot` must contain everything of the steps before; what was asked for once and is absent is nobody's.
        """
        keys: set[int] = set()
        releases: set[str] = set()
        waiting: dict[tuple[str, int], Product | None] = {}
        self._bind(snapshot)
        while self._pending and not self.too_large:
            (owner, key), consumer = self._pending.popitem()
            node = snapshot.nodes.get(key)
            if node is None:
                keys.add(key)
            elif consumer is None or self._permitted(owner, consumer, node):
                unread = self._unread_releases(node, snapshot)
                if not unread:
                    self._reach(node, snapshot)
                    continue
                releases |= unread
            else:
                continue
            waiting[owner, key] = consumer
        self._pending = waiting
        names = {name for _, name in self._pending_names} - self._asked
        self._asked |= names | releases
        if self.too_large:
            return Frontier(frozenset(), frozenset(), frozenset(), too_large=True)
        return Frontier(frozenset(keys), frozenset(names), frozenset(releases))

    def finish(self, snapshot: Snapshot) -> None:
        """Walks a snapshot that holds everything. Raises LookupError where a product is missing in it."""
        while wanted := self.step(snapshot):
            if wanted.keys:
                raise LookupError(f"the snapshot is not closed: product key {min(wanted.keys)} was not read")

    def _bind(self, snapshot: Snapshot) -> None:
        """Names that have been registered since they were published become products."""
        for (owner, name), consumer in list(self._pending_names.items()):
            key = snapshot.names.get(name)
            if key is not None:
                del self._pending_names[owner, name]
                self._want(owner, key, consumer)

    def _reach(self, node: Node, snapshot: Snapshot) -> None:
        """Notes a product's versions and asks for the suppliers of all of them."""
        product = node.product
        if product.key in self.versions:
            return
        found = self.versions[product.key] = self._standing(node, snapshot)
        self._lines += sum(len(footprint.lines) for footprint in found)
        self.too_large = self._lines > CLOSURE_LINES_MAX or len(self.versions) > CLOSURE_ROWS_MAX
        for footprint in found:
            for name in _followed(footprint):
                if isinstance(name, int):
                    self._want(product.owner_id, name, product)
                elif name in snapshot.names:
                    self._want(product.owner_id, snapshot.names[name], product)
                else:
                    self._pending_names[product.owner_id, name] = product

    def _want(self, owner: str, key: int, consumer: Product) -> None:
        if (owner, key) not in self._settled:
            self._settled.add((owner, key))
            self._pending[owner, key] = consumer

    def _permitted(self, owner: str, consumer: Product, node: Node) -> bool:
        if (owner, node.product.key) in self.denied:
            return False
        if self._permits_ever(consumer, node):
            return True
        self.denied.add((owner, node.product.key))
        return False

    def _standing(self, node: Node, snapshot: Snapshot) -> tuple[Footprint, ...]:
        """Active, unexpired versions; validity in the future counts. New ones are taken from `new`."""
        mine = self._new_of.get(node.product.key, [])
        ids = {footprint.id for footprint in mine}
        dates = Dates(self.today_day, NEVER_US - 1, snapshot.head)
        old = [
            footprint
            for footprint in node.footprints
            if footprint.id not in ids
            and footprint.key not in self._deprecated_keys
            and footprint.sequence <= snapshot.head
            and footprint.deprecated_sequence > snapshot.head
        ]
        return tuple(
            footprint
            for footprint in [*old, *mine]
            if valid_until_day(footprint, dates, snapshot.successors) > self.today_day
        )

    def _unread_releases(self, node: Node, snapshot: Snapshot) -> set[str]:
        releases = {
            footprint.release_id
            for footprint in node.footprints
            if footprint.release_id is not None and footprint.valid_until_day == NEVER_DAY
        }
        return releases - snapshot.successors.keys() - self._asked


def _followed(footprint: Footprint) -> set[int | str]:
    """Keys and URNs of everything that a footprint's lines may take, fallbacks included."""
    lines = footprint.lines
    found: set[int | str] = set()
    for supplier, name, stage in zip(lines.suppliers, lines.names, lines.stages, strict=True):
        if stage in FOLLOWED_STAGES:
            found.add(supplier if supplier >= 0 else name)
    for position, extras in (lines.extras or {}).items():
        fallback = extras.fallback
        if fallback is not None and lines.stages[position] in FOLLOWED_STAGES:
            name_or_key = fallback.product_key if fallback.product_key is not None else fallback.urn
            if name_or_key is not None:
                found.add(name_or_key)
    return {name for name in found if isinstance(name, int) or not name.startswith("id:")}
