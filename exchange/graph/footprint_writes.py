"""Writing footprints: nodes with their columns, INPUT and FALLBACK relationships, and names nobody has registered.

A footprint keeps its lines twice. The parallel lists on the node are what closures read; the relationships are the same
lines for traversal and for people. Both are written here in one transaction and never change, but for one thing: when a
name is registered, its NAMES relationships become INPUT or FALLBACK ones.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from exchange.errors import NotFound
from exchange.graph.bolt import Transaction
from exchange.graph.footprint_records import footprint_properties, unit_text
from exchange.graph.footprints import FOOTPRINTS_BESIDE_MIN, LINES_BESIDE_MIN
from exchange.graph.keys import SEPARATOR
from exchange.graph.records import Properties
from exchange.model.footprint import STAGES, Fallback, Footprint
from exchange.model.writes import DeprecateFootprint

CHUNK_FOOTPRINTS_MAX = 250  # of one statement: the rows of the next are made while the database is at it
CHUNK_LINES_MAX = 20_000  # of one statement: 3 MB of the 16 MiB that a message may have
CHUNK_ROWS_MAX = 10_000
BOUND_LINES_MAX = 10_000  # lines of a registered name that become INPUT at once; the rest stay NAMES, read alike

_STAGE_NAMES = tuple(stage.value for stage in STAGES)  # asking an enum's entry for its value is a call each time

_COUNT_PRODUCTS = "UNWIND $keys AS k MATCH (p:Product {key: k}) RETURN count(p)"
_CREATE = f"""
UNWIND $rows AS r MATCH (p:Product {{key: r.product}})
CREATE (f:Footprint) SET f = r.properties
SET f.pfKey = p.ownerId + '{SEPARATOR}' + r.properties.pfId
CREATE (f)-[:OF]->(p)
WITH f, r UNWIND r.inputs AS i MATCH (s:Product {{key: i[0]}})
CREATE (f)-[:INPUT {{line: i[1], amount: i[2], unit: i[3], stage: i[4]}}]->(s)
RETURN count(*)
"""
_FALLBACKS = """
UNWIND $rows AS r MATCH (f:Footprint {key: r[0]}) MATCH (s:Product {key: r[1]})
CREATE (f)-[:FALLBACK {line: r[2], amount: r[3], unit: r[4], stage: r[5]}]->(s)
"""
# MERGE keeps one node a name, whether its owner or a line comes first.
_NAMED = """
UNWIND $rows AS r MATCH (f:Footprint {key: r[0]}) MERGE (n:Identifier {urn: r[1]})
CREATE (f)-[:NAMES {line: r[2], amount: r[3], unit: r[4], stage: r[5], fallback: r[6]}]->(n)
"""
_RELEASED = "UNWIND $rows AS r MATCH (f:Footprint {key: r[0]}) MATCH (x:Release {id: r[1]}) CREATE (f)-[:IN]->(x)"
_PRECEDED = f"""
UNWIND $rows AS r MATCH (f:Footprint {{key: r[0]}})-[:OF]->(p:Product)
MATCH (g:Footprint {{pfKey: p.ownerId + '{SEPARATOR}' + r[1]}}) CREATE (f)-[:PRECEDED_BY]->(g)
"""
_DEPRECATE = """
UNWIND $rows AS r MATCH (f:Footprint {id: r.id})
SET f.deprecatedAtUs = r.atUs, f.deprecatedSequence = r.sequence, f.deprecationReason = r.reason
RETURN count(f)
"""
_BIND_LINES = """
UNWIND $urns AS u MATCH (f:Footprint)-[e:NAMES]->(:Identifier {urn: u})-[:IDENTIFIES]->(p:Product)
WHERE e.fallback = false WITH f, e, p LIMIT $most
CREATE (f)-[:INPUT {line: e.line, amount: e.amount, unit: e.unit, stage: e.stage}]->(p) DELETE e
"""
_BIND_FALLBACKS = """
UNWIND $urns AS u MATCH (f:Footprint)-[e:NAMES]->(:Identifier {urn: u})-[:IDENTIFIES]->(p:Product)
WHERE e.fallback = true WITH f, e, p LIMIT $most
CREATE (f)-[:FALLBACK {line: e.line, amount: e.amount, unit: e.unit, stage: e.stage}]->(p) DELETE e
"""


@dataclass(slots=True)
class _Rows:
    """What a chunk of footprints makes of the graph, as parameters of the statements."""

    footprints: list[Properties] = field(default_factory=list)
    fallbacks: list[list[Any]] = field(default_factory=list)
    named: list[list[Any]] = field(default_factory=list)
    released: list[list[Any]] = field(default_factory=list)
    preceded: list[list[Any]] = field(default_factory=list)
    products: set[int] = field(default_factory=set)  # whose loss no count of inputs shows
    inputs: int = 0

    def add(self, footprint: Footprint) -> None:
        inputs = self._lines(footprint)
        properties = footprint_properties(footprint)
        self.footprints.append({"product": footprint.product_key, "properties": properties, "inputs": inputs})
        if not inputs:  # else they would be missing with the footprint
            self.products.add(footprint.product_key)
        self.inputs += len(inputs)
        if footprint.release_id is not None:
            self.released.append([footprint.key, footprint.release_id])
        self.preceded += [[footprint.key, pf_id] for pf_id in footprint.preceding_pf_ids]

    def _lines(self, footprint: Footprint) -> list[list[Any]]:
        lines, inputs = footprint.lines, []
        units = [unit_text(unit, price) for unit, price in lines.unit_table]
        for position, (supplier, name) in enumerate(zip(lines.suppliers, lines.names, strict=True)):
            amount, unit = lines.amounts[position], units[lines.units[position]]
            stage = _STAGE_NAMES[lines.stages[position]]
            if supplier >= 0:
                inputs.append([int(supplier), position + 1, amount, unit, stage])
            elif not name.startswith("id:"):  # an unknown id can never be registered: it stays in the columns only
                self.named.append([footprint.key, name, position + 1, amount, unit, stage, False])
        for position, extras in (lines.extras or {}).items():
            if extras.fallback is not None:
                stage = _STAGE_NAMES[lines.stages[position]]
                self._fallback(footprint.key, position + 1, extras.fallback, stage)
        return inputs

    def _fallback(self, footprint_key: int, line: int, fallback: Fallback, stage: str) -> None:
        amount, unit = str(fallback.amount), unit_text(fallback.unit, fallback.price)
        if fallback.product_key is not None:
            self.fallbacks.append([footprint_key, fallback.product_key, line, amount, unit, stage])
            self.products.add(fallback.product_key)
        elif fallback.urn is not None:
            self.named.append([footprint_key, fallback.urn, line, amount, unit, stage, True])


async def publish(transaction: Transaction, footprints: Sequence[Footprint]) -> None:
    """Creates footprints with all their lines. Raises NotFound where a product that they name by key is missing."""
    preceded: list[list[Any]] = []
    chunks = list(_chunks(footprints))
    rows = await _rows(chunks[0])
    for following in (*chunks[1:], ()):
        # The next rows are made while the database writes these. It ends before an error is told: a transaction cannot
        # be rolled back while a statement of it runs.
        created, ahead = await asyncio.gather(_create(transaction, rows), _rows(following), return_exceptions=True)
        if isinstance(created, BaseException):
            raise created
        if isinstance(ahead, BaseException):
            raise ahead
        preceded += rows.preceded
        rows = ahead
    # When all are there: one may precede another of the same transaction.
    await _in_chunks(transaction, _PRECEDED, preceded)


async def _create(transaction: Transaction, rows: _Rows) -> None:
    # What is missing would drop its line without a word: so products and lines are counted.
    if rows.products:
        await _require_products(transaction, rows.products)
    created = await transaction.run(_CREATE, rows=rows.footprints)
    if created[0][0] != rows.inputs:
        raise _a_product_is_missing()
    await _in_chunks(transaction, _FALLBACKS, rows.fallbacks)
    await _in_chunks(transaction, _NAMED, rows.named)
    await _in_chunks(transaction, _RELEASED, rows.released)


async def _rows(footprints: Sequence[Footprint]) -> _Rows:
    """Made beside the event loop where they are many."""

    def make() -> _Rows:
        rows = _Rows()
        for footprint in footprints:
            rows.add(footprint)
        return rows

    lines = sum(len(footprint.lines) for footprint in footprints)
    few = len(footprints) < FOOTPRINTS_BESIDE_MIN and lines < LINES_BESIDE_MIN
    return make() if few else await asyncio.to_thread(make)


async def deprecate(transaction: Transaction, writes: Sequence[DeprecateFootprint]) -> None:
    """The only edit of a footprint. Raises NotFound where one does not exist."""
    rows = [
        {"id": each.footprint_id, "atUs": each.at_us, "sequence": each.sequence, "reason": each.reason}
        for each in writes
    ]
    found = await transaction.run(_DEPRECATE, rows=rows)
    if found[0][0] != len(rows):
        raise NotFound("A footprint that was to be deprecated does not exist. Nothing was written.")


async def bind_names(transaction: Transaction, urns: Sequence[str]) -> None:
    """Turns lines that named these URNs before anybody had registered them into lines to the product."""
    for statement in (_BIND_LINES, _BIND_FALLBACKS):
        await transaction.run(statement, urns=list(urns), most=BOUND_LINES_MAX)


async def _require_products(transaction: Transaction, keys: Iterable[int]) -> None:
    wanted = sorted(keys)
    found = await transaction.run(_COUNT_PRODUCTS, keys=wanted)
    if found[0][0] != len(wanted):
        raise _a_product_is_missing()


def _a_product_is_missing() -> NotFound:
    return NotFound("A product that a footprint names does not exist. Nothing was written.")


async def _in_chunks(transaction: Transaction, statement: str, rows: Sequence[list[Any]]) -> None:
    for start in range(0, len(rows), CHUNK_ROWS_MAX):
        await transaction.run(statement, rows=rows[start : start + CHUNK_ROWS_MAX])


def _chunks(footprints: Sequence[Footprint]) -> Iterator[list[Footprint]]:
    """Bounded in footprints and in lines; a footprint that has more lines goes alone."""
    chunk: list[Footprint] = []
    lines = 0
    for footprint in footprints:
        size = len(footprint.lines)
        if chunk and (len(chunk) == CHUNK_FOOTPRINTS_MAX or lines + size > CHUNK_LINES_MAX):
            yield chunk
            chunk, lines = [], 0
        chunk.append(footprint)
        lines += size
    if chunk:
        yield chunk
