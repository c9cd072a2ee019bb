"""The embedded database: a child process that this process starts, watches, restarts and stops.

The rules: our own lock file is taken before anything else, so a second server on the same directory gets a clear
error instead of a stack trace; the child never outlives us (see `embedded_child.py`); a child that dies is started
again, so that recovery needs no restart of the server; the endpoint file is there exactly while something listens.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import logging
import os
import secrets
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO

from exchange.errors import ConfigurationInvalid, StoreInUse, StoreUnavailable
from exchange.graph import embedded_child
from exchange.graph.embedded_child import DATABASE, LOOPBACK, USER, FileLock
from exchange.graph.endpoint import Endpoint, read_endpoint, remove_endpoint, write_endpoint

START_SECONDS_MAX = 90.0  # 1.5 s on an idle machine; a long log of unfinished writes and a busy disk take longer
STOP_SECONDS_MAX = 30.0  # the child's own watchdog ends it before
RESTART_DELAY_SECONDS = (0.1, 10.0)  # first and longest pause before a dead child is started again
STEADY_SECONDS = 60.0  # a child that lived this long starts the pauses anew
HEAP_MEGABYTES = 1024
LOG_BYTES_MAX = 5_000_000  # at start a longer log becomes server.log.1
LOG_TAIL_BYTES = 4_000
LOCK_FILE = "server.lock"
LOOKING_SECONDS_MAX = 0.5  # who only looks (`holds_database`) has the lock for a moment

logger = logging.getLogger(__name__)


def holds_database(directory: Path) -> bool:
    """Whether there is a database in a directory, or a process that is just making one. Looks, and creates nothing.

    True, too, where we may not look: opening it says why.
    """
    directory = directory.expanduser().resolve()
    lock = FileLock(directory / LOCK_FILE)
    try:
        if _is_there(directory / "databases" / DATABASE):
            return True
        if not _is_there(lock.path):  # the first file of all; taking it would create it
            return False
        being_made = not lock.take()
    except OSError:
        return True
    lock.release()
    return being_made


def is_served(directory: Path) -> bool:
    """Whether a process holds the directory and its database runs: who attaches has nothing to wait for. Looks only."""
    directory = directory.expanduser().resolve()
    if read_endpoint(directory) is None:
        return False
    # Who only looks holds the first lock, too, but not the second. A free second one: the child is just starting.
    return all(_is_held(directory / name) for name in (LOCK_FILE, embedded_child.LOCK_FILE))


def _is_held(path: Path) -> bool:
    lock = FileLock(path)
    try:
        held = not lock.take()
    except OSError:
        return False
    lock.release()
    return held


def _is_there(path: Path) -> bool:
    """Path.exists calls what may not be looked at absent in some versions of Python."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


