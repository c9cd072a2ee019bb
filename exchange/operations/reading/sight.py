"""What one viewer sees: its level on every product, decided at one ledger head and one instant.

Every question of a session goes through here: a product that is not in sight is answered as if it did not exist.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from exchange.access import at_most, level, onward_keys
from exchange.graph import Store
from exchange.memory import Rights
from exchange.model.closure import Dates, Node
from exchange.model.footprint import Footprint
from exchange.model.grant import AccessLevel
from exchange.model.ledger import LedgerHead
from exchange.model.paging import Visible
from exchange.model.parties import Viewer
from exchange.model.product import Product
from exchange.model.view import ViewNode
from exchange.operations.answers.values import ProductAnswer
from exchange.operations.following.follower import LiveGraph
from exchange.operations.following.known import Known
from exchange.operations.following.rights_of_one import NOTHING_GIVEN, Boundaries, Given, Granted, Span, given_by
from exchange.operations.requests.checks import US_PER_DAY
from exchange.operations.turns import Share, beside
from exchange.operations.watching.probing import ForeignScenarios
from exchange.operations.writing.measures import Measures, NoMeasures
from exchange.rollup import choose

BESIDE_MIN = 5_000  # products whose levels take about 5 ms; a thread costs 0.1 ms


@dataclass(slots=True)
class Sight:
    """Of one viewer at `head` and `now_us` (microseconds)."""

    store: Store
    viewer: Viewer
    head: LedgerHead
    now_us: int
    share: Share = field(default_factory=Share, repr=False)
    graph: LiveGraph | None = field(default=None, repr=False)
    measures: Measures = field(default_factory=NoMeasures, repr=False)
    foreign_scenarios: ForeignScenarios | None = field(default=None, repr=False)
    inputs_read: dict[int, None] = field(default_factory=dict, repr=False)  # foreign products, as they were met
    # Alliance, and what of it: whether who convenes it is told, too.
    benchmarks_read: dict[tuple[str, str], bool] = field(default_factory=dict, repr=False)
    known: Known = field(default_factory=Known, repr=False)
    _given: Given | None = field(default=None, repr=False)
    _granted: Granted | None = field(default=None, repr=False)
    _products: dict[int, ProductAnswer] = field(default_factory=dict, repr=False)

    def dates(self, as_of_day: int | None = None, known_at_us: int | None = None) -> Dates:
        """The dates of a question; today and now where it names none."""
        today = self.now_us // US_PER_DAY
        return Dates(
            as_of_day=today if as_of_day is None else as_of_day,
            known_at_us=self.now_us if known_at_us is None else min(known_at_us, self.now_us),
            head=self.head.sequence,
        )

    async def granted(self) -> dict[int, AccessLevel]:
        """Product keys granted to the viewer's organization now, with the highest level; onward ones at TOTAL."""
        return (await self._by_product()).levels

    async def alliances(self) -> frozenset[str]:
        """Ids of the alliances that the viewer's organization is a member of now."""
        return (await self._reaching()).alliances

    async def onward(self) -> frozenset[int]:
        """Products shown at TOTAL because the viewer holds INPUTS on something that they go into."""
        return (await self._by_product()).onward if (await self._reaching()).inputs else frozenset()

    async def _reaching(self) -> Given:
        """What reaches the viewer's organization now, in one read."""
        if self._given is None:
            mine, head = self.viewer.organization_id, self.head.sequence
            found = NOTHING_GIVEN if mine is None else self.known.given(mine, head, self.now_us)
            if found is None:
                assert mine is not None
                found = given_by(*await self.store.grants_reaching(mine), mine, self.now_us)
                self.known.keep_given(mine, found, head)
            self._given = found
        return self._given

    async def _by_product(self) -> Granted:
        """The same by product, which takes reading the products of grants of many, and what is onward."""
        if self._granted is None:
            mine, head = self.viewer.organization_id, self.head.sequence
            found = None if mine is None else self.known.granted(mine, head, self.now_us)
            if found is None:
                found = await self._read_by_product()
                if mine is not None:
                    self.known.keep_granted(mine, found, head)
            self._granted = found  # whole: resolvers ask at once, and one must not see another's half
        return self._granted

    async def _read_by_product(self) -> Granted:
        given, boundaries = await self._reaching(), Boundaries(self.now_us)
        held, by_level = dict(given.by_key), dict[AccessLevel, set[tuple[str, str | None]]]()
        for covered, level_of_many in given.of_many.items():
            by_level.setdefault(level_of_many, set()).add(covered)
        for level_of_many, many in by_level.items():
            for key in await self.store.covered_keys(many):
                held[key] = max(held.get(key, AccessLevel.NONE), level_of_many)
        inputs = {key for key, level in held.items() if level == AccessLevel.INPUTS}
        onward = await self.find_onward(inputs, boundaries) if inputs else set()
        span = Span(self.now_us, min(given.span.until_us, boundaries.span.until_us))
        return Granted(dict.fromkeys(onward, AccessLevel.TOTAL) | held, frozenset(onward), given.inputs, span)

    async def find_onward(self, inputs: Collection[int], boundaries: Boundaries | None = None) -> set[int]:
        """What whoever holds INPUTS on these products sees by it. boundaries: told when the clock may change that."""
        dates, nodes = self.dates(), await self.store.read_nodes(inputs)
        boundaries = boundaries or Boundaries(self.now_us)
        boundaries.of_day(dates.as_of_day)  # which footprint stands, and so what its lines name, is of the day
        releases = {f.release_id for node in nodes.values() for f in node.footprints if f.release_id}
        successors = await self.store.read_successors(sorted(releases)) if releases else {}
        standing = {key: choose(node, dates, successors).footprint for key, node in nodes.items()}
        unbound = {
            name
            for footprint in standing.values()
            if footprint
            for name, supplier in zip(footprint.lines.names, footprint.lines.suppliers, strict=True)
            if supplier < 0
        }
        names = await self.store.read_names(unbound) if unbound else {}
        named = {key: _named_keys(footprint, names) for key, footprint in standing.items() if footprint}
        suppliers = await self.store.read_nodes(set().union(*named.values())) if named else {}
        for supplier in suppliers.values():
            boundaries.of_grants(supplier.grants)
        return onward_keys([(nodes[key], keys) for key, keys in named.items()], suppliers, self.now_us)

    def met(self, node: ViewNode | None) -> ViewNode | None:
        """The facts of a product, noted as read where their viewer holds INPUTS on it: what is computed from its lines
        is recorded before it leaves (`audit.py`)."""
        if node is not None and node.level == AccessLevel.INPUTS:
            self.inputs_read[node.product_key] = None
        return node

    async def level_of_nodes(self, nodes: Collection[Node]) -> dict[int, AccessLevel]:
        """The viewer's level on products whose grants are at hand. Those that it sees need no second look-up."""
        onward = await self.onward()

        def levels() -> dict[int, AccessLevel]:
            viewer, now_us = self.viewer, self.now_us
            return {node.product.key: level(viewer, node.product, node.grants, now_us, onward) for node in nodes}

        found = levels() if len(nodes) < BESIDE_MIN else await beside(levels)
        for node in nodes:
            access = found[node.product.key]
            if access >= AccessLevel.TOTAL:
                self._products.setdefault(node.product.key, ProductAnswer(node.product, access))
        return found

    async def level_by(self, rights: Rights) -> Callable[[int], AccessLevel]:
        """The same by the graph in memory: the viewer's level on each product that the rights name."""
        granted = await self.granted()
        viewer, known = self.viewer, dict[int, AccessLevel]()

        def level_of(key: int) -> AccessLevel:
            if key not in known:
                own, public = rights.of(key, viewer.organization_id)
                if own or viewer.operator:
                    highest = AccessLevel.OWNER
                else:
                    shown = AccessLevel.TOTAL if public else AccessLevel.NONE
                    highest = max(shown, granted.get(key, AccessLevel.NONE))
                known[key] = at_most(viewer, highest)
            return known[key]

        return level_of

    async def visible(self) -> Visible | None:
        """Which products lists may show; None: all (the operator)."""
        if self.viewer.operator:
            return None
        return Visible(self.viewer.organization_id, (await self.granted()).keys(), self.now_us)

    async def answers(self, products: Sequence[Product | None]) -> list[ProductAnswer | None]:
        """Products with the viewer's level; None for what is unknown or not visible."""
        foreign = []
        for product in products:
            if product is None or product.key in self._products:
                continue
            if self.viewer.operator or product.owner_id == self.viewer.organization_id:
                self._products[product.key] = ProductAnswer(product, at_most(self.viewer, AccessLevel.OWNER))
            else:
                foreign.append(product)
        if foreign:
            await self._decide(foreign)
        return [None if product is None else self._products.get(product.key) for product in products]

    async def _decide(self, foreign: Sequence[Product]) -> None:
        """The level on products of others, by one read however many they are; what is shown by no grant on it and is
        not public may still be shown onward, which needs what the viewer holds INPUTS on to be read."""
        given, open_ = await self._reaching(), []
        for product in foreign:
            shown = AccessLevel.TOTAL if product.is_public(self.now_us) else AccessLevel.NONE
            access = at_most(self.viewer, max(shown, given.level(product)))
            if access >= AccessLevel.TOTAL:
                self._products[product.key] = ProductAnswer(product, access)
            else:
                open_.append(product)
        onward = await self.onward() if open_ and given.inputs else ()
        for product in open_:
            if product.key in onward:
                self._products[product.key] = ProductAnswer(product, AccessLevel.TOTAL)

    async def products(self, ids: Sequence[str]) -> list[ProductAnswer | None]:
        """One entry per id, in order; None: unknown or not visible."""
        head = self.head.sequence
        found = {name: self.known.product(name, head) for name in ids}
        missing = [name for name, product in found.items() if product is None]
        if missing:
            read = await self.store.get_products(missing)
            self.known.keep_products(read, head)
            found.update(zip(missing, read, strict=True))
        return await self.answers([found[name] for name in ids])

    async def products_by_key(self, keys: Sequence[int]) -> list[ProductAnswer | None]:
        """The same by internal key."""
        head, missing = self.head.sequence, [key for key in keys if key not in self._products]
        if missing:
            found = [self.known.product(key, head) for key in missing]
            unknown = [key for key, product in zip(missing, found, strict=True) if product is None]
            read = await self.store.get_products_by_key(unknown) if unknown else []
            self.known.keep_products(read, head)
            await self.answers([*found, *read])
        return [self._products.get(key) for key in keys]


def _named_keys(footprint: Footprint, names: dict[str, int]) -> set[int]:
    """Keys of the products that a footprint's lines name, those registered later included."""
    lines = footprint.lines
    found = {
        names.get(name, -1) if supplier < 0 else supplier
        for name, supplier in zip(lines.names, lines.suppliers, strict=True)
    }
    return {key for key in found if key >= 0}
