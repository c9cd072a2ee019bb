"""What an owner can say of what another organization sees of its products: by its own facts alone.

An owner knows its grants, who is in the alliances that it is in, what is public, and what was granted to it onward. It
does not know what other owners granted to that organization, nor who is in alliances that it is not in: where something
depends on those, it is told as a condition. So an answer made of this is the same in all worlds that show the owner the
same facts, and tells it nothing of other owners' grants.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from exchange.model.footprint import NEVER_US
from exchange.model.grant import AccessLevel, Grant
from exchange.model.product import Product


class Disclosure(StrEnum):
    """Whether something is shown to another organization."""

    SHOWN = "SHOWN"
    CONDITIONAL = "CONDITIONAL"
    HIDDEN = "HIDDEN"


class RouteKind(StrEnum):
    """By what an organization sees a product."""

    ORGANIZATION = "ORGANIZATION"
    ALLIANCE = "ALLIANCE"
    PUBLIC = "PUBLIC"
    ONWARD = "ONWARD"


class RouteCondition(StrEnum):
    """What others decide, and the owner is not shown."""

    IS_MEMBER = "IS_MEMBER"
    SEES_LINES = "SEES_LINES"


@dataclass(frozen=True, slots=True)
class Route:
    """A grant by which the organization sees the product, or does if a condition holds. level: what it shows."""

    kind: RouteKind
    level: AccessLevel
    grant: Grant
    in_force: bool
    condition: RouteCondition | None = None


@dataclass(frozen=True, slots=True)
class Other:
    """An organization as an owner knows it. member_of, not_member_of: alliances of which the owner is shown that it is
    in them, or is not. onward: keys of products that it sees because it holds INPUTS on what they go into, as far as
    the owner decides that."""

    organization_id: str
    now_us: int
    member_of: frozenset[str]
    not_member_of: frozenset[str]
    onward: frozenset[int] = frozenset()


def routes(product: Product, grants: Iterable[Grant], other: Other) -> list[Route]:
    """By which of an owner's grants another organization sees one of its products, those that begin later included."""
    found: list[Route] = []
    for grant in grants:
        over = grant.revoked_at_us != NEVER_US or grant.until_us <= other.now_us
        if over or grant.level == AccessLevel.NONE or not grant.covers(product):
            continue
        in_force = grant.in_force(other.now_us)
        direct = _direct(grant, other)
        if direct is not None:
            kind, condition = direct
            level = AccessLevel.TOTAL if grant.public else grant.level
            found.append(Route(kind, level, grant, in_force, condition))
        if grant.onward and (direct is None or direct[1] is not None) and not grant.public:
            # Granted onward to an alliance that its own owner is in, it passes through the owner's own products.
            known = product.key in other.onward and grant.alliance_id in other.member_of | other.not_member_of
            sees = None if known and in_force else RouteCondition.SEES_LINES
            found.append(Route(RouteKind.ONWARD, AccessLevel.TOTAL, grant, in_force, sees))
    return found


def _direct(grant: Grant, other: Other) -> tuple[RouteKind, RouteCondition | None] | None:
    if grant.public:
        return RouteKind.PUBLIC, None
    if grant.alliance_id is None:
        return (RouteKind.ORGANIZATION, None) if grant.organization_id == other.organization_id else None
    if grant.alliance_id in other.member_of:
        return RouteKind.ALLIANCE, None
    if grant.alliance_id in other.not_member_of:
        return None
    return RouteKind.ALLIANCE, RouteCondition.IS_MEMBER


def levels_by(found: Sequence[Route]) -> tuple[AccessLevel, AccessLevel]:
    """The level for certain, and the highest that it may be: with no condition and with all conditions holding."""
    now = [route for route in found if route.in_force]
    certain = max((route.level for route in now if route.condition is None), default=AccessLevel.NONE)
    return certain, max((route.level for route in now), default=AccessLevel.NONE)


def disclosed(product: Product, grants: Collection[Grant] | None, other: Other) -> Disclosure:
    """Whether another organization sees, at TOTAL, a product that the owner sees. grants: those on it where it is the
    owner's own, None where it is not."""
    if product.owner_id == other.organization_id or product.is_public(other.now_us) or product.key in other.onward:
        return Disclosure.SHOWN
    if grants is None:
        return Disclosure.CONDITIONAL
    certain, at_most = levels_by(routes(product, grants, other))
    if certain >= AccessLevel.TOTAL:
        return Disclosure.SHOWN
    return Disclosure.CONDITIONAL if at_most >= AccessLevel.TOTAL else Disclosure.HIDDEN
