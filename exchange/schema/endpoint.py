"""The path /graphql put together: HTTP and WebSocket on one executor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

from exchange.schema.execution import Executor
from exchange.schema.http import HttpEndpoint
from exchange.schema.transport import Identify
from exchange.schema.websocket import WebSocketEndpoint

if TYPE_CHECKING:
    from exchange.operations.exchange import Exchange

PATH = "/graphql"


def graphql_routes(exchange: Exchange, identify: Identify, page: Response | None = None) -> list[BaseRoute]:
    """Routes of the API. `identify` finds out who asks; `page` is what a browser gets."""
    executor = Executor(exchange)
    return [
        Route(PATH, HttpEndpoint(executor, identify, page)),
        WebSocketRoute(PATH, WebSocketEndpoint(executor, identify)),
    ]
