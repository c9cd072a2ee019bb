"""Who alone may know what: the environment, the driver, GraphQL, I/O. Absences, so they are searched for."""

import ast
from collections.abc import Iterator

import pytest

from tests.tidy.sources import Source, python_sources

# An outside package, and the modules of ours that may know it.
KNOWN_BY = {
    "arcadedb_embedded": {"graph"},
    "graphql": {"schema"},
    "joserfc": {"tokens"},
    "jpype": {"graph"},
    "neo4j": {"graph"},
    "pydantic_settings": {"config"},
    "starlette": {"app", "schema", "web"},
    "strawberry": {"schema"},
    "typer": {"__main__", "cli"},
    "uvicorn": {"app", "cli"},
}

# Modules that compute and nothing else, and what would let them do more.
PURE = {"access", "errors", "model", "rollup", "units"}
NOT_PURE = {"asyncio", "http", "importlib", "io", "logging", "multiprocessing", "os", "pathlib", "pydantic", "random"}
NOT_PURE |= {"rich", "shutil", "signal", "socket", "sqlite3", "ssl", "subprocess", "sys", "tempfile", "threading"}
NOT_PURE |= {"time", "urllib"}

READS_ENVIRONMENT = {"environ", "environb", "getenv", "getenvb"}


def outside_complaints(source: Source) -> Iterator[str]:
    ours = source.parts[1] if len(source.parts) > 1 else ""
    for module, line in source.imported():
        package = module.split(".")[0]
        if package in KNOWN_BY and ours not in KNOWN_BY[package]:
            known_by = ", ".join(sorted(KNOWN_BY[package]))
            yield f"{source.path}:{line}: {package} is known to {known_by} only"
        if ours in PURE and package in NOT_PURE:
            yield f"{source.path}:{line}: {ours} does no I/O, so it does not import {package}"


def environment_complaints(source: Source) -> Iterator[str]:
    if source.path == "exchange/config.py" or source.path.startswith("exchange/config/"):
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute) and node.attr in READS_ENVIRONMENT:
            yield f"{source.path}:{node.lineno}: os.{node.attr} is read in exchange/config.py only"
        elif isinstance(node, ast.ImportFrom) and node.module == "os":
            for name in READS_ENVIRONMENT & {alias.name for alias in node.names}:
                yield f"{source.path}:{node.lineno}: os.{name} is read in exchange/config.py only"


def test_outside_packages_are_known_where_they_belong():
    assert not [text for source in python_sources("exchange") for text in outside_complaints(source)]


def test_the_environment_is_read_in_one_place():
    assert not [text for source in python_sources("exchange") for text in environment_complaints(source)]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("exchange/operations/publish.py", "import neo4j"),
        ("exchange/operations/publish.py", "from neo4j.exceptions import ClientError"),
        ("exchange/web/server.py", "def late():\n    import strawberry"),
        ("exchange/app.py", "from graphql import parse"),
        ("exchange/rollup/solve.py", "import logging"),
        ("exchange/units.py", "from pathlib import Path"),
        ("exchange/model/__init__.py", "import os.path"),
    ],
)
def test_a_foreign_import_is_found(path, text):
    assert len(list(outside_complaints(Source(path, text)))) == 1


@pytest.mark.parametrize(
    "text",
    ["import os\nos.environ['X']", "import os as o\no.getenv('X')", "from os import environ", "from os import getenv"],
)
def test_a_stray_read_of_the_environment_is_found(text):
    assert len(list(environment_complaints(Source("exchange/app.py", text)))) == 1
    assert not list(environment_complaints(Source("exchange/config.py", text)))
