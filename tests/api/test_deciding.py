"""What it takes to decide what a viewer may see of many products: one read, however many they are, and rightly.

The right answer is `exchange.access.level`, from the grants of each product; the read counts every statement there is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from exchange.access import level
from exchange.config import Settings
from exchange.graph.bolt import Bolt
from exchange.model.grant import AccessLevel
from exchange.model.parties import ANONYMOUS, Scope, Viewer
from exchange.model.product import Product
from exchange.operations.exchange import Exchange
from exchange.operations.following.known import Known
from tests.api import inputs
from tests.api.callers import Callers
from tests.api.exchange_server import new_key, serving
from tests.rollup.check import instant

CLASS = "urn:pact:class.example:c:1"
PRODUCTS = 100
NONE, TOTAL, BREAKDOWN, INPUTS, OWNER = AccessLevel
# How each tenth of the products is shared: by a grant of one, to an alliance, of everything, of a classification, to
# everybody, by two of these, by what does not reach, and not at all.
EXPECTED = [BREAKDOWN, INPUTS, TOTAL, BREAKDOWN, TOTAL, INPUTS, NONE, NONE, NONE, NONE]


@pytest.fixture(scope="module")
def callers(settings: Settings) -> Iterator[Callers]:
    with serving(settings, clock=lambda: instant("2026-07-01")) as server:
        yield Callers(server)


@pytest.fixture(scope="module")
def products(callers: Callers) -> list[str]:
    """Ids of a hundred products of three owners."""
    owners = {2: "all", 3: "classed", 5: "all"}
    found = []
    alliances = {name: found_alliance(callers, name, member=name == "club") for name in ("club", "strangers")}
    everybody: dict[str, Any] = {"public": True}
    reader = {"organization": callers.organization("reader")}
    ways: dict[int, list[tuple[dict[str, Any], str, dict[str, Any]]]] = {
        0: [(reader, "BREAKDOWN", {})],
        1: [({"alliance": alliances["club"]}, "INPUTS", {})],
        4: [(everybody, "TOTAL", {})],
        5: [(reader, "INPUTS", {}), (everybody, "TOTAL", {})],
        6: [({"alliance": alliances["club"]}, "BENCHMARK", {})],
        7: [({"alliance": alliances["strangers"]}, "INPUTS", {})],
        8: [(reader, "INPUTS", {"from": "2026-07-02T00:00:00Z"})],
    }
    for number in range(PRODUCTS):
        way = number % 10
        client = callers.client(owners.get(way, "owner"))
        given: dict[str, Any] = {"idempotencyKey": new_key(), "name": f"P{number}"}
        given |= {"productIds": [f"urn:uuid:{new_key()}"], "classifications": [CLASS]}
        made = client.done("createProduct", given, "product { id }")["product"]["id"]
        for to, level_name, more in ways.get(way, []):
            share(callers, owners.get(way, "owner"), to, level_name, product=made, **more)
        found.append(made)
    share(callers, "all", reader, "TOTAL", everything=True)
    share(callers, "classed", {"alliance": alliances["club"]}, "BREAKDOWN", classification=CLASS)
    return found


def found_alliance(callers: Callers, name: str, *, member: bool) -> str:
    given: dict[str, Any] = {"idempotencyKey": new_key(), "name": name}
    made: str = callers.client("founder").done("foundAlliance", given, "alliance { id }")["alliance"]["id"]
    given = {"idempotencyKey": new_key(), "alliance": made, "organization": callers.organization("reader")}
    invited = callers.client("founder").done("inviteToAlliance", given, "invitation { id }")["invitation"]["id"]
    if member:
        callers.client("reader").done("acceptInvitation", {"invitation": invited}, "__typename")
    return made


def share(callers: Callers, owner: str, to: dict[str, Any], level_name: str, **of: Any) -> None:
    given = {"idempotencyKey": new_key(), "to": to, "level": level_name, **of}
    callers.client(owner).done("grantAccess", given, "__typename")


def decided(
    callers: Callers, monkeypatch: pytest.MonkeyPatch, viewer: Viewer, few: int = PRODUCTS
) -> tuple[list[AccessLevel], int]:
    """The level on every product, and how many statements the database was asked for it."""
    asked: list[str] = []
    honest = Bolt.read

    async def counted(self: Bolt, query: str, **parameters: Any) -> Any:
        asked.append(query)
        return await honest(self, query, **parameters)

    async def decide(exchange: Exchange) -> tuple[list[AccessLevel], int]:
        session = replace(await exchange.session(viewer), known=Known())
        nodes = await exchange.store.read_nodes(range(few))
        known: list[Product] = [nodes[key].product for key in range(few)]
        with monkeypatch.context() as patched:
            patched.setattr(Bolt, "read", counted)
            answers = await session.answers(known)
        found = [NONE if answer is None else answer.access for answer in answers]
        onward = await session.onward()
        assert found == [level(viewer, product, nodes[product.key].grants, session.now_us, onward) for product in known]
        return found, len(asked)

    return callers.server.run(decide)


def viewer_of(callers: Callers, name: str) -> Viewer:
    callers.organization(name)
    return Viewer(callers.ids[name], frozenset({Scope.READ}), client_id=f"{name}-client")


def test_a_hundred_products_are_decided_by_one_read(
    callers: Callers, products: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a viewer that holds nothing at INPUTS: then nothing can be shown onward."""
    share(callers, "owner", {"organization": callers.organization("visitor")}, "BREAKDOWN", product=products[0])
    share(callers, "all", {"organization": callers.organization("visitor")}, "TOTAL", everything=True)
    found, reads = decided(callers, monkeypatch, viewer_of(callers, "visitor"))
    expected = {0: BREAKDOWN, **dict.fromkeys([n for n in range(PRODUCTS) if n % 10 in {2, 4, 5}], TOTAL)}
    assert found == [expected.get(number, NONE) for number in range(PRODUCTS)]
    assert reads == 1


