"""The embedded database's life: who may start it, who finds it, and that it ends with whoever started it."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from exchange.errors import ConfigurationInvalid, StoreInUse, StoreUnavailable
from exchange.graph import Store, embedded, embedded_child
from exchange.graph.connect import Target
from exchange.graph.embedded import EmbeddedDatabase, is_served
from exchange.graph.embedded_child import FileLock
from exchange.graph.endpoint import Endpoint, read_endpoint, write_endpoint
from exchange.model.ledger import LedgerHead
from tests.store.examples import put_organization

pytest.importorskip("arcadedb_embedded")

ROOT = Path(__file__).resolve().parents[2]
SECONDS_MAX = 180  # until what hangs fails; how fast anything is, is not asserted: other tests may run beside these
linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
posix = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")

# A server as far as the database is concerned: starts it, says so, and waits.
HOLDER = """
import sys, threading
from pathlib import Path
from exchange.graph.embedded import EmbeddedDatabase, is_served
database = EmbeddedDatabase(Path(sys.argv[1]), heap_megabytes=256)
where = []
starter = threading.Thread(target=lambda: where.append(database.start()))
starter.start()
starter.join()
print(where[0].pid, flush=True)
sys.stdin.read()
if sys.argv[2] == "stop":
    database.stop()
"""


class Holder:
    """Another process that holds an embedded database. `end` says how it ends when its input does."""

    def __init__(self, directory: Path, end: str = "stop") -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", HOLDER, str(directory), end],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            text=True,
            start_new_session=True,
        )
        assert self.process.stdout is not None
        self.child = int(self.process.stdout.readline())

    def end(self) -> int:
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait(SECONDS_MAX)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()


@pytest.fixture
def hold(tmp_path: Path) -> Iterator[Callable[..., Holder]]:
    made: list[Holder] = []

    def start(end: str = "stop") -> Holder:
        made.append(Holder(tmp_path / "data", end))
        return made[-1]

    yield start
    for holder in made:
        holder.close()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[EmbeddedDatabase]:
    """Not started yet."""
    made = EmbeddedDatabase(tmp_path / "data", heap_megabytes=256)
    yield made
    made.stop()


def is_alive(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    # One that ended, and that nobody has asked for yet, is not alive.
    status = Path(f"/proc/{process_id}/stat")
    return not (status.exists() and status.read_text().rpartition(")")[2].split()[0] == "Z")


def until_ended(process_id: int) -> None:
    deadline = time.monotonic() + SECONDS_MAX
    while is_alive(process_id):
        assert time.monotonic() < deadline, "it is an orphan"
        time.sleep(0.005)


def killed_under(database: EmbeddedDatabase) -> Endpoint:
    """Kills the child as a crash would; returns where its successor listens."""
    before = database.endpoint
    assert before is not None
    assert before.pid is not None
    os.kill(before.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
    deadline = time.monotonic() + SECONDS_MAX
    while (now := database.endpoint) is None or now == before:
        assert time.monotonic() < deadline, "it was not started again"
        time.sleep(0.01)
    return now


async def test_what_was_written_is_there_at_the_next_start(tmp_path: Path) -> None:
    target = Target(tmp_path / "data", heap_megabytes=256)
    store = await Store.open(target)
    owner = await put_organization(store)
    await store.close()
    await store.close()
    store = await Store.open(target)
    assert await store.get_organizations([owner.id]) == [owner]
    assert await store.head() == LedgerHead(1, 0, 0)
    described = await store.describe()
    assert described.embedded
    await store.close()


def test_a_second_server_is_told_who_holds_the_directory(database: EmbeddedDatabase) -> None:
    database.start()
    second = EmbeddedDatabase(database.directory)
    with pytest.raises(
        StoreInUse, match=f"Process {os.getpid()} already holds .* EXCHANGE_GRAPH_URI=embedded:"
    ) as caught:
        second.start()
    assert str(database.directory) in str(caught.value)
    second.stop()  # takes nothing away from the first
    assert database.endpoint is not None
    assert read_endpoint(database.directory) == database.endpoint


@posix
async def test_a_command_attaches_to_the_running_server(hold: Callable[..., Holder], tmp_path: Path) -> None:
    holder = hold()
    target = Target(tmp_path / "data", attach=True)
    with pytest.raises(StoreInUse, match=f"Process {holder.process.pid} "):
        await Store.open(replace(target, attach=False))
    store = await Store.open(target)
    owner = await put_organization(store)
    os.kill(holder.child, signal.SIGKILL)  # the server starts it again, and the command finds it
    until_ended(holder.child)
    deadline = time.monotonic() + SECONDS_MAX
    while True:
        try:
            assert await store.get_organizations([owner.id]) == [owner]
            break
        except StoreUnavailable:
            assert time.monotonic() < deadline
    holder.end()
    with pytest.raises(StoreUnavailable, match="has ended"):
        await store.head()
    await store.close()
    store = await Store.open(replace(target, heap_megabytes=256))  # nobody holds it now: it starts its own
    assert await store.get_organizations([owner.id]) == [owner]
    await store.close()


def lock_of(database: EmbeddedDatabase) -> FileLock:
    return FileLock(database.directory / embedded.LOCK_FILE)


def until_held(database: EmbeddedDatabase) -> None:
    deadline = time.monotonic() + SECONDS_MAX
    while lock_of(database).holder() is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_server_starts_while_somebody_looks(database: EmbeddedDatabase) -> None:
    database.directory.mkdir(parents=True, exist_ok=True)
    looking = lock_of(database)
    assert looking.take()
    threading.Timer(embedded.LOOKING_SECONDS_MAX / 5, looking.release).start()
    assert database.start().pid


async def test_a_command_waits_for_a_server_that_is_starting(database: EmbeddedDatabase) -> None:
    starting = threading.Thread(target=database.start)
    starting.start()
    until_held(database)  # else the command may be first, and begin the database itself
    store = await Store.open(Target(database.directory, attach=True, heap_megabytes=256))
    await store.ready()
    starting.join()
    await store.close()


async def test_a_command_attaches_at_once_to_what_runs(
    database: EmbeddedDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It does not try to start one first, which would wait for a lock that is held for long."""
    started = database.start()
    monkeypatch.setattr(EmbeddedDatabase, "start", None)
    store = await Store.open(Target(database.directory, attach=True))
    await store.ready()
    assert database.endpoint == started
    await store.close()
    assert FileLock(database.directory / embedded.LOCK_FILE).take() is False


