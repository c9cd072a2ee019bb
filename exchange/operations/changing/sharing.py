"""Sharing: the owner grants access to its products, and revokes it at once.

A grant is of one product, or of many: of everything that the owner has and will have, or of what it classifies so. It
is to an organization, to an alliance (its members of the day), or to everybody.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from exchange.errors import AccessDenied, Conflict, NotFound, Problems
from exchange.graph import Store
from exchange.model.alliance import Members, members_of
from exchange.model.audit import at_text
from exchange.model.footprint import NEVER_US
from exchange.model.grant import NO_PRODUCT, AccessLevel, Grant
from exchange.model.ledger import ChangeKind, LedgerHead
from exchange.model.parties import Viewer
from exchange.model.product import Product
from exchange.model.writes import AddGrant, RevokeGrant, Write
from exchange.operations.answers.permission import require_owner, require_publisher, written_by
from exchange.operations.exchange import Exchange
from exchange.operations.reading.session import Session
from exchange.operations.requests.checks import Checker, open_end
from exchange.operations.requests.inputs import GrantAccessInput
from exchange.operations.writing.idempotency import body_sha256, first_answer, remember, scoped_key
from exchange.operations.writing.queue import BATCH_FOOTPRINTS_MAX, Allocation, Decision
from exchange.operations.writing.refusals import check_refusals

NOT_FOUND_GRANT: Final = "No such grant, or it is not yours. Check the id."
ENDS_FIRST: Final = "the grant has to end later than it begins"
HAS_ENDED: Final = "the grant would have ended already: this instant has passed"
NO_STATISTICS: Final = (
    "BENCHMARK is consent to be counted in the statistics of one alliance, and of the public there are none; name an "
    "alliance, or let the public see TOTAL"
)


@dataclass(frozen=True, slots=True)
class Permitted:
    """A grant that was asked for, checked. product: None: of many. classification: in normal spelling."""

    given: GrantAccessInput
    owner_id: str
    product: Product | None
    classification: str | None
    from_us: int | None  # None: now
    until_us: int

    def begins_us(self, now_us: int) -> int:
        """When it begins if it is given now. Raises InvalidInput where it would have ended by then."""
        # Not before now: what was answered for an earlier instant must stay so ("Which footprint stands", method.md).
        from_us = now_us if self.from_us is None else max(self.from_us, now_us)
        if self.until_us <= from_us:
            problems = Problems()
            at, message = Checker(problems, ("input",)), HAS_ENDED if self.until_us <= now_us else ENDS_FIRST
            at.add("REVERSED", message, "until", expected=_later_than(from_us), got=at_text(self.until_us))
            problems.raise_any()
        return from_us

    def grant(self, grant_id: str, from_us: int, sequence: int) -> Grant:
        """As it is written."""
        return Grant(
            id=grant_id,
            product_id=None if self.product is None else self.product.id,
            product_key=NO_PRODUCT if self.product is None else self.product.key,
            organization_id=self.given.organization,
            level=self.given.level,
            onward=self.given.onward,
            from_us=from_us,
            until_us=self.until_us,
            revoked_at_us=NEVER_US,
            sequence=sequence,
            revoked_sequence=NEVER_US,
            alliance_id=self.given.alliance,
            owner_id=self.owner_id if self.product is None else None,
            classification=self.classification,
        )


async def grant_access(exchange: Exchange, viewer: Viewer, given: GrantAccessInput) -> str:
    """Grants access to own products, from now or `from` on, and returns the grant's id.

    The grant may permit lines that were there before; LoopRefused where one would then close a loop without an answer.
    Raises InvalidInput, NotFound (product, organization or alliance), AccessDenied, Conflict, NotSignedIn.
    """
    owner_id = require_publisher(viewer)
    permitted = await check_grant(await exchange.session(viewer), owner_id, given)
    command = _Grant(
        store=exchange.store,
        permitted=permitted,
        by=written_by(viewer),
        key=scoped_key(owner_id, given.idempotency_key),
        body=body_sha256("grantAccess", given),
    )
    return await exchange.queue.do(command)


async def check_grant(session: Session, owner_id: str, given: GrantAccessInput) -> Permitted:
    """What is wrong with a grant, whatever the ledger's head: raises what `grant_access` raises for it."""
    problems = Problems()
    at = Checker(problems, ("input",))
    from_us, until_us = at.instant(given.from_, "from"), at.instant(given.until, "until")
    classification = None if given.classification is None else at.urn(given.classification, "classification")
    _check_grantee(given, at)
    _check_what(given, at)
    if until_us is not None and from_us is not None and until_us <= from_us:
        at.add("REVERSED", ENDS_FIRST, "until", expected=_later_than(from_us), got=at_text(until_us))
    problems.raise_any()
    product = None
    if given.product is not None:
        answer = (await session.products([given.product]))[0]
        doing = "grant access to it"
        product = require_owner(session.viewer, answer, ("input", "product"), doing=doing).product
    if given.organization == owner_id:
        at.add("CONTRADICTION", "is your own organization, which sees everything already", "to", "organization")
        problems.raise_any()
    if given.organization is not None and (await session.organizations([given.organization]))[0] is None:
        raise NotFound("No such organization. Check the id.", path=("input", "to", "organization"))
    if given.alliance is not None and (await session.store.get_alliances([given.alliance]))[0] is None:
        raise NotFound("No such alliance. Check the id.", path=("input", "to", "alliance"))
    return Permitted(given, owner_id, product, classification, from_us, open_end(until_us))


