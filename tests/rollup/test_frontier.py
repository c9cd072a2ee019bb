"""Reading level by level: a walk asks for what a roll-up needs, for each thing once, and then is complete."""

from dataclasses import replace

import pytest

from exchange.model.closure import Snapshot
from exchange.model.product import Release
from exchange.rollup import AdmissionWalk, ClosureWalk, admit, closure, roll_up
from tests.rollup.check import NOW, World, check, day, instant, line


def read(world: World, *roots: str, walk=None):
    """Answers a walk's questions out of a world; returns what was asked at each level, by name, and the snapshot."""
    everything = world.snapshot()
    names = {key: name for name, key in world.keys.items()}
    walk = walk or ClosureWalk([world.keys[root] for root in roots], NOW, world.permits)
    snapshot = Snapshot(NOW.head, {}, {}, {})
    asked: list[list[str]] = []
    for _ in range(50):
        wanted = walk.step(snapshot)
        if not wanted:
            return asked, snapshot
        asked.append(
            sorted([*(names[key] for key in wanted.keys), *wanted.names, *wanted.releases]),
        )
        snapshot = Snapshot(
            NOW.head,
            {**snapshot.nodes, **{key: everything.nodes[key] for key in wanted.keys}},
            {**snapshot.names, **{one: everything.names[one] for one in wanted.names if one in everything.names}},
            {**snapshot.successors, **{r: world.successors[r] for r in wanted.releases if r in world.successors}},
        )
    raise AssertionError("the walk does not end")


def chain() -> World:
    world = World()
    world.modelled("root", "1", [line("a", 1), line("b", 1)])
    world.modelled("a", "1", [line("c", 1), line("root", "0.1")])
    world.modelled("c", "1", [line("d", 1)])
    for leaf in "bd":
        world.declared(leaf, "1")
    world.declared("unrelated", "1")
    return world


def test_a_walk_reads_level_by_level_and_nothing_else():
    asked, snapshot = read(chain(), "root")
    assert asked == [["root"], ["a", "b"], ["c"], ["d"]]
    world = chain()
    whole = roll_up(world.snapshot(), [world.keys["root"]], NOW, world.permits)
    part = roll_up(snapshot, [world.keys["root"]], NOW, world.permits)
    assert part.total(world.keys["root"]) == whole.total(world.keys["root"])


def test_a_page_of_products_shares_one_walk():
    asked, _ = read(chain(), "c", "b", "root")
    assert asked == [["b", "c", "root"], ["a", "d"]]


def test_what_may_not_be_followed_is_read_but_not_followed():
    world = chain()
    world.denied.add(("root", "a"))
    asked, _ = read(world, "root")
    assert asked == [["root"], ["a", "b"]]


def test_permission_is_asked_once_for_each_owner_and_supplier():
    world = World()
    world.own("one", "p", "q")
    world.modelled("p", "1", [line("s", 1), line("s", 2), line("q", 1)])
    world.modelled("q", "1", [line("s", 3)])
    world.declared("s", "1")
    check(world, "p", excluding="8.000")
    assert sorted(world.asked) == [("one", "q"), ("one", "s")]


def test_a_name_is_asked_for_once_and_binds_when_registered():
    world = World()
    world.unregistered |= {"ghost", "late"}
    world.modelled("root", "1", [line("ghost", 1), line("late", 2), line("ghost", 3)])
    world.unregistered.remove("late")
    world.declared("late", "10")
    asked, snapshot = read(world, "root")
    assert asked == [["root"], ["urn:x:ghost", "urn:x:late"], ["late"]]
    solution = roll_up(snapshot, [world.keys["root"]], NOW, world.permits)
    assert str(solution.total(world.keys["root"]).excluding) == "21"
    lines = solution.resolved(world.keys["root"])
    assert lines is not None
    assert lines.named.tolist() == [-1, world.keys["late"], -1]


def test_a_line_that_names_an_id_nobody_had_is_never_asked_for():
    world = World()
    made = world.modelled("root", "1", [line("x", 1)])
    assert made.modelled is not None
    lines = replace(made.modelled.lines, suppliers=[-1], names=["id:7"])
    world.replace("root", 1, modelled=replace(made.modelled, lines=lines))
    assert read(world, "root")[0] == [["root"]]
    check(world, "root", excluding="1.000", gaps={1: "NOT_GRANTED"})


