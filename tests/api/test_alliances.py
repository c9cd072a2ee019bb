"""Alliances over HTTP: joining and leaving is seen at once on every server; a join that closes a loop is refused.

Two servers share one database, each with the graph in its memory. M makes cars of S's steel; the alliance is S's.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from exchange.config import Settings
from exchange.operations.self_check import check_one
from tests.api import inputs
from tests.api.callers import Callers, client_id
from tests.api.exchange_server import ApiClient, ExchangeServer, new_key, serving
from tests.api.inputs import footprint
from tests.rollup.check import instant

AS_OF = "2026-06-30"
DAY_US = 24 * 3_600 * 1_000_000
CLASS = "urn:pact:class.example:c:1"
NUMBERS = itertools.count()
RESULT = """query ($id: ID!, $knownAt: DateTime) { product(id: $id) { access
  cradleToGate(asOf: "2026-06-30", knownAt: $knownAt) {
    ... on RollUp { pcfExcludingBiogenicUptake hasGaps } ... on RollUpRefused { code } } } }"""


@dataclass
class World:
    """Two servers, callers by name on either, and a clock of both."""

    first: Callers
    second: ExchangeServer
    clock: list[int]
    ids: dict[str, str] = field(default_factory=dict)

    def client(self, name: str, server: int = 0) -> ApiClient:
        client = self.first.client(name)
        return client if server == 0 else ApiClient(self.second.http, client.token, client.organization_id)

    def product(self, owner: str, name: str, result: dict[str, Any] | None, *classes: str) -> str:
        urn = f"urn:uuid:{new_key()}"
        given: dict[str, Any] = {"idempotencyKey": new_key(), "productIds": [urn], "name": name}
        given["classifications"] = list(classes)
        made: str = self.client(owner).done("createProduct", given, "product { id }")["product"]["id"]
        if result is not None:
            self.publish(owner, made, result)
        return made

    def publish(self, owner: str, product: str, result: dict[str, Any]) -> str:
        given = {"idempotencyKey": new_key(), "footprint": footprint(product, result)}
        found: str = self.client(owner).mutate("publishFootprint", given, "footprint { id }")["__typename"]
        return found

    def found(self, founder: str) -> str:
        given = {"idempotencyKey": new_key(), "name": f"Alliance {next(NUMBERS)}"}
        made: str = self.client(founder).done("foundAlliance", given, "alliance { id }")["alliance"]["id"]
        return made

    def invite(self, alliance: str, by: str, whom: str) -> str:
        given = {"idempotencyKey": new_key(), "alliance": alliance, "organization": self.first.organization(whom)}
        made: str = self.client(by).done("inviteToAlliance", given, "invitation { id }")["invitation"]["id"]
        return made

    def grant(self, owner: str, to: dict[str, Any], level: str = "TOTAL", **of: Any) -> dict[str, Any]:
        given = {"idempotencyKey": new_key(), "to": to, "level": level, **of}
        found: dict[str, Any] = self.client(owner).mutate("grantAccess", given, "grant { id everything }")
        return found

    def result(self, viewer: str, product: str, known_at: str | None = None) -> Any:
        """Both servers' answer, from memory; the database says the same."""
        asked = {"id": product, "knownAt": known_at}
        one, two = (self.client(viewer, server).query(RESULT, asked)["product"] for server in (0, 1))
        assert one == two
        assert self.first.server.run(check_one) is not False
        return one


@pytest.fixture(scope="module")
def world(settings: Settings) -> Iterator[World]:
    clock = [instant("2026-07-01")]
    with (
        serving(settings, clock=lambda: clock[0]) as first,
        serving(settings, clock=lambda: clock[0]) as second,
    ):
        yield World(Callers(first), second, clock)


def line(product: str, amount: str = "1") -> dict[str, Any]:
    return {"product": {"id": product}, "amount": amount, "unit": "KILOGRAM"}


