"""Benchmark editions: publishing a quarter over a made-up supply chain, and reading one edition.

Every product is of one of 400 subclasses of the Central Product Classification: each of 1,000 owners makes products of
ten. All are members of one alliance, and consent with everything. The peer of publishing is what it cannot do without:
loading the graph and solving all of it. The peer of reading an edition is the smallest question there is.

The same graph is also made in memory, without a database, and what is published of it is computed there and written to
the database that is at hand: `--products 3000` builds a small one, and the parts are still those of 100,000 products.

The command itself is measured from cold, in a process of its own, with and without the file that a server leaves.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import numpy as np

from exchange.benchmarks.quarters import closing_of
from exchange.graph import Store, Target
from exchange.memory import Present, Whole
from exchange.model.closure import Dates
from exchange.model.footprint import NEVER_US
from exchange.model.grant import NO_PRODUCT, AccessLevel, Grant
from exchange.model.ledger import Change, ChangeKind
from exchange.model.parties import OPERATOR, Scope, Viewer
from exchange.model.writes import AddGrant, AddMembership, FoundAlliance, Write
from exchange.operations.benchmarks.publishing import NOTHING_IN_FORCE, Published, prepared_of, publish_benchmarks
from exchange.operations.benchmarks.values import counted_of
from exchange.operations.exchange import Exchange, open_exchange
from exchange.operations.following.taking_over import load_tables
from exchange.operations.requests.checks import US_PER_DAY, date_of_day, day_of
from exchange.schema.execution import Executor, Request
from exchange.schema.ids import global_id
from tests.bench.chain import Chain
from tests.bench.databases import KINDS, NAMES, Database
from tests.bench.measuring import ROOT, Figure, Spread, milliseconds
from tests.bench.supply import AS_OF, OWNERS, supply, tables_of
from tests.store import neo4j_server
from tests.store.examples import NOW_US, a_grant, an_alliance, an_invitation

if TYPE_CHECKING:
    from tests.bench.__main__ import Options

T = TypeVar("T")
TITLE = "benchmark editions, products made up"
PRODUCTS: Final = 100_000
SUBCLASSES: Final = 400
CONSENT: Final = Grant(
    "", None, NO_PRODUCT, None, AccessLevel.NONE, False, 0, NEVER_US, NEVER_US, 0, NEVER_US
)  # with everything
READS: Final = 200  # of an edition, in a round
MEGABYTES: Final = 4_096
CLOSING: Final = closing_of(date_of_day(NOW_US // US_PER_DAY))
AFTER_US: Final = (day_of(CLOSING) + 2) * US_PER_DAY
CLASSIFY: Final = """
MATCH (p:Product) WHERE p.key >= $first AND p.key < $after
WITH p, (p.key % 1000 + 40 * ((p.key / 1000) % 10)) % $classes AS class
SET p.classifications = ['urn:pact:productclassification:un-cpc:' + toString(10000 + class * 97)]
"""
FORGET: Final = (
    "MATCH (n:BenchmarkEdition) DETACH DELETE n",
    "MATCH (n:BenchmarkMembers) DELETE n",
    "MATCH (n:BenchmarkOutcome) DELETE n",
    "MATCH (n:BenchmarkQuarter) DETACH DELETE n",
)
EDITIONS: Final = "query ($id: ID!) { alliance(id: $id) { benchmarks(first: 1) { totalCount nodes { id } } } }"
EDITION: Final = """query ($id: ID!) { node(id: $id) { ... on BenchmarkEdition {
  quarter closingDate lowerQuartile median upperQuartile gridStepPercent groups inForce keptBecause
  counts { category systemBoundary unit } } } }"""
SMALLEST: Final = "{ viewer { scopes } }"


def run(options: Options) -> list[Figure]:
    found: list[Figure] = []
    products = options.products or PRODUCTS
    for kind, database in KINDS.items():
        if options.database in (None, kind):
            try:
                with database(products, options.databases, copied=True) as copy:
                    found += _on(copy, f"{NAMES[kind]}, {products:,} products", products, options.rounds)
            except neo4j_server.Absent as absent:
                print(f"editions: without {NAMES[kind]}: {absent}")
    return found


def _on(copy: Database, name: str, products: int, rounds: int) -> list[Figure]:
    target = replace(copy.target, attach=False) if copy.target.directory else copy.target
    alliance = asyncio.run(with_store(target, lambda store: allied(store, products)))
    commands = _commands(name, copy, target, rounds)
    return commands + asyncio.run(with_store(target, lambda store: _measured(name, store, alliance, rounds)))


async def with_store(target: Target, work: Callable[[Store], Awaitable[T]]) -> T:
    store = await Store.open(target)
    try:
        await store.ready()
        return await work(store)
    finally:
        await store.close()


async def forget(store: Store) -> None:
    """The quarter, so that it can be published again."""
    for statement in FORGET:
        await store._raw.alter(statement)


def _commands(name: str, copy: Database, target: Target, rounds: int) -> list[Figure]:
    """The command as an operator types it, in a process of its own that starts the database where nobody has: without
    a server's file of the graph, with one, and where the quarter is published, which computes nothing."""
    with tempfile.TemporaryDirectory() as folder:
        snapshot = target.directory / "graph.snapshot" if target.directory else Path(folder) / "graph.snapshot"
        kept = {name: value for name, value in os.environ.items() if not name.startswith("EXCHANGE_")}
        environment = kept | copy.environment | {"EXCHANGE_GRAPH_SNAPSHOT": str(snapshot), "PYTHONPATH": str(ROOT)}
        took: dict[str, list[float]] = {"without a file": [], "with a server's file": [], "again": []}
        snapshot.unlink(missing_ok=True)
        for _ in range(rounds):
            asyncio.run(with_store(target, forget))
            took["without a file"].append(_published_by_command(environment))
        asyncio.run(with_store(target, lambda store: _keep(store, snapshot)))
        print(f"editions: the file takes {snapshot.stat().st_size / 1e6:.0f} MB")
        for _ in range(rounds):
            asyncio.run(with_store(target, forget))
            took["with a server's file"].append(_published_by_command(environment))
            took["again"].append(_published_by_command(environment, again=True))
        snapshot.unlink()
        asyncio.run(with_store(target, forget))
    again = Spread(tuple(took.pop("again")))
    peer = "the same command again"
    return [
        Figure(f"{name}: the command, {how}", Spread(tuple(seconds)), "s", peer, again) for how, seconds in took.items()
    ]


