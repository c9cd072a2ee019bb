"""Which footprint stands for a product at as-of and known-at."""

import pytest

from exchange.model.closure import Dates
from exchange.model.product import Release
from exchange.rollup import choose
from tests.rollup.check import NOW, World, assert_same, check, day, instant, line, solve

LATER = "2028-06-01"  # everything had been published


def dates(as_of: str, known_at: str = LATER, head: int = NOW.head) -> Dates:
    return Dates(day(as_of), instant(known_at), head)


def corrected_product() -> World:
    world = World()
    world.declared("p", "5", period=("2023-01-01", "2024-01-01"), published="2024-03-01", deprecated="2025-02-01")
    world.declared("p", "4", period=("2023-01-01", "2024-01-01"), published="2025-02-01")
    world.declared("p", "3", period=("2024-01-01", "2025-01-01"), published="2025-06-01")
    return world


@pytest.mark.parametrize(
    ("as_of", "known_at", "expected"),
    [
        ("2024-06-01", "2024-06-01", "5"),
        ("2024-06-01", "2025-03-01", "4"),
        ("2024-06-01", LATER, "4"),
        ("2025-06-30", LATER, "3"),
        ("2027-12-31", LATER, "3"),
        ("2028-01-01", LATER, "EXPIRED"),
        ("2023-12-31", LATER, "NOT_YET_VALID"),
        ("2024-06-01", "2024-02-28", "NO_FOOTPRINT"),
        ("2024-06-01", "2024-03-01", "5"),  # published at that very instant
        ("2024-06-01", "2025-02-01", "4"),  # deprecated at that very instant
        ("2024-01-01", LATER, "4"),  # the first day of validity
    ],
)
def test_the_footprint_that_stands(as_of, known_at, expected):
    world = corrected_product()
    if expected.isalpha() or "_" in expected:
        check(world, "p", dates=dates(as_of, known_at), refused=expected)
    else:
        check(world, "p", dates=dates(as_of, known_at), excluding=expected)


@pytest.mark.parametrize(
    ("as_of", "known_at", "gap"),
    [
        ("2028-01-01", LATER, "EXPIRED"),
        ("2023-12-31", LATER, "NOT_YET_VALID"),
        ("2024-06-01", "2024-02-28", "NO_FOOTPRINT"),
    ],
)
def test_a_supplier_without_a_footprint_is_a_gap_with_the_same_reason(as_of, known_at, gap):
    world = corrected_product()
    world.modelled("root", "1", [line("p", 2)], published="2020-01-01", valid=("2020-01-01", "2099-01-01"))
    check(world, "root", dates=dates(as_of, known_at), excluding="1.000", gaps={1: gap})


def test_what_is_not_granted_says_nothing_of_its_footprints():
    world = corrected_product()
    world.unregistered.add("q")
    world.modelled("root", "1", [line("p", 2), line("q", 1)], valid=("2020-01-01", "2099-01-01"))
    world.denied.add(("root", "p"))
    gaps = {1: "NOT_GRANTED", 2: "NOT_GRANTED"}
    check(world, "root", dates=dates("2028-01-01"), excluding="1.000", gaps=gaps)


def test_expired_wins_over_not_yet_valid():
    world = World()
    world.declared("p", "1", valid=("2020-01-01", "2021-01-01"))
    world.declared("p", "2", valid=("2027-01-01", "2029-01-01"))
    check(world, "p", dates=dates("2026-06-30"), refused="EXPIRED")


def test_deprecating_without_a_successor_revives_the_next():
    world = World()
    world.declared("p", "1", period=("2023-01-01", "2024-01-01"))
    world.declared("p", "2", period=("2024-01-01", "2025-01-01"), deprecated="2026-03-01")
    check(world, "p", dates=dates("2026-02-01", "2026-02-28"), excluding="2.000")
    check(world, "p", dates=dates("2026-02-01", "2026-03-01"), excluding="1.000")


def test_newest_period_end_then_start_then_sequence():
    world = World()
    world.declared("p", "1", period=("2023-01-01", "2025-01-01"))
    world.declared("p", "2", period=("2024-01-01", "2025-01-01"))
    world.declared("p", "3", period=("2023-06-01", "2025-01-01"))
    check(world, "p", excluding="2.000")
    world.declared("p", "4", period=("2024-01-01", "2025-01-01"))
    check(world, "p", excluding="4.000")
    world.declared("p", "5", period=("2020-01-01", "2025-01-02"))
    check(world, "p", excluding="5.000")


