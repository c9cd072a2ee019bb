"""Roll-ups as customers ask for them: over HTTP, on USEEIO and on the demo chains, one product and pages of 100.

Where the time goes is measured from outside: the store's methods and the engine's entrances are wrapped for as long
as the benchmark runs. `store` holds making values of records, `engine` the arithmetic and the viewer's view; what is
left of a request is the API: HTTP, tokens, GraphQL, JSON, and this client.
"""

from __future__ import annotations

import contextlib
import inspect
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import seed
from exchange.config import Settings
from exchange.importers.demo_data import publish_seed
from exchange.importers.model_files import read_model
from exchange.importers.useeio import ModelRelease, import_model
from exchange.memory import Cut
from exchange.model.parties import Scope
from exchange.operations.following.follower import LiveGraph
from exchange.operations.reading import roll_ups
from exchange.rollup import ClosureWalk
from tests.api.exchange_server import ApiClient, ExchangeServer, serving
from tests.bench.measuring import Figure, Run, Spread, in_turn, milliseconds

if TYPE_CHECKING:
    from tests.bench.__main__ import Options

TITLE = "roll-ups through HTTP, embedded store"
TOTALS = "pcfExcludingBiogenicUptake lower upper hasGaps primaryDataShare"
REASONS = f"{TOTALS} contributions(first: 3) {{ ownEmissions sharePercent }}"
PAGE = """query ($asOf: Date!) { products(first: 100) { nodes {
  id cradleToGate(asOf: $asOf) { __typename ... on RollUp { %s } } } } }"""
ONE = """query ($id: ID!, $asOf: Date!) { product(id: $id) {
  cradleToGate(asOf: $asOf) { __typename ... on RollUp { %s } } } }"""


