"""Tokens and the keys that sign them.

A token is a JWT signed with Ed25519 (RFC 9864) by a key of the database, so that every server on it verifies what any
of them issued. A key signs for a while and then only verifies until its last token has ended.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from exchange.errors import NotSignedIn
from exchange.model.parties import Client, Scope, Viewer
from exchange.model.writes import SigningKey

ALGORITHM: Final = "Ed25519"
TYPE: Final = "at+jwt"  # RFC 9068: so that no other kind of JWT is taken for an access token
ISSUER: Final = "footprint-exchange"
SECOND_US: Final = 1_000_000
DAY_US: Final = 86_400 * SECOND_US
SIGNS_DAYS: Final = 30
VERIFIES_LONGER_DAYS: Final = 1  # longer than any token lives, and than servers' clocks differ
SKEW_SECONDS: Final = 30  # how far the clocks of two servers may differ
TOKEN_LENGTH_MAX: Final = 4_096  # ours have about 500 characters

AGAIN: Final = "Get a new one from POST /auth/token."


@dataclass(frozen=True, slots=True)
class Token:
    text: str
    seconds: int  # that it is good for
    scopes: tuple[Scope, ...]


def make_key(now_us: int) -> SigningKey:
    """A new key, not yet kept."""
    key_id = secrets.token_hex(8)
    key = OKPKey.generate_key("Ed25519", parameters={"kid": key_id})
    signs_until = now_us + SIGNS_DAYS * DAY_US
    return SigningKey(
        id=key_id,
        document=json.dumps(key.as_dict(private=True)),
        created_at_us=now_us,
        signs_until_us=signs_until,
        verifies_until_us=signs_until + VERIFIES_LONGER_DAYS * DAY_US,
    )


def signing_key(keys: Sequence[SigningKey], now_us: int) -> SigningKey | None:
    """The newest key that signs now; None: make one."""
    able = [key for key in keys if now_us < key.signs_until_us]
    return max(able, key=lambda key: (key.created_at_us, key.id), default=None)


def issue(key: SigningKey, client: Client, scopes: Sequence[Scope], now_us: int, minutes: int) -> Token:
    """A token for a client that proved who it is."""
    issued = now_us // SECOND_US
    seconds = minutes * 60
    claims = {
        "iss": ISSUER,
        "aud": ISSUER,
        "sub": client.id,
        "org": client.organization_id,
        "version": client.version,
        "scope": " ".join(scope.value.lower() for scope in scopes),
        "iat": issued,
        "exp": issued + seconds,
        "jti": secrets.token_hex(16),
    }
    header = {"alg": ALGORITHM, "kid": key.id, "typ": TYPE}
    text = jwt.encode(header, claims, OKPKey.import_key(json.loads(key.document)), algorithms=[ALGORITHM])
    return Token(text, seconds, tuple(scopes))


def key_id_of(text: str) -> str:
    """The key that a token names; nothing of it has been verified yet. Raises NotSignedIn."""
    if len(text) > TOKEN_LENGTH_MAX:
        raise NotSignedIn(f"This is not a token of this exchange. {AGAIN}")
    try:
        head = text.split(".", 1)[0]
        header = json.loads(_decoded(head))
    except (ValueError, RecursionError):
        raise NotSignedIn(f"This is not a token of this exchange. {AGAIN}") from None
    key_id = header.get("kid") if isinstance(header, dict) else None
    if not isinstance(key_id, str):
        raise NotSignedIn(f"This is not a token of this exchange. {AGAIN}")
    return key_id


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def verify(text: str, keys: Sequence[SigningKey], now_us: int) -> Viewer:
    """Who a token speaks for. Raises NotSignedIn, which never says more than the holder of the token knows."""
    key_id = key_id_of(text)
    key = next((key for key in keys if key.id == key_id and now_us < key.verifies_until_us), None)
    if key is None:
        raise NotSignedIn(f"This token was signed by a key that is no longer known. {AGAIN}")
    try:
        token = jwt.decode(text, OKPKey.import_key(json.loads(key.document)), algorithms=[ALGORITHM])
    except (JoseError, ValueError):
        raise NotSignedIn(f"This is not a token of this exchange. {AGAIN}") from None
    if token.header.get("typ") != TYPE or token.header.get("alg") != ALGORITHM:
        raise NotSignedIn(f"This is not an access token. {AGAIN}")
    return _viewer(token.claims, now_us // SECOND_US)


def _viewer(claims: Mapping[str, Any], now: int) -> Viewer:
    issued, ends = claims.get("iat"), claims.get("exp")
    if not isinstance(issued, int) or not isinstance(ends, int) or claims.get("iss") != ISSUER:
        raise NotSignedIn(f"This is not a token of this exchange. {AGAIN}")
    if now >= ends + SKEW_SECONDS:
        raise NotSignedIn(f"This token has expired. {AGAIN}")
    if issued > now + SKEW_SECONDS:
        raise NotSignedIn("This token is not valid yet: the clocks of two servers differ.")
    client, organization = claims.get("sub"), claims.get("org")
    if claims.get("aud") != ISSUER or not isinstance(client, str) or not isinstance(organization, str):
        raise NotSignedIn(f"This is not a token of this exchange. {AGAIN}")
    version = claims.get("version", 0)  # none in tokens from before clients had versions
    if not isinstance(version, int):
        raise NotSignedIn(f"This is not a token of this exchange. {AGAIN}")
    known = {scope.value.lower(): scope for scope in Scope}
    scopes = frozenset(known[word] for word in str(claims.get("scope", "")).split() if word in known)
    return Viewer(organization, scopes, operator=Scope.ADMINISTER in scopes, client_id=client, client_version=version)
