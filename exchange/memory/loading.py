"""The way into the tables for a whole graph: by column, many at once, where `Tables.add_…` take one after the other.

The tables come out the same, to the last digit and in every number given out, whichever way things came; a test
compares them. Only followers wait: they are found when everything is here and `Present` sorts them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

import numpy as np

from exchange.memory.columns import Array, Column
from exchange.memory.few_lines import put_few
from exchange.memory.layout import DECLARED, EVERYBODY, FLAG_SHIFT, HAS_EXTRAS, NOBODY, RELEASED, TO_GRAVE
from exchange.memory.rare import stated_rows
from exchange.memory.reach import FIRST_ALLIANCE
from exchange.memory.tables import Tables
from exchange.model.columns import FootprintColumns, GrantColumns, LineBlock, ProductColumns
from exchange.model.footprint import NEVER_US, STAGES, LifeCycleStage, Price
from exchange.rollup.factors import supplier_unit_of
from exchange.rollup.own_terms import Vector
from exchange.rollup.standings import OWN_WIDTH, WORST_RATING, binary_terms
from exchange.rollup.text_terms import (
    PLAIN_CHARACTERS,
    Doubles,
    declared_term,
    modelled_term,
    outbound_term,
    plain,
    unknown_bits,
)
from exchange.units import DeclaredUnit

_DISTRIBUTION: Final = STAGES.index(LifeCycleStage.DISTRIBUTION)
_UNRATED: Final = (WORST_RATING,) * 3
_ID_LENGTH: Final = 36
_DASHES: Final = (8, 13, 18, 23)
_DIGITS: Final = [at for at in range(_ID_LENGTH) if at not in _DASHES]
_NO_DIGIT: Final = 255
_VALUES: Final = np.full(256, _NO_DIGIT, dtype=np.uint8)  # of a character as a hexadecimal digit
_VALUES[[ord(digit) for digit in "0123456789abcdef"]] = np.arange(16, dtype=np.uint8)


def add_product_columns(tables: Tables, added: ProductColumns) -> None:
    """New products, as `Tables.add_products`."""
    if not len(added.keys):
        return
    keys, products = np.asarray(added.keys, dtype=np.int64), tables.products
    products.resize(int(keys.max()) + 1)
    _check(products.sequence.values[keys] == NEVER_US)
    products.sequence.values[keys] = added.sequences
    products.owner.values[keys] = [tables.owner_number(owner) for owner in added.owner_ids]
    products.kind.values[keys] = [tables.reach.kind_number(names) for names in added.classifications]


def add_grant_columns(tables: Tables, added: GrantColumns) -> None:
    """All grants on products that have none here yet, as `Tables.put_grants`."""
    if not len(added.product_keys):
        return
    grants, product = tables.grants, np.asarray(added.product_keys, dtype=np.int64)
    tables.products.resize(int(product.max()) + 1)
    latest = tables.products.latest_grant
    _check(latest.values[product] == NOBODY)
    rows = len(grants.product) + np.arange(len(product))
    grants.previous.extend(_chained(latest, product, rows))
    grants.product.extend(product)
    grants.grantee.extend(
        [
            FIRST_ALLIANCE - tables.reach.alliance_number(alliance)
            if alliance is not None
            else EVERYBODY
            if organization is None
            else tables.owner_number(organization)
            for organization, alliance in zip(added.organization_ids, added.alliance_ids, strict=True)
        ]
    )
    for column in (grants.owner, grants.classification):
        column.resize(len(grants.product))
    grants.from_us.extend(added.from_us)
    grants.until_us.extend(added.until_us)
    grants.sequence.extend(added.sequences)
    grants.revoked.row.resize(len(grants.product))
    grants.revoked.put(rows, added.revoked_at_us, added.revoked_sequences)


def add_footprint_columns(tables: Tables, added: FootprintColumns) -> None:
    """New versions, as `Tables.add_footprints`; their products and releases must be there."""
    if not len(added.keys):
        return
    keys, versions = np.asarray(added.keys, dtype=np.int64), tables.versions
    versions.resize(int(keys.max()) + 1)
    _check(versions.sequence.values[keys] == NEVER_US)
    for column, values in _plain_columns(tables, added).items():
        column.values[keys] = np.asarray(values, dtype=column.values.dtype)
    versions.deprecated.put(keys, added.deprecated_at_us, added.deprecated_sequences)
    versions.stated.put(keys, _stated(added))
    _put_identities(tables, keys, added.ids)
    _put_terms(tables, keys, added)
    versions.previous.values[keys] = _chained(
        tables.products.latest_version, np.asarray(added.product_keys, dtype=np.int64), keys
    )
    _put_lines(tables, keys, added.lines)


def names_to_bind(tables: Tables) -> list[str]:
    """URNs that lines or fallbacks name, and that nobody had registered when those were published."""
    return list({**tables.unbound, **tables.unbound_fallbacks})


def _plain_columns(tables: Tables, added: FootprintColumns) -> Mapping[Column, object]:
    versions = tables.versions
    release = [NOBODY if each is None else tables.release_number(each) for each in added.release_ids]
    names = _Numbered(lambda each: tables.number(tables.characterizations, each))
    return {
        versions.product: added.product_keys,
        versions.kind: np.where(added.declared, DECLARED, 0)
        | np.where(np.array(release) != NOBODY, RELEASED, 0)
        | np.where(added.to_grave, TO_GRAVE, 0),
        versions.valid_from_day: added.valid_from_days,
        versions.valid_until_day: added.valid_until_days,
        versions.period_end_us: added.period_end_us,
        versions.period_start_us: added.period_start_us,
        versions.published_at_us: added.published_at_us,
        versions.sequence: added.sequences,
        versions.release: release,
        versions.supplier_unit: _supplier_units(tables, added),
        versions.characterization: [names.of(each) for each in added.characterizations],
        versions.country: [tables.number(tables.countries, each) for each in added.countries],
        versions.unknown: list(map(unknown_bits, added.components, added.direct)),
    }


def _stated(added: FootprintColumns) -> Array:
    columns = (
        added.primary_share_percents,
        added.release_ids,
        added.quality,
        added.exempted_percents,
        added.deviations,
        added.packaging_kg_co2e,
    )
    return stated_rows(
        [
            (
                0.0 if share is None or release is not None else float(share),
                _UNRATED if ratings is None else (float(ratings[0]), float(ratings[1]), float(ratings[2])),
                float(exempted),
                np.nan if deviation is None else float(deviation),
                np.nan if packaging is None else float(packaging),
            )
            for share, release, ratings, exempted, deviation, packaging in zip(*columns, strict=True)
        ]
    )


class _Numbered:
    """Numbers of values that are given out once for each, and looked up from then on."""

    def __init__(self, number: Callable[[Any], Any]) -> None:
        self._number = number
        self._known: dict[Any, Any] = {}

    def of(self, value: Any) -> Any:
        found = self._known.get(value)
        if found is None:
            found = self._known[value] = self._number(value)
        return found


def _supplier_units(tables: Tables, added: FootprintColumns) -> list[int]:
    def number(stated: tuple[str, Price | None, str, str]) -> int:
        unit, price, amount, mass_kg = stated
        made = supplier_unit_of(DeclaredUnit(unit), price, Decimal(amount), Decimal(mass_kg))
        return tables.number(tables.supplier_units, made)

    numbers = _Numbered(number)
    stated = zip(added.declared_units, added.prices, added.declared_unit_amounts, added.masses_kg, strict=True)
    return list(map(numbers.of, stated))


def _put_identities(tables: Tables, keys: Array, ids: Sequence[str]) -> None:
    """Ids that are UUIDs as they are usually written, as sixteen bytes; others as they are."""
    encoded = [each.encode("ascii", "replace") if len(each) == _ID_LENGTH else b"?" * _ID_LENGTH for each in ids]
    characters = np.frombuffer(b"".join(encoded), dtype=np.uint8).reshape(-1, _ID_LENGTH)
    values = _VALUES[characters[:, _DIGITS]]
    usual = (characters[:, _DASHES] == ord("-")).all(axis=1) & (values != _NO_DIGIT).all(axis=1)
    packed = np.ascontiguousarray(values[:, 0::2] << 4 | values[:, 1::2])
    tables.versions.identity.values[keys[usual]] = packed[usual].view("V16").reshape(-1)
    for at in np.flatnonzero(~usual).tolist():
        tables.other_identities[int(keys[at])] = ids[at]


def _put_terms(tables: Tables, keys: Array, added: FootprintColumns) -> None:
    """Own terms, and the exact decimals of what few footprints have."""
    decimals, own = tables.decimals, list[Doubles]()
    outbound, with_outbound = list[Vector](), list[int]()
    first = len(tables.outbound)
    columns = zip(
        keys.tolist(),
        added.excluding_kg_co2e,
        added.including_kg_co2e,
        added.components,
        added.direct,
        added.packaging_kg_co2e,
        added.exempted_percents,
        added.outbound_kg_co2e,
        _has_stage(added.lines, _DISTRIBUTION),
        strict=True,
    )
    for key, total, both, components, direct, packaging, exempted, stated, distributed in columns:
        if direct is not None:
            doubles, exact = modelled_term(direct)
        else:
            assert components is not None, "a footprint is declared or modelled"
            assert total is not None, "a declared one states its totals"
            assert both is not None, "a declared one states its totals"
            doubles, exact = declared_term(total, both, components)
        own.append(doubles)
        if exact is not None:
            decimals.keep("own", key, exact)
        if packaging is not None and not plain(packaging):
            decimals.keep("packaging", key, [Decimal(packaging)])
        if not plain(exempted):
            decimals.keep("exempted", key, [Decimal(exempted)])
        leaving = outbound_term(stated, direct, distributed)
        if leaving is not None:
            decimals.keep("outbound", first + len(outbound), leaving)
            with_outbound.append(key)
            outbound.append(leaving)
    tables.versions.own.put(keys, np.array(own, dtype=np.float64).reshape(-1, OWN_WIDTH))
    tables.versions.outbound.values[with_outbound] = first + np.arange(len(outbound))
    tables.outbound.extend(binary_terms(outbound))


def _has_stage(lines: LineBlock, stage: int) -> list[bool]:
    of_line = np.repeat(np.arange(len(lines.counts)), lines.counts)
    return list((np.bincount(of_line[lines.stages == stage], minlength=len(lines.counts)) > 0).tolist())


def _put_lines(tables: Tables, keys: Array, added: LineBlock) -> None:
    lines, versions, first = tables.lines, tables.versions, len(tables.lines.supplier)
    counts = np.asarray(added.counts, dtype=np.int64)
    starts = first + np.cumsum(counts) - counts
    versions.first_line.values[keys] = starts
    versions.line_count.values[keys] = counts
    kinds = added.stages | added.flags << FLAG_SHIFT
    units, tables_at = _units(tables, added, starts)
    for at, extras in added.extras.items():
        kinds[[int(starts[at]) - first + position for position in extras]] |= HAS_EXTRAS
    lines.supplier.extend(added.suppliers)
    lines.version.extend(np.repeat(keys, counts))
    lines.amount.extend(list(map(float, added.amounts)))
    lines.unit.extend(units[np.repeat(tables_at, counts) + added.units])
    lines.kind.extend(kinds)
    long = [at for at, text in enumerate(added.amounts) if len(text) > PLAIN_CHARACTERS or "E" in text]
    for at in long:
        tables.decimals.keep("amount", first + at, [Decimal(added.amounts[at])])
    if len(added.amounts):
        tables.followers.leave_out()


def _units(tables: Tables, added: LineBlock, starts: Array) -> tuple[Array, Array]:
    """Entries of `Tables.units` for all entries of the footprints' own tables, and where each of these begins.

    What few lines have is taken over on the way: it may bring units of its own, which are numbered in this order.
    """
    numbers = _Numbered(lambda table: [tables.number(tables.units, entry) for entry in table])
    found: list[int] = []
    begins: list[int] = []
    for at, table in enumerate(added.unit_tables):
        begins.append(len(found))
        found.extend(numbers.of(table))
        if at in added.names or at in added.extras:
            names, extras = added.names.get(at), added.extras.get(at, {})
            put_few(tables, int(starts[at]), _suppliers(added, at, starts), names, extras)
    return np.array(found, dtype=np.int64), np.array(begins, dtype=np.int64)


def _suppliers(added: LineBlock, at: int, starts: Array) -> Iterable[int]:
    begin = int(starts[at] - starts[0])
    return added.suppliers[begin : begin + added.counts[at]].tolist()  # type: ignore[no-any-return]


def _chained(latest: Column, owners: Array, rows: Array) -> Array:
    """The row before each of these of the same owner, NOBODY: none; `latest` leads to the last row of each owner."""
    order = np.argsort(owners, kind="stable")
    owner, row = owners[order], rows[order]
    begins = np.append(True, owner[1:] != owner[:-1])
    previous = np.empty(len(rows), dtype=np.int64)
    previous[order] = np.where(begins, latest.values[owner], np.append(NOBODY, row[:-1]))
    ends = np.append(begins[1:], True)
    latest.values[owner[ends]] = row[ends]
    return previous


def _check(new: Array) -> None:
    if not new.all():
        raise ValueError("what is loaded whole is not here already")
