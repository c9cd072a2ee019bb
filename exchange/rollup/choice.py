"""Which footprint stands for a product, at two dates: the one place that decides it.

As-of asks what a product carried on a day, known-at what was known at an instant; the ledger head read is the third
bound, so that an answer never mixes two states of the graph. Rules: docs/method.md, "Which footprint stands".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from exchange.model.closure import Dates, Node
from exchange.model.footprint import NEVER_DAY, Footprint, SystemBoundary
from exchange.model.product import Release
from exchange.model.resolved import GapCode


@dataclass(frozen=True, slots=True)
class Choice:
    """The footprint that stands for a product, or why none does.

    reason: NO_FOOTPRINT, EXPIRED, NOT_YET_VALID or OTHER_BOUNDARY where `footprint` is None, else None.
    valid_until_day: exclusive end of the chosen footprint's validity, days since 1970-01-01; NEVER_DAY: open.
    """

    footprint: Footprint | None
    reason: GapCode | None
    valid_until_day: int = NEVER_DAY


def active(footprint: Footprint, dates: Dates) -> bool:
    """Whether this version was published and not deprecated at known-at, as far as the ledger head knows."""
    if footprint.sequence > dates.head or footprint.published_at_us > dates.known_at_us:
        return False
    deprecated = footprint.deprecated_sequence <= dates.head and footprint.deprecated_at_us <= dates.known_at_us
    return not deprecated


def valid_until_day(footprint: Footprint, dates: Dates, successors: Mapping[str, Sequence[Release]]) -> int:
    """The exclusive end of a version's validity, days since 1970-01-01; NEVER_DAY: open.

    A version of a dataset release without an end of its own holds until the dataset's next release that was known
    at known-at ("Which footprint stands").
    """
    if footprint.valid_until_day != NEVER_DAY or footprint.release_id is None:
        return footprint.valid_until_day
    known = (
        release.date_day
        for release in successors.get(footprint.release_id, ())
        if release.sequence <= dates.head and release.created_at_us <= dates.known_at_us
    )
    return min(known, default=NEVER_DAY)


def choose(
    node: Node,
    dates: Dates,
    successors: Mapping[str, Sequence[Release]],
    boundary: SystemBoundary = SystemBoundary.CRADLE_TO_GATE,
) -> Choice:
    """The footprint that stands for a product at `dates`, within a system boundary.

    Candidates are of this boundary, active at known-at and valid on the as-of day; the newest reference period wins
    (its end, then its start, then the ledger sequence). Where there is none: NO_FOOTPRINT if none of any boundary was
    active at known-at, OTHER_BOUNDARY if one of another boundary was, and holds on the as-of day, EXPIRED if one that
    was active had ended by then, else NOT_YET_VALID.
    """
    if node.product.sequence > dates.head:
        return Choice(None, GapCode.NO_FOOTPRINT)
    known = [footprint for footprint in node.footprints if active(footprint, dates)]
    if not known:
        return Choice(None, GapCode.NO_FOOTPRINT)
    ends = [valid_until_day(footprint, dates, successors) for footprint in known]
    candidates = [
        (footprint, end)
        for footprint, end in zip(known, ends, strict=True)
        if footprint.valid_from_day <= dates.as_of_day < end
    ]
    within = [candidate for candidate in candidates if candidate[0].boundary is boundary]
    if within:
        footprint, end = max(within, key=lambda candidate: _order(candidate[0]))
        return Choice(footprint, None, end)
    if candidates:
        return Choice(None, GapCode.OTHER_BOUNDARY)
    expired = any(end <= dates.as_of_day for end in ends)
    return Choice(None, GapCode.EXPIRED if expired else GapCode.NOT_YET_VALID)


def _order(footprint: Footprint) -> tuple[int, int, int]:
    return (footprint.reference_period_end_us, footprint.reference_period_start_us, footprint.sequence)
