"""What explains a roll-up: groups, elasticities and paths, computed when asked for, on the viewer's view alone.

The engine's results are answers as they are: each was computed from nothing but what its viewer may see, and names
products by key.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from exchange.rollup import (
    ContributionGroup,
    ContributionGrouping,
    Elasticity,
    GroupKind,
    GroupOf,
    PathStep,
    SolvedView,
    SupplyPath,
    TopPaths,
)
from exchange.rollup.elasticities import ELASTICITIES_MAX
from exchange.rollup.grouping import TIERS_MAX
from exchange.rollup.paths import PATH_LINES_MAX, PATH_NODES_MAX, PATHS_MAX

__all__ = [
    "ELASTICITIES_MAX",
    "PATHS_MAX",
    "PATH_LINES_MAX",
    "PATH_NODES_MAX",
    "TIERS_MAX",
    "ContributionGroup",
    "ContributionGrouping",
    "ElasticitiesAnswer",
    "Elasticity",
    "Explanation",
    "GroupKind",
    "GroupOf",
    "PathStep",
    "SupplyPath",
    "TopPaths",
    "explanation_of",
]

TOTAL_IS_ZERO = "The result is 0, and of 0 nothing is a percentage: there are no elasticities."


@dataclass(frozen=True, slots=True)
class ElasticitiesAnswer:
    """reason: why there are none; None where there may be some."""

    entries: tuple[Elasticity, ...]
    reason: str | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """Functions that compute when called, which may take long: `Session.compute` calls them in a turn. The numbers
    are how many are wanted at most."""

    contributions_by: Callable[[ContributionGrouping, int], Sequence[ContributionGroup]]
    elasticities: Callable[[int], ElasticitiesAnswer]
    top_paths: Callable[[int], TopPaths]


def explanation_of(view: Callable[[], SolvedView]) -> Explanation:
    """Of the root of a viewer's view, which is made when something of it is asked."""

    def elasticities(first: int) -> ElasticitiesAnswer:
        found = view().elasticities(first)
        return ElasticitiesAnswer((), TOTAL_IS_ZERO) if found is None else ElasticitiesAnswer(found, None)

    return Explanation(
        contributions_by=lambda grouping, first: view().contributions_by(grouping, first),
        elasticities=elasticities,
        top_paths=lambda first: view().top_paths(first),
    )
