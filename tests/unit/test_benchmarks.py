"""Benchmarks on values: quantiles beside an independent oracle, and every rule of what is published and when."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate
from scipy.stats import beta
from scipy.stats.mstats import hdquantiles

from exchange.benchmarks import (
    Candidate,
    ComparableSet,
    Contribution,
    Edition,
    GroupBand,
    Numbers,
    Outcome,
    Position,
    Result,
    Status,
    WhyNot,
    changed_groups,
    contributions,
    harrell_davis,
    numbers_of,
    on_grid,
    position,
    release,
)
from exchange.benchmarks.categories import above, parents_of, with_those_above
from exchange.benchmarks.comparable import price_of, price_text
from exchange.benchmarks.quarters import closing_of, last_closed, quarter_name
from exchange.importers.catalogue_files import read_catalogue
from exchange.model.footprint import Price, PriceBasis, SystemBoundary
from exchange.units import DeclaredUnit, Dimension

D = Decimal
HALF, QUARTER, REST = Fraction(1, 2), Fraction(1, 4), Fraction(3, 4)
STEEL = Result(
    product_id="p1",
    group_id="g1",
    categories=("steel",),
    boundary=SystemBoundary.CRADLE_TO_GATE,
    convention="EXCLUDING_UPTAKE",
    declared_unit_amount=D(1),
    declared_unit=DeclaredUnit.KILOGRAM,
    price=None,
    kg_co2e=D(2),
)
KEY = ComparableSet("steel", SystemBoundary.CRADLE_TO_GATE, Dimension.MASS, "", "EXCLUDING_UPTAKE")


def members(*values: object, start: int = 0) -> tuple[Contribution, ...]:
    return tuple(Contribution(f"g{start + at:03}", D(str(value))) for at, value in enumerate(values))


def candidate(*values: object, category: str = "steel", alliance: str = "a", start: int = 0) -> Candidate:
    return Candidate(alliance, replace(KEY, category=category), members(*values, start=start))


def held(outcome: Outcome) -> Edition:
    assert outcome.edition is not None
    return outcome.edition


# --- quantiles ---


def test_the_example_of_the_method():
    """Of six values the median's weights are I_(i/6)(3.5, 3.5) - I_((i-1)/6)(3.5, 3.5)."""
    values = [D(x) for x in (1, 2, 3, 4, 5, 12)]
    weights = [beta.cdf(i / 6, 3.5, 3.5) - beta.cdf((i - 1) / 6, 3.5, 3.5) for i in range(1, 7)]
    assert [round(weight, 4) for weight in weights] == [0.0249, 0.1654, 0.3096, 0.3096, 0.1654, 0.0249]
    assert harrell_davis(values, HALF) == pytest.approx(3.6496017, abs=1e-7)
    assert on_grid(harrell_davis(values, HALF), 10) == D("3.797")


def by_integration(values: list[Decimal], probability: Fraction) -> float:
    """The definition: every order statistic by the integral of the beta density over its part of [0, 1]."""
    count, p = len(values), float(probability)
    density = beta((count + 1) * p, (count + 1) * (1 - p)).pdf
    weights = [integrate.quad(density, i / count, (i + 1) / count, epsabs=1e-12)[0] for i in range(count)]
    return math.fsum(weight * float(value) for weight, value in zip(weights, sorted(values), strict=True))


@pytest.mark.parametrize("probability", [QUARTER, HALF, REST])
@given(st.lists(st.decimals(min_value="0.001", max_value=100_000, places=3), min_size=2, max_size=30))
def test_quantiles_are_scipys(probability, values):
    expected = float(hdquantiles(np.array([float(v) for v in values]), [float(probability)])[0])
    assert harrell_davis(values, probability) == pytest.approx(expected, rel=1e-9)


def test_quantiles_of_ten_categories_of_the_catalogue(data_dir):
    """Companies' medians of carbon intensity, by GICS industry group and by sector: by integrating the definition."""
    by_category: dict[str, dict[str, list[Decimal]]] = {}
    for one in read_catalogue(data_dir / "carbon_catalogue"):
        for category in (one.sector, one.gics_industry_group):
            by_category.setdefault(category, {}).setdefault(one.company_number, []).append(one.kg_co2e / one.mass_kg)
    chosen = sorted(by_category, key=lambda name: (-len(by_category[name]), name))[:10]
    assert len(by_category[chosen[-1]]) >= 9
    for category in chosen:
        groups = {number: D(str(np.median([float(v) for v in own]))) for number, own in by_category[category].items()}
        made = numbers_of([Contribution(number, value) for number, value in groups.items()])
        assert isinstance(made, Numbers)
        step = 5 if len(groups) >= 12 else 10
        assert made.step_percent == step
        for told, probability in ((made.lower_quartile, QUARTER), (made.median, HALF), (made.upper_quartile, REST)):
            assert told is not None
            expected = by_integration(list(groups.values()), probability)
            assert abs(math.log(float(told) / expected)) <= math.log1p(step / 100) / 2 + 1e-4, category


