"""What became of every line of a closure: which product serves it, at which factor, or why none does.

All lines of all chosen footprints are held by column and decided together, because a closure has tens of thousands.
The first reason that applies counts: NOT_GRANTED (also what nobody registered), NO_FOOTPRINT, EXPIRED,
NOT_YET_VALID, OTHER_BOUNDARY, UNIT_NOT_CONVERTIBLE; then the fallback may serve (docs/method.md, "Which footprint
stands" and "Lines and units").
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import chain

import numpy as np

from exchange.model.carbon import CarbonComponents
from exchange.model.closure import Snapshot
from exchange.model.footprint import DELIVERED, PRIMARY, Fallback, Finding, LifeCycleStage, Lines, Price
from exchange.model.resolved import GAP_CODES, NO_GAP, Bools, Floats, GapCode, Ints, ResolvedLines, Standing
from exchange.model.view import UnitsApart
from exchange.rollup.closure import ClosureWalk
from exchange.rollup.factors import (
    Ratio,
    SupplierUnit,
    binary_factors,
    exact_factor,
    ratio,
    supplier_unit,
    units_apart,
)
from exchange.rollup.own_terms import Vector, gate_term, outbound_term
from exchange.rollup.standings import Standings, binary_deviation, standing_of, standings_of, stated_packaging
from exchange.units import Dimension, dimension

_NOT_GRANTED = GAP_CODES.index(GapCode.NOT_GRANTED)
_UNIT_NOT_CONVERTIBLE = GAP_CODES.index(GapCode.UNIT_NOT_CONVERTIBLE)


@dataclass(frozen=True, slots=True, eq=False)
class Resolution:
    """Every line of a closure by column, consumers one after the other.

    keys: products of the closure that have a chosen footprint, in the order of their rows; standings: those.
    starts: entry r is where the lines of row r begin, entry r + 1 where they end.
    consumer: row of each line. serving: row of the product that serves, -1 for a gap or a product outside the
    closure. factors: declared units of the serving product per declared unit of the consumer, 0 for a gap.
    stages, flags: as in Lines. by_fallback, reason, named, fallback_named, has_fallback, serving_keys: as in
    ResolvedLines. transport: lines in ton kilometer. rated: positions of lines with a rating of their own; ratings:
    (lines, 3), in that order. spread: positions of lines whose serving amount has a stated geometric standard
    deviation; deviations: those, in that order.
    """

    keys: tuple[int, ...]
    standings: Standings
    row_of: Mapping[int, int]
    starts: Ints
    consumer: Ints
    serving: Ints
    serving_keys: Ints
    factors: Floats
    stages: Ints
    flags: Ints
    reason: Ints
    by_fallback: Bools
    named: Ints
    fallback_named: Ints
    has_fallback: Bools
    transport: Bools
    rated: Ints
    ratings: Floats
    spread: Ints
    deviations: Floats

    def lines_of(self, row: int) -> slice:
        """Where the lines of a row are."""
        return slice(int(self.starts[row]), int(self.starts[row + 1]))

    def resolved(self, row: int) -> ResolvedLines:
        """The lines of one footprint as a value of its own."""
        part = self.lines_of(row)
        return ResolvedLines(
            named=self.named[part],
            fallback_named=self.fallback_named[part],
            has_fallback=self.has_fallback[part],
            serving=self.serving_keys[part],
            by_fallback=self.by_fallback[part],
            reason=self.reason[part],
            factors=self.factors[part],
            stages=self.stages[part],
            delivered=(self.flags[part] & DELIVERED).astype(np.bool_),
            primary=((self.flags[part] & PRIMARY) != 0) & ~self.by_fallback[part],
            deviations=self._deviations_of(part),
        )

    def _deviations_of(self, part: slice) -> Floats:
        first, last = np.searchsorted(self.spread, (part.start, part.stop))
        found = np.full(part.stop - part.start, np.nan)
        found[self.spread[first:last] - part.start] = self.deviations[first:last]
        return found

    def exact_factors(self, row: int, positions: Sequence[int]) -> list[Decimal]:
        """Factors of lines of a row (positions from 0), 34 significant digits. Raises LookupError for a gap."""
        return self.standings.recipes.exact_factors(row, positions)


def resolve(walk: ClosureWalk, snapshot: Snapshot) -> Resolution:
    """Decides every line of a finished walk's products."""
    return _Resolver(walk, snapshot).run()


