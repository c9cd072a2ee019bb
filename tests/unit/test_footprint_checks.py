"""What is refused and what is kept with a finding when a footprint comes in (docs/method.md, section of that name)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from exchange.errors import Problems
from exchange.model.footprint import NEVER_DAY, LifeCycleStage, PriceBasis
from exchange.operations.requests.checks import Checker, date_of_day, instant_us
from exchange.operations.requests.footprint_checks import Draft, check_footprint
from exchange.operations.requests.inputs import (
    DataQualityInput,
    DeclaredInput,
    FallbackInput,
    FootprintInput,
    LineInput,
    ModelledInput,
    ProductKey,
    StageEmissionsInput,
)
from exchange.units import AmountUnit, DeclaredUnit

D = Decimal


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


NOW = instant("2026-07-01")
DECLARED = DeclaredInput(D("1.2"), D("1.2"), {"fossilGhgEmissions": D("1.2")})
LINE = LineInput(ProductKey(product_id="urn:pact:s.example:p:1"), D(2), AmountUnit.KILOWATT_HOUR)
MODELLED = ModelledInput((StageEmissionsInput(LifeCycleStage.MANUFACTURING, {"fossilGhgEmissions": D(1)}),), (LINE,))
GIVEN = FootprintInput(
    product="p",
    declared_unit_amount=D(1),
    declared_unit_of_measurement=DeclaredUnit.KILOGRAM,
    product_mass_per_declared_unit=D(1),
    reference_period_start=instant("2024-01-01"),
    reference_period_end=instant("2025-01-01"),
    ipcc_characterization_factors=("AR6",),
    cross_sectoral_standards=("ISO14067",),
    declared=DECLARED,
)


def check(given: FootprintInput) -> tuple[Draft | None, list[tuple[str, str]]]:
    """The draft, and every problem as (code, path)."""
    problems = Problems()
    draft = check_footprint(given, Checker(problems, ("input", "footprint")), instant_us(NOW))
    return draft, [(problem.code, ".".join(problem.path[2:])) for problem in problems.found]


def modelled(**changes: Any) -> FootprintInput:
    return replace(GIVEN, declared=None, modelled=replace(MODELLED, **changes))


def declared(**changes: Any) -> FootprintInput:
    return replace(GIVEN, declared=replace(DECLARED, **changes))


def line(**changes: Any) -> FootprintInput:
    return modelled(lines=(replace(LINE, **changes),))


FALLBACK = FallbackInput(ProductKey(product_id="urn:pact:f.example:p:1"), D(1), AmountUnit.KILOGRAM)
REFUSED: dict[str, tuple[FootprintInput, tuple[str, str]]] = {
    "amount zero": (replace(GIVEN, declared_unit_amount=D(0)), ("OUT_OF_RANGE", "declaredUnitAmount")),
    "amount negative": (replace(GIVEN, declared_unit_amount=D(-1)), ("OUT_OF_RANGE", "declaredUnitAmount")),
    "mass negative": (
        replace(GIVEN, product_mass_per_declared_unit=D(-1)),
        ("OUT_OF_RANGE", "productMassPerDeclaredUnit"),
    ),
    "exempted 100": (
        replace(GIVEN, exempted_emissions_percent=D(100)),
        ("OUT_OF_RANGE", "exemptedEmissionsPercent"),
    ),
    "period reversed": (
        replace(GIVEN, reference_period_end=instant("2023-01-01")),
        ("REVERSED", "referencePeriodEnd"),
    ),
    "validity reversed beside a reversed period": (
        replace(
            GIVEN,
            reference_period_end=instant("2023-01-01"),
            validity_period_start=instant("2026-01-01"),
            validity_period_end=instant("2025-06-01"),
        ),
        ("REVERSED", "validityPeriodEnd"),
    ),
    "validity reversed": (
        replace(GIVEN, validity_period_start=instant("2026-01-01"), validity_period_end=instant("2025-06-01")),
        ("REVERSED", "validityPeriodEnd"),
    ),
    "year absurd": (
        replace(GIVEN, reference_period_start=instant("0900-01-01")),
        ("OUT_OF_RANGE", "referencePeriodStart"),
    ),
    "no standards": (replace(GIVEN, cross_sectoral_standards=()), ("REQUIRED", "crossSectoralStandards")),
    "no factors": (replace(GIVEN, ipcc_characterization_factors=()), ("REQUIRED", "ipccCharacterizationFactors")),
    "unknown factors": (
        replace(GIVEN, ipcc_characterization_factors=("SAR",)),
        ("NOT_KNOWN", "ipccCharacterizationFactors.0"),
    ),
    "factors twice": (
        replace(GIVEN, ipcc_characterization_factors=("AR6", "AR6")),
        ("REPEATED", "ipccCharacterizationFactors"),
    ),
    "country": (replace(GIVEN, geography_country="China"), ("NOT_KNOWN", "geographyCountry")),
    "country that is not assigned": (replace(GIVEN, geography_country="ZZ"), ("NOT_KNOWN", "geographyCountry")),
    "country left to users": (replace(GIVEN, geography_country="XX"), ("NOT_KNOWN", "geographyCountry")),
    "country that is only reserved": (replace(GIVEN, geography_country="UK"), ("NOT_KNOWN", "geographyCountry")),
    "subdivision of no country": (
        replace(GIVEN, geography_country_subdivision="ZZ-SH"),
        ("NOT_KNOWN", "geographyCountrySubdivision"),
    ),
    "subdivision elsewhere": (
        replace(GIVEN, geography_country="CN", geography_country_subdivision="US-CA"),
        ("CONTRADICTION", "geographyCountrySubdivision"),
    ),
    "region": (
        replace(GIVEN, geography_region_or_subregion="Atlantis"),
        ("NOT_KNOWN", "geographyRegionOrSubregion"),
    ),
    "rating": (
        replace(GIVEN, data_quality=DataQualityInput(D("0.9"), D(1), D(5))),
        ("OUT_OF_RANGE", "dataQuality.technologicalDQR"),
    ),
    "both kinds": (replace(GIVEN, modelled=MODELLED), ("ONE_OF", "declared")),
    "neither kind": (replace(GIVEN, declared=None), ("ONE_OF", "declared")),
    "money without price": (
        replace(GIVEN, declared_unit_of_measurement=DeclaredUnit.MONEY),
        ("REQUIRED", "currency"),
    ),
    "price without money": (replace(GIVEN, currency="USD"), ("NOT_MONEY", "currency")),
    "lone surrogate": (replace(GIVEN, comment="\ud800"), ("TEXT_INVALID", "comment")),
    "repeated preceding": (replace(GIVEN, preceding_pf_ids=("a", "a")), ("REPEATED", "precedingPfIds")),
    "share above 100": (declared(primary_data_share=D("100.1")), ("OUT_OF_RANGE", "declared.primaryDataShare")),
    "share below 0": (declared(primary_data_share=D(-1)), ("OUT_OF_RANGE", "declared.primaryDataShare")),
    "negative fossil": (
        declared(components={"fossilGhgEmissions": D(-1)}),
        ("SIGN", "declared.components.fossilGhgEmissions"),
    ),
    "positive capture": (
        declared(components={"fossilGhgEmissions": D(1), "ccsTechnologicalCO2Capture": D(1)}),
        ("SIGN", "declared.components.ccsTechnologicalCO2Capture"),
    ),
    "positive uptake": (
        declared(components={"fossilGhgEmissions": D(1), "biogenicCO2Uptake": D(1)}),
        ("SIGN", "declared.components.biogenicCO2Uptake"),
    ),
    "declared unspecified": (
        declared(components={"fossilGhgEmissions": D(1), "unspecified": D(1)}),
        ("NOT_KNOWN", "declared.components.unspecified"),
    ),
    "no fossil": (declared(components={}), ("REQUIRED", "declared.components.fossilGhgEmissions")),
    "deviation below 1": (
        declared(geometric_standard_deviation=D("0.5")),
        ("OUT_OF_RANGE", "declared.geometricStandardDeviation"),
    ),
    "stage twice": (modelled(direct=MODELLED.direct * 2), ("REPEATED", "modelled.direct.1.stage")),
    "negative line": (line(amount=D(-2)), ("SIGN", "modelled.lines.0.amount")),
    "positive credit": (line(credit=True), ("SIGN", "modelled.lines.0.amount")),
    "line urn": (line(product=ProductKey(product_id="steel")), ("URN_INVALID", "modelled.lines.0.product.productId")),
    "line money": (line(unit=AmountUnit.MONEY), ("REQUIRED", "modelled.lines.0.currency")),
    "line price": (line(price_year=2020), ("NOT_MONEY", "modelled.lines.0.priceYear")),
    "currency": (
        line(unit=AmountUnit.MONEY, currency="usd", price_year=2012, price_basis=PriceBasis.BASIC),
        ("CURRENCY_INVALID", "modelled.lines.0.currency"),
    ),
    "fallback negative": (
        line(fallback=replace(FALLBACK, amount=D(-1))),
        ("SIGN", "modelled.lines.0.fallback.amount"),
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_names_the_field(case: str) -> None:
    given, problem = REFUSED[case]
    draft, problems = check(given)
    assert draft is None
    assert problem in problems


@pytest.mark.parametrize(("country", "subdivision"), [("CN", "CN-SH"), ("XK", None), (None, "GB-ENG"), ("US", "US-CA")])
def test_places_that_are_right(country: str | None, subdivision: str | None) -> None:
    given = replace(GIVEN, geography_country=country, geography_country_subdivision=subdivision)
    assert check(given)[1] == []


def test_a_subdivision_is_not_compared_with_a_country_that_is_none() -> None:
    given = replace(GIVEN, geography_country="ZZ", geography_country_subdivision="CN-SH")
    assert check(given)[1] == [("NOT_KNOWN", "geographyCountry")]


PRICED = {"currency": "USD", "price_year": 2012, "price_basis": PriceBasis.BASIC}
EXPECTED: dict[str, tuple[FootprintInput, str, str | None]] = {
    "country": (replace(GIVEN, geography_country="ZZ"), "a code such as CN", "ZZ"),
    "subdivision": (replace(GIVEN, geography_country_subdivision="SH"), "a code such as CN-SH", "SH"),
    "subdivision elsewhere": (
        replace(GIVEN, geography_country="CN", geography_country_subdivision="US-CA"),
        "a code that begins with CN-",
        "US-CA",
    ),
    "region": (replace(GIVEN, geography_region_or_subregion="Mars"), "a name such as Eastern Asia", "Mars"),
    "factors": (replace(GIVEN, ipcc_characterization_factors=("GWP",)), "a name such as AR5 or AR6", "GWP"),
    "no factors": (replace(GIVEN, ipcc_characterization_factors=()), "≥ 1 entry", "0"),
    "standards": (replace(GIVEN, cross_sectoral_standards=("x",) * 101), "≤ 100 entries", "101"),
    "comment": (replace(GIVEN, comment="x" * 65_537), "≤ 65536 characters", "65537 characters"),
    "year absurd": (
        replace(GIVEN, reference_period_start=instant("0900-01-01")),
        "1900 to 2200",
        "0900-01-01T00:00:00+00:00",
    ),
    "period reversed": (
        replace(GIVEN, reference_period_end=instant("2023-01-01")),
        "after 2024-01-01T00:00:00+00:00",
        "2023-01-01T00:00:00+00:00",
    ),
    "validity reversed": (
        replace(GIVEN, validity_period_start=instant("2026-01-01"), validity_period_end=instant("2025-06-01")),
        "after 2026-01-01T00:00:00+00:00",
        "2025-06-01T00:00:00+00:00",
    ),
    "validity within a day": (
        replace(
            GIVEN,
            validity_period_start=datetime(2026, 1, 1, 1, tzinfo=UTC),
            validity_period_end=datetime(2026, 1, 1, 2, tzinfo=UTC),
        ),
        "a whole day (UTC) or more",
        None,
    ),
    "both kinds": (replace(GIVEN, modelled=MODELLED), "declared or modelled", "declared and modelled"),
    "no fossil": (declared(components={}), "≥ 0", None),
    "line's product": (line(product=ProductKey()), "id or productId", None),
    "line urn": (line(product=ProductKey(product_id="steel")), "a URN such as urn:pact:your-domain:…", "steel"),
    "too many lines": (modelled(lines=(LINE,) * 20_001), "≤ 20000 lines", "20001"),
    "no currency": (line(unit=AmountUnit.MONEY, **PRICED | {"currency": None}), "a code such as USD", None),
    "currency": (line(unit=AmountUnit.MONEY, **PRICED | {"currency": "$"}), "a code such as USD", "$"),
    "no year": (line(unit=AmountUnit.MONEY, **PRICED | {"price_year": None}), "1900 to 2200", None),
    "year": (line(unit=AmountUnit.MONEY, **PRICED | {"price_year": 12}), "1900 to 2200", "12"),
    "no basis": (
        line(unit=AmountUnit.MONEY, **PRICED | {"price_basis": None}),
        "BASIC, PRODUCER or PURCHASER",
        None,
    ),
}


@pytest.mark.parametrize("case", EXPECTED)
def test_a_problem_says_what_shape_is_expected_and_what_was_got(case: str) -> None:
    given, expected, got = EXPECTED[case]
    problems = Problems()
    check_footprint(given, Checker(problems, ()), instant_us(NOW))
    assert [(problem.expected, problem.got) for problem in problems.found] == [(expected, got)]


def test_a_day_outside_what_is_kept_is_told_the_years() -> None:
    problems = Problems()
    Checker(problems, ()).day(date(2201, 1, 1), "date")
    assert [(p.code, p.expected, p.got) for p in problems.found] == [("OUT_OF_RANGE", "1900 to 2200", "2201-01-01")]


@pytest.mark.parametrize(
    ("given", "expected", "got"),
    [
        (replace(GIVEN, validity_period_end=instant("2028-01-02")), "≤ 2028-01-01", "2028-01-02"),
        (declared(primary_data_share=D("0.8")), "percent, 0 to 100", "0.8"),
    ],
)
def test_a_finding_says_what_shape_is_expected_and_what_was_got(given: FootprintInput, expected: str, got: str) -> None:
    draft, _ = check(given)
    assert draft is not None
    assert [(finding.expected, finding.got) for finding in draft.footprint.findings] == [(expected, got)]


def test_all_bad_fields_are_named_at_once() -> None:
    given = replace(GIVEN, declared_unit_amount=D(0), geography_country="x", ipcc_characterization_factors=())
    assert {code for code, _ in check(given)[1]} == {"OUT_OF_RANGE", "NOT_KNOWN", "REQUIRED"}
    assert len(check(given)[1]) == 3


def test_a_correct_footprint_has_no_problem_and_no_finding() -> None:
    draft, problems = check(GIVEN)
    assert problems == []
    assert draft is not None
    assert draft.footprint.findings == ()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (modelled(lines=(replace(LINE, amount=D(-2), credit=True),)), []),
        (replace(line(amount=D(-2)), release="r"), []),
        (
            modelled(
                direct=(
                    StageEmissionsInput(
                        LifeCycleStage.USE,
                        {"fossilGhgEmissions": D(1), "unspecified": D(-1), "biogenicCO2Uptake": D(2)},
                    ),
                )
            ),
            [],
        ),
    ],
)
def test_signs_that_are_allowed(given: FootprintInput, expected: list[tuple[str, str]]) -> None:
    """A credit, a dataset release's coefficients, what a process releases of biogenic CO2."""
    assert check(given)[1] == expected


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (declared(pcf_excluding_biogenic_uptake=D("1.5"), pcf_including_biogenic_uptake=D("1.5")), "SUM_DIFFERS"),
        (declared(pcf_including_biogenic_uptake=D("0.5")), "SUM_DIFFERS"),
        (declared(primary_data_share=D("0.8")), "PRIMARY_DATA_SHARE_LOW"),
        (modelled(direct_primary_data_share=D(1)), "PRIMARY_DATA_SHARE_LOW"),
        (replace(GIVEN, validity_period_end=instant("2028-01-02")), "VALIDITY_OVER_THREE_YEARS"),
        (replace(GIVEN, exempted_emissions_percent=D("3.1")), "EXEMPTED_HIGH"),
        (replace(GIVEN, product_mass_per_declared_unit=D(2)), "MASS_DIFFERS"),
        (
            replace(
                declared(
                    pcf_excluding_biogenic_uptake=D(20000),
                    pcf_including_biogenic_uptake=D(20000),
                    components={"fossilGhgEmissions": D(20000)},
                )
            ),
            "SIZE_IMPLAUSIBLE",
        ),
        (line(unit=AmountUnit.TON), "TRANSPORT_NOT_COUNTED"),
        (
            modelled(
                lines=(replace(LINE, unit=AmountUnit.TON, delivered=True), replace(LINE, unit=AmountUnit.TON_KILOMETER))
            ),
            "TRANSPORT_COUNTED_TWICE",
        ),
    ],
)
def test_what_is_kept_with_a_finding(given: FootprintInput, code: str) -> None:
    draft, problems = check(given)
    assert problems == []
    assert draft is not None
    assert [finding.code for finding in draft.footprint.findings] == [code]


