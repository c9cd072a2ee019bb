"""How often a loop may be refused: the check is an oracle, so nobody gets to ask it a thousand times.

Whether a line closes a loop without an answer depends on what other owners keep to themselves: whoever may try amounts
one after the other finds a foreign coefficient digit by digit. So refusals are counted per product and day, and the
gain is never stated (docs/method.md, "Admission").

A refusal is recorded before it is told, in a transaction of the write queue against the head that it was decided at.
So it counts on every server and after a restart; and where two servers refuse at once, one of them decides again with
the other's refusal counted. Nobody is ever told more refusals of a product than the bound.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from typing import Final, Protocol

from exchange.errors import LoopRefused, TooManyRequests
from exchange.graph import Store
from exchange.model.footprint import Footprint
from exchange.model.grant import Grant
from exchange.model.refused_loop import RefusedLoop
from exchange.model.writes import RecordRefusedLoop
from exchange.operations.requests.checks import US_PER_DAY

REFUSALS_PER_DAY_MAX: Final = 10  # each tells one bit: three decimal digits a day; an honest mistake takes two or three


class Refusable(Protocol):
    """The part of a decision that is recorded when admission refuses it."""

    @property
    def organization_id(self) -> str: ...
    @property
    def footprints(self) -> Sequence[Footprint]: ...
    @property
    def grants(self) -> Sequence[Grant]: ...
    @property
    def counted_as(self) -> str: ...


async def check_refusals(store: Store, product_ids: Collection[str], now_us: int) -> None:
    """Raises TooManyRequests where one of the products was refused too often today."""
    counts = await store.refused_loop_counts(product_ids, now_us // US_PER_DAY)
    if any(count >= REFUSALS_PER_DAY_MAX for count in counts.values()):
        raise TooManyRequests(
            "This product's lines were refused as a loop too often today. Check amounts and units with your "
            "suppliers, and try again tomorrow (UTC).",
            retry_after_seconds=seconds_left(now_us),
        )


def seconds_left(now_us: int) -> int:
    """Until the next day (UTC) begins."""
    return (US_PER_DAY - now_us % US_PER_DAY) // 1_000_000 + 1


def refused_loop(decided: Refusable, error: LoopRefused, now_us: int, sequence: int) -> RecordRefusedLoop:
    """What is recorded of a refusal, under the next ledger sequence; `error` as admission raised it."""
    of = decided.footprints[int(error.path[0])].product_id if decided.footprints else decided.grants[0].product_id
    refused = RefusedLoop(
        id=str(uuid.uuid4()),
        product_id=decided.counted_as or of or "",
        organization_id=decided.organization_id,
        day=now_us // US_PER_DAY,
        at_us=now_us,
        sequence=sequence,
    )
    return RecordRefusedLoop(refused, error.members)
