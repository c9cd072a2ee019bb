"""A real Neo4j for tests, without Docker: Maven fetches it, an installed JDK runs it, and it ends with the tests.

Listens on loopback, on free ports, with a random password, plain and encrypted (a self-signed certificate made
here) on one port. A machine without Maven or a fitting JDK gets `Absent` with the reason.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import ipaddress
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

START_SECONDS_MAX = 180
STOP_SECONDS_MAX = 300
FETCH_SECONDS_MAX = 900
DEPENDENCIES_PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
SOURCE = Path(__file__).with_name("Neo4jServer.java")
OPENED = ("java.nio", "java.io", "sun.nio.ch", "java.util.concurrent", "java.lang")


class Absent(Exception):
    """This machine cannot run that Neo4j; the message says why."""


@dataclass(frozen=True)
class Neo4jVersion:
    number: str
    java_min: int
    java_max: int


NEO4J_5 = Neo4jVersion("5.26.30", java_min=17, java_max=21)
NEO4J_2026 = Neo4jVersion("2026.09.0", java_min=21, java_max=99)


@dataclass
class Neo4jServer:
    """A running server. `kill` is for tests of what happens then, and for whoever keeps nothing of it."""

    version: Neo4jVersion
    java: Path
    libraries: Path
    program: Path
    home: Path
    port: int
    password: str
    heap: str = "768m"
    user: str = "neo4j"
    process: subprocess.Popen[bytes] = field(init=False)
    password_is_set: bool = False

    @property
    def bolt(self) -> str:
        return f"bolt://127.0.0.1:{self.port}"

    @property
    def routed(self) -> str:
        return f"neo4j://127.0.0.1:{self.port}"

    @property
    def encrypted(self) -> str:
        """Accepts the self-signed certificate."""
        return f"bolt+ssc://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Returns when it serves; raises RuntimeError with the end of its log when it does not."""
        options = [f"--add-opens=java.base/{name}=ALL-UNNAMED" for name in OPENED]
        log = self.home / "console.log"
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [
                    self.java,
                    f"-Xmx{self.heap}",
                    "-Xms256m",
                    *options,
                    "-cp",
                    f"{self.program}{os.pathsep}{self.libraries}/*",
                    SOURCE.stem,
                    self.home,
                    self.home / "neo4j.conf",
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                cwd=self.home,
            )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(b"\n" if self.password_is_set else self.password.encode() + b"\n")
        self.process.stdin.flush()
        timer = threading.Timer(START_SECONDS_MAX, self.process.kill)
        timer.daemon = True
        timer.start()
        try:
            for line in self.process.stdout:
                if line.strip() == b"READY":
                    break
            else:
                raise RuntimeError(f"Neo4j {self.version.number} did not start: {log.read_text()[-3000:]}")
        finally:
            timer.cancel()
        self.password_is_set = True
        threading.Thread(target=self.process.stdout.read, daemon=True).start()  # keep its pipe empty

    def stop(self) -> None:
        """In order: whatever it has in memory is in its files, and its next start has nothing to recover."""
        assert self.process.stdin is not None
        self.process.stdin.write(b"STOP\n")
        self.process.stdin.flush()
        self.process.wait(STOP_SECONDS_MAX)
        self._close_pipes()

    def kill(self) -> None:
        """As a crash would: without any chance to finish."""
        self.process.kill()
        self.process.wait()
        self._close_pipes()

    def _close_pipes(self) -> None:
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()


def prepare(
    version: Neo4jVersion, home: Path | None = None, *, heap: str = "768m", page_cache: str = "128m"
) -> Neo4jServer:
    """A server that is ready to `start`; fetches what is missing (once per machine). Raises Absent.

    home: the folder that holds its database, or will; a new one if not given. heap, page_cache: as Java and Neo4j
    spell sizes.
    """
    java = _java_for(version)
    libraries = _libraries(version)
    home = home or Path(tempfile.mkdtemp(prefix=f"neo4j-{version.number}-"))
    port = free_port()
    shutil.rmtree(home / "certificates", ignore_errors=True)
    _certificate(home / "certificates")
    (home / "neo4j.conf").write_text(_configuration(home, port, page_cache))
    return Neo4jServer(version, java, libraries, _program(java, libraries), home, port, secrets.token_hex(16), heap)


class Neo4jServers:
    """Neo4j servers, started beside the tests because they take their time, and ended with them."""

    def __init__(self) -> None:
        self._starting: dict[Neo4jVersion, Future[Neo4jServer]] = {}
        self._pool = ThreadPoolExecutor()

    def start(self, version: Neo4jVersion) -> Future[Neo4jServer]:
        if version not in self._starting:
            self._starting[version] = self._pool.submit(_started, version)
        return self._starting[version]

    def close(self) -> None:
        self._pool.shutdown()
        for starting in self._starting.values():
            if starting.exception() is None:
                starting.result().kill()  # nothing of it is kept, and an orderly end takes ten seconds
                shutil.rmtree(starting.result().home, ignore_errors=True)


def _started(version: Neo4jVersion) -> Neo4jServer:
    server = prepare(version)
    server.start()
    return server


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def cache_directory() -> Path:
    """Where fetched servers stay between test runs."""
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    return base / "footprint-exchange-tests"


