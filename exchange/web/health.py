"""Whether this process is up, and whether it can answer: for people, load balancers and container health checks.

A database that hangs must not make its watchers hang: what takes too long is not ready. The question itself goes on,
because at the first contact it sets the database up, and watchers that come meanwhile wait for the same answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from exchange.errors import ExchangeError, StoreUnavailable

# Returns where the graph answers and has a schema that this version knows; raises what is wrong.
Ready = Callable[[], Awaitable[None]]

NO_STORE: Final = {"Cache-Control": "no-store"}
READY_SECONDS_MAX: Final = 2.5  # a database that is well takes milliseconds; watchers give up after three to five


def health_routes(ready: Ready, seconds_max: float = READY_SECONDS_MAX) -> list[Route]:
    probe = Probe(ready, seconds_max)

    async def healthz(_: Request) -> Response:
        return JSONResponse({"status": "up"}, headers=NO_STORE)

    async def readyz(_: Request) -> Response:
        try:
            await probe.look()
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


class Probe:
    """Asks once for all who want to know at the same time, and lets nobody wait longer than `seconds_max`."""

    def __init__(self, ready: Ready, seconds_max: float) -> None:
        self._ready = ready
        self._seconds_max = seconds_max
        self._asking: asyncio.Task[None] | None = None

    async def look(self) -> None:
        """Returns where the exchange is ready; raises what is wrong, StoreUnavailable where nothing is heard."""
        asking = self._asking
        if asking is None or asking.done():
            asking = self._asking = asyncio.create_task(self._ask())
            asking.add_done_callback(_looked_at)
        answered, _ = await asyncio.wait([asking], timeout=self._seconds_max)
        if not answered:
            raise StoreUnavailable(
                f"The graph database has not answered for {self._seconds_max:g} seconds. Look whether it runs and can "
                "be reached: exchange doctor."
            )
        asking.result()

    async def _ask(self) -> None:
        await self._ready()


def _looked_at(task: asyncio.Task[None]) -> None:
    """Everybody may have gone away by then: nobody else asks for the error."""
    if not task.cancelled():
        task.exception()
