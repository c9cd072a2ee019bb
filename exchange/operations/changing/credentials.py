"""Credentials as the exchange keeps them: clients of organizations, and the keys that tokens are signed with.

What the operator does with clients, of any organization and also to its last administrator, stands here; what an
organization's administrators do with its own, in `members.py`.
Making and checking secrets and tokens is exchange.tokens' business; here they are stored and found.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from exchange.errors import Conflict, NotFound, Problems
from exchange.graph import Store
from exchange.model.ledger import ChangeKind, LedgerHead
from exchange.model.parties import ROLE_SCOPES, Client, Role, Scope, Viewer
from exchange.model.writes import AddClient, AddSigningKey, ChangeClient, RevokeClient, SigningKey, Write
from exchange.operations.answers.permission import require_administrator, written_by
from exchange.operations.changing.members import told_of, touched
from exchange.operations.exchange import Exchange
from exchange.operations.requests.checks import NAME_LENGTH_MAX, Checker
from exchange.operations.writing.queue import Allocation, Decision


async def add_client(exchange: Exchange, viewer: Viewer, client: Client) -> None:
    """Keeps a new client of an organization (its secret only as a slow hash).

    Raises NotFound, InvalidInput (scopes that are not those of its role), AccessDenied.
    """
    require_administrator(viewer)
    problems = Problems()
    at = Checker(problems, ())
    if not _are_of_a_role(client):
        message = "no role has just these scopes: give a role instead, or all scopes of one"
        expected = "; ".join(f"{role}: {_listed(scopes)}" for role, scopes in ROLE_SCOPES.items())
        at.add("CONTRADICTION", f"{message} ({expected})", "scope", expected=expected, got=_listed(client.scopes))
    at.text(client.name, "name", longest=NAME_LENGTH_MAX, required=client.name != "")
    problems.raise_any()
    if (await exchange.store.get_organizations([client.organization_id]))[0] is None:
        raise NotFound("No such organization. Check the id.")
    await exchange.queue.do(
        _Write(exchange.store, written_by(viewer), ChangeKind.CLIENT_ADDED, client, AddClient(client), told_of(client))
    )


def _are_of_a_role(client: Client) -> bool:
    """Whether its scopes are those of its role, or it is the operator's. READ and PUBLISH may stand alone, as in the
    clients from before there were roles: MANAGE or AUDIT beside less than its role has would be shown as that role."""
    role = client.role
    return role is None or client.scopes == ROLE_SCOPES[role] or client.scopes <= ROLE_SCOPES[Role.PUBLISHER]


def _listed(scopes: Collection[Scope]) -> str:
    return ", ".join(scope for scope in Scope if scope in scopes)


async def revoke_client(exchange: Exchange, viewer: Viewer, client_id: str) -> None:
    """Ends a client and its tokens. Raises NotFound, Conflict, AccessDenied."""
    require_administrator(viewer)
    client = await _standing(exchange, client_id)
    write = RevokeClient(client_id, exchange.clock())
    await exchange.queue.do(
        _Write(exchange.store, written_by(viewer), ChangeKind.CLIENT_REVOKED, client, write, told_of(client))
    )


async def give_role(exchange: Exchange, viewer: Viewer, client_id: str, role: Role) -> Client:
    """Gives a client another role; its tokens end.

    Raises NotFound, Conflict (revoked, or the operator's), AccessDenied.
    """
    require_administrator(viewer)
    client = await _standing(exchange, client_id)
    if client.role is None:
        raise Conflict("This client is the operator's: it has no role. Add another one.")
    if client.scopes == ROLE_SCOPES[role]:
        return client
    changed = replace(client, scopes=ROLE_SCOPES[role], version=client.version + 1)
    detail = f"{told_of(changed)}; was {client.role}"
    await exchange.queue.do(
        _Write(
            exchange.store, written_by(viewer), ChangeKind.CLIENT_ROLE_CHANGED, client, ChangeClient(changed), detail
        )
    )
    return changed


async def _standing(exchange: Exchange, client_id: str) -> Client:
    client = await exchange.store.get_client(client_id)
    if client is None:
        raise NotFound("No such client. Check the id.")
    if not client.stands:
        raise Conflict("This client was revoked already.")
    return client


async def list_clients(exchange: Exchange, viewer: Viewer, organization_id: str) -> list[Client]:
    """An organization's clients, oldest first, revoked ones included. Raises AccessDenied."""
    require_administrator(viewer)
    return await exchange.store.list_clients(organization_id)


async def get_client(exchange: Exchange, client_id: str) -> Client | None:
    """A client by id, revoked ones included."""
    return await exchange.store.get_client(client_id)


async def signing_keys(exchange: Exchange) -> list[SigningKey]:
    """All keys that still verify, newest first; shared by every server on the database."""
    now_us = exchange.clock()
    keys = [key for key in await exchange.store.signing_keys() if key.verifies_until_us > now_us]
    return sorted(keys, key=lambda key: (key.created_at_us, key.id), reverse=True)


async def add_signing_key(exchange: Exchange, key: SigningKey) -> None:
    """Adds a key to sign with; older keys go on verifying until they end."""
    await exchange.queue.do(_AddSigningKey(exchange.store, key))


@dataclass(frozen=True, slots=True)
class _Write:
    """A write of the operator. client: as it was when that was decided; where it is not any more, decide again."""

    store: Store
    by: str
    kind: ChangeKind
    client: Client
    write: Write
    detail: str
    size: int = 1

    @property
    def touches(self) -> frozenset[str]:
        return touched(self.client.organization_id)

    async def decide(self, head: LedgerHead, now_us: int) -> Decision[None]:
        there = await self.store.get_client(self.client.id)
        if there is not None and there != self.client:
            raise Conflict("Somebody else has changed this client meanwhile. Look at it again.")

        def build(allocation: Allocation) -> Sequence[Write]:
            owner = self.client.organization_id
            allocation.change(self.kind, self.client.id, owner_id=owner, detail=self.detail, organization_id="")
            return [self.write]

        return Decision(None, build)


@dataclass(frozen=True, slots=True)
class _AddSigningKey:
    """Two servers that start together make one key: the second finds the first's and adds nothing."""

    store: Store
    key: SigningKey
    by: str = "exchange"
    size: int = 1

    @property
    def touches(self) -> frozenset[str]:
        return frozenset({"signing-key"})

    async def decide(self, head: LedgerHead, now_us: int) -> Decision[None]:
        if any(key.signs_until_us >= self.key.signs_until_us for key in await self.store.signing_keys()):
            return Decision(None, None)

        def build(allocation: Allocation) -> Sequence[Write]:
            allocation.change(ChangeKind.KEY_ADDED, self.key.id)
            return [AddSigningKey(self.key)]

        return Decision(None, build)
