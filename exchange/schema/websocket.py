"""GraphQL over WebSocket: the protocol graphql-transport-ws and no other (the older graphql-ws let questions pass
before they were signed in).

A token comes in the handshake's Authorization header or in the payload of connection_init. It is looked at again for
every operation, and for every answer of a subscription, so that a connection does not outlive it. Frames are text.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Any, Final

from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from exchange.errors import ExchangeError
from exchange.schema.errors import error_body
from exchange.schema.execution import Executor
from exchange.schema.transport import (
    ANONYMOUS_SIZE_MAX,
    TOO_DEEP,
    Identify,
    JsonTooDeep,
    json_text,
    read_json,
    request_from,
    request_id_of,
)

PROTOCOL: Final = "graphql-transport-ws"
INIT_SECONDS_MAX: Final = 10  # time to say who one is
OPERATIONS_MAX: Final = 20  # at once on one connection; a page asks a handful
MESSAGE_CHARACTERS_MAX: Final = 4 * 1024 * 1024  # bulk publishing goes over HTTP


class Closing(Exception):
    """The protocol was broken: the connection is closed with this code and reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class WebSocketEndpoint:
    """An ASGI application for one path."""

    def __init__(self, executor: Executor, identify: Identify) -> None:
        self._executor = executor
        self._identify = identify

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        socket = WebSocket(scope, receive, send)
        if PROTOCOL not in scope.get("subprotocols", []):
            await socket.accept()
            await socket.close(4406, f"Subprotocol not acceptable: speak {PROTOCOL}")
            return
        await socket.accept(subprotocol=PROTOCOL)
        connection = Connection(socket, self._executor, self._identify)
        try:
            await connection.serve()
        except Closing as closing:
            if socket.application_state is WebSocketState.CONNECTED:
                await socket.close(closing.code, closing.reason)
        except WebSocketDisconnect:
            pass
        finally:
            await connection.end()


class Connection:
    def __init__(self, socket: WebSocket, executor: Executor, identify: Identify) -> None:
        self._socket = socket
        self._executor = executor
        self._identify = identify
        self._authorization = socket.headers.get("authorization")
        self._characters_max = ANONYMOUS_SIZE_MAX  # before a caller has signed in, too
        self._running: dict[str, asyncio.Task[None]] = {}

    async def serve(self) -> None:
        await self._begin()
        while True:
            message, size = await self._receive()
            match message.get("type"):
                case "subscribe":
                    self._subscribe(message, size)
                case "complete":
                    task = self._running.pop(str(message.get("id")), None)
                    if task is not None:
                        task.cancel()
                case "ping":
                    await self._send({"type": "pong"})
                case "pong":
                    pass
                case "connection_init":
                    raise Closing(4429, "Too many initialisation requests")
                case _:
                    raise Closing(4400, "Unknown message type")

    async def end(self) -> None:
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _begin(self) -> None:
        try:
            message, _ = await asyncio.wait_for(self._receive(), INIT_SECONDS_MAX)
            while message.get("type") in {"ping", "pong"}:
                if message["type"] == "ping":
                    await self._send({"type": "pong"})
                message, _ = await asyncio.wait_for(self._receive(), INIT_SECONDS_MAX)
        except TimeoutError:
            raise Closing(4408, "Connection initialisation timeout") from None
        if message.get("type") != "connection_init":
            raise Closing(4401, "Unauthorized: send connection_init first")
        payload = message.get("payload")
        if payload is not None and not isinstance(payload, dict):
            raise Closing(4400, "The payload of connection_init must be an object")
        for name, stated in (payload or {}).items():
            if name.lower() == "authorization" and isinstance(stated, str):
                self._authorization = stated
        try:
            viewer = await self._identify(self._authorization)
        except ExchangeError as error:
            raise Closing(4403, f"Forbidden: {error.message}"[:120]) from None
        if not viewer.anonymous:
            self._characters_max = MESSAGE_CHARACTERS_MAX
        await self._send({"type": "connection_ack"})

    async def _receive(self) -> tuple[dict[str, Any], int]:
        """The next message, and how many characters it has."""
        frame = await self._socket.receive()
        if frame["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(frame.get("code", 1005))
        text = frame.get("text")
        if text is None:
            raise Closing(4400, "Send text frames")
        if len(text) > self._characters_max:
            raise Closing(1009, "The message is too large")
        try:
            message = await read_json(text)
        except JsonTooDeep:
            raise Closing(4400, f"The message's {TOO_DEEP}") from None
        except ValueError:
            raise Closing(4400, "The message is not valid JSON") from None
        if not isinstance(message, dict):
            raise Closing(4400, "The message is not an object")
        return message, len(text)

    async def _send(self, message: dict[str, Any]) -> None:
        # A client that is gone needs no answer.
        if self._socket.application_state is WebSocketState.CONNECTED:
            await self._socket.send_text(json_text(message))

    def _subscribe(self, message: dict[str, Any], size: int) -> None:
        id_ = message.get("id")
        if not isinstance(id_, str) or not id_:
            raise Closing(4400, "subscribe needs an id")
        if id_ in self._running:
            raise Closing(4409, "Subscriber for this id already exists")
        if len(self._running) >= OPERATIONS_MAX:
            raise Closing(4400, f"More than {OPERATIONS_MAX} operations at once")
        self._running[id_] = asyncio.create_task(self._answer(id_, message.get("payload"), size))

    async def _answer(self, id_: str, payload: object, size: int) -> None:
        request_id = request_id_of(self._socket)
        try:
            asked = request_from(payload, size)
            viewer = await self._identify(self._authorization)
        except ExchangeError as error:
            self._running.pop(id_, None)
            await self._send({"id": id_, "type": "error", "payload": error_body(error, request_id)["errors"]})
            return

        async def signed_in() -> None:
            await self._identify(self._authorization)

        async with aclosing(self._executor.answers(asked, viewer, request_id, signed_in)) as answers:
            async for answer in answers:
                if id_ not in self._running:
                    return  # completed by the client meanwhile
                if not answer.executed:
                    del self._running[id_]
                    await self._send({"id": id_, "type": "error", "payload": answer.body["errors"]})
                    return
                await self._send({"id": id_, "type": "next", "payload": answer.body})
        if self._running.pop(id_, None) is not None:
            await self._send({"id": id_, "type": "complete"})
