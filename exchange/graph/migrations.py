"""What a database must have before it is used: constraints, indexes, the ledger's node; and how older ones get it.

Migrations are numbered and never change once released; each may be run again without harm, so one that was cut off
is simply run again. The number of the last one is kept on the ledger's node, where every read of the head sees it:
a database that a newer version has migrated is refused, at start and later alike.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from exchange.errors import Conflict, StoreTooNew
from exchange.graph.bolt import Bolt
from exchange.graph.pauses import pause_seconds

LARGEST_INTEGER = 2**53  # larger than any number stored under an index
MEETING_SECONDS_MAX = 90.0  # two servers that start at once meet in a constraint; for so long the other may take
MEETING_PAUSE_SECONDS = 0.1  # before the second attempt, doubled for each further one
MEETING_PAUSE_SECONDS_MAX = 5.0
HOLDER_SECONDS = 3.0  # without a step further; some holder is of an older exchange, and takes none
LOOK_SECONDS = 0.1

Step = Callable[[Bolt], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Migration:
    number: int
    what: str
    steps: Sequence[Step]


def indexed(
    label: str, *, texts: Sequence[str] = (), integers: Sequence[str] = (), repeated: Sequence[str] = ()
) -> Step:
    """Properties by which nodes of a label are found and ordered: unique texts and whole numbers, and repeated texts.

    On the embedded database an index over a label without nodes learns no types; it then has no order, and ranges and
    pages become 20 to 50 times slower. So a node with all the properties is there while the indexes are made. (A small
    number would make its property 32 bits wide.)
    """
    statements = [
        f"CREATE CONSTRAINT {label}_{name} IF NOT EXISTS FOR (n:{label}) REQUIRE n.{name} IS UNIQUE"
        for name in (*texts, *integers)
    ]
    statements += [f"CREATE INDEX {label}_{name} IF NOT EXISTS FOR (n:{label}) ON (n.{name})" for name in repeated]
    placeholder = dict.fromkeys((*texts, *repeated), "placeholder") | dict.fromkeys(integers, LARGEST_INTEGER)

    async def step(bolt: Bolt) -> None:
        embedded = await bolt.is_embedded()
        if embedded:
            await bolt.alter(f"MERGE (n:{label} {{placeholder: true}}) SET n += $properties", properties=placeholder)
        for statement in statements:
            await bolt.alter(statement)
        if embedded:
            await bolt.alter(f"MATCH (n:{label}) WHERE n.placeholder = true DELETE n")

    return step


async def create_ledger(bolt: Bolt) -> None:
    """The one node that counts changes, and the dense keys given out."""
    await bolt.alter(
        "MERGE (l:Ledger {id: 'ledger'}) "
        "ON CREATE SET l.head = 0, l.products = 0, l.footprints = 0, l.schemaVersion = 0"
    )


MIGRATIONS: tuple[Migration, ...] = (
    Migration(
        1,
        "constraints, indexes and the ledger",
        (
            indexed("Ledger", texts=["id"]),
            indexed("Change", integers=["sequence"]),
            indexed("Organization", texts=["id", "nameKey", "sortName"]),
            indexed("Namespace", texts=["name"]),
            indexed("CompanyId", texts=["urn"]),
            indexed("Client", texts=["id"]),
            indexed("SigningKey", texts=["id"]),
            indexed("RememberedAnswer", texts=["id"]),
            indexed("Product", texts=["id", "sortName"], integers=["key"]),
            indexed("Identifier", texts=["urn"]),
            indexed("Dataset", texts=["id", "nameKey"]),
            indexed("Release", texts=["id", "labelKey"]),
            indexed("Footprint", texts=["id", "pfKey"], integers=["key"]),
            indexed("Grant", texts=["id"], repeated=["audience"]),
            create_ledger,
        ),
    ),
    Migration(
        2,
        "refused loops, counted by product and day",
        (indexed("RefusedLoop", texts=["id"], repeated=["productDay"]),),
    ),
    Migration(
        3,
        "the audit chain, which begins with the next change, and who has read what last",
        (
            indexed("Change", repeated=["ownerPlace", "actorPlace"]),
            indexed("Reading", texts=["id"]),
            indexed("AuditTail", texts=["id"]),
        ),
    ),
    Migration(
        4,
        "alliances, their members, and grants of all of an owner's products",
        (
            indexed("Alliance", texts=["id", "nameKey", "sortName"]),
            indexed("Membership", texts=["id"], repeated=["organizationId", "allianceId"]),
            indexed("Grant", repeated=["allOfOwner"]),
        ),
    ),
    Migration(
        5,
        "tokens that end with their member, which an older exchange would not see; corporate groups by their head",
        (indexed("Organization", repeated=["groupId"]),),
    ),
    Migration(
        6,
        "benchmark editions, their quarters, and what held of each set",
        (
            indexed("BenchmarkQuarter", texts=["id"]),
            indexed("BenchmarkEdition", texts=["id"], repeated=["setKey"]),
            indexed("BenchmarkMembers", texts=["id"]),
            indexed("BenchmarkOutcome", repeated=["setKey", "place", "quarter"]),
        ),
    ),
)


def newest_version() -> int:
    """The schema version that this exchange works with."""
    return MIGRATIONS[-1].number


async def migrate(bolt: Bolt, *, by_its_holder: bool = False) -> int:
    """Brings the database to the newest version; returns the version it had (0: it was empty).

    by_its_holder: another process holds the database, and is left to do it first: on the embedded database two at once
    may delete each other's nodes that give an index its types.

    Raises StoreTooNew where a newer exchange has been there, and StoreUnavailable where the database is away.
    """
    had = await _version(bolt)
    check_version(had)
    now = await _waited_for(bolt, had) if by_its_holder else had
    for migration in MIGRATIONS:
        if migration.number > now:
            await _run(bolt, migration)
    return had


async def _waited_for(bolt: Bolt, version: int) -> int:
    """The version when it is the newest, or has stood still."""
    since = time.monotonic()
    while version < newest_version() and time.monotonic() - since < HOLDER_SECONDS:
        await asyncio.sleep(LOOK_SECONDS)
        found = await _version(bolt)
        if found != version:
            version, since = found, time.monotonic()
    check_version(version)
    return version


def check_version(version: int) -> None:
    """Raises StoreTooNew for a database that a newer exchange has migrated."""
    if version > newest_version():
        raise StoreTooNew(
            f"The database was made by a newer version of the exchange (schema {version}; this one knows up to "
            f"{newest_version()}). Install that version, or use another database. Nothing was changed."
        )


async def _version(bolt: Bolt) -> int:
    rows = await bolt.read("MATCH (l:Ledger {id: 'ledger'}) RETURN l.schemaVersion", newest=True)
    return int(rows[0][0] or 0) if rows else 0


async def _run(bolt: Bolt, migration: Migration) -> None:
    """Once; where another server makes the same at this moment, one of the two is through first and counts."""
    deadline = time.monotonic() + MEETING_SECONDS_MAX
    for attempt in itertools.count():
        try:
            for step in migration.steps:
                await step(bolt)
            await bolt.alter(
                "MATCH (l:Ledger {id: 'ledger'}) WHERE l.schemaVersion < $number SET l.schemaVersion = $number",
                number=migration.number,
            )
            return
        except Conflict:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(pause_seconds(attempt, MEETING_PAUSE_SECONDS, MEETING_PAUSE_SECONDS_MAX))
            if await _version(bolt) >= migration.number:
                return
