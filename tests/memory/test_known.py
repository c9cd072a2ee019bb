"""What was read at one head of the ledger is read once, is nobody else's, and ends with that head or by the clock."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from exchange.graph import Store
from exchange.graph.bolt import Bolt
from exchange.model.grant import AccessLevel
from exchange.model.ledger import WATCHED, ChangeKind
from exchange.model.parties import Organization, Scope, Viewer
from exchange.model.product import Product
from exchange.model.writes import AddGrant, RevokeGrant
from exchange.operations import exchange as exchanges
from exchange.operations.exchange import Exchange, open_exchange
from exchange.operations.following import known
from exchange.operations.following.known import Known
from exchange.operations.following.rights_of_one import Boundaries, Given, Granted, Span
from exchange.operations.requests.checks import US_PER_DAY
from exchange.schema.execution import Executor, Request
from exchange.schema.ids import global_id
from tests.memory.test_following import NOW_US
from tests.store.databases import Database
from tests.store.examples import a_grant, a_line, new_id, put, put_footprint, put_organization, put_products

START_US = NOW_US
NAMED = "query ($id: ID!) { product(id: $id) { name access cradleToGate { ... on RollUp { hasGaps } } } }"


class Clock:
    now_us = START_US

    def __call__(self) -> int:
        return self.now_us


class Servers:
    """Two of them on one database, and what each of their statements was."""

    def __init__(self, one: Exchange, other: Exchange, clock: Clock, read: Counter[str]) -> None:
        self.one, self.other, self.clock, self.read = one, other, clock, read

    async def fill(self) -> None:
        store = self.one.store
        self.buyer, self.seller = await put_organization(store), await put_organization(store)
        [self.car] = await put_products(store, self.buyer, "Car")
        self.tin, self.pin = await put_products(store, self.seller, "Tin", "Pin")
        self.grant = a_grant(self.tin, self.buyer)
        await put(store, AddGrant(self.grant))
        for product in (self.tin, self.pin):
            await put_footprint(store, product)
        await put_footprint(store, self.car, [a_line(self.tin, unit="LITER")])
        self.clock.now_us += 2_000_000

    def viewer(self, of: Organization) -> Viewer:
        return Viewer(of.id, frozenset({Scope.READ}), client_id="client")

    async def ask(self, server: Exchange, product: Product, of: Organization | None = None) -> Any:
        request = Request(NAMED, {"id": global_id("Product", product.id)})
        answer = await Executor(server).answer(request, self.viewer(of or self.buyer), "request")
        assert "errors" not in answer.body
        return answer.body["data"]["product"]

    async def statements(self, server: Exchange, product: Product, of: Organization | None = None) -> int:
        self.read.clear()
        await self.ask(server, product, of)
        return self.read.total()


@pytest.fixture
async def servers(database: Database, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Servers]:
    clock, read, really = Clock(), Counter[str](), Bolt.read

    async def counted(self: Bolt, statement: str, **options: Any) -> list[list[Any]]:
        read[statement] += 1
        return await really(self, statement, **options)

    monkeypatch.setattr(Bolt, "read", counted)
    stores = [await Store.open(database.target) for _ in range(2)]
    for store in stores:
        await store.ready()
    one, other = (open_exchange(store, clock=clock, graph_megabytes=100) for store in stores)
    for each in (one, other):
        assert each.graph is not None
        assert await each.graph.loaded()
    made = Servers(one, other, clock, read)
    await made.fill()
    yield made
    for each in (one, other):
        await each.close()
        await each.store.close()


async def test_a_question_asked_again_reads_the_head_alone(servers: Servers) -> None:
    """Once: before the answer leaves."""
    first = await servers.ask(servers.one, servers.car)
    assert first == {"name": "Car", "access": "OWNER", "cradleToGate": {"hasGaps": False}}
    assert await servers.statements(servers.one, servers.car) == 1
    assert await servers.ask(servers.one, servers.car) == first


async def test_what_is_known_of_one_organization_is_no_others(servers: Servers) -> None:
    assert (await servers.ask(servers.one, servers.tin))["access"] == "TOTAL"
    assert (await servers.ask(servers.one, servers.tin, servers.seller))["access"] == "OWNER"
    assert await servers.ask(servers.one, servers.pin) is None
    assert await servers.ask(servers.one, servers.car, servers.seller) is None
    assert await servers.statements(servers.one, servers.pin) == 1
    assert await servers.ask(servers.one, servers.pin) is None


@pytest.mark.parametrize("written", ["granted", "revoked"])
async def test_what_another_server_wrote_is_never_missed(servers: Servers, written: str) -> None:
    """The first one begins at the head that it saw last."""
    assert (await servers.ask(servers.one, servers.tin))["access"] == "TOTAL"
    assert await servers.ask(servers.one, servers.pin) is None
    sequence = (await servers.other.store.head()).sequence + 1
    if written == "granted":
        await put(servers.other.store, AddGrant(a_grant(servers.pin, servers.buyer, sequence=sequence)))
    else:
        await put(servers.other.store, RevokeGrant(servers.grant.id, servers.clock.now_us, sequence))
    servers.clock.now_us += 2_000_000
    question = await servers.one.question(servers.viewer(servers.buyer))
    assert question.assumed
    assert not await question.confirm()
    seen = [await servers.ask(servers.one, product) is not None for product in (servers.tin, servers.pin)]
    assert seen == [written == "granted"] * 2
    assert (await servers.ask(servers.one, servers.car))["cradleToGate"] == {"hasGaps": written == "revoked"}


async def test_a_product_that_another_server_registered_is_found_at_once(servers: Servers) -> None:
    """It is in the database, but after the head that the question begins at, and not yet in memory."""
    await servers.ask(servers.one, servers.tin)
    [made] = await put_products(servers.other.store, servers.buyer, "Bus")
    await put_footprint(servers.other.store, made, [a_line(servers.tin, unit="LITER")])
    servers.clock.now_us += 2_000_000
    for _ in range(2):
        found = await servers.ask(servers.one, made)
        assert found == {"name": "Bus", "access": "OWNER", "cradleToGate": {"hasGaps": False}}


async def test_the_head_is_read_first_while_somebody_writes(servers: Servers) -> None:
    viewer = servers.viewer(servers.buyer)
    assert (await servers.one.question(viewer)).assumed
    await put(servers.one.store, AddGrant(a_grant(servers.pin, servers.buyer)))
    servers.clock.now_us = (await servers.one.store.head()).at_us + exchanges.WRITTEN_US - 1
    assert not (await servers.one.question(viewer)).assumed
    servers.clock.now_us += 1
    assert (await servers.one.question(viewer)).assumed
    assert not (await servers.one.session(viewer)).assumed


async def test_what_this_server_wrote_is_in_its_memory_at_once(servers: Servers) -> None:
    """Without being read again; what else is known stays."""
    owner = replace(servers.viewer(servers.buyer), scopes=frozenset({Scope.READ, Scope.PUBLISH}))
    for server, products in ((servers.one, [servers.tin, servers.car]), (servers.other, [servers.car])):
        for product in products:
            await servers.ask(server, product)
    given = {
        "idempotencyKey": new_id(),
        "footprint": {
            "product": global_id("Product", servers.car.id),
            "declaredUnitAmount": "1",
            "declaredUnitOfMeasurement": "KILOGRAM",
            "productMassPerDeclaredUnit": "1",
            "referencePeriodStart": "2025-01-01T00:00:00Z",
            "referencePeriodEnd": "2026-01-01T00:00:00Z",
            "ipccCharacterizationFactors": ["AR6"],
            "crossSectoralStandards": ["ISO14067"],
            "geographyCountry": "CN",
            "modelled": {
                "direct": [],
                "lines": [{"product": {"id": global_id("Product", new_id())}, "amount": "2", "unit": "KILOGRAM"}],
            },
        },
    }
    publish = """mutation ($input: PublishFootprintInput!) { publishFootprint(input: $input) {
      __typename ... on UserError { message } } }"""
    answer = await Executor(servers.one).answer(Request(publish, {"input": given}), owner, "request")
    assert "errors" not in answer.body, answer.body
    assert answer.body["data"]["publishFootprint"]["__typename"] == "PublishFootprintPayload", answer.body
    assert servers.one.graph is not None
    assert servers.other.graph is not None
    assert servers.one.graph.head == (await servers.one.store.head()).sequence > (servers.other.graph.head or 0)
    servers.clock.now_us += 2_000_000
    assert await servers.statements(servers.one, servers.tin) == 1
    for server in (servers.one, servers.other):
        assert (await servers.ask(server, servers.car))["cradleToGate"] == {"hasGaps": True}


@pytest.mark.parametrize("grant", ["begins", "ends"])
async def test_a_grant_begins_and_ends_by_the_clock_alone(servers: Servers, grant: str) -> None:
    at_us = servers.clock.now_us + 10_000_000
    given = a_grant(servers.pin, servers.buyer)
    given = replace(given, from_us=at_us) if grant == "begins" else replace(given, until_us=at_us)
    await put(servers.one.store, AddGrant(given))
    seen = []
    for now_us in (at_us - 1_000_000, at_us - 1, at_us, at_us + 1_000_000):
        servers.clock.now_us = now_us
        seen.append(await servers.ask(servers.one, servers.pin) is not None)
    assert seen == [grant == "ends"] * 2 + [grant == "begins"] * 2


async def test_what_is_onward_may_end_with_the_day(servers: Servers) -> None:
    """A footprint that stands until midnight: its line is what shows the supplier's product."""
    store, day = servers.one.store, servers.clock.now_us // US_PER_DAY
    [part] = await put_products(store, servers.seller, "Part")
    [screw] = await put_products(store, servers.buyer, "Screw")
    inputs = a_grant(part, servers.buyer, level=AccessLevel.INPUTS)
    third = await put_organization(store)
    [hidden] = await put_products(store, third, "Hidden")
    await put(store, AddGrant(inputs), AddGrant(a_grant(hidden, servers.seller, sequence=2, onward=True)))
    await put_footprint(store, screw)
    await put_footprint(store, hidden)
    await put_footprint(store, part, [a_line(hidden, unit="LITER")], valid_until_day=day + 1)
    seen = []
    for now_us in ((day + 1) * US_PER_DAY - 2_000_000, (day + 1) * US_PER_DAY - 1, (day + 1) * US_PER_DAY):
        servers.clock.now_us = now_us
        seen.append(await servers.ask(servers.one, hidden) is not None)
    assert seen == [True, True, False]


