"""The supply paths worth most: from the root along lines to the product whose own term is emitted.

A path's worth is the product of its factors times the own term at its end. All paths together, loops walked any number
of times, are the total (Defourny and Thorbecke 1984; docs/method.md, "Explanation"). Best-first: m_j, the most that
any single path from j on can be worth (m_j = max(|own_j|, max_i |a_ji| m_i)), bounds what lies behind an unfinished
path, so that paths come out in their order and nothing larger is missing, unless the search says that it stopped.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Context, Decimal
from heapq import heappop, heappush
from typing import Final

import numpy as np

from exchange.model.resolved import Floats, Ints
from exchange.rollup.rounding import round_significant, round_to
from exchange.rollup.solving import solve
from exchange.rollup.system import absolute
from exchange.rollup.view_columns import ViewColumns

PATHS_MAX: Final = 100  # a page
PATH_LINES_MAX: Final = 50  # longer than any chain that a person reads; loops could go on for ever
PATH_NODES_MAX: Final = 20_000  # places looked at: a fraction of a second
_SWEEPS_MAX: Final = 64  # as many lines as the best path of a product has, which rarely are more than twenty
_DIGITS: Final = Context(prec=60)  # a factor has 34 digits: no path loses any that is shown


@dataclass(frozen=True, slots=True)
class PathStep:
    """line: number of the line that takes the product, None for the root. amount: declared units of it that one
    declared unit of the root takes on this path, twelve significant digits."""

    product_key: int
    line: int | None
    amount: Decimal


@dataclass(frozen=True, slots=True)
class SupplyPath:
    """own_kg_co2e: of the last step's product on this path, per declared unit of the root, excluding uptake; outbound
    logistics of its delivered lines included. broken_down: that own term is direct emissions, shown as such."""

    steps: tuple[PathStep, ...]
    own_kg_co2e: Decimal
    share_percent: Decimal
    broken_down: bool


@dataclass(frozen=True, slots=True)
class TopPaths:
    """coverage_percent: of the root's total that the paths explain together. complete: no path that is left out is
    worth more than one that is there; False where the search stopped at PATH_NODES_MAX or PATH_LINES_MAX."""

    paths: tuple[SupplyPath, ...]
    coverage_percent: Decimal
    complete: bool


@dataclass(frozen=True, slots=True, eq=False)
class _Path:
    """A path's end; `line` that leads to it, in the view's column."""

    row: int
    weight: float
    before: _Path | None = None
    line: int = -1
    length: int = 0


def top_paths(view: ViewColumns, first: int, *, nodes_max: int = PATH_NODES_MAX) -> TopPaths:
    """At most `first` paths, largest absolute own emissions first; those worth nothing are left out."""
    search = _Search(view, nodes_max)
    found = []
    for path in search.best_first():
        found.append(path)
        if len(found) == first:
            break
    shown, explained = [], Decimal(0)
    own_kg = {row: view.exact_own_kg(row) for row in {path.row for path in found}}
    for path in found:
        steps, kilograms = _exactly(view, path, own_kg[path.row])
        shown_kg = round_to(kilograms, view.total.quantum)
        explained = _DIGITS.add(explained, shown_kg)
        broken_down = view.nodes[path.row].broken_down
        shown.append(SupplyPath(steps, shown_kg, view.share_percent(shown_kg), broken_down))
    whole = search.exhausted and not search.stopped
    return TopPaths(tuple(shown), _coverage_percent(view, explained, whole), not search.stopped)


def _coverage_percent(view: ViewColumns, explained: Decimal, whole: bool) -> Decimal:
    """What the paths found are together, in percent of the root's total, both as shown. whole: there are no others.

    Each result is rounded by itself, so the paths' sum misses the total by rounding: all of them are 100, and where
    nothing in the view lowers a total, some of them are never more.
    """
    total = view.total.excluding
    if whole or not total:
        return Decimal(100 if whole else 0)
    percent = view.share_percent(explained)
    lowered = view.factors.min(initial=0.0) < 0 or view.own_kg.min(initial=0.0) < 0
    return percent if lowered else min(percent, Decimal(100))


@dataclass(slots=True, eq=False)
class _Search:
    """Unfinished paths and finished ones wait by the most that they can be worth; the largest comes first.

    stopped: whether a larger path may have been missed.
    """

    view: ViewColumns
    nodes_max: int
    stopped: bool = False
    _bound: Floats = field(init=False)
    _largest_first: dict[int, Ints] = field(default_factory=dict)
    _waiting: list[tuple[float, int, _Path, Iterator[_Path] | None]] = field(default_factory=list)

    @property
    def exhausted(self) -> bool:
        """Whether there is no further path that is worth anything."""
        return not self._waiting

    def best_first(self) -> Iterator[_Path]:
        self._bound = most_of_one_path(self.view)
        own_kg = self.view.own_kg
        waiting = self._waiting
        pushed, looked_at = 0, 0

        def wait_for(path: _Path, worth: float, siblings: Iterator[_Path] | None) -> None:
            nonlocal pushed
            if worth > 0:
                pushed += 1
                heappush(waiting, (-worth, pushed, path, siblings))

        def wait_for_next(siblings: Iterator[_Path]) -> None:
            """The largest sibling not looked at yet: no more than one of each consumer waits."""
            for path in siblings:
                wait_for(path, abs(path.weight) * float(self._bound[path.row]), siblings)
                return

        wait_for_next(iter([_Path(self.view.root, 1.0)]))
        while waiting:
            _, _, path, siblings = heappop(waiting)
            if siblings is None:
                yield path
                continue
            if looked_at == self.nodes_max:
                self.stopped = True
                return
            looked_at += 1
            wait_for_next(siblings)
            wait_for(path, abs(path.weight * float(own_kg[path.row])), None)
            if path.length < PATH_LINES_MAX:
                wait_for_next(self._behind(path))
            elif len(self.view.lines_of(path.row)):
                self.stopped = True

    def _behind(self, path: _Path) -> Iterator[_Path]:
        """One line further, by the most that a path behind it can be worth; equal ones in the order of lines."""
        view, lines = self.view, self.view.lines_of(path.row)
        if path.row not in self._largest_first:
            part = slice(lines.start, lines.stop)
            worth = np.abs(view.factors[part]) * self._bound[view.supplier[part]]
            self._largest_first[path.row] = lines.start + np.argsort(-worth, kind="stable")
        for line in self._largest_first[path.row].tolist():
            weight = path.weight * float(view.factors[line])
            yield _Path(int(view.supplier[line]), weight, path, line, path.length + 1)


def most_of_one_path(view: ViewColumns) -> Floats:
    """Of each row m, what the largest single path from it on is worth, absolute; or an upper bound of it.

    Sweeps m <- max(|own|, max |a| m) from below come to rest at m, since no loop of a certified closure gains. Where
    best paths are too long for that, they begin from above: (I - |A|)^-1 |own| is the sum over all paths, and a sweep
    leaves a bound a bound.
    """
    own = np.abs(view.own_kg)
    filled = np.flatnonzero(np.diff(view.starts))
    if not len(filled):
        return own
    starts, weights = view.starts[filled], np.abs(view.factors)

    def sweep(most: Floats) -> Floats:
        swept = own.copy()
        swept[filled] = np.maximum(own[filled], np.maximum.reduceat(weights * most[view.supplier], starts))
        return swept

    most = own
    for _ in range(_SWEEPS_MAX):
        before, most = most, sweep(most)
        if np.array_equal(before, most):
            return most
    most = np.maximum(solve(absolute(view.matrix()), own[:, None]).x[:, 0], own)
    if not np.isfinite(most).all():
        raise ArithmeticError("a view whose loops have no answer")
    for _ in range(_SWEEPS_MAX):
        most = np.minimum(most, sweep(most))
    return most


def _exactly(view: ViewColumns, path: _Path, own_kg: Decimal) -> tuple[tuple[PathStep, ...], Decimal]:
    """A path's steps, and what its end emits on it, by exact factors. own_kg: of one declared unit of the end."""
    ends = []
    at: _Path | None = path
    while at is not None:
        ends.append(at)
        at = at.before
    amount, steps = Decimal(1), []
    for end in reversed(ends):
        if end.before is not None:
            amount = _DIGITS.multiply(amount, view.factor(end.line))
        number = None if end.before is None else view.number(end.line)
        steps.append(PathStep(view.nodes[end.row].product_key, number, round_significant(amount)))
    return tuple(steps), _DIGITS.multiply(amount, own_kg)
