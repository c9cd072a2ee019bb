"""The checkout as the tidy tests see it: its files and their syntax trees."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Source:
    """One Python file: its path from the root, with forward slashes, and its text."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.path)

    @property
    def parts(self) -> list[str]:
        """The module's name in parts: `exchange/graph/store.py` is exchange, graph, store."""
        return self.path.removesuffix(".py").removesuffix("/__init__").split("/")

    def imported(self) -> Iterator[tuple[str, int]]:
        """Every absolutely imported module, wherever in the file it is imported, and its line."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from ((alias.name, node.lineno) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                yield node.module, node.lineno


def python_sources(folder: str) -> list[Source]:
    """All Python files under a folder of the repository, in order."""
    files = sorted((ROOT / folder).rglob("*.py"))
    return [Source(file.relative_to(ROOT).as_posix(), file.read_text(encoding="utf-8")) for file in files]
