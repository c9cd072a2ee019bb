"""By which rules a footprint was made, and who verified it: as publishers state it, and as it is shown again."""

from __future__ import annotations

import datetime as dt

import strawberry
from strawberry import UNSET

from exchange.model import conformity as model
from exchange.schema.enumerations import ProductRuleOperator, VerificationCoverage
from exchange.schema.instants import instant_of

OPERATOR = "Who publishes the rules."
RULE_NAMES = "The rules that were followed, each once, such as a PCR's registration number."
OTHER_OPERATOR_NAME = "Who it is, exactly where the operator is OTHER."
COVERAGE = "What was verified."
PROVIDER_NAME = "The independent third party that verified it."
COMPLETED_AT = "When the verification was completed."
STANDARD_NAME = "The standard that it was verified against, such as ISO 14064-3."
COMMENTS = "What makes the verification clearer, for people: who sees INPUTS on the product reads it."


@strawberry.input(
    description="Rules for a kind of product or a sector that were followed besides the standards for all products: "
    "product category rules (PCR), PEFCR and the like, as in PACT."
)
class ProductOrSectorSpecificRuleInput:
    operator: ProductRuleOperator = strawberry.field(description=OPERATOR)
    rule_names: list[str] = strawberry.field(description=RULE_NAMES)
    other_operator_name: str | None = strawberry.field(default=UNSET, description=OTHER_OPERATOR_NAME)


@strawberry.input(
    description="That a third party verified this footprint, as in PACT; at least one field besides comments. It is "
    "the owner's statement: the exchange does not check it."
)
class VerificationInput:
    coverage: VerificationCoverage | None = strawberry.field(default=UNSET, description=COVERAGE)
    provider_name: str | None = strawberry.field(default=UNSET, description=PROVIDER_NAME)
    completed_at: dt.datetime | None = strawberry.field(default=UNSET, description=COMPLETED_AT)
    standard_name: str | None = strawberry.field(default=UNSET, description=STANDARD_NAME)
    comments: str | None = strawberry.field(default=UNSET, description=COMMENTS)


@strawberry.type(description="Rules of one operator that a footprint was made by, besides the standards.")
class ProductOrSectorSpecificRule:
    operator: ProductRuleOperator = strawberry.field(description=OPERATOR)
    rule_names: list[str] = strawberry.field(description=RULE_NAMES)
    other_operator_name: str | None = strawberry.field(description=OTHER_OPERATOR_NAME)

    @staticmethod
    def of(rule: model.ProductOrSectorSpecificRule) -> ProductOrSectorSpecificRule:
        return ProductOrSectorSpecificRule(
            operator=rule.operator,
            rule_names=list(rule.rule_names),
            other_operator_name=rule.other_operator_name,
        )


@strawberry.type(description="That a third party verified a footprint, as its owner states it. Null: not stated.")
class Verification:
    coverage: VerificationCoverage | None = strawberry.field(description=COVERAGE)
    provider_name: str | None = strawberry.field(description=PROVIDER_NAME)
    completed_at: dt.datetime | None = strawberry.field(description=COMPLETED_AT)
    standard_name: str | None = strawberry.field(description=STANDARD_NAME)
    comments: str | None = strawberry.field(description=COMMENTS)

    @staticmethod
    def of(verification: model.Verification | None) -> Verification | None:
        if verification is None:
            return None
        return Verification(
            coverage=verification.coverage,
            provider_name=verification.provider_name,
            completed_at=instant_of(verification.completed_at_us),
            standard_name=verification.standard_name,
            comments=verification.comments,
        )
