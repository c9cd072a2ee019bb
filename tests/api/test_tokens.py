"""Tokens, keys and secrets: who is recognised, who is not, and that refusals tell nothing."""

from __future__ import annotations

import asyncio
import base64
import json
from dataclasses import dataclass, field, replace

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, OKPKey

from exchange.errors import InvalidInput, NotSignedIn, TooManyRequests
from exchange.model.footprint import NEVER_US
from exchange.model.parties import ANONYMOUS, Client, Scope, Viewer
from exchange.model.writes import SigningKey
from exchange.tokens import Issuer, hash_secret, make_secret
from exchange.tokens.attempts import (
    ENTRIES_MAX,
    FAILURES_PER_ADDRESS_MAX,
    FAILURES_PER_CLIENT_MAX,
    WINDOW_SECONDS,
    Attempts,
)
from exchange.tokens.client_secrets import secret_matches
from exchange.tokens.signing import (
    ALGORITHM,
    DAY_US,
    ISSUER,
    SECOND_US,
    SIGNS_DAYS,
    SKEW_SECONDS,
    VERIFIES_LONGER_DAYS,
    issue,
    make_key,
    signing_key,
    verify,
)

NOW = 1_782_820_800 * SECOND_US
ORGANIZATION = "11111111-1111-4111-8111-111111111111"
SECRET = make_secret()
CLIENT = Client("client-1", ORGANIZATION, frozenset({Scope.READ, Scope.PUBLISH}), hash_secret(SECRET), 0, NEVER_US)


@dataclass
class Desk:
    """An issuer over lists in memory; `now_us` is its clock."""

    clients: dict[str, Client] = field(default_factory=lambda: {CLIENT.id: CLIENT})
    keys: list[SigningKey] = field(default_factory=list)
    now_us: int = NOW
    reads: int = 0

    def issuer(self) -> Issuer:
        return Issuer(self.load_keys, self.add_key, self.get_client, lambda: self.now_us)

    async def load_keys(self):
        self.reads += 1
        return list(self.keys)

    async def add_key(self, key):
        self.keys.append(key)

    async def get_client(self, client_id):
        return self.clients.get(client_id)


def test_secrets_are_long_and_never_the_same():
    assert len({make_secret() for _ in range(50)}) == 50
    assert len(make_secret()) >= 43
    assert hash_secret(SECRET) != hash_secret(SECRET)
    assert SECRET not in CLIENT.secret_hash
    assert secret_matches(SECRET, CLIENT.secret_hash)
    assert not secret_matches(SECRET + "x", CLIENT.secret_hash)


@pytest.mark.parametrize(
    "damaged",
    ["", "x", "scrypt$16384$8$1$AAAA", "scrypt$9999999999$8$1$AAAA$AAAA", "plain$1$1$1$AAAA$AAAA", "scrypt$a$8$1$A$A"],
)
def test_a_damaged_hash_matches_nothing(damaged):
    assert not secret_matches("", damaged)
    assert not secret_matches(SECRET, damaged)


async def test_a_client_gets_a_token_and_is_recognised_by_it():
    desk = Desk()
    issuer = desk.issuer()
    token = await issuer.token(CLIENT.id, SECRET, "127.0.0.1")
    assert (token.seconds, token.scopes) == (900, (Scope.READ, Scope.PUBLISH))
    viewer = await issuer.viewer(f"Bearer {token.text}")
    assert viewer == Viewer(ORGANIZATION, CLIENT.scopes, client_id=CLIENT.id, client_version=0)
    assert await issuer.viewer(None) == ANONYMOUS
    other_server = desk.issuer()
    assert await other_server.viewer(f"bearer  {token.text}") == viewer
    assert len(desk.keys) == 1


async def test_the_operator_is_who_may_administer():
    desk = Desk(clients={"root": replace(CLIENT, id="root", scopes=frozenset(Scope))})
    issuer = desk.issuer()
    assert (await issuer.viewer("Bearer " + (await issuer.token("root", SECRET, "a")).text)).operator
    narrow = await issuer.token("root", SECRET, "a", ["read"])
    assert not (await issuer.viewer("Bearer " + narrow.text)).operator


