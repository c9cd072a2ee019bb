"""A real WebSocket client of the API: one operation after the other, or several at once, over the network."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.api.asgi_socket import PROTOCOL

WAIT_SECONDS = 120


class WebSocketClient:
    """`with WebSocketClient(url, token) as socket:` is signed in, or anonymous without a token."""

    def __init__(self, url: str, token: str | None = None) -> None:
        self._url, self._token = url.replace("http", "ws", 1) + "/graphql", token
        self._socket: ClientConnection | None = None
        self._open = ExitStack()

    def __enter__(self) -> WebSocketClient:
        self._socket = self._open.enter_context(connect(self._url, subprotocols=[Subprotocol(PROTOCOL)]))
        payload = {} if self._token is None else {"authorization": f"Bearer {self._token}"}
        self.send({"type": "connection_init", "payload": payload})
        assert self.receive() == {"type": "connection_ack"}
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._open.close()

    def send(self, message: dict[str, Any]) -> None:
        assert self._socket is not None
        self._socket.send(json.dumps(message))

    def receive(self) -> dict[str, Any]:
        assert self._socket is not None
        message: dict[str, Any] = json.loads(self._socket.recv(WAIT_SECONDS))
        return message

    def subscribe(self, query: str, variables: dict[str, Any], id_: str = "1") -> None:
        self.send({"id": id_, "type": "subscribe", "payload": {"query": query, "variables": variables}})

    def complete(self, id_: str = "1") -> None:
        self.send({"id": id_, "type": "complete"})

    def messages(self) -> Iterator[dict[str, Any]]:
        """Everything that is said until the operation ends, its end included."""
        while True:
            message = self.receive()
            yield message
            if message["type"] != "next":
                return
