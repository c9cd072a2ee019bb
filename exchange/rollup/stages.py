"""By stage: the direct emissions of each life-cycle stage plus what its lines are worth.

Acquisition and manufacturing sum to cradle to gate; distribution, use and end of life never enter it and are valued
here once, with the cradle to gate of their suppliers (docs/method.md, "Lines and units"). Computed from shown totals
by exact decimals, so that equal shown facts give equal stages.
"""

from __future__ import annotations

from decimal import Decimal

from exchange.model.carbon import COLUMNS
from exchange.model.footprint import GATE_STAGES, STAGES, LifeCycleStage
from exchange.model.resolved import StageTotal
from exchange.rollup.own_terms import EXACT, Vector, add, direct_of_stages
from exchange.rollup.resolution import Resolution
from exchange.rollup.rounding import plain, round_to, round_vector
from exchange.rollup.shown import Shown
from exchange.rollup.system import System, delivered_to


def by_stage(resolution: Resolution, system: System, shown: Shown, row: int) -> tuple[StageTotal, ...] | None:
    """The stages that a modelled footprint says anything of, in order; None: declared.

    Components are multiples of the total's quantum for the two stages inside cradle to gate, which sum to the total
    exactly; the others are rounded like totals of their own.
    """
    direct = resolution.standings.recipes.direct(row)
    if direct is None:
        return None
    worth = _worth_by_stage(resolution, system, shown, row)
    said = [stage for stage in STAGES if stage in direct or stage in worth]
    exact = {stage: add([direct_of_stages(direct, (stage,)), worth.get(stage, _NONE)]) for stage in said}
    total = shown.row(row)
    gate = [stage for stage in GATE_STAGES if stage in exact]
    found: dict[LifeCycleStage, Vector] = {}
    if len(gate) == 2:
        first = tuple(round_to(value, total.quantum) for value in exact[gate[0]])
        found[gate[0]] = first
        found[gate[1]] = tuple(
            plain(EXACT.subtract(whole, part)) for whole, part in zip(total.components, first, strict=True)
        )
    elif gate:
        found[gate[0]] = total.components
    for stage in said:
        if stage not in found:
            found[stage] = round_vector(exact[stage]).components
    return tuple(StageTotal(stage.value, found[stage]) for stage in said)


_NONE: Vector = (Decimal(0),) * len(COLUMNS)


def _worth_by_stage(resolution: Resolution, system: System, shown: Shown, row: int) -> dict[LifeCycleStage, Vector]:
    """Sum of factor x shown total over the served lines of each stage that has lines; o joins x where delivered."""
    part = resolution.lines_of(row)
    serving = resolution.serving[part].tolist()
    stages = resolution.stages[part].tolist()
    also = delivered_to(resolution, system.outbound_row, part).tolist()
    served = [position for position, supplier in enumerate(serving) if supplier >= 0]
    sums = {STAGES[stage]: list(_NONE) for stage in stages}
    for position, factor in zip(served, resolution.exact_factors(row, served), strict=True):
        worth = sums[STAGES[stages[position]]]
        for taken in (serving[position],) if also[position] < 0 else (serving[position], also[position]):
            for column, value in enumerate(shown.row(taken).components):
                if value:
                    worth[column] = EXACT.fma(factor, value, worth[column])
    return {stage: tuple(worth) for stage, worth in sums.items()}
