"""What docs/guides/get-credentials.md shows is done word by word: the commands, curl and Python, up to who one is."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping

import pytest
from typer.testing import CliRunner

from exchange.cli import commands
from exchange.config import variables
from tests.docs.documents import ROOT, all_documents, document
from tests.docs.seeded_exchange import SeededExchange
from tests.docs.test_commands import exchange_lines

GUIDE = document("docs/guides/get-credentials.md")
SERVER = "http://127.0.0.1:8000"  # of the page; a test's is elsewhere
SHELL = [block for block in GUIDE.blocks if block.language == "sh"]
ANSWERS = [json.loads(block.text) for block in GUIDE.blocks if block.language == "json"]


@pytest.fixture(scope="module")
def client(exchange: SeededExchange) -> Mapping[str, str]:
    """What the guide's commands print: the environment with an id and a secret."""
    environment = dict.fromkeys(variables()) | {"EXCHANGE_GRAPH_URI": f"embedded:{exchange.directory}"}
    printed = ""
    for block in SHELL[:2]:
        [arguments] = exchange_lines(block)
        done = CliRunner().invoke(commands, arguments, env=environment)
        assert done.exit_code == 0, done.output
        printed = done.stdout
    [shown] = [block.text for block in GUIDE.blocks if block.language == "text"]
    assert printed.splitlines()[0] == shown.splitlines()[0]
    found = re.search(r"  id +(\S+)\n  secret +(\S+)", printed)
    assert found
    own = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    return own | {"CLIENT_ID": found[1], "CLIENT_SECRET": found[2], "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}


def run(command: list[str], environment: Mapping[str, str]) -> object:
    done = subprocess.run(command, env=dict(environment), capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.skipif(not shutil.which("curl") or not shutil.which("sh"), reason="needs curl and a shell")
def test_curl_gets_a_token_and_says_who_one_is(client: Mapping[str, str], exchange: SeededExchange) -> None:
    token, question = (
        block.text.replace(SERVER, exchange.url).replace("python3", sys.executable) for block in SHELL[2:4]
    )
    token = "\n".join(line for line in token.splitlines() if not line.startswith("export "))  # ours are there
    got = run(["sh", "-c", token], client)
    assert isinstance(got, dict)
    assert got | {"access_token": "…"} == ANSWERS[0]
    assert run(["sh", "-c", question], client) == ANSWERS[1]


def test_python_does_the_same(client: Mapping[str, str], exchange: SeededExchange) -> None:
    [program] = [block.text for block in GUIDE.blocks if block.language == "python"]
    assert SERVER in program
    assert run([sys.executable, "-c", program.replace(SERVER, exchange.url)], client) == ANSWERS[1]


def test_whoever_needs_a_token_is_led_to_the_guide() -> None:
    """The README, the start page, and every page that speaks of a token to send."""
    needed = {"README.md", "docs/index.md", "docs/api.md", "docs/commands.md"}
    guides = {one.name for one in all_documents() if one.name.startswith("docs/guides/")} - {GUIDE.name}
    leading = {
        one.name
        for one in all_documents()
        for _, link in one.links()
        if (one.path.parent / link.partition("#")[0]).resolve() == ROOT / GUIDE.name
    }
    assert needed | guides <= leading
