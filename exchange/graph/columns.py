"""Reading the whole graph for a server's memory: by ranges of dense keys, only what its columns need, as columns.

Every answer is bounded, however many lines a footprint or grants a product has: with a range of footprints come only
the lines of those that have few, and the others' are read in parts of bounded lines; and so with grants. One record an
answer, as everywhere where much is read.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, Final

import numpy as np

from exchange.graph.bolt import Bolt
from exchange.graph.footprint_records import extras_of, price_of, unit_of
from exchange.graph.footprints import bounded
from exchange.graph.line_columns import ZERO
from exchange.model.columns import Bytes, FootprintColumns, GrantColumns, LineBlock, Numbers, ProductColumns
from exchange.model.footprint import LineExtras, SystemBoundary
from exchange.model.grant import CONSENT

RANGE_MAX: Final = 2_000  # keys of one statement: larger ones are no faster, and three of them are in memory at once
LINES_BESIDE_MAX: Final = 20  # of a footprint, that come with its range: at most 100,000 lines an answer, about 10 MB
GRANTS_BESIDE_MAX: Final = 20  # of a product
GRANTS_PAGE_MAX: Final = 10_000
KEPT_MAX: Final = 10_000  # texts of units and prices that are kept as values: a database has far fewer

Row = Sequence[Any]

_GRANT = "[g.organizationId, g.allianceId, g.fromUs, g.untilUs, g.revokedAtUs, g.sequence, g.revokedSequence]"
_SEQUENCE = 5  # its position in such a row
_COUNTS = f"g.sequence <= $head AND g.level <> '{CONSENT}'"  # what shows nothing permits nothing
PRODUCTS = f"""
UNWIND range($first, $last) AS k MATCH (p:Product {{key: k}}) WHERE p.sequence <= $head
WITH p, [(p)<-[:ON]-(g:Grant) WHERE {_COUNTS} | {_GRANT}] AS grants
RETURN collect([p.key, p.sequence, p.ownerId, p.classifications, size(grants),
  CASE WHEN size(grants) <= $few THEN grants ELSE [] END])
"""
_GRANTS = f"""
MATCH (:Product {{key: $key}})<-[:ON]-(g:Grant) WHERE g.sequence > $after AND {_COUNTS}
WITH g ORDER BY g.sequence LIMIT $most RETURN collect({_GRANT})
"""
# Names are long, and needed only where one of them is nobody's.
_LINES = (
    "[f.lineSuppliers, f.lineAmounts, f.lineUnits, f.unitTable, f.lineStages, f.lineFlags, f.lineExtras, "
    "CASE WHEN -1 IN f.lineSuppliers THEN f.lineNames END]"
)
FOOTPRINTS = f"""
UNWIND range($first, $last) AS k MATCH (f:Footprint {{key: k}}) WHERE f.sequence <= $head
RETURN collect([f.key, f.id, f.productKey, f.releaseId, f.kind, f.validFromDay, f.validUntilDay,
  f.referencePeriodStartUs, f.referencePeriodEndUs, f.publishedAtUs, f.sequence, f.deprecatedAtUs,
  f.deprecatedSequence, f.declaredUnit, f.declaredUnitAmount, f.price, f.massKgPerDeclaredUnit,
  f.exemptedEmissionsPercent, f.ipccCharacterizationFactors, f.dataQuality,
  coalesce(f.primaryDataSharePercent, f.directPrimaryDataSharePercent),
  coalesce(f.packagingKgCo2e, f.directPackagingKgCo2e), f.outboundLogisticsKgCo2e, f.excludingKgCo2e,
  f.includingKgCo2e, coalesce(f.components, f.direct), f.geographyCountry,
  coalesce(f.geometricStandardDeviation, f.directGeometricStandardDeviation), f.systemBoundary,
  coalesce(f.lineCount, 0),
  CASE WHEN f.lineCount > 0 AND f.lineCount <= $few THEN {_LINES} END])
