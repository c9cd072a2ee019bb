"""What the ledger guarantees: one head, no gap, no duplicate, and no commit lost or done twice."""

from __future__ import annotations

import asyncio
from unittest.mock import patch

import neo4j
import pytest
from neo4j.exceptions import ServiceUnavailable

from exchange.errors import Conflict, StoreTooNew, StoreUnavailable
from exchange.graph import HeadMoved, Store, ledger, migrations
from exchange.graph.audit import CHANGES
from exchange.graph.bolt import Bolt
from exchange.model.ledger import Change, ChangeKind, LedgerHead
from exchange.model.writes import AddOrganization, CreateProduct, PublishFootprint, Write
from tests.store.databases import Database
from tests.store.examples import (
    NOW_US,
    a_footprint,
    a_product,
    an_organization,
    changes_of,
    new_id,
    put,
    put_organization,
    put_products,
)


def a_change(sequence: int) -> Change:
    return Change(sequence, ChangeKind.KEY_ADDED, new_id(), "operator", NOW_US)


async def append(store: Store, attempts: list[int]) -> None:
    """One writer that decides again until it is written."""
    while True:
        head = await store.head()
        attempts[0] += 1
        try:
            await store.write([], [a_change(head.sequence + 1)], head)
            return
        except HeadMoved:
            continue


class Commits:
    """Stands in for the driver's commit: the answer is lost, after it was done or before."""

    def __init__(self, done: list[bool]) -> None:
        self.done = iter(done)
        self.real = neo4j.AsyncTransaction.commit

    def __enter__(self) -> None:
        commits = self

        async def commit(transaction: neo4j.AsyncTransaction) -> None:
            try:
                done = next(commits.done)
            except StopIteration:
                return await commits.real(transaction)
            if done:
                await commits.real(transaction)
            else:
                await transaction.rollback()
            raise ServiceUnavailable("the connection broke")

        self.patch = patch.object(neo4j.AsyncTransaction, "commit", commit)
        self.patch.start()

    def __exit__(self, *_: object) -> None:
        self.patch.stop()


