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
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from exchange.errors import TooManyRequests
from exchange.model.footprint import Footprint
from exchange.model.product import Product
from exchange.operations.checks import US_PER_DAY
from exchange.operations.counts_of_a_day import CountsOfADay
from exchange.operations.own_chains import suppliers_through
from exchange.operations.published_today import AmountsCompared, AmountsToday, EmissionsCompared, EmissionsToday
from exchange.operations.refusals import seconds_left
from exchange.operations.turns import PARTS_AT_ONCE, beside

if TYPE_CHECKING:
    from exchange.operations.session import Session

SWINGS_PER_DAY_MAX: Final = 10  # beyond those, of an organization and a product: as many as refused loops
PAIRS_COUNTED_MAX: Final = 100_000

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Judged:
    """What publications mean. tell: whose owners are told of amounts. customers_of: keys of own products of which
    whoever takes them is told of own emissions. counted: how often each product is swung once too often, by its id,
    another's and the publisher's own. at_us: when."""

    at_us: int
    amounts: AmountsCompared
    emissions: EmissionsCompared
    tell: Sequence[Product] = ()
    customers_of: Sequence[int] = ()
    counted: Mapping[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class _Swung:
    """How often what is swung once too often: products of others, with the products, and own ones by their ids."""

    foreign: Counter[str] = field(default_factory=Counter)
    own: Counter[str] = field(default_factory=Counter)
    products: dict[str, Product] = field(default_factory=dict)


class Swings:
    """What was published today (UTC), by product; a new day begins with nothing."""

    def __init__(self) -> None:
        self._day = -1
        self._amounts, self._emissions = AmountsToday(), EmissionsToday()
        self._counts: CountsOfADay[tuple[str, str]] = CountsOfADay(PAIRS_COUNTED_MAX)

    async def judge(
        self, begin: Callable[[], Awaitable[Session]], owner_id: str, footprints: Sequence[Footprint], now_us: int
    ) -> Judged:
        """What new footprints of an owner, with bound lines, mean; nothing is counted yet. `begin` gives the owner's
        session. Raises TooManyRequests where one swings a product once too often."""
        self._turn(now_us)
        today = self._amounts, self._emissions

        def compare() -> tuple[AmountsCompared, EmissionsCompared]:
            return today[0].compare(footprints), today[1].compare(footprints)

        many = len(footprints) + self._amounts.lines_to_compare(footprints) > PARTS_AT_ONCE
        amounts, emissions = await beside(compare) if many else compare()
        if not any(amounts.repeated) and not any(emissions.repeated):
            return Judged(now_us, amounts, emissions)
        found = await self._swung(begin, owner_id, footprints, amounts.repeated, emissions.repeated, now_us)
        self._check(owner_id, found.foreign, now_us, own=False)
        counts = self._counts.at(now_us)
        tell = [found.products[name] for name in found.foreign if not counts[owner_id, name]]
        keys = {one.product_id: one.product_key for one in footprints}
        customers_of = [keys[name] for name in found.own]
        return Judged(now_us, amounts, emissions, tell, customers_of, found.foreign + found.own)

    def published(self, judged: Judged, owner_id: str) -> None:
        """Counts what was judged, and has been written."""
        self._turn(judged.at_us)
        for product_id, times in judged.counted.items():
            self._counts.at(judged.at_us)[owner_id, product_id] += times
        self._amounts.keep(judged.amounts)
        self._emissions.keep(judged.emissions)

    async def _swung(
        self,
        begin: Callable[[], Awaitable[Session]],
        owner_id: str,
        footprints: Sequence[Footprint],
        amounts: Sequence[frozenset[int]],
        emissions: Sequence[bool],
        now_us: int,
    ) -> _Swung:
        """An amount of an own product is told as what that takes of others; it is an own emission, too, because with it
        the publisher's product swings and nobody else's need be in it."""
        found, keys = _Swung(), sorted(frozenset().union(*amounts))
        session = await begin() if keys else None
        # Only what the publisher sees: an entry or a refusal must not tell it that there is something else.
        seen = (
            [] if session is None else [one.product for one in await session.products_by_key(keys) if one is not None]
        )
        own = {product.key for product in seen if product.owner_id == owner_id}
        for one, swung, is_own in zip(footprints, amounts, emissions, strict=True):
            if is_own or not own.isdisjoint(swung):
                found.own[one.product_id] += 1
        self._check(owner_id, found.own, now_us, own=True)
        if session is None:
            return found
        through = await suppliers_through(session, owner_id, own, footprints) if own else {}
        beyond = await session.products_by_key(sorted(set[int]().union(*through.values())))
        by_key = {product.key: product for product in seen if product.key not in own}
        by_key |= {one.product.key: one.product for one in beyond if one is not None}
        for swung in amounts:
            reached = set(swung).union(*(through.get(key, ()) for key in swung))
            found.foreign.update(by_key[key].id for key in sorted(reached & by_key.keys()))
        found.products = {product.id: product for product in by_key.values()}
        return found

    def _check(self, owner_id: str, times: Mapping[str, int], now_us: int, *, own: bool) -> None:
        counts = self._counts.at(now_us)
        for product_id, more in times.items():
            if counts[owner_id, product_id] + more > SWINGS_PER_DAY_MAX:
                log.warning("too many extreme publications: product %s, by %s", product_id, owner_id)
                raise TooManyRequests(OWN_MESSAGE if own else MESSAGE, retry_after_seconds=seconds_left(now_us))

    def _turn(self, now_us: int) -> None:
        day = now_us // US_PER_DAY
        if day > self._day:
            self._day, self._amounts, self._emissions = day, AmountsToday(), EmissionsToday()


MESSAGE: Final = (
    "Amounts of a supplier's product changed a thousandfold in your footprints, back and forth, too often today. Its "
    "owner is told. Check amounts and units, and try again tomorrow (UTC)."
)
OWN_MESSAGE: Final = (  # the same whether anybody takes the product or not
    "Emissions that you state of this product, or amounts of your own products in it, changed a thousandfold, back and "
    "forth, too often today. Check them and their units, and try again tomorrow (UTC)."
)
