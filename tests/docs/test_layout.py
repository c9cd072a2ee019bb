"""Whoever looks for a test, or for a place to put one, finds every folder of tests named."""

from __future__ import annotations

import re
from pathlib import Path

from tests.docs.documents import ROOT, document

HEADER = "| folder | holds | and does not |"


def folders(tests: Path) -> set[str]:
    """Folders with Python files in them: what is left of an old one is none."""
    return {path.name for path in tests.iterdir() if path.is_dir() and any(path.glob("*.py"))}


def test_contributing_says_what_each_folder_of_tests_holds() -> None:
    rows = document("CONTRIBUTING.md").table(HEADER)
    assert {row[0] for row in rows} == {f"`tests/{name}/`" for name in folders(ROOT / "tests")}
    assert all(row[1] for row in rows)


def test_the_architecture_names_each_folder_of_tests() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    listed = re.search(r"^`tests/` by kind: ([a-z, ]+);", text, re.MULTILINE)
    assert listed
    assert set(listed[1].split(", ")) == folders(ROOT / "tests")


def test_a_folder_is_one_that_holds_tests(tmp_path: Path) -> None:
    for name in ("new", "left"):
        (tmp_path / name).mkdir()
    (tmp_path / "new" / "test_one.py").touch()
    (tmp_path / "left" / "__pycache__").mkdir()
    assert folders(tmp_path) == {"new"}
