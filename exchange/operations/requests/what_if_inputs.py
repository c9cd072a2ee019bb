"""What-if questions as values: scenarios with the API's field names in snake case, not yet checked."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from exchange.model.footprint import PriceBasis
from exchange.operations.requests.inputs import ProductKey, StageEmissionsInput
from exchange.units import AmountUnit


@dataclass(frozen=True, slots=True)
class OwnSupplyInput:
    """`emissions`: PACT component name -> kg CO2e per one `unit`; a missing or None one is unknown."""

    emissions: dict[str, Decimal | None]
    unit: AmountUnit


@dataclass(frozen=True, slots=True)
class SubstituteInput:
    """Exactly one of the two."""

    supplier: ProductKey | None = None
    own: OwnSupplyInput | None = None


@dataclass(frozen=True, slots=True)
class LineChangeInput:
    """What is None stays as the line states it."""

    product: ProductKey
    line: int
    supplier: ProductKey | None = None
    amount: Decimal | None = None
    unit: AmountUnit | None = None
    currency: str | None = None
    price_year: int | None = None
    price_basis: PriceBasis | None = None


@dataclass(frozen=True, slots=True)
class DirectChangeInput:
    """Stages that are not in `direct` stay."""

    product: ProductKey
    direct: tuple[StageEmissionsInput, ...]


@dataclass(frozen=True, slots=True)
class ShareOfLineInput:
    product: ProductKey
    line: int
    percent: Decimal
    by: SubstituteInput


@dataclass(frozen=True, slots=True)
class ReplaceSupplierInput:
    supplier: ProductKey
    by: SubstituteInput
    percent: Decimal = Decimal(100)


ChangeInput = LineChangeInput | DirectChangeInput | ShareOfLineInput | ReplaceSupplierInput

# The field of ScenarioChangeInput that each stands in, for paths.
FIELD_OF: dict[type[ChangeInput], str] = {
    LineChangeInput: "line",
    DirectChangeInput: "direct",
    ShareOfLineInput: "shareOfLine",
    ReplaceSupplierInput: "replaceSupplier",
}


@dataclass(frozen=True, slots=True)
class ScenarioInput:
    """`changes` are made one after the other, each to what those before it left."""

    changes: tuple[ChangeInput, ...] = ()
    name: str | None = None


def substitute_of(change: ChangeInput) -> ProductKey | None:
    """The product that a change brings in."""
    if isinstance(change, LineChangeInput):
        return change.supplier
    return None if isinstance(change, DirectChangeInput) else change.by.supplier


def process_of(change: ChangeInput) -> ProductKey | None:
    """The one product whose process it changes; None: every one that the replaced supplier serves."""
    return None if isinstance(change, ReplaceSupplierInput) else change.product
