"""Which clients a server knows: read once, and again after the mark that every head has has moved."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from exchange.errors import NotSignedIn
from exchange.model.footprint import NEVER_US
from exchange.model.ledger import LedgerHead
from exchange.model.parties import ANONYMOUS, OPERATOR, Client, Scope, Viewer
from exchange.operations.following import known_clients
from exchange.operations.following.known_clients import KnownClients

CLIENT = Client("client", "organization", frozenset({Scope.READ}), "hash", 0, NEVER_US, version=2)
VIEWER = Viewer("organization", CLIENT.scopes, client_id="client", client_version=2)


@dataclass
class Clients:
    """A store of one client. `held`: an answer waits for it, and is what was there when it was asked."""

    client: Client | None = CLIENT
    reads: int = 0
    held: asyncio.Event = field(default_factory=asyncio.Event)

    async def get_client(self, client_id: str) -> Client | None:
        self.reads += 1
        found, held = self.client if client_id == "client" else None, self.held
        await held.wait()
        return found


def known(store: Clients) -> KnownClients:
    store.held.set()
    return KnownClients(store)  # type: ignore[arg-type]


def head(credentials: int) -> LedgerHead:
    return LedgerHead(100 + credentials, 0, 0, 0, credentials)


async def holds(clients: KnownClients, viewer: Viewer, at: LedgerHead) -> bool:
    try:
        await clients.confirm(viewer, at)
    except NotSignedIn:
        return False
    return True


@pytest.mark.parametrize("viewer", [ANONYMOUS, OPERATOR, replace(VIEWER, client_version=None)])
async def test_who_sent_no_token_is_not_looked_up(viewer: Viewer) -> None:
    store = Clients()
    assert await holds(known(store), viewer, head(0))
    assert store.reads == 0


@pytest.mark.parametrize(
    "changed", [None, replace(CLIENT, version=3), replace(CLIENT, version=1), replace(CLIENT, revoked_at_us=1)]
)
async def test_a_token_of_another_version_or_of_nobody_has_ended(changed: Any) -> None:
    assert not await holds(known(Clients(changed)), VIEWER, head(0))


async def test_a_client_is_read_once_until_the_mark_moves() -> None:
    store = Clients()
    clients = known(store)
    for _ in range(3):
        assert await holds(clients, VIEWER, head(5))
    assert store.reads == 1
    store.client = replace(CLIENT, version=3)
    assert await holds(clients, VIEWER, head(5))  # of a session that began before
    assert not await holds(clients, VIEWER, head(6))
    assert not await holds(clients, VIEWER, head(5))  # a late one: what is newer is known already
    assert store.reads == 2


async def test_what_was_read_before_the_mark_moved_is_not_kept() -> None:
    store = Clients()
    clients = known(store)
    slow = store.held = asyncio.Event()
    early = asyncio.create_task(holds(clients, VIEWER, head(5)))
    await asyncio.sleep(0)
    store.client, store.held = replace(CLIENT, version=3), asyncio.Event()
    store.held.set()
    assert not await holds(clients, VIEWER, head(6))
    slow.set()
    assert await early  # its session began before; it looks again before it answers
    assert not await holds(clients, VIEWER, head(6))


async def test_what_is_known_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_clients, "KNOWN_MAX", 3)

    class Many(Clients):
        async def get_client(self, client_id: str) -> Client | None:
            return replace(CLIENT, id=client_id)

    clients = known(Many())
    for number in range(20):
        assert await holds(clients, replace(VIEWER, client_id=str(number)), head(0))
        assert len(clients._known) <= 3
