"""Valid until: when the first of the footprints that a result mainly rests on ends.

The minimum over the product itself and every contributor of at least one percent (absolute) of the total excluding
uptake, exclusive (docs/method.md, "Quality"). The contribution of product k is y_k d_k with y = (I - A^T)^-1 e_root
("Explanation"); outbound logistics count as their own product's.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from exchange.model.footprint import NEVER_DAY
from exchange.model.resolved import Ints
from exchange.rollup.answer import EXCLUDING_COLUMN, Answer
from exchange.rollup.solving import solve

CONTRIBUTION_MIN: Final = 0.01  # of the absolute total


def valid_until(solved: Answer, ends: Ints, row: int) -> int | None:
    """The exclusive day on which the result of a product's row stops holding; None: open.

    ends: of each product of the closure, the exclusive end of its chosen footprint's validity (NEVER_DAY: open).
    """
    total = abs(float(solved.x[row, EXCLUDING_COLUMN]))
    demand = np.zeros((solved.system.rows, 1))
    demand[row] = 1.0
    weight = solve(solved.system.matrix.T.tocsr(), demand).x[:, 0]
    contribution = np.abs(weight * solved.system.own[:, EXCLUDING_COLUMN])
    counts = np.flatnonzero((contribution >= CONTRIBUTION_MIN * total) & (contribution > 0))
    products = {row, *solved.system.product_of_row[counts].tolist()}
    first = int(ends[list(products)].min())
    return None if first == NEVER_DAY else first
