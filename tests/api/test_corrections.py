"""Corrections, dates, releases, grants and loops over HTTP, on a server whose clock the test moves forward.

Expected numbers are those of docs/method.md; each loop's gain is written beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from exchange.config import Settings
from exchange.model.parties import Scope
from exchange.schema.ids import named_by
from tests.api.exchange_server import ExchangeServer, close_to, new_key, serving
from tests.api.graph_dump import check_whole, dump

BOTH = frozenset({Scope.READ, Scope.PUBLISH})
TOKEN_LIFE = timedelta(minutes=10)
Line = dict[str, Any]


class Clock:
    """The exchange's clock: what the test says, and a millisecond more each time it is read."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> int:
        self.now += timedelta(milliseconds=1)
        return int(self.now.timestamp()) * 1_000_000 + self.now.microsecond


@dataclass
class World:
    """A server, its clock, and products by name: each of organization `one`, or of the one before a slash."""

    server: ExchangeServer
    clock: Clock
    ids: dict[str, str] = field(default_factory=dict)
    signed_in: dict[str, datetime] = field(default_factory=dict)

    def client(self, key: str) -> Any:
        """Signed in by the exchange's clock."""
        client = self.server.clients[key]
        if self.clock.now - self.signed_in.get(key, datetime.min.replace(tzinfo=UTC)) > TOKEN_LIFE:
            named = named_by(client.organization_id or "")
            assert named is not None
            client.token = self.server.token(named[1], BOTH)
            self.signed_in[key] = self.clock.now
        return client

    def owner(self, product: str) -> Any:
        return self.client(product.split("/")[0] if "/" in product else "one")

    def product(self, name: str, urn: str | None = None) -> str:
        if name not in self.ids:
            given = {"idempotencyKey": new_key(), "productIds": [urn or f"urn:uuid:{new_key()}"], "name": name}
            self.ids[name] = self.owner(name).done("createProduct", given, "product { id }")["product"]["id"]
        return self.ids[name]

    def footprint(self, name: str, result: dict[str, Any], **more: Any) -> dict[str, Any]:
        return {
            "product": self.product(name),
            "declaredUnitAmount": "1",
            "declaredUnitOfMeasurement": "KILOGRAM",
            "productMassPerDeclaredUnit": "1",
            "referencePeriodStart": "2025-01-01T00:00:00Z",
            "referencePeriodEnd": "2026-01-01T00:00:00Z",
            "ipccCharacterizationFactors": ["AR6"],
            "crossSectoralStandards": ["ISO14067"],
            **result,
            **more,
        }

    def declared(self, name: str, total: str, **more: Any) -> dict[str, Any]:
        components = {"fossilGhgEmissions": total}
        totals = {"pcfExcludingBiogenicUptake": total, "pcfIncludingBiogenicUptake": total}
        return self.footprint(name, {"declared": {**totals, "components": components}}, **more)

    def modelled(self, name: str, *lines: Line, **more: Any) -> dict[str, Any]:
        stage = {"stage": "MANUFACTURING", "components": {"fossilGhgEmissions": "1"}}
        return self.footprint(name, {"modelled": {"direct": [stage], "lines": list(lines)}}, **more)

    def line(self, name: str, amount: str, **more: Any) -> Line:
        return {"product": {"id": self.product(name)}, "amount": amount, "unit": "KILOGRAM", **more}

    def send(self, *footprints: dict[str, Any], by: str = "one") -> dict[str, Any]:
        fields = "footprints { id pfId publishedAt }"
        given = {"idempotencyKey": new_key(), "footprints": list(footprints)}
        found: dict[str, Any] = self.client(by).mutate("publishFootprints", given, fields)
        return found

    def publish(self, footprint: dict[str, Any], *, by: str = "one") -> dict[str, Any]:
        found = self.send(footprint, by=by)
        assert found["__typename"] == "PublishFootprintsPayload", found
        published: dict[str, Any] = found["footprints"][0]
        return published

    def deprecate(self, footprint: str) -> None:
        given = {"footprint": footprint, "reason": "Wrong."}
        self.client("one").done("deprecateFootprint", given, "footprint { id }")

    def grant(self, name: str, to: str, **more: Any) -> dict[str, Any]:
        public = to == "public"
        grantee = {"public": True} if public else {"organization": self.server.clients[to].organization_id}
        given = {"product": self.product(name), "to": grantee, "level": "TOTAL", "idempotencyKey": new_key(), **more}
        found: dict[str, Any] = self.owner(name).mutate("grantAccess", given, "grant { id }")
        return found

    def answer(self, name: str, as_of: str | None = None, known_at: str | None = None) -> dict[str, Any]:
        variables = {"id": self.product(name), "asOf": as_of, "knownAt": known_at}
        found: dict[str, Any] = self.owner(name).query(QUESTION, variables)["product"]
        return found

    def check(
        self, name: str, expected: str, as_of: str | None = None, known_at: str | None = None, gap: str | None = None
    ) -> None:
        """The roll-up at these dates, or the code of its refusal; and that the footprint shown is the one it took."""
        found = self.answer(name, as_of, known_at)
        result = found["cradleToGate"]
        if result["__typename"] == "RollUpRefused":
            assert (result["code"], found["footprint"]) == (expected, None)
            return
        close_to(result["pcfExcludingBiogenicUptake"], expected)
        assert [each["code"] for each in result["gaps"]] == ([] if gap is None else [gap])
        shown = found["footprint"]
        if shown["declared"]:
            close_to(shown["declared"]["pcfExcludingBiogenicUptake"], expected)

    def check_refused(self, found: dict[str, Any], kind: str, path: str) -> None:
        assert (found["__typename"], ".".join(found["path"])) == (kind, path), found


