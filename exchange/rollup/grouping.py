"""Contributions in groups: which organizations, stages, countries, tiers and qualities of data the total comes from.

An emission is an own term weighted by demand (view.py). Each grouping gives every emission to exactly one group, so
the groups sum to the root's total; what is not broken down or not known is a group of its own and never left out.
Groups are rounded to the quantum of the root's total, each by less than one quantum, so that their sum is exact to the
last digit (docs/method.md, "Explanation").
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from math import fsum
from typing import Final

import numpy as np

from exchange.model.footprint import GATE_STAGES, STAGES, LifeCycleStage
from exchange.model.resolved import Floats, Total
from exchange.model.view import ViewNode
from exchange.rollup.own_terms import EXACT, exact_sum, excluding
from exchange.rollup.rounding import plain, round_to
from exchange.rollup.standings import are_unrated
from exchange.rollup.system import csr
from exchange.rollup.view_columns import ViewColumns

TIERS_MAX: Final = 12  # lines from the root; supply chains lose about half of what is left at each
_ONE: Final = Decimal(1)


class ContributionGrouping(StrEnum):
    ORGANIZATION = "ORGANIZATION"
    LIFE_CYCLE_STAGE = "LIFE_CYCLE_STAGE"
    COUNTRY = "COUNTRY"
    TIER = "TIER"
    DATA_QUALITY = "DATA_QUALITY"


class GroupKind(StrEnum):
    """What a group says of its emissions."""

    KNOWN = "KNOWN"
    NOT_BROKEN_DOWN = "NOT_BROKEN_DOWN"  # the result of a product, or a rest of one, whose lines are not shown
    UNKNOWN = "UNKNOWN"  # no country stated; no rating
    BEYOND = "BEYOND"  # more than TIERS_MAX lines from the root


@dataclass(frozen=True, slots=True)
class GroupOf:
    """What the emissions of a group have in common; only the field of the grouping is filled, if any.

    NOT_BROKEN_DOWN with an owner, a country or a tier: results (or rests of them) of products there; what is emitted
    further upstream is inside.
    """

    kind: GroupKind
    owner_id: str | None = None
    stage: LifeCycleStage | None = None
    country: str | None = None
    tier: int | None = None
    data_quality_level: int | None = None


@dataclass(frozen=True, slots=True)
class ContributionGroup:
    """kg_co2e: per declared unit of the root, excluding uptake. share_percent: of its total, 0 where that is 0."""

    of: GroupOf
    kg_co2e: Decimal
    share_percent: Decimal


def contribution_groups(view: ViewColumns, grouping: ContributionGrouping) -> tuple[ContributionGroup, ...]:
    """All groups that are not zero, largest absolute first; equal ones as the products that they begin with."""
    match grouping:
        case ContributionGrouping.ORGANIZATION:
            parts = _by_product(view, view.demand, [_organization(node) for node in view.nodes])
        case ContributionGrouping.COUNTRY:
            parts = _by_product(view, view.demand, [_country(node) for node in view.nodes])
        case ContributionGrouping.DATA_QUALITY:
            parts = _by_product(view, view.demand, [_data_quality(node.total) for node in view.nodes])
        case ContributionGrouping.LIFE_CYCLE_STAGE:
            parts = _by_stage(view)
        case ContributionGrouping.TIER:
            parts = _by_tier(view)
    rounded = _summing_to(view.total, parts)
    listed = sorted((item for item in rounded.items() if item[1]), key=lambda item: -abs(item[1]))
    return tuple(ContributionGroup(of, kg, view.share_percent(kg)) for of, kg in listed)


def data_quality_level(total: Total) -> int | None:
    """1 (best) to 5: the mean of a shown total's three ratings, rounded half-even; None: nothing is known."""
    ratings = (total.technological_dqr, total.temporal_dqr, total.geographical_dqr)
    if are_unrated(ratings):
        return None
    return int(EXACT.divide(exact_sum(ratings), Decimal(3)).quantize(_ONE, ROUND_HALF_EVEN))


def _kind(node: ViewNode) -> GroupKind:
    return GroupKind.KNOWN if node.broken_down else GroupKind.NOT_BROKEN_DOWN


