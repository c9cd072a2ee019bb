"""The totals of an explain file, solved anew from its inputs alone, and how far the shown ones may be from them.

x = d + A x over the file's products, d their own terms and A their lines' factors, with a certificate of its own. What
is shown may differ from it by rounding only, and how much follows from the file, never from a guess:

- an own term that is a result was rounded to nine digits of its product's total: half a unit of the ninth;
- so was the outbound logistics of a delivered line, to nine digits of its own: half a unit, times the factor;
- where the own term is as stated, the shown totals of the product and of its suppliers were rounded instead: as far
  as their shown intervals reach, the suppliers' times the factors.

How outbound logistics divide among components nobody is shown. Where they join direct emissions, only the total
excluding uptake is solved anew; the components there are taken as shown.

Added up, they are |dd| of each product: at the shown totals, x = d + A x holds within |dd|. Through the lines they
carry to |dx| <= (I - |A|)^-1 |dd|, solved and certified like x itself (docs/method.md, "Digest" and "Solving and the
certificate"; the bound: Berman and Plemmons 1994, chapter 6).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import numpy as np

from exchange.model.carbon import COLUMN, COLUMNS, EXCLUDING, UNSPECIFIED
from exchange.model.resolved import Floats, Ints
from exchange.rollup.answer import EXCLUDING_COLUMN
from exchange.rollup.certificate import Scale, find_scale, radii, solve_scale
from exchange.rollup.loops import without_answer
from exchange.rollup.own_terms import EXCLUDING_WIDTH, exact_sum
from exchange.rollup.rounding import DIGEST_DIGITS, quantum_of
from exchange.rollup.solving import ROUNDOFF, row_scale, solve, sweep
from exchange.rollup.system import Matrix, absolute, csr

Fields = Mapping[str, Any]
# Outbound logistics of a product are a sum of up to eight rounded components, each certified: 5 quanta of twelve
# digits ("Numbers going out"), which is this part of half a unit of the ninth digit.
_OUTBOUND = 1 + 0.01


@dataclass(frozen=True, slots=True, eq=False)
class Recomputed:
    """By row (the products in the order of the inputs) and column (COLUMNS, then their total excluding uptake), kg
    CO2e per declared unit.

    shown: as the file shows them. beside: what own term and lines make of the shown totals, d + A shown. beside_radius:
    how far `shown` may be from it. x: solved. rounding_radius, solving_radius: how far `shown` may be from it because
    of rounding, and because of binary arithmetic. None: the lines have no answer.
    """

    shown: Floats
    beside: Floats
    beside_radius: Floats
    x: Floats | None
    rounding_radius: Floats
    solving_radius: Floats


@dataclass(frozen=True, slots=True, eq=False)
class _System:
    own: Floats  # with the outbound logistics of delivered lines
    matrix: Matrix
    counts: Floats
    rounding: Floats  # |dd|


def recompute(entries: Sequence[Fields], products: Sequence[Fields]) -> Recomputed:
    """entries: the file's inputs; products: what it shows of each, in the same order."""
    shown = np.array([_shown(product) for product in products])
    nothing = np.zeros_like(shown)
    with np.errstate(over="ignore", invalid="ignore"):
        system = _system(entries, products, shown)
        size = absolute(system.matrix)
        beside = system.own + system.matrix @ shown
        epsilon = (2 * system.counts + 8)[:, None] * ROUNDOFF
        slack = epsilon * (np.abs(system.own) + size @ np.abs(shown) + np.abs(shown))
        unsolved = Recomputed(shown, beside, system.rounding + slack, None, nothing, nothing)
        finite = np.isfinite(system.own).all() and np.isfinite(system.matrix.data).all()
        solved = _solved(system, size) if finite else None
        if solved is None:
            return unsolved
        x, scale = solved
        solving = radii(system.matrix, size, system.counts, system.own, x, scale) + ROUNDOFF * np.abs(shown)
        carried = solve(size, system.rounding).x
        carried += radii(size, size, system.counts, system.rounding, carried, scale)
    if not np.isfinite(carried).all() or not np.isfinite(solving).all():
        return unsolved
    return replace(unsolved, x=x, rounding_radius=carried, solving_radius=solving)


