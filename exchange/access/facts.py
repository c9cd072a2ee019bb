"""What a viewer may know of one product: the one door. Whatever an answer says was put together from here.

nothing below TOTAL; the total and its quality from TOTAL; direct emissions and stages from BREAKDOWN, if every line of
every stage resolves to its own product and the viewer sees that product and any fallback; the visible lines from
INPUTS, the rest of the total as one number; everything for the owner. What is shown depends on grants and structure,
never on hidden values (docs/permissions.md).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal, localcontext
from typing import Protocol, overload

import numpy as np

from exchange.model.carbon import COLUMN, UNSPECIFIED
from exchange.model.footprint import GATE_STAGES, STAGES
from exchange.model.grant import AccessLevel
from exchange.model.resolved import (
    GAP_CODES,
    NO_GAP,
    Bools,
    GapCode,
    Ints,
    ResolvedLines,
    StageTotal,
    Standing,
    Total,
    Uncertainty,
)
from exchange.model.view import UnitsApart, ViewGap, ViewLines, ViewNode

LevelOf = Callable[[int], AccessLevel]

# Enough that products of 34-digit factors and 38-digit totals, summed over any footprint's lines, stay exact.
EXACT_DIGITS = 90


class Results(Protocol):
    """What the roll-up knows of every product of a closure (see exchange.rollup.Solution)."""

    def standing(self, key: int) -> Standing: ...
    def total(self, key: int) -> Total: ...
    def resolved(self, key: int) -> ResolvedLines | None: ...
    def exact_factors(self, key: int, positions: Sequence[int]) -> Sequence[Decimal]: ...
    def units_apart(self, key: int, position: int) -> UnitsApart: ...
    def direct(self, key: int) -> tuple[Decimal, ...] | None: ...
    def by_stage(self, key: int) -> tuple[StageTotal, ...] | None: ...
    def uncertainty(self, key: int) -> Uncertainty: ...
    def direct_deviation(self, key: int) -> float: ...


class ExactFactors(Sequence[Decimal]):
    """Exact factors of some lines, computed when first looked at: few answers need them, and some have 90,000."""

    def __init__(self, make: Callable[[], Sequence[Decimal]], count: int) -> None:
        self._make, self._count = make, count
        self._made: Sequence[Decimal] | None = None

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> Decimal: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Decimal]: ...
    def __getitem__(self, index: int | slice) -> Decimal | Sequence[Decimal]:
        if self._made is None:
            self._made = self._make()
        return self._made[index]


NO_LINES = ViewLines(
    numbers=np.empty(0, dtype=np.int64),
    suppliers=np.empty(0, dtype=np.int64),
    factors=np.empty(0, dtype=np.float64),
    delivered=np.empty(0, dtype=np.bool_),
    stages=np.empty(0, dtype=np.int64),
    primary=np.empty(0, dtype=np.bool_),
    deviations=np.empty(0, dtype=np.float64),
)


def facts(key: int, level_of: LevelOf, results: Results) -> ViewNode | None:
    """What the viewer, of whom `level_of` gives the level on any product, may know of product `key`; None: nothing."""
    level = level_of(key)
    if level < AccessLevel.TOTAL:
        return None
    standing, total, resolved = results.standing(key), results.total(key), results.resolved(key)
    if resolved is None or level == AccessLevel.TOTAL:
        return _leaf(key, level, standing, results, resolved)
    owner = level == AccessLevel.OWNER
    shown = np.ones(len(resolved.serving), dtype=np.bool_) if owner else line_is_shown(resolved, level_of)
    direct_shown = owner or bool(shown.all())
    direct = results.direct(key) if direct_shown else None
    by_stage = results.by_stage(key) if direct_shown else None
    if level < AccessLevel.INPUTS:
        return _leaf(key, level, standing, results, resolved, direct=direct, by_stage=by_stage)
    inside = shown & _counts_in_gate(resolved) & _visible(resolved.serving, level_of)
    lines, factors = _view_lines(key, resolved, shown, inside, results)
    # Shown direct emissions are the own term only where every line that counts is in the view.
    broken_down = direct is not None and bool((inside == _counts_in_gate(resolved)).all())
    own = direct if direct is not None and broken_down else _rest(total, lines, factors, results)
    return ViewNode(
        product_key=key,
        level=level,
        footprint_id=standing.footprint_id,
        footprint_ipcc=standing.ipcc_characterization_factors,
        total=total,
        own=own,
        broken_down=broken_down,
        lines=lines,
        exact_factors=factors,
        has_gaps=bool(resolved.gaps.any()),
        gaps=_gaps(key, resolved, level_of, results) if owner else (),
        unknown_components=standing.unknown_components if direct_shown else (),
        direct=direct,
        by_stage=by_stage,
        owner_id=standing.owner_id,
        geography_country=standing.geography_country,
        released=standing.released,
        direct_deviation=results.direct_deviation(key) if broken_down else np.nan,
        uncertainty=lambda: results.uncertainty(key),
    )


def line_is_shown(resolved: ResolvedLines, level_of: LevelOf) -> Bools:
    """Which lines a viewer at INPUTS is shown: they resolve to their own product, and it and any fallback are visible.

    A fallback that nobody registered hides its line too: it must not differ from one that is registered and hidden.
    """
    fallback_visible = ~resolved.has_fallback | _visible(resolved.fallback_named, level_of)
    return np.asarray(resolved.resolves_to_own & _visible(resolved.serving, level_of) & fallback_visible)


def _visible(keys: Ints, level_of: LevelOf) -> Bools:
    visible = np.zeros(len(keys), dtype=np.bool_)
    unique, position = np.unique(keys, return_inverse=True)
    seen = [int(key) >= 0 and level_of(int(key)) >= AccessLevel.TOTAL for key in unique]
    if seen:
        visible = np.asarray(seen, dtype=np.bool_)[position]
    return visible


def _counts_in_gate(resolved: ResolvedLines) -> Bools:
    gate = np.isin(resolved.stages, [STAGES.index(stage) for stage in GATE_STAGES])
    return np.asarray(gate & ~resolved.gaps)


def _view_lines(
    key: int, resolved: ResolvedLines, shown: Bools, inside: Bools, results: Results
) -> tuple[ViewLines, ExactFactors]:
    positions = np.flatnonzero(inside)
    numbers = np.cumsum(shown)[positions]  # numbered among the shown lines, from 1
    lines = ViewLines(
        numbers=numbers.astype(np.int64),
        suppliers=resolved.serving[positions],
        factors=resolved.factors[positions],
        delivered=resolved.delivered[positions],
        stages=resolved.stages[positions],
        primary=resolved.primary[positions],
        deviations=resolved.deviations[positions],
    )
    return lines, ExactFactors(lambda: results.exact_factors(key, positions.tolist()), len(positions))


def _rest(total: Total, lines: ViewLines, factors: Sequence[Decimal], results: Results) -> tuple[Decimal, ...]:
    """The total minus the visible lines, exactly: a delivered line is valued with its outbound logistics."""
    with localcontext() as context:
        context.prec = EXACT_DIGITS
        rest = list(total.components)
        for position, supplier in enumerate(lines.suppliers.tolist()):
            factor, value = factors[position], results.total(supplier)
            for column, component in enumerate(value.components):
                if component:
                    rest[column] -= factor * component
            if lines.delivered[position]:
                rest[COLUMN[UNSPECIFIED]] -= factor * value.outbound
        return tuple(rest)


def _leaf(
    key: int,
    level: AccessLevel,
    standing: Standing,
    results: Results,
    resolved: ResolvedLines | None,
    *,
    direct: tuple[Decimal, ...] | None = None,
    by_stage: tuple[StageTotal, ...] | None = None,
) -> ViewNode:
    """A product of which the viewer sees no lines: it holds its whole total."""
    stated, total = standing.declared or direct is not None, results.total(key)
    return ViewNode(
        product_key=key,
        level=level,
        footprint_id=standing.footprint_id,
        footprint_ipcc=standing.ipcc_characterization_factors,
        total=total,
        own=total.components,
        broken_down=False,
        lines=NO_LINES,
        exact_factors=(),
        has_gaps=bool(resolved.gaps.any()) if resolved is not None else False,
        gaps=(),
        unknown_components=standing.unknown_components if stated else (),
        direct=direct,
        by_stage=by_stage,
        owner_id=standing.owner_id,
        geography_country=standing.geography_country,
        released=standing.released,
        direct_deviation=np.nan,
        uncertainty=lambda: results.uncertainty(key),
    )


def _gaps(key: int, resolved: ResolvedLines, level_of: LevelOf, results: Results) -> tuple[ViewGap, ...]:
    found = []
    for position in np.flatnonzero(resolved.reason != NO_GAP).tolist():
        by_fallback = bool(resolved.by_fallback[position])
        product = int(resolved.serving[position] if by_fallback else resolved.named[position])
        visible = product >= 0 and level_of(product) >= AccessLevel.TOTAL
        code = GAP_CODES[int(resolved.reason[position])]
        # The owner of a line may be told this reason and not see the product any more: then its unit is not told.
        told = visible and not by_fallback and code is GapCode.UNIT_NOT_CONVERTIBLE
        apart = results.units_apart(key, position) if told else None
        found.append(ViewGap(position + 1, code, product if visible else None, by_fallback, apart))
    return tuple(found)
