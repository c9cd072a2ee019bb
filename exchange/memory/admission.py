"""The demand that admission judges, from the graph in memory with a proposal beside it (docs/method.md, "Admission").

Breadth first from the products written, under every version that may ever stand, along every line and fallback that may
ever be followed: what exchange.rollup.AdmissionWalk reaches in a store. Only what lies on a loop with these products
bears on the answer, so factors are computed of that alone; where no line comes back to them there is nothing to judge.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np

from exchange.memory.closure import FOLLOWED_MAX
from exchange.memory.columns import Array, Column, ranges
from exchange.memory.layout import FLAG_SHIFT, HAS_EXTRAS, NOBODY, STAGE_BITS, LineFallback
from exchange.memory.lines import factors_of, permitted_ever
from exchange.memory.proposed import Proposal, Proposed
from exchange.memory.standing import release_ends
from exchange.memory.tables import Tables
from exchange.model.closure import Dates
from exchange.model.footprint import DELIVERED, NEVER_US
from exchange.model.resolved import Bools, Floats, Ints
from exchange.rollup import closure as walks
from exchange.rollup.admission import too_large
from exchange.rollup.demand import Demand, OptionColumns, assembled, size_of
from exchange.rollup.factors import exact_factor
from exchange.rollup.loops import strong_components
from exchange.rollup.system import csr

_NONE = np.zeros(0, dtype=np.int64)


def demand(tables: Tables, proposal: Proposal, now: Dates, position: Column) -> Demand:
    """What the products of a proposal, and whatever lies on a loop with them, may take of each other from `now` on.

    `position`: scratch, one entry a product, all NOBODY, and left so. Raises LoopRefused where it reaches too far.
    """
    walk = _Walk(Proposed(tables, proposal), proposal.products, now, position.values)
    try:
        walk.run()
        return walk.demand()
    finally:
        for products in walk.reached:
            position.values[products] = NOBODY


def consumed(tables: Tables, keys: Collection[int]) -> set[int]:
    """Those of the products that a line or a fallback of any footprint names."""
    lines = tables.followers.of(keys)
    named = np.unique(tables.lines.supplier.values[lines]).tolist()
    return set(named) | {key for key in keys if key in tables.fallback_followers}


@dataclass(slots=True)
class _Edges:
    """Lines that may be followed: of each its number, its version, the product it names, and the fallback that names
    it (its place in a list, NOBODY: the line itself)."""

    line: list[Ints] = field(default_factory=list)
    version: list[Ints] = field(default_factory=list)
    supplier: list[Ints] = field(default_factory=list)
    fallback: list[Ints] = field(default_factory=list)

    def add(self, line: Ints, version: Ints, supplier: Ints, fallback: Ints) -> None:
        for column, values in zip(
            (self.line, self.version, self.supplier, self.fallback), (line, version, supplier, fallback), strict=True
        ):
            column.append(values)

    def joined(self) -> tuple[Ints, Ints, Ints, Ints]:
        line, version, supplier, fallback = (
            np.concatenate((_NONE, *column)) for column in (self.line, self.version, self.supplier, self.fallback)
        )
        return line, version, supplier, fallback


class _Walk:
    """The working state of one `demand`."""

    def __init__(self, graph: Proposed, roots: Ints, now: Dates, place: Array) -> None:
        self.graph, self.tables, self.roots, self.now, self.place = graph, graph.tables, roots, now, place
        self.ends = release_ends(graph.tables, now.head, NEVER_US - 1)
        self.reached: list[Ints] = []
        self.versions: list[Ints] = []
        self.edges = _Edges()
        self.fallbacks: list[LineFallback] = []

    # -- what is reached -------------------------------------------------------------------------------------------

    def run(self) -> None:
        frontier, products, lines = self.roots, 0, 0
        while len(frontier):
            self.place[frontier] = products + np.arange(len(frontier))
            self.reached.append(frontier)
            versions = self._standing(frontier, first=not products)
            products += len(frontier)
            counts = self.graph.line_counts(versions)
            lines += int(counts.sum())
            if products > walks.CLOSURE_ROWS_MAX or lines > walks.CLOSURE_LINES_MAX:
                raise too_large()
            self.versions.append(versions)
            own = ranges(self.graph.first_lines(versions), counts)
            named = self._follow(own, np.repeat(versions, counts))
            frontier = np.unique(named[self.place[named] == NOBODY])

    def _standing(self, products: Ints, *, first: bool) -> Ints:
        """Versions that are Active and not expired, validity in the future included; the new ones at first."""
        tables, head = self.tables, self.now.head
        columns = tables.versions
        found = [self.graph.new_versions] if first else []
        current = tables.products.latest_version.values[products].astype(np.int64)
        while len(current := current[current != NOBODY]):
            active = (columns.sequence.values[current] <= head) & (columns.deprecated.sequence(current) > head)
            found.append(current[active])
            current = columns.previous.values[current].astype(np.int64)
        versions = np.concatenate((_NONE, *found))
        kept = self.graph.until_day(versions, self.ends) > self.now.as_of_day
        if len(self.graph.deprecated):
            kept &= ~np.isin(versions, self.graph.deprecated)
        return versions[kept]

    def _follow(self, lines: Ints, version: Ints) -> Ints:
        """Notes what these lines may follow; returns the products that they and their fallbacks name."""
        kind = self.graph.kind(lines)
        followed = np.flatnonzero((kind & STAGE_BITS) <= FOLLOWED_MAX)
        lines, version, kind = lines[followed], version[followed], kind[followed]
        owner = self.tables.products.owner.values[self.graph.product(version)]
        supplier = self.graph.supplier(lines)
        open_ = self._permitted(owner, supplier)
        self.edges.add(lines[open_], version[open_], supplier[open_], np.full(len(open_), NOBODY, dtype=np.int64))
        named = supplier[open_]
        at, key = [], []
        for extra in np.flatnonzero(kind & HAS_EXTRAS).tolist():
            fallback = self.graph.fallback(int(lines[extra]))
            if fallback is not None:
                at.append(extra)
                key.append(fallback.key)
                self.fallbacks.append(fallback)
        if at:
            numbers = len(self.fallbacks) - len(at) + np.arange(len(at))
            positions, keys = np.array(at, dtype=np.int64), np.array(key, dtype=np.int64)
            open_ = self._permitted(owner[positions], keys)
            positions = positions[open_]
            self.edges.add(lines[positions], version[positions], keys[open_], numbers[open_])
            named = np.concatenate((named, keys[open_]))
        return named

    def _permitted(self, owner: Array, supplier: Ints) -> Ints:
        """Positions of those that may be followed, now or later."""
        products = self.tables.products
        at = np.flatnonzero((supplier != NOBODY) & (supplier < len(products.owner)))
        at = at[products.sequence.values[supplier[at]] <= self.now.head]
        permitted = permitted_ever(self.tables, owner[at], supplier[at], self.now)
        return at[permitted | self.graph.newly_permitted(owner[at], supplier[at])]

    # -- what is judged --------------------------------------------------------------------------------------------

    def demand(self) -> Demand:
        """Of the products that lie on a loop with the roots."""
        line, version, supplier, fallback = self.edges.joined()
        versions = np.concatenate((_NONE, *self.versions))
        consumer_at, supplier_at = self.place[self.graph.product(version)], self.place[supplier]
        kept, looped = self._on_loops(consumer_at, supplier_at)
        line, version, supplier, fallback = line[kept], version[kept], supplier[kept], fallback[kept]
        versions = versions[looped[self.place[self.graph.product(versions)]]]
        product = self.graph.product(versions)
        order = np.lexsort((versions, product))
        versions, product = versions[order], product[order]
        by_number = np.argsort(versions)
        consumer = by_number[np.searchsorted(versions[by_number], version)]
        order = np.lexsort((fallback, line, consumer))
        line, consumer, supplier, fallback = line[order], consumer[order], supplier[order], fallback[order]
        # Each line and fallback once for every version of what it names.
        first = np.searchsorted(product, supplier)
        counts = np.searchsorted(product, supplier, side="right") - first
        line, consumer, fallback = np.repeat(line, counts), np.repeat(consumer, counts), np.repeat(fallback, counts)
        serving = ranges(first, counts)
        unit = self.graph.supplier_unit(versions)
        factor, convertible = self._factors(line, fallback, unit[serving])
        kind = self.graph.kind(line)
        columns = OptionColumns(
            consumer=consumer,
            version=serving,
            stage=kind & STAGE_BITS,
            delivered=(kind >> FLAG_SHIFT & DELIVERED) != 0,
        )
        return assembled(
            product=product,
            has_outbound=self.graph.says_outbound(versions),
            size=self._sizes(unit),
            line=np.cumsum(np.diff(line, prepend=line[:1]) != 0),
            options=columns,
            factor=factor,
            convertible=convertible,
        )

    def _on_loops(self, consumer: Array, supplier: Array) -> tuple[Bools, Bools]:
        """Which edges, and which of the products reached, are on a loop with a root."""
        products, roots = sum(map(len, self.reached)), len(self.roots)
        if not np.any(supplier < roots):  # nothing comes back
            return np.zeros(len(consumer), dtype=np.bool_), np.zeros(products, dtype=np.bool_)
        labels = strong_components(csr(consumer.astype(np.int64), supplier, np.ones(len(consumer)), products))
        looped = np.isin(labels, labels[:roots])
        return (labels[consumer] == labels[supplier]) & looped[consumer], looped

    def _factors(self, line: Ints, fallback: Ints, supplier_unit: Ints) -> tuple[Floats, Bools]:
        """Factors of options, and which of them could be converted."""
        graph = self.graph
        factor, convertible = np.zeros(len(line)), np.ones(len(line), dtype=np.bool_)
        own = np.flatnonzero(fallback == NOBODY)
        factor[own], convertible[own] = factors_of(
            graph.amount(line[own]),
            graph.unit(line[own]),
            supplier_unit[own],
            graph.ratio,
            lambda at: graph.amount_text(int(line[own[at]])),
        )
        for at in np.flatnonzero(fallback != NOBODY).tolist():
            serves = self.fallbacks[int(fallback[at])]
            ratio = graph.ratio(serves.unit, int(supplier_unit[at]))
            convertible[at] = ratio is not None
            factor[at] = 0.0 if ratio is None else float(exact_factor(serves.amount, ratio))
        return factor, convertible

    def _sizes(self, supplier_unit: Ints) -> Floats:
        numbers, which = np.unique(supplier_unit, return_inverse=True)
        sizes = [size_of(self.graph.stated_per(number)) for number in numbers.tolist()]
        return np.array(sizes, dtype=np.float64)[which]
