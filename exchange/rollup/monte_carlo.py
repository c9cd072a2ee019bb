"""Monte Carlo on a viewer's view: the spread of the root's total by drawing every uncertain number of it, many times.

Each draw multiplies every own term and every line's amount that has a geometric standard deviation by a log-normal
factor of median 1, and solves x = d + A x anew; parameters are independent, and one that is used on many ways is drawn
once. It needs no small spreads and no elasticities, so it is to be preferred to the analytic form wherever a spread
is above about 1.5 (docs/method.md, "Uncertainty"). A draw whose loop has no answer, or consumes more than about 94
percent of itself, is counted and left out.

Samples are drawn in parts, one after the other. Whoever draws at once and whoever stops between parts, to say how far
it has come, gets the same samples.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import numpy as np
from scipy.sparse import csr_array

from exchange.errors import InvalidInput
from exchange.model.resolved import Floats
from exchange.rollup.rounding import round_significant
from exchange.rollup.system import Matrix
from exchange.rollup.view import View
from exchange.rollup.view_parameters import ViewParameters, parameters_of

SAMPLES_MIN: Final = 100  # fewer say nothing of the outer 2.5 percent
SAMPLES_MAX: Final = 10_000  # at once; quantiles then hold within a few percent of the spread
NUMBERS_MAX: Final = 10_000_000  # products and lines of the view x samples, at once: some seconds
RUN_SAMPLES_MAX: Final = 100_000  # with progress; the outer quantiles then hold within one percent of the spread
RUN_NUMBERS_MAX: Final = 100_000_000  # the same with progress: a minute or two
SEED_MAX: Final = 2**31 - 1  # the largest Int of GraphQL
NUMBERS_AT_ONCE: Final = 100_000  # what a processor keeps close; more at once only costs memory
SWEEPS_MAX: Final = 400  # enough for loops that consume 94 percent of themselves; others settle after some ten
SWEEPS_BETWEEN_CHECKS: Final = 4
SETTLED: Final = 1e-10  # of the largest number in a sample
LOWEST_SHARE, HIGHEST_SHARE = 0.025, 0.975
SHOWN_DIGITS: Final = 6  # significant; sampling leaves two or three of them


@dataclass(frozen=True, slots=True)
class Draws:
    """The root's total excluding uptake over the samples that have an answer, kg CO2e per declared unit, rounded.

    None throughout where no sample has an answer. geometric_standard_deviation: of the samples, None also where one of
    them is not positive.
    """

    samples: int
    without_answer: int
    seed: int
    median_kg_co2e: Decimal | None
    mean_kg_co2e: Decimal | None
    lower_kg_co2e: Decimal | None
    upper_kg_co2e: Decimal | None
    geometric_standard_deviation: Decimal | None


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much is drawn in one go."""

    samples_max: int
    numbers_max: int
    too_many: str  # what to do instead


AT_ONCE: Final = Bounds(SAMPLES_MAX, NUMBERS_MAX, "Ask for `uncertainty` instead.")
WITH_PROGRESS: Final = Bounds(RUN_SAMPLES_MAX, RUN_NUMBERS_MAX, "Ask for `uncertainty` instead.")


@dataclass(frozen=True, slots=True, eq=False)
class Variables:
    """What is drawn: the view's parameters, and the spread of each own term."""

    parameters: ViewParameters
    own_deviations: Floats

    def digest(self) -> bytes:
        """Of everything that samples depend on: with equal digests, the same seed gives the same samples."""
        p, found = self.parameters, hashlib.sha256()
        columns = (
            np.array([p.root]), p.own, p.outbound, p.leaf, p.consumer, p.supplier,
            p.factors, p.delivered, p.line_deviations, self.own_deviations,
        )  # fmt: skip
        for column in columns:
            found.update(len(column).to_bytes(8))
            found.update(np.ascontiguousarray(column).tobytes())
        return found.digest()


def monte_carlo(view: View, samples: int, seed: int, prepare: Callable[[list[int]], None]) -> Draws:
    """Draws `samples` times; the same view, number and seed give the same answer. `prepare` as in `own_deviations`.
    Raises InvalidInput on a limit."""
    return draws_of(draw(view, samples, seed, prepare), seed)


def draws_of(drawn: Floats, seed: int) -> Draws:
    """What samples say together; also of the first ones of a longer run."""
    samples, answered = len(drawn), drawn[~np.isnan(drawn)]
    if not len(answered):
        return Draws(samples, samples, seed, None, None, None, None, None)
    low, middle, high = np.quantile(answered, (LOWEST_SHARE, 0.5, HIGHEST_SHARE)).tolist()
    return Draws(
        samples=samples,
        without_answer=samples - len(answered),
        seed=seed,
        median_kg_co2e=_shown(middle),
        mean_kg_co2e=_shown(float(answered.mean())),
        lower_kg_co2e=_shown(low),
        upper_kg_co2e=_shown(high),
        geometric_standard_deviation=_shown(float(np.exp(np.log(answered).std()))) if (answered > 0).all() else None,
    )


