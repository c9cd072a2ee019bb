"""Findings of a roll-up: what is kept, but worth a look once the suppliers are known.

Both follow from what is shown: UPTAKE_POSITIVE from the total (docs/method.md, "Components"), the other from the view.
What can be said of a footprint before its suppliers are known was found when it was published, and is kept with it
(exchange.operations.requests.findings).
"""

from __future__ import annotations

from collections.abc import Sequence

from exchange.model.carbon import COLUMN, UPTAKE
from exchange.model.footprint import Finding
from exchange.rollup.own_terms import Vector
from exchange.rollup.rounding import text


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
