"""The graph as it stands now: which version stands for each product, and what each of its lines resolves to.

Computed whole once, then only where something moved: after a change of the ledger, when a day begins, and when a grant
begins or ends. Whatever is asked about another date is computed from the tables alone (`history`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np

from exchange.memory.columns import Array, Column, ranges
from exchange.memory.granting import covered
from exchange.memory.layout import NOBODY, Touched
from exchange.memory.lines import LinesResolved, resolve_lines
from exchange.memory.moves import Moves
from exchange.memory.standing import Stood, release_ends, stand
from exchange.memory.tables import Tables
from exchange.model.closure import Dates
from exchange.model.footprint import NEVER_DAY, NEVER_US
from exchange.model.resolved import NO_GAP, Ints

CHUNK_MAX: Final = 100_000  # lines resolved, or products looked at, at once: bounds what is needed beside the columns


class Present:
    """Standing versions and resolved lines at `dates`. Lines of versions that do not stand hold nothing of use."""

    def __init__(
        self, tables: Tables, dates: Dates, at_us: int = 0, *, kept: bool = False, goes_on: bool = True
    ) -> None:
        """`at_us`: the latest instant of any change up to the head of `dates`. `kept`: nothing is computed; the columns
        are to be taken over as they were kept, and `go_on` is to be called then. `goes_on` False: it stays at these
        dates, and changes nothing of the tables, which others may read meanwhile."""
        self.tables = tables
        self.dates = dates
        self.version = Column(np.int32, fill=NOBODY)
        self.reason = Column(np.int8)
        self.until_day = Column(np.int32, fill=NEVER_DAY)
        self.serving = Column(np.int32, fill=NOBODY)
        self.factor = Column(np.float64)
        self.line_reason = Column(np.int8)
        self.since_us = at_us
        self.moves = Moves()
        if kept:
            return
        self.go_on()
        self._resize()
        count = len(tables.products.owner)
        if goes_on:
            tables.followers.sort(tables.lines.supplier.values, count)
        self.moves.begin(count)
        parts = [slice(first, first + CHUNK_MAX) for first in range(0, count, CHUNK_MAX)]
        for part in parts:
            self._restand(np.arange(count)[part])
        for part in parts:  # the numbers of all lines at once would be a column more
            self._relink(self._lines_of(self.version.values[part]))

    def go_on(self) -> None:
        """Finds out what follows from the tables and the dates alone: until when everything is as it is now."""
        self._ends = release_ends(self.tables, self.dates.head, self.dates.known_at_us)
        self.since_us, self._next_grant_us = self._holds_from(self.since_us), self._next_grant()

    @property
    def nbytes(self) -> int:
        columns = (self.version, self.reason, self.until_day, self.serving, self.factor, self.line_reason)
        return sum(column.nbytes for column in columns) + self.moves.nbytes

    def stood(self, products: Array) -> Stood:
        """What stands for these products."""
        return Stood(
            self.version.values[products].astype(np.int64),
            self.reason.values[products].astype(np.int64),
            self.until_day.values[products].astype(np.int64),
        )

    def resolved(self, lines: Array) -> LinesResolved:
        """What became of lines of standing versions."""
        return LinesResolved(
            self.serving.values[lines].astype(np.int64),
            self.factor.values[lines],
            self.line_reason.values[lines].astype(np.int64),
        )

    def holds_at(self, dates: Dates) -> bool:
        """Whether a question about these dates is one about what stands now."""
        mine = self.dates
        return (
            dates.head == mine.head
            and dates.as_of_day == mine.as_of_day
            and self.since_us <= dates.known_at_us < self._next_grant_us
        )

    def advance(self, dates: Dates, touched: Touched, at_us: int = 0) -> set[int]:
        """Goes on to later dates after the tables took over what was written; returns products that may be moved:
        another version stands, or a line of theirs resolves to something else. `at_us`: as above. `moves` tells more
        exactly which are: of a product whose supplier has a new version, only those whose own lines are affected."""
        tables, before = self.tables, self.dates
        followers, granted = set(touched.followers), set(touched.granted)
        self.dates = dates
        self._resize()
        self.moves.begin(len(tables.products.owner))
        self._ends = release_ends(tables, dates.head, dates.known_at_us)
        if dates.known_at_us >= self._next_grant_us:
            granted |= self._granted_between(before.known_at_us, dates.known_at_us)
            followers |= granted
        self.since_us, self._next_grant_us = self._holds_from(at_us), self._next_grant()
        if dates.as_of_day != before.as_of_day:
            moved = self._restand(np.arange(len(tables.products.owner)))
        else:
            moved = self._restand(np.array(sorted(touched.standings), dtype=np.int64))
        if tables.followers.is_due:
            tables.followers.sort(tables.lines.supplier.values, len(tables.products.owner))
        followers.update(moved.tolist())
        lines = np.concatenate((self._lines_of(self.version.values[moved]), self._standing_followers(followers)))
        lines = np.unique(lines)
        relinked = self._relink(lines)
        # A line that names a product which is there from now on may still be the gap that it was.
        named = self._standing_followers(touched.registered)
        self.moves.results(np.array(sorted(touched.registered), dtype=np.int64))
        self.moves.results(self._consumers_of(np.concatenate((relinked, named))))
        # What an owner registers is granted to whom many of its products are.
        self.moves.rights(np.array(sorted(granted | touched.registered), dtype=np.int64))
        return set(moved.tolist()) | set(self._consumers_of(lines).tolist())

    def _consumers_of(self, lines: Array) -> Ints:
        """Whose lines they are."""
        consumers = self.tables.versions.product.values[self.tables.lines.version.values[lines]]
        return np.asarray(consumers, dtype=np.int64)

    def _resize(self) -> None:
        for column in (self.version, self.reason, self.until_day):
            column.resize(len(self.tables.products.owner))
        for column in (self.serving, self.factor, self.line_reason):
            column.resize(len(self.tables.lines.supplier))

    def _restand(self, products: Array) -> Ints:
        """Chooses again; returns the products for which something else stands than before."""
        stood = stand(self.tables, products, self.dates, self._ends)
        moved = (self.version.values[products] != stood.version) | (self.reason.values[products] != stood.reason)
        # A version that ends on another day is no other version, but answers say how long they hold.
        self.moves.results(products[moved | (self.until_day.values[products] != stood.until_day)])
        self.version.values[products] = stood.version
        self.reason.values[products] = stood.reason
        self.until_day.values[products] = stood.until_day
        return np.asarray(products[moved], dtype=np.int64)

    def _relink(self, lines: Array) -> Ints:
        """Resolves again; returns the lines that resolve to something else than before. Their factor alone changes only
        with the version that serves, and that is told by `_restand`."""
        moved = []
        for start in range(0, len(lines), CHUNK_MAX):
            part = lines[start : start + CHUNK_MAX]
            found = resolve_lines(self.tables, part, self.dates, self.stood)
            serves = self.serving.values[part] != found.serving
            moved.append(part[serves | (self.line_reason.values[part] != found.reason)])
            self.serving.values[part] = found.serving
            self.factor.values[part] = found.factor
            self.line_reason.values[part] = found.reason
        return np.concatenate([np.zeros(0, dtype=np.int64), *moved])

    def _lines_of(self, versions: Array) -> Ints:
        there = versions[versions != NOBODY]
        columns = self.tables.versions
        return ranges(columns.first_line.values[there], columns.line_count.values[there])

    def _standing_followers(self, products: Iterable[int]) -> Ints:
        """Lines of standing versions that name one of these products, or fall back to it."""
        tables, keys = self.tables, set(products)
        fallbacks = [line for key in keys for line in tables.fallback_followers.get(key, ())]
        lines = np.concatenate((tables.followers.of(keys), np.array(fallbacks, dtype=np.int64)))
        version = tables.lines.version.values[lines]
        stands = self.version.values[tables.versions.product.values[version]] == version
        return np.asarray(lines[stands], dtype=np.int64)

    def _holds_from(self, at_us: int) -> int:
        """Since when everything has been as it is now: no change of the ledger and no grant's begin or end is later."""
        grants, now = self.tables.grants, self.dates.known_at_us
        instants = (grants.from_us.values, grants.until_us.values)
        return max(at_us, *(int(column[column <= now].max(initial=0)) for column in instants))

    def _next_grant(self) -> int:
        """The next instant at which a grant begins or ends."""
        grants, now = self.tables.grants, self.dates.known_at_us
        instants = (grants.from_us.values, grants.until_us.values)
        return min(int(column[column > now].min(initial=NEVER_US)) for column in instants)

    def _granted_between(self, after_us: int, upto_us: int) -> set[int]:
        """Products on which a grant began or ended meanwhile."""
        grants = self.tables.grants
        moved = np.zeros(len(grants.product), dtype=np.bool_)
        for column in (grants.from_us.values, grants.until_us.values):
            moved |= (column > after_us) & (column <= upto_us)
        return covered(self.tables, np.flatnonzero(moved))


class History:
    """The graph as it stood at other dates, or with other versions; computed for what is asked, and not kept."""

    def __init__(self, tables: Tables, dates: Dates, chosen: dict[int, int] | None = None) -> None:
        self.tables = tables
        self.dates = dates
        self._ends = release_ends(tables, dates.head, dates.known_at_us)
        self._chosen = chosen or {}

    def stood(self, products: Array) -> Stood:
        """What stood for these products; `chosen` ones stand whatever the dates say."""
        found = stand(self.tables, products, self.dates, self._ends)
        for key, version in self._chosen.items():
            at = np.flatnonzero(products == key)
            if len(at):
                end = int(self.tables.versions.valid_until_day.values[version])
                release = int(self.tables.versions.release.values[version])
                if end == NEVER_DAY and release != NOBODY:
                    end = int(self._ends[release])
                found.version[at], found.reason[at], found.until_day[at] = version, NO_GAP, end
        return found

    def resolved(self, lines: Array) -> LinesResolved:
        """What became of lines of versions that stood then."""
        return resolve_lines(self.tables, lines, self.dates, self.stood)