"""
_FIELDS = 31
_COUNT, _OWN_LINES = 29, 30  # positions in a row of these
_MANY_LINES = f"UNWIND $keys AS k MATCH (f:Footprint {{key: k}}) RETURN collect([k, {_LINES}])"
_NO_LINES: Row = ([], "", "", [], "", "", None, None)


async def read_product_columns(bolt: Bolt, first: int, after: int, head: int) -> tuple[ProductColumns, GrantColumns]:
    products: list[Row] = []
    grants: list[tuple[int, Row]] = []
    for start in range(first, after, RANGE_MAX):
        last = min(start + RANGE_MAX, after) - 1
        [[rows]] = await bolt.read(PRODUCTS, first=start, last=last, head=head, few=GRANTS_BESIDE_MAX)
        rows.sort(key=lambda row: row[0])
        for key, _, _, _, count, beside in rows:
            on_it = sorted(beside, key=lambda grant: grant[_SEQUENCE]) if count == len(beside) else None
            if on_it is None:
                on_it = await _many_grants(bolt, key, head)
            grants.extend((key, grant) for grant in on_it)
        products.extend(rows)
    own = [list(column) for column in zip(*products, strict=True)] or [[], [], [], []]
    keys = [key for key, _ in grants]
    granted = [list(column) for column in zip(*(grant for _, grant in grants), strict=True)] or [[]] * 7
    return ProductColumns(own[0], own[1], own[2], own[3]), GrantColumns(keys, *granted)


async def _many_grants(bolt: Bolt, key: int, head: int) -> list[Row]:
    found: list[Row] = []
    while True:
        after = found[-1][_SEQUENCE] if found else -1
        [[page]] = await bolt.read(_GRANTS, key=key, after=after, head=head, most=GRANTS_PAGE_MAX)
        found.extend(sorted(page, key=lambda grant: grant[_SEQUENCE]))
        if len(page) < GRANTS_PAGE_MAX:
            return found


async def read_footprint_rows(bolt: Bolt, first: int, after: int, head: int) -> list[Row]:
    """Rows as `footprint_columns` takes them, in the order of their keys."""
    found: list[Row] = []
    for start in range(first, after, RANGE_MAX):
        last = min(start + RANGE_MAX, after) - 1
        [[rows]] = await bolt.read(FOOTPRINTS, first=start, last=last, head=head, few=LINES_BESIDE_MAX)
        rows.sort(key=lambda row: row[0])
        many = {row[0]: row for row in rows if row[_COUNT] > LINES_BESIDE_MAX}
        for part in bounded((key, row[_COUNT]) for key, row in many.items()):
            [[lines]] = await bolt.read(_MANY_LINES, keys=part)
            for key, own in lines:
                many[key][_OWN_LINES] = own
        found.extend(rows)
    return found


def footprint_columns(rows: Sequence[Row]) -> FootprintColumns:
    """Nothing is awaited here, so that it can be done beside the event loop."""
    columns: list[Any] = list(zip(*rows, strict=True)) or [()] * _FIELDS
    declared = [kind == "DECLARED" for kind in columns[4]]
    own = json.loads(f"[{','.join(columns[25])}]")
    return FootprintColumns(
        keys=columns[0],
        ids=columns[1],
        product_keys=columns[2],
        release_ids=columns[3],
        declared=declared,
        valid_from_days=columns[5],
        valid_until_days=columns[6],
        period_start_us=columns[7],
        period_end_us=columns[8],
        published_at_us=columns[9],
        sequences=columns[10],
        deprecated_at_us=columns[11],
        deprecated_sequences=columns[12],
        declared_units=columns[13],
        declared_unit_amounts=columns[14],
        prices=[None if price is None else _price(price) for price in columns[15]],
        masses_kg=columns[16],
        exempted_percents=columns[17],
        characterizations=[tuple(names) for names in columns[18]],
        quality=columns[19],
        primary_share_percents=columns[20],
        packaging_kg_co2e=columns[21],
        outbound_kg_co2e=columns[22],
        excluding_kg_co2e=columns[23],
        including_kg_co2e=columns[24],
        components=[each if stated else None for each, stated in zip(own, declared, strict=True)],
        direct=[None if stated else each for each, stated in zip(own, declared, strict=True)],
        countries=columns[26],
        deviations=columns[27],
        to_grave=[boundary == SystemBoundary.CRADLE_TO_GRAVE for boundary in columns[28]],
        lines=_lines(columns[_COUNT], [row or _NO_LINES for row in columns[_OWN_LINES]]),
    )


def _lines(counts: Sequence[int], rows: Sequence[Row]) -> LineBlock:
    columns: list[Any] = list(zip(*rows, strict=True)) or [()] * len(_NO_LINES)
    suppliers, amounts, units, tables, stages, flags, extras, names = columns
    total = sum(counts)
    return LineBlock(
        counts=counts,
        suppliers=np.fromiter(chain.from_iterable(suppliers), dtype=np.int64, count=total),
        amounts="\n".join(filter(None, amounts)).split("\n") if total else [],
        units=_numbers(units),
        unit_tables=[tuple(map(_unit, table)) for table in tables],
        stages=_small_numbers(stages),
        flags=_small_numbers(flags),
        names={at: column.split("\n") for at, column in enumerate(names) if column is not None},
        extras={at: _extras(text) for at, text in enumerate(extras) if text is not None},
    )


def _numbers(columns: Iterable[str]) -> Numbers:
    """All numbers of the columns, as `line_columns` writes them."""
    points = np.frombuffer("".join(columns).encode("utf-32-le"), dtype="<u4")
    return points.astype(np.int64) - ZERO


def _small_numbers(columns: Iterable[str]) -> Bytes:
    return _numbers(columns).astype(np.uint8)


def _extras(text: str) -> dict[int, LineExtras]:
    return {int(position): extras_of(each) for position, each in json.loads(text).items()}


_price = lru_cache(KEPT_MAX)(price_of)
_unit = lru_cache(KEPT_MAX)(unit_of)
