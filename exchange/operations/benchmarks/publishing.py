"""Publishing benchmark editions: once a quarter, for all alliances together, by the operator.

A quarter is published whole, in one transaction, or not at all; publishing it again is answered with what was published
then. What is to be published is computed before the write queue is entered, because it takes seconds; what was revoked
or left meanwhile is found in the ledger, and it is computed anew. A process computes one quarter at a time, in a turn
of the operator's: who asks meanwhile is answered with what was published.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Final

from exchange.benchmarks import (
    Candidate,
    ComparableSet,
    Contribution,
    Edition,
    GroupBand,
    Numbers,
    Status,
    WhyNot,
    release,
)
from exchange.benchmarks.categories import parents_of
from exchange.benchmarks.quarters import closing_of, last_closed, quarter_name
from exchange.errors import Conflict, Problems, StoreUnavailable
from exchange.graph import Store
from exchange.model.benchmark import BenchmarkEdition, BenchmarkOutcome, BenchmarkSet, EditionMembers, Quarter
from exchange.model.ledger import ChangeKind, LedgerHead
from exchange.model.parties import Viewer
from exchange.model.writes import PublishQuarter, Write
from exchange.operations.answers.permission import require_administrator, written_by
from exchange.operations.benchmarks.values import Counted, Source, read_counted
from exchange.operations.exchange import Exchange
from exchange.operations.following.snapshots import SnapshotFile
from exchange.operations.requests.checks import US_PER_DAY, date_of_day, day_of
from exchange.operations.turns import beside
from exchange.operations.writing.queue import BATCH_FOOTPRINTS_MAX, Allocation, Decision

TRIES_MAX: Final = 5  # each further one means that somebody left or revoked while it was computed
ENDS_CONSENT: Final = frozenset({ChangeKind.ACCESS_REVOKED, ChangeKind.MEMBER_LEFT})
CLOSING: Final = ("input", "closing")

SetId = tuple[str, ComparableSet]
EditionValues = tuple[tuple[str, Decimal], ...]  # of groups, by their ids


@dataclass(frozen=True, slots=True)
class Published:
    """A quarter as it is published. again: it was, before this was asked."""

    quarter: Quarter
    again: bool


class _Overtaken(Exception):
    """What was computed does not hold any more: compute it anew."""


async def publish_benchmarks(
    exchange: Exchange,
    viewer: Viewer,
    closing: date | None = None,
    *,
    megabytes_max: int = 0,
    snapshot: Path | None = None,
) -> Published:
    """Publishes the quarter that closes on a day, the newest that has ended if none is given. The graph is the one that
    the exchange has in memory. Where it has none: `megabytes_max` is how much memory it may take meanwhile, `snapshot`
    the file in which a server may keep it, which is only read.

    Raises AccessDenied (not the operator), InvalidInput (no last day of a quarter, or one that is not over), Conflict
    (a later quarter is published), ConfigurationInvalid, TooManyRequests, StoreUnavailable.
    """
    require_administrator(viewer)
    live = exchange.graph
    if live is None:
        source = Source(None, megabytes_max, None if snapshot is None else SnapshotFile(snapshot))
    else:
        source = Source(live, live.megabytes_max, live.snapshot)
    async with exchange.publishing:
        for _ in range(TRIES_MAX):
            try:
                return await _published_or_publish(exchange, viewer, closing, source)
            except _Overtaken:
                continue
    raise StoreUnavailable("Members left or revoked again and again meanwhile. Nothing was published; try again.")


async def _published_or_publish(exchange: Exchange, viewer: Viewer, closing: date | None, source: Source) -> Published:
    """Raises _Overtaken where what was computed does not hold any more when it is written."""
    head = await exchange.store.head()
    now_us = max(exchange.clock(), head.at_us)
    closing_day = day_of(_closing(closing, now_us))
    name = quarter_name(date_of_day(closing_day))
    done = await exchange.store.benchmarks.quarters(head.sequence)
    there = _published(done, name)
    if there is not None:
        return there
    closing_us = (closing_day + 1) * US_PER_DAY - 1
    if source.live is not None:
        await source.live.loaded()  # without a turn, which others could have meanwhile
    async with exchange.share(viewer).turn():
        counted = await read_counted(exchange.store, source, head, now_us, closing_day, closing_us)
        prepared = await _prepare(exchange.store, counted, done[-1] if done else None, name, closing_day)
    return await exchange.queue.do(_Publish(exchange.store, written_by(viewer), head, len(done), prepared))


async def _prepare(store: Store, counted: Counted, last: Quarter | None, name: str, closing_day: int) -> Prepared:
    """What a quarter publishes of what is counted in it; `last`: the one before it."""
    in_force = NOTHING_IN_FORCE if last is None else await _in_force(store, last.id)
    return await beside(lambda: prepared_of(counted, in_force, name, closing_day))


def _closing(given: date | None, now_us: int) -> date:
    today = date_of_day(now_us // US_PER_DAY)
    if given is None:
        return last_closed(today)
    if given >= today:
        _wrong(given, f"{given} is not over yet (UTC). Publish the quarter on a later day.", f"before {today}")
    last = closing_of(given)
    if last != given:
        message = f"{given} is not the last day of a quarter. Write {last}, which is the one of its quarter."
        _wrong(given, message, str(last))
    return given


def _wrong(given: date, message: str, expected: str) -> None:
    problems = Problems()
    problems.add("OUT_OF_RANGE", message, CLOSING, expected=expected, got=str(given))
    problems.raise_any()


def _published(done: Sequence[Quarter], name: str) -> Published | None:
    """The quarter, where it is published. Raises Conflict where only a later one is: editions follow one another."""
    there = next((quarter for quarter in done if quarter.id == name), None)
    if there is not None:
        return Published(there, again=True)
    if done and done[-1].id > name:
        raise Conflict(
            f"{done[-1].id} is published, so {name} cannot be any more. Nothing was published.", path=CLOSING
        )
    return None


@dataclass(frozen=True, slots=True)
class InForce:
    """The editions in force, and by which ids they are kept."""

    editions: Mapping[SetId, Edition]
    ids: Mapping[SetId, str]


NOTHING_IN_FORCE: Final = InForce({}, {})


async def _in_force(store: Store, quarter: str) -> InForce:
    """As they were left by a quarter."""
    outcomes = [each for each in await store.benchmarks.outcomes_of_quarter(quarter) if each.edition_id is not None]
    ids = [each.edition_id for each in outcomes if each.edition_id is not None]
    members = {of.edition_id: of.values for of in await store.benchmarks.members(ids)}
    found = await store.benchmarks.get_editions(ids)
    return await beside(lambda: _in_force_of(found, members))


def _in_force_of(found: Iterable[BenchmarkEdition | None], members: Mapping[str, EditionValues]) -> InForce:
    editions: dict[SetId, Edition] = {}
    kept: dict[SetId, str] = {}
    for each in found:
        assert each is not None  # outcomes name what was written with them
        at = each.of.alliance_id, _comparable(each.of)
        values = frozenset(Contribution(*pair) for pair in members[each.id])
        editions[at] = Edition(at[0], at[1], each.quarter, numbers_published(each), values)
        kept[at] = each.id
    return InForce(editions, kept)


def numbers_published(edition: BenchmarkEdition) -> Numbers:
    """What everybody who may read an edition is told."""
    return Numbers(
        edition.lower_quartile,
        edition.median,
        edition.upper_quartile,
        edition.step_percent,
        GroupBand(edition.groups),
    )


def _comparable(of: BenchmarkSet) -> ComparableSet:
    return ComparableSet(of.category, of.boundary, of.dimension, of.price, of.convention)


def _kept_set(at: SetId) -> BenchmarkSet:
    alliance_id, key = at
    return BenchmarkSet(alliance_id, key.category, key.boundary, key.dimension, key.price, key.convention)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A quarter before it has a place in the ledger."""

    quarter: Quarter
    editions: tuple[BenchmarkEdition, ...]
    members: tuple[EditionMembers, ...]
    outcomes: tuple[BenchmarkOutcome, ...]

    def at(self, at_us: int, sequence: int) -> PublishQuarter:
        return PublishQuarter(
            replace(self.quarter, at_us=at_us, sequence=sequence),
            tuple(replace(each, at_us=at_us, sequence=sequence) for each in self.editions),
            self.members,
            tuple(replace(each, sequence=sequence) for each in self.outcomes),
        )


