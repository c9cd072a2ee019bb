"""GET /metrics: figures for Prometheus, to the operator alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from exchange.errors import ExchangeError, NotSignedIn
from exchange.model.parties import Viewer

PATH: Final = "/metrics"
NO_STORE: Final = {"Cache-Control": "no-store"}
CHALLENGE: Final = {"WWW-Authenticate": "Bearer"}
WHOSE: Final = "The metrics are the operator's: send a token of a client with the scope ADMINISTER.\n"

Identify = Callable[[str | None], Awaitable[Viewer]]


def metrics_routes(identify: Identify, text: Callable[[], Awaitable[bytes]], content_type: str) -> list[Route]:
    """`text`: the figures as they are now."""

    async def metrics(request: Request) -> Response:
        try:
            viewer = await identify(request.headers.get("authorization"))
        except NotSignedIn as error:
            return PlainTextResponse(f"{error.message}\n", 401, headers=NO_STORE | CHALLENGE)
        except ExchangeError as error:
            return PlainTextResponse(f"{error.message}\n", 503, headers=NO_STORE | {"Retry-After": "5"})
        if not viewer.operator:
            return PlainTextResponse(WHOSE, 401 if viewer.anonymous else 403, headers=NO_STORE | CHALLENGE)
        return Response(await text(), headers=NO_STORE | {"Content-Type": content_type})

    return [Route(PATH, metrics)]
