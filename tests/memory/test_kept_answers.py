"""A server answers again what it has solved already: the same bytes, whoever asked first and whatever was written."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import fields, replace
from typing import Any

import pytest

from exchange.errors import NotFound
from exchange.graph import Store
from exchange.memory import Present
from exchange.model.alliance import Membership
from exchange.model.footprint import Price, PriceBasis
from exchange.model.grant import AccessLevel, Grant
from exchange.model.parties import ANONYMOUS, OPERATOR, Organization, Scope, Viewer
from exchange.model.product import Dataset, Product
from exchange.model.writes import AddGrant, CreateDataset, CreateRelease, DeprecateFootprint, RevokeGrant
from exchange.operations.answers.values import RollUpAnswer
from exchange.operations.exchange import Exchange, open_exchange
from exchange.operations.following.follower import LiveGraph
from exchange.operations.reading.roll_ups import roll_up, solve_for
from exchange.operations.reading.session import Session
from exchange.operations.requests.checks import US_PER_DAY
from exchange.operations.self_check import check_one
from exchange.operations.writing.measures import ClosureSource
from exchange.units import DeclaredUnit
from tests.memory.sources import Sources
from tests.memory.test_following import NOW_US, live
from tests.store.examples import (
    a_fallback,
    a_grant,
    a_line,
    a_release,
    new_id,
    put,
    put_footprint,
    put_organization,
    put_products,
)

TODAY = NOW_US // US_PER_DAY
KEPT, ANEW = ClosureSource.KEPT, ClosureSource.MEMORY


class Clock:
    now_us = NOW_US

    def __call__(self) -> int:
        return self.now_us


class World:
    """Two owners: `buyer` makes `car` of `steel` and `rubber`, which are its own, and of what `seller` has."""

    def __init__(self, exchange: Exchange, sources: Sources, clock: Clock) -> None:
        self.exchange, self.store, self.sources, self.clock = exchange, exchange.store, sources, clock

    async def fill(self) -> None:
        store = self.store
        self.buyer, self.seller = await put_organization(store), await put_organization(store)
        self.car, self.steel, self.rubber = await put_products(store, self.buyer, "Car", "Steel", "Rubber")
        made = await put_products(store, self.seller, "Tin", "Glass", "Apart", "Pin", "Spare")
        self.tin, self.glass, self.apart, self.pin, self.spare = made
        self.dataset = Dataset(new_id(), "Factors", self.seller.id)
        self.release = a_release(self.dataset, TODAY - 90)
        await put(store, CreateDataset(self.dataset), CreateRelease(self.release))
        self.tin_grant = a_grant(self.tin, self.buyer)
        ends = a_grant(self.pin, self.buyer, sequence=3, until_us=NOW_US + 2 * US_PER_DAY)
        await put(store, AddGrant(self.tin_grant), AddGrant(a_grant(self.apart, None, sequence=2)), AddGrant(ends))
        self.later = f"urn:pact:{self.seller.domains[0]}:product-id:later"
        await put_footprint(store, self.rubber, valid_until_day=TODAY + 9)
        for product in (self.glass, self.apart, self.pin):
            await put_footprint(store, product)
        price = Price("EUR", 2019, PriceBasis.BASIC)
        await put_footprint(store, self.spare, declared_unit=DeclaredUnit.MONEY, price=price)
        await put_footprint(store, self.steel, [a_line(self.rubber, unit="LITER")])
        await put_footprint(store, self.tin, release_id=self.release.id)
        lines = [
            a_line(self.steel, unit="LITER"),
            a_line(self.tin, unit="LITER", number=2),
            a_line(self.glass, unit="LITER", number=3),
            a_line(urn=self.later, number=4),
            a_line(urn="urn:gtin:4", number=5, fallback=a_fallback(urn=f"{self.later}-instead")),
            a_line(self.apart, unit="SQUARE_METER", number=6),
            a_line(self.pin, unit="LITER", number=7),
            a_line(urn="urn:gtin:8", number=8, fallback=a_fallback(self.spare)),
        ]
        self.car_footprint = await put_footprint(store, self.car, lines)

    def viewer(self, of: Organization | None) -> Viewer:
        return ANONYMOUS if of is None else Viewer(of.id, frozenset({Scope.READ}), client_id="client")

    async def ask(self, product: Product, viewer: Viewer = OPERATOR) -> Any:
        return await said(await self.exchange.session(viewer), product)

    async def ask_the_store(self, product: Product, viewer: Viewer = OPERATOR) -> object:
        return await said(replace(await self.exchange.session(viewer), graph=None), product)


async def said(session: Session, product: Product) -> Any:
    """Everything that an answer says."""
    try:
        [answer] = await roll_up(session, [product.key], session.dates())
    except NotFound:
        return None
    if not isinstance(answer, RollUpAnswer):
        return answer
    plain = {each.name: getattr(answer, each.name) for each in fields(answer)}
    lazy: dict[str, Callable[[], Any]] = {name: plain[name] for name in ("digest", "valid_until_day")}
    spread = answer.uncertainty()
    spreads = {each.name: getattr(spread, each.name) for each in fields(spread)}
    told = {name: value for name, value in plain.items() if not callable(value) and name != "explanation"}
    tree, contributions = answer.tree(9, 0.0, 500), answer.contributions(50)
    told["uncertainty"] = {name: value for name, value in spreads.items() if not callable(value)}
    return told | {name: value() for name, value in lazy.items()} | {"tree": tree, "contributions": contributions}


@pytest.fixture
async def world(store: Store) -> AsyncIterator[World]:
    sources, clock = Sources(), Clock()
    exchange = open_exchange(store, clock=clock, graph_megabytes=64, measures=sources)
    assert await live(exchange).loaded()
    made = World(exchange, sources, clock)
    await made.fill()
    yield made
    await exchange.close()


# -- what moves an answer ----------------------------------------------------------------------------------------------


async def a_supplier_anew(world: World) -> None:
    await put_footprint(world.store, world.rubber, [])


async def a_deprecation(world: World) -> None:
    at = (await world.store.head()).sequence + 1
    await put(world.store, DeprecateFootprint(world.car_footprint.id, NOW_US, at, "late"))


async def a_release_after_it(world: World) -> None:
    """It begins later: nothing stands differently, but what stands ends."""
    at = (await world.store.head()).sequence + 1
    await put(world.store, CreateRelease(a_release(world.dataset, TODAY + 40, sequence=at)))


async def a_grant_given(world: World) -> None:
    at = (await world.store.head()).sequence + 1
    await put(world.store, AddGrant(a_grant(world.glass, world.buyer, sequence=at)))


async def a_grant_on_a_fallback(world: World) -> None:
    """The line's own product is the gap that it was."""
    at = (await world.store.head()).sequence + 1
    await put(world.store, AddGrant(a_grant(world.spare, world.buyer, sequence=at)))


