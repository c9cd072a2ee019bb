"""One caller's heavy questions do not hold up another's: counted in units of work, never by a clock.

The heavy product's roll-ups are held back where they are solved, until the test lets them go one by one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from exchange.memory import Cut, KeptClosures
from exchange.operations.exchange import Exchange
from exchange.operations.reading import explain_files, roll_ups
from exchange.operations.turns import TURNS_MAX, TURNS_OF_ONE_MAX
from exchange.schema.ids import named_by
from tests.api.exchange_server import ApiClient, ExchangeServer, new_key
from tests.api.inputs import footprint, modelled

FLOOD = 12  # requests of one caller; more than there are threads for work beside the event loop
SECONDS_MAX = 180.0  # until a test that would wait for ever fails
TOTAL = "query ($id: ID!) { product(id: $id) { cradleToGate { ... on RollUp { pcfExcludingBiogenicUptake %s } } } }"
EXPLAINED = "digest validUntil contributions { ownEmissions } tree { hiddenNodes }"  # four more units of work


class Units:
    """The heavy units of work: how many have begun and ended; each waits until it is let go."""

    def __init__(self, solve: Callable[..., Any], is_heavy: Callable[[int], bool]) -> None:
        self.began = self.ended = 0
        self._solve, self._is_heavy = solve, is_heavy
        self._open = False
        self._let_go = 0
        self._changed = threading.Condition()

    def __call__(self, closure: Any, keys: Any, footprints: Any) -> Any:
        if any(map(self._is_heavy, keys)):
            with self._changed:
                self.began += 1
                self._changed.notify_all()
                assert self._changed.wait_for(lambda: self._open or self._let_go > 0, SECONDS_MAX)
                self._let_go -= 1
                self.ended += 1
                self._changed.notify_all()
        return self._solve(closure, keys, footprints)

    def have_begun(self, count: int) -> bool:
        return self.began == count

    def let_go(self) -> None:
        """One of them, and waits until it has ended."""
        with self._changed:
            expected = self.ended + 1
            self._let_go += 1
            self._changed.notify_all()
            assert self._changed.wait_for(lambda: self.ended >= expected, SECONDS_MAX)

    def let_all_go(self) -> None:
        with self._changed:
            self._open = True
            self._changed.notify_all()


class Scene:
    """A server with a heavy product and a small one, everybody's, and callers who flood it."""

    def __init__(self, server: ExchangeServer, pool: ThreadPoolExecutor) -> None:
        self.server, self.pool = server, pool
        self.products: dict[str, str] = {}
        self.flooding: list[Future[dict[str, Any]]] = []
        maker = server.clients.get("maker") or server.add_organization("maker")
        for name in ("heavy", "small"):
            self.products[name] = publish(maker, name)

    def key_of(self, name: str) -> int:
        [found] = self.server.run(
            lambda exchange: exchange.store._raw.read("MATCH (p:Product {name: $name}) RETURN max(p.key)", name=name)
        )
        return int(found[0])

    def flood(self, client: ApiClient, count: int = FLOOD) -> None:
        variables = {"id": self.products["heavy"]}
        self.flooding += [self.pool.submit(client.answer, TOTAL % "", variables) for _ in range(count)]

    def ask(self, client: ApiClient, fields: str = "") -> Future[dict[str, Any]]:
        return self.pool.submit(client.query, TOTAL % fields, {"id": self.products["small"]})

    def wait_for(self, condition: Callable[[], bool]) -> None:
        """Until the server has come so far."""
        for _ in range(int(SECONDS_MAX / 0.01)):
            if condition():
                return
            threading.Event().wait(0.01)
        pytest.fail("the server did not come so far")

    def wait_for_turns(self, under_way: int, waiting: int) -> None:
        turns = self.server.exchange.turns
        self.wait_for(lambda: (turns.under_way, turns.waiting) == (under_way, waiting))


def publish(maker: ApiClient, name: str) -> str:
    urn = f"urn:pact:maker.example:product-id:{new_key()}"
    given: dict[str, Any] = {"idempotencyKey": new_key(), "productIds": [urn], "name": name}
    product = str(maker.done("createProduct", given, "product { id }")["product"]["id"])
    given = {"idempotencyKey": new_key(), "footprint": footprint(product, modelled())}
    maker.done("publishFootprint", given, "footprint { id }")
    grant = {"idempotencyKey": new_key(), "product": product, "to": {"public": True}, "level": "TOTAL"}
    maker.done("grantAccess", grant, "grant { id }")
    return product


def total_of(data: dict[str, Any]) -> Decimal:
    return Decimal(data["product"]["cradleToGate"]["pcfExcludingBiogenicUptake"])


@pytest.fixture
def scene(server: ExchangeServer) -> Iterator[Scene]:
    for name in ("flooder", "buyer"):
        if name not in server.clients:
            server.add_organization(name)
    with ThreadPoolExecutor(4 * FLOOD) as pool:
        yield Scene(server, pool)


