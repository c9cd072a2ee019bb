"""The rule of comparing, on values: one thing differs at a time, and the numbers are computed by hand."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.comparison import (
    BiogenicConvention,
    Comparison,
    Difference,
    Finding,
    ReasonCode,
    Subject,
    Verdict,
    compare,
)
from exchange.model.conformity import ProductRuleOperator, Verification, VerificationCoverage
from exchange.model.footprint import DataQuality, Price, PriceBasis, SystemBoundary
from exchange.units import DeclaredUnit
from tests.rollup.check import instant

D = Decimal

PEFCR, METALS = (ProductRuleOperator.PEF, "", "steel"), (ProductRuleOperator.PEF, "", "metals")
CHECKED = Verification(VerificationCoverage.PRODUCT_LEVEL, "Checkers", instant("2026-02-01"), "ISO 14064-3")
STEEL = Subject(
    boundary=SystemBoundary.CRADLE_TO_GATE,
    kg_co2e=D("2"),
    lower_kg_co2e=D("1.8"),
    upper_kg_co2e=D("2.2"),
    covered_percent=D(100),
    convention=BiogenicConvention.EXCLUDING_UPTAKE,
    declared_unit_amount=D(1),
    declared_unit=DeclaredUnit.KILOGRAM,
    price=None,
    mass_kg=D(1),
    period_start_us=instant("2025-01-01"),
    period_end_us=instant("2026-01-01"),
    country="CN",
    country_subdivision=None,
    region=None,
    characterizations=("AR6",),
    standards=("ISO14067",),
    product_rules=(PEFCR,),
    verification=CHECKED,
    classifications=("urn:x:steel",),
    primary_data_share_percent=D(60),
    quality=DataQuality(D("1.5"), D(2), D(3)),
    has_gaps=False,
)
PIECE = replace(STEEL, declared_unit=DeclaredUnit.PIECE, mass_kg=D(3))
DOLLARS = replace(STEEL, declared_unit=DeclaredUnit.MONEY, price=Price("USD", 2012, PriceBasis.PRODUCER))
UNKNOWN, DIFFERENT = Finding.UNKNOWN, Finding.DIFFERENT


def told(comparison: Comparison) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(reason.code.value, reason.finding.value, reason.fields) for reason in comparison.reasons]


def difference(one: Subject, other: Subject) -> Difference:
    found = compare(one, other).difference
    assert found is not None
    return found


def test_what_agrees_in_everything_is_comparable():
    found = compare(STEEL, replace(STEEL, kg_co2e=D("2.5"), lower_kg_co2e=D("2.3"), upper_kg_co2e=D("2.7")))
    assert found.verdict is Verdict.COMPARABLE
    assert found.reasons == ()
    assert found.difference is not None
    assert (found.difference.percent, found.difference.overlap) == (D("25.00"), False)


@pytest.mark.parametrize(
    ("one", "changes", "code", "fields"),
    [
        (STEEL, {"boundary": SystemBoundary.CRADLE_TO_GRAVE}, "BOUNDARY", ("systemBoundary",)),
        (STEEL, {"declared_unit": DeclaredUnit.LITER}, "UNIT", ("declaredUnitOfMeasurement",)),
        (DOLLARS, {"price": Price("USD", 2013, PriceBasis.PRODUCER)}, "UNIT", ("priceYear",)),
        (DOLLARS, {"price": Price("EUR", 2012, PriceBasis.BASIC)}, "UNIT", ("currency", "priceBasis")),
        (STEEL, {"convention": BiogenicConvention.INCLUDING_UPTAKE}, "BIOGENIC_CONVENTION", ("biogenicConvention",)),
    ],
)
def test_what_prevents_a_comparison(one, changes, code, fields):
    for pair in ((one, replace(one, **changes)), (replace(one, **changes), one)):
        found = compare(*pair)
        assert found.verdict is Verdict.NOT_COMPARABLE
        assert found.difference is None
        assert told(found) == [(code, "DIFFERENT", fields)]
        assert found.reasons[0].prevents


@pytest.mark.parametrize(
    ("one", "changes", "reason"),
    [
        (STEEL, {"convention": None}, ("BIOGENIC_CONVENTION", "UNKNOWN", ("biogenicConvention",))),
        (STEEL, {"classifications": ("urn:x:iron",)}, ("KIND", "DIFFERENT", ("classifications",))),
        (STEEL, {"classifications": ()}, ("KIND", "UNKNOWN", ("classifications",))),
        (PIECE, {"mass_kg": D(4)}, ("PIECE", "DIFFERENT", ("productMassPerDeclaredUnit",))),
        (PIECE, {"mass_kg": D(0)}, ("PIECE", "UNKNOWN", ("productMassPerDeclaredUnit",))),
        (
            STEEL,
            {"characterizations": ("AR5",)},
            ("CHARACTERIZATION", "DIFFERENT", ("ipccCharacterizationFactors",)),
        ),
        (STEEL, {"characterizations": ()}, ("CHARACTERIZATION", "UNKNOWN", ("ipccCharacterizationFactors",))),
        (STEEL, {"period_start_us": instant("2024-01-01")}, ("PERIOD", "DIFFERENT", ("referencePeriodStart",))),
        (STEEL, {"country": "DE"}, ("GEOGRAPHY", "DIFFERENT", ("geographyCountry",))),
        (STEEL, {"country": None}, ("GEOGRAPHY", "UNKNOWN", ("geographyCountry",))),
        (
            STEEL,
            {"country": None, "region": "Asia"},
            ("GEOGRAPHY", "DIFFERENT", ("geographyCountry", "geographyRegionOrSubregion")),
        ),
        (STEEL, {"standards": ("PAS2050",)}, ("RULES", "DIFFERENT", ("crossSectoralStandards",))),
        (STEEL, {"standards": ()}, ("RULES", "UNKNOWN", ("crossSectoralStandards",))),
        (STEEL, {"product_rules": (METALS,)}, ("PRODUCT_RULES", "DIFFERENT", ("productOrSectorSpecificRules",))),
        (STEEL, {"product_rules": ()}, ("PRODUCT_RULES", "DIFFERENT", ("productOrSectorSpecificRules",))),
        (STEEL, {"verification": None}, ("VERIFICATION", "DIFFERENT", ("verification",))),
        (
            STEEL,
            {"verification": replace(CHECKED, coverage=VerificationCoverage.PCF_PROGRAM)},
            ("VERIFICATION", "DIFFERENT", ("coverage",)),
        ),
        (
            STEEL,
            {"verification": replace(CHECKED, standard_name="ISO 14065")},
            ("VERIFICATION", "DIFFERENT", ("standardName",)),
        ),
        (STEEL, {"verification": replace(CHECKED, coverage=None)}, ("VERIFICATION", "UNKNOWN", ("coverage",))),
        (STEEL, {"verification": replace(CHECKED, standard_name=None)}, ("VERIFICATION", "UNKNOWN", ("standardName",))),
        (STEEL, {"primary_data_share_percent": D(50)}, ("DATA_QUALITY", "DIFFERENT", ("primaryDataShare",))),
        (STEEL, {"primary_data_share_percent": None}, ("DATA_QUALITY", "UNKNOWN", ("primaryDataShare",))),
        (
            STEEL,
            {"quality": DataQuality(D("1.5"), D(2), D("3.6"))},
            ("DATA_QUALITY", "DIFFERENT", ("geographicalDQR",)),
        ),
        (STEEL, {"has_gaps": True}, ("GAPS", "DIFFERENT", ("hasGaps",))),
        (STEEL, {"lower_kg_co2e": None, "upper_kg_co2e": None}, ("SPREAD", "UNKNOWN", ("coveredPercent",))),
        (STEEL, {"covered_percent": D(99)}, ("SPREAD", "UNKNOWN", ("coveredPercent",))),
    ],
)
def test_what_is_a_caveat(one, changes, reason):
    for pair in ((one, replace(one, **changes)), (replace(one, **changes), one)):
        found = compare(*pair)
        assert found.verdict is Verdict.COMPARABLE_WITH_CAVEATS
        assert told(found) == [reason]
        assert not found.reasons[0].prevents
        assert found.difference is not None


@pytest.mark.parametrize(
    "changes",
    [
        {"classifications": ("urn:x:other", "urn:x:steel")},  # one in common
        {"primary_data_share_percent": D("50.01")},
        {"quality": DataQuality(D("1.51"), D("2.4"), D("2.6"))},  # the same as whole numbers
        {"verification": replace(CHECKED, provider_name="Others", completed_at_us=0, comments="Twice.")},
        {"standards": ("ISO14067", "ISO14067")},
        {"mass_kg": D(7)},  # by the kilogram
    ],
)
def test_what_is_told_of_nobody(changes):
    assert compare(STEEL, replace(STEEL, **changes)).reasons == ()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"convention": None}, "BIOGENIC_CONVENTION"),
        ({"classifications": ()}, "KIND"),
        ({"characterizations": ()}, "CHARACTERIZATION"),
        ({"characterizations": ("AR5", "AR6")}, "CHARACTERIZATION"),  # which part used which?
        ({"country": None}, "GEOGRAPHY"),
        ({"standards": ()}, "RULES"),
        ({"product_rules": ()}, "PRODUCT_RULES"),  # which choices were made?
        ({"verification": replace(CHECKED, coverage=None)}, "VERIFICATION"),
        ({"quality": None}, "DATA_QUALITY"),
        ({"has_gaps": True}, "GAPS"),
        ({"lower_kg_co2e": None}, "SPREAD"),
    ],
)
def test_unknown_on_both_sides_is_not_the_same(changes, code):
    both = replace(STEEL, **changes)
    found = compare(both, both)
    assert [(reason.code.value, reason.finding) for reason in found.reasons] == [(code, UNKNOWN)]


def test_two_that_nobody_verified_are_alike():
    nobody = replace(STEEL, verification=None)
    assert compare(nobody, nobody).verdict is Verdict.COMPARABLE


def test_verifications_that_differ_and_are_unknown_are_told_apart():
    one = replace(STEEL, verification=replace(CHECKED, standard_name=None))
    other = replace(STEEL, verification=replace(CHECKED, coverage=VerificationCoverage.PCF_PROGRAM))
    reasons = compare(one, other).reasons
    assert told(compare(one, other)) == [
        ("VERIFICATION", "UNKNOWN", ("standardName",)),
        ("VERIFICATION", "DIFFERENT", ("coverage",)),
    ]
    assert [(reason.one, reason.other) for reason in reasons] == [
        ((None,), ("ISO 14064-3",)),
        (("PRODUCT_LEVEL",), ("PCF_PROGRAM",)),
    ]


def test_rules_are_a_set_and_no_two_are_one() -> None:
    other = ProductRuleOperator.OTHER
    pairs = [
        ([(other, "X: y", "z")], [(other, "X", "y: z")]),
        ([PEFCR], [(other, "PEF", "steel")]),
        ([(other, "X", "a"), (other, "X", "b")], [(other, "X", "a, OTHER X b")]),
        ([(other, "X", 'a" "b')], [(other, 'X" "a', "b")]),
    ]
    for one, two in pairs:
        found = compare(replace(STEEL, product_rules=tuple(one)), replace(STEEL, product_rules=tuple(two)))
        assert told(found) == [("PRODUCT_RULES", "DIFFERENT", ("productOrSectorSpecificRules",))]
        assert found.reasons[0].one != found.reasons[0].other
    same = replace(STEEL, product_rules=(METALS, PEFCR)), replace(STEEL, product_rules=(PEFCR, METALS))
    assert compare(*same).reasons == ()


def test_standards_whose_names_hold_commas_are_told_apart() -> None:
    one, other = replace(STEEL, standards=("a, b",)), replace(STEEL, standards=("a", "b"))
    [reason] = compare(one, other).reasons
    assert (reason.code, reason.finding, reason.fields) == (ReasonCode.RULES, DIFFERENT, ("crossSectoralStandards",))


def test_reasons_hold_both_values_and_those_that_prevent_come_first():
    other = replace(STEEL, declared_unit=DeclaredUnit.LITER, country="DE", standards=("PAS2050", "GHGP"))
    reasons = compare(STEEL, other).reasons
    assert [reason.code for reason in reasons] == [ReasonCode.UNIT, ReasonCode.GEOGRAPHY, ReasonCode.RULES]
    assert (reasons[0].one, reasons[0].other) == (("KILOGRAM",), ("LITER",))
    assert (reasons[2].one, reasons[2].other) == (("ISO14067",), ("GHGP, PAS2050",))


def test_both_values_are_per_the_first_ones_declared_unit():
    """Per 2 kWh 3 kg; per 9 MJ (2.5 kWh) 5 kg: 5 · 2/2.5 = 4 kg per 2 kWh, a third more."""
    one = replace(
        STEEL,
        kg_co2e=D(3),
        declared_unit=DeclaredUnit.KILOWATT_HOUR,
        declared_unit_amount=D(2),
        lower_kg_co2e=D(2),
        upper_kg_co2e=D("4.5"),
    )
    other = replace(
        one,
        kg_co2e=D(5),
        declared_unit=DeclaredUnit.MEGAJOULE,
        declared_unit_amount=D(9),
        lower_kg_co2e=D("4.5"),
        upper_kg_co2e=D("6.25"),
    )
    difference = compare(one, other).difference
    assert difference is not None
    assert (difference.declared_unit_amount, difference.declared_unit) == (D(2), DeclaredUnit.KILOWATT_HOUR)
    assert (difference.kg_co2e, difference.other_kg_co2e, difference.percent) == (D(3), D(4), D("33.33"))
    assert (difference.interval, difference.other_interval) == ((D(2), D("4.5")), (D("3.6"), D(5)))
    assert difference.overlap is True
    back = compare(other, one).difference
    assert back is not None
    assert (back.other_kg_co2e, back.percent) == (D("3.75"), D("-25.00"))


def test_intervals_of_a_part_of_the_spreads_may_be_seen_to_overlap_and_never_not_to():
    part = replace(STEEL, covered_percent=D(99))
    apart = replace(STEEL, lower_kg_co2e=D("2.3"), upper_kg_co2e=D("2.7"))
    overlaps = [difference(one, other).overlap for one in (STEEL, part) for other in (STEEL, apart)]
    assert overlaps == [True, False, True, None]


def test_intervals_are_rounded_outward():
    third = replace(STEEL, declared_unit_amount=D(3), lower_kg_co2e=D(1), upper_kg_co2e=D(2))
    difference = compare(STEEL, third).difference
    assert difference is not None
    assert difference.other_interval == (D("0.333333333333"), D("0.666666666667"))


def test_of_nothing_no_percent_is_told_and_of_a_removal_it_is_of_its_size():
    assert difference(replace(STEEL, kg_co2e=D(0)), STEEL).percent is None
    assert difference(replace(STEEL, kg_co2e=D(-2)), replace(STEEL, kg_co2e=D(-1))).percent == D("50.00")


SUBJECTS = st.builds(
    replace,
    st.sampled_from([STEEL, PIECE, DOLLARS]),
    boundary=st.sampled_from(list(SystemBoundary)),
    kg_co2e=st.decimals(-1000, 1000, places=3),
    convention=st.sampled_from([None, *BiogenicConvention]),
    declared_unit_amount=st.sampled_from([D(1), D("0.5"), D(12)]),
    country=st.sampled_from([None, "CN", "DE"]),
    characterizations=st.sampled_from([(), ("AR5",), ("AR5", "AR6")]),
    standards=st.sampled_from([(), ("A",), ("A", "B")]),
    classifications=st.sampled_from([(), ("urn:a",), ("urn:a", "urn:b")]),
    quality=st.sampled_from([None, DataQuality(D(1), D(1), D(1)), DataQuality(D(4), D(1), D(1))]),
    has_gaps=st.booleans(),
)


@given(SUBJECTS, SUBJECTS)
def test_the_verdict_does_not_depend_on_who_is_first(one, other):
    there, back = compare(one, other), compare(other, one)
    assert there.verdict is back.verdict
    assert told(there) == told(back)
    assert [(reason.one, reason.other) for reason in there.reasons] == [
        (reason.other, reason.one) for reason in back.reasons
    ]


@given(SUBJECTS, SUBJECTS)
def test_a_difference_is_told_exactly_where_the_two_are_comparable(one, other):
    found = compare(one, other)
    assert (found.difference is None) == (found.verdict is Verdict.NOT_COMPARABLE)
    assert (found.verdict is Verdict.COMPARABLE) == (not found.reasons)