async def a_grant_revoked(world: World) -> None:
    at = (await world.store.head()).sequence + 1
    await put(world.store, RevokeGrant(world.tin_grant.id, NOW_US, at))


async def a_name_registered_and_granted(world: World) -> None:
    """Still a gap, as nothing was published of it; but the gap has a name."""
    [later] = await put_products(world.store, world.seller, "Later", product_ids=(world.later,))
    await put(world.store, AddGrant(a_grant(later, None)))


async def a_fallbacks_name_registered(world: World) -> None:
    [instead] = await put_products(world.store, world.buyer, "Instead", product_ids=(f"{world.later}-instead",))
    price = Price("EUR", 2019, PriceBasis.BASIC)
    await put_footprint(world.store, instead, declared_unit=DeclaredUnit.MONEY, price=price)


async def a_unit_that_still_does_not_meet(world: World) -> None:
    await put_footprint(world.store, world.apart, declared_unit=DeclaredUnit.PIECE, reference_period_end_us=NOW_US)


async def a_grant_that_ends(world: World) -> None:
    world.clock.now_us += 3 * US_PER_DAY


async def validity_that_ends(world: World) -> None:
    world.clock.now_us += 20 * US_PER_DAY


MOVES = [
    a_supplier_anew,
    a_deprecation,
    a_release_after_it,
    a_grant_given,
    a_grant_on_a_fallback,
    a_grant_revoked,
    a_name_registered_and_granted,
    a_fallbacks_name_registered,
    a_unit_that_still_does_not_meet,
    a_grant_that_ends,
    validity_that_ends,
]


@pytest.mark.parametrize("move", MOVES, ids=lambda move: move.__name__)
async def test_what_moves_is_computed_anew(world: World, move: Callable[[World], Awaitable[None]]) -> None:
    """And until then it is not, and both times the answer is the database's."""
    owner = world.viewer(world.buyer)
    first = await world.ask(world.car, owner)
    assert first == await world.ask(world.car, owner) == await world.ask_the_store(world.car, owner)
    assert world.sources.told[:2] == [ANEW, KEPT]
    world.sources.told.clear()
    await move(world)
    again = await world.ask(world.car, owner)
    assert world.sources.told == [ANEW]
    assert again != first
    assert again == await world.ask_the_store(world.car, owner)
    assert again == await world.ask(world.car, owner)
    assert world.sources.told[-1] == KEPT


