"""A test that pytest does not collect proves nothing: names decide that, so names are checked."""

import ast
from collections.abc import Iterator

import pytest

from tests.tidy.sources import Source, python_sources


def is_test(node: ast.stmt) -> bool:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return node.name.startswith("test")
    return isinstance(node, ast.ClassDef) and node.name.startswith("Test")


def name_complaints(source: Source) -> Iterator[str]:
    name = source.parts[-1]
    tests = [node for node in source.tree.body if is_test(node)]
    assigned = [node for node in source.tree.body if isinstance(node, ast.Assign | ast.AnnAssign | ast.ImportFrom)]
    # A stateful Hypothesis test is an assignment: TestStore = StoreMachine.TestCase.
    names_a_test = any("Test" in ast.unparse(node) for node in assigned)
    if name.startswith("test_"):
        if not tests and not names_a_test:
            yield f"{source.path}: holds no test"
    elif tests:
        yield f"{source.path}: holds tests, but pytest does not look into it; call it test_{name}.py"
    for node in tests:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("test_"):
            yield f"{source.path}:{node.lineno}: call it test_…, saying what must hold"


def duplicate_complaints(source: Source) -> Iterator[str]:
    """Two tests of one name in one place: the second silently replaces the first."""
    for scope in ast.walk(source.tree):
        if isinstance(scope, ast.Module | ast.ClassDef):
            seen: set[str] = set()
            for node in scope.body:
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                    if node.name in seen:
                        yield f"{source.path}:{node.lineno}: {node.name} is defined twice"
                    seen.add(node.name)


def test_every_test_has_a_name_by_which_it_is_found():
    assert not [text for source in python_sources("tests") for text in name_complaints(source)]


def test_no_test_replaces_another():
    assert not [text for source in python_sources("tests") for text in duplicate_complaints(source)]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("tests/unit/units.py", "def test_kilogram(): ..."),
        ("tests/store/store_test.py", "class TestStore: ..."),
        ("tests/unit/test_units.py", "def kilogram(): ..."),
        ("tests/unit/test_units.py", "def testKilogram(): ..."),
    ],
)
def test_a_test_nobody_runs_is_found(path, text):
    assert len(list(name_complaints(Source(path, text)))) == 1


def test_a_replaced_test_is_found():
    text = "class TestUnits:\n    def test_a(self): ...\n    def test_a(self): ..."
    assert len(list(duplicate_complaints(Source("tests/unit/test_units.py", text)))) == 1
