"""Publications that swing an amount or own emissions by orders of magnitude, again and again: a sign of probing.

What is under the last shown digit of a total shows nowhere. An organization that has a supplier's product in its own
can lift it: it multiplies that amount by a thousand, or a million, looks at what moves, and sets it back. One that
supplies into another's product does so by its own emissions. An honest owner does so once, by a wrong unit, and once
more to correct it. So the third such publication of a day is told, and after ten more there is no other that day
(docs/permissions.md, "Extreme publications").

Whom that concerns: of an amount, the owner of the product that is taken, or where that is an own one, of what it takes
through own ones; in the publisher's trail, too. Of own emissions, who takes the publisher's product; that is hidden
from the publisher, so nothing here depends on it (`customers_told.py`).

Counted in this process alone, as what-ifs are: each server counts for itself, from its start. Nothing is read for it
before something swung once too often.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from exchange.errors import TooManyRequests
from exchange.model.footprint import Footprint
from exchange.model.product import Product
from exchange.operations.requests.checks import US_PER_DAY
from exchange.operations.swings.own_chains import suppliers_through
from exchange.operations.swings.published_today import Compared, PublishedToday
from exchange.operations.turns import PARTS_AT_ONCE, beside
from exchange.operations.watching.counts_of_a_day import CountsOfADay
from exchange.operations.writing.refusals import seconds_left

if TYPE_CHECKING:
    from exchange.operations.reading.session import Session

SWINGS_PER_DAY_MAX: Final = 10  # beyond those, of an organization and a product: as many as refused loops
PAIRS_COUNTED_MAX: Final = 100_000

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Judged:
    """What publications mean. tell: whose owners are told of amounts. customers_of: keys of own products of which
    whoever takes them is told of own emissions. counted: how often each product is swung once too often, by its id,
    another's and the publisher's own. at_us: when."""

    at_us: int
    compared: Compared
    tell: Sequence[Product] = ()
    customers_of: Sequence[int] = ()
    counted: Mapping[str, int] = field(default_factory=dict)


class Swings:
    """What was published today (UTC), by product; a new day begins with nothing."""

    def __init__(self) -> None:
        self._day = -1
        self._today = PublishedToday()
        self._counts: CountsOfADay[tuple[str, str]] = CountsOfADay(PAIRS_COUNTED_MAX)

    def compares(self, product_id: str, now_us: int) -> bool:
        """Whether the next footprint of a product is compared with one of today."""
        self._turn(now_us)
        return self._today.has(product_id)

    async def judge(
        self,
        begin: Callable[[], Awaitable[Session]],
        owner_id: str,
        footprints: Sequence[Footprint],
        now_us: int,
        *,
        limited: bool = True,
    ) -> Judged:
        """What new footprints of an owner, with bound lines, mean; nothing is counted yet. `begin` gives the owner's
        session. Raises TooManyRequests where one swings a product once too often, if that is `limited`."""
        self._turn(now_us)
        today = self._today
        many = today.parts(footprints) > PARTS_AT_ONCE
        compared = await beside(lambda: today.compare(footprints)) if many else today.compare(footprints)
        if not any(compared.amounts) and not any(compared.own):
            return Judged(now_us, compared)
        session = await begin() if any(compared.amounts) else None
        return await self._weighed(session, owner_id, footprints, compared, now_us, limited=limited)

    async def _weighed(
        self,
        session: Session | None,
        owner_id: str,
        footprints: Sequence[Footprint],
        compared: Compared,
        now_us: int,
        *,
        limited: bool,
    ) -> Judged:
        """Whom that concerns which was swung once too often. session: the owner's, where amounts were."""
        swung = await _seen(session, compared.amounts)
        mine = {key for key, product in swung.items() if product.owner_id == owner_id}
        own = _own_swings(footprints, compared, mine)
        if limited:  # before anything more is read
            self._check(owner_id, own, OWN_MESSAGE, now_us)
        through = await suppliers_through(session, owner_id, mine, footprints) if session and mine else {}
        products = swung | await _seen(session, through.values())
        foreign: Counter[int] = Counter()
        for keys in compared.amounts:
            reached = set(keys).union(*(through.get(key, ()) for key in keys))
            foreign.update(sorted(reached & products.keys() - mine))
        times = {products[key].id: count for key, count in foreign.items()}
        if limited:
            self._check(owner_id, times, MESSAGE, now_us)
        counts, keys_of = self._counts.at(now_us), {one.product_id: one.product_key for one in footprints}
        tell = [products[key] for key in foreign if not counts[owner_id, products[key].id]]
        customers_of = [keys_of[name] for name in own]
        return Judged(now_us, compared, tell, customers_of, counted=times | own)

    def published(self, judged: Judged, owner_id: str) -> None:
        """Counts what was judged, and has been written."""
        self._turn(judged.at_us)
        for product_id, times in judged.counted.items():
            self._counts.at(judged.at_us)[owner_id, product_id] += times
        self._today.keep(judged.compared)

    def _check(self, owner_id: str, times: Mapping[str, int], message: str, now_us: int) -> None:
        counts = self._counts.at(now_us)
        for product_id, more in times.items():
            if counts[owner_id, product_id] + more > SWINGS_PER_DAY_MAX:
                log.warning("too many extreme publications: product %s, by %s", product_id, owner_id)
                raise TooManyRequests(message, retry_after_seconds=seconds_left(now_us))

    def _turn(self, now_us: int) -> None:
        day = now_us // US_PER_DAY
        if day > self._day:
            self._day, self._today = day, PublishedToday()


MESSAGE: Final = (
    "Amounts of a supplier's product changed a thousandfold in your footprints, back and forth, too often today. Its "
    "owner is told. Check amounts and units, and try again tomorrow (UTC)."
)
OWN_MESSAGE: Final = (  # the same whether anybody takes the product or not
    "Emissions that you state of this product, or amounts of your own products in it, changed a thousandfold, back and "
    "forth, too often today. Check them and their units, and try again tomorrow (UTC)."
)


async def _seen(session: Session | None, keys: Iterable[Collection[int]]) -> dict[int, Product]:
    """Those of the products that the publisher sees: an entry or a refusal must not tell it that there is another."""
    asked = sorted(set[int]().union(*keys))
    answers = await session.products_by_key(asked) if session is not None and asked else []
    return {one.product.key: one.product for one in answers if one is not None}


def _own_swings(footprints: Sequence[Footprint], compared: Compared, own: Collection[int]) -> dict[str, int]:
    """How often each product that is published swings its own emissions once too often, by its id. An amount of an own
    product is one of them: by it the product swings, and nobody else's need be in it."""
    found: Counter[str] = Counter()
    for one, keys, swings in zip(footprints, compared.amounts, compared.own, strict=True):
        if swings or not keys.isdisjoint(own):
            found[one.product_id] += 1
    return dict(found)