class LedgerContract:
    async def test_an_empty_database_has_an_empty_ledger(self, store: Store) -> None:
        assert await store.head() == LedgerHead(0, 0, 0)
        assert await store.changes(0, 0) == []

    async def test_a_write_moves_the_head_and_appends_its_changes(self, store: Store, other_store: Store) -> None:
        owner = an_organization()
        writes: list[Write] = [AddOrganization(owner), CreateProduct(a_product(owner, 0))]
        head = LedgerHead(0, 0, 0)
        changes = changes_of(writes, head)
        assert await store.write(writes, changes, head) == LedgerHead(2, 1, 0)
        assert await other_store.head() == LedgerHead(2, 1, 0)
        assert await other_store.changes(0, 2) == changes
        assert await other_store.changes(1, 2) == changes[1:]

    async def test_many_changes_come_in_order(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(ledger, "CHANGES_CHUNK_MAX", 10)
        changes = [a_change(sequence) for sequence in range(1, 36)]
        await store.write([], changes, LedgerHead(0, 0, 0))
        assert await store.changes(0, 35) == changes
        assert await store.changes(9, 21) == changes[9:21]

    async def test_changes_beyond_the_head_are_not_made_up(self, store: Store) -> None:
        await put_organization(store)
        with pytest.raises(StoreUnavailable):
            await store.changes(0, 2)

    @pytest.mark.parametrize("expected", [LedgerHead(0, 0, 0), LedgerHead(2, 0, 0), LedgerHead(1, 1, 0)])
    async def test_a_write_against_another_head_leaves_nothing(
        self, store: Store, database: Database, expected: LedgerHead
    ) -> None:
        await put_organization(store)
        before = database.everything()
        writes = [AddOrganization(an_organization())]
        with pytest.raises(HeadMoved):
            await store.write(writes, changes_of(writes, expected), expected)
        assert database.everything() == before

    async def test_changes_carry_the_sequences_that_follow(self, store: Store, database: Database) -> None:
        before = database.everything()
        for changes in ([], [a_change(2)], [a_change(1), a_change(1)]):
            with pytest.raises(ValueError, match="change"):
                await store.write([], changes, LedgerHead(0, 0, 0))
        assert database.everything() == before

    async def test_eight_writers_leave_no_gap_and_no_duplicate(self, store: Store, other_store: Store) -> None:
        attempts = [0]

        async def writer(each: Store) -> None:
            for _ in range(5):
                await append(each, attempts)

        await asyncio.gather(*(writer(each) for each in (store, other_store) for _ in range(4)))
        assert await store.head() == LedgerHead(40, 0, 0)
        changes = await store.changes(0, 40)
        assert [change.sequence for change in changes] == list(range(1, 41))
        assert len({change.subject for change in changes}) == 40

    async def test_a_commit_whose_answer_was_lost_is_reported_as_kept(self, store: Store) -> None:
        owner = an_organization()
        with Commits([True]):
            await put(store, AddOrganization(owner))
        assert await store.head() == LedgerHead(1, 0, 0)
        assert await store.get_organizations([owner.id]) == [owner]

    async def test_a_commit_that_was_lost_is_done_again_once(self, store: Store) -> None:
        owner = an_organization()
        with Commits([False, False, True]):
            await put(store, AddOrganization(owner))
        assert await store.head() == LedgerHead(1, 0, 0)
        assert [change.subject for change in await store.changes(0, 1)] == [owner.id]

    async def test_a_kept_commit_is_told_from_another_writers(self, store: Store, other_store: Store) -> None:
        """The same subject at the same sequence, by somebody else: ours was not kept."""
        owner, other = an_organization(), an_organization()
        head = await store.head()
        [change] = changes_of([AddOrganization(owner)], head)
        with Commits([False]):
            mine = asyncio.create_task(store.write([AddOrganization(owner)], [change], head))
            with patch.object(ledger, "COLLISION_PAUSE_SECONDS", 0):
                await asyncio.sleep(0)
                theirs = asyncio.create_task(other_store.write([AddOrganization(other)], [change], head))
                results = await asyncio.gather(mine, theirs, return_exceptions=True)
        kept = await store.get_organizations([owner.id, other.id])
        told = [not isinstance(result, Exception) for result in results]
        assert [found is not None for found in kept] == told
        assert sum(told) == 1

    async def test_readers_share_a_head_that_is_not_older_than_their_write(self, store: Store) -> None:
        reads = 0
        real = ledger.read_head

        async def counted(bolt) -> LedgerHead:
            nonlocal reads
            reads += 1
            return await real(bolt)

        with patch.object(ledger, "read_head", counted):
            assert {head.sequence for head in await asyncio.gather(*(store.head() for _ in range(64)))} == {0}
            assert reads <= 2

            async def write_and_read(number: int) -> None:
                written = await put(store, AddOrganization(an_organization()))
                assert (await store.head()).sequence >= written.sequence

            await asyncio.gather(*(write_and_read(number) for number in range(5)))

    async def test_a_head_is_told_only_when_all_that_it_counts_is_there(self, store: Store, other_store: Store) -> None:
        """What one look at the database finds, right after its head: not a part of a transaction."""
        [steel] = await put_products(store, await put_organization(store), "Steel")
        missing, ended, last = [], asyncio.Event(), (await store.head()).sequence

        async def write() -> None:
            for _ in range(25):
                head = await store.head()
                made = [
                    a_footprint(steel, head.footprints + place, sequence=head.sequence + place + 1)
                    for place in range(10)
                ]
                await put(store, *(PublishFootprint(each) for each in made))
            ended.set()

        writing = asyncio.create_task(write())
        while not ended.is_set():
            head = await other_store.head()
            rows = await other_store._raw.read(CHANGES, first=last + 1, last=head.sequence)
            ids = [row[0]["subject"] for row in rows]
            footprints = await other_store.get_footprints(ids)
            if len(rows) != head.sequence - last or None in footprints:
                missing.append((head.sequence - last, len(rows), footprints.count(None)))
            last = head.sequence
        await writing
        assert missing == []

    async def test_a_reader_that_goes_away_disturbs_nobody(self, store: Store) -> None:
        first, second = asyncio.create_task(store.head()), asyncio.create_task(store.head())
        await asyncio.sleep(0)
        first.cancel()
        assert await second == LedgerHead(0, 0, 0)

    async def test_a_database_of_a_newer_version_is_refused(
        self, store: Store, other_store: Store, database: Database
    ) -> None:
        newer = migrations.newest_version() + 1
        database.run("MATCH (l:Ledger) SET l.schemaVersion = $newer", newer=newer)
        before = database.everything()
        with pytest.raises(StoreTooNew, match=f"schema {newer}"):
            await store.head()  # a server that was running when it happened
        with pytest.raises(StoreTooNew):
            await other_store.ready()  # one that starts
        with pytest.raises(StoreTooNew):
            await other_store.write([], [a_change(1)], LedgerHead(0, 0, 0))
        assert database.everything() == before

    async def test_a_database_of_an_older_version_is_migrated_once(
        self, store: Store, other_store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        owner = await put_organization(store)
        ran = []

        async def step(bolt) -> None:
            ran.append(1)
            await bolt.alter("MATCH (o:Organization) SET o.migrated = true")

        number = migrations.newest_version() + 1
        newer = (*migrations.MIGRATIONS, migrations.Migration(number, "a test", (step,)))
        monkeypatch.setattr(migrations, "MIGRATIONS", newer)
        for _ in range(3):
            await other_store.ready()
        assert await other_store.get_organizations([owner.id]) == [owner]
        assert ran == [1]
        assert (await other_store.describe()).schema_version == number

    async def test_a_migration_that_was_cut_off_is_run_again(self, other_store: Store, database: Database) -> None:
        # `other_store` has been opened, but has not looked yet.
        database.run("MATCH (l:Ledger) SET l.schemaVersion = 0")
        if database.endpoint().embedded:
            database.run("CREATE (:Product {key: $largest, placeholder: true})", largest=2**53)
        await other_store.ready()
        assert database.run("MATCH (n:Product) RETURN count(n)") == [[0]]
        assert await other_store.head() == LedgerHead(0, 0, 0)

    async def test_two_servers_that_start_at_once_migrate_together(self, database: Database) -> None:
        database.run("MATCH (n) DETACH DELETE n")
        stores = [await Store.open(database.target) for _ in range(3)]
        await asyncio.gather(*(each.ready() for each in stores))
        assert database.run("MATCH (l:Ledger) RETURN l.head, l.schemaVersion") == [[0, migrations.newest_version()]]
        for each in stores:
            await each.close()

    async def test_a_conflict_needs_no_moved_head(self, store: Store) -> None:
        """The same name twice in one write is nobody else's doing."""
        owner = await put_organization(store)
        writes = [CreateProduct(a_product(owner, key, product_ids=("urn:gtin:8",))) for key in (0, 1)]
        head = await store.head()
        with pytest.raises(Conflict):
            await store.write(writes, changes_of(writes, head), head)


class MetInSchema:
    """For databases that several servers may migrate at once, and that say what two of them met in."""

    async def test_an_index_that_another_server_makes_at_this_moment_is_waited_for(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """IF NOT EXISTS does not keep two servers apart; what the second hears is what this one hears once."""
        makes = iter(
            [
                "CREATE INDEX another FOR (n:Organization) ON (n.groupId)",
                "CREATE CONSTRAINT another FOR (n:Organization) REQUIRE n.id IS UNIQUE",
            ]
        )
        ran: list[str | None] = []

        async def step(bolt: Bolt) -> None:
            ran.append(next(makes, None))
            if ran[-1] is not None:
                await bolt.alter(ran[-1])

        number = migrations.newest_version() + 1
        monkeypatch.setattr(migrations, "MIGRATIONS", (migrations.Migration(number, "a test", (step,)),))
        await migrations.migrate(store._raw)
        assert len(ran) == 3