def test_what_a_killed_server_left_behind_is_not_attached_to(database: EmbeddedDatabase) -> None:
    database.directory.mkdir()
    assert not is_served(database.directory)
    write_endpoint(database.directory, Endpoint("bolt://127.0.0.1:1", "root", "secret", embedded=True, pid=1))
    assert not is_served(database.directory)
    looking, child = lock_of(database), FileLock(database.directory / embedded_child.LOCK_FILE)
    assert looking.take()  # somebody looks, and no database runs
    assert not is_served(database.directory)
    assert child.take()
    assert is_served(database.directory)
    looking.release()
    assert not is_served(database.directory)
    child.release()


@posix
def test_the_files_are_their_owners_only(database: EmbeddedDatabase) -> None:
    endpoint = database.start()
    file = database.directory / "endpoint.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(database.directory.stat().st_mode) == 0o700
    assert json.loads(file.read_text())["password"] == endpoint.password
    others = [path for path in database.directory.rglob("*") if path.is_file() and path.stat().st_mode & 0o077]
    assert others == []
    written = [path for path in database.directory.rglob("*") if path.is_file() and path != file]
    assert not [path for path in written if endpoint.password.encode() in path.read_bytes()]
    database.stop()
    assert not file.exists()


@linux
def test_it_listens_on_loopback_only_and_hides_its_password(database: EmbeddedDatabase) -> None:
    endpoint = database.start()
    process = Path(f"/proc/{endpoint.pid}")
    sockets = {str(path.readlink()) for path in (process / "fd").iterdir() if path.is_symlink()}
    listening = "0A"
    loopback = {"0100007F", "0000000000000000FFFF00000100007F", "00000000000000000000000001000000"}
    found = []
    for table in ("tcp", "tcp6"):
        for row in (process / "net" / table).read_text().splitlines()[1:]:
            columns = row.split()
            if columns[3] == listening and f"socket:[{columns[9]}]" in sockets:
                found.append(columns[1].split(":"))
    assert f"{int(endpoint.uri.rpartition(':')[2]):04X}" in [port for _, port in found]
    assert {address for address, _ in found} <= loopback
    assert len(found) == 2  # Bolt, and HTTP that cannot be switched off
    shown = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
    assert endpoint.password.encode() not in shown


@posix
@pytest.mark.parametrize("end", ["stop", "exit"])
def test_it_ends_with_a_server_that_ends(hold: Callable[..., Holder], tmp_path: Path, end: str) -> None:
    holder = hold(end)
    assert holder.end() == 0
    until_ended(holder.child)
    assert "Server is down" in (tmp_path / "data" / "log" / "server.log").read_text()  # cleanly


@posix
@pytest.mark.parametrize("name", ["SIGHUP", "SIGKILL"])
def test_it_ends_with_a_server_that_is_killed(hold: Callable[..., Holder], tmp_path: Path, name: str) -> None:
    holder = hold()
    os.kill(holder.process.pid, getattr(signal, name))
    holder.process.wait(SECONDS_MAX)
    until_ended(holder.child)
    EmbeddedDatabase(tmp_path / "data", heap_megabytes=256).stop()


