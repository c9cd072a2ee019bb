"""What became of many lines: exchange.rollup.resolve by columns (docs/method.md, "Lines and units").

The first reason that applies counts: NOT_GRANTED (also what nobody registered), why nothing stands, then
UNIT_NOT_CONVERTIBLE; then the fallback may serve.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from exchange.memory.columns import Array
from exchange.memory.layout import HAS_EXTRAS, NOBODY
from exchange.memory.standing import Stood
from exchange.memory.tables import Tables
from exchange.model.closure import Dates
from exchange.model.resolved import GAP_CODES, NO_GAP, Bools, Floats, GapCode, Ints
from exchange.rollup.factors import Ratio, binary_factor, exact_factor

NOT_GRANTED = GAP_CODES.index(GapCode.NOT_GRANTED)
UNIT_NOT_CONVERTIBLE = GAP_CODES.index(GapCode.UNIT_NOT_CONVERTIBLE)

StandOf = Callable[[Array], Stood]  # of product keys


@dataclass(frozen=True, slots=True, eq=False)
class LinesResolved:
    """Of each line: serving product key (NOBODY: a gap), factor (0 for a gap), why its own product does not serve
    (NO_GAP: it does)."""

    serving: Ints
    factor: Floats
    reason: Ints


def resolve_lines(tables: Tables, lines: Array, dates: Dates, stand_of: StandOf) -> LinesResolved:
    """Decides lines as they are at `dates`; `stand_of` says which version stands for products."""
    named = tables.lines.supplier.values[lines].astype(np.int64)
    owner = tables.products.owner.values[tables.versions.product.values[tables.lines.version.values[lines]]]
    reason = np.full(len(lines), NOT_GRANTED, dtype=np.int64)
    factor = np.zeros(len(lines))
    granted = np.flatnonzero(_followed(tables, owner, named, dates))
    stood = stand_of(named[granted])
    reason[granted] = stood.reason
    served = np.flatnonzero(stood.version != NOBODY)
    at = granted[served]
    factor[at], convertible = _factors(tables, lines[at], tables.versions.supplier_unit.values[stood.version[served]])
    reason[at[~convertible]] = UNIT_NOT_CONVERTIBLE
    serving = np.where(reason == NO_GAP, named, NOBODY)
    failed = np.flatnonzero((reason != NO_GAP) & ((tables.lines.kind.values[lines] & HAS_EXTRAS) != 0))
    for position in failed.tolist():
        _fall_back(tables, int(lines[position]), int(owner[position]), position, dates, stand_of, serving, factor)
    return LinesResolved(serving, factor, reason)


def permitted(tables: Tables, owner: Array, product: Array, dates: Dates) -> Array:
    """Whether lines of these owners may be followed to these products: exchange.access.permits_at by columns."""
    grants = tables.grants

    def holds(grant: Array) -> Array:
        from_us, until_us = grants.from_us.values[grant], grants.until_us.values[grant]
        return np.asarray((from_us <= dates.known_at_us) & (dates.known_at_us < until_us))

    return _granted(tables, owner, product, dates, holds)


def permitted_ever(tables: Tables, owner: Array, product: Array, dates: Dates) -> Array:
    """The same at `dates` or at any later time: exchange.access.permits_ever by columns."""
    return _granted(
        tables, owner, product, dates, lambda grant: tables.grants.until_us.values[grant] > dates.known_at_us
    )


def _granted(tables: Tables, owner: Array, product: Array, dates: Dates, holds: Callable[[Array], Array]) -> Array:
    """By ownership, or by a grant that stands at the head of `dates` and `holds`: on the product, or of many."""
    product_owner = tables.products.owner.values[product]
    allowed = np.asarray(product_owner == owner)
    open_ = np.flatnonzero(~allowed)
    first = tables.products.latest_grant.values[product[open_]].astype(np.int64)
    _allow(tables, allowed, owner, product, open_, first, dates, holds)
    if len(tables.reach.latest):
        open_ = np.flatnonzero(~allowed)
        first = tables.reach.latest_of(product_owner[open_])
        _allow(tables, allowed, owner, product, open_, first, dates, holds)
    return allowed


def _allow(
    tables: Tables,
    allowed: Bools,
    owner: Array,
    product: Array,
    open_: Ints,
    grant: Ints,
    dates: Dates,
    holds: Callable[[Array], Array],
) -> None:
    """Notes what grants allow, each of `open_` by the chain that begins at its `grant`."""
    grants, reach = tables.grants, tables.reach
    while len(open_):
        there = grant != NOBODY
        open_, grant = open_[there], grant[there]
        found = reach.reached(grants.grantee.values[grant], owner[open_], dates)
        found &= reach.covers(grants.classification.values[grant], tables.products.kind.values[product[open_]])
        found &= (grants.sequence.values[grant] <= dates.head) & (grants.revoked.sequence(grant) > dates.head)
        found &= holds(grant)
        allowed[open_[found]] = True
        open_, grant = open_[~found], grants.previous.values[grant[~found]].astype(np.int64)


def _followed(tables: Tables, owner: Array, named: Array, dates: Dates) -> Array:
    followed = (named != NOBODY) & (named < len(tables.products.owner))
    there = np.flatnonzero(followed)
    product = named[there]
    exists = tables.products.sequence.values[product] <= dates.head
    followed[there] = exists & permitted(tables, owner[there], product, dates)
    return np.asarray(followed)


def _factors(tables: Tables, lines: Array, supplier_unit: Array) -> tuple[Floats, Array]:
    """Factors, each rounded to binary once, and which lines could be converted (0 elsewhere)."""
    return factors_of(
        tables.lines.amount.values[lines],
        tables.lines.unit.values[lines].astype(np.int64),
        supplier_unit,
        tables.ratio,
        lambda at: str(tables.amount(int(lines[at]))),
    )


def factors_of(
    amounts: Floats,
    units: Ints,
    supplier_units: Array,
    ratio_of: Callable[[int, int], Ratio | None],
    text_of: Callable[[int], str],
) -> tuple[Floats, Bools]:
    """Factors of amounts in these units, rounded to binary once, and which could be converted (0 elsewhere).

    ratio_of: of a unit to a supplier's. text_of: the exact amount at a position.
    """
    factor = amounts.copy()
    convertible = np.ones(len(amounts), dtype=np.bool_)
    if not len(amounts):
        return factor, convertible
    width = int(supplier_units.max()) + 1
    pair = units * width + supplier_units
    order = np.argsort(pair, kind="stable")
    starts = np.flatnonzero(np.diff(pair[order], prepend=pair[order[0]] - 1))
    for at in np.split(order, starts[1:]):
        unit, supplier = divmod(int(pair[at[0]]), width)
        ratio = ratio_of(unit, supplier)
        if ratio is None:
            convertible[at] = False
            factor[at] = 0.0
        elif not ratio.is_one:
            factor[at] = [binary_factor(text_of(position), ratio) for position in at.tolist()]
    return factor, convertible


def _fall_back(
    tables: Tables, line: int, owner: int, position: int, dates: Dates, stand_of: StandOf, serving: Ints, factor: Floats
) -> None:
    """Lets a line's fallback serve, if it has one that can."""
    fallback = tables.fallbacks.get(line)
    if fallback is None or fallback.key == NOBODY:
        return
    key = np.array([fallback.key])
    if not _followed(tables, np.array([owner]), key, dates)[0]:
        return
    version = int(stand_of(key).version[0])
    if version == NOBODY:
        return
    ratio = tables.ratio(fallback.unit, int(tables.versions.supplier_unit.values[version]))
    if ratio is not None:
        serving[position], factor[position] = fallback.key, float(exact_factor(fallback.amount, ratio))
