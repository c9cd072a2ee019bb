"""All sets of a quarter together: what is published of one must not tell a few groups apart beside another.

Two published sets with groups in common differ, in either direction, by none or by at least five groups; so do a parent
category and all its published children together. That holds across categories and across alliances, and whether the
editions are new or have stayed. A group counts as different where its value is: it may add other products to each.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from exchange.benchmarks.comparable import ComparableSet, Contribution
from exchange.benchmarks.editions import (
    CHANGED_GROUPS_MIN,
    Edition,
    Numbers,
    Outcome,
    Status,
    WhyNot,
    changed_groups,
    numbers_of,
)
from exchange.model.footprint import SystemBoundary
from exchange.units import Dimension

APART_GROUPS_MIN: Final = 5

SetId = tuple[str, ComparableSet]  # alliance, set
Parents = Mapping[str, str]  # category -> the category above it; a fixed tree, the same for everybody


@dataclass(frozen=True, slots=True)
class Candidate:
    """A set of an alliance, as it is at the end of a quarter."""

    alliance_id: str
    key: ComparableSet
    members: tuple[Contribution, ...]


def release(
    candidates: Iterable[Candidate], last: Mapping[SetId, Edition], parents: Parents, quarter: str
) -> dict[SetId, Outcome]:
    """What holds of every set in this quarter. last: the editions in force, by alliance and set.

    Deeper categories come first, then by name: the order does not depend on any value. An edition in force stays in
    force, and what follows has to keep its distance from it.
    """
    tree = _Tree(parents)
    in_force = _InForce(last, tree)
    found: dict[SetId, Outcome] = {}
    for candidate in sorted(candidates, key=lambda one: (-len(tree.above(one.key.category)), one.key, one.alliance_id)):
        at = candidate.alliance_id, candidate.key
        before = in_force.editions.get(at)
        made = _edition(candidate, before, quarter)
        if isinstance(made, Edition):
            in_force.put(at, made)
            if in_force.keeps_distance(at):
                found[at] = Outcome(Status.NEW, made, None)
                continue
            in_force.put(at, before)
            made = WhyNot.TOO_CLOSE_TO_ANOTHER
        found[at] = Outcome(Status.NONE if before is None else Status.KEPT, before, made)
    return found


def _edition(candidate: Candidate, before: Edition | None, quarter: str) -> Edition | WhyNot:
    numbers = numbers_of(candidate.members)
    members = frozenset(candidate.members)
    if isinstance(numbers, Numbers):
        if before is not None and len(changed_groups(members, before.members)) < CHANGED_GROUPS_MIN:
            return WhyNot.TOO_FEW_CHANGES
        return Edition(candidate.alliance_id, candidate.key, quarter, numbers, members)
    return numbers


class _InForce:
    """The editions in force, found by a value that they hold, and by the categories above theirs.

    Two sets that have no value in common need not be looked at: of a thousand sets, each meets a few.
    """

    def __init__(self, editions: Mapping[SetId, Edition], tree: _Tree) -> None:
        self.editions: dict[SetId, Edition] = {}
        self._tree = tree
        self._holding: dict[_Alike, dict[Contribution, list[SetId]]] = defaultdict(dict)
        self._in: dict[tuple[_Alike, str], dict[SetId, None]] = defaultdict(dict)
        self._below: dict[tuple[_Alike, str], dict[SetId, None]] = defaultdict(dict)
        for at, edition in editions.items():
            self.put(at, edition)

    def put(self, at: SetId, edition: Edition | None) -> None:
        """In place of the one that was there; None: none is there from now on."""
        before = self.editions.pop(at, None)
        if before is not None:
            for places in self._places(before):
                del places[at]
            held = self._holding[_alike(before)]
            for member in before.members:
                held[member].remove(at)
        if edition is not None:
            self.editions[at] = edition
            for places in self._places(edition):
                places[at] = None
            held = self._holding[_alike(edition)]
            for member in edition.members:
                held.setdefault(member, []).append(at)

    def keeps_distance(self, at: SetId) -> bool:
        """Whether every two sets that this edition is one of are apart, and every parent that it is part of."""
        made = self.editions[at]
        alike = _alike(made)
        held = self._holding[alike]
        common = Counter(other for member in made.members for other in held[member] if other != at)
        for other, count in common.items():
            sizes = len(made.members), len(self.editions[other].members)
            if not all(_none_or_enough(size - count) for size in sizes):
                return False
        families = [at, *(parent for above in self._tree.above(made.key.category) for parent in self._in[alike, above])]
        return all(self._parent_is_apart(self.editions[parent]) for parent in families)

    def _parent_is_apart(self, parent: Edition) -> bool:
        children = [self.editions[at].members for at in self._below[_alike(parent), parent.key.category]]
        return not children or _none_or_enough(len(parent.members.difference(*children)))

    def _places(self, edition: Edition) -> Iterator[dict[SetId, None]]:
        alike, category = _alike(edition), edition.key.category
        yield self._in[alike, category]
        for above in self._tree.above(category):
            yield self._below[alike, above]


_Alike = tuple[SystemBoundary, Dimension, str, str]


def _alike(edition: Edition) -> _Alike:
    """All that two sets may not differ in, to be held beside each other: all but category and alliance."""
    key = edition.key
    return key.boundary, key.dimension, key.price, key.convention


def _none_or_enough(count: int) -> bool:
    return not count or count >= APART_GROUPS_MIN


class _Tree:
    """Which categories are above which."""

    def __init__(self, parents: Parents) -> None:
        self._parents = parents
        self._known: dict[str, Sequence[str]] = {}

    def above(self, category: str) -> Sequence[str]:
        """All categories above one, the nearest first. Raises ValueError for a tree that is none."""
        if category not in self._known:
            found: list[str] = []
            at = category
            while at in self._parents:
                at = self._parents[at]
                if at in found:
                    raise ValueError(f"the category {at} is above itself")
                found.append(at)
            self._known[category] = found
        return self._known[category]