def test_a_grid_number_is_a_power_and_never_further_than_half_a_step():
    assert [str(on_grid(x, 10)) for x in (1, 1.04, 1.06, 0.9, 2000, 1e-6)] == [
        "1",
        "1",
        "1.1",
        "0.9091",
        "2048",
        "9.955E-7",
    ]
    assert str(on_grid(1.06, 5)) == "1.05"
    assert on_grid(0.0, 10) is None
    assert on_grid(-3.0, 5) is None


# --- who is counted ---


def test_a_group_has_one_value_the_median_of_its_products():
    results = [replace(STEEL, product_id=f"p{at}", kg_co2e=D(kg)) for at, kg in enumerate((1, 2, 10))]
    results.append(replace(STEEL, product_id="q", group_id="g2", kg_co2e=D(2500), declared_unit_amount=D(1000)))
    assert contributions(results) == {KEY: (Contribution("g1", D(2)), Contribution("g2", D("2.5")))}


def test_values_are_per_base_unit_and_of_two_products_the_middle_counts():
    """36 kg per kilowatt hour are 10 per megajoule; with 2 per megajoule beside them, 6."""
    energy = replace(KEY, dimension=Dimension.ENERGY)
    hour = replace(STEEL, product_id="p2", kg_co2e=D(36), declared_unit=DeclaredUnit.KILOWATT_HOUR)
    joule = replace(STEEL, declared_unit=DeclaredUnit.MEGAJOULE)
    assert contributions([hour]) == {energy: (Contribution("g1", D(10)),)}
    assert contributions([joule, hour]) == {energy: (Contribution("g1", D(6)),)}


def test_a_product_that_is_named_twice_counts_once():
    assert contributions([STEEL, replace(STEEL, kg_co2e=D(4)), STEEL])[KEY] == (Contribution("g1", D(2)),)


@pytest.mark.parametrize(
    "changes",
    [
        {"boundary": SystemBoundary.CRADLE_TO_GRAVE},
        {"declared_unit": DeclaredUnit.PIECE},
        {"convention": "INCLUDING_UPTAKE"},
        {"categories": ("iron",)},
    ],
)
def test_what_is_not_comparable_is_in_another_set(changes):
    found = contributions([STEEL, replace(STEEL, product_id="q", group_id="g2", **changes)])
    assert {key: len(values) for key, values in found.items()} == {KEY: 1, **{key: 1 for key in found if key != KEY}}
    assert len(found) == 2


def test_what_is_of_an_unknown_convention_is_in_no_set():
    assert contributions([replace(STEEL, convention=None)]) == {}


def test_splitting_a_group_changes_nothing():
    one = [replace(STEEL, product_id=f"p{at}", kg_co2e=D(at + 1)) for at in range(40)]
    assert contributions(one)[KEY] == (Contribution("g1", D("20.5")),)  # as forty organizations of one group, too


# --- what is published ---


@pytest.mark.parametrize(
    ("count", "quartiles", "step", "band"),
    [
        (6, False, 10, GroupBand.SIX_TO_EIGHT),
        (8, False, 10, GroupBand.SIX_TO_EIGHT),
        (9, True, 10, GroupBand.NINE_TO_ELEVEN),
        (11, True, 10, GroupBand.NINE_TO_ELEVEN),
        (12, True, 5, GroupBand.TWELVE_TO_NINETEEN),
        (19, True, 5, GroupBand.TWELVE_TO_NINETEEN),
        (20, True, 5, GroupBand.TWENTY_TO_FORTY_NINE),
        (49, True, 5, GroupBand.TWENTY_TO_FORTY_NINE),
        (50, True, 5, GroupBand.FIFTY_OR_MORE),
    ],
)
def test_what_is_published_goes_by_the_number_of_groups(count, quartiles, step, band):
    found = numbers_of(members(*range(1, count + 1)))
    assert isinstance(found, Numbers)
    assert (found.lower_quartile is not None, found.upper_quartile is not None) == (quartiles, quartiles)
    assert (found.step_percent, found.groups) == (step, band)


