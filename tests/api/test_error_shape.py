"""Errors have one shape over HTTP and WebSocket; what is a bug of ours is masked, logged once, and never shown."""

from __future__ import annotations

import logging
from typing import Any

import httpx
import pytest
from graphql import GraphQLEnumType, GraphQLError
from starlette.applications import Starlette

from exchange.app import MIDDLEWARE
from exchange.errors import (
    AccessDenied,
    Conflict,
    InvalidInput,
    LoopRefused,
    NotFound,
    NotSignedIn,
    Problem,
    StoreUnavailable,
    TooManyRequests,
)
from exchange.model.parties import ANONYMOUS
from exchange.schema import graphql_routes
from exchange.schema.enum_values import VALUES_NAMED_MAX, name_right_values
from exchange.schema.http import BODY_BYTES_MAX
from exchange.schema.transport import ANONYMOUS_SIZE_MAX, JSON_DEPTH_MAX
from exchange.web.not_found import EXCEPTION_HANDLERS
from tests.api.asgi_socket import AsgiSocket
from tests.api.fakes import SIGNED_IN, FakeExchange, id_of

SECRET = "the number is 42"
ROLL_UP = "{ products { nodes { cradleToGate { ... on RollUp { digest } } } } }"
KEY = '"6f1c3a52-8d0e-4b57-9a43-0c8e5f2d7b19"'
CREATE = f'mutation {{ createProduct(input: {{idempotencyKey: {KEY}, productIds: [], name: "x"}}) {{ __typename '


async def identify(authorization):
    if authorization is None:
        return ANONYMOUS
    if authorization == "Bearer good":
        return SIGNED_IN
    raise NotSignedIn("Get a new token.")


def app_over(exchange: Any) -> Starlette:
    return Starlette(
        routes=graphql_routes(exchange, identify), middleware=MIDDLEWARE, exception_handlers=EXCEPTION_HANDLERS
    )


def client_of(app) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url="http://exchange")


async def over_http(exchange: FakeExchange, query: str, variables=None, token: str | None = None) -> Any:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with client_of(app_over(exchange)) as client:
        answer = await client.post("/graphql", json={"query": query, "variables": variables}, headers=headers)
    return answer.json()


async def over_websocket(exchange: FakeExchange, query: str, variables=None, token: str | None = None) -> Any:
    async with AsgiSocket(app_over(exchange)) as socket:
        await socket.begin({"Authorization": f"Bearer {token}"} if token else None)
        said = (await socket.ask(query, variables=variables))[0]
    return {"errors": said["payload"]} if said["type"] == "error" else said["payload"]


def shape_of(body: Any) -> list[tuple[str, bool, Any]]:
    """What of the errors does not change from request to request; fails where the shape is another."""
    for error in body["errors"]:
        assert set(error) <= {"message", "locations", "path", "extensions"}
        assert {"code", "retryable", "requestId"} <= set(error["extensions"])
    return [
        (error["extensions"]["code"], error["extensions"]["retryable"], error.get("path")) for error in body["errors"]
    ]


