"""Editions at their edges: money of other terms, declared amounts, the last instant of a day, what is emptied."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from exchange.benchmarks.quantiles import on_grid
from exchange.config import Settings
from exchange.model.footprint import Price, PriceBasis
from exchange.model.parties import OPERATOR
from exchange.operations.benchmarks.publishing import Published, publish_benchmarks
from exchange.units import DeclaredUnit
from tests.api.benchmark_world import DAY, MEGABYTES, BenchmarkWorld
from tests.api.test_benchmarks import NODE, SEVEN, Place, change
from tests.rollup.check import instant

FLAT = "urn:pact:x.example:flat"  # in no tree


@pytest.fixture(scope="module")
def running(settings: Settings) -> Iterator[Place]:
    with Place(settings) as running:
        yield running


@pytest.fixture
def place(running: Place, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setattr("exchange.tokens.issuer.KEYS_READ_AGAIN_SECONDS", 0)
    return running.begin_anew("c")


async def consenting(world: BenchmarkWorld, values: list[str], category: str) -> tuple[str, dict[str, str]]:
    """An alliance of companies a0, a1 … that are all counted, and each one's grant."""
    alliance = await world.alliance(*(f"a{at}" for at in range(len(values))))
    grants = {}
    for at, value in enumerate(values):
        await world.product(f"a{at}", "thing", (category,), value)
        grants[f"a{at}"] = await world.consent(f"a{at}", alliance)
    return alliance, grants


def test_money_of_other_terms_is_counted_apart(place: Place) -> None:
    """Six per dollar of 2012, one each of another year, basis and currency."""
    dollar = Price("USD", 2012, PriceBasis.PRODUCER)
    others = [Price("USD", 2013, PriceBasis.PRODUCER), Price("USD", 2012, PriceBasis.BASIC)]
    others.append(Price("EUR", 2012, PriceBasis.PRODUCER))
    prices = [dollar] * 6 + others

    async def build(world: BenchmarkWorld) -> str:
        alliance = await world.alliance(*(f"a{at}" for at in range(9)))
        for at, price in enumerate(prices):
            more: dict[str, Any] = {"unit": DeclaredUnit.MONEY, "price": price}
            await world.product(f"a{at}", "thing", (FLAT,), "2" if at < 6 else "90", **more)
            await world.consent(f"a{at}", alliance)
        return alliance

    alliance = place.run(build)
    quarter = place.run(lambda world: world.close()).quarter
    [told] = place.benchmarks("a0", alliance)
    assert (told["counts"]["unit"], told["counts"]["currency"]) == ("MONEY", "USD")
    assert (told["median"], told["groups"], quarter.products) == (f"{on_grid(2, 10)}", "SIX_TO_EIGHT", 9)
    assert [each["position"] for each in place.places("a0", alliance, "a0")] == ["AT_MEDIAN"]
    for at in (6, 7, 8):
        assert [each["reason"] for each in place.places(f"a{at}", alliance, f"a{at}")] == ["TOO_FEW_GROUPS"]


def test_a_position_is_of_one_unit_whatever_amount_is_declared(place: Place) -> None:
    """50 kg per 10 kg is 5 per kilogram: in the middle of 2 to 8, and not above all of them."""

    async def build(world: BenchmarkWorld) -> str:
        alliance = await world.counted("a", ["2", "3", "4", "6", "7", "8"], (FLAT,))
        await world.join(alliance, "b")
        await world.product("b", "thing", (FLAT,), "50", amount="10")
        await world.consent("b", alliance)
        return alliance

    alliance = place.run(build)
    place.run(lambda world: world.close())
    [told] = place.benchmarks("a0", alliance)
    [found] = place.places("b", alliance, "b")
    assert (told["median"], told["groups"]) == (f"{on_grid(5, 10)}", "SIX_TO_EIGHT")
    assert (found["emissions"], found["position"]) == ("5", "AT_MEDIAN")


def test_what_nobody_consents_to_any_more_stays_and_says_why(place: Place) -> None:
    alliance, grants = place.run(lambda world: consenting(world, SEVEN, FLAT))
    place.run(lambda world: world.close())
    [first] = place.benchmarks("a0", alliance)

    async def revoke(world: BenchmarkWorld) -> None:
        for owner, grant in grants.items():
            await world.revoke(owner, grant)

    place.run(revoke)
    assert place.run(lambda world: world.close()).quarter.new == 0
    assert place.benchmarks("a0", alliance) == [first | {"keptBecause": "TOO_FEW_GROUPS"}]
    [found] = place.places("a0", alliance, "a0")
    assert (found["reason"], found["edition"]["median"]) == ("TOO_FEW_GROUPS", first["median"])


