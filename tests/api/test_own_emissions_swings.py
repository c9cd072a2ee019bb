"""Own emissions that swing by orders of magnitude, again and again: told to who takes the product, and not to who
swings them, because it must not learn who that is. And amounts of own products that do: told to the suppliers beyond.

By a server with the graph in memory and by one that reads the database.
"""

from __future__ import annotations

import contextlib
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from exchange.config import Settings
from exchange.errors import StoreUnavailable
from exchange.model.audit_file import verify_audit
from exchange.model.parties import OPERATOR, Scope
from exchange.operations.exchange import Exchange
from exchange.operations.reading.audit_reading import export_audit
from exchange.schema.ids import global_id
from tests.api import inputs
from tests.api.callers import ADMINISTRATOR, Callers, client_id
from tests.api.exchange_server import ApiClient, ExchangeServer, new_key, serving
from tests.api.schema_walk import Normal
from tests.embedded_databases import EmbeddedDatabases
from tests.rollup.check import instant

WRITTEN_US = instant("2026-07-01")
DAY_US = 86_400_000_000
OWNERS = {
    "ore": "mine",
    "ingot": "mill",
    "sheet": "mill",
    "scrap": "mill",
    "slag": "mill",
    "cart": "shop",
    "sled": "shop",
    "guess": "guesser",
    "fleet": "hirer",
}
AUDIT = """query ($id: ID!, $first: Int!, $after: String) { organization(id: $id) {
  audit(first: $first, after: $after) { totalCount pageInfo { hasNextPage endCursor }
  edges { cursor node { at kind detail client subject hash organization { name } product { name } } } } } }"""
EXTREME = ("detail", "client", "subject", "organization", "product")
LARGE, SMALL = "5000000", "5"


def line(name: str, amount: str = "1", **more: Any) -> dict[str, Any]:
    return {"product": {"productId": urn(name)}, "amount": amount, "unit": "KILOGRAM", **more}


def urn(name: str) -> str:
    return f"urn:pact:{OWNERS.get(name, 'nobody')}.example:product-id:{name}"


def stated(kilograms: str) -> dict[str, Any]:
    totals = {"pcfExcludingBiogenicUptake": kilograms, "pcfIncludingBiogenicUptake": kilograms}
    return {"declared": {**totals, "components": {"fossilGhgEmissions": kilograms}}}


def made_of(*lines: dict[str, Any], direct: str = "1") -> dict[str, Any]:
    emissions = [{"stage": "MANUFACTURING", "components": {"fossilGhgEmissions": direct}}]
    return {"modelled": {"direct": emissions, "lines": list(lines)}}


