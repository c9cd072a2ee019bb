"""All products' results at once, kept: solved from nothing once, then only where something moved.

Rows are x = d + A x as in `exchange.rollup.system`: one for each product, and one for the outbound logistics of each
version that says something of them. After a change, the residual d + A x - x of what moved is pushed to its consumers
until nothing is left that counts; what is too little to push stays on the row as `left`, so x = d + A x - left holds
always, up to rounding, and pushing never loses anything (docs/method.md, "Solving and the certificate").

These are not what answers are made of: an answer is cut out of the graph and certified on its own closure, so that it
does not depend on what else was solved. They are for whoever needs everybody's result at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.sparse import csr_array

from exchange.memory.columns import Array, ranges
from exchange.memory.layout import FLAG_SHIFT, HAS_EXTRAS, NOBODY, STAGE_BITS
from exchange.memory.present import Present
from exchange.memory.tables import Tables
from exchange.model.footprint import DELIVERED
from exchange.model.resolved import Floats, Ints
from exchange.rollup.certificate import find_scale, solve_scale
from exchange.rollup.loops import without_answer
from exchange.rollup.own_terms import EXCLUDING_WIDTH
from exchange.rollup.solving import ROUNDOFF, row_scale, solve, sweep, sweep_from
from exchange.rollup.system import DISTRIBUTION_STAGE, GATE_STAGE_MAX, Matrix, absolute

COMPONENTS: Final = 12  # of `own`: its last column is their sum
CHUNK_MAX: Final = 100_000  # lines looked at together: bounds what is needed beside the matrix
TOLERANCE: Final = 2.0**-44  # of a row's own size: below it a residual stays where it is (5.7e-14)
CANCELLED: Final = 1e-6  # of what a row takes: a result that cancels to less has no size of its own
FRONTIER_SHARE: Final = 0.05  # of all lines: a frontier that touches more is quicker swept whole
LINES_MIN: Final = 1_000  # so few are always quicker pushed
PUSHES_MAX: Final = 2_000  # then sweeps take over: a loop that consumes nearly all of itself
KEPT_DIFFERENCE: Final = 1e-11  # of a result's largest component: what is kept is promised to 1e-12
RADII: Final = 1_000  # certified ones: they are wider where a loop consumes nearly all of itself


class NoAnswer(Exception):
    """Some loop has no answer, or one that is not reached: there is no result for everybody."""


@dataclass(frozen=True, slots=True, eq=False)
class _Entries:
    """Entries of A by place: row takes `factor` of column."""

    row: Ints
    column: Ints
    factor: Floats


class Whole:
    """The results of everything that stands. Raises NoAnswer where somebody has none."""

    def __init__(self, present: Present) -> None:
        self._present = present
        self.pushed = 0  # rows since the last time that everything was solved
        self._solve(None)

    @property
    def nbytes(self) -> int:
        return int(self._x.nbytes + self._left.nbytes + self._base.nbytes)

    def components(self, key: int) -> Floats:
        """kg CO2e of a product per declared unit, in the order of COLUMNS; zeros where none of its versions stands."""
        found = np.zeros(COMPONENTS)
        found[self._columns] = self._x[key]
        return found

    def excluding(self) -> Floats:
        """Of every product by key, kg CO2e per declared unit, excluding biogenic uptake."""
        inside = np.flatnonzero(self._columns < EXCLUDING_WIDTH)
        return np.asarray(self._x[: self._products, inside].sum(axis=1))

    def radius(self) -> Floats:
        """How far `excluding` of every product may be from the exact solution: the certificate of docs/method.md, with
        the worst residual of all rows, so that it also holds after pushing. Takes some ten sweeps. Raises NoAnswer."""
        own, matrix = self._own(), self._matrix()
        counts = np.diff(matrix.indptr).astype(np.float64)
        size = absolute(matrix)
        if not own.shape[1]:
            return np.zeros(self._products)
        start = row_scale(size, own, self._x)
        scale = find_scale(size, counts, start) or solve_scale(size, counts, own, start)
        if scale is None:
            raise NoAnswer("no certificate was found")
        worst = 0.0
        for column in np.flatnonzero(self._columns < EXCLUDING_WIDTH).tolist():
            x, d = self._x[:, column], own[:, column]
            residual = np.abs(d + matrix @ x - x)
            epsilon = (counts + 6) * ROUNDOFF * (np.abs(d) + size @ np.abs(x) + np.abs(x))
            worst += float(((residual + epsilon) / scale.u).max(initial=0.0))
        return np.asarray(scale.w[: self._products] * worst * (1 + 8 * ROUNDOFF))

    def update(self, moved: Array) -> None:
        """Takes over that other versions of these products stand, or that lines of theirs resolve to something else
        (what `Present.advance` returned). Raises NoAnswer; then it is of no use any more."""
        moved = np.unique(np.asarray(moved, dtype=np.int64))
        self._grow()
        with np.errstate(over="ignore", invalid="ignore"):  # a loop without an answer grows until it is stopped
            done = not self._brings_components(moved) and self._push(moved)
        if not done:
            self._solve(self._x if np.isfinite(self._x).all() else None)

    def renew(self) -> Ints:
        """Solves everything from nothing, as if nothing had been kept, and goes on from there. Returns the keys of the
        products whose kept results were not what comes out. Raises NoAnswer."""
        kept, columns = self._x, self._columns
        self._solve(None)
        apart, size = np.zeros(self._products), np.zeros(self._products)
        for column in np.union1d(columns, self._columns).tolist():  # all at once would be a dozen vectors, and another
            before, now = _component(kept, columns, column), _component(self._x, self._columns, column)
            np.maximum(apart, np.abs(before - now)[: self._products], out=apart)
            np.maximum(size, np.abs(now)[: self._products], out=size)
        if not (apart > KEPT_DIFFERENCE * size).any():
            return np.zeros(0, dtype=np.int64)
        return np.flatnonzero(~(apart <= KEPT_DIFFERENCE * size + RADII * self.radius()))

    # -- everything ------------------------------------------------------------------------------------------------

    def _solve(self, start: Floats | None) -> None:
        tables = self._present.tables
        stated = [at for at in tables.versions.own.used if tables.versions.own.column(at).values.any()]
        left = np.flatnonzero(tables.outbound.values.any(axis=0))
        used = np.union1d(np.array(stated, dtype=np.int64), left)
        self._columns = used[used < COMPONENTS]
        self._count()
        self._base = self._left = np.zeros(0)  # what is found replaces both: they need not lie beside it
        matrix, own = self._matrix(), self._own()  # in this order: what the matrix takes to be made is given back
        found = None if start is None or start.shape != own.shape else _solved_from(matrix, own, start)
        if found is None:
            found = _solved(matrix, own)
        self._x = found
        self._base = row_scale(absolute(matrix), own, found) if own.shape[1] else np.ones(len(own))
        del matrix, own
        self._left = np.zeros_like(found)
        self.pushed = 0

    def _count(self) -> None:
        tables = self._present.tables
        self._products, self._outbound = len(tables.products.owner), len(tables.outbound)

    def _grow(self) -> None:
        """Makes room for products and versions that are new; rows of outbound logistics come after all products."""
        products, outbound = self._products, self._outbound
        self._count()
        if (self._products, self._outbound) == (products, outbound):
            return
        rows = np.concatenate((np.arange(products), self._products + np.arange(outbound)))

        def moved(values: Floats) -> Floats:
            found = np.zeros((self._products + self._outbound, *values.shape[1:]))
            found[rows] = values
            return found

        self._x, self._left, self._base = moved(self._x), moved(self._left), moved(self._base)

    def _brings_components(self, products: Ints) -> bool:
        """Whether one of these products has a component that none had so far."""
        tables, version = self._present.tables, self._present.version.values[products]
        version = version[version != NOBODY]
        outbound = tables.versions.outbound.values[version]
        outbound = outbound[outbound != NOBODY]
        used = tables.versions.own.of(version)[:, :COMPONENTS].any(axis=0)
        used |= tables.outbound.values[outbound, :COMPONENTS].any(axis=0)
        return bool(np.setdiff1d(np.flatnonzero(used), self._columns).size)

    def _own(self) -> Floats:
        """d of every row, of the components in use."""
        tables = self._present.tables
        own = np.zeros((self._products + self._outbound, len(self._columns)))
        for first in range(0, self._products, CHUNK_MAX):
            version = self._present.version.values[first : first + CHUNK_MAX]
            standing = np.flatnonzero(version != NOBODY)
            version = version[standing]
            own[first + standing] = tables.versions.own.part(version, self._columns)
            outbound = tables.versions.outbound.values[version]
            said = outbound[outbound != NOBODY]
            own[self._products + said] = tables.outbound.values[np.ix_(said, self._columns)]
        return own

    def _matrix(self) -> Matrix:
        """A, filled part by part; rows of outbound logistics last."""
        tables, total = self._present.tables, sum(counts[-1] for _, counts in self._standing())
        room = total + _delivered(tables)
        column, factor = np.empty(room, dtype=np.int32), np.empty(room)
        starts = np.zeros(self._products + self._outbound + 1, dtype=np.int32)
        of_row = starts[1:]
        outbound: list[_Entries] = []
        filled = 0
        for products in self._parts():
            entries = self._entries(products)
            gate = entries.row < self._products
            if not gate.all():
                outbound.append(_only(entries, ~gate))
                entries = _only(entries, gate)
            if len(entries.row):  # in the order of their rows, which are few of all
                least, most = int(entries.row[0]), int(entries.row[-1])
                of_row[least : most + 1] += np.bincount(entries.row - least).astype(np.int32)
            column[filled : filled + len(entries.row)] = entries.column
            factor[filled : filled + len(entries.row)] = entries.factor
            filled += len(entries.row)
        if outbound:
            row = np.concatenate([each.row for each in outbound])
            of_row += np.bincount(row, minlength=len(of_row)).astype(np.int32)
            order = np.argsort(row, kind="stable")
            last = filled + len(row)
            column[filled:last] = np.concatenate([each.column for each in outbound])[order]
            factor[filled:last] = np.concatenate([each.factor for each in outbound])[order]
            filled = last
        np.cumsum(of_row, out=of_row)
        return csr_array((factor[:filled], column[:filled], starts), shape=(len(of_row), len(of_row)))

    def _standing(self) -> Iterator[tuple[Ints, Ints]]:
        """Products of which a version stands, and how many lines those up to each have, some products at a time."""
        tables = self._present.tables
        for first in range(0, self._products, CHUNK_MAX):
            version = self._present.version.values[first : first + CHUNK_MAX]
            standing = np.flatnonzero(version != NOBODY)
            if len(standing):
                yield first + standing, np.cumsum(tables.versions.line_count.values[version[standing]], dtype=np.int64)

    def _parts(self) -> Iterator[Ints]:
        """The same products, so many at a time as have some lines."""
        for standing, ends in self._standing():
            for first in range(0, int(ends[-1]), CHUNK_MAX):
                yield standing[slice(*np.searchsorted(ends, (first, first + CHUNK_MAX), side="right").tolist())]

    # -- what moved ------------------------------------------------------------------------------------------------

    def _push(self, moved: Ints) -> bool:
        """Pushes what moved; False: it goes too far, and is to be swept whole."""
        rows = self._rows_of(moved)
        self._left[rows] = self._residual(moved, rows)
        touched_max = max(FRONTIER_SHARE * len(self._present.tables.lines.supplier), LINES_MIN)
        for _ in range(PUSHES_MAX):
            size = np.abs(self._x[rows] + self._left[rows]).max(axis=1, initial=0.0)
            if not np.isfinite(size).all():
                return False
            least = TOLERANCE * np.maximum(size, CANCELLED * self._base[rows])
            rows = rows[np.abs(self._left[rows]).max(axis=1, initial=0.0) > least]
            if not len(rows):
                return True
            delta = self._left[rows]
            self._x[rows] += delta
            self._left[rows] = 0.0
            self.pushed += len(rows)
            entries = self._consumers(rows, touched_max)
            if entries is None:
                return False
            place = np.searchsorted(rows, entries.column)
            rows, at = np.unique(entries.row, return_inverse=True)
            for column in range(delta.shape[1]):
                added = np.bincount(at, entries.factor * delta[place, column], minlength=len(rows))
                self._left[rows, column] += added
        return False

    def _rows_of(self, products: Ints) -> Ints:
        """Rows of products: their own, and those of their outbound logistics under every version."""
        tables, rows = self._present.tables, [products]
        version = tables.products.latest_version.values[products].astype(np.int64)
        while len(version := version[version != NOBODY]):
            outbound = tables.versions.outbound.values[version]
            rows.append(self._products + outbound[outbound != NOBODY].astype(np.int64))
            version = tables.versions.previous.values[version].astype(np.int64)
        return np.unique(np.concatenate(rows))

    def _residual(self, products: Ints, rows: Ints) -> Floats:
        """d + A x - x of these rows, which are those of these products."""
        tables = self._present.tables
        own = np.zeros((len(rows), len(self._columns)))
        version = self._present.version.values[products].astype(np.int64)
        there = version != NOBODY
        own[np.searchsorted(rows, products[there])] = tables.versions.own.part(version[there], self._columns)
        outbound = tables.versions.outbound.values[version[there]].astype(np.int64)
        said = outbound[outbound != NOBODY]
        own[np.searchsorted(rows, self._products + said)] = tables.outbound.values[np.ix_(said, self._columns)]
        entries = self._entries(products[there])
        at = np.searchsorted(rows, entries.row)
        for column in range(own.shape[1]):
            own[:, column] += np.bincount(at, entries.factor * self._x[entries.column, column], minlength=len(rows))
        return own - self._x[rows]

    def _entries(self, products: Ints) -> _Entries:
        """The entries of A of these products' rows, all of which have a standing version."""
        tables = self._present.tables
        version = self._present.version.values[products].astype(np.int64)
        lines = ranges(tables.versions.first_line.values[version], tables.versions.line_count.values[version])
        return self._entries_of(lines[self._present.serving.values[lines] != NOBODY])

    def _entries_of(self, lines: Ints) -> _Entries:
        """The entries of A that lines of standing versions make, all of which are served."""
        tables, present = self._present.tables, self._present
        kind = tables.lines.kind.values[lines]
        stage = kind & STAGE_BITS
        counted = (stage <= GATE_STAGE_MAX) | (stage == DISTRIBUTION_STAGE)
        if not counted.all():
            lines, kind, stage = lines[counted], kind[counted], stage[counted]
        version = tables.lines.version.values[lines]
        row = tables.versions.product.values[version].astype(np.int64)
        distribution = np.flatnonzero(stage == DISTRIBUTION_STAGE)
        row[distribution] = self._products + tables.versions.outbound.values[version[distribution]]
        serving, factor = present.serving.values[lines], present.factor.values[lines]
        delivered = np.flatnonzero(((kind & ~np.uint8(HAS_EXTRAS)) >> FLAG_SHIFT) & DELIVERED)
        outbound = tables.versions.outbound.values[present.version.values[serving[delivered]]]
        delivered, outbound = delivered[outbound != NOBODY], outbound[outbound != NOBODY]
        if not len(delivered):
            return _Entries(row, serving, factor)
        order = np.argsort(np.concatenate((np.arange(len(row)), delivered)), kind="stable")
        return _Entries(
            np.concatenate((row, row[delivered]))[order],
            np.concatenate((serving, self._products + outbound))[order],
            np.concatenate((factor, factor[delivered]))[order],
        )

    def _consumers(self, rows: Ints, touched_max: float) -> _Entries | None:
        """The entries of A in these columns; None: there are more than `touched_max`."""
        present, tables = self._present, self._present.tables
        keys = np.unique(np.where(rows < self._products, rows, self._product_of_outbound(rows)))
        lines = tables.followers.of(keys.tolist())
        if len(lines) > touched_max:
            return None
        beside = [line for key in keys.tolist() for line in tables.fallback_followers.get(key, ())]
        lines = np.unique(np.concatenate((lines, np.array(beside, dtype=np.int64))))
        version = tables.lines.version.values[lines]
        stands = present.version.values[tables.versions.product.values[version]] == version
        lines = lines[stands & (present.serving.values[lines] != NOBODY)]
        return _only_columns(self._entries_of(lines), rows)

    def _product_of_outbound(self, rows: Ints) -> Ints:
        """Products of rows of outbound logistics; anything for other rows."""
        if not self._outbound:
            return rows
        said = np.flatnonzero(self._present.tables.versions.outbound.values != NOBODY)
        product = np.zeros(self._outbound, dtype=np.int64)
        numbers = self._present.tables.versions.outbound.values[said]
        product[numbers] = self._present.tables.versions.product.values[said]
        return np.asarray(product[np.clip(rows - self._products, 0, self._outbound - 1)])