def test_of_five_groups_nothing_is_kept(place: Place) -> None:
    alliance = place.run(lambda world: world.counted("a", SEVEN[:5], (FLAT,)))
    quarter = place.run(lambda world: world.close()).quarter

    async def outcomes(world: BenchmarkWorld) -> int:
        return len(await world.exchange.store.benchmarks.outcomes_in(alliance, quarter.id))

    assert (quarter.new, quarter.none, place.run(outcomes)) == (0, 0, 0)


def test_why_nothing_newer_is_published_is_told_of_the_edition_in_force_alone(place: Place) -> None:
    alliance = place.run(lambda world: world.counted("a", SEVEN, (FLAT,)))
    place.run(lambda world: world.close())
    [first] = place.benchmarks("a0", alliance)
    place.run(lambda world: change(world, range(4)))
    place.run(lambda world: world.close())
    place.run(lambda world: world.close())
    [newest] = place.benchmarks("a0", alliance)
    assert (newest["inForce"], newest["keptBecause"]) == (True, "TOO_FEW_CHANGES")
    [earlier] = newest["earlier"]["nodes"]
    node = place.client("a0").query(NODE, {"id": first["id"]})["node"]
    for told in (earlier, node):
        assert (told["quarter"], told["inForce"], told["keptBecause"]) == (first["quarter"], False, None)


def test_what_an_older_quarter_said_of_a_set_holds_no_more(place: Place) -> None:
    """Too close to another alliance in one quarter; in the next there are too few, of which nothing is told."""

    async def build(world: BenchmarkWorld) -> tuple[str, str]:
        first = await world.counted("a", SEVEN, (FLAT,))
        second = await world.alliance(*(f"a{at}" for at in range(6)))
        for at in range(6):
            await world.consent(f"a{at}", second)
        return first, second

    first, second = place.run(build)
    place.run(lambda world: world.close())
    if place.benchmarks("a0", second):  # which of the two is published goes by their ids
        first, second = second, first
    assert [each["reason"] for each in place.places("a0", second, "a0")] == ["TOO_CLOSE_TO_ANOTHER"]

    async def leave(world: BenchmarkWorld) -> None:
        for at in range(1, 6):
            await world.leave(second, f"a{at}")

    place.run(leave)
    place.run(lambda world: world.close())
    assert [each["reason"] for each in place.places("a0", second, "a0")] == ["TOO_FEW_GROUPS"]


def test_an_alliance_that_is_younger_than_the_quarter_waits(place: Place) -> None:
    """Not told to invite more: nobody of it was counted."""
    closing = place.world.after()
    alliance = place.run(lambda world: world.counted("a", SEVEN, (FLAT,)))
    place.run(lambda world: publish_benchmarks(world.exchange, OPERATOR, closing, megabytes_max=MEGABYTES))
    assert [each["reason"] for each in place.places("a0", alliance, "a0")] == ["NOT_PUBLISHED_YET"]
    place.run(lambda world: world.close())
    assert [each["edition"] is not None for each in place.places("a0", alliance, "a0")] == [True]


def test_who_joins_in_the_last_instant_of_the_day_is_counted(place: Place) -> None:
    async def build(world: BenchmarkWorld) -> str:
        alliance = await world.alliance(*(f"a{at}" for at in range(5)))
        for at in range(5):
            await world.product(f"a{at}", "thing", (FLAT,), "2")
            await world.consent(f"a{at}", alliance)
        await world.product("b", "thing", (FLAT,), "2")
        world.clock[0] = instant(str(world.closing + DAY)) - 1
        await world.join(alliance, "b")
        await world.consent("b", alliance)
        return alliance

    alliance = place.run(build)
    place.run(lambda world: world.close())
    [told] = place.benchmarks("a0", alliance)
    assert told["groups"] == "SIX_TO_EIGHT"


def test_a_server_whose_clock_is_behind_the_ledger_publishes_by_the_ledger(place: Place) -> None:
    """Nothing is dated before what was written, so the quarter is over where the ledger has seen its end."""
    alliance, closing = place.run(lambda world: world.counted("a", SEVEN, (FLAT,))), place.world.closing

    async def publish(world: BenchmarkWorld) -> Published:
        world.after()
        await world.organization("late")
        seen, world.clock[0] = world.clock[0], instant(str(closing)) - 1
        try:
            return await publish_benchmarks(world.exchange, OPERATOR, closing, megabytes_max=MEGABYTES)
        finally:
            world.clock[0] = seen

    assert place.run(publish).quarter.closing_day == (closing - type(closing)(1970, 1, 1)).days
    assert len(place.benchmarks("a0", alliance)) == 1
