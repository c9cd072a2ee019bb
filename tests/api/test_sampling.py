"""Monte Carlo with progress, as a real client hears it over WebSocket: what is told, when it ends, who is refused."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

import pytest
from starlette.applications import Starlette

from exchange.config import Settings
from exchange.errors import NotSignedIn
from exchange.model.parties import Scope
from exchange.operations.exchange import Exchange
from exchange.operations.reading import sampling
from exchange.operations.reading.sampling import RUNS_OF_ONE_MAX
from exchange.schema import graphql_routes
from tests.api.asgi_socket import AsgiSocket
from tests.api.dated_world import World, dated_world
from tests.api.fakes import SIGNED_IN, FakeExchange, id_of
from tests.api.test_error_shape import app_over
from tests.api.web_socket_client import WebSocketClient

ESTIMATE = "samples seed samplesWithoutAnswer median mean lower upper geometricStandardDeviation method"
RUN = f"""subscription ($id: ID!, $samples: Int, $seed: Int, $asOf: Date, $knownAt: DateTime) {{
  monteCarlo(product: $id, samples: $samples, seed: $seed, asOf: $asOf, knownAt: $knownAt) {{
    __typename
    ... on MonteCarloProgress {{ asOf knownAt samplesDone samples finished estimate {{ {ESTIMATE} }} }}
    ... on RollUpRefused {{ code }} }} }}"""
AT_ONCE = f"""query ($id: ID!, $samples: Int, $seed: Int, $asOf: Date, $knownAt: DateTime) {{
  product(id: $id) {{ cradleToGate(asOf: $asOf, knownAt: $knownAt) {{ ... on RollUp {{
    uncertainty {{ geometricStandardDeviation monteCarloAdvised }}
    monteCarlo(samples: $samples, seed: $seed) {{ {ESTIMATE} }} }} }} }} }}"""
PART = 500  # samples of one part and of one message, where steps are short
SECONDS_MAX = 180.0
THREE = 3  # products and lines of the view of `part`


@pytest.fixture(scope="module")
def world(settings: Settings) -> Iterator[World]:
    with dated_world(settings, datetime(2026, 6, 30, tzinfo=UTC)) as made:
        made.server.add_organization("buyer")
        yield made


@pytest.fixture(scope="module")
def part(world: World) -> str:
    """1 kg direct (GSD 1.5) and 3 of a leaf (GSD 1.6) by a line (GSD 1.2)."""
    leaf = world.declared("two/leaf", "1")
    leaf["declared"] |= {"geometricStandardDeviation": "1.6"}
    world.publish(leaf, by="two")
    world.grant("two/leaf", "one")
    made = world.modelled("part", world.line("two/leaf", "3", geometricStandardDeviation="1.2"))
    made["modelled"] |= {"directGeometricStandardDeviation": "1.5"}
    world.publish(made)
    return "part"


@pytest.fixture(autouse=True)
def short_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """A message after each part."""
    monkeypatch.setattr(sampling, "STEP_SECONDS", 0.0)
    monkeypatch.setattr(sampling, "PROGRESS_SECONDS", 0.0)
    monkeypatch.setattr(sampling, "DRAWN_PER_DECIDED", 0.0)
    monkeypatch.setattr(import_module("exchange.rollup.monte_carlo"), "NUMBERS_AT_ONCE", PART * THREE)


def socket_of(world: World, by: str) -> WebSocketClient:
    return WebSocketClient(world.server.url, None if by == "anonymous" else world.client(by).token)


def run(world: World, name: str, by: str = "one", **variables: Any) -> list[dict[str, Any]]:
    """All that is said of one run."""
    with socket_of(world, by) as socket:
        socket.subscribe(RUN, {"id": world.product(name), "samples": 2000, "seed": 1, **variables})
        return list(socket.messages())


def told(message: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = message["payload"]["data"]["monteCarlo"]
    return found


def at_once(world: World, name: str, last: dict[str, Any], by: str = "one") -> dict[str, Any]:
    """What the field answers to the dates, samples and seed of a run's last message."""
    estimate = last["estimate"]
    asked = {key: last[key] for key in ("asOf", "knownAt")} | {key: estimate[key] for key in ("samples", "seed")}
    data = world.client(by).query(AT_ONCE, {"id": world.product(name), **asked})
    found: dict[str, Any] = data["product"]["cradleToGate"]["monteCarlo"]
    return found


