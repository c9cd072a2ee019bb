"""Pedigree scores: what each adds, the spread that follows, and what of them is refused."""

from __future__ import annotations

import math
from dataclasses import fields, replace
from decimal import ROUND_CEILING, Decimal, localcontext
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.errors import Problems
from exchange.graph.footprint_records import extras_of, footprint_of, footprint_properties, pedigree_of, pedigree_text
from exchange.importers.footprint_fields import footprint_input
from exchange.model.pedigree import ADDED_VARIANCES, BASIC_DEVIATION_MAX, BASIC_VARIANCE_MAX, Pedigree
from exchange.operations.requests.checks import Checker, instant_us
from exchange.operations.requests.footprint_checks import check_footprint
from exchange.operations.requests.inputs import FootprintInput, PedigreeInput, ProductKey, PublishFootprintsInput
from exchange.operations.writing.idempotency import body_sha256
from tests.store.examples import a_footprint, a_line, a_product, an_organization
from tests.unit.test_footprint_checks import FALLBACK, GIVEN, LINE, NOW, check, declared, line, modelled

D = Decimal
INDICATORS = tuple(field.name for field in fields(Pedigree) if not field.name.startswith("basic"))
BEST = Pedigree(D(0), None, 1, 1, 1, 1, 1)
# Scores with their basic uncertainty, the variance and the deviation, computed by another program (GNU bc).
CASES: dict[str, tuple[Pedigree, str, str]] = {
    "certain": (BEST, "0", "1.0000000000"),
    "the basic one alone": (replace(BEST, basic_variance=D("0.0006")), "0.0006", "1.0247973620"),
    "the example of the method": (Pedigree(D("0.0006"), None, 2, 3, 2, 3, 3), "0.0101", "1.1057222664"),
    "the worst": (Pedigree(D("0.0006"), None, 5, 5, 5, 5, 5), "0.2106", "1.5823510640"),
    "as a factor": (Pedigree(None, D("1.2"), 1, 1, 1, 1, 1), "0.033241150072", "1.2000000000"),
    "as a factor, with scores": (Pedigree(None, D("1.2"), 2, 3, 2, 3, 3), "0.042741150072", "1.2296619925"),
    "as a factor, of what is certain": (Pedigree(None, D(1), 4, 1, 1, 1, 1), "0.008", "1.0935646911"),
}
WHERE: dict[str, tuple[Any, str]] = {
    "the line": (line, "modelled.lines.0.pedigree"),
    "its fallback": (lambda **given: line(fallback=replace(FALLBACK, **given)), "modelled.lines.0.fallback.pedigree"),
    "the result": (declared, "declared.pedigree"),
    "the direct emissions": (
        lambda **given: modelled(**{f"direct_{name}": value for name, value in given.items()}),
        "modelled.directPedigree",
    ),
}
STATED = PedigreeInput(2, 3, 2, 3, 3, basic_variance=D("0.0006"))


@pytest.mark.parametrize(
    ("indicator", "added"),
    [
        ("reliability", ["0", "0.0006", "0.002", "0.008", "0.04"]),
        ("completeness", ["0", "0.0001", "0.0006", "0.002", "0.008"]),
        ("temporal_correlation", ["0", "0.0002", "0.002", "0.008", "0.04"]),
        ("geographical_correlation", ["0", "0.000025", "0.0001", "0.0006", "0.002"]),
        ("further_technological_correlation", ["0", "0.0006", "0.008", "0.04", "0.12"]),
    ],
)
def test_each_score_of_each_indicator_adds_its_variance(indicator: str, added: list[str]) -> None:
    basic = D("0.0006")
    for score, more in enumerate(added, start=1):
        changed: Any = {indicator: score}
        assert replace(BEST, basic_variance=basic, **changed).variance == basic + D(more)


