"""Fifty-one pairs of the Carbon Catalogue, whose verdicts were written by hand from the publication's rows.

All of them leave open how uptake, gases, place, product rules, quality and spread were dealt with. What else has to be
said, a letter each: K no kind in common, M pieces of other masses, P other years, R other standards, r standards that
one or both did not report. None is without a caveat, and none is refused: all are pieces, from cradle to grave.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import pytest

from exchange.comparison import Finding, ReasonCode, Subject, Verdict, compare
from exchange.importers.carbon_catalogue import product_input
from exchange.importers.catalogue_files import ReportedFootprint, read_catalogue
from exchange.model.footprint import SystemBoundary
from exchange.units import DeclaredUnit
from tests.rollup.check import instant

ALWAYS = {
    ReasonCode.BIOGENIC_CONVENTION,
    ReasonCode.CHARACTERIZATION,
    ReasonCode.GEOGRAPHY,
    ReasonCode.PRODUCT_RULES,
    ReasonCode.DATA_QUALITY,
    ReasonCode.SPREAD,
}
LETTERS = {
    (ReasonCode.KIND, Finding.DIFFERENT): "K",
    (ReasonCode.PIECE, Finding.DIFFERENT): "M",
    (ReasonCode.PERIOD, Finding.DIFFERENT): "P",
    (ReasonCode.RULES, Finding.DIFFERENT): "R",
    (ReasonCode.RULES, Finding.UNKNOWN): "r",
}
PAIRS = [
    ("10056-1-2014", "10056-1-2015", "Pr"),  # a cereal in two years; no protocol in either
    ("10261-1-2017", "10261-2-2017", ""),  # two printers of 110 kg, both ISO
    ("10261-2-2017", "10261-3-2017", ""),
    ("10661-10-2014", "10661-11-2014", "Mr"),  # jeans of 0.7665 and 0.997 kg
    ("10661-1-2014", "10661-1-2015", "P"),  # PAS 2050 in both years
    ("10661-1-2014", "10661-2-2014", "M"),
    ("10661-2-2014", "10661-2-2015", "Pr"),  # PAS 2050, then not reported
    ("10661-2-2015", "10661-2-2016", "MPr"),  # 0.68, then 0.88 kg
    ("10666-10-2014", "10666-12-2014", ""),
    ("10666-10-2014", "10666-11-2014", "M"),
    ("10666-27-2014", "10666-29-2014", "r"),  # ISO, and not reported
    ("10666-1-2014", "10261-1-2017", "MP"),  # printers of two companies
    ("10667-1-2014", "10667-1-2015", "P"),
    ("10667-2-2016", "10667-5-2016", ""),
    ("10667-3-2016", "10667-4-2016", ""),  # ABS and bisphenol A, a ton each: chemicals both
    ("10667-4-2016", "12134-1-2017", "MPr"),
    ("10056-1-2014", "10222-1-2013", "KMPr"),  # a cereal and an office chair
    ("1085-1-2013", "1085-1-2014", "P"),
    ("1085-1-2016", "12942-1-2016", "MR"),  # sugar by PAS 2050, coffee by ISO
    ("1198-1-2013", "1198-1-2014", "P"),
    ("1198-1-2013", "1198-2-2013", "M"),  # software on a DVD, and on a stick
    ("1198-1-2015", "1198-4-2015", "M"),
    ("12134-2-2017", "12134-3-2017", "r"),
    ("12134-4-2017", "12134-5-2017", "Mr"),
    ("12289-1-2017", "12134-2-2017", "Kr"),  # zinc oxide of an aerospace company: another kind, by its industry
    ("12348-2-2013", "12348-2-2014", "Pr"),
    ("12348-3-2013", "12348-3-2014", "P"),
    ("12348-3-2014", "12348-4-2014", "M"),
    ("12903-1-2015", "12903-3-2015", ""),
    ("12903-1-2015", "12903-2-2015", "M"),
    ("12942-1-2013", "12942-1-2014", "PR"),  # French PEF, then ISO
    ("12942-1-2014", "12942-1-2015", "P"),
    ("12942-1-2015", "12942-1-2016", "MP"),  # a cup of 0.1, then of 0.12 kg
    ("462-10-2014", "462-10-2015", "P"),
    ("462-10-2013", "462-10-2014", "MP"),  # by the kilogram, then by the ton
    ("462-1-2013", "462-2-2013", ""),
    ("462-15-2016", "462-16-2016", "r"),
    ("462-14-2016", "462-15-2016", "r"),
    ("46702-2-2016", "46702-3-2016", ""),  # malted barley and malt extract
    ("511-4-2016", "511-5-2016", ""),
    ("511-2-2014", "511-2-2016", "P"),
    ("511-5-2016", "10667-4-2016", "R"),  # aluminium and bisphenol A: both "Materials", the industry group
    ("7164-1-2013", "7164-1-2014", "P"),
    ("7164-1-2016", "8362-1-2016", "MR"),  # cars
    ("7164-1-2016", "10667-4-2016", "KM"),  # a car and bisphenol A
    ("8663-1-2015", "8663-2-2015", ""),
    ("8663-2-2015", "8663-3-2015", "r"),
    ("9792-1-2017", "9792-2-2017", ""),
    ("6874-1-2013", "6874-1-2014", "P"),
    ("8517-1-2014", "8517-1-2015", "Pr"),
    ("73475-1-2016", "462-10-2016", ""),  # coal, which the study counts among chemicals
]


@pytest.fixture(scope="module")
def catalogue(data_dir) -> Mapping[str, ReportedFootprint]:
    return {one.id: one for one in read_catalogue(data_dir / "carbon_catalogue")}


def subject(catalogue: Mapping[str, ReportedFootprint], pcf_id: str) -> Subject:
    """As the exchange has it after the import: a product is classified by all of its years."""
    one = catalogue[pcf_id]
    product = one.company_number, one.product
    years = [each for each in catalogue.values() if (each.company_number, each.product) == product]
    return Subject(
        boundary=SystemBoundary.CRADLE_TO_GRAVE,
        kg_co2e=one.kg_co2e,
        lower_kg_co2e=None,
        upper_kg_co2e=None,
        covered_percent=Decimal(0),
        convention=None,
        declared_unit_amount=Decimal(1),
        declared_unit=DeclaredUnit.PIECE,
        price=None,
        mass_kg=one.mass_kg,
        period_start_us=instant(f"{one.year}-01-01"),
        period_end_us=instant(f"{one.year + 1}-01-01"),
        country=None,
        country_subdivision=None,
        region=None,
        characterizations=(),
        standards=(one.protocol,) if one.protocol else (),
        product_rules=(),
        verification=None,
        classifications=product_input("urn:x:y", years, "x.example").classifications,
        primary_data_share_percent=None,
        quality=None,
        has_gaps=False,
    )


@pytest.mark.parametrize(("one", "other", "letters"), PAIRS)
def test_the_verdict_is_the_one_written_by_hand(catalogue, one, other, letters):
    found = compare(subject(catalogue, one), subject(catalogue, other))
    assert found.verdict is Verdict.COMPARABLE_WITH_CAVEATS
    told = {(reason.code, reason.finding) for reason in found.reasons}
    assert {code for code, finding in told if finding is Finding.UNKNOWN} >= ALWAYS
    rest = [pair for pair in told if pair[0] not in ALWAYS]
    assert "".join(sorted(LETTERS[pair] for pair in rest)) == "".join(sorted(letters))


@pytest.mark.parametrize(
    ("one", "other", "percent"),
    [
        ("10261-1-2017", "10261-2-2017", "22.18"),  # 330 of 1488
        ("10667-1-2014", "10667-1-2015", "75.25"),  # 4399 of 5846
        ("1198-1-2013", "1198-1-2014", "0.00"),
        ("511-4-2016", "511-5-2016", "193.47"),  # 4293 of 2219
        ("10667-3-2015", "10667-3-2016", "-54.79"),  # 480 of 876
    ],
)
def test_the_difference_is_in_percent_of_the_first(catalogue, one, other, percent):
    found = compare(subject(catalogue, one), subject(catalogue, other)).difference
    assert found is not None
    assert found.percent == Decimal(percent)
    assert found.overlap is None
