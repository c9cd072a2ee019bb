"""Attacks on benchmarks, by simulation: how often each comes within 5 percent of a hidden value, beside a blind guess.

Every attacker knows the distribution that values come from, which is more than it can know. It draws the values that it
does not know at random, many times, keeps the draws that agree with everything published, and names the value that most
of them lie around. The blind guess is the same without anything published. Run with -s to see the table. What must not
beat the blind guess is asserted; what does beat it is asserted to do so, because docs/permissions.md says so.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np
import numpy.typing as npt
import pytest

from exchange.benchmarks import Candidate, ComparableSet, Contribution, Edition, Numbers, Status, numbers_of, release
from exchange.benchmarks.quantiles import grid_place
from exchange.model.footprint import SystemBoundary
from exchange.units import Dimension

Values = npt.NDArray[np.float64]
SPREAD = 0.5  # of the logarithms: a category whose products lie within a factor of seven, mostly
NEAR = math.log(1.05)
TRIALS, DRAWS, FEWEST = 400, 4_000, 12
KEY = ComparableSet("steel", SystemBoundary.CRADLE_TO_GATE, Dimension.MASS, "", "EXCLUDING_UPTAKE")
BLIND = math.erf(NEAR / SPREAD / math.sqrt(2))  # of whoever names the middle of the distribution
SAMPLING = 3 * math.sqrt(BLIND * (1 - BLIND) / TRIALS)  # three standard errors


def published(values: Values) -> tuple[float, ...]:
    """What the exchange publishes of these groups."""
    made = numbers_of([Contribution(f"g{at}", Decimal(repr(float(value)))) for at, value in enumerate(values)])
    assert isinstance(made, Numbers)
    told = (made.lower_quartile, made.median, made.upper_quartile)
    return tuple(float(number) for number in told if number is not None)


def weights(count: int) -> Values:
    """A row for each published quantile: what each order statistic counts for in it."""
    from scipy.special import betainc

    asked = (0.25, 0.5, 0.75) if count >= 9 else (0.5,)
    edges = [betainc((count + 1) * p, (count + 1) * (1 - p), np.arange(count + 1) / count) for p in asked]
    return np.diff(np.array(edges))


def agrees(drawn: Values, told: Sequence[float]) -> npt.NDArray[np.bool_]:
    """Rows of drawn values of which the same would be published."""
    step = 5 if drawn.shape[1] >= 12 else 10
    quantiles = np.sort(drawn, axis=1) @ weights(drawn.shape[1]).T
    places = np.rint(np.log(quantiles) / math.log1p(step / 100)).astype(int)
    return np.asarray((places == [grid_place(number, step) for number in told]).all(axis=1))


def best_guess(logs: Values) -> float:
    """The middle of the window of 5 percent either way that holds most draws; of too few, of the distribution."""
    if len(logs) < FEWEST:
        return 0.0
    ordered = np.sort(logs)
    inside = np.searchsorted(ordered, ordered + 2 * NEAR, side="right") - np.arange(len(ordered))
    return float(ordered[int(inside.argmax())]) + NEAR


@dataclass
class Attack:
    """hidden: the first group's value. known: how many of the others the attacker knows."""

    groups: int
    known: int
    random: np.random.Generator

    def values(self) -> Values:
        return np.exp(self.random.normal(0, SPREAD, self.groups))

    def draws(self, values: Values) -> Values:
        drawn = np.exp(self.random.normal(0, SPREAD, (DRAWS, self.groups)))
        if self.known:
            drawn[:, -self.known :] = values[-self.known :]
        return drawn

    def hits(self) -> float:
        found = 0
        for _ in range(TRIALS):
            values = self.values()
            drawn = self.draws(values)
            kept = drawn[agrees(drawn, published(values))]
            found += abs(best_guess(np.log(kept[:, 0])) - math.log(values[0])) < NEAR
        return found / TRIALS


def told(name: str, hits: float) -> float:
    print(f"{name:<64} {hits:6.1%}   blind guess {BLIND:6.1%}")
    return hits


def attack(groups: int, known: int, seed: int) -> Attack:
    return Attack(groups, known, np.random.default_rng(seed))


# --- attacks that the rules end before there is anything to look at ---


def edition(
    values: Sequence[float], before: Edition | None, alliance: str = "a", start: int = 0
) -> tuple[Status, Edition | None]:
    members = tuple(Contribution(f"g{start + at}", Decimal(repr(float(v)))) for at, v in enumerate(values))
    last = {} if before is None else {(alliance, KEY): before}
    outcome = release([Candidate(alliance, KEY, members)], last, {}, "Q")[alliance, KEY]
    return outcome.status, outcome.edition


@pytest.mark.parametrize("accomplices", [0, 1, 2])
def test_one_who_joins_or_leaves_and_two_who_collude_make_no_new_edition(accomplices: int) -> None:
    random = np.random.default_rng(accomplices)
    for _ in range(100):
        values = np.exp(random.normal(0, SPREAD, 9))
        _, first = edition(values.tolist(), None)
        moved = values.copy()
        moved[1 : 1 + accomplices] *= np.exp(random.normal(0, 3, accomplices))
        for now in (moved[1:], np.append(moved, random.lognormal(0, SPREAD))):
            # Who leaves shifts the names of the others: keep them.
            start = 1 if len(now) == len(values) - 1 else 0
            status, stays = edition(now.tolist(), first, start=start)
            assert (status, stays) == (Status.KEPT, first)