def _system(entries: Sequence[Fields], products: Sequence[Fields], shown: Floats) -> _System:
    row_of = {entry["footprint"]: row for row, entry in enumerate(entries)}
    lines = [(row, line) for row, entry in enumerate(entries) for line in entry["lines"]]
    consumer = np.array([row for row, _ in lines], dtype=np.int64)
    supplier = np.array([row_of[line["supplier"]] for _, line in lines], dtype=np.int64)
    factors = np.array([float(line["factor"]) for _, line in lines])
    outbound = [Decimal(line.get("outbound", "0")) for _, line in lines]
    count = len(entries)
    matrix = csr(consumer, supplier, factors, count)
    own = np.array([_own(entry["own"]) for entry in entries])
    rounding = _rounding_of_own(entries, products, shown, absolute(matrix))
    delivered = _by_row(consumer, factors * np.array([float(one) for one in outbound]), count)
    halves = np.array([_OUTBOUND * half_a_unit(one) for one in outbound])
    open_ = _by_row(consumer, np.abs(factors) * halves, count)
    for column in (COLUMN[UNSPECIFIED], EXCLUDING_COLUMN):
        own[:, column] += delivered
        rounding[:, column] += open_
    # Outbound logistics are one number: how they divide among the components of direct emissions nobody is shown.
    broken_down = np.array([product["brokenDown"] for product in products])
    unknown = np.flatnonzero(broken_down & np.greater(open_, 0))
    rest: Floats = np.asarray(shown - matrix @ shown)
    own[unknown, :EXCLUDING_COLUMN] = rest[unknown, :EXCLUDING_COLUMN]
    rounding[unknown, :EXCLUDING_COLUMN] = 0.0
    return _System(own, matrix, np.diff(matrix.indptr).astype(np.float64), rounding)


def _rounding_of_own(entries: Sequence[Fields], products: Sequence[Fields], shown: Floats, size: Matrix) -> Floats:
    """|dd| but for outbound logistics. A component that an own term does not name is exactly zero."""
    halves = np.array([half_a_unit(_largest(product)) for product in products])
    named = np.array([[name in entry["own"] for name in COLUMNS] for entry in entries])
    closed = halves[:, None] * named
    closed = np.column_stack((closed, closed[:, :EXCLUDING_WIDTH].sum(axis=1)))
    used = np.asarray(shown.any(axis=0))
    used[:EXCLUDING_COLUMN] |= named.any(axis=0)
    reach = np.array([float(reach_of(product)) for product in products])[:, None] * used
    as_stated = np.array([[product["brokenDown"]] for product in products])
    rounding: Floats = np.where(as_stated, reach + size @ reach, closed) * (1 + 8 * ROUNDOFF)
    return rounding


def reach_of(product: Fields) -> Decimal:
    """How far the shown interval reaches from the shown total."""
    total = Decimal(product["pcfExcludingBiogenicUptake"])
    return max(Decimal(product["upper"]) - total, total - Decimal(product["lower"]))


def half_a_unit(largest: Decimal) -> float:
    """Of the ninth digit of a vector's largest component, or of a number."""
    return float(quantum_of(abs(largest), DIGEST_DIGITS) / 2) if largest else 0.0


def _largest(product: Fields) -> Decimal:
    return max((abs(Decimal(amount)) for amount in product["components"].values()), default=Decimal(0))


def _solved(system: _System, size: Matrix) -> tuple[Floats, Scale] | None:
    """x and a w of its certificate; None: the lines have no answer, or none that can be certified."""
    found = sweep(system.matrix, system.own)
    if found.settled:
        scale = find_scale(size, system.counts, row_scale(size, system.own, found.x))
        if scale is not None:
            return found.x, scale
    if without_answer(size):
        return None
    x = solve(system.matrix, system.own).x
    if not np.isfinite(x).all():
        return None
    start = row_scale(size, system.own, x)
    scale = find_scale(size, system.counts, start) or solve_scale(size, system.counts, system.own, start)
    return None if scale is None else (x, scale)


def _shown(product: Fields) -> list[float]:
    components = product["components"]
    return [*(float(components.get(name, 0)) for name in COLUMNS), float(product["pcfExcludingBiogenicUptake"])]


def _own(components: Mapping[str, str]) -> list[float]:
    total = exact_sum(Decimal(components[name]) for name in EXCLUDING if name in components)
    return [*(float(components.get(name, 0)) for name in COLUMNS), float(total)]


def _by_row(rows: Ints, amounts: Floats, count: int) -> Floats:
    added: Floats = np.bincount(rows, amounts, minlength=count).astype(np.float64)
    return added
