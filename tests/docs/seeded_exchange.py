"""The demo supply chain on an embedded store, served over HTTP in this process, with a client for any organization."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
import urllib.error
import urllib.request
import uuid
from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn

import seed
from exchange.app import Server, create_app, running_exchange
from exchange.config import Settings
from exchange.importers.demo_data import publish_seed
from exchange.model.footprint import NEVER_US
from exchange.model.parties import OPERATOR, ROLE_SCOPES, Client, Role
from exchange.operations.changing.credentials import add_client
from exchange.operations.exchange import Exchange
from exchange.tokens import hash_secret, make_secret

START_SECONDS_MAX = 180.0


@dataclass(slots=True)
class SeededExchange:
    """Asks over HTTP, as an organization of the seed or as nobody."""

    url: str
    directory: Path
    exchange: Exchange
    loop: asyncio.AbstractEventLoop
    organization_ids: dict[str, str]
    tokens: dict[str, str] = field(default_factory=dict)

    def ask(self, query: str, variables: dict[str, Any] | None = None, *, by: str | None = None) -> dict[str, Any]:
        headers = {} if by is None else {"Authorization": f"Bearer {self._token(by)}"}
        payload = json.dumps({"query": query, "variables": variables or {}}).encode()
        return self._post("/graphql", payload, {"Content-Type": "application/json", **headers})

    def _token(self, organization: str) -> str:
        if organization not in self.tokens:
            client_id, secret = str(uuid.uuid4()), make_secret()
            client = Client(
                id=client_id,
                organization_id=self.organization_ids[organization],
                scopes=ROLE_SCOPES[Role.ADMINISTRATOR],
                secret_hash=hash_secret(secret),
                created_at_us=self.exchange.clock(),
                revoked_at_us=NEVER_US,
            )
            asyncio.run_coroutine_threadsafe(add_client(self.exchange, OPERATOR, client), self.loop).result(180)
            basic = b64encode(f"{client_id}:{secret}".encode()).decode()
            headers = {"Authorization": f"Basic {basic}", "Content-Type": "application/x-www-form-urlencoded"}
            answer = self._post("/auth/token", b"grant_type=client_credentials", headers)
            self.tokens[organization] = answer["access_token"]
        return self.tokens[organization]

    def _post(self, path: str, body: bytes, headers: dict[str, str]) -> dict[str, Any]:
        request = urllib.request.Request(self.url + path, body, headers)
        try:
            with urllib.request.urlopen(request, timeout=180) as answer:
                return json.load(answer)  # type: ignore[no-any-return]
        except urllib.error.HTTPError as refused:
            with refused:
                return json.load(refused)  # type: ignore[no-any-return]


@contextlib.contextmanager
def seeded_exchange(directory: Path) -> Iterator[SeededExchange]:
    """Publishes the seed into an embedded database in `directory` and serves it while the block runs."""
    ready: Future[SeededExchange] = Future()
    servers: list[uvicorn.Server] = []

    async def run() -> None:
        settings = Settings(graph_uri=f"embedded:{directory}", port=0)
        async with running_exchange(settings, serving=True) as exchange:
            published = await publish_seed(exchange, seed.load())
            loop = asyncio.get_running_loop()

            def started(url: str) -> None:
                ready.set_result(SeededExchange(url, directory, exchange, loop, dict(published.organizations)))

            app = create_app(exchange, settings)
            config = uvicorn.Config(app, port=0, log_config=None, lifespan="off", server_header=False)
            servers.append(Server(config, started))
            await servers[0].serve()

    def thread() -> None:
        try:
            asyncio.run(run())
        except BaseException as error:  # whoever waits has to hear of it
            if not ready.done():
                ready.set_exception(error)
            else:
                raise

    worker = threading.Thread(target=thread, name="seeded-exchange")
    worker.start()
    try:
        yield ready.result(START_SECONDS_MAX)
    finally:
        for server in servers:
            server.should_exit = True
        worker.join(60)