QUESTION = """
query ($id: ID!, $asOf: Date, $knownAt: DateTime) {
  product(id: $id) {
    footprint(asOf: $asOf, knownAt: $knownAt) { id declared { pcfExcludingBiogenicUptake } }
    cradleToGate(asOf: $asOf, knownAt: $knownAt) {
      __typename
      ... on RollUp { pcfExcludingBiogenicUptake gaps { code line } }
      ... on RollUpRefused { code }
    }
  }
}
"""


def period(start: str, end: str) -> dict[str, str]:
    return {"referencePeriodStart": f"{start}T00:00:00Z", "referencePeriodEnd": f"{end}T00:00:00Z"}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """With the three footprints of docs/method.md's table, each published on its day."""
    clock = Clock(datetime(2024, 1, 1, tzinfo=UTC))
    settings = Settings(graph_uri=f"embedded:{tmp_path_factory.mktemp('graph')}")
    with serving(settings, clock=clock) as server:
        server.add_organization("one")
        server.add_organization("two")
        made = World(server, clock)
        year = period("2023-01-01", "2024-01-01")
        clock.now = datetime(2024, 3, 1, tzinfo=UTC)
        first = made.publish(made.declared("corrected", "5", **year))
        made.ids["first"] = first["id"]
        clock.now = datetime(2025, 2, 1, tzinfo=UTC)
        second = made.publish(made.declared("corrected", "4", precedingPfIds=[first["pfId"]], **year))
        made.ids["second"] = second["id"]
        clock.now = datetime(2025, 6, 1, tzinfo=UTC)
        made.publish(made.declared("corrected", "3", **period("2024-01-01", "2025-01-01")))
        clock.now = datetime(2026, 6, 30, tzinfo=UTC)
        yield made
        server.run(lambda exchange: check_whole(exchange.store))


