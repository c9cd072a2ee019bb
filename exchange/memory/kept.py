"""Closures that were solved and are kept for whoever asks next, for as long as nothing in them has moved.

What is kept is what was cut out, certified and solved for one sequence of products asked about; so it is, to the last
bit, what would be computed again. It rests on every product that the closure holds or that one of its lines names
(`Cut.mentioned`) and on nothing else: which versions of these stand and until when, and what their lines name and
resolve to. All of that is stamped when it moves (`Moves`), and looked at before anything is handed out. Who owns and
sees these products is kept beside it and found anew when a grant on one of them is touched.

Nothing of a viewer is kept. The least recently used give way to what is new.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from exchange.memory.closure import Cut
from exchange.memory.layout import NOBODY
from exchange.memory.present import Present
from exchange.memory.rights import Rights, rights
from exchange.model.closure import Dates
from exchange.model.footprint import Footprint
from exchange.rollup.roll_up import Solution

ROOTS_MAX: Final = 1_000  # of one closure: larger lists are not asked for twice
ROW_BYTES, LINE_BYTES = 2_500, 200  # what solving leaves behind takes at most so much
ROOT_BYTES, LEAST_BYTES = 8_000, 16_000  # of each product asked about, and of the closure itself
SHARE_MAX: Final = 4  # one closure takes at most so much of the room: a fourth


class KeptClosure:
    """One of them. Immutable but for its rights, and for what is computed when it is first asked for."""

    def __init__(self, present: Present, cut: Cut, found: Rights) -> None:
        """`cut`: out of `present` as it stands; `found`: the rights now of what it mentions."""
        self.cut, self.rights = cut, found
        self._moves = present.moves
        self._step = self._rights_step = present.moves.step
        self._solved: Solution | None = None

    @property
    def roots(self) -> tuple[int, ...]:
        return self.cut.roots

    @property
    def nbytes(self) -> int:
        """Bytes that it takes at most, once everything about the products asked for was asked."""
        cut = self.cut
        of_roots = ROOT_BYTES * len(cut.roots)
        return LEAST_BYTES + ROW_BYTES * len(cut.keys) + LINE_BYTES * cut.lines + of_roots

    @property
    def is_solved(self) -> bool:
        return self._solved is not None

    def solution(self, roots: Mapping[int, Footprint]) -> Solution:
        """The certified roll-up for one request, solved if nobody has; `roots` as in `Cut.solve`."""
        if self._solved is None:
            solved = self.cut.solve(roots)
            solved.prepare()
            self._solved = solved
        self.cut.hand_in(roots)
        return self._solved.again()

    def is_of(self, present: Present) -> bool:
        return self._moves is present.moves

    def holds(self) -> bool:
        """Whether nothing that it rests on has moved."""
        moves = self._moves
        if moves.results_since(self._step, self.rights.keys):
            return False
        self._step = moves.step
        return True

    def rights_hold(self) -> bool:
        """Whether no grant on any of its products was touched."""
        moves = self._moves
        if moves.rights_since(self._rights_step, self.rights.keys):
            return False
        self._rights_step = moves.step
        return True

    def find_rights(self, present: Present, now: Dates) -> None:
        """Finds the rights anew at `now`, for which the present has to hold."""
        self.rights, self._rights_step = rights(present.tables, self.rights.keys, now), self._moves.step


def may_be_kept(cut: Cut, found: Rights) -> bool:
    """Whether all that an answer rests on is known: not of a closure that was too large to be walked to its end, nor
    where a product was asked about that was not there yet."""
    if cut.too_large or len(cut.roots) > ROOTS_MAX:
        return False
    mentioned = np.unique(cut.mentioned)
    return np.array_equal(mentioned[mentioned != NOBODY], found.keys)


@dataclass(frozen=True, slots=True)
class Closure:
    """What was cut out of the graph for one question, and who owns and sees what is in it, at the question's now.
    kept: what it is, or may be, kept as for the next; None: it may not."""

    cut: Cut
    rights: Rights
    kept: KeptClosure | None = None


class KeptClosures:
    """Those of one present, the least recently used first."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[int, ...], KeptClosure] = OrderedDict()
        self.nbytes = 0

    def __len__(self) -> int:
        return len(self._kept)

    def __contains__(self, closure: KeptClosure) -> bool:
        return self._kept.get(closure.roots) is closure

    @property
    def roots(self) -> list[tuple[int, ...]]:
        """What was asked about, of each."""
        return list(self._kept)

    def find(self, present: Present, roots: Sequence[int]) -> KeptClosure | None:
        """What is kept of these products asked about together, in this order, if it still holds."""
        key = tuple(roots)
        found = self._kept.get(key)
        if found is None:
            return None
        if not found.is_of(present) or not found.holds():
            self._drop(key)
            return None
        self._kept.move_to_end(key)
        return found

    def keep(self, closure: KeptClosure, room: int) -> None:
        """Keeps a closure; `room`: the bytes that all of them may take."""
        if closure.roots in self._kept:
            self._drop(closure.roots)
        if closure.nbytes * SHARE_MAX <= room:
            self._kept[closure.roots] = closure
            self.nbytes += closure.nbytes
        self.shrink(room)

    def shrink(self, room: int) -> None:
        """Lets go of those that were used least recently, until the others need no more than `room` bytes."""
        while self.nbytes > room and self._kept:
            self._drop(next(iter(self._kept)))

    def clear(self) -> None:
        self._kept.clear()
        self.nbytes = 0

    def _drop(self, roots: tuple[int, ...]) -> None:
        self.nbytes -= self._kept.pop(roots).nbytes
