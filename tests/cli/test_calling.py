"""Advice can be copied: it begins as the program itself was started."""

import os
import re
import sys
from pathlib import Path

import pytest

from exchange.cli.calling import called

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(os.name == "nt", reason="paths are written otherwise on Windows")
@pytest.mark.parametrize(
    ("script", "python", "begins"),
    [
        ("/clone/exchange/__main__.py", ".venv/bin/python", ".venv/bin/python -m exchange seed"),
        ("/clone/exchange/__main__.py", f"{Path.cwd()}/.venv/bin/python", ".venv/bin/python -m exchange seed"),
        ("/clone/exchange/__main__.py", "/my tools/python3", "'/my tools/python3' -m exchange seed"),
        ("/usr/local/bin/exchange", "/usr/bin/python3", "exchange seed"),
        ("/clone/tasks/__main__.py", "python", "exchange seed"),
    ],
)
def test_advice_begins_as_the_program_was_started(script, python, begins, monkeypatch):
    monkeypatch.setattr(sys, "argv", [script, "doctor"])
    monkeypatch.setattr(sys, "orig_argv", [python, "-m", "exchange", "doctor"])
    assert called("seed") == begins


def test_no_command_writes_advice_by_itself():
    advice = re.compile(r"(Ask|Run|try|credentials|them|yet|or):? `?exchange [a-z]")
    for path in (ROOT / "exchange/cli").glob("*.py"):
        assert not advice.search(path.read_text(encoding="utf-8")), path.name
