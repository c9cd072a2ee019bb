"""The graph as columns: products, versions of footprints, lines, grants and releases, past and future ones included.

Rows of products and versions are their dense keys. How they are filled: `adding`, `granting`,
`loading`. Nothing is decided here: which version stands, who may follow a
line and what a line resolves to is computed from these columns for any dates (`standing`, `lines`). Names, descriptions
and other text stay in the database; what is exact stays exact: a decimal of up to fifteen digits is its double's
shortest text, and the few longer ones are kept beside the columns.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import chain
from typing import Any

import numpy as np

from exchange.memory.columns import Column
from exchange.memory.exact import ExactDecimals
from exchange.memory.followers import Followers
from exchange.memory.layout import (
    Grants,
    LineColumns,
    LineFallback,
    Products,
    Versions,
)
from exchange.memory.rare import EXEMPTED_PERCENT, PACKAGING
from exchange.memory.reach import Reach
from exchange.model.carbon import STATED
from exchange.model.footprint import Price
from exchange.model.product import Release
from exchange.rollup.factors import Ratio, SupplierUnit, ratio
from exchange.rollup.own_terms import Vector
from exchange.rollup.standings import (
    OWN_WIDTH,
)


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
        self.release_numbers: dict[str, int] = {}
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
        self.release_numbers.update((release.id, number) for number, release in enumerate(releases))

    def release_number(self, release_id: str) -> int:
        """Where a release stands in `releases`. Raises KeyError for an unknown one."""
        return self.release_numbers[release_id]

    def number_of(self, table: object, value: object) -> int | None:
        """The entry of a value in `units`, `supplier_units` or `characterizations`; None: it is in none yet."""
        return self._numbers.get((id(table), value))

    # -- how it is kept --------------------------------------------------------------------------------------------

    def owner_number(self, organization_id: str) -> int:
        number = self.owners.setdefault(organization_id, len(self.owners))
        if number == len(self.owner_ids):
            self.owner_ids.append(organization_id)
        return number

    def number(self, table: list, value: object) -> int:  # type: ignore[type-arg]
        """The entry of a value in a table of distinct ones."""
        known = self._numbers.get((id(table), value))
        if known is None:
            known = self._numbers[id(table), value] = len(table)
            table.append(value)
        return known
