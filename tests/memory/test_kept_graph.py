"""What a command takes from a server's file is what the database holds, or the file is left alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from exchange.errors import ConfigurationInvalid
from exchange.graph import Store
from exchange.memory import Tables, comparables
from exchange.model.closure import Dates
from exchange.operations.following import kept_graph
from exchange.operations.following.kept_graph import tables_at
from exchange.operations.following.snapshots import SnapshotFile
from exchange.operations.following.taking_over import load_tables
from exchange.operations.requests.checks import US_PER_DAY
from tests.memory.test_following import NOW_US, closure, named_before_it_was_there, published
from tests.memory.test_snapshots import opened
from tests.store.databases import Database
from tests.store.examples import a_line, put_footprint

Results = dict[int, float]


def anything(_: Tables) -> None:
    """No limit of memory."""


async def results(store: Store, tables: Tables) -> Results:
    """By key what each product carries at the ledger's head."""
    dates = Dates(NOW_US // US_PER_DAY, NOW_US, (await store.head()).sequence)
    found = comparables(tables, dates, np.arange(len(tables.products.owner)))
    return dict(zip(found.product.tolist(), found.kg_co2e.tolist(), strict=True))


async def from_the_database(store: Store) -> Results:
    return await results(store, await load_tables(store, await store.head(), anything))


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One entry for each time that the whole database is read."""
    done: list[int] = []

    async def counted(store: Store, head: Any, check: Callable[[Tables], None]) -> Tables:
        done.append(1)
        return await load_tables(store, head, check)

    monkeypatch.setattr(kept_graph, "load_tables", counted)
    return done


async def test_the_file_and_what_came_since_is_the_database(store: Store, tmp_path: Path, loads: list[int]) -> None:
    file = SnapshotFile(tmp_path / "graph.snapshot")
    made = await published(store, 3)
    await (await opened(store, file.path)).close()
    content = file.path.read_bytes()
    for step in range(3):
        if step == 1:
            await put_footprint(store, made[1], [a_line(made[0]), a_line(made[0])])
        if step == 2:
            await named_before_it_was_there(store)
        found = await tables_at(store, await store.head(), anything, file)
        assert await results(store, found) == await from_the_database(store)
    assert not loads
    assert file.path.read_bytes() == content


@pytest.mark.parametrize("why", ["no file", "none is meant", "damaged", "another database", "too old", "newer"])
async def test_without_a_file_that_fits_the_database_is_read(
    store: Store, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loads: list[int], why: str
) -> None:
    """newer: a server has written it after the head was read that is asked about."""
    file = SnapshotFile(tmp_path / "graph.snapshot")
    made = await published(store, 2)
    before = await store.head()
    await put_footprint(store, made[1], [a_line(made[0]), a_line(made[0])])
    if why != "no file":
        exchange = await opened(store, file.path)
        await closure(exchange, made[1])
        await exchange.close()
    if why == "damaged":
        file.path.write_bytes(file.path.read_bytes()[:-100])
    elif why == "another database":
        database.empty()
        database.run("MATCH (l:Ledger) SET l.atUs = 0")
    elif why == "too old":
        monkeypatch.setattr(kept_graph, "CHANGES_MAX", 0)
    if why in ("another database", "too old"):
        await published(store, 4)
    head = before if why == "newer" else await store.head()
    found = await tables_at(store, head, anything, None if why == "none is meant" else file)
    assert loads == [1]
    if why == "newer":
        assert len(found.versions.product) == before.footprints
    else:
        assert await results(store, found) == await from_the_database(store)


async def test_the_limit_of_memory_holds_for_the_file_too(store: Store, tmp_path: Path, loads: list[int]) -> None:
    await published(store, 2)
    file = SnapshotFile(tmp_path / "graph.snapshot")
    await (await opened(store, file.path)).close()

    def refuse(_: Tables) -> None:
        raise ConfigurationInvalid("too large")

    with pytest.raises(ConfigurationInvalid, match="too large"):
        await tables_at(store, await store.head(), refuse, file)
    assert not loads
