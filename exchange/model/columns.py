"""Products, grants and footprints by column: what the graph in memory needs of them, many at once.

Entry i of every column is about the same thing. Numbers with digits of their own are decimal texts, as they are stored;
nothing is computed here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from exchange.model.footprint import LineExtras, Price

Texts = Mapping[str, str]  # component -> decimal text, kg CO2e per declared unit
Bytes = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class ProductColumns:
    """Products in the order of their keys."""

    keys: Sequence[int]
    sequences: Sequence[int]
    owner_ids: Sequence[str]
    classifications: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True, eq=False)
class GrantColumns:
    """Grants on one product each, those of one beside each other and by sequence; none of level BENCHMARK.

    organization_ids, alliance_ids: None in both: public.
    """

    product_keys: Sequence[int]
    organization_ids: Sequence[str | None]
    alliance_ids: Sequence[str | None]
    from_us: Sequence[int]
    until_us: Sequence[int]
    revoked_at_us: Sequence[int]
    sequences: Sequence[int]
    revoked_sequences: Sequence[int]


@dataclass(frozen=True, slots=True, eq=False)
class LineBlock:
    """All lines of many footprints, one footprint's after the other's; the columns as in `Lines`.

    counts: lines of each footprint. units: index into that footprint's own table, one of `unit_tables`. names: of the
    footprints that name a product which nobody had registered, by their position. extras: by footprint, then line.
    """

    counts: Sequence[int]
    suppliers: Numbers
    amounts: Sequence[str]
    units: Numbers
    unit_tables: Sequence[tuple[tuple[str, Price | None], ...]]
    stages: Bytes
    flags: Bytes
    names: Mapping[int, Sequence[str]]
    extras: Mapping[int, Mapping[int, LineExtras]]


@dataclass(frozen=True, slots=True, eq=False)
class FootprintColumns:
    """Versions of footprints in the order of their keys; fields as in `Footprint`.

    declared: whether each states its result. components: of a declared one, else None. excluding, including: its
    totals. direct: of a modelled one, stage -> components. packaging, primary_share: what either kind states of itself.
    quality: technological, temporal, geographical. to_grave: whether each is cradle to grave.
    """

    keys: Sequence[int]
    ids: Sequence[str]
    product_keys: Sequence[int]
    release_ids: Sequence[str | None]
    declared: Sequence[bool]
    valid_from_days: Sequence[int]
    valid_until_days: Sequence[int]
    period_start_us: Sequence[int]
    period_end_us: Sequence[int]
    published_at_us: Sequence[int]
    sequences: Sequence[int]
    deprecated_at_us: Sequence[int]
    deprecated_sequences: Sequence[int]
    declared_units: Sequence[str]
    declared_unit_amounts: Sequence[str]
    prices: Sequence[Price | None]
    masses_kg: Sequence[str]
    exempted_percents: Sequence[str]
    characterizations: Sequence[tuple[str, ...]]
    quality: Sequence[Sequence[str] | None]
    primary_share_percents: Sequence[str | None]
    packaging_kg_co2e: Sequence[str | None]
    outbound_kg_co2e: Sequence[str | None]
    excluding_kg_co2e: Sequence[str | None]
    including_kg_co2e: Sequence[str | None]
    components: Sequence[Texts | None]
    direct: Sequence[Mapping[str, Texts] | None]
    countries: Sequence[str | None]
    deviations: Sequence[str | None]
    to_grave: Sequence[bool]
    lines: LineBlock