class Steps:
    """Steps of drawing that wait until they are let go."""

    def __init__(self, free: int) -> None:
        self.begun = 0
        self._free = free
        self._changed = threading.Condition()
        self._step = sampling._Drawing.step

    def step(self, drawing: sampling._Drawing) -> None:
        with self._changed:
            self.begun += 1
            self._changed.notify_all()
            assert self._changed.wait_for(lambda: self._free > 0, SECONDS_MAX)
            self._free -= 1
        self._step(drawing)

    def let_go(self, count: int) -> None:
        with self._changed:
            self._free += count
            self._changed.notify_all()

    def wait_for(self, begun: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: self.begun >= begun, SECONDS_MAX)


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Iterator[Steps]:
    found = Steps(free=1)
    monkeypatch.setattr(sampling._Drawing, "step", lambda drawing: found.step(drawing))
    yield found
    found.let_go(1_000_000)


def wait_until_free(world: World) -> None:
    """Until no run is under way and no turn is taken."""

    async def free(exchange: Exchange) -> bool:
        return exchange.runs.under_way == exchange.turns.under_way == 0

    for _ in range(int(SECONDS_MAX / 0.01)):
        if world.server.run(free):
            return
        threading.Event().wait(0.01)
    pytest.fail("a run is still under way")


def test_progress_is_told_and_the_result_is_the_fields(world: World, part: str) -> None:
    *going_on, last, end = run(world, part, samples=10 * PART, seed=7)
    assert end == {"id": "1", "type": "complete"}
    assert [told(each)["samplesDone"] for each in going_on] == [n * PART for n in range(1, 10)]
    assert [told(each)["estimate"]["samples"] for each in going_on] == [n * PART for n in range(1, 10)]
    assert not any(told(each)["finished"] for each in going_on)
    result = told(last)
    assert (result["finished"], result["samplesDone"], result["samples"]) == (True, 10 * PART, 10 * PART)
    assert result["estimate"] == at_once(world, part, result)
    assert result["asOf"] == "2026-06-30"
    assert {told(each)["knownAt"] for each in going_on} == {result["knownAt"]}
    assert float(result["estimate"]["median"]) == pytest.approx(4.1, rel=0.1)


def test_it_takes_more_samples_than_the_field(world: World, part: str) -> None:
    *_, last, _ = run(world, part, samples=20_000)
    assert told(last)["estimate"]["samples"] == 20_000


def test_the_taylor_form_says_when_samples_are_to_be_preferred(world: World, part: str) -> None:
    asked = {"samples": 100, "seed": 1, "asOf": "2026-06-30"}

    def advised(name: str, by: str = "one") -> bool:
        data = world.client(by).query(AT_ONCE, {"id": world.product(name), **asked})
        found: bool = data["product"]["cradleToGate"]["uncertainty"]["monteCarloAdvised"]
        return found

    for name, gsd in (("calm", "1.5"), ("wild", "1.51")):
        made = world.declared(name, "1")
        made["declared"] |= {"geometricStandardDeviation": gsd}
        world.publish(made)
        made = world.modelled(f"of {name}", world.line(name, "1"))
        made["modelled"] |= {"directGeometricStandardDeviation": "1.1"}
        world.publish(made)
        made = world.modelled(f"line of {name}", world.line("calm", "1", geometricStandardDeviation=gsd))
        world.publish(made)
    assert [advised(name) for name in ("calm", "of calm", "line of calm")] == [False] * 3
    assert [advised(name) for name in ("wild", "of wild", "line of wild", part)] == [True] * 4
    world.grant("of wild", "two")  # who sees the total alone sees its own spread: 1.23
    assert advised("of wild", by="two") is False