def test_the_additions_are_ecoinvents_factors_of_its_second_version_to_one_digit() -> None:
    """Which were 95 percent factors, GSD²: the variance is (ln factor ÷ 2)². Fields and table have one order."""
    factors = {
        "reliability": (1, 1.05, 1.1, 1.2, 1.5),
        "completeness": (1, 1.02, 1.05, 1.1, 1.2),
        "temporal_correlation": (1, 1.03, 1.1, 1.2, 1.5),
        "geographical_correlation": (1, 1.01, 1.02, 1.05, 1.1),
        "further_technological_correlation": (1, 1.05, 1.2, 1.5, 2),
    }
    assert tuple(ADDED_VARIANCES) == INDICATORS
    for indicator, of_it in factors.items():
        for added, factor in zip(ADDED_VARIANCES[indicator], of_it, strict=True):
            assert float(added) == pytest.approx((math.log(factor) / 2) ** 2, rel=0.15)


@pytest.mark.parametrize("case", CASES)
def test_the_spread_that_follows(case: str) -> None:
    pedigree, variance, deviation = CASES[case]
    assert float(pedigree.variance) == pytest.approx(float(D(variance)), rel=1e-10)
    assert str(pedigree.geometric_standard_deviation) == deviation


def test_the_context_of_a_thread_changes_nothing() -> None:
    pedigree = replace(BEST, basic_variance=D("0.0006" + 33 * "3"), geographical_correlation=2)
    with localcontext(prec=6, rounding=ROUND_CEILING):
        assert str(pedigree.variance) == "0.0006583" + 30 * "3"
        assert str(pedigree.geometric_standard_deviation) == "1.0259900073"


SCORES = st.tuples(*[st.integers(1, 5)] * 5)
BASICS = st.decimals(0, BASIC_VARIANCE_MAX, places=6)


@given(basic=BASICS, scores=SCORES, worse=SCORES)
def test_a_worse_score_never_makes_a_number_surer(
    basic: Decimal, scores: tuple[int, ...], worse: tuple[int, ...]
) -> None:
    better = tuple(map(min, scores, worse))
    first = Pedigree(basic, None, *better)
    second = Pedigree(basic, None, *scores)
    assert first.variance <= second.variance
    assert 1 <= first.geometric_standard_deviation <= second.geometric_standard_deviation


@given(basic=BASICS, scores=SCORES)
def test_a_basic_variance_and_its_factor_say_the_same(basic: Decimal, scores: tuple[int, ...]) -> None:
    of_variance = Pedigree(basic, None, *scores)
    of_factor = Pedigree(None, D(math.exp(math.sqrt(basic))), *scores)
    wanted = math.exp(math.sqrt(float(basic) + math.fsum(map(float, _additions(scores)))))
    for found in (of_variance, of_factor):
        assert float(found.geometric_standard_deviation) == pytest.approx(wanted, rel=1e-9)


def _additions(scores: tuple[int, ...]) -> list[Decimal]:
    return [added[score - 1] for added, score in zip(ADDED_VARIANCES.values(), scores, strict=True)]


# ---- what comes in ----


def spread_of(given: FootprintInput) -> Any:
    """The value that may have a spread in the case of WHERE."""
    draft, problems = check(given)
    assert draft is not None, problems
    if draft.footprint.declared is not None:
        return draft.footprint.declared
    found = draft.lines[0]
    if found.pedigree is not None:
        return found
    return found.fallback or draft.footprint.modelled


@pytest.mark.parametrize("where", WHERE)
def test_scores_are_kept_beside_the_spread_that_follows(where: str) -> None:
    make, _ = WHERE[where]
    found = spread_of(make(pedigree=STATED))
    prefix = "direct_" if where == "the direct emissions" else ""
    assert getattr(found, f"{prefix}pedigree") == Pedigree(D("0.0006"), None, 2, 3, 2, 3, 3)
    assert getattr(found, f"{prefix}geometric_standard_deviation") == D("1.1057222664")


@pytest.mark.parametrize("where", WHERE)
def test_both_at_once_are_refused_and_both_are_named(where: str) -> None:
    make, path = WHERE[where]
    draft, problems = check(make(pedigree=STATED, geometric_standard_deviation=D("1.1")))
    assert draft is None
    place, _, name = path.rpartition(".")
    beside = "directGeometricStandardDeviation" if name == "directPedigree" else "geometricStandardDeviation"
    assert problems == [("CONTRADICTION", f"{place}.{beside}"), ("CONTRADICTION", path)]