PLACE = ["products"]
CASES: dict[str, Any] = {
    "syntax": ("{", None, FakeExchange(), [("INVALID_QUERY", False, None)]),
    "unknown field": ("{ nothing }", None, FakeExchange(), [("INVALID_QUERY", False, None)]),
    "bad variable": (
        "query($d: Date) { products { nodes { cradleToGate(asOf: $d) { __typename } } } }",
        {"d": "yesterday"},
        FakeExchange(),
        [("INVALID_INPUT", False, None)],
    ),
    "page size": ("{ products(first: 101) { totalCount } }", None, FakeExchange(), [("INVALID_INPUT", False, PLACE)]),
    "page ends": (
        "{ products(first: 1 last: 1) { totalCount } }",
        None,
        FakeExchange(),
        [("INVALID_INPUT", False, PLACE)],
    ),
    "cursor": ('{ products(after: "é") { totalCount } }', None, FakeExchange(), [("INVALID_INPUT", False, PLACE)]),
    "no name": ("{ product { name } }", None, FakeExchange(), [("INVALID_INPUT", False, ["product"])]),
    "a bug": (
        ROLL_UP,
        None,
        FakeExchange(products=3, failing={"roll_up": RuntimeError(SECRET)}),
        [("INTERNAL_ERROR", False, ["products", "nodes", 0, "cradleToGate"])],
    ),
    "a bug that looks like GraphQL": (
        "{ products { totalCount } }",
        None,
        FakeExchange(failing={"list_products": ValueError(SECRET)}),
        [("INTERNAL_ERROR", False, PLACE)],
    ),
    "a bug before": (
        ROLL_UP,
        None,
        FakeExchange(failing={"session": KeyError(SECRET)}),
        [("INTERNAL_ERROR", False, None)],
    ),
    "a bug after": (
        ROLL_UP,
        None,
        FakeExchange(failing={"confirm": KeyError(SECRET)}),
        [("INTERNAL_ERROR", False, None)],
    ),
    "the store away": (
        ROLL_UP,
        None,
        FakeExchange(failing={"session": StoreUnavailable("Try again.")}),
        [("STORE_UNAVAILABLE", True, None)],
    ),
    "the store away in the middle": (
        "{ products { totalCount } }",
        None,
        FakeExchange(failing={"list_products": StoreUnavailable("Try again.")}),
        [("STORE_UNAVAILABLE", True, PLACE)],
    ),
}


@pytest.mark.parametrize("transport", [over_http, over_websocket])
@pytest.mark.parametrize("case", CASES)
async def test_every_error_has_the_one_shape_and_no_secret(case, transport, caplog):
    query, variables, exchange, shape = CASES[case]
    with caplog.at_level(logging.ERROR):
        body = await transport(exchange, query, variables)
    assert sorted(shape_of(body), key=str) == sorted(shape, key=str)
    assert SECRET not in str(body)
    ours = [record for record in caplog.records if record.name.startswith("exchange")]
    masked = shape[0][0] == "INTERNAL_ERROR"
    assert len(ours) == masked
    if masked:
        request_id = body["errors"][0]["extensions"]["requestId"]
        assert request_id in body["errors"][0]["message"]
        assert request_id in ours[0].getMessage()
        assert SECRET in str(ours[0].exc_info[1])


async def test_a_bad_variable_is_said_to_be_one():
    body = await over_http(FakeExchange(), CASES["bad variable"][0], {"d": 7})
    assert 'a day of the calendar such as "2026-06-30"; got 7' in body["errors"][0]["message"]


GRANT = f'mutation {{ grantAccess(input: {{idempotencyKey: {KEY}, product: "x", to: {{public: true}}, level: '
LEVELS = "Its values: TOTAL, BREAKDOWN, INPUTS, BENCHMARK."
ENUMS: dict[str, Any] = {
    "in the text": (
        GRANT + "all}) { __typename } }",
        None,
        f"Value 'all' does not exist in 'GrantLevel' enum. {LEVELS}",
    ),
    "in the text, resembling one": (
        GRANT + "TOTALS}) { __typename } }",
        None,
        f"Value 'TOTALS' does not exist in 'GrantLevel' enum. Did you mean the enum value 'TOTAL'? {LEVELS}",
    ),
    "in quotes": (
        GRANT + '"TOTAL"}) { __typename } }',
        None,
        f"Enum 'GrantLevel' cannot represent non-enum value: \"TOTAL\". Did you mean the enum value 'TOTAL'? {LEVELS}",
    ),
    "in a variable": (
        "query($o: ProductOrderField!) { products(orderBy: {field: $o, direction: ASC}) { totalCount } }",
        {"o": "name"},
        "Value 'name' does not exist in 'ProductOrderField' enum. Did you mean the enum value 'NAME'? "
        "Its values: NAME, CREATED_AT.",
    ),
    "in a variable of another type": (
        "query($o: ProductOrderField!) { products(orderBy: {field: $o, direction: ASC}) { totalCount } }",
        {"o": 7},
        "Enum 'ProductOrderField' cannot represent non-string value: 7. Its values: NAME, CREATED_AT.",
    ),
}


