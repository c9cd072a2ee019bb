"""Speaks WebSocket to an ASGI application in this process, one text frame at a time."""

from __future__ import annotations

import asyncio
import json
from typing import Any

PROTOCOL = "graphql-transport-ws"
WAIT_SECONDS = 120


class AsgiSocket:
    """`async with AsgiSocket(app) as socket:` opens it; `closed` is the code with which the server closed."""

    def __init__(self, app, protocols=(PROTOCOL,), headers: dict[str, str] | None = None) -> None:
        self._app = app
        self._to_app: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._from_app: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        raw = [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()]
        self._scope = {
            "type": "websocket",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "scheme": "ws",
            "path": "/graphql",
            "raw_path": b"/graphql",
            "query_string": b"",
            "root_path": "",
            "headers": [(b"host", b"localhost"), *raw],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
            "subprotocols": list(protocols),
        }

    async def __aenter__(self) -> AsgiSocket:
        self._task = asyncio.create_task(self._app(self._scope, self._to_app.get, self._from_app.put))
        await self._to_app.put({"type": "websocket.connect"})
        self.accepted = await asyncio.wait_for(self._from_app.get(), WAIT_SECONDS)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._to_app.put({"type": "websocket.disconnect", "code": 1000})
        await asyncio.wait_for(self._task, WAIT_SECONDS)

    async def send(self, message: object) -> None:
        text = message if isinstance(message, str) else json.dumps(message)
        await self._to_app.put({"type": "websocket.receive", "text": text})

    async def send_bytes(self, data: bytes) -> None:
        await self._to_app.put({"type": "websocket.receive", "bytes": data})

    async def receive(self) -> dict[str, Any]:
        """The next message; {"closed": code} where the server closes."""
        frame = await asyncio.wait_for(self._from_app.get(), WAIT_SECONDS)
        if frame["type"] == "websocket.close":
            return {"closed": frame["code"]}
        message: dict[str, Any] = json.loads(frame["text"])
        return message

    async def begin(self, payload: dict[str, str] | None = None) -> dict[str, Any]:
        await self.send({"type": "connection_init", **({"payload": payload} if payload else {})})
        return await self.receive()

    async def ask(self, query: str, id_: str = "1", **more: object) -> list[dict[str, Any]]:
        """Everything that the server says about one operation."""
        await self.send({"id": id_, "type": "subscribe", "payload": {"query": query, **more}})
        said = [await self.receive()]
        while said[-1].get("type") == "next":
            said.append(await self.receive())
        return said
