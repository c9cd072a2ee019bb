"""By which rules a footprint was made besides the standards for all products, and who checked it: PACT 3's words.

Both are statements of its owner. The exchange keeps and compares them, and checks neither.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ProductRuleOperator(StrEnum):
    """Who publishes the rules for a kind of product or a sector."""

    PEF = "PEF"
    EPD_INTERNATIONAL = "EPD_INTERNATIONAL"
    OTHER = "OTHER"


@dataclass(frozen=True, slots=True)
class ProductOrSectorSpecificRule:
    """Rules of one operator that were followed. other_operator_name: exactly where the operator is OTHER."""

    operator: ProductRuleOperator
    rule_names: tuple[str, ...]
    other_operator_name: str | None = None


class VerificationCoverage(StrEnum):
    """What was verified."""

    PCF_CALCULATION_MODEL = "PCF_CALCULATION_MODEL"
    PCF_PROGRAM = "PCF_PROGRAM"
    PRODUCT_LEVEL = "PRODUCT_LEVEL"


@dataclass(frozen=True, slots=True)
class Verification:
    """That a third party verified the footprint, as far as it is stated. completed_at_us: microseconds since 1970."""

    coverage: VerificationCoverage | None = None
    provider_name: str | None = None
    completed_at_us: int | None = None
    standard_name: str | None = None
    comments: str | None = None
