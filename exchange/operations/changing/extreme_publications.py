"""What becomes of publications that were judged extreme (`swings.py`): entries with them, and counts once written."""

from __future__ import annotations

from exchange.model.ledger import RULE_OF_AMOUNTS, ChangeKind
from exchange.operations.exchange import Exchange
from exchange.operations.swings.judging import Judged
from exchange.operations.writing.queue import Allocation


def tell_suppliers(allocation: Allocation, judged: Judged, by_id: str) -> None:
    """Entries for the owners of what the organization `by_id` swings the amounts of."""
    for told in judged.tell:
        concerned = {"owner_id": told.owner_id, "product_id": told.id, "organization_id": by_id}
        allocation.change(ChangeKind.EXTREME_PUBLICATION, told.id, detail=RULE_OF_AMOUNTS, **concerned)


def count(exchange: Exchange, judged: Judged, owner_id: str, by: str) -> None:
    """Of what has been written; whoever takes the owner's products is told beside."""
    exchange.swings.published(judged, owner_id)
    if judged.customers_of:
        exchange.customers.tell(owner_id, by, judged.customers_of)
