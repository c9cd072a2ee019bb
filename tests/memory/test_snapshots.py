"""The file of the graph in memory: it gives back the graph as it was, or is not used at all."""

from __future__ import annotations

import asyncio
import os
import random
import stat
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from exchange.graph import Store
from exchange.memory import Packed, Present, pack, unpack
from exchange.memory.rare import DEVIATION
from exchange.model.closure import Dates
from exchange.model.footprint import NEVER_US
from exchange.model.ledger import Change, ChangeKind
from exchange.operations.exchange import Exchange, open_exchange
from exchange.operations.following import follower as following
from exchange.operations.following import kept_graph, snapshots
from exchange.operations.following.snapshots import SnapshotFile, SnapshotUnusable
from tests.bench.supply import AS_OF, supply, tables_of
from tests.memory.engine import assert_same_solution, everybody, solved_in_memory
from tests.memory.engine import tables_of as tables_of_world
from tests.memory.test_following import (
    NOW_US,
    closure,
    excluding,
    from_the_store,
    live,
    named_before_it_was_there,
    published,
)
from tests.rollup.check import NOW, World, line, solve
from tests.store.databases import Database
from tests.store.examples import a_fallback, a_line, put_footprint

LAST = Change(1, ChangeKind.PRODUCT_CREATED, "subject", "by", 1)


def made(products: int = 300) -> Present:
    return Present(tables_of(supply(products)), Dates(AS_OF, NEVER_US - 1, NEVER_US - 1))


def assert_equal(one: Present, other: Present) -> None:
    first, second = pack(one), pack(other)
    assert first.document == second.document
    assert first.arrays.keys() == second.arrays.keys()
    for name, values in first.arrays.items():
        np.testing.assert_array_equal(values, second.arrays[name], err_msg=name)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    file, present = SnapshotFile(tmp_path / "deep" / "graph.snapshot"), made()
    assert file.write(present, LAST) == file.path.stat().st_size
    kept = file.read()
    assert kept is not None
    assert kept.last == LAST
    assert time.time() - 60 < kept.written_at <= time.time()
    assert_equal(kept.present, present)
    if sys.platform != "win32":
        assert stat.S_IMODE(file.path.stat().st_mode) == 0o600


def test_where_there_is_none_there_is_none(tmp_path: Path) -> None:
    assert SnapshotFile(tmp_path / "graph.snapshot").read() is None


def damaged(content: bytes, at: int) -> bytes:
    return content[:at] + bytes([content[at] ^ 0x10]) + content[at + 1 :]


def test_any_damage_is_found(tmp_path: Path) -> None:
    """In header, document and arrays; only the zeros between arrays mean nothing."""
    file = SnapshotFile(tmp_path / "graph.snapshot")
    file.write(made(100), LAST)
    content = file.path.read_bytes()
    chosen = random.Random(5)
    for at in [*range(60), *(chosen.randrange(len(content)) for _ in range(300))]:
        file.path.write_bytes(damaged(content, at))
        try:
            kept = file.read()
        except SnapshotUnusable:
            continue
        assert content[at] == 0, f"byte {at}"
        assert kept is not None
        assert_equal(kept.present, made(100))