@pytest.mark.parametrize(
    ("as_of", "known_at", "expected"),
    [
        ("2024-06-01", "2024-06-01T00:00:00Z", "5"),
        ("2024-06-01", "2025-03-01T00:00:00Z", "4"),
        ("2024-06-01", None, "4"),
        ("2025-06-30", None, "3"),
        ("2027-12-31", None, "3"),
        ("2028-01-01", None, "EXPIRED"),
        ("2023-12-31", None, "NOT_YET_VALID"),
        ("2024-06-01", "2024-02-28T00:00:00Z", "NO_FOOTPRINT"),
        ("2024-06-01", "2024-02-29T23:59:59.999999Z", "NO_FOOTPRINT"),
        ("2024-06-01", "2025-02-01T00:00:00+01:00", "5"),
        ("2024-01-01", None, "4"),
        ("2025-01-01", None, "3"),
        ("2024-12-31", None, "4"),
        (None, None, "3"),
        (None, "2099-01-01T00:00:00Z", "3"),
    ],
)
def test_the_footprint_of_the_day_as_it_was_known(
    world: World, as_of: str | None, known_at: str | None, expected: str
) -> None:
    world.check("corrected", expected, as_of, known_at)


def test_a_corrected_footprint_stays_in_history(world: World) -> None:
    fields = "status precedingPfIds pfId publishedAt deprecatedAt validityPeriodStart validityPeriodEnd"
    query = f"query ($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on Footprint {{ {fields} }} }} }}"
    ids = {"ids": [world.ids["first"], world.ids["second"]]}
    first, second = world.client("one").query(query, ids)["nodes"]
    assert (first["status"], second["status"]) == ("DEPRECATED", "ACTIVE")
    assert first["publishedAt"].startswith("2024-03-01T00:00:0")
    assert second["publishedAt"].startswith("2025-02-01T00:00:0")
    assert first["deprecatedAt"] == second["publishedAt"]
    assert (first["precedingPfIds"], second["precedingPfIds"]) == ([], [first["pfId"]])
    assert first["validityPeriodStart"] == "2024-01-01T00:00:00Z"
    assert first["validityPeriodEnd"] == "2027-01-01T00:00:00Z"


def test_one_that_is_withdrawn_without_a_successor_gives_way_to_the_next(world: World) -> None:
    world.publish(world.declared("withdrawn", "7", **period("2024-01-01", "2025-01-01")))
    newest = world.publish(world.declared("withdrawn", "8", **period("2024-06-01", "2025-06-01")))
    world.publish(world.declared("withdrawn", "6", **period("2023-06-01", "2025-01-01")))
    world.check("withdrawn", "8")
    world.clock.now += timedelta(days=1)
    world.deprecate(newest["id"])
    world.check("withdrawn", "7")
    world.check("withdrawn", "8", known_at=newest["publishedAt"])
    before = dump(world.server)
    again = world.client("one").mutate("deprecateFootprint", {"footprint": newest["id"], "reason": "x"}, "__typename")
    world.check_refused(again, "Conflict", "input.footprint")
    correction = world.send(world.declared("withdrawn", "9", precedingPfIds=[newest["pfId"]]))
    world.check_refused(correction, "Conflict", "input.footprints.0.precedingPfIds")
    assert dump(world.server) == before


def test_one_footprint_may_replace_several(world: World) -> None:
    old = [world.publish(world.declared("merged", str(n)))["pfId"] for n in (1, 2, 3)]
    world.publish(world.declared("merged", "4", precedingPfIds=old[1:]))
    world.check("merged", "4")
    statuses = "query ($id: ID!) { product(id: $id) { footprints { nodes { status } } } }"
    found = world.client("one").query(statuses, {"id": world.ids["merged"]})["product"]["footprints"]["nodes"]
    assert [node["status"] for node in found] == ["ACTIVE", "DEPRECATED", "DEPRECATED", "ACTIVE"]


def test_validity_that_is_stated_counts(world: World) -> None:
    valid = {"validityPeriodStart": "2026-03-01T12:00:00Z", "validityPeriodEnd": "2026-09-01T00:00:00Z"}
    world.publish(world.declared("stated", "5", **valid))
    for as_of, expected in (
        ("2026-03-01", "NOT_YET_VALID"),
        ("2026-03-02", "5"),
        ("2026-08-31", "5"),
        ("2026-09-01", "EXPIRED"),
    ):
        world.check("stated", expected, as_of)


