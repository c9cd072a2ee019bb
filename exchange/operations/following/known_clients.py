"""Which clients a server knows, so that a token ends with its client: removed, demoted or given a new secret.

A token says which version of its client it was given to. Whoever changes a client raises the version, and moves a mark
on the ledger's node (`LedgerHead.credentials`), which every session reads with the head anyway. While the mark stands
still, what is known of a client is still so; once it has moved, everything known is read anew. So a question costs no
read more, and no token is good for a session that begins after the change was acknowledged, by whichever server.
"""

from __future__ import annotations

from typing import Final

from exchange.errors import NotSignedIn
from exchange.graph import Store
from exchange.model.ledger import LedgerHead
from exchange.model.parties import Client, Viewer

KNOWN_MAX: Final = 10_000  # clients, of which each takes some hundred bytes; beyond it, what is known begins anew

ENDED: Final = "This token has ended: its client was removed or changed. Get a new one from POST /auth/token."


class KnownClients:
    """Of one process."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._as_of = -1
        self._known: dict[str, Client] = {}

    async def confirm(self, viewer: Viewer, head: LedgerHead) -> None:
        """Raises NotSignedIn where the client that a token was given to is not at this head what it was then."""
        if viewer.client_version is None or viewer.client_id is None:
            return
        client = await self._client(viewer.client_id, head)
        if client is None or client.version != viewer.client_version or not client.stands:
            raise NotSignedIn(ENDED)

    async def _client(self, client_id: str, head: LedgerHead) -> Client | None:
        if head.credentials > self._as_of or len(self._known) >= KNOWN_MAX:
            self._as_of, self._known = max(self._as_of, head.credentials), {}
        found = self._known.get(client_id)
        if found is None:
            into = self._known
            found = await self._store.get_client(client_id)
            if found is not None:
                into[client_id] = found  # of a mark that has moved meanwhile: into what is thrown away already
        return found