def test_what_the_head_does_not_know_does_not_exist():
    world = World()
    world.declared("p", "1")
    world.declared("p", "2")
    check(world, "p", dates=dates("2026-06-30", head=1), excluding="1.000")
    check(world, "p", dates=dates("2026-06-30", head=0), refused="NO_FOOTPRINT")
    world.replace("p", 2, deprecated_sequence=9, deprecated_at_us=instant("2026-02-01"))
    check(world, "p", dates=dates("2026-06-30", head=8), excluding="2.000")
    check(world, "p", dates=dates("2026-06-30", head=9), excluding="1.000")


def test_a_release_holds_until_the_next_one_that_was_known():
    world = World()
    world.modelled("factor", "1", release="r1", period=("2012-01-01", "2013-01-01"), published="2016-01-01")
    assert choose_end(world, dates("2026-06-30")) == 2**31 - 1
    world.successors["r1"] = [
        Release("r2", "d", "2", day("2026-05-01"), instant("2026-05-03"), 50),
        Release("r3", "d", "3", day("2027-05-01"), instant("2026-06-03"), 51),
    ]
    check(world, "factor", dates=dates("2026-04-30"), excluding="1.000")
    check(world, "factor", dates=dates("2026-05-01"), refused="EXPIRED")
    check(world, "factor", dates=dates("2026-05-01", "2026-05-02"), excluding="1.000")
    check(world, "factor", dates=dates("2026-05-01", head=49), excluding="1.000")
    assert choose_end(world, dates("2026-04-30")) == day("2026-05-01")


def test_a_stated_end_of_a_release_counts():
    world = World()
    world.modelled("factor", "1", release="r1", valid=("2020-01-01", "2026-01-01"))
    check(world, "factor", dates=dates("2026-01-01"), refused="EXPIRED")


def choose_end(world, at) -> int:
    snapshot = world.snapshot()
    return choose(snapshot.nodes[world.keys["factor"]], at, snapshot.successors).valid_until_day


def test_a_chosen_footprint_stands_whatever_the_dates_say():
    world = corrected_product()
    world.modelled("root", "1", [line("p", 2)], valid=("2020-01-01", "2099-01-01"))
    forced = {world.keys["p"]: world.footprints["p"][0]}
    solution = solve(world, "root", dates=dates("2028-01-01"), chosen=forced)
    assert_same(solution.total(world.keys["root"]).excluding, "11.000")


def test_a_product_registered_after_the_head_is_unknown():
    world = World()
    world.late.add("p")
    world.modelled("root", "1", [line("p", 2)])
    world.declared("p", "1")
    check(world, "root", dates=dates("2026-06-30", head=20), excluding="1.000", gaps={1: "NOT_GRANTED"})
    check(world, "p", dates=dates("2026-06-30", head=20), refused="NO_FOOTPRINT")
    check(world, "root", dates=dates("2026-06-30", head=10_000), excluding="3.000", gaps={})


def test_valid_until_is_the_first_end_of_what_contributes_a_percent():
    world = World()
    world.modelled("root", "90", [line("a", 1), line("b", 1), line("c", 1)], valid=("2026-01-01", "2030-01-01"))
    world.declared("a", "9", valid=("2026-01-01", "2028-01-01"))
    world.declared("b", "0.5", valid=("2026-01-01", "2026-09-01"))
    world.declared("c", "1.5", valid=("2026-01-01", "2027-06-01"))
    solution = solve(world, "root")
    assert solution.valid_until_day(world.keys["root"]) == day("2027-06-01")
    assert solution.valid_until_day(world.keys["b"]) == day("2026-09-01")


def test_valid_until_counts_credits_by_their_size_and_may_be_open():
    world = World()
    world.modelled("root", "10", [line("a", -1, credit=True)], valid=("2026-01-01", "9999-12-31"))
    world.declared("a", "5", valid=("2026-01-01", "2027-01-01"))
    world.declared("b", "5", valid=("2026-01-01", "9999-12-31"))
    assert solve(world, "root").valid_until_day(world.keys["root"]) == day("2027-01-01")
    assert solve(world, "b").valid_until_day(world.keys["b"]) is None