# -- alone -------------------------------------------------------------------------------------------------------------


def a_product(key: int) -> Product:
    return Product(f"product {key}", key, "owner", (), "name", None, (), 0, key)


def given(products: int) -> Given:
    return Given(frozenset(), dict.fromkeys(range(products), AccessLevel.TOTAL), {})


def granted(products: int, *, by_inputs: bool = False) -> Granted:
    return Granted(dict.fromkeys(range(products), AccessLevel.TOTAL), frozenset(), by_inputs)


def test_it_ends_with_its_head() -> None:
    kept = Known()
    kept.keep_products([a_product(1), None], 7)
    kept.keep_given("somebody", given(1), 7)
    kept.keep_granted("somebody", granted(1), 7)
    assert kept.product("product 1", 7) == kept.product(1, 7) == a_product(1)
    assert kept.given("somebody", 7, 0) == given(1)
    assert kept.granted("somebody", 7, 0) == granted(1)
    for head in (6, 8):
        assert kept.product(1, head) is None
        assert kept.given("somebody", head, 0) is None
        assert kept.granted("somebody", head, 0) is None
    kept.keep_products([a_product(2)], 6)  # by a session that began before
    assert kept.product(2, 7) is None
    assert kept.product(2, 6) is None
    kept.keep_products([a_product(3)], 8)
    assert (kept.product(1, 8), kept.given("somebody", 8, 0), kept.granted("somebody", 8, 0)) == (None, None, None)
    assert kept.product(3, 8) == a_product(3)


