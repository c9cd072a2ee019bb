"""The embedded database's own process: started by `embedded.py` as a script, never imported for its work.

It stands alone (standard library, JPype and the arcadedb-embedded wheel), because importing the rest of the
exchange would double its start-up time. What it obeys:

- The order to start comes as one JSON line on standard input; the password is in it, so that no process list
  shows it. One JSON line goes back on standard output: `{"port": …}` or `{"error": …}`.
- It never outlives its parent: end of file on standard input means stop; on Linux a signal at the parent's death
  says the same where the pipe cannot. Stopping is bounded by a watchdog, for a Java thread may hang at exit.
- Everything it opens listens on loopback, and what is not used (HTTP apart, which has no switch) is not loaded.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import IO, Any

DATABASE = "exchange"
USER = "root"
LOOPBACK = "127.0.0.1"
LOCK_FILE = "database.lock"  # held while the child lives
STOP_SECONDS_MAX = 20.0  # a flush of a full page cache took 2 s; what hangs longer is killed
PARENT_GRACE_SECONDS = 5.0  # on SIGTERM the parent may be finishing its last writes: let it stop us itself
PREVIOUS_CHILD_SECONDS_MAX = STOP_SECONDS_MAX + 5.0  # a killed server's child may still be closing the files
UNUSED_JARS = ("arcadedb-mcp-", "arcadedb-postgresw-", "arcadedb-redisw-", "arcadedb-console-")
FULL_SYNC = 2  # txWalFlush: an acknowledged commit is on the disk, metadata too


class FileLock:
    """An exclusive lock on a file, held while this process lives; the file's text names the holder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None
        self._mutex = threading.Lock()

    def take(self) -> bool:
        """Takes the lock if nobody holds it, and writes this process's id into the file. Never waits."""
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        if not _lock(descriptor):
            os.close(descriptor)
            return False
        os.ftruncate(descriptor, 0)
        os.write(descriptor, str(os.getpid()).encode())
        self._descriptor = descriptor
        return True

    def wait(self, seconds: float) -> bool:
        """Takes the lock, waiting a bounded time for whoever holds it."""
        deadline = time.monotonic() + seconds
        while not self.take():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True

    def release(self) -> None:
        """Gives the lock back; the file stays, because removing it would let two processes lock two files.

        Two threads may do so at once, and the number of a closed file is soon another file's: only one closes it.
        """
        with self._mutex:
            descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def holder(self) -> int | None:
        """The process id that the file names, whether or not that process still lives."""
        with contextlib.suppress(OSError, ValueError):
            return int(self.path.read_text())
        return None


if sys.platform == "win32":
    import msvcrt

    _LOCKED_BYTE = 1 << 30  # far behind the text, which stays readable to others

    def _lock(descriptor: int) -> bool:
        os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        os.lseek(descriptor, 0, os.SEEK_SET)
        return True
else:
    import fcntl

    def _lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


class _Parent:
    """Knows when the parent is gone, or wants us to stop: its end of our standard input is closed."""

    def __init__(self, process_id: int) -> None:
        self.process_id = process_id
        self.gone = threading.Event()
        self.stop = threading.Event()
        self._serving = False

    def watch(self) -> None:
        """Starts to watch; before `serving` a vanished parent ends this process on the spot."""
        _die_with_parent()
        if sys.platform != "win32" and os.getppid() != self.process_id:
            os._exit(0)
        threading.Thread(target=self._until_end_of_file, daemon=True).start()

    def serving(self) -> None:
        self._serving = True
        if self.gone.is_set():
            self.stop.set()

    def _until_end_of_file(self) -> None:
        with contextlib.suppress(OSError):
            while os.read(0, 4096):
                pass
        self.gone.set()
        if not self._serving:
            os._exit(0)  # nothing was promised to anybody yet; the files survive any crash
        self.stop.set()

    def on_terminate(self, *_: object) -> None:
        """SIGTERM: of a process group (the parent stops us when it is done) or of the parent's death."""
        threading.Thread(target=self._terminate, daemon=True).start()

    def _terminate(self) -> None:
        if os.getppid() == self.process_id:
            self.gone.wait(PARENT_GRACE_SECONDS)
        self.stop.set()


def _die_with_parent() -> None:
    """Asks Linux for SIGTERM when the parent's thread that started us ends. Elsewhere the pipe has to do."""
    if sys.platform == "linux":
        set_parent_death_signal = 1
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGTERM, 0, 0, 0)