def test_any_end_too_early_is_found(tmp_path: Path) -> None:
    file = SnapshotFile(tmp_path / "graph.snapshot")
    file.write(made(100), LAST)
    content = file.path.read_bytes()
    for length in [0, 1, 15, 16, 20, 39, 40, 41, *range(200, len(content), len(content) // 60), len(content) - 1]:
        file.path.write_bytes(content[:length])
        with pytest.raises(SnapshotUnusable):
            file.read()


def test_what_is_no_snapshot_is_told(tmp_path: Path) -> None:
    file = SnapshotFile(tmp_path / "graph.snapshot")
    file.path.write_text("{}")
    with pytest.raises(SnapshotUnusable, match="no snapshot"):
        file.read()
    file.path.unlink()
    file.path.mkdir()
    with pytest.raises(SnapshotUnusable, match="no file"):
        file.read()


@pytest.mark.parametrize("what", ["a file", "a folder"])
def test_what_is_no_snapshot_is_never_replaced(tmp_path: Path, what: str) -> None:
    file = SnapshotFile(tmp_path / "precious.txt")
    if what == "a file":
        file.path.write_text("precious")
    else:
        file.path.mkdir()
    with pytest.raises(SnapshotUnusable):
        file.write(made(100), LAST)
    assert [each.name for each in tmp_path.iterdir()] == ["precious.txt"]
    if what == "a file":
        assert file.path.read_text() == "precious"
        file.path.write_bytes(snapshots.MAGIC[:5])  # cut off: replaced
        assert file.write(made(100), LAST) == file.path.stat().st_size


@pytest.mark.skipif(sys.platform == "win32", reason="there are no named pipes in folders")
def test_a_pipe_in_its_place_keeps_nobody_waiting(tmp_path: Path) -> None:
    file = SnapshotFile(tmp_path / "graph.snapshot")
    os.mkfifo(file.path)
    with pytest.raises(SnapshotUnusable, match="no file"):
        file.read()
    with pytest.raises(SnapshotUnusable, match="no file"):
        file.write(made(100), LAST)


def _without(name: str) -> Callable[[Packed], Packed]:
    return lambda packed: Packed({each: v for each, v in packed.arrays.items() if each != name}, packed.document)


def _with(name: str, change: Callable[[np.ndarray], np.ndarray]) -> Callable[[Packed], Packed]:
    return lambda packed: Packed({**packed.arrays, name: change(packed.arrays[name].copy())}, packed.document)


def _told(**changes: object) -> Callable[[Packed], Packed]:
    return lambda packed: Packed(packed.arrays, {**packed.document, **changes})


def _far(values: np.ndarray) -> np.ndarray:
    values[-1] = 1_000_000
    return values


WRONG = {
    "format": _told(format=0),
    "owners": _told(owners=[]),
    "units": _told(units=[]),
    "dates": _told(dates=[1]),
    "releases": _told(releases=[[1]]),
    "fallbacks": _told(fallbacks=[[10**6, "1", 0, 0]]),
    "a column missing": _without("present.serving"),
    "a supplier": _with("lines.supplier", _far),
    "a version": _with("versions.previous", _far),
    "a follower": _with("followers.lines", _far),
    "the followers' order": _with("followers.starts", _far),
    "a column too short": _with("lines.amount", lambda values: values[:-1]),
    "a column of another kind": _with("lines.amount", lambda values: values.astype(np.float32)),
    "what stands": _with("present.version", _far),
    "a supplier's unit": _with("versions.supplier_unit", _far),
    "a characterization": _with("versions.characterization", _far),
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
def test_what_does_not_fit_together_is_refused(change: Callable[[Packed], Packed]) -> None:
    """Whole and with right checksums, and still not a graph."""
    unpack(pack(made(100)))
    with pytest.raises(ValueError):
        unpack(change(pack(made(100))))


def test_spreads_are_kept(tmp_path: Path) -> None:
    """Of lines, of their fallbacks, of direct emissions and of declared results."""
    world = World()
    world.unregistered.add("gone")
    lines = [line("leaf", 3, gsd="1.2", fallback=("factor", 1, "KILOGRAM", "1.7")), line("leaf", 1)]
    world.modelled("root", "1", [*lines, line("gone", 1, fallback=("factor", 2, "KILOGRAM", "1.4"))], gsd="1.5")
    world.declared("leaf", "1", gsd="1.1")
    world.declared("factor", "1")
    present = Present(tables_of_world(world.snapshot(), everybody), NOW)
    file = SnapshotFile(tmp_path / "graph.snapshot")
    file.write(present, LAST)
    kept = file.read()
    assert kept is not None
    tables = kept.present.tables
    assert str(sorted(tables.deviations.values())) == "[(1.2, 1.7), (nan, 1.4)]"
    versions = np.arange(len(tables.versions.product))
    known, expected = (each.versions.stated.of(versions)[:, DEVIATION] for each in (tables, present.tables))
    np.testing.assert_array_equal(known, expected)
    assert set(known[~np.isnan(known)].tolist()) == {1.1, 1.5}
    by_id = {footprint.id: footprint for versions in world.footprints.values() for footprint in versions}
    found = solved_in_memory(tables, [world.keys["root"]], NOW, by_id, present=kept.present)
    assert_same_solution(found, solve(world, "root"), [world.keys["root"]])
    with pytest.raises(ValueError, match="names a row"):
        unpack(_with("spread", _far)(pack(present)))


def test_what_killed_servers_left_behind_is_cleared_away(tmp_path: Path) -> None:
    file = SnapshotFile(tmp_path / "graph.snapshot")
    old, new = tmp_path / ".graph.snapshot.old", tmp_path / ".graph.snapshot.new"
    old.write_text("x")
    new.write_text("x")
    os.utime(old, (1, 1))
    file.write(made(100), LAST)
    assert (old.exists(), new.exists()) == (False, True)


def test_a_write_that_fails_leaves_the_last_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = SnapshotFile(tmp_path / "graph.snapshot")
    file.write(made(100), LAST)

    def full(*args: object) -> int:
        raise OSError("No space left on device")

    monkeypatch.setattr(snapshots, "_write", full)
    with pytest.raises(OSError, match="No space"):
        file.write(made(100), LAST)
    kept = file.read()
    assert kept is not None
    assert [each.name for each in tmp_path.iterdir()] == ["graph.snapshot"]


# -- a server with one -------------------------------------------------------------------------------------------------


async def opened(store: Store, path: Path) -> Exchange:
    exchange = open_exchange(store, clock=lambda: NOW_US, graph_megabytes=64, snapshot=path)
    assert await live(exchange).loaded()
    return exchange


async def never_loaded(*args: object) -> object:
    raise AssertionError("the database was read")


async def test_the_next_start_takes_it_and_goes_on(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Written when the server ends; what was written to the database since is followed, late names included."""
    path = tmp_path / "graph.snapshot"
    made = await published(store, 3)
    late, _ = await named_before_it_was_there(store)
    await put_footprint(
        store, made[1], [a_line(made[0], amount=0), a_line(urn="urn:x:y", fallback=a_fallback(made[0]))]
    )
    first = await opened(store, path)
    await closure(first, made[2])
    await first.close()
    assert path.exists()
    await put_footprint(store, made[2], [a_line(made[1]), a_line(made[0])])
    monkeypatch.setattr(following, "load_tables", never_loaded)
    second = await opened(store, path)
    age = live(second).snapshot_age_seconds
    assert age is not None
    assert 0 <= age < 60
    for product in (*made, late):
        assert await closure(second, product) is not None
        assert await excluding(second, product) == await from_the_store(second, product)
    await second.close()


@pytest.mark.parametrize("why", ["damaged", "another database", "too old"])
async def test_one_that_cannot_be_used_is_not_used(
    store: Store,
    database: Database,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    why: str,
) -> None:
    path = tmp_path / "graph.snapshot"
    await published(store, 2)
    first = await opened(store, path)
    await first.close()
    expected = {"damaged": "damaged", "another database": "another database", "too old": "changes behind"}[why]
    if why == "damaged":
        content = path.read_bytes()
        path.write_bytes(content[:-100])
        expected = "cut off"
    elif why == "another database":
        database.empty()
        database.run("MATCH (l:Ledger) SET l.atUs = 0")
    else:
        monkeypatch.setattr(kept_graph, "CHANGES_MAX", 1)
    made = await published(store, 4)
    second = await opened(store, path)
    assert expected in caplog.text
    assert await excluding(second, made[1]) == await from_the_store(second, made[1])
    assert await closure(second, made[3]) is not None
    await second.close()


async def test_while_it_is_written_nothing_changes_in_it_and_the_database_answers(store: Store, tmp_path: Path) -> None:
    made = await published(store, 2)
    exchange = await opened(store, tmp_path / "graph.snapshot")
    graph = live(exchange)
    assert await closure(exchange, made[1]) is not None
    assert graph._writing is not None
    await graph._writing  # what it began when it had been loaded
    graph._frozen = True
    assert await closure(exchange, made[1]) is not None
    await put_footprint(store, made[1], [a_line(made[0]), a_line(made[0])])
    assert await closure(exchange, made[1]) is None
    assert await excluding(exchange, made[1]) == await from_the_store(exchange, made[1])
    graph._frozen = False
    assert await closure(exchange, made[1]) is not None
    await exchange.close()


async def test_a_database_that_hangs_does_not_keep_a_server_from_ending(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await published(store, 2)
    exchange = await opened(store, tmp_path / "graph.snapshot")
    writing = live(exchange)._writing
    assert writing is not None
    await writing
    await put_footprint(store, made[1], [a_line(made[0])])
    assert await closure(exchange, made[1]) is not None

    async def hangs(*args: object) -> object:
        await asyncio.sleep(3_600)
        raise AssertionError

    monkeypatch.setattr(Store, "changes", hangs)
    monkeypatch.setattr(following, "CLOSING_SECONDS_MAX", 0.05)
    await asyncio.wait_for(exchange.close(), 5)


async def test_it_is_written_again_after_many_changes(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "SNAPSHOT_CHANGES", 3)
    path = tmp_path / "graph.snapshot"
    made = await published(store, 2)
    exchange = await opened(store, path)
    graph = live(exchange)
    assert graph._writing is not None
    await graph._writing
    before = path.stat().st_mtime_ns
    for _ in range(3):
        await put_footprint(store, made[1], [a_line(made[0])])
    assert await closure(exchange, made[1]) is not None
    await graph._writing
    kept = SnapshotFile(path).read()
    assert kept is not None
    assert kept.last.sequence == (await store.head()).sequence
    assert path.stat().st_mtime_ns > before
    await exchange.close()


async def test_a_place_that_cannot_be_written_stops_nothing(
    store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    made = await published(store, 2)
    exchange = await opened(store, tmp_path / "file" / "graph.snapshot")
    await exchange.close()
    assert "could not be written" in caplog.text or "cannot be read" in caplog.text
    assert made