def draw(view: View, samples: int, seed: int, prepare: Callable[[list[int]], None]) -> Floats:
    """The root's total excluding uptake in each sample, kg CO2e per declared unit; NaN: it has no answer."""
    check_run(samples, seed, AT_ONCE)
    return np.concatenate(list(parts(variables_of(view, samples, prepare, AT_ONCE), samples, seed)))


def check_run(samples: int, seed: int, bounds: Bounds) -> None:
    """Raises InvalidInput where that many samples, or that seed, are not to be had on any view."""
    _check("samples", samples, SAMPLES_MIN, bounds.samples_max)
    _check("seed", seed, 0, SEED_MAX)


def variables_of(view: View, samples: int, prepare: Callable[[list[int]], None], bounds: Bounds) -> Variables:
    """Raises InvalidInput where that many samples of this view are too many numbers."""
    parameters = parameters_of(view)
    _check_size(parameters, samples, bounds)
    return Variables(parameters, parameters.own_deviations(prepare))


def parts(variables: Variables, samples: int, seed: int) -> Iterator[Floats]:
    """The samples of `draw`, some at a time: each step takes some milliseconds, or as long as one sample does."""
    parameters, generator = variables.parameters, np.random.Generator(np.random.PCG64(seed))
    at_once = max(1, NUMBERS_AT_ONCE // (len(parameters.keys) + len(parameters.factors)))
    for first in range(0, samples, at_once):
        yield _draw_part(parameters, variables.own_deviations, generator, min(at_once, samples - first))


def _draw_part(parameters: ViewParameters, deviations: Floats, generator: np.random.Generator, count: int) -> Floats:
    """Columns are samples."""
    of_own = _factors(generator, deviations, count)
    factors = parameters.factors[:, None] * _factors(generator, parameters.line_deviations, count)
    own = parameters.own[:, None] * of_own
    outbound = np.where(parameters.delivered, parameters.outbound[parameters.supplier], 0.0)
    if outbound.any():
        varied = np.where(parameters.leaf[parameters.supplier][:, None], of_own[parameters.supplier], 1.0)
        own += _sums(parameters) @ (factors * outbound[:, None] * varied)
    return _solve(parameters, own, factors)


def _factors(generator: np.random.Generator, deviations: Floats, count: int) -> Floats:
    """(parameters, count) log-normal factors of median 1; 1 where nothing is stated or nothing varies."""
    logs = np.log(np.nan_to_num(deviations, nan=1.0))
    found = np.ones((len(deviations), count))
    varying = np.flatnonzero(logs > 0)
    found[varying] = np.exp(logs[varying, None] * generator.standard_normal((len(varying), count)))
    return found


def _solve(parameters: ViewParameters, own: Floats, factors: Floats) -> Floats:
    """The root's x of every sample, by sweeps over all of them together; NaN for those that do not come to rest."""
    found = np.full(own.shape[1], np.nan)
    left, x, sums = np.arange(own.shape[1]), own, _sums(parameters)
    for _ in range(0, SWEEPS_MAX, SWEEPS_BETWEEN_CHECKS):
        with np.errstate(over="ignore", invalid="ignore"):  # a loop without an answer grows until it is left out
            for _ in range(SWEEPS_BETWEEN_CHECKS):
                last = x
                x = own + sums @ (factors * last[parameters.supplier])
            change, scale = np.abs(x - last).max(axis=0), np.abs(x).max(axis=0)
        settled = change <= SETTLED * scale
        found[left[settled]] = x[parameters.root, settled]
        going_on = ~settled & np.isfinite(scale)
        if not going_on.any():
            break
        if not going_on.all():
            left, x, own, factors = left[going_on], x[:, going_on], own[:, going_on], factors[:, going_on]
    return found


def _sums(parameters: ViewParameters) -> Matrix:
    """(products, lines): 1 where a line is a product's; times what lines bring, it sums that up by consumers."""
    products, lines = len(parameters.keys), len(parameters.factors)
    starts = np.concatenate(([0], np.cumsum(np.bincount(parameters.consumer, minlength=products))))
    return csr_array((np.ones(lines), np.arange(lines), starts), shape=(products, lines))


def _check(argument: str, given: int, low: int, high: int) -> None:
    if not low <= given <= high:
        raise InvalidInput(f"{argument} must be {low} to {high}; got {given}.", path=(argument,))


def _check_size(parameters: ViewParameters, samples: int, bounds: Bounds) -> None:
    products, lines = len(parameters.keys), len(parameters.factors)
    if (products + lines) * samples > bounds.numbers_max:
        most = bounds.numbers_max // (products + lines)
        hint = f"Ask for at most {most} samples." if most >= SAMPLES_MIN else bounds.too_many
        raise InvalidInput(
            f"{samples} samples of {products} products and {lines} lines are more than {bounds.numbers_max} numbers. "
            f"{hint}",
            path=("samples",),
        )


def _shown(value: float) -> Decimal:
    return round_significant(Decimal(value), SHOWN_DIGITS)