@pytest.mark.parametrize(
    ("kinds", "products", "plain", "by_inputs_left"),
    [
        ([ChangeKind.INPUTS_READ], True, True, True),
        ([ChangeKind.FOOTPRINT_PUBLISHED, ChangeKind.WRITE_DENIED], True, True, False),
        ([ChangeKind.FOOTPRINT_DEPRECATED], True, True, False),
        ([ChangeKind.RELEASE_CREATED], True, True, False),
        ([ChangeKind.FOOTPRINT_PUBLISHED, ChangeKind.ACCESS_REVOKED], False, False, False),
        *(
            ([kind], False, False, False)
            for kind in ChangeKind
            if kind not in WATCHED and not kind.startswith("FOOTPRINT") and kind != ChangeKind.RELEASE_CREATED
        ),
    ],
)
def test_own_writes_end_what_they_may_change(
    kinds: list[ChangeKind], products: bool, plain: bool, by_inputs_left: bool
) -> None:
    kept = Known()
    kept.keep_products([a_product(1)], 7)
    for name, by_inputs in (("plain", False), ("by inputs", True)):
        kept.keep_given(name, given(1), 7)
        kept.keep_granted(name, granted(1, by_inputs=by_inputs), 7)
    kept.wrote(6, 8, kinds)  # not from where it stands
    assert kept.product(1, 7) is not None
    kept.wrote(7, 9, kinds)
    assert (kept.product(1, 7), kept.granted("plain", 7, 0)) == (None, None)
    assert (kept.product(1, 9) is not None) is products
    assert (kept.given("by inputs", 9, 0) is not None) is plain
    assert (kept.granted("plain", 9, 0) is not None) is plain
    assert (kept.granted("by inputs", 9, 0) is not None) is by_inputs_left


