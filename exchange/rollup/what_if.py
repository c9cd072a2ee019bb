"""What-if: what a product would carry if processes of the viewer were others, computed on the viewer's view.

Closed totals stay as they are: a leaf keeps its total, a product shown at INPUTS keeps its rest. With primes for what
the scenario makes of the view's x = d + A x, the differences are solved for themselves,

    x' - x = (I - A')^-1 (d' - d + (A' - A) x)

and added to the shown total. So what is not changed differs by exactly 0, the empty scenario is the plain result, and
rounding of the totals that the view holds is not taken for a difference. Contributions likewise, by the demands
y = (I - A^T)^-1 e_root. Rows are products in the order in which the lines reach them, nearest first: equal views
give equal bytes, whatever else there is. Rules: docs/method.md, "What-if".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from exchange.model.carbon import COLUMN, UNSPECIFIED
from exchange.model.resolved import Floats, Ints, Total
from exchange.model.view import ViewNode
from exchange.rollup.answer import EXCLUDING_COLUMN
from exchange.rollup.certificate import Scale, find_scale, radii, solve_scale
from exchange.rollup.changed_view import ChangedView, Process, process_of
from exchange.rollup.loops import looped_components, without_answer
from exchange.rollup.own_terms import EXACT, EXCLUDING_WIDTH, Vector, add, excluding, including
from exchange.rollup.rounding import plain, quantum_of, round_outward, round_to
from exchange.rollup.solving import ROUNDOFF, row_scale, solve, sweep
from exchange.rollup.system import Matrix, absolute
from exchange.rollup.view import View, solve_view

_OUTBOUND_ERROR = Decimal("5E-11")  # of a shown result of 12 digits, its interval reaching 5 q to either side


@dataclass(frozen=True, slots=True)
class Figures:
    """A total as it is shown, kg CO2e per declared unit. components: in the order of COLUMNS, multiples of `quantum`;
    excluding and including are their exact sums. lower and upper: the numerical interval of `excluding`."""

    components: Vector
    quantum: Decimal
    excluding: Decimal
    including: Decimal
    lower: Decimal
    upper: Decimal


@dataclass(frozen=True, slots=True)
class ContributionChange:
    """What one product's own term is worth in the root's total, before and after; `difference` is after - before."""

    product_key: int
    before_kg_co2e: Decimal
    after_kg_co2e: Decimal
    difference_kg_co2e: Decimal


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """The changed lines close a loop that consumes at least one of itself. members: its products, all in the view,
    nearest first."""

    members: tuple[int, ...]


class Outcome:
    """A scenario's answer; contributions are computed when they are asked for."""

    def __init__(self, view: View, moved: Mapping[int, Process], before: Figures, after: Figures) -> None:
        self.before, self.after = before, after
        self._view, self._moved = view, moved

    def contributions(self, first: int | None = None) -> tuple[ContributionChange, ...]:
        """Every product that contributes before or after, and the root: the largest difference first. first: at most
        so many.

        `before` is the plain result's own list. Differences sum to that of the totals, up to rounding.
        """
        moved = _contributions_moved(self._view, self._moved)
        before = {one.product_key: one.own_kg_co2e for one in solve_view(self._view).contributions()}
        changes = []
        for key, after in moved.items():
            was = before.get(key, Decimal(0))
            now = was if after is None else round_to(after, self.after.quantum)
            if key in before or now:
                changes.append(ContributionChange(key, was, now, plain(EXACT.subtract(now, was))))
        # Sorting is stable: equal ones stay in the order in which the lines reach them.
        return tuple(sorted(changes, key=lambda one: (-abs(one.difference_kg_co2e), -abs(one.after_kg_co2e)))[:first])


def what_if(view: View, changed: Mapping[int, Process]) -> Outcome | NoAnswer:
    """The root's total if these processes were as given, by product key; all else is as the view has it.

    The view must hold every product that a changed process takes, with all that its own lines reach. Processes that
    come out as they were count as unchanged.
    """
    before = _figures(view.nodes[view.root_key].total)
    moved = {key: process for key, process in changed.items() if _differs(view.nodes[key], process)}
    if not moved:
        return Outcome(view, moved, before, before)
    graph = ChangedView.of(view, moved)
    own = _differences(view.nodes, graph, moved)
    solved = _solve(graph.matrix(), own)  # also where the differences are 0: is there an answer?
    if isinstance(solved, list):
        return NoAnswer(tuple(graph.keys[row] for row in sorted(set(solved))))
    if not own.any():
        return Outcome(view, moved, before, before)
    errors = [float(_input_error(view.nodes, key, moved[key])) if key in moved else 0.0 for key in graph.keys]
    return Outcome(view, moved, before, _after(before, solved, graph.root, np.array(errors)))


