"""The database away for long, under load: right answers or clear errors, nothing stale, nothing lost, no restart.

It is away in two ways: it hangs (its process is stopped) or it is gone (every connection is refused). Eight clients ask
and one publishes all the while. Each footprint states the next number, so that an answer tells which one it saw: at
least the last that was acknowledged before the question was sent, at most the last that was sent before it came.

`--outage-seconds 60` makes it a minute; without, it is shorter.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from exchange.config import Settings
from exchange.graph.endpoint import Endpoint, read_endpoint
from tests.api import inputs
from tests.api.exchange_server import ApiClient, ExchangeServer, new_key, serving
from tests.store.contract_away import Wire

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")

ASKING = 8
BACK_SECONDS_MAX = 180.0
ENOUGH = 5  # answers of each client before and after
PER_UNIT = 2  # so much of the supplier goes into the product asked about
ASKED = """query ($id: ID!) { product(id: $id) { cradleToGate(asOf: "2026-06-30") {
  ... on RollUp { pcfExcludingBiogenicUptake } } } }"""
PUBLISH = """mutation ($input: PublishFootprintInput!) { publishFootprint(input: $input) { __typename
  ... on PublishFootprintPayload { footprint { id } } } }"""
COUNT = "query ($id: ID!) { product(id: $id) { footprints { totalCount } } }"


@dataclass
class Load:
    """Clients in threads of their own, and what each was told. `sent`, `acknowledged`: the number last published."""

    server: ExchangeServer
    client: ApiClient
    supplier: str
    product: str
    sent: int = 1
    acknowledged: int = 1
    answered: Counter[int] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    longest_seconds: float = 0.0
    _stop: threading.Event = field(default_factory=threading.Event)

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        asking = [threading.Thread(target=self._kept, args=(self._ask, number)) for number in range(ASKING)]
        threads = [*asking, threading.Thread(target=self._kept, args=(self._publish, ASKING))]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stop.set()
            for thread in threads:
                thread.join()

    def wait_for(self, more: int, seconds: float) -> None:
        """Until each client has had so many answers more."""
        before, deadline = Counter(self.answered), time.monotonic() + seconds
        while any(self.answered[number] < before[number] + more for number in range(ASKING + 1)):
            assert not self.wrong, self.wrong
            assert time.monotonic() < deadline, f"not all are answered: {before} {self.answered} {self.refused}"
            time.sleep(0.02)

    def _kept(self, work: Any, number: int) -> None:
        try:
            with httpx.Client(base_url=self.server.url, timeout=200) as http:
                work(ApiClient(http, self.client.token), number)
        except Exception as error:  # noqa: BLE001 (the test has to see it, whatever it was)
            self.wrong.append(repr(error))

    def _send(self, client: ApiClient, query: str, variables: dict[str, Any]) -> dict[str, Any] | None:
        """The data; None where the answer is an error, which has to be one to be asked again after."""
        began = time.monotonic()
        answer = client.post(query, variables)
        self.longest_seconds = max(self.longest_seconds, time.monotonic() - began)
        body: dict[str, Any] = answer.json()
        for error in body.get("errors", ()):
            told = error["extensions"]
            self.refused[told["code"]] += 1
            if (told["code"], told["retryable"]) != ("STORE_UNAVAILABLE", True):
                self.wrong.append(str(error))
        data: dict[str, Any] | None = None if "errors" in body else body["data"]
        return data

    def _ask(self, client: ApiClient, number: int) -> None:
        while not self._stop.is_set():
            least = self.acknowledged
            data = self._send(client, ASKED, {"id": self.product})
            most = self.sent
            if data is not None:
                seen = Decimal(data["product"]["cradleToGate"]["pcfExcludingBiogenicUptake"])
                if not PER_UNIT * least + 1 <= seen <= PER_UNIT * most + 1:
                    self.wrong.append(f"{seen} is not of {least} to {most}")
                self.answered[number] += 1
            self._stop.wait(0.02)

    def _publish(self, client: ApiClient, number: int) -> None:
        """The next number, sent again with its key until it is acknowledged. What was sent last stays open at the end
        of the test only where it was acknowledged."""
        while not self._stop.is_set():
            self.sent += 1
            made = inputs.footprint(self.supplier, inputs.declared(str(self.sent)))
            given = {"idempotencyKey": new_key(), "footprint": made}
            while (data := self._send(client, PUBLISH, {"input": given})) is None:
                time.sleep(0.1)
            assert data["publishFootprint"]["__typename"] == "PublishFootprintPayload", data
            self.acknowledged = self.sent
            self.answered[number] += 1
            self._stop.wait(0.05)


@dataclass
class Away:
    """How the database goes away and comes back."""

    how: str
    endpoint: Endpoint
    wire: Wire
    loop: asyncio.AbstractEventLoop

    def goes(self) -> None:
        assert self.endpoint.pid is not None
        if self.how == "hangs":
            os.kill(self.endpoint.pid, signal.SIGSTOP)
        else:
            asyncio.run_coroutine_threadsafe(self.wire.cut(), self.loop).result(BACK_SECONDS_MAX)

    def comes_back(self) -> None:
        assert self.endpoint.pid is not None
        if self.how == "hangs":
            os.kill(self.endpoint.pid, signal.SIGCONT)
        else:
            asyncio.run_coroutine_threadsafe(self.wire.mend(), self.loop).result(BACK_SECONDS_MAX)


@contextlib.contextmanager
def server_and_database(directory: Path, how: str) -> Iterator[tuple[ExchangeServer, Away]]:
    """A server whose way to its database can be cut; another one holds the database."""
    with serving(Settings(graph_uri=f"embedded:{directory}")) as holder:
        endpoint = read_endpoint(directory)
        assert endpoint is not None
        wire = Wire(endpoint)
        away = Away(how, endpoint, wire, holder.loop)
        asyncio.run_coroutine_threadsafe(wire.mend(), holder.loop).result(BACK_SECONDS_MAX)
        settings = Settings(
            graph_uri=f"bolt://127.0.0.1:{wire.port}",
            graph_user=endpoint.user,
            graph_password=SecretStr(endpoint.password),
        )
        try:
            with serving(settings) as server:
                yield server, away
        finally:
            asyncio.run_coroutine_threadsafe(wire.cut(), holder.loop).result(BACK_SECONDS_MAX)


def begun(server: ExchangeServer) -> Load:
    """Of a product that takes some of a supplier's, which carries 1."""
    maker = server.add_organization("maker")
    made: dict[str, str] = {}
    for name in ("supplier", "product"):
        given: dict[str, Any] = {"idempotencyKey": new_key(), "productIds": [f"urn:uuid:{new_key()}"], "name": name}
        made[name] = str(maker.done("createProduct", given, "product { id }")["product"]["id"])
    line: dict[str, Any] = {"product": {"id": made["supplier"]}, "amount": str(PER_UNIT), "unit": "KILOGRAM"}
    results = [("supplier", inputs.declared("1")), ("product", inputs.modelled(line))]
    for name, result in results:
        given = {"idempotencyKey": new_key(), "footprint": inputs.footprint(made[name], result)}
        maker.done("publishFootprint", given, "footprint { id }")
    return Load(server, maker, made["supplier"], made["product"])


