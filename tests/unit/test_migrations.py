"""Whoever attaches to an embedded database leaves its schema to the process that holds it, while that gets on."""

from __future__ import annotations

from typing import Any, cast

import pytest

from exchange.errors import StoreTooNew
from exchange.graph import migrations
from exchange.graph.bolt import Bolt
from exchange.graph.migrations import migrate, newest_version

NEWEST = newest_version()


class Database:
    """What its ledger says of its version at each look, the last for ever; and what was altered."""

    def __init__(self, *versions: int) -> None:
        self.versions, self.altered = list(versions), list[str]()

    async def read(self, _: str, **__: Any) -> list[list[Any]]:
        return [[self.versions.pop(0) if len(self.versions) > 1 else self.versions[0]]]

    async def alter(self, statement: str, **_: Any) -> list[list[Any]]:
        self.altered.append(statement)
        return []

    async def is_embedded(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrations, "LOOK_SECONDS", 0.001)
    monkeypatch.setattr(migrations, "HOLDER_SECONDS", 0.2)


async def migrated(database: Database, *, by_its_holder: bool) -> int:
    return await migrate(cast(Bolt, database), by_its_holder=by_its_holder)


async def test_what_the_holder_makes_is_not_made_again() -> None:
    database = Database(0, 0, 0, *range(1, NEWEST + 1))
    assert await migrated(database, by_its_holder=True) == 0
    assert database.altered == []


@pytest.mark.parametrize("version", [0, NEWEST - 1])
async def test_a_holder_that_does_not_get_on_is_not_waited_for(version: int) -> None:
    database = Database(version)
    assert await migrated(database, by_its_holder=True) == version
    assert "l.schemaVersion < $number" in database.altered[-1]


async def test_who_holds_it_begins_at_once() -> None:
    database = Database(0, NEWEST)
    assert await migrated(database, by_its_holder=False) == 0
    assert database.altered


async def test_a_holder_of_a_newer_exchange_is_told() -> None:
    database = Database(NEWEST - 1, NEWEST + 1)
    with pytest.raises(StoreTooNew):
        await migrated(database, by_its_holder=True)
    assert database.altered == []