def _configuration(home: Path, port: int, page_cache: str) -> str:
    address = f"127.0.0.1:{port}"
    settings = {
        "server.directories.data": (home / "data").as_posix(),
        "dbms.security.auth_enabled": "true",  # without it a password that was never set is accepted
        "server.bolt.enabled": "true",
        "server.bolt.listen_address": address,
        "server.bolt.advertised_address": address,
        "server.bolt.tls_level": "OPTIONAL",
        "dbms.ssl.policy.bolt.enabled": "true",
        "dbms.ssl.policy.bolt.base_directory": (home / "certificates").as_posix(),
        "dbms.ssl.policy.bolt.client_auth": "NONE",
        "server.http.enabled": "false",
        "server.https.enabled": "false",
        "dbms.usage_report.enabled": "false",
        "server.memory.pagecache.size": page_cache,
        "db.tx_log.rotation.retention_policy": "keep_none",
        "db.tx_log.preallocate": "false",
    }
    return "".join(f"{name}={value}\n" for name, value in settings.items())


def _java_for(version: Neo4jVersion) -> Path:
    fitting = [(major, java) for major, java in _installed_jdks() if version.java_min <= major <= version.java_max]
    if not fitting:
        raise Absent(f"Neo4j {version.number} needs a JDK from {version.java_min} to {version.java_max}")
    return min(fitting)[1]


@lru_cache
def _installed_jdks() -> tuple[tuple[int, Path], ...]:
    """Every JDK (a runtime alone cannot run a source file) with its major version."""
    name = "java.exe" if sys.platform == "win32" else "java"
    homes = [Path(os.environ["JAVA_HOME"])] if os.environ.get("JAVA_HOME") else []
    on_path = shutil.which("java")
    if on_path:
        homes.append(Path(on_path).resolve().parent.parent)
    for pattern in (
        "/usr/lib/jvm/*",
        "/usr/java/*",
        "/opt/*jdk*",
        "/Library/Java/JavaVirtualMachines/*/Contents/Home",
        "/opt/homebrew/opt/openjdk*",
        "C:/Program Files/*/jdk*",
    ):
        root = Path(pattern[: pattern.index("*")]).parent if "*" in pattern else Path(pattern)
        homes += root.glob(str(Path(pattern).relative_to(root))) if root.is_dir() else []
    found = {}
    for java in dict.fromkeys((home / "bin" / name).resolve() for home in homes):
        if java.is_file() and java.with_name(name.replace("java", "javac")).is_file():
            said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
            number = re.search(r'version "(\d+)', said)
            if number:
                found[java] = int(number[1])
    return tuple(sorted((major, java) for java, major in found.items()))


def _libraries(version: Neo4jVersion) -> Path:
    """The folder with that Neo4j's jars, fetched by Maven where it is not there yet."""
    folder = cache_directory() / f"neo4j-{version.number}"
    if folder.is_dir():
        return folder
    maven = shutil.which("mvn")
    if maven is None:
        raise Absent(f"Neo4j {version.number} has to be fetched, and Maven (mvn) is not installed")
    cache_directory().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache_directory()) as work:
        (Path(work) / "pom.xml").write_text(_pom(version))
        done = subprocess.run(
            [maven, "-q", "-B", DEPENDENCIES_PLUGIN, "-DoutputDirectory=libraries", "-DincludeScope=runtime"],
            cwd=work,
            capture_output=True,
            text=True,
            timeout=FETCH_SECONDS_MAX,
            check=False,
        )
        if done.returncode:
            raise Absent(f"Maven could not fetch Neo4j {version.number}: {(done.stdout + done.stderr)[-800:]}")
        _put_in_place(Path(work) / "libraries", folder)
    return folder


def _program(java: Path, libraries: Path) -> Path:
    """The folder with SOURCE compiled, once a machine: Java that is given the source compiles it at every start."""
    digest = hashlib.sha256(SOURCE.read_bytes()).hexdigest()[:16]
    folder = libraries.with_name(f"{libraries.name}-program-{digest}")
    if folder.is_dir():
        return folder
    with tempfile.TemporaryDirectory(dir=libraries.parent) as work:
        made = Path(work) / "program"
        compiler = java.with_name(java.name.replace("java", "javac"))
        release = str(NEO4J_5.java_min)
        subprocess.run([compiler, "--release", release, "-cp", f"{libraries}/*", "-d", made, SOURCE], check=True)
        _put_in_place(made, folder)
    return folder


def _put_in_place(made: Path, folder: Path) -> None:
    try:
        made.rename(folder)
    except OSError:
        if not folder.is_dir():  # else another run of the tests was faster
            raise


def _pom(version: Neo4jVersion) -> str:
    dependencies = "".join(
        f"<dependency><groupId>org.neo4j</groupId><artifactId>{name}</artifactId>"
        f"<version>{version.number}</version></dependency>"
        for name in ("neo4j", "neo4j-bolt")
    )
    return (
        '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
        "<groupId>tests</groupId><artifactId>neo4j</artifactId><version>1</version>"
        f"<dependencies>{dependencies}</dependencies></project>"
    )


def _certificate(folder: Path) -> None:
    """A self-signed certificate for 127.0.0.1, under the names that Neo4j looks for."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=30))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.IPv4Address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    folder.mkdir()
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    (folder / "public.crt").write_bytes(certificate.public_bytes(pem))
    private = key.private_bytes(pem, pkcs8, serialization.NoEncryption())
    (folder / "private.key").write_bytes(private)
    (folder / "private.key").chmod(0o600)
