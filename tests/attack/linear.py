"""The attacker: what it was told, as linear equations, and what they leave open of a hidden total.

Unknown are, of each product, its total by component, the part of it that rests on primary data, and its total weighted
with the temporal rating. Known: what the answers of one or several viewers say, within the rounding that is shown; of
recipes either the lines that were shown, or all of them; that direct emissions have a sign, that at most all of them
are primary, and that ratings are from 1 to 5. What a line brings is amount times total, so all of it is linear. HiGHS
minimises and maximises each hidden total (`scipy.optimize.linprog`).

What the attacker leaves out is not linear, and says less of a total: spreads, validity to the month, exempted percent
(a weight that nothing ties to the total).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array, vstack
from scipy.sparse.csgraph import connected_components

from exchange.model.resolved import Floats, Ints
from tests.attack.graphs import SIGNS
from tests.attack.told import Told, ToldLine, ToldShare

SLACK = 1e-9  # of the numbers in a row: about a thousand times what rounding leaves open
SOLVED, UNBOUNDED = 0, 3  # statuses of linprog
PRIMARY, RATED = "primary", "rated"
SQUEEZES = 25  # as many lines one after the other as what is known may be away
Recipe = Sequence[tuple[str, float, ToldLine]]  # suppliers, how much of each, and the line


@dataclass(frozen=True, slots=True)
class Bounds:
    """What is left open of a hidden total, kg per unit; infinite where nothing bounds it."""

    lower: float
    upper: float

    @property
    def error(self) -> float:
        """How wrong the middle can be, relative to it: 0.2 means that the total is known within 20 percent."""
        if not np.isfinite(self.lower) or not np.isfinite(self.upper):
            return np.inf
        width, middle = self.upper - self.lower, abs(self.upper + self.lower) / 2
        return 0.0 if width <= 0 else np.inf if middle == 0 else width / 2 / middle


class Attacker:
    """Equations of one state of the graph. names: all products. recipes: lines that count, of each product whose
    recipe is known, whole or in part; `whole`: those of which it is all lines that count."""

    def __init__(
        self,
        names: Sequence[str],
        columns: Sequence[str],
        recipes: Mapping[str, Recipe],
        whole: Iterable[str],
        told: Sequence[Told],
        same_direct: Sequence[tuple[str, str]] = (),
    ) -> None:
        # Weights of quality are of absolute values: linear where all emissions have one sign.
        quality = [PRIMARY, RATED] if all(SIGNS[name] > 0 for name in columns) else []
        self._row_of = {name: row for row, name in enumerate(names)}
        self._blocks = {name: block for block, name in enumerate([*columns, *quality])}
        self._columns, self._recipes, self._whole = columns, recipes, frozenset(whole)
        self._known = np.full(len(names) * len(self._blocks), np.nan)
        self._entries: list[tuple[int, int, float]] = []
        self._lower: list[float] = []
        self._upper: list[float] = []
        for each in told:
            self._read_totals(each)
        for name in names:
            self._add_recipe(name, quality=bool(quality))
        for each in told:
            self._read_parts(each)
        for one, other in same_direct:
            for column in columns:
                row = self._own(column, one)
                for at, value in self._own(column, other).items():
                    row[at] = row.get(at, 0.0) - value
                self._add(row, 0.0, 0.0)
        self.alike = bool(same_direct)
        self._solve_apart()
        self._squeeze()

    # -- rows ------------------------------------------------------------------------------------------------------

    def _at(self, block: str, name: str) -> int:
        return self._blocks[block] * len(self._row_of) + self._row_of[name]

    def _add(self, row: Mapping[int, float], lower: float, upper: float) -> None:
        number = len(self._lower)
        self._entries += [(number, column, value) for column, value in row.items()]
        self._lower.append(lower)
        self._upper.append(upper)

    def _own(self, block: str, name: str, recipe: Recipe | None = None, *, primary: bool = False) -> dict[int, float]:
        """What the known lines of a product do not bring. primary: through lines whose amount is primary."""
        row = {self._at(block, name): 1.0}
        for supplier, amount, one in self._recipes.get(name, ()) if recipe is None else recipe:
            if one.primary or not primary:
                at = self._at(block, supplier)
                row[at] = row.get(at, 0.0) - amount
        return row

    def _own_of_all(self, name: str, factor: float) -> dict[int, float]:
        found: dict[int, float] = {}
        for column in self._columns:
            found |= {at: factor * value for at, value in self._own(column, name).items()}
        return found

    def _read_totals(self, told: Told) -> None:
        for name, product in told.products.items():
            total = float(sum(product.components.values()))
            for column, amount in product.components.items():
                self._known[self._at(column, name)] = float(amount)
            if PRIMARY in self._blocks:
                self._known[self._at(PRIMARY, name)] = float(product.primary_percent) / 100 * total
                self._known[self._at(RATED, name)] = float(product.temporal_rating) * total

    def _add_recipe(self, name: str, *, quality: bool) -> None:
        """What known lines do not bring has the sign of emissions; so has its primary part, and what is not."""
        for column in self._columns:
            sign = SIGNS[column]
            self._add({at: sign * value for at, value in self._own(column, name).items()}, 0.0, np.inf)
        if quality:
            primary, rated = self._own(PRIMARY, name, primary=True), self._own(RATED, name)
            self._add(primary, 0.0, np.inf)
            self._add(primary | self._own_of_all(name, -1.0), -np.inf, 0.0)
            self._add(rated | self._own_of_all(name, -1.0), 0.0, np.inf)
            self._add(rated | self._own_of_all(name, -5.0), -np.inf, 0.0)

    def _read_parts(self, told: Told) -> None:
        for name, product in told.products.items():
            if product.direct is not None and name in self._whole:
                for column, amount in product.direct.items():
                    self._add(self._own(column, name), float(amount), float(amount))
            for stage, amount in (product.by_stage or {}).items():
                self._add_sum(name, lambda one, stage=stage: one.stage == stage, amount)
            if product.packaging is not None:
                self._add_sum(name, lambda one: one.packaging, product.packaging)
        for root, shares in told.contributions.items():
            self._read_contributions(told, root, shares)
        for root, shares in told.trees.items():
            width = _width(told, root)
            for one in shares:
                assert one.amount is not None
                assert one.total_kg is not None
                row = {self._at(column, one.product): float(one.amount) for column in self._columns}
                self._add(row, float(one.total_kg) - width, float(one.total_kg) + width)

    def _add_sum(self, name: str, which, amount: Decimal) -> None:
        """Known lines bring at most this: there may be direct emissions in it, and lines that are not known. All
        columns together, where none of them is negative."""
        if any(SIGNS[column] < 0 for column in self._columns):
            return
        row: dict[int, float] = {}
        for supplier, factor, one in self._recipes.get(name, ()):
            if which(one):
                for column in self._columns:
                    at = self._at(column, supplier)
                    row[at] = row.get(at, 0.0) + factor
        if row:
            self._add(row, -np.inf, float(amount))

    def _read_contributions(self, told: Told, root: str, shares: Sequence[ToldShare]) -> None:
        """Own term times demand, where the demand follows from the lines that this viewer is shown."""
        shown = {name: _shown_recipe(product.lines, self._row_of) for name, product in told.products.items()}
        demand, width = _demand(root, shown), _width(told, root)
        for one in shares:
            row: dict[int, float] = {}
            for column in self._columns:
                own = self._own(column, one.product, shown[one.product])
                row |= {at: demand[one.product] * value for at, value in own.items()}
            self._add(row, float(one.own_kg) - width, float(one.own_kg) + width)

    # -- solving ---------------------------------------------------------------------------------------------------

    def _solve_apart(self) -> None:
        """Known numbers are put in; what is left falls into parts that have nothing to do with each other."""
        rows, columns, values = (np.array(each) for each in zip(*self._entries, strict=True))
        shape = (len(self._lower), len(self._known))
        matrix = csr_array((values.astype(np.float64), (rows.astype(np.int64), columns.astype(np.int64))), shape)
        known = np.nan_to_num(self._known)
        moved, scale = matrix @ known, abs(matrix) @ abs(known)
        given = np.abs(np.nan_to_num([self._lower, self._upper], posinf=0.0, neginf=0.0)).max(axis=0)
        slack = SLACK * (scale + given)
        self._low, self._high = np.array(self._lower) - moved - slack, np.array(self._upper) - moved + slack
        self._open = np.flatnonzero(np.isnan(self._known))
        self._matrix = csr_array(matrix[:, self._open])
        self.contradicted = bool(
            ((np.diff(self._matrix.indptr) == 0) & ((self._low > 0) | (self._high < 0))).any(),
        )
        graph = self._matrix.T @ self._matrix
        _, self._part = connected_components(abs(graph), directed=False)
        rows_of = self._matrix.indptr
        first = self._matrix.indices[np.minimum(rows_of[:-1], max(0, self._matrix.nnz - 1))]
        self._part_of_row = np.where(np.diff(rows_of) > 0, self._part[first], -1)

    def _squeeze(self) -> None:
        """What single rows say one after the other: a product carries what its inputs carry at least, an input what
        its consumer carries at most. Wider than the programs' bounds, and found at once."""
        count, names = len(self._row_of), list(self._row_of)
        lines = [
            (self._row_of[name], self._row_of[supplier], a)
            for name in names
            for supplier, a, _ in self._recipes.get(name, ())
        ]
        consumer, supplier = (np.array([one[at] for one in lines], dtype=np.int64) for at in (0, 1))
        amount = np.array([one[2] for one in lines])
        self._least, self._most = np.zeros(count), np.zeros(count)
        for column in self._columns:
            known = abs(self._known[self._blocks[column] * count :][:count])
            least, most = np.nan_to_num(known), np.where(np.isnan(known), np.inf, known)
            for _ in range(SQUEEZES):
                brought = np.bincount(consumer, amount * least[supplier], minlength=count)
                least = np.where(np.isnan(known), np.maximum(least, brought), least)
                others = brought[consumer] - amount * least[supplier]
                np.minimum.at(most, supplier, (most[consumer] - others) / amount)
            self._least += SIGNS[column] * np.where(SIGNS[column] > 0, least, most)
            self._most += SIGNS[column] * np.where(SIGNS[column] > 0, most, least)

    def squeezed(self, name: str) -> Bounds:
        """What is left open at most."""
        row = self._row_of[name]
        return Bounds(float(self._least[row]), float(self._most[row]))

    def bounds(self, name: str) -> Bounds:
        """The least and the most that the hidden total of a product can be, excluding biogenic uptake."""
        wanted = [self._at(column, name) for column in self._columns]
        where = np.searchsorted(self._open, wanted)
        rows = np.flatnonzero(np.isin(self._part_of_row, self._part[where]))
        columns = np.flatnonzero(np.isin(self._part, self._part[where]))
        objective = np.zeros(len(columns))
        objective[np.searchsorted(columns, where)] = 1.0
        part = csr_array(self._matrix[rows][:, columns])
        limits = self._limits(columns)
        least, most = (self._optimum(sign * objective, part, rows, limits) for sign in (1.0, -1.0))
        return Bounds(least, -most)

    def _limits(self, columns: Ints) -> Floats:
        """Totals have a sign, as their parts have."""
        count = len(self._row_of)
        signs = np.array([SIGNS.get(name, 1) for name in self._blocks])[self._open[columns] // count]
        return np.stack([np.where(signs > 0, 0.0, -np.inf), np.where(signs > 0, np.inf, 0.0)], axis=1)

    def _optimum(self, objective: Floats, part: csr_array, rows: Ints, limits: Floats) -> float:
        above, below = np.isfinite(self._high[rows]), np.isfinite(self._low[rows])
        matrix = csr_array(vstack([part[above], -part[below]]))
        limit = np.concatenate([self._high[rows][above], -self._low[rows][below]])
        for presolve in (True, False):  # what is removed before may make a program look infeasible by rounding
            done = linprog(  # type: ignore[call-overload]
                objective, A_ub=matrix, b_ub=limit, bounds=limits, method="highs", options={"presolve": presolve}
            )
            if done.status in {SOLVED, UNBOUNDED}:
                break
        if done.status == UNBOUNDED:
            return -np.inf
        assert done.status == SOLVED, done.message
        return float(done.fun)


def _width(told: Told, root: str) -> float:
    """Of the shown interval: what is shown of a root's parts is rounded to a part of it."""
    return float(told.products[root].upper - told.products[root].lower)


def _shown_recipe(lines: Sequence[ToldLine] | None, known: Mapping[str, int]) -> Recipe:
    return [(one.supplier, float(one.amount), one) for one in lines or () if one.supplier in known]


def _demand(root: str, recipes: Mapping[str, Recipe]) -> dict[str, float]:
    """Units of each product that one unit of the root takes, through these lines."""
    names = list(recipes)
    at = {name: row for row, name in enumerate(names)}
    matrix = np.eye(len(names))
    for name, recipe in recipes.items():
        for supplier, amount, _ in recipe:
            if supplier in at:
                matrix[at[supplier], at[name]] -= amount
    asked = np.zeros(len(names))
    asked[at[root]] = 1.0
    return dict(zip(names, np.linalg.solve(matrix, asked).tolist(), strict=True))
