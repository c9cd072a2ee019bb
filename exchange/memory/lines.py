"""What became of many lines: exchange.rollup.resolve by columns (docs/method.md, "Lines and units").

The first reason that applies counts: NOT_GRANTED (also what nobody registered), why nothing stands, then
UNIT_NOT_CONVERTIBLE; then the fallback may serve.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from exchange.memory.columns import Array
from exchange.memory.layout import EVERYBODY, HAS_EXTRAS, NOBODY
from exchange.memory.standing import Stood
from exchange.memory.tables import Tables
from exchange.model.closure import Dates
from exchange.model.resolved import GAP_CODES, NO_GAP, Floats, GapCode, Ints
from exchange.rollup.factors import binary_factor, exact_factor

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
    allowed = np.asarray(tables.products.owner.values[product] == owner)
    grants = tables.grants
    open_ = np.flatnonzero(~allowed)
    grant = tables.products.latest_grant.values[product[open_]].astype(np.int64)
    while len(open_):
        there = grant != NOBODY
        open_, grant = open_[there], grant[there]
        grantee = grants.grantee.values[grant]
        reaches = (grantee == EVERYBODY) | (grantee == owner[open_])
        stands = (grants.sequence.values[grant] <= dates.head) & (grants.revoked_sequence.values[grant] > dates.head)
        holds = (grants.from_us.values[grant] <= dates.known_at_us) & (
            dates.known_at_us < grants.until_us.values[grant]
        )
        found = reaches & stands & holds
        allowed[open_[found]] = True
        open_, grant = open_[~found], grants.previous.values[grant[~found]].astype(np.int64)
    return allowed


def _followed(tables: Tables, owner: Array, named: Array, dates: Dates) -> Array:
    followed = (named != NOBODY) & (named < len(tables.products.owner))
    there = np.flatnonzero(followed)
    product = named[there]
    exists = tables.products.sequence.values[product] <= dates.head
    followed[there] = exists & permitted(tables, owner[there], product, dates)
    return np.asarray(followed)


def _factors(tables: Tables, lines: Array, supplier_unit: Array) -> tuple[Floats, Array]:
    """Factors, each rounded to binary once, and which lines could be converted (0 elsewhere)."""
    factor = tables.lines.amount.values[lines].copy()
    convertible = np.ones(len(lines), dtype=np.bool_)
    pair = tables.lines.unit.values[lines].astype(np.int64) * len(tables.supplier_units) + supplier_unit
    for number in np.unique(pair).tolist():
        ratio = tables.ratio(number // len(tables.supplier_units), number % len(tables.supplier_units))
        if ratio is not None and ratio.is_one:
            continue
        at = np.flatnonzero(pair == number)
        if ratio is None:
            convertible[at] = False
            factor[at] = 0.0
        else:
            factor[at] = [binary_factor(str(tables.amount(line)), ratio) for line in lines[at].tolist()]
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
