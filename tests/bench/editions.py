"""Benchmark editions: publishing a quarter over a made-up supply chain, and reading one edition.

Every product is of one of 400 subclasses of the Central Product Classification: each of 1,000 owners makes products of
ten. All are members of one alliance, and consent with everything. The peer of publishing is what it cannot do without:
loading the graph and solving all of it. The peer of reading an edition is the smallest question there is.

The same graph is also made in memory, without a database, and what is published of it is computed there and written to
the database that is at hand: `--products 3000` builds a small one, and the parts are still those of 100,000 products.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from exchange.benchmarks.quarters import closing_of
from exchange.graph import Store
from exchange.memory import Present, Whole
from exchange.model.closure import Dates
from exchange.model.footprint import NEVER_US
from exchange.model.grant import NO_PRODUCT, AccessLevel, Grant
from exchange.model.ledger import Change, ChangeKind
from exchange.model.parties import OPERATOR, Scope, Viewer
from exchange.model.writes import AddGrant, AddMembership, FoundAlliance, Write
from exchange.operations.benchmark_publishing import NOTHING_IN_FORCE, Published, prepared_of, publish_benchmarks
from exchange.operations.benchmark_values import counted_of
from exchange.operations.checks import US_PER_DAY, date_of_day, day_of
from exchange.operations.exchange import Exchange, open_exchange
from exchange.operations.taking_over import load_tables
from exchange.schema.execution import Executor, Request
from exchange.schema.ids import global_id
from tests.bench.chain import Chain
from tests.bench.databases import KINDS, NAMES
from tests.bench.measuring import Figure, Spread, milliseconds
from tests.bench.supply import AS_OF, OWNERS, supply, tables_of
from tests.store import neo4j_server
from tests.store.examples import NOW_US, a_grant, an_alliance, an_invitation

if TYPE_CHECKING:
    from tests.bench.__main__ import Options

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
                    found += asyncio.run(_measured(f"{NAMES[kind]}, {products:,} products", copy.target, options))
            except neo4j_server.Absent as absent:
                print(f"editions: without {NAMES[kind]}: {absent}")
    return found


async def _measured(name: str, target: Any, options: Options) -> list[Figure]:
    store = await Store.open(replace(target, attach=False) if target.directory else target)
    await store.ready()
    exchange = open_exchange(store, clock=lambda: AFTER_US)
    try:
        alliance = await _allied(store, options.products or PRODUCTS)
        publishing: list[float] = []
        needed: list[float] = []
        published: Published | None = None
        for turn in range(1 + options.rounds):
            began = time.perf_counter()
            await _load_and_solve(store)
            loaded = time.perf_counter()
            published = await publish_benchmarks(exchange, OPERATOR, CLOSING, megabytes_max=MEGABYTES)
            done = time.perf_counter()
            if turn:
                needed.append(loaded - began)
                publishing.append(done - loaded)
            if turn < options.rounds:
                for statement in FORGET:
                    await store._raw.alter(statement)
        assert published is not None
        print(f"editions: {_told(published)}")
        reading, smallest = await _reading(exchange, alliance, options.rounds)
        parts = await _parts(store, alliance, options.rounds)
    finally:
        await exchange.close()
        await store.close()
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
        for statement in FORGET:
            await store._raw.alter(statement)
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


async def _allied(store: Store, products: int) -> str:
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
