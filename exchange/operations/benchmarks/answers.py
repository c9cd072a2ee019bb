"""Benchmarks as their viewer is told of them: the members of an alliance all the same, nobody else anything.

What is told is what was published. Where a product stands is read off those numbers and off the product's own result,
which its owner has anyway; a set of which nothing is published says why, and says it alike whether it has five groups,
one or none. Which set is asked about follows from the product: there are no filters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from exchange.benchmarks import Position, WhyNot, position
from exchange.benchmarks.categories import with_those_above
from exchange.benchmarks.comparable import price_text
from exchange.comparison import BiogenicConvention
from exchange.model.benchmark import UNSTATED, BenchmarkEdition, BenchmarkOutcome, BenchmarkSet
from exchange.model.footprint import SystemBoundary
from exchange.model.grant import AccessLevel
from exchange.model.paging import Page
from exchange.operations.answers.short_lists import page_of_ids
from exchange.operations.answers.values import AllianceAnswer, FootprintAnswer, PageAnswer, RollUpAnswer
from exchange.operations.benchmarks.publishing import numbers_published
from exchange.operations.reading import footprint_answers
from exchange.operations.reading.comparing import convention_of
from exchange.operations.requests.checks import US_PER_DAY
from exchange.units import Dimension, dimension, size

if TYPE_CHECKING:
    from exchange.operations.reading.session import Session

SHOWN: Final = Context(prec=12)  # digits of an own result per base unit
GATE, GRAVE = SystemBoundary.CRADLE_TO_GATE, SystemBoundary.CRADLE_TO_GRAVE


class Reason(StrEnum):
    """Why nothing, or nothing newer, is published of a set."""

    NOT_PUBLISHED_YET = "NOT_PUBLISHED_YET"  # no quarter that closed since the alliance was founded
    TOO_FEW_GROUPS = "TOO_FEW_GROUPS"
    TOO_FEW_CHANGES = "TOO_FEW_CHANGES"
    NOT_POSITIVE = "NOT_POSITIVE"
    TOO_CLOSE_TO_ANOTHER = "TOO_CLOSE_TO_ANOTHER"


@dataclass(frozen=True, slots=True)
class EditionAnswer:
    """in_force: no newer one has taken its place. kept_because: of such a one, why the newest quarter has no other."""

    edition: BenchmarkEdition
    in_force: bool
    kept_because: Reason | None


@dataclass(frozen=True, slots=True)
class PlaceAnswer:
    """Where an own product stands in a set. kg_co2e_per_base_unit: its own result. reason: why there is no edition, or
    none newer. position: None without an edition."""

    of: BenchmarkSet
    kg_co2e_per_base_unit: Decimal
    edition: EditionAnswer | None
    reason: Reason | None
    position: Position | None


async def benchmarks(session: Session, alliance: AllianceAnswer, page: Page) -> PageAnswer[EditionAnswer] | None:
    """The editions in force in an alliance, by category; None for whoever is no member."""
    if not alliance.is_member:
        return None
    quarter = await _newest_quarter(session)
    found = [] if quarter is None else await session.store.benchmarks.outcomes_in(alliance.id, quarter)
    there = [(each.edition_id, each) for each in found if each.edition_id is not None]
    part = page_of_ids(there, [edition_id for edition_id, _ in there], page, lambda each: each)
    editions = await session.store.benchmarks.get_editions([edition_id for edition_id, _ in part.items])
    answers = tuple(
        _told(session, edition, outcome)
        for edition, (_, outcome) in zip(editions, part.items, strict=True)
        if edition is not None
    )
    return PageAnswer(answers, part.keys, part.has_next, part.has_previous, part.total)


async def editions(session: Session, ids: Sequence[str]) -> list[EditionAnswer | None]:
    """One entry per id, in order; None: unknown, or of an alliance that the viewer is no member of."""
    mine, head = await session.alliances(), session.head.sequence
    found = [
        each
        if each is not None and each.sequence <= head and (session.viewer.operator or each.of.alliance_id in mine)
        else None
        for each in await session.store.benchmarks.get_editions(ids)
    ]
    outcomes = await session.store.benchmarks.outcomes_of([each.of.key for each in found if each], head)
    return [None if each is None else _told(session, each, outcomes.get(each.of.key)) for each in found]


async def earlier(session: Session, edition: BenchmarkEdition, page: Page) -> PageAnswer[EditionAnswer]:
    """Editions of the same set before this one, the newest first."""
    found = await session.store.benchmarks.editions_of(edition.of.key, session.head.sequence)
    before = [each for each in found if each.sequence < edition.sequence]
    return page_of_ids(before, [each.id for each in before], page, lambda each: _told(session, each, None))


def _told(session: Session, edition: BenchmarkEdition, outcome: BenchmarkOutcome | None) -> EditionAnswer:
    session.benchmarks_read[edition.of.alliance_id, f"{edition.quarter} {edition.of.category}"] = True
    in_force = outcome is not None and outcome.edition_id == edition.id
    why = outcome.why_not if outcome is not None and in_force else None
    return EditionAnswer(edition, in_force, None if why is None else Reason(why))


async def _newest_quarter(session: Session, since_us: int = 0) -> str | None:
    """Of those that closed since then: nobody of an alliance that is younger was counted."""
    found = await session.store.benchmarks.quarters(session.head.sequence)
    return found[-1].id if found and (found[-1].closing_day + 1) * US_PER_DAY > since_us else None


# -- where a product stands --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Own:
    """A result of an own product, and what sets it is in."""

    boundary: SystemBoundary
    kg_co2e: Decimal
    convention: str
    footprint: FootprintAnswer

    @property
    def kg_co2e_per_base_unit(self) -> Decimal:
        per = self.footprint
        return SHOWN.divide(self.kg_co2e, per.declared_unit_amount * size(per.declared_unit))


async def places(
    session: Session, alliance: AllianceAnswer, product_id: str, as_of_day: int | None, known_at_us: int | None
) -> tuple[PlaceAnswer, ...] | None:
    """Where an own product stands in an alliance, in each of its categories and in those above; None for whoever is no
    member or not the owner."""
    [found] = await session.products([product_id])
    if not alliance.is_member or found is None or found.access < AccessLevel.OWNER:
        return None
    own = await _own_results(session, found.product.key, as_of_day, known_at_us)
    sets = [
        (BenchmarkSet(alliance.id, category, each.boundary, *_comparable(each)), each)
        for each in own
        for category in with_those_above(found.product.classifications)
    ]
    quarter = await _newest_quarter(session, since_us=alliance.founded_at_us)
    outcomes = await _outcomes(session, [of for of, _ in sets], quarter)
    ids = list(dict.fromkeys(each.edition_id for each in outcomes.values() if each.edition_id is not None))
    editions = dict(zip(ids, await session.store.benchmarks.get_editions(ids), strict=True))
    return tuple(_place(session, of, each, outcomes.get(of.key), editions, quarter) for of, each in sets)


def _comparable(own: _Own) -> tuple[Dimension, str, str]:
    return dimension(own.footprint.declared_unit), price_text(own.footprint.price), own.convention


async def _outcomes(
    session: Session, sets: Sequence[BenchmarkSet], quarter: str | None
) -> Mapping[str, BenchmarkOutcome]:
    """Of the newest quarter alone: what an older one says of a set that it tells no more of holds no more."""
    found = await session.store.benchmarks.outcomes_of([of.key for of in sets], session.head.sequence)
    return {key: outcome for key, outcome in found.items() if outcome.quarter == quarter}


async def _own_results(session: Session, key: int, as_of_day: int | None, known_at_us: int | None) -> list[_Own]:
    [result] = await session.roll_up([key], as_of_day, known_at_us)
    dates = session.dates(as_of_day, known_at_us)
    standing = await footprint_answers.standing_within(session, [key], dates, list(SystemBoundary))
    own = []
    [gate], [grave] = standing[GATE], standing[GRAVE]
    if gate is not None and isinstance(result, RollUpAnswer):
        own.append(_Own(GATE, result.excluding_kg_co2e, BiogenicConvention.EXCLUDING_UPTAKE.value, gate))
    if grave is not None and grave.declared is not None:
        convention = convention_of(grave.declared)
        told = UNSTATED if convention is None else convention.value
        own.append(_Own(GRAVE, grave.declared.excluding_kg_co2e, told, grave))
    return own


def _place(
    session: Session,
    of: BenchmarkSet,
    own: _Own,
    outcome: BenchmarkOutcome | None,
    editions: Mapping[str, BenchmarkEdition | None],
    quarter: str | None,
) -> PlaceAnswer:
    value = own.kg_co2e_per_base_unit
    edition = None if outcome is None or outcome.edition_id is None else editions[outcome.edition_id]
    if edition is None:
        # Told to nobody else: that somebody asks about this category says what it makes.
        session.benchmarks_read[of.alliance_id, f"nothing of {of.category}"] = False
        why = None if outcome is None else outcome.why_not
        reason = Reason.NOT_PUBLISHED_YET if quarter is None else Reason(why or WhyNot.TOO_FEW_GROUPS)
        return PlaceAnswer(of, value, None, reason, None)
    told = _told(session, edition, outcome)
    return PlaceAnswer(of, value, told, told.kept_because, position(float(value), numbers_published(edition)))
