"""Publishing footprints: up to a thousand in one transaction, all or none; corrections deprecate what they replace."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import TypeVar

from exchange.errors import Conflict, LoopRefused, Problems
from exchange.graph import Store
from exchange.model.footprint import NEVER_US, Fallback, Footprint, Line, Lines
from exchange.model.ledger import ChangeKind, LedgerHead
from exchange.model.parties import Viewer
from exchange.model.writes import DeprecateFootprint, PublishFootprint, Write
from exchange.operations.answers.permission import require_owner, require_publisher, written_by
from exchange.operations.changing.extreme_publications import count, tell_suppliers
from exchange.operations.exchange import Exchange
from exchange.operations.reading.session import Session
from exchange.operations.requests.checks import Checker
from exchange.operations.requests.footprint_checks import Draft, check_footprint
from exchange.operations.requests.inputs import PublishFootprintsInput
from exchange.operations.turns import PARTS_AT_ONCE, beside
from exchange.operations.writing.idempotency import body_sha256, first_answer, remember, scoped_key
from exchange.operations.writing.queue import Allocation, Decision
from exchange.operations.writing.refusals import check_refusals

FOOTPRINTS_MAX = 1000  # in one request: one transaction of about half a second
LINES_TOTAL_MAX = 100_000  # in one request, so that a thousand footprints stay one bounded transaction

Path = tuple[str, ...]
T = TypeVar("T")
FOOTPRINTS: Path = ("input", "footprints")


async def publish_footprints(exchange: Exchange, viewer: Viewer, given: PublishFootprintsInput) -> list[str]:
    """Publishes all footprints or none, and returns their ids in order.

    Raises InvalidInput (every bad field of every footprint), NotFound and AccessDenied (the product), Conflict,
    LoopRefused, NotSignedIn.
    """
    owner_id = require_publisher(viewer)
    now_us = exchange.clock()
    parts = sum(1 + (len(each.modelled.lines) if each.modelled else 0) for each in given.footprints)
    # Looked up while it is checked; what the checks find is told first.
    checking = exchange.share(viewer).compute(
        lambda: (_check(given, now_us), body_sha256("publishFootprints", given)), parts=parts
    )
    looking_up = (_own_keys(exchange, given, owner_id), _named_keys(exchange, given))
    checked, own, named = await asyncio.gather(checking, *looking_up, return_exceptions=True)
    drafts, body = _there(checked)
    product_keys, named_keys = _there(own), _there(named)
    if any(footprint.product not in product_keys for footprint in given.footprints):
        product_keys = await _check_owner(exchange, viewer, given)
    command = _Publish(
        exchange=exchange,
        drafts=drafts,
        product_keys=product_keys,
        named_keys=named_keys,
        single=given.single,
        owner_id=owner_id,
        by=written_by(viewer),
        key=scoped_key(owner_id, given.idempotency_key),
        body=body,
        begin=lambda: exchange.session(viewer),
    )
    try:
        return await exchange.queue.do(command)
    except LoopRefused as refused:
        if not refused.members:  # too large to be judged
            raise LoopRefused(refused.message, path=("input",)) from None
        position = int(refused.path[0])
        message = "These lines would close a loop that consumes at least one of itself, which has no answer. "
        message += "Nothing was published. Check the amounts and units of the lines."
        raise LoopRefused(message, members=refused.members, path=path_of(position, single=given.single)) from None


async def _own_keys(exchange: Exchange, given: PublishFootprintsInput, owner_id: str) -> dict[str, int]:
    """Keys of the caller's own products that footprints are published of. No product ever changes owner or key, so
    this holds at whatever head it is decided."""
    ids = {footprint.product for footprint in given.footprints[:FOOTPRINTS_MAX]}
    return await exchange.store.read_owned_keys(ids, owner_id)


async def _named_keys(exchange: Exchange, given: PublishFootprintsInput) -> dict[str, int]:
    """Keys of products that lines name by id: most of those that `bind_lines` needs, and they never change either."""
    lines = (line for each in given.footprints[:FOOTPRINTS_MAX] if each.modelled for line in each.modelled.lines)
    ids = {line.product.id for line in islice(lines, LINES_TOTAL_MAX) if line.product.id is not None}
    return await exchange.store.read_keys(ids)


def _there(found: T | BaseException) -> T:
    if isinstance(found, BaseException):
        raise found
    return found


def path_of(position: int, *, single: bool) -> Path:
    """Where a footprint of a request stands in its input."""
    return ("input", "footprint") if single else (*FOOTPRINTS, str(position))


def _check(given: PublishFootprintsInput, now_us: int) -> list[Draft]:
    problems = Problems()
    count = len(given.footprints)
    if not 1 <= count <= FOOTPRINTS_MAX:
        message = f"Send 1 to {FOOTPRINTS_MAX} footprints in one request; this one has {count}."
        problems.add("TOO_MANY" if count else "REQUIRED", message, FOOTPRINTS, expected=f"1 to {FOOTPRINTS_MAX}")
        problems.raise_any()
    drafts = [
        check_footprint(footprint, Checker(problems, path_of(position, single=given.single)), now_us)
        for position, footprint in enumerate(given.footprints)
    ]
    _check_repeats(given, problems)
    problems.raise_any()
    found = [draft for draft in drafts if draft is not None]
    total = sum(len(draft.lines) for draft in found)
    if total > LINES_TOTAL_MAX:
        message = f"This request has {total} lines; at most {LINES_TOTAL_MAX} go into one. Split it."
        problems.add("TOO_MANY", message, FOOTPRINTS, expected=f"≤ {LINES_TOTAL_MAX}", got=str(total))
        problems.raise_any()
    return found


def _check_repeats(given: PublishFootprintsInput, problems: Problems) -> None:
    """Nothing may be named twice in one request: neither a new pfId nor one that is replaced."""
    seen: dict[tuple[str, str], int] = {}
    for position, footprint in enumerate(given.footprints):
        named = [("pfId", footprint.pf_id)] if footprint.pf_id else []
        named += [("precedingPfIds", pf_id) for pf_id in set(footprint.preceding_pf_ids)]
        for name, pf_id in named:
            if (name, str(pf_id)) in seen:
                path = (*path_of(position, single=given.single), name)
                problems.add("REPEATED", f"{pf_id} stands in two footprints of this request", path)
            seen[name, str(pf_id)] = position


async def _check_owner(exchange: Exchange, viewer: Viewer, given: PublishFootprintsInput) -> dict[str, int]:
    """Keys of the products, by what the caller sees of them: so it is told no more of those that are not its own."""
    session = await exchange.session(viewer)
    ids = list(dict.fromkeys(footprint.product for footprint in given.footprints))
    found = dict(zip(ids, await session.products(ids), strict=True))
    keys: dict[str, int] = {}
    for position, footprint in enumerate(given.footprints):
        path = (*path_of(position, single=given.single), "product")
        owned = require_owner(viewer, found[footprint.product], path, doing="publish footprints of it")
        keys[footprint.product] = owned.product.key
    return keys


@dataclass(frozen=True, slots=True)
class _Publish:
    exchange: Exchange
    drafts: Sequence[Draft]
    product_keys: Mapping[str, int]  # by id: of what is published of, and of what was there of what lines name
    named_keys: Mapping[str, int]
    single: bool
    owner_id: str
    by: str
    key: str
    body: str
    begin: Callable[[], Awaitable[Session]]

    @property
    def size(self) -> int:
        return len(self.drafts)

    @property
    def touches(self) -> frozenset[str]:
        """The key, every product (whose versions admission weighs together), every pfId."""
        footprints = [draft.footprint for draft in self.drafts]
        named = {f"{self.owner_id}:{pf_id}" for f in footprints for pf_id in (f.pf_id, *f.preceding_pf_ids) if pf_id}
        return frozenset({self.key, *(f.product_id for f in footprints), *named})

    async def decide(self, head: LedgerHead, now_us: int) -> Decision[list[str]]:
        remembered = await first_answer(self.exchange.store, self.key, self.body)
        if remembered is not None:
            return Decision([str(name) for name in remembered], None)
        await check_refusals(self.exchange.store, {draft.footprint.product_id for draft in self.drafts}, now_us)
        await self._check_releases()
        preceding = await self._preceding()
        bound = await bind_lines(self.exchange.store, [draft.lines for draft in self.drafts], self.named_keys)
        footprints = [self._complete(draft.footprint, lines) for draft, lines in zip(self.drafts, bound, strict=True)]
        replaced = [preceding[pf_id] for f in footprints for pf_id in f.preceding_pf_ids]
        ids = [footprint.id for footprint in footprints]
        judged = await self.exchange.swings.judge(self.begin, self.owner_id, footprints, now_us)

        def build(allocation: Allocation) -> Sequence[Write]:
            writes: list[Write] = []
            for footprint in footprints:
                concerned = {"owner_id": self.owner_id, "product_id": footprint.product_id}
                sequence = allocation.change(ChangeKind.FOOTPRINT_PUBLISHED, footprint.id, **concerned)
                key = allocation.footprint_key()
                writes.append(PublishFootprint(replace(footprint, key=key, sequence=sequence, published_at_us=now_us)))
                for pf_id in footprint.preceding_pf_ids:
                    old = preceding[pf_id]
                    ended = allocation.change(ChangeKind.FOOTPRINT_DEPRECATED, old.id, **concerned)
                    writes.append(DeprecateFootprint(old.id, now_us, ended, f"Replaced by {footprint.pf_id}."))
            tell_suppliers(allocation, judged, self.owner_id)
            return [*writes, remember(self.key, self.body, ids, now_us)]

        return Decision(
            result=ids,
            build=build,
            footprints=footprints,
            deprecated_keys=frozenset(old.key for old in replaced),
            organization_id=self.owner_id,
            written=partial(count, self.exchange, judged, self.owner_id, self.by),
        )

    async def _check_releases(self) -> None:
        ids = sorted({draft.footprint.release_id for draft in self.drafts if draft.footprint.release_id})
        if not ids:
            return
        releases = {release.id: release for release in await self.exchange.store.get_releases(ids) if release}
        datasets = await self.exchange.store.get_datasets(sorted({release.dataset_id for release in releases.values()}))
        own = {dataset.id for dataset in datasets if dataset and dataset.publisher_id == self.owner_id}
        problems = Problems()
        for position, draft in enumerate(self.drafts):
            release = releases.get(draft.footprint.release_id or "")
            if draft.footprint.release_id and (release is None or release.dataset_id not in own):
                path = (*path_of(position, single=self.single), "release")
                problems.add("NOT_KNOWN", "is not a release of your organization; make it by createRelease", path)
        problems.raise_any()

    async def _preceding(self) -> dict[str, Footprint]:
        """The footprints that corrections replace: of the same product, and still Active. New pfIds must be free."""
        drafts = [draft.footprint for draft in self.drafts]
        wanted = sorted({pf_id for draft in drafts for pf_id in (draft.pf_id, *draft.preceding_pf_ids) if pf_id})
        if not wanted:
            return {}
        found = await self.exchange.store.get_footprints_by_pf_id(self.owner_id, wanted)
        known = {footprint.pf_id: footprint for footprint in found if footprint}
        problems = Problems()
        for position, draft in enumerate(drafts):
            path = path_of(position, single=self.single)
            if draft.pf_id in known:
                message = f"{draft.pf_id} is the pfId of another footprint of yours. Leave it out to have one made."
                raise Conflict(message, path=(*path, "pfId"))
            for pf_id in draft.preceding_pf_ids:
                old = known.get(pf_id)
                if old is None or old.product_id != draft.product_id:
                    steps = (*path, "precedingPfIds")
                    problems.add("NOT_KNOWN", f"{pf_id} is not a footprint of this product", steps, got=pf_id)
                elif old.deprecated_at_us != NEVER_US:
                    message = (
                        f"{pf_id} is already deprecated. Name the footprint that stands now, or none if none does."
                    )
                    raise Conflict(message, path=(*path, "precedingPfIds"))
        problems.raise_any()
        return known

    def _complete(self, draft: Footprint, lines: Lines) -> Footprint:
        modelled = replace(draft.modelled, lines=lines) if draft.modelled else None
        return replace(
            draft,
            id=str(uuid.uuid4()),
            pf_id=draft.pf_id or str(uuid.uuid4()),
            product_key=self.product_keys[draft.product_id],
            modelled=modelled,
        )


async def bind_lines(
    store: Store, footprints: Sequence[Sequence[Line]], known: Mapping[str, int] | None = None
) -> list[Lines]:
    """Lines with the keys of the products that they name; what nobody registered stays unbound, and says nothing.
    `known`: keys by id that were looked up before."""
    named: list[Line | Fallback] = [line for lines in footprints for line in lines]
    named += [line.fallback for lines in footprints for line in lines if line.fallback]
    urns = {one.urn for one in named if one.urn is not None}
    by_id = dict(known or {})
    ids = {one.named_id for one in named if one.named_id is not None} - by_id.keys()
    by_urn = await store.read_names(urns) if urns else {}
    by_id |= await store.read_keys(ids) if ids else {}
    if len(named) <= PARTS_AT_ONCE:
        return _bound(footprints, by_urn, by_id)
    return await beside(lambda: _bound(footprints, by_urn, by_id))


def _bound(footprints: Sequence[Sequence[Line]], by_urn: dict[str, int], by_id: dict[str, int]) -> list[Lines]:
    def key(one: Line | Fallback) -> int | None:
        return by_urn.get(one.urn) if one.urn is not None else by_id.get(one.named_id or "")

    def with_fallback(line: Line) -> Line:
        fallback = line.fallback
        return line if fallback is None else replace(line, fallback=replace(fallback, product_key=key(fallback)))

    def suppliers(lines: Sequence[Line]) -> list[int]:
        return [-1 if found is None else found for found in map(key, lines)]

    return [replace(Lines.of(list(map(with_fallback, lines))), suppliers=suppliers(lines)) for lines in footprints]
