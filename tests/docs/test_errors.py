"""Every code that the exchange can say is in docs/errors.md, and nothing else is."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator

from exchange import errors
from exchange.model.resolved import GapCode
from exchange.rollup import RefusalCode
from tests.docs.documents import ROOT, document

CODE = re.compile(r"[A-Z][A-Z_]+\Z")
# Whoever is called with a code as one of its arguments.
SEVERITIES = {"INFO", "WARNING", "ERROR"}
SAYERS = {"add", "Problem", "Finding", "Refused", "too_large", "GraphQLError", "Consequence"}


def codes_said() -> set[str]:
    found = {
        kind.code for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, errors.ExchangeError)
    }
    found -= {errors.ExchangeError.code}
    found |= set(GapCode) | set(RefusalCode)
    for path in (ROOT / "exchange").rglob("*.py"):
        found |= set(_codes_in(ast.parse(path.read_text(encoding="utf-8"))))
    return {str(code) for code in found} - SEVERITIES


def _codes_in(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        values: list[ast.expr] = []
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in SAYERS:
                values = [argument for argument in node.args[:4] if isinstance(argument, ast.Constant)]
            values += [keyword.value for keyword in node.keywords if keyword.arg == "code"]
        elif isinstance(node, ast.Dict):
            pairs = zip(node.keys, node.values, strict=True)
            values = [value for key, value in pairs if isinstance(key, ast.Constant) and key.value == "code"]
        elif isinstance(node, ast.AnnAssign) and isinstance(node.value, ast.Constant):
            # A code that has a name of its own is called like it.
            values = [node.value] if ast.unparse(node.target) == node.value.value else []
        elif isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == ["code"]:
            values = [node.value]
        for value in values:
            if isinstance(value, ast.Constant) and isinstance(value.value, str) and CODE.match(value.value):
                yield value.value


def codes_documented() -> set[str]:
    lines = [text for _, text in document("docs/errors.md").prose]
    rows = [re.match(r"\| `([A-Z_]+)` \|", text) for text in lines]
    return {row[1] for row in rows if row}


def test_every_code_is_documented() -> None:
    missing = codes_said() - codes_documented()
    assert not missing, f"docs/errors.md lacks {sorted(missing)}"


def test_every_documented_code_can_be_said() -> None:
    unknown = codes_documented() - codes_said()
    assert not unknown, f"docs/errors.md has codes that nothing says: {sorted(unknown)}"


def test_it_is_shown_where_values_of_another_type_are_refused() -> None:
    """The page's requests run in test_queries.py: one of them is not even of its types, and says so at its place."""
    page = document("docs/errors.md")
    answers = [block.text for block in page.blocks if block.language == "json"]
    assert any('"errors"' in text and "invalid value at .date" in text for text in answers)
    for name in ("docs/errors.md", "docs/guides/publish-a-footprint.md"):
        text = document(name).path.read_text(encoding="utf-8")
        assert not re.search(r"What you can mend in your input is a member|Every bad field is named at once", text), (
            name
        )
        assert "not of its type" in text, name


def test_findings_of_the_method_are_those_of_the_error_page() -> None:
    header = "| finding | severity | when |"
    method = {row[0] for row in document("docs/method.md").table(header)}
    page = {row[0].strip("`") for row in document("docs/errors.md").table("| code | do |")}
    assert method == page