@pytest.mark.parametrize("how", ["gone", "hangs"])
def test_an_outage_under_load(tmp_path: Path, pytestconfig: pytest.Config, how: str) -> None:
    pytest.importorskip("arcadedb_embedded")
    seconds = float(pytestconfig.getoption("--outage-seconds"))
    with server_and_database(tmp_path / "data", how) as (server, away):
        load = begun(server)
        with load.running():
            load.wait_for(ENOUGH, BACK_SECONDS_MAX)
            before = sum(load.answered.values())
            away.goes()
            try:
                deadline = time.monotonic() + seconds
                while time.monotonic() < deadline:
                    assert not load.wrong, load.wrong
                    time.sleep(0.02)
                during, told = sum(load.answered.values()) - before, load.refused.total()
            finally:
                away.comes_back()
            back = time.monotonic()
            load.wait_for(ENOUGH, BACK_SECONDS_MAX)
            back = time.monotonic() - back
        assert not load.wrong, load.wrong
        if how == "gone":
            assert told > 0
        assert load.acknowledged == load.sent
        data = load.client.query(ASKED, {"id": load.product})
        assert Decimal(data["product"]["cradleToGate"]["pcfExcludingBiogenicUptake"]) == PER_UNIT * load.sent + 1
        kept = load.client.query(COUNT, {"id": load.supplier})["product"]["footprints"]["totalCount"]
        assert kept == load.sent
    print(
        f"{how} for {seconds:g} s: {during} answers and {told} errors meanwhile, all with STORE_UNAVAILABLE; each "
        f"client had {ENOUGH} answers {back:.1f} s after it was back; longest request {load.longest_seconds:.1f} s; "
        f"{load.acknowledged} footprints acknowledged, all kept"
    )