@pytest.mark.parametrize("transport", [over_http, over_websocket])
@pytest.mark.parametrize("case", ENUMS)
async def test_a_wrong_enum_value_is_answered_with_the_right_ones(case, transport):
    query, variables, said = ENUMS[case]
    body = await transport(FakeExchange(), query, variables)
    assert [found[0] for found in shape_of(body)] == ["INVALID_QUERY" if variables is None else "INVALID_INPUT"]
    assert body["errors"][0]["message"].endswith(said)
    assert body["errors"][0]["locations"]


LITERALS = {
    "of more digits than are read": (
        f"{{ products(first: {'9' * 5_000}) {{ totalCount }} }}",
        "INVALID_INPUT",
        "first: Int expects a whole number from -2147483648 to 2147483647; got a number of thousands of digits. The "
        "bounds of each argument are in its description.",
    ),
    "beyond 32 bits": (
        "{ products(first: 99999999999) { totalCount } }",
        "INVALID_INPUT",
        "first: Int expects a whole number from -2147483648 to 2147483647; got 99999999999. The bounds of each "
        "argument are in its description.",
    ),
    "of another type": (
        '{ products(first: "ten") { totalCount } }',
        "INVALID_INPUT",
        'first: Int cannot represent non-integer value: "ten"',
    ),
    "inside an input": (
        'mutation { deprecateFootprint(input: {footprint: 7.5, reason: "x"}) { __typename } }',
        "INVALID_INPUT",
        "input.footprint: ID cannot represent a non-string and non-integer value: 7.5",
    ),
    "of our own scalars": (
        'mutation { createRelease(input: {idempotencyKey: "no", dataset: "D", label: "l", date: "2026-01-01"}) '
        "{ __typename } }",
        "INVALID_INPUT",
        "input.idempotencyKey: UUID expects a UUID such as \"6f1c3a52-8d0e-4b57-9a43-0c8e5f2d7b19\"; got 'no'.",
    ),
    "a field that is not there": (
        'mutation { deprecateFootprint(input: {footprint: "x", reason: "x", more: 1}) { __typename } }',
        "INVALID_QUERY",
        "input: Expected value of type 'DeprecateFootprintInput' not to include unknown field 'more', found: "
        '{ footprint: "x", reason: "x", more: 1 }.',
    ),
    "too deep an introspection": (
        "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }",
        "QUERY_TOO_LARGE",
        "The introspection follows more than 2 lists of fields one in another: ask in several queries, "
        "for a type at a time with __type(name:).",
    ),
}


@pytest.mark.parametrize("transport", [over_http, over_websocket])
@pytest.mark.parametrize("case", LITERALS)
async def test_what_is_wrong_in_a_querys_text_is_answered_with_its_place(case, transport):
    query, code, said = LITERALS[case]
    body = await transport(FakeExchange(), query)
    assert shape_of(body) == [(code, False, None)]
    assert body["errors"][0]["message"] == said
    assert body["errors"][0]["locations"]


def test_a_long_list_of_values_ends_with_how_many_more_there_are():
    names = [f"V{number}" for number in range(VALUES_NAMED_MAX + 3)]
    enum = GraphQLEnumType("Long", dict.fromkeys(names))
    name_right_values(enum)
    with pytest.raises(GraphQLError, match=r"Its values: V0, V1, .*, V59 and 3 more\.$"):
        enum.coerce_input_value("other")


REFUSALS = {
    "InvalidInput": InvalidInput("wrong", problems=[Problem("TOO_LONG", "wrong", ("input", "name"), "≤ 512", "999")]),
    "AccessDenied": AccessDenied("not yours", path=("input", "product")),
    "Conflict": Conflict("taken", path=("input", "productIds", "0")),
}


@pytest.mark.parametrize("kind", REFUSALS)
async def test_what_the_caller_can_mend_is_a_member_of_the_union(kind, monkeypatch):
    error = REFUSALS[kind]
    monkeypatch.setattr("exchange.operations.changing.products.create_product", refusing(error))
    query = (
        CREATE
        + "... on UserError { code message path } ... on InvalidInput { problems { code path expected got } } } }"
    )
    body = await over_http(FakeExchange(), query, token="good")
    assert "errors" not in body
    found = body["data"]["createProduct"]
    assert (found["__typename"], found["code"], found["message"]) == (kind, error.code, error.message)
    assert found["path"] == list(error.path)
    if kind == "InvalidInput":
        assert found["problems"] == [{"code": "TOO_LONG", "path": ["input", "name"], "expected": "≤ 512", "got": "999"}]


