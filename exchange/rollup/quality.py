"""Data quality of a roll-up: primary data share, data quality ratings, exempted emissions.

Weights come from the total excluding uptake: c_j0 = the direct emissions, components summed, then absolute;
c_ji = a_ji x_i (x_i + o_i where delivered); D_j = |c_j0| + sum |c_ji|. Shares and ratings are means with these
weights, solved over loops like the roll-up itself; a mean of numbers within bounds stays within them, so nothing is
ever clamped. Gaps carry no weight. Rules: docs/method.md, "Quality"; primary data share and the three ratings are
PACT's (Technical Specification v3; Pathfinder Framework, section on data quality), exempted emissions ISO 14067
6.3.4.3 and PACT's `exemptedEmissionsPercent`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from exchange.model.footprint import PRIMARY
from exchange.model.resolved import Bools, Floats, Ints
from exchange.rollup.resolution import Resolution
from exchange.rollup.solving import solve
from exchange.rollup.standings import WORST_RATING
from exchange.rollup.system import GATE_STAGE_MAX, System, absolute, csr, delivered_to, in_stages

RATINGS: Final = 3  # technological, temporal, geographical


@dataclass(frozen=True, slots=True, eq=False)
class Quality:
    """Of every product of a closure, by row: percent, (rows, 3) ratings 1 to 5, percent."""

    primary_data_share_percent: Floats
    ratings: Floats
    exempted_percent: Floats


@dataclass(frozen=True, slots=True, eq=False)
class _Weights:
    """Lines that carry weight: consumer and supplier rows, |c_ji| / D_j; and c_j0 / D_j of every row."""

    lines: Ints
    consumer: Ints
    supplier: Ints
    share: Floats
    direct_share: Floats
    weightless: Bools


def assess(resolution: Resolution, system: System, own_kg: Floats, cradle_to_gate_kg: Floats) -> Quality:
    """Quality of every product; `own_kg` and `cradle_to_gate_kg` are excluding uptake, of every row."""
    weights = _weigh(resolution, system, own_kg, cradle_to_gate_kg)
    return Quality(
        _primary_data_share(resolution, weights),
        _ratings(resolution, weights),
        _exempted(resolution, system, cradle_to_gate_kg),
    )


def _weigh(resolution: Resolution, system: System, own_kg: Floats, x: Floats) -> _Weights:
    products = len(resolution.keys)
    lines = np.flatnonzero(in_stages(resolution, 0, GATE_STAGE_MAX))
    consumer, supplier = resolution.consumer[lines], resolution.serving[lines]
    also = delivered_to(resolution, system.outbound_row)[lines]
    worth = np.abs(resolution.factors[lines] * (x[supplier] + np.where(also >= 0, x[also], 0.0)))
    direct = np.abs(own_kg[:products])
    whole = direct + np.bincount(consumer, worth, minlength=products)
    divisor = np.where(whole > 0, whole, 1.0)
    return _Weights(lines, consumer, supplier, worth / divisor[consumer], direct / divisor, whole == 0)


def _primary_data_share(resolution: Resolution, weights: _Weights) -> Floats:
    """p_j = (|c_j0| q_j + sum |c_ji| m_ji p_i) / D_j, m = 1 where the amount is primary data.

    Declared: as stated. Dataset releases and lines served by a fallback: 0. Unknown: 0. D = 0: 0.
    """
    standings = resolution.standings
    fixed, stated = standings.declared | standings.released, standings.stated_share_percent
    own = np.where(fixed, stated, weights.direct_share * stated)
    primary = (resolution.flags[weights.lines] & PRIMARY) != 0
    counts = primary & ~resolution.by_fallback[weights.lines] & ~fixed[weights.consumer]
    return _mean(weights, counts, own[:, None])[:, 0]


def _ratings(resolution: Resolution, weights: _Weights) -> Floats:
    """The mean of ratings: a line's own rating of fitness wins over the supplier's; unknown and fallback are 5."""
    declared, stated = resolution.standings.declared, resolution.standings.stated_ratings
    own = np.where(declared[:, None], stated, weights.direct_share[:, None] * stated)
    of_line = np.full((len(resolution.consumer), RATINGS), np.nan)
    of_line[resolution.by_fallback] = WORST_RATING
    of_line[resolution.rated] = resolution.ratings
    of_line = of_line[weights.lines]
    fixed = ~np.isnan(of_line[:, 0])
    for rating in range(RATINGS):
        own[:, rating] += np.bincount(
            weights.consumer[fixed],
            weights.share[fixed] * of_line[fixed, rating],
            minlength=len(own),
        )
    own[weights.weightless & ~declared] = WORST_RATING
    return _mean(weights, ~fixed, own)


def _mean(weights: _Weights, counts: Bools, own: Floats) -> Floats:
    """Solves m = own + W m, W the weights of the lines that count: row-substochastic, as the roll-up has an answer."""
    matrix = csr(weights.consumer[counts], weights.supplier[counts], weights.share[counts], len(own))
    return solve(matrix, own).x


def _exempted(resolution: Resolution, system: System, x: Floats) -> Floats:
    """E_j = |x_j| p/(100 - p) + sum |a| E_i; shown as 100 E/(|x| + E). p refers to the owner's whole result."""
    products = len(resolution.keys)
    percent = resolution.standings.exempted_percent
    if not percent.any():
        return np.zeros(products)
    own = np.zeros((system.rows, 1))
    own[:products, 0] = np.abs(x[:products]) * percent / (100.0 - percent)
    exempted = solve(absolute(system.matrix), own).x[:products, 0]
    whole = np.abs(x[:products]) + exempted
    return 100.0 * np.divide(exempted, whole, out=np.zeros(products), where=whole > 0)
