"""What was read of the database at one head of the ledger, kept for the questions that follow, while that head stays.

Everything that is written moves the head, so while it stays, what was read is what would be read again. The first
session at another head empties it; what this process writes itself lets it go on without what that may have changed
(`wrote`). What also depends on the clock (which grants hold) is kept until the next instant at
which it could change. What is made from it leaves only after the head was read once more (`Session.confirm`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from exchange.model.footprint import NEVER_US
from exchange.model.grant import AccessLevel, Grant
from exchange.model.ledger import WATCHED, ChangeKind
from exchange.model.product import Product
from exchange.operations.checks import US_PER_DAY

PRODUCTS_KNOWN_MAX: Final = 5_000  # about a kilobyte each
RIGHTS_KNOWN_MAX: Final = 200_000  # products granted, over all organizations: some hundred bytes each


@dataclass(frozen=True, slots=True)
class RightsOfOne:
    """What one organization was granted, as it holds from one instant until (exclusive) another, in microseconds.

    alliances: that it is a member of. granted: product keys with the highest level, onward ones at TOTAL. onward: those
    that are shown because it holds INPUTS on something that they go into. by_inputs: whether it holds INPUTS at all, so
    that a footprint may change what is onward.
    """

    alliances: frozenset[str]
    onward: frozenset[int]
    granted: dict[int, AccessLevel]
    from_us: int
    until_us: int
    by_inputs: bool = False


NOTHING_GRANTED: Final = RightsOfOne(frozenset(), frozenset(), {}, 0, NEVER_US)  # to whoever is no organization


# No product is another by them, nor any grant: only which footprint stands, and so what is onward.
_OF_FOOTPRINTS: Final = WATCHED | {
    ChangeKind.FOOTPRINT_PUBLISHED,
    ChangeKind.FOOTPRINT_DEPRECATED,
    ChangeKind.RELEASE_CREATED,
}


class Boundaries:
    """Finds the next instant at which the clock alone may change what grants make visible."""

    def __init__(self, now_us: int) -> None:
        self._now_us = now_us
        self.next_us = NEVER_US

    def of_grants(self, grants: Iterable[Grant]) -> None:
        """Grants begin and end."""
        for grant in grants:
            for at_us in (grant.from_us, grant.until_us):
                if self._now_us < at_us < self.next_us:
                    self.next_us = at_us

    def of_day(self, day: int) -> None:
        """What depends on the day of the question (days since 1970, UTC)."""
        self.next_us = min(self.next_us, (day + 1) * US_PER_DAY)


class Known:
    """At one head; one per process."""

    def __init__(self) -> None:
        self._head = -1
        self._by_id: dict[str, Product] = {}
        self._by_key: dict[int, Product] = {}
        self._rights: dict[str, RightsOfOne] = {}
        self._rights_size = 0

    def product(self, name: str | int, head: int) -> Product | None:
        """By id or by key; None: it has to be read."""
        if head != self._head:
            return None
        return self._by_id.get(name) if isinstance(name, str) else self._by_key.get(name)

    def keep_products(self, products: Iterable[Product | None], head: int) -> None:
        """What was read by a session at `head`."""
        if not self._is_at(head):
            return
        for product in products:
            if product is not None:
                if len(self._by_id) >= PRODUCTS_KNOWN_MAX:
                    self._by_id.clear()
                    self._by_key.clear()
                self._by_id[product.id] = self._by_key[product.key] = product

    def rights(self, organization_id: str, head: int, now_us: int) -> RightsOfOne | None:
        """None: they have to be read."""
        found = self._rights.get(organization_id) if head == self._head else None
        return found if found is not None and found.from_us <= now_us < found.until_us else None

    def keep_rights(self, organization_id: str, rights: RightsOfOne, head: int) -> None:
        """What was read by a session at `head`."""
        if not self._is_at(head) or len(rights.granted) > RIGHTS_KNOWN_MAX:
            return
        before = self._rights.pop(organization_id, None)
        self._rights_size -= 0 if before is None else len(before.granted)
        if self._rights_size + len(rights.granted) > RIGHTS_KNOWN_MAX:
            self._rights.clear()
            self._rights_size = 0
        self._rights[organization_id] = rights
        self._rights_size += len(rights.granted)

    def wrote(self, before: int, after: int, kinds: Collection[ChangeKind]) -> None:
        """These changes, and no others, moved the head from `before` to `after`."""
        if self._head != before or after <= before:
            return
        if not _OF_FOOTPRINTS.issuperset(kinds):
            self._is_at(after)
            return
        self._head = after
        if not WATCHED.issuperset(kinds):
            for organization_id in [name for name, rights in self._rights.items() if rights.by_inputs]:
                self._rights_size -= len(self._rights.pop(organization_id).granted)

    def _is_at(self, head: int) -> bool:
        """Whether what was read at a head is kept: not of an earlier one than others have seen."""
        if head > self._head:
            self._head = head
            for kept in (self._by_id, self._by_key, self._rights):
                kept.clear()
            self._rights_size = 0
        return head == self._head
