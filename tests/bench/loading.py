"""How long a server takes to have its graph in memory, and how much memory that is.

Cold, out of the database, against a plain dump: the same statements in the same chunks by a plain loop over the driver
that throws everything away. Out of its file, against reading the same bytes. The databases are built before anything is
measured, and kept (`databases.py`). Resident memory is what Linux says of a process of its own; elsewhere it is left
out.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import neo4j

from exchange.graph import Store
from exchange.graph.columns import FOOTPRINTS, GRANTS_BESIDE_MAX, LINES_BESIDE_MAX, PRODUCTS, RANGE_MAX
from exchange.graph.connect import Target
from exchange.memory import Present, Tables, add_footprint_columns, add_grant_columns, add_product_columns
from exchange.model.closure import Dates
from exchange.model.footprint import NEVER_US
from exchange.model.ledger import Change, ChangeKind
from exchange.operations.following.snapshots import SnapshotFile
from exchange.operations.following.taking_over import load_tables
from tests.bench.databases import KINDS, NAMES, Database
from tests.bench.measuring import Figure, Run, Spread, in_turn, process_megabytes
from tests.bench.supply import AS_OF, supply, tables_of
from tests.bench.written import columns_of
from tests.store import neo4j_server

if TYPE_CHECKING:
    from tests.bench.__main__ import Options

T = TypeVar("T")

TITLE = "having the graph in memory, products made up"
COLD = {"embedded": (10_000, 100_000), "neo4j": (10_000, 1_000_000)}
KEPT = (100_000, 1_000_000)
MADE_MAX = 100_000  # products made of columns: each is made up as values first, which takes longer than all the rest
WARM_UP = 1  # rounds: a database that has just been started is slow at first
LARGE = 1_000_000  # products, from which on a round takes minutes: there is no warm-up
DATES = Dates(AS_OF, NEVER_US - 1, NEVER_US - 1)
MEGABYTE = 1e6


def run(options: Options) -> list[Figure]:
    found: list[Figure] = []
    for kind, database in KINDS.items():
        if options.database in (None, kind):
            for products in (options.products,) if options.products else COLD[kind]:
                try:
                    with database(products, options.databases) as kept:
                        found += _cold(f"{NAMES[kind]}, {products:,} products", kept, products, options.rounds)
                except neo4j_server.Absent as absent:
                    print(f"loading: without {NAMES[kind]}: {absent}")
    if options.database is None:
        for products in (options.products,) if options.products else KEPT:
            found += _kept(f"{products:,} products", products, options.rounds)
    return found


# -- out of the database -----------------------------------------------------------------------------------------------


def _cold(name: str, database: Database, products: int, rounds: int) -> list[Figure]:
    endpoint = database.endpoint
    assert endpoint is not None
    quiet: Any = {} if endpoint.embedded else {"notifications_min_severity": "OFF"}  # as the exchange has it
    driver_of = neo4j.GraphDatabase.driver
    with (
        asyncio.Runner() as runner,
        driver_of(endpoint.uri, auth=(endpoint.user, endpoint.password), **quiet) as driver,
    ):
        store = runner.run(_ready(database.target))
        runs: dict[str, Callable[[], object]] = {
            "load": lambda: runner.run(_load(store)),
            "dump": lambda: _dump(driver, products),
        }
        took, worked = _both_clocks(rounds, runs, WARM_UP if products < LARGE else 0)
        runner.run(store.close())
    figures = [
        Figure(f"{name}: loaded from the database", took["load"], "s", "a plain dump", took["dump"]),
        Figure(f"{name}: the same, this process's time", worked["load"], "s", "a plain dump", worked["dump"]),
    ]
    if products >= LARGE:  # one more load; what a server has then is told by `serving.py`
        return figures
    return figures + _resident(f"{name}: process that has loaded it", _load_in_a_process, database.target)


def _both_clocks(
    rounds: int, runs: Mapping[str, Run], warm_up: int = WARM_UP
) -> tuple[dict[str, Spread], dict[str, Spread]]:
    """Seconds as they pass, and seconds that this process's threads worked: on a busy machine they lie far apart."""
    worked: dict[str, list[float]] = {name: [] for name in runs}

    def noting(name: str) -> None:
        began = time.process_time()
        runs[name]()
        worked[name].append(time.process_time() - began)

    passed = in_turn(rounds, {name: partial(noting, name) for name in runs}, warm_up=warm_up)
    return passed, {name: Spread(tuple(values[warm_up:])) for name, values in worked.items()}


async def _ready(target: Target) -> Store:
    store = await Store.open(target)
    await store.ready()
    return store


async def _load(store: Store) -> Present:
    tables = await load_tables(store, await store.head(), lambda _: None)
    return Present(tables, DATES)