def _published_by_command(environment: dict[str, str], *, again: bool = False) -> float:
    """Seconds from its start to its end."""
    began = time.perf_counter()
    line = [sys.executable, "-m", "exchange", "benchmark", "publish", "--closing", str(CLOSING), "--json"]
    done = subprocess.run(line, env=environment, capture_output=True, text=True, check=False)
    took = time.perf_counter() - began
    if done.returncode:
        raise RuntimeError(done.stderr)
    said = json.loads(done.stdout)
    assert (said["again"], said["products"] > 0) == (again, True), said
    return took


async def _keep(store: Store, snapshot: Path) -> None:
    """The file that a server leaves when it ends."""
    exchange = open_exchange(store, graph_megabytes=MEGABYTES, snapshot=snapshot)
    assert exchange.graph is not None
    assert await exchange.graph.loaded()
    await exchange.close()


async def _measured(name: str, store: Store, alliance: str, rounds: int) -> list[Figure]:
    exchange = open_exchange(store, clock=lambda: AFTER_US)
    try:
        publishing: list[float] = []
        needed: list[float] = []
        published: Published | None = None
        for turn in range(1 + rounds):
            began = time.perf_counter()
            await _load_and_solve(store)
            loaded = time.perf_counter()
            published = await publish_benchmarks(exchange, OPERATOR, CLOSING, megabytes_max=MEGABYTES)
            done = time.perf_counter()
            if turn:
                needed.append(loaded - began)
                publishing.append(done - loaded)
            if turn < rounds:
                await forget(store)
        assert published is not None
        print(f"editions: {_told(published)}")
        reading, smallest = await _reading(exchange, alliance, rounds)
        parts = await _parts(store, alliance, rounds)
    finally:
        await exchange.close()
    peer = "the graph loaded and solved"
    return [
        Figure(f"{name}: a quarter published", Spread(tuple(publishing)), "s", peer, Spread(tuple(needed))),
        Figure(
            f"{name}: one edition read", milliseconds(reading), "ms", "the smallest question", milliseconds(smallest)
        ),
        *(Figure(f"{PRODUCTS:,} products in memory: {what}", took, "s", "", None) for what, took in parts.items()),
    ]