def _figures(total: Total) -> Figures:
    return Figures(total.components, total.quantum, total.excluding, total.including, total.lower, total.upper)


@dataclass(frozen=True, slots=True, eq=False)
class _Solved:
    """x: (rows, 13), COLUMNS and their sum excluding uptake; radius: of the certified interval of that sum, by row."""

    x: Floats
    radius: Floats
    scale: Scale


def _solve(matrix: Matrix, own: Floats) -> _Solved | list[int]:
    """x = own + A x with its certificate; the rows of the loops to blame where there is none.

    As `exchange.rollup.answer`, for rows that are all reached from the root: one loop leaves it without an answer.
    """
    size, counts = absolute(matrix), np.diff(matrix.indptr).astype(np.float64)
    found, scale = sweep(matrix, own[:, :EXCLUDING_COLUMN]), None
    if found.settled:
        scale = find_scale(size, counts, row_scale(size, own, found.x))
    if scale is None:
        loops = without_answer(size)
        if loops:
            return _rows(loops)
        found = solve(matrix, own[:, :EXCLUDING_COLUMN])
        if np.isfinite(found.x).all():
            start = row_scale(size, own, found.x)
            scale = find_scale(size, counts, start) or solve_scale(size, counts, own, start)
        if scale is None:  # refuse rather than answer wrongly
            return _rows(looped_components(size) or [np.arange(len(own))])
    x = np.column_stack((found.x, found.x[:, :EXCLUDING_WIDTH].sum(axis=1)))
    radius = radii(matrix, size, counts, own, x, scale)[:, EXCLUDING_COLUMN]
    return _Solved(x, radius, scale)


def _rows(loops: Sequence[Ints]) -> list[int]:
    return [int(row) for loop in loops for row in loop]


def _after(before: Figures, solved: _Solved, root: int, errors: Floats) -> Figures:
    """The shown total moved by the solved difference, rounded no finer than it was known before.

    errors: of each row, by how much its difference may be off because the totals that it is made of are rounded.
    """
    moved = [
        EXACT.add(shown, Decimal(difference))
        for shown, difference in zip(before.components, solved.x[root, :EXCLUDING_COLUMN].tolist(), strict=True)
    ]
    quantum = max(before.quantum, quantum_of(max(map(abs, moved))))
    components = tuple(round_to(value, quantum) for value in moved)
    carried = float(solved.scale.w[root] * (errors / solved.scale.u).max()) * (1 + 8 * ROUNDOFF)
    radius = EXACT.add(Decimal(float(solved.radius[root])), Decimal(carried))
    difference = Decimal(float(solved.x[root, EXCLUDING_COLUMN]))
    lower, upper = round_outward(
        EXACT.subtract(EXACT.add(before.lower, difference), radius),
        EXACT.add(EXACT.add(before.upper, difference), radius),
        quantum,
    )
    return Figures(components, quantum, plain(excluding(components)), plain(including(components)), lower, upper)


def _differs(node: ViewNode, process: Process) -> bool:
    return any(_own_difference(node, process)) or bool(_factor_differences(node, process))


def _own_difference(node: ViewNode, process: Process) -> Vector:
    """d' - d of one process, exactly."""
    return tuple(EXACT.subtract(new, old) for new, old in zip(process.own, node.own, strict=True))


def _factor_differences(node: ViewNode, process: Process) -> dict[tuple[int, bool], Decimal]:
    """(A' - A) of one process by supplier and whether delivered, exactly; zeros are left out."""
    found: dict[tuple[int, bool], Decimal] = {}
    for take in process.takes:
        at = (take.supplier_key, take.delivered)
        found[at] = EXACT.add(found.get(at, Decimal(0)), take.factor)
    for take in process_of(node).takes:
        at = (take.supplier_key, take.delivered)
        found[at] = EXACT.subtract(found.get(at, Decimal(0)), take.factor)
    return {at: factor for at, factor in found.items() if factor}


