"""Health: up is up, and ready is only what can answer."""

import httpx
import pytest
from starlette.applications import Starlette

from exchange.errors import StoreTooNew, StoreUnavailable
from exchange.web.health import health_routes


async def check(path: str, error: Exception | None = None) -> httpx.Response:
    async def ready() -> None:
        if error is not None:
            raise error

    app = Starlette(routes=health_routes(ready))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://exchange") as client:
        return await client.get(path)


async def test_a_process_that_answers_is_up():
    assert (await check("/healthz", StoreUnavailable("away"))).status_code == 200


async def test_ready():
    answer = await check("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ready"})


@pytest.mark.parametrize(
    ("error", "code", "retryable"),
    [(StoreUnavailable("away"), "STORE_UNAVAILABLE", True), (StoreTooNew("newer"), "STORE_TOO_NEW", False)],
)
async def test_not_ready_says_why(error, code, retryable):
    answer = await check("/readyz", error)
    assert answer.status_code == 503
    assert answer.json() == {"status": "not ready", "code": code, "message": error.message, "retryable": retryable}
    assert answer.headers["retry-after"]