def test_a_member_sees_and_uses_what_is_granted_from_when_it_joins_until_it_leaves(world: World) -> None:
    steel = world.product("mill", "Steel", inputs.declared("2"))
    car = world.product("maker", "Car", inputs.modelled(line(steel, "3")))
    alliance = world.found("mill")
    assert world.grant("mill", {"alliance": alliance}, product=steel)["__typename"] == "GrantAccessPayload"
    invitation = world.invite(alliance, "mill", "maker")
    gap = world.result("maker", car)
    assert (gap["cradleToGate"]["hasGaps"], world.result("maker", steel)) == (True, None)

    before = "2026-07-01T12:00:00Z"
    world.clock[0] += DAY_US
    world.client("maker", 1).done("acceptInvitation", {"invitation": invitation}, "membership { from }")
    joined = world.result("maker", car)["cradleToGate"]
    own = float(gap["cradleToGate"]["pcfExcludingBiogenicUptake"])
    assert (float(joined["pcfExcludingBiogenicUptake"]), joined["hasGaps"]) == (own + 6, False)
    assert world.result("maker", steel)["access"] == "TOTAL"
    assert world.result("maker", car, before) == gap, "what was known before it joined stays as it was"

    world.clock[0] += DAY_US
    world.client("maker").done("leaveAlliance", {"alliance": alliance}, "alliance { name }")
    assert world.result("maker", car) == gap
    assert world.result("maker", car, "2026-07-02T12:00:00Z") == gap, "leaving holds for every known-at"
    assert world.result("maker", steel) is None


def test_consent_to_statistics_shows_nothing_and_is_seen_by_its_owner_alone(world: World) -> None:
    steel = world.product("mill", "Secret", inputs.declared("2"))
    car = world.product("maker", "Van", inputs.modelled(line(steel, "3")))
    alliance = world.found("mill")
    invitation = world.invite(alliance, "mill", "maker")
    world.client("maker").done("acceptInvitation", {"invitation": invitation}, "__typename")
    grant = world.grant("mill", {"alliance": alliance}, "BENCHMARK", product=steel)["grant"]["id"]
    assert world.result("maker", car)["cradleToGate"]["hasGaps"] is True
    assert world.result("maker", steel) is None
    query = "query ($id: ID!) { node(id: $id) { ... on Grant { level grantedBy alliance { id } } } }"
    assert world.client("maker").query(query, {"id": grant}) == {"node": None}
    shown = world.client("mill").query(query, {"id": grant})["node"]
    assert shown == {"level": "BENCHMARK", "grantedBy": client_id("mill"), "alliance": {"id": alliance}}


def test_everything_and_a_classification_cover_what_is_registered_later(world: World) -> None:
    early = world.product("smelter", "Early", inputs.declared("2"), CLASS)
    buyer = {"organization": world.first.organization("buyer")}
    classified = world.grant("smelter", buyer, classification=CLASS)["grant"]
    assert classified["everything"] is False
    later = world.product("smelter", "Later", inputs.declared("4"), CLASS)
    other = world.product("smelter", "Other", inputs.declared("8"))
    taker = world.product("buyer", "Taker", inputs.modelled(line(early), line(later), line(other)))
    seen = [world.result("buyer", product) is not None for product in (early, later, other)]
    assert seen == [True, True, False]
    gap = world.result("buyer", taker)["cradleToGate"]
    everything = world.grant("smelter", buyer, "INPUTS", everything=True)["grant"]
    assert everything["everything"] is True
    whole = world.result("buyer", taker)["cradleToGate"]
    assert float(whole["pcfExcludingBiogenicUptake"]) == float(gap["pcfExcludingBiogenicUptake"]) + 8
    assert (gap["hasGaps"], whole["hasGaps"]) == (True, False)
    listed = world.client("buyer", 1).query("{ products(first: 100) { totalCount nodes { name } } }")["products"]
    assert {each["name"] for each in listed["nodes"]} == {"Early", "Later", "Other", "Taker"}
    assert listed["totalCount"] == 4
    grants = "query ($id: ID!) { product(id: $id) { grants { totalCount nodes { classification everything } } } }"
    assert world.client("smelter").query(grants, {"id": later})["product"]["grants"] == {
        "totalCount": 2,
        "nodes": [{"classification": CLASS, "everything": False}, {"classification": None, "everything": True}],
    }
    world.client("smelter").done("revokeAccess", {"grant": everything["id"]}, "grant { id }")
    assert world.result("buyer", taker)["cradleToGate"] == gap


