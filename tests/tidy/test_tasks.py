"""The set-up works on machines that are not as hoped, and says what to do on those where it cannot."""

import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

import tasks
from tests.tidy.sources import ROOT


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout of its own with two tiny locks; what would be installed is recorded, not installed."""
    for name, value in {"ROOT": tmp_path, "VENV": tmp_path / ".venv", "BUILD": tmp_path / "build"}.items():
        monkeypatch.setattr(tasks, name, value)
    monkeypatch.setattr(tasks, "STAMP", tmp_path / ".venv" / "installed-locks.json")
    for lock in (tasks.RUNNING, tasks.EMBEDDED):
        (tmp_path / lock).write_text(f"# {lock}\n", encoding="utf-8")
    return tmp_path


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every lock whose installation was asked for, in order."""
    names: list[str] = []
    monkeypatch.setattr(tasks, "install", names.extend)
    return names


def test_a_venv_is_made_once_and_filled_again_when_a_lock_changed(checkout, installed):
    python = tasks.prepare([tasks.RUNNING])
    assert python.is_file()
    assert installed == [tasks.RUNNING]

    tasks.prepare([tasks.RUNNING])
    assert installed == [tasks.RUNNING]
    tasks.prepare([tasks.RUNNING, tasks.EMBEDDED])
    assert installed == [tasks.RUNNING, tasks.EMBEDDED]

    (checkout / tasks.RUNNING).write_text("# another version\n", encoding="utf-8")
    tasks.prepare([tasks.RUNNING, tasks.EMBEDDED])
    assert installed == [tasks.RUNNING, tasks.EMBEDDED, tasks.RUNNING]


def test_an_interrupted_installation_is_done_again(checkout, monkeypatch):
    monkeypatch.setattr(tasks, "install", lambda locks: tasks.stop("no network"))
    with pytest.raises(SystemExit):
        tasks.prepare([tasks.RUNNING])
    assert tasks.installed_locks() == {}


@pytest.mark.skipif(tasks.WINDOWS, reason="symbolic links to Python are made on other systems than Windows")
def test_a_venv_whose_python_is_gone_is_made_again(checkout, installed):
    tasks.prepare([tasks.RUNNING])
    for name in (checkout / ".venv" / "bin").glob("python*"):
        name.unlink()
    (checkout / ".venv" / "bin" / "python").symlink_to(checkout / "no-such-python")
    assert not tasks.venv_works()

    tasks.prepare([tasks.RUNNING])
    assert tasks.venv_works()
    assert installed == [tasks.RUNNING, tasks.RUNNING]


def test_a_folder_that_is_no_venv_is_left_alone(checkout, installed, capsys):
    (checkout / ".venv").mkdir()
    (checkout / ".venv" / "thesis.txt").write_text("years of work", encoding="utf-8")
    with pytest.raises(SystemExit):
        tasks.prepare([tasks.RUNNING])
    assert "Move it" in capsys.readouterr().err
    assert (checkout / ".venv" / "thesis.txt").exists()
    assert installed == []


def test_a_python_without_venv_says_which_package_to_install(checkout, monkeypatch, capsys):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SystemExit):
        tasks.make_venv(checkout / ".venv")
    assert "apt-get install python3-venv" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("system", "machine", "glibc", "runs"),
    [
        ("Linux", "x86_64", (2, 34), True),
        ("Linux", "x86_64", (2, 39), True),
        ("Linux", "aarch64", (2, 36), True),
        ("Linux", "x86_64", (2, 31), False),
        ("Linux", "x86_64", None, False),
        ("Linux", "riscv64", (2, 39), False),
        ("Darwin", "arm64", None, True),
        ("Darwin", "x86_64", None, False),
        ("Windows", "AMD64", None, True),
        ("FreeBSD", "amd64", None, False),
    ],
)
def test_the_platforms_of_the_embedded_store(monkeypatch, system, machine, glibc, runs):
    monkeypatch.setattr(platform, "system", lambda: system)
    monkeypatch.setattr(platform, "machine", lambda: machine)
    monkeypatch.setattr(sysconfig, "get_platform", lambda: "win-amd64" if system == "Windows" else "other")
    monkeypatch.setattr(tasks, "glibc_version", lambda: glibc)
    assert (tasks.embedded_obstacle() is None) is runs


