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
from exchange.operations.swing_measures import Amounts, Emissions, amounts_of, emissions_of, swung

HONEST_SWINGS: Final = 2  # of one product and supplier in a day, and of own emissions: the mistake, and its correction
LINES_KEPT_MAX: Final = 50_000  # of what was published once today, and more than once: some tens of megabytes
PRODUCTS_KEPT_MAX: Final = 50_000  # whose own emissions are kept: half a kilobyte each


@dataclass(slots=True)
class _Published:
    """Of one product: the last amount of each kind, in base units per base unit, and how often it swung today."""

    amounts: Amounts
    swings: Counter[int] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class AmountsCompared:
    """repeated: of each footprint the keys of the products that it swings once too often. first: what is the first of
    its product today. then: of the other products, what is kept once this is written."""

    repeated: Sequence[frozenset[int]]
    first: Mapping[str, Footprint]
    then: Mapping[str, _Published]


class AmountsToday:
    """Amounts by product."""

    def __init__(self) -> None:
        self._once: dict[str, Footprint] = {}  # looked into only when the product is published again
        self._often: dict[str, _Published] = {}
        self._lines_once = self._amounts_often = 0

    def lines_to_compare(self, footprints: Sequence[Footprint]) -> int:
        """A bound of what `compare` computes."""
        ids = Counter(one.product_id for one in footprints)
        known = {name for name, times in ids.items() if times > 1 or name in self._often or name in self._once}
        return sum(len(one.lines) for one in footprints if one.product_id in known)

    def compare(self, footprints: Sequence[Footprint]) -> AmountsCompared:
        """Changes nothing."""
        repeated: list[frozenset[int]] = []
        first: dict[str, Footprint] = {}
        then: dict[str, _Published] = {}
        for one in footprints:
            name = one.product_id
            known = then.get(name) or self._known(name)
            if known is None and name in first:
                known = _Published(amounts_of(first.pop(name)))
            if known is None:
                first[name] = one
                repeated.append(frozenset())
                continue
            then[name], amounts = known, amounts_of(one)
            keys = {kind[0] for kind in swung(known.amounts, amounts)}
            repeated.append(frozenset(key for key in keys if known.swings[key] >= HONEST_SWINGS))
            known.swings.update(keys)
            known.amounts.update(amounts)
        return AmountsCompared(repeated, first, then)

    def keep(self, compared: AmountsCompared) -> None:
        """What was compared has been written."""
        for name, known in compared.then.items():
            before = self._often.get(name)
            self._amounts_often += len(known.amounts) - (len(before.amounts) if before is not None else 0)
            self._often[name] = known
        for name, footprint in compared.first.items():
            if len(footprint.lines):
                self._once[name] = footprint
                self._lines_once += len(footprint.lines)
        if self._lines_once > LINES_KEPT_MAX:
            self._once, self._lines_once = {}, 0
        if self._amounts_often > LINES_KEPT_MAX:
            self._often, self._amounts_often = {}, 0

    def _known(self, name: str) -> _Published | None:
        """A copy."""
        if name in self._often:
            known = self._often[name]
            return _Published(dict(known.amounts), Counter(known.swings))
        return _Published(amounts_of(self._once[name])) if name in self._once else None


@dataclass(frozen=True, slots=True)
class EmissionsCompared:
    """repeated: of each footprint whether it swings its own emissions once too often. then, swings: what is kept once
    this is written, by product."""

    repeated: Sequence[bool]
    then: Mapping[str, Emissions]
    swings: Mapping[str, int]


class EmissionsToday:
    """Own emissions by product."""

    def __init__(self) -> None:
        self._last: dict[str, Emissions] = {}
        self._swings: Counter[str] = Counter()

    def has(self, product_id: str) -> bool:
        return product_id in self._last

    def compare(self, footprints: Sequence[Footprint]) -> EmissionsCompared:
        """Changes nothing."""
        repeated: list[bool] = []
        then: dict[str, Emissions] = {}
        swings: Counter[str] = Counter()
        for one in footprints:
            name, emissions = one.product_id, emissions_of(one)
            last = then.get(name) or self._last.get(name, {})
            is_swing = bool(swung(last, emissions))
            repeated.append(is_swing and self._swings[name] + swings[name] >= HONEST_SWINGS)
            swings[name] += is_swing
            then[name] = {**last, **emissions} if last else emissions
        return EmissionsCompared(repeated, then, swings)

    def keep(self, compared: EmissionsCompared) -> None:
        """What was compared has been written."""
        self._last.update(compared.then)
        self._swings.update({name: times for name, times in compared.swings.items() if times})
        if len(self._last) > PRODUCTS_KEPT_MAX:
            self._last, self._swings = {}, Counter()
