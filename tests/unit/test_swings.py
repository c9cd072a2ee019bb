"""What counts as a swing of an amount, and for how long it is remembered."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from exchange.errors import TooManyRequests
from exchange.model.footprint import LifeCycleStage, SystemBoundary
from exchange.operations.swings import published_today
from exchange.operations.swings.judging import Swings
from exchange.operations.swings.measures import amounts_of
from exchange.units import Dimension

DAY_US = 86_400_000_000
STEEL, HIDDEN, OWN = 7, 8, 9
LINE: dict[str, Any] = {"stage": LifeCycleStage.MANUFACTURING, "delivered": False, "packaging": False}


def footprint(*amounts: tuple[int | None, str, str], product="car", per=("1", "KILOGRAM"), price: object = None) -> Any:
    """Lines as (supplier key, amount, unit), each with this price."""
    lines = [
        SimpleNamespace(product_key=key, amount=Decimal(amount), unit=unit, price=price, fallback=None, **LINE)
        for key, amount, unit in amounts
    ]
    return SimpleNamespace(
        product_id=product,
        product_key=hash(product),
        declared_unit_amount=Decimal(per[0]),
        declared_unit=per[1],
        price=None,
        mass_kg_per_declared_unit=None,
        boundary=SystemBoundary.CRADLE_TO_GATE,
        declared=None,
        modelled=None,
        lines=lines,
    )


class Sight:
    """Of the maker, who sees the steel of another and its own."""

    def __init__(self) -> None:
        self.asked = 0

    async def begin(self) -> Any:
        self.asked += 1
        return self

    async def products_by_key(self, keys: Sequence[int]) -> list[Any]:
        known = {STEEL: ("steel", "mill"), OWN: ("own", "maker")}
        return [
            SimpleNamespace(product=SimpleNamespace(id=known[key][0], key=key, owner_id=known[key][1]))
            if key in known
            else None
            for key in keys
        ]


async def publish(watch: Swings, sight: Sight, *footprints: Any, at_us: int = 5) -> list[str]:
    """The ids of the products whose owners are told."""
    judged = await watch.judge(sight.begin, "maker", footprints, at_us)
    watch.published(judged, "maker")
    return [product.id for product in judged.tell]


async def turns(watch: Swings, sight: Sight, times: int, key: int = STEEL, **more: Any) -> list[list[str]]:
    return [
        await publish(watch, sight, footprint((key, ("2", "2000")[turn % 2], "KILOGRAM")), **more)
        for turn in range(times)
    ]


def by_part(**parts: Any) -> dict[Any, Decimal]:
    """Of steel by mass, per mass."""
    mass = ((Dimension.MASS, None), (Dimension.MASS, None))
    names = {"taken": "MANUFACTURING taken", "credited": "MANUFACTURING credited"}
    return {(STEEL, *mass, names.get(part, part)): Decimal(amount) for part, amount in parts.items()}


def test_an_amount_is_per_base_unit_whatever_it_was_written_in() -> None:
    same = by_part(taken=2, together=2, anywhere=2)
    assert amounts_of(footprint((STEEL, "2", "KILOGRAM"))) == same
    assert amounts_of(footprint((STEEL, "2000", "GRAM"))) == same
    assert amounts_of(footprint((STEEL, "2", "TON"), per=("1000", "KILOGRAM"))) == same
    both = amounts_of(footprint((STEEL, "0.5", "KILOGRAM"), (STEEL, "-1.5", "KILOGRAM")))
    assert both == by_part(taken="0.5", credited="1.5", together=1, anywhere=2)
    hour, joule = (
        amounts_of(footprint((STEEL, amount, "KILOGRAM"), per=("1", unit)))
        for amount, unit in (("7.2", "KILOWATT_HOUR"), ("2", "MEGAJOULE"))
    )
    assert hour == joule
    assert amounts_of(footprint((STEEL, "0", "KILOGRAM"), (None, "1", "KILOGRAM"))) == {}


async def test_the_third_swing_is_told_once_and_the_eleventh_more_is_refused() -> None:
    watch, sight = Swings(), Sight()
    assert await turns(watch, sight, 13) == [[], [], [], ["steel"], *[[]] * 9]
    with pytest.raises(TooManyRequests):
        await turns(watch, sight, 2)
    assert await publish(watch, sight, footprint((STEEL, "3", "KILOGRAM"))) == []
    assert await turns(watch, sight, 3, at_us=DAY_US) == [[], [], []]


async def test_each_day_begins_with_nothing() -> None:
    watch, sight = Swings(), Sight()
    for day in (5, 6, 7):
        assert await turns(watch, sight, 3, at_us=day * DAY_US) == [[], [], []]


async def test_what_does_not_swing_asks_nothing() -> None:
    watch, sight = Swings(), Sight()
    for amount in ("1", "999", "1", "999", "1", "999"):
        assert await publish(watch, sight, footprint((STEEL, amount, "KILOGRAM"))) == []
    assert sight.asked == 0
    assert await turns(watch, sight, 3, key=HIDDEN) == [[], [], []]
    assert sight.asked == 0


async def test_of_what_is_hidden_nothing_is_told_or_counted() -> None:
    assert await turns(Swings(), Sight(), 30, key=HIDDEN) == [[]] * 30


async def test_an_amount_that_was_away_is_compared_with_the_last_one() -> None:
    watch, sight = Swings(), Sight()
    told = []
    for amount in ("2", "2000", "2", "2000"):
        told += await publish(watch, sight, footprint((STEEL, amount, "KILOGRAM")))
        told += await publish(watch, sight, footprint((OWN, "1", "KILOGRAM")))
    assert told == ["steel"]


async def test_a_replaced_unit_does_not_hide_a_swing_of_the_same_unit() -> None:
    watch, sight = Swings(), Sight()
    told = []
    for amount in ("2", "2000", "2", "2000"):
        told += await publish(watch, sight, footprint((STEEL, amount, "KILOGRAM")))
        told += await publish(watch, sight, footprint((STEEL, "5", "PIECE")))
    assert told == ["steel"]


def test_amounts_of_other_money_are_other_amounts() -> None:
    """A price that differs is no exchange rate: of two currencies nothing is compared."""
    dollars, yuan = (amounts_of(footprint((STEEL, "1", "MONEY"), price=price)) for price in ("USD", "CNY"))
    assert list(dollars.values()) == list(yuan.values()) == [1, 1, 1]
    assert dollars.keys().isdisjoint(yuan.keys())


@pytest.mark.parametrize(
    ("steady", "swinging"),
    [
        ({"stage": LifeCycleStage.USE}, {}),
        ({"delivered": False}, {"delivered": True}),
        ({"packaging": False}, {"packaging": True}),
    ],
)
async def test_a_large_amount_elsewhere_does_not_hide_one_that_swings(steady: Any, swinging: Any) -> None:
    watch, told = Swings(), []
    for amount in ("2", "2000", "2", "2000"):
        made = footprint((STEEL, "10000000000", "KILOGRAM"), (STEEL, amount, "KILOGRAM"))
        vars(made.lines[0]).update(steady)
        vars(made.lines[1]).update(swinging)
        told += await publish(watch, Sight(), made)
    assert told == ["steel"]


async def test_a_fallback_that_never_serves_hides_nothing() -> None:
    watch, told = Swings(), []
    for amount in ("2", "2000", "2", "2000"):
        made = footprint((STEEL, amount, "KILOGRAM"), (OWN, "1", "KILOGRAM"))
        never = SimpleNamespace(product_key=STEEL, amount=Decimal(10) ** 10, unit="KILOGRAM", price=None)
        made.lines[1].fallback = never
        told += await publish(watch, Sight(), made)
    assert told == ["steel"]


async def test_a_credit_that_nearly_makes_up_for_a_line_hides_nothing() -> None:
    watch, told = Swings(), []
    for credit in ("-9999990", "-9990000", "-9999990", "-9990000"):  # 10, and 10,000
        lines = (STEEL, "10000000", "KILOGRAM"), (STEEL, credit, "KILOGRAM")
        told += await publish(watch, Sight(), footprint(*lines))
    assert told == ["steel"]


def test_fallbacks_count_by_themselves() -> None:
    made = footprint((STEEL, "2", "KILOGRAM"), (None, "1", "KILOGRAM"))
    made.lines[1].fallback = SimpleNamespace(product_key=STEEL, amount=Decimal(3), unit="KILOGRAM", price=None)
    assert amounts_of(made) == by_part(taken=2, together=2, fallback=3, anywhere=5)


async def test_several_products_that_swing_in_one_request_count_each() -> None:
    """Four at once, of four products, thrice over: the third request would be the twelfth of the day."""
    watch, sight = Swings(), Sight()
    told: list[list[str]] = []
    for turn in range(5):
        amount = ("2", "2000")[turn % 2]
        batch = [footprint((STEEL, amount, "KILOGRAM"), product=f"car{number}") for number in range(4)]
        told.append(await publish(watch, sight, *batch))
    assert told == [[], [], [], ["steel"], []]
    with pytest.raises(TooManyRequests):
        await publish(
            watch, sight, *(footprint((STEEL, "2000", "KILOGRAM"), product=f"car{number}") for number in range(4))
        )
    two = [footprint((STEEL, "2000", "KILOGRAM"), product=f"car{number}") for number in range(2)]
    assert await publish(watch, sight, *two) == []  # the ninth and tenth may be


async def test_footprints_of_one_request_are_compared_with_each_other() -> None:
    batch = [footprint((STEEL, amount, "KILOGRAM")) for amount in ("2", "2000", "2", "2000")]
    assert await publish(Swings(), Sight(), *batch) == ["steel"]
    assert await publish(Swings(), Sight(), *batch[:3]) == []


async def test_as_much_as_may_be_kept_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(published_today, "LINES_KEPT_MAX", 3 * (published_today.OWN_LINES + 1))
    watch, sight = Swings(), Sight()
    cars = [footprint((STEEL, "2", "KILOGRAM"), product=name) for name in ("car", "bus", "tram")]
    await publish(watch, sight, *cars)
    told = [await publish(watch, sight, footprint((STEEL, amount, "KILOGRAM"))) for amount in ("2000", "2", "2000")]
    assert told == [[], [], ["steel"]]


async def test_amounts_of_what_is_published_often_are_bounded_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(published_today, "LINES_KEPT_MAX", published_today.OWN_LINES + 5)
    watch, sight = Swings(), Sight()
    assert await turns(watch, sight, 3) == [[], [], []]
    # Two more amounts, each in three sums: nine are more than may be kept, and all is forgotten.
    await publish(watch, sight, footprint((STEEL, "1", "PIECE"), (OWN, "1", "KILOGRAM")))
    assert await turns(watch, sight, 3) == [[], [], []]


async def test_more_than_can_be_kept_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(published_today, "LINES_KEPT_MAX", 3 * (published_today.OWN_LINES + 1))
    watch, sight = Swings(), Sight()
    await publish(watch, sight, footprint((STEEL, "2000", "KILOGRAM")))
    others = [footprint((STEEL, "2", "KILOGRAM"), product=f"other{number}") for number in range(3)]
    await publish(watch, sight, *others)
    assert await turns(watch, sight, 4) == [[], [], [], ["steel"]]
