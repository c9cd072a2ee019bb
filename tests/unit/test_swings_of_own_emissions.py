"""What counts as a swing of own emissions, in what it is measured, and what of it depends on the publisher alone."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, NoReturn

import pytest

from exchange.errors import TooManyRequests
from exchange.model.footprint import Footprint, SystemBoundary
from exchange.operations.swings import published_today
from exchange.operations.swings.judging import Swings
from exchange.operations.swings.measures import MASS, emissions_of, swung
from exchange.units import Dimension
from tests.rollup.check import World, line

DAY_US = 86_400_000_000
PIECES = (Dimension.PIECE, None)
STAGES = {"RAW_MATERIAL_ACQUISITION": "1", "DISTRIBUTION": "4", "USE": "100", "END_OF_LIFE": "1000"}


def made(name: str = "car", **more: Any) -> Footprint:
    return World().declared(name, **{"excluding": "5", **more})


EXCLUDING, INCLUDING, FOSSIL, OUTBOUND = "excluding", "including", "fossilGhgEmissions", "outbound"


@pytest.mark.parametrize(
    ("footprint", "expected"),
    [
        (made(), {(MASS, EXCLUDING): 5, (MASS, INCLUDING): 5, (MASS, FOSSIL): 5, (MASS, OUTBOUND): 0}),
        (made(amount="1000"), {(MASS, EXCLUDING): Decimal("0.005")}),
        (made(unit="KILOWATT_HOUR", mass="0"), {((Dimension.ENERGY, None), EXCLUDING): 5 / Decimal("3.6")}),
        (made(outbound="2"), {(MASS, EXCLUDING): 5, (MASS, OUTBOUND): 2}),
        (
            made(unit="PIECE", amount="2", mass="4"),
            {(PIECES, EXCLUDING): Decimal("2.5"), (MASS, EXCLUDING): Decimal("1.25")},
        ),
        (
            made(excluding="0", components={FOSSIL: "7", "ccsTechnologicalCO2Capture": "-7"}),
            {(MASS, EXCLUDING): 0, (MASS, FOSSIL): 7, (MASS, "ccsTechnologicalCO2Capture"): 7},
        ),
        (
            made(excluding="1", including="-1", components={"biogenicCO2Uptake": "-2"}),
            {(MASS, EXCLUDING): 1, (MASS, INCLUDING): 1, (MASS, "biogenicCO2Uptake"): 2, (MASS, "unspecified"): 1},
        ),
        (
            World().modelled("car", "3", [line("steel", 1000)], stages=STAGES),
            {
                (MASS, EXCLUDING): 4,
                (MASS, OUTBOUND): 4,
                (MASS, "MANUFACTURING excluding"): 3,
                (MASS, "RAW_MATERIAL_ACQUISITION excluding"): 1,
            },
        ),
        (World().modelled("car", None, [line("steel", 1000)]), {(MASS, EXCLUDING): 0}),
    ],
)
def test_own_emissions_are_all_that_may_come_to_a_customer(footprint: Footprint, expected: dict[Any, Any]) -> None:
    found = emissions_of(footprint)
    assert {kind: found[kind] for kind in expected} == expected
    assert not any("USE" in part or "END_OF_LIFE" in part for _, part in found)


TEN_BILLION = "10000000000"


MASKED = {
    "outbound": lambda total: made(excluding=total, outbound=TEN_BILLION),
    "uptake": lambda total: made(
        excluding=total,
        including=str(Decimal(total) - Decimal(TEN_BILLION)),
        components={FOSSIL: total, "biogenicCO2Uptake": f"-{TEN_BILLION}"},
    ),
    "removals": lambda total: made(
        excluding=total,
        components={FOSSIL: TEN_BILLION, "technologicalCO2Removals": str(Decimal(total) - Decimal(TEN_BILLION))},
    ),
    "a component": lambda total: made(excluding="9", components={FOSSIL: "9", "landUseChangeGhgEmissions": total}),
    "outbound alone": lambda total: made(excluding="9", outbound=total),
    "distribution": lambda total: World().modelled(
        "car", total, [line("steel", 1)], stages={"DISTRIBUTION": TEN_BILLION}
    ),
}


@pytest.mark.parametrize("masked", MASKED.values(), ids=MASKED)
async def test_a_large_number_beside_it_hides_no_swing(masked: Any) -> None:
    watch = Swings()
    told = [await publish(watch, masked(total)) for total in ("2", "2000000", "2", "2000000")]
    assert [len(keys) for keys in told] == [0, 0, 0, 1]


def test_what_comes_to_nobody_is_not_compared() -> None:
    grave = SimpleNamespace(boundary=SystemBoundary.CRADLE_TO_GRAVE)
    assert emissions_of(grave) == {}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("1", "1000", True),
        ("1", "999.999", False),
        ("1000", "1", True),
        ("1000", "1.001", False),
        ("0.3", "300", True),
        ("0", "0.000001", True),
        ("1000000000", "0", True),
        ("0", "0", False),
    ],
)
def test_a_thousandfold_and_from_or_to_nothing_is_a_swing(before: str, after: str, expected: bool) -> None:
    assert bool(swung({"x": Decimal(before)}, {"x": Decimal(after)})) is expected


def test_only_what_both_have_is_compared() -> None:
    assert swung({"x": Decimal(1)}, {"y": Decimal(1000)}) == set()


async def nobody() -> NoReturn:
    raise AssertionError("nothing may be read for it")


async def publish(watch: Swings, *footprints: Footprint, at_us: int = 5) -> list[int]:
    """The keys of the products whose customers are told; nothing is read, and nobody else is told."""
    judged = await watch.judge(nobody, "maker", footprints, at_us)
    assert list(judged.tell) == []
    watch.published(judged, "maker")
    return list(judged.customers_of)


async def turns(watch: Swings, amounts: Sequence[str], **more: Any) -> list[list[int]]:
    return [await publish(watch, made(excluding=amount), **more) for amount in amounts]


async def test_customers_are_told_from_the_third_swing_of_a_day_on() -> None:
    watch = Swings()
    assert await turns(watch, ["5", "5000", "5", "5000", "7", "6999"]) == [[], [], [], [0], [], []]
    assert await turns(watch, ["5", "5000"]) == [[0], [0]]
    assert await turns(watch, ["5", "5000", "5"], at_us=DAY_US) == [[], [], []]


async def test_from_nothing_to_something_and_back_counts() -> None:
    assert await turns(Swings(), ["0", "1000000000", "0", "1000000000"]) == [[], [], [], [0]]


@pytest.mark.parametrize("amounts", [["5", "5000", "5"], ["0", "5", "0"], ["1", "999"] * 9, ["5"] * 30])
async def test_a_mistaken_unit_and_its_correction_and_ordinary_changes_are_told_to_nobody(amounts: list[str]) -> None:
    assert await turns(Swings(), amounts) == [[]] * len(amounts)


async def test_after_ten_of_a_product_there_is_no_other_that_day() -> None:
    watch = Swings()
    await turns(watch, ["5", "5000"] * 6 + ["5"])
    with pytest.raises(TooManyRequests) as refused:
        await turns(watch, ["5000"])
    assert "told" not in refused.value.message  # whether there is somebody to be told is not the publisher's to know
    assert await turns(watch, ["6", "5"]) == [[], []]
    bus = [made("bus", excluding=amount) for amount in ("5", "5000", "5", "5000")]
    assert [await publish(watch, each) for each in bus] == [[], [], [], [0]]


async def test_what_is_refused_is_not_counted() -> None:
    watch = Swings()
    await turns(watch, ["5", "5000"] * 6 + ["5"])
    for _ in range(3):
        with pytest.raises(TooManyRequests):
            await turns(watch, ["5000"])
    assert await turns(watch, ["5"]) == [[]]


async def test_what_was_judged_and_not_written_is_not_counted() -> None:
    watch = Swings()
    for amount in ("5", "5000", "5", "5000", "5"):
        await watch.judge(nobody, "maker", [made(excluding=amount)], 5)
    assert await turns(watch, ["5", "5000", "5"]) == [[], [], []]


async def test_what_stands_again_counts_and_is_never_refused() -> None:
    watch = Swings()
    assert not watch.compares("product-car", 5)
    for turn in range(7):
        assert await turns(watch, ["5000"]) == [[0] if turn > 1 else []]
        assert watch.compares("product-car", 5)
        judged = await watch.judge(nobody, "maker", [made()], 5, limited=False)
        watch.published(judged, "maker")
        assert list(judged.customers_of) == ([0] if turn > 0 else [])
    with pytest.raises(TooManyRequests):
        await turns(watch, ["5000"])
    watch.published(await watch.judge(nobody, "maker", [made(excluding="0")], 5, limited=False), "maker")
    assert not watch.compares("product-car", DAY_US)


async def test_footprints_of_one_request_are_compared_with_each_other() -> None:
    batch = [made(excluding=amount) for amount in ("5", "5000", "5", "5000")]
    assert await publish(Swings(), *batch) == [0]
    assert await publish(Swings(), *batch[:3]) == []


async def test_each_product_of_a_request_is_counted_by_itself() -> None:
    world, watch = World(), Swings()
    told = [
        await publish(watch, *(world.declared(name, excluding) for name in ("car", "bus")))
        for excluding in ("5", "5000", "5", "5000")
    ]
    assert told == [[], [], [], [0, 1]]


async def test_a_swing_by_the_mass_or_behind_another_unit_is_one() -> None:
    by_mass, watch = [made(unit="PIECE", mass=mass) for mass in ("1", "0.001")] * 2, Swings()
    assert [await publish(watch, each) for each in by_mass] == [[], [], [], [0]]
    by_unit, watch = [made(unit="PIECE"), made(excluding="5000")] * 2, Swings()
    assert [await publish(watch, each) for each in by_unit] == [[], [], [], [0]]


async def test_more_products_than_can_be_kept_begin_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(published_today, "LINES_KEPT_MAX", 2 * published_today.OWN_LINES)
    world, watch = World(), Swings()
    assert await turns(watch, ["5", "5000", "5"]) == [[], [], []]
    for name in ("car", "bus", "bus", "tram"):  # what is published once does not push out what is so more often
        await publish(watch, world.declared(name, "5"))
    assert await turns(watch, ["5000"]) == [[0]]
    for name in ("tram", "ship", "ship"):
        await publish(watch, world.declared(name, "5"))
    assert await turns(watch, ["5", "5000", "5", "5000"]) == [[], [], [], [0]]


@pytest.mark.parametrize("times", [200, 300])
async def test_many_at_once_are_judged_as_few(times: int) -> None:
    """More than may be compared on the event loop."""
    world, watch = World(), Swings()
    told = []
    for excluding in ("5", "5000", "5", "5000"):
        batch = [world.declared(f"car{number}", excluding) for number in range(times)]
        told.append(len(await publish(watch, *batch)))
    assert told == [0, 0, 0, times]
