"""Admission: whether footprints or a grant may be written, so that every product keeps an answer.

A set of lines that consumes at least one of itself has none. What is written is admitted whole where some w > 0 has
F(w) < w, F being the demand under every choice of versions and fallbacks that may ever stand: then the roll-up's
certificate exists for each of those choices. Only where none is found are the products judged one by one, each by what
one unit of it takes of itself through everybody else: the least fixed point of f = F(f) with its own row left out and
held at 1, which must stay below 1 - 1e-6 (docs/method.md, "Admission").

Checking each new line alone is not enough (two lines that embody 0.6 of the product each pass), and the old version's
own loop must not count against the one that replaces it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

import numpy as np

from exchange.errors import LoopRefused
from exchange.model.closure import Permits, Snapshot
from exchange.model.footprint import Footprint
from exchange.model.resolved import Bools, Floats, Ints
from exchange.rollup.admission_walk import AdmissionWalk
from exchange.rollup.demand import Demand, demand_of
from exchange.rollup.loops import reached_from, reaching, strong_components, without_answer
from exchange.rollup.refusals import MESSAGES, RefusalCode
from exchange.rollup.solving import solve

MARGIN: Final = 1e-6  # below 1: what a loop must leave of itself, so that its certificate can be computed
SWEEPS_MAX: Final = 240  # for a common w; a gain of 0.9 needs about twenty
SWEEPS_PER_SCALE: Final = 16  # then the search starts again from the sizes it has reached
POLICIES_MAX: Final = 50  # of options, one for each line; each is better than the one before
_MESSAGE: Final = (
    "With these lines a loop would consume at least one of itself, and its products would have no answer: lower an "
    "amount, or let another member of the loop lower one first."
)


def admit(
    snapshot: Snapshot,
    new: Sequence[Footprint],
    deprecated_ids: Collection[str],
    today_day: int,
    permits_ever: Permits,
) -> None:
    """Raises LoopRefused where writing `new` and deprecating `deprecated_ids` would leave a loop without an answer.

    The snapshot holds the graph before the write, as far as AdmissionWalk asks. `path` of the error is the position
    in `new` of the first footprint of the product that was refused, `members` the product keys of its loop.
    """
    _decide(snapshot, (), new, deprecated_ids, today_day, permits_ever)


def admit_grant(snapshot: Snapshot, product_keys: Sequence[int], today_day: int, permits_ever: Permits) -> None:
    """The same for access to these products: the snapshot already holds the grants, or makes the products public."""
    _decide(snapshot, product_keys, (), (), today_day, permits_ever)


def _decide(
    snapshot: Snapshot,
    keys: Sequence[int],
    new: Sequence[Footprint],
    deprecated_ids: Collection[str],
    today_day: int,
    permits_ever: Permits,
) -> None:
    walk = AdmissionWalk(keys, new, today_day, permits_ever)
    walk.finish(snapshot)
    if walk.too_large:
        raise LoopRefused(MESSAGES[RefusalCode.TOO_LARGE])
    demand = demand_of(walk, snapshot, deprecated_ids)
    if _bounded(demand):
        return
    products = list(dict.fromkeys([*keys, *(footprint.product_key for footprint in new)]))
    left_out = np.isin(demand.product, products)
    for number, product in enumerate(products):
        mine = demand.product == product
        for version in np.flatnonzero(mine[: len(demand.footprints)]).tolist():
            closing = _closing_row(demand, left_out, mine, version)
            if closing is not None:
                at = next((i for i, one in enumerate(new) if one.product_key == product), number)
                raise LoopRefused(_MESSAGE, members=_members(demand, closing), path=(str(at),))
        left_out = left_out & ~mine


def _bounded(demand: Demand) -> bool:
    """Whether some w > 0 with F(w) < (1 - margin) w was found."""
    start = demand.size
    w = start
    with np.errstate(over="ignore", invalid="ignore"):
        for sweep in range(1, SWEEPS_MAX + 1):
            needed = demand.of(w)
            if np.all(needed < (1 - MARGIN) * w):
                return True
            if not np.isfinite(needed).all():
                return False
            if sweep % SWEEPS_PER_SCALE == 0:
                start = w = w / w.max()
            w = start + needed / (1 - MARGIN)
    return False


def _closing_row(demand: Demand, left_out: Bools, mine: Bools, version: int) -> int | None:
    """The row of one version of a product that would close a loop without an answer; None: it may stand.

    First its outbound logistics are judged, then the version itself.

    left_out: rows that do not count yet. mine: rows of the product, of which only this version's do: the others take
    nothing, so nobody takes anything of this version through them.
    """
    rows = [version] if demand.outbound[version] < 0 else [int(demand.outbound[version]), version]
    closed = left_out | mine
    for row in rows:
        # Options of rows that are left out go; `row` itself is judged by what it takes of itself.
        open_rows = ~closed[demand.row] | (demand.row == row)
        if not _leaves_some(demand.keeping(open_rows), row):
            return row
        closed = closed.copy()
        closed[row] = False
    return None


def _leaves_some(demand: Demand, row: int) -> bool:
    """Whether F_row(f) < 1 - margin, f the least fixed point of f = F(f) with f_row held at 1.

    By policies (Howard 1960): each line's best option is held while the linear system is solved, then chosen anew;
    every round is a lower bound of f, and the last one is f.
    """
    every = demand.matrix(np.arange(len(demand.line)))
    upstream = np.zeros(demand.rows, dtype=np.bool_)
    upstream[reached_from(every, row)] = True
    demand = demand.keeping(upstream[demand.row])
    others = demand.keeping(demand.row != row)
    f = np.zeros(demand.rows)
    f[row] = 1.0
    for _ in range(POLICIES_MAX):
        if demand.of(f)[row] >= 1 - MARGIN:
            return False
        better = _solved(others, f, row)
        if better is None:
            return False
        if np.all(better <= f * (1 + 1e-12)):
            return True
        f = np.maximum(f, better)
    return False


def _solved(others: Demand, f: Floats, row: int) -> Floats | None:
    """The fixed point for the options that are best at f, f_row held at 1; None: it is not finite."""
    policy = others.keeping(_among(others.best(f), len(others.line)))
    target = np.zeros(others.rows, dtype=np.bool_)
    target[row] = True
    reaching_row = reaching(policy.matrix(np.arange(len(policy.line))), target)
    policy = policy.keeping(reaching_row[policy.row])  # the others take nothing of it
    matrix = policy.matrix(np.arange(len(policy.line)))
    if without_answer(matrix):
        return None
    taken = np.zeros((others.rows, 1))
    taken[row] = 1.0
    found = solve(matrix, taken).x[:, 0]
    return found if np.isfinite(found).all() else None


def _among(positions: Ints, length: int) -> Bools:
    found = np.zeros(length, dtype=np.bool_)
    found[positions] = True
    return found


def _members(demand: Demand, row: int) -> tuple[int, ...]:
    """Product keys of the loop that a row lies on."""
    labels = strong_components(demand.matrix(np.arange(len(demand.line))))
    rows = labels == labels[row]
    return tuple(sorted({int(product) for product in demand.product[rows].tolist()}))
