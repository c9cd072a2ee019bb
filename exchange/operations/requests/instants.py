"""The dates that the graph in memory stands at."""

from __future__ import annotations

from exchange.model.closure import Dates
from exchange.model.ledger import LedgerHead
from exchange.operations.requests.checks import US_PER_DAY


def today(head: LedgerHead, now_us: int) -> Dates:
    """Today and now."""
    return Dates(now_us // US_PER_DAY, now_us, head.sequence)


def later(at: Dates, now: Dates) -> Dates:
    """Time never goes back, whatever clock a question came with."""
    return Dates(max(at.as_of_day, now.as_of_day), max(at.known_at_us, now.known_at_us), now.head)
