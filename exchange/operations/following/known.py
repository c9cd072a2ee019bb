"""What was read of the database at one head of the ledger, kept for the questions that follow, while that head stays.

Everything that is written moves the head, so while it stays, what was read is what would be read again. The first
session at another head empties it; what this process writes itself lets it go on without what that may have changed
(`wrote`). What also depends on the clock (which grants hold) is kept until the next instant at which it could change.
What is made from it leaves only after the head was read once more (`Session.confirm`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from exchange.model.ledger import WATCHED, ChangeKind
from exchange.model.product import Product
from exchange.operations.following.rights_of_one import Given, Granted

PRODUCTS_KNOWN_MAX: Final = 5_000  # about a kilobyte each
RIGHTS_KNOWN_MAX: Final = 200_000  # products granted, over all organizations: some hundred bytes each

# No product is another by them, nor any grant: only which footprint stands, and so what is onward.
_OF_FOOTPRINTS: Final = WATCHED | {
    ChangeKind.FOOTPRINT_PUBLISHED,
    ChangeKind.FOOTPRINT_DEPRECATED,
    ChangeKind.RELEASE_CREATED,
}


class Known:
    """At one head; one per process."""

    def __init__(self) -> None:
        self._head = -1
        self._by_id: dict[str, Product] = {}
        self._by_key: dict[int, Product] = {}
        self._given: dict[str, Given] = {}
        self._granted: dict[str, Granted] = {}
        self._size = 0

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

    def given(self, organization_id: str, head: int, now_us: int) -> Given | None:
        """None: it has to be read."""
        found = self._given.get(organization_id) if head == self._head else None
        return found if found is not None and found.span.holds(now_us) else None

    def keep_given(self, organization_id: str, given: Given, head: int) -> None:
        """What was read by a session at `head`."""
        if self._is_at(head):
            self._make_room(len(given.by_key) + len(given.of_many))
            self._given[organization_id] = given

    def granted(self, organization_id: str, head: int, now_us: int) -> Granted | None:
        """None: it has to be read."""
        found = self._granted.get(organization_id) if head == self._head else None
        return found if found is not None and found.span.holds(now_us) else None

    def keep_granted(self, organization_id: str, granted: Granted, head: int) -> None:
        """What was read by a session at `head`."""
        if self._is_at(head) and len(granted.levels) <= RIGHTS_KNOWN_MAX:
            self._make_room(len(granted.levels))
            self._granted[organization_id] = granted

    def _make_room(self, more: int) -> None:
        """Counts what comes, also where it takes the place of something; where it is too much, begins anew."""
        self._size += more
        if self._size > RIGHTS_KNOWN_MAX:
            self._given.clear()
            self._granted.clear()
            self._size = more

    def wrote(self, before: int, after: int, kinds: Collection[ChangeKind]) -> None:
        """These changes, and no others, moved the head from `before` to `after`."""
        if self._head != before or after <= before:
            return
        if not _OF_FOOTPRINTS.issuperset(kinds):
            self._is_at(after)
            return
        self._head = after
        if not WATCHED.issuperset(kinds):
            for organization_id in [name for name, granted in self._granted.items() if granted.by_inputs]:
                del self._granted[organization_id]

    def _is_at(self, head: int) -> bool:
        """Whether what was read at a head is kept: not of an earlier one than others have seen."""
        if head > self._head:
            self._head = head
            for kept in (self._by_id, self._by_key, self._given, self._granted):
                kept.clear()
            self._size = 0
        return head == self._head
