"""A load generator, as a process of its own: `python -m tests.bench.load PLAN.json` prints what it saw as JSON.

Readers ask one question after the other, each over one connection that stays open. Publishes leave by the clock,
whether or not the ones before are answered, and their time counts from the moment when they were due. Loopback only; it
ends by itself. An answer that is an error ends it at once, with the answer.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

HOST: Final = "127.0.0.1"
ANSWER_SECONDS_MAX: Final = 60.0  # for one answer
BEYOND_SECONDS_MAX: Final = 120.0  # beyond the plan's own time
CONNECTIONS_MAX: Final = 32  # of publishes: one and a half second's worth


@dataclass(frozen=True)
class Plan:
    """bodies: of each reader, its requests in order, again from the first when they are used up. count: how many each
    asks; None: as many as `seconds` allow. watched: whether the engine's own time of each answer is noted, which needs
    one reader and nothing else."""

    port: int
    administrator: str
    readers: list[Reader]
    seconds: float
    count: int | None = None
    watched: bool = False
    publishes: list[str] = field(default_factory=list)
    publisher: str = ""
    publishes_per_second: float = 0.0


@dataclass(frozen=True)
class Reader:
    """token: empty for somebody anonymous."""

    token: str
    bodies: list[str]


@dataclass
class Seen:
    """Milliseconds of each read and each publish; of each read the engine's own, where that was watched: until its
    closure was at hand, and to solve it. lags: changes that the graph in memory had yet to take over, once a second."""

    reads_ms: list[float] = field(default_factory=list)
    closures_ms: list[float] = field(default_factory=list)
    solves_ms: list[float] = field(default_factory=list)
    publishes_ms: list[float] = field(default_factory=list)
    lags: list[float] = field(default_factory=list)


class Connection:
    """HTTP/1.1 over one connection, one request after the other."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def request(self, method: str, path: str, token: str, body: bytes = b"") -> bytes:
        """The body of the answer. Raises RuntimeError where its status is not 200."""
        authorization = f"Authorization: Bearer {token}\r\n" if token else ""
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: {HOST}\r\n{authorization}"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        self._writer.write(head.encode() + body)
        async with asyncio.timeout(ANSWER_SECONDS_MAX):
            status, *lines = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            fields = dict(line.lower().split(": ", 1) for line in lines if line)
            answer = await self._reader.readexactly(int(fields["content-length"]))
        if status.split()[1] != "200":
            raise RuntimeError(f"{status}: {answer[:1000]!r}")
        return answer

    async def ask(self, token: str, body: str) -> None:
        """A question or a publish. Raises RuntimeError where its answer is an error, or holds no answer."""
        answer = await self.request("POST", "/graphql", token, body.encode())
        found = json.loads(answer)
        if "errors" in found or not _answered(found["data"]):
            raise RuntimeError(f"an error instead of an answer: {answer[:1000]!r}")

    async def metrics(self, token: str) -> dict[str, float]:
        text = (await self.request("GET", "/metrics", token)).decode()
        return {
            name: float(value)
            for name, _, value in (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
        }


def _answered(data: dict[str, Any]) -> bool:
    """Whether this is a roll-up with its number, the payload of a publish, or what the smallest question asks."""
    if data == {"__typename": "Query"}:
        return True
    published = data.get("publishFootprints")
    if published is not None:
        return bool(published["__typename"] == "PublishFootprintsPayload")
    found = data["product"]["cradleToGate"]
    return found["__typename"] == "RollUp" and bool(found["pcfExcludingBiogenicUptake"])


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[Connection]:
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        yield Connection(reader, writer)
    finally:
        writer.close()


async def run(plan: Plan) -> Seen:
    """Everything at once, until the plan's time is over; what is then under way is waited for."""
    seen, ends = Seen(), time.monotonic() + plan.seconds
    async with asyncio.timeout(plan.seconds + BEYOND_SECONDS_MAX), asyncio.TaskGroup() as tasks:
        for reader in plan.readers:
            tasks.create_task(_watched(plan, reader, seen) if plan.watched else _read(plan, reader, ends, seen))
        if plan.publishes:
            tasks.create_task(_publish(plan, ends, seen))
            tasks.create_task(_look(plan, ends, seen))
    return seen


async def _read(plan: Plan, reader: Reader, ends: float, seen: Seen) -> None:
    async with connected(plan.port) as connection:
        asked = 0
        while time.monotonic() < ends and (plan.count is None or asked < plan.count):
            body = reader.bodies[asked % len(reader.bodies)]
            seen.reads_ms.append(await _timed(lambda body=body: connection.ask(reader.token, body)))  # type: ignore[misc]
            asked += 1


async def _watched(plan: Plan, reader: Reader, seen: Seen) -> None:
    """The server's metrics are read before and after each question: what they grew by is its share."""
    async with connected(plan.port) as connection, connected(plan.port) as beside:
        before = await beside.metrics(plan.administrator)
        for body in reader.bodies[: plan.count]:
            seen.reads_ms.append(await _timed(lambda body=body: connection.ask(reader.token, body)))  # type: ignore[misc]
            after = await beside.metrics(plan.administrator)
            for step, into in (("closure", seen.closures_ms), ("solve", seen.solves_ms)):
                name = f'exchange_rollup_seconds_sum{{source="memory",step="{step}"}}'
                into.append((after[name] - before.get(name, 0.0)) * 1e3)
            before = after


async def _publish(plan: Plan, ends: float, seen: Seen) -> None:
    free: asyncio.Queue[Connection] = asyncio.Queue()
    opened: list[Any] = []
    began, sent = time.monotonic(), 0
    try:
        for _ in range(CONNECTIONS_MAX):
            manager = connected(plan.port)
            free.put_nowait(await manager.__aenter__())
            opened.append(manager)
        async with asyncio.TaskGroup() as tasks:
            while (due := began + sent / plan.publishes_per_second) < ends and sent < len(plan.publishes):
                await asyncio.sleep(max(due - time.monotonic(), 0.0))
                tasks.create_task(_publish_one(plan, plan.publishes[sent], due, free, seen))
                sent += 1
    finally:
        for manager in opened:
            await manager.__aexit__(None, None, None)


async def _publish_one(plan: Plan, body: str, due: float, free: asyncio.Queue[Connection], seen: Seen) -> None:
    connection = await free.get()
    await connection.ask(plan.publisher, body)
    seen.publishes_ms.append((time.monotonic() - due) * 1e3)
    free.put_nowait(connection)


async def _look(plan: Plan, ends: float, seen: Seen) -> None:
    async with connected(plan.port) as connection:
        while time.monotonic() < ends:
            seen.lags.append((await connection.metrics(plan.administrator))["exchange_ledger_lag"])
            await asyncio.sleep(1.0)


async def _timed(ask: Callable[[], Awaitable[None]]) -> float:
    began = time.perf_counter()
    await ask()
    return (time.perf_counter() - began) * 1e3


def main(path: str) -> None:
    given = json.loads(Path(path).read_text(encoding="utf-8"))
    readers = [Reader(**reader) for reader in given.pop("readers")]
    print(json.dumps(asdict(asyncio.run(run(Plan(readers=readers, **given))))))


if __name__ == "__main__":
    main(sys.argv[1])
