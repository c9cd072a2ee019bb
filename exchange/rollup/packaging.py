"""Packaging: a memo of what packaging is worth inside cradle to gate.

packagingGhgEmissions = own + sum over lines marked `packaging` of a x(excluding uptake); it is never propagated to
consumers (docs/method.md, "Components"; PACT `packagingGhgEmissions`).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from exchange.model.footprint import PACKAGING
from exchange.model.resolved import Bools, Floats
from exchange.rollup.resolution import Resolution
from exchange.rollup.system import GATE_STAGE_MAX, System, delivered_to, in_stages


@dataclass(frozen=True, slots=True, eq=False)
class Packaging:
    """kg CO2e per declared unit of each product, and whether anything was said of its packaging."""

    lines_kg_co2e: Floats
    by_lines: Bools

    def of(self, row: int, own: Decimal | None) -> tuple[Decimal, bool]:
        """A product's packaging emissions, not rounded, and whether anything was said of them; `own`: what its
        footprint states itself."""
        lines = Decimal(float(self.lines_kg_co2e[row]))
        return (own or Decimal(0)) + lines, own is not None or bool(self.by_lines[row])


def packaging_of(resolution: Resolution, system: System, cradle_to_gate_kg: Floats) -> Packaging:
    """Packaging of all products; `cradle_to_gate_kg` is x excluding uptake of every row."""
    products = len(resolution.keys)
    marked = (resolution.flags & PACKAGING) != 0
    lines = np.flatnonzero(marked & in_stages(resolution, 0, GATE_STAGE_MAX))
    also = delivered_to(resolution, system.outbound_row)[lines]
    x = cradle_to_gate_kg[resolution.serving[lines]] + np.where(also >= 0, cradle_to_gate_kg[also], 0.0)
    worth = resolution.factors[lines] * x
    said = np.zeros(products, dtype=np.bool_)
    said[resolution.consumer[marked]] = True
    return Packaging(np.bincount(resolution.consumer[lines], worth, minlength=products).astype(np.float64), said)
