"""Everybody's results of the graph in memory, kept from one question to the next; only what moved is computed anew."""

from __future__ import annotations

import logging
from collections.abc import Iterable

import numpy as np

from exchange.memory import NoAnswer, Present, Whole, whole_of
from exchange.model.resolved import Ints
from exchange.operations.turns import beside

log = logging.getLogger(__name__)


class Everybody:
    """Those of one LiveGraph, which asks for one thing at a time. All of its methods belong to the event loop."""

    def __init__(self) -> None:
        self._whole: Whole | None = None
        self._moved: set[int] = set()  # products whose results `_whole` has yet to take over

    @property
    def nbytes(self) -> int:
        return 0 if self._whole is None else self._whole.nbytes

    def drop(self) -> None:
        """Nothing is kept any more."""
        self._whole, self._moved = None, set()

    def move(self, products: Iterable[int]) -> None:
        """These may have another result by now."""
        if self._whole is not None:
            self._moved.update(products)

    async def at(self, present: Present) -> Whole | None:
        """The results of a present as it stands; None: some loop has no answer."""
        kept, moved = self._whole, np.array(sorted(self._moved), dtype=np.int64)
        self.drop()
        try:
            self._whole = await beside(lambda: whole_of(present, kept, moved))
        except NoAnswer as error:
            log.warning("some loop has no answer, so there are no results of everybody: %s", error)
        return self._whole

    async def renew(self, present: Present) -> Ints | None:
        """Solves all from nothing and keeps that. Returns the keys of the products whose kept results were not what
        comes out; None: there was nothing to compare."""
        whole = await self.at(present)
        if whole is None:
            return None
        self.drop()
        try:
            differing = await beside(whole.renew)
        except NoAnswer as error:  # the kept ones came to an end, these did not: the next question begins anew
            log.warning("everybody's results could not be solved from nothing: %s", error)
            return None
        self._whole = whole
        return differing
