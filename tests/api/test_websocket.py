"""The WebSocket: the one protocol, its codes, and a token that is looked at for every operation."""

from typing import Any

import pytest
from starlette.applications import Starlette

from exchange.errors import NotSignedIn
from exchange.schema import graphql_routes
from exchange.schema.websocket import OPERATIONS_MAX
from tests.api.asgi_socket import AsgiSocket
from tests.api.fakes import SIGNED_IN, FakeExchange
from tests.api.test_error_shape import app_over

VIEWER = "{ viewer { scopes } }"


def app() -> Starlette:
    return app_over(FakeExchange())


async def test_a_question_is_answered_and_completed():
    async with AsgiSocket(app()) as socket:
        assert socket.accepted == {"type": "websocket.accept", "subprotocol": "graphql-transport-ws", "headers": []}
        assert await socket.begin() == {"type": "connection_ack"}
        assert await socket.ask(VIEWER, "a") == [
            {"id": "a", "type": "next", "payload": {"data": {"viewer": {"scopes": []}}}},
            {"id": "a", "type": "complete"},
        ]
        await socket.send({"type": "ping"})
        assert await socket.receive() == {"type": "pong"}


@pytest.mark.parametrize("protocols", [(), ("graphql-ws",)])
async def test_other_protocols_are_closed(protocols):
    async with AsgiSocket(app(), protocols) as socket:
        assert await socket.receive() == {"closed": 4406}


@pytest.mark.parametrize("place", ["handshake", "payload"])
async def test_a_token_comes_with_the_handshake_or_with_the_first_message(place):
    token = {"Authorization": "Bearer good"}
    async with AsgiSocket(app(), headers=token if place == "handshake" else None) as socket:
        assert await socket.begin(token if place == "payload" else None) == {"type": "connection_ack"}
        said = await socket.ask(VIEWER)
        assert said[0]["payload"]["data"] == {"viewer": {"scopes": ["READ", "PUBLISH"]}}


async def test_a_bad_token_is_closed():
    async with AsgiSocket(app()) as socket:
        assert await socket.begin({"authorization": "Bearer bad"}) == {"closed": 4403}


async def test_a_token_that_ends_meanwhile_is_noticed():
    exchange: Any = FakeExchange()
    looked: list[str | None] = []

    async def identify(authorization):
        looked.append(authorization)
        if len(looked) > 2:
            raise NotSignedIn("This token has expired.")
        return SIGNED_IN

    async with AsgiSocket(Starlette(routes=graphql_routes(exchange, identify))) as socket:
        await socket.begin({"Authorization": "Bearer good"})
        assert (await socket.ask(VIEWER, "1"))[0]["type"] == "next"
        said = await socket.ask(VIEWER, "2")
        assert said[0]["type"] == "error"
        assert said[0]["payload"][0]["extensions"]["code"] == "NOT_SIGNED_IN"


@pytest.mark.parametrize(
    ("messages", "code"),
    [
        (["{"], 4400),
        (["[]"], 4400),
        ([{"type": "subscribe", "id": "1", "payload": {"query": VIEWER}}], 4401),
        ([{"type": "connection_init", "payload": 1}], 4400),
        ([{"type": "connection_init"}, {"type": "connection_init"}], 4429),
        ([{"type": "connection_init"}, {"type": "start"}], 4400),
        ([{"type": "connection_init"}, {"type": "subscribe", "payload": {"query": VIEWER}}], 4400),
    ],
)
async def test_a_broken_protocol_is_closed_with_its_code(messages, code):
    async with AsgiSocket(app()) as socket:
        for message in messages:
            await socket.send(message)
        said = await socket.receive()
        if said == {"type": "connection_ack"}:
            said = await socket.receive()
        assert said == {"closed": code}


async def test_frames_are_text():
    async with AsgiSocket(app()) as socket:
        await socket.send_bytes(b'{"type":"connection_init"}')
        assert await socket.receive() == {"closed": 4400}


async def test_operations_at_once_are_bounded_and_named_once():
    for ids, code in (([str(n) for n in range(OPERATIONS_MAX + 1)], 4400), (["same", "same"], 4409)):
        async with AsgiSocket(app()) as socket:
            await socket.begin()
            for id_ in ids:
                await socket.send({"type": "subscribe", "id": id_, "payload": {"query": VIEWER}})
            said = {}
            while "closed" not in said:
                said = await socket.receive()
            assert said == {"closed": code}


@pytest.mark.parametrize("payload", [None, [], {}, {"query": 1}, [{"query": VIEWER}]])
async def test_what_is_no_request_is_an_error_of_that_operation(payload):
    async with AsgiSocket(app()) as socket:
        await socket.begin()
        await socket.send({"id": "1", "type": "subscribe", "payload": payload})
        said = await socket.receive()
        assert (said["type"], said["payload"][0]["extensions"]["code"]) == ("error", "INVALID_INPUT")
        assert (await socket.ask(VIEWER, "2"))[0]["type"] == "next"
