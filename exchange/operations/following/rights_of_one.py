"""What one organization was granted, as it holds at one head of the ledger, and until which instant it does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from exchange.model.alliance import Membership
from exchange.model.footprint import NEVER_US
from exchange.model.grant import AccessLevel, Grant
from exchange.model.product import Product
from exchange.operations.requests.checks import US_PER_DAY


@dataclass(frozen=True, slots=True)
class Span:
    """From one instant until (exclusive) another, in microseconds: between them the clock alone changes nothing."""

    from_us: int = 0
    until_us: int = NEVER_US

    def holds(self, at_us: int) -> bool:
        return self.from_us <= at_us < self.until_us


@dataclass(frozen=True, slots=True)
class Given:
    """What grants in force show to one organization, onward ones apart.

    alliances: that it is a member of. by_key: of one product each. of_many: by owner and classification (None: of all
    that the owner has). Each with the highest level.
    """

    alliances: frozenset[str]
    by_key: Mapping[int, AccessLevel]
    of_many: Mapping[tuple[str, str | None], AccessLevel]
    span: Span = field(default_factory=Span)

    @property
    def inputs(self) -> bool:
        """Whether it holds INPUTS on anything, so that something may be shown onward."""
        return AccessLevel.INPUTS in self.by_key.values() or AccessLevel.INPUTS in self.of_many.values()

    def level(self, product: Product) -> AccessLevel:
        found, owner = self.by_key.get(product.key, AccessLevel.NONE), product.owner_id
        if self.of_many:
            found = max(found, *(self.of_many.get((owner, name), found) for name in (None, *product.classifications)))
        return found


@dataclass(frozen=True, slots=True)
class Granted:
    """The same by product. levels: keys with the highest level, onward ones at TOTAL. onward: those that are shown
    because it holds INPUTS (`by_inputs`) on something that they go into."""

    levels: dict[int, AccessLevel]
    onward: frozenset[int]
    by_inputs: bool = False
    span: Span = field(default_factory=Span)


NOTHING_GIVEN: Final = Given(frozenset(), {}, {})  # to whoever is no organization


class Boundaries:
    """Finds the next instant at which the clock alone may change what grants make visible."""

    def __init__(self, now_us: int) -> None:
        self._now_us, self._next_us = now_us, NEVER_US

    @property
    def span(self) -> Span:
        """From now until then."""
        return Span(self._now_us, self._next_us)

    def of_grants(self, grants: Iterable[Grant]) -> None:
        """Grants begin and end."""
        for grant in grants:
            for at_us in (grant.from_us, grant.until_us):
                if self._now_us < at_us < self._next_us:
                    self._next_us = at_us

    def of_day(self, day: int) -> None:
        """What depends on the day of the question (days since 1970, UTC)."""
        self._next_us = min(self._next_us, (day + 1) * US_PER_DAY)


def given_by(
    memberships: Iterable[Membership], grants: Iterable[Grant], organization_id: str | None, now_us: int
) -> Given:
    """Of grants that may reach an organization, those that do now."""
    alliances = frozenset(each.alliance_id for each in memberships if each.holds(now_us))
    by_key, of_many = dict[int, AccessLevel](), dict[tuple[str, str | None], AccessLevel]()
    boundaries = Boundaries(now_us)
    for grant in grants:
        reaches = grant.alliance_id in alliances if grant.alliance_id else grant.organization_id == organization_id
        if not reaches or grant.level < AccessLevel.TOTAL:
            continue
        boundaries.of_grants([grant])
        if not grant.in_force(now_us):
            continue
        if grant.owner_id is None:
            by_key[grant.product_key] = max(by_key.get(grant.product_key, AccessLevel.NONE), grant.level)
        else:
            covered = (grant.owner_id, grant.classification)
            of_many[covered] = max(of_many.get(covered, AccessLevel.NONE), grant.level)
    return Given(alliances, by_key, of_many, boundaries.span)
