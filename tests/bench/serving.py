"""Roll-ups as a server answers them over HTTP when its graph is in memory, alone and under load.

A real `exchange serve` over a database that holds a made-up chain; a load generator (`load.py`) in a third process; all
on this machine. First one caller alone: what an answer takes beyond the engine's own time for the same product, which
the server's metrics tell. Then several callers at once, while footprints are published. Every answer is looked at, and
some of the numbers are compared with the engine's own on the generator's graph.
"""

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
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import httpx
import numpy as np

from exchange.app import running_exchange
from exchange.config import Settings
from exchange.memory import NOBODY, Column, Present, cut
from exchange.model.closure import Dates
from exchange.model.footprint import NEVER_US
from exchange.model.parties import OPERATOR, Client, Scope
from exchange.operations.changing.credentials import add_client
from exchange.operations.exchange import Exchange
from exchange.schema.ids import global_id
from exchange.tokens import hash_secret, make_secret
from tests.bench.chain import Chain, product_id
from tests.bench.databases import KINDS, NAMES, Database
from tests.bench.load import Plan, Reader
from tests.bench.measuring import ROOT, Figure, Spread, process_megabytes
from tests.bench.supply import AS_OF, OWNERS, Supply, supply, tables_of
from tests.store import neo4j_server

if TYPE_CHECKING:
    from tests.bench.__main__ import Options

TITLE = "roll-ups through HTTP, the graph in memory, products made up"
SIZES: Final = {"embedded": 100_000, "neo4j": 1_000_000}
READERS: Final = 8
PUBLISHES_PER_SECOND: Final = 20.0
SECONDS: Final = 30.0
ALONE: Final = 40  # questions a round
WARM_UP: Final = 100  # questions of each kind before anything is measured
COMPARED: Final = 20  # products whose numbers are compared
CLOSE: Final = 1e-8  # own emissions are written with nine digits
LOADED_SECONDS_MAX: Final = 900.0
LOADED: Final = re.compile(r"the graph is in memory after ([0-9.]+) s, from the database")
TOTAL = """query ($id: ID!) { product(id: $id) { cradleToGate { __typename
  ... on RollUp { pcfExcludingBiogenicUptake lower upper } } } }"""
REASONS = """query ($id: ID!) { product(id: $id) { cradleToGate { __typename
  ... on RollUp { pcfExcludingBiogenicUptake lower upper
    contributions(first: 10) { product { id } ownEmissions sharePercent } } } } }"""
SMALLEST = "{ __typename }"  # what every question costs: HTTP, GraphQL, and a look at the head before it leaves
PUBLISH = """mutation ($input: PublishFootprintsInput!) {
  publishFootprints(input: $input) { __typename ... on UserError { message } } }"""


# The driver imports pandas where it finds it. Servers are installed without; here it is of the established engines.
SERVE: Final = (
    "import sys; sys.modules['pandas'] = None; import runpy; runpy.run_module('exchange', run_name='__main__')"
)


def run(options: Options) -> list[Figure]:
    found: list[Figure] = []
    for name, database in KINDS.items():
        if options.database not in (None, name):
            continue
        products = options.products or SIZES[name]
        try:
            with database(products, options.databases, copied=True) as kept, _served(kept) as server:
                found += _Measured(
                    f"{NAMES[name]}, {products:,} products", server, supply(products), options.rounds
                ).run()
        except neo4j_server.Absent as absent:
            print(f"http: without {name}: {absent}")
    return found


@dataclass(frozen=True, slots=True)
class _Server:
    """environment: of the same database, for what the operator does. log: of the server."""

    port: int
    process: int
    log: Path
    environment: dict[str, str]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextlib.contextmanager
def _served(database: Database) -> Iterator[_Server]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("EXCHANGE_")}
    environment |= {**database.environment, "PYTHONUNBUFFERED": "1", "NO_COLOR": "1"}
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "log").open("w+") as log:
        command = [sys.executable, "-c", SERVE, "serve", "--port", "0"]
        with subprocess.Popen(command, cwd=ROOT, env=environment, stderr=log) as server:
            try:
                yield _Server(_port(server, Path(log.name)), server.pid, Path(log.name), database.environment)
            finally:
                server.send_signal(signal.SIGTERM)
                server.wait()


def _port(server: subprocess.Popen[bytes], log: Path) -> int:
    while server.poll() is None:
        for word in log.read_text(encoding="utf-8").split():
            if word.endswith("/graphql."):
                return int(word.removesuffix("/graphql.").rpartition(":")[2])
        time.sleep(0.1)
    raise RuntimeError(f"the server ended before it listened: {log.read_text(encoding='utf-8')[-2000:]}")