def _organization(node: ViewNode) -> GroupOf:
    return GroupOf(_kind(node), owner_id=node.owner_id)


def _country(node: ViewNode) -> GroupOf:
    country = node.geography_country
    return GroupOf(GroupKind.UNKNOWN) if country is None else GroupOf(_kind(node), country=country)


def _data_quality(total: Total) -> GroupOf:
    level = data_quality_level(total)
    return GroupOf(GroupKind.UNKNOWN if level is None else GroupKind.KNOWN, data_quality_level=level)


def _by_product(view: ViewColumns, weight: Floats, group_of_row: Iterable[GroupOf]) -> dict[GroupOf, Decimal]:
    """Own terms weighted by declared units of their products, each with the group of its product."""
    members: dict[GroupOf, list[float]] = {}
    for of, kg in zip(group_of_row, (weight * view.own_kg).tolist(), strict=True):
        members.setdefault(of, []).append(kg)
    return {of: Decimal(fsum(kilograms)) for of, kilograms in members.items()}


def _by_stage(view: ViewColumns) -> dict[GroupOf, Decimal]:
    """By the stage of the root's own line, or of its own direct emissions, through which an emission enters.

    Where the root's results by stage are shown, these are them. Else its visible lines are, and the rest of its total
    is not broken down.
    """
    root = view.nodes[view.root]
    if root.by_stage is not None:
        results = {stage.stage: excluding(stage.components) for stage in root.by_stage}
        return {_stage(stage): results[stage] for stage in GATE_STAGES if stage in results}
    found: dict[GroupOf, Decimal] = {}
    for at, line in enumerate(view.lines_of(view.root)):
        of = _stage(STAGES[int(root.lines.stages[at])])
        found[of] = EXACT.add(found.get(of, Decimal(0)), view.value_kg(line))
    rest = GroupOf(GroupKind.NOT_BROKEN_DOWN)
    return found | {rest: excluding(root.own)}


def _stage(stage: LifeCycleStage) -> GroupOf:
    return GroupOf(GroupKind.KNOWN, stage=LifeCycleStage(stage))


def _by_tier(view: ViewColumns) -> dict[GroupOf, Decimal]:
    """e_root^T A^t d for t = 0, 1, …: own terms by the number of lines between the root and the product.

    Loops never end: after TIERS_MAX tiers everything else is one group, which is what is left of the total.
    """
    transposed = csr(view.supplier, view.consumer, view.factors, len(view.nodes))
    weight = np.zeros(len(view.nodes))
    weight[view.root] = 1.0
    kinds = [_kind(node) for node in view.nodes]
    found: dict[GroupOf, Decimal] = {}
    for tier in range(TIERS_MAX + 1):
        found |= _by_product(view, weight, [GroupOf(kind, tier=tier) for kind in kinds])
        weight = transposed @ weight
        if not weight.any():
            return found
    left = EXACT.subtract(view.total.excluding, exact_sum(found.values()))
    return found | {GroupOf(GroupKind.BEYOND): left}


def _summing_to(total: Total, parts: Mapping[GroupOf, Decimal]) -> dict[GroupOf, Decimal]:
    """The parts rounded to the total's quantum so that they sum to the total.

    What rounding leaves goes, a quantum each, to the parts that it took most from (the method of the largest
    remainder): each stays within one quantum. Beside a loop that consumes nearly all of itself more may be left, which
    demand has lost in double precision: the largest takes it.
    """
    quantum = total.quantum
    rounded = {of: round_to(kg, quantum) for of, kg in parts.items()}
    left = EXACT.subtract(total.excluding, exact_sum(rounded.values()))
    if not left:
        return rounded
    count = int(EXACT.divide(abs(left), quantum))
    if count > len(parts):
        changes = {max(rounded, key=lambda of: abs(rounded[of])): left}
    else:
        step = quantum.copy_sign(left)
        taken = sorted(parts, key=lambda of: EXACT.multiply(step, EXACT.subtract(rounded[of], parts[of])))
        changes = dict.fromkeys(taken[:count], step)
    return {of: plain(EXACT.add(kg, changes.get(of, Decimal(0)))) for of, kg in rounded.items()}
