"""Product rules and verification of a footprint as JSON texts, and back; absent where there is none."""

from __future__ import annotations

import json

from exchange.graph.records import json_text, present
from exchange.model.conformity import (
    ProductOrSectorSpecificRule,
    ProductRuleOperator,
    Verification,
    VerificationCoverage,
)


def rules_text(rules: tuple[ProductOrSectorSpecificRule, ...]) -> str | None:
    """As lists of operator, its name where it is another, and rule names; absent where none was followed."""
    if not rules:
        return None
    return json_text([[rule.operator.value, rule.other_operator_name, list(rule.rule_names)] for rule in rules])


def rules_of(text: str | None) -> tuple[ProductOrSectorSpecificRule, ...]:
    if text is None:
        return ()
    return tuple(
        ProductOrSectorSpecificRule(ProductRuleOperator(operator), tuple(names), other)
        for operator, other, names in json.loads(text)
    )


def verification_text(verification: Verification | None) -> str | None:
    if verification is None:
        return None
    return json_text(
        present(
            {
                "coverage": None if verification.coverage is None else verification.coverage.value,
                "providerName": verification.provider_name,
                "completedAtUs": verification.completed_at_us,
                "standardName": verification.standard_name,
                "comments": verification.comments,
            }
        )
    )


def verification_of(text: str | None) -> Verification | None:
    if text is None:
        return None
    stored = json.loads(text)
    coverage = stored.get("coverage")
    return Verification(
        coverage=None if coverage is None else VerificationCoverage(coverage),
        provider_name=stored.get("providerName"),
        completed_at_us=stored.get("completedAtUs"),
        standard_name=stored.get("standardName"),
        comments=stored.get("comments"),
    )