def _difference(nodes: Mapping[int, ViewNode], key: int, process: Process) -> Vector:
    """d' - d + (A' - A) x of one process, by component, exactly; a delivered line is worth x + o."""
    parts: list[Sequence[Decimal]] = [_own_difference(nodes[key], process)]
    for (supplier, delivered), factor in _factor_differences(nodes[key], process).items():
        total = nodes[supplier].total
        worth = [EXACT.multiply(factor, component) for component in total.components]
        if delivered:
            column = COLUMN[UNSPECIFIED]
            worth[column] = EXACT.add(worth[column], EXACT.multiply(factor, total.outbound))
        parts.append(worth)
    return add(parts)


def _input_error(nodes: Mapping[int, ViewNode], key: int, process: Process) -> Decimal:
    """|A' - A| times how far the shown totals may be from the exact ones, excluding uptake."""
    found = Decimal(0)
    for (supplier, delivered), factor in _factor_differences(nodes[key], process).items():
        total = nodes[supplier].total
        error = max(EXACT.subtract(total.upper, total.excluding), EXACT.subtract(total.excluding, total.lower))
        if delivered:
            size = max(abs(total.outbound), EXACT.multiply(total.quantum, Decimal(10) ** 11))
            error = EXACT.add(error, EXACT.multiply(size, _OUTBOUND_ERROR))
        found = EXACT.add(found, EXACT.multiply(abs(factor), error))
    return found


def _differences(nodes: Mapping[int, ViewNode], graph: ChangedView, moved: Mapping[int, Process]) -> Floats:
    """(rows, 13): d' - d + (A' - A) x by component, then their sum excluding uptake; each rounded to binary once."""
    found = np.zeros((len(graph.keys), EXCLUDING_COLUMN + 1))
    for key in moved:
        row = graph.row_of.get(key)
        if row is not None:
            term = _difference(nodes, key, moved[key])
            found[row] = [*map(float, term), float(excluding(term))]
    return found


def _contributions_moved(view: View, moved: Mapping[int, Process]) -> dict[int, Decimal | None]:
    """y' d' of every product that the root reaches before or after, nearest first; None: as before, exactly.

    From (I - A'^T) (y' - y) = (A' - A)^T y over what the root still reaches.
    """
    old, new = ChangedView.of(view, {}), ChangedView.of(view, moved)
    demand = _solved(old.transposed(), _asked(len(old.keys), old.root))
    added = np.zeros(len(new.keys))
    for row, key in enumerate(old.keys):
        if key not in new.row_of:  # its demand goes to 0, and with it what its lines took
            part = slice(int(old.starts[row]), int(old.starts[row + 1]))
            lines = zip((old.keys[to] for to in old.supplier[part].tolist()), old.factors[part].tolist(), strict=True)
            _spread(added, new, ((to, float(-demand[row] * factor)) for to, factor in lines))
        elif key in moved:
            changes = _factor_differences(view.nodes[key], moved[key]).items()
            _spread(added, new, ((to, float(demand[row]) * float(factor)) for (to, _), factor in changes))
    gained = _solved(new.transposed(), added)
    found: dict[int, Decimal | None] = {key: Decimal(0) for key in old.keys}
    for row, key in enumerate(new.keys):
        was = old.row_of.get(key)
        had = 0.0 if was is None else float(demand[was])
        own_moved = 0.0 if key not in moved else float(_own_moved(view.nodes, key, moved[key]))
        difference = had * own_moved + float(gained[row] * new.own_kg[row])
        before = 0.0 if was is None else float(demand[was] * old.own_kg[was])
        found[key] = EXACT.add(Decimal(before), Decimal(difference)) if difference else None
    return found


def _own_moved(nodes: Mapping[int, ViewNode], key: int, process: Process) -> Decimal:
    """By how much a process's own term moves, outbound logistics of its delivered lines included; excluding uptake."""
    found = excluding(_own_difference(nodes[key], process))
    for (supplier, delivered), factor in _factor_differences(nodes[key], process).items():
        if delivered:
            found = EXACT.add(found, EXACT.multiply(factor, nodes[supplier].total.outbound))
    return found


def _spread(added: Floats, graph: ChangedView, parts: Iterable[tuple[int, float]]) -> None:
    """Adds amounts to the rows of products, by key, that the changed view still reaches."""
    for key, amount in parts:
        row = graph.row_of.get(key)
        if row is not None:
            added[row] += amount


def _asked(rows: int, root: int) -> Floats:
    asked = np.zeros(rows)
    asked[root] = 1.0
    return asked


def _solved(matrix: Matrix, own: Floats) -> Floats:
    return np.asarray(solve(matrix, own[:, None]).x[:, 0])