@pytest.mark.parametrize(
    ("confstr", "version"), [("glibc 2.36", (2, 36)), ("glibc 2.34.9000", (2, 34)), ("musl 1.2", None), (None, None)]
)
def test_the_c_library_is_recognised(monkeypatch, confstr, version):
    monkeypatch.setattr(os, "confstr", lambda name: confstr, raising=False)
    assert tasks.glibc_version() == version


def test_where_the_embedded_store_cannot_run_the_way_out_is_named(monkeypatch, capsys):
    monkeypatch.setattr(tasks, "embedded_obstacle", lambda: "this Linux has glibc 2.31")
    monkeypatch.delenv("EXCHANGE_GRAPH_URI", raising=False)
    with pytest.raises(SystemExit):
        tasks.with_the_store(tasks.RUNNING, needed=True)
    printed = capsys.readouterr().err
    assert "glibc 2.31" in printed
    assert "EXCHANGE_GRAPH_URI=bolt://" in printed
    # Tests run all the same; the store's own are skipped.
    assert tasks.with_the_store(tasks.DEV, needed=False) == (tasks.DEV,)


@pytest.mark.parametrize(
    ("uri", "locks"),
    [
        ("bolt://localhost:7687", (tasks.RUNNING,)),
        ("neo4j+s://graph.example", (tasks.RUNNING,)),
        ("embedded:graph", (tasks.RUNNING, tasks.EMBEDDED)),
        ("", (tasks.RUNNING, tasks.EMBEDDED)),
    ],
)
def test_the_embedded_store_is_installed_only_where_it_is_used(monkeypatch, uri, locks):
    monkeypatch.setenv("EXCHANGE_GRAPH_URI", uri)
    monkeypatch.setattr(tasks, "embedded_obstacle", lambda: None)
    assert tasks.with_the_store(tasks.RUNNING, needed=True) == locks


def test_an_old_python_is_named_with_the_way_out(monkeypatch, capsys):
    monkeypatch.setattr(sys, "version_info", (3, 10, 13))
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(SystemExit):
        tasks.start_on_a_new_enough_python([])
    assert "make PYTHON=python3.12" in capsys.readouterr().err


def test_an_old_python_hands_over_to_a_newer_one(monkeypatch):
    started: list[tuple[object, ...]] = []

    def run_here(*command: object) -> int:
        started.append(command)
        return 7

    monkeypatch.setattr(sys, "version_info", (3, 10, 13))
    monkeypatch.setattr(shutil, "which", lambda name: f"/bin/{name}")
    monkeypatch.setattr(tasks, "is_new_enough", lambda python: python.endswith("3.12"))
    monkeypatch.setattr(tasks, "run_here", run_here)
    with pytest.raises(SystemExit) as ended:
        tasks.start_on_a_new_enough_python(["test", "-x"])
    assert ended.value.code == 7
    assert started == [("/bin/python3.12", ROOT / "tasks.py", "test", "-x")]


def test_exit_codes_and_the_project_s_own_code_reach_the_program():
    code = "import sys, os, exchange; sys.exit(3 if os.getcwd() == sys.argv[1] else 4)"
    assert tasks.run_here(sys.executable, "-c", code, str(ROOT)) == 3


@pytest.mark.skipif(os.name == "nt", reason="a process is replaced on other systems than Windows")
def test_a_server_gets_its_signals_itself():
    program = "import tasks, sys; tasks.become(sys.executable, '-c', 'import os; print(os.getpid())')"
    with subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True) as started:
        printed, _ = started.communicate(timeout=180)
    assert int(printed) == started.pid


@pytest.mark.parametrize(
    ("given", "handed_on"),
    [
        (["--data", "../shared/data", "-x"], ["--data=../shared/data", "-x"]),
        (["-x", "--api-core", "a", "--pact-schema", "b"], ["-x", "--api-core=a", "--pact-schema=b"]),
        (["--data=a", "tests/unit"], ["--data=a", "tests/unit"]),
        (["--data"], ["--data"]),
    ],
)
def test_a_folder_of_data_is_not_taken_for_a_folder_of_tests(given, handed_on):
    assert tasks.one_word_paths(given) == handed_on
