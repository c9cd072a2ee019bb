"""The habits of this project on any machine: `python -m tasks help` lists them.

Owns `.venv`: makes it, fills it from the `requirements*.lock` files a habit needs, and makes it again when it is
broken. Standard library only and no shell, so that the same commands work on Linux, macOS and Windows; `make` is a
shorter way to say them. Project code runs from this folder, nothing of it is built or installed.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
STAMP = VENV / "installed-locks.json"
BUILD = ROOT / "build"
WINDOWS = os.name == "nt"

PYTHON_MIN = (3, 11)
NEWER_PYTHONS = ("python3.14", "python3.13", "python3.12", "python3.11")
GLIBC_MIN = (2, 34)  # the oldest C library the embedded store's own Java runtime is linked for

# Each lock is whole: it holds the running packages too, so that any of them can be installed alone.
RUNNING = "requirements.lock"
EMBEDDED = "requirements-embedded.lock"
DEV = "requirements-dev.lock"
ORACLE = "requirements-oracle.lock"
EXTRAS = {"running": RUNNING, "embedded": EMBEDDED, "dev": DEV, "oracle": ORACLE}

# What each lock is compiled from, in order: a later lock is held to the versions of the earlier ones.
LOCK_SOURCES = {
    RUNNING: (),
    EMBEDDED: ("--extra", "embedded"),
    DEV: ("--group", "dev"),
    ORACLE: ("--extra", "oracle"),
}


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def stop(text: str) -> NoReturn:
    """End with exit code 1 and what to do about it."""
    say(text)
    raise SystemExit(1)


# --- which Python ---


def start_on_a_new_enough_python(arguments: Sequence[str]) -> None:
    """Return on Python 3.11 or newer; otherwise hand over to one that is installed, or say that it is missing."""
    if sys.version_info >= PYTHON_MIN:
        return
    newer = next(filter(is_new_enough, filter(None, map(shutil.which, NEWER_PYTHONS))), None)
    if newer is None:
        stop(
            f"Python {PYTHON_MIN[0]}.{PYTHON_MIN[1]} or newer is needed; this is {platform.python_version()} "
            f"({sys.executable}).\nInstall one and name it: `make PYTHON=python3.12 …`, or `python3.12 -m tasks …`."
        )
    raise SystemExit(run_here(newer, Path(__file__).resolve(), *arguments))


def is_new_enough(python: str) -> bool:
    """Whether it starts, too: version managers leave names on the path that lead nowhere."""
    probe = f"import sys; sys.exit(sys.version_info < {PYTHON_MIN})"
    return subprocess.run([python, "-c", probe], capture_output=True, check=False).returncode == 0


def venv_python() -> Path:
    return VENV / ("Scripts/python.exe" if WINDOWS else "bin/python")


def venv_works() -> bool:
    """Whether `.venv` starts, is new enough and has pip: not after its Python was removed or replaced."""
    probe = f"import sys, pip; sys.exit(sys.version_info < {PYTHON_MIN} or sys.prefix == sys.base_prefix)"
    try:
        return subprocess.run([venv_python(), "-c", probe], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def make_venv(folder: Path) -> None:
    """Make a virtual environment, after removing a broken one that stands in its place."""
    if folder.exists() or folder.is_symlink():
        if not (folder / "pyvenv.cfg").is_file():
            stop(f"{folder} is in the way and is not a virtual environment. Move it, then try again.")
        say(f"{folder.name} does not work here (its Python is gone or too old); making it again")
        shutil.rmtree(folder)
    if importlib.util.find_spec("ensurepip") is None or importlib.util.find_spec("venv") is None:
        stop(
            f"{sys.executable} cannot make virtual environments: its venv module is not installed.\n"
            f"On Debian and Ubuntu: apt-get install python3-venv "
            f"(or python{sys.version_info[0]}.{sys.version_info[1]}-venv)"
        )
    say(f"making {folder.name} with Python {platform.python_version()}")
    if subprocess.run([sys.executable, "-m", "venv", folder], check=False).returncode != 0:
        shutil.rmtree(folder, ignore_errors=True)
        stop(f"The virtual environment {folder} could not be made; the reason stands above.")


# --- what the machine can run ---


def uses_neo4j() -> bool:
    """Whether EXCHANGE_GRAPH_URI names a Neo4j server, so that the embedded store is not needed."""
    return os.environ.get("EXCHANGE_GRAPH_URI", "").startswith(("bolt", "neo4j"))


def embedded_obstacle() -> str | None:
    """Why the embedded store cannot run here, or None. No wheel marker can tell these platforms apart."""
    system, machine = platform.system(), platform.machine().lower()
    if system == "Linux" and machine in {"x86_64", "amd64", "aarch64", "arm64"}:
        glibc = glibc_version()
        if glibc is None:
            return "this Linux has another C library than glibc (musl, for example)"
        if glibc < GLIBC_MIN:
            return f"this Linux has glibc {glibc[0]}.{glibc[1]}, older than {GLIBC_MIN[0]}.{GLIBC_MIN[1]}"
        return None
    if system == "Darwin" and machine == "arm64":
        return None
    # The interpreter's own platform counts: an x64 Python also runs on Windows for ARM.
    if system == "Windows" and sysconfig.get_platform() == "win-amd64":
        return None
    return f"it is not made for {system} on {machine}"


def glibc_version() -> tuple[int, int] | None:
    try:
        name, version = (os.confstr("CS_GNU_LIBC_VERSION") or "").split()
        major, minor = version.split(".")[:2]
        return (int(major), int(minor)) if name == "glibc" else None
    except (AttributeError, OSError, ValueError):
        return None


def with_the_store(*locks: str, needed: bool) -> tuple[str, ...]:
    """The locks, and the embedded store's where it is used. Needed and impossible: stop and say what to do."""
    if needed and uses_neo4j():
        return locks
    obstacle = embedded_obstacle()
    if obstacle is None:
        return (*locks, EMBEDDED)
    advice = (
        f"The embedded store cannot run here: {obstacle}.\n"
        "Everything else works with a Neo4j server (5.26 or newer). Name it before you start:\n"
        "  EXCHANGE_GRAPH_URI=bolt://localhost:7687 EXCHANGE_GRAPH_USER=neo4j EXCHANGE_GRAPH_PASSWORD=…\n"
        "`docker compose up` starts both the exchange and a Neo4j."
    )
    if needed:
        stop(advice)
    say(f"Without the embedded store, whose tests are skipped: {obstacle}.")
    return locks