def test_validity_by_default_ends_on_the_28th_after_a_leap_day(world: World) -> None:
    world.publish(world.declared("leap", "5", **period("2023-02-28", "2024-02-29")))
    world.check("leap", "5", "2027-02-27")
    world.check("leap", "EXPIRED", "2027-02-28")


def test_a_release_holds_until_the_next_one(world: World) -> None:
    def release(label: str, date: str) -> str:
        given = {"idempotencyKey": new_key(), "dataset": "Factors", "label": label, "date": date}
        made = world.client("one").done("createRelease", given, "release { id }")
        return str(made["release"]["id"])

    old = release("first", "2020-01-01")
    world.publish(world.declared("factor", "5", release=old, **period("2012-01-01", "2013-01-01")))
    stated = {"validityPeriodEnd": "2028-01-01T00:00:00Z"}
    world.publish(world.declared("own end", "6", release=old, **stated))
    world.check("factor", "5", "2150-01-01")
    world.clock.now += timedelta(days=1)
    before = world.clock.now.isoformat()
    new = release("second", "2027-01-01")
    world.check("factor", "5", "2026-12-31")
    world.check("factor", "EXPIRED", "2027-01-01")
    world.check("factor", "5", "2027-01-01", known_at=before)
    world.check("own end", "6", "2027-12-31")
    world.publish(world.declared("factor", "4", release=new, **period("2026-01-01", "2027-01-01")))
    world.check("factor", "5", "2026-12-31")
    world.check("factor", "4", "2027-01-01")
    release("between", "2026-07-01")
    world.check("factor", "EXPIRED", "2026-07-01")


def test_a_revocation_takes_effect_for_every_known_at(world: World) -> None:
    world.publish(world.declared("two/revoked", "3"), by="two")
    given = world.grant("two/revoked", "one")["grant"]["id"]
    world.publish(world.modelled("consumer", world.line("two/revoked", "2")))
    world.clock.now += timedelta(days=10)
    granted = world.clock.now.isoformat()
    world.check("consumer", "7")
    world.clock.now += timedelta(days=10)
    world.client("two").done("revokeAccess", {"grant": given}, "grant { id }")
    world.check("consumer", "1", gap="NOT_GRANTED")
    world.check("consumer", "1", known_at=granted, gap="NOT_GRANTED")
    world.clock.now += timedelta(days=10)
    world.grant("two/revoked", "one")
    world.check("consumer", "7")
    world.check("consumer", "1", known_at=granted, gap="NOT_GRANTED")


def test_a_grant_counts_from_its_beginning_to_its_end(world: World) -> None:
    world.publish(world.declared("two/dated", "3"), by="two")
    world.publish(world.modelled("buyer", world.line("two/dated", "2")))
    start, end = world.clock.now + timedelta(days=10), world.clock.now + timedelta(days=20)
    key = new_key()
    first = world.grant("two/dated", "one", idempotencyKey=key, until=end.isoformat(), **{"from": start.isoformat()})
    world.check("buyer", "1", gap="NOT_GRANTED")
    world.clock.now = start
    world.check("buyer", "7")
    world.clock.now = end
    world.check("buyer", "1", gap="NOT_GRANTED")
    world.check("buyer", "7", known_at=(start + timedelta(days=1)).isoformat())
    again = world.grant("two/dated", "one", idempotencyKey=key, until=end.isoformat(), **{"from": start.isoformat()})
    assert again == first


def test_a_grant_that_has_ended_since_is_still_the_first_answer(world: World) -> None:
    key, end = new_key(), (world.clock.now + timedelta(days=1)).isoformat()
    first = world.grant("ended", "two", idempotencyKey=key, until=end)
    assert first["__typename"] == "GrantAccessPayload"
    world.clock.now += timedelta(days=2)
    assert world.grant("ended", "two", idempotencyKey=key, until=end) == first
    world.check_refused(world.grant("ended", "two", until=end), "InvalidInput", "input.until")


# -- loops -------------------------------------------------------------------------------------------------------------


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