async def _parts(store: Store, alliance: str, rounds: int) -> dict[str, Spread]:
    """Seconds of what publishing does once the graph is loaded."""
    tables = tables_of(supply(PRODUCTS))
    names = [f"urn:pact:productclassification:un-cpc:{10_000 + number * 97}" for number in range(SUBCLASSES)]
    kinds = np.array([tables.reach.kind_number((name,)) for name in names])
    keys = np.arange(PRODUCTS)
    tables.products.kind.values[:] = kinds[(keys % OWNERS + 40 * (keys // OWNERS % 10)) % SUBCLASSES]
    owners = [str(number) for number in range(OWNERS)]
    grants = [
        replace(CONSENT, id=owner, alliance_id=alliance, owner_id=owner, sequence=number)
        for number, owner in enumerate(owners)
    ]
    dates = Dates(AS_OF, NEVER_US - 1, NEVER_US - 1)
    took: dict[str, list[float]] = {"results": [], "what is published": [], "written": []}
    for turn in range(1 + rounds):
        await forget(store)
        began = time.perf_counter()
        counted = counted_of(tables, dates, {alliance: frozenset(owners)}, {owner: owner for owner in owners}, grants)
        solved = time.perf_counter()
        made = prepared_of(counted, NOTHING_IN_FORCE, "2026-Q1", AS_OF)
        ready = time.perf_counter()
        head = await store.head()
        change = Change(head.sequence + 1, ChangeKind.BENCHMARKS_PUBLISHED, "2026-Q1", "operator", AFTER_US)
        await store.write([made.at(AFTER_US, head.sequence + 1)], [change], head)
        done = time.perf_counter()
        if turn:
            for what, seconds in zip(took, (solved - began, ready - solved, done - ready), strict=True):
                took[what].append(seconds)
    values = sum(len(each.values) for each in made.members)
    print(f"editions: of {PRODUCTS:,} products {made.quarter.new} new editions, {values:,} values of groups")
    return {what: Spread(tuple(seconds)) for what, seconds in took.items()}


def _told(published: Published) -> str:
    quarter = published.quarter
    return f"{quarter.new} new editions of {quarter.products:,} products, {quarter.none} sets without one"


async def _load_and_solve(store: Store) -> None:
    head = await store.head()
    tables = await load_tables(store, head, lambda _: None)
    dates = Dates(day_of(CLOSING), AFTER_US, head.sequence)
    await asyncio.to_thread(lambda: Whole(Present(tables, dates)).excluding())


async def allied(store: Store, products: int) -> str:
    """Classifies all products, and makes every owner a member that consents."""
    for first in range(0, products, 10_000):
        await store._raw.alter(CLASSIFY, first=first, after=first + 10_000, classes=SUBCLASSES)
    chain = Chain(supply(products))
    head = await store.head()
    sequence = head.sequence + 1
    alliance = replace(an_alliance(chain.organizations[0], "Everybody"), sequence=sequence)
    writes: list[Write] = [FoundAlliance(alliance)]
    for owner in chain.organizations:
        sequence += 1
        writes.append(AddMembership(an_invitation(alliance, owner, joined_us=NOW_US, sequence=sequence)))
        sequence += 1
        given: dict[str, Any] = {"product_id": None, "product_key": NO_PRODUCT, "owner_id": owner.id}
        given |= {"alliance_id": alliance.id, "level": AccessLevel.NONE, "from_us": NOW_US, "sequence": sequence}
        writes.append(AddGrant(a_grant(chain.product(0), None, **given)))
    kinds = {FoundAlliance: ChangeKind.ALLIANCE_FOUNDED, AddMembership: ChangeKind.MEMBER_JOINED}
    changes = [
        Change(at, kinds.get(type(each), ChangeKind.ACCESS_GRANTED), str(uuid.uuid4()), "operator", NOW_US)
        for at, each in enumerate(writes, head.sequence + 1)
    ]
    await store.write(writes, changes, head)
    assert len(chain.organizations) == OWNERS
    return alliance.id


async def _reading(exchange: Exchange, alliance: str, rounds: int) -> tuple[Spread, Spread]:
    """Seconds of one answer each, by a member; without HTTP."""
    executor = Executor(exchange)
    chain_viewer = Viewer(await _member(exchange, alliance), frozenset({Scope.READ}))

    async def ask(query: str, **variables: str) -> Any:
        return (await executor.answer(Request(query, variables), chain_viewer, "bench")).body["data"]

    listed = (await ask(EDITIONS, id=global_id("Alliance", alliance)))["alliance"]["benchmarks"]
    edition = listed["nodes"][0]["id"]
    reading: list[float] = []
    smallest: list[float] = []
    for turn in range(1 + rounds):
        for query, variables, kept in ((EDITION, {"id": edition}, reading), (SMALLEST, {}, smallest)):
            began = time.perf_counter()
            for _ in range(READS):
                assert await ask(query, **variables)
            if turn:
                kept.append((time.perf_counter() - began) / READS)
    return Spread(tuple(reading)), Spread(tuple(smallest))


async def _member(exchange: Exchange, alliance: str) -> str:
    return (await exchange.store.memberships_in([alliance]))[0].organization_id
