"""What few lines have, by line, beside the columns: ratings, spreads, fallbacks, and names that are nobody's yet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from exchange.memory.layout import NOBODY, LineFallback
from exchange.memory.tables import Tables
from exchange.model.footprint import Fallback, LineExtras
from exchange.rollup.standings import binary_deviation, stated_ratings


def put_few(
    tables: Tables,
    first: int,
    suppliers: Iterable[int],
    names: Sequence[str] | None,
    extras: Mapping[int, LineExtras],
) -> None:
    """Of the lines of one version, which begin at `first`. names: of its lines; None: each has a supplier. extras: by
    position. Units of fallbacks are numbered in this order."""
    if names is not None:
        for position, supplier in enumerate(suppliers):
            if supplier == NOBODY and not names[position].startswith("id:"):
                tables.unbound.setdefault(names[position], []).append(first + position)
    for position, each in extras.items():
        line = first + position
        if each.data_quality is not None:
            tables.ratings[line] = stated_ratings(each.data_quality)
        of_line = each.geometric_standard_deviation
        of_fallback = None if each.fallback is None else each.fallback.geometric_standard_deviation
        if of_line is not None or of_fallback is not None:
            tables.deviations[line] = (binary_deviation(of_line), binary_deviation(of_fallback))
        if each.fallback is not None:
            _put_fallback(tables, line, each.fallback)


def _put_fallback(tables: Tables, line: int, fallback: Fallback) -> None:
    key = NOBODY if fallback.product_key is None else fallback.product_key
    unit = tables.number(tables.units, (fallback.unit, fallback.price))
    tables.fallbacks[line] = LineFallback(fallback.amount, unit, key)
    if key != NOBODY:
        tables.fallback_followers.setdefault(key, []).append(line)
    elif fallback.urn is not None:
        tables.unbound_fallbacks.setdefault(fallback.urn, []).append(line)