def direct(**amounts: Decimal) -> FootprintInput:
    return modelled(
        direct=(StageEmissionsInput(LifeCycleStage.MANUFACTURING, {"fossilGhgEmissions": D(1), **amounts}),)
    )


def without_mass(given: FootprintInput) -> FootprintInput:
    unit = DeclaredUnit.KILOWATT_HOUR
    return replace(given, declared_unit_of_measurement=unit, product_mass_per_declared_unit=D(0))


MONEY = {"unit": AmountUnit.MONEY, "currency": "VND", "price_year": 2024, "price_basis": PriceBasis.BASIC}
BIG = D(10_000_000)
SIZES: dict[str, tuple[FootprintInput, tuple[str, str, str] | None]] = {
    "direct": (
        direct(biogenicCO2Uptake=D(-10_001)),
        ("modelled.direct.0.components.biogenicCO2Uptake", "≤ 10000 kg CO2e", "-10001"),
    ),
    "direct, just possible": (direct(fossilGhgEmissions=D(10_000)), None),
    "direct, without mass": (
        without_mass(direct(fossilGhgEmissions=D(10) ** 13)),
        ("modelled.direct.0.components.fossilGhgEmissions", "≤ 1000000000000 kg CO2e", "10000000000000"),
    ),
    "a power plant's year": (without_mass(direct(fossilGhgEmissions=D(10) ** 10)), None),
    "declared, without mass": (
        without_mass(declared(pcf_excluding_biogenic_uptake=D(1), pcf_including_biogenic_uptake=-(D(10) ** 13))),
        ("declared.pcfIncludingBiogenicUptake", "≤ 1000000000000 kg CO2e", "-10000000000000"),
    ),
    "direct, of next to nothing": (
        replace(modelled(lines=()), product_mass_per_declared_unit=D("0.00000000000000000000000000100000000000")),
        ("modelled.direct.0.components.fossilGhgEmissions", "≤ 0.00000000000000000000001 kg CO2e", "1"),
    ),
    "line of next to nothing": (
        replace(
            modelled(direct=(), lines=(replace(LINE, amount=D("2.50"), unit=AmountUnit.KILOGRAM),)),
            product_mass_per_declared_unit=D("0.000000050000"),
        ),
        ("modelled.lines.0.amount", "≤ 0.5", "2.50"),
    ),
    "line": (line(amount=BIG), ("modelled.lines.0.amount", "≤ 2780000", "10000000")),
    "line, just possible": (line(amount=BIG, unit=AmountUnit.MEGAJOULE), None),
    "line in a small unit": (line(amount=BIG, unit=AmountUnit.WATT_HOUR), None),
    "line of a thousand": (
        replace(line(amount=BIG), declared_unit_amount=D(1000), product_mass_per_declared_unit=D(1000)),
        None,
    ),
    "credit": (line(amount=-BIG, credit=True), ("modelled.lines.0.amount", "≤ 2780000", "-10000000")),
    "fallback": (
        line(fallback=replace(FALLBACK, amount=BIG + 1)),
        ("modelled.lines.0.fallback.amount", "≤ 10000000", "10000001"),
    ),
    "a dear line": (line(amount=BIG * 100, **MONEY), None),
    "an absurd sum": (
        line(amount=D(10) ** 13, **MONEY),
        ("modelled.lines.0.amount", "≤ 1000000000000", "1" + "0" * 13),
    ),
    "many": (
        modelled(lines=(LINE, *[replace(LINE, amount=BIG)] * 50)),
        ("modelled.lines.1.amount", "≤ 2780000", "10000000"),
    ),
}


