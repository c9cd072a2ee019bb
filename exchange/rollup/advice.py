"""Advice on a viewer's view: which inputs would improve the root's quality most, and what its spread comes from.

Primary data: one line at a time, its supplier sends primary data, so that what the line brings is primary as a whole
(its amount primary, its supplier's result too). With the weights w of quality (docs/method.md, "Quality"), W = w m and
z = (I - W^T)^-1 e_root, the root's share rises by exactly

    z_j w_ji s        s = (100 - m_ji p_i) / (1 + w_ji m_ji g_ij)        g = (I - W)^-1

(Sherman and Morrison 1950; g_ij is not 0 only where the line is part of a loop). Shares of products that are not shown
open are their shown shares, held fast. Spread: e^2 ln^2 GSD of each parameter of the view, in percent of their sum.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from heapq import nlargest
from typing import Final

import numpy as np

from exchange.model.resolved import Bools, Floats
from exchange.rollup.rounding import round_percent, round_significant
from exchange.rollup.solving import solve
from exchange.rollup.uncertainty import variances
from exchange.rollup.view import View
from exchange.rollup.view_parameters import ViewParameters, parameters_of

WHOLE_PERCENT: Final = 100.0
DEVIATION_DIGITS: Final = 12
ALIKE: Final = 1e-9  # percentage points: more than the last bits of a gain


@dataclass(frozen=True, slots=True)
class PrimaryDataAdvice:
    """A line whose supplier should send primary data. gain_percentage_points: of the root's primary data share."""

    consumer_key: int
    line: int
    supplier_key: int
    gain_percentage_points: Decimal


@dataclass(frozen=True, slots=True)
class SpreadAdvice:
    """A number that the root's spread comes from: a line's amount, or (line None) what a product brings in itself.

    contribution_percent: of ln^2 GSD on the view.
    """

    product_key: int
    line: int | None
    geometric_standard_deviation: Decimal
    contribution_percent: Decimal


def primary_data_advice(view: View, first: int) -> tuple[PrimaryDataAdvice, ...]:
    """The lines with the largest gains, largest first; none that would gain nothing."""
    parameters = parameters_of(view)
    weights, primary, shares = _quality(parameters)
    reach = parameters.weights(np.where(primary, weights, 0.0))
    bound = reach[parameters.consumer] * weights * (WHOLE_PERCENT - np.where(primary, shares[parameters.supplier], 0.0))
    advice = [
        PrimaryDataAdvice(
            parameters.keys[parameters.consumer[at]],
            int(parameters.numbers[at]),
            parameters.keys[parameters.supplier[at]],
            round_percent(gain),
        )
        for gain, at in _exact(parameters, weights, primary, bound, first)
    ]
    # By what is shown, then by place: gains that are alike must not be ordered by their last bits.
    advice.sort(key=lambda each: (-each.gain_percentage_points, each.consumer_key, each.line))
    return tuple(each for each in advice[:first] if each.gain_percentage_points > 0)


def spread_advice(view: View, first: int, prepare: Callable[[list[int]], None]) -> tuple[SpreadAdvice, ...]:
    """The parameters that carry most of ln^2 GSD on the view, largest first; none that carries nothing. `prepare` as in
    `ViewParameters.own_deviations`. Raises InvalidInput where there are too many products."""
    parameters = parameters_of(view)
    deviations = np.concatenate((parameters.own_deviations(prepare), parameters.line_deviations))
    carried = variances(_parts(parameters), deviations)
    whole = float(carried.sum())
    if not whole:
        return ()
    rows = len(parameters.keys)
    percents = {at: round_percent(WHOLE_PERCENT * carried[at] / whole) for at in np.flatnonzero(carried).tolist()}
    order = sorted(percents, key=lambda at: (-percents[at], at))[:first]
    return tuple(
        SpreadAdvice(
            product_key=parameters.keys[at if at < rows else parameters.consumer[at - rows]],
            line=None if at < rows else int(parameters.numbers[at - rows]),
            geometric_standard_deviation=round_significant(Decimal(float(deviations[at])), DEVIATION_DIGITS),
            contribution_percent=percents[at],
        )
        for at in order
    )


def _parts(parameters: ViewParameters) -> Floats:
    """What each parameter is worth in the root's total, kg CO2e: own terms by row, then lines."""
    demand = parameters.demand()
    own = demand * parameters.own
    delivered = parameters.delivered & parameters.leaf[parameters.supplier]
    amount = demand[parameters.consumer] * parameters.factors * parameters.outbound[parameters.supplier]
    own += np.bincount(parameters.supplier, np.where(delivered, amount, 0.0), minlength=len(own))
    return np.concatenate((own, demand[parameters.consumer] * parameters.worth))


def _quality(parameters: ViewParameters) -> tuple[Floats, Bools, Floats]:
    """Of each line its weight |c| / D and whether its supplier's share counts; shares of all products, percent.

    Products of a dataset release hold no primary data whatever their lines do: their lines weigh nothing here.
    """
    worth, rows = np.abs(parameters.worth), len(parameters.keys)
    whole = np.abs(parameters.own) + np.bincount(parameters.consumer, worth, minlength=rows)
    released = np.array([node.released for node in parameters.nodes])
    counts = (whole > 0) & ~released
    weights = np.where(counts, 1.0 / np.where(whole > 0, whole, 1.0), 0.0)[parameters.consumer] * worth
    shares = np.array([float(node.total.primary_data_share_percent) for node in parameters.nodes])
    return weights, parameters.primary, shares


def _exact(
    parameters: ViewParameters, weights: Floats, primary: Bools, bound: Floats, first: int
) -> list[tuple[float, int]]:
    """The largest gains, exactly, and any that may be as large. The bound is the gain outside of loops and never less,
    so few have to be solved."""
    matrix = parameters.matrix(np.where(primary, weights, 0.0))
    found: list[tuple[float, int]] = []
    order = sorted(np.flatnonzero(bound > 0).tolist(), key=lambda at: (-bound[at], at))
    columns: dict[int, Floats] = {}
    for at in order:
        if len(found) >= first and bound[at] < nlargest(first, found)[-1][0] - ALIKE:
            break
        gain = float(bound[at])
        if primary[at]:
            consumer = int(parameters.consumer[at])
            if consumer not in columns:
                asked = np.zeros((len(parameters.keys), 1))
                asked[consumer] = 1.0
                columns[consumer] = solve(matrix, asked).x[:, 0]
            gain /= 1.0 + float(weights[at] * columns[consumer][parameters.supplier[at]])
        found.append((gain, at))
    return found
