"""Everything that a database holds, to compare before and after: nodes, relationships and every property.

What was refused or read is recorded beside the graph, and is left out: of what was refused, nothing may be there.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from exchange.graph import Store
from exchange.model.footprint import STAGES
from exchange.model.ledger import WATCHED
from tests.api.exchange_server import ExchangeServer

NODES = "MATCH (n) RETURN labels(n), properties(n)"
RELATIONSHIPS = """
MATCH (a)-[e]->(b) RETURN type(e), properties(e), labels(a), a.id, a.key, a.sequence, a.name, labels(b), b.id, b.key,
b.urn, b.name
"""


@dataclass(frozen=True)
class Dump:
    """How many of each kind, and a hash over all of them with all their properties."""

    counts: dict[str, int]
    digest: str


async def read_dump(store: Store) -> Dump:
    counts: Counter[str] = Counter()
    digest = hashlib.sha256()
    for statement in (NODES, RELATIONSHIPS):
        rows = without_refused_loops(await store._raw.read(statement))
        counts.update(str(row[0]) for row in rows)
        for text in sorted(map(_text, rows)):
            digest.update(text.encode("utf-8", "surrogatepass"))
    return Dump(dict(counts), digest.hexdigest())


def without_refused_loops(rows: list[list[Any]]) -> list[list[Any]]:
    """Rows of NODES or RELATIONSHIPS without the records of what was refused or read, and without their part in the
    ledger's counters."""
    kept, refused = [], 0
    for row in rows:
        if row[0] in (["RefusedLoop"], ["AuditTail"], ["Reading"], "THROUGH"):
            continue
        if row[0] == ["Change"] and row[1]["kind"] in WATCHED:
            refused += 1
            continue
        kept.append(row)
    for row in kept:
        if row[0] == ["Ledger"]:
            row[1] = {**row[1], "head": row[1]["head"] - refused, "atUs": None, "auditHash": None}  # the changes say
    return kept


def _text(row: Iterable[Any]) -> str:
    return repr([sorted(each.items()) if isinstance(each, dict) else each for each in row])


def dump(server: ExchangeServer) -> Dump:
    return server.run(lambda exchange: read_dump(exchange.store))


async def check_whole(store: Store) -> None:
    """The ledger has no gap and everything in it is there; every footprint has its lines twice, and its product."""
    head = await store.head()
    changes = await store.changes(0, head.sequence)
    assert [change.sequence for change in changes] == list(range(1, head.sequence + 1))
    assert await store._raw.read("MATCH (c:Change) RETURN count(c), max(c.sequence)") == [[head.sequence] * 2]
    published = {change.subject for change in changes if change.kind == "FOOTPRINT_PUBLISHED"}
    kept = await store._raw.read("MATCH (f:Footprint)-[:OF]->(:Product) RETURN f.id, f.key")
    assert {row[0] for row in kept} == published
    assert sorted(row[1] for row in kept) == list(range(head.footprints))
    created = {change.subject for change in changes if change.kind == "PRODUCT_CREATED"}
    products = await store._raw.read("MATCH (:Organization)-[:SUPPLIES]->(p:Product) RETURN p.id, p.key")
    assert {row[0] for row in products} == created
    assert sorted(row[1] for row in products) == list(range(head.products))
    await _check_lines(store, sorted(published))


async def _check_lines(store: Store, ids: list[str]) -> None:
    drawn: dict[str, list[tuple[int, str, float, str]]] = {id_: [] for id_ in ids}
    for statement in (
        "MATCH (f:Footprint)-[e:INPUT]->(p:Product) RETURN f.id, e.line, p.key, e.amount, e.stage",
        "MATCH (f:Footprint)-[e:NAMES]->(n:Identifier) WHERE e.fallback = false RETURN f.id, e.line, n.urn, e.amount, "
        "e.stage",
    ):
        for id_, line, named, amount, stage in await store._raw.read(statement):
            drawn[id_].append((line, str(named), float(amount), stage))
    footprints = [each for each in await store.get_footprints(ids) if each is not None]
    assert len(footprints) == len(ids)
    names = {name for each in footprints for name in each.lines.names if name.startswith("urn:")}
    bound = await store.read_names(names) if names else {}
    for footprint in footprints:
        lines = footprint.lines
        listed = [
            (
                position + 1,
                str(supplier if supplier >= 0 else bound.get(name, name)),
                float(amount),
                STAGES[stage].value,
            )
            for position, (supplier, name, amount, stage) in enumerate(
                zip(lines.suppliers, lines.names, lines.amounts, lines.stages, strict=True)
            )
            if supplier >= 0 or not name.startswith("id:")
        ]
        assert sorted(drawn[footprint.id]) == listed
