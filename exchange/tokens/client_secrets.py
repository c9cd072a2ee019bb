"""Client secrets: made here, shown once, kept only as slow hashes.

A secret has 256 random bits, so nobody guesses one; the slow hash is for the day the database leaks. Its parameters
stand in its text, so that they can grow and old hashes still verify.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from typing import Final

PREFIX: Final = "fxs_"  # by which a leaked secret is recognised
SECRET_BYTES: Final = 32
SALT_BYTES: Final = 16
LENGTH_MAX: Final = 200  # of what is offered as a secret; hashing more would be work for an attacker's sake
COST, BLOCK_SIZE, PARALLEL = 2**14, 8, 1  # scrypt's n, r, p: 16 MiB and about 50 ms
COST_MAX: Final = 2**18  # of a hash that is read: a damaged one must not fill the memory


def make_secret() -> str:
    """A new secret."""
    return PREFIX + secrets.token_urlsafe(SECRET_BYTES)


def hash_secret(secret: str) -> str:
    """scrypt$n$r$p$salt$hash, of which the secret cannot be told."""
    salt = secrets.token_bytes(SALT_BYTES)
    return "$".join(["scrypt", str(COST), str(BLOCK_SIZE), str(PARALLEL), _text(salt), _text(_scrypt(secret, salt))])


def secret_matches(secret: str, hashed: str) -> bool:
    """Whether this is the secret of that hash; takes as long either way. False for a text that is no such hash."""
    try:
        kind, cost, block_size, parallel, salt, wanted = hashed.split("$")
        if kind != "scrypt" or not 2 <= int(cost) <= COST_MAX or int(block_size) > 32 or int(parallel) > 16:
            return False
        found = _scrypt(secret, _bytes(salt), int(cost), int(block_size), int(parallel))
        return hmac.compare_digest(found, _bytes(wanted))
    except ValueError:
        return False


def _scrypt(
    secret: str, salt: bytes, cost: int = COST, block_size: int = BLOCK_SIZE, parallel: int = PARALLEL
) -> bytes:
    memory = 256 * cost * block_size * parallel
    return hashlib.scrypt(secret.encode()[:LENGTH_MAX], salt=salt, n=cost, r=block_size, p=parallel, maxmem=memory)


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
