"""The layers of ARCHITECTURE.md, held by import-linter over the project's own configuration."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tidy.sources import ROOT

PACKAGES = ["app", "cli", "config", "schema", "web", "importers", "exports", "tokens", "metrics"]
PACKAGES += ["operations", "graph", "rollup", "access", "comparison", "benchmarks"]
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
    for name in ("__init__", "__main__", "model", "units", "errors"):
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


def test_a_module_outside_the_layers_is_found(empty_exchange):
    (empty_exchange / "exchange" / "utils.py").touch()
    result = lint_imports(empty_exchange)
    assert result.returncode == 1, result.stdout
    assert "utils" in result.stdout