def prepared_of(counted: Counted, last: InForce, name: str, closing_day: int) -> Prepared:
    """What a quarter publishes of what is counted in it, after what is in force before it."""
    there = {(each.alliance_id, each.key) for each in counted.candidates}
    emptied = [
        Candidate(at[0], at[1], ()) for at in last.editions if at not in there
    ]  # what is in force has to say why
    candidates = [*counted.candidates, *emptied]
    found = release(candidates, last.editions, parents_of(each.key.category for each in candidates), name)
    editions: list[BenchmarkEdition] = []
    members: list[EditionMembers] = []
    outcomes: list[BenchmarkOutcome] = []
    for at, outcome in found.items():
        edition_id = last.ids.get(at)
        if outcome.status is Status.NEW:
            assert outcome.edition is not None  # it is new
            edition_id = str(uuid.uuid4())
            editions.append(_edition(edition_id, _kept_set(at), outcome.edition, closing_day))
            values = sorted((each.group_id, each.kg_co2e_per_base_unit) for each in outcome.edition.members)
            members.append(EditionMembers(edition_id, tuple(values)))
        if edition_id is not None or outcome.why_not is not WhyNot.TOO_FEW_GROUPS:
            # Of all others nothing is kept: how few there are, or that there are any, is nobody's to know.
            outcomes.append(BenchmarkOutcome(_kept_set(at), name, edition_id, outcome.why_not, 0))
    by_status = [sum(each.status is status for each in found.values()) for status in (Status.NEW, Status.KEPT)]
    none = sum(each.edition_id is None for each in outcomes)
    quarter = Quarter(name, closing_day, counted.products, by_status[0], by_status[1], none, 0, 0)
    return Prepared(quarter, tuple(editions), tuple(members), tuple(outcomes))