def _later_than(instant_us: int) -> str:
    return f"later than {at_text(instant_us)}"


def _check_grantee(given: GrantAccessInput, at: Checker) -> None:
    to = {
        "organization": given.organization is not None,
        "alliance": given.alliance is not None,
        "public: true": given.public,
    }
    at.one_of("to whom (to end a grant, revoke it)", to, "to")
    benchmark = given.level == AccessLevel.NONE
    if given.public and benchmark:
        at.add("CONTRADICTION", NO_STATISTICS, "level", expected="TOTAL", got="BENCHMARK")
    elif given.public and given.level != AccessLevel.TOTAL:
        message = "the public sees TOTAL, never more"
        at.add("CONTRADICTION", message, "level", expected="TOTAL", got=given.level.name)
    if given.public and given.onward:
        at.add("CONTRADICTION", "is for a grant to an organization; the public passes nothing on", "onward")
    if benchmark and given.organization is not None:
        message = "is consent to the statistics of an alliance; name an alliance"
        at.add("CONTRADICTION", message, "level", expected="TOTAL, BREAKDOWN or INPUTS", got="BENCHMARK")
    if benchmark and given.onward:
        at.add("CONTRADICTION", "is for a grant that shows something; BENCHMARK shows nothing", "onward")


def _check_what(given: GrantAccessInput, at: Checker) -> None:
    of = {
        "product": given.product is not None,
        "everything: true": given.everything,
        "classification": given.classification is not None,
    }
    at.one_of("of which products", of, "product")
    if given.public and given.product is None:
        message = "the public is granted one product at a time: what you register later would be public at once"
        at.add("CONTRADICTION", message, "to", "public", expected="an organization or an alliance")


@dataclass(frozen=True, slots=True)
class _Grant:
    store: Store
    permitted: Permitted
    by: str
    key: str
    body: str

    @property
    def touches(self) -> frozenset[str]:
        product = self.permitted.product
        return frozenset({self.key} if product is None else {self.key, product.id})

    @property
    def size(self) -> int:
        """A grant of many is decided alone: a line that is published beside it may name one of them."""
        return BATCH_FOOTPRINTS_MAX if self.permitted.product is None else 1

    async def decide(self, head: LedgerHead, now_us: int) -> Decision[str]:
        remembered = await first_answer(self.store, self.key, self.body)
        if remembered is not None:
            return Decision(str(remembered), None)
        asked, counted_as = self.permitted, self.permitted.product
        from_us = asked.begins_us(now_us)  # here and not sooner: a request sent again may have ended since
        await check_refusals(self.store, [asked.owner_id if counted_as is None else counted_as.id], now_us)
        grant_id = str(uuid.uuid4())
        new = asked.grant(grant_id, from_us, head.sequence)

        def build(allocation: Allocation) -> Sequence[Write]:
            sequence = allocation.change(
                ChangeKind.ACCESS_GRANTED,
                grant_id,
                owner_id=asked.owner_id,
                product_id=new.product_id or "",
                detail=_told(new),
            )
            written = asked.grant(grant_id, from_us, sequence)
            return [AddGrant(written), remember(self.key, self.body, grant_id, now_us)]

        return Decision(
            grant_id,
            build,
            grants=await one_by_one(self.store, [new]),
            organization_id=asked.owner_id,
            counted_as=asked.owner_id if counted_as is None else "",
        )


