"""`exchange benchmark publish`: once a quarter, and the second time it says what was published."""

from __future__ import annotations

import json
import re

from typer.testing import CliRunner

from exchange.cli import commands
from exchange.config import variables
from exchange.graph.embedded import EmbeddedDatabase


def test_a_quarter_is_published_once(exchange) -> None:
    assert exchange("organization", "add", "Mill", "--domain", "mill.example").exit_code == 0
    first = exchange("benchmark", "publish", "--closing", "2026-03-31", "--json")
    assert first.exit_code == 0, first.output
    expected = {"quarter": "2026-Q1", "closingDate": "2026-03-31", "new": 0, "kept": 0, "none": 0, "products": 0}
    assert json.loads(first.output) == expected | {"again": False}
    again = exchange("benchmark", "publish", "--closing", "2026-03-31", "--json")
    assert json.loads(again.output) == expected | {"again": True}
    said = " ".join(exchange("benchmark", "publish", "--closing", "2026-03-31").output.split())
    assert said.startswith("2026-Q1, which closed on 2026-03-31, was published already.")


def test_what_cannot_be_published_says_what_to_do(exchange) -> None:
    for closing, code, message in (
        ("2026-03-30", 2, "Write 2026-03-31"),
        ("2199-12-31", 2, "is not over yet"),
        ("2025-12-31", 1, "2026-Q1 is published"),
        ("soon", 2, "YYYY-MM-DD"),
    ):
        found = exchange("benchmark", "publish", "--closing", closing)
        assert found.exit_code == code, found.output
        assert re.search(message, " ".join(found.output.replace("│", " ").split())), found.output
    refused = exchange("benchmark", "publish", "--closing", "2026-03-30", "--json")
    assert (refused.exit_code, json.loads(refused.stderr)["error"]["code"]) == (2, "INVALID_INPUT")


def test_a_graph_that_needs_more_memory_is_refused_only_if_somebody_is_counted(
    exchange, database: EmbeddedDatabase
) -> None:
    """Without consent nothing is loaded."""
    environment = dict.fromkeys(variables()) | {"EXCHANGE_DATA_DIRECTORY": str(database.directory)}
    environment["EXCHANGE_GRAPH_MEGABYTES"] = "0"
    found = CliRunner().invoke(commands, ["benchmark", "publish", "--json"], env=environment)
    assert (found.exit_code, json.loads(found.stdout)["products"]) == (0, 0), found.output