def test_a_join_that_would_close_a_loop_is_refused_and_recorded(world: World) -> None:
    ore = world.product("mine", "Ore", None)
    world.grant("mine", {"organization": world.first.organization("forge")}, product=ore)
    rail = world.product("forge", "Rail", inputs.modelled(line(ore, "1.2")))
    assert world.publish("mine", ore, inputs.modelled(line(rail, "0.9"))) == "PublishFootprintPayload"
    alliance = world.found("forge")
    world.grant("forge", {"alliance": alliance}, product=rail)
    invitation = world.invite(alliance, "forge", "mine")
    fields = "__typename ... on LoopRefused { message path members { name } }"
    query = f"mutation ($input: AcceptInvitationInput!) {{ acceptInvitation(input: $input) {{ {fields} }} }}"
    found = world.client("mine", 1).query(query, {"input": {"invitation": invitation}})["acceptInvitation"]
    assert (found["__typename"], found["path"]) == ("LoopRefused", ["input", "invitation"])
    assert found["members"] == [{"name": "Ore"}]
    mine = "{ viewer { organization { memberships { nodes { from } } } } }"
    assert world.client("mine").query(mine)["viewer"]["organization"]["memberships"] == {"nodes": [{"from": None}]}
    told = "query ($id: ID!) { product(id: $id) { refusedLoops { nodes { own organization { id } } } } }"
    seen = world.client("forge").query(told, {"id": rail})["product"]["refusedLoops"]["nodes"]
    assert seen == [{"own": False, "organization": {"id": world.first.organization("mine")}}]
    for _ in range(9):
        world.client("mine").query(query, {"input": {"invitation": invitation}})
    answer = world.client("mine").answer(query, {"input": {"invitation": invitation}})
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["TOO_MANY_REQUESTS"]


@pytest.mark.parametrize("of", ["product", "everything"])
def test_a_grant_to_an_alliance_that_would_close_a_members_loop_is_refused(world: World, of: str) -> None:
    coal, coke = f"Coal {of}", f"Coke {of}"
    pit, oven = f"pit-{of}", f"oven-{of}"
    made = world.product(pit, coal, None)
    world.grant(pit, {"organization": world.first.organization(oven)}, product=made)
    other = world.product(oven, coke, inputs.modelled(line(made, "1.2")))
    world.publish(pit, made, inputs.modelled(line(other, "0.9")))
    alliance = world.found(oven)
    invitation = world.invite(alliance, oven, pit)
    world.client(pit).done("acceptInvitation", {"invitation": invitation}, "__typename")
    what = {"product": other} if of == "product" else {"everything": True}
    assert world.grant(oven, {"alliance": alliance}, "BENCHMARK", **what)["__typename"] == "GrantAccessPayload"
    assert world.grant(oven, {"alliance": alliance}, **what)["__typename"] == "LoopRefused"
    assert world.result(pit, made)["cradleToGate"]["hasGaps"] is True


def test_who_is_there_already_is_said_to_be_a_member_or_to_be_invited(world: World) -> None:
    alliance = world.found("first")
    world.client("second").done(
        "acceptInvitation", {"invitation": world.invite(alliance, "first", "second")}, "__typename"
    )
    world.invite(alliance, "first", "third")
    for name, said in (
        ("first", "is a member already"),
        ("second", "is a member already"),
        ("third", "is invited already"),
    ):
        given = {"idempotencyKey": new_key(), "alliance": alliance, "organization": world.first.organization(name)}
        found = world.client("first").mutate("inviteToAlliance", given, "__typename")
        assert (found["__typename"], found["path"]) == ("Conflict", ["input", "organization"])
        assert f"This organization {said}." in found["message"]


def test_only_the_convener_invites_and_only_the_invited_accepts(world: World) -> None:
    alliance = world.found("first")
    to_second, to_third = (world.invite(alliance, "first", name) for name in ("second", "third"))
    accept = {"invitation": to_second}
    assert world.client("third").mutate("acceptInvitation", accept, "__typename")["__typename"] == "NotFound"
    assert world.client("first").mutate("acceptInvitation", accept, "__typename")["__typename"] == "AccessDenied"
    world.client("second").done("acceptInvitation", accept, "__typename")
    assert world.client("second").mutate("acceptInvitation", accept, "__typename")["__typename"] == "Conflict"
    given = {"idempotencyKey": new_key(), "alliance": alliance, "organization": world.first.organization("fourth")}
    assert world.client("second").mutate("inviteToAlliance", given, "__typename")["__typename"] == "AccessDenied"
    decline = {"invitation": to_third}
    assert world.client("second").mutate("declineInvitation", decline, "__typename")["__typename"] == "AccessDenied"
    seen = "query ($id: ID!) { alliance(id: $id) { members { totalCount } invitations { totalCount } } }"
    expected = {"members": {"totalCount": 2}, "invitations": {"totalCount": 1}}
    assert world.client("second").query(seen, {"id": alliance})["alliance"] == expected
    world.client("first").done("leaveAlliance", {"alliance": alliance}, "__typename")
    assert world.client("second").done("declineInvitation", decline, "__typename"), "the next one convenes"
    assert world.client("second").mutate("inviteToAlliance", given, "__typename")["__typename"] != "AccessDenied"
    assert world.client("first").query(seen, {"id": alliance})["alliance"] == {"members": None, "invitations": None}