# --- installing ---


def lock_digest(lock: str) -> str:
    return hashlib.sha256((ROOT / lock).read_bytes()).hexdigest()


def installed_locks() -> dict[str, str]:
    """Lock file name to the digest that was installed; empty where nothing is known."""
    try:
        stamp = json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


@contextlib.contextmanager
def one_at_a_time() -> Iterator[None]:
    """Hold the set-up for this process: two habits started at once must not both fill `.venv`."""
    BUILD.mkdir(exist_ok=True)
    with (BUILD / "setup.lock").open("a+b") as handle:
        if sys.platform == "win32":
            import msvcrt

            handle.seek(0)
            msvcrt.locking(handle.fileno(), msvcrt.LK_LOCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX)
        yield  # closing the file lets go


def prepare(locks: Sequence[str]) -> Path:
    """Bring `.venv` to the state the locks ask for, doing nothing when it is there; return its Python."""
    with one_at_a_time():
        if not venv_works():
            make_venv(VENV)
        done = installed_locks()
        wanted = {lock: lock_digest(lock) for lock in locks}
        missing = [lock for lock in locks if done.get(lock) != wanted[lock]]
        if missing:
            say(f"installing {' and '.join(missing)} into {VENV.name} (once; it takes a minute or two)")
            install(missing)
            STAMP.write_text(json.dumps({**done, **wanted}, indent=1), encoding="utf-8")
    return venv_python()


def install(locks: Sequence[str]) -> None:
    """Install exact, hash-checked wheels; never build a source package, which could run unchecked code."""
    options = ["--quiet", "--disable-pip-version-check", "--no-input", "--require-hashes", "--only-binary=:all:"]
    files = [f"--requirement={ROOT / lock}" for lock in locks]
    if run_here(venv_python(), "-m", "pip", "install", *options, *files) != 0:
        stop("The packages could not be installed; pip's reason stands above. Nothing was started.")


# --- running ---


