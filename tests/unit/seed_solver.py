"""The seed's results without our engine: docs/method.md, sections 1 to 3, for this data, dense and in floats."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

import numpy as np

import seed

DATA = seed.load()
PRODUCTS = {product.key: product for product in DATA.products}
FOOTPRINTS = {footprint.key: footprint for footprint in DATA.footprints}
GATE = ("RAW_MATERIAL_ACQUISITION", "MANUFACTURING")

# unit: (dimension, size in the dimension's base)
UNITS = {
    "KILOGRAM": ("mass", "1"),
    "GRAM": ("mass", "0.001"),
    "MILLIGRAM": ("mass", "0.000001"),
    "TON": ("mass", "1000"),
    "LITER": ("volume", "1"),
    "MILLILITER": ("volume", "0.001"),
    "CUBIC_METER": ("volume", "1000"),
    "MEGAJOULE": ("energy", "1"),
    "GIGAJOULE": ("energy", "1000"),
    "KILOWATT_HOUR": ("energy", "3.6"),
    "WATT_HOUR": ("energy", "0.0036"),
    "MEGAWATT_HOUR": ("energy", "3600"),
    "TON_KILOMETER": ("transport", "1"),
    "SQUARE_METER": ("area", "1"),
    "PIECE": ("piece", "1"),
}
OUTSIDE_EXCLUDING = {"biogenicCO2Uptake", "landManagementFossilGhgEmissions", "aircraftGhgEmissions"}


def named(line: Mapping[str, Any]) -> tuple[str, str]:
    """The key and the URN that a line or fallback names; exactly one is not empty."""
    return line["product"].get("product", ""), line["product"].get("productId", "")


def validity(footprint: seed.Footprint) -> tuple[date, date]:
    text = footprint.input
    end = date.fromisoformat(text["referencePeriodEnd"][:10])
    start = date.fromisoformat(text["validityPeriodStart"][:10]) if "validityPeriodStart" in text else end
    if "validityPeriodEnd" in text:
        return start, date.fromisoformat(text["validityPeriodEnd"][:10])
    if footprint.release is None:
        return start, end.replace(year=end.year + 3)
    release = next(release for release in DATA.releases if release.key == footprint.release)
    later = [
        other.date
        for other in DATA.releases
        if (other.publisher, other.dataset) == (release.publisher, release.dataset) and other.date > release.date
    ]
    return start, min(later, default=date.max)


@cache
def standing(as_of: date = seed.AS_OF) -> dict[str, seed.Footprint]:
    corrected = {footprint.supersedes for footprint in DATA.footprints}
    stands: dict[str, tuple[tuple[str, str, int], seed.Footprint]] = {}
    for order, footprint in enumerate(DATA.footprints):
        start, end = validity(footprint)
        if footprint.key in corrected or not start <= as_of < end:
            continue
        rank = (footprint.input["referencePeriodEnd"], footprint.input["referencePeriodStart"], order)
        if footprint.product not in stands or stands[footprint.product][0] < rank:
            stands[footprint.product] = (rank, footprint)
    return {product: footprint for product, (_, footprint) in stands.items()}


def permitted(consumer: str, supplier: str) -> bool:
    return consumer == PRODUCTS[supplier].owner or any(
        grant.product == supplier and grant.to in ("public", consumer) for grant in DATA.grants
    )


def factor(amount: str, unit: str, supplier: seed.Footprint) -> Decimal | None:
    text = supplier.input
    dimension, size = UNITS[unit]
    declared_dimension, declared_size = UNITS[text["declaredUnitOfMeasurement"]]
    base = Decimal(amount) * Decimal(size)
    if dimension == declared_dimension:
        return base / Decimal(declared_size) / Decimal(text["declaredUnitAmount"])
    mass = Decimal(text["productMassPerDeclaredUnit"])
    if dimension == "mass" and declared_dimension in ("piece", "volume", "area") and mass:
        return base / mass
    return None


def resolve(owner: str, line: Mapping[str, Any]) -> tuple[str | None, Decimal | None, str]:
    """(supplier, factor, "") or (None, None, the gap's code)."""
    key, _ = named(line)
    if not key or not permitted(owner, key):
        return None, None, "NOT_GRANTED"
    if not any(footprint.product == key for footprint in DATA.footprints):
        return None, None, "NO_FOOTPRINT"
    if key not in standing():
        return None, None, "EXPIRED"
    a = factor(line["amount"], line["unit"], standing()[key])
    return (key, a, "") if a is not None else (None, None, "UNIT_NOT_CONVERTIBLE")


def excluding(components: dict[str, str]) -> Decimal:
    return sum((Decimal(v) for name, v in components.items() if name not in OUTSIDE_EXCLUDING), Decimal(0))


def uptake(components: dict[str, str]) -> Decimal:
    return Decimal(components.get("biogenicCO2Uptake", "0"))


def own_terms(footprint: seed.Footprint, stages: tuple[str, ...]) -> np.ndarray:
    d = np.zeros(2)  # excluding uptake, including uptake
    for stage in footprint.input["modelled"]["direct"]:
        if stage["stage"] in stages:
            e = excluding(stage["components"])
            d += [float(e), float(e + uptake(stage["components"]))]
    return d


@cache
def system() -> tuple[list[str], np.ndarray, np.ndarray, list[tuple[str, int, str, bool]]]:
    """Products, A, d and the lines that did not resolve: (consumer, position, code, served by its fallback)."""
    order = sorted(standing())
    index = {product: row for row, product in enumerate(order)}
    a, d = np.zeros((len(order), len(order))), np.zeros((len(order), 2))
    unresolved = []
    for product in order:
        row, footprint, owner = index[product], standing()[product], PRODUCTS[product].owner
        if "declared" in footprint.input:
            stated = footprint.input["declared"]
            names = ("pcfExcludingBiogenicUptake", "pcfIncludingBiogenicUptake")
            d[row] = [float(stated[name]) for name in names]
            continue
        d[row] += own_terms(footprint, GATE)
        for position, line in enumerate(footprint.lines):
            if line["stage"] not in GATE:
                continue
            supplier, share, code = resolve(owner, line)
            if code and "fallback" in line:
                supplier, share, failed = resolve(owner, line["fallback"])
                unresolved.append((product, position, code, not failed))
            elif code:
                unresolved.append((product, position, code, False))
            if supplier is None or share is None:
                continue
            a[row, index[supplier]] += float(share)
            if line.get("delivered"):
                add_delivery(a, d, index, row, standing()[supplier], share)
    return order, a, d, unresolved


def add_delivery(
    a: np.ndarray, d: np.ndarray, index: dict[str, int], row: int, supplier: seed.Footprint, share: Decimal
) -> None:
    if "declared" in supplier.input:
        d[row] += float(share * Decimal(supplier.input["declared"].get("outboundLogisticsGhgEmissions", "0")))
        return
    d[row] += float(share) * own_terms(supplier, ("DISTRIBUTION",))
    for line in supplier.lines:
        if line["stage"] == "DISTRIBUTION":
            product, outbound, code = resolve(PRODUCTS[supplier.product].owner, line)
            assert product is not None, code
            assert outbound is not None
            a[row, index[product]] += float(share * outbound)


@cache
def results() -> dict[str, tuple[float, float]]:
    """Cradle to gate per declared unit, excluding and including uptake."""
    order, a, d, _ = system()
    x = np.linalg.solve(np.eye(len(order)) - a, d)
    return {product: (float(x[row, 0]), float(x[row, 1])) for row, product in enumerate(order)}


def per_unit(product: str) -> float:
    """kg CO2e per one unit of the declared unit."""
    return results()[product][0] / float(standing()[product].input["declaredUnitAmount"])
