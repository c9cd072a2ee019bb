"""The roll-up: from a snapshot of the graph to every number about the products of a closure.

`roll_up` walks the closure, resolves its lines, solves the system once for all products asked about, and hands out a
`Solution` whose results are computed when they are asked for. All of it is a pure function of the snapshot, the dates
and which lines may be followed; nothing depends on who asks. Chapter by chapter: docs/method.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

import numpy as np

from exchange.model.closure import Dates, Permits, Snapshot
from exchange.model.footprint import Finding, Footprint
from exchange.model.resolved import GapCode, ResolvedLines, StageTotal, Standing, Total, Uncertainty
from exchange.model.view import UnitsApart
from exchange.rollup.answer import EXCLUDING_COLUMN, Answer, answer
from exchange.rollup.closure import ClosureWalk
from exchange.rollup.findings import uptake_finding
from exchange.rollup.packaging import Packaging, packaging_of
from exchange.rollup.quality import Quality, assess
from exchange.rollup.refusals import Refusal, RefusalCode
from exchange.rollup.resolution import Resolution, resolve
from exchange.rollup.rounding import round_percent, round_significant
from exchange.rollup.shown import Shown
from exchange.rollup.stages import by_stage
from exchange.rollup.standings import Standings
from exchange.rollup.system import System, build_system
from exchange.rollup.uncertainty import Spread, Uncertainties
from exchange.rollup.validity import valid_until


def roll_up(
    snapshot: Snapshot,
    roots: Sequence[int],
    dates: Dates,
    permits: Permits,
    *,
    chosen: Mapping[int, Footprint] | None = None,
) -> Solution:
    """Cradle to gate of `roots` and of everything upstream: one closure, one solve, x_j = d_j + sum_i a_ji x_i.

    roots: product keys. permits: whether a line of the first product's owner may be followed to the second product.
    chosen: footprints that stand for their products whatever the dates say. Raises LookupError where the snapshot
    misses a product of the closure (see ClosureWalk). A product without an answer is a `refusal`, not an error.
    """
    walk = ClosureWalk(roots, dates, permits, chosen=chosen)
    walk.finish(snapshot)
    if walk.too_large:
        walk.expanded.clear()
    resolution = resolve(walk, snapshot)
    reasons = {key: choice.reason for key, choice in walk.choices.items()}
    reached = Reached(walk.roots, reasons, walk.too_large)
    return Solution(reached, resolution, answer(build_system(resolution)))


@dataclass(frozen=True, slots=True, eq=False)
class Reached:
    """How far a closure went. reasons: of every product that was asked about or that some line may follow, why no
    footprint of it stands; None: one does."""

    roots: tuple[int, ...]
    reasons: Mapping[int, GapCode | None]
    too_large: bool


class Solution:
    """The solved closure: every result follows from it and never changes.

    roots: product keys as asked. keys: every product of the closure that has a footprint, roots first.
    """

    def __init__(self, reached: Reached, resolution: Resolution, solved: Answer) -> None:
        self.roots = reached.roots
        self.keys = resolution.keys
        self._reached = reached
        self._resolution = resolution
        self._answer = solved
        self._root_set = frozenset(reached.roots)
        self._totals: dict[int, Total] = {}

    def prepare(self) -> None:
        """Computes what answers about the products asked about begin with, so that `again` has it."""
        answered = [key for key in self.roots if self.refusal(key) is None]
        for key in answered:
            self.total(key)
        if answered:
            self._shown.prepare()

    def again(self) -> Solution:
        """The same for another request. What was computed so far is shared, and never depends on what was asked
        before; what is computed from now on stays with the request. Spreads are always left to it: many at once are
        one solve, so their last bits belong to who asked."""
        other = copy(self)
        other._totals = dict(self._totals)
        if "_shown" in self.__dict__:
            other.__dict__["_shown"] = self._shown.again()
        other.__dict__.pop("_uncertainties", None)
        return other

    @property
    def lines(self) -> int:
        """How many lines the closure has."""
        return len(self._resolution.consumer)

    @property
    def sweeps(self) -> int:
        """How many sweeps over its matrix solving took."""
        return self._answer.sweeps

    def standing(self, key: int) -> Standing:
        """What is said of the footprint that stands for a product. LookupError where none does."""
        return self._standings.recipes.standing(self._row(key))

    def refusal(self, key: int) -> Refusal | None:
        """Why a product has no answer; None: it has one. LookupError for a product outside the closure."""
        if self._reached.too_large:
            return Refusal(RefusalCode.TOO_LARGE)
        reason = self._reached.reasons[key]
        if reason is not None:
            return Refusal(RefusalCode(reason.value))
        dead = [row for row in self._rows_needed(key) if self._answer.dead[row]]
        if not dead:
            return None
        rows = np.concatenate([self._answer.loop_members(row) for row in dead])
        products = self._system.product_of_row[rows].tolist()
        members = tuple(sorted({self.keys[product] for product in products}))
        return Refusal(RefusalCode.LOOP_WITHOUT_ANSWER, members)

    def total(self, key: int) -> Total:
        """The result as it is shown: rounded, kg CO2e per declared unit, with quality. Raises RollUpRefused."""
        if key not in self._totals:
            self._raise_refusal(key)
            self._totals[key] = self._total(self._row(key))
        return self._totals[key]

    def resolved(self, key: int) -> ResolvedLines | None:
        """What became of a product's lines, those of every stage; None: a declared footprint has none."""
        row = self._row(key)
        return None if self._standings.declared[row] else self._resolution.resolved(row)

    def exact_factors(self, key: int, positions: Sequence[int]) -> list[Decimal]:
        """Factors of lines (positions from 0), 34 significant digits. Raises LookupError for a gap."""
        return self._resolution.exact_factors(self._row(key), positions)

    def units_apart(self, key: int, position: int) -> UnitsApart:
        """The units of a line (position from 0) whose reason is UNIT_NOT_CONVERTIBLE."""
        return self._standings.recipes.units_apart(self._row(key), position)

    def direct(self, key: int) -> tuple[Decimal, ...] | None:
        """Direct emissions inside cradle to gate as stated, in the order of COLUMNS; None: declared."""
        row = self._row(key)
        return None if self._standings.declared[row] else self._standings.recipes.own(row)

    def by_stage(self, key: int) -> tuple[StageTotal, ...] | None:
        """Every stage of a product asked about; None: declared, or not a root. Raises RollUpRefused."""
        if key not in self._root_set:
            return None
        self._raise_refusal(key)
        return by_stage(self._resolution, self._system, self._shown, self._row(key))

    def valid_until_day(self, key: int) -> int | None:
        """When the result stops holding, exclusive, days since 1970-01-01; None: open. Raises RollUpRefused."""
        self._raise_refusal(key)
        return valid_until(self._answer, self._standings.valid_until_day, self._row(key))

    def uncertainty(self, key: int) -> Uncertainty:
        """The spread of the result as it is shown; a solve of its own at the first call. Raises RollUpRefused."""
        self._raise_refusal(key)
        return self._uncertainties.shown(self._row(key))

    def prepare_uncertainties(self, keys: Sequence[int]) -> None:
        """Computes many spreads at once, so that `uncertainty` has them. Products without an answer are left out."""
        self._uncertainties.prepare([self._row(key) for key in keys if self.refusal(key) is None])

    def spread(self, key: int) -> Spread:
        """What the result depends on, before any rounding; of the whole closure, so never shown."""
        self._raise_refusal(key)
        return next(self._uncertainties.spreads([self._row(key)]))

    def direct_deviation(self, key: int) -> float:
        """Geometric standard deviation of what the footprint itself states (direct emissions, or the result of a
        declared one); NaN: not stated."""
        return float(self._standings.deviation[self._row(key)])

    def findings(self, key: int) -> tuple[Finding, ...]:
        """UPTAKE_POSITIVE, which follows from the total. Raises RollUpRefused."""
        return uptake_finding(self.total(key).components)

    def unknown_components(self, key: int) -> tuple[str, ...]:
        """Components that the product's own footprint leaves unknown: counted 0, and listed."""
        return self.standing(key).unknown_components

    def published_findings(self, key: int) -> tuple[Finding, ...]:
        """What was found when the footprint of a product asked about was published; for its owner."""
        return self._standings.recipes.findings(self._row(key))

    def interval(self, key: int) -> tuple[Decimal, Decimal]:
        """The certified interval excluding uptake before any rounding. Raises RollUpRefused."""
        self._raise_refusal(key)
        return self._shown.interval(self._row(key))

    def cradle_to_gate(self, key: int) -> tuple[float, ...]:
        """The solved components before any rounding, in the order of COLUMNS. Raises RollUpRefused."""
        self._raise_refusal(key)
        return tuple(self._answer.x[self._row(key), :EXCLUDING_COLUMN].tolist())

    def _total(self, row: int) -> Total:
        rounded = self._shown.row(row)
        lower, upper = self._shown.shown_interval(row)
        packaging, packaging_stated = self._packaging.of(row, self._standings.recipes.packaging(row))
        outbound_row = int(self._system.outbound_row[row])
        technological, temporal, geographical = self._quality.ratings[row].tolist()
        return Total(
            components=rounded.components,
            quantum=rounded.quantum,
            excluding=rounded.excluding,
            including=rounded.including,
            lower=lower,
            upper=upper,
            outbound=self._shown.row(outbound_row).excluding if outbound_row >= 0 else Decimal(0),
            outbound_stated=outbound_row >= 0,
            packaging=round_significant(packaging),
            packaging_stated=packaging_stated,
            primary_data_share_percent=round_percent(self._quality.primary_data_share_percent[row]),
            technological_dqr=round_percent(technological),
            temporal_dqr=round_percent(temporal),
            geographical_dqr=round_percent(geographical),
            exempted_emissions_percent=round_percent(self._quality.exempted_percent[row]),
        )

    def _row(self, key: int) -> int:
        row = self._resolution.row_of.get(key)
        if row is None:
            raise LookupError(f"product key {key} has no footprint in the closure")
        return row

    def _rows_needed(self, key: int) -> list[int]:
        """Rows that the answers about a product read: its own, and for a root the suppliers of every stage."""
        row = self._row(key)
        if key not in self._root_set:
            return [row]
        served = self._resolution.serving[self._resolution.lines_of(row)]
        return [row, *np.unique(served[served >= 0]).tolist()]

    def _raise_refusal(self, key: int) -> None:
        if not self._reached.too_large and not self._answer.loops and key in self._resolution.row_of:
            return
        refusal = self.refusal(key)
        if refusal is not None:
            raise refusal.error()

    @property
    def _standings(self) -> Standings:
        return self._resolution.standings

    @property
    def _system(self) -> System:
        return self._answer.system

    @cached_property
    def _shown(self) -> Shown:
        return Shown(self._resolution, self._answer)

    @cached_property
    def _quality(self) -> Quality:
        solved = self._answer
        own, x = solved.system.own[:, EXCLUDING_COLUMN], solved.x[:, EXCLUDING_COLUMN]
        return assess(self._resolution, solved.system, own, x)

    @cached_property
    def _uncertainties(self) -> Uncertainties:
        return Uncertainties(self._resolution, self._answer)

    @cached_property
    def _packaging(self) -> Packaging:
        solved = self._answer
        return packaging_of(self._resolution, solved.system, solved.x[:, EXCLUDING_COLUMN])
