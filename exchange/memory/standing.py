"""Which version stands for each of many products: exchange.rollup.choose by columns (docs/method.md, same section)."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

import numpy as np

from exchange.memory.columns import Array
from exchange.memory.layout import NOBODY, TO_GRAVE
from exchange.memory.tables import Tables
from exchange.model.closure import Dates
from exchange.model.footprint import NEVER_DAY
from exchange.model.resolved import GAP_CODES, NO_GAP, GapCode, Ints

NO_FOOTPRINT = GAP_CODES.index(GapCode.NO_FOOTPRINT)
EXPIRED = GAP_CODES.index(GapCode.EXPIRED)
NOT_YET_VALID = GAP_CODES.index(GapCode.NOT_YET_VALID)
OTHER_BOUNDARY = GAP_CODES.index(GapCode.OTHER_BOUNDARY)


@dataclass(frozen=True, slots=True, eq=False)
class Stood:
    """Of each product: the version that stands (NOBODY: none), why none does, and when it ends (exclusive day)."""

    version: Ints
    reason: Ints
    until_day: Ints


def stand(tables: Tables, products: Array, dates: Dates, ends: Array, *, to_grave: bool = False) -> Stood:
    """The cradle-to-gate version that stands for each of these products at `dates` (`to_grave`: the one from cradle to
    grave); `ends`: see `release_ends`."""
    versions, count = tables.versions, len(products)
    best = np.full(count, NOBODY, dtype=np.int64)
    until = np.full(count, NEVER_DAY, dtype=np.int64)
    active, expired, other = np.zeros((3, count), dtype=np.bool_)
    exists = tables.products.sequence.values[products] <= dates.head
    current = np.where(exists, tables.products.latest_version.values[products], NOBODY)
    while True:
        at = np.flatnonzero(current != NOBODY)
        if not len(at):
            break
        version = current[at]
        current[at] = versions.previous.values[version]
        known = is_active(tables, version, dates)
        at, version = at[known], version[known]
        end = ends_of(tables, version, ends)
        active[at] = True
        expired[at] |= end <= dates.as_of_day
        valid = (versions.valid_from_day.values[version] <= dates.as_of_day) & (dates.as_of_day < end)
        at, version, end = at[valid], version[valid], end[valid]
        within = ((versions.kind.values[version] & TO_GRAVE) != 0) == to_grave
        other[at[~within]] = True
        at, version, end = at[within], version[within], end[within]
        newer = _is_newer(tables, version, best[at])
        best[at[newer]], until[at[newer]] = version[newer], end[newer]
    ended = np.where(expired, EXPIRED, NOT_YET_VALID)
    reason = np.where(active, np.where(other, OTHER_BOUNDARY, ended), NO_FOOTPRINT)
    return Stood(best, np.where(best == NOBODY, reason, NO_GAP), until)


def is_active(tables: Tables, version: Array, dates: Dates) -> Array:
    """Versions that were published and not deprecated at known-at, as far as the ledger head knows."""
    versions = tables.versions
    published = (versions.sequence.values[version] <= dates.head) & (
        versions.published_at_us.values[version] <= dates.known_at_us
    )
    deprecated = (versions.deprecated.sequence(version) <= dates.head) & (
        versions.deprecated.at_us(version) <= dates.known_at_us
    )
    return np.asarray(published & ~deprecated)


def release_ends(tables: Tables, head: int, known_at_us: int) -> Array:
    """Of each release, the day on which the next one known then begins; NEVER_DAY: none does."""
    known: dict[str, list[tuple[int, int]]] = {}
    for each in tables.releases:
        if each.sequence <= head and each.created_at_us <= known_at_us:
            known.setdefault(each.dataset_id, []).append((each.date_day, each.sequence))
    for places in known.values():
        places.sort()
    ends = np.full(len(tables.releases), NEVER_DAY, dtype=np.int64)
    for at, release in enumerate(tables.releases):
        places = known.get(release.dataset_id, [])
        following = bisect_right(places, (release.date_day, release.sequence))
        if following < len(places):
            ends[at] = places[following][0]
    return ends


def ends_of(tables: Tables, version: Array, ends: Array) -> Ints:
    """The exclusive end of validity of versions; one of a release may end when the next release begins."""
    versions = tables.versions
    until = versions.valid_until_day.values[version].astype(np.int64)
    release = versions.release.values[version]
    by_release = np.flatnonzero((until == NEVER_DAY) & (release != NOBODY))
    if len(by_release):
        until[by_release] = ends[release[by_release]]
    return until


def _is_newer(tables: Tables, version: Array, other: Array) -> Array:
    """By reference period (end, start), then ledger sequence; anything is newer than nothing."""
    versions = tables.versions
    newer: Array = np.asarray(other == NOBODY)
    if newer.all():
        return newer
    undecided = ~newer
    known = np.where(newer, version, other)
    for column in (versions.period_end_us, versions.period_start_us, versions.sequence):
        mine, theirs = column.values[version], column.values[known]
        newer = newer | (undecided & (mine > theirs))
        undecided = undecided & (mine == theirs)
    return newer
