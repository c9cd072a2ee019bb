"""The Makefile and `python -m tasks` offer the same habits, and help lists every one."""

import os
import re
import shutil
import subprocess

import pytest

import tasks
from tests.tidy.sources import ROOT


def makefile_targets(text: str) -> set[str]:
    """Targets with a rule of their own, and those of the HABITS list."""
    listed = re.search(r"^HABITS := (.+)$", text, re.MULTILINE)
    ruled = re.findall(r"^([a-z][a-z-]*):", text, re.MULTILINE)
    return set(ruled) | set(listed[1].split() if listed else [])


def test_the_makefile_has_every_habit_and_no_other():
    assert makefile_targets((ROOT / "Makefile").read_text(encoding="utf-8")) == set(tasks.HABITS)


def test_a_target_without_a_habit_is_found():
    assert makefile_targets("HABITS := demo test\nhelp:\n\t@true\npolish: demo\n") == {"demo", "test", "help", "polish"}


def test_help_lists_every_habit(capsys):
    assert tasks.main([]) == 0
    printed = capsys.readouterr().out
    for name, habit in tasks.HABITS.items():
        assert habit.__doc__, name
        assert f"  {name:8} {habit.__doc__}\n" in printed


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_make_passes_arguments_through():
    # These tests may themselves be run by make, which hands its own variables on.
    outer = {"MAKEFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "MFLAGS", "PYTHON", "ARGS", "ONLY"}
    environment = {name: value for name, value in os.environ.items() if name not in outer}

    def command(*words: str) -> str:
        make = ["make", "--no-print-directory", "-n", *words]
        return subprocess.run(make, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout

    assert command("test", "ARGS=--require-neo4j -x") == "python3 -m tasks test --require-neo4j -x\n"
    assert command("bench", "ONLY=publish") == "python3 -m tasks bench --only publish \n"
    assert command("PYTHON=python3.12", "demo").startswith("python3.12 -m tasks demo")
    assert command() == "python3 -m tasks help\n"


def test_an_unknown_habit_is_wrong_use(capsys):
    assert tasks.main(["polish"]) == 2
    assert "polish" in capsys.readouterr().err