def test_a_run_ends_where_access_is_revoked(world: World, part: str, steps: Steps) -> None:
    grant = world.grant(part, "buyer")["grant"]["id"]
    with socket_of(world, "buyer") as socket:
        socket.subscribe(RUN, {"id": world.product(part), "samples": 2000})
        assert socket.receive()["type"] == "next"
        steps.wait_for(2)
        world.client("one").done("revokeAccess", {"grant": grant}, "grant { id }")
        steps.let_go(1)
        said = list(socket.messages())
    [error] = said[-1]["payload"]
    assert [each["type"] for each in said] == ["error"]
    assert error["extensions"]["code"] == "NOT_FOUND"
    assert "not visible to you any more" in error["message"]
    wait_until_free(world)


def test_a_run_ends_where_a_grant_comes_to_its_end(world: World, part: str, steps: Steps) -> None:
    until = (world.clock.now + timedelta(hours=1)).isoformat()
    world.grant(part, "buyer", until=until)
    with socket_of(world, "buyer") as socket:
        socket.subscribe(RUN, {"id": world.product(part), "samples": 2000})
        assert socket.receive()["type"] == "next"
        steps.wait_for(2)
        world.clock.now += timedelta(hours=2)
        steps.let_go(1)
        [end] = socket.messages()
    # The token has come to its end as well, and is looked at last.
    assert end["payload"][0]["extensions"]["code"] == "NOT_FOUND"


def test_a_run_begins_anew_where_less_is_shown(world: World, part: str, steps: Steps) -> None:
    """Opened, part and leaf vary apart; closed, the total varies as a whole."""
    world.grant("two/leaf", "buyer")
    world.grant(part, "buyer")
    opened = world.grant(part, "buyer", level="INPUTS")["grant"]["id"]
    with socket_of(world, "buyer") as socket:
        socket.subscribe(RUN, {"id": world.product(part), "samples": 4 * PART})
        before = told(socket.receive())
        assert before["samplesDone"] == PART
        steps.wait_for(2)
        world.client("one").done("revokeAccess", {"grant": opened}, "grant { id }")
        steps.let_go(1_000)
        *going_on, last, end = socket.messages()
    assert end["type"] == "complete"
    assert [told(each)["samplesDone"] for each in going_on] == [THREE * PART]  # of a view of one number
    assert told(last)["estimate"] == at_once(world, part, told(last), by="buyer")
    assert told(last)["estimate"] != at_once(world, part, told(last), by="one")


def test_what_others_revoke_does_not_disturb(world: World, part: str, steps: Steps) -> None:
    other = world.grant("two/leaf", "buyer")["grant"]["id"]
    with socket_of(world, "one") as socket:
        socket.subscribe(RUN, {"id": world.product(part), "samples": 4 * PART})
        first = told(socket.receive())
        steps.wait_for(2)
        world.client("two").done("revokeAccess", {"grant": other}, "grant { id }")
        steps.let_go(1_000)
        *going_on, last, _ = socket.messages()
    done = [each["samplesDone"] for each in (first, *map(told, going_on), told(last))]
    assert done == [PART, 2 * PART, 3 * PART, 4 * PART]
    assert told(last)["estimate"] == at_once(world, part, told(last))


@pytest.mark.parametrize("how", ["complete", "close"])
def test_a_run_stops_with_whoever_asked(world: World, part: str, steps: Steps, how: str) -> None:
    with socket_of(world, "one") as socket:
        socket.subscribe(RUN, {"id": world.product(part), "samples": 100_000})
        assert socket.receive()["type"] == "next"
        steps.wait_for(2)
        if how == "complete":
            socket.complete()
            socket.send({"type": "ping"})
            assert socket.receive() == {"type": "pong"}
        else:
            socket.close()
            wait_until_told(world, part)
        steps.let_go(1)
        wait_until_free(world)
    assert steps.begun == 2


