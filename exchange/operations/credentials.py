"""Credentials as the exchange keeps them: clients of organizations, and the keys that tokens are signed with.

Making and checking secrets and tokens is exchange.tokens' business; here they are stored and found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from exchange.errors import Conflict, NotFound
from exchange.graph import Store
from exchange.model.footprint import NEVER_US
from exchange.model.ledger import ChangeKind, LedgerHead
from exchange.model.parties import Client, Viewer
from exchange.model.writes import AddClient, AddSigningKey, RevokeClient, SigningKey, Write
from exchange.operations.exchange import Exchange
from exchange.operations.permission import require_administrator, written_by
from exchange.operations.writing import Allocation, Decision


async def add_client(exchange: Exchange, viewer: Viewer, client: Client) -> None:
    """Keeps a new client of an organization (its secret only as a slow hash). Raises NotFound, AccessDenied."""
    require_administrator(viewer)
    if (await exchange.store.get_organizations([client.organization_id]))[0] is None:
        raise NotFound("No such organization. Check the id.")
    await exchange.queue.do(
        _Write(written_by(viewer), ChangeKind.CLIENT_ADDED, client.id, client.organization_id, AddClient(client))
    )


async def revoke_client(exchange: Exchange, viewer: Viewer, client_id: str) -> None:
    """Ends a client: it gets no new token. Raises NotFound, Conflict, AccessDenied."""
    require_administrator(viewer)
    client = await exchange.store.get_client(client_id)
    if client is None:
        raise NotFound("No such client. Check the id.")
    if client.revoked_at_us != NEVER_US:
        raise Conflict("This client was revoked already.")
    write = RevokeClient(client_id, exchange.clock())
    await exchange.queue.do(
        _Write(written_by(viewer), ChangeKind.CLIENT_REVOKED, client_id, client.organization_id, write)
    )


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
    """A write that needs no further decision."""

    by: str
    kind: ChangeKind
    subject: str
    owner_id: str
    write: Write
    size: int = 1

    @property
    def touches(self) -> frozenset[str]:
        return frozenset({self.subject})

    async def decide(self, head: LedgerHead, now_us: int) -> Decision[None]:
        def build(allocation: Allocation) -> Sequence[Write]:
            allocation.change(self.kind, self.subject, owner_id=self.owner_id, organization_id="")
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