@pytest.mark.parametrize("case", SIZES)
def test_sizes_that_cannot_be_are_kept_with_a_finding_that_names_the_field(case: str) -> None:
    given, expected = SIZES[case]
    draft, problems = check(given)
    assert draft is not None, problems
    found = [one for one in draft.footprint.findings if one.code == "SIZE_IMPLAUSIBLE"]
    assert [(".".join(one.path), one.expected, one.got) for one in found] == ([expected] if expected else [])
    assert {one.severity for one in found} <= {"WARNING"}


@pytest.mark.parametrize(("end", "found"), [("2026-07-01", False), ("2026-07-02", True), ("2200-01-01", True)])
def test_a_reference_period_that_is_not_over_is_a_finding(end: str, found: bool) -> None:
    draft, _ = check(replace(GIVEN, reference_period_end=instant(end)))
    assert draft is not None
    expected = [("REFERENCE_PERIOD_NOT_OVER", "WARNING", ("referencePeriodEnd",), "≤ 2026-07-01", end)]
    assert [(one.code, one.severity, one.path, one.expected, one.got) for one in draft.footprint.findings] == (
        expected if found else []
    )


@pytest.mark.parametrize(
    ("names", "got"),
    [(("AR6",), None), (("AR4", "AR5"), None), (("AR7",), "AR7"), (("AR6", "AR99", "AR10"), "AR99, AR10")],
)
def test_an_assessment_report_that_nobody_knows_is_a_finding(names: tuple[str, ...], got: str | None) -> None:
    draft, _ = check(replace(GIVEN, ipcc_characterization_factors=names))
    assert draft is not None
    expected = ("CHARACTERIZATION_FACTORS_UNKNOWN", "WARNING", ("ipccCharacterizationFactors",), "AR1 to AR6", got)
    assert [(one.code, one.severity, one.path, one.expected, one.got) for one in draft.footprint.findings] == (
        [expected] if got else []
    )


