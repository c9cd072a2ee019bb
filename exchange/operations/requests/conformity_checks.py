"""Checks of what a footprint says of its rules and its verification."""

from __future__ import annotations

from exchange.model.conformity import ProductOrSectorSpecificRule, ProductRuleOperator, Verification
from exchange.operations.requests.checks import LIST_LENGTH_MAX, NAME_LENGTH_MAX, Checker, joined
from exchange.operations.requests.inputs import ProductOrSectorSpecificRuleInput, VerificationInput

RULES, VERIFICATION = "productOrSectorSpecificRules", "verification"
_TELLING = ("coverage", "providerName", "completedAt", "standardName")  # comments alone verify nothing


def check_rules(
    given: tuple[ProductOrSectorSpecificRuleInput, ...], at: Checker
) -> tuple[ProductOrSectorSpecificRule, ...]:
    """The rules of each operator, in the order given; problems go to `at`."""
    at.not_too_many(given, RULES)
    found: list[ProductOrSectorSpecificRule] = []
    for position, one in enumerate(given[:LIST_LENGTH_MAX]):
        below = at.at(RULES, str(position))
        _operator(one, below)
        below.texts(one.rule_names, "ruleNames", fewest=1)
        if len(one.rule_names) != len(set(one.rule_names)):
            below.add("REPEATED", "names a rule twice", "ruleNames")
        rule = ProductOrSectorSpecificRule(one.operator, one.rule_names, one.other_operator_name)
        if rule in found:
            below.add("REPEATED", "stands in this list already; leave one of the two out")
        found.append(rule)
    return tuple(found)


def _operator(given: ProductOrSectorSpecificRuleInput, at: Checker) -> None:
    name, other = "otherOperatorName", given.operator is ProductRuleOperator.OTHER
    if other and given.other_operator_name is None:
        at.add("REQUIRED", "is required where the operator is OTHER", name, expected="the operator's name")
    elif not other and given.other_operator_name is not None:
        message = "belongs to the operator OTHER; leave it out, or choose OTHER"
        at.add("CONTRADICTION", message, name, got=given.other_operator_name)
    at.text(given.other_operator_name, name, longest=NAME_LENGTH_MAX, required=True)


def check_verification(given: VerificationInput | None, at: Checker, now_us: int) -> Verification | None:
    """What was stated, if anything; problems go to `at`."""
    if given is None:
        return None
    below = at.at(VERIFICATION)
    stated = (given.coverage, given.provider_name, given.completed_at, given.standard_name)
    if all(each is None for each in stated):
        message = f"says nothing of a verification; state {joined(_TELLING, 'or')}, or leave it out"
        at.add("REQUIRED", message, VERIFICATION, expected=joined(_TELLING, "or"))
    below.text(given.provider_name, "providerName", longest=NAME_LENGTH_MAX, required=True)
    below.text(given.standard_name, "standardName", longest=NAME_LENGTH_MAX, required=True)
    below.text(given.comments, "comments", required=True, lines=True)
    completed_us = below.instant(given.completed_at, "completedAt")
    if completed_us is not None and completed_us > now_us:
        assert given.completed_at is not None  # its instant was just read
        message = "is still to come, and only what is completed can be stated"
        below.add(
            "OUT_OF_RANGE", message, "completedAt", expected="not later than now", got=given.completed_at.isoformat()
        )
    return Verification(given.coverage, given.provider_name, completed_us, given.standard_name, given.comments)