class EmbeddedDatabase:
    """One embedded database of one data directory. Blocking; its methods may be called from any thread."""

    def __init__(
        self,
        directory: Path,
        *,
        heap_megabytes: int = HEAP_MEGABYTES,
        start_seconds_max: float = START_SECONDS_MAX,
    ) -> None:
        self.directory = directory.expanduser().resolve()
        self.heap_megabytes = heap_megabytes
        self.start_seconds_max = start_seconds_max
        self._lock = FileLock(self.directory / LOCK_FILE)
        self._mutex = threading.Lock()
        self._stopping = threading.Event()
        self._first_start = threading.Event()
        self._failure: StoreUnavailable | None = None
        self._endpoint: Endpoint | None = None
        self._child: subprocess.Popen[bytes] | None = None
        self._supervisor: threading.Thread | None = None

    @property
    def endpoint(self) -> Endpoint | None:
        """Where the database listens now; None while it is not running. It changes with every restart."""
        return self._endpoint

    @property
    def log_file(self) -> Path:
        return self.directory / "log" / "server.log"

    def start(self) -> Endpoint:
        """Takes the directory's lock, starts the child, and returns once it answers.

        Raises StoreInUse (another process holds the directory), ConfigurationInvalid (the wheel is not installed, or
        the directory cannot be written) and StoreUnavailable (the child did not start; with the end of its log).
        """
        if importlib.util.find_spec("arcadedb_embedded") is None:
            raise ConfigurationInvalid(
                "The embedded database is not installed. Install it with `pip install 'footprint-exchange[embedded]'` "
                "(Linux with glibc 2.34 or newer, macOS arm64, Windows x64), or set EXCHANGE_GRAPH_URI to a Neo4j "
                "server, for example bolt://localhost:7687."
            )
        self._take_lock()
        # The child is told to die with the *thread* that started it (Linux): this one lives as long as it is wanted.
        self._supervisor = threading.Thread(target=self._supervise, name="embedded-database", daemon=True)
        self._supervisor.start()
        try:
            self._first_start.wait()
        except BaseException:  # KeyboardInterrupt: leave nothing running
            self.stop()
            raise
        endpoint = self._endpoint
        if self._failure is not None or endpoint is None:
            self.stop()
            raise self._failure or StoreUnavailable("The embedded database stopped while it was starting.")
        return endpoint

    def stop(self) -> None:
        """Stops the child cleanly, kills it if that takes too long, and gives the directory back. Repeatable."""
        with self._mutex:
            self._stopping.set()
            child = self._child
            if child is not None:
                _close(child.stdin)
        if self._supervisor is not None:
            self._supervisor.join(STOP_SECONDS_MAX)
            if self._supervisor.is_alive() and child is not None:
                child.kill()
                self._supervisor.join(STOP_SECONDS_MAX)
        self._lock.release()

    def _take_lock(self) -> None:
        try:
            self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            (self.directory / "log").mkdir(exist_ok=True, mode=0o700)
            taken = self._lock.wait(LOOKING_SECONDS_MAX)
        except OSError as error:
            raise ConfigurationInvalid(
                f"The data directory {self.directory} cannot be written: {error.strerror}. "
                "Choose another one with EXCHANGE_DATA_DIRECTORY=PATH (where EXCHANGE_GRAPH_URI is set: "
                "EXCHANGE_GRAPH_URI=embedded:PATH)."
            ) from error
        if not taken:
            raise StoreInUse(
                f"Process {self._lock.holder()} already holds the embedded database in {self.directory}. Stop it "
                "first, or give this one a directory of its own with EXCHANGE_DATA_DIRECTORY=OTHER_PATH (where "
                "EXCHANGE_GRAPH_URI is set: EXCHANGE_GRAPH_URI=embedded:OTHER_PATH)."
            )

    def _supervise(self) -> None:
        """Starts the child and starts it again whenever it dies, with growing pauses, until `stop`."""
        shortest, longest = RESTART_DELAY_SECONDS
        delay = shortest
        while not self._stopping.is_set():
            began = time.monotonic()
            try:
                self._run_child()
            except StoreUnavailable as failure:
                if not self._first_start.is_set():
                    self._failure = failure
                    self._first_start.set()
                    return
                logger.error("The embedded database could not be started again: %s", failure.message)
            if time.monotonic() - began > STEADY_SECONDS:
                delay = shortest
            self._stopping.wait(delay)
            delay = min(delay * 2, longest)
        self._first_start.set()

    def _run_child(self) -> None:
        """One life of the child, from its start to its end."""
        password = secrets.token_urlsafe(32)
        child = self._spawn(password)
        with child:
            port = self._await_port(child)
            if port is None:
                code = child.wait()
                if self._stopping.is_set():
                    return
                raise StoreUnavailable(self._explain(f"It ended with code {code} before it was ready."))
            endpoint = Endpoint(f"bolt://{LOOPBACK}:{port}", USER, password, embedded=True, pid=child.pid)
            write_endpoint(self.directory, endpoint)
            self._endpoint = endpoint
            self._first_start.set()
            try:
                assert child.stdout is not None
                child.stdout.read()  # nothing more comes: this returns when the child ends
                code = child.wait()
            finally:
                self._endpoint = None
                with contextlib.suppress(OSError):
                    remove_endpoint(self.directory)
        if not self._stopping.is_set():
            logger.error("The embedded database ended with code %s; starting it again.", code)

    def _spawn(self, password: str) -> subprocess.Popen[bytes]:
        order = {
            "parent": os.getpid(),
            "directory": str(self.directory),
            "password": password,
            "heap_megabytes": self.heap_megabytes,
        }
        script = Path(__file__).with_name("embedded_child.py")
        # Its own console on Windows, so that closing ours reaches it as the end of its input.
        flags = getattr(subprocess, "CREATE_NO_WINDOW", 0)
        with self._open_log() as log:
            child = subprocess.Popen(
                [sys.executable, "-P", str(script)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=self.directory,  # the database writes a folder `log` where it runs
                creationflags=flags,
            )
        assert child.stdin is not None
        with contextlib.suppress(OSError):  # it may be dead already: then its output ends, and we say so
            child.stdin.write(json.dumps(order).encode() + b"\n")
            child.stdin.flush()
        with self._mutex:
            self._child = child
            if self._stopping.is_set():
                _close(child.stdin)
        return child

    def _await_port(self, child: subprocess.Popen[bytes]) -> int | None:
        """The port that the child says it listens on; None where it ended without a word."""
        assert child.stdout is not None
        late = threading.Event()

        def give_up() -> None:
            late.set()
            child.kill()

        timer = threading.Timer(self.start_seconds_max, give_up)
        timer.daemon = True
        timer.start()
        try:
            line = child.stdout.readline()
        finally:
            timer.cancel()
        if late.is_set():
            raise StoreUnavailable(self._explain(f"It was not ready after {self.start_seconds_max:g} seconds."))
        if not line:
            return None
        answer = json.loads(line)
        if "port" in answer:
            return int(answer["port"])
        child.wait()
        raise StoreUnavailable(self._explain(str(answer.get("error"))))

    def _open_log(self) -> IO[bytes]:
        with contextlib.suppress(OSError):
            if self.log_file.stat().st_size > LOG_BYTES_MAX:
                self.log_file.replace(self.log_file.with_suffix(".log.1"))
        descriptor = os.open(self.log_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        return os.fdopen(descriptor, "ab")

    def _explain(self, what: str) -> str:
        """The failure with the end of the child's log, for whoever has to mend it."""
        try:
            with self.log_file.open("rb") as file:
                file.seek(0, os.SEEK_END)
                file.seek(max(0, file.tell() - LOG_TAIL_BYTES))
                tail = file.read().decode("utf-8", "replace").strip()
        except OSError:
            tail = ""
        return (
            f"The embedded database in {self.directory} did not start. {what} "
            f"The end of its log ({self.log_file}):\n{tail or '(empty)'}"
        )


def _close(pipe: IO[bytes] | None) -> None:
    if pipe is not None:
        with contextlib.suppress(OSError):
            pipe.close()
