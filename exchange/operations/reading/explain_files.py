"""Explain files: what an answer was computed from, with the names that its viewer knows the products by.

The view comes from the answer, the names from the same session; the file is put together by `exchange.rollup`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from exchange.errors import InvalidInput
from exchange.operations.answers.values import RollUpAnswer
from exchange.operations.reading.session import Session
from exchange.operations.requests.checks import date_of_day
from exchange.rollup import FILE_BYTES_MAX, Called, ExplainFile, explain_file
from exchange.rollup.rounding import text

PRODUCTS_AT_ONCE: Final = 10_000  # whose names are asked for together
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


async def write_explain_file(session: Session, answer: RollUpAnswer) -> ExplainFile:
    """The file of an answer of this session. Raises InvalidInput where it would be larger than any may be."""
    explained = await session.compute(answer.explained)
    called = await _called(session, list(explained.nodes))
    file = await session.compute(lambda: explain_file(explained, called, _answered(answer)))
    if len(file.text) > FILE_BYTES_MAX or len(file.text.encode()) > FILE_BYTES_MAX:
        raise InvalidInput(
            f"The file would have more than {FILE_BYTES_MAX:,} bytes: {explained.parts:,} products and lines. Ask for "
            "those of its largest suppliers instead."
        )
    return file


async def _called(session: Session, keys: list[int]) -> dict[int, Called]:
    found = []
    for start in range(0, len(keys), PRODUCTS_AT_ONCE):
        found += await session.products_by_key(keys[start : start + PRODUCTS_AT_ONCE])
    products = [answer.product for answer in found if answer is not None]
    if len(products) != len(keys):
        raise AssertionError("a view holds a product that its viewer may not see")
    owners = await session.organizations(sorted({product.owner_id for product in products}))
    names = {owner.id: owner.name for owner in owners if owner}
    return {
        product.key: Called(product.id, product.product_ids, product.name, names.get(product.owner_id, ""))
        for product in products
    }


def _answered(answer: RollUpAnswer) -> dict[str, Any]:
    """By the API's names; nothing that would tell who asked."""
    until, ratings, packaging = answer.valid_until_day(), answer.data_quality, answer.packaging_kg_co2e
    quality: Mapping[str, str] = {
        "technologicalDQR": text(ratings.technological),
        "temporalDQR": text(ratings.temporal),
        "geographicalDQR": text(ratings.geographical),
    }
    return {
        "asOf": date_of_day(answer.as_of_day).isoformat(),
        "knownAt": _instant(answer.known_at_us),
        "packagingGhgEmissions": None if packaging is None else text(packaging),
        "primaryDataShare": text(answer.primary_data_share_percent),
        "dataQuality": dict(quality),
        "exemptedEmissionsPercent": text(answer.exempted_emissions_percent),
        "validUntil": None if until is None else date_of_day(until).isoformat(),
        "ipccCharacterizationFactors": list(answer.ipcc_characterization_factors),
        "unknownComponents": list(answer.unknown_components),
        "hasGaps": answer.has_gaps,
    }


def _instant(microseconds: int) -> str:
    """As the API writes it: UTC, with a fraction only where there is one."""
    written = (EPOCH + timedelta(microseconds=microseconds)).replace(tzinfo=None).isoformat()
    return (written.rstrip("0") if "." in written else written) + "Z"
