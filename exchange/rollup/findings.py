"""Findings of a roll-up: what is kept, but worth a look once the suppliers are known.

UPTAKE_POSITIVE follows from the shown total; the two about transport are the owner's own (docs/method.md,
"Components" and "Lines and units", Transport).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from exchange.model.carbon import COLUMN, UPTAKE
from exchange.model.footprint import DELIVERED, STAGES, Finding, LifeCycleStage
from exchange.rollup.own_terms import Vector
from exchange.rollup.resolution import Resolution
from exchange.rollup.rounding import text
from exchange.rollup.system import System, in_stages

_ACQUISITION = STAGES.index(LifeCycleStage.RAW_MATERIAL_ACQUISITION)


def uptake_finding(components: Vector) -> tuple[Finding, ...]:
    """UPTAKE_POSITIVE where more biogenic CO2 is released than was taken up, as far as is known."""
    uptake = components[COLUMN[UPTAKE]]
    if uptake <= 0:
        return ()
    return (
        Finding(
            code="UPTAKE_POSITIVE",
            severity="WARNING",
            message="The total holds more release than uptake of biogenic CO2: the product that took it up is "
            "probably a gap or does not state its uptake.",
            path=(UPTAKE,),
            expected="0 or less",
            got=text(uptake),
        ),
    )


def mixed_factors_finding(names: Sequence[str]) -> tuple[Finding, ...]:
    """MIXED_CHARACTERIZATION_FACTORS where footprints rest on more than one set of IPCC factors."""
    if len(names) < 2:
        return ()
    return (
        Finding(
            code="MIXED_CHARACTERIZATION_FACTORS",
            severity="INFO",
            message="Footprints that this result rests on use different IPCC characterization factors.",
            path=("ipccCharacterizationFactors",),
            expected="one set",
            got=", ".join(names),
        ),
    )


def transport_findings(resolution: Resolution, system: System, row: int) -> tuple[Finding, ...]:
    """Inbound transport counted both as a line and by `delivered`, or by neither.

    A line in ton kilometer of RAW_MATERIAL_ACQUISITION counts it as a line. Neither: a supplier's outbound logistics
    are known, no line is delivered and none is transport.
    """
    part = resolution.lines_of(row)
    delivered = (resolution.flags[part] & DELIVERED) != 0
    transport = bool((resolution.transport[part] & (resolution.stages[part] == _ACQUISITION)).any())
    if delivered.any() and transport:
        return (_transport("TRANSPORT_COUNTED_TWICE", "both as a line and as delivered", int(delivered.argmax())),)
    acquired = in_stages(resolution, _ACQUISITION, _ACQUISITION, part)
    supplier = resolution.serving[part]
    known = acquired & (system.outbound_row[np.where(acquired, supplier, 0)] >= 0)
    if known.any() and not transport and not delivered.any():
        return (_transport("TRANSPORT_NOT_COUNTED", "neither as a line nor as delivered", int(known.argmax())),)
    return ()


def _transport(code: str, how: str, position: int) -> Finding:
    return Finding(
        code=code,
        severity="WARNING",
        message=f"Inbound transport is counted {how}: give it as a line in ton kilometer, or mark the lines that "
        "include it `delivered`, one of the two.",
        path=("modelled", "lines", str(position), "delivered"),
    )
