"""An organization's administrators manage its members: people's clients and service accounts, each with a role.

Every command is decided against the ledger's head, one after the other for each organization: that whoever asks is
still an administrator then, and that one remains. A member of another organization, and a client of the operator, are
answered as if there were none. What a change ends, it ends for every session that begins later (`known_clients.py`).
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from exchange.errors import AccessDenied, Conflict, NotFound, Problems
from exchange.graph import Store
from exchange.model.footprint import NEVER_US
from exchange.model.ledger import ChangeKind, LedgerHead
from exchange.model.parties import ROLE_SCOPES, Client, Role, Viewer
from exchange.model.writes import AddClient, ChangeClient, RevokeClient, Write
from exchange.operations.answers.permission import require_manager, written_by
from exchange.operations.exchange import Exchange
from exchange.operations.requests.checks import NAME_LENGTH_MAX, Checker
from exchange.operations.requests.inputs import AddMemberInput
from exchange.operations.writing.idempotency import body_sha256, first_answer, remember, scoped_key
from exchange.operations.writing.queue import Allocation, Decision

MEMBERS_MAX: Final = 1_000  # at a time: large companies have some dozens
MEMBERS_EVER_MAX: Final = 10_000  # removed ones included, because the list is read whole

NOT_FOUND_MEMBER: Final = "No such member of your organization. Check the id."
LAST_ADMINISTRATOR: Final = "It is the last administrator of the organization. Make somebody else one first."
MEMBER: Final = ("input", "member")


@dataclass(frozen=True, slots=True)
class Added:
    """now: by this request; else by an earlier one with the same key, which was told the secret."""

    client_id: str
    now: bool


def told_of(client: Client) -> str:
    """What the audit trail keeps of a client: its role, and no name of a person, because nothing is ever deleted."""
    role = client.role
    return "the operator's" if role is None else f"role {role.value}, {client.kind.value}"


def touched(organization_id: str) -> frozenset[str]:
    """No two changes of one organization's members are decided together: each counts who remains."""
    return frozenset({f"members {organization_id}"})


async def add_member(exchange: Exchange, viewer: Viewer, given: AddMemberInput, secret_hash: str) -> Added:
    """Adds a member to the caller's organization.

    Raises InvalidInput, Conflict (too many, or a used key), AccessDenied, NotSignedIn.
    """
    organization_id = require_manager(viewer)
    problems = Problems()
    Checker(problems, ("input",)).text(given.name, "name", longest=NAME_LENGTH_MAX, required=True)
    problems.raise_any()
    client = Client(
        id=str(uuid.uuid4()),
        organization_id=organization_id,
        scopes=ROLE_SCOPES[given.role],
        secret_hash=secret_hash,
        created_at_us=0,  # when it is written
        revoked_at_us=NEVER_US,
        kind=given.kind,
        name=given.name,
    )
    key = scoped_key(organization_id, given.idempotency_key)
    return await exchange.queue.do(_Add(exchange.store, viewer, client, key, body_sha256("addMember", given)))


async def change_role(exchange: Exchange, viewer: Viewer, client_id: str, role: Role) -> str:
    """Gives a member another role, from now on; its tokens end. Nothing is written where it has the role already.

    Raises NotFound, Conflict (removed, or the last administrator), AccessDenied, NotSignedIn.
    """
    require_manager(viewer)
    return await exchange.queue.do(_ChangeRole(exchange.store, viewer, client_id, role))


async def rotate_secret(exchange: Exchange, viewer: Viewer, client_id: str, secret_hash: str) -> str:
    """Gives a member another secret, from now on; the old one and its tokens end.

    Raises NotFound, Conflict (removed), AccessDenied, NotSignedIn.
    """
    require_manager(viewer)
    return await exchange.queue.do(_Rotate(exchange.store, viewer, client_id, secret_hash))


async def remove_member(exchange: Exchange, viewer: Viewer, client_id: str) -> str:
    """Ends a member, from now on; its tokens end.

    Raises NotFound, Conflict (removed already, or the last administrator), AccessDenied, NotSignedIn.
    """
    require_manager(viewer)
    return await exchange.queue.do(_Remove(exchange.store, viewer, client_id))