def join(columns: Iterable[Sequence[int]]) -> Ints:
    """One column out of many; bytes and lists both at the speed of C."""
    parts = [column for column in columns if len(column)]
    if parts and all(isinstance(part, bytes) for part in parts):
        return np.frombuffer(b"".join(parts), dtype=np.uint8).astype(np.int64)  # type: ignore[arg-type]
    return np.array(list(chain.from_iterable(parts)), dtype=np.int64)


def unit_column(lines: Sequence[Lines], starts: Ints) -> tuple[list[tuple[str, Price | None]], Ints]:
    """The units of many footprints' lines in one table, and each line's entry in it.

    starts: where each footprint's lines begin in the column, one entry more than footprints.
    """
    table: dict[tuple[str, Price | None], int] = {}
    entries = [table.setdefault(entry, len(table)) for each in lines for entry in each.unit_table]
    bases = np.cumsum([0, *(len(each.unit_table) for each in lines)])[:-1]
    local = join(each.units for each in lines) + np.repeat(bases, np.diff(starts))
    return list(table), np.array(entries, dtype=np.int64)[local]


class _Resolver:
    """The working state of one `resolve`."""

    def __init__(self, walk: ClosureWalk, snapshot: Snapshot) -> None:
        self.walk = walk
        self.nodes = snapshot.nodes
        self.keys = tuple(walk.expanded)
        self.footprints = tuple(walk.expanded.values())
        self.row_of = {key: row for row, key in enumerate(self.keys)}
        self.lines = [footprint.lines for footprint in self.footprints]
        counts = np.array([len(lines) for lines in self.lines], dtype=np.int64)
        self.starts = np.concatenate(([0], np.cumsum(counts)))
        self.consumer = np.repeat(np.arange(len(self.keys)), counts)
        self.classes: dict[SupplierUnit, int] = {}
        self.class_of_key = {
            key: self.classes.setdefault(supplier_unit(choice.footprint), len(self.classes))
            for key, choice in walk.choices.items()
            if choice.footprint is not None
        }
        self.class_list = list(self.classes)
        self.transport: Bools = np.zeros(0, dtype=np.bool_)

    def run(self) -> Resolution:
        named = self._named()
        lookup = Lookup(self.walk.choices)
        reason = self._reason_of_choice(named, lookup)
        factors = self._factors(named, lookup, reason)
        serving = np.where(np.equal(reason, NO_GAP), named, -1)
        fallback_named, has_fallback, by_fallback = self._fall_back(reason, factors, serving)
        rated, ratings = self._line_ratings()
        spread, deviations = self._line_deviations(by_fallback)
        recipes = _Recipes(self, serving, by_fallback)
        ends = [self.walk.choices[key].valid_until_day for key in self.keys]
        return Resolution(
            keys=self.keys,
            standings=standings_of(self.footprints, ends, recipes),
            row_of=self.row_of,
            starts=self.starts,
            consumer=self.consumer,
            serving=Lookup(self.row_of).position(serving),
            serving_keys=serving,
            factors=factors,
            stages=join(lines.stages for lines in self.lines),
            flags=join(lines.flags for lines in self.lines),
            reason=reason,
            by_fallback=by_fallback,
            named=named,
            fallback_named=fallback_named,
            has_fallback=has_fallback,
            transport=self.transport,
            rated=rated,
            ratings=ratings,
            spread=spread,
            deviations=deviations,
        )

    def _fall_back(self, reason: Ints, factors: Floats, serving: Ints) -> tuple[Ints, Bools, Bools]:
        """Lets fallbacks serve where they can; returns fallback_named, has_fallback and by_fallback."""
        fallback_named = np.full(len(reason), -1, dtype=np.int64)
        has_fallback, by_fallback = np.zeros((2, len(reason)), dtype=np.bool_)
        for row, lines in enumerate(self.lines):
            for position, extras in (lines.extras or {}).items():
                fallback = extras.fallback
                if fallback is None:
                    continue
                at = int(self.starts[row]) + position
                key = self.walk.fallback_key(fallback)
                fallback_named[at], has_fallback[at] = key, True
                if reason[at] == NO_GAP:
                    continue
                found = self._serves(self.nodes[self.keys[row]].product.owner_id, key, fallback)
                if found is not None:
                    serving[at], by_fallback[at] = key, True
                    factors[at] = float(exact_factor(fallback.amount, found))
        return fallback_named, has_fallback, by_fallback

    def _line_ratings(self) -> tuple[Ints, Floats]:
        """Positions of the lines with a rating of their own, and those ratings."""
        rated: list[int] = []
        ratings: list[tuple[Decimal, Decimal, Decimal]] = []
        for start, lines in zip(self.starts.tolist(), self.lines, strict=False):
            for position, extras in (lines.extras or {}).items():
                quality = extras.data_quality
                if quality is not None:
                    rated.append(start + position)
                    ratings.append((quality.technological, quality.temporal, quality.geographical))
        return np.array(rated, dtype=np.int64), np.array(ratings, dtype=np.float64).reshape(-1, 3)

    def _line_deviations(self, by_fallback: Bools) -> tuple[Ints, Floats]:
        """Positions, ascending, of the lines whose serving amount has a stated spread, and those."""
        found: dict[int, float] = {}
        for start, lines in zip(self.starts.tolist(), self.lines, strict=False):
            for position, extras in (lines.extras or {}).items():
                served = extras.fallback if by_fallback[start + position] else extras
                stated = None if served is None else served.geometric_standard_deviation
                if stated is not None:
                    found[start + position] = binary_deviation(stated)
        spread = np.array(sorted(found), dtype=np.int64)
        return spread, np.array([found[at] for at in spread.tolist()], dtype=np.float64)

    def _named(self) -> Ints:
        named = join(lines.suppliers for lines in self.lines)
        for at in np.flatnonzero(named < 0).tolist():
            row = int(self.consumer[at])
            named[at] = self.walk.named_key(at - int(self.starts[row]), self.footprints[row])
        return named

    def _reason_of_choice(self, named: Ints, lookup: Lookup) -> Ints:
        """Index of the reason why the named product has no footprint for this line, NO_GAP where it has one."""
        reasons = [
            NO_GAP if choice.reason is None else GAP_CODES.index(choice.reason) for choice in self.walk.choices.values()
        ]
        by_position = np.array([*reasons, _NOT_GRANTED], dtype=np.int64)  # last: reached by nobody
        reason = by_position[lookup.position(named)]
        if self.walk.denied:
            reason[self._denied(named)] = _NOT_GRANTED
        return reason

    def _denied(self, named: Ints) -> Bools:
        """Lines whose owner may not follow them to the product that they name."""
        owners: dict[str, int] = {}
        owner_of_row = np.array(
            [owners.setdefault(self.nodes[key].product.owner_id, len(owners)) for key in self.keys],
            dtype=np.int64,
        )
        width = int(named.max(initial=0)) + 2
        denied = [owners[owner] * width + key for owner, key in self.walk.denied if key < width]
        return np.isin(owner_of_row[self.consumer] * width + named, np.array(denied, dtype=np.int64))

    def _factors(self, named: Ints, lookup: Lookup, reason: Ints) -> Floats:
        """Factors of the lines that their own product serves; marks the others as UNIT_NOT_CONVERTIBLE."""
        amounts = list(chain.from_iterable(lines.amounts for lines in self.lines))
        factors = np.zeros(len(amounts))
        served = np.flatnonzero(np.equal(reason, NO_GAP))
        classes = (self.class_of_key.get(key, 0) for key in self.walk.choices)
        class_of = np.array([*classes, 0], dtype=np.int64)[lookup.position(named[served])]
        units, unit_of_line = unit_column(self.lines, self.starts)
        carried = np.array([dimension(unit) is Dimension.TRANSPORT for unit, _ in units], dtype=np.bool_)
        self.transport = carried[unit_of_line]
        found, convertible = binary_factors(
            amounts if len(served) == len(amounts) else [amounts[at] for at in served.tolist()],
            units,
            unit_of_line[served],
            self.class_list,
            class_of,
        )
        factors[served] = found
        reason[served[~convertible]] = _UNIT_NOT_CONVERTIBLE
        return factors

    def _serves(self, owner_id: str, key: int, fallback: Fallback) -> Ratio | None:
        """The ratio at which a fallback serves a line of this owner; None: it fails too."""
        supplier_class = self.class_of_key.get(key)
        if supplier_class is None or (owner_id, key) in self.walk.denied:
            return None
        return ratio(fallback.unit, fallback.price, self.class_list[supplier_class])