def test_of_five_groups_nothing_is_published():
    assert numbers_of(members(1, 2, 3, 4, 5)) is WhyNot.TOO_FEW_GROUPS


def test_a_quantile_that_is_not_positive_is_not_published():
    assert numbers_of(members(-5, -4, -3, 1, 2, 3)) is WhyNot.NOT_POSITIVE
    assert numbers_of(members(-5, -4, -3, *range(1, 7))) is WhyNot.NOT_POSITIVE  # its lower quartile
    assert numbers_of(members(*[0] * 6)) is WhyNot.NOT_POSITIVE  # nothing at all: the grid has no place for it


@pytest.mark.parametrize(("changed", "status"), [(0, Status.KEPT), (3, Status.KEPT), (4, Status.NEW), (6, Status.NEW)])
def test_a_new_edition_needs_four_groups_that_changed(changed, status):
    first = release([candidate(1, 2, 3, 4, 5, 6)], {}, {}, "2026-Q1")
    [(at, outcome)] = first.items()
    assert outcome.status is Status.NEW
    values = [100 if place < changed else place + 1 for place in range(6)]
    later = release([candidate(*values)], {at: held(outcome)}, {}, "2026-Q2")[at]
    assert later.status is status
    assert held(later).quarter == ("2026-Q2" if status is Status.NEW else "2026-Q1")
    assert (later.why_not is WhyNot.TOO_FEW_CHANGES) == (status is Status.KEPT)


def test_changes_are_counted_since_the_last_published_edition():
    """Two groups change in a quarter, two in the next: nothing, then a new edition."""
    at = ("a", KEY)
    in_force = {at: held(release([candidate(1, 2, 3, 4, 5, 6)], {}, {}, "Q1")[at])}
    second = release([candidate(10, 20, 3, 4, 5, 6)], in_force, {}, "Q2")[at]
    assert (second.status, second.edition) == (Status.KEPT, in_force[at])
    third = release([candidate(10, 20, 30, 40, 5, 6)], {at: held(second)}, {}, "Q3")[at]
    assert third.status is Status.NEW


def test_joining_leaving_and_changing_all_count():
    last, now = frozenset(members(1, 2, 3, 4)), frozenset(members(1, 2, 9, start=1))
    assert changed_groups(now, last) == {"g000", "g001", "g002", "g003"}
    assert changed_groups(last, last) == frozenset()


@pytest.mark.parametrize(("outside", "status"), [(0, "NEW"), (1, "NONE"), (4, "NONE"), (5, "NEW")])
def test_a_parent_is_published_if_its_groups_outside_published_children_are_none_or_five(outside, status):
    child = candidate(1, 2, 3, 4, 5, 6, category="flat")
    parent = Candidate("a", KEY, (*child.members, *members(*range(7, 7 + outside), start=6)))
    found = release([parent, child], {}, {"flat": "steel"}, "Q1")
    assert found["a", child.key].status is Status.NEW
    assert found["a", KEY].status == status
    assert (found["a", KEY].why_not is WhyNot.TOO_CLOSE_TO_ANOTHER) == (status == "NONE")


def test_a_parent_of_two_children_is_judged_by_what_is_outside_both():
    one = candidate(*range(1, 7), category="flat")
    two = candidate(*range(11, 17), category="long", start=10)
    tree = {"flat": "steel", "long": "steel"}
    both = (*one.members, *two.members)
    for rest, status in ((0, Status.NEW), (3, Status.NONE), (5, Status.NEW)):
        parent = Candidate("a", KEY, (*both, *members(*range(50, 50 + rest), start=50)))
        assert release([parent, one, two], {}, tree, "Q1")["a", KEY].status is status


def test_a_child_that_is_not_published_is_not_counted():
    few = candidate(1, 2, 3, category="flat")
    parent = Candidate("a", KEY, (*few.members, *members(4, 5, 6, start=3)))
    found = release([parent, few], {}, {"flat": "steel"}, "Q1")
    assert found["a", few.key].why_not is WhyNot.TOO_FEW_GROUPS
    assert found["a", KEY].status is Status.NEW