@pytest.mark.parametrize(
    ("wanted", "granted"), [(["read"], {Scope.READ}), (["PUBLISH", "read"], {Scope.READ, Scope.PUBLISH})]
)
async def test_a_token_may_be_narrower_than_its_client(wanted, granted):
    issuer = Desk().issuer()
    token = await issuer.token(CLIENT.id, SECRET, "a", wanted)
    assert set(token.scopes) == (await issuer.viewer("Bearer " + token.text)).scopes == granted


@pytest.mark.parametrize("wanted", [["administer"], ["read", "write"], []])
async def test_a_token_is_never_wider_than_its_client(wanted):
    with pytest.raises(InvalidInput, match="may ask for: read publish"):
        await Desk().issuer().token(CLIENT.id, SECRET, "a", wanted)


async def test_unknown_revoked_and_wrong_get_one_answer():
    revoked = replace(CLIENT, id="revoked", revoked_at_us=NOW)
    desk = Desk(clients={CLIENT.id: CLIENT, "revoked": revoked})
    issuer = desk.issuer()
    said = set()
    for client_id, secret in [
        ("nobody", SECRET),
        ("revoked", SECRET),
        (CLIENT.id, "wrong"),
        ("\x00", ""),
        ("x" * 9999, "é"),
    ]:
        with pytest.raises(NotSignedIn) as refused:
            await issuer.token(client_id, secret, "a")
        said.add(refused.value.message)
    assert len(said) == 1
    assert not desk.keys


def claims_of(**changed: object) -> dict[str, object]:
    now = NOW // SECOND_US
    whole = {
        "iss": ISSUER,
        "aud": ISSUER,
        "sub": "c",
        "org": ORGANIZATION,
        "scope": "read",
        "iat": now,
        "exp": now + 60,
    }
    return {name: value for name, value in (whole | changed).items() if value is not None}


def signed(key: SigningKey, claims, **header: object) -> str:
    whole = {"alg": ALGORITHM, "kid": key.id, "typ": "at+jwt"} | header
    return jwt.encode(whole, claims, OKPKey.import_key(json.loads(key.document)), algorithms=[ALGORITHM])


def unsigned(header: dict[str, object]) -> str:
    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part(header)}.{part(claims_of())}."


