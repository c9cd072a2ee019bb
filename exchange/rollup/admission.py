"""Admission: whether footprints or a grant may be written, so that every product keeps an answer.

A set of lines that consumes at least one of itself has none. Only what lies on a loop with the products written bears
on that. It is admitted whole where some w > 0 has F(w) < w, F being the demand under every choice of versions and
fallbacks that may ever stand: then the roll-up's certificate exists for each of those choices. Only where none is found
are the products judged one by one, each by what one unit of it takes of itself through everybody else: the least fixed
point of f = F(f) with its own row left out and held at 1, which must stay below 1 - 1e-6 (docs/method.md, "Admission").

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
MEMBERS_MAX: Final = 1_000  # of a loop that are named: the nearest. A loop of random lines holds most of an exchange
POLICIES_MAX: Final = 50  # of options, one for each line; each is better than the one before
_MESSAGE: Final = (
    "With these lines a loop would consume at least one of itself, and its products would have no answer: lower an "
    "amount, or let another member of the loop lower one first."
)


def admit(
    snapshot: Snapshot,
    new: Sequence[Footprint],
    deprecated_keys: Collection[int],
    today_day: int,
    permits_ever: Permits,
) -> None:
    """Raises LoopRefused where writing `new` and deprecating `deprecated_keys` would leave a loop without an answer.

    The snapshot holds the graph before the write, as far as AdmissionWalk asks. `path` of the error is the position
    in `new` of the footprint that was refused (the first of its product, where an older version of that closes the loop
    now), `members` the product keys of its loop.
    """
    judge(_read(snapshot, (), new, deprecated_keys, today_day, permits_ever), (), new)


def admit_grant(snapshot: Snapshot, product_keys: Sequence[int], today_day: int, permits_ever: Permits) -> None:
    """The same for access to these products: the snapshot already holds the grants, or makes the products public."""
    judge(_read(snapshot, product_keys, (), (), today_day, permits_ever), product_keys, ())


def judge(demand: Demand, keys: Sequence[int], new: Sequence[Footprint]) -> None:
    """Raises LoopRefused as `admit` says, from the demand of everything upstream of the products of `keys` and `new`,
    all of which is in place."""
    products = list(dict.fromkeys([*keys, *(footprint.product_key for footprint in new)]))
    whole, (looped, labels) = demand, on_loops_through(demand, products)
    demand = whole.among(looped, labels)
    if _bounded(demand):
        return
    closing = _first_closing(demand, products)
    if closing is not None:
        number, row = closing
        positions = [at for at, one in enumerate(new) if one.product_key == products[number]] or [number]
        at = positions[_which_new(whole, int(np.flatnonzero(looped)[row]), len(positions))]
        raise LoopRefused(_MESSAGE, members=_members(demand, row), path=(str(at),))


def _which_new(demand: Demand, row: int, count: int) -> int:
    """Of the `count` new versions of its product, which last rows are, the one that a row is of; 0: of none."""
    versions = len(demand.outbound)
    version = row if row < versions else int(np.flatnonzero(demand.outbound == row)[0])
    new = np.flatnonzero(demand.product[:versions] == demand.product[version])[-count:]
    return int(np.searchsorted(new, version)) if version in new else 0


def too_large() -> LoopRefused:
    """Why what reaches too far is not admitted: it cannot be judged. It has no members."""
    return LoopRefused(MESSAGES[RefusalCode.TOO_LARGE])


def _read(
    snapshot: Snapshot,
    keys: Sequence[int],
    new: Sequence[Footprint],
    deprecated_keys: Collection[int],
    today_day: int,
    permits_ever: Permits,
) -> Demand:
    walk = AdmissionWalk(keys, new, today_day, permits_ever, deprecated_keys)
    walk.finish(snapshot)
    if walk.too_large:
        raise too_large()
    return demand_of(walk, snapshot)


def on_loops_through(demand: Demand, products: Sequence[int]) -> tuple[Bools, Ints]:
    """Which rows are on a loop with a row of these products, and the number of each row's loop: what `Demand.among`
    takes. Nothing but what these rows take of their own loops bears on them: what does not take of them is zero in the
    fixed point, whatever it takes of itself."""
    labels = strong_components(demand.matrix(np.arange(len(demand.line))))
    inside = labels[demand.row] == labels[demand.version]
    inside |= (demand.also >= 0) & (labels[demand.row] == labels[demand.also])
    looped = _among(demand.row[inside], demand.rows)
    looped &= np.isin(labels, labels[np.isin(demand.product, products)])
    said = np.flatnonzero(demand.outbound >= 0)
    looped[said] |= looped[demand.outbound[said]]  # outbound logistics are judged with their version
    return looped, labels


def _first_closing(demand: Demand, products: Sequence[int]) -> tuple[int, int] | None:
    """Number of the first product that closes a loop without an answer with those before it, and its row.

    Where the common w exists for the first products of the list, none of these closes one: so how many that are is
    found by halving, and each is judged by itself only from there.
    """
    number_of = {product: number for number, product in enumerate(products)}
    turn = np.array([number_of.get(product, -1) for product in demand.product.tolist()], dtype=np.int64)
    admitted, unknown = 0, len(products)
    while unknown - admitted > 1:
        middle = (admitted + unknown) // 2
        if _bounded(demand.keeping(turn[demand.row] < middle)):
            admitted = middle
        else:
            unknown = middle
    for number in np.unique(turn[turn >= admitted]).tolist():
        mine = turn == number
        for version in np.flatnonzero(mine[: len(demand.outbound)]).tolist():
            closing = _closing_row(demand, turn >= number, mine, version)
            if closing is not None:
                return number, closing
    return None


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
    """Product keys of the loop that a row lies on; of a large one, those that are nearest upstream."""
    matrix = demand.matrix(np.arange(len(demand.line)))
    labels = strong_components(matrix)
    near = reached_from(matrix, row)
    products = dict.fromkeys(demand.product[near[labels[near] == labels[row]]].tolist())
    return tuple(sorted(list(products)[:MEMBERS_MAX]))
