"""Footprints as publishFootprint takes them, with nothing in them but what has to be: a test adds what it is about."""

from __future__ import annotations

from typing import Any

# One kilogram, made in 2025, without its product and without a result.
PER_KILOGRAM = {
    "declaredUnitAmount": "1",
    "declaredUnitOfMeasurement": "KILOGRAM",
    "productMassPerDeclaredUnit": "1",
    "referencePeriodStart": "2025-01-01T00:00:00Z",
    "referencePeriodEnd": "2026-01-01T00:00:00Z",
    "ipccCharacterizationFactors": ["AR6"],
    "crossSectoralStandards": ["ISO14067"],
}


def footprint(product: Any, result: dict[str, Any], **more: Any) -> dict[str, Any]:
    """product: its id, or what stands for it. result: `declared`, `modelled` or a test's own, with any other fields."""
    return {"product": product, **PER_KILOGRAM, **result, **more}


def declared(total: str) -> dict[str, Any]:
    """A result that states its total, all of it fossil."""
    totals = {"pcfExcludingBiogenicUptake": total, "pcfIncludingBiogenicUptake": total}
    return {"declared": {**totals, "components": {"fossilGhgEmissions": total}}}


def modelled(*lines: dict[str, Any]) -> dict[str, Any]:
    """A result of lines, and one kilogram from making it."""
    stage = {"stage": "MANUFACTURING", "components": {"fossilGhgEmissions": "1"}}
    return {"modelled": {"direct": [stage], "lines": list(lines)}}
