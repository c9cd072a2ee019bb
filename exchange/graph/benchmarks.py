"""Benchmark editions: quarters, what was published in each, and what held of every set after it.

Nothing of it changes once it is written. A quarter's node is there once, so no quarter is published twice, whoever
tries. What an edition was computed from is a node of its own, which nothing that is shown is read with.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from decimal import Decimal
from typing import TypeVar

from exchange.graph.bolt import Bolt, Transaction
from exchange.graph.keys import checked, decimal_of, decimal_text, name_key
from exchange.graph.reading import by_key, chunks
from exchange.graph.records import Properties, present
from exchange.model.benchmark import BenchmarkEdition, BenchmarkOutcome, BenchmarkSet, EditionMembers, Quarter
from exchange.model.footprint import SystemBoundary
from exchange.model.writes import PublishQuarter
from exchange.units import Dimension

T = TypeVar("T")

LINE = "\n"  # between entries of a list that is kept as one text: both databases handle it faster than a list
ROWS_MAX = 1_000
MEMBERS_MAX = 100  # lists of groups in one statement: an alliance has a thousand organizations at most

_QUARTER = "UNWIND $rows AS r CREATE (q:BenchmarkQuarter) SET q = r"
_EDITIONS = """
UNWIND $rows AS r MATCH (a:Alliance {id: r.allianceId}) MATCH (q:BenchmarkQuarter {id: r.quarter})
CREATE (e:BenchmarkEdition) SET e = r CREATE (e)-[:OF_ALLIANCE]->(a) CREATE (e)-[:IN_QUARTER]->(q)
"""
_MEMBERS = "UNWIND $rows AS r CREATE (m:BenchmarkMembers) SET m = r"
_OUTCOMES = "UNWIND $rows AS r CREATE (o:BenchmarkOutcome) SET o = r"
_QUARTERS = "MATCH (q:BenchmarkQuarter) WHERE q.sequence <= $head RETURN properties(q)"
_OF_SETS = "UNWIND $keys AS k MATCH (o:BenchmarkOutcome {setKey: k}) WHERE o.sequence <= $head RETURN k, properties(o)"
_IN_PLACE = "MATCH (o:BenchmarkOutcome {place: $place}) RETURN properties(o)"
_IN_QUARTER = "MATCH (o:BenchmarkOutcome {quarter: $quarter}) RETURN properties(o)"
_EDITIONS_OF = "MATCH (e:BenchmarkEdition {setKey: $key}) WHERE e.sequence <= $head RETURN properties(e)"
_MEMBERS_OF = "UNWIND $keys AS k MATCH (m:BenchmarkMembers {id: k}) RETURN m.id, m.groups, m.values"


async def publish(transaction: Transaction, quarters: Sequence[PublishQuarter]) -> None:
    for each in quarters:
        await transaction.run(_QUARTER, rows=[_quarter_properties(each.quarter)])
        for editions in _parts(each.editions, ROWS_MAX):
            await transaction.run(_EDITIONS, rows=[_edition_properties(edition) for edition in editions])
        for members in _parts(each.members, MEMBERS_MAX):
            await transaction.run(_MEMBERS, rows=[_members_properties(of) for of in members])
        for outcomes in _parts(each.outcomes, ROWS_MAX):
            await transaction.run(_OUTCOMES, rows=[_outcome_properties(outcome) for outcome in outcomes])


class Benchmarks:
    """Reading editions; what holds for every method of the store holds for these."""

    def __init__(self, bolt: Callable[[], Awaitable[Bolt]]) -> None:
        self._bolt = bolt

    async def quarters(self, head: int) -> list[Quarter]:
        """All that were published up to `head`, the oldest first."""
        rows = await (await self._bolt()).read(_QUARTERS, head=head)
        return sorted((_quarter_of(row[0]) for row in rows), key=lambda quarter: quarter.id)

    async def get_editions(self, ids: Sequence[str]) -> list[BenchmarkEdition | None]:
        """One entry per id, in order; None: unknown."""
        return await by_key(await self._bolt(), "BenchmarkEdition", "id", ids, _edition_of)

    async def editions_of(self, set_key: str, head: int) -> list[BenchmarkEdition]:
        """All of one set up to `head`, the newest first."""
        rows = await (await self._bolt()).read(_EDITIONS_OF, key=set_key, head=head)
        return sorted((_edition_of(row[0]) for row in rows), key=lambda edition: edition.sequence, reverse=True)

    async def outcomes_of(self, set_keys: Collection[str], head: int) -> dict[str, BenchmarkOutcome]:
        """What the newest quarter up to `head` that tells of a set says, by its key; absent: none does."""
        newest: dict[str, BenchmarkOutcome] = {}
        for chunk in chunks(set_keys):
            for key, stored in await (await self._bolt()).read(_OF_SETS, keys=chunk, head=head):
                outcome = _outcome_of(stored)
                if key not in newest or newest[key].sequence < outcome.sequence:
                    newest[key] = outcome
        return newest

    async def outcomes_in(self, alliance_id: str, quarter: str) -> list[BenchmarkOutcome]:
        """What held of an alliance's sets after a quarter, by category."""
        rows = await (await self._bolt()).read(_IN_PLACE, place=name_key(alliance_id, quarter))
        return sorted((_outcome_of(row[0]) for row in rows), key=lambda outcome: _order(outcome.of))

    async def outcomes_of_quarter(self, quarter: str) -> list[BenchmarkOutcome]:
        """What held of all alliances' sets after a quarter, in no order."""
        rows = await (await self._bolt()).read(_IN_QUARTER, quarter=quarter)
        return [_outcome_of(row[0]) for row in rows]

    async def members(self, edition_ids: Collection[str]) -> list[EditionMembers]:
        """What these editions were computed from, in no order. For the next ones: it is shown to nobody."""
        found: list[EditionMembers] = []
        for chunk in chunks(edition_ids, MEMBERS_MAX):
            for edition_id, groups, values in await (await self._bolt()).read(_MEMBERS_OF, keys=chunk):
                pairs = zip(groups.split(LINE), map(Decimal, values.split(LINE)), strict=True)
                found.append(EditionMembers(edition_id, tuple(pairs)))
        return found


