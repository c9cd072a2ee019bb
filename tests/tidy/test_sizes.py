"""Files and functions stay small enough to read whole: 400 and 70 lines are where to look again."""

import ast
from collections.abc import Iterator

import pytest

from tests.tidy.sources import Source, python_sources

FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 70


def size_complaints(source: Source) -> Iterator[str]:
    lines = len(source.text.splitlines())
    if lines > FILE_LINES_MAX:
        yield f"{source.path}: {lines} lines, over {FILE_LINES_MAX}"
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > FUNCTION_LINES_MAX:
                yield f"{source.path}:{node.lineno}: {node.name} has {lines} lines, over {FUNCTION_LINES_MAX}"


@pytest.mark.parametrize("folder", ["exchange", "seed"])
def test_files_and_functions_are_small(folder):
    assert not [text for source in python_sources(folder) for text in size_complaints(source)]


def test_a_long_function_and_a_long_file_are_found():
    body = "    x = 1\n" * FUNCTION_LINES_MAX
    assert len(list(size_complaints(Source("a.py", f"def f():\n{body}")))) == 1
    assert (
        len(list(size_complaints(Source("a.py", f"class C:\n    async def f(self):\n{body.replace('x', '  x')}")))) == 1
    )
    assert len(list(size_complaints(Source("a.py", "x = 1\n" * (FILE_LINES_MAX + 1))))) == 1
    assert not list(size_complaints(Source("a.py", "x = 1\n" * FILE_LINES_MAX)))