async def test_a_refused_loop_shows_only_members_that_are_visible(monkeypatch):
    monkeypatch.setattr(
        "exchange.operations.changing.sharing.grant_access",
        refusing(LoopRefused("gain 1", members=(3, 10**6), path=("input",))),
    )
    query = f"""mutation {{ grantAccess(input: {{idempotencyKey: {KEY}, product: "{id_of(3)}", to: {{public: true}},
      level: TOTAL}}) {{ __typename ... on LoopRefused {{ path members {{ name }} }} }} }}"""
    body = await over_http(FakeExchange(), query, token="good")
    assert body["data"]["grantAccess"] == {
        "__typename": "LoopRefused",
        "path": ["input"],
        "members": [{"name": "Product 3"}],
    }


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (StoreUnavailable("Try again."), "STORE_UNAVAILABLE"),
        (TooManyRequests("Slowly.", retry_after_seconds=7), "TOO_MANY_REQUESTS"),
        (NotFound("not in this union"), "NOT_FOUND"),
        (RuntimeError(SECRET), "INTERNAL_ERROR"),
    ],
)
async def test_what_has_no_place_in_the_union_is_a_top_level_error(error, code, monkeypatch):
    monkeypatch.setattr("exchange.operations.changing.products.create_product", refusing(error))
    body = await over_http(FakeExchange(), CREATE + "} }", token="good")
    assert [found[0] for found in shape_of(body)] == [code]
    assert SECRET not in str(body)


def refusing(error: Exception):
    async def refuse(*_: object) -> str:
        raise error

    return refuse


async def test_a_write_happens_once_however_often_its_answer_is_prepared(monkeypatch):
    written = []

    async def create_product(exchange, viewer, given):
        written.append(given.name)
        return "22222222-2222-4222-8222-000000000001"

    monkeypatch.setattr("exchange.operations.changing.products.create_product", create_product)
    query = f"""mutation {{
      a: createProduct(input: {{idempotencyKey: {KEY}, productIds: [], name: "a"}}) {{ ...p }}
      b: createProduct(input: {{idempotencyKey: {KEY}, productIds: [], name: "b"}}) {{ ...p }}
    }} fragment p on CreateProductPayload {{ product {{ name }} }}"""
    body = await over_http(FakeExchange(unsteady=2), query, token="good")
    assert body == {"data": {name: {"product": {"name": "Product 1"}} for name in "ab"}}
    assert written == ["a", "b"]


@pytest.mark.parametrize(
    ("method", "sent", "status", "code"),
    [
        ("POST", {"content": b"{", "headers": {"content-type": "application/json"}}, 400, "INVALID_INPUT"),
        ("POST", {"json": []}, 400, "INVALID_INPUT"),
        ("POST", {"json": [{"query": "{viewer{scopes}}"}]}, 400, "INVALID_INPUT"),
        ("POST", {"json": {}}, 400, "INVALID_INPUT"),
        ("POST", {"json": {"query": "{viewer{scopes}}", "variables": []}}, 400, "INVALID_INPUT"),
        ("POST", {"json": {"query": "{viewer{scopes}}", "operationName": 1}}, 400, "INVALID_INPUT"),
        ("POST", {"data": {"query": "{viewer{scopes}}"}}, 415, "UNSUPPORTED_MEDIA_TYPE"),
        ("POST", {"content": b"{viewer{scopes}}"}, 415, "UNSUPPORTED_MEDIA_TYPE"),
        ("PUT", {"json": {"query": "{viewer{scopes}}"}}, 405, "METHOD_NOT_ALLOWED"),
        ("GET", {}, 400, "INVALID_INPUT"),
        ("GET", {"params": {"query": CREATE + "} }"}}, 405, "METHOD_NOT_ALLOWED"),
        ("GET", {"params": {"query": "{viewer{scopes}}", "variables": "x"}}, 400, "INVALID_INPUT"),
        (
            "POST",
            {"json": {"query": "{viewer{scopes}}"}, "headers": {"authorization": "Bearer bad"}},
            401,
            "NOT_SIGNED_IN",
        ),
    ],
)
async def test_requests_that_are_none_get_a_status_and_the_same_shape(method, sent, status, code):
    exchange = FakeExchange()
    async with client_of(app_over(exchange)) as client:
        answer = await client.request(method, "/graphql", **sent)
    assert answer.status_code == status
    assert [found[0] for found in shape_of(answer.json())] == [code]
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-request-id"] == answer.json()["errors"][0]["extensions"]["requestId"]
    assert not exchange.calls


