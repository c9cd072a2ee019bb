"""`exchange serve` as a process: it says where it listens, commands attach to it, and it ends when told."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SECONDS_MAX = 180


def environment(directory: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("EXCHANGE_")}
    return kept | {"EXCHANGE_DATA_DIRECTORY": str(directory), "PYTHONUTF8": "1"}


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "exchange", *arguments]


def run(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments),
        cwd=ROOT,
        env=environment(directory),
        capture_output=True,
        encoding="utf-8",
        timeout=SECONDS_MAX,
        check=False,
    )


@contextlib.contextmanager
def serving(directory: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server process and its address; ended with the block if it has not ended itself."""
    with subprocess.Popen(
        command("serve", "--port", "0"), cwd=ROOT, env=environment(directory), stderr=subprocess.PIPE, encoding="utf-8"
    ) as server:
        try:
            assert server.stderr is not None
            said: list[str] = []
            for line in server.stderr:
                said.append(line)
                found = re.search(r"Serving (http://127\.0\.0\.1:[0-9]+)/graphql", line)
                if found:
                    yield server, found[1]
                    break
            else:
                pytest.fail(f"the server did not start: {''.join(said)}")
        finally:
            if server.poll() is None:
                server.kill()


def ready(address: str) -> object:
    """What /readyz says once it does not say 503 any more: on a busy machine the first contact may take long."""
    deadline = time.monotonic() + SECONDS_MAX
    while True:
        try:
            with urllib.request.urlopen(f"{address}/readyz", timeout=SECONDS_MAX) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as refused:
            refused.close()
            if refused.code != 503 or time.monotonic() > deadline:
                raise
        time.sleep(0.1)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signal that asks a process to end")
def test_commands_attach_to_a_server_and_it_ends_when_told(tmp_path):
    pytest.importorskip("arcadedb_embedded")
    with serving(tmp_path) as (server, address):
        added = run(tmp_path, "organization", "add", "Acme", "--domain", "acme.example", "--json")
        assert added.returncode == 0, added.stderr
        second = run(tmp_path, "serve", "--port", "0")
        assert second.returncode == 1
        assert "STORE_IN_USE" in second.stderr
        assert "EXCHANGE_DATA_DIRECTORY=OTHER_PATH (where EXCHANGE_GRAPH_URI is set" in second.stderr
        assert "Traceback" not in second.stderr
        assert ready(address) == {"status": "ready"}
        server.send_signal(signal.SIGTERM)
        assert server.wait(SECONDS_MAX) == 0
    listed = run(tmp_path, "organization", "list", "--json")
    assert [one["name"] for one in json.loads(listed.stdout)] == ["Acme"]


def test_a_port_that_is_taken_is_said_with_what_to_do(tmp_path):
    pytest.importorskip("arcadedb_embedded")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = run(tmp_path, "serve", "--port", str(taken.getsockname()[1]))
    assert done.returncode == 1
    assert "CONFIGURATION_INVALID" in done.stderr
    assert "--port" in done.stderr
    assert "Traceback" not in done.stderr