def test_what_is_granted_is_decided_by_one_read_in_whichever_way(
    callers: Callers, products: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """INPUTS are held, but every product asked about is shown by a grant on it."""
    found, reads = decided(callers, monkeypatch, viewer_of(callers, "reader"), few=6)
    assert (found, reads) == (EXPECTED[:6], 1)


def test_what_may_be_shown_onward_takes_as_many_reads_for_ten_products_as_for_a_hundred(
    callers: Callers, products: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    few, reads = decided(callers, monkeypatch, viewer_of(callers, "reader"), few=10)
    assert few == EXPECTED
    many, as_many = decided(callers, monkeypatch, viewer_of(callers, "reader"))
    assert many == EXPECTED * 10
    assert as_many == reads <= 8


def test_the_owner_and_who_is_not_signed_in_need_no_read(
    callers: Callers, products: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found, reads = decided(callers, monkeypatch, ANONYMOUS)
    assert found == [TOTAL if number % 10 in {4, 5} else NONE for number in range(PRODUCTS)]
    assert reads == 0


def test_a_hidden_product_is_shown_onward_although_another_is_shown_by_a_grant(
    callers: Callers, products: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A maker takes a part that was granted to it onward; whoever holds INPUTS on what it makes sees the part."""
    part, maker = products[9], callers.organization("maker")
    part_of = callers.client("owner")
    given = {"idempotencyKey": new_key(), "footprint": inputs.footprint(part, inputs.declared("2"))}
    part_of.done("publishFootprint", given, "__typename")
    share(callers, "owner", {"organization": maker}, "TOTAL", product=part, onward=True)
    given = {"idempotencyKey": new_key(), "name": "Whole", "productIds": [f"urn:uuid:{new_key()}"]}
    whole = callers.client("maker").done("createProduct", given, "product { id }")["product"]["id"]
    line = {"product": {"id": part}, "amount": "1", "unit": "KILOGRAM"}
    given = {"idempotencyKey": new_key(), "footprint": inputs.footprint(whole, inputs.modelled(line))}
    callers.client("maker").done("publishFootprint", given, "__typename")
    share(callers, "maker", {"organization": callers.organization("heir")}, "INPUTS", product=whole)
    found, _ = decided(callers, monkeypatch, viewer_of(callers, "heir"))
    assert [number for number, access in enumerate(found) if access] == [
        number for number in range(PRODUCTS) if number % 10 in {4, 5} or number == 9
    ]
