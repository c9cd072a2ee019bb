"""Publications that swing an amount of another's product by orders of magnitude, again and again: a sign of probing.

What is under the last shown digit of a total shows nowhere. An organization that has a supplier's product in its own
can lift it: it multiplies that amount by a thousand, or a million, looks at what moves, and sets it back. An honest
owner does so once, by a wrong unit, and once more to correct it. So the third such publication of a day is told to the
supplier's product's owner, and after ten more there is no other that day (docs/permissions.md, "Extreme publications").

Counted in this process alone, as what-ifs are: each server counts for itself, from its start. Nothing is read for it.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from exchange.errors import TooManyRequests
from exchange.model.carbon import ZERO
from exchange.model.footprint import Fallback, Footprint, Line, Price
from exchange.model.product import Product
from exchange.operations.checks import US_PER_DAY
from exchange.operations.counts_of_a_day import CountsOfADay
from exchange.operations.refusals import seconds_left
from exchange.operations.turns import PARTS_AT_ONCE, beside
from exchange.units import Dimension, dimension, size

if TYPE_CHECKING:
    from exchange.operations.session import Session

SWING_FACTOR: Final = Decimal(1_000)  # three digits; kilogram for ton, the commonest mistake, is one such
HONEST_SWINGS: Final = 2  # of one product and supplier in a day: the mistake, and its correction
SWINGS_PER_DAY_MAX: Final = 10  # beyond those, of an organization and a supplier's product: as many as refused loops
LINES_KEPT_MAX: Final = 50_000  # of what was published once today, and more than once: some tens of megabytes
PAIRS_COUNTED_MAX: Final = 100_000
RULE: Final = "AMOUNT_SWINGS"

log = logging.getLogger(__name__)
Measured = tuple[Dimension, Price | None]
Kind = tuple[int, Measured, Measured]  # supplier key, and what its amount and the declared unit are measured in
Amounts = dict[Kind, Decimal]


@dataclass(slots=True)
class _Published:
    """Of one product: the last amount of each kind, in base units per base unit, and how often it swung today."""

    amounts: Amounts
    swings: Counter[int] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Judged:
    """What publications mean. tell: whose owners are told. repeated: how often each foreign product that the publisher
    sees is swung once too often, by its id. known: of what was published before today, with the new amounts."""

    footprints: Sequence[Footprint]
    tell: Sequence[Product] = ()
    repeated: Mapping[str, int] = field(default_factory=dict)
    known: Sequence[tuple[str, _Published, Amounts]] = ()


class Swings:
    """What was published today (UTC), by product; a new day begins with nothing."""

    def __init__(self) -> None:
        self._day = -1
        self._once: dict[str, Footprint] = {}  # looked into only when the product is published again
        self._often: dict[str, _Published] = {}
        self._lines_once = self._amounts_often = 0
        self._counts: CountsOfADay[tuple[str, str]] = CountsOfADay(PAIRS_COUNTED_MAX)

    async def judge(
        self, begin: Callable[[], Awaitable[Session]], owner_id: str, footprints: Sequence[Footprint], now_us: int
    ) -> Judged:
        """What new footprints of an owner, with bound lines, mean; nothing is counted yet. `begin` gives the owner's
        session. Raises TooManyRequests where one swings a supplier's product once too often."""
        self._turn(now_us)
        again = [one for one in footprints if one.product_id in self._often or one.product_id in self._once]
        if not again:
            return Judged(footprints)
        many = sum(len(one.lines) for one in again) > PARTS_AT_ONCE
        known = await beside(lambda: self._compared(again)) if many else self._compared(again)
        repeated: Counter[int] = Counter()
        for _, before, amounts in known:
            swung = _swung(before.amounts, amounts)
            repeated.update(key for key in swung if before.swings[key] >= HONEST_SWINGS)
        if not repeated:
            return Judged(footprints, known=known)
        session = await begin()
        # Only what the publisher sees: an entry or a refusal must not tell it that there is something else.
        answers = [one for one in await session.products_by_key(list(repeated)) if one is not None]
        foreign = [one.product for one in answers if one.product.owner_id != owner_id]
        counts = self._counts.at(now_us)
        for product in foreign:
            if counts[owner_id, product.id] + repeated[product.key] > SWINGS_PER_DAY_MAX:
                log.warning("too many extreme publications: product %s, by %s", product.id, owner_id)
                raise TooManyRequests(
                    "Amounts of a supplier's product changed a thousandfold in your footprints, back and forth, too "
                    "often today. Its owner is told. Check amounts and units, and try again tomorrow (UTC).",
                    retry_after_seconds=seconds_left(now_us),
                )
        tell = [product for product in foreign if not counts[owner_id, product.id]]
        return Judged(footprints, tell, {product.id: repeated[product.key] for product in foreign}, known)

    def published(self, judged: Judged, owner_id: str, now_us: int) -> None:
        """Counts what was judged, and has been written."""
        self._turn(now_us)
        for product_id, times in judged.repeated.items():
            self._counts.at(now_us)[owner_id, product_id] += times
        for product_id, known, amounts in judged.known:
            known.swings.update(_swung(known.amounts, amounts))
            if product_id not in self._often:
                self._often[product_id] = known
                self._amounts_often += len(known.amounts)
            self._amounts_often += len(amounts.keys() - known.amounts.keys())
            known.amounts.update(amounts)
        for footprint in judged.footprints:
            if footprint.product_id not in self._often and len(footprint.lines):
                self._once[footprint.product_id] = footprint
                self._lines_once += len(footprint.lines)
        if self._lines_once > LINES_KEPT_MAX:
            self._once, self._lines_once = {}, 0
        if self._amounts_often > LINES_KEPT_MAX:
            self._often, self._amounts_often = {}, 0

    def _compared(self, footprints: Sequence[Footprint]) -> list[tuple[str, _Published, Amounts]]:
        found = []
        for one in footprints:
            known = self._often.get(one.product_id) or _Published(amounts_of(self._once[one.product_id]))
            found.append((one.product_id, known, amounts_of(one)))
        return found

    def _turn(self, now_us: int) -> None:
        day = now_us // US_PER_DAY
        if day != self._day:
            self._day, self._once, self._often = day, {}, {}
            self._lines_once = self._amounts_often = 0


def amounts_of(footprint: Footprint) -> Amounts:
    """How much of each product its lines and fallbacks take: base units per base unit of its own, by supplier and by
    what both are measured in, so that other units with adapted amounts are the same amount. Lines to nobody's product
    are left out, and so is what is 0."""
    declared = footprint.declared_unit_amount * size(footprint.declared_unit)
    per = (dimension(footprint.declared_unit), footprint.price)
    found: Amounts = {}
    for one in _named(footprint):
        if one.product_key is not None and one.amount:
            kind = (one.product_key, (dimension(one.unit), one.price), per)
            found[kind] = found.get(kind, ZERO) + abs(one.amount * size(one.unit)) / declared
    return found


def _named(footprint: Footprint) -> Iterable[Line | Fallback]:
    for line in footprint.lines:
        yield line
        if line.fallback is not None:
            yield line.fallback


def _swung(before: Amounts, after: Amounts) -> set[int]:
    """Keys of the products of which an amount is a thousand times what it was, or less than a thousandth."""
    found: set[int] = set()
    for kind, amount in after.items():
        old = before.get(kind)
        if old is not None and not old / SWING_FACTOR < amount < old * SWING_FACTOR:
            found.add(kind[0])
    return found