def _edition(edition_id: str, of: BenchmarkSet, made: Edition, closing_day: int) -> BenchmarkEdition:
    numbers = made.numbers
    return BenchmarkEdition(
        id=edition_id,
        of=of,
        quarter=made.quarter,
        closing_day=closing_day,
        lower_quartile=numbers.lower_quartile,
        median=numbers.median,
        upper_quartile=numbers.upper_quartile,
        step_percent=numbers.step_percent,
        groups=numbers.groups.value,
        at_us=0,
        sequence=0,
    )


@dataclass(frozen=True, slots=True)
class _Publish:
    """computed_at: the head that `prepared` was computed at; done: how many quarters were published by then."""

    store: Store
    by: str
    computed_at: LedgerHead
    done: int
    prepared: Prepared
    size: int = BATCH_FOOTPRINTS_MAX
    touches: frozenset[str] = field(default=frozenset({"benchmarks"}))

    async def decide(self, head: LedgerHead, now_us: int) -> Decision[Published]:
        done = await self.store.benchmarks.quarters(head.sequence)
        there = _published(done, self.prepared.quarter.id)
        if there is not None:
            return Decision(there, None)
        since = await self.store.changes(self.computed_at.sequence, head.sequence)
        if len(done) != self.done or not ENDS_CONSENT.isdisjoint(change.kind for change in since):
            raise _Overtaken
        written = self.prepared.at(now_us, head.sequence + 1)

        def build(allocation: Allocation) -> Sequence[Write]:
            quarter = self.prepared.quarter
            detail = f"{quarter.new} new, {quarter.kept} kept"
            sequence = allocation.change(ChangeKind.BENCHMARKS_PUBLISHED, quarter.id, detail=detail, organization_id="")
            return [self.prepared.at(now_us, sequence)]

        return Decision(Published(written.quarter, again=False), build)
