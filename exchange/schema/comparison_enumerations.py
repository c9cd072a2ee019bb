"""The enums of comparisons, each value described."""

from __future__ import annotations

from exchange.comparison import Finding as ComparisonFinding
from exchange.comparison import ReasonCode as ComparisonReasonCode
from exchange.comparison import Verdict as ComparisonVerdict
from exchange.schema.describing import describe

__all__ = ["ComparisonFinding", "ComparisonReasonCode", "ComparisonVerdict"]

describe(
    ComparisonVerdict,
    "Whether two results may be held beside each other.",
    {
        "COMPARABLE": "Nothing is known to differ, and nothing is unknown.",
        "COMPARABLE_WITH_CAVEATS": "Yes, with what the reasons say.",
        "NOT_COMPARABLE": "No: no difference is told.",
    },
    name="ComparisonVerdict",
)
describe(
    ComparisonFinding,
    "What a reason of a comparison rests on.",
    {"DIFFERENT": "The two differ.", "UNKNOWN": "Not known of one or both: it may be the same, or not."},
    name="ComparisonFinding",
)
describe(
    ComparisonReasonCode,
    "What a reason of a comparison is about. NO_RESULT, BOUNDARY, UNIT and a BIOGENIC_CONVENTION that differs "
    "prevent it.",
    {
        "NO_RESULT": "A product has no result on these dates.",
        "BOUNDARY": "Cradle to gate beside cradle to grave.",
        "UNIT": "Declared units of two dimensions, or money of another currency, year or basis.",
        "BIOGENIC_CONVENTION": "Whether biogenic uptake is left out.",
        "KIND": "No classification in common.",
        "PIECE": "Declared by piece, and the pieces do not weigh the same.",
        "CHARACTERIZATION": "The IPCC reports in use, mixed ones too.",
        "PERIOD": "The reference periods.",
        "GEOGRAPHY": "Country, subdivision and region.",
        "RULES": "The standards for all products that it was made by.",
        "PRODUCT_RULES": "The rules for its kind of product that it was made by; unknown where neither followed one.",
        "DATA_QUALITY": "Primary data shares ten points apart, or ratings that differ as whole numbers.",
        "VERIFICATION": "Of the footprints themselves: whether a third party verified them, and how.",
        "GAPS": "Inputs are missing.",
        "SPREAD": "Not everything that a result rests on has a stated spread.",
    },
    name="ComparisonReasonCode",
)
