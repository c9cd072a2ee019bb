"""What is written goes into the columns: products, footprints and their lines, releases, in the order of the ledger.

Each function takes what is new, leaves alone what is known already, and says which products it may have changed.
Grants and memberships: `granting`.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

import numpy as np

from exchange.memory.columns import Array, Column
from exchange.memory.few_lines import put_few
from exchange.memory.layout import (
    DECLARED,
    FLAG_SHIFT,
    HAS_EXTRAS,
    NOBODY,
    RELEASED,
    TO_GRAVE,
    LineFallback,
    Touched,
)
from exchange.memory.rare import StatedRow, stated_rows
from exchange.memory.tables import Tables
from exchange.model.carbon import STATED
from exchange.model.footprint import NEVER_US, Footprint, SystemBoundary
from exchange.model.product import Product, Release
from exchange.rollup.factors import supplier_unit
from exchange.rollup.own_terms import gate_term, outbound_term
from exchange.rollup.standings import (
    binary_terms,
    stated_deviation,
    stated_packaging,
    stated_ratings,
    stated_share_percent,
)
from exchange.rollup.text_terms import PLAIN_CHARACTERS


def add_products(tables: Tables, products: Iterable[Product]) -> Touched:
    """New products. Lines that named them before they were there are bound by `bind`, once all lines are here."""
    touched = Touched.nothing()
    for product in products:
        touched.standings.add(product.key)
        touched.followers.add(product.key)
        touched.registered.add(product.key)
        tables.products.resize(product.key + 1)
        if tables.products.sequence.values[product.key] != NEVER_US:
            continue
        tables.products.sequence.values[product.key] = product.sequence
        tables.products.owner.values[product.key] = tables.owner_number(product.owner_id)
        tables.products.kind.values[product.key] = tables.reach.kind_number(product.classifications)
    return touched


def bind(tables: Tables, products: Iterable[Product]) -> None:
    """Lines that named one of these products' URNs before it was there name it from now on.

    To be called after what was published before the products were: what came at once is in no order here.
    """
    bind_names(tables, ((urn, product.key) for product in products for urn in product.product_ids))


def bind_names(tables: Tables, keys: Iterable[tuple[str, int]]) -> None:
    """The same by URN and the key of the product that has registered it."""
    for urn, key in keys:
        for line in tables.unbound.pop(urn, ()):
            tables.lines.supplier.values[line] = key
            tables.followers.add_later(line, key)
        for line in tables.unbound_fallbacks.pop(urn, ()):
            known = tables.fallbacks[line]
            tables.fallbacks[line] = LineFallback(known.amount, known.unit, key)
            tables.fallback_followers.setdefault(key, []).append(line)


def add_releases(tables: Tables, releases: Iterable[Release]) -> Touched:
    """New releases; a footprint of an earlier one without an end of its own ends when the next begins."""
    touched = Touched.nothing()
    for release in releases:
        if release.id not in tables.release_numbers:
            tables.release_numbers[release.id] = len(tables.releases)
            tables.releases.append(release)
        of_dataset = [at for at, each in enumerate(tables.releases) if each.dataset_id == release.dataset_id]
        versions = np.flatnonzero(np.isin(tables.versions.release.values, of_dataset))
        touched.standings.update(tables.versions.product.values[versions].tolist())
    return touched


def add_footprints(tables: Tables, footprints: Sequence[Footprint]) -> Touched:
    """New versions; their releases must be there, and their products here or soon (`add_products`)."""
    versions, touched = tables.versions, Touched({each.product_key for each in footprints}, set())
    known = versions.sequence.values
    new = [each for each in footprints if each.key >= len(known) or known[each.key] == NEVER_US]
    if not new:
        return touched
    versions.resize(max(each.key for each in new) + 1)
    tables.products.resize(max(each.product_key for each in new) + 1)
    keys = np.array([each.key for each in new], dtype=np.int64)
    own = [gate_term(each) for each in new]
    versions.own.put(keys, binary_terms(own))
    versions.stated.put(keys, stated_rows(list(map(_stated, new))))
    versions.deprecated.put(keys, [each.deprecated_at_us for each in new], [each.deprecated_sequence for each in new])
    for column, values in _columns_of(tables, new).items():
        _put(column, keys, values)
    for footprint, vector in zip(new, own, strict=True):
        tables.decimals.keep("own", footprint.key, vector)
        _add_rest(tables, footprint)
        _chain(tables, footprint)
    _add_lines(tables, new)
    return touched


def deprecate(tables: Tables, footprint: Footprint) -> Touched:
    """Takes over when a known version was deprecated."""
    tables.versions.deprecated.put(footprint.key, footprint.deprecated_at_us, footprint.deprecated_sequence)
    return Touched({footprint.product_key}, set())


def _columns_of(tables: Tables, new: Sequence[Footprint]) -> Mapping[Column, object]:
    versions = tables.versions
    return {
        versions.product: [each.product_key for each in new],
        versions.kind: [
            DECLARED * (each.declared is not None)
            | RELEASED * (each.release_id is not None)
            | TO_GRAVE * (each.boundary is SystemBoundary.CRADLE_TO_GRAVE)
            for each in new
        ],
        versions.valid_from_day: [each.valid_from_day for each in new],
        versions.valid_until_day: [each.valid_until_day for each in new],
        versions.period_end_us: [each.reference_period_end_us for each in new],
        versions.period_start_us: [each.reference_period_start_us for each in new],
        versions.published_at_us: [each.published_at_us for each in new],
        versions.sequence: [each.sequence for each in new],
        versions.release: [
            NOBODY if each.release_id is None else tables.release_number(each.release_id) for each in new
        ],
        versions.supplier_unit: [tables.number(tables.supplier_units, supplier_unit(each)) for each in new],
        versions.characterization: [
            tables.number(tables.characterizations, each.ipcc_characterization_factors) for each in new
        ],
        versions.country: [tables.number(tables.countries, each.geography_country) for each in new],
        versions.unknown: [
            sum(1 << STATED.index(name) for name in each.unknown_components) if each.unknown_components else 0
            for each in new
        ],
    }


def _put(column: Column, rows: Array, values: object) -> None:
    column.values[rows] = np.asarray(values, dtype=column.values.dtype)


def _add_rest(tables: Tables, footprint: Footprint) -> None:
    """What few footprints have, or what is no number."""
    key, versions = footprint.key, tables.versions
    try:
        canonical = uuid.UUID(footprint.id)
    except ValueError:
        canonical = None
    if canonical is not None and str(canonical) == footprint.id:
        versions.identity.values[key] = np.void(canonical.bytes)
    else:
        tables.other_identities[key] = footprint.id
    packaging = stated_packaging(footprint)
    if packaging is not None:
        tables.decimals.keep("packaging", key, [packaging])
    tables.decimals.keep("exempted", key, [footprint.exempted_emissions_percent])
    outbound = outbound_term(footprint)
    if outbound is not None:
        versions.outbound.values[key] = len(tables.outbound)
        tables.decimals.keep("outbound", len(tables.outbound), outbound)
        tables.outbound.extend(binary_terms([outbound]))


def _chain(tables: Tables, footprint: Footprint) -> None:
    latest = tables.products.latest_version.values
    tables.versions.previous.values[footprint.key] = latest[footprint.product_key]
    latest[footprint.product_key] = footprint.key


def _add_lines(tables: Tables, new: Sequence[Footprint]) -> None:
    lines, at = tables.lines, len(tables.lines.supplier)
    suppliers: list[int] = []
    units: list[int] = []
    kinds: list[int] = []
    texts: list[str] = []
    counts = []
    for footprint in new:
        own = footprint.lines
        tables.versions.first_line.values[footprint.key] = at + len(suppliers)
        tables.versions.line_count.values[footprint.key] = len(own)
        counts.append(len(own))
        if not len(own):
            continue
        first = at + len(suppliers)
        table = [tables.number(tables.units, entry) for entry in own.unit_table]
        suppliers.extend(own.suppliers)
        units.extend(table[unit] for unit in own.units)
        texts.extend(own.amounts)
        extras = own.extras or {}
        kinds.extend(
            stage | flag << FLAG_SHIFT | (HAS_EXTRAS if position in extras else 0)
            for position, (stage, flag) in enumerate(zip(own.stages, own.flags, strict=True))
        )
        put_few(tables, first, own.suppliers, own.names if NOBODY in own.suppliers else None, extras)
    lines.supplier.extend(suppliers)
    tables.followers.add(at, suppliers)
    lines.version.extend(np.repeat([each.key for each in new], counts))
    lines.amount.extend(list(map(float, texts)))
    lines.unit.extend(units)
    lines.kind.extend(kinds)
    for position, text in enumerate(texts):
        if len(text) > PLAIN_CHARACTERS or "E" in text:
            tables.decimals.keep("amount", at + position, [Decimal(text)])


def _stated(footprint: Footprint) -> StatedRow:
    packaging = stated_packaging(footprint)
    return (
        stated_share_percent(footprint),
        stated_ratings(footprint.data_quality),
        float(footprint.exempted_emissions_percent),
        stated_deviation(footprint),
        np.nan if packaging is None else float(packaging),
    )
