"""What became of a footprint's lines at given dates, and the total that followed: the roll-up's results as values."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from exchange.model.footprint import Price
from exchange.units import DeclaredUnit

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


class GapCode(StrEnum):
    """Why a line could not be resolved; the first that applies, in this order."""

    NOT_GRANTED = "NOT_GRANTED"  # also for what nobody registered
    NO_FOOTPRINT = "NO_FOOTPRINT"
    EXPIRED = "EXPIRED"
    NOT_YET_VALID = "NOT_YET_VALID"
    OTHER_BOUNDARY = "OTHER_BOUNDARY"  # one holds on that day, and is not cradle to gate
    UNIT_NOT_CONVERTIBLE = "UNIT_NOT_CONVERTIBLE"


GAP_CODES = tuple(GapCode)
NO_GAP = -1


@dataclass(frozen=True, slots=True, eq=False)
class ResolvedLines:
    """The lines of one chosen footprint, by column; entry i of every column is line i + 1.

    named: key of the product that the line names, -1 where nobody registered it.
    fallback_named: the same for its fallback; -1 also where it has none. has_fallback tells the two apart.
    serving: key of the product that serves, -1 for a gap.
    by_fallback: whether the fallback serves.
    reason: index into GAP_CODES of why the line's own product does not serve; NO_GAP where it does.
    factors: declared units of the serving product per declared unit of the consumer; 0 for a gap.
    stages: index into STAGES. delivered: whether the serving product's outbound transport counts too.
    primary: whether the amount rests on primary data and counts so: not of a line that its fallback serves.
    deviations: geometric standard deviation of the amount that serves, NaN: not stated.
    """

    named: Ints
    fallback_named: Ints
    has_fallback: Bools
    serving: Ints
    by_fallback: Bools
    reason: Ints
    factors: Floats
    stages: Ints
    delivered: Bools
    primary: Bools
    deviations: Floats

    @property
    def resolves_to_own(self) -> Bools:
        """Lines whose own product serves: neither a gap nor served by a fallback."""
        return np.equal(self.reason, NO_GAP)

    @property
    def gaps(self) -> Bools:
        """Lines that nothing serves."""
        return np.less(self.serving, 0)


@dataclass(frozen=True, slots=True)
class Total:
    """A product's cradle-to-gate result as it is shown to anyone who may see it: rounded, kg CO2e per declared unit.

    components: in the order of COLUMNS, multiples of `quantum`; excluding and including are their exact sums.
    lower and upper: the certified numerical interval of `excluding`, widened by the rounding, rounded outward.
    outbound: of outbound logistics, excluding biogenic uptake. Percentages are 0 to 100, ratings 1 to 5.
    """

    components: tuple[Decimal, ...]
    quantum: Decimal
    excluding: Decimal
    including: Decimal
    lower: Decimal
    upper: Decimal
    outbound: Decimal
    outbound_stated: bool  # False: nothing was said of outbound logistics
    packaging: Decimal
    packaging_stated: bool
    primary_data_share_percent: Decimal
    technological_dqr: Decimal
    temporal_dqr: Decimal
    geographical_dqr: Decimal
    exempted_emissions_percent: Decimal


@dataclass(frozen=True, slots=True)
class Standing:
    """What is said of the footprint that stands for a product, beside its numbers.

    owner_id: of the product. geography_country: ISO 3166-1 alpha-2, None where none is stated (a region, or nothing).
    unknown_components: those that it leaves unknown in what it states itself, in the order of COLUMNS.
    released: of a dataset release, whose data is secondary.
    """

    owner_id: str
    footprint_id: str
    declared: bool
    released: bool
    declared_unit_amount: Decimal
    declared_unit: DeclaredUnit
    price: Price | None
    geography_country: str | None
    exempted_emissions_percent: Decimal
    ipcc_characterization_factors: tuple[str, ...]
    unknown_components: tuple[str, ...]


class UncertaintyReason(StrEnum):
    """Why no spread of a result is told; the first that applies, in this order."""

    NOT_POSITIVE = "NOT_POSITIVE"
    NOT_STATED = "NOT_STATED"
    UNSTABLE = "UNSTABLE"


@dataclass(frozen=True, slots=True)
class Uncertainty:
    """The spread of a product's total excluding uptake as it is shown: rounded (docs/method.md, "Uncertainty").

    geometric_standard_deviation: None where there is a reason. covered_percent: of what the result depends on, how
    much has a stated spread.
    """

    geometric_standard_deviation: Decimal | None
    covered_percent: Decimal
    reason: UncertaintyReason | None


@dataclass(frozen=True, slots=True)
class StageTotal:
    """Direct emissions of a stage plus its lines' worth, in the order of COLUMNS, kg CO2e per declared unit."""

    stage: str
    components: tuple[Decimal, ...]


EXACT_FACTOR_DIGITS = 34  # enough that rounding to binary afterwards is rounding once, for any realistic amount