def _dump(driver: neo4j.Driver, products: int) -> int:
    """Everything that loading reads, once, and nothing done with it."""
    rows = 0
    with driver.session() as session:
        for statement, few in ((PRODUCTS, GRANTS_BESIDE_MAX), (FOOTPRINTS, LINES_BESIDE_MAX)):
            for first in range(0, products, RANGE_MAX):
                [[found]] = session.run(
                    statement, first=first, last=first + RANGE_MAX - 1, head=NEVER_US, few=few
                ).values()
                rows += len(found)
    assert rows == 2 * products
    return rows


# -- out of its file ---------------------------------------------------------------------------------------------------


def _kept(name: str, products: int, rounds: int) -> list[Figure]:
    """The file is in the system's own memory, as it is after it was written or read a moment ago."""
    few = products <= MADE_MAX
    with tempfile.TemporaryDirectory() as folder:
        kept = SnapshotFile(Path(folder) / "graph.snapshot")
        tables = tables_of(supply(products))
        present = Present(tables, DATES)
        sizes = _sizes(name, tables, present)
        wrote = in_turn(1, {"write": partial(kept.write, present, _last(products))}, warm_up=0)
        del tables, present
        took, worked = _both_clocks(rounds, {"read": kept.read, "bytes": kept.path.read_bytes})
        size = Spread((kept.path.stat().st_size / MEGABYTE,))
        return [
            Figure(f"{name}: taken from its file", took["read"], "s", "the file's bytes", took["bytes"]),
            Figure(f"{name}: the same, processor time", worked["read"], "s", "the file's bytes", worked["bytes"]),
            Figure(f"{name}: written to its file", wrote["write"], "s", "once", None),
            Figure(f"{name}: its file", size, "MB", "", None),
            *sizes,
            *_resident(f"{name}: process that has taken it from its file", _read_in_a_process, kept),
            *(_resident(f"{name}: process that has made it of columns", _made_in_a_process, products) if few else []),
        ]


def _last(products: int) -> Change:
    return Change(3 * products, ChangeKind.ACCESS_GRANTED, "grant", "client", 0)


def _sizes(name: str, tables: Tables, present: Present) -> list[Figure]:
    """Bytes of the columns by what they are about; what is computed for now counts with what it is about."""
    rows = {
        "product": ((*tables.products.columns(), present.version, present.reason, present.until_day), None),
        "version of a footprint": ((*tables.versions.columns(), tables.outbound), None),
        "line": ((*tables.lines.columns(), present.serving, present.factor, present.line_reason), tables.followers),
        "grant": (tuple(tables.grants.columns()), None),
    }
    found = []
    for what, (columns, followers) in rows.items():
        used = sum(column.values.nbytes for column in columns) + (followers.nbytes if followers else 0)
        found.append(Figure(f"{name}: bytes of a {what}", Spread((used / len(columns[0]),)), "bytes", "", None))
    return found


# -- memory of a process -----------------------------------------------------------------------------------------------


def _resident(name: str, work: Callable[[Any], object], given: object) -> list[Figure]:
    """Of a process that does only this: what it has at its end, and the most that it had."""
    if not sys.platform.startswith("linux"):
        return []
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        base, resident, most = pool.apply(_measured, (work, given))
    return [
        Figure(f"{name}: resident", Spread((resident,)), "MB", "before", Spread((base,))),
        Figure(f"{name}: resident at most", Spread((most,)), "MB", "before", Spread((base,))),
    ]


_HELD: list[object] = []


def _measured(work: Callable[[Any], object], given: object) -> tuple[float, float, float]:
    base = process_megabytes("self", "VmRSS")
    _HELD.append(work(given))
    return base, process_megabytes("self", "VmRSS"), process_megabytes("self", "VmHWM")


def _load_in_a_process(target: Target) -> Present:
    return asyncio.run(_opened(target, _load))


async def _opened(target: Target, work: Callable[[Store], Awaitable[T]]) -> T:
    store = await _ready(target)
    try:
        return await work(store)
    finally:
        await store.close()


def _made_in_a_process(products: int) -> Present:
    """As loading from a database does, from columns that are made up here instead of read."""
    made, tables = supply(products), Tables()
    tables.products.resize(products)
    tables.versions.resize(products)
    for first in range(0, products, RANGE_MAX):
        owned, grants, footprints = columns_of(made, first, min(first + RANGE_MAX, products))
        add_product_columns(tables, owned)
        add_grant_columns(tables, grants)
        add_footprint_columns(tables, footprints)
    del made
    return Present(tables, DATES)


def _read_in_a_process(kept: SnapshotFile) -> Present:
    found = kept.read()
    assert found is not None
    return found.present
