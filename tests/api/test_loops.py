"""Loops over HTTP: what would consume one or more of itself is refused, and nothing else is.

Each loop's gain is written beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from exchange.config import Settings
from tests.api.dated_world import World, dated_world
from tests.api.exchange_server import new_key
from tests.api.graph_dump import dump


@pytest.fixture(scope="module")
def world(settings: Settings) -> Iterator[World]:
    with dated_world(settings, datetime(2026, 6, 30, tzinfo=UTC)) as made:
        yield made


def check_loop(world: World, found: dict[str, Any], before: Any, path: str = "input.footprints.0") -> None:
    """Refused, by its path, without the gain, and nothing was written."""
    world.check_refused(found, "LoopRefused", path)
    assert not any(character.isdigit() for character in found["message"].replace("0", ""))
    assert dump(world.server) == before


def admitted(world: World, *footprints: dict[str, Any], by: str = "one") -> Sequence[dict[str, Any]]:
    found = world.send(*footprints, by=by)
    assert found["__typename"] == "PublishFootprintsPayload", found
    published: Sequence[dict[str, Any]] = found["footprints"]
    return published


def test_two_lines_that_each_embody_a_part_of_the_product(world: World) -> None:
    """0.6 + 0.6 of itself is refused, 0.6 + 0.3 is not."""
    admitted(world, world.modelled("a1", world.line("j1", "0.6")), world.modelled("b1", world.line("j1", "0.6")))
    before = dump(world.server)
    refused = world.send(world.modelled("j1", world.line("a1", "1"), world.line("b1", "1")))
    check_loop(world, refused, before)
    admitted(world, world.modelled("j1", world.line("a1", "1"), world.line("b1", "0.5")))
    world.check("j1", "25")  # x = 1 + (1 + 0.6 x) + 0.5 (1 + 0.6 x)


def test_a_correction_of_a_loop_is_judged_without_what_it_replaces(world: World) -> None:
    """0.6 becomes 0.7, although 0.6 + 0.7 would be too much."""
    old = admitted(world, world.modelled("a2", world.line("j2", "1")), world.modelled("j2", world.line("a2", "0.6")))
    admitted(world, world.modelled("j2", world.line("a2", "0.7"), precedingPfIds=[old[1]["pfId"]]))
    world.check("j2", str(1.7 / 0.3))
    before = dump(world.server)
    check_loop(world, world.send(world.modelled("j2", world.line("a2", "1"))), before)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_batch_is_judged_as_a_whole(world: World, order: tuple[int, int]) -> None:
    """(0.5, 1.5) to (0.9, 1.05): a gain of 0.75 becomes 0.945, but 0.9 with 1.5 or 0.5 with 2.1 would be 1.35."""
    a, b = f"a3 {order}", f"b3 {order}"
    old = admitted(world, world.modelled(a, world.line(b, "0.5")), world.modelled(b, world.line(a, "1.5")))
    new = [
        world.modelled(a, world.line(b, "0.9"), precedingPfIds=[old[0]["pfId"]]),
        world.modelled(b, world.line(a, "1.05"), precedingPfIds=[old[1]["pfId"]]),
    ]
    before = dump(world.server)
    check_loop(world, world.send(new[0]), before)
    beside = [{**footprint, "precedingPfIds": []} for footprint in new]  # 0.9 may then stand with 1.5
    check_loop(world, world.send(*(beside[n] for n in order)), before, "input.footprints.1")
    admitted(world, *(new[n] for n in order))
    world.check(a, str(1.9 / (1 - 0.945)))


def test_a_batch_with_a_loop_is_refused_whole_and_names_the_culprit(world: World) -> None:
    batch = [
        world.declared("fine", "1"),
        world.modelled("a4", world.line("b4", "1")),
        world.modelled("b4", world.line("a4", "1")),
    ]
    before = dump(world.server)
    check_loop(world, world.send(*batch), before, "input.footprints.2")


@pytest.mark.parametrize(
    ("amount", "more", "refused"),
    [
        ("1", {}, True),
        ("0.9999999", {}, True),  # nearer to 1 than an answer can be certified
        ("0.999", {}, False),
        ("-1", {"credit": True}, True),  # amounts count without their sign
        ("-0.5", {"credit": True}, False),
        ("1", {"stage": "USE"}, False),  # behind the gate
        ("1", {"stage": "DISTRIBUTION"}, False),
        ("1000", {"unit": "GRAM"}, True),
        ("1", {"unit": "LITER"}, False),  # a gap
        ("99999999999999999999999999999999999999", {"unit": "TON"}, True),
    ],
)
def test_a_product_that_consumes_itself(world: World, amount: str, more: dict[str, Any], refused: bool) -> None:
    name = f"self {amount} {more}"
    world.product(name)
    before = dump(world.server)
    found = world.send(world.modelled(name, world.line(name, amount, **more)))
    if refused:
        check_loop(world, found, before)
    else:
        assert found["__typename"] == "PublishFootprintsPayload"


def test_a_loop_through_a_fallback(world: World) -> None:
    """Whatever serves the line today, the fallback may serve it tomorrow."""
    admitted(world, world.modelled("a5", world.line("j5", "1")))
    world.product("two/refused")
    before = dump(world.server)
    fallback = {"product": {"id": world.product("a5")}, "amount": "1", "unit": "KILOGRAM"}
    line = world.line("two/refused", "3", fallback=fallback)
    check_loop(world, world.send(world.modelled("j5", line)), before)
    admitted(world, world.modelled("j5", world.line("two/refused", "3", fallback=fallback | {"amount": "0.5"})))
    world.check("j5", "3")  # 1 + 0.5 (1 + x)


def test_a_loop_through_a_name_that_is_registered_later(world: World) -> None:
    urn = "urn:pact:one.example:product-id:later"
    named = {"product": {"productId": urn}, "amount": "1", "unit": "KILOGRAM"}
    admitted(world, world.modelled("a6", named))
    world.product("later", urn)
    before = dump(world.server)
    check_loop(world, world.send(world.modelled("later", world.line("a6", "1"))), before)


@pytest.mark.parametrize("to", ["one", "public"])
def test_access_that_would_close_a_loop_is_refused(world: World, to: str) -> None:
    """Each half stands alone while two's product is not to be had; half as much is granted."""
    mine, theirs = f"mine {to}", f"two/theirs {to}"
    world.grant(mine, "two")
    admitted(world, world.modelled(theirs, world.line(mine, "1")), by="two")
    old = admitted(world, world.modelled(mine, world.line(theirs, "1")))
    before = dump(world.server)
    for more in ({}, {"from": "2090-01-01T00:00:00Z"}):
        check_loop(world, world.grant(theirs, to, **more), before, "input.product")
    admitted(world, world.modelled(mine, world.line(theirs, "0.5"), precedingPfIds=[old[0]["pfId"]]))
    assert world.grant(theirs, to)["__typename"] == "GrantAccessPayload"
    world.check(mine, "3")  # 1 + 0.5 (1 + x)