@dataclass
class Trade:
    """The mine's ore goes into the mill's ingot, on a loop with its slag; that into its sheet, the sheet into the
    shop's cart, where `sold`, and by a fallback into its sled; the cart into the hirer's fleet. The guesser names the
    sheet and the ingot, and may see neither."""

    callers: Callers
    clock: list[int]
    sold: bool = True
    products: dict[str, str] = field(default_factory=dict)
    grants: dict[tuple[str, str], str] = field(default_factory=dict)

    @property
    def server(self) -> ExchangeServer:
        return self.callers.server

    def client(self, name: str) -> ApiClient:
        return self.callers.client(name, ADMINISTRATOR)

    def build(self) -> Trade:
        for name, owner in OWNERS.items():
            given = {"productIds": [urn(name)], "name": name.title(), "idempotencyKey": new_key()}
            made = self.client(owner).done("createProduct", given, "product { id }")
            self.products[name] = made["product"]["id"]
        for name, to in (("ore", "mill"), ("sheet", "shop"), ("cart", "hirer")):
            self.grant(name, to)
        fallback = {"product": {"productId": urn("sheet")}, "amount": "1", "unit": "KILOGRAM"}
        bodies = {
            "ore": stated("1"),
            "scrap": stated("1"),
            "slag": made_of(line("ingot", "0.01")),
            "ingot": made_of(line("ore", "2"), line("slag", "0.1")),
            "sheet": made_of(line("ingot", "2")),
            "cart": made_of(line("sheet")) if self.sold else stated("1"),
            "sled": made_of(line("nothing", fallback=fallback)) if self.sold else stated("1"),
            "guess": made_of(line("sheet"), line("ingot"), line("ore")),
            "fleet": made_of(line("cart")),
        }
        for name, body in bodies.items():
            assert self.publish(name, body) == "PUBLISHED"
        return self

    def grant(self, name: str, to: str) -> None:
        given: dict[str, Any] = {"idempotencyKey": new_key(), "product": self.products[name], "level": "TOTAL"}
        given["to"] = {"organization": self.callers.organization(to)}
        made = self.client(OWNERS[name]).done("grantAccess", given, "grant { id }")
        self.grants[name, to] = made["grant"]["id"]

    def revoke(self, name: str, to: str) -> None:
        self.client(OWNERS[name]).done("revokeAccess", {"grant": self.grants[name, to]}, "grant { id }")

    def answer(self, *footprints: tuple[str, dict[str, Any]]) -> dict[str, Any]:
        """Of a publication in one request, once whoever is to be told of it has been."""
        mutation = """mutation ($input: PublishFootprintsInput!) { publishFootprints(input: $input) {
          __typename ... on PublishFootprintsPayload { footprints { pfId status } }
          ... on UserError { code message path } } }"""
        given = [inputs.footprint(self.products[name], body) for name, body in footprints]
        asked = {"input": {"idempotencyKey": new_key(), "footprints": given}}
        answer = self.client(OWNERS[footprints[0][0]]).answer(mutation, asked)
        self.server.run(lambda exchange: exchange.customers.all_told())
        return answer

    def publish(self, name: str, body: dict[str, Any]) -> str:
        """The code of what went wrong, or PUBLISHED."""
        answer = self.answer((name, body))
        if "errors" in answer:
            return str(answer["errors"][0]["extensions"]["code"])
        return str(answer["data"]["publishFootprints"].get("code", "PUBLISHED"))

    def swing(self, name: str, times: int) -> list[str]:
        """A first publication, and then so many that swing."""
        return [self.publish(name, stated((SMALL, LARGE)[turn % 2])) for turn in range(times + 1)]

    def trail(self, organization: str, by: ApiClient | None = None) -> list[dict[str, Any]]:
        """Pages of three, newest first."""
        pages: list[dict[str, Any]] = []
        while not pages or pages[-1]["pageInfo"]["hasNextPage"]:
            after = pages[-1]["pageInfo"]["endCursor"] if pages else None
            asked = {"id": self.callers.organization(organization), "first": 3, "after": after}
            pages.append((by or self.client(organization)).query(AUDIT, asked)["organization"]["audit"])
        return pages

    def told(self, organization: str, by: ApiClient | None = None) -> list[dict[str, Any]]:
        """What its trail has of extreme publications today, oldest first."""
        nodes = [edge["node"] for page in self.trail(organization, by) for edge in page["edges"]]
        today = [node for node in nodes if instant(node["at"][:10]) == self.clock[0] // DAY_US * DAY_US]
        return [{name: node[name] for name in EXTREME} for node in today[::-1] if node["kind"] == "EXTREME_PUBLICATION"]


@pytest.fixture(scope="module", params=["memory", "database"])
def trade(request: pytest.FixtureRequest, embedded_databases: EmbeddedDatabases) -> Iterator[Trade]:
    now = [WRITTEN_US]
    with embedded_databases.empty() as database:
        settings = Settings(graph_uri=f"embedded:{database.directory}")
        if request.param == "database":
            settings = settings.model_copy(update={"graph_megabytes": 0})
        with serving(settings, clock=lambda: now[0]) as server:
            assert (server.exchange.graph is None) == (request.param == "database")
            yield Trade(Callers(server), now).build()


@pytest.fixture(autouse=True)
def _another_day(request: pytest.FixtureRequest) -> None:
    if "trade" in request.fixturenames:
        request.getfixturevalue("trade").clock[0] += DAY_US


def entry(product: str, **more: Any) -> dict[str, Any]:
    found = {"detail": "OWN_EMISSIONS_SWINGS", "client": None, "subject": None, "organization": {"name": "Mill & Co"}}
    return {**found, "product": {"name": product}, **more}


def count(trade: Trade, organization: str) -> int:
    return int(trade.trail(organization)[0]["totalCount"])


def test_the_third_swing_of_a_day_is_told_to_who_takes_the_product_and_to_nobody_else(trade: Trade) -> None:
    before = count(trade, "mill")
    assert set(trade.swing("sheet", 2)) == {"PUBLISHED"}
    assert trade.told("shop") == []
    assert trade.publish("sheet", stated(LARGE)) == "PUBLISHED"
    both = [entry("Cart"), entry("Sled")]
    assert trade.told("shop") == both
    assert trade.publish("sheet", stated(SMALL)) == "PUBLISHED"
    assert trade.told("shop") == both  # once a day
    for nobody in ("mill", "mine", "hirer", "guesser"):
        assert trade.told(nobody) == []
    assert count(trade, "mill") == before + 5  # the publications, and nothing else


def test_the_operator_reads_it_in_the_trail_of_who_was_told_alone(trade: Trade) -> None:
    trade.swing("sheet", 3)
    operator = trade.callers.client("operator", frozenset(Scope))
    by = client_id("mill", ADMINISTRATOR)
    assert trade.told("shop", operator) == [entry("Cart", client=by), entry("Sled", client=by)]
    assert trade.told("mill", operator) == []


def test_it_is_told_through_own_products_too_also_where_they_are_on_a_loop(trade: Trade) -> None:
    for direct in (SMALL, LARGE, SMALL):
        assert trade.publish("ingot", made_of(line("ore", "2"), line("slag", "0.1"), direct=direct)) == "PUBLISHED"
    assert trade.told("shop") == []
    assert trade.publish("ingot", made_of(line("ore", "2"), line("slag", "0.1"), direct=LARGE)) == "PUBLISHED"
    assert trade.told("shop") == [entry("Cart"), entry("Sled")]
    assert trade.told("mine") == trade.told("mill") == trade.told("hirer") == trade.told("guesser") == []


def test_who_may_not_take_it_any_more_or_names_it_no_more_is_not_told(trade: Trade) -> None:
    trade.revoke("sheet", "shop")
    trade.swing("sheet", 4)
    assert trade.told("shop") == []
    trade.grant("sheet", "shop")
    old = {"first": 1, "id": trade.products["sled"]}
    found = trade.client("shop").query(
        "query ($id: ID!, $first: Int) { product(id: $id) { footprints(first: $first) { nodes { id } } } }", old
    )["product"]["footprints"]["nodes"][0]["id"]
    trade.client("shop").done("deprecateFootprint", {"footprint": found, "reason": "sold"}, "__typename")
    trade.publish("sheet", stated(LARGE))  # the fifth swing: whoever takes it by now is told
    assert trade.told("shop") == [entry("Cart")]
    fallback = {"product": {"productId": urn("sheet")}, "amount": "1", "unit": "KILOGRAM"}
    assert trade.publish("sled", made_of(line("nothing", fallback=fallback))) == "PUBLISHED"


def test_after_ten_there_is_no_other_that_day_whether_somebody_takes_it_or_not(trade: Trade) -> None:
    for name in ("sheet", "scrap"):
        assert set(trade.swing(name, 12)) == {"PUBLISHED"}
        assert trade.publish(name, stated(LARGE + "0")) == "TOO_MANY_REQUESTS"
        assert trade.publish(name, stated("6")) == "PUBLISHED"
    trade.clock[0] += DAY_US
    assert set(trade.swing("sheet", 2)) == {"PUBLISHED"}
    assert trade.told("shop") == []


def test_a_mistaken_unit_and_its_correction_is_told_to_nobody(trade: Trade) -> None:
    for _ in range(3):
        assert set(trade.swing("sheet", 2)) == {"PUBLISHED"}
        assert trade.told("shop") == []
        trade.clock[0] += DAY_US


def test_footprints_of_one_request_count_each(trade: Trade) -> None:
    turns = [("sheet", stated((SMALL, LARGE)[turn % 2])) for turn in range(4)]
    assert trade.answer(*turns[:3], ("scrap", stated("1")))["data"]["publishFootprints"]["__typename"].endswith(
        "Payload"
    )
    assert trade.told("shop") == []
    trade.answer(turns[3], ("scrap", stated("1")))
    assert trade.told("shop") == [entry("Cart"), entry("Sled")]


def test_an_amount_of_an_own_product_is_told_to_the_suppliers_beyond_and_to_who_takes_it(trade: Trade) -> None:
    before = count(trade, "mill")
    for turn in range(3):
        assert trade.publish("sheet", made_of(line("ingot", ("2", "2000")[turn % 2]))) == "PUBLISHED"
    assert trade.told("mine") == trade.told("shop") == trade.told("mill") == []
    assert trade.publish("sheet", made_of(line("ingot", "2000"))) == "PUBLISHED"
    assert trade.publish("sheet", made_of(line("ingot", "2"))) == "PUBLISHED"
    amounts = entry("Ore", detail="AMOUNT_SWINGS")
    assert trade.told("mine") == [amounts]
    assert trade.told("mill") == [{**amounts, "client": client_id("mill", ADMINISTRATOR)}]
    assert trade.told("shop") == [entry("Cart"), entry("Sled")]
    assert count(trade, "mill") == before + 6
    for turn in range(8):
        assert trade.publish("sheet", made_of(line("ingot", ("2000", "2")[turn % 2]))) == "PUBLISHED"
    assert trade.publish("sheet", made_of(line("ingot", "2000"))) == "TOO_MANY_REQUESTS"
    assert trade.publish("sheet", made_of(line("ingot", "2.1"))) == "PUBLISHED"


def test_amounts_of_one_own_product_count_for_what_all_of_the_publisher_swing(trade: Trade) -> None:
    """The ore is taken through the ingot by two products: ten a day of both together."""
    for name in ("sheet", "scrap"):
        codes = [trade.publish(name, made_of(line("ingot", ("2", "2000")[turn % 2]))) for turn in range(8)]
        assert set(codes) == {"PUBLISHED"}  # five of each
    codes = [trade.publish("scrap", made_of(line("ingot", amount))) for amount in ("2", "2.1")]
    assert codes == ["TOO_MANY_REQUESTS", "PUBLISHED"]  # 2.1 is not a thousandth of 2,000
    assert trade.publish("scrap", stated("1")) == "PUBLISHED"
    assert trade.publish("sheet", made_of(line("ingot", "2"))) == "TOO_MANY_REQUESTS"
    trade.clock[0] += DAY_US
    assert trade.publish("sheet", made_of(line("ingot", "2"))) == "PUBLISHED"


def test_what_cannot_be_told_is_told_with_the_next_and_the_publication_stands(
    trade: Trade, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def away(*_: Any) -> None:
        raise StoreUnavailable("away")

    monkeypatch.setattr(type(trade.server.exchange.audit), "own_emissions_swung", away)
    with caplog.at_level(logging.WARNING, logger="exchange.operations.swings.customers_told"):
        assert set(trade.swing("sheet", 3)) == {"PUBLISHED"}
    assert "could not be told: away" in caplog.text
    monkeypatch.undo()
    assert trade.told("shop") == []
    assert trade.publish("sheet", stated(SMALL)) == "PUBLISHED"
    assert trade.told("shop") == [entry("Cart"), entry("Sled")]


def test_to_publish_and_to_deprecate_in_turns_is_the_same(trade: Trade) -> None:
    assert trade.publish("sheet", stated(SMALL)) == "PUBLISHED"
    newest = "query ($id: ID!) { product(id: $id) { footprints(first: 1) { nodes { id } } } }"
    for turn in range(2):
        assert trade.told("shop") == []
        assert trade.publish("sheet", stated(LARGE)) == "PUBLISHED"
        assert trade.told("shop") == ([] if turn == 0 else [entry("Cart"), entry("Sled")])
        found = trade.client("mill").query(newest, {"id": trade.products["sheet"]})["product"]["footprints"]["nodes"][0]
        given = {"footprint": found["id"], "reason": "a mistake"}
        trade.client("mill").done("deprecateFootprint", given, "__typename")
        trade.server.run(lambda exchange: exchange.customers.all_told())
    assert trade.told("mill") == []


def lines_of(server: ExchangeServer, reader: str | None) -> list[str]:
    async def lines(exchange: Exchange) -> list[str]:
        session = await exchange.session(OPERATOR)
        return [line async for line in export_audit(exchange.store, session, reader, None)]

    return server.run(lines)


def test_files_of_the_trail_are_whole_and_have_it_for_who_was_told_and_the_operator_alone(trade: Trade) -> None:
    trade.swing("sheet", 3)
    has: dict[str | None, int] = {}
    for reader in (None, "shop", "mill", "mine"):
        written = lines_of(trade.server, None if reader is None else trade.callers.ids[reader])
        assert verify_audit(written).whole
        entries = [json.loads(text) for text in written[-3:-1]]
        has[reader] = sum(each.get("detail") == "OWN_EMISSIONS_SWINGS" for each in entries)
        if reader in (None, "shop"):
            assert {each["organization"] for each in entries} == {trade.callers.ids["mill"]}
            assert [global_id("Product", each["product"]) for each in entries] == [
                trade.products[name] for name in ("cart", "sled")
            ]
            assert all(("by" in each) == (reader is None) for each in entries)
        else:
            assert [each.keys() for each in entries] == [{"sequence", "leaf", "hash"}] * 2
    assert has == {None: 2, "shop": 2, "mill": 0, "mine": 0}


def test_two_worlds_with_and_without_a_customer_answer_the_publisher_with_the_same_bytes(
    embedded_databases: EmbeddedDatabases,
) -> None:
    answers: dict[bool, list[str]] = {}
    told: dict[bool, list[Any]] = {}
    for sold in (True, False):
        now, normal, found = [WRITTEN_US], Normal(), list[str]()
        with contextlib.ExitStack() as stack:
            database = stack.enter_context(embedded_databases.empty())
            settings = Settings(graph_uri=f"embedded:{database.directory}")
            server = stack.enter_context(serving(settings, clock=lambda: now[0]))  # noqa: B023  (it ends with the turn)
            trade = Trade(Callers(server), now, sold=sold).build()
            now[0] += DAY_US
            for turn in range(14):
                found.append(normal.text(trade.answer(("sheet", stated((SMALL, LARGE)[turn % 2])))))
                found.append(normal.text(trade.trail("mill")))
            told[sold] = trade.told("shop")
        answers[sold] = found
    assert told == {True: [entry("Cart"), entry("Sled")], False: []}
    assert answers[True] == answers[False]
    assert "TOO_MANY_REQUESTS" in answers[True][-2]
    assert "TOO_MANY_REQUESTS" not in answers[True][-4]
