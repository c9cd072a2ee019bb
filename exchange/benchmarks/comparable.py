"""Which results are counted together, and what each corporate group adds to them: the median of its own products.

One value a group: however many organizations or products a group has, it weighs as one, and splitting itself gains it
nothing. Results whose convention is not known go nowhere: unknown is not the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import Decimal
from statistics import median

from exchange.model.footprint import Price, PriceBasis, SystemBoundary
from exchange.units import DeclaredUnit, Dimension, dimension, size


@dataclass(frozen=True, slots=True, order=True)
class ComparableSet:
    """category: a rule or category, as a URN. price: of results per money, as one text. convention: biogenic."""

    category: str
    boundary: SystemBoundary
    dimension: Dimension
    price: str
    convention: str


@dataclass(frozen=True, slots=True)
class Result:
    """A product's result, which its owner lets be counted. kg_co2e: per declared unit. group_id: the corporate group's
    head. categories: all that the product is in, parents included."""

    product_id: str
    group_id: str
    categories: tuple[str, ...]
    boundary: SystemBoundary
    convention: str | None
    declared_unit_amount: Decimal
    declared_unit: DeclaredUnit
    price: Price | None
    kg_co2e: Decimal


@dataclass(frozen=True, slots=True, order=True)
class Contribution:
    """What one group adds to a set: kg CO2e per base unit of the set's dimension (kilogram, liter, megajoule, …)."""

    group_id: str
    kg_co2e_per_base_unit: Decimal


def contributions(results: Iterable[Result]) -> dict[ComparableSet, tuple[Contribution, ...]]:
    """Of every set that a result belongs to, one value for each group, by group. A product counts once in a set."""
    found: dict[_Alike, dict[str, dict[str, dict[str, Decimal]]]] = defaultdict(
        lambda: defaultdict(lambda: defaultdict(dict))
    )
    for result in results:
        if result.convention is None:
            continue
        per_base = result.kg_co2e / (result.declared_unit_amount * size(result.declared_unit))
        by_category = found[_alike(result, result.convention)]
        for category in result.categories:
            by_category[category][result.group_id][result.product_id] = per_base
    return {
        ComparableSet(category, *alike): tuple(
            Contribution(group, _median(groups[group].values())) for group in sorted(groups)
        )
        for alike, by_category in found.items()
        for category, groups in by_category.items()
    }


def _median(values: Collection[Decimal]) -> Decimal:
    """Most groups have one product in a set."""
    return next(iter(values)) if len(values) == 1 else median(values)


_Alike = tuple[SystemBoundary, Dimension, str, str]  # of a set, all but its category


def _alike(result: Result, convention: str) -> _Alike:
    return result.boundary, dimension(result.declared_unit), price_text(result.price), convention


def price_text(price: Price | None) -> str:
    """Of what money results are, as one text; empty where they are of none."""
    return "" if price is None else f"{price.currency} {price.year} {price.basis}"


def price_of(text: str) -> Price | None:
    """What `price_text` wrote."""
    if not text:
        return None
    currency, year, basis = text.split(" ")
    return Price(currency, int(year), PriceBasis(basis))