@pytest.fixture
def units(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> Iterator[Units]:
    key = scene.key_of("heavy")
    real = Cut.solve
    found = Units(lambda cut, _, footprints: real(cut, footprints), lambda each: each == key)
    monkeypatch.setattr(Cut, "solve", lambda cut, footprints: found(cut, cut.roots, footprints))
    monkeypatch.setattr(KeptClosures, "find", lambda *_: None)  # what was solved once is solved again
    try:
        yield found
    finally:
        found.let_all_go()
        for asked in scene.flooding:
            asked.result(SECONDS_MAX)
        scene.wait_for_turns(0, 0)


@pytest.mark.parametrize("flooder", ["flooder", "anonymous"])
def test_one_callers_flood_leaves_another_its_turn_at_once(scene: Scene, units: Units, flooder: str) -> None:
    scene.flood(scene.server.client(flooder))
    scene.wait_for_turns(TURNS_OF_ONE_MAX, FLOOD - TURNS_OF_ONE_MAX)
    scene.wait_for(lambda: units.began == TURNS_OF_ONE_MAX)
    answer = scene.ask(scene.server.client("buyer"), EXPLAINED).result(SECONDS_MAX)
    assert total_of(answer) == 1
    assert (units.began, units.ended) == (TURNS_OF_ONE_MAX, 0)


@pytest.mark.parametrize(("fields", "own_units"), [("", 1), (EXPLAINED, 5)])
def test_where_all_turns_are_taken_a_unit_waits_for_no_more_others_than_callers_wait(
    scene: Scene, units: Units, monkeypatch: pytest.MonkeyPatch, fields: str, own_units: int
) -> None:
    buyer = scene.server.client("buyer")
    waited = count_waiting(scene, units, buyer, monkeypatch)
    scene.flood(scene.server.client("flooder"))
    scene.flood(scene.server.client("anonymous"))
    scene.wait_for_turns(TURNS_MAX, 2 * FLOOD - TURNS_MAX)
    scene.wait_for(lambda: units.began == TURNS_MAX)
    asked = scene.ask(buyer, fields)
    scene.wait_for_turns(TURNS_MAX, 2 * FLOOD - TURNS_MAX + 1)
    while not asked.done():
        units.let_go()
        scene.wait_for(lambda: asked.done() or units.began - units.ended == TURNS_MAX)
    assert total_of(asked.result()) == 1
    assert len(waited) == own_units
    # The buyer is third in the line at worst, behind both who flood.
    assert 1 <= waited[0] <= max(waited) <= 3


def count_waiting(scene: Scene, units: Units, client: ApiClient, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """For each turn of a client, how many heavy units ended while it waited."""
    waited: list[int] = []
    named = named_by(client.organization_id or "")
    assert named is not None
    real = scene.server.exchange.turns.begin

    async def begin(caller: str) -> None:
        before = units.ended
        await real(caller)
        if caller == named[1]:
            waited.append(units.ended - before)

    monkeypatch.setattr(scene.server.exchange.turns, "begin", begin)
    return waited


def test_the_flood_itself_is_answered_whole(scene: Scene, units: Units) -> None:
    scene.flood(scene.server.client("flooder"))
    scene.wait_for(lambda: units.began == TURNS_OF_ONE_MAX)
    units.let_all_go()
    assert [total_of(asked.result(SECONDS_MAX)["data"]) for asked in scene.flooding] == [1] * FLOOD


def test_what_waits_too_much_is_refused_and_nobody_else_is(
    scene: Scene, units: Units, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scene.server.exchange.turns, "waiting_of_one", 3)
    flooder = scene.server.client("flooder")
    scene.flood(flooder, TURNS_OF_ONE_MAX + 3)
    scene.wait_for_turns(TURNS_OF_ONE_MAX, 3)
    [error] = flooder.answer(TOTAL % "", {"id": scene.products["heavy"]})["errors"]
    extensions = error["extensions"]
    assert (extensions["code"], extensions["retryable"]) == ("TOO_MANY_REQUESTS", True)
    assert extensions["retryAfterSeconds"] > 0
    assert scene.ask(scene.server.client("buyer")).result(SECONDS_MAX)["product"] is not None
    units.let_go()
    scene.wait_for_turns(TURNS_OF_ONE_MAX, 2)
    scene.flood(flooder, 1)
    scene.wait_for_turns(TURNS_OF_ONE_MAX, 3)


def test_one_request_takes_one_turn_at_a_time_however_broad_it_is(scene: Scene, units: Units) -> None:
    dates = " ".join(f'd{n}: cradleToGate(asOf: "2026-06-{n:02d}") {{ __typename }}' for n in range(1, 13))
    broad = f"query ($id: ID!) {{ product(id: $id) {{ {dates} }} }}"
    client = scene.server.client("flooder")
    asked = scene.pool.submit(client.query, broad, {"id": scene.products["heavy"]})
    scene.wait_for(lambda: units.began == 1)
    for ended in range(1, 12):
        units.let_go()
        scene.wait_for(partial(units.have_begun, ended + 1))
        assert scene.server.exchange.turns.under_way == 1
        assert not asked.done()
    units.let_go()
    assert len(asked.result(SECONDS_MAX)["product"]) == 12


def test_views_are_gone_through_beside_the_event_loop(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """What runs on the loop holds up everybody, turns or not."""
    threads: dict[str, int] = {}

    def watch(owner: Any, name: str) -> None:
        real = getattr(owner, name)

        def watched(*given: Any, **named: Any) -> Any:
            threads[name] = threading.get_ident()
            return real(*given, **named)

        monkeypatch.setattr(owner, name, watched)

    watch(Cut, "solve")
    for name in ("build_view", "facts"):
        watch(roll_ups, name)
    for name in ("contributions", "tree", "digest"):
        watch(roll_ups.LazyView, name)
    watch(explain_files, "explain_file")
    scene.ask(scene.server.client("buyer"), f"{EXPLAINED} explainFile {{ digest }}").result(SECONDS_MAX)

    async def loops_own(_: Exchange) -> int:
        return threading.get_ident()

    assert set(threads) == {"solve", "build_view", "facts", "contributions", "tree", "digest", "explain_file"}
    assert scene.server.run(loops_own) not in threads.values()
