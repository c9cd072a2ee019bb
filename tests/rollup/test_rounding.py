"""Numbers going out: twelve digits of the largest component, exact sums, plain text; narrowing where it matters."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from exchange.model.carbon import COLUMNS
from exchange.rollup import narrowing
from exchange.rollup.rounding import plain, round_outward, round_percent, round_vector, share_percent, text
from tests.rollup.check import World, line, solve


def vector(**amounts):
    return [Decimal(amounts.get(name, "0")) for name in COLUMNS]


def test_components_share_the_largest_ones_quantum():
    rounded = round_vector(vector(fossilGhgEmissions="1234.567890123", biogenicNonCO2Emissions="0.0000123456789"))
    assert str(rounded.quantum) == "1E-8"
    assert [text(value) for value in rounded.components if value] == ["1234.56789012", "0.00001235"]
    assert text(rounded.excluding) == "1234.56790247"


def test_ties_go_to_the_even_digit():
    for amount, expected in [("1.000000000005", "1"), ("1.000000000015", "1.00000000002"), ("-1.000000000005", "-1")]:
        assert text(round_vector(vector(unspecified=amount)).excluding) == expected


def test_a_memo_column_counts_for_the_quantum():
    rounded = round_vector(vector(fossilGhgEmissions="1", aircraftGhgEmissions="123456"))
    assert str(rounded.quantum) == "0.000001"


def test_ten_and_nearly_ten_are_shown_alike():
    for amount in ("9.9999999999999", "10", "10.0000000000001"):
        rounded = round_vector(vector(fossilGhgEmissions=amount))
        assert (text(rounded.excluding), str(rounded.quantum)) == ("10", "1E-10")


def test_all_zero_is_zero():
    rounded = round_vector(vector())
    assert (text(rounded.excluding), text(rounded.including)) == ("0", "0")


def test_huge_and_tiny_numbers_have_no_exponent():
    assert text(round_vector(vector(fossilGhgEmissions="1.5E+30")).excluding) == "15" + "0" * 29
    assert text(round_vector(vector(fossilGhgEmissions="1.5E-30")).excluding) == "0." + "0" * 29 + "15"
    assert [text(plain(Decimal(one))) for one in ("1E+3", "-0", "0.10", "-0.0")] == ["1000", "0", "0.1", "0"]


def test_the_interval_is_rounded_outward():
    found = round_outward(Decimal("-0.123"), Decimal("0.123"), Decimal("0.01"))
    assert [str(one) for one in found] == ["-0.17", "0.17"]


def test_percentages_have_ten_decimals():
    assert text(round_percent(100.00000000000001)) == "100"
    assert text(round_percent(30.023310023310)) == "30.0233100233"


@pytest.fixture
def narrowed(monkeypatch):
    """Notes the columns that were narrowed to extended precision."""
    columns: list[int] = []
    refine = narrowing.Narrowing._refine

    def noting(self, column):
        columns.append(column)
        return refine(self, column)

    monkeypatch.setattr(narrowing.Narrowing, "_refine", noting)
    return columns


def split_in_two(amount: str) -> World:
    """A product that is 0.1 + 0.9 of suppliers with the same result, which binary sums do not give back exactly."""
    world = World()
    world.modelled("root", None, [line("a", "0.1"), line("b", "0.9")])
    world.declared("a", amount)
    world.declared("b", amount)
    return world


def test_a_result_between_two_roundings_to_nine_digits_is_narrowed(narrowed):
    # Rounded to twelve digits it is ...02500 exactly, but ...02501 from binary; to nine ...02 instead of ...03.
    world = split_in_two("1.000000025005")
    solution = solve(world, "root")
    assert str(round_vector([Decimal(one) for one in solution.cradle_to_gate(0)]).excluding) == "1.00000002501"
    assert str(solution.total(world.keys["root"]).excluding) == "1.000000025"
    assert narrowed == [0]


def test_a_boundary_that_twelve_digits_hold_needs_no_narrowing(narrowed):
    world = split_in_two("1.000000025")
    assert str(solve(world, "root").total(world.keys["root"]).excluding) == "1.000000025"
    assert narrowed == []


def test_a_result_that_cancels_exactly_is_zero(narrowed):
    world = World()
    world.modelled("root", "0.3", [line("a", "-0.1", credit=True)])
    world.declared("a", "3")
    total = solve(world, "root").total(world.keys["root"])
    assert str(total.excluding) == "0"
    assert total.lower <= 0 <= total.upper
    assert narrowed == [0]


def test_a_result_that_cancels_over_a_loop_is_zero(narrowed):
    world = World()
    world.modelled("root", "0.07", [line("a", "-0.1", credit=True)])
    world.modelled("a", "0.693", [line("b", "0.1")])  # 0.7, which two doubles do not hold
    world.modelled("b", None, [line("a", "0.1")])
    assert str(solve(world, "root").total(world.keys["root"]).excluding) == "0"
    assert narrowed == [0]


def test_a_narrowed_value_that_may_be_zero_is_zero():
    found = narrowing.Narrowed(np.array([1e-40, 1e-20]), np.array([0.0, 1e-37]), np.array([1e-31, 1e-31]))
    assert found.value(0) == 0
    assert Fraction(found.value(1)) == Fraction(1e-20) + Fraction(1e-37)


def test_an_ordinary_result_is_not_narrowed(narrowed):
    world = World()
    world.modelled("power", "0.85", [line("coal", "0.4")])
    world.modelled("coal", "0.05", [line("power", "0.06")])
    solve(world, "power").total(world.keys["power"])
    assert narrowed == []


def test_narrowing_reaches_thirty_digits_over_a_loop():
    world = World()
    world.modelled("a", "0.1", [line("b", "0.7")])
    world.modelled("b", "0.3", [line("a", "0.9"), line("c", "0.001")])
    world.declared("c", "0.123456789")
    solution = solve(world, "a")
    found = solution._shown._narrowing.column(0)
    b = Fraction(3, 10) + Fraction(123456789, 10**12)
    exact = (Fraction(1, 10) + Fraction(7, 10) * b) / (1 - Fraction(63, 100))
    distance = abs(Fraction(found.value(0)) - exact)
    assert distance <= Fraction(float(found.radius[0]))
    assert distance / exact < Fraction(1, 10**29)
    assert found.radius[0] < 1e-28


def test_the_radius_from_the_exact_residual_is_a_bound():
    world = World()
    world.modelled("a", "0.1", [line("b", "0.7")])
    world.modelled("b", "0.3", [line("a", "0.9")])
    solution = solve(world, "a")
    radius = solution._shown._narrowing.radius(0)[0]
    exact = (Fraction(1, 10) + Fraction(7, 10) * Fraction(3, 10)) / (1 - Fraction(63, 100))
    assert abs(Fraction(float(solution._answer.x[0, 0])) - exact) <= Fraction(float(radius))
    assert radius < solution._answer.radius[0, 0] / 2


def test_a_share_is_of_what_is_shown():
    assert str(share_percent(Decimal("0.041393442623"), Decimal("0.891393442623"))) == "4.6436781609"
    assert [str(share_percent(Decimal(part), Decimal(whole))) for part, whole in [(1, 0), (-1, 8)]] == ["0", "-12.5"]
