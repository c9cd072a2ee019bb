"""Looking creates nothing: where no exchange was ever begun, commands that read say so, and how to begin one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from exchange.cli import commands
from exchange.config import variables
from exchange.graph.embedded import LOCK_FILE, holds_database
from exchange.graph.embedded_child import FileLock

LOOKING = [
    ("organization", "list"),
    ("client", "list", "acme.example"),
    ("client", "add", "acme.example"),  # the organization has to be there before
    ("client", "revoke", "3f2b8c1e-5d47-4a90-9c6b-0e1d2f3a4b5c"),
    ("rollup", "T-shirt"),
    ("rollup", "T-shirt", "--as", "acme.example", "--tree"),
    ("explain", "T-shirt"),
]
EXPORT = ("graph", "export", "T-shirt", "--format", "svg")


def run(directory: Path, *arguments: str, variable: str = "DATA_DIRECTORY", prefix: str = "") -> Result:
    environment = dict.fromkeys(variables()) | {f"EXCHANGE_{variable}": f"{prefix}{directory}"}
    return CliRunner().invoke(commands, arguments, env=environment)


def advice(directory: Path) -> str:
    return (
        f"There is no exchange in {directory} yet. Begin one: `exchange serve`, or with example data `exchange demo`."
    )


@pytest.mark.parametrize("arguments", [*LOOKING, EXPORT], ids=" ".join)
def test_who_looks_where_nothing_was_begun_is_told_how_to_begin_and_creates_nothing(arguments, tmp_path):
    data = tmp_path / "not" / "there"
    done = run(data, *arguments)
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == f"NOT_FOUND {advice(data)}\n"
    assert run(tmp_path, *arguments).stderr == f"NOT_FOUND {advice(tmp_path)}\n"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("arguments", LOOKING, ids=" ".join)
def test_programs_are_told_as_of_any_failure(arguments, tmp_path):
    done = run(tmp_path / "data", *arguments, "--json")
    assert (done.exit_code, done.stdout) == (1, "")
    error = {"code": "NOT_FOUND", "message": advice(tmp_path / "data"), "retryable": False}
    assert json.loads(done.stderr) == {"error": error}
    assert not list(tmp_path.iterdir())


def test_a_directory_named_by_its_uri_is_not_created_either(tmp_path):
    done = run(tmp_path / "data", "organization", "list", variable="GRAPH_URI", prefix="embedded:")
    assert (done.exit_code, done.stderr) == (1, f"NOT_FOUND {advice(tmp_path / 'data')}\n")
    assert not list(tmp_path.iterdir())


def test_the_doctor_finds_no_database_and_makes_none(tmp_path):
    data = tmp_path / "data"
    done = run(data, "doctor", "--json")
    assert done.exit_code == 1
    found = json.loads(done.stdout)
    assert not found["well"]
    [database] = [check for check in found["checks"] if check["what"] == "database"]
    assert database == {
        "what": "database",
        "well": False,
        "found": f"embedded:{data}: none yet",
        "advice": advice(data),
    }
    page = run(data, "doctor")
    assert page.exit_code == 1
    assert "There is no exchange in" in page.stdout
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("below", ["", "/data"])
@pytest.mark.parametrize("variable", ["DATA_DIRECTORY", "GRAPH_URI"])
def test_a_file_is_no_place_for_a_database(variable: str, below: str, tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("mine")
    place, prefix = Path(f"{file}{below}"), "embedded:" if variable == "GRAPH_URI" else ""
    advice = (
        f"{file} is not a folder. Choose another data directory with EXCHANGE_DATA_DIRECTORY=PATH (where "
        "EXCHANGE_GRAPH_URI is set: EXCHANGE_GRAPH_URI=embedded:PATH)."
    )
    done = run(place, "doctor", "--json", variable=variable, prefix=prefix)
    assert done.exit_code == 1
    [database] = [check for check in json.loads(done.stdout)["checks"] if check["what"] == "database"]
    expected = {"what": "database", "well": False, "found": f"embedded:{place}: not a folder", "advice": advice}
    assert database == expected
    looked = run(place, "organization", "list", variable=variable, prefix=prefix)
    assert (looked.exit_code, looked.stderr) == (1, f"CONFIGURATION_INVALID {advice}\n")
    assert file.read_text() == "mine"


def test_a_demo_beside_it_is_pointed_to(tmp_path):
    (tmp_path / "demo").mkdir()
    done = run(tmp_path, "rollup", "T-shirt")
    assert done.exit_code == 1
    assert f"set EXCHANGE_DATA_DIRECTORY={tmp_path / 'demo'} to reach it." in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["demo"]


def test_what_a_start_that_failed_left_behind_is_no_exchange(tmp_path):
    (tmp_path / LOCK_FILE).write_text("1")
    assert run(tmp_path, "organization", "list").stderr == f"NOT_FOUND {advice(tmp_path)}\n"
    assert [path.name for path in tmp_path.iterdir()] == [LOCK_FILE]


def test_an_exchange_that_is_just_being_begun_is_one(tmp_path):
    lock = FileLock(tmp_path / LOCK_FILE)
    assert not holds_database(tmp_path)
    assert lock.take()
    assert holds_database(tmp_path)
    lock.release()
    assert not holds_database(tmp_path)


def test_a_command_that_writes_begins_an_exchange_and_others_find_it(tmp_path):
    pytest.importorskip("arcadedb_embedded")
    data = tmp_path / "data"
    added = run(data, "organization", "add", "Acme", "--domain", "acme.example")
    assert added.exit_code == 0, added.output
    listed = run(data, "organization", "list", "--json")
    assert listed.exit_code == 0, listed.output
    assert [one["name"] for one in json.loads(listed.stdout)] == ["Acme"]