async def one_by_one(store: Store, grants: Sequence[Grant]) -> tuple[Grant, ...]:
    """What admission has to look at of new grants: one for each product that they permit lines to, with the members of
    alliances. Of many, only products that some line names already: no other can close a loop by a grant."""
    permitting = [grant for grant in grants if grant.level >= AccessLevel.TOTAL]
    alliances = {grant.alliance_id for grant in permitting if grant.alliance_id is not None}
    members: dict[str, Members] = members_of(await store.memberships_in(sorted(alliances))) if alliances else {}
    found: list[Grant] = []
    for grant in permitting:
        reaching = replace(grant, members=members.get(grant.alliance_id or "", {}))
        if grant.owner_id is None:
            found.append(reaching)
            continue
        keys = await store.covered_keys([(grant.owner_id, grant.classification)])
        named = sorted(await store.consumed_keys(keys))
        products = [product for product in await store.get_products_by_key(named) if product is not None]
        found += [replace(reaching, product_id=p.id, product_key=p.key, owner_id=None) for p in products]
    return tuple(found)


async def revoke_access(exchange: Exchange, viewer: Viewer, grant_id: str) -> str:
    """Revokes a grant on own products at once, for every known-at. Returns the grant's id.

    Raises NotFound, AccessDenied (a grant on another's product), Conflict (already revoked), NotSignedIn.
    """
    owner_id = require_publisher(viewer)
    session = await exchange.session(viewer)
    shown = (await session.grants([grant_id]))[0]
    path = ("input", "grant")
    if shown is None:
        raise NotFound(NOT_FOUND_GRANT, path=path)
    if shown.owner_id != owner_id:
        [answer] = await session.products_by_key([NO_PRODUCT if shown.product_key is None else shown.product_key])
        raise AccessDenied(
            "This grant is another organization's: only the owner may revoke it.",
            path=path,
            product_id="" if answer is None else answer.product.id,
            owner_id=shown.owner_id,
        )
    return await exchange.queue.do(_Revoke(exchange.store, grant_id, owner_id, written_by(viewer)))


@dataclass(frozen=True, slots=True)
class _Revoke:
    store: Store
    grant_id: str
    owner_id: str
    by: str
    size: int = 1

    @property
    def touches(self) -> frozenset[str]:
        return frozenset({self.grant_id})

    async def decide(self, head: LedgerHead, now_us: int) -> Decision[str]:
        grant = (await self.store.get_grants([self.grant_id]))[0]
        if grant is None:
            raise NotFound(NOT_FOUND_GRANT, path=("input", "grant"))
        if grant.revoked_at_us != NEVER_US:
            raise Conflict("This grant is already revoked.", path=("input", "grant"))

        def build(allocation: Allocation) -> Sequence[Write]:
            sequence = allocation.change(
                ChangeKind.ACCESS_REVOKED,
                self.grant_id,
                owner_id=self.owner_id,
                product_id=grant.product_id or "",
                detail=_told(grant),
            )
            return [RevokeGrant(self.grant_id, now_us, sequence)]

        return Decision(self.grant_id, build)


def _told(grant: Grant) -> str:
    """What the audit trail keeps of a grant, so that the grant itself cannot be changed unseen."""
    until = "" if grant.until_us == NEVER_US else f" until {at_text(grant.until_us)}"
    onward = " onward" if grant.onward else ""
    to = grant.organization_id or "everybody"
    if grant.alliance_id is not None:
        to = f"alliance {grant.alliance_id}"
    many = "" if grant.owner_id is None else f" on {grant.classification or 'everything'}"
    return f"{grant.level_name}{onward}{many} to {to} from {at_text(grant.from_us)}{until}"