def wait_until_told(world: World, part: str) -> None:
    """Until the server has heard that the socket is closed: it answers something that was sent later."""
    for _ in range(3):
        world.client("two").query("{ viewer { scopes } }")
        threading.Event().wait(0.1)


@pytest.mark.parametrize("caller", ["one", "anonymous"])
def test_a_caller_has_few_runs_at_once(world: World, part: str, steps: Steps, caller: str) -> None:
    world.grant(part, "public")
    asked = {"id": world.product(part), "samples": 100_000}
    with socket_of(world, caller) as first, socket_of(world, caller) as second:
        for number in range(RUNS_OF_ONE_MAX):
            first.subscribe(RUN, asked, str(number))
        steps.wait_for(RUNS_OF_ONE_MAX)
        second.subscribe(RUN, asked)
        [refused] = second.messages()
        extensions = refused["payload"][0]["extensions"]
        assert (refused["type"], extensions["code"], extensions["retryable"]) == ("error", "TOO_MANY_REQUESTS", True)
        assert extensions["retryAfterSeconds"] > 0
        with socket_of(world, "two") as other:
            steps.let_go(1_000)
            other.subscribe(RUN, {**asked, "samples": 200})
            assert [each["type"] for each in other.messages()] == ["next", "complete"]
        first.complete("0")
        first.complete("1")
        wait_until_free(world)
        second.subscribe(RUN, {**asked, "samples": 200})
        assert [each["type"] for each in second.messages()] == ["next", "complete"]


def test_a_server_has_not_endlessly_many(world: World, part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world.server.exchange.runs, "most", 0)
    [refused] = run(world, part)
    assert refused["payload"][0]["extensions"]["code"] == "TOO_MANY_REQUESTS"


@pytest.mark.parametrize("by", ["one", "anonymous"])
@pytest.mark.parametrize("of", ["hidden", "unknown", "organization", "no id"])
def test_what_is_not_visible_is_null_and_nothing_more(world: World, part: str, of: str, by: str) -> None:
    world.publish(world.declared("two/hidden", "1"), by="two")
    other = world.server.clients["two"].organization_id
    ids = {"hidden": world.product("two/hidden"), "unknown": id_of(4), "organization": other, "no id": "x"}
    assert run(world, part, by, id=ids[of]) == [
        {"id": "1", "type": "next", "payload": {"data": {"monteCarlo": None}}},
        {"id": "1", "type": "complete"},
    ]


def test_a_product_without_a_result_says_why(world: World) -> None:
    world.product("bare")
    [said, end] = run(world, "bare")
    assert told(said) == {"__typename": "RollUpRefused", "code": "NO_FOOTPRINT"}
    assert end["type"] == "complete"


@pytest.mark.parametrize(
    ("argument", "given", "message"),
    [
        ("samples", 99, "samples must be 100 to 100000; got 99."),
        ("samples", 100_001, "samples must be 100 to 100000; got 100001."),
        ("seed", -1, "seed must be 0 to 2147483647; got -1."),
    ],
)
def test_arguments_have_bounds(world: World, part: str, argument: str, given: int, message: str) -> None:
    given_it: dict[str, Any] = {argument: given}
    [said, _] = run(world, part, **given_it)
    [error] = said["payload"]["errors"]
    assert (error["message"], error["extensions"]["code"]) == (message, "INVALID_INPUT")