class _Recipes:
    """The exact side of footprints that were read as values."""

    def __init__(self, resolver: _Resolver, serving: Ints, by_fallback: Bools) -> None:
        self._resolver, self._serving, self._by_fallback = resolver, serving, by_fallback
        self._footprints = resolver.footprints

    def own(self, row: int) -> Vector:
        return gate_term(self._footprints[row])

    def outbound(self, row: int) -> Vector:
        term = outbound_term(self._footprints[row])
        assert term is not None  # only rows with one are asked
        return term

    def packaging(self, row: int) -> Decimal | None:
        return stated_packaging(self._footprints[row])

    def direct(self, row: int) -> Mapping[LifeCycleStage, CarbonComponents] | None:
        modelled = self._footprints[row].modelled
        return None if modelled is None else modelled.direct

    def findings(self, row: int) -> tuple[Finding, ...]:
        return self._footprints[row].findings

    def standing(self, row: int) -> Standing:
        owner_id = self._resolver.nodes[self._resolver.keys[row]].product.owner_id
        return standing_of(self._footprints[row], owner_id)

    def exact_factors(self, row: int, positions: Sequence[int]) -> list[Decimal]:
        resolver, lines = self._resolver, self._footprints[row].lines
        start = int(resolver.starts[row])
        rates: dict[tuple[int, int], Ratio | None] = {}
        found: list[Decimal] = []
        for position in positions:
            kind = resolver.class_of_key.get(int(self._serving[start + position]))
            by_fallback = self._by_fallback[start + position]
            fallback = (lines.extras or {})[position].fallback if by_fallback else None
            amount = Decimal(lines.amounts[position]) if fallback is None else fallback.amount
            if kind is None:
                rate = None
            elif fallback is not None:
                rate = ratio(fallback.unit, fallback.price, resolver.class_list[kind])
            elif (lines.units[position], kind) in rates:
                rate = rates[lines.units[position], kind]
            else:
                rate = ratio(*lines.unit_table[lines.units[position]], resolver.class_list[kind])
                rates[lines.units[position], kind] = rate
            if rate is None:
                raise LookupError(f"line {position + 1} of product key {resolver.keys[row]} is a gap")
            found.append(exact_factor(amount, rate))
        return found

    def units_apart(self, row: int, position: int) -> UnitsApart:
        resolver, lines = self._resolver, self._footprints[row].lines
        supplier = resolver.class_list[resolver.class_of_key[lines.suppliers[position]]]
        return units_apart(*lines.unit_table[lines.units[position]], supplier)


class Lookup:
    """From product keys to positions in a list of them; -1 where a key is not in it."""

    def __init__(self, keys: Iterable[int]) -> None:
        self.keys = np.array(list(keys), dtype=np.int64)
        size = int(self.keys.max(initial=0)) + 2
        self.table = np.full(size, -1, dtype=np.int64)
        self.table[self.keys] = np.arange(len(self.keys))

    def position(self, keys: Ints) -> Ints:
        """Positions of these keys, -1 for an unknown or negative one."""
        last = len(self.table) - 1  # never a key: holds -1
        return self.table[np.where((keys < 0) | (keys > last), last, keys)]
