"""The layers of ARCHITECTURE.md, held by import-linter over the project's own configuration."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tidy.sources import ROOT

PACKAGES = ["app", "cli", "config", "schema", "web", "importers", "exports", "tokens", "metrics"]
OPERATIONS = ["changing", "benchmarks", "swings", "reading", "watching", "writing", "following", "requests", "answers"]
PACKAGES += [
    "operations",
    *(f"operations/{name}" for name in OPERATIONS),
    "graph",
    "rollup",
    "access",
    "comparison",
    "benchmarks",
]
CHECK = "from importlinter.cli import lint_imports_command as check; check()"


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    """Check the contracts of the pyproject.toml in a folder, as `make lint` does, in a process of its own."""
    command = [sys.executable, "-c", CHECK, "--no-logo", "--no-cache"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, encoding="utf-8", check=False)


def test_every_import_points_to_the_right():
    result = lint_imports(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.fixture
def empty_exchange(tmp_path: Path) -> Path:
    """A package with the layers' names and nothing in them, under the real contracts."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    package = tmp_path / "exchange"
    for name in PACKAGES:
        (package / name).mkdir(parents=True)
        (package / name / "__init__.py").touch()
    own = ("operations/exchange", "operations/self_check", "operations/turns")
    for name in ("__init__", "__main__", "model", "units", "errors", *own):
        (package / f"{name}.py").touch()
    return tmp_path


def test_the_contracts_hold_for_empty_layers(empty_exchange):
    result = lint_imports(empty_exchange)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(
    ("importer", "imported"),
    [
        ("units.py", "exchange.model"),
        ("model.py", "exchange.graph"),
        ("graph/__init__.py", "exchange.rollup"),
        ("rollup/__init__.py", "exchange.access"),
        ("comparison/__init__.py", "exchange.rollup"),
        ("benchmarks/__init__.py", "exchange.comparison"),
        ("operations/__init__.py", "exchange.importers"),
        ("operations/changing/__init__.py", "exchange.operations.benchmarks"),
        ("operations/exchange.py", "exchange.operations.changing"),
        ("operations/swings/__init__.py", "exchange.operations.exchange"),
        ("operations/reading/__init__.py", "exchange.operations.swings"),
        ("operations/watching/__init__.py", "exchange.operations.reading"),
        ("operations/writing/__init__.py", "exchange.operations.watching"),
        ("operations/following/__init__.py", "exchange.operations.writing"),
        ("operations/turns.py", "exchange.operations.following"),
        ("operations/requests/__init__.py", "exchange.operations.answers"),
        ("schema/__init__.py", "exchange.config"),
        ("web/__init__.py", "exchange.schema"),
        ("operations/__init__.py", "exchange.config"),
        ("__main__.py", "exchange.config"),
        ("app/__init__.py", "exchange.cli"),
    ],
)
def test_an_import_against_the_layers_is_found(empty_exchange, importer, imported):
    (empty_exchange / "exchange" / importer).write_text(f"import {imported}\n", encoding="utf-8")
    result = lint_imports(empty_exchange)
    assert result.returncode == 1, result.stdout
    assert imported in result.stdout


@pytest.mark.parametrize("folder", ["exchange", "exchange/operations"])
def test_a_module_outside_the_layers_is_found(empty_exchange, folder):
    (empty_exchange / folder / "utils.py").touch()
    result = lint_imports(empty_exchange)
    assert result.returncode == 1, result.stdout
    assert "utils" in result.stdout
