"""How much of other products rests on one: 1 - x' / x, with x' solved on the same view with that product worth nothing.

The difference x - x' is solved for itself, since the two may agree in most digits: it is x_p at the product, and at
every other one the sum of its lines' worth of it, a line to the product being worth x_p (and o_p where delivered).
So one solve answers for all products of a view (docs/method.md, "Explanation").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from exchange.model.view import ViewNode
from exchange.rollup.loops import reaching
from exchange.rollup.rounding import round_percent
from exchange.rollup.solving import solve
from exchange.rollup.system import csr


@dataclass(frozen=True, slots=True)
class Resting:
    """share_percent: of the product's shown total that rests on the one asked about; None where its total is 0. With
    credits it may be negative or above 100."""

    product_key: int
    share_percent: Decimal | None


def resting_on(nodes: Mapping[int, ViewNode], product_key: int) -> tuple[Resting, ...]:
    """Every other product whose visible lines lead to the product, largest share first, equal ones by key; those
    without a share come last.

    nodes: views of one viewer put together, each with everything that its lines name. Raises LookupError where a line
    leaves them.
    """
    if product_key not in nodes:
        return ()
    keys = np.array(sorted(nodes), dtype=np.int64)
    listed = [nodes[key] for key in keys.tolist()]
    suppliers = np.concatenate([node.lines.suppliers for node in listed]).astype(np.int64)
    if not np.isin(suppliers, keys).all():
        raise LookupError("a line names a product that is not among the nodes")
    consumer = np.repeat(np.arange(len(keys)), [len(node.lines.suppliers) for node in listed])
    supplier = np.searchsorted(keys, suppliers)
    factors = np.concatenate([node.lines.factors for node in listed]).astype(np.float64)
    delivered = np.concatenate([node.lines.delivered for node in listed]).astype(np.bool_)
    product = int(np.searchsorted(keys, product_key))
    total = nodes[product_key].total
    worth = float(total.excluding) + np.where(delivered, float(total.outbound), 0.0)
    there = supplier == product
    rest = ~there
    # What its own row comes to is not read: no line to it is left.
    lost = np.bincount(consumer[there], (factors * worth)[there], minlength=len(keys))
    matrix = csr(consumer[rest], supplier[rest], factors[rest], len(keys))
    difference = solve(matrix, lost.astype(np.float64)[:, None]).x[:, 0]
    targets = np.arange(len(keys)) == product
    reached = reaching(csr(consumer, supplier, np.ones(len(factors)), len(keys)), targets) & ~targets
    found = [
        Resting(listed[row].product_key, _share(float(difference[row]), float(listed[row].total.excluding)))
        for row in np.flatnonzero(reached).tolist()
    ]
    return tuple(sorted(found, key=lambda one: (one.share_percent is None, -(one.share_percent or Decimal(0)))))


def _share(part: float, whole: float) -> Decimal | None:
    return round_percent(100 * part / whole) if whole else None
