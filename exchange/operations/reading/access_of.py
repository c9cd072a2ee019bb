"""What another organization sees of an own product, answered to the owner: how, and exactly what it is shown.

Exact as far as the owner decides it. What others decide (whether the organization sees their products, or is in an
alliance that the owner is not in) is a condition, by name: the answer is made of the owner's facts alone, and of no
other owner's grants (access/others.py). With a grant that is only proposed it says what that would change.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from exchange.access import (
    Disclosure,
    Other,
    Route,
    RouteCondition,
    RouteKind,
    disclosed,
    facts,
    levels_by,
    routes,
)
from exchange.model.alliance import Membership
from exchange.model.closure import Dates, Node
from exchange.model.grant import AccessLevel, Grant
from exchange.model.product import Product
from exchange.model.resolved import ResolvedLines, Total
from exchange.operations.answers.values import FootprintAnswer, GrantAnswer, LineAnswer, RefusedAnswer
from exchange.operations.following.rights_of_one import given_by
from exchange.operations.reading import footprint_answers
from exchange.operations.reading.grant_answers import grant_answer
from exchange.operations.reading.roll_ups import Solved, refused_answer, solve_for
from exchange.operations.reading.sight import Sight
from exchange.rollup.own_terms import excluding
from exchange.rollup.rounding import round_to


class AccessReasonCode(StrEnum):
    """Conditions (the first two), and what hides something."""

    SEES_PRODUCT = "SEES_PRODUCT"
    SEES_FALLBACK = "SEES_FALLBACK"
    LEVEL = "LEVEL"
    NO_LINES = "NO_LINES"
    NOT_SHARED = "NOT_SHARED"
    GAP = "GAP"
    SERVED_BY_FALLBACK = "SERVED_BY_FALLBACK"


@dataclass(frozen=True, slots=True)
class AccessReason:
    """line: the number of the owner's line. product_key: None where there is none, or the owner does not see it."""

    code: AccessReasonCode
    line: int | None = None
    product_key: int | None = None


@dataclass(frozen=True, slots=True)
class ShownPart:
    """Whether a part is shown. reasons: the conditions that must all hold, or else what hides it."""

    disclosure: Disclosure
    reasons: tuple[AccessReason, ...] = ()


@dataclass(frozen=True, slots=True)
class ShownLine:
    line: LineAnswer  # as the owner sees it
    part: ShownPart


@dataclass(frozen=True, slots=True)
class ShownAnswer:
    """What is shown at a level. total: None where there is no result. direct: direct emissions and stages. lines: at
    INPUTS alone. rest_kg_co2e: the total minus the lines that are shown for certain, excluding biogenic uptake; rounded
    as the other is shown it, at the root of its tree."""

    level: AccessLevel
    total: Total | None
    refused: RefusedAnswer | None
    has_gaps: bool
    direct: ShownPart
    lines: tuple[ShownLine, ...]
    rest_kg_co2e: Decimal | None
    comment: str | None


@dataclass(frozen=True, slots=True)
class AccessRoute:
    """kind to condition as in Route. grant: None: the proposed one. from_us, until_us: when it begins and ends."""

    kind: RouteKind
    level: AccessLevel
    in_force: bool
    condition: RouteCondition | None
    grant: GrantAnswer | None
    from_us: int
    until_us: int | None


@dataclass(frozen=True, slots=True)
class AccessOfAnswer:
    """level: for certain; level_at_most: if all conditions hold. shown: at `level`; None: nothing, or everything."""

    organization_id: str
    level: AccessLevel
    level_at_most: AccessLevel
    routes: tuple[AccessRoute, ...]
    shown: ShownAnswer | None


async def access_of(
    session: Sight, keys: Sequence[int], organization_id: str, dates: Dates, proposed: Grant | None = None
) -> list[AccessOfAnswer | None]:
    """What an organization sees of each product; None where the viewer does not own it, or no such organization is.

    proposed: a grant that counts as if it had been given. Reads and solves for all products together.
    """
    answers = await session.products_by_key(keys)
    own = {answer.product.key: answer.product for answer in answers if answer and answer.access == AccessLevel.OWNER}
    if not own or (await session.store.get_organizations([organization_id]))[0] is None:
        return [None] * len(keys)
    # Everything that is told is of one owner's facts; the operator may ask about several at once.
    found: dict[int, AccessOfAnswer] = {}
    for owner_id in dict.fromkeys(product.owner_id for product in own.values()):
        of_owner = [product for product in own.values() if product.owner_id == owner_id]
        if owner_id == organization_id:
            every = AccessLevel.OWNER
            found |= {one.key: AccessOfAnswer(organization_id, every, every, (), None) for one in of_owner}
        else:
            found |= await _of_one_owner(session, of_owner, organization_id, dates, proposed)
    return [found.get(key) for key in keys]