class _Measured:
    """One server over one graph."""

    def __init__(self, name: str, server: _Server, made: Supply, rounds: int) -> None:
        self._name, self._server, self._made, self._rounds = name, server, made, rounds
        self._http = httpx.Client(base_url=server.url, timeout=120.0)
        self._random = random.Random(1)

    def run(self) -> list[Figure]:
        scopes = [frozenset({Scope.ADMINISTER})] + [frozenset({Scope.READ, Scope.PUBLISH})] * (READERS + 1)
        self._administrator, *self._tokens = self._signed_in(scopes)
        loaded = self._wait_until_loaded()
        resident = process_megabytes(self._server.process, "VmHWM")
        self._compare()
        found = [
            Figure(f"{self._name}: until the graph was in memory", Spread((loaded,)), "s", "once", None),
            Figure(f"{self._name}: the server's memory until then, at most", Spread((resident,)), "MB", "once", None),
        ]
        parts: list[Callable[[], list[Figure]]] = [
            self._all_alone,
            self._together,
        ]
        for part in parts:
            for one in part():
                print(f"{one.name}: {one.figure} {one.unit}", flush=True)  # the next part may take long
                found.append(one)
        most = process_megabytes(self._server.process, "VmHWM")
        return [*found, Figure(f"{self._name}: the server's memory in all, at most", Spread((most,)), "MB", "", None)]

    # -- getting there ---------------------------------------------------------------------------------------------

    def _signed_in(self, scopes: Sequence[frozenset[Scope]]) -> list[str]:
        """Tokens of a client of each of the first owners, from owner 0 on."""
        chain, secrets = Chain(self._made), [make_secret() for _ in scopes]
        clients = [
            Client(str(uuid.uuid4()), owner.id, each, hash_secret(secret), time.time_ns() // 1_000, NEVER_US)
            for owner, each, secret in zip(chain.organizations, scopes, secrets, strict=False)
        ]

        async def add(exchange: Exchange) -> None:
            for client in clients:
                await add_client(exchange, OPERATOR, client)

        asyncio.run(_operate(self._server.environment, add))
        tokens = []
        for client, secret in zip(clients, secrets, strict=True):
            answer = self._http.post("/auth/token", data={"grant_type": "client_credentials"}, auth=(client.id, secret))
            tokens.append(str(answer.raise_for_status().json()["access_token"]))
        return tokens

    def _wait_until_loaded(self) -> float:
        """Seconds that loading took, as the server's log says it."""
        began = time.monotonic()
        while time.monotonic() - began < LOADED_SECONDS_MAX:
            said = LOADED.search(self._server.log.read_text(encoding="utf-8"))
            if said is not None:
                return float(said[1])
            time.sleep(0.25)
        raise RuntimeError("the graph did not come into memory")

    def _compare(self) -> None:
        """Numbers over HTTP with those of the engine on the generator's graph."""
        present = Present(tables_of(self._made), Dates(AS_OF, NEVER_US - 1, NEVER_US - 1))
        scratch = Column(np.int32, fill=NOBODY)
        scratch.resize(self._made.products)
        for key in self._random.sample(range(self._made.products), min(COMPARED, self._made.products)):
            expected = float(cut(present, [key], scratch).solve({}).total(key).excluding)
            answer = self._http.post("/graphql", json={"query": TOTAL, "variables": _product(key)}).json()
            given = float(answer["data"]["product"]["cradleToGate"]["pcfExcludingBiogenicUptake"])
            assert abs(given - expected) <= CLOSE * abs(expected), f"product {key}: {given} ≠ {expected}"

    # -- what is asked ---------------------------------------------------------------------------------------------

    def _owned(self, owner: int) -> range:
        return range(owner, self._made.products, OWNERS)

    def _bodies(self, query: str, keys: range, count: int) -> list[str]:
        """Of different products, as far as there are so many."""
        chosen = self._random.sample(keys, min(count, len(keys)))
        return [json.dumps({"query": query, "variables": _product(key)}) for key in chosen]

    def _publishes(self, owner: int, count: int) -> list[str]:
        """A new footprint each: the same lines, the first of them a hundredth larger."""
        made, modelled = (
            self._made,
            [key for key in self._owned(owner) if self._made.starts[key] < self._made.starts[key + 1]],
        )
        self._random.shuffle(modelled)
        return [
            json.dumps({"query": PUBLISH, "variables": {"input": _published(made, modelled[n % len(modelled)])}})
            for n in range(count)
        ]

    # -- measuring -------------------------------------------------------------------------------------------------

    def _all_alone(self) -> list[Figure]:
        """One caller: the smallest question, then about products that nobody asked for before, then about one again."""
        everything, token = range(self._made.products), self._tokens[0]
        same = [json.dumps({"query": TOTAL, "variables": _product(self._random.choice(everything))})]
        smallest = self._alone("", lambda count: [json.dumps({"query": SMALLEST})] * count)["whole"]
        found = [Figure(f"{self._name}, alone: the smallest question, p50", smallest, "ms", "", None)]
        for what, of, bodies in (
            ("total and interval", "", lambda count: self._bodies(TOTAL, everything, count)),
            ("the owner's, with contributions", token, lambda count: self._bodies(REASONS, self._owned(1), count)),
            ("total and interval, asked again", "", lambda count: same * count),
        ):
            seen, name = self._alone(of, bodies), f"{self._name}, alone: {what}"
            engine = seen["engine"] if all(seen["engine"].values) else None  # what is asked again is not solved again
            found += [
                Figure(f"{name}, p50", seen["whole"], "ms", "the engine's own time", engine),
                Figure(f"{name}, beyond the engine, p50", seen["beyond"], "ms", "the smallest question", smallest),
            ]
        return found

    def _alone(self, token: str, bodies: Callable[[int], list[str]]) -> dict[str, Spread]:
        """One question after the other: milliseconds in the middle of each round, the engine's part, and the rest."""
        self._load(Plan(0, "", [Reader(token, bodies(WARM_UP))], 0.0, count=WARM_UP, watched=True))
        medians: dict[str, list[float]] = {"whole": [], "engine": [], "beyond": []}
        for _ in range(self._rounds):
            seen = self._load(Plan(0, "", [Reader(token, bodies(ALONE))], 0.0, count=ALONE, watched=True))
            whole, engine = np.array(seen["reads_ms"]), np.array(seen["closures_ms"]) + np.array(seen["solves_ms"])
            for name, values in (("whole", whole), ("engine", engine), ("beyond", whole - engine)):
                medians[name].append(float(np.median(values)))
        return {name: Spread(tuple(values)) for name, values in medians.items()}

    def _together(self) -> list[Figure]:
        """Several organizations ask at once, while another publishes."""
        everything, count = range(self._made.products), int(PUBLISHES_PER_SECOND * SECONDS)
        readers = [Reader(token, self._bodies(TOTAL, everything, 5_000)) for token in self._tokens[:READERS]]
        quiet = self._load(Plan(0, "", readers, SECONDS / 3))
        seen = self._load(
            Plan(
                0,
                "",
                readers,
                SECONDS,
                publishes=self._publishes(READERS + 1, count),
                publisher=self._tokens[READERS],
                publishes_per_second=PUBLISHES_PER_SECOND,
            )
        )
        name = f"{self._name}, {READERS} clients"
        published = f"{name} and {PUBLISHES_PER_SECOND:.0f} publishes/s"
        assert len(seen["publishes_ms"]) == count
        return [
            *_percentiles(f"{name}: a roll-up", quiet["reads_ms"]),
            Figure(f"{name}: roll-ups", Spread((len(quiet["reads_ms"]) / (SECONDS / 3),)), "/s", "", None),
            *_percentiles(f"{published}: a roll-up", seen["reads_ms"]),
            Figure(f"{published}: roll-ups", Spread((len(seen["reads_ms"]) / SECONDS,)), "/s", "", None),
            *_percentiles(f"{published}: a publish", seen["publishes_ms"]),
            Figure(f"{published}: the ledger's lag", Spread(tuple(seen["lags"])), "changes", "", None),
        ]

    def _load(self, plan: Plan) -> dict[str, list[float]]:
        """What a load generator saw."""
        given = asdict(plan) | {"port": self._server.port, "administrator": self._administrator}
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "plan.json"
            path.write_text(json.dumps(given), encoding="utf-8")
            command = [sys.executable, "-m", "tests.bench.load", str(path)]
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr[-3000:])
        found: dict[str, list[float]] = json.loads(done.stdout)
        return found


