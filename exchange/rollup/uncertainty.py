"""Analytic log-normal uncertainty of cradle to gate: first order in the logarithms of what was stated.

Every stated number that may have a spread is a parameter, and its amount is the median: the amount of each line, the
direct emissions of each modelled footprint, the result of each declared one. With e = d ln x / d ln parameter,

    ln^2 GSD_x = sum e^2 ln^2 GSD        over the parameters whose GSD is stated

(Heijungs 2010 for e, Hong et al. 2010 for the log-normal form). Demand y = (I - A^T)^-1 e_root gives all e at once, so
a supplier that is used on many ways is one parameter. Rules: docs/method.md, "Uncertainty".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from functools import cached_property
from typing import Final

import numpy as np

from exchange.model.resolved import Floats, Ints, Uncertainty, UncertaintyReason
from exchange.rollup.answer import EXCLUDING_COLUMN, Answer
from exchange.rollup.resolution import Resolution
from exchange.rollup.rounding import power_of_ten, round_percent, round_significant, round_to
from exchange.rollup.solving import solve
from exchange.rollup.system import DISTRIBUTION_STAGE, GATE_STAGE_MAX, Matrix, absolute, delivered_to, in_stages

GROSS_MAX: Final = 3.0  # sum of absolute contributions over the result: beyond it, terms cancel
ELASTICITY_MAX: Final = 3.0  # of one parameter: beyond it, a loop passes on its own amounts too often
SOLVED_AT_ONCE: Final = 16  # products; their demands are columns of one solve
DEVIATION_QUANTUM: Final = power_of_ten(-4)  # of a shown geometric standard deviation
COVERED_QUANTUM: Final = power_of_ten(0)  # of a shown percentage of what has a stated spread
NORMAL_975: Final = Decimal("1.96")  # of a normal distribution, 97.5 percent lie below so many standard deviations
INTERVAL_DIGITS: Final = 6  # significant; the deviation has about as many
UNKNOWN: Final = float("nan")
_ENOUGH: Final = Context(prec=40)


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """What a result depends on, not rounded. elasticities, deviations (NaN: not stated): one per parameter, first the
    own terms of all products of the closure by row, then its lines that count, at `lines`.

    gross: sum of the absolute contributions of all ways, over the result; 1 without credits and removals.
    deviation: geometric standard deviation of the result, NaN where there is a reason. covered: share, 0 to 1, of the
    sum of absolute elasticities.
    """

    elasticities: Floats
    deviations: Floats
    lines: Ints
    gross: float
    deviation: float
    covered: float
    reason: UncertaintyReason | None


class Uncertainties:
    """Spreads of the products of one solved closure; each is computed when first asked for."""

    def __init__(self, resolution: Resolution, solved: Answer) -> None:
        self._resolution, self._answer = resolution, solved
        self._shown: dict[int, Uncertainty] = {}
        system = solved.system
        used = in_stages(resolution, 0, GATE_STAGE_MAX)
        distribution = in_stages(resolution, DISTRIBUTION_STAGE, DISTRIBUTION_STAGE)
        self._lines = np.flatnonzero(used | distribution)
        consumer = resolution.consumer[self._lines]
        self._consumer_row = np.where(distribution[self._lines], system.outbound_row[consumer], consumer)
        x = solved.x[:, EXCLUDING_COLUMN]
        also = delivered_to(resolution, system.outbound_row)[self._lines]
        supplied = x[resolution.serving[self._lines]] + np.where(also >= 0, x[also], 0.0)
        self._worth = resolution.factors[self._lines] * supplied
        self._deviations = self._stated()

    def shown(self, row: int) -> Uncertainty:
        """Of the product in a row, rounded."""
        if row not in self._shown:
            self.prepare([row])
        return self._shown[row]

    def prepare(self, rows: Sequence[int]) -> None:
        """Computes many at once, which takes less time than one after the other; what consumes nothing takes none."""
        missing = []
        for row in dict.fromkeys(rows):
            if row not in self._shown and self._answer.system.counts[row] == 0:
                self._shown[row] = self._alone(row)
            elif row not in self._shown:
                missing.append(row)
        for row, spread in zip(missing, self.spreads(missing), strict=True):
            self._shown[row] = shown_uncertainty(spread.deviation, spread.covered, spread.reason)

    def spreads(self, rows: Sequence[int]) -> Iterator[Spread]:
        """What the results of these rows depend on, in order."""
        for first in range(0, len(rows), SOLVED_AT_ONCE):
            part = rows[first : first + SOLVED_AT_ONCE]
            asked = np.zeros((self._answer.system.rows, len(part)))
            asked[part, np.arange(len(part))] = 1.0
            demand = solve(self._transposed, asked).x
            gross = self._gross(asked, demand)
            for column, row in enumerate(part):
                yield self._spread(row, demand[:, column], float(gross[column]))

    def _alone(self, row: int) -> Uncertainty:
        """Of a row that no line enters: its own term is the result, and the one parameter."""
        total, deviation = float(self._answer.x[row, EXCLUDING_COLUMN]), float(self._deviations[row])
        covered = 0.0 if total == 0 or np.isnan(deviation) else 1.0
        reason = UncertaintyReason.NOT_POSITIVE if total <= 0 else reason_of(np.ones(1), 1.0, covered)
        return shown_uncertainty(deviation, covered, reason)

    def _spread(self, row: int, demand: Floats, gross_kg: float) -> Spread:
        total = float(self._answer.x[row, EXCLUDING_COLUMN])
        products = len(self._resolution.keys)
        worth = demand * self._answer.system.own[:, EXCLUDING_COLUMN]
        own: Floats = np.bincount(self._answer.system.product_of_row, worth, minlength=products).astype(np.float64)
        parts = np.concatenate((own, demand[self._consumer_row] * self._worth))
        size = np.abs(parts)
        covered = _ratio(float(size[~np.isnan(self._deviations)].sum()), float(size.sum()))
        if total <= 0:
            none = np.full(len(parts), np.nan)
            return Spread(none, self._deviations, self._lines, np.nan, np.nan, covered, UncertaintyReason.NOT_POSITIVE)
        elasticities, gross = parts / total, gross_kg / total
        reason = reason_of(elasticities, gross, covered)
        deviation = UNKNOWN if reason else float(np.exp(np.sqrt(variances(elasticities, self._deviations).sum())))
        return Spread(elasticities, self._deviations, self._lines, gross, deviation, covered, reason)

    def _gross(self, asked: Floats, demand: Floats) -> Floats:
        """Sum of the absolute contributions of all ways: one more solve, only where anything is negative."""
        matrix, own = self._answer.system.matrix, self._answer.system.own[:, EXCLUDING_COLUMN]
        if (matrix.data < 0).any():
            demand = solve(absolute(self._transposed), asked).x
        return np.asarray(np.abs(own) @ demand, dtype=np.float64)

    def _stated(self) -> Floats:
        """Stated deviations of the parameters, NaN where there is none."""
        of_lines = np.full(len(self._resolution.consumer), np.nan)
        of_lines[self._resolution.spread] = self._resolution.deviations
        return np.concatenate((self._resolution.standings.deviation, of_lines[self._lines]))

    @cached_property
    def _transposed(self) -> Matrix:
        return self._answer.system.matrix.T.tocsr()


def variances(elasticities: Floats, deviations: Floats) -> Floats:
    """e^2 ln^2 GSD of each parameter; 0 where its GSD is not stated."""
    return np.asarray(
        np.where(np.isnan(deviations), 0.0, elasticities * np.log(np.nan_to_num(deviations, nan=1.0))) ** 2
    )


def reason_of(elasticities: Floats, gross: float, covered: float) -> UncertaintyReason | None:
    """Why the first-order form tells nothing of a positive result; None: it does."""
    if covered == 0:
        return UncertaintyReason.NOT_STATED
    if gross > GROSS_MAX or float(np.abs(elasticities).max(initial=0.0)) > ELASTICITY_MAX:
        return UncertaintyReason.UNSTABLE
    return None


def shown_uncertainty(deviation: float, covered: float, reason: UncertaintyReason | None) -> Uncertainty:
    """Rounded twice: what is nearly half way (12.5 percent, computed as 12.499999999999998) goes one way everywhere."""
    return Uncertainty(
        None if reason else round_to(round_percent(deviation), DEVIATION_QUANTUM),
        round_to(round_percent(100.0 * covered), COVERED_QUANTUM),
        reason,
    )


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole > 0 else 0.0


def interval_of(median: Decimal, deviation: Decimal) -> tuple[Decimal, Decimal]:
    """The 95 percent interval of a log-normal: median / GSD^1.96 to median x GSD^1.96, from shown numbers alone."""
    factor = _ENOUGH.power(deviation, NORMAL_975)
    ends = _ENOUGH.divide(median, factor), _ENOUGH.multiply(median, factor)
    return round_significant(ends[0], INTERVAL_DIGITS), round_significant(ends[1], INTERVAL_DIGITS)
