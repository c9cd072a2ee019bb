"""What a server's sudden end leaves behind: nothing acknowledged is lost, nothing is half written, no process stays."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from exchange.graph import Store, Target
from exchange.graph.audit import ENTRIES_CHUNK_MAX
from exchange.graph.endpoint import read_endpoint
from exchange.model.audit import GENESIS
from exchange.model.audit_file import end, header, line_of, verify_audit
from tests.api.graph_dump import check_whole
from tests.crash import publisher
from tests.crash.server_process import ROOT, ServerProcess, command, environment, made, until_ended

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals and process groups")

ROUNDS = 5
HANGS_SECONDS = 180  # until what hangs fails
SECONDS = (0.05, 1.5)  # after the first acknowledged write, the moment of the kill
PRODUCT = """mutation ($input: CreateProductInput!) { createProduct(input: $input) {
  ... on CreateProductPayload { product { id } } } }"""
SHOWN = "query ($ids: [ID!]!) { nodes(ids: $ids) { id ... on Footprint { lines { number } } } }"


@dataclass
class Place:
    """A directory with a database in it, its only client, and what was published so far."""

    directory: Path
    client: dict[str, Any] = field(default_factory=dict)
    products: list[str] = field(default_factory=list)
    server: ServerProcess | None = None
    sent: dict[str, dict[str, Any]] = field(default_factory=dict)
    acknowledged: dict[str, list[str]] = field(default_factory=dict)

    def running(self) -> ServerProcess:
        """The server, started again where the test before has ended it."""
        if self.server is None or self.server.process.poll() is not None:
            self.close()
            self.server = ServerProcess(self.directory)
        return self.server

    def close(self) -> None:
        if self.server is not None:
            self.server.close()

    @contextlib.contextmanager
    def publishing(self, server: ServerProcess, seed: str) -> Iterator[None]:
        """A process that publishes until the block ends and the server does, or the block alone."""
        line = [sys.executable, "-m", publisher.__name__, server.url, server.token(self.client), seed, *self.products]
        process = subprocess.Popen(
            line, env=environment(self.directory), cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        first = threading.Event()
        reader = threading.Thread(target=self._listen, args=(process, first))
        reader.start()
        try:
            assert first.wait(HANGS_SECONDS), "nothing was acknowledged"
            yield
        finally:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.close()
            try:
                assert process.wait(HANGS_SECONDS) == 0
            finally:
                process.kill()
                reader.join()
                process.stdout.close()

    def _listen(self, process: subprocess.Popen[str], first: threading.Event) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            said = json.loads(line)
            if "sent" in said:
                self.sent[said["sent"]["idempotencyKey"]] = said["sent"]
            else:
                self.acknowledged[said["key"]] = said["ids"]
                first.set()

    def check(self, server: ServerProcess) -> None:
        """Everything acknowledged is there, everything sent can be sent again, and the graph is whole."""
        token = server.token(self.client)
        acknowledged = [one for ids in self.acknowledged.values() for one in ids]
        for start in range(0, len(acknowledged), 100):
            asked = acknowledged[start : start + 100]
            nodes = server.ask(token, SHOWN, {"ids": asked})["nodes"]
            assert [node and node["id"] for node in nodes] == asked
        self._check_graph()
        open_ones = [key for key in self.sent if key not in self.acknowledged]
        for key in [*open_ones, *random.sample(sorted(self.acknowledged), min(10, len(self.acknowledged)))]:
            found = server.ask(token, publisher.MUTATION, {"input": self.sent[key]})["publishFootprints"]
            ids = [each["id"] for each in found["footprints"]]
            assert self.acknowledged.setdefault(key, ids) == ids
        kept = self._check_graph()
        assert kept == sum(len(given["footprints"]) for given in self.sent.values())
        assert len({one for ids in self.acknowledged.values() for one in ids}) == kept

    def _check_graph(self) -> int:
        """How many footprints there are; each with its answer remembered."""

        async def look() -> int:
            store = await Store.open(Target(self.directory, attach=True))
            try:
                await check_whole(store)
                await _check_audit(store)
                answers = await store._raw.read("MATCH (a:RememberedAnswer) RETURN a.answer")
                remembered = [one for (answer,) in answers for one in _listed(json.loads(answer))]
                kept = {row[0] for row in await store._raw.read("MATCH (f:Footprint) RETURN f.id")}
                assert sorted(remembered) == sorted(set(remembered))
                assert set(remembered) == kept
                return len(kept)
            finally:
                await store.close()

        return asyncio.run(look())


async def _check_audit(store: Store) -> None:
    """Every entry of the chain is there and follows from the one before."""
    tail = await store.audit_tail()
    lines = [header(1, GENESIS)]
    for after in range(0, tail.head, ENTRIES_CHUNK_MAX):
        lines += [line_of(entry, None) for entry in await store.audit_entries(after, tail.head)]
    verdict = verify_audit([*lines, end(tail.head, tail.hash)])
    assert verdict.whole, verdict.problems
    assert verdict.told == tail.head


def _listed(answer: Any) -> list[str]:
    return answer if isinstance(answer, list) else []


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Set up as an operator does: commands beside a running server."""
    pytest.importorskip("arcadedb_embedded")
    found = Place(tmp_path_factory.mktemp("crash") / "data")
    try:
        server = found.running()
        made(command(found.directory, "organization", "add", "Maker", "--domain", "maker.example", "--json"))
        found.client = made(command(found.directory, "client", "add", "maker.example", "--json"))
        token = server.token(found.client)
        for number in range(12):
            urn = f"urn:pact:maker.example:product-id:{number}"
            given = {"idempotencyKey": str(uuid.uuid4()), "productIds": [urn], "name": urn}
            found.products.append(server.ask(token, PRODUCT, {"input": given})["createProduct"]["product"]["id"])
        yield found
        found.check(found.running())  # what the last test has left
    finally:
        found.close()