async def _operate(environment: dict[str, str], work: Any) -> None:
    given = {name.removeprefix("EXCHANGE_").lower(): value for name, value in environment.items()}
    async with running_exchange(Settings(**given), attach=True) as exchange:  # type: ignore[arg-type]
        await work(exchange)


def _product(key: int) -> dict[str, str]:
    return {"id": global_id("Product", product_id(key))}


def _plain(number: float) -> str:
    """Nine digits, without an exponent."""
    return f"{Decimal(f'{number:.9g}'):f}"


def _published(made: Supply, product: int) -> dict[str, Any]:
    part = slice(int(made.starts[product]), int(made.starts[product + 1]))
    lines = [
        {"product": _product(supplier), "amount": _plain(amount * (1.01 if not at else 1)), "unit": "KILOGRAM"}
        for at, (supplier, amount) in enumerate(
            zip(made.supplier[part].tolist(), made.amount[part].tolist(), strict=True)
        )
    ]
    footprint = {
        "product": global_id("Product", product_id(product)),
        "declaredUnitAmount": "1",
        "declaredUnitOfMeasurement": "KILOGRAM",
        "productMassPerDeclaredUnit": "1",
        "referencePeriodStart": "2025-01-01T00:00:00Z",
        "referencePeriodEnd": "2026-01-01T00:00:00Z",
        "ipccCharacterizationFactors": ["AR6"],
        "crossSectoralStandards": ["ISO14067"],
        "geographyCountry": "CN",
        "modelled": {
            "direct": [{"stage": "MANUFACTURING", "components": {"fossilGhgEmissions": _plain(made.own[product])}}],
            "lines": lines,
        },
    }
    return {"idempotencyKey": str(uuid.uuid4()), "footprints": [footprint]}


def _percentiles(name: str, milliseconds: list[float]) -> list[Figure]:
    return [
        Figure(f"{name}, p{percent}", Spread((float(np.percentile(milliseconds, percent)),)), "ms", "", None)
        for percent in (50, 99)
    ]
