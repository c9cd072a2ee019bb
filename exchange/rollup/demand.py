"""The demand that footprints make on each other under every choice there may ever be: the map that admission judges.

Rows are versions of footprints (and their outbound logistics), because versions may have different declared units.
What they are made of may have been read from a store (`demand_of`) or stand in memory (`exchange.memory.admission`):
either way `assembled` puts it together, so that both are one map.

F(w) of a row is the sum over its lines of the largest of |a| w over everything that may serve the line: every version
of the product it names and of its fallback, outbound logistics added where the line is delivered. F is monotone and
F(c w) = c F(w); what a roll-up consumes under any choice of versions is at most F (docs/method.md, "Admission").
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from exchange.model.closure import Snapshot
from exchange.model.footprint import DELIVERED, Footprint
from exchange.model.resolved import Bools, Floats, Ints
from exchange.rollup.admission_walk import AdmissionWalk
from exchange.rollup.factors import SupplierUnit, binary_factors, exact_factor, ratio, supplier_unit
from exchange.rollup.own_terms import outbound_term
from exchange.rollup.resolution import Lookup, join, unit_column
from exchange.rollup.system import DISTRIBUTION_STAGE, GATE_STAGE_MAX, Matrix, csr
from exchange.units import size


@dataclass(frozen=True, slots=True, eq=False)
class Demand:
    """Rows: versions by product key, the new ones of a product last; then outbound rows. product: key of each row's.

    outbound: of each version, its outbound row, -1 where it has none. size: of each row, declared amount in base
    units. Options, sorted by line: line (number of the line among all), row (that the line belongs to), version (that
    may serve it), also (its outbound row if the line is delivered, else -1), factor (|a|).
    """

    product: Ints
    outbound: Ints
    size: Floats
    line: Ints
    row: Ints
    version: Ints
    also: Ints
    factor: Floats

    @property
    def rows(self) -> int:
        return len(self.product)

    def worth(self, w: Floats) -> Floats:
        """|a| w of every option."""
        return np.asarray(self.factor * (w[self.version] + np.where(self.also >= 0, w[self.also], 0.0)))

    def best(self, w: Floats) -> Ints:
        """Of every line, the option that is worth most."""
        order = np.lexsort((-self.worth(w), self.line))
        first = np.ones(len(order), dtype=np.bool_)
        first[1:] = self.line[order][1:] != self.line[order][:-1]
        return order[first]

    def of(self, w: Floats) -> Floats:
        """F(w) of every row."""
        worth = self.worth(w)
        rows = self.row
        starts = self._line_starts()
        if len(starts) != len(worth):
            worth, rows = np.maximum.reduceat(worth, starts), rows[starts]
        return np.bincount(rows, worth, minlength=self.rows).astype(np.float64)

    def matrix(self, options: Ints) -> Matrix:
        """The linear map that these options make: one for each line, or all."""
        rows, version, also, factor = (column[options] for column in (self.row, self.version, self.also, self.factor))
        both = also >= 0
        return csr(
            np.concatenate((rows, rows[both])),
            np.concatenate((version, also[both])),
            np.concatenate((factor, factor[both])),
            self.rows,
        )

    def keeping(self, options: Bools) -> Demand:
        """The same rows with only these options."""
        return replace(
            self,
            line=self.line[options],
            row=self.row[options],
            version=self.version[options],
            also=self.also[options],
            factor=self.factor[options],
        )

    def among(self, rows: Bools, labels: Ints) -> Demand:
        """What these rows take of those that have their label; rows and lines are numbered anew, in their order."""
        at = np.where(rows, np.cumsum(rows) - 1, -1)
        label = labels[self.row]
        version = np.where(labels[self.version] == label, at[self.version], -1)
        also = np.where((self.also >= 0) & (labels[self.also] == label), at[self.also], -1)
        version, also = np.where(version >= 0, version, also), np.where(version >= 0, also, -1)
        kept = rows[self.row] & (version >= 0)
        line = self.line[kept]
        versions = rows[: len(self.outbound)]
        return Demand(
            product=self.product[rows],
            outbound=np.where(self.outbound >= 0, at[self.outbound], -1)[versions],
            size=self.size[rows],
            line=np.cumsum(np.diff(line, prepend=line[:1]) != 0),
            row=at[self.row[kept]],
            version=version[kept],
            also=also[kept],
            factor=self.factor[kept],
        )

    def _line_starts(self) -> Ints:
        if not len(self.line):
            return np.zeros(0, dtype=np.int64)
        return np.flatnonzero(np.concatenate(([True], self.line[1:] != self.line[:-1])))


def assembled(
    product: Ints,
    has_outbound: Bools,
    size: Floats,
    line: Ints,
    options: OptionColumns,
    factor: Floats,
    convertible: Bools,
) -> Demand:
    """The demand of versions: product, has_outbound and size of each; of each option its line, signed factor and
    whether units could be converted."""
    outbound = np.full(len(product), -1, dtype=np.int64)
    said = np.flatnonzero(has_outbound)
    outbound[said] = len(product) + np.arange(len(said))
    stage, consumer = options.stage, options.consumer
    return Demand(
        product=np.concatenate((product, product[said])),
        outbound=outbound,
        size=np.concatenate((size, size[said])),
        line=line,
        row=np.where(stage == DISTRIBUTION_STAGE, outbound[consumer], consumer),
        version=options.version,
        also=np.where(options.delivered, outbound[options.version], -1),
        factor=np.abs(factor),
    ).keeping(convertible & ((stage <= GATE_STAGE_MAX) | (stage == DISTRIBUTION_STAGE)))


@dataclass(frozen=True, slots=True, eq=False)
class OptionColumns:
    """Of each option: the version that its line belongs to, the one that may serve it, its line's stage, and whether
    that is delivered."""

    consumer: Ints
    version: Ints
    stage: Ints
    delivered: Bools


def size_of(per: SupplierUnit) -> float:
    """The declared unit in base units of its dimension: what |a| is inversely proportional to."""
    return float(per.amount * size(per.unit))


def demand_of(walk: AdmissionWalk, snapshot: Snapshot) -> Demand:
    """The demand of everything that a finished walk reached."""
    return _Builder(walk, snapshot).run()


class _Builder:
    """The working state of one `demand_of`."""

    def __init__(self, walk: AdmissionWalk, snapshot: Snapshot) -> None:
        self.walk, self.snapshot = walk, snapshot
        self.versions = dict(sorted(walk.versions.items()))
        self.footprints = tuple(footprint for found in self.versions.values() for footprint in found)
        self.lines = [footprint.lines for footprint in self.footprints]
        self.starts = np.cumsum([0, *(len(lines) for lines in self.lines)])
        self.first: dict[int, int] = {}
        for row, footprint in enumerate(self.footprints):
            self.first.setdefault(footprint.product_key, row)
        self.classes: dict[SupplierUnit, int] = {}
        self.class_of = np.array(
            [self.classes.setdefault(supplier_unit(f), len(self.classes)) for f in self.footprints],
            dtype=np.int64,
        )

    def run(self) -> Demand:
        line, version, factor = self._options()
        columns = OptionColumns(
            consumer=np.searchsorted(self.starts, line, side="right") - 1,
            version=version,
            stage=join(lines.stages for lines in self.lines)[line],
            delivered=(join(lines.flags for lines in self.lines)[line] & DELIVERED) != 0,
        )
        return assembled(
            product=np.array([footprint.product_key for footprint in self.footprints], dtype=np.int64),
            has_outbound=np.array([outbound_term(each) is not None for each in self.footprints], dtype=np.bool_),
            size=np.array([size_of(supplier_unit(each)) for each in self.footprints], dtype=np.float64),
            line=line,
            options=columns,
            factor=factor,
            convertible=np.ones(len(line), dtype=np.bool_),
        )

    def _options(self) -> tuple[Ints, Ints, Floats]:
        """Lines, versions that may serve them and |a|, sorted by line; what cannot be converted is left out."""
        amounts = [amount for lines in self.lines for amount in lines.amounts]
        line, version = self._versions_of(np.arange(len(amounts)), self._named())
        units, unit_of_line = unit_column(self.lines, self.starts)
        taken = [amounts[at] for at in line.tolist()]  # a line may have many options, or none
        factor, convertible = binary_factors(
            taken, units, unit_of_line[line], list(self.classes), self.class_of[version]
        )
        line, version, factor = line[convertible], version[convertible], factor[convertible]
        more = self._fallback_options()
        if more:
            extra = np.array(more, dtype=np.float64)
            line = np.concatenate((line, extra[:, 0].astype(np.int64)))
            version = np.concatenate((version, extra[:, 1].astype(np.int64)))
            factor = np.concatenate((factor, extra[:, 2]))
            order = np.argsort(line, kind="stable")
            line, version, factor = line[order], version[order], factor[order]
        return line, version, factor

    def _versions_of(self, lines: Ints, products: Ints) -> tuple[Ints, Ints]:
        """Each line repeated for every version of its product, and those versions' rows."""
        keys = list(self.first)
        firsts = np.array([*self.first.values(), 0], dtype=np.int64)
        counts = np.array([*(len(self.versions[key]) for key in keys), 0], dtype=np.int64)
        at = Lookup(keys).position(products)
        repeats = counts[at]
        line = np.repeat(lines, repeats)
        within = np.arange(len(line)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
        return line, np.repeat(firsts[at], repeats) + within

    def _named(self) -> Ints:
        """Product key of each line, -1 where nobody registered it or it may never be followed."""
        named = join(lines.suppliers for lines in self.lines)
        for at in np.flatnonzero(named < 0).tolist():
            row = int(np.searchsorted(self.starts, at, side="right")) - 1
            named[at] = self.snapshot.names.get(self.lines[row].names[at - int(self.starts[row])], -1)
        if self.walk.denied:
            owners = np.repeat(self._owner_numbers(), np.diff(self.starts))
            width = int(named.max(initial=0)) + 2
            numbers = self._owners()
            denied = [numbers[o] * width + key for o, key in self.walk.denied if o in numbers and key < width]
            named[np.isin(owners * width + named, np.array(denied, dtype=np.int64))] = -1
        return named

    def _owners(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for footprint in self.footprints:
            found.setdefault(self._owner(footprint), len(found))
        return found

    def _owner_numbers(self) -> Ints:
        owners = self._owners()
        return np.array([owners[self._owner(footprint)] for footprint in self.footprints], dtype=np.int64)

    def _owner(self, footprint: Footprint) -> str:
        return self.snapshot.nodes[footprint.product_key].product.owner_id

    def _fallback_options(self) -> list[tuple[int, int, float]]:
        found: list[tuple[int, int, float]] = []
        for row, lines in enumerate(self.lines):
            owner = self._owner(self.footprints[row]) if lines.extras else ""
            for position, extras in (lines.extras or {}).items():
                fallback = extras.fallback
                if fallback is None:
                    continue
                key = fallback.product_key
                if key is None:
                    key = self.snapshot.names.get(fallback.urn or "", -1)
                if key not in self.first or (owner, key) in self.walk.denied:
                    continue
                for version in range(self.first[key], self.first[key] + len(self.versions[key])):
                    rate = ratio(fallback.unit, fallback.price, supplier_unit(self.footprints[version]))
                    if rate is not None:
                        factor = float(exact_factor(fallback.amount, rate))
                        found.append((int(self.starts[row]) + position, version, factor))
        return found
