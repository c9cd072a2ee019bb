"""Bad requests over HTTP, of whatever input: no JSON, no query, too much of either; nothing in the store changed."""

from __future__ import annotations

import json

import pytest

from exchange.schema.http import BODY_BYTES_MAX
from tests.api.bad_values import UNKNOWN
from tests.api.exchange_server import ExchangeServer, new_key
from tests.api.refusing_world import World, make_world


@pytest.fixture(scope="module")
def world(server: ExchangeServer) -> World:
    return make_world(server)


DUPLICATE = '{"query": "mutation ($input: CreateReleaseInput!) { createRelease(input: $input) { __typename } }", '
DUPLICATE += (
    '"variables": {"input": {"dataset": "D", "label": "a", "label": "b", "date": "2026-01-01", "idempotencyKey": "'
)
CREATE = 'createRelease(input: {idempotencyKey: "%s", dataset: "D", label: "L", date: "2026-01-01"}) { __typename }'
MINE = "urn:pact:maker.example:product-id:mine"
REQUESTS: dict[str, tuple[bytes | str, int, str]] = {
    "no JSON": (b"{", 400, "INVALID_INPUT"),
    "no text": (b"\xff\xfe\xff", 400, "INVALID_INPUT"),
    "nothing": (b"", 400, "INVALID_INPUT"),
    "NaN": (b'{"query": "{ viewer { scopes } }", "variables": {"x": NaN}}', 400, "INVALID_INPUT"),
    "a name twice": ((DUPLICATE + UNKNOWN + '"}}}').encode(), 400, "INVALID_INPUT"),
    "nested without end": (b"[" * 100_000, 400, "INVALID_INPUT"),
    "a number without end": (b'{"query": ' + b"1" * 5_000 + b"}", 400, "INVALID_INPUT"),
    "several": (b"[{}]", 400, "INVALID_INPUT"),
    "too large": (b'"' + b"x" * BODY_BYTES_MAX + b'"', 413, "REQUEST_TOO_LARGE"),
    "an argument twice": (
        "mutation { " + CREATE.replace("dataset:", 'label: "M" dataset:') + " }",
        200,
        "INVALID_QUERY",
    ),
    "a field that is not there": ("mutation { a: " + CREATE + " surprise }", 200, "INVALID_QUERY"),
    "a bomb of aliases": (
        "mutation { " + " ".join(f"a{n}: {CREATE}" for n in range(1_000)) + " }",
        200,
        "QUERY_TOO_LARGE",
    ),
    "a bomb of directives": ("mutation { a: " + CREATE + "@skip(if: false)" * 5_000 + " }", 200, "INVALID_QUERY"),
    "text without end": ("mutation { a: " + CREATE + " } #" + "x" * 300_000, 200, "QUERY_TOO_LARGE"),
    "a mutation of another type": ("query { a: " + CREATE + " }", 200, "INVALID_QUERY"),
    "a subscription": ("subscription { x }", 200, "INVALID_QUERY"),
}


@pytest.mark.parametrize("case", REQUESTS)
def test_bad_requests_are_refused_and_change_nothing(world: World, case: str) -> None:
    sent, status, code = REQUESTS[case]
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {world.maker.token}"}
    if isinstance(sent, str):
        assert "a%s" not in sent
        sent = json.dumps({"query": sent.replace("%s", new_key())}).encode()
    answer = world.server.http.post("/graphql", content=sent, headers=headers)
    assert answer.status_code == status, answer.text[:300]
    body = answer.json()
    assert "data" not in body
    assert {error["extensions"]["code"] for error in body["errors"]} == {code}, answer.text[:300]
    world.check_unchanged()


@pytest.mark.parametrize("media_type", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_other_content_types_are_refused(world: World, media_type: str) -> None:
    body = json.dumps({"query": "mutation { " + CREATE % new_key() + " }"})
    headers = {"Content-Type": media_type, "Authorization": f"Bearer {world.maker.token}"}
    answer = world.server.http.post("/graphql", content=body, headers=headers)
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (415, "UNSUPPORTED_MEDIA_TYPE")
    world.check_unchanged()
