"""The server put together: one exchange, its routes, and the middleware in the order that a request meets it."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import os
import signal
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any, Final

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Route
from uvicorn.server import HANDLED_SIGNALS

from exchange.config import Settings, default_data_directory
from exchange.errors import ConfigurationInvalid, ExchangeError
from exchange.graph import Store, Target, parse_target
from exchange.metrics import CONTENT_TYPE, GraphState, Metrics
from exchange.model.parties import Viewer
from exchange.operations.changing import credentials
from exchange.operations.exchange import Clock, Exchange, open_exchange, wall_clock_us
from exchange.operations.self_check import SelfCheck
from exchange.schema import graphql_routes
from exchange.tokens import Issuer
from exchange.web.graphiql import graphiql_page, graphiql_routes
from exchange.web.health import health_routes
from exchange.web.metrics_page import metrics_routes
from exchange.web.middleware import RequestId, SecurityHeaders
from exchange.web.not_found import EXCEPTION_HANDLERS
from exchange.web.token_endpoint import token_routes

log = logging.getLogger(__name__)

# A request meets these from first to last; its answer goes back the other way.
MIDDLEWARE: Final = [
    Middleware(RequestId),
    Middleware(SecurityHeaders),
]

HOSTS: Final = "Write 127.0.0.1 for this machine alone, or 0.0.0.0 for everybody who reaches it."
PORTS: Final = "Name another with --port or EXCHANGE_PORT; 0 takes a free one."
DRAIN_SECONDS: Final = 10  # what is being answered when the server is told to end may take so long
SNAPSHOT: Final = "graph.snapshot"  # in the folder of an embedded database
WEBSOCKET_BYTES_MAX: Final = 16 * 1024 * 1024


def create_app(exchange: Exchange, settings: Settings) -> Starlette:
    """The application over an open exchange."""
    issuer = token_issuer(exchange, settings)
    routes: list[BaseRoute] = [
        *graphql_routes(exchange, issuer.viewer, graphiql_page()),
        *token_routes(issuer),
        *health_routes(exchange.store.ready),
        *_metrics_routes(exchange, issuer),
        *graphiql_routes(),
    ]
    return Starlette(routes=routes, middleware=MIDDLEWARE, exception_handlers=EXCEPTION_HANDLERS)


def _metrics_routes(exchange: Exchange, issuer: Issuer) -> list[Route]:
    measures = exchange.measures
    metrics = measures if isinstance(measures, Metrics) else Metrics()

    async def text() -> bytes:
        return metrics.text(await _graph_state(exchange))

    async def identify(authorization: str | None) -> Viewer:
        viewer = await issuer.viewer(authorization)
        await exchange.clients.confirm(viewer, await exchange.store.head())
        return viewer

    return metrics_routes(identify, text, CONTENT_TYPE)


async def _graph_state(exchange: Exchange) -> GraphState:
    graph, turns = exchange.graph, exchange.turns
    try:
        head: int | None = (await exchange.store.head()).sequence
    except ExchangeError:
        head = None
    return GraphState(
        head_sequence=head,
        graph_sequence=None if graph is None else graph.head,
        graph_bytes=0 if graph is None else graph.nbytes,
        snapshot_age_seconds=None if graph is None else graph.snapshot_age_seconds,
        turns_under_way=turns.under_way,
        turns_waiting=turns.waiting,
    )


def token_issuer(exchange: Exchange, settings: Settings) -> Issuer:
    """What issues and recognises tokens on this exchange."""
    return Issuer(
        load_keys=lambda: credentials.signing_keys(exchange),
        add_key=lambda key: credentials.add_signing_key(exchange, key),
        get_client=lambda client_id: credentials.get_client(exchange, client_id),
        clock=exchange.clock,
        token_minutes=settings.token_minutes,
    )


def target_of(settings: Settings, *, attach: bool = False) -> Target:
    """Which database the settings mean; `attach`: use one that a server of this user already holds."""
    password = settings.graph_password
    return parse_target(
        settings.graph_uri,
        user=settings.graph_user,
        password=None if password is None else password.get_secret_value(),
        database=settings.graph_database,
        default_directory=settings.data_directory or default_data_directory(),
        attach=attach,
    )


def snapshot_of(settings: Settings, target: Target) -> Path | None:
    """The file in which a server keeps its graph; None: in none."""
    if settings.graph_snapshot is not None:
        return settings.graph_snapshot
    return None if target.directory is None else target.directory / SNAPSHOT


@contextlib.asynccontextmanager
async def running_exchange(
    settings: Settings, *, attach: bool = False, clock: Clock = wall_clock_us, serving: bool = False
) -> AsyncIterator[Exchange]:
    """An open exchange, for as long as the block runs. `serving`: for many questions, so that holding the graph in
    memory is worth loading it."""
    target = target_of(settings, attach=attach)
    store = await Store.open(target)
    try:
        exchange = open_exchange(
            store,
            clock=clock,
            graph_megabytes=settings.graph_megabytes if serving else 0,
            snapshot=snapshot_of(settings, target),
            measures=Metrics() if serving else None,
        )
        checking = SelfCheck(exchange) if exchange.graph is not None else None
        try:
            yield exchange
        finally:
            if checking is not None:
                await checking.close()
            await exchange.close()
    finally:
        await store.close()


def check_address(host: str, port: int) -> None:
    """Raises ConfigurationInvalid where this machine cannot listen there, as far as can be told beforehand."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        raise ConfigurationInvalid(f"EXCHANGE_HOST={host!r} is a name that nobody knows here. {HOSTS}") from None
    failures = [failure for family, *_, address in found if (failure := _failure_to_listen(family, address))]
    if len(failures) < len(found):
        return
    if any(failure.errno == errno.EADDRINUSE for failure in failures):
        raise ConfigurationInvalid(f"Port {port} of {host} is taken. {PORTS}")
    if any(isinstance(failure, PermissionError) for failure in failures):
        raise ConfigurationInvalid(f"You may not listen on port {port} of {host}. {PORTS}")
    raise ConfigurationInvalid(f"EXCHANGE_HOST={host!r} is not an address of this machine. {HOSTS}")


