"""What is kept of a closure is handed out only as long as nothing in it moved: then it is what would be computed."""

from __future__ import annotations

import gc
import tracemalloc
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from exchange.memory import NOBODY, Column, KeptClosure, KeptClosures, Present, Rights, cut, may_be_kept, rights
from exchange.memory import kept as kept_module
from exchange.memory.lines import permitted
from exchange.memory.whole import COMPONENTS
from exchange.model.closure import Dates
from exchange.model.footprint import NEVER_US
from exchange.rollup import Solution
from exchange.rollup import closure as walks
from tests.bench.supply import AS_OF, supply, tables_of
from tests.memory.changing import Changing
from tests.memory.engine import assert_same_solution

ROOM = 50_000_000


class Asking:
    """Asks the same questions after every step, and keeps what it can."""

    def __init__(self, seed: int, count: Counter[str]) -> None:
        self.world = Changing(seed)
        self.kept = KeptClosures()
        self.position = Column(np.int32, fill=NOBODY)
        self.position.resize(len(self.world.products))
        self.footprints = {footprint.id: footprint for footprint in self.world.made.footprints}
        everything = tuple(product.key for product in self.world.products)
        self.questions = [*((key,) for key in everything), everything[:4], everything[3::-1]]
        self.count = count

    def run(self) -> None:
        for what in self.world.steps():
            for roots in self.questions:
                self.ask(roots, what)

    def ask(self, roots: tuple[int, ...], what: str) -> None:
        """`what`: happened just before."""
        world, present = self.world, self.world.present
        closure = cut(present, roots, self.position)
        theirs = rights(world.tables, closure.mentioned, world.dates)
        names = closure.root_footprint_ids.values()
        standing = {self.footprints[name].product_key: self.footprints[name] for name in names}
        there = roots in self.kept.roots
        found = self.kept.find(present, roots)
        if found is None:
            self.count[f"moved by {what}"] += there
            if may_be_kept(closure, theirs):
                found = KeptClosure(present, closure, theirs)
                found.solution(standing)
                self.kept.keep(found, ROOM)
            return
        self.count["kept"] += 1
        if not found.rights_hold():
            self.count[f"rights moved by {what}"] += 1
            found.find_rights(present, world.dates)
        assert_same_rights(found.rights, theirs)
        assert_same_answer(found.solution(standing), closure.solve(standing), closure.keys)