def test_a_killed_group_loses_nothing_acknowledged_and_leaves_nothing_half_written(place: Place) -> None:
    seed = random.randrange(10**9)
    print(f"seed {seed}")
    chance = random.Random(seed)
    for number in range(ROUNDS):
        pause, before = chance.uniform(*SECONDS), len(place.acknowledged)
        server = place.running()
        with place.publishing(server, f"{seed}-{number}"):
            time.sleep(pause)
            server.kill_group()
        print(f"killed {pause:.3f} s after the first of {len(place.acknowledged) - before} acknowledged requests")
        assert len(place.acknowledged) > before
        place.check(place.running())


def test_a_second_server_on_the_same_directory_is_told_what_to_do(place: Place) -> None:
    server = place.running()
    second = command(place.directory, "serve", "--port", "0")
    assert second.returncode == 1
    said = " ".join(second.stderr.split())
    assert f"Process {server.process.pid} already holds" in said
    assert re.search(r"Stop it first, or .* EXCHANGE_GRAPH_URI=embedded:", said)
    assert "Traceback" not in second.stderr
    assert server.http.get("/readyz").status_code == 200


def test_a_killed_database_is_back_without_a_restart(place: Place) -> None:
    server = place.running()
    token, killed = server.token(place.client), server.child
    with place.publishing(server, "database"):
        os.kill(killed, signal.SIGKILL)
        statuses = [ask_health(server, token)]
        deadline = time.monotonic() + HANGS_SECONDS
        while statuses[-1] != 200 or 503 not in statuses:
            assert time.monotonic() < deadline, statuses[-5:]
            time.sleep(0.02)
            statuses.append(ask_health(server, token))
        count = len(place.acknowledged)
        while len(place.acknowledged) < count + 5:
            assert time.monotonic() < deadline, "nothing is acknowledged any more"
            time.sleep(0.02)
    endpoint = read_endpoint(place.directory)
    assert endpoint is not None
    assert endpoint.pid is not None
    assert endpoint.pid != killed
    server.child = endpoint.pid
    place.check(server)
    assert "Traceback" not in server.log.read_text()


def ask_health(server: ServerProcess, token: str) -> int:
    """The status of /readyz. While the database is away the server lives, and says that one may ask again."""
    ready = server.http.get("/readyz")
    assert server.http.get("/healthz").status_code == 200
    if ready.status_code == 503:
        assert (ready.json()["code"], ready.json()["retryable"]) == ("STORE_UNAVAILABLE", True)
        assert ready.headers["retry-after"]
        body = {"query": "{ products { totalCount } }"}
        answer = server.http.post("/graphql", json=body, headers={"Authorization": f"Bearer {token}"}).json()
        for error in answer.get("errors", []):
            assert (error["extensions"]["code"], error["extensions"]["retryable"]) == ("STORE_UNAVAILABLE", True)
    return ready.status_code


@pytest.mark.parametrize(
    ("number", "whole_group"), [(signal.SIGTERM, False), (signal.SIGINT, True)], ids=["SIGTERM", "Ctrl-C"]
)
def test_a_server_that_is_told_to_end_ends_cleanly(place: Place, number: signal.Signals, whole_group: bool) -> None:
    server = place.running()
    begins = server.log.stat().st_size
    with place.publishing(server, f"{number.name} {whole_group}"):
        if whole_group:  # as a terminal does
            os.killpg(server.process.pid, number)
        else:
            server.process.send_signal(number)
        assert server.process.wait(HANGS_SECONDS) == 0
        until_ended(server.child)
    said = server.log.read_bytes()[begins:].decode()
    assert "Traceback" not in said, said
    assert read_endpoint(place.directory) is None
    with pytest.raises(httpx.HTTPError):
        server.http.get("/healthz")


def test_a_killed_server_leaves_no_database_running(place: Place) -> None:
    server = place.running()
    place.check(server)
    with place.publishing(server, "alone"):
        server.process.kill()
        server.process.wait()
        until_ended(server.child)
