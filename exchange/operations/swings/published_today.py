"""What was published today (UTC), as far as the next publication of the same product is compared with it.

Kept in this process alone. Footprints of one request are compared in their order, too. Nothing is computed of the lines
of a product that is published once a day, as most are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from exchange.model.footprint import Footprint
from exchange.operations.swings.measures import Amounts, Emissions, amounts_of, emissions_of, swung

HONEST_SWINGS: Final = 2  # of one product and supplier in a day, and of own emissions: the mistake, and its correction
# Of what was published once today, and more than once: lines, and as many as the rest of a footprint takes room for.
# Some tens of megabytes.
LINES_KEPT_MAX: Final = 100_000
OWN_LINES: Final = 5  # so much room has a footprint itself


@dataclass(slots=True)
class _Published:
    """Of one product: the last amount of each kind, in base units per base unit, and its last own emissions; and how
    often both swung today, amounts by the product taken."""

    amounts: Amounts
    emissions: Emissions
    swings: Counter[int] = field(default_factory=Counter)
    own_swings: int = 0

    def copy(self) -> _Published:
        return _Published(dict(self.amounts), dict(self.emissions), Counter(self.swings), self.own_swings)


@dataclass(frozen=True, slots=True)
class Compared:
    """amounts: of each footprint the keys of the products that it swings once too often. own: whether it so swings its
    own emissions. first: of what is the first of its product today, then: of the other products, what is kept once this
    is written."""

    amounts: Sequence[frozenset[int]]
    own: Sequence[bool]
    first: Mapping[str, Footprint]
    then: Mapping[str, _Published]


class PublishedToday:
    """By product."""

    def __init__(self) -> None:
        self._once: dict[str, Footprint] = {}  # looked into only when the product is published again
        self._often: dict[str, _Published] = {}
        self._lines_once = self._amounts_often = 0

    def has(self, product_id: str) -> bool:
        return product_id in self._often or product_id in self._once

    def parts(self, footprints: Sequence[Footprint]) -> int:
        """How many lines and stated results `compare` looks into."""
        found, met = 0, set[str]()
        for one in footprints:
            name = one.product_id
            if name in met or self.has(name):
                found += _lines(one)
            met.add(name)
        return found

    def compare(self, footprints: Sequence[Footprint]) -> Compared:
        """Changes nothing."""
        amounts: list[frozenset[int]] = []
        own: list[bool] = []
        first: dict[str, Footprint] = {}
        then: dict[str, _Published] = {}
        for one in footprints:
            name = one.product_id
            known = then.get(name) or self._known(name)
            if known is None and name in first:
                known = _published(first.pop(name))
            if known is None:
                first[name] = one
                amounts.append(frozenset())
                own.append(False)
            else:
                keys, is_own = _take(known, one)
                then[name] = known
                amounts.append(keys)
                own.append(is_own)
        return Compared(amounts, own, first, then)

    def keep(self, compared: Compared) -> None:
        """What was compared has been written."""
        for name, known in compared.then.items():
            before = self._often.get(name)
            self._amounts_often += len(known.amounts) - (len(before.amounts) if before is not None else -OWN_LINES)
            self._often[name] = known
            once = self._once.pop(name, None)
            self._lines_once -= 0 if once is None else _lines(once)
        self._once.update(compared.first)
        self._lines_once += sum(map(_lines, compared.first.values()))
        if self._lines_once > LINES_KEPT_MAX:
            self._once, self._lines_once = {}, 0
        if self._amounts_often > LINES_KEPT_MAX:
            self._often, self._amounts_often = {}, 0

    def _known(self, name: str) -> _Published | None:
        """A copy, which `compare` may go on with."""
        if name in self._often:
            return self._often[name].copy()
        return _published(self._once[name]) if name in self._once else None


def _lines(once: Footprint) -> int:
    return OWN_LINES + len(once.lines)


def _published(once: Footprint) -> _Published:
    return _Published(amounts_of(once), emissions_of(once))


def _take(known: _Published, one: Footprint) -> tuple[frozenset[int], bool]:
    """Compares, and takes over: whose amounts, and whether own emissions, swing once too often."""
    amounts, emissions = amounts_of(one), emissions_of(one)
    keys = {kind[0] for kind in swung(known.amounts, amounts)}
    is_own = bool(swung(known.emissions, emissions))
    repeated = frozenset(key for key in keys if known.swings[key] >= HONEST_SWINGS)
    own_repeated = is_own and known.own_swings >= HONEST_SWINGS
    known.swings.update(keys)
    known.own_swings += is_own
    known.amounts.update(amounts)
    known.emissions.update(emissions)
    return repeated, own_repeated
