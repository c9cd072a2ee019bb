"""What somebody wants to write, in columns beside the graph's own: nothing of the graph changes by it.

New footprints and their lines are numbered on from those of the tables, so that one array of numbers may name both;
units that the tables do not know are numbered on likewise. Whoever reads a column asks here for either.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from exchange.memory.columns import Array
from exchange.memory.layout import EVERYBODY, FLAG_SHIFT, HAS_EXTRAS, NOBODY, LineFallback
from exchange.memory.tables import Tables
from exchange.model.alliance import standing_members
from exchange.model.footprint import NEVER_DAY, Footprint, Lines, Price
from exchange.model.grant import Grant
from exchange.model.resolved import Bools, Floats, Ints
from exchange.rollup.factors import Ratio, SupplierUnit, ratio, supplier_unit
from exchange.rollup.own_terms import outbound_term
from exchange.rollup.resolution import join


@dataclass(frozen=True, slots=True)
class Proposal:
    """footprints: new ones, lines bound to products. deprecated_keys: versions that they replace. grants: new ones,
    each on one product; those to an alliance with its members.

    granted_keys: products that admission judges because of the grants; where none are named, the grants are only in
    place for the footprints.
    """

    footprints: Sequence[Footprint] = ()
    deprecated_keys: frozenset[int] = frozenset()
    grants: Sequence[Grant] = ()
    granted_keys: Sequence[int] = ()

    @property
    def products(self) -> Ints:
        """Products that admission judges, by key."""
        return np.unique(np.array([*self.granted_keys, *(f.product_key for f in self.footprints)], dtype=np.int64))


class Proposed:
    """The tables with a proposal beside them, for reading. Numbers from `first_version` and `first_line` on are new."""

    def __init__(self, tables: Tables, proposal: Proposal) -> None:
        self.tables = tables
        self.deprecated = np.array(sorted(proposal.deprecated_keys), dtype=np.int64)
        self.first_version, self.first_line = len(tables.versions.product), len(tables.lines.supplier)
        self._units: list[tuple[str, Price | None]] = []
        self._supplier_units: list[SupplierUnit] = []
        self._numbers: dict[object, int] = {}
        self._ratios: dict[tuple[int, int], Ratio | None] = {}
        self._fallbacks: dict[int, LineFallback] = {}
        self._grantees: dict[int, set[int]] = {}
        for grant in proposal.grants:
            grantees = self._grantees.setdefault(grant.product_key, set())
            if grant.public:
                grantees.add(EVERYBODY)
            named = [grant.organization_id] if grant.organization_id is not None else standing_members(grant.members)
            # Who owns nothing that is known here follows no line.
            grantees.update(tables.owners[each] for each in named if each in tables.owners)
        self._take(proposal.footprints)

    def _take(self, new: Sequence[Footprint]) -> None:
        lines = [each.lines for each in new]
        counts = [len(each) for each in lines]
        self._product = np.array([each.product_key for each in new], dtype=np.int64)
        self._until_day = np.array([each.valid_until_day for each in new], dtype=np.int64)
        releases = [NOBODY if f.release_id is None else self.tables.release_number(f.release_id) for f in new]
        self._release = np.array(releases, dtype=np.int64)
        self._supplier_unit = np.array([self._supplier_unit_number(supplier_unit(f)) for f in new], dtype=np.int64)
        self._says_outbound = np.array([outbound_term(each) is not None for each in new], dtype=np.bool_)
        self._line_count = np.array(counts, dtype=np.int64)
        self._first = self.first_line + np.cumsum([0, *counts])[:-1]
        self._supplier = join(each.suppliers for each in lines)
        self._texts = [text for each in lines for text in each.amounts]
        self._amount = np.array(list(map(float, self._texts)), dtype=np.float64)
        units = [self._unit_number(entry) for each in lines for entry in each.unit_table]
        bases = np.cumsum([0, *(len(each.unit_table) for each in lines)])[:-1]
        self._unit = np.array(units, dtype=np.int64)[join(each.units for each in lines) + np.repeat(bases, counts)]
        self._kind = join(each.stages for each in lines) | join(each.flags for each in lines) << FLAG_SHIFT
        for first, each in zip(self._first.tolist(), lines, strict=True):
            self._take_fallbacks(first, each)

    def _take_fallbacks(self, first: int, lines: Lines) -> None:
        for position, extras in (lines.extras or {}).items():
            fallback = extras.fallback
            if fallback is not None:
                key = NOBODY if fallback.product_key is None else fallback.product_key
                unit = self._unit_number((fallback.unit, fallback.price))
                self._fallbacks[first + position] = LineFallback(fallback.amount, unit, key)
                self._kind[first + position - self.first_line] |= HAS_EXTRAS

    # -- versions --------------------------------------------------------------------------------------------------

    @property
    def new_versions(self) -> Ints:
        return self.first_version + np.arange(len(self._product))

    def product(self, version: Ints) -> Ints:
        return _either(self.tables.versions.product.values, self._product, version)

    def until_day(self, version: Ints, ends: Ints) -> Ints:
        """Exclusive end of validity; `ends`: of releases."""
        until = _either(self.tables.versions.valid_until_day.values, self._until_day, version)
        release = _either(self.tables.versions.release.values, self._release, version)
        by_release = np.flatnonzero((until == NEVER_DAY) & (release != NOBODY))
        if len(by_release):
            until[by_release] = ends[release[by_release]]
        return until

    def supplier_unit(self, version: Ints) -> Ints:
        return _either(self.tables.versions.supplier_unit.values, self._supplier_unit, version)

    def says_outbound(self, version: Ints) -> Bools:
        stored = self.tables.versions.outbound.values
        return np.asarray(_either(stored, np.where(self._says_outbound, 0, NOBODY), version) != NOBODY)

    def first_lines(self, version: Ints) -> Ints:
        return _either(self.tables.versions.first_line.values, self._first, version)

    def line_counts(self, version: Ints) -> Ints:
        return _either(self.tables.versions.line_count.values, self._line_count, version)

    # -- lines -----------------------------------------------------------------------------------------------------

    def kind(self, line: Ints) -> Ints:
        return _either(self.tables.lines.kind.values, self._kind, line)

    def supplier(self, line: Ints) -> Ints:
        return _either(self.tables.lines.supplier.values, self._supplier, line)

    def unit(self, line: Ints) -> Ints:
        return _either(self.tables.lines.unit.values, self._unit, line)

    def amount(self, line: Ints) -> Floats:
        stored, new = self.tables.lines.amount.values, line >= self.first_line
        if not new.any():
            return np.asarray(stored[line])
        found = np.empty(len(line))
        found[~new], found[new] = stored[line[~new]], self._amount[line[new] - self.first_line]
        return found

    def amount_text(self, line: int) -> str:
        """The exact amount."""
        new = line - self.first_line
        return str(self.tables.amount(line)) if new < 0 else self._texts[new]

    def fallback(self, line: int) -> LineFallback | None:
        return (self.tables.fallbacks if line < self.first_line else self._fallbacks).get(line)

    # -- grants and units ------------------------------------------------------------------------------------------

    def newly_permitted(self, owner: Ints, product: Ints) -> Bools:
        """Whether a new grant permits lines of these owners to these products."""
        permitted = np.zeros(len(owner), dtype=np.bool_)
        for key, grantees in self._grantees.items():
            everybody = EVERYBODY in grantees
            reached = everybody | np.isin(owner, np.array(sorted(grantees), dtype=np.int64))
            permitted |= (product == key) & reached
        return permitted

    def ratio(self, unit: int, supplier: int) -> Ratio | None:
        """Of a line's unit to what a supplier is stated per; new ones by the numbers they have here."""
        tables = self.tables
        new_unit, new_supplier = unit - len(tables.units), supplier - len(tables.supplier_units)
        if new_unit < 0 and new_supplier < 0:
            return tables.ratio(unit, supplier)
        pair = (unit, supplier)
        if pair not in self._ratios:
            entry = tables.units[unit] if new_unit < 0 else self._units[new_unit]
            self._ratios[pair] = ratio(*entry, self.stated_per(supplier))
        return self._ratios[pair]

    def stated_per(self, supplier: int) -> SupplierUnit:
        """What a number of `supplier_unit` stands for."""
        new = supplier - len(self.tables.supplier_units)
        return self.tables.supplier_units[supplier] if new < 0 else self._supplier_units[new]

    def _unit_number(self, entry: tuple[str, Price | None]) -> int:
        known = self.tables.number_of(self.tables.units, entry)
        return self._new_number(self._units, len(self.tables.units), entry) if known is None else known

    def _supplier_unit_number(self, per: SupplierUnit) -> int:
        known = self.tables.number_of(self.tables.supplier_units, per)
        return self._new_number(self._supplier_units, len(self.tables.supplier_units), per) if known is None else known

    def _new_number(self, table: list, first: int, value: object) -> int:  # type: ignore[type-arg]
        number = self._numbers.get(value)
        if number is None:
            number = self._numbers[value] = first + len(table)
            table.append(value)
        return number


def _either(stored: Array, added: Array, at: Ints) -> Ints:
    """Entries of a column, and of what is numbered on from its end."""
    new = at >= len(stored)
    if not new.any():
        return np.asarray(stored[at], dtype=np.int64)
    found = np.empty(len(at), dtype=np.int64)
    found[~new], found[new] = stored[at[~new]], added[at[new] - len(stored)]
    return found