async def test_what_else_is_written_moves_nothing(world: World) -> None:
    """Another's product, a grant on what is in the closure for somebody else, another day."""
    first = await world.ask(world.car)
    third = await put_organization(world.store)
    [other] = await put_products(world.store, third, "Other")
    await put_footprint(world.store, other, [a_line(world.car)])
    at = (await world.store.head()).sequence + 1
    await put(world.store, AddGrant(a_grant(world.tin, third, sequence=at)))
    written = await world.ask(world.car)
    world.clock.now_us += US_PER_DAY
    later = await world.ask(world.car)
    assert world.sources.told == [ANEW, KEPT, KEPT]
    assert later == await world.ask_the_store(world.car)
    when = {"as_of_day": TODAY, "known_at_us": NOW_US, "ledger_sequence": first["ledger_sequence"]}
    assert first == written | when == later | when
    assert (later["as_of_day"], written["ledger_sequence"]) == (TODAY + 1, at)


# -- who asks ----------------------------------------------------------------------------------------------------------


async def test_each_viewer_is_told_what_a_server_without_a_past_tells(world: World) -> None:
    """In whatever order they ask: the owner's stages and findings are never another's, and the other's not the
    owner's lack of them."""
    at = (await world.store.head()).sequence + 1
    third = await put_organization(world.store)
    await put(world.store, AddGrant(a_grant(world.car, None, sequence=at)))
    await put(world.store, AddGrant(a_grant(world.car, third, level=AccessLevel.INPUTS, sequence=at + 1)))
    await put(world.store, AddGrant(a_grant(world.tin, third, sequence=at + 2)))
    viewers = [world.viewer(of) for of in (None, world.seller, third, world.buyer)] + [OPERATOR]
    expected = []
    for viewer in viewers:
        alone = open_exchange(world.store, clock=world.clock, graph_megabytes=64)
        assert await live(alone).loaded()
        expected.append(await said(await alone.session(viewer), world.car))
        await alone.close()
    assert len({str(each) for each in expected}) >= 4
    for order in (range(5), range(4, -1, -1), (0, 3, 0, 4, 2, 1)):
        live(world.exchange)._closures.clear()
        for which in order:
            assert await world.ask(world.car, viewers[which]) == expected[which]
    assert world.sources.told.count(ANEW) == 3


async def test_who_may_see_is_found_for_each_question(world: World) -> None:
    """A public grant on what nobody consumes moves no result, but shows it; its end hides it again."""
    assert await world.ask(world.car, ANONYMOUS) is None
    at = (await world.store.head()).sequence + 1
    public = a_grant(world.car, None, sequence=at, until_us=NOW_US + US_PER_DAY)
    await put(world.store, AddGrant(public))
    shown = await world.ask(world.car, ANONYMOUS)
    assert shown is not None
    assert shown == await world.ask_the_store(world.car, ANONYMOUS)
    world.clock.now_us += US_PER_DAY
    assert await world.ask(world.car, ANONYMOUS) is None
    at = (await world.store.head()).sequence + 1
    again = a_grant(world.car, None, sequence=at, from_us=world.clock.now_us)
    await put(world.store, AddGrant(again))
    assert await world.ask(world.car, ANONYMOUS) is not None
    await put(world.store, RevokeGrant(again.id, world.clock.now_us, at + 1))
    assert await world.ask(world.car, ANONYMOUS) is None
    assert world.sources.told.count(ANEW) == 1


async def test_other_dates_and_earlier_sessions_are_answered_for_themselves(world: World) -> None:
    first = await world.ask(world.car)
    earlier = await world.exchange.session(OPERATOR)
    await a_supplier_anew(world)
    second = await world.ask(world.car)
    assert await said(earlier, world.car) == first != second
    now = await world.exchange.session(OPERATOR)
    past = replace(now.dates(), as_of_day=TODAY - 1_000)
    for dates in (past, replace(now.dates(), head=earlier.head.sequence)):
        solved = await solve_for(now, [world.car.key], dates)
        stored = await solve_for(replace(now, graph=None), [world.car.key], dates)
        assert solved.solution.refusal(world.car.key) == stored.solution.refusal(world.car.key)
    assert KEPT not in world.sources.told


# -- what is shared ----------------------------------------------------------------------------------------------------


async def test_many_at_once_share_one(world: World) -> None:
    first = await world.ask(world.car)
    found = await asyncio.gather(*(world.ask(world.car) for _ in range(30)))
    assert found == [first] * 30
    assert set(world.sources.told[1:]) == {KEPT}


async def test_spreads_belong_to_who_asks(world: World) -> None:
    """Many are one solve, in which last bits depend on what is solved beside: they are never another's."""
    session = await world.exchange.session(OPERATOR)
    first = (await solve_for(session, [world.car.key], session.dates())).solution
    first.prepare_uncertainties([world.car.key, world.steel.key])
    other = (await solve_for(session, [world.car.key], session.dates())).solution
    assert "_uncertainties" not in vars(other)
    assert other.uncertainty(world.car.key) == first.uncertainty(world.car.key)
    assert world.sources.told == [ANEW, KEPT]
    assert other._totals is not first._totals


