"""What one viewer sees: its level on every product, decided at one ledger head and one instant.

Every question of a session goes through here: a product that is not in sight is answered as if it did not exist.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from exchange.access import level, onward_keys
from exchange.graph import Store
from exchange.memory import Rights
from exchange.model.closure import Dates, Node
from exchange.model.footprint import Footprint
from exchange.model.grant import AccessLevel, Grant
from exchange.model.ledger import LedgerHead
from exchange.model.paging import Visible
from exchange.model.parties import Viewer
from exchange.model.product import Product
from exchange.model.view import ViewNode
from exchange.operations.answers import ProductAnswer
from exchange.operations.checks import US_PER_DAY
from exchange.operations.following import LiveGraph
from exchange.operations.measures import Measures, NoMeasures
from exchange.operations.probing import ForeignScenarios
from exchange.operations.turns import Share, beside
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
    _alliances: frozenset[str] | None = field(default=None, repr=False)
    _held: dict[int, AccessLevel] | None = field(default=None, repr=False)
    _granted: dict[int, AccessLevel] | None = field(default=None, repr=False)
    _onward: set[int] | None = field(default=None, repr=False)
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
        if self._granted is None:
            # Kept when it is whole: resolvers ask at once, and one must not see another's half.
            granted = dict(await self._directly())
            for key in await self.onward():
                granted.setdefault(key, AccessLevel.TOTAL)
            self._granted = granted
        return self._granted

    async def _directly(self) -> dict[int, AccessLevel]:
        """The same without onward ones: by grants to the organization and to the alliances that it is a member of, of
        one product or of many."""
        if self._held is None:
            held: dict[int, AccessLevel] = {}
            many: dict[AccessLevel, set[tuple[str, str | None]]] = {}
            for grant in await self._grants_to_viewer():
                if grant.owner_id is None:
                    held[grant.product_key] = max(held.get(grant.product_key, AccessLevel.NONE), grant.level)
                else:
                    many.setdefault(grant.level, set()).add((grant.owner_id, grant.classification))
            for level_of_many, covered in many.items():
                for key in await self.store.covered_keys(covered):
                    held[key] = max(held.get(key, AccessLevel.NONE), level_of_many)
            self._held = held
        return self._held

    async def _grants_to_viewer(self) -> list[Grant]:
        mine = self.viewer.organization_id
        if mine is None:
            return []
        found = await self.store.grants_to(mine, *sorted(await self.alliances()))
        return [grant for grant in found if grant.level >= AccessLevel.TOTAL and grant.in_force(self.now_us)]

    async def alliances(self) -> frozenset[str]:
        """Ids of the alliances that the viewer's organization is a member of now."""
        if self._alliances is None:
            mine = self.viewer.organization_id
            found = [] if mine is None else await self.store.memberships_of(mine)
            self._alliances = frozenset(each.alliance_id for each in found if each.holds(self.now_us))
        return self._alliances

    async def onward(self) -> set[int]:
        """Products shown at TOTAL because the viewer holds INPUTS on something that they go into."""
        if self._onward is None:
            inputs = {key for key, held in (await self._directly()).items() if held == AccessLevel.INPUTS}
            self._onward = await self._find_onward(inputs) if inputs else set()
        return self._onward

    async def _find_onward(self, inputs: Collection[int]) -> set[int]:
        dates, nodes = self.dates(), await self.store.read_nodes(inputs)
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
                    known[key] = AccessLevel.OWNER
                else:
                    shown = AccessLevel.TOTAL if public else AccessLevel.NONE
                    known[key] = max(shown, granted.get(key, AccessLevel.NONE))
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
                self._products[product.key] = ProductAnswer(product, AccessLevel.OWNER)
            else:
                foreign.append(product)
        if foreign:
            granted = await self.granted()
            for product in foreign:
                shown = AccessLevel.TOTAL if product.is_public(self.now_us) else AccessLevel.NONE
                access = max(shown, granted.get(product.key, AccessLevel.NONE))
                if access >= AccessLevel.TOTAL:
                    self._products[product.key] = ProductAnswer(product, access)
        return [None if product is None else self._products.get(product.key) for product in products]

    async def products(self, ids: Sequence[str]) -> list[ProductAnswer | None]:
        """One entry per id, in order; None: unknown or not visible."""
        return await self.answers(await self.store.get_products(ids))

    async def products_by_key(self, keys: Sequence[int]) -> list[ProductAnswer | None]:
        """The same by internal key."""
        missing = [key for key in keys if key not in self._products]
        if missing:
            await self.answers(await self.store.get_products_by_key(missing))
        return [self._products.get(key) for key in keys]


def _named_keys(footprint: Footprint, names: dict[str, int]) -> set[int]:
    """Keys of the products that a footprint's lines name, those registered later included."""
    lines = footprint.lines
    found = {
        names.get(name, -1) if supplier < 0 else supplier
        for name, supplier in zip(lines.names, lines.suppliers, strict=True)
    }
    return {key for key in found if key >= 0}
