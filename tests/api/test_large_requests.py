"""A large request is read, coerced, converted and checked beside the event loop, and a small one at once; a
large answer is prepared in parts, and one that is too large is refused."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from exchange.operations.changing import publishing
from exchange.operations.turns import PARTS_AT_ONCE
from exchange.schema import execution, mutation, planned, transport
from exchange.schema.planned import PlannedExecutor
from tests.api.exchange_server import ApiClient, ExchangeServer, new_key
from tests.api.inputs import footprint, modelled

STEPS: dict[str, tuple[Any, str]] = {
    "read": (transport, "parse_json"),
    "coerced": (PlannedExecutor, "build"),
    "converted": (mutation, "footprint_value"),
    "checked": (publishing, "check_footprint"),
    "hashed": (publishing, "body_sha256"),
    "bound": (publishing, "_bound"),
}


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """The thread that each step of the last request ran in."""
    found: dict[str, int] = {}

    def watched(name: str, make: Callable[..., Any]) -> Callable[..., Any]:
        def watch(*args: Any, **kwargs: Any) -> Any:
            found[name] = threading.get_ident()
            return make(*args, **kwargs)

        return watch

    for name, (place, attribute) in STEPS.items():
        monkeypatch.setattr(place, attribute, watched(name, getattr(place, attribute)))
    return found


def line(number: int) -> dict[str, Any]:
    urn = f"urn:pact:supplier-with-a-long-name.example:product-id:a-name-as-long-as-names-of-things-are:{number:06}"
    return {
        "product": {"productId": urn},
        "amount": "1.25",
        "unit": "KILOGRAM",
        "geometricStandardDeviation": "1.1",
        "dataQuality": {"technologicalDQR": "1.5", "temporalDQR": "2.5", "geographicalDQR": "3.5"},
    }


def product_of(server: ExchangeServer) -> tuple[ApiClient, str]:
    """A publisher, and a new product of it."""
    maker = server.clients.get("maker") or server.add_organization("maker")
    urn = f"urn:pact:maker.example:product-id:{new_key()}"
    given = {"idempotencyKey": new_key(), "productIds": [urn], "name": "One"}
    return maker, maker.done("createProduct", given, "product { id }")["product"]["id"]


@pytest.mark.parametrize(("count", "large"), [(2, False), (2 * PARTS_AT_ONCE, True)])
def test_only_a_small_publication_is_worked_on_in_the_event_loop(
    server: ExchangeServer, threads: dict[str, int], count: int, large: bool
) -> None:
    maker, product = product_of(server)
    lines = list(map(line, range(count)))
    given = {"idempotencyKey": new_key(), "footprint": footprint(product, modelled(*lines))}
    threads.clear()
    maker.done("publishFootprint", given, "footprint { id lines { amount } }")

    async def ident(_: object) -> int:
        return threading.get_ident()

    loop = server.run(ident)
    assert {name: thread != loop for name, thread in threads.items()} == dict.fromkeys(STEPS, large)


LINES = "lines { number amount unit product { id name } }"
FIELDS_OF_A_LINE = 4  # of LINES; nobody registered the products


def test_an_answer_with_too_many_fields_is_refused(server: ExchangeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """However it comes about: no query says how many lines a footprint has."""
    monkeypatch.setattr(planned, "COST_MAX", 50 * FIELDS_OF_A_LINE)
    monkeypatch.setattr(execution, "COST_MAX", 50 * FIELDS_OF_A_LINE)
    maker, product = product_of(server)
    given = {"idempotencyKey": new_key(), "footprint": footprint(product, modelled(*map(line, range(45))))}
    maker.done("publishFootprint", given, f"footprint {{ id {LINES} }}")
    query = f'{{ a: product(id: "{product}") {{ footprint {{ {LINES} }} }} }}'
    assert len(maker.query(query)["a"]["footprint"]["lines"]) == 45
    for wide in (
        f'{{ a: product(id: "{product}") {{ footprint {{ {LINES} }} b: footprint {{ {LINES} }} }} }}',
        f'{{ a: product(id: "{product}") {{ footprint {{ ...F }} }} }} '
        "fragment F on Footprint { lines { ...G } } fragment G on Line { number amount unit stage credit }",
    ):
        found = maker.answer(wide)
        assert "data" not in found
        assert [error["extensions"]["code"] for error in found["errors"]] == ["QUERY_TOO_LARGE"]


def test_what_a_mutation_with_too_large_an_answer_wrote_is_there(
    server: ExchangeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planned, "COST_MAX", 50)
    maker, product = product_of(server)
    given = {"idempotencyKey": new_key(), "footprint": footprint(product, modelled(*map(line, range(45))))}
    query = "mutation ($input: PublishFootprintInput!) { publishFootprint(input: $input) { __typename "
    query += f"... on PublishFootprintPayload {{ footprint {{ {LINES} }} }} }} }}"
    before = server.ledger_head()
    found = maker.answer(query, {"input": given})
    assert [error["extensions"]["code"] for error in found["errors"]] == ["QUERY_TOO_LARGE"]
    assert "stays written" in found["errors"][0]["message"]
    assert server.ledger_head() == before + 1
    maker.done("publishFootprint", given, "footprint { id }")
    assert server.ledger_head() == before + 1


def test_a_long_list_is_answered_in_parts(server: ExchangeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    maker, product = product_of(server)
    lines = [line(number) for number in range(23)]
    lines[7]["product"] = {"id": product}
    lines[7]["amount"] = "0.01"
    given = {"idempotencyKey": new_key(), "footprint": footprint(product, modelled(*lines))}
    maker.done("publishFootprint", given, "footprint { id }")
    query = f'{{ product(id: "{product}") {{ footprint {{ {LINES} }} }} }}'
    whole = maker.query(query)["product"]["footprint"]["lines"]
    assert [each["product"] is not None for each in whole] == [number == 7 for number in range(23)]
    parts: list[int] = []

    class Counted(planned.PlannedExecutor):
        async def _in_parts(self, *args: Any) -> list[Any]:
            parts.append(len(args[4]))
            return await super()._in_parts(*args)

    monkeypatch.setattr(execution, "PlannedExecutor", Counted)
    monkeypatch.setattr(planned, "ITEMS_AT_ONCE", 5)
    assert maker.query(query)["product"]["footprint"]["lines"] == whole
    assert parts == [23]
