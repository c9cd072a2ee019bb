"""What docs/guides/verify-a-footprint.md shows is done word by word: the commands, the tools, the lines of Python."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from typer.testing import CliRunner

from exchange.cli import commands
from exchange.config import variables
from exchange.rollup import read_explain_file, verify
from tests.docs.documents import ROOT, Block, document
from tests.docs.seeded_exchange import SeededExchange
from tests.docs.test_commands import exchange_lines

GUIDE = document("docs/guides/verify-a-footprint.md")
EXAMPLE = ROOT / "docs/explain-file.example.json"


def shown_after(block: Block) -> str:
    """The text that the guide shows as a block's output."""
    [after] = [second for first, second in pairwise(GUIDE.blocks) if first is block and second.language == "text"]
    return after.text + "\n"


def calls(name: str) -> list[tuple[Block, list[str]]]:
    blocks = [block for block in GUIDE.blocks if block.language == "sh"]
    return [(block, line) for block in blocks for line in exchange_lines(block) if line[0] == name]


def test_the_example_verifies_as_the_guide_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    (plain, first), (_, second) = calls("verify")
    done = CliRunner().invoke(commands, first)
    assert (done.exit_code, done.stdout) == (0, shown_after(plain))
    done = CliRunner().invoke(commands, second)
    assert done.exit_code == 0
    last = done.stdout.splitlines()[-1]
    assert f"`{last}`" in GUIDE.path.read_text(encoding="utf-8")


def test_the_example_has_the_format_of_today() -> None:
    """Made anew with `exchange explain` when the format or the method changes."""
    content = EXAMPLE.read_bytes()
    assert verify(read_explain_file(content)).equal
    assert content.endswith(b"\n]}}\n")


def test_a_file_is_got_as_the_guide_shows(exchange: SeededExchange, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    [(_, arguments)] = calls("explain")
    environment = dict.fromkeys(variables()) | {"EXCHANGE_GRAPH_URI": f"embedded:{exchange.directory}"}
    done = CliRunner().invoke(commands, arguments, env=environment)
    assert done.exit_code == 0, done.output
    [path] = tmp_path.iterdir()
    made, shown = (json.loads(one.read_text(encoding="utf-8")) for one in (path, EXAMPLE))
    assert verify(read_explain_file(path.read_bytes())).equal
    by_name = [{one["name"]: one["components"] for one in each["shown"]["products"]} for each in (made, shown)]
    assert by_name[0] == by_name[1], "the demo's data has changed: make docs/explain-file.example.json anew"


@pytest.mark.skipif(not shutil.which("jq") or not shutil.which("sha256sum"), reason="needs jq and sha256sum")
def test_other_tools_get_the_same_digest() -> None:
    [block] = [block for block in GUIDE.blocks if block.language == "sh" and block.text.startswith("jq ")]
    done = subprocess.run(["sh", "-c", block.text], cwd=ROOT, capture_output=True, text=True, check=True, timeout=180)
    assert done.stdout == shown_after(block)
    assert f"sha256:{done.stdout.split()[0]}" == json.loads(EXAMPLE.read_text(encoding="utf-8"))["digest"]


def test_a_few_lines_of_python_get_the_same_result() -> None:
    [block] = [block for block in GUIDE.blocks if block.language == "python"]
    done = subprocess.run(
        [sys.executable, "-c", block.text], cwd=ROOT, capture_output=True, text=True, check=True, timeout=180
    )
    assert done.stdout == shown_after(block)


def test_every_field_that_differs_is_explained() -> None:
    text = GUIDE.path.read_text(encoding="utf-8")
    for field in ("digest", "inputs.own", "inputs.lines", "inputs.gaps", "shown", "lower, upper", "against"):
        assert f"`{field}`" in text
