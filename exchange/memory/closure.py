"""The closure of products, cut out of the graph in memory, in the form that the arithmetic takes.

Breadth first along the lines that are followed: acquisition, manufacturing and distribution of every product, all
stages of the products asked about. What comes out is copied, so that the graph may go on while it is solved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

import numpy as np

from exchange.memory.columns import Array, Column, ranges
from exchange.memory.layout import DECLARED, FLAG_SHIFT, HAS_EXTRAS, NOBODY, RELEASED, STAGE_BITS
from exchange.memory.lines import UNIT_NOT_CONVERTIBLE, LinesResolved
from exchange.memory.rare import DEVIATION, EXEMPTED_PERCENT, RATINGS, SHARE_PERCENT
from exchange.memory.standing import Stood
from exchange.memory.tables import Tables
from exchange.model.carbon import CarbonComponents
from exchange.model.closure import Dates
from exchange.model.footprint import Finding, Footprint, LifeCycleStage
from exchange.model.resolved import GAP_CODES, NO_GAP, GapCode, Ints, Standing
from exchange.model.view import UnitsApart
from exchange.rollup import closure as walks
from exchange.rollup.answer import answer
from exchange.rollup.factors import exact_factor, units_apart
from exchange.rollup.own_terms import Vector
from exchange.rollup.resolution import Resolution
from exchange.rollup.roll_up import Reached, Solution
from exchange.rollup.standings import Standings
from exchange.rollup.system import build_system
from exchange.units import DeclaredUnit, Dimension, dimension

FOLLOWED_MAX = max(walks.FOLLOWED_STAGES)  # the followed stages are the first ones


class Source(Protocol):
    """What stands and what lines resolve to, at some dates: the present, or history."""

    @property
    def tables(self) -> Tables: ...
    @property
    def dates(self) -> Dates: ...
    def stood(self, products: Array) -> Stood: ...
    def resolved(self, lines: Array) -> LinesResolved: ...


class Cut:
    """A closure cut out of the graph: copied, to be solved anywhere.

    Whoever shows direct emissions by stage, or what was found at publishing, hands the footprints in to `solve`.
    """

    def __init__(self, reached: Reached, resolution: Resolution, recipes: _Recipes) -> None:
        self.keys = resolution.keys
        self._reached, self._resolution, self._recipes = reached, resolution, recipes

    @property
    def roots(self) -> tuple[int, ...]:
        """Keys of the products asked about."""
        return self._reached.roots

    @property
    def lines(self) -> int:
        """How many lines the closure has."""
        return len(self._resolution.consumer)

    @property
    def too_large(self) -> bool:
        """Whether it was not walked to its end, and holds nothing."""
        return self._reached.too_large

    @property
    def root_footprint_ids(self) -> dict[int, str]:
        """Of the products asked about that have a standing footprint which was not handed in yet, by product key."""
        row_of, there = self._resolution.row_of, self._recipes.stated
        return {
            key: self._recipes.footprint_id(row_of[key])
            for key in self._reached.roots
            if key in row_of and key not in there
        }

    @property
    def mentioned(self) -> Ints:
        """Keys of all products that the closure holds, or that one of its lines names; some more than once."""
        found = self._resolution
        roots = np.array(self._reached.roots, dtype=np.int64)
        return np.concatenate((roots, np.array(found.keys, dtype=np.int64), found.named, found.fallback_named))

    def hand_in(self, roots: Mapping[int, Footprint]) -> None:
        """Takes note of what standing footprints of products asked about say, by product key."""
        for key, footprint in roots.items():
            modelled = footprint.modelled
            self._recipes.stated[key] = _Stated(None if modelled is None else modelled.direct, footprint.findings)

    def solve(self, roots: Mapping[int, Footprint]) -> Solution:
        """The certified roll-up. `roots`: standing footprints of products asked about, by product key, for those of
        which direct emissions by stage or what was found at publishing are to be shown."""
        self.hand_in(roots)
        return Solution(self._reached, self._resolution, answer(build_system(self._resolution)))


def cut(source: Source, roots: Sequence[int], position: Column) -> Cut:
    """The closure of `roots`. `position`: scratch, one entry a product, all NOBODY, and left so."""
    tables = source.tables
    place = position.values
    root_keys = np.array(list(dict.fromkeys(roots)), dtype=np.int64)
    frontier, reasons = root_keys, {}
    keys, versions, until, lines, found = [], [], [], [], []
    rows, line_total, too_large = 0, 0, False
    try:
        while len(frontier):
            stood = source.stood(frontier)
            if not rows:
                reasons = {
                    key: None if reason == NO_GAP else GAP_CODES[reason]
                    for key, reason in zip(frontier.tolist(), stood.reason.tolist(), strict=True)
                }
            there = stood.version != NOBODY
            key, version = frontier[there], stood.version[there]
            place[key] = rows + np.arange(len(key))
            keys.append(key)
            versions.append(version)
            until.append(stood.until_day[there])
            of_roots = not rows
            rows += len(key)
            counts = tables.versions.line_count.values[version]
            line_total += int(counts.sum())
            if rows > walks.CLOSURE_ROWS_MAX or line_total > walks.CLOSURE_LINES_MAX:
                too_large = True
                break
            own = ranges(tables.versions.first_line.values[version], counts)
            resolved = source.resolved(own)
            lines.append(own)
            found.append(resolved)
            serving = resolved.serving
            followed = serving != NOBODY
            if not of_roots:
                followed &= (tables.lines.kind.values[own] & STAGE_BITS) <= FOLLOWED_MAX
            reached = serving[followed]
            reached = reached[place[reached] == NOBODY]
            frontier = np.unique(reached)
        walked = _Walked(_join(keys), _join(versions), _join(until), _join(lines), tuple(found))
        return _put_together(source, root_keys, reasons, _NOTHING if too_large else walked, place, too_large)
    finally:
        for key in keys:
            place[key] = NOBODY


def everything(source: Source, position: Column) -> Cut:
    """All products that have a standing footprint, however many; `position` as in `cut`. Nobody is asked about."""
    tables = source.tables
    stood = source.stood(np.arange(len(tables.products.owner)))
    keys = np.flatnonzero(stood.version != NOBODY)
    versions, until = stood.version[keys], stood.until_day[keys]
    columns = tables.versions
    lines = ranges(columns.first_line.values[versions], columns.line_count.values[versions])
    place = position.values
    try:
        place[keys] = np.arange(len(keys))
        walked = _Walked(keys, versions, until, lines, (source.resolved(lines),))
        return _put_together(source, _NONE, {}, walked, place, too_large=False)
    finally:
        place[keys] = NOBODY


@dataclass(frozen=True, slots=True)
class _Walked:
    """Products in the order of their rows, their versions and when those end; all lines and what became of them."""

    keys: Ints
    versions: Ints
    until_day: Ints
    lines: Ints
    found: tuple[LinesResolved, ...]


_NONE = np.zeros(0, dtype=np.int64)
_NOTHING = _Walked(_NONE, _NONE, _NONE, _NONE, ())


def _put_together(
    source: Source,
    roots: Ints,
    reasons: Mapping[int, GapCode | None],
    walked: _Walked,
    place: Array,
    too_large: bool,
) -> Cut:
    tables = source.tables
    keys, versions, lines, found = walked.keys, walked.versions, walked.lines, walked.found
    columns, kind = tables.versions, tables.lines.kind.values[lines]
    counts = columns.line_count.values[versions].astype(np.int64)
    serving = _join([each.serving for each in found])
    reason = _join([each.reason for each in found])
    factors = np.concatenate([np.zeros(0), *(each.factor for each in found)])
    served = serving != NOBODY
    serving_row = np.full(len(lines), NOBODY, dtype=np.int64)
    serving_row[served] = place[serving[served]]
    starts = np.concatenate(([0], np.cumsum(counts)))
    apart = _units_that_do_not_meet(source, lines, reason)
    recipes = _Recipes(tables, versions, starts, lines, serving_row, reason, apart)
    key_list = tuple(keys.tolist())
    by_fallback = served & (reason != NO_GAP)
    fallback_named, has_fallback, rated, ratings = _extras(tables, lines, kind)
    spread, deviations = _deviations(tables, lines, kind, by_fallback)
    resolution = Resolution(
        keys=key_list,
        standings=_standings(tables, walked, recipes),
        row_of={key: row for row, key in enumerate(key_list)},
        starts=starts,
        consumer=np.repeat(np.arange(len(keys)), counts),
        serving=serving_row,
        serving_keys=serving,
        factors=factors,
        stages=(kind & STAGE_BITS).astype(np.int64),
        flags=((kind & ~np.uint8(HAS_EXTRAS)) >> FLAG_SHIFT).astype(np.int64),
        reason=reason,
        by_fallback=by_fallback,
        named=_registered(tables, tables.lines.supplier.values[lines].astype(np.int64), source.dates.head),
        fallback_named=_registered(tables, fallback_named, source.dates.head),
        has_fallback=has_fallback,
        transport=_transport_units(tables)[tables.lines.unit.values[lines]],
        rated=rated,
        ratings=ratings,
        spread=spread,
        deviations=deviations,
    )
    known: dict[int, GapCode | None] = dict.fromkeys(key_list)
    return Cut(Reached(tuple(roots.tolist()), {**known, **reasons}, too_large), resolution, recipes)


@dataclass(frozen=True, slots=True)
class _Stated:
    """What a footprint says itself that is in no column. direct: None where it is declared."""

    direct: Mapping[LifeCycleStage, CarbonComponents] | None
    findings: tuple[Finding, ...]


class _Recipes:
    """The exact side of a cut closure, by row. Versions never change, so the tables may go on."""

    def __init__(
        self,
        tables: Tables,
        versions: Ints,
        starts: Ints,
        lines: Ints,
        serving_row: Ints,
        reason: Ints,
        apart: Mapping[int, int],
    ) -> None:
        self._tables, self._versions, self._starts = tables, versions, starts
        self._lines, self._serving_row, self._reason = lines, serving_row, reason
        self._apart = apart  # supplier units that a line's unit does not meet, by the line's place in the closure
        self.stated: dict[int, _Stated] = {}  # by products asked about, as they were handed in

    def own(self, row: int) -> Vector:
        return self._tables.own(int(self._versions[row]))

    def outbound(self, row: int) -> Vector:
        return self._tables.outbound_of(int(self._versions[row]))

    def packaging(self, row: int) -> Decimal | None:
        return self._tables.packaging(int(self._versions[row]))

    def direct(self, row: int) -> Mapping[LifeCycleStage, CarbonComponents] | None:
        if self._tables.versions.kind.values[self._versions[row]] & DECLARED:
            return None
        direct = self._root(row).direct
        assert direct is not None  # else its version would be declared
        return direct

    def findings(self, row: int) -> tuple[Finding, ...]:
        return self._root(row).findings

    def standing(self, row: int) -> Standing:
        tables, version = self._tables, int(self._versions[row])
        per = tables.supplier_units[tables.versions.supplier_unit.values[version]]
        return Standing(
            owner_id=tables.owner_id(int(tables.versions.product.values[version])),
            footprint_id=tables.footprint_id(version),
            declared=bool(tables.versions.kind.values[version] & DECLARED),
            released=bool(tables.versions.kind.values[version] & RELEASED),
            declared_unit_amount=per.amount,
            declared_unit=DeclaredUnit(per.unit),
            price=per.price,
            geography_country=tables.countries[tables.versions.country.values[version]],
            exempted_emissions_percent=tables.exempted_percent(version),
            ipcc_characterization_factors=tables.characterizations[tables.versions.characterization.values[version]],
            unknown_components=tables.unknown_components(version),
        )

    def exact_factors(self, row: int, positions: Sequence[int]) -> list[Decimal]:
        tables, start = self._tables, int(self._starts[row])
        found = []
        for position in positions:
            at = start + position
            line, supplier = int(self._lines[at]), int(self._serving_row[at])
            if supplier == NOBODY:
                raise LookupError(f"line {position + 1} of version {int(self._versions[row])} is a gap")
            fallback = None if self._reason[at] == NO_GAP else tables.fallbacks[line]
            unit = int(tables.lines.unit.values[line]) if fallback is None else fallback.unit
            amount = tables.amount(line) if fallback is None else fallback.amount
            ratio = tables.ratio(unit, int(tables.versions.supplier_unit.values[self._versions[supplier]]))
            assert ratio is not None  # it was converted
            found.append(exact_factor(amount, ratio))
        return found

    def units_apart(self, row: int, position: int) -> UnitsApart:
        at = int(self._starts[row]) + position
        unit = self._tables.units[int(self._tables.lines.unit.values[self._lines[at]])]
        return units_apart(*unit, self._tables.supplier_units[self._apart[at]])

    def footprint_id(self, row: int) -> str:
        return self._tables.footprint_id(int(self._versions[row]))

    def _root(self, row: int) -> _Stated:
        product = int(self._tables.versions.product.values[self._versions[row]])
        if product not in self.stated:
            raise LookupError(f"the standing footprint of product key {product} was not handed in")
        return self.stated[product]


def _units_that_do_not_meet(source: Source, lines: Ints, reason: Ints) -> dict[int, int]:
    at = np.flatnonzero(reason == UNIT_NOT_CONVERTIBLE)
    tables = source.tables
    versions = source.stood(tables.lines.supplier.values[lines[at]].astype(np.int64)).version
    return dict(zip(at.tolist(), tables.versions.supplier_unit.values[versions].tolist(), strict=True))


def _standings(tables: Tables, walked: _Walked, recipes: _Recipes) -> Standings:
    columns, versions = tables.versions, walked.versions
    kind = columns.kind.values[versions]
    outbound, stated = columns.outbound.values[versions], columns.stated.of(versions)
    return Standings(
        declared=(kind & DECLARED) != 0,
        released=(kind & RELEASED) != 0,
        own=columns.own.of(versions),
        has_outbound=outbound != NOBODY,
        outbound=tables.outbound.values[outbound[outbound != NOBODY]],
        stated_share_percent=stated[:, SHARE_PERCENT].copy(),
        stated_ratings=stated[:, RATINGS].copy(),
        exempted_percent=stated[:, EXEMPTED_PERCENT].copy(),
        deviation=stated[:, DEVIATION].copy(),
        valid_until_day=walked.until_day,
        recipes=recipes,
    )


def _registered(tables: Tables, named: Ints, head: int) -> Ints:
    """The products that lines name; NOBODY where the name was registered only after `head`."""
    there = (named != NOBODY) & (named < len(tables.products.owner))
    there[there] = tables.products.sequence.values[named[there]] <= head
    return np.where(there, named, NOBODY)


def _extras(tables: Tables, lines: Ints, kind: Array) -> tuple[Ints, Array, Ints, Array]:
    """fallback_named, has_fallback, rated and ratings of a Resolution."""
    fallback_named = np.full(len(lines), NOBODY, dtype=np.int64)
    has_fallback = np.zeros(len(lines), dtype=np.bool_)
    rated, ratings = [], []
    for at in np.flatnonzero(kind & HAS_EXTRAS).tolist():
        line = int(lines[at])
        fallback, rating = tables.fallbacks.get(line), tables.ratings.get(line)
        if fallback is not None:
            fallback_named[at], has_fallback[at] = fallback.key, True
        if rating is not None:
            rated.append(at)
            ratings.append(rating)
    return (
        fallback_named,
        has_fallback,
        np.array(rated, dtype=np.int64),
        np.array(ratings, dtype=np.float64).reshape(-1, 3),
    )


def _deviations(tables: Tables, lines: Ints, kind: Array, by_fallback: Array) -> tuple[Ints, Array]:
    """spread and deviations of a Resolution."""
    spread, deviations = [], []
    for at in np.flatnonzero(kind & HAS_EXTRAS).tolist() if tables.deviations else ():
        known = tables.deviations.get(int(lines[at]))
        stated = np.nan if known is None else known[int(by_fallback[at])]
        if not np.isnan(stated):
            spread.append(at)
            deviations.append(stated)
    return np.array(spread, dtype=np.int64), np.array(deviations, dtype=np.float64)


def _transport_units(tables: Tables) -> Array:
    return np.array([dimension(unit) is Dimension.TRANSPORT for unit, _ in tables.units], dtype=np.bool_)


def _join(parts: Sequence[Array]) -> Ints:
    return np.concatenate([np.zeros(0, dtype=np.int64), *parts]).astype(np.int64)
