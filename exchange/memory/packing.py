"""The graph in memory as plain arrays and one plain document, and back: what a file of it holds.

Whatever follows from these is not kept, but made again. Nothing is trusted on the way back: a document that does not
fit its arrays raises ValueError, and nothing is answered from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import astuple, dataclass
from decimal import Decimal
from typing import Any, Final

import numpy as np

from exchange.memory.columns import Array, Column
from exchange.memory.layout import NOBODY, LineFallback
from exchange.memory.present import Present
from exchange.memory.reach import FIRST_ALLIANCE
from exchange.memory.tables import Tables
from exchange.model.closure import Dates
from exchange.model.footprint import Price, PriceBasis
from exchange.model.product import Release
from exchange.rollup.factors import SupplierUnit

FORMAT: Final = 5  # raised with every change of what columns mean, or of the order in which anything is numbered
TERM: Final = "own."  # then which component: those that some footprint states


@dataclass(frozen=True, slots=True)
class Packed:
    """arrays: by name. document: JSON values only."""

    arrays: Mapping[str, Array]
    document: Mapping[str, Any]


def pack(present: Present) -> Packed:
    """The arrays are the graph's own, not copies: whoever writes them sees to it that nothing changes meanwhile."""
    tables = present.tables
    rated = np.array(sorted(tables.ratings), dtype=np.int64)
    spread = np.array(sorted(tables.deviations), dtype=np.int64)
    arrays: dict[str, Array] = {
        **{name: column.values for name, column in _columns(tables, present)},
        **{f"{TERM}{at}": tables.versions.own.column(at).values for at in tables.versions.own.used},
        **{f"followers.{name}": values for name, values in tables.followers.arrays().items()},
        "rated": rated,
        "ratings": np.array([tables.ratings[line] for line in rated.tolist()], dtype=np.float64).reshape(-1, 3),
        "spread": spread,
        "deviations": np.array([tables.deviations[at] for at in spread.tolist()], dtype=np.float64).reshape(-1, 2),
    }
    document = {
        "format": FORMAT,
        "dates": list(astuple(present.dates)),
        "since_us": present.since_us,
        "terms": tables.versions.own.used,
        "owners": list(tables.owners),
        "units": [[unit, _price(price)] for unit, price in tables.units],
        "supplier_units": [
            [each.unit, _price(each.price), str(each.amount), None if each.mass_kg is None else str(each.mass_kg)]
            for each in tables.supplier_units
        ],
        "characterizations": [list(names) for names in tables.characterizations],
        "countries": list(tables.countries),
        "releases": [list(astuple(release)) for release in tables.releases],
        "fallbacks": [[line, str(each.amount), each.unit, each.key] for line, each in tables.fallbacks.items()],
        **tables.beside_columns(),
    }
    return Packed(arrays, document)


def unpack(packed: Packed) -> Present:
    """The graph as it was packed; it takes the arrays over. Raises ValueError for anything that does not fit."""
    try:
        return _unpack(packed)
    except (KeyError, TypeError, IndexError, ArithmeticError, AttributeError) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from error


def _unpack(packed: Packed) -> Present:
    document, arrays = packed.document, packed.arrays
    if document["format"] != FORMAT:
        raise ValueError(f"format {document['format']!r}, where this exchange writes {FORMAT}")
    tables = Tables()
    present = Present(tables, Dates(*map(int, document["dates"])), int(document["since_us"]), kept=True)
    for name, column in _columns(tables, present):
        column.take(arrays[name])
    tables.versions.own.take(len(tables.versions.product), {at: arrays[f"{TERM}{at}"] for at in document["terms"]})
    _check_lengths(tables, present)
    for name in document["owners"]:
        tables.owner_number(name)
    tables.number_again(
        units=[(unit, _price_of(price)) for unit, price in document["units"]],
        supplier_units=[
            SupplierUnit(unit, _price_of(price), Decimal(amount), None if mass is None else Decimal(mass))
            for unit, price, amount, mass in document["supplier_units"]
        ],
        characterizations=[tuple(names) for names in document["characterizations"]],
        countries=list(document["countries"]),
        releases=[Release(*values) for values in document["releases"]],
    )
    for line, amount, unit, key in document["fallbacks"]:
        tables.fallbacks[line] = LineFallback(Decimal(amount), unit, key)
        if key != NOBODY:
            tables.fallback_followers.setdefault(key, []).append(line)
    ratings = arrays["ratings"].tolist()
    tables.ratings.update({line: tuple(rating) for line, rating in zip(arrays["rated"].tolist(), ratings, strict=True)})
    deviations = arrays["deviations"].tolist()
    tables.deviations.update(
        {line: (one, other) for line, (one, other) in zip(arrays["spread"].tolist(), deviations, strict=True)}
    )
    tables.take_beside_columns(document)
    tables.followers.take({name: arrays[f"followers.{name}"] for name in tables.followers.arrays()})
    _check_numbers(tables, present)
    present.go_on()
    return present