async def test_grants_are_read_once_for_a_question(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """And again for whoever is looked at, at a later head."""
    session = await world.exchange.session(world.viewer(world.buyer))
    asked, read = [], world.store.grants_reaching

    async def grants_reaching(organization_id: str) -> tuple[list[Membership], list[Grant]]:
        asked.append(organization_id)
        return await read(organization_id)

    monkeypatch.setattr(world.store, "grants_reaching", grants_reaching)
    granted = await session.granted()
    assert await session.onward() == set()
    assert set(granted) == {world.tin.key, world.pin.key}
    assert asked == [world.buyer.id]
    assert await session._at(session.head).granted() == granted
    assert len(asked) == 2


# -- what it takes, and how it ends ------------------------------------------------------------------------------------


async def test_what_is_kept_gives_way(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """To what was asked for later, and to the graph itself, which is never given up for it."""
    graph = live(world.exchange)
    for product in (world.car, world.steel, world.rubber):
        await world.ask(product)
    assert graph.kept_roots == [(product.key,) for product in (world.car, world.steel, world.rubber)]
    await world.ask(world.car)
    assert graph.kept_roots[-1] == (world.car.key,)
    graph._closures.shrink(graph._closures.nbytes - 1)
    assert graph.kept_roots == [(world.rubber.key,), (world.car.key,)]
    assert graph._closures.nbytes > 0
    monkeypatch.setattr(graph, "_bytes_max", graph.nbytes - 1)
    await put_products(world.store, world.buyer, "One more")
    await world.ask(world.rubber)
    assert graph.head == (await world.store.head()).sequence
    assert (world.car.key,) not in graph.kept_roots


async def test_a_question_that_is_given_up_forgets_nothing(world: World) -> None:
    """While the graph goes on for it: what moved then is known to have moved."""
    first = await world.ask(world.car)
    await a_supplier_anew(world)
    graph, session = live(world.exchange), await world.exchange.session(OPERATOR)
    advanced = asyncio.Event()
    take_over = LiveGraph._take_over

    def slowly(self: LiveGraph, *given: Any) -> None:
        loop.call_soon_threadsafe(advanced.set)
        time.sleep(0.05)
        take_over(self, *given)

    loop = asyncio.get_running_loop()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(LiveGraph, "_take_over", slowly)
        asked = asyncio.create_task(graph.closure([world.car.key], session.dates(), session.head, session.now_us))
        await advanced.wait()
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
    assert graph.head == session.head.sequence
    again = await world.ask(world.car)
    assert again == await world.ask_the_store(world.car) != first


async def test_what_was_taken_over_by_half_for_nobody_is_never_asked(world: World) -> None:
    first = await world.ask(world.car)
    await a_supplier_anew(world)
    graph, session = live(world.exchange), await world.exchange.session(OPERATOR)
    loop, begun = asyncio.get_running_loop(), asyncio.Event()

    def breaks(self: Present, *_: Any) -> None:
        loop.call_soon_threadsafe(begun.set)
        time.sleep(0.05)
        raise RuntimeError("broken")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Present, "advance", breaks)
        asked = asyncio.create_task(graph.closure([world.car.key], session.dates(), session.head, session.now_us))
        await begun.wait()
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
    assert graph.head is None
    assert await graph.loaded()
    assert await world.ask(world.car) == await world.ask_the_store(world.car) != first


async def test_what_is_kept_of_a_graph_that_was_given_up_is_not_taken(world: World) -> None:
    await world.ask(world.car)
    graph = live(world.exchange)
    session = await world.exchange.session(OPERATOR)
    old = await graph.closure([world.car.key], session.dates(), session.head, session.now_us)
    assert old is not None
    graph.give_up()
    assert graph.kept_roots == []
    assert await graph.loaded()
    graph.keep(old)
    assert graph.kept_roots == []


async def test_what_is_kept_is_checked_too(world: World) -> None:
    await world.ask(world.car)
    graph = live(world.exchange)
    assert await check_one(world.exchange, world.car.key) is True
    kept = graph._closures._kept[(world.car.key,)]
    assert kept._solved is not None
    kept._solved._answer.x[:] *= 1 + 1e-9
    for rest in (kept._solved._totals, kept._solved._shown._rounded):
        rest.clear()
    assert await check_one(world.exchange, world.car.key) is False
    assert await graph.loaded()
    assert await world.ask(world.car) == await world.ask_the_store(world.car)


async def test_what_is_wrong_below_is_found_beside_what_is_kept(world: World) -> None:
    """The check computes anew: what was solved before the graph went wrong does not hide it."""
    await world.ask(world.car)
    graph = live(world.exchange)
    assert graph._present is not None
    graph._present.factor.values[:] *= 1 + 1e-9
    assert await check_one(world.exchange, world.car.key) is False
