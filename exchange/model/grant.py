"""The owner's permission: which product, to whom, at which level, from when to when."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from exchange.model.footprint import NEVER_US


class AccessLevel(IntEnum):
    """How much of a product a viewer is shown; higher includes lower. NONE is never shown to anybody."""

    NONE = 0
    TOTAL = 1
    BREAKDOWN = 2
    INPUTS = 3
    OWNER = 4


@dataclass(frozen=True, slots=True)
class Grant:
    """`organization_id` None: everybody (then the level is TOTAL). Instants in microseconds; until is exclusive."""

    id: str
    product_id: str
    product_key: int
    organization_id: str | None
    level: AccessLevel
    onward: bool
    from_us: int
    until_us: int  # NEVER_US: open
    revoked_at_us: int  # NEVER_US while it stands
    sequence: int  # of the Change that granted it
    revoked_sequence: int  # NEVER_US while it stands

    def reaches(self, organization_id: str | None) -> bool:
        """Whether this grant is to that organization or to everybody."""
        return self.organization_id is None or self.organization_id == organization_id

    def in_force(self, at_us: int) -> bool:
        """Whether it holds at an instant, and has not been revoked since."""
        return self.revoked_at_us == NEVER_US and self.from_us <= at_us < self.until_us
