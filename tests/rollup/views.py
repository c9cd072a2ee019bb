"""Views for tests, built from a solution the way a viewer with given levels would get them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from decimal import Context, Decimal

import numpy as np

from exchange.model.carbon import COLUMN, UNSPECIFIED
from exchange.model.grant import AccessLevel
from exchange.model.resolved import GAP_CODES
from exchange.model.view import ViewGap, ViewLines, ViewNode
from exchange.rollup import Solution, SolvedView, View, solve_view

EXACT = Context(prec=200)


@dataclass(frozen=True)
class Viewer:
    """owner: products shown whole. inputs: products with the line numbers that are visible. Others: leaves."""

    owner: Collection[str] = ()
    inputs: Mapping[str, Collection[int]] = field(default_factory=dict)


def view_of(world, solution: Solution, root: str, viewer: Viewer) -> SolvedView:
    """What this viewer may be answered about `root`."""
    return solve_view(View(world.keys[root], nodes_of(world, solution, viewer)))


def nodes_of(world, solution: Solution, viewer: Viewer) -> dict[int, ViewNode]:
    """A node of every product with a result, at this viewer's level."""
    names = {key: name for name, key in world.keys.items()}
    return {key: _node(solution, key, names[key], viewer) for key in solution.keys}


def _node(solution: Solution, key: int, name: str, viewer: Viewer) -> ViewNode:
    total, direct = solution.total(key), solution.direct(key)
    owner = name in viewer.owner
    lines, factors = _lines(solution, key, None if owner else viewer.inputs.get(name, ()))
    if owner and direct is not None:
        own = direct
    else:
        own = _rest(solution, key, lines, factors)
    standing = solution.standing(key)
    level = AccessLevel.OWNER if owner else AccessLevel.INPUTS if name in viewer.inputs else AccessLevel.TOTAL
    return ViewNode(
        product_key=key,
        level=level,
        footprint_id=standing.footprint_id,
        footprint_ipcc=standing.ipcc_characterization_factors,
        total=total,
        own=own,
        broken_down=owner and direct is not None,
        lines=lines,
        exact_factors=factors,
        has_gaps=False,
        gaps=_gaps(solution, key) if owner else (),
        unknown_components=solution.unknown_components(key),
        direct=direct if owner else None,
        by_stage=solution.by_stage(key) if owner else None,
        owner_id=standing.owner_id,
        geography_country=standing.geography_country,
        released=standing.released,
        direct_deviation=solution.direct_deviation(key) if owner and direct is not None else np.nan,
        uncertainty=lambda: solution.uncertainty(key),
    )


def _lines(solution: Solution, key: int, numbers: Collection[int] | None) -> tuple[ViewLines, list[Decimal]]:
    """The lines that count in cradle to gate and are visible; `numbers` None: all that are served."""
    resolved = solution.resolved(key)
    if resolved is None:
        empty, none = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.bool_)
        return ViewLines(empty, empty, np.zeros(0), none, empty, none, np.zeros(0)), []
    shown = (resolved.serving >= 0) & (resolved.stages <= 1)
    if numbers is not None:
        shown &= np.isin(np.arange(1, len(shown) + 1), list(numbers))
    at = np.flatnonzero(shown)
    lines = ViewLines(
        numbers=at + 1,
        suppliers=resolved.serving[at],
        factors=resolved.factors[at],
        delivered=resolved.delivered[at],
        stages=resolved.stages[at],
        primary=resolved.primary[at],
        deviations=resolved.deviations[at],
    )
    return lines, solution.exact_factors(key, at.tolist())


def _rest(solution: Solution, key: int, lines: ViewLines, factors: list[Decimal]) -> tuple[Decimal, ...]:
    rest = list(solution.total(key).components)
    for supplier, factor, delivered in zip(lines.suppliers.tolist(), factors, lines.delivered.tolist(), strict=True):
        total = solution.total(supplier)
        rest = [EXACT.subtract(a, EXACT.multiply(factor, b)) for a, b in zip(rest, total.components, strict=True)]
        if delivered:
            column = COLUMN[UNSPECIFIED]
            rest[column] = EXACT.subtract(rest[column], EXACT.multiply(factor, total.outbound))
    return tuple(rest)


def _gaps(solution: Solution, key: int) -> tuple[ViewGap, ...]:
    resolved = solution.resolved(key)
    if resolved is None:
        return ()
    found = []
    for number, (reason, served) in enumerate(
        zip(resolved.reason.tolist(), resolved.by_fallback.tolist(), strict=True), 1
    ):
        if reason >= 0:
            found.append(ViewGap(number, GAP_CODES[reason], None, served))
    return tuple(found)
