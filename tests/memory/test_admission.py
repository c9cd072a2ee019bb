"""Admission by servers that hold the graph in memory: the same as from the database, at the head that is written to."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from exchange.errors import LoopRefused, TooManyRequests
from exchange.graph import Store
from exchange.memory import Proposal
from exchange.model.footprint import LifeCycleStage
from exchange.model.ledger import ChangeKind
from exchange.model.parties import OPERATOR, Scope, Viewer
from exchange.operations.changing import publishing
from exchange.operations.changing.organizations import add_organization
from exchange.operations.changing.products import create_product
from exchange.operations.exchange import Exchange, open_exchange
from exchange.operations.following import follower as following
from exchange.operations.following.follower import LiveGraph
from exchange.operations.reading.roll_ups import solve_for
from exchange.operations.requests.checks import US_PER_DAY
from exchange.operations.requests.inputs import (
    CreateProductInput,
    FootprintInput,
    LineInput,
    ModelledInput,
    ProductKey,
    PublishFootprintsInput,
    StageEmissionsInput,
)
from exchange.operations.writing.refusals import REFUSALS_PER_DAY_MAX
from exchange.units import AmountUnit, DeclaredUnit
from tests.memory.engine import fingerprint
from tests.memory.live import admitted_from_both
from tests.store.databases import Database

NOW = datetime(2026, 9, 20, 12, tzinfo=UTC)
NOW_US = int(NOW.timestamp()) * 1_000_000
MODES = ("memory", "store")


@dataclass
class Servers:
    """Servers on one database, each with its own store; products of one owner, by name."""

    database: Database
    opened: list[tuple[Exchange, Store]] = field(default_factory=list)
    viewer: Viewer = OPERATOR
    keys: dict[str, ProductKey] = field(default_factory=dict)
    now_us: int = NOW_US

    async def open(self, mode: str = "memory") -> Exchange:
        store = await Store.open(self.database.target)
        exchange = open_exchange(store, clock=lambda: self.now_us, graph_megabytes=64 if mode == "memory" else 0)
        assert exchange.graph is None or await exchange.graph.loaded()
        self.opened.append((exchange, store))
        return exchange

    async def close(self) -> None:
        for exchange, store in self.opened:
            await exchange.close()
            await store.close()
        self.opened.clear()

    async def sign_up(self, exchange: Exchange) -> None:
        name = uuid.uuid4().hex[:12]
        owner = await add_organization(exchange, OPERATOR, name=name, domains=[f"{name}.example"])
        self.viewer = Viewer(owner.id, frozenset({Scope.READ, Scope.PUBLISH}), client_id="client")

    async def product(self, exchange: Exchange, name: str, urn: str | None = None) -> ProductKey:
        if name not in self.keys:
            given = CreateProductInput(str(uuid.uuid4()), (urn or f"urn:uuid:{uuid.uuid4()}",), name)
            self.keys[name] = ProductKey(id=await create_product(exchange, self.viewer, given))
        return self.keys[name]

    async def publish(self, exchange: Exchange, name: str, **lines: str) -> list[str]:
        """A footprint that takes so much of products by name."""
        product = await self.product(exchange, name)
        named = [(await self.product(exchange, supplier), amount) for supplier, amount in lines.items()]
        return await self.send(exchange, a_footprint(product, *named))

    async def send(self, exchange: Exchange, *footprints: FootprintInput) -> list[str]:
        given = PublishFootprintsInput(str(uuid.uuid4()), footprints, single=False)
        return await publishing.publish_footprints(exchange, self.viewer, given)


def a_footprint(product: ProductKey, *lines: tuple[ProductKey, str]) -> FootprintInput:
    assert product.id is not None
    direct = StageEmissionsInput(LifeCycleStage.MANUFACTURING, {"fossilGhgEmissions": Decimal(1)})
    made = tuple(LineInput(product=named, amount=Decimal(much), unit=AmountUnit.KILOGRAM) for named, much in lines)
    return FootprintInput(
        product=product.id,
        declared_unit_amount=Decimal(1),
        declared_unit_of_measurement=DeclaredUnit.KILOGRAM,
        product_mass_per_declared_unit=Decimal(1),
        reference_period_start=datetime(2025, 1, 1, tzinfo=UTC),
        reference_period_end=datetime(2026, 1, 1, tzinfo=UTC),
        ipcc_characterization_factors=("AR6",),
        cross_sectoral_standards=("ISO14067",),
        modelled=ModelledInput((direct,), made),
    )


@pytest.fixture
async def servers(database: Database) -> AsyncIterator[Servers]:
    made = Servers(database)
    yield made
    await made.close()


async def counted(store: Store, kind: ChangeKind) -> int:
    head = await store.head()
    return [change.kind for change in await store.changes(0, head.sequence)].count(kind)


@pytest.mark.parametrize("other", MODES)
async def test_of_two_halves_of_a_loop_published_at_once_one_is_refused(servers: Servers, other: str) -> None:
    """On two servers, each of which sees nothing wrong with its half; also where one of them has nothing in memory."""
    one, two = await servers.open(), await servers.open(other)
    await servers.sign_up(one)
    for turn in range(8):
        a, b = f"a{turn}", f"b{turn}"
        for name in (a, b):
            await servers.product(one, name)
        halves = (servers.publish(one, a, **{b: "1"}), servers.publish(two, b, **{a: "1"}))
        found = await asyncio.gather(*halves, return_exceptions=True)
        assert sorted(type(each).__name__ for each in found) == ["LoopRefused", "list"]
    store = servers.opened[0][1]
    assert await counted(store, ChangeKind.FOOTPRINT_PUBLISHED) == 8
    assert await counted(store, ChangeKind.LOOP_REFUSED) == 8


@pytest.mark.parametrize("mode", MODES)
async def test_refusals_are_counted_on_every_server_and_after_a_restart(servers: Servers, mode: str) -> None:
    one, two = await servers.open(mode), await servers.open(mode)
    await servers.sign_up(one)
    for turn in range(REFUSALS_PER_DAY_MAX - 2):
        with pytest.raises(LoopRefused):
            await servers.publish((one, two)[turn % 2], "j", j="1")
    await servers.close()
    one, two = await servers.open(mode), await servers.open(mode)
    attempts = [servers.publish(each, "j", j="1") for each in (one, two) * 4]
    found = await asyncio.gather(*attempts, return_exceptions=True)
    assert sorted(type(each).__name__ for each in found) == ["LoopRefused"] * 2 + ["TooManyRequests"] * 6
    with pytest.raises(TooManyRequests):
        await servers.publish(one, "j")
    assert await servers.publish(one, "k")
    servers.now_us += US_PER_DAY
    assert await servers.publish(two, "j", j="0.5")


async def test_a_half_that_another_server_wrote_is_known(servers: Servers) -> None:
    one, two = await servers.open(), await servers.open()
    await servers.sign_up(one)
    with admitted_from_both() as decided:
        await servers.product(one, "j")
        await servers.publish(one, "k", j="0.9")
        await servers.publish(two, "j", k="1.1")
        with pytest.raises(LoopRefused):
            await servers.publish(one, "j", k="1.2")
    assert decided == {True: 1, False: 1}


async def test_a_batch_is_judged_as_a_whole_and_its_culprit_named(servers: Servers) -> None:
    one = await servers.open()
    await servers.sign_up(one)
    products = [await servers.product(one, f"p{number}") for number in range(40)]
    ring = list(zip(products, products[1:] + products[:1], strict=True))
    with admitted_from_both() as decided:
        batch = [a_footprint(product, (supplier, "0.99")) for product, supplier in ring]
        await servers.send(one, *batch)
        batch[7] = a_footprint(products[7], (products[8], "2"))
        with pytest.raises(LoopRefused) as refused:
            await servers.send(one, *batch)
    assert refused.value.path == ("input", "footprints", "39")  # the last half closes it
    assert len(refused.value.members) == 40
    assert decided == {True: 1, False: 1}


async def test_what_is_proposed_and_not_written_leaves_no_trace(servers: Servers) -> None:
    one = await servers.open()
    graph = one.graph
    assert graph is not None
    await servers.sign_up(one)
    await servers.publish(one, "k", j="0.9")
    session = await one.session(servers.viewer)
    await solve_for(session, [0], session.dates())
    assert graph._present is not None
    before, standing = fingerprint(graph._present.tables), graph._present.version.values.tolist()
    with pytest.raises(LoopRefused):
        await servers.publish(one, "j", k="1.2", k2="3")
    created = fingerprint(graph._present.tables)
    with pytest.raises(LoopRefused):
        await servers.publish(one, "j", k="1.2", k2="3")
    assert fingerprint(graph._present.tables) == created != before
    assert graph._present.version.values.tolist()[: len(standing)] == standing


async def test_where_memory_cannot_answer_the_store_is_asked(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    one = await servers.open()
    assert one.graph is not None
    await servers.sign_up(one)
    await servers.publish(one, "k", j="0.9")
    asked: list[bool] = []
    demand = LiveGraph.demand

    async def noted(self: LiveGraph, *given: object) -> object:
        found = await demand(self, *given)  # type: ignore[arg-type]
        asked.append(found is not None)
        return found

    monkeypatch.setattr(LiveGraph, "demand", noted)
    with pytest.raises(LoopRefused):
        await servers.publish(one, "j", k="1.2")
    monkeypatch.setattr(following, "ADMISSION_CHANGES_MAX", 0)
    with pytest.raises(LoopRefused):
        await servers.publish(one, "j", k="1.2")
    one.graph.give_up(load_again=False)
    with pytest.raises(LoopRefused):
        await servers.publish(one, "j", k="1.2")
    assert asked == [True, False, False]


async def test_a_question_about_an_earlier_head_is_judged_for_that_head(servers: Servers) -> None:
    """A decision may have begun before a write that the graph in memory holds already."""
    one = await servers.open()
    graph, store = one.graph, servers.opened[0][1]
    assert graph is not None
    await servers.sign_up(one)
    await servers.publish(one, "j", k="1.2")
    before = await store.head()
    await servers.publish(one, "k", j="0.5")
    after = await store.head()
    [made] = [each for each in await store.get_footprints(await servers.publish(one, "other")) if each]
    key = (await store.read_keys([servers.keys["j"].id or ""]))[servers.keys["j"].id or ""]
    newer = replace(made, product_key=key)
    rows = []
    for head in (after, before, after):
        found = await graph.demand(Proposal([newer]), head, NOW_US)
        assert found is not None
        rows.append(sorted(set(found.product.tolist())))
    keys = sorted((await store.read_keys([servers.keys[name].id or "" for name in "jk"])).values())
    assert rows == [keys, [], keys]


@pytest.mark.parametrize("loaded", [True, False])
async def test_names_that_were_registered_later_bind_when_the_graph_is_loaded_or_followed(
    servers: Servers, loaded: bool
) -> None:
    """In whatever order what was written is read: the line is older than the product that it names."""
    writer = await servers.open("store")
    reader = None if loaded else await servers.open()
    await servers.sign_up(writer)
    urn = f"urn:uuid:{uuid.uuid4()}"
    consumer = await servers.product(writer, "k")
    await servers.send(writer, a_footprint(consumer, (ProductKey(product_id=urn), "0.9")))
    await servers.product(writer, "j", urn)
    reader = reader or await servers.open()
    with admitted_from_both() as decided:
        with pytest.raises(LoopRefused):
            await servers.publish(reader, "j", k="1.2")
        await servers.publish(reader, "j", k="1.1")
    assert decided == {True: 1, False: 1}
    session = await reader.session(OPERATOR)
    solved = await solve_for(session, [0], session.dates())
    assert solved.total(0).excluding == Decimal("190")  # 1 + 0.9 (1 + 1.1 x)
