"""Whether this process is up, and whether it can answer: for people, load balancers and container health checks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from exchange.errors import ExchangeError

# Returns where the graph answers and has a schema that this version knows; raises what is wrong.
Ready = Callable[[], Awaitable[None]]

NO_STORE = {"Cache-Control": "no-store"}


def health_routes(ready: Ready) -> list[Route]:
    async def healthz(_: Request) -> Response:
        return JSONResponse({"status": "up"}, headers=NO_STORE)

    async def readyz(_: Request) -> Response:
        try:
            await ready()
        except ExchangeError as error:
            body = {
                "status": "not ready",
                "code": error.code,
                "message": error.message,
                "retryable": error.retryable,
            }
            return JSONResponse(body, 503, headers=NO_STORE | {"Retry-After": "5"})
        return JSONResponse({"status": "ready"}, headers=NO_STORE)

    return [Route("/healthz", healthz), Route("/readyz", readyz)]
