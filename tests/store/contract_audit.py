"""What the store guarantees of the audit chain: whole on any number of servers, and each organization's own list."""

from __future__ import annotations

import asyncio

import pytest

from exchange.graph import HeadMoved, Store, audit, ledger, migrations
from exchange.model.audit import GENESIS
from exchange.model.audit_file import AuditVerdict, end, header, line_of, verify_audit
from exchange.model.ledger import Change, ChangeKind, LedgerHead
from exchange.model.writes import RecordReading, Write
from tests.store.contract_ledger import a_change, append
from tests.store.databases import Database
from tests.store.examples import NOW_US, new_id

OURS, THEIRS = "ours", "theirs"


def concerning(sequence: int, organization_id: str, owner_id: str) -> Change:
    return Change(
        sequence, ChangeKind.INPUTS_READ, new_id(), "client", NOW_US, organization_id, owner_id, "product", "ü"
    )


async def verdict(store: Store) -> AuditVerdict:
    tail = await store.audit_tail()
    first = tail.first or 1
    found = await store.audit_entries(first - 1, tail.head)
    return verify_audit([header(first, GENESIS), *(line_of(each, None) for each in found), end(tail.head, tail.hash)])


class AuditContract:
    async def test_an_empty_chain_has_no_beginning(self, store: Store) -> None:
        assert await store.audit_tail() == audit.AuditTail(None, 0, GENESIS)
        assert await store.audit_entries(0, 0) == []
        assert await store.audit_count(OURS) == 0

    async def test_changes_come_back_as_entries_of_a_whole_chain(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(ledger, "CHANGES_CHUNK_MAX", 3)
        first = [concerning(sequence, OURS, THEIRS) for sequence in range(1, 8)]
        head = await store.write([], first, LedgerHead(0, 0, 0))
        more = [a_change(8), concerning(9, OURS, OURS)]
        await store.write([], more, head)
        entries = await store.audit_entries(0, 9)
        assert [entry.change for entry in entries] == first + more
        assert (await store.audit_tail()).hash == entries[-1].hash
        assert (await verdict(store)).whole

    async def test_two_servers_with_eight_writers_make_one_chain(self, store: Store, other_store: Store) -> None:
        async def writer(each: Store) -> None:
            for _ in range(5):
                await append(each, [0])

        await asyncio.gather(*(writer(each) for each in (store, other_store) for _ in range(4)))
        found = await verdict(store)
        assert found.whole, found.problems
        assert found.told == 40

    async def test_a_write_that_came_too_late_leaves_the_chain_as_it_was(
        self, store: Store, database: Database
    ) -> None:
        await store.write([], [concerning(1, OURS, THEIRS)], LedgerHead(0, 0, 0))
        before = database.everything()
        with pytest.raises(HeadMoved):
            await store.write([], [concerning(1, OURS, OURS)], LedgerHead(0, 0, 0))
        assert database.everything() == before

    async def test_what_somebody_changes_in_the_database_is_found(self, store: Store, database: Database) -> None:
        changes = [concerning(sequence, OURS, THEIRS) for sequence in range(1, 6)]
        await store.write([], changes, LedgerHead(0, 0, 0))
        for statement in (
            "MATCH (c:Change {sequence: 3}) SET c.detail = 'x'",
            "MATCH (c:Change {sequence: 3}) SET c.detail = 'ü', c.by = 'another'",
            "MATCH (c:Change {sequence: 3}) SET c.by = 'client', c.atUs = c.atUs + 1",
        ):
            assert (await verdict(store)).whole == statement.endswith("'x'")
            database.run(statement)
            assert [line for line, _ in (await verdict(store)).problems] == [4]
        database.run("MATCH (c:Change {sequence: 3}) DELETE c")
        assert not (await verdict(store)).whole
        database.run("MATCH (c:Change) WHERE c.sequence > 2 DELETE c")
        assert not (await verdict(store)).whole  # the ledger's own node knows the head

    async def test_each_organization_has_a_list_without_gaps(self, store: Store, other_store: Store) -> None:
        parties = [(OURS, OURS), (THEIRS, OURS), (THEIRS, THEIRS), ("", OURS), ("", ""), (OURS, THEIRS)]
        changes = [concerning(sequence, *pair) for sequence, pair in enumerate(parties, 1)]
        head = await store.write([], changes[:3], LedgerHead(0, 0, 0))
        await other_store.write([], changes[3:], head)
        assert await store.audit_count(OURS) == 4
        assert await store.audit_count(THEIRS) == 3
        for organization, sequences in ((OURS, [1, 2, 4, 6]), (THEIRS, [2, 3, 6])):
            found = await store.audit_entries_of(organization, range(1, len(sequences) + 1))
            assert [entry and entry.change.sequence for entry in found] == sequences
        assert await store.audit_entries_of(OURS, [5, 1, 0]) == [None, (await store.audit_entries(0, 1))[0], None]
        assert await store.audit_entries_of("nobody", [1]) == [None]

    async def test_the_last_reading_of_each_organization_is_found(self, store: Store) -> None:
        def writes(at_us: int) -> list[Write]:
            return [RecordReading("product", OURS, at_us), RecordReading("other", THEIRS, at_us)]

        head = await store.write(writes(5), [a_change(1)], LedgerHead(0, 0, 0))
        await store.write(writes(9)[:1], [a_change(2)], head)
        pairs = [(of, organization) for of in ("product", "other") for organization in (OURS, THEIRS)]
        assert await store.last_readings(pairs) == {("product", OURS): 9, ("other", THEIRS): 5}
        assert await store.last_readings(pairs[1:]) == {("other", THEIRS): 5}

    async def test_changes_are_found_by_their_sequences(self, store: Store) -> None:
        changes = [a_change(sequence) for sequence in range(1, 6)]
        await store.write([], changes, LedgerHead(0, 0, 0))
        assert await store.changes_at([4, 2, 9]) == {2: changes[1], 4: changes[3]}
        assert await store.changes_at([]) == {}

    async def test_the_chain_of_an_older_database_begins_with_the_next_change(
        self, other_store: Store, database: Database
    ) -> None:
        database.run("MATCH (l:Ledger) SET l.schemaVersion = 2, l.head = 2")
        database.run(
            "UNWIND [1, 2] AS i "
            "CREATE (:Change {sequence: i, kind: 'KEY_ADDED', subject: 'key', by: 'exchange', atUs: 1})"
        )
        await other_store.ready()
        assert database.run("MATCH (l:Ledger) RETURN l.schemaVersion") == [[migrations.newest_version()]]
        assert await other_store.audit_tail() == audit.AuditTail(None, 2, GENESIS)
        await other_store.write([], [a_change(3)], await other_store.head())
        assert (await other_store.audit_tail()).first == 3
        found = await verdict(other_store)
        assert (found.whole, found.first, found.head) == (True, 3, 3)
        assert len(await other_store.changes(0, 3)) == 3