def assert_same_rights(one: Rights, other: Rights) -> None:
    for name in ("keys", "owner", "public"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def assert_same_answer(one: Solution, other: Solution, keys: Sequence[int]) -> None:
    """Of everything in the closure, to the last bit."""
    assert one.keys == other.keys == tuple(keys)
    assert_same_solution(one, other, one.roots)
    for key in keys:
        assert one.refusal(key) == other.refusal(key)
        if one.refusal(key) is None:
            assert one.cradle_to_gate(key) == other.cradle_to_gate(key)
            assert one.interval(key) == other.interval(key)
            assert one.total(key) == other.total(key)
            assert one.valid_until_day(key) == other.valid_until_day(key)


COUNT: Counter[str] = Counter()


# Not made smaller where it fails: the seed says everything.
@settings(max_examples=12, deadline=None, derandomize=True, phases=[Phase.explicit, Phase.generate])
@given(st.integers(0, 10_000))
def test_whatever_happens_what_is_found_is_what_would_be_computed(seed: int) -> None:
    asking = Asking(seed, COUNT)
    asking.run()


def users(world: Changing) -> dict[int, list[bool]]:
    """Of each product that is there: whether each organization may use it as an input."""
    tables = world.tables
    keys = np.array([each.key for each in world.products if each.sequence != NEVER_US], dtype=np.int64)
    owners = [tables.owner_number(owner.id) for owner in world.made.owners]
    allowed = [permitted(tables, np.full(len(keys), owner), keys, world.dates).tolist() for owner in owners]
    return dict(zip(keys.tolist(), map(list, zip(*allowed, strict=True)), strict=True))


# As above.
@settings(max_examples=12, deadline=None, derandomize=True, phases=[Phase.explicit, Phase.generate])
@given(st.integers(0, 10_000))
def test_where_somebody_may_use_a_product_anew_or_no_more_its_rights_moved(seed: int) -> None:
    """By a grant on it or on many, to one or to an alliance, by who joins and leaves, and by the clock."""
    world = Changing(seed)
    before = users(world)
    for what in world.steps():
        now, moves = users(world), world.present.moves
        for key in now:
            if now[key] != before.get(key):
                assert moves.rights_since(moves.step - 1, np.array([key])), (what, key)
                COUNT[f"users moved by {what}"] += 1
        before = now


def test_everything_that_may_move_an_answer_happened() -> None:
    """Else the laws above would say little."""
    assert COUNT["kept"] > 1_000
    for what in ("product", "release", "footprint", "grant", "revoke", "share", "join", "leave", "deprecate", "time"):
        assert COUNT[f"moved by {what}"] > 0, COUNT
    for what in ("grant", "revoke", "share", "join", "leave", "time"):
        assert COUNT[f"rights moved by {what}"] > 0, COUNT
    for what in ("product", "grant", "revoke", "share", "join", "leave", "time"):
        assert COUNT[f"users moved by {what}"] > 0, COUNT


@pytest.mark.parametrize(("products", "asked"), [(1_000, 1), (1_000, 60), (20, 1)])
def test_what_is_kept_takes_no_more_than_it_is_counted_with(products: int, asked: int) -> None:
    """Solved, with totals of all that was asked about, and narrowed in all that may ever be narrowed."""
    tables = tables_of(supply(products))
    for at in range(COMPONENTS):
        tables.versions.own.column(at).values[:] = 0.1
    present = Present(tables, Dates(AS_OF, NEVER_US - 1, NEVER_US - 1))
    position = Column(np.int32, fill=NOBODY)
    position.resize(products)
    roots = list(range(products - asked, products))

    def keep() -> KeptClosure:
        closure = cut(present, roots, position)
        made = KeptClosure(present, closure, rights(tables, closure.mentioned, present.dates))
        made.solution({})
        assert made._solved is not None
        for column in range(COMPONENTS):
            made._solved._shown._narrowing.column(column)
            made._solved._shown._narrowing.radius(column)
        return made

    keep()
    gc.collect()
    tracemalloc.start()
    made = keep()
    gc.collect()
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert made.nbytes / 4 < taken < made.nbytes


def test_the_least_recently_used_gives_way() -> None:
    """A closure that would take more than a fourth of the room is not kept, and nothing gives way to it."""
    tables = tables_of(supply(100))
    present = Present(tables, Dates(AS_OF, NEVER_US - 1, NEVER_US - 1))
    position = Column(np.int32, fill=NOBODY)
    position.resize(100)
    closures = KeptClosures()

    def made(*roots: int) -> KeptClosure:
        closure = cut(present, roots, position)
        return KeptClosure(present, closure, rights(tables, closure.mentioned, present.dates))

    first = [made(key) for key in range(5)]  # the first tier consumes next to nothing
    room = 4 * max(each.nbytes for each in first)
    for each in first:
        closures.keep(each, room)
        assert closures.nbytes == sum(known.nbytes for known in first if known in closures) <= room
    assert first[4] in closures
    assert first[0] not in closures
    oldest = closures.roots[0]
    assert closures.find(present, oldest) is not None
    assert closures.roots[-1] == oldest
    before = closures.roots
    closures.keep(made(*range(100)), room)
    assert closures.roots == before
    assert closures.find(present, [4, 3]) is None
    closures.shrink(0)
    assert (len(closures), closures.nbytes) == (0, 0)
    closures.keep(first[0], -1)
    assert len(closures) == 0


def test_nothing_is_kept_that_was_not_walked_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """What made it too large is not among what it mentions."""
    tables = tables_of(supply(100))
    present = Present(tables, Dates(AS_OF, NEVER_US - 1, NEVER_US - 1))
    position = Column(np.int32, fill=NOBODY)
    position.resize(100)
    for most, kept in ((1_000, True), (3, False)):
        monkeypatch.setattr(walks, "CLOSURE_ROWS_MAX", most)
        closure = cut(present, [99], position)
        assert may_be_kept(closure, rights(tables, closure.mentioned, present.dates)) is kept
    monkeypatch.undo()
    roots = list(range(100))
    closure = cut(present, roots, position)
    theirs = rights(tables, closure.mentioned, present.dates)
    assert may_be_kept(closure, theirs)
    monkeypatch.setattr(kept_module, "ROOTS_MAX", 99)
    assert not may_be_kept(closure, theirs)
    monkeypatch.undo()
    tables.products.sequence.values[99] = NEVER_US  # asked about, and not there yet
    closure = cut(present, [99], position)
    assert not may_be_kept(closure, rights(tables, closure.mentioned, present.dates))