async def _of_one_owner(
    session: Sight, products: Sequence[Product], organization_id: str, dates: Dates, proposed: Grant | None
) -> dict[int, AccessOfAnswer]:
    owner_id = products[0].owner_id
    knowing = _Knowing(session, owner_id, proposed)
    nodes = await session.store.read_nodes([product.key for product in products])
    other = await knowing.other(organization_id)
    found = {
        product.key: tuple(routes(product, knowing.grants(nodes[product.key]), other))
        for product in products
        if product.key in nodes
    }
    seen = [key for key, by in found.items() if levels_by(by)[0] >= AccessLevel.TOTAL]
    shown = await _shown(session, knowing, other, {key: levels_by(found[key])[0] for key in seen}, dates)
    return {
        key: AccessOfAnswer(organization_id, *levels_by(by), tuple(knowing.told(route) for route in by), shown.get(key))
        for key, by in found.items()
    }


@dataclass(frozen=True, slots=True)
class _Knowing:
    """What one owner knows of others; proposed: a grant that counts as if it were among its own."""

    session: Sight
    owner_id: str
    proposed: Grant | None

    def grants(self, node: Node) -> list[Grant]:
        return [*node.grants, *([] if self.proposed is None else [self.proposed])]

    def told(self, route: Route) -> AccessRoute:
        answer = grant_answer(route.grant, self.owner_id)
        given = None if route.grant is self.proposed else answer
        return AccessRoute(
            route.kind, route.level, route.in_force, route.condition, given, answer.from_us, answer.until_us
        )

    async def other(self, organization_id: str) -> Other:
        shown = await self._alliances()
        memberships = await self.session.store.memberships_in(sorted(shown)) if shown else []
        theirs = [each for each in memberships if each.organization_id == organization_id]
        inside = frozenset(each.alliance_id for each in theirs if each.holds(self.session.now_us))
        other = Other(organization_id, self.session.now_us, inside, shown - inside)
        opened = await self._opened(other, theirs)
        onward = await self.session.find_onward(opened) if opened else set()
        return replace(other, onward=frozenset(onward))

    async def _alliances(self) -> frozenset[str]:
        """Of which the owner is shown who is in them; the operator, who sees all, is told what the owner is."""
        if not self.session.viewer.operator:
            return await self.session.alliances()
        found = await self.session.store.memberships_of(self.owner_id)
        return frozenset(each.alliance_id for each in found if each.holds(self.session.now_us))

    async def _opened(self, other: Other, memberships: Sequence[Membership]) -> set[int]:
        """Keys of the owner's products of which the organization is shown lines, by its own grants alone, as far as
        the owner is shown its memberships."""
        grants = await self.session.store.grants_to(other.organization_id, *sorted(other.member_of))
        if self.proposed is not None:
            grants = [*grants, self.proposed]
        given = given_by(memberships, grants, other.organization_id, other.now_us)
        keys = sorted(key for key, level in given.by_key.items() if level == AccessLevel.INPUTS)
        products = await self.session.store.get_products_by_key(keys) if keys else []
        own = {product.key for product in products if product is not None and product.owner_id == self.owner_id}
        opened = {covered for covered, level in given.of_many.items() if level == AccessLevel.INPUTS}
        many = {covered for covered in opened if covered[0] == self.owner_id}
        return own | set(await self.session.store.covered_keys(many) if many else ())


async def _shown(
    session: Sight, knowing: _Knowing, other: Other, levels: Mapping[int, AccessLevel], dates: Dates
) -> dict[int, ShownAnswer]:
    """What is shown of each product at its level."""
    if not levels:
        return {}
    keys = list(levels)
    footprints = dict(zip(keys, await footprint_answers.standing(session, keys, dates), strict=True))
    async with session.share.turn():
        solved = await solve_for(session, keys, dates)
        resolved = {key: _resolved(solved, key, footprints[key]) for key in keys}
        named = {
            one
            for lines in resolved.values()
            if lines
            for one in (*lines.serving.tolist(), *lines.fallback_named.tolist())
        }
        sees = await _sees(session, knowing, other, named)
        return await session.share.compute(
            lambda: {key: _answer(solved, key, levels[key], footprints[key], resolved[key], sees) for key in keys}
        )


def _resolved(solved: Solved, key: int, footprint: FootprintAnswer | None) -> ResolvedLines | None:
    """None: no footprint stands, it states its result, or the supply chain is too large to be looked into."""
    refusal = solved.solution.refusal(key)
    if footprint is None or (refusal is not None and not refusal.members):
        return None
    return solved.resolved(key)


