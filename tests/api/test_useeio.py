"""USEEIO through the public API: all 411 published totals from an imported database, each in its certified interval.

The model and its published totals: US EPA, USEEIO v2.0.1-411 (see the data folder's README).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from exchange.importers.model_files import read_model
from exchange.importers.useeio import ModelRelease, import_model
from exchange.model.parties import Scope
from tests.api.callers import Callers
from tests.api.exchange_server import ExchangeServer

PAGE = """
query ($after: String) {
  products(first: 100, after: $after) {
    totalCount
    pageInfo { hasNextPage endCursor }
    nodes {
      access productIds name
      footprint(asOf: "2026-06-30") { validityPeriodEnd release { label dataset { name } } }
      cradleToGate(asOf: "2026-06-30") {
        __typename
        ... on RollUp { pcfExcludingBiogenicUptake lower upper hasGaps ledgerSequence }
      }
    }
  }
}
"""
RELATIVE_ERROR_MAX = 1e-9


@pytest.fixture(scope="module")
def answers(server: ExchangeServer, data_dir: Path) -> dict[str, dict[str, Any]]:
    """Every product as an anonymous caller gets it, by its code."""
    model = read_model(data_dir / "useeio")
    server.run(lambda exchange: import_model(exchange, model, ModelRelease()))
    found: dict[str, dict[str, Any]] = {}
    after = None
    while True:
        page = server.client("anonymous").query(PAGE, {"after": after})["products"]
        assert page["totalCount"] == 411
        found |= {node["productIds"][0].rsplit(":", 1)[1]: node for node in page["nodes"]}
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            return found


def test_every_published_total_is_reproduced(answers: dict[str, dict[str, Any]], data_dir: Path) -> None:
    model = read_model(data_dir / "useeio")
    assert len(model.products) == len(answers) == 411
    zero = 0
    for product in model.products:
        result = answers[product.code]["cradleToGate"]
        total, published = float(result["pcfExcludingBiogenicUptake"]), float(product.published_total_kg_co2e)
        assert abs(total - published) <= RELATIVE_ERROR_MAX * abs(published), product.code
        lower, upper = float(result["lower"]), float(result["upper"])
        slack = 1e-14 * abs(published)  # the published figure is itself a rounded binary number
        assert lower - slack <= published <= upper + slack, product.code
        zero += result["pcfExcludingBiogenicUptake"] == "0"
    assert zero == 3, "three products carry exactly nothing"


def test_worked_totals(answers: dict[str, dict[str, Any]]) -> None:
    """Electricity, automobiles, primary steel, in kg CO2e per dollar of 2012."""
    for code, total in {"221100": 4.490753, "336111": 0.360786, "331110": 1.142492}.items():
        assert round(float(answers[code]["cradleToGate"]["pcfExcludingBiogenicUptake"]), 6) == total


def test_a_release_in_force_is_open_and_closed_totals_say_no_more(answers: dict[str, dict[str, Any]]) -> None:
    for node in answers.values():
        assert node["access"] == "TOTAL"
        assert node["footprint"]["validityPeriodEnd"] is None
        assert node["footprint"]["release"]["dataset"]["name"]
        assert node["cradleToGate"]["ledgerSequence"] is None
        assert node["cradleToGate"]["hasGaps"] is False


def test_what_rests_on_electricity_is_nearly_everything(
    server: ExchangeServer, answers: dict[str, dict[str, Any]]
) -> None:
    """All of them in one solve, for the operator, who may open them all; beside solving again without electricity."""
    operator = Callers(server).client("operator", frozenset(Scope))
    query = """query ($urn: URN!) { product(productId: $urn) { downstream(asOf: "2026-06-30", first: 5) {
      totalCount nodes { sharePercent product { productIds } } } } }"""
    urn = answers["221100"]["productIds"][0]
    found = operator.query(query, {"urn": urn})["product"]["downstream"]
    assert found["totalCount"] == 406
    shown = {one["product"]["productIds"][0].rsplit(":", 1)[1]: one["sharePercent"] for one in found["nodes"]}
    assert {code: round(float(share), 6) for code, share in shown.items()} == {
        "493000": 79.309773,
        "452000": 72.241474,
        "447000": 69.672728,
        "444000": 69.557427,
        "550000": 69.143933,
    }
