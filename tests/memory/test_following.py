"""When the graph in memory cannot answer: then it says so, the database is asked, and it comes back where it can."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from exchange.errors import StoreUnavailable
from exchange.graph import Store
from exchange.memory import Closure
from exchange.model.parties import OPERATOR
from exchange.model.product import Product
from exchange.operations.exchange import Exchange, open_exchange
from exchange.operations.following import follower as following
from exchange.operations.following.follower import LiveGraph
from exchange.operations.following.taking_over import Changed
from exchange.operations.reading.roll_ups import solve_for
from exchange.operations.requests.checks import US_PER_DAY
from tests.store.databases import Database
from tests.store.examples import a_fallback, a_line, put_footprint, put_organization, put_products

NOW_US = 1_790_000_000_000_000  # when everything here is asked: September 2026


@pytest.fixture
async def exchange(store: Store) -> AsyncIterator[Exchange]:
    opened = open_exchange(store, clock=lambda: NOW_US, graph_megabytes=64)
    assert await live(opened).loaded()
    yield opened
    await opened.close()


def live(exchange: Exchange) -> LiveGraph:
    assert exchange.graph is not None
    return exchange.graph


async def published(store: Store, count: int = 2) -> list[Product]:
    """Products of one owner, each made of the one before."""
    owner = await put_organization(store)
    made = await put_products(store, owner, *(f"Thing {number}" for number in range(count)))
    for number, product in enumerate(made):
        await put_footprint(store, product, [a_line(made[number - 1])] if number else [])
    return made


async def closure(exchange: Exchange, product: Product) -> Closure | None:
    session = await exchange.session(OPERATOR)
    return await live(exchange).closure([product.key], session.dates(), session.head, session.now_us)


async def excluding(exchange: Exchange, product: Product) -> object:
    session = await exchange.session(OPERATOR)
    return (await solve_for(session, [product.key], session.dates())).total(product.key).excluding


async def from_the_store(exchange: Exchange, product: Product) -> object:
    alone = open_exchange(exchange.store, clock=exchange.clock)
    try:
        return await excluding(alone, product)
    finally:
        await alone.close()


async def test_what_was_written_is_there(exchange: Exchange, store: Store) -> None:
    made = await published(store)
    found = await closure(exchange, made[1])
    assert found is not None
    assert set(found.cut.keys) == {product.key for product in made}
    assert live(exchange).head == (await store.head()).sequence


async def test_a_question_of_a_moment_ago_is_answered_for_that_moment(exchange: Exchange, store: Store) -> None:
    """Sessions overlap: one that began before a write is answered as the graph was."""
    made = await published(store)
    before = await exchange.session(OPERATOR)
    first = await excluding(exchange, made[1])
    await put_footprint(store, made[1], [a_line(made[0]), a_line(made[0])])
    second = await excluding(exchange, made[1])
    again = (await solve_for(before, [made[1].key], before.dates())).total(made[1].key).excluding
    assert again == first != second


async def test_while_it_loads_the_database_answers(store: Store) -> None:
    made = await published(store)
    exchange = open_exchange(store, clock=lambda: NOW_US, graph_megabytes=64)
    assert await closure(exchange, made[1]) is None
    expected = await from_the_store(exchange, made[1])
    assert await excluding(exchange, made[1]) == expected
    assert await live(exchange).loaded()
    assert await closure(exchange, made[1]) is not None
    assert await excluding(exchange, made[1]) == expected
    await exchange.close()


@pytest.mark.parametrize("megabytes", [0, 1])
async def test_a_graph_that_is_too_large_is_left_to_the_database(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, megabytes: int
) -> None:
    """Whether it is so from the beginning, or becomes so."""
    monkeypatch.setattr(following, "MEGABYTE", 1_000)  # bytes; a dozen products take more, none takes less
    graph = LiveGraph(store, lambda: NOW_US, megabytes_max=megabytes)
    exchange = open_exchange(store, clock=lambda: NOW_US)
    if megabytes:
        graph.start()
        assert await graph.loaded()
    made = await published(store, 12)
    if not megabytes:
        graph.start()
        assert not await graph.loaded()
    session = await exchange.session(OPERATOR)
    assert await graph.closure([made[1].key], session.dates(), session.head, session.now_us) is None
    assert "EXCHANGE_GRAPH_MEGABYTES" in caplog.text
    assert graph.nbytes == 0
    await graph.close()
    await exchange.close()


async def test_a_server_that_is_far_behind_loads_again(
    exchange: Exchange, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "CHANGES_MAX", 2)
    made = await published(store, 3)
    expected = await from_the_store(exchange, made[2])
    assert await excluding(exchange, made[2]) == expected
    assert await live(exchange).loaded()
    assert await closure(exchange, made[2]) is not None
    assert await excluding(exchange, made[2]) == expected


async def test_what_was_taken_over_by_half_is_never_asked(
    exchange: Exchange, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await published(store)
    apply = Changed.apply

    def fail(self: Changed, tables: object) -> None:
        apply(self, tables)  # type: ignore[arg-type]
        raise RuntimeError("broken")

    monkeypatch.setattr(Changed, "apply", fail)
    expected = await from_the_store(exchange, made[1])
    assert await closure(exchange, made[1]) is None
    monkeypatch.setattr(Changed, "apply", apply)
    assert await live(exchange).loaded()
    assert await closure(exchange, made[1]) is not None
    assert await excluding(exchange, made[1]) == expected


async def test_while_the_database_is_away_nothing_old_is_answered(
    exchange: Exchange, store: Store, database: Database
) -> None:
    made = await published(store)
    session = await exchange.session(OPERATOR)
    expected = await excluding(exchange, made[1])
    await put_footprint(store, made[1], [a_line(made[0])])
    later = await store.head()
    database.kill()
    with pytest.raises(StoreUnavailable):
        await live(exchange).closure([made[1].key], session.dates(), later, session.now_us)
    database.revive()
    await store.ready()
    assert await excluding(exchange, made[1]) == await from_the_store(exchange, made[1])
    assert expected is not None


async def test_many_who_wait_are_brought_there_once(
    exchange: Exchange, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await published(store)
    reads: list[tuple[int, int]] = []
    changes = store.changes

    async def counted(after: int, upto: int):
        reads.append((after, upto))
        return await changes(after, upto)

    monkeypatch.setattr(Store, "changes", lambda _, after, upto: counted(after, upto))
    found = await asyncio.gather(*(closure(exchange, product) for product in made * 4))
    assert all(each is not None for each in found)
    assert len(reads) == 1


async def test_time_alone_moves_what_stands(store: Store) -> None:
    """Validity that ends and a day that begins need no write."""
    made = await published(store)
    today = NOW_US // US_PER_DAY
    await put_footprint(store, made[1], [], valid_from_day=today - 9, valid_until_day=today + 9)
    now = [NOW_US]
    exchange = open_exchange(store, clock=lambda: now[0], graph_megabytes=64)
    assert await live(exchange).loaded()
    before = await excluding(exchange, made[1])
    assert before == await from_the_store(exchange, made[1])
    now[0] += 10 * US_PER_DAY
    after = await excluding(exchange, made[1])
    assert after == await from_the_store(exchange, made[1]) != before
    await exchange.close()


async def named_before_it_was_there(store: Store) -> tuple[Product, Product]:
    """A product whose line names another by a URN (and one whose fallback does), registered only afterwards."""
    owner = await put_organization(store)
    [consumer] = await put_products(store, owner, "Consumer")
    urn = f"urn:pact:{owner.domains[0]}:product-id:later"
    fallback = a_fallback(urn=urn)
    nobody = f"urn:pact:{owner.domains[0]}:product-id:nobody"
    await put_footprint(store, consumer, [a_line(urn=urn), a_line(urn=nobody, number=2, fallback=fallback)])
    [supplier] = await put_products(store, owner, "Supplier", product_ids=(urn,))
    await put_footprint(store, supplier, [])
    return consumer, supplier


async def test_names_registered_later_are_bound_where_both_are_new(exchange: Exchange, store: Store) -> None:
    consumer, supplier = await named_before_it_was_there(store)
    found = await closure(exchange, consumer)  # takes over everything at once
    assert found is not None
    assert set(found.cut.keys) == {consumer.key, supplier.key}
    assert await excluding(exchange, consumer) == await from_the_store(exchange, consumer)


async def test_names_registered_later_are_bound_where_both_are_loaded(store: Store) -> None:
    consumer, supplier = await named_before_it_was_there(store)
    exchange = open_exchange(store, clock=lambda: NOW_US, graph_megabytes=64)
    assert await live(exchange).loaded()
    found = await closure(exchange, consumer)
    assert found is not None
    assert set(found.cut.keys) == {consumer.key, supplier.key}
    assert await excluding(exchange, consumer) == await from_the_store(exchange, consumer)
    await exchange.close()


async def test_a_name_is_nobodys_at_a_head_before_it_was_registered(exchange: Exchange, store: Store) -> None:
    """Sessions overlap: one that began before knows as little of a line's or a fallback's name as the database did."""
    owner = await put_organization(store)
    [consumer] = await put_products(store, owner, "Consumer")
    urn = f"urn:pact:{owner.domains[0]}:product-id:later"
    nobody = f"urn:pact:{owner.domains[0]}:product-id:nobody"
    lines = [a_line(urn=urn), a_line(urn=nobody, number=2, fallback=a_fallback(urn=urn))]
    await put_footprint(store, consumer, lines)
    before = await exchange.session(OPERATOR)
    change = (await store.head()).sequence + 1
    [supplier] = await put_products(store, owner, "Supplier", product_ids=(urn,), sequence=change)
    after = await exchange.session(OPERATOR)
    for session, key in ((after, supplier.key), (before, -1)):
        resolved = (await solve_for(session, [consumer.key], session.dates())).resolved(consumer.key)
        assert resolved is not None
        assert resolved.named.tolist() == [key, -1]
        assert resolved.fallback_named.tolist() == [-1, key]
