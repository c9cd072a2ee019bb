"""Carbon components: which columns a footprint has, their signs, and sums over them.

PACT's names, in PACT's meaning. Every amount is kg CO2e per declared unit, as Decimal. An absent component
(None) is unknown: it counts 0 and is listed. Rules: docs/method.md, "Components".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

FOSSIL: Final = "fossilGhgEmissions"
UNSPECIFIED: Final = "unspecified"
UPTAKE: Final = "biogenicCO2Uptake"
UNSPECIFIED_BIOGENIC: Final = "unspecifiedBiogenic"

# The columns of a roll-up, in their fixed order. The first eight sum to "excluding biogenic uptake", the first
# ten to "including"; the last two are memo columns, already inside fossil.
EXCLUDING: Final[tuple[str, ...]] = (
    "fossilGhgEmissions",
    "landUseChangeGhgEmissions",
    "landManagementBiogenicCO2Emissions",
    "landManagementBiogenicCO2Removals",
    "biogenicNonCO2Emissions",
    "technologicalCO2Removals",
    "ccsTechnologicalCO2Capture",
    "unspecified",
)
INCLUDING: Final[tuple[str, ...]] = (*EXCLUDING, UPTAKE, UNSPECIFIED_BIOGENIC)
MEMO: Final[tuple[str, ...]] = ("landManagementFossilGhgEmissions", "aircraftGhgEmissions")
COLUMNS: Final[tuple[str, ...]] = (*INCLUDING, *MEMO)
COLUMN: Final[Mapping[str, int]] = {name: position for position, name in enumerate(COLUMNS)}

# Components a publisher may state (the two "unspecified" columns are derived for declared footprints;
# a modelled one may state `unspecified`).
STATED: Final[tuple[str, ...]] = tuple(n for n in COLUMNS if n not in (UNSPECIFIED, UNSPECIFIED_BIOGENIC))
NOT_NEGATIVE: Final = frozenset(
    {
        "fossilGhgEmissions",
        "landUseChangeGhgEmissions",
        "landManagementBiogenicCO2Emissions",
        "biogenicNonCO2Emissions",
        "landManagementFossilGhgEmissions",
        "aircraftGhgEmissions",
    }
)
NOT_POSITIVE: Final = frozenset(
    {"landManagementBiogenicCO2Removals", "technologicalCO2Removals", "ccsTechnologicalCO2Capture"}
)

ZERO: Final = Decimal(0)


@dataclass(frozen=True, slots=True)
class CarbonComponents:
    """Stated components, kg CO2e per declared unit; a name that is missing from `amounts` is unknown."""

    amounts: Mapping[str, Decimal]

    def get(self, name: str) -> Decimal:
        """The component, 0 where unknown."""
        return self.amounts.get(name, ZERO)

    def vector(self) -> tuple[Decimal, ...]:
        """All columns in the order of COLUMNS, unknown ones 0."""
        return tuple(self.amounts.get(name, ZERO) for name in COLUMNS)

    def unknown(self) -> tuple[str, ...]:
        """Names of the components that were left unknown, in the order of COLUMNS."""
        return tuple(name for name in STATED if name not in self.amounts)

    def excluding(self) -> Decimal:
        """The sum of the first eight columns."""
        return sum((self.get(name) for name in EXCLUDING), ZERO)

    def including(self) -> Decimal:
        """The sum of the first ten columns."""
        return sum((self.get(name) for name in INCLUDING), ZERO)