@posix
def test_it_ends_with_a_stopped_process_group_and_starts_again(hold: Callable[..., Holder]) -> None:
    for name in ("SIGINT", "SIGTERM", "SIGKILL"):  # as a terminal, a service manager and a crash do
        holder = hold()
        os.killpg(holder.process.pid, getattr(signal, name))
        holder.process.wait(SECONDS_MAX)
        until_ended(holder.child)
    hold().end()


@linux
def test_it_ends_though_another_process_keeps_its_input_open(tmp_path: Path) -> None:
    """A forked sibling that holds the pipe: then only the signal at the parent's death ends the child."""
    script = (
        "import os\n"
        + HOLDER.partition("print(where")[0]
        + "sibling = os.fork()\n"
        + "if not sibling:\n    import time; time.sleep(600); os._exit(0)\n"
        + "print(where[0].pid, sibling, flush=True)\nsys.stdin.read()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", script, str(tmp_path / "data")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
        text=True,
    )
    with process:
        assert process.stdout is not None
        child, sibling = map(int, process.stdout.readline().split())
        process.kill()
        process.wait()
        try:
            until_ended(child)
        finally:
            os.kill(sibling, signal.SIGKILL)


@posix
def test_a_child_that_is_told_to_end_does_so_cleanly_and_is_started_again(database: EmbeddedDatabase) -> None:
    first = database.start()
    assert first.pid is not None
    os.kill(first.pid, signal.SIGTERM)
    deadline = time.monotonic() + SECONDS_MAX
    while database.endpoint is None or database.endpoint == first:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert database.log_file.read_text().count("Server is down") == 1


def test_a_child_that_dies_is_started_again(database: EmbeddedDatabase) -> None:
    first = database.start()
    second = killed_under(database)
    assert second.password != first.password
    assert read_endpoint(database.directory) == second
    database.stop()
    assert second.pid is not None
    until_ended(second.pid)
    assert database.endpoint is None
    assert read_endpoint(database.directory) is None


def test_a_stop_during_the_start_leaves_nothing(database: EmbeddedDatabase) -> None:
    failures: list[BaseException] = []

    def start() -> None:
        try:
            database.start()
        except StoreUnavailable as failure:
            failures.append(failure)

    starting = threading.Thread(target=start)
    starting.start()
    deadline = time.monotonic() + SECONDS_MAX
    while database._child is None:
        assert time.monotonic() < deadline
        time.sleep(0.001)
    child = database._child
    database.stop()
    starting.join(SECONDS_MAX)
    assert child.poll() is not None
    assert len(failures) == 1
    assert database.endpoint is None


def test_a_lock_given_back_by_two_threads_at_once_is_closed_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = FileLock(tmp_path / "lock")
    assert lock.take()
    closed: list[int] = []

    def slow_close(descriptor: int) -> None:
        closed.append(descriptor)
        time.sleep(0.2)

    with monkeypatch.context() as patched:
        patched.setattr("exchange.graph.embedded_child.os.close", slow_close)
        threads = [threading.Thread(target=lock.release) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(closed) == 1
    os.close(closed[0])


def test_a_start_that_fails_shows_the_log(database: EmbeddedDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    (database.directory / "databases").mkdir(parents=True)
    (database.directory / "databases" / "exchange").write_text("no database")
    with pytest.raises(StoreUnavailable, match=r"did not start[\s\S]*server\.log"):
        database.start()
    (database.directory / "databases" / "exchange").unlink()
    again = EmbeddedDatabase(database.directory, heap_megabytes=256)  # the directory was given back
    again.start()
    again.stop()


def test_a_start_is_bounded_in_time(tmp_path: Path) -> None:
    slow = EmbeddedDatabase(tmp_path / "data", start_seconds_max=0.2)
    with pytest.raises(StoreUnavailable, match=r"not ready after 0\.2 seconds"):
        slow.start()
    assert slow._child is not None
    assert slow._child.poll() is not None


def test_an_absent_wheel_is_told_with_what_to_do(database: EmbeddedDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ConfigurationInvalid, match=r"pip install .*EXCHANGE_GRAPH_URI"):
        database.start()
    assert not database.directory.exists()


def test_a_directory_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationInvalid, match="cannot be written"):
        EmbeddedDatabase(tmp_path / "file" / "data").start()


def test_a_long_log_is_put_aside(database: EmbeddedDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "LOG_BYTES_MAX", 10)
    database.log_file.parent.mkdir(parents=True)
    database.log_file.write_text("long enough")
    database.start()
    assert database.log_file.with_suffix(".log.1").read_text() == "long enough"
