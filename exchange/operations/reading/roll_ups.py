"""Roll-ups for a viewer: one closure read and one solve for all products asked about, then the viewer's own view.

The arithmetic runs on the whole graph, the same for every viewer; what an answer holds comes from `facts` alone.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from exchange.access import build_view, facts, permits_at
from exchange.errors import NotFound
from exchange.memory import Closure
from exchange.model.closure import Dates
from exchange.model.footprint import DataQuality, Finding, Footprint, LifeCycleStage
from exchange.model.grant import AccessLevel
from exchange.model.resolved import ResolvedLines, StageTotal, Standing, Total, Uncertainty
from exchange.model.view import UnitsApart, ViewNode
from exchange.operations.answers.explanation import explanation_of
from exchange.operations.answers.gap_messages import gap_message
from exchange.operations.answers.values import (
    ContributionAnswer,
    FallbackUseAnswer,
    GapAnswer,
    RefusedAnswer,
    RollUpAnswer,
    StageAnswer,
    TreeAnswer,
    TreeNodeAnswer,
)
from exchange.operations.reading.sight import Sight
from exchange.operations.reading.spreads import Spreads
from exchange.operations.requests.checks import first_of_month
from exchange.operations.requests.findings import TRANSPORT_FINDINGS
from exchange.operations.writing.closures import read_closure
from exchange.operations.writing.measures import ClosureSource, Solving
from exchange.rollup import Explained, Refusal, Solution, SolvedView, TreeNode, View, solve_view
from exchange.rollup import roll_up as solve

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Solved:
    """A solution together with the levels that its viewer has on every product of the closure."""

    solution: Solution
    level_of: Callable[[int], AccessLevel]

    # What exchange.access.Results asks for.

    def standing(self, key: int) -> Standing:
        return self.solution.standing(key)

    def total(self, key: int) -> Total:
        return self.solution.total(key)

    def resolved(self, key: int) -> ResolvedLines | None:
        return self.solution.resolved(key)

    def exact_factors(self, key: int, positions: Sequence[int]) -> Sequence[Decimal]:
        return self.solution.exact_factors(key, positions)

    def units_apart(self, key: int, position: int) -> UnitsApart:
        return self.solution.units_apart(key, position)

    def direct(self, key: int) -> tuple[Decimal, ...] | None:
        return self.solution.direct(key)

    def by_stage(self, key: int) -> tuple[StageTotal, ...] | None:
        return self.solution.by_stage(key)

    def uncertainty(self, key: int) -> Uncertainty:
        return self.solution.uncertainty(key)

    def direct_deviation(self, key: int) -> float:
        return self.solution.direct_deviation(key)


async def solve_for(
    sight: Sight,
    keys: Sequence[int],
    dates: Dates,
    *,
    chosen: Mapping[int, Footprint] | None = None,
    stages: bool = True,
    anew: bool = False,
) -> Solved:
    """Solves the closure of `keys`, in a turn: from the graph in memory, or read from the store where that cannot
    answer. `chosen` forces the footprint of a product. `stages`: whether results by stage, or what was found at
    publishing, will be asked for. `anew`: nothing is taken that was solved before."""
    async with sight.share.turn():
        began = time.perf_counter()
        if sight.graph is not None:
            closure = await sight.graph.closure(keys, dates, sight.head, sight.now_us, chosen=chosen, anew=anew)
            if closure is not None:
                solved = await _solve_cut(sight, closure, chosen or {}, began, stages=stages)
                sight.graph.keep(closure)
                return solved
        snapshot = await read_closure(sight.store, keys, dates, chosen=chosen)
        levels = await sight.level_of_nodes(snapshot.nodes.values())
        permits, read = permits_at(dates), time.perf_counter()
        solution = await sight.share.compute(lambda: solve(snapshot, keys, dates, permits, chosen=chosen))
        _measure(sight, ClosureSource.STORE, solution, began, read)
        return Solved(solution, lambda key: levels.get(key, AccessLevel.NONE))


async def _solve_cut(
    sight: Sight, closure: Closure, chosen: Mapping[int, Footprint], began: float, *, stages: bool
) -> Solved:
    level_of = await sight.level_by(closure.rights)
    cut, roots = closure.cut, dict(chosen)
    # Stages and findings come from the footprint itself, which is read only for whoever is shown them.
    names = cut.root_footprint_ids if stages else {}
    shown = [name for key, name in names.items() if level_of(key) >= AccessLevel.BREAKDOWN]
    found = await sight.store.get_footprints(shown) if shown else []
    roots |= {footprint.product_key: footprint for footprint in found if footprint}
    read, kept = time.perf_counter(), closure.kept
    if kept is not None and kept.is_solved:
        solution, source = kept.solution(roots), ClosureSource.KEPT
    else:
        solve_it = cut.solve if kept is None else kept.solution
        solution, source = await sight.share.compute(lambda: solve_it(roots)), ClosureSource.MEMORY
    _measure(sight, source, solution, began, read)
    return Solved(solution, level_of)


def _measure(sight: Sight, source: ClosureSource, solution: Solution, began: float, read: float) -> None:
    done = time.perf_counter()
    sight.measures.solved(
        Solving(
            source=source,
            asked=len(solution.roots),
            read_seconds=read - began,
            solve_seconds=done - read,
            products=len(solution.keys),
            lines=solution.lines,
            sweeps=solution.sweeps,
        )
    )


async def roll_up(sight: Sight, keys: Sequence[int], dates: Dates) -> list[RollUpAnswer | RefusedAnswer]:
    """One answer per key, in order. A key that the viewer may not see is NotFound."""
    async with sight.share.turn():
        solved = await solve_for(sight, list(dict.fromkeys(keys)), dates)
        return await sight.share.compute(lambda: _answers(sight, solved, keys, dates))


def _answers(sight: Sight, solved: Solved, keys: Sequence[int], dates: Dates) -> list[RollUpAnswer | RefusedAnswer]:
    known: dict[int, ViewNode | None] = {}

    def facts_of(key: int) -> ViewNode | None:
        if key not in known:
            known[key] = sight.met(facts(key, solved.level_of, solved))
        return known[key]

    return [_answer(sight, solved, facts_of, key, dates) for key in keys]


def _answer(
    sight: Sight, solved: Solved, facts_of: Callable[[int], ViewNode | None], key: int, dates: Dates
) -> RollUpAnswer | RefusedAnswer:
    if solved.level_of(key) < AccessLevel.TOTAL:
        raise NotFound("No such product, or it is not visible to you.")
    refusal = solved.solution.refusal(key)
    if refusal is not None:
        sight.measures.refused(refusal.code.value)
        return refused_answer(solved, refusal, solved.level_of(key))
    root = facts_of(key)
    assert root is not None
    view = build_view(key, facts_of)
    lazy, spreads = LazyView(View(key, view)), Spreads(View(key, view), solved.solution)
    total, owner = root.total, root.level == AccessLevel.OWNER
    standing = solved.standing(key)
    gaps, fallbacks = _gaps_and_fallbacks(view)

    def valid_until() -> int | None:
        day = solved.solution.valid_until_day(key)
        return day if owner or day is None else first_of_month(day)

    return RollUpAnswer(
        product_key=key,
        as_of_day=dates.as_of_day,
        known_at_us=dates.known_at_us,
        ledger_sequence=dates.head if sight.viewer.operator else None,
        declared_unit_amount=standing.declared_unit_amount,
        declared_unit=standing.declared_unit,
        excluding_kg_co2e=total.excluding,
        including_kg_co2e=total.including,
        lower_kg_co2e=total.lower,
        upper_kg_co2e=total.upper,
        components=total.components,
        direct=root.direct,
        by_stage=_stages(root),
        outbound_logistics_kg_co2e=total.outbound if total.outbound_stated else None,
        packaging_kg_co2e=total.packaging if total.packaging_stated else None,
        primary_data_share_percent=total.primary_data_share_percent,
        data_quality=DataQuality(total.technological_dqr, total.temporal_dqr, total.geographical_dqr),
        exempted_emissions_percent=total.exempted_emissions_percent,
        own_exempted_emissions_percent=standing.exempted_emissions_percent if owner else None,
        ipcc_characterization_factors=lazy.solved.ipcc_characterization_factors(),
        findings=(*lazy.solved.findings(), *(_own_findings(solved, key) if owner else ())),
        unknown_components=lazy.solved.unknown_components(),
        has_gaps=root.has_gaps,
        gaps=gaps,
        fallbacks=fallbacks,
        valid_until_day=valid_until,
        contributions=lazy.contributions,
        tree=lazy.tree,
        explanation=explanation_of(lambda: lazy.solved),
        digest=lazy.digest,
        explained=lambda: Explained(key, view, {reached: solved.standing(reached) for reached in view}),
        uncertainty=spreads.uncertainty,
        monte_carlo=spreads.monte_carlo,
        variables=spreads.variables,
        primary_data_advice=spreads.primary_data_advice,
        uncertainty_advice=spreads.uncertainty_advice,
    )


def _own_findings(solved: Solved, key: int) -> tuple[Finding, ...]:
    """What was found when the footprint was published and says something of the result: the owner alone is told
    whether inbound transport is counted twice, or not at all."""
    return tuple(finding for finding in solved.solution.published_findings(key) if finding.code in TRANSPORT_FINDINGS)


def refused_answer(solved: Solved, refusal: Refusal, access: AccessLevel) -> RefusedAnswer:
    seen = tuple(member for member in refusal.members if solved.level_of(member) >= AccessLevel.TOTAL)
    hidden = len(refusal.members) - len(seen)
    message = refusal.message
    if hidden and access == AccessLevel.OWNER:
        message = f"{message} {hidden} more of the loop's products are not visible to you."
    return RefusedAnswer(str(refusal.code), message, seen)


def _stages(root: ViewNode) -> tuple[StageAnswer, ...] | None:
    if root.by_stage is None:
        return None
    return tuple(StageAnswer(LifeCycleStage(stage.stage), stage.components) for stage in root.by_stage)


def _gaps_and_fallbacks(
    view: Mapping[int, ViewNode],
) -> tuple[tuple[GapAnswer, ...], tuple[FallbackUseAnswer, ...]]:
    """Of the viewer's own products in the view, nearest first as the view was walked."""
    gaps, fallbacks = [], []
    for key, node in view.items():
        for gap in node.gaps:
            if not gap.by_fallback:
                gaps.append(GapAnswer(gap.code, gap_message(gap), key, gap.number, gap.visible_key))
            elif gap.visible_key is not None:
                fallbacks.append(FallbackUseAnswer(gap.code, key, gap.number, gap.visible_key))
    return tuple(gaps), tuple(fallbacks)


class LazyView:
    """A viewer's view, solved when something is asked of it: most answers want the total alone."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._solved: SolvedView | None = None

    @property
    def solved(self) -> SolvedView:
        if self._solved is None:
            self._solved = solve_view(self._view)
        return self._solved

    def contributions(self, first: int) -> tuple[ContributionAnswer, ...]:
        return tuple(
            ContributionAnswer(c.product_key, c.own_kg_co2e, c.share_percent, c.broken_down)
            for c in self.solved.contributions(first)
        )

    def tree(self, depth: int, cutoff_percent: float, max_nodes: int) -> TreeAnswer:
        tree = self.solved.tree(depth, cutoff_percent, max_nodes)
        return TreeAnswer(_tree_node(tree.root), tree.coverage_percent, tree.hidden_nodes)

    def digest(self) -> str:
        return self.solved.digest()


def _tree_node(node: TreeNode) -> TreeNodeAnswer:
    return TreeNodeAnswer(
        product_key=node.product_key,
        line=node.line,
        amount=node.amount,
        total_kg_co2e=node.total_kg_co2e,
        own_kg_co2e=node.own_kg_co2e,
        share_percent=node.share_percent,
        children=tuple(_tree_node(child) for child in node.children),
    )
