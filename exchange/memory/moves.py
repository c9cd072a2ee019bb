"""When each product last moved, so that whatever was computed before is known to hold, or not, by looking at it alone.

Two stamps a product, each the number of the step (an `advance` of the present) that moved it last. Nothing is ever
forgotten, so what was computed any number of steps ago can be asked about, in the time of one look at its products.
"""

from __future__ import annotations

import numpy as np

from exchange.memory.columns import Array, Column


class Moves:
    """Of one present. step: how many times it has gone on."""

    def __init__(self) -> None:
        self.step = 0
        self._results = Column(np.int32)
        self._rights = Column(np.int32)

    @property
    def nbytes(self) -> int:
        return self._results.nbytes + self._rights.nbytes

    def begin(self, products: int) -> None:
        """A step begins, of so many products."""
        self.step += 1
        self._results.resize(products)
        self._rights.resize(products)

    def results(self, products: Array) -> None:
        """In this step something else stands for these products than before, or ends on another day, or a line of
        theirs names or resolves to something else."""
        self._results.values[products] = self.step

    def rights(self, products: Array) -> None:
        """In this step a grant on these products may have been given, revoked, begun or ended."""
        self._rights.values[products] = self.step

    def results_since(self, step: int, products: Array) -> bool:
        """Whether any of these products moved after a step, so far as results are concerned."""
        return _since(self._results, step, self.step, products)

    def rights_since(self, step: int, products: Array) -> bool:
        """The same of grants."""
        return _since(self._rights, step, self.step, products)


def _since(stamps: Column, step: int, now: int, products: Array) -> bool:
    return step < now and bool((stamps.values[products] > step).any())