TON = replace(LINE, unit=AmountUnit.TON)
TRUCK = replace(LINE, unit=AmountUnit.TON_KILOMETER)


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ((TON,), [("TRANSPORT_NOT_COUNTED", "INFO")]),
        ((TON, TRUCK), []),
        ((replace(TON, delivered=True),), []),
        ((replace(TON, delivered=True), TRUCK), [("TRANSPORT_COUNTED_TWICE", "WARNING")]),
        ((replace(TON, delivered=True), TON, TRUCK), []),
        ((replace(TON, delivered=True), replace(TRUCK, stage=LifeCycleStage.DISTRIBUTION)), []),
        ((LINE,), []),
    ],
    ids=["neither", "a line", "delivered", "both", "some delivered, some carried", "its own way out", "no goods"],
)
def test_inbound_transport_is_counted_once(lines: tuple[LineInput, ...], found: list[tuple[str, str]]) -> None:
    draft, _ = check(modelled(lines=lines))
    assert draft is not None
    assert [(finding.code, finding.severity) for finding in draft.footprint.findings] == found


@pytest.mark.parametrize(
    ("stated", "fossil", "found"),
    [("1.20", "1.2", False), ("1.25", "1.2", False), ("1.26", "1.2", True), ("1", "1.4", False), ("1", "1.6", True)],
)
def test_sums_may_differ_by_half_a_unit_in_the_last_place_of_each_number(stated: str, fossil: str, found: bool) -> None:
    given = declared(
        pcf_excluding_biogenic_uptake=D(stated),
        pcf_including_biogenic_uptake=D(stated),
        components={"fossilGhgEmissions": D(fossil)},
    )
    draft, _ = check(given)
    assert draft is not None
    assert bool(draft.footprint.findings) is found


@pytest.mark.parametrize(
    ("end", "valid_from", "valid_until"),
    [
        ("2025-01-01T00:00:00", "2025-01-01", "2028-01-01"),
        ("2024-02-29T00:00:00", "2024-02-29", "2027-02-28"),
        ("2024-12-31T23:59:59", "2025-01-01", "2028-01-01"),
    ],
)
def test_a_footprint_holds_three_years_from_the_end_of_its_reference_period(
    end: str, valid_from: str, valid_until: str
) -> None:
    given = replace(GIVEN, reference_period_start=instant("2023-01-01"), reference_period_end=instant(end))
    draft, _ = check(given)
    assert draft is not None
    assert date_of_day(draft.footprint.valid_from_day).isoformat() == valid_from
    assert date_of_day(draft.footprint.valid_until_day).isoformat() == valid_until


def test_a_releases_footprint_is_open_until_the_next_release() -> None:
    draft, _ = check(replace(GIVEN, release="r"))
    assert draft is not None
    assert draft.footprint.valid_until_day == NEVER_DAY
