"""Refused loops: recorded beside the ledger, counted by product and day, found by the products that they go through.

A node says who tried what and when; it leads to the loop's members. Nothing of the refused footprint is in it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from exchange.graph.bolt import Bolt, Transaction
from exchange.graph.keys import checked, name_key
from exchange.graph.reading import chunks
from exchange.graph.records import Properties
from exchange.model.refused_loop import RefusedLoop
from exchange.model.writes import RecordRefusedLoop

_RECORD = "UNWIND $rows AS r CREATE (x:RefusedLoop) SET x = r.properties RETURN count(x)"
# Whether a member is missing is not counted: products are never deleted, and the keys come from the graph itself.
_THROUGH = """
UNWIND $rows AS r MATCH (x:RefusedLoop {id: r.id}) UNWIND r.members AS k MATCH (p:Product {key: k})
CREATE (x)-[:THROUGH]->(p) RETURN count(p)
"""
_TODAY = "UNWIND $keys AS k MATCH (x:RefusedLoop {productDay: k}) RETURN collect(x.productId)"
_OF_PRODUCT = """
MATCH (:Product {key: $key})<-[:THROUGH]-(x:RefusedLoop) WHERE x.sequence <= $head
RETURN properties(x) ORDER BY x.sequence DESC LIMIT $most
"""


async def record(transaction: Transaction, writes: Sequence[RecordRefusedLoop]) -> None:
    """Few at a time: each is a transaction of its own."""
    if writes:
        await transaction.run(_RECORD, rows=[{"properties": _properties(each.refused)} for each in writes])
        rows = [{"id": each.refused.id, "members": list(each.member_keys)} for each in writes]
        await transaction.run(_THROUGH, rows=rows)


async def counts(bolt: Bolt, product_ids: Collection[str], day: int) -> dict[str, int]:
    """How often each product was refused on that day; one that never was is absent."""
    found: Counter[str] = Counter()
    for chunk in chunks([_product_day(product_id, day) for product_id in product_ids]):
        [[refused]] = await bolt.read(_TODAY, keys=chunk)
        found.update(refused)
    return dict(found)


async def through(bolt: Bolt, product_key: int, head: int, most: int) -> list[RefusedLoop]:
    rows = await bolt.read(_OF_PRODUCT, key=product_key, head=head, most=most)
    return [_refused_of(row[0]) for row in rows]


def _product_day(product_id: str, day: int) -> str:
    return name_key(product_id, str(day))


def _properties(refused: RefusedLoop) -> Properties:
    return {
        "id": checked(refused.id, "A refused loop's id"),
        "productId": refused.product_id,
        "productDay": _product_day(refused.product_id, refused.day),
        "organizationId": refused.organization_id,
        "day": refused.day,
        "atUs": refused.at_us,
        "sequence": refused.sequence,
    }


def _refused_of(stored: Properties) -> RefusedLoop:
    return RefusedLoop(
        id=stored["id"],
        product_id=stored["productId"],
        organization_id=stored["organizationId"],
        day=stored["day"],
        at_us=stored["atUs"],
        sequence=stored["sequence"],
    )