class Stopwatch:
    """Seconds while at least one call of a kind was under way; of nested calls the outermost counts."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._under_way = {"store": 0, "engine": 0}
        self._began: dict[str, float] = {}
        self._mutex = threading.Lock()

    def reset(self) -> None:
        self.seconds = dict.fromkeys(self._under_way, 0.0)

    @contextlib.contextmanager
    def busy(self, kind: str) -> Iterator[None]:
        with self._mutex:
            if not self._under_way[kind]:
                self._began[kind] = time.perf_counter()
            self._under_way[kind] += 1
        try:
            yield
        finally:
            with self._mutex:
                self._under_way[kind] -= 1
                if not self._under_way[kind]:
                    self.seconds[kind] += time.perf_counter() - self._began[kind]

    def watch_calls(self, stack: contextlib.ExitStack, owner: Any, name: str, kind: str) -> None:
        """Replaces a function or coroutine function of `owner` by one that is timed, until the stack unwinds."""
        real = getattr(owner, name)
        if inspect.iscoroutinefunction(real):

            async def timed_later(*args: Any, **kwargs: Any) -> Any:
                with self.busy(kind):
                    return await real(*args, **kwargs)

            setattr(owner, name, timed_later)
        else:

            def timed(*args: Any, **kwargs: Any) -> Any:
                with self.busy(kind):
                    return real(*args, **kwargs)

            setattr(owner, name, timed)
        own = inspect.ismodule(owner) or inspect.isclass(owner)
        stack.callback(setattr, owner, name, real) if own else stack.callback(delattr, owner, name)


@contextlib.contextmanager
def _watched(server: ExchangeServer) -> Iterator[Stopwatch]:
    watch, store = Stopwatch(), server.exchange.store
    watch.reset()
    with contextlib.ExitStack() as stack:
        for name, method in inspect.getmembers(type(store), inspect.iscoroutinefunction):
            if not name.startswith("_") and name not in ("open", "close", "write") and method is not None:
                watch.watch_calls(stack, store, name, "store")
        from_store, from_memory = (ClosureWalk, "step"), (LiveGraph, "_closure")
        for owner, name in (from_store, from_memory, (roll_ups, "solve"), (Cut, "solve"), (roll_ups, "_answer")):
            watch.watch_calls(stack, owner, name, "engine")
        yield watch


def run(options: Options) -> list[Figure]:
    found: list[Figure] = []
    if options.data is None:
        print("rollup: without USEEIO, which needs --data PATH with useeio/")
    else:
        with tempfile.TemporaryDirectory() as folder, serving(Settings(graph_uri=f"embedded:{folder}")) as server:
            found += _on_useeio(server, options.data, options.rounds)
    with tempfile.TemporaryDirectory() as folder, serving(Settings(graph_uri=f"embedded:{folder}")) as server:
        found += _on_the_seed(server, options.rounds)
    return found


def _on_useeio(server: ExchangeServer, data: Path, rounds: int) -> list[Figure]:
    model = read_model(data / "useeio")
    imported = server.run(lambda exchange: import_model(exchange, model, ModelRelease()))
    owner = ApiClient(server.http, server.token(imported.organization_id, frozenset({Scope.READ})))
    variables = {"asOf": "2026-06-30"}
    return [
        *_measure(server, "USEEIO, anonymous", server.client("anonymous"), variables, rounds),
        *_measure(server, "USEEIO, owner", owner, variables, rounds),
    ]


def _on_the_seed(server: ExchangeServer, rounds: int) -> list[Figure]:
    data = seed.load()
    seeded = server.run(lambda exchange: publish_seed(exchange, data))
    owner_key = next(product.owner for product in data.products if product.key == seed.DEMO_PRODUCT)
    owner = ApiClient(server.http, server.token(seeded.organizations[owner_key], frozenset({Scope.READ})))
    variables = {"asOf": data.as_of.isoformat()}
    return [
        *_measure(server, "seed, anonymous", server.client("anonymous"), variables, rounds),
        *_measure(server, "seed, owner", owner, variables, rounds),
    ]


def _measure(
    server: ExchangeServer, name: str, client: ApiClient, variables: dict[str, Any], rounds: int
) -> list[Figure]:
    """One roll-up and a page, with where their time goes, against one closure read and solved without the API."""
    page = client.query(PAGE % TOTALS, variables)["products"]["nodes"]
    one = {**variables, "id": next(node["id"] for node in page if node["cradleToGate"]["__typename"] == "RollUp")}
    with _watched(server) as watch:
        split: dict[str, list[dict[str, float]]] = {}

        def asked(what: str, query: str, given: dict[str, Any]) -> Run:
            def ask() -> None:
                watch.reset()
                began = time.perf_counter()
                client.query(query, given)
                whole = time.perf_counter() - began
                parts = watch.seconds
                split.setdefault(what, []).append({**parts, "API": whole - parts["store"] - parts["engine"]})

            return ask

        took = in_turn(
            rounds,
            {
                "one": asked("one", ONE % TOTALS, one),
                "page": asked("page", PAGE % TOTALS, variables),
                "explained": asked("explained", PAGE % REASONS, variables),
            },
        )
    took = {what: milliseconds(spread) for what, spread in took.items()}
    of_page = f"page of {len(page)}"
    return [
        _split(f"{name}: one roll-up", took["one"], split["one"][-rounds:]),
        _split(f"{name}: {of_page}", took["page"], split["page"][-rounds:]),
        Figure(f"{name}: {of_page}", took["page"], "ms", "one roll-up", took["one"]),
        Figure(f"{name}: {of_page} with 3 contributions", took["explained"], "ms", "one roll-up", took["one"]),
    ]


def _split(name: str, took: Spread, parts: list[dict[str, float]]) -> Figure:
    """The peer of a request is the store's part of it: what is left when nothing but reading is done."""
    by_kind = {kind: milliseconds(Spread(tuple(part[kind] for part in parts))) for kind in ("store", "engine", "API")}
    told = ", ".join(f"{kind} {spread.median:.0f}" for kind, spread in by_kind.items())
    return Figure(name, took, "ms", f"its store part ({told})", by_kind["store"])