def test_a_view_too_large_is_refused_with_what_would_do(
    world: World, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = import_module("exchange.rollup.monte_carlo").Bounds(100_000, 3_000, "")
    monkeypatch.setattr("exchange.operations.reading.spreads.WITH_PROGRESS", small)
    [said] = run(world, part)
    [error] = said["payload"]
    assert error["message"] == (
        "2000 samples of 2 products and 1 lines are more than 3000 numbers. Ask for at most 1000 samples."
    )
    assert error["extensions"]["code"] == "INVALID_INPUT"


def test_a_bug_is_masked(world: World, part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr(sampling._Drawing, "step", broken)
    [said] = run(world, part)
    [error] = said["payload"]
    assert (said["type"], error["extensions"]["code"]) == ("error", "INTERNAL_ERROR")
    assert "secret" not in str(said)
    wait_until_free(world)


def test_the_limits_of_queries_hold(world: World, part: str) -> None:
    deep = "asOf " + "... on MonteCarloProgress { " * 30 + "samples" + " }" * 30
    query = RUN.replace("__typename", deep, 1)
    with socket_of(world, "one") as socket:
        socket.subscribe(query, {"id": world.product(part)})
        [said] = socket.messages()
        assert said["payload"][0]["extensions"]["code"] == "INVALID_QUERY" or "deep" in said["payload"][0]["message"]
        two = 'subscription { a: monteCarlo(product: "x") { __typename } b: monteCarlo(product: "x") { __typename } }'
        socket.subscribe(two, {})
        [said] = socket.messages()
        assert said["payload"][0]["extensions"]["code"] == "INVALID_QUERY"
        many = " ".join(f"a{n}: __typename" for n in range(3_001))
        socket.subscribe(f'subscription {{ monteCarlo(product: "x") {{ {many} }} }}', {})
        [said] = socket.messages()
        assert said["payload"][0]["extensions"]["code"] == "QUERY_TOO_LARGE"


def test_it_is_not_answered_over_http(world: World, part: str) -> None:
    answer = world.client("one").answer(RUN, {"id": world.product(part)})
    [error] = answer["errors"]
    assert error["extensions"]["code"] == "METHOD_NOT_ALLOWED"
    assert "graphql-transport-ws" in error["message"]
    got = world.server.http.get(
        "/graphql", params={"query": 'subscription { monteCarlo(product: "x") { __typename } }'}
    )
    assert got.json()["errors"][0]["extensions"]["code"] == "METHOD_NOT_ALLOWED"


def test_a_token_without_read_does_not_run(world: World, part: str) -> None:
    named = import_module("exchange.schema.ids").named_by(world.client("one").organization_id)
    token = world.server.token(named[1], frozenset({Scope.PUBLISH}))
    with WebSocketClient(world.server.url, token) as socket:
        socket.subscribe(RUN, {"id": world.product(part)})
        [said, _] = socket.messages()
    assert said["payload"]["errors"][0]["extensions"]["code"] == "ACCESS_DENIED"


async def test_a_token_that_ends_meanwhile_ends_the_run() -> None:
    exchange: Any = FakeExchange()
    looked: list[str | None] = []

    async def identify(authorization):
        looked.append(authorization)
        if len(looked) > 2:  # the connection, the operation, and then its first message
            raise NotSignedIn("This token has expired.")
        return SIGNED_IN

    async with AsgiSocket(Starlette(routes=graphql_routes(exchange, identify))) as socket:
        await socket.begin({"Authorization": "Bearer good"})
        [said] = await socket.ask(RUN, variables={"id": id_of(1), "samples": 100})
        assert (said["type"], said["payload"][0]["extensions"]["code"]) == ("error", "NOT_SIGNED_IN")


@pytest.mark.parametrize(("unsteady", "last"), [(0, "complete"), (1, "complete"), (2, "complete"), (3, "error")])
async def test_what_is_told_is_decided_until_it_is_confirmed(unsteady: int, last: str) -> None:
    exchange = FakeExchange(unsteady=unsteady)
    async with AsgiSocket(app_over(exchange)) as socket:
        await socket.begin()
        said = await socket.ask(RUN, variables={"id": id_of(1), "samples": 100})
    assert said[-1]["type"] == last
    assert [each["type"] for each in said[:-1]] == (["next"] if last == "complete" else [])
    if last == "error":
        assert said[0]["payload"][0]["extensions"]["code"] == "STORE_UNAVAILABLE"
    assert exchange.calls["confirm"] == min(unsteady + 1, 3)
