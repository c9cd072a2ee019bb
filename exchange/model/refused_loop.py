"""An attempt that was refused because it would have closed a loop without an answer."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RefusedLoop:
    """Kept beside the ledger, for counting and for the owners concerned; it says nothing of amounts.

    product_id: whose footprint or access was refused. organization_id: who tried. day: of at_us, UTC.
    """

    id: str
    product_id: str
    organization_id: str
    day: int
    at_us: int
    sequence: int  # of the Change that recorded it