def environment() -> dict[str, str]:
    """Ours, with the project importable from any working directory and UTF-8 everywhere."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return {**os.environ, "PYTHONPATH": path, "PYTHONUTF8": "1"}


def run_here(*command: str | Path) -> int:
    """Run to the end and return the exit code. Ctrl-C goes to the program, which ends in its own way."""
    with subprocess.Popen(command, env=environment(), cwd=ROOT) as program:
        while True:
            try:
                return program.wait()
            except KeyboardInterrupt:
                continue


def become(*command: str | Path) -> NoReturn:
    """Run as the last thing: in place of this process where the system can, so that signals reach it directly."""
    if WINDOWS:
        raise SystemExit(run_here(*command))
    os.chdir(ROOT)
    sys.stdout.flush()
    os.execve(command[0], [str(part) for part in command], environment())


def exchange(command: str, arguments: Sequence[str]) -> int:
    python = prepare(with_the_store(RUNNING, needed=True))
    become(python, "-m", "exchange", command, *arguments)


def demo(arguments: Sequence[str]) -> int:
    """start the exchange on example data, with a question to ask it"""
    return exchange("demo", arguments)


def serve(arguments: Sequence[str]) -> int:
    """start the exchange"""
    return exchange("serve", arguments)


def seed(arguments: Sequence[str]) -> int:
    """publish the example supply chains"""
    return exchange("seed", arguments)


def test(arguments: Sequence[str]) -> int:
    """run the tests; --require-neo4j, --data PATH, or anything pytest takes"""
    python = prepare(with_the_store(DEV, needed=False))
    become(python, "-m", "pytest", *one_word_paths(arguments))


def one_word_paths(arguments: Sequence[str]) -> list[str]:
    """`--data PATH` as `--data=PATH`: pytest takes a lone path for a place of tests before it knows our options."""
    words = list(arguments)
    for option in ("--data", "--api-core", "--pact-schema"):
        if option in words[:-1]:
            at = words.index(option)
            words[at : at + 2] = [f"{option}={words[at + 1]}"]
    return words


def lint(arguments: Sequence[str]) -> int:
    """check format, lint, types and import contracts; --fix mends what can be mended"""
    fix = "--fix" in arguments
    python = prepare([DEV])
    commands = [
        ("-m", "ruff", "format", *(() if fix else ("--check",)), "."),
        ("-m", "ruff", "check", *(("--fix",) if fix else ()), "."),
        ("-m", "mypy"),
        ("-c", "from importlinter.cli import lint_imports_command as check; check()", "--no-logo"),
    ]
    codes = [run_here(python, *command) for command in commands]
    return max(codes)


def bench(arguments: Sequence[str]) -> int:
    """run the benchmarks, or one of them: --only NAME"""
    python = prepare(with_the_store(DEV, ORACLE, needed=False))
    become(python, "-m", "tests.bench", *arguments)


def schema(arguments: Sequence[str]) -> int:
    """write schema.graphql from the code"""
    python = prepare([RUNNING])
    if arguments:
        become(python, "-m", "exchange", "schema", *arguments)
    command = [str(python), "-m", "exchange", "schema"]
    printed = subprocess.run(command, env=environment(), cwd=ROOT, stdout=subprocess.PIPE, check=False)
    if printed.returncode == 0:
        text = printed.stdout.decode("utf-8").replace("\r\n", "\n")
        (ROOT / "schema.graphql").write_text(text, encoding="utf-8", newline="\n")
    return printed.returncode


def docs(arguments: Sequence[str]) -> int:
    """check that documents, their commands and their queries still hold"""
    python = prepare(with_the_store(DEV, needed=False))
    become(python, "-m", "pytest", "tests/docs", *one_word_paths(arguments))


def setup(arguments: Sequence[str]) -> int:
    """only fill .venv: any of running, embedded, dev, oracle (default: what demo needs)"""
    unknown = set(arguments) - set(EXTRAS)
    if unknown:
        stop(f"setup knows {', '.join(EXTRAS)}; not {', '.join(sorted(unknown))}.")
    locks = [EXTRAS[name] for name in arguments if name != "embedded"]
    if not arguments or "embedded" in arguments:
        locks = list(with_the_store(*(locks or [RUNNING]), needed=True))
    prepare(locks)
    return 0


def lock(arguments: Sequence[str]) -> int:
    """renew the lock files from pyproject.toml; --upgrade takes newer versions"""
    folder = BUILD / "lock-venv"
    if not folder.exists():
        make_venv(folder)
    python = folder / venv_python().relative_to(VENV)
    code = run_here(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "uv>=0.9")
    done: list[str] = []
    for name, source in LOCK_SOURCES.items():
        command = ["-m", "uv", "pip", "compile", "pyproject.toml", *source, "--output-file", name]
        command += ["--universal", "--python-version", "3.11", "--fork-strategy", "fewest", "--only-binary=:all:"]
        command += ["--generate-hashes", "--no-emit-index-url", "--no-header", "--no-config", "--quiet"]
        command += [option for earlier in done for option in ("--constraints", earlier)]
        code = code or run_here(python, *command, *arguments)
        done.append(name)
    return code


def show_help(_arguments: Sequence[str] = ()) -> int:
    """list the habits"""
    print("python -m tasks HABIT [arguments], or make HABIT [ARGS=arguments]\n")
    for name, habit in HABITS.items():
        print(f"  {name:8} {habit.__doc__}")
    return 0


HABITS: dict[str, Callable[[Sequence[str]], int]] = {
    "demo": demo,
    "serve": serve,
    "seed": seed,
    "test": test,
    "lint": lint,
    "bench": bench,
    "schema": schema,
    "docs": docs,
    "setup": setup,
    "lock": lock,
    "help": show_help,
}


def main(arguments: Sequence[str]) -> int:
    start_on_a_new_enough_python(arguments)
    name = arguments[0] if arguments else "help"
    habit = HABITS.get("help" if name in {"-h", "--help"} else name)
    if habit is None:
        say(f"There is no habit called {name!r}.")
        show_help()
        return 2
    try:
        return habit(arguments[1:])
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
