"""How sure a roll-up is, for its viewer: its shown spread, samples drawn from the view, and what would improve it.

The spread of a total is a fact like the total itself, the same for every viewer. Samples and advice are computed on
the viewer's view and read nothing else. All of it is computed when it is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass

from exchange.model.view import ViewNode
from exchange.operations.answers.values import UncertaintyAnswer
from exchange.rollup import (
    WITH_PROGRESS,
    Draws,
    PrimaryDataAdvice,
    Solution,
    SpreadAdvice,
    Variables,
    View,
    interval_of,
    large_spread,
    monte_carlo,
    primary_data_advice,
    spread_advice,
    variables_of,
)


@dataclass(frozen=True, slots=True)
class Spreads:
    """Of one product asked about."""

    view: View
    solution: Solution

    def uncertainty(self) -> UncertaintyAnswer:
        root = self._root
        known = root.uncertainty()
        deviation = known.geometric_standard_deviation
        ends = None if deviation is None else interval_of(root.total.excluding, deviation)
        return UncertaintyAnswer(
            geometric_standard_deviation=deviation,
            lower_kg_co2e=None if ends is None else ends[0],
            upper_kg_co2e=None if ends is None else ends[1],
            covered_percent=known.covered_percent,
            reason=known.reason,
            monte_carlo_advised=self.monte_carlo_advised,
        )

    def monte_carlo(self, samples: int, seed: int) -> Draws:
        """Raises InvalidInput where that is more than is drawn at once."""
        return monte_carlo(self.view, samples, seed, self._prepare)

    def variables(self, samples: int) -> Variables:
        """What a run with progress draws. Raises InvalidInput where it is more than such a run may have."""
        return variables_of(self.view, samples, self._prepare, WITH_PROGRESS)

    def monte_carlo_advised(self) -> bool:
        """Whether a spread that the viewer is shown is so large that the analytic form gives too little."""
        return large_spread(self.view, self._prepare)

    def primary_data_advice(self, first: int) -> tuple[PrimaryDataAdvice, ...]:
        return primary_data_advice(self.view, first)

    def uncertainty_advice(self, first: int) -> tuple[SpreadAdvice, ...]:
        """Raises InvalidInput where too many products have to be looked at."""
        return spread_advice(self.view, first, self._prepare)

    def _prepare(self, keys: list[int]) -> None:
        self.solution.prepare_uncertainties(keys)

    @property
    def _root(self) -> ViewNode:
        return self.view.nodes[self.view.root_key]
