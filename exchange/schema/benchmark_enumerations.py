"""The enums of benchmarks, each value described, as `enumerations.py` has all others."""

from __future__ import annotations

from exchange.benchmarks import GroupBand as BenchmarkGroups
from exchange.benchmarks import Position as BenchmarkPosition
from exchange.comparison import BiogenicConvention
from exchange.operations.benchmarks.answers import Reason as BenchmarkReason
from exchange.schema.describing import describe

__all__ = ["BenchmarkGroups", "BenchmarkPosition", "BenchmarkReason", "BiogenicConvention"]

describe(
    BiogenicConvention,
    "What a result does with the CO2 that biomass took up.",
    {
        "EXCLUDING_UPTAKE": "It leaves it out.",
        "INCLUDING_UPTAKE": "It counts it.",
    },
)
describe(
    BenchmarkGroups,
    "How many corporate groups a benchmark counts, no closer than that.",
    {
        "SIX_TO_EIGHT": "6 to 8: the median is published.",
        "NINE_TO_ELEVEN": "9 to 11: the quartiles, too.",
        "TWELVE_TO_NINETEEN": "12 to 19: on the finer grid.",
        "TWENTY_TO_FORTY_NINE": "20 to 49.",
        "FIFTY_OR_MORE": "50 or more.",
    },
    name="BenchmarkGroups",
)
describe(
    BenchmarkPosition,
    "Where a result lies among the numbers of a benchmark. Within half a step of the grid it is at a number. Lower "
    "carries less.",
    {
        "BELOW_LOWER_QUARTILE": "Below the lower quartile.",
        "AT_LOWER_QUARTILE": "At the lower quartile.",
        "LOWER_QUARTILE_TO_MEDIAN": "Between the lower quartile and the median.",
        "BELOW_MEDIAN": "Below the median, where no quartiles are published.",
        "AT_MEDIAN": "At the median.",
        "ABOVE_MEDIAN": "Above the median, where no quartiles are published.",
        "MEDIAN_TO_UPPER_QUARTILE": "Between the median and the upper quartile.",
        "AT_UPPER_QUARTILE": "At the upper quartile.",
        "ABOVE_UPPER_QUARTILE": "Above the upper quartile.",
    },
    name="BenchmarkPosition",
)
describe(
    BenchmarkReason,
    "Why nothing, or nothing newer, is published of a benchmark.",
    {
        "NOT_PUBLISHED_YET": "No quarter has been published that closed since the alliance was founded.",
        "TOO_FEW_GROUPS": "Fewer than six corporate groups are counted: five, one or none.",
        "TOO_FEW_CHANGES": "Since the edition in force, fewer than four groups changed, joined or left.",
        "NOT_POSITIVE": "A number would be zero or negative, where the grid has no place.",
        "TOO_CLOSE_TO_ANOTHER": "Beside another benchmark that is published it would tell few groups apart.",
    },
    name="BenchmarkReason",
)