def _order(of: BenchmarkSet) -> tuple[str, ...]:
    return (of.category, of.boundary, of.dimension, of.price, of.convention)


def _quarter_properties(quarter: Quarter) -> Properties:
    return {
        "id": quarter.id,
        "closingDay": quarter.closing_day,
        "products": quarter.products,
        "new": quarter.new,
        "kept": quarter.kept,
        "none": quarter.none,
        "atUs": quarter.at_us,
        "sequence": quarter.sequence,
    }


def _quarter_of(stored: Properties) -> Quarter:
    return Quarter(
        id=stored["id"],
        closing_day=stored["closingDay"],
        products=stored["products"],
        new=stored["new"],
        kept=stored["kept"],
        none=stored["none"],
        at_us=stored["atUs"],
        sequence=stored["sequence"],
    )


def _set_properties(of: BenchmarkSet) -> Properties:
    return {
        "setKey": of.key,
        "allianceId": of.alliance_id,
        "category": of.category,
        "boundary": of.boundary.value,
        "dimension": of.dimension.value,
        "price": of.price,
        "convention": of.convention,
    }


def _set_of(stored: Properties) -> BenchmarkSet:
    return BenchmarkSet(
        alliance_id=stored["allianceId"],
        category=stored["category"],
        boundary=SystemBoundary(stored["boundary"]),
        dimension=Dimension(stored["dimension"]),
        price=stored["price"],
        convention=stored["convention"],
    )


def _edition_properties(edition: BenchmarkEdition) -> Properties:
    return present(
        {
            "id": checked(edition.id, "An edition's id"),
            **_set_properties(edition.of),
            "quarter": edition.quarter,
            "closingDay": edition.closing_day,
            "lowerQuartile": decimal_text(edition.lower_quartile),
            "median": decimal_text(edition.median),
            "upperQuartile": decimal_text(edition.upper_quartile),
            "stepPercent": edition.step_percent,
            "groups": edition.groups,
            "atUs": edition.at_us,
            "sequence": edition.sequence,
        }
    )


def _edition_of(stored: Properties) -> BenchmarkEdition:
    median = decimal_of(stored["median"])
    assert median is not None  # every edition has one
    return BenchmarkEdition(
        id=stored["id"],
        of=_set_of(stored),
        quarter=stored["quarter"],
        closing_day=stored["closingDay"],
        lower_quartile=decimal_of(stored.get("lowerQuartile")),
        median=median,
        upper_quartile=decimal_of(stored.get("upperQuartile")),
        step_percent=stored["stepPercent"],
        groups=stored["groups"],
        at_us=stored["atUs"],
        sequence=stored["sequence"],
    )


def _outcome_properties(outcome: BenchmarkOutcome) -> Properties:
    return present(
        {
            **_set_properties(outcome.of),
            "quarter": outcome.quarter,
            "place": name_key(outcome.of.alliance_id, outcome.quarter),
            "editionId": outcome.edition_id,
            "whyNot": outcome.why_not,
            "sequence": outcome.sequence,
        }
    )


def _outcome_of(stored: Properties) -> BenchmarkOutcome:
    return BenchmarkOutcome(
        of=_set_of(stored),
        quarter=stored["quarter"],
        edition_id=stored.get("editionId"),
        why_not=stored.get("whyNot"),
        sequence=stored["sequence"],
    )


def _members_properties(of: EditionMembers) -> Properties:
    return {
        "id": of.edition_id,
        "groups": LINE.join(group for group, _ in of.values),
        "values": LINE.join(str(value) for _, value in of.values),
    }


def _parts(rows: Sequence[T], most: int) -> list[Sequence[T]]:
    return [rows[start : start + most] for start in range(0, len(rows), most)]
