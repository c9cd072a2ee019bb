"""Which lines may be followed: the supplier's owner decides, and the answer is the same whoever asks."""

from __future__ import annotations

from exchange.model.closure import Dates, Node, Permits
from exchange.model.footprint import NEVER_US
from exchange.model.product import Product


def permits_at(dates: Dates) -> Permits:
    """A line is followed if consumer and supplier have one owner, the supplier is public, or it is granted.

    The grant must hold at known-at and not have been revoked by the ledger sequence that was read: a revocation takes
    effect for every known-at (docs/method.md, "Which footprint stands"), and so does leaving an alliance. Members of
    one are reached from the instant at which they joined it.
    """

    def permits(consumer: Product, supplier: Node) -> bool:
        owner = consumer.owner_id
        if supplier.product.owner_id == owner:
            return True
        return any(
            grant.reaches(owner, dates.known_at_us, dates.head)
            and grant.sequence <= dates.head
            and grant.revoked_sequence > dates.head
            and grant.from_us <= dates.known_at_us < grant.until_us
            for grant in supplier.grants
        )

    return permits


def permits_ever(now_us: int) -> Permits:
    """A line counts in admission if it may be followed now or at any later time, by what is recorded today."""

    def permits(consumer: Product, supplier: Node) -> bool:
        owner = consumer.owner_id
        if supplier.product.owner_id == owner:
            return True
        return any(
            grant.reaches(owner, now_us) and grant.revoked_at_us == NEVER_US and grant.until_us > now_us
            for grant in supplier.grants
        )

    return permits
