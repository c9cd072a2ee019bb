"""How much the total follows each of its parts: percent of the result per percent of a line or of an own term.

With y = (I - A^T)^-1 e_root, the derivative of x_root by the factor of a line of j to i is y_j x_i, and by an own term
y_j; so the elasticities are y_j a_ji (x_i + o_i where delivered) / x_root and y_j own_j / x_root. They are exact
derivatives on loops too (docs/method.md, "Explanation"; Heijungs and Suh 2002 on perturbation).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import numpy as np

from exchange.rollup.own_terms import excluding
from exchange.rollup.rounding import round_percent
from exchange.rollup.view_columns import ViewColumns

ELASTICITIES_MAX: Final = 1_000  # more than anybody reads


@dataclass(frozen=True, slots=True)
class Elasticity:
    """Percent by which the root's total changes per percent of one of its parts, ten decimals.

    consumer_key: whose line or own term it is. line, supplier_key: None for an own term. broken_down: False for an
    own term that holds what is not shown: a closed total, or the rest of one.
    """

    consumer_key: int
    line: int | None
    supplier_key: int | None
    elasticity: Decimal
    broken_down: bool


def elasticities(view: ViewColumns, first: int) -> tuple[Elasticity, ...] | None:
    """The largest absolute ones, at most `first`; those that are zero are left out. None: the total is 0, of which
    nothing is a percentage."""
    root_kg = float(view.total.excluding)
    if not root_kg:
        return None
    of_lines = view.demand[view.consumer] * view.factors * (view.total_kg[view.supplier] + view.outbound_kg)
    own = np.array([float(excluding(node.own)) for node in view.nodes])
    values = np.concatenate((view.demand * own, of_lines)) / root_kg
    found = []
    for at in np.argsort(-np.abs(values), kind="stable")[:first].tolist():
        value = round_percent(float(values[at]))
        if not value:
            break
        found.append(_own(view, at, value) if at < len(own) else _line(view, at - len(own), value))
    return tuple(found)


def _own(view: ViewColumns, row: int, value: Decimal) -> Elasticity:
    node = view.nodes[row]
    return Elasticity(node.product_key, None, None, value, node.broken_down)


def _line(view: ViewColumns, line: int, value: Decimal) -> Elasticity:
    consumer, supplier = (view.nodes[int(rows[line])].product_key for rows in (view.consumer, view.supplier))
    return Elasticity(consumer, view.number(line), supplier, value, broken_down=True)