def test_a_child_keeps_its_distance_from_a_parent_that_stays():
    parent = candidate(*range(1, 9))
    in_force = {("a", KEY): held(release([parent], {}, {}, "Q1")["a", KEY])}
    child = Candidate("a", replace(KEY, category="flat"), parent.members[:6])
    found = release([parent, child], in_force, {"flat": "steel"}, "Q2")
    assert found["a", child.key].why_not is WhyNot.TOO_CLOSE_TO_ANOTHER
    assert found["a", KEY].status is Status.KEPT


def test_a_group_with_another_value_in_the_parent_is_outside():
    child = candidate(1, 2, 3, 4, 5, 6, category="flat")
    parent = Candidate("a", KEY, (*child.members[:5], Contribution("g005", D(7))))
    found = release([parent, child], {}, {"flat": "steel"}, "Q1")
    assert found["a", KEY].why_not is WhyNot.TOO_CLOSE_TO_ANOTHER


@pytest.mark.parametrize(("apart", "status"), [(0, "NEW"), (1, "NONE"), (4, "NONE"), (5, "NEW")])
def test_alliances_that_overlap_keep_their_distance_too(apart, status):
    one = candidate(*range(1, 11), alliance="a")
    kept = one.members[apart:]
    for two in (
        (*kept, *members(*range(90, 90 + apart), start=90)),
        kept,
        (*one.members, *members(*range(apart), start=50)),
    ):
        if len(two) < 6:
            continue
        found = release([one, Candidate("b", KEY, two)], {}, {}, "Q1")
        assert found["a", KEY].status is Status.NEW
        assert found["b", KEY].status == status


def test_alliances_of_the_same_groups_have_the_same_numbers():
    found = release([candidate(*range(1, 8)), candidate(*range(1, 8), alliance="b")], {}, {}, "Q1")
    assert held(found["a", KEY]).numbers == held(found["b", KEY]).numbers


def test_alliances_without_a_group_in_common_do_not_know_each_other():
    found = release([candidate(*range(1, 7)), candidate(*range(1, 7), alliance="b", start=50)], {}, {}, "Q1")
    assert {outcome.status for outcome in found.values()} == {Status.NEW}


def test_a_tree_that_is_none_is_a_mistake():
    with pytest.raises(ValueError, match="above itself"):
        release([candidate(1)], {}, {"steel": "iron", "iron": "steel"}, "Q1")


# --- the same by the definition, slowly ---


def apart(one: frozenset[Contribution], other: frozenset[Contribution]) -> bool:
    return not one & other or all(len(rest) in (0, *range(5, 99)) for rest in (one - other, other - one))


def keeps_distance(made: Edition, in_force: dict[tuple[str, ComparableSet], Edition], tree: dict[str, str]) -> bool:
    """Every pair, and every parent against all of its children."""

    def is_above(parent: str, category: str) -> bool:
        return category in tree and (tree[category] == parent or is_above(parent, tree[category]))

    others = [each for each in in_force.values() if each is not made]
    if not all(apart(made.members, other.members) for other in others):
        return False
    for parent in (made, *(other for other in others if is_above(other.key.category, made.key.category))):
        below = [each.members for each in in_force.values() if is_above(parent.key.category, each.key.category)]
        if below and 0 < len(parent.members.difference(*below)) < 5:
            return False
    return True


@given(st.randoms(use_true_random=False), st.integers(1, 3))
def test_what_is_published_keeps_its_distance_by_the_definition(random: Random, alliances: int) -> None:
    """Families of sets of two quarters: none is published that does not, and none is held back that does."""
    tree = {"a1": "a", "a2": "a", "a11": "a1", "b1": "b"}
    last: dict[tuple[str, ComparableSet], Edition] = {}
    for quarter in ("Q1", "Q2"):
        candidates = []
        for alliance in "xyz"[:alliances]:
            for category in ("a", "a1", "a2", "a11", "b", "b1"):
                groups = random.sample(range(16), random.choice((7, 12, 14, 16)))
                values = {group: 1 + group + (100 if random.random() < 0.1 else 0) for group in groups}
                own = tuple(Contribution(f"g{group:03}", D(value)) for group, value in sorted(values.items()))
                candidates.append(Candidate(alliance, replace(KEY, category=category), own))
        found = release(candidates, last, tree, quarter)
        in_force = dict(last)
        for at, outcome in found.items():  # in the order in which they were decided
            candidate = next(each for each in candidates if (each.alliance_id, each.key) == at)
            if outcome.status is Status.NEW:
                in_force[at] = held(outcome)
                assert keeps_distance(held(outcome), in_force, tree)
            elif outcome.why_not is WhyNot.TOO_CLOSE_TO_ANOTHER:
                numbers = numbers_of(candidate.members)
                assert isinstance(numbers, Numbers)
                made = Edition(*at, quarter, numbers, frozenset(candidate.members))
                assert not keeps_distance(made, {**in_force, at: made}, tree)
        last = in_force


