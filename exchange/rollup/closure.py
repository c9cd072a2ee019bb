"""How far a roll-up reaches, and what of it is still to be read.

A walk starts at the products asked about and follows lines level by level, so that a store can read each level at
once. It decides with the same `choose` as the roll-up which footprint stands, and asks `permits` once per pair
(owner of the consumer, supplier). It knows no store: `step` says what is missing, the caller reads it and calls again.

Every supplier and fallback that a line names is read, whatever its stage, because what a line resolves to is shown.
Only lines that can carry emissions into the result are followed further: acquisition, manufacturing and
distribution of every product, all stages of the products asked about; a fallback only where it serves.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from exchange.model.closure import Dates, Node, Permits, Snapshot
from exchange.model.footprint import NEVER_DAY, STAGES, Fallback, Footprint, LifeCycleStage
from exchange.model.product import Product
from exchange.rollup.choice import Choice, choose, valid_until_day
from exchange.rollup.factors import ratio, supplier_unit

# A closure of this size takes some ten seconds and a gigabyte; the largest published databases (ecoinvent,
# EXIOBASE) have 20,000 products and 10 million lines in all, a product's own closure in practice a tenth of that.
CLOSURE_ROWS_MAX: Final = 200_000
CLOSURE_LINES_MAX: Final = 5_000_000

FOLLOWED_STAGES: Final = frozenset(
    STAGES.index(stage)
    for stage in (
        LifeCycleStage.RAW_MATERIAL_ACQUISITION,
        LifeCycleStage.MANUFACTURING,
        LifeCycleStage.DISTRIBUTION,
    )
)
_NOBODY = -1


@dataclass(frozen=True, slots=True)
class Frontier:
    """What a walk still needs: product keys, URNs nobody had registered at publishing, dataset releases.

    too_large: the closure passed CLOSURE_ROWS_MAX or CLOSURE_LINES_MAX; nothing more is asked for.
    """

    keys: frozenset[int]
    names: frozenset[str]
    releases: frozenset[str]
    too_large: bool = False

    def __bool__(self) -> bool:
        return bool(self.keys or self.names or self.releases)


class _Missing(Exception):
    """Something has to be read first; it has been noted in the walk."""


class ClosureWalk:
    """Walks from `roots` towards their suppliers as far as a growing snapshot goes.

    chosen: footprints that stand for their products whatever the dates say.
    After the last step: `choices` of every product that a line names and may follow, `expanded` those with a
    footprint whose lines were followed (roots first), `denied` the (owner, supplier) pairs that are not permitted.
    """

    def __init__(
        self,
        roots: Iterable[int],
        dates: Dates,
        permits: Permits,
        *,
        chosen: Mapping[int, Footprint] | None = None,
    ) -> None:
        self.roots = tuple(dict.fromkeys(roots))
        self.dates = dates
        self.choices: dict[int, Choice] = {}
        self.expanded: dict[int, Footprint] = {}
        self.denied: set[tuple[str, int]] = set()
        self.too_large = False
        self._permits = permits
        self._chosen = chosen or {}
        self._root_set = frozenset(self.roots)
        self._owners: dict[str, _Owner] = {}
        self._queue: deque[int] = deque()
        self._waiting: list[_Edge | _FallbackLine] = [_Edge(None, key, True) for key in self.roots]
        self._asked: set[str] = set()
        self._closed = False
        self._lines = 0
        self._snapshot = Snapshot(0, {}, {})
        self._wanted_keys: set[int] = set()
        self._wanted_names: set[str] = set()
        self._wanted_releases: set[str] = set()

    def step(self, snapshot: Snapshot) -> Frontier:
        """Goes on with what was read since the last step, and says what is to be read next; empty: complete.

        `snapshot` must contain everything of the steps before. A name or release that was asked for once and is
        still absent is taken to be nobody's, or without a successor.
        """
        self._snapshot = snapshot
        self._wanted_keys, self._wanted_names, self._wanted_releases = set(), set(), set()
        self._advance()
        self._asked |= self._wanted_names | self._wanted_releases
        if self.too_large:
            return Frontier(frozenset(), frozenset(), frozenset(), too_large=True)
        return Frontier(frozenset(self._wanted_keys), frozenset(self._wanted_names), frozenset(self._wanted_releases))

    def finish(self, snapshot: Snapshot) -> None:
        """Walks a snapshot that holds everything. Raises LookupError where a product is missing in it."""
        self._closed = True
        if self.step(snapshot).keys:
            missing = min(self._wanted_keys)
            raise LookupError(f"the snapshot is not closed: product key {missing} was not read")

    def named_key(self, position: int, footprint: Footprint) -> int:
        """Key of the product that a line names, -1: nobody has registered it."""
        supplier = footprint.lines.suppliers[position]
        return supplier if supplier >= 0 else self._registered(footprint.lines.names[position])

    def fallback_key(self, fallback: Fallback) -> int:
        """Key of the product that a fallback names, -1: nobody has registered it."""
        if fallback.product_key is not None:
            return fallback.product_key
        return _NOBODY if fallback.urn is None else self._registered(fallback.urn)

    def _advance(self) -> None:
        waiting, self._waiting = self._waiting, []
        while waiting or self._queue:
            for item in waiting:
                try:
                    self._take(item)
                except _Missing:
                    self._waiting.append(item)
            waiting = []
            if self._queue:
                waiting = self._expand(self._queue.popleft())
            if self.too_large:
                self._queue.clear()
                return

    def _take(self, item: _Edge | _FallbackLine) -> None:
        if isinstance(item, _FallbackLine):
            self._take_fallback(item)
            return
        key = self._registered(item.name) if isinstance(item.name, str) else item.name
        if key == _NOBODY:
            return
        choice = self._reach(item.consumer, key)
        if choice is not None and choice.footprint is not None and item.deep and key not in self.expanded:
            self.expanded[key] = choice.footprint
            self._queue.append(key)

    def _take_fallback(self, item: _FallbackLine) -> None:
        """A fallback is followed only where the line's own product does not serve."""
        named = self.named_key(item.position, item.footprint)
        unit, price = item.footprint.lines.unit_table[item.footprint.lines.units[item.position]]
        choice = None if named == _NOBODY else self._reach(item.consumer, named)
        standing = None if choice is None else choice.footprint
        if standing is not None and ratio(unit, price, supplier_unit(standing)) is not None:
            return
        key = self.fallback_key(item.fallback)
        if key != _NOBODY:
            self._take(_Edge(item.consumer, key, True))

    def _expand(self, key: int) -> list[_Edge | _FallbackLine]:
        """The edges of a product's chosen footprint that its owner's other products did not have yet."""
        footprint, product = self.expanded[key], self._snapshot.nodes[key].product
        lines = footprint.lines
        self._lines += len(lines)
        if self._lines > CLOSURE_LINES_MAX or len(self.expanded) > CLOSURE_ROWS_MAX:
            self.too_large = True
            return []
        owner = self._owners.setdefault(product.owner_id, _Owner())
        everything = key in self._root_set or not lines or max(lines.stages) <= max(FOLLOWED_STAGES)
        touched = set(lines.suppliers)
        deep = (
            touched
            if everything
            else {
                supplier
                for supplier, stage in zip(lines.suppliers, lines.stages, strict=True)
                if stage in FOLLOWED_STAGES
            }
        )
        found: list[_Edge | _FallbackLine] = [
            _Edge(product, supplier, True) for supplier in sorted(deep - owner.deep) if supplier >= 0
        ]
        found += [
            _Edge(product, supplier, False)
            for supplier in sorted(touched - deep - owner.deep - owner.shallow)
            if supplier >= 0
        ]
        owner.deep |= deep
        owner.shallow |= touched
        if _NOBODY in touched:
            found += self._named_edges(product, footprint, everything)
        if lines.extras:
            found += self._fallback_lines(product, footprint, everything)
        return found

    def _named_edges(self, product: Product, footprint: Footprint, everything: bool) -> list[_Edge]:
        lines = footprint.lines
        return [
            _Edge(product, lines.names[position], everything or lines.stages[position] in FOLLOWED_STAGES)
            for position, supplier in enumerate(lines.suppliers)
            if supplier < 0
        ]

    def _fallback_lines(self, product: Product, footprint: Footprint, everything: bool) -> list[_Edge | _FallbackLine]:
        found: list[_Edge | _FallbackLine] = []
        for position, extras in (footprint.lines.extras or {}).items():
            fallback = extras.fallback
            if fallback is None:
                continue
            name = fallback.product_key if fallback.product_key is not None else fallback.urn
            if name is not None:
                found.append(_Edge(product, name, False))
            if everything or footprint.lines.stages[position] in FOLLOWED_STAGES:
                found.append(_FallbackLine(product, footprint, position, fallback))
        return found

    def _reach(self, consumer: Product | None, key: int) -> Choice | None:
        """The choice for a product that this consumer's owner may follow a line to; None: it may not."""
        node = self._snapshot.nodes.get(key)
        if node is None:
            self._wanted_keys.add(key)
            raise _Missing
        if consumer is not None and not self._permitted(consumer, node):
            return None
        found = self.choices.get(key)
        if found is None:
            found = self.choices[key] = self._choose(node)
        return found

    def _permitted(self, consumer: Product, node: Node) -> bool:
        owner = self._owners[consumer.owner_id]
        key = node.product.key
        permitted = owner.permitted.get(key)
        if permitted is None:
            exists = node.product.sequence <= self.dates.head
            permitted = owner.permitted[key] = exists and self._permits(consumer, node)
            if not permitted:
                self.denied.add((consumer.owner_id, key))
        return permitted

    def _choose(self, node: Node) -> Choice:
        forced = self._chosen.get(node.product.key)
        known = self._snapshot.successors
        open_releases = {
            footprint.release_id
            for footprint in (node.footprints if forced is None else [forced])
            if footprint.release_id is not None and footprint.valid_until_day == NEVER_DAY
        }
        unread = set() if self._closed else open_releases - known.keys() - self._asked
        if unread:
            self._wanted_releases |= unread
            raise _Missing
        if forced is None:
            return choose(node, self.dates, known)
        return Choice(forced, None, valid_until_day(forced, self.dates, known))

    def _registered(self, name: str) -> int:
        """Key of the product with this URN, -1: nobody's. `id:` names an id that nobody had, for good."""
        key = self._snapshot.names.get(name)
        if key is not None:
            node = self._snapshot.nodes.get(key)
            return _NOBODY if node is not None and node.product.sequence > self.dates.head else key
        if not self._closed and not name.startswith("id:") and name not in self._asked:
            self._wanted_names.add(name)
            raise _Missing
        return _NOBODY


@dataclass(frozen=True, slots=True)
class _Edge:
    """From a consumer (None: the question itself) to a product key or URN; deep: to be followed further."""

    consumer: Product | None
    name: int | str
    deep: bool


@dataclass(frozen=True, slots=True)
class _FallbackLine:
    """A line whose fallback is to be followed if it serves."""

    consumer: Product
    footprint: Footprint
    position: int
    fallback: Fallback


@dataclass(slots=True)
class _Owner:
    """What was settled for one consumer owner: suppliers met, and which of them its lines may follow."""

    deep: set[int] = field(default_factory=set)
    shallow: set[int] = field(default_factory=set)
    permitted: dict[int, bool] = field(default_factory=dict)