def _columns(tables: Tables, present: Present) -> Iterator[tuple[str, Column]]:
    """Every column with a name of its own."""
    groups: dict[str, object] = {
        "products": tables.products,
        "versions": tables.versions,
        "lines": tables.lines,
        "deprecated": tables.versions.deprecated,
        "stated": tables.versions.stated,
        "grants": tables.grants,
        "revoked": tables.grants.revoked,
        "members": tables.reach.members,
        "reach": tables.reach,
        "present": present,
    }
    for group, holder in groups.items():
        for name, each in vars(holder).items():
            if isinstance(each, Column):
                yield f"{group}.{name}", each
    yield "outbound", tables.outbound


def _check_lengths(tables: Tables, present: Present) -> None:
    """Columns of one kind of thing are equally long."""
    by_product = (*tables.products.columns(), present.version, present.reason, present.until_day)
    by_line = (*tables.lines.columns(), present.serving, present.factor, present.line_reason)
    for group in (
        by_product,
        tuple(tables.versions.columns()),
        by_line,
        tuple(tables.grants.columns()),
        tuple(tables.reach.members.columns()),
    ):
        if len({len(column) for column in group}) != 1:
            raise ValueError("columns of one kind differ in length")


def _check_numbers(tables: Tables, present: Present) -> None:
    """Whatever names a row names one that is there."""
    products, versions = len(tables.products.owner), len(tables.versions.product)
    lines, grants = len(tables.lines.supplier), len(tables.grants.product)
    followers = tables.followers.arrays()
    alliance = tables.grants.grantee.values <= FIRST_ALLIANCE
    limits: Iterable[tuple[Array, int]] = (
        (tables.products.owner.values, len(tables.owners)),
        (tables.products.latest_version.values, versions),
        (tables.products.latest_grant.values, grants),
        (tables.versions.product.values, products),
        (tables.versions.previous.values, versions),
        (tables.versions.release.values, len(tables.releases)),
        (tables.versions.outbound.values, len(tables.outbound)),
        (tables.versions.supplier_unit.values, len(tables.supplier_units)),
        (tables.versions.characterization.values, len(tables.characterizations)),
        (tables.versions.country.values, len(tables.countries)),
        (tables.versions.first_line.values + tables.versions.line_count.values.astype(np.int64), lines + 1),
        (tables.versions.deprecated.row.values, len(tables.versions.deprecated.pairs)),
        (tables.versions.stated.row.values, len(tables.versions.stated.values)),
        (tables.grants.revoked.row.values, len(tables.grants.revoked.pairs)),
        (tables.lines.supplier.values, products),
        (tables.lines.version.values, versions),
        (tables.lines.unit.values, len(tables.units)),
        (tables.grants.product.values, products),
        (tables.grants.previous.values, grants),
        (tables.grants.owner.values, len(tables.owners)),
        (tables.grants.grantee.values[tables.grants.grantee.values > FIRST_ALLIANCE], len(tables.owners)),
        (FIRST_ALLIANCE - tables.grants.grantee.values[alliance], len(tables.reach.alliances)),
        (tables.grants.classification.values, len(tables.reach.classes)),
        (tables.products.kind.values, len(tables.reach.kinds)),
        (tables.reach.latest.values, grants),
        (tables.reach.members.alliance.values, len(tables.reach.alliances)),
        (tables.reach.members.organization.values, len(tables.owners)),
        (present.version.values, versions),
        (present.serving.values, products),
        (followers["lines"], lines),
        (followers["beside"][:, 0], products),
        (followers["beside"][:, 1], lines),
        (np.array(list(tables.fallbacks)), lines),
        (np.array(list(tables.deviations)), lines),
        (np.array([fallback.key for fallback in tables.fallbacks.values()]), products),
        (np.array([fallback.unit for fallback in tables.fallbacks.values()]), len(tables.units)),
    )
    for numbers, end in limits:
        if len(numbers) and (int(numbers.min()) < NOBODY or int(numbers.max()) >= max(end, 0)):
            raise ValueError("a number names a row that is not there")


def _price(price: Price | None) -> list[object] | None:
    return None if price is None else [price.currency, price.year, price.basis.value]


def _price_of(stored: list[Any] | None) -> Price | None:
    return None if stored is None else Price(stored[0], stored[1], PriceBasis(stored[2]))
