"""`exchange audit verify`: a file by itself, and exit codes."""

from __future__ import annotations

import json
import secrets
from pathlib import Path

import pytest
from typer.testing import CliRunner

from exchange.cli import commands
from exchange.model.audit import GENESIS, SECRET_BYTES, AuditEntry, seal
from exchange.model.audit_file import end, header, line_of
from exchange.model.ledger import Change, ChangeKind


def sealed(previous: str, changes: list[Change]) -> list[AuditEntry]:
    return seal(previous, changes, secrets.token_bytes(SECRET_BYTES * len(changes)))


ENTRIES = sealed(GENESIS, [Change(n, ChangeKind.KEY_ADDED, f"key {n}", "exchange", n) for n in (1, 2, 3)])
LINES = [header(1, GENESIS), *(line_of(each, None) for each in ENTRIES), end(3, ENTRIES[-1].hash)]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "audit.jsonl"
    path.write_text("".join(LINES), encoding="utf-8")
    return path


def verify(*arguments: str, given: str | None = None) -> tuple[int, str]:
    found = CliRunner().invoke(commands, ["audit", "verify", *arguments], input=given)
    return found.exit_code, found.output


def test_a_whole_file(file: Path) -> None:
    code, said = verify(str(file))
    assert code == 0
    assert "whole" in said
    assert "--head" in said  # what the file alone cannot show
    code, said = verify(str(file), "--head", ENTRIES[1].hash, "--json")
    assert code == 0
    assert json.loads(said) == {
        "whole": True,
        "first": 1,
        "head": 3,
        "hash": ENTRIES[-1].hash,
        "fromTheBeginning": True,
        "entries": 3,
        "leftOut": 0,
        "problems": [],
    }
    assert verify("-", given="".join(LINES))[0] == 0


def test_a_broken_file_says_where(file: Path) -> None:
    file.write_text("".join(LINES).replace("key 2", "key 9"), encoding="utf-8")
    code, said = verify(str(file))
    assert code == 1
    assert "line 3: entry 2 does not follow" in said
    code, said = verify(str(file), "--json")
    assert code == 1
    assert [each["line"] for each in json.loads(said)["problems"]] == [3]
    file.write_text("".join(LINES[:-1]), encoding="utf-8")
    assert "cut off" in verify(str(file))[1]


def test_a_file_without_entries_has_none(file: Path) -> None:
    file.write_text("", encoding="utf-8")
    code, said = verify(str(file))
    assert code == 1
    assert "no entries" in said
    assert " to " not in said.splitlines()[0]
    file.write_text(header(8, ENTRIES[0].hash) + end(7, ENTRIES[0].hash), encoding="utf-8")
    code, said = verify(str(file))
    assert code == 0
    assert "no entries" in said


def test_wrong_use(file: Path, tmp_path: Path) -> None:
    assert verify(str(file), "--head", "5f70")[0] == 2
    assert verify(str(tmp_path / "nothing.jsonl"))[0] == 2
    file.write_bytes(b"\xff\xfe")
    assert verify(str(file))[0] == 2
    assert verify()[0] == 2