WRONG: dict[str, tuple[dict[str, Any], list[tuple[str, str]]]] = {
    **{
        f"{name} {score!r}": ({name: score}, [("OUT_OF_RANGE", field)])
        for name, field in zip(
            INDICATORS,
            (
                "reliability",
                "completeness",
                "temporalCorrelation",
                "geographicalCorrelation",
                "furtherTechnologicalCorrelation",
            ),
            strict=True,
        )
        for score in (0, 6, -1, 2.5, 2.0, True, "3", None)
    },
    "no basic uncertainty": ({"basic_variance": None}, [("ONE_OF", "basicVariance")]),
    "two basic uncertainties": ({"basic_geometric_standard_deviation": D("1.1")}, [("ONE_OF", "basicVariance")]),
    "a variance below 0": ({"basic_variance": D("-0.0001")}, [("OUT_OF_RANGE", "basicVariance")]),
    "a variance that says nothing": ({"basic_variance": D("25.01")}, [("OUT_OF_RANGE", "basicVariance")]),
    "a factor below 1": (
        {"basic_variance": None, "basic_geometric_standard_deviation": D("0.99")},
        [("OUT_OF_RANGE", "basicGeometricStandardDeviation")],
    ),
    "a factor that says nothing": (
        {"basic_variance": None, "basic_geometric_standard_deviation": D(149)},
        [("OUT_OF_RANGE", "basicGeometricStandardDeviation")],
    ),
    "two at once": (
        {"reliability": 0, "completeness": 9},
        [("OUT_OF_RANGE", "reliability"), ("OUT_OF_RANGE", "completeness")],
    ),
}


@pytest.mark.parametrize("case", WRONG)
@pytest.mark.parametrize("where", WHERE)
def test_what_is_wrong_with_scores_is_named(where: str, case: str) -> None:
    (make, path), (changes, expected) = WHERE[where], WRONG[case]
    draft, problems = check(make(pedigree=replace(STATED, **changes)))
    assert draft is None
    assert problems == [(code, f"{path}.{field}") for code, field in expected]


def test_a_problem_says_what_would_be_right() -> None:
    problems = Problems()
    given = declared(pedigree=replace(STATED, completeness=7, basic_variance=D(26)))
    check_footprint(given, Checker(problems, ("input",)), instant_us(NOW))
    assert [(each.expected, each.got) for each in problems.found] == [("1, 2, 3, 4 or 5", "7"), ("0 to 25", "26")]


@pytest.mark.parametrize(
    ("variance", "deviation", "got"),
    [(D("0.01"), D("1.1"), "basicVariance and basicGeometricStandardDeviation"), (None, None, None)],
)
def test_a_basic_uncertainty_too_many_is_told_apart_from_none(variance, deviation, got: str | None) -> None:
    problems = Problems()
    pedigree = replace(STATED, basic_variance=variance, basic_geometric_standard_deviation=deviation)
    check_footprint(declared(pedigree=pedigree), Checker(problems, ("input",)), instant_us(NOW))
    assert [(each.code, each.got) for each in problems.found] == [("ONE_OF", got)]


@pytest.mark.parametrize(
    "most",
    [
        {"basic_variance": BASIC_VARIANCE_MAX},
        {"basic_variance": None, "basic_geometric_standard_deviation": BASIC_DEVIATION_MAX},
    ],
)
def test_the_largest_are_taken(most: dict[str, Any]) -> None:
    found = spread_of(declared(pedigree=replace(STATED, **most)))
    assert 147 < found.geometric_standard_deviation < 152


# ---- files ----

IN_A_FILE: dict[str, Any] = {
    "reliability": 2,
    "completeness": 3,
    "temporalCorrelation": 2,
    "geographicalCorrelation": 3,
    "furtherTechnologicalCorrelation": 3,
    "basicVariance": "0.0006",
}


def of_file(declared: dict[str, Any], modelled: dict[str, Any], line: dict[str, Any]) -> FootprintInput:
    """A footprint of a file with what is given in each place; declared and modelled at once, which no file checks."""
    amount = {"product": "p", "amount": "1", "unit": "KILOGRAM", **line}
    fields = {
        "declaredUnitAmount": "1",
        "declaredUnitOfMeasurement": "KILOGRAM",
        "productMassPerDeclaredUnit": "1",
        "referencePeriodStart": "2024-01-01T00:00:00+00:00",
        "referencePeriodEnd": "2025-01-01T00:00:00+00:00",
        "ipccCharacterizationFactors": ["AR6"],
        "crossSectoralStandards": ["ISO14067"],
        "declared": {
            "pcfExcludingBiogenicUptake": "1",
            "pcfIncludingBiogenicUptake": "1",
            "components": {},
            **declared,
        },
        "modelled": {"direct": [], "lines": [{**amount, "fallback": amount}], **modelled},
    }
    return footprint_input(fields, product="p", key_of=lambda _: ProductKey(product_id="urn:x-y:1"))


