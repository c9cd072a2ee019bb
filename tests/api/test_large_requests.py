"""A large request is read, coerced, converted and checked beside the event loop, and a small one at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from exchange.operations import publishing
from exchange.operations.turns import PARTS_AT_ONCE
from exchange.schema import mutation, transport
from exchange.schema.planned import PlannedExecutor
from tests.api.exchange_server import ExchangeServer, new_key
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


@pytest.mark.parametrize(("count", "large"), [(2, False), (2 * PARTS_AT_ONCE, True)])
def test_only_a_small_publication_is_worked_on_in_the_event_loop(
    server: ExchangeServer, threads: dict[str, int], count: int, large: bool
) -> None:
    maker = server.clients.get("maker") or server.add_organization("maker")
    urn = f"urn:pact:maker.example:product-id:{new_key()}"
    new = {"idempotencyKey": new_key(), "productIds": [urn], "name": "One"}
    product = maker.done("createProduct", new, "product { id }")["product"]["id"]
    lines = list(map(line, range(count)))
    given = {"idempotencyKey": new_key(), "footprint": footprint(product, modelled(*lines))}
    threads.clear()
    maker.done("publishFootprint", given, "footprint { id lines { amount } }")

    async def ident(_: object) -> int:
        return threading.get_ident()

    loop = server.run(ident)
    assert {name: thread != loop for name, thread in threads.items()} == dict.fromkeys(STEPS, large)
