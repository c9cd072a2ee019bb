"""Signing in, and being recognised afterwards: what a server does with clients, secrets, keys and tokens.

An unknown client, a revoked one and a wrong secret take the same work and get the same answer.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from exchange.errors import InvalidInput, NotSignedIn, StoreUnavailable, TooManyRequests
from exchange.model.parties import ANONYMOUS, Client, Scope, Viewer
from exchange.model.writes import SigningKey
from exchange.tokens.attempts import Attempts
from exchange.tokens.client_secrets import hash_secret, make_secret, secret_matches
from exchange.tokens.signing import Token, issue, key_id_of, make_key, signing_key, verify

KEYS_KEPT_SECONDS: Final = 60  # how long until a key that another server made is used here
KEYS_READ_AGAIN_SECONDS: Final = 2  # for a token of an unknown key; not for every forged one
HASHES_AT_ONCE: Final = 2  # each takes 16 MiB and a processor
HASHES_WAITING_MAX: Final = 100  # five seconds of work


@dataclass(slots=True)
class Issuer:
    """Issues tokens and recognises them. What it needs of the database comes in as functions; `clock` counts
    microseconds since 1970.
    """

    load_keys: Callable[[], Awaitable[Sequence[SigningKey]]]
    add_key: Callable[[SigningKey], Awaitable[None]]
    get_client: Callable[[str], Awaitable[Client | None]]
    clock: Callable[[], int]
    token_minutes: int = 15
    _attempts: Attempts = field(default_factory=Attempts)
    _keys: Sequence[SigningKey] = ()
    _keys_read_at: float = float("-inf")
    _hashing: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(HASHES_AT_ONCE))
    _waiting: int = 0
    _nobodys_hash: str = field(default_factory=lambda: hash_secret(make_secret()))

    async def token(self, client_id: str, secret: str, address: str, wanted: Sequence[str] | None = None) -> Token:
        """A token for a client with its secret; `wanted` scopes, or all that it has.

        Raises NotSignedIn, TooManyRequests, InvalidInput (a scope that it has not), StoreUnavailable.
        """
        client = await self._sign_in(client_id, secret, address)
        scopes = _scopes(client, wanted)
        keys = await self._read_keys(KEYS_KEPT_SECONDS)
        now_us = self.clock()
        key = signing_key(keys, now_us)
        if key is None:
            await self.add_key(make_key(now_us))
            key = signing_key(await self._read_keys(0), now_us)
        if key is None:
            raise StoreUnavailable("No key to sign with could be made. Try again.")
        return issue(key, client, scopes, now_us, self.token_minutes)

    async def viewer(self, authorization: str | None) -> Viewer:
        """Who sends this Authorization header; without one: anonymous. Raises NotSignedIn, StoreUnavailable."""
        if authorization is None:
            return ANONYMOUS
        scheme, _, text = authorization.strip().partition(" ")
        text = text.strip()
        if scheme.lower() != "bearer" or not text:
            raise NotSignedIn("Send the token as `Authorization: Bearer …`, or no header at all to ask anonymously.")
        keys = await self._read_keys(KEYS_KEPT_SECONDS)
        if not any(key.id == key_id_of(text) for key in keys):
            keys = await self._read_keys(KEYS_READ_AGAIN_SECONDS)
        return verify(text, keys, self.clock())

    async def _sign_in(self, client_id: str, secret: str, address: str) -> Client:
        self._attempts.begin(client_id, address, time.monotonic())
        client = await self.get_client(client_id) if client_id.isprintable() else None
        usable = client is not None and client.stands
        hashed = client.secret_hash if client is not None and usable else self._nobodys_hash
        matches = await self._matches(secret, hashed)
        if client is None or not usable or not matches:
            raise NotSignedIn(
                "The client or its secret is wrong. The secret was shown once, when the client was added."
            )
        return client

    async def _matches(self, secret: str, hashed: str) -> bool:
        """Compares beside the event loop, a few at once."""
        if self._waiting >= HASHES_WAITING_MAX:
            raise TooManyRequests("Too many clients are signing in at once. Try again.", retry_after_seconds=5)
        self._waiting += 1
        try:
            async with self._hashing:
                return await asyncio.to_thread(secret_matches, secret, hashed)
        finally:
            self._waiting -= 1

    async def _read_keys(self, age_seconds: float) -> Sequence[SigningKey]:
        now = time.monotonic()
        if now - self._keys_read_at >= age_seconds:
            self._keys = await self.load_keys()
            self._keys_read_at = now
        return self._keys


def _scopes(client: Client, wanted: Sequence[str] | None) -> list[Scope]:
    has = [scope for scope in Scope if scope in client.scopes]
    if wanted is None:
        return has
    known = {scope.value: scope for scope in has}
    asked = [word.upper() for word in wanted]
    beyond = [word for word in asked if word not in known]
    if beyond or not asked:
        names = " ".join(scope.value.lower() for scope in has)
        raise InvalidInput(f"This client may ask for: {names or 'nothing'}.", path=("scope",))
    return [scope for scope in has if scope.value in asked]