def test_scores_are_read_from_files() -> None:
    found = of_file({"pedigree": IN_A_FILE}, {"directPedigree": IN_A_FILE}, {"pedigree": IN_A_FILE})
    assert found.declared
    assert found.modelled
    [of_line] = found.modelled.lines
    assert of_line.fallback
    assert found.declared.pedigree == found.modelled.direct_pedigree == of_line.pedigree == STATED
    assert of_line.fallback.pedigree == STATED
    scores = {name: score for name, score in IN_A_FILE.items() if name != "basicVariance"}
    by_factor = {**scores, "basicGeometricStandardDeviation": "1.2"}
    found = of_file({"pedigree": by_factor}, {}, {})
    expected = replace(STATED, basic_variance=None, basic_geometric_standard_deviation=D("1.2"))
    assert found.declared
    assert found.declared.pedigree == expected
    with pytest.raises(KeyError, match="sampleSize"):
        of_file({"pedigree": {**IN_A_FILE, "sampleSize": 1}}, {}, {})


# ---- requests of before ----


def request(**changes: Any) -> PublishFootprintsInput:
    both = replace(LINE, amount=D("3.10"), geometric_standard_deviation=D("1.2"), fallback=FALLBACK, **changes)
    return PublishFootprintsInput("key", (modelled(lines=(both,)), GIVEN))


def test_a_request_without_scores_hashes_as_it_did_before_there_were_any() -> None:
    """A retry after a server was renewed finds the first answer: the hash is of the server that knew no scores."""
    before = "c4829d7758810624b7f19d26d743871a0add7dc4ebe3267516cbb0a78d0c316a"
    assert body_sha256("publishFootprints", request()) == before
    assert body_sha256("publishFootprints", request(pedigree=STATED)) != before


@pytest.mark.parametrize("where", WHERE)
def test_other_scores_are_another_request(where: str) -> None:
    make, _ = WHERE[where]
    hashes = {
        body_sha256("publishFootprints", PublishFootprintsInput("key", (make(**given),)))
        for given in ({}, {"pedigree": STATED}, {"pedigree": replace(STATED, geographical_correlation=4)})
    }
    assert len(hashes) == 3


# ---- what is kept ----


@pytest.mark.parametrize("case", CASES)
def test_scores_come_back_from_their_text(case: str) -> None:
    assert pedigree_of(pedigree_text(CASES[case][0])) == CASES[case][0]


def test_the_text_of_scores() -> None:
    """Databases hold it: another text would leave what was written unread."""
    assert pedigree_text(Pedigree(D("0.00060"), None, 1, 2, 3, 4, 5)) == "12345|VARIANCE|0.00060"
    assert pedigree_text(Pedigree(None, D("1.2"), 5, 4, 3, 2, 1)) == "54321|DEVIATION|1.2"
    assert pedigree_text(None) is None
    assert pedigree_of(None) is None


def test_what_was_written_before_there_were_scores_is_read() -> None:
    fallback = {"namedId": "x", "amount": "2", "unit": "KILOGRAM", "geometricStandardDeviation": "1.3"}
    found = extras_of({"geometricStandardDeviation": "1.2", "fallback": fallback})
    assert (found.geometric_standard_deviation, found.pedigree) == (D("1.2"), None)
    assert found.fallback is not None
    assert (found.fallback.geometric_standard_deviation, found.fallback.pedigree) == (D("1.3"), None)
    organization = an_organization()
    product = a_product(organization, 0)
    for footprint in (a_footprint(product, 0), a_footprint(product, 0, [a_line(urn="urn:gtin:1")])):
        stored = footprint_properties(footprint)
        assert not [name for name in stored if "edigree" in name]
        assert footprint_of(stored) == footprint
