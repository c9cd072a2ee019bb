"""`python -m exchange serve` as an operator runs it: a process group of its own, over an embedded database."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx

from exchange.graph.endpoint import read_endpoint

ROOT = Path(__file__).parents[2]
START_SECONDS_MAX = 180.0
ENDED_SECONDS_MAX = 180.0
_SERVING = re.compile(r"Serving (http://[0-9.]+:[0-9]+)/graphql")


def environment(directory: Path) -> dict[str, str]:
    """Ours, without settings of its own, and the database in that directory."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("EXCHANGE_")}
    return {**kept, "EXCHANGE_GRAPH_URI": f"embedded:{directory}", "PYTHONUTF8": "1", "PYTHONPATH": str(ROOT)}


def command(directory: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """One command of the operator, run to its end."""
    line = [sys.executable, "-m", "exchange", *words]
    return subprocess.run(
        line, env=environment(directory), cwd=ROOT, capture_output=True, text=True, timeout=180, check=False
    )


class ServerProcess:
    """A server that answers. `child` is the process of its database."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.child, self.http = 0, httpx.Client(timeout=180)
        self.log = directory.with_suffix(".log")
        begins = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "exchange", "serve", "--port", "0"],
                env=environment(directory),
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self.url = self._address(begins)
        endpoint = read_endpoint(directory)
        assert endpoint is not None
        assert endpoint.pid is not None
        self.child = endpoint.pid
        self.http.base_url = httpx.URL(self.url)

    def _address(self, begins: int) -> str:
        deadline = time.monotonic() + START_SECONDS_MAX
        while True:
            said = self.log.read_bytes()[begins:].decode()
            found = _SERVING.search(said)
            if found is not None:
                return found[1]
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.close()
                raise AssertionError(f"it did not start without help: {said[-3000:]}")
            time.sleep(0.02)

    def kill_group(self) -> None:
        """As when the power goes: the server and its database at once."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(ENDED_SECONDS_MAX)
        until_ended(self.child)

    def close(self) -> None:
        """Leaves nothing behind, however the test went."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(ENDED_SECONDS_MAX)
        if self.child and is_alive(self.child):
            os.kill(self.child, signal.SIGKILL)
        self.http.close()

    def token(self, client: dict[str, Any]) -> str:
        credentials = (client["clientId"], client["clientSecret"])
        answer = self.http.post("/auth/token", data={"grant_type": "client_credentials"}, auth=credentials)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    def ask(self, token: str, query: str, variables: dict[str, Any]) -> Any:
        """The data of an answer without errors."""
        headers = {"Authorization": f"Bearer {token}"}
        body = self.http.post("/graphql", json={"query": query, "variables": variables}, headers=headers).json()
        assert "errors" not in body, body
        return body["data"]


def is_alive(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    # One that ended, and that nobody has asked for yet, is not alive.
    status = Path(f"/proc/{process_id}/stat")
    try:
        return status.read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return not Path("/proc/self").exists()


def until_ended(process_id: int) -> None:
    deadline = time.monotonic() + ENDED_SECONDS_MAX
    while is_alive(process_id):
        assert time.monotonic() < deadline, "the database outlives its server"
        time.sleep(0.01)


def made(done: subprocess.CompletedProcess[str]) -> Any:
    """What a command with --json printed."""
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
