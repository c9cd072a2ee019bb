"""Results of many products at past dates, with what decides which of them are comparable: for benchmarks.

Two for each product at most: from cradle to gate, computed with everybody's at these dates, and from cradle to grave,
as it was stated. Excluding biogenic uptake, both. What a stated one counts is not known where it gives one number for
both totals and leaves uptake unknown (the same in `exchange.operations.reading.comparing`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from exchange.memory.closure import cut
from exchange.memory.columns import Array, Column
from exchange.memory.layout import NOBODY
from exchange.memory.present import History, Present
from exchange.memory.standing import release_ends, stand
from exchange.memory.tables import Tables
from exchange.memory.whole import NoAnswer, Whole
from exchange.model.carbon import STATED, UPTAKE
from exchange.model.closure import Dates
from exchange.model.resolved import Bools, Floats, Ints
from exchange.rollup.own_terms import EXCLUDING_WIDTH, INCLUDING_WIDTH

UPTAKE_BIT: Final = 1 << STATED.index(UPTAKE)
ROOTS_AT_ONCE: Final = 1_000  # of a closure, where there are no results of everybody


@dataclass(frozen=True, slots=True, eq=False)
class Comparables:
    """Row by row: a product, and a result of it. kg_co2e: per its declared unit. unit: entry in
    `Tables.supplier_units`. uptake_unclear: whether it does not say if it counts biogenic uptake."""

    product: Ints
    to_grave: Bools
    kg_co2e: Floats
    unit: Ints
    uptake_unclear: Bools


def comparables(tables: Tables, dates: Dates, products: Array) -> Comparables:
    """Of each of these products its results at `dates`: those of products that have a standing footprint and an answer.
    Takes as long as solving everything once, and changes nothing of the tables."""
    gate, kg_co2e = _to_gate(tables, dates, products)
    ends = release_ends(tables, dates.head, dates.known_at_us)
    grave = stand(tables, products, dates, ends, to_grave=True).version
    there = grave[grave != NOBODY]
    own = tables.versions.own.of(there)
    one_total = (own[:, EXCLUDING_WIDTH:INCLUDING_WIDTH].sum(axis=1) == 0) & (own[:, EXCLUDING_WIDTH] == 0)
    unclear = one_total & ((tables.versions.unknown.values[there] & UPTAKE_BIT) != 0)
    version = np.concatenate((gate, there))
    return Comparables(
        product=tables.versions.product.values[version].astype(np.int64),
        to_grave=np.arange(len(version)) >= len(gate),
        kg_co2e=np.concatenate((kg_co2e, own[:, :EXCLUDING_WIDTH].sum(axis=1))),
        unit=tables.versions.supplier_unit.values[version].astype(np.int64),
        uptake_unclear=np.concatenate((np.zeros(len(gate), dtype=np.bool_), unclear)),
    )


def _to_gate(tables: Tables, dates: Dates, products: Array) -> tuple[Ints, Floats]:
    """The versions that stand for these products, and their results."""
    present = Present(tables, dates, goes_on=False)
    version = present.version.values[products].astype(np.int64)
    standing = version != NOBODY
    try:
        return version[standing], Whole(present).excluding()[products[standing]]
    except NoAnswer:  # of somebody's loop: the others' results are those of their own closures
        return _one_by_one(tables, dates, products[standing], version[standing])


def _one_by_one(tables: Tables, dates: Dates, products: Array, version: Ints) -> tuple[Ints, Floats]:
    history, scratch = History(tables, dates), Column(np.int32, fill=NOBODY)
    scratch.resize(len(tables.products.owner))
    answered, found = np.zeros(len(products), dtype=np.bool_), np.zeros(len(products))
    for first in range(0, len(products), ROOTS_AT_ONCE):
        keys = products[first : first + ROOTS_AT_ONCE].tolist()
        solution = cut(history, keys, scratch).solve({})
        for at, key in enumerate(keys, first):
            if solution.refusal(key) is None:
                answered[at] = True
                found[at] = sum(solution.cradle_to_gate(key)[:EXCLUDING_WIDTH])
    return version[answered], found[answered]