def test_access_in_the_future_counts_and_ended_access_does_not(world: World) -> None:
    world.grant("mine 7", "two")
    admitted(world, world.modelled("two/theirs 7", world.line("mine 7", "1")), by="two")
    begins, ends = world.clock.now + timedelta(days=5), world.clock.now + timedelta(days=6)
    world.grant("two/theirs 7", "one", until=ends.isoformat(), **{"from": begins.isoformat()})
    before = dump(world.server)
    half = world.modelled("mine 7", world.line("two/theirs 7", "1"))
    check_loop(world, world.send(half), before)
    world.clock.now = ends
    admitted(world, half)
    world.check("mine 7", "1", gap="NOT_GRANTED")


def test_a_refused_loop_names_only_members_that_are_visible(world: World) -> None:
    world.grant("mine 8", "two")
    admitted(world, world.modelled("two/hidden 8", world.line("mine 8", "1")), by="two")
    admitted(world, world.modelled("two/shown 8", world.line("two/hidden 8", "1")), by="two")
    world.grant("two/shown 8", "one")
    given = {
        "idempotencyKey": new_key(),
        "footprint": world.modelled("mine 8", world.line("two/shown 8", "1")),
    }
    query = """mutation ($input: PublishFootprintInput!) { publishFootprint(input: $input) {
      ... on LoopRefused { path members { name } } } }"""
    found = world.client("one").query(query, {"input": given})["publishFootprint"]
    assert found["path"] == ["input", "footprint"]
    assert sorted(member["name"] for member in found["members"]) == ["mine 8", "two/shown 8"]


def test_what_is_withdrawn_or_has_expired_closes_no_loop(world: World) -> None:
    old = admitted(world, world.modelled("a9", world.line("j9", "1")))
    half = world.modelled("j9", world.line("a9", "1"))
    before = dump(world.server)
    check_loop(world, world.send(half), before)
    world.deprecate(old[0]["id"])
    admitted(world, half)
    ends = {"validityPeriodEnd": (world.clock.now + timedelta(days=2)).isoformat()}
    admitted(world, world.modelled("a10", world.line("j10", "1"), **ends))
    half = world.modelled("j10", world.line("a10", "1"))
    before = dump(world.server)
    check_loop(world, world.send(half), before)
    world.clock.now += timedelta(days=3)
    admitted(world, half)
    world.check("j10", "1", gap="EXPIRED")


def test_loops_may_be_refused_only_so_often_a_day(world: World) -> None:
    """Each refusal tells one bit of a foreign recipe; tomorrow is another day."""
    world.product("asked")
    loop = world.modelled("asked", world.line("asked", "1"))
    given = {"idempotencyKey": new_key(), "footprint": loop}
    mutation = "mutation ($input: PublishFootprintInput!) { publishFootprint(input: $input) { __typename } }"
    said = []
    before = dump(world.server)
    for _ in range(12):
        body = world.client("one").answer(mutation, {"input": given | {"idempotencyKey": new_key()}})
        errors = body.get("errors")
        said.append(errors[0]["extensions"]["code"] if errors else body["data"]["publishFootprint"]["__typename"])
    assert said == ["LoopRefused"] * 10 + ["TOO_MANY_REQUESTS"] * 2
    assert dump(world.server) == before
    world.clock.now += timedelta(days=1)
    assert world.send(loop)["__typename"] == "LoopRefused"
    admitted(world, world.modelled("asked", world.line("asked", "0.5")))