def nested(levels: int) -> str:
    """A request whose JSON has so many levels; the outermost are the request and its variables."""
    return '{"query": "{viewer{scopes}}", "variables": {"x": ' + "[" * (levels - 2) + "]" * (levels - 2) + "}}"


@pytest.mark.parametrize("levels", [JSON_DEPTH_MAX + 1, 900, 100_000])
async def test_json_that_is_nested_too_deeply_is_said_to_be(levels):
    exchange = FakeExchange()
    headers = {"content-type": "application/json"}
    async with client_of(app_over(exchange)) as client:
        answer = await client.post("/graphql", content=nested(levels), headers=headers)
        deepest = await client.post("/graphql", content=nested(JSON_DEPTH_MAX), headers=headers)
    assert answer.status_code == 400
    assert shape_of(answer.json()) == [("INVALID_INPUT", False, None)]
    assert f"nested more than {JSON_DEPTH_MAX} levels deep" in answer.json()["errors"][0]["message"]
    assert deepest.json() == {"data": {"viewer": {"scopes": []}}}
    async with AsgiSocket(app_over(exchange)) as socket:
        await socket.begin()
        await socket.send(nested(levels))
        assert await socket.receive() == {"closed": 4400}


async def test_a_body_that_is_too_large_is_refused_before_it_is_read():
    async def endless():
        for _ in range(BODY_BYTES_MAX // 1_000_000 + 2):
            yield b" " * 1_000_000

    headers = {"content-type": "application/json"}
    async with client_of(app_over(FakeExchange())) as client:
        for count, status in ((ANONYMOUS_SIZE_MAX, 400), (ANONYMOUS_SIZE_MAX + 1, 413)):
            unsigned = await client.post("/graphql", content=b" " * count, headers=headers)
            assert unsigned.status_code == status
        assert "sign in" in unsigned.json()["errors"][0]["message"]
        told = await client.post("/graphql", content=b"", headers=headers | {"content-length": str(BODY_BYTES_MAX + 1)})
        streamed = await client.post("/graphql", content=endless(), headers=headers)
    for answer in (told, streamed):
        assert answer.status_code == 413
        assert answer.json()["errors"][0]["extensions"]["code"] == "REQUEST_TOO_LARGE"


async def test_the_status_says_whether_anything_was_executed_to_who_asks_for_it():
    accept = {"accept": "application/graphql-response+json"}
    async with client_of(app_over(FakeExchange())) as client:
        old = await client.post("/graphql", json={"query": "{ nothing }"})
        new = await client.post("/graphql", json={"query": "{ nothing }"}, headers=accept)
        good = await client.post("/graphql", json={"query": "{ viewer { scopes } }"}, headers=accept)
        read = await client.get(
            "/graphql", params={"query": "query($n:Int){products(first:$n){totalCount}}", "variables": '{"n":1}'}
        )
    assert (old.status_code, new.status_code, good.status_code, read.status_code) == (200, 400, 200, 200)
    assert old.headers["content-type"] == "application/json"
    assert new.headers["content-type"] == "application/graphql-response+json"
    assert read.json() == {"data": {"products": {"totalCount": 10}}}
    assert good.headers["content-security-policy"].startswith("default-src 'none'")


async def test_paths_and_methods_that_are_not_there_say_what_is():
    async with client_of(app_over(FakeExchange())) as client:
        missing = await client.get("/nothing")
    assert missing.status_code == 404
    assert "/graphql" in missing.json()["errors"][0]["message"]
    assert [found[0] for found in shape_of(missing.json())] == ["NOT_FOUND"]
