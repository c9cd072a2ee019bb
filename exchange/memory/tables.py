"""The graph as columns: products, versions of footprints, lines, grants and releases, past and future ones included.

Rows of products and versions are their dense keys. Nothing is decided here: which version stands, who may follow a
line and what a line resolves to is computed from these columns for any dates (`standing`, `lines`). Names, descriptions
and other text stay in the database; what is exact stays exact: a decimal of up to fifteen digits is its double's
shortest text, and the few longer ones are kept beside the columns.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import chain
from typing import Any

import numpy as np

from exchange.memory.columns import Array, Column
from exchange.memory.exact import ExactDecimals
from exchange.memory.few_lines import put_few
from exchange.memory.followers import Followers
from exchange.memory.layout import (
    DECLARED,
    FLAG_SHIFT,
    HAS_EXTRAS,
    NOBODY,
    RELEASED,
    TO_GRAVE,
    Grants,
    LineColumns,
    LineFallback,
    Products,
    Touched,
    Versions,
)
from exchange.memory.rare import EXEMPTED_PERCENT, PACKAGING, StatedRow, stated_rows
from exchange.memory.reach import Reach, put_grants, put_memberships
from exchange.model.alliance import Membership
from exchange.model.carbon import STATED
from exchange.model.footprint import NEVER_US, Footprint, Price, SystemBoundary
from exchange.model.grant import Grant
from exchange.model.product import Product, Release
from exchange.rollup.factors import Ratio, SupplierUnit, ratio, supplier_unit
from exchange.rollup.own_terms import Vector, gate_term, outbound_term
from exchange.rollup.standings import (
    OWN_WIDTH,
    binary_terms,
    stated_deviation,
    stated_packaging,
    stated_ratings,
    stated_share_percent,
)
from exchange.rollup.text_terms import PLAIN_CHARACTERS


class Tables:
    """All columns. Not safe against reading while it is changed: whoever shares it holds a lock."""

    def __init__(self) -> None:
        self.products = Products()
        self.versions = Versions()
        self.lines = LineColumns()
        self.grants = Grants()
        self.reach = Reach()
        self.outbound = Column(np.float64, width=OWN_WIDTH)
        self.followers = Followers()
        self.owners: dict[str, int] = {}
        self.owner_ids: list[str] = []
        self.units: list[tuple[str, Price | None]] = []
        self.supplier_units: list[SupplierUnit] = []
        self.characterizations: list[tuple[str, ...]] = []
        self.countries: list[str | None] = []
        self.releases: list[Release] = []
        self.fallbacks: dict[int, LineFallback] = {}
        self.fallback_followers: dict[int, list[int]] = {}
        self.ratings: dict[int, tuple[float, float, float]] = {}
        self.deviations: dict[int, tuple[float, float]] = {}  # of a line's amount, and of its fallback's
        self._release_numbers: dict[str, int] = {}
        self._numbers: dict[object, int] = {}
        self._ratios: dict[tuple[int, int], Ratio | None] = {}
        self.decimals = ExactDecimals()
        self.other_identities: dict[int, str] = {}
        self.unbound: dict[str, list[int]] = {}
        self.unbound_fallbacks: dict[str, list[int]] = {}

    @property
    def nbytes(self) -> int:
        """Bytes of the columns; what is kept beside them is small, or bounded by being rare."""
        groups = (self.products, self.versions, self.lines, self.grants, self.reach.members)
        beside = (*self.versions.beside, self.grants.revoked.pairs, self.outbound)
        columns = chain(beside, *(group.columns() for group in groups))
        return self.followers.nbytes + sum(column.nbytes for column in columns)

    # -- what is written -------------------------------------------------------------------------------------------

    def add_products(self, products: Iterable[Product]) -> Touched:
        """New products. Lines that named them before they were there are bound by `bind`, once all lines are here."""
        touched = Touched.nothing()
        for product in products:
            touched.standings.add(product.key)
            touched.followers.add(product.key)
            touched.registered.add(product.key)
            self.products.resize(product.key + 1)
            if self.products.sequence.values[product.key] != NEVER_US:
                continue
            self.products.sequence.values[product.key] = product.sequence
            self.products.owner.values[product.key] = self.owner_number(product.owner_id)
            self.products.kind.values[product.key] = self.reach.kind_number(product.classifications)
        return touched

    def bind(self, products: Iterable[Product]) -> None:
        """Lines that named one of these products' URNs before it was there name it from now on.

        To be called after what was published before the products were: what came at once is in no order here.
        """
        self.bind_names((urn, product.key) for product in products for urn in product.product_ids)

    def bind_names(self, keys: Iterable[tuple[str, int]]) -> None:
        """The same by URN and the key of the product that has registered it."""
        for urn, key in keys:
            for line in self.unbound.pop(urn, ()):
                self.lines.supplier.values[line] = key
                self.followers.add_later(line, key)
            for line in self.unbound_fallbacks.pop(urn, ()):
                known = self.fallbacks[line]
                self.fallbacks[line] = LineFallback(known.amount, known.unit, key)
                self.fallback_followers.setdefault(key, []).append(line)

    def add_releases(self, releases: Iterable[Release]) -> Touched:
        """New releases; a footprint of an earlier one without an end of its own ends when the next begins."""
        touched = Touched.nothing()
        for release in releases:
            if release.id not in self._release_numbers:
                self._release_numbers[release.id] = len(self.releases)
                self.releases.append(release)
            of_dataset = [at for at, each in enumerate(self.releases) if each.dataset_id == release.dataset_id]
            versions = np.flatnonzero(np.isin(self.versions.release.values, of_dataset))
            touched.standings.update(self.versions.product.values[versions].tolist())
        return touched

    def add_footprints(self, footprints: Sequence[Footprint]) -> Touched:
        """New versions; their releases must be there, and their products here or soon (`add_products`)."""
        versions, touched = self.versions, Touched({each.product_key for each in footprints}, set())
        known = versions.sequence.values
        new = [each for each in footprints if each.key >= len(known) or known[each.key] == NEVER_US]
        if not new:
            return touched
        versions.resize(max(each.key for each in new) + 1)
        self.products.resize(max(each.product_key for each in new) + 1)
        keys = np.array([each.key for each in new], dtype=np.int64)
        own = [gate_term(each) for each in new]
        versions.own.put(keys, binary_terms(own))
        versions.stated.put(keys, stated_rows(list(map(_stated, new))))
        versions.deprecated.put(
            keys, [each.deprecated_at_us for each in new], [each.deprecated_sequence for each in new]
        )
        for column, values in self._columns_of(new).items():
            self._put(column, keys, values)
        for footprint, vector in zip(new, own, strict=True):
            self.decimals.keep("own", footprint.key, vector)
            self._add_rest(footprint)
            self._chain(footprint)
        self._add_lines(new)
        return touched

    def deprecate(self, footprint: Footprint) -> Touched:
        """Takes over when a known version was deprecated."""
        self.versions.deprecated.put(footprint.key, footprint.deprecated_at_us, footprint.deprecated_sequence)
        return Touched({footprint.product_key}, set())

    def put_grants(self, grants: Iterable[Grant]) -> Touched:
        """New grants, and known ones that were revoked since."""
        return put_grants(self, grants)

    def put_memberships(self, memberships: Iterable[Membership]) -> Touched:
        """Who joined an alliance, and who left it since."""
        return put_memberships(self, memberships)

    # -- what is exact ---------------------------------------------------------------------------------------------

    def own(self, version: int) -> Vector:
        """A version's own term in the order of COLUMNS, exactly."""
        return self.decimals.vector("own", version, self.versions.own.of(np.array([version]))[0])

    def outbound_of(self, version: int) -> Vector:
        """Its own term of outbound logistics, of a version that says something of them."""
        row = int(self.versions.outbound.values[version])
        return self.decimals.vector("outbound", row, self.outbound.values[row])

    def packaging(self, version: int) -> Decimal | None:
        stated = self._stated(version, PACKAGING)
        return None if np.isnan(stated) else self.decimals.of("packaging", version, 0, stated)

    def exempted_percent(self, version: int) -> Decimal:
        return self.decimals.of("exempted", version, 0, self._stated(version, EXEMPTED_PERCENT))

    def _stated(self, version: int, place: int) -> float:
        stated = self.versions.stated
        return float(stated.values.values[stated.row.values[version], place])

    def amount(self, line: int) -> Decimal:
        """A line's amount in its own unit."""
        return self.decimals.of("amount", line, 0, float(self.lines.amount.values[line]))

    def owner_id(self, product: int) -> str:
        return self.owner_ids[int(self.products.owner.values[product])]

    def footprint_id(self, version: int) -> str:
        other = self.other_identities.get(version)
        return str(uuid.UUID(bytes=self.versions.identity.values[version].tobytes())) if other is None else other

    def unknown_components(self, version: int) -> tuple[str, ...]:
        bits = int(self.versions.unknown.values[version])
        return tuple(name for at, name in enumerate(STATED) if bits >> at & 1)

    def ratio(self, unit: int, supplier: int) -> Ratio | None:
        """Of a line's unit (entry in `units`) to what a supplier is stated per (in `supplier_units`)."""
        pair = (unit, supplier)
        if pair not in self._ratios:
            self._ratios[pair] = ratio(*self.units[unit], self.supplier_units[supplier])
        return self._ratios[pair]

    # -- what is no column, as a file holds it -----------------------------------------------------------------------

    def beside_columns(self) -> dict[str, object]:
        """What few rows have, as values of JSON."""
        return {
            "decimals": self.decimals.entries(),
            "other_identities": list(self.other_identities.items()),
            "unbound": list(self.unbound.items()),
            "unbound_fallbacks": list(self.unbound_fallbacks.items()),
            "reach": self.reach.document(),
        }

    def take_beside_columns(self, stored: Mapping[str, Any]) -> None:
        """What `beside_columns` gave."""
        self.decimals.take(stored["decimals"])
        self.other_identities.update(stored["other_identities"])
        self.unbound.update(stored["unbound"])
        self.unbound_fallbacks.update(stored["unbound_fallbacks"])
        self.reach.take(stored["reach"])

    def number_again(
        self,
        *,
        units: Sequence[tuple[str, Price | None]],
        supplier_units: Sequence[SupplierUnit],
        characterizations: Sequence[tuple[str, ...]],
        countries: Sequence[str | None],
        releases: Sequence[Release],
    ) -> None:
        """Distinct values of empty tables, in the order of their numbers."""
        for table, values in (
            (self.units, units),
            (self.supplier_units, supplier_units),
            (self.characterizations, characterizations),
            (self.countries, countries),
        ):
            for value in values:
                self.number(table, value)
        self.releases.extend(releases)
        self._release_numbers.update((release.id, number) for number, release in enumerate(releases))

    def release_number(self, release_id: str) -> int:
        """Where a release stands in `releases`. Raises KeyError for an unknown one."""
        return self._release_numbers[release_id]

    def number_of(self, table: object, value: object) -> int | None:
        """The entry of a value in `units`, `supplier_units` or `characterizations`; None: it is in none yet."""
        return self._numbers.get((id(table), value))

    # -- how it is kept --------------------------------------------------------------------------------------------

    def owner_number(self, organization_id: str) -> int:
        number = self.owners.setdefault(organization_id, len(self.owners))
        if number == len(self.owner_ids):
            self.owner_ids.append(organization_id)
        return number

    def _columns_of(self, new: Sequence[Footprint]) -> Mapping[Column, object]:
        versions = self.versions
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
                NOBODY if each.release_id is None else self.release_number(each.release_id) for each in new
            ],
            versions.supplier_unit: [self.number(self.supplier_units, supplier_unit(each)) for each in new],
            versions.characterization: [
                self.number(self.characterizations, each.ipcc_characterization_factors) for each in new
            ],
            versions.country: [self.number(self.countries, each.geography_country) for each in new],
            versions.unknown: [
                sum(1 << STATED.index(name) for name in each.unknown_components) if each.unknown_components else 0
                for each in new
            ],
        }

    @staticmethod
    def _put(column: Column, rows: Array, values: object) -> None:
        column.values[rows] = np.asarray(values, dtype=column.values.dtype)

    def _add_rest(self, footprint: Footprint) -> None:
        """What few footprints have, or what is no number."""
        key, versions = footprint.key, self.versions
        try:
            canonical = uuid.UUID(footprint.id)
        except ValueError:
            canonical = None
        if canonical is not None and str(canonical) == footprint.id:
            versions.identity.values[key] = np.void(canonical.bytes)
        else:
            self.other_identities[key] = footprint.id
        packaging = stated_packaging(footprint)
        if packaging is not None:
            self.decimals.keep("packaging", key, [packaging])
        self.decimals.keep("exempted", key, [footprint.exempted_emissions_percent])
        outbound = outbound_term(footprint)
        if outbound is not None:
            versions.outbound.values[key] = len(self.outbound)
            self.decimals.keep("outbound", len(self.outbound), outbound)
            self.outbound.extend(binary_terms([outbound]))

    def _chain(self, footprint: Footprint) -> None:
        latest = self.products.latest_version.values
        self.versions.previous.values[footprint.key] = latest[footprint.product_key]
        latest[footprint.product_key] = footprint.key

    def _add_lines(self, new: Sequence[Footprint]) -> None:
        lines, at = self.lines, len(self.lines.supplier)
        suppliers: list[int] = []
        units: list[int] = []
        kinds: list[int] = []
        texts: list[str] = []
        counts = []
        for footprint in new:
            own = footprint.lines
            self.versions.first_line.values[footprint.key] = at + len(suppliers)
            self.versions.line_count.values[footprint.key] = len(own)
            counts.append(len(own))
            if not len(own):
                continue
            first = at + len(suppliers)
            table = [self.number(self.units, entry) for entry in own.unit_table]
            suppliers.extend(own.suppliers)
            units.extend(table[unit] for unit in own.units)
            texts.extend(own.amounts)
            extras = own.extras or {}
            kinds.extend(
                stage | flag << FLAG_SHIFT | (HAS_EXTRAS if position in extras else 0)
                for position, (stage, flag) in enumerate(zip(own.stages, own.flags, strict=True))
            )
            put_few(self, first, own.suppliers, own.names if NOBODY in own.suppliers else None, extras)
        lines.supplier.extend(suppliers)
        self.followers.add(at, suppliers)
        lines.version.extend(np.repeat([each.key for each in new], counts))
        lines.amount.extend(list(map(float, texts)))
        lines.unit.extend(units)
        lines.kind.extend(kinds)
        for position, text in enumerate(texts):
            if len(text) > PLAIN_CHARACTERS or "E" in text:
                self.decimals.keep("amount", at + position, [Decimal(text)])

    def number(self, table: list, value: object) -> int:  # type: ignore[type-arg]
        """The entry of a value in a table of distinct ones."""
        known = self._numbers.get((id(table), value))
        if known is None:
            known = self._numbers[id(table), value] = len(table)
            table.append(value)
        return known


def _stated(footprint: Footprint) -> StatedRow:
    packaging = stated_packaging(footprint)
    return (
        stated_share_percent(footprint),
        stated_ratings(footprint.data_quality),
        float(footprint.exempted_emissions_percent),
        stated_deviation(footprint),
        np.nan if packaging is None else float(packaging),
    )