@dataclass(frozen=True, slots=True)
class _Command:
    store: Store
    viewer: Viewer

    @property
    def by(self) -> str:
        return written_by(self.viewer)

    @property
    def size(self) -> int:
        return 1

    @property
    def organization_id(self) -> str:
        return self.viewer.organization_id or ""

    @property
    def touches(self) -> frozenset[str]:
        return touched(self.organization_id)

    async def members(self) -> list[Client]:
        """All that the organization ever had. Raises AccessDenied where whoever asks is no administrator any more."""
        found = [each for each in await self.store.list_clients(self.organization_id) if each.role is not None]
        mine = next((each for each in found if each.id == self.viewer.client_id), None)
        if self.viewer.client_version is not None and (mine is None or not _administers(mine)):
            raise AccessDenied("You are no administrator of the organization any more.")
        return found

    async def member(self, client_id: str) -> tuple[Client, list[Client]]:
        """One that is there, and all."""
        found = await self.members()
        member = next((each for each in found if each.id == client_id), None)
        if member is None:
            raise NotFound(NOT_FOUND_MEMBER, path=MEMBER)
        if not member.stands:
            raise Conflict("This member was removed already. Add another one.", path=MEMBER)
        return member, found

    def change(self, allocation: Allocation, kind: ChangeKind, client: Client, detail: str = "") -> None:
        allocation.change(kind, client.id, owner_id=self.organization_id, detail=detail or told_of(client))


def _administers(client: Client) -> bool:
    return client.stands and client.role is Role.ADMINISTRATOR


def _check_another(member: Client, found: Sequence[Client]) -> None:
    if _administers(member) and not any(_administers(each) for each in found if each.id != member.id):
        raise Conflict(LAST_ADMINISTRATOR, path=MEMBER)


@dataclass(frozen=True, slots=True)
class _Add(_Command):
    client: Client
    key: str
    body: str

    @property
    def touches(self) -> frozenset[str]:
        return touched(self.organization_id) | {self.key}

    async def decide(self, head: LedgerHead, now_us: int) -> Decision[Added]:
        remembered = await first_answer(self.store, self.key, self.body)
        found = await self.members()
        if remembered is not None:
            return Decision(Added(str(remembered), now=False), None)
        if sum(each.stands for each in found) >= MEMBERS_MAX:
            raise Conflict(f"An organization has at most {MEMBERS_MAX} members. Remove one first.")
        if len(found) >= MEMBERS_EVER_MAX:
            raise Conflict(
                f"An organization has had at most {MEMBERS_EVER_MAX} members. Give one another secret instead."
            )
        client = replace(self.client, created_at_us=now_us)

        def build(allocation: Allocation) -> Sequence[Write]:
            self.change(allocation, ChangeKind.CLIENT_ADDED, client)
            return [AddClient(client), remember(self.key, self.body, client.id, now_us)]

        return Decision(Added(client.id, now=True), build)


@dataclass(frozen=True, slots=True)
class _ChangeRole(_Command):
    client_id: str
    role: Role

    async def decide(self, head: LedgerHead, now_us: int) -> Decision[str]:
        member, found = await self.member(self.client_id)
        if member.scopes == ROLE_SCOPES[self.role]:
            return Decision(member.id, None)
        if self.role is not Role.ADMINISTRATOR:
            _check_another(member, found)
        changed = replace(member, scopes=ROLE_SCOPES[self.role], version=member.version + 1)

        def build(allocation: Allocation) -> Sequence[Write]:
            detail = f"{told_of(changed)}; was {member.role}"
            self.change(allocation, ChangeKind.CLIENT_ROLE_CHANGED, changed, detail)
            return [ChangeClient(changed)]

        return Decision(member.id, build)


@dataclass(frozen=True, slots=True)
class _Rotate(_Command):
    client_id: str
    secret_hash: str

    async def decide(self, head: LedgerHead, now_us: int) -> Decision[str]:
        member, _ = await self.member(self.client_id)
        changed = replace(member, secret_hash=self.secret_hash, version=member.version + 1)

        def build(allocation: Allocation) -> Sequence[Write]:
            self.change(allocation, ChangeKind.CLIENT_SECRET_ROTATED, changed)
            return [ChangeClient(changed)]

        return Decision(member.id, build)


@dataclass(frozen=True, slots=True)
class _Remove(_Command):
    client_id: str

    async def decide(self, head: LedgerHead, now_us: int) -> Decision[str]:
        member, found = await self.member(self.client_id)
        _check_another(member, found)

        def build(allocation: Allocation) -> Sequence[Write]:
            self.change(allocation, ChangeKind.CLIENT_REVOKED, member)
            return [RevokeClient(member.id, now_us)]

        return Decision(member.id, build)
