"""One request asks about a bounded number of dates: each pair is a closure of its own to read and to solve."""

from __future__ import annotations

from exchange.operations.reading.session import DATES_MAX
from tests.api import example
from tests.api.exchange_server import ExchangeServer, publish_all


def asking(days: int) -> str:
    parts = (
        f'd{day}: cradleToGate(asOf: "2026-06-{day:02d}") {{ ... on RollUp {{ pcfExcludingBiogenicUptake }} }}'
        for day in range(1, days + 1)
    )
    return f'{{ product(productId: "{example.urn("orefactor")}") {{ {" ".join(parts)} }} }}'


def test_a_request_may_ask_about_a_year_by_months_and_no_more(server: ExchangeServer) -> None:
    publish_all(server)
    anonymous = server.client("anonymous")
    assert len(anonymous.query(asking(DATES_MAX))["product"]) == DATES_MAX
    refused = anonymous.answer(asking(DATES_MAX + 1))["errors"][0]
    assert refused["extensions"]["code"] == "INVALID_INPUT"
    assert str(DATES_MAX) in refused["message"]
