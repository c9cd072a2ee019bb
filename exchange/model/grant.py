"""The owner's permission: which products, to whom, at which level, from when to when."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

from exchange.model.alliance import LATEST, Members
from exchange.model.footprint import NEVER_US
from exchange.model.product import Product

CONSENT: Final = "BENCHMARK"  # how the level of a grant is written that shows nothing
NO_PRODUCT: Final = -1  # the product key of a grant on many


class AccessLevel(IntEnum):
    """How much of a product a viewer is shown; higher includes lower. NONE is never shown to anybody."""

    NONE = 0
    TOTAL = 1
    BREAKDOWN = 2
    INPUTS = 3
    OWNER = 4


@dataclass(frozen=True, slots=True)
class Grant:
    """Of one product, or of many: everything of the owner, or what it classified so, later products included.

    To an organization, to an alliance (its members of the day), or to everybody (neither; then the level is TOTAL and
    it is of one product). Level NONE is the level BENCHMARK: consent that values are counted in the alliance's
    statistics. It shows nothing and permits nothing. Instants in microseconds; until is exclusive.
    """

    id: str
    product_id: str | None  # None: of many
    product_key: int  # NO_PRODUCT: of many
    organization_id: str | None
    level: AccessLevel
    onward: bool
    from_us: int
    until_us: int  # NEVER_US: open
    revoked_at_us: int  # NEVER_US while it stands
    sequence: int  # of the Change that granted it
    revoked_sequence: int  # NEVER_US while it stands
    alliance_id: str | None = None
    owner_id: str | None = None  # of a grant of many: whose products
    classification: str | None = None  # of a grant of many: a URN; None: everything
    members: Members = field(default_factory=dict, compare=False, repr=False)  # of the alliance, where they were read

    @property
    def public(self) -> bool:
        return self.organization_id is None and self.alliance_id is None

    @property
    def level_name(self) -> str:
        return CONSENT if self.level == AccessLevel.NONE else self.level.name

    def covers(self, product: Product) -> bool:
        """Whether it is of this product, by itself or among many."""
        if self.owner_id is None:
            return self.product_key == product.key
        return self.owner_id == product.owner_id and (
            self.classification is None or self.classification in product.classifications
        )

    def reaches(self, organization_id: str | None, at_us: int, head: int = LATEST) -> bool:
        """Whether it is to that organization, to an alliance that it is a member of then (at an instant, by what was
        written up to a sequence), or to everybody. One of level BENCHMARK reaches nobody."""
        if self.level == AccessLevel.NONE:
            return False
        if self.alliance_id is None:
            return self.organization_id is None or self.organization_id == organization_id
        return organization_id is not None and any(
            each.holds(at_us, head) for each in self.members.get(organization_id, ())
        )

    def in_force(self, at_us: int) -> bool:
        """Whether it holds at an instant, and has not been revoked since."""
        return self.revoked_at_us == NEVER_US and self.from_us <= at_us < self.until_us
