"""Product rules and verification on their way in: checked, read from files, and the same as what was sent before."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from exchange.errors import Problems
from exchange.importers.footprint_fields import footprint_input
from exchange.model.conformity import (
    ProductOrSectorSpecificRule,
    ProductRuleOperator,
    Verification,
    VerificationCoverage,
)
from exchange.operations.requests.checks import Checker, instant_us
from exchange.operations.requests.conformity_checks import check_rules, check_verification
from exchange.operations.requests.inputs import ProductKey, ProductOrSectorSpecificRuleInput, VerificationInput
from exchange.schema.footprint_values import footprint_value
from tests.api.inputs import PER_KILOGRAM

NOW = datetime(2026, 7, 1, tzinfo=UTC)
Rule = ProductOrSectorSpecificRuleInput
PEF, OTHER = ProductRuleOperator.PEF, ProductRuleOperator.OTHER
FORUM = Rule(OTHER, ("PCR 1",), "Steel Forum")


def rules(*given: Rule) -> tuple[tuple[ProductOrSectorSpecificRule, ...], list[tuple[str, str]]]:
    problems = Problems()
    found = check_rules(given, Checker(problems, ()))
    return found, [(one.code, ".".join(one.path)) for one in problems.found]


def verification(**given: Any) -> tuple[Verification | None, list[tuple[str, str]]]:
    problems = Problems()
    found = check_verification(VerificationInput(**given), Checker(problems, ()), instant_us(NOW))
    return found, [(one.code, ".".join(one.path)) for one in problems.found]


def test_rules_are_kept_as_they_came():
    assert rules() == ((), [])
    assert rules(Rule(PEF, ("b", "a")), FORUM, Rule(OTHER, ("PCR 1",), "Another"))[0] == (
        ProductOrSectorSpecificRule(PEF, ("b", "a")),
        ProductOrSectorSpecificRule(OTHER, ("PCR 1",), "Steel Forum"),
        ProductOrSectorSpecificRule(OTHER, ("PCR 1",), "Another"),
    )


def test_rules_without_their_operators_name_are_refused():
    assert rules(FORUM, Rule(OTHER, ("a",)))[1] == [
        ("REQUIRED", "productOrSectorSpecificRules.1.otherOperatorName"),
    ]
    assert rules(Rule(PEF, ("a",), "PEF"))[1] == [("CONTRADICTION", "productOrSectorSpecificRules.0.otherOperatorName")]
    assert rules(FORUM, FORUM)[1] == [("REPEATED", "productOrSectorSpecificRules.1")]
    assert rules(*[Rule(PEF, (str(n),)) for n in range(100)])[1] == []


def test_a_verification_is_kept_as_it_came():
    stated = {"provider_name": "Checkers", "standard_name": "ISO 14064-3", "comments": "Twice.\nBoth sites."}
    found, problems = verification(coverage=VerificationCoverage.PRODUCT_LEVEL, completed_at=NOW, **stated)
    assert problems == []  # completed this very moment
    assert found == Verification(VerificationCoverage.PRODUCT_LEVEL, completed_at_us=instant_us(NOW), **stated)
    assert check_verification(None, Checker(Problems(), ()), 0) is None


@pytest.mark.parametrize("field", ["coverage", "provider_name", "completed_at", "standard_name"])
def test_each_field_but_comments_is_enough(field):
    values = {"coverage": VerificationCoverage.PCF_PROGRAM, "completed_at": NOW}
    assert verification(**{field: values.get(field, "x")})[1] == []


def test_a_verification_that_says_nothing_or_is_still_to_come_is_refused():
    assert verification(comments="It was verified.")[1] == [("REQUIRED", "verification")]
    later = NOW.replace(microsecond=1)
    assert verification(completed_at=later)[1] == [("OUT_OF_RANGE", "verification.completedAt")]
    assert verification(provider_name="\u200b", coverage=None)[1] == [("REQUIRED", "verification.providerName")]


STATED = {
    "productOrSectorSpecificRules": [
        {"operator": "PEF", "ruleNames": ["a", "b"]},
        {"operator": "OTHER", "ruleNames": ["PCR 1"], "otherOperatorName": "Steel Forum"},
    ],
    "verification": {"coverage": "PCF_PROGRAM", "providerName": "Checkers", "completedAt": "2026-07-01T00:00:00Z"},
}


def test_a_file_states_both():
    given = footprint_input(PER_KILOGRAM | STATED, product="p", key_of=lambda _: ProductKey(product_id="urn:x-y:1"))
    assert given.product_rules == (Rule(PEF, ("a", "b")), FORUM)
    assert given.verification == VerificationInput(VerificationCoverage.PCF_PROGRAM, "Checkers", NOW)
    with pytest.raises(KeyError):
        footprint_input(
            PER_KILOGRAM | {"verification": {"assurance": True}},
            product="p",
            key_of=lambda _: ProductKey(product_id="urn:x-y:1"),
        )


@pytest.mark.parametrize("none", [{}, {"productOrSectorSpecificRules": None, "verification": None}])
def test_absent_and_null_are_none(none):
    required: dict[str, Any] = {
        "product": "x",
        "precedingPfIds": [],
        "exemptedEmissionsPercent": "0",
        "systemBoundary": None,
    }
    given = footprint_value(PER_KILOGRAM | required | none, Problems(), ())
    assert (given.product_rules, given.verification) == ((), None)