def test_rights_hold_between_two_instants() -> None:
    kept = Known()
    kept.keep_given("somebody", replace(given(1), span=Span(10, 20)), 1)
    kept.keep_granted("somebody", replace(granted(1), span=Span(10, 20)), 1)
    for found in (kept.given, kept.granted):
        assert [found("somebody", 1, now_us) is not None for now_us in (9, 10, 19, 20)] == [False, True, True, False]


def test_boundaries_are_the_next_begin_or_end() -> None:
    at = Boundaries(1_000)
    a_given = a_grant(a_product(1), None)
    at.of_grants([replace(a_given, from_us=0, until_us=1_000)])
    assert at.span == Span(1_000)
    at.of_grants([replace(a_given, from_us=1_001, until_us=5_000)])
    assert at.span == Span(1_000, 1_001)
    at.of_day(0)
    assert at.span == Span(1_000, 1_001)
    at = Boundaries(1_000)
    at.of_day(0)
    assert at.span == Span(1_000, US_PER_DAY)


def test_it_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known, "PRODUCTS_KNOWN_MAX", 3)
    monkeypatch.setattr(known, "RIGHTS_KNOWN_MAX", 5)
    kept = Known()
    kept.keep_products(map(a_product, range(4)), 1)
    assert [kept.product(key, 1) is not None for key in range(4)] == [False, False, False, True]
    kept.keep_granted("one", granted(3), 1)
    kept.keep_given("two", given(2), 1)
    assert kept.granted("one", 1, 0) is not None
    kept.keep_granted("three", granted(6), 1)
    assert kept.granted("three", 1, 0) is None
    assert kept.granted("one", 1, 0) is not None
    kept.keep_granted("three", granted(1), 1)
    assert (kept.granted("one", 1, 0), kept.given("two", 1, 0)) == (None, None)
    assert kept.granted("three", 1, 0) is not None