def test_one_who_sweeps_its_own_value_sees_one_edition_for_ever() -> None:
    values = np.exp(np.random.default_rng(1).normal(0, SPREAD, 9))
    _, first = edition(values.tolist(), None)
    for own in np.geomspace(1e-3, 1e3, 200):
        status, stays = edition([float(own), *values[1:].tolist()], first)
        assert (status, stays) == (Status.KEPT, first)


@pytest.mark.parametrize("more", [1, 2, 3, 4])
def test_two_alliances_that_differ_by_few_groups_are_not_both_published(more: int) -> None:
    values = np.exp(np.random.default_rng(more).normal(0, SPREAD, 9 + more))
    members = tuple(Contribution(f"g{at}", Decimal(repr(float(v)))) for at, v in enumerate(values))
    found = release([Candidate("a", KEY, members), Candidate("b", KEY, members[:9])], {}, {}, "Q")
    assert [found[alliance, KEY].status for alliance in "ab"] == [Status.NEW, Status.NONE]


# --- attacks that have something to look at, and are no better than guessing ---


@pytest.mark.parametrize(("groups", "known"), [(6, 1), (9, 1), (13, 1), (9, 2), (13, 3), (20, 4)])
def test_a_member_alone_or_with_few_accomplices_does_not_beat_the_blind_guess(groups: int, known: int) -> None:
    hits = told(f"{known} of {groups} groups, one edition", attack(groups, known, groups).hits())
    assert hits <= BLIND + SAMPLING


@pytest.mark.parametrize("groups", [9, 13])
def test_a_published_quartile_is_nobodys_value_more_often_than_by_chance(groups: int) -> None:
    """Ordinary quartiles of 5, 9 and 13 values are members' values, every time; of 5 nothing is published."""
    random = np.random.default_rng(groups)
    found, ordinary = 0, 0
    for _ in range(TRIALS):
        values = np.exp(random.normal(0, SPREAD, groups))
        hidden = math.log(values[0])
        found += min(abs(math.log(number) - hidden) for number in published(values)) < NEAR
        ordinary += min(abs(math.log(q) - hidden) for q in np.quantile(values, [0.25, 0.5, 0.75])) < NEAR
    # Naming the best of three numbers that are known beforehand: the distribution's own quartiles.
    ends = [-0.6745 * SPREAD, 0.0, 0.6745 * SPREAD]
    blind = sum(_between((end - NEAR) / SPREAD, (end + NEAR) / SPREAD) for end in ends)
    print(
        f"{groups} groups: a published number near a hidden value {found / TRIALS:.1%}, ordinary quartiles "
        f"{ordinary / TRIALS:.1%}, blind {blind:.1%}"
    )
    assert found / TRIALS <= blind + 3 * math.sqrt(blind * (1 - blind) / TRIALS)
    assert ordinary >= found


def _between(low: float, high: float) -> float:
    return 0.5 * (math.erf(high / math.sqrt(2)) - math.erf(low / math.sqrt(2)))


@pytest.mark.parametrize("children", [6, 9])
def test_a_parent_minus_its_child_does_not_beat_the_blind_guess(children: int) -> None:
    """Five groups are outside the child, one of them the attacker's own accomplice."""
    hits = told(f"parent of {children + 5} minus child of {children}, one accomplice", beside(children, known=1))
    assert hits <= BLIND + SAMPLING


def beside(children: int, known: int) -> float:
    """The hidden group is in the parent and not in the child; the last `known` groups, too, are outside."""
    made, found = attack(children + 5, known, children), 0
    inside = slice(1, 1 + children)
    for _ in range(TRIALS):
        values = made.values()
        drawn = made.draws(values)
        kept = drawn[agrees(drawn, published(values)) & agrees(drawn[:, inside], published(values[inside]))]
        found += abs(best_guess(np.log(kept[:, 0])) - math.log(values[0])) < NEAR
    return found / TRIALS


# --- attacks that do better, as the documents say ---


@pytest.mark.parametrize("groups", [6, 9, 12])
def test_whoever_knows_all_but_one_narrows_the_last_one_down(groups: int) -> None:
    """No quantile can prevent it: the published number is a function of the one value that is not known."""
    hits = told(f"all but one of {groups} groups known", attack(groups, groups - 1, groups).hits())
    assert hits > BLIND + SAMPLING


def test_four_accomplices_who_move_at_every_edition_narrow_a_group_down() -> None:
    """They are as many as a new edition needs, and put their own values where each edition tells most."""
    random, groups, editions, found = np.random.default_rng(4), 6, 8, 0
    for _ in range(TRIALS):
        values = np.exp(random.normal(0, SPREAD, groups))
        drawn = np.exp(random.normal(0, SPREAD, (DRAWS, groups)))
        keep = np.ones(DRAWS, dtype=np.bool_)
        before: Edition | None = None
        for _quarter in range(editions):
            values[-4:] = drawn[:, -4:] = np.exp(random.normal(0, SPREAD, 4))
            status, before = edition(values.tolist(), before)
            assert status is Status.NEW
            keep &= agrees(drawn, published(values))
        found += abs(best_guess(np.log(drawn[keep][:, 0])) - math.log(values[0])) < NEAR
    assert told("4 of 6 groups collude over 8 editions", found / TRIALS) > BLIND + SAMPLING


def test_splitting_a_group_does_not_make_a_set_large_enough() -> None:
    """Counted are groups: five of them, however many organizations or products they have, publish nothing."""
    members = [Contribution("g0", Decimal(1))] * 40
    assert len({replace(one).group_id for one in members}) == 1
    assert edition([1, 2, 3, 4, 5], None) == (Status.NONE, None)