def _failure_to_listen(family: int, address: Any) -> OSError | None:
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            if os.name != "nt":  # there the option would let us take what is in use
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:  # as the server will
                probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            probe.bind(address)
    except OSError as failure:
        return failure
    return None


class Server(uvicorn.Server):
    """Ends on SIGTERM and SIGINT without raising them again: whoever runs it still has a database to close."""

    def __init__(self, config: uvicorn.Config, started: Callable[[str], None]) -> None:
        super().__init__(config)
        self._tell_started = started

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield  # only the main thread may listen to signals
            return
        before = {number: signal.signal(number, self.handle_exit) for number in HANDLED_SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets)
        except SystemExit:  # uvicorn's way to say that it cannot listen; the reason stands in the log
            raise ConfigurationInvalid(
                f"{self.config.host} port {self.config.port} cannot be listened on: it is taken, or not this "
                f"machine's. {PORTS}"
            ) from None
        if self.started:
            host, port = self.servers[0].sockets[0].getsockname()[:2]
            self._tell_started(f"http://{f'[{host}]' if ':' in host else host}:{port}")


async def serve_exchange(exchange: Exchange, settings: Settings, started: Callable[[str], None] = log.info) -> None:
    """Serves an open exchange until the process is told to end. `started` gets the address once it listens."""
    config = uvicorn.Config(
        create_app(exchange, settings),
        host=settings.host,
        port=settings.port,
        log_config=None,
        log_level=settings.log_level.lower(),
        access_log=False,
        server_header=False,
        proxy_headers=False,
        lifespan="off",
        ws_max_size=WEBSOCKET_BYTES_MAX,
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )
    await Server(config, started).serve()


def serve(settings: Settings, started: Callable[[str], None] = log.info) -> None:
    """Opens the exchange that the settings mean and serves it until the process is told to end."""

    async def run() -> None:
        async with running_exchange(settings, serving=True) as exchange:
            await serve_exchange(exchange, settings, started)

    check_address(settings.host, settings.port)  # before a database is started for nothing
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    asyncio.run(run())