def _start_java(heap_megabytes: int) -> None:
    """Starts the wheel's own Java inside this process, without the jars that would open listeners."""
    import jpype
    from arcadedb_embedded import jvm

    jars = [str(jar) for jar in Path(jvm.get_jar_path()).glob("*.jar") if not jar.name.startswith(UNUSED_JARS)]
    options = (
        "-Xrs",  # signals stay ours
        f"-Xmx{heap_megabytes}m",
        "-Djava.awt.headless=true",
        "-Dfile.encoding=UTF8",
        "-Dpolyglot.engine.WarnInterpreterOnly=false",
        "-XX:+UseCompactObjectHeaders",
        "-XX:ErrorFile=log/java_crash_%p.log",
        "--add-modules=jdk.incubator.vector",
        "--enable-native-access=ALL-UNNAMED",
        "--add-opens=java.base/java.util.concurrent.atomic=ALL-UNNAMED",
        "--add-opens=java.base/java.nio.channels.spi=ALL-UNNAMED",
        "--add-opens=java.base/java.lang=ALL-UNNAMED",
    )
    jpype.startJVM(jvm.get_bundled_jre_lib_path(), *options, classpath=jars, interrupt=False)


def _settings(directory: Path, password: str) -> dict[str, Any]:
    return {
        "server.rootPath": str(directory),
        "server.logsDirectory": str(directory / "log"),
        "server.rootPassword": password,
        "server.mode": "production",  # hides messages, and forbids LOAD CSV to read files
        "server.httpIncomingHost": LOOPBACK,
        "server.httpIncomingPort": "0",
        "server.plugins": "Bolt:com.arcadedb.bolt.BoltProtocolPlugin",
        "server.restoreImportAllowLocalUrls": False,
        "opencypher.loadCsv.allowFileUrls": False,
        "opencypher.loadCsv.allowRemoteUrls": False,
        "support.autoRegister": False,
        "serverMetrics": False,
        "bolt.host": LOOPBACK,
        "bolt.port": "0",
        "bolt.defaultDatabase": DATABASE,
    }


def _start_database(directory: Path, password: str) -> tuple[Any, int]:
    """The running server and its Bolt port. Refuses to serve a database that would not sync its commits."""
    import jpype

    configuration = jpype.JClass("com.arcadedb.GlobalConfiguration")
    configuration.TX_WAL_FLUSH.setValue(jpype.JInt(FULL_SYNC))  # the server's own settings do not reach it
    settings = jpype.JClass("com.arcadedb.ContextConfiguration")()
    for name, value in _settings(directory, password).items():
        settings.setValue(f"arcadedb.{name}", value)
    # The password is a new one at every start, and the server only takes one when it has no users yet.
    (directory / "config" / "server-users.jsonl").unlink(missing_ok=True)
    server = jpype.JClass("com.arcadedb.server.ArcadeDBServer")(settings)
    server.start()
    database = server.getDatabase(DATABASE, True, True)
    if int(database.getConfiguration().getValueAsInteger(configuration.TX_WAL_FLUSH)) != FULL_SYNC:
        raise RuntimeError("the database would not sync its commits to the disk (txWalFlush)")
    ports = [int(plugin.getPort()) for plugin in server.getPlugins() if "Bolt" in str(plugin.getName())]
    return server, ports[0]


def _separate_output() -> IO[str]:
    """Our way back to the parent; whatever Java prints goes to the log that the parent opened as standard error."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return answers


def main() -> None:
    """Start, say so, serve until told to stop."""
    for name in ("SIGINT", "SIGHUP"):  # of the terminal: the parent hears it too, and decides
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    os.umask(0o077)  # the files are this user's, whatever directory was named
    order = json.loads(_first_line())
    parent = _Parent(order["parent"])
    parent.watch()
    answers = _separate_output()
    directory = Path(order["directory"])
    try:
        lock = FileLock(directory / LOCK_FILE)
        if not lock.wait(PREVIOUS_CHILD_SECONDS_MAX):
            raise RuntimeError(f"process {lock.holder()} still has the database files open")
        _start_java(order["heap_megabytes"])
        server, port = _start_database(directory, order["password"])
    except BaseException as error:  # noqa: BLE001 - whatever it was, the parent has to hear of it
        print(json.dumps({"error": f"{type(error).__name__}: {error}"}), file=answers, flush=True)
        os._exit(1)
    signal.signal(signal.SIGTERM, parent.on_terminate)
    parent.serving()
    print(json.dumps({"port": port}), file=answers, flush=True)
    while not parent.stop.wait(3600):
        pass
    watchdog = threading.Timer(STOP_SECONDS_MAX, os._exit, (70,))
    watchdog.daemon = True
    watchdog.start()
    with contextlib.suppress(BaseException):
        server.stop()
    os._exit(0)  # leaving Python the usual way hangs in Java's threads


def _first_line() -> bytes:
    """Standard input up to the first line end, and not a byte more: the watcher reads the rest."""
    line = bytearray()
    while byte := os.read(0, 1):
        if byte == b"\n":
            break
        line += byte
    return bytes(line)


if __name__ == "__main__":
    main()
