"""Sharing: the owner grants access to its product, and revokes it at once."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from exchange.errors import Conflict, NotFound, Problems
from exchange.graph import Store
from exchange.model.audit import at_text
from exchange.model.footprint import NEVER_US
from exchange.model.grant import AccessLevel, Grant
from exchange.model.ledger import ChangeKind, LedgerHead
from exchange.model.parties import Viewer
from exchange.model.product import Product
from exchange.model.writes import AddGrant, RevokeGrant, Write
from exchange.operations.checks import Checker, open_end
from exchange.operations.exchange import Exchange
from exchange.operations.idempotency import body_sha256, first_answer, remember, scoped_key
from exchange.operations.inputs import GrantAccessInput
from exchange.operations.permission import require_owner, require_publisher, written_by
from exchange.operations.refusals import check_refusals
from exchange.operations.writing import Allocation, Decision

NOT_FOUND_GRANT = "No such grant, or it is not yours. Check the id."
ENDS_FIRST = "the grant ends before it begins"


async def grant_access(exchange: Exchange, viewer: Viewer, given: GrantAccessInput) -> str:
    """Grants access to an own product, from now or `from` on, and returns the grant's id.

    The grant may permit lines that were there before; LoopRefused where one would then close a loop without an answer.
    Raises InvalidInput, NotFound (product or organization), AccessDenied, Conflict, NotSignedIn.
    """
    owner_id = require_publisher(viewer)
    problems = Problems()
    at = Checker(problems, ("input",))
    from_us, until_us = at.instant(given.from_, "from"), at.instant(given.until, "until")
    _check_grantee(given, at)
    if until_us is not None and from_us is not None and until_us <= from_us:
        at.add("REVERSED", ENDS_FIRST, "until")
    problems.raise_any()
    session = await exchange.session(viewer)
    answer = (await session.products([given.product]))[0]
    product = require_owner(viewer, answer, ("input", "product"), doing="grant access to it").product
    if given.organization == owner_id:
        at.add("CONTRADICTION", "is your own organization, which sees everything already", "to", "organization")
        problems.raise_any()
    if given.organization is not None and (await session.organizations([given.organization]))[0] is None:
        raise NotFound("No such organization. Check the id.", path=("input", "to", "organization"))
    command = _Grant(
        store=exchange.store,
        product=product,
        given=given,
        from_us=from_us,
        until_us=open_end(until_us),
        by=written_by(viewer),
        key=scoped_key(owner_id, given.idempotency_key),
        body=body_sha256("grantAccess", given),
    )
    return await exchange.queue.do(command)


def _check_grantee(given: GrantAccessInput, at: Checker) -> None:
    if (given.organization is None) == (not given.public):
        at.add(
            "ONE_OF",
            "names nobody: name an organization, or say public: true; to end a grant, revoke it",
            "to",
            expected="organization, or public: true",
        )
    if given.public and given.level != AccessLevel.TOTAL:
        at.add("CONTRADICTION", "the public sees TOTAL, never more", "level", expected="TOTAL", got=given.level.name)
    if given.public and given.onward:
        at.add("CONTRADICTION", "is for a grant to an organization; the public passes nothing on", "onward")


@dataclass(frozen=True, slots=True)
class _Grant:
    store: Store
    product: Product
    given: GrantAccessInput
    from_us: int | None
    until_us: int
    by: str
    key: str
    body: str
    size: int = 1

    @property
    def touches(self) -> frozenset[str]:
        return frozenset({self.key, self.product.id})

    async def decide(self, head: LedgerHead, now_us: int) -> Decision[str]:
        remembered = await first_answer(self.store, self.key, self.body)
        if remembered is not None:
            return Decision(str(remembered), None)
        # Not before now: what was answered for an earlier instant must stay so ("Which footprint stands", method.md).
        from_us = now_us if self.from_us is None else max(self.from_us, now_us)
        if self.until_us <= from_us:  # decided here and not sooner: a request sent again may have ended since
            problems = Problems()
            problems.add("REVERSED", ENDS_FIRST, ("input", "until"))
            problems.raise_any()
        await check_refusals(self.store, [self.product.id], now_us)
        grant_id = str(uuid.uuid4())

        def grant(sequence: int) -> Grant:
            return Grant(
                id=grant_id,
                product_id=self.product.id,
                product_key=self.product.key,
                organization_id=self.given.organization,
                level=self.given.level,
                onward=self.given.onward,
                from_us=from_us,
                until_us=self.until_us,
                revoked_at_us=NEVER_US,
                sequence=sequence,
                revoked_sequence=NEVER_US,
            )

        def build(allocation: Allocation) -> Sequence[Write]:
            sequence = allocation.change(
                ChangeKind.ACCESS_GRANTED,
                grant_id,
                owner_id=self.product.owner_id,
                product_id=self.product.id,
                detail=_told(grant(0)),
            )
            return [AddGrant(grant(sequence)), remember(self.key, self.body, grant_id, now_us)]

        return Decision(grant_id, build, grants=(grant(head.sequence),), organization_id=self.product.owner_id)


async def revoke_access(exchange: Exchange, viewer: Viewer, grant_id: str) -> str:
    """Revokes a grant on an own product at once, for every known-at. Returns the grant's id.

    Raises NotFound, AccessDenied (a grant on another's product), Conflict (already revoked), NotSignedIn.
    """
    require_publisher(viewer)
    session = await exchange.session(viewer)
    shown = (await session.grants([grant_id]))[0]
    path = ("input", "grant")
    if shown is None:
        raise NotFound(NOT_FOUND_GRANT, path=path)
    answer = (await session.products_by_key([shown.product_key]))[0]
    product = require_owner(viewer, answer, path, doing="revoke access to it").product
    return await exchange.queue.do(_Revoke(exchange.store, grant_id, product, written_by(viewer)))


@dataclass(frozen=True, slots=True)
class _Revoke:
    store: Store
    grant_id: str
    product: Product
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
                owner_id=self.product.owner_id,
                product_id=self.product.id,
                detail=_told(grant),
            )
            return [RevokeGrant(self.grant_id, now_us, sequence)]

        return Decision(self.grant_id, build)


def _told(grant: Grant) -> str:
    """What the audit trail keeps of a grant, so that the grant itself cannot be changed unseen."""
    until = "" if grant.until_us == NEVER_US else f" until {at_text(grant.until_us)}"
    onward = " onward" if grant.onward else ""
    return f"{grant.level.name}{onward} to {grant.organization_id or 'everybody'} from {at_text(grant.from_us)}{until}"
