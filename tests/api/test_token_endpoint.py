"""POST /auth/token as OAuth libraries use it: RFC 6749's parameters, errors and headers."""

from __future__ import annotations

import base64
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from exchange.errors import StoreUnavailable
from exchange.tokens.attempts import FAILURES_PER_CLIENT_MAX
from exchange.web.not_found import EXCEPTION_HANDLERS
from exchange.web.token_endpoint import token_routes
from tests.api.test_tokens import CLIENT, SECRET, Desk

FORM = {"grant_type": "client_credentials"}


def client_of(desk: Desk) -> httpx.AsyncClient:
    app = Starlette(routes=token_routes(desk.issuer()), exception_handlers=EXCEPTION_HANDLERS)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://exchange")


async def post(desk: Desk, form=None, auth=(CLIENT.id, SECRET), **more) -> httpx.Response:
    async with client_of(desk) as client:
        sent: dict[str, Any] = {} if "content" in more else {"data": FORM if form is None else form}
        return await client.post("/auth/token", auth=auth, **sent, **more)


async def test_a_client_gets_a_token():
    desk = Desk()
    answer = await post(desk)
    assert answer.status_code == 200
    body = answer.json()
    assert {name: body[name] for name in ("token_type", "expires_in", "scope")} == {
        "token_type": "Bearer",
        "expires_in": 900,
        "scope": "read publish",
    }
    assert (await desk.issuer().viewer("Bearer " + body["access_token"])).client_id == CLIENT.id
    assert answer.headers["cache-control"] == "no-store"


async def test_a_client_may_ask_for_less():
    answer = await post(Desk(), FORM | {"scope": "read"})
    assert answer.json()["scope"] == "read"


def basic(text: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(text.encode()).decode()}


@pytest.mark.parametrize(
    ("form", "more", "status", "error"),
    [
        ({}, {}, 400, "invalid_request"),
        ({"grant_type": "password"}, {}, 400, "unsupported_grant_type"),
        (FORM | {"scope": "administer"}, {}, 400, "invalid_scope"),
        (
            FORM,
            {"content": b'{"grant_type": "client_credentials"}', "headers": {"content-type": "application/json"}},
            400,
            "invalid_request",
        ),
        (
            FORM,
            {"content": b"grant_type=a&grant_type=b", "headers": {"content-type": "application/x-www-form-urlencoded"}},
            400,
            "invalid_request",
        ),
        (
            FORM,
            {"content": b"\xff", "headers": {"content-type": "application/x-www-form-urlencoded"}},
            400,
            "invalid_request",
        ),
        (FORM | {"x": "y" * 9000}, {}, 413, "invalid_request"),
        (FORM, {"auth": None}, 401, "invalid_client"),
        (FORM, {"auth": (CLIENT.id, "wrong")}, 401, "invalid_client"),
        (FORM, {"auth": ("nobody", SECRET)}, 401, "invalid_client"),
        (FORM, {"auth": None, "headers": basic("no colon")}, 401, "invalid_client"),
        (FORM, {"auth": None, "headers": {"Authorization": "Basic %%%"}}, 401, "invalid_client"),
        (FORM, {"auth": None, "headers": {"Authorization": "Bearer x"}}, 401, "invalid_client"),
        (FORM | {"client_id": CLIENT.id, "client_secret": SECRET}, {"auth": None}, 401, "invalid_client"),
    ],
)
async def test_errors_are_rfc_6749s(form, more, status, error):
    desk = Desk()
    answer = await post(desk, form, **more)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.json()["error_description"]
    assert answer.headers["cache-control"] == "no-store"
    assert ("www-authenticate" in answer.headers) == (status == 401)
    assert not desk.keys


async def test_ids_and_secrets_may_be_encoded_inside_basic():
    answer = await post(Desk(), auth=None, headers=basic(f"{CLIENT.id.replace('-', '%2D')}:{SECRET}"))
    assert answer.status_code == 200


async def test_too_many_failures_say_when_to_come_back():
    async with client_of(Desk()) as client:
        for _ in range(FAILURES_PER_CLIENT_MAX):
            answer = await client.post("/auth/token", data=FORM, auth=(CLIENT.id, "wrong"))
            assert answer.status_code == 401
        answer = await client.post("/auth/token", data=FORM, auth=(CLIENT.id, "wrong"))
    assert answer.status_code == 429
    assert 1 <= int(answer.headers["retry-after"]) <= 61


async def test_a_store_that_is_away_is_not_a_wrong_secret():
    desk = Desk()

    async def away(client_id):
        raise StoreUnavailable("The graph database does not answer.")

    desk.get_client = away  # type: ignore[method-assign]
    answer = await post(desk)
    assert (answer.status_code, answer.json()["error"]) == (503, "temporarily_unavailable")


async def test_other_methods_are_told_which_to_use():
    async with client_of(Desk()) as client:
        answer = await client.get("/auth/token")
    assert answer.status_code == 405
    assert "use POST" in answer.json()["errors"][0]["message"]
