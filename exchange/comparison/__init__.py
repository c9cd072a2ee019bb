"""Whether two footprints may be held beside each other, why not, and how far apart they are. Pure: no I/O.

subjects.py   what of a footprint counts: the facts of one viewer, nothing else
rule.py       the verdict with its reasons
difference.py both values in one declared unit, and the difference
"""

from exchange.comparison.difference import Difference
from exchange.comparison.rule import Comparison, Finding, Reason, ReasonCode, Verdict, compare
from exchange.comparison.subjects import BiogenicConvention, Subject

__all__ = [
    "BiogenicConvention",
    "Comparison",
    "Difference",
    "Finding",
    "Reason",
    "ReasonCode",
    "Subject",
    "Verdict",
    "compare",
]
