"""Units: which there are, and the exact ratio from one to another.

A footprint is stated per declared unit (`DeclaredUnit`); a line's amount may be in any `AmountUnit`.
Ratios are exact decimals, so that a factor is rounded to binary once, at its end (docs/method.md, "Lines and units").
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum


class AmountUnit(StrEnum):
    LITER = "LITER"
    KILOGRAM = "KILOGRAM"
    CUBIC_METER = "CUBIC_METER"
    KILOWATT_HOUR = "KILOWATT_HOUR"
    MEGAJOULE = "MEGAJOULE"
    TON_KILOMETER = "TON_KILOMETER"
    SQUARE_METER = "SQUARE_METER"
    PIECE = "PIECE"
    HOUR = "HOUR"
    MEGABIT_SECOND = "MEGABIT_SECOND"
    MONEY = "MONEY"
    MILLILITER = "MILLILITER"
    GRAM = "GRAM"
    TON = "TON"
    MILLIGRAM = "MILLIGRAM"
    WATT_HOUR = "WATT_HOUR"
    MEGAWATT_HOUR = "MEGAWATT_HOUR"
    GIGAJOULE = "GIGAJOULE"


class DeclaredUnit(StrEnum):
    LITER = "LITER"
    KILOGRAM = "KILOGRAM"
    CUBIC_METER = "CUBIC_METER"
    KILOWATT_HOUR = "KILOWATT_HOUR"
    MEGAJOULE = "MEGAJOULE"
    TON_KILOMETER = "TON_KILOMETER"
    SQUARE_METER = "SQUARE_METER"
    PIECE = "PIECE"
    HOUR = "HOUR"
    MEGABIT_SECOND = "MEGABIT_SECOND"
    MONEY = "MONEY"


class Dimension(StrEnum):
    MASS = "mass"
    VOLUME = "volume"
    ENERGY = "energy"
    TRANSPORT = "transport"
    AREA = "area"
    PIECE = "piece"
    TIME = "time"
    DATA = "data"
    MONEY = "money"


# Each unit's dimension and its size in that dimension's base (kilogram, liter, megajoule; else itself).
SIZE: dict[str, tuple[Dimension, Decimal]] = {
    "KILOGRAM": (Dimension.MASS, Decimal(1)),
    "GRAM": (Dimension.MASS, Decimal("0.001")),
    "MILLIGRAM": (Dimension.MASS, Decimal("0.000001")),
    "TON": (Dimension.MASS, Decimal(1000)),
    "LITER": (Dimension.VOLUME, Decimal(1)),
    "MILLILITER": (Dimension.VOLUME, Decimal("0.001")),
    "CUBIC_METER": (Dimension.VOLUME, Decimal(1000)),
    "MEGAJOULE": (Dimension.ENERGY, Decimal(1)),
    "GIGAJOULE": (Dimension.ENERGY, Decimal(1000)),
    "KILOWATT_HOUR": (Dimension.ENERGY, Decimal("3.6")),
    "WATT_HOUR": (Dimension.ENERGY, Decimal("0.0036")),
    "MEGAWATT_HOUR": (Dimension.ENERGY, Decimal(3600)),
    "TON_KILOMETER": (Dimension.TRANSPORT, Decimal(1)),
    "SQUARE_METER": (Dimension.AREA, Decimal(1)),
    "PIECE": (Dimension.PIECE, Decimal(1)),
    "HOUR": (Dimension.TIME, Decimal(1)),
    "MEGABIT_SECOND": (Dimension.DATA, Decimal(1)),
    "MONEY": (Dimension.MONEY, Decimal(1)),
}

# What a dimension is counted in: the declared unit of size one, liter for volume and megajoule for energy.
BASE_UNIT: dict[Dimension, DeclaredUnit] = {
    SIZE[unit][0]: unit for unit in reversed(DeclaredUnit) if SIZE[unit][1] == 1
}

# A mass line may go to a product declared in one of these, through productMassPerDeclaredUnit.
COUNTED_BY_MASS = frozenset({Dimension.PIECE, Dimension.VOLUME, Dimension.AREA})


def dimension(unit: str) -> Dimension:
    """The dimension of a declared or amount unit."""
    return SIZE[unit][0]


def size(unit: str) -> Decimal:
    """How many base units of its dimension one of this unit is (exact)."""
    return SIZE[unit][1]