def whole_of(present: Present, kept: Whole | None, moved: Ints) -> Whole:
    """The results of a present, from those kept of it where there are any: then `moved` is taken over. Raises as these
    do."""
    if kept is None:
        return Whole(present)
    kept.update(moved)
    return kept


def _solved_from(matrix: Matrix, own: Floats, start: Floats) -> Floats | None:
    """The same from an earlier solution on; None: sweeps do not get there."""
    if not own.shape[1]:
        return None
    found = sweep_from(matrix, own, start)
    return found.x if found.settled else None


def _solved(matrix: Matrix, own: Floats) -> Floats:
    """x = own + A x. Raises NoAnswer where a loop has none, and where none is reached."""
    found = sweep(matrix, own)
    if not found.settled:
        if without_answer(absolute(matrix)):
            raise NoAnswer("a loop consumes at least one of itself")
        found = solve(matrix, own)
    if not found.settled or not np.isfinite(found.x).all():
        raise NoAnswer("a loop that consumes nearly all of itself does not settle")
    return found.x


def _component(x: Floats, columns: Ints, column: int) -> Floats:
    """Of every row, kg CO2e of a component; zeros where nobody has it."""
    at = np.flatnonzero(columns == column)
    return x[:, at[0]] if len(at) else np.zeros(len(x))


def _delivered(tables: Tables) -> int:
    """How many lines are marked so: each has two entries at most."""
    kind = tables.lines.kind.values
    parts = (kind[first : first + CHUNK_MAX] for first in range(0, len(kind), CHUNK_MAX))
    return sum(int(np.count_nonzero(part & np.uint8(DELIVERED << FLAG_SHIFT))) for part in parts)


def _only(entries: _Entries, wanted: Array) -> _Entries:
    return _Entries(entries.row[wanted], entries.column[wanted], entries.factor[wanted])


def _only_columns(entries: _Entries, columns: Ints) -> _Entries:
    """Those in sorted `columns`."""
    at = np.minimum(np.searchsorted(columns, entries.column), len(columns) - 1)
    wanted = columns[at] == entries.column
    return _Entries(entries.row[wanted], entries.column[wanted], entries.factor[wanted])