def test_other_stages_of_suppliers_are_read_but_not_followed():
    world = World()
    world.modelled("root", "1", [line("a", 1), line("grid", 1, stage="USE")])
    world.modelled("a", "1", [line("tip", 1, stage="END_OF_LIFE"), line("ship", 1, stage="DISTRIBUTION")])
    for name in ("grid", "tip", "ship"):
        world.modelled(name, "1", [line(f"{name}-fuel", 1)])
        world.declared(f"{name}-fuel", "1")
    asked, _ = read(world, "root")
    assert asked == [["root"], ["a", "grid"], ["grid-fuel", "ship", "tip"], ["ship-fuel"]]
    check(world, "root", excluding="2.000")


def test_a_fallback_is_read_always_and_followed_only_where_it_serves():
    world = World()
    lines = [
        line("open", 1, fallback=("unused", 1, "KILOGRAM")),
        line("mute", 1, fallback=("used", 1, "KILOGRAM")),
        line("wrong", 1, "PIECE", fallback=("also", 1, "KILOGRAM")),
    ]
    world.modelled("root", "1", lines)
    world.declared("open", "1")
    world.declared("wrong", "1")
    world.key("mute")
    for name in ("unused", "used", "also"):
        world.modelled(name, "1", [line(f"{name}-input", 1)])
        world.declared(f"{name}-input", "1")
    asked, _ = read(world, "root")
    assert asked == [
        ["root"],
        ["also", "mute", "open", "unused", "used", "wrong"],
        ["also-input", "used-input"],
    ]


def test_a_releases_successors_are_asked_for_once():
    world = World()
    world.modelled("root", "1", [line("f", 1), line("g", 1)])
    world.modelled("f", "1", release="r")
    world.modelled("g", "1", release="old")
    world.successors["old"] = [Release("new", "d", "2", day("2026-01-01"), instant("2026-01-01"), 3)]
    asked, snapshot = read(world, "root")
    assert asked == [["root"], ["f", "g"], ["old", "r"]]
    solution = roll_up(snapshot, [world.keys["root"]], NOW, world.permits)
    lines = solution.resolved(world.keys["root"])
    assert lines is not None
    assert lines.gaps.tolist() == [False, True]


def test_an_open_snapshot_is_a_bug_of_the_caller():
    world = chain()
    snapshot = world.snapshot()
    nodes = {key: node for key, node in snapshot.nodes.items() if key != world.keys["d"]}
    with pytest.raises(LookupError, match="was not read"):
        roll_up(replace(snapshot, nodes=nodes), [world.keys["root"]], NOW, world.permits)


def test_a_closure_that_is_too_large_stops_and_is_refused(monkeypatch):
    monkeypatch.setattr(closure, "CLOSURE_ROWS_MAX", 3)
    world = chain()
    walk = ClosureWalk([world.keys["root"]], NOW, world.permits)
    wanted = walk.step(world.snapshot())
    assert (bool(wanted), wanted.too_large) == (False, True)
    check(world, "root", refused="TOO_LARGE")
    monkeypatch.setattr(closure, "CLOSURE_ROWS_MAX", 5)
    check(world, "root", excluding="5.55555555556")
    monkeypatch.setattr(closure, "CLOSURE_LINES_MAX", 4)
    check(world, "root", refused="TOO_LARGE")


def test_admission_reads_every_version_and_every_fallback():
    world = World()
    world.unregistered.add("ghost")
    world.modelled("root", "1", [line("old-input", 1)])
    new = world.modelled("root", "1", [line("ghost", 1), line("new-input", 1, fallback=("f", 1, "KILOGRAM"))])
    world.footprints["root"].pop()
    for name in ("old-input", "new-input", "f"):
        world.modelled(name, "1", [line(f"{name}-2", 1)], published="2026-02-01")
        world.declared(f"{name}-2", "1")
    world.denied.add(("new-input", "new-input-2"))
    walk = AdmissionWalk([], [new], NOW.as_of_day, world.permits)
    asked, snapshot = read(world, "root", walk=walk)
    assert asked[0] == ["root"]
    assert asked[1] == ["f", "new-input", "old-input", "urn:x:ghost"]
    assert asked[2] == ["f-2", "new-input-2", "old-input-2"]
    assert len(asked) == 3
    admit(snapshot, [new], (), NOW.as_of_day, world.permits)