async def _sees(
    session: Sight, knowing: _Knowing, other: Other, named: Collection[int]
) -> dict[int, tuple[Disclosure, int | None]]:
    """Whether the organization sees each of the products that lines name, and its key where the owner sees it."""
    keys = sorted(key for key in named if key >= 0)
    answers = {one.product.key: one.product for one in await session.products_by_key(keys) if one is not None}
    own = [key for key, product in answers.items() if product.owner_id == knowing.owner_id]
    nodes = await session.store.read_nodes(own) if own else {}
    found: dict[int, tuple[Disclosure, int | None]] = {}
    for key in keys:
        product = answers.get(key)
        if product is None:  # what the owner does not see, it is told nothing of
            found[key] = Disclosure.CONDITIONAL, None
        else:
            grants = knowing.grants(nodes[key]) if key in nodes else None
            found[key] = disclosed(product, grants, other), key
    return found


def _answer(
    solved: Solved,
    key: int,
    level: AccessLevel,
    footprint: FootprintAnswer | None,
    resolved: ResolvedLines | None,
    sees: Mapping[int, tuple[Disclosure, int | None]],
) -> ShownAnswer:
    refusal = solved.solution.refusal(key)
    parts = [] if resolved is None else [_of_line(resolved, at, sees) for at in range(len(resolved.serving))]
    opened = level == AccessLevel.INPUTS

    def level_of(one: int) -> AccessLevel:
        if one == key:
            return level
        return AccessLevel.TOTAL if one in sees and sees[one][0] is Disclosure.SHOWN else AccessLevel.NONE

    rest = None
    if opened and refusal is None:
        node = facts(key, level_of, solved)
        assert node is not None  # it is shown at INPUTS
        rest = round_to(excluding(node.own), node.total.quantum)
    lines = footprint.lines if footprint is not None and footprint.lines is not None and resolved is not None else ()
    return ShownAnswer(
        level=level,
        total=None if refusal is not None else solved.total(key),
        refused=None if refusal is None else refused_answer(solved, refusal, AccessLevel.OWNER),
        has_gaps=resolved is not None and bool(resolved.gaps.any()),
        direct=_direct(level, resolved, parts),
        lines=tuple(map(ShownLine, lines, parts)) if opened else (),
        rest_kg_co2e=rest,
        comment=footprint.comment if opened and footprint is not None else None,
    )


def _of_line(resolved: ResolvedLines, at: int, sees: Mapping[int, tuple[Disclosure, int | None]]) -> ShownPart:
    """The rule of access/facts.py, line_is_shown, with what the owner knows of the other's sight."""
    number = at + 1
    if not resolved.resolves_to_own[at]:
        code = AccessReasonCode.GAP if resolved.gaps[at] else AccessReasonCode.SERVED_BY_FALLBACK
        return ShownPart(Disclosure.HIDDEN, (AccessReason(code, number),))
    needed = [(AccessReasonCode.SEES_PRODUCT, int(resolved.serving[at]))]
    if resolved.has_fallback[at]:
        needed.append((AccessReasonCode.SEES_FALLBACK, int(resolved.fallback_named[at])))
    unseen = (Disclosure.CONDITIONAL, None)  # a fallback that nobody registered is like one that the owner cannot see
    found = [(code, *sees.get(product, unseen)) for code, product in needed]
    hidden = tuple(
        AccessReason(AccessReasonCode.NOT_SHARED, number, product)
        for _, disclosure, product in found
        if disclosure is Disclosure.HIDDEN
    )
    if hidden:
        return ShownPart(Disclosure.HIDDEN, hidden)
    open_ = tuple(
        AccessReason(code, number, product)
        for code, disclosure, product in found
        if disclosure is Disclosure.CONDITIONAL
    )
    return ShownPart(Disclosure.CONDITIONAL if open_ else Disclosure.SHOWN, open_)


def _direct(level: AccessLevel, resolved: ResolvedLines | None, parts: Sequence[ShownPart]) -> ShownPart:
    """Direct emissions and stages: from BREAKDOWN on, if every line is shown."""
    if level < AccessLevel.BREAKDOWN:
        return ShownPart(Disclosure.HIDDEN, (AccessReason(AccessReasonCode.LEVEL),))
    if resolved is None:
        return ShownPart(Disclosure.HIDDEN, (AccessReason(AccessReasonCode.NO_LINES),))
    for disclosure in (Disclosure.HIDDEN, Disclosure.CONDITIONAL):
        reasons = tuple(reason for part in parts if part.disclosure is disclosure for reason in part.reasons)
        if reasons:
            return ShownPart(disclosure, reasons)
    return ShownPart(Disclosure.SHOWN)


__all__ = [
    "AccessOfAnswer",
    "AccessReason",
    "AccessReasonCode",
    "ShownAnswer",
    "ShownLine",
    "ShownPart",
    "access_of",
]
