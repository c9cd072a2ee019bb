"""The audit chain in the database: entries by sequence, each organization's own list of them, and who read what last.

An organization's entries are numbered from 1 on, without a gap, by a count of its own (AuditTail) that moves in the
transaction that writes them: a page is read by equality, its total is the count, and a place in the list says nothing
of what others did.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from exchange.errors import StoreUnavailable
from exchange.graph.bolt import Bolt, Transaction
from exchange.graph.keys import name_key
from exchange.graph.reading import chunks
from exchange.graph.records import change_of, entry_of
from exchange.model.audit import GENESIS, AuditEntry
from exchange.model.ledger import Change
from exchange.model.writes import RecordReading

ENTRIES_CHUNK_MAX = 1_000

NOBODY = ""  # counted, too, so that a statement over the parties of a write always has a row
_TAIL = "MATCH (l:Ledger {id: 'ledger'}) RETURN l.head, l.auditFrom, l.auditHash"
# By equality: a range is 50 times slower on one database, and may see n + 1 before n on the other.
CHANGES = "UNWIND range($first, $last) AS i MATCH (c:Change {sequence: i}) RETURN properties(c) ORDER BY c.sequence"
_AT = "UNWIND $sequences AS i MATCH (c:Change {sequence: i}) RETURN properties(c)"
_COUNT = "MATCH (t:AuditTail {id: $id}) RETURN t.entries"
_OWN = "UNWIND $places AS p MATCH (c:Change {ownerPlace: p}) RETURN p, properties(c)"
_ACTED = "UNWIND $places AS p MATCH (c:Change {actorPlace: p}) RETURN p, properties(c)"
_READ = """
UNWIND $rows AS r MERGE (x:Reading {id: r.id})
SET x.productId = r.of, x.organizationId = r.organizationId, x.atUs = r.atUs
"""
_LAST = "UNWIND $ids AS i MATCH (x:Reading {id: i}) RETURN i, x.atUs"


@dataclass(frozen=True, slots=True)
class AuditTail:
    """Both ends of the chain: the sequence that it begins with (None: nothing is in it yet), its head and hash."""

    first: int | None
    head: int
    hash: str


def counted(changes: Sequence[Change]) -> list[dict[str, object]]:
    """How many places each list needs."""
    needed = Counter(party for change in changes for party in change.readers)
    return [{"id": NOBODY, "entries": 0}, *({"id": party, "entries": count} for party, count in needed.items())]


def places_of(changes: Sequence[Change], before: Mapping[str, int]) -> list[dict[str, str]]:
    """Each change's properties by which lists find it; `before`: how many entries each list had."""
    numbers, found = dict(before), []
    for change in changes:
        places = {}
        for party in change.readers:
            numbers[party] += 1
            places["ownerPlace" if party == change.owner_id else "actorPlace"] = _place(party, numbers[party])
        found.append(places)
    return found


async def read_tail(bolt: Bolt) -> AuditTail:
    rows = await bolt.read(_TAIL, newest=True)
    if not rows:
        raise StoreUnavailable("The graph database is not set up yet. Ask again in a few seconds.")
    head, first, last = rows[0]
    return AuditTail(first, head, last or GENESIS)


async def read_entries(bolt: Bolt, after: int, upto: int) -> list[AuditEntry]:
    """The entries after+1 … upto, at most ENTRIES_CHUNK_MAX of them. One that is gone is left out: a check finds it."""
    rows = await bolt.read(CHANGES, first=after + 1, last=min(upto, after + ENTRIES_CHUNK_MAX))
    return [entry_of(row[0]) for row in rows]


async def count_of(bolt: Bolt, organization_id: str) -> int:
    rows = await bolt.read(_COUNT, id=organization_id)
    return int(rows[0][0]) if rows else 0


async def entries_of(bolt: Bolt, organization_id: str, numbers: Sequence[int]) -> list[AuditEntry | None]:
    places = [_place(organization_id, number) for number in numbers]
    found: dict[str, AuditEntry] = {}
    for chunk in chunks(places):
        for statement in (_OWN, _ACTED):
            found.update((place, entry_of(stored)) for place, stored in await bolt.read(statement, places=chunk))
    return [found.get(place) for place in places]


async def record(transaction: Transaction, readings: Sequence[RecordReading]) -> None:
    if readings:
        rows = [
            {
                "id": name_key(each.of, each.organization_id),
                "of": each.of,
                "organizationId": each.organization_id,
                "atUs": each.at_us,
            }
            for each in readings
        ]
        await transaction.run(_READ, rows=rows)


async def last_readings(bolt: Bolt, pairs: Collection[tuple[str, str]]) -> dict[tuple[str, str], int]:
    named = {name_key(*pair): pair for pair in pairs}
    found: dict[tuple[str, str], int] = {}
    for chunk in chunks(named):
        found.update((named[key], at_us) for key, at_us in await bolt.read(_LAST, ids=chunk))
    return found


async def changes_at(bolt: Bolt, sequences: Collection[int]) -> dict[int, Change]:
    found = [change_of(row[0]) for chunk in chunks(sequences) for row in await bolt.read(_AT, sequences=chunk)]
    return {change.sequence: change for change in found}


def _place(organization_id: str, number: int) -> str:
    return name_key(organization_id, str(number))