KEY = make_key(NOW)
OTHER_KEY = replace(make_key(NOW), id=KEY.id)
PUBLIC_BYTES = json.loads(KEY.document)["x"]
FORGED = {
    "another key of the same name": signed(OTHER_KEY, claims_of()),
    "an unknown key": signed(replace(KEY, id="unknown"), claims_of()),
    "no algorithm": unsigned({"alg": "none", "kid": KEY.id, "typ": "at+jwt"}),
    "the public key as a secret": jwt.encode(
        {"alg": "HS256", "kid": KEY.id, "typ": "at+jwt"},
        claims_of(),
        OctKey.import_key(PUBLIC_BYTES),
        algorithms=["HS256"],
    ),
    "another kind of token": signed(KEY, claims_of(), typ="JWT"),
    "another issuer": signed(KEY, claims_of(iss="elsewhere")),
    "for somebody else": signed(KEY, claims_of(aud="elsewhere")),
    "no end": signed(KEY, claims_of(exp=None)),
    "no organization": signed(KEY, claims_of(org=None)),
    "ended": signed(KEY, claims_of(exp=NOW // SECOND_US - SKEW_SECONDS)),
    "not yet": signed(KEY, claims_of(iat=NOW // SECOND_US + SKEW_SECONDS + 1)),
    "cut": signed(KEY, claims_of())[:-2],
    "empty": "",
    "text": "token",
    "dots": "..",
    "deep": base64.urlsafe_b64encode(b"[" * 3000).decode() + ".x.y",
    "long": "x" * 100_000,
    "not ASCII": "é.é.é",
}


@pytest.mark.parametrize("how", FORGED)
async def test_a_forged_token_is_refused(how):
    issuer = Desk(keys=[KEY]).issuer()
    with pytest.raises(NotSignedIn):
        await issuer.viewer(f"Bearer {FORGED[how]}")


def test_clocks_may_differ_a_little():
    now = NOW // SECOND_US
    assert verify(signed(KEY, claims_of(exp=now - SKEW_SECONDS + 1)), [KEY], NOW).organization_id == ORGANIZATION
    assert verify(signed(KEY, claims_of(iat=now + SKEW_SECONDS)), [KEY], NOW).scopes == {Scope.READ}


@pytest.mark.parametrize("header", ["Basic eDp5", "Bearer", "", "token", "Bearer  "])
async def test_another_authorization_is_refused_not_ignored(header):
    with pytest.raises(NotSignedIn):
        await Desk().issuer().viewer(header)


async def test_keys_rotate_and_old_tokens_live_on():
    desk = Desk()
    first = await desk.issuer().token(CLIENT.id, SECRET, "a")
    desk.now_us = NOW + SIGNS_DAYS * DAY_US - 1
    last = await desk.issuer().token(CLIENT.id, SECRET, "a")
    assert len(desk.keys) == 1
    desk.now_us += 1
    issuer = desk.issuer()
    new = await issuer.token(CLIENT.id, SECRET, "a")
    assert len(desk.keys) == 2
    assert signing_key(desk.keys, desk.now_us) == desk.keys[1]
    for token in (last, new):
        assert (await issuer.viewer("Bearer " + token.text)).client_id == CLIENT.id
    with pytest.raises(NotSignedIn, match="expired"):
        await issuer.viewer("Bearer " + first.text)
    desk.now_us += VERIFIES_LONGER_DAYS * DAY_US
    with pytest.raises(NotSignedIn, match="no longer known"):
        verify(last.text, desk.keys, desk.now_us)


async def test_a_key_that_another_server_made_is_found_but_forged_ones_cost_no_reads():
    desk = Desk()
    first, second = desk.issuer(), desk.issuer()
    await first.token(CLIENT.id, SECRET, "a")
    desk.keys.append(make_key(NOW + 1))
    token = issue(desk.keys[-1], CLIENT, [Scope.READ], NOW, 15)
    assert (await second.viewer("Bearer " + token.text)).client_id == CLIENT.id
    before = desk.reads
    for _ in range(20):
        with pytest.raises(NotSignedIn):
            await second.viewer("Bearer " + FORGED["an unknown key"])
    assert desk.reads == before


async def test_failures_are_limited_for_a_client():
    issuer = Desk().issuer()
    for _ in range(FAILURES_PER_CLIENT_MAX):
        with pytest.raises(NotSignedIn):
            await issuer.token("nobody", "wrong", "a")
    with pytest.raises(TooManyRequests) as refused:
        await issuer.token("nobody", "wrong", "b")
    assert 1 <= refused.value.retry_after_seconds <= WINDOW_SECONDS + 1
    assert (await issuer.token(CLIENT.id, SECRET, "a")).text


async def test_many_at_once_count_before_they_are_compared():
    issuer = Desk().issuer()
    tries = [issuer.token(CLIENT.id, "wrong", "a") for _ in range(FAILURES_PER_CLIENT_MAX + 5)]
    found = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(error, TooManyRequests) for error in found) == 5


def test_failures_are_limited_for_an_address_and_forgotten_after_a_while():
    attempts = Attempts()
    for number in range(FAILURES_PER_ADDRESS_MAX):
        attempts.begin(f"client-{number}", "a", 0)
    with pytest.raises(TooManyRequests):
        attempts.begin("another", "a", WINDOW_SECONDS - 1)
    attempts.begin("another", "b", WINDOW_SECONDS - 1)
    attempts.begin("another", "a", WINDOW_SECONDS)


def test_successes_do_not_count():
    attempts = Attempts()
    for _ in range(FAILURES_PER_ADDRESS_MAX * 2):
        attempts.begin("client", "a", 0)
        attempts.succeeded("client", "a")


def test_the_table_of_failures_is_bounded():
    attempts = Attempts()
    for number in range(ENTRIES_MAX):
        attempts.begin(f"client-{number}" + "x" * 1000, f"address-{number}", 0)
    assert len(attempts) == ENTRIES_MAX