# --- categories and quarters ---


@pytest.mark.parametrize(
    ("category", "parent"),
    [
        ("urn:pact:productclassification:un-cpc:37440", "urn:pact:productclassification:un-cpc:3744"),
        ("urn:pact:productclassification:un-cpc:37", "urn:pact:productclassification:un-cpc:3"),
        ("urn:pact:productclassification:UN-CPC:37", "urn:pact:productclassification:UN-CPC:3"),
        ("urn:pact:productclassification:un-cpc:3", None),
        ("urn:pact:productclassification:un-cpc:374401", None),
        ("urn:pact:productclassification:hs:252329", "urn:pact:productclassification:hs:2523"),
        ("urn:pact:productclassification:hs:25232", None),
        ("urn:pact:productclassification:cn:25232900", "urn:pact:productclassification:cn:252329"),
        ("urn:pact:productclassification:cas:1234", None),
        ("urn:pact:categories.example:category:battery", None),
    ],
)
def test_the_category_above_follows_from_the_code(category, parent):
    assert above(category) == parent


def test_all_above_are_found_once():
    prefix = "urn:pact:productclassification:un-cpc:"
    both = [f"{prefix}3744", f"{prefix}3712", "urn:pact:x.example:y"]
    expected = [f"{prefix}{code}" for code in ("3744", "374", "37", "3", "3712", "371")]
    assert with_those_above(both) == (*expected, "urn:pact:x.example:y")
    assert parents_of(both)[f"{prefix}371"] == f"{prefix}37"


@pytest.mark.parametrize(
    ("day", "closing", "name", "last"),
    [
        ("2026-01-01", "2026-03-31", "2026-Q1", "2025-12-31"),
        ("2026-03-31", "2026-03-31", "2026-Q1", "2025-12-31"),
        ("2026-04-01", "2026-06-30", "2026-Q2", "2026-03-31"),
        ("2024-02-29", "2024-03-31", "2024-Q1", "2023-12-31"),
        ("2026-09-30", "2026-09-30", "2026-Q3", "2026-06-30"),
        ("2026-12-31", "2026-12-31", "2026-Q4", "2026-09-30"),
    ],
)
def test_quarters_close_with_their_last_day(day, closing, name, last):
    given_day = date.fromisoformat(day)
    assert (str(closing_of(given_day)), quarter_name(given_day), str(last_closed(given_day))) == (closing, name, last)


def test_prices_are_read_as_they_are_written():
    price = Price("EUR", 2024, PriceBasis.BASIC)
    assert price_text(price) == "EUR 2024 BASIC"
    assert (price_of(price_text(price)), price_of(price_text(None))) == (price, None)


# --- position ---

QUARTILES = Numbers(D("1"), D("2.144"), D("4.595"), 10, GroupBand.NINE_TO_ELEVEN)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (-1, Position.BELOW_LOWER_QUARTILE),
        (0, Position.BELOW_LOWER_QUARTILE),
        (0.9, Position.BELOW_LOWER_QUARTILE),
        (1.04, Position.AT_LOWER_QUARTILE),
        (1.5, Position.LOWER_QUARTILE_TO_MEDIAN),
        (2.1, Position.AT_MEDIAN),
        (3, Position.MEDIAN_TO_UPPER_QUARTILE),
        (4.6, Position.AT_UPPER_QUARTILE),
        (90, Position.ABOVE_UPPER_QUARTILE),
    ],
)
def test_a_position_is_read_off_the_published_numbers(value, expected):
    assert position(value, QUARTILES) is expected


def test_without_quartiles_a_position_is_beside_the_median():
    only = replace(QUARTILES, lower_quartile=None, upper_quartile=None)
    told = [position(value, only) for value in (1.0, 2.144, 9.0)]
    assert told == [Position.BELOW_MEDIAN, Position.AT_MEDIAN, Position.ABOVE_MEDIAN]
