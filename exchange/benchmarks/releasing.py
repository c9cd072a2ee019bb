"""All sets of a quarter together: what is published of one must not tell a few groups apart beside another.

Two published sets with groups in common differ, in either direction, by none or by at least five groups; so do a parent
category and all its published children together. That holds across categories and across alliances, and whether the
editions are new or have stayed. A group counts as different where its value is: it may add other products to each.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
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
    in_force = dict(last)
    found: dict[SetId, Outcome] = {}
    for candidate in sorted(candidates, key=lambda one: (-_depth(one.key.category, parents), one.key, one.alliance_id)):
        at = candidate.alliance_id, candidate.key
        before = in_force.get(at)
        made = _edition(candidate, before, quarter)
        if isinstance(made, Edition) and not _keeps_distance(made, {**in_force, at: made}, parents):
            made = WhyNot.TOO_CLOSE_TO_ANOTHER
        if isinstance(made, Edition):
            in_force[at] = made
            found[at] = Outcome(Status.NEW, made, None)
        else:
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


def _keeps_distance(made: Edition, in_force: Mapping[SetId, Edition], parents: Parents) -> bool:
    """Whether, with `made` in force, every two sets it is one of are apart, and every parent it is part of."""
    others = [edition for edition in in_force.values() if edition is not made and _alike(edition, made)]
    if not all(apart(made.members, other.members) for other in others):
        return False
    families = [made, *(other for other in others if _is_above(other.key.category, made.key.category, parents))]
    return all(_parent_is_apart(parent, in_force.values(), parents) for parent in families)


def apart(one: frozenset[Contribution], other: frozenset[Contribution]) -> bool:
    """Whether two sets have no group's value in common, or differ by none or at least five in either direction."""
    return not one & other or all(_none_or_enough(rest) for rest in (one - other, other - one))


def _none_or_enough(rest: frozenset[Contribution]) -> bool:
    return not rest or len(rest) >= APART_GROUPS_MIN


def _parent_is_apart(parent: Edition, in_force: Iterable[Edition], parents: Parents) -> bool:
    children = [
        edition.members
        for edition in in_force
        if _alike(edition, parent) and _is_above(parent.key.category, edition.key.category, parents)
    ]
    return not children or _none_or_enough(parent.members.difference(*children))


def _alike(one: Edition, other: Edition) -> bool:
    """Whether two sets differ in nothing but category and alliance."""
    return replace(one.key, category="") == replace(other.key, category="")


def _is_above(parent: str, category: str, parents: Parents) -> bool:
    return parent in _above(category, parents)


def _depth(category: str, parents: Parents) -> int:
    return len(_above(category, parents))


def _above(category: str, parents: Parents) -> Sequence[str]:
    """All categories above one. Raises ValueError for a tree that is none."""
    found: list[str] = []
    while category in parents:
        category = parents[category]
        if category in found:
            raise ValueError(f"the category {category} is above itself")
        found.append(category)
    return found
