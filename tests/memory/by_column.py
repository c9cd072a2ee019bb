"""Footprints, products and grants as columns, made of values: what the store's reading by column must give."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from exchange.model.carbon import CarbonComponents
from exchange.model.columns import FootprintColumns, GrantColumns, LineBlock, ProductColumns, Texts
from exchange.model.footprint import DataQuality, Footprint, SystemBoundary
from exchange.model.grant import Grant
from exchange.model.product import Product
from exchange.rollup.standings import stated_packaging

NOBODY = -1


def product_columns(products: Sequence[Product]) -> ProductColumns:
    return ProductColumns(
        [each.key for each in products],
        [each.sequence for each in products],
        [each.owner_id for each in products],
        [list(each.classifications) for each in products],
    )


def grant_columns(grants: Sequence[Grant]) -> GrantColumns:
    return GrantColumns(
        [each.product_key for each in grants],
        [each.organization_id for each in grants],
        [each.alliance_id for each in grants],
        [each.from_us for each in grants],
        [each.until_us for each in grants],
        [each.revoked_at_us for each in grants],
        [each.sequence for each in grants],
        [each.revoked_sequence for each in grants],
    )


def footprint_columns(footprints: Sequence[Footprint]) -> FootprintColumns:
    return FootprintColumns(
        keys=[each.key for each in footprints],
        ids=[each.id for each in footprints],
        product_keys=[each.product_key for each in footprints],
        release_ids=[each.release_id for each in footprints],
        declared=[each.declared is not None for each in footprints],
        valid_from_days=[each.valid_from_day for each in footprints],
        valid_until_days=[each.valid_until_day for each in footprints],
        period_start_us=[each.reference_period_start_us for each in footprints],
        period_end_us=[each.reference_period_end_us for each in footprints],
        published_at_us=[each.published_at_us for each in footprints],
        sequences=[each.sequence for each in footprints],
        deprecated_at_us=[each.deprecated_at_us for each in footprints],
        deprecated_sequences=[each.deprecated_sequence for each in footprints],
        declared_units=[each.declared_unit.value for each in footprints],
        declared_unit_amounts=[str(each.declared_unit_amount) for each in footprints],
        prices=[each.price for each in footprints],
        masses_kg=[str(each.mass_kg_per_declared_unit) for each in footprints],
        exempted_percents=[str(each.exempted_emissions_percent) for each in footprints],
        characterizations=[each.ipcc_characterization_factors for each in footprints],
        quality=[_quality(each.data_quality) for each in footprints],
        primary_share_percents=[_text(_primary_share(each)) for each in footprints],
        packaging_kg_co2e=[_text(stated_packaging(each)) for each in footprints],
        outbound_kg_co2e=[
            _text(each.declared.outbound_logistics_kg_co2e) if each.declared else None for each in footprints
        ],
        excluding_kg_co2e=[_text(each.declared.excluding_kg_co2e) if each.declared else None for each in footprints],
        including_kg_co2e=[_text(each.declared.including_kg_co2e) if each.declared else None for each in footprints],
        components=[_texts(each.declared.components) if each.declared else None for each in footprints],
        direct=[
            {stage.value: _texts(components) for stage, components in each.modelled.direct.items()}
            if each.modelled
            else None
            for each in footprints
        ],
        countries=[each.geography_country for each in footprints],
        deviations=[_text(_deviation(each)) for each in footprints],
        to_grave=[each.boundary is SystemBoundary.CRADLE_TO_GRAVE for each in footprints],
        lines=_lines(footprints),
    )


def _lines(footprints: Sequence[Footprint]) -> LineBlock:
    lines = [footprint.lines for footprint in footprints]
    return LineBlock(
        counts=[len(each) for each in lines],
        suppliers=np.array([key for each in lines for key in each.suppliers], dtype=np.int64),
        amounts=[amount for each in lines for amount in each.amounts],
        units=np.array([unit for each in lines for unit in each.units], dtype=np.int64),
        unit_tables=[tuple(each.unit_table) for each in lines],
        stages=np.array([stage for each in lines for stage in each.stages], dtype=np.uint8),
        flags=np.array([flag for each in lines for flag in each.flags], dtype=np.uint8),
        names={at: list(each.names) for at, each in enumerate(lines) if NOBODY in each.suppliers},
        extras={at: dict(each.extras) for at, each in enumerate(lines) if each.extras},
    )


def as_values(columns: Any) -> dict[str, Any]:
    """Columns by name, each as plain lists: to compare."""
    found: dict[str, Any] = {}
    for name in columns.__slots__:
        column = getattr(columns, name)
        if isinstance(column, LineBlock):
            found |= as_values(column)
        else:
            found[name] = dict(column) if name in {"names", "extras"} else [_plain(each) for each in column]
    return found


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _deviation(footprint: Footprint) -> Decimal | None:
    if footprint.declared is not None:
        return footprint.declared.geometric_standard_deviation
    return footprint.modelled.direct_geometric_standard_deviation if footprint.modelled else None


def _primary_share(footprint: Footprint) -> Decimal | None:
    if footprint.declared is not None:
        return footprint.declared.primary_data_share_percent
    return None if footprint.modelled is None else footprint.modelled.direct_primary_data_share_percent


def _text(number: Decimal | None) -> str | None:
    return None if number is None else str(number)


def _texts(components: CarbonComponents) -> Texts:
    return {name: str(amount) for name, amount in components.amounts.items()}


def _quality(quality: DataQuality | None) -> list[str] | None:
    return None if quality is None else [str(quality.technological), str(quality.temporal), str(quality.geographical)]
