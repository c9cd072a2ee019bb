"""Benchmark editions as they are kept: what was published of a set, what of it is never shown, and each quarter.

A quarter is published once, for all alliances together; nothing of it changes afterwards. Numbers are kg CO2e per base
unit of the set's dimension (kilogram, liter, megajoule, …; else the unit itself).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from exchange.model.footprint import SystemBoundary
from exchange.units import Dimension

UNSTATED: Final = "NOT_STATED"  # the convention of results that do not say whether they count biogenic uptake


@dataclass(frozen=True, slots=True)
class Quarter:
    """A quarter that was published. id: as 2026-Q3. closing_day: its last. products: how many were counted. new, kept,
    none: sets by what came of them; those of the last have at least six groups, and no edition. at_us, sequence: of the
    Change that published it."""

    id: str
    closing_day: int
    products: int
    new: int
    kept: int
    none: int
    at_us: int
    sequence: int


@dataclass(frozen=True, slots=True)
class BenchmarkSet:
    """Which results are counted together in an alliance. price: of results per money, as "EUR 2024 BASIC"; else empty.
    convention: biogenic; UNSTATED where the results do not say."""

    alliance_id: str
    category: str
    boundary: SystemBoundary
    dimension: Dimension
    price: str
    convention: str

    @property
    def key(self) -> str:
        """The same for equal sets, and of bounded length."""
        told = [self.alliance_id, self.category, self.boundary, self.dimension, self.price, self.convention]
        return hashlib.sha256(json.dumps(told, separators=(",", ":")).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class BenchmarkEdition:
    """What was published of a set for a quarter. Quartiles: None below nine groups. groups: a band."""

    id: str
    of: BenchmarkSet
    quarter: str
    closing_day: int
    lower_quartile: Decimal | None
    median: Decimal
    upper_quartile: Decimal | None
    step_percent: int
    groups: str
    at_us: int
    sequence: int


@dataclass(frozen=True, slots=True)
class BenchmarkOutcome:
    """What held of a set after a quarter: the edition in force, None where there is none, and why none is new. A set
    without an outcome has no edition and too few groups."""

    of: BenchmarkSet
    quarter: str
    edition_id: str | None
    why_not: str | None
    sequence: int


@dataclass(frozen=True, slots=True)
class EditionMembers:
    """What an edition was computed from: each group's value. Read for the next edition only, and shown to nobody."""

    edition_id: str
    values: tuple[tuple[str, Decimal], ...]
