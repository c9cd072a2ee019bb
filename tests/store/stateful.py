"""The store against a plain dictionary: any order of writes, refusals, kills and readers shows the same."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any, TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule

from exchange.errors import Conflict
from exchange.graph import HeadMoved, Store
from exchange.model.footprint import Footprint
from exchange.model.ledger import LedgerHead
from exchange.model.paging import Page, ProductQuery
from exchange.model.product import Product
from exchange.model.writes import AddOrganization, CreateProduct, DeprecateFootprint, PublishFootprint, Write
from tests.store.databases import Database
from tests.store.examples import NOW_US, a_footprint, a_line, a_product, an_organization, changes_of

T = TypeVar("T")
# Every character that UTF-8 can carry.
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)  # what a name may hold
NAMES = st.sampled_from([f"urn:gtin:{digit}" for digit in range(6)])


class StoreMachine(RuleBasedStateMachine):
    """Two servers on one database, and what ought to be in it. `database` is set by the test."""

    database: Database
    products = Bundle("products")

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.database.empty()
        self.stores = [self.run(Store.open(self.database.target)) for _ in range(2)]
        self.head = LedgerHead(0, 0, 0)
        self.subjects: list[str] = []
        self.made: dict[int, Product] = {}
        self.registered: dict[str, int] = {}
        self.versions: dict[int, dict[str, Footprint]] = {}

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    def teardown(self) -> None:
        for store in self.stores:
            self.run(store.close())
        self.loop.close()

    def write(self, writes: list[Write], by: int) -> None:
        changes = changes_of(writes, self.head)
        self.head = self.run(self.stores[by].write(writes, changes, self.head))
        self.subjects += [change.subject for change in changes]

    @initialize()
    def add_owner(self) -> None:
        self.owner = an_organization()
        self.write([AddOrganization(self.owner)], 0)

    @rule(target=products, names=st.lists(TEXTS, min_size=1, max_size=3), urns=st.sets(NAMES), by=st.integers(0, 1))
    def create(self, names: list[str], urns: set[str], by: int) -> Any:
        first = self.head.products
        made = [a_product(self.owner, first + i, name, product_ids=()) for i, name in enumerate(names)]
        made[0] = replace(made[0], product_ids=tuple(sorted(urns)))
        writes: list[Write] = [CreateProduct(product) for product in made]
        if urns & set(self.registered):
            try:
                self.write(writes, by)
            except Conflict:
                return multiple()
            raise AssertionError("a name was registered twice")
        self.write(writes, by)
        self.made.update((product.key, product) for product in made)
        self.versions.update((product.key, {}) for product in made)
        self.registered.update((urn, first) for urn in urns)
        return multiple(*made)

    @rule(
        product=products,
        suppliers=st.lists(products, max_size=3),
        named=st.lists(NAMES, max_size=2),
        by=st.integers(0, 1),
    )
    def publish(self, product: Product, suppliers: list[Product], named: list[str], by: int) -> None:
        lines = [a_line(supplier) for supplier in suppliers]
        lines += [a_line(urn=urn) for urn in named if urn not in self.registered]
        footprint = a_footprint(product, self.head.footprints, lines, sequence=self.head.sequence + 1)
        self.write([PublishFootprint(footprint)], by)
        self.versions[product.key][footprint.id] = footprint

    @rule(product=products, by=st.integers(0, 1))
    def deprecate(self, product: Product, by: int) -> None:
        for footprint in self.versions[product.key].values():
            if footprint.deprecated_at_us > NOW_US:
                sequence = self.head.sequence + 1
                self.write([DeprecateFootprint(footprint.id, NOW_US, sequence, "late")], by)
                self.versions[product.key][footprint.id] = replace(
                    footprint, deprecated_at_us=NOW_US, deprecated_sequence=sequence, deprecation_reason="late"
                )
                return

    @rule(by=st.integers(0, 1), behind=st.integers(1, 3))
    def write_against_an_old_head(self, by: int, behind: int) -> None:
        old = replace(self.head, sequence=max(0, self.head.sequence - behind))
        writes: list[Write] = [AddOrganization(an_organization())]
        try:
            self.run(self.stores[by].write(writes, changes_of(writes, old), old))
        except HeadMoved:
            return
        raise AssertionError("a write against an old head was kept")

    @invariant()
    def both_servers_see_the_same(self) -> None:
        for store in self.stores:
            assert self.run(store.head()) == self.head

    @invariant()
    def everything_is_there(self) -> None:
        if not hasattr(self, "owner"):
            return
        store = self.stores[self.head.sequence % 2]
        changes = self.run(store.changes(0, self.head.sequence))
        assert [change.subject for change in changes] == self.subjects
        nodes = self.run(store.read_nodes(list(self.made)))
        assert {key: node.product for key, node in nodes.items()} == self.made
        for key, node in nodes.items():
            assert list(node.footprints) == list(self.versions[key].values())
        assert self.run(store.read_names([f"urn:gtin:{digit}" for digit in range(6)])) == self.registered
        listed = self.run(store.list_products(ProductQuery(), Page(first=100), None))
        assert listed.total == len(self.made)
        ordered = sorted(self.made.values(), key=lambda product: (product.name.casefold(), product.id))
        assert list(listed.items) == ordered[:100]

    @invariant()
    def consumers_are_those_that_name(self) -> None:
        for key in list(self.made)[:2]:
            urns = [urn for urn, owner in self.registered.items() if owner == key]
            consumers = sorted(
                consumer
                for consumer, versions in self.versions.items()
                if any(
                    key == supplier or (supplier < 0 and name in urns)
                    for footprint in versions.values()
                    for supplier, name in zip(footprint.lines.suppliers, footprint.lines.names, strict=True)
                )
            )
            assert self.run(self.stores[0].product_keys_with_lines_to([key], None)) == consumers


SHORT = settings(max_examples=10, stateful_step_count=15, deadline=None)
