"""The example exchange over HTTP: one client per organization and one without a token, each answer exact to 1e-9."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from exchange.cli import commands
from exchange.model.carbon import COLUMNS, EXCLUDING
from exchange.rollup import read_explain_file, verify
from exchange.schema.ids import uuid_of
from tests.api import example
from tests.api.exchange_server import ExchangeServer, close_to, publish_all

ROLL_UP = (
    """
query ($productId: URN!, $asOf: Date!) {
  product(productId: $productId) {
    access
    footprint(asOf: $asOf) { lines { number productId amount unit } modelled { direct { stage } } }
    cradleToGate(asOf: $asOf) {
      __typename
      ... on RollUp {
        pcfExcludingBiogenicUptake pcfIncludingBiogenicUptake lower upper primaryDataShare
        dataQuality { technologicalDQR } hasGaps
        components { ALL } direct { ALL } byStage { stage components { ALL } }
        contributions { product { name } ownEmissions sharePercent brokenDown }
        gaps { line code consumer { name } } fallbacks { line reason product { name } consumer { name } }
      }
    }
  }
}
"""
).replace("ALL", " ".join(COLUMNS))


@pytest.fixture(scope="module")
def published(server: ExchangeServer) -> ExchangeServer:
    publish_all(server)
    return server


def key_of(urn: str) -> str:
    return urn.rsplit(":", 1)[1]


def nonzero(components: dict[str, str]) -> dict[str, str]:
    return {name: amount for name, amount in components.items() if amount != "0"}


def check_components(given: dict[str, str], expected: dict[str, str]) -> None:
    assert nonzero(given).keys() == expected.keys()
    for name, amount in expected.items():
        close_to(given[name], amount)


@pytest.mark.parametrize("product", example.OWNERS)
@pytest.mark.parametrize("viewer", example.ANSWERS)
def test_each_viewer_gets_exactly_its_answer(published: ExchangeServer, viewer: str, product: str) -> None:
    variables = {"productId": example.urn(product), "asOf": example.AS_OF}
    answer = published.client(viewer).query(ROLL_UP, variables)["product"]
    expected = example.ANSWERS[viewer].get(product)
    if expected is None:
        assert answer is None
        return
    total, components, share, rating, has_gaps = example.RESULTS[product]
    assert answer["access"] == expected["level"]
    result = answer["cradleToGate"]
    close_to(result["pcfExcludingBiogenicUptake"], total)
    close_to(result["pcfIncludingBiogenicUptake"], total)
    assert float(result["lower"]) <= float(result["pcfExcludingBiogenicUptake"]) <= float(result["upper"])
    check_components(result["components"], components)
    close_to(result["primaryDataShare"], share)
    close_to(result["dataQuality"]["technologicalDQR"], rating)
    assert result["hasGaps"] is has_gaps
    if expected["direct"] is None:
        assert result["direct"] is None
        assert result["byStage"] is None
    else:
        check_components(result["direct"], expected["direct"])
    check_lines(answer, expected)
    check_contributions(result, expected, product, total)
    check_gaps(result, expected, product)


def check_lines(answer: dict[str, Any], expected: dict[str, Any]) -> None:
    lines = answer["footprint"]["lines"]
    if expected["lines"] is None:
        assert lines is None
        return
    shown = [(line["number"], key_of(line["productId"]), line["amount"], line["unit"]) for line in lines]
    assert shown == [(number, *line) for number, line in enumerate(expected["lines"], start=1)]
    assert (answer["footprint"]["modelled"] is None) is (expected["direct"] is None)


def check_contributions(result: dict[str, Any], expected: dict[str, Any], product: str, total: str) -> None:
    wanted = expected["contributions"] or [(product, total, "100", False)]
    found = result["contributions"]
    assert [(each["product"]["name"].lower(), each["brokenDown"]) for each in found] == [
        (name, broken_down) for name, _, _, broken_down in wanted
    ]
    for each, (_, own, share, _) in zip(found, wanted, strict=True):
        close_to(each["ownEmissions"], own)
        close_to(each["sharePercent"], share)


def check_gaps(result: dict[str, Any], expected: dict[str, Any], product: str) -> None:
    """Gaps and fallbacks of the product asked about are its owner's; nobody else learns that there are any."""
    gaps = [(gap["line"], gap["code"]) for gap in result["gaps"] if gap["consumer"]["name"].lower() == product]
    assert gaps == expected.get("gaps", [])
    assert [
        (use["line"], use["reason"], use["product"]["name"].lower())
        for use in result["fallbacks"]
        if use["consumer"]["name"].lower() == product
    ] == expected.get("fallbacks", [])


FILE = """query ($productId: URN!, $asOf: Date!) { product(productId: $productId) { cradleToGate(asOf: $asOf) {
  ... on RollUp { digest pcfExcludingBiogenicUptake explainFile { mediaType digest content } } } } }"""


@pytest.mark.parametrize("viewer", example.ANSWERS)
def test_each_viewers_explain_file_verifies_and_names_nothing_else(
    published: ExchangeServer, viewer: str, tmp_path: Path
) -> None:
    seen = example.ANSWERS[viewer]
    hidden = [name for name in (*example.OWNERS, "ore", "seat") if name not in seen]
    for product in seen:
        variables = {"productId": example.urn(product), "asOf": example.AS_OF}
        result = published.client(viewer).query(FILE, variables)["product"]["cradleToGate"]
        file = result["explainFile"]
        assert (file["mediaType"], file["digest"]) == ("application/json", result["digest"])
        verdict = verify(read_explain_file(file["content"].encode()), result["digest"])
        assert verdict.equal, verdict.differences
        assert verdict.result["pcfExcludingBiogenicUptake"] == result["pcfExcludingBiogenicUptake"]
        for name in hidden:
            assert f'"{name}"' not in file["content"].lower()
            assert f':product-id:{name}"' not in file["content"]
            assert str(uuid_of(published.products.get(name), "Product")) not in file["content"]
        path = tmp_path / f"{product}.json"
        path.write_bytes(file["content"].encode())
        assert CliRunner().invoke(commands, ["verify", str(path), "--against", result["digest"]]).exit_code == 0


def test_the_use_stage_is_shown_to_the_maker_alone(published: ExchangeServer) -> None:
    variables = {"productId": example.urn("car"), "asOf": example.AS_OF}
    for viewer in example.ANSWERS:
        answer = published.client(viewer).query(ROLL_UP, variables)["product"]
        stages = answer and answer["cradleToGate"]["byStage"]
        if viewer != "car":
            assert not stages
            continue
        use = next(stage for stage in stages if stage["stage"] == "USE")
        close_to(str(sum(float(use["components"][name]) for name in EXCLUDING)), example.CAR_USE_STAGE_KG)
