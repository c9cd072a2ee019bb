"""Health: up is up, and ready is only what can answer, in time."""

import asyncio

import httpx
import pytest
from starlette.applications import Starlette

from exchange.errors import StoreTooNew, StoreUnavailable
from exchange.web.health import READY_SECONDS_MAX, health_routes


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


class HangingStore:
    """A database that takes every question and answers none until it wakes up."""

    def __init__(self) -> None:
        self.awake = asyncio.Event()
        self.asked = 0

    async def ready(self) -> None:
        self.asked += 1
        await self.awake.wait()


async def test_a_database_that_hangs_is_not_ready_and_is_asked_once():
    store = HangingStore()
    app = Starlette(routes=health_routes(store.ready, seconds_max=0.05))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://exchange") as client:
        answers = await asyncio.gather(*(client.get("/readyz") for _ in range(5)))
        answers.append(await client.get("/readyz"))
        for answer in answers:
            assert answer.status_code == 503
            body = answer.json()
            assert (body["status"], body["code"], body["retryable"]) == ("not ready", "STORE_UNAVAILABLE", True)
            assert "graph database has not answered for 0.05 seconds" in body["message"]
            assert answer.headers["retry-after"]
        assert (await client.get("/healthz")).status_code == 200
        assert store.asked == 1
        store.awake.set()
        assert (await client.get("/readyz")).status_code == 200
        assert (await client.get("/readyz")).status_code == 200
        assert store.asked > 1


def test_a_probe_waits_no_longer_than_those_who_watch():
    assert READY_SECONDS_MAX <= 3
