"""How sure a result is, over HTTP: its spread, samples of it, what would improve it; and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

import pytest

from exchange.config import Settings
from tests.api.dated_world import World, dated_world
from tests.api.exchange_server import new_key

ASKED = """query ($id: ID!, $samples: Int, $seed: Int, $first: Int) { product(id: $id) {
  cradleToGate(asOf: "2026-06-30") { ... on RollUp {
    pcfExcludingBiogenicUptake primaryDataShare
    uncertainty { geometricStandardDeviation lower upper coveredPercent method reason }
    monteCarlo(samples: $samples, seed: $seed) {
      samples seed samplesWithoutAnswer median mean lower upper geometricStandardDeviation method }
    primaryDataAdvice(first: $first) { line gainPercentagePoints consumer { name } supplier { name } }
    uncertaintyAdvice(first: $first) { line geometricStandardDeviation contributionPercent product { name } }
  } } } }"""


@pytest.fixture(scope="module")
def world(settings: Settings) -> Iterator[World]:
    with dated_world(settings, datetime(2026, 6, 30, tzinfo=UTC)) as made:
        yield made


@pytest.fixture(scope="module")
def part(world: World) -> str:
    """1 kg direct (GSD 1.5, all primary) and 3 of a leaf (GSD 1.1) by a line (GSD 1.2): e = 0.25, 0.75, 0.75."""
    world.publish(leaf(world, "two/leaf", "1", "1.1"), by="two")
    world.grant("two/leaf", "one")
    made = world.modelled("part", world.line("two/leaf", "3", geometricStandardDeviation="1.2", amountIsPrimary=False))
    made["modelled"] |= {"directGeometricStandardDeviation": "1.5", "directPrimaryDataShare": "100"}
    world.publish(made)
    return "part"


def leaf(world: World, name: str, total: str, gsd: str | None = None) -> dict[str, Any]:
    made = world.declared(name, total)
    made["declared"] |= {"geometricStandardDeviation": gsd, "primaryDataShare": "20"}
    return made


def ask(world: World, name: str, by: str = "one", **variables: Any) -> dict[str, Any]:
    given = {"id": world.product(name), "samples": 500, "seed": 1, "first": 5, **variables}
    found: dict[str, Any] = world.client(by).query(ASKED, given)["product"]["cradleToGate"]
    return found


def test_the_spread_of_a_small_product(world: World, part: str) -> None:
    """exp sqrt(0.25² ln² 1.5 + 0.75² ln² 1.2 + 0.75² ln² 1.1) = 1.2028; 4 ÷ and × 1.2028^1.96."""
    assert ask(world, part)["uncertainty"] == {
        "geometricStandardDeviation": "1.2028",
        "lower": "2.78536",
        "upper": "5.74433",
        "coveredPercent": "100",
        "method": "ANALYTIC_LOG_NORMAL",
        "reason": None,
    }


def test_a_customer_is_told_the_same_spread_and_not_where_it_comes_from(world: World, part: str) -> None:
    world.grant(part, "two")
    seen, own = ask(world, part, by="two"), ask(world, part)
    assert seen["uncertainty"] == own["uncertainty"]
    assert seen["uncertaintyAdvice"] == [
        {
            "line": None,
            "geometricStandardDeviation": "1.2028",
            "contributionPercent": "100",
            "product": {"name": "part"},
        }
    ]
    assert seen["primaryDataAdvice"] == []
    assert float(seen["monteCarlo"]["geometricStandardDeviation"]) == pytest.approx(1.2028, rel=0.02)


def test_advice_names_lines_and_products(world: World, part: str) -> None:
    found = ask(world, part)
    assert found["primaryDataShare"] == "25"
    expected = {"line": 1, "gainPercentagePoints": "75", "consumer": {"name": "part"}, "supplier": {"name": "two/leaf"}}
    assert found["primaryDataAdvice"] == [expected]
    named = [
        (each["product"]["name"], each["line"], each["geometricStandardDeviation"])
        for each in found["uncertaintyAdvice"]
    ]
    assert named == [("part", 1, "1.2"), ("part", None, "1.5"), ("two/leaf", None, "1.1")]
    assert sum(float(each["contributionPercent"]) for each in found["uncertaintyAdvice"]) == pytest.approx(100)
    assert len(ask(world, part, first=1)["uncertaintyAdvice"]) == 1


def test_the_same_seed_gives_the_same_samples(world: World, part: str) -> None:
    first = ask(world, part, samples=1000, seed=9)["monteCarlo"]
    assert first == ask(world, part, samples=1000, seed=9)["monteCarlo"]
    assert first["median"] != ask(world, part, samples=1000, seed=10)["monteCarlo"]["median"]
    assert (first["samples"], first["seed"], first["samplesWithoutAnswer"]) == (1000, 9, 0)
    assert first["method"] == "MONTE_CARLO"
    assert float(first["median"]) == pytest.approx(4, rel=0.03)
    assert float(first["lower"]) < float(first["median"]) < float(first["mean"]) < float(first["upper"])


def test_what_nobody_stated_has_no_spread(world: World) -> None:
    world.publish(world.modelled("plain", world.line("unsure", "1")))
    found = ask(world, "plain")
    assert found["uncertainty"]["reason"] == "NOT_STATED"
    assert found["uncertainty"]["coveredPercent"] == "0"
    assert found["uncertainty"]["lower"] is found["uncertainty"]["geometricStandardDeviation"] is None
    assert found["uncertaintyAdvice"] == []
    assert found["monteCarlo"]["geometricStandardDeviation"] == "1"


@pytest.mark.parametrize(("credit", "reason"), [("-0.9", "UNSTABLE"), ("-1", "NOT_POSITIVE"), ("-0.2", None)])
def test_a_difference_of_like_numbers_has_none(world: World, credit: str, reason: str | None) -> None:
    """1 − 0.9: sum of absolute contributions 19 times the result."""
    world.publish(leaf(world, f"saved {credit}", "1", "1.1"))
    name = f"net {credit}"
    world.publish(world.modelled(name, world.line(f"saved {credit}", credit, credit=True)))
    assert ask(world, name)["uncertainty"]["reason"] == reason


SCORES = {"reliability": 2, "completeness": 3, "temporalCorrelation": 2, "geographicalCorrelation": 3}
SCORES |= {"furtherTechnologicalCorrelation": 3}
PEDIGREE = """pedigree { basicVariance basicGeometricStandardDeviation reliability completeness temporalCorrelation
  geographicalCorrelation furtherTechnologicalCorrelation geometricStandardDeviation }"""
STATED = f"""query ($id: ID!) {{ product(id: $id) {{ footprint {{
  declared {{ {PEDIGREE} }} modelled {{ directP{PEDIGREE[1:]} }}
  lines {{ geometricStandardDeviation {PEDIGREE} fallback {{ {PEDIGREE} }} }} }} }} }}"""


def scored(world: World, name: str, of_direct: Any, of_line: Any, of_fallback: Any, of_leaf: Any) -> str:
    """1 kg direct, 3 of a leaf, and 1 of what nobody has, for which 1 of the leaf serves; each with its spread."""
    leaf_name = f"two/{name} leaf"
    made = world.declared(leaf_name, "1")
    made["declared"] |= of_leaf
    world.publish(made, by="two")
    world.grant(leaf_name, "one")
    fallback = {"product": {"id": world.product(leaf_name)}, "amount": "1", "unit": "KILOGRAM", **of_fallback}
    nothing = {"product": {"productId": "urn:gtin:9990"}, "amount": "1", "unit": "KILOGRAM", "fallback": fallback}
    result = world.modelled(name, world.line(leaf_name, "3", **of_line, fallback=fallback), nothing)
    result["modelled"] |= {f"direct{key[0].upper()}{key[1:]}": value for key, value in of_direct.items()}
    world.publish(result)
    return leaf_name


def footprint_of(world: World, name: str, by: str) -> dict[str, Any]:
    found: dict[str, Any] = world.client(by).query(STATED, {"id": world.product(name)})["product"]["footprint"]
    return found


def test_scores_are_shown_to_their_owner_and_count_as_what_follows(world: World) -> None:
    """σ² = 0.0006 + 0.0006 + 0.0006 + 0.0002 + 0.0001 + 0.008 = 0.0101, GSD = exp sqrt 0.0101 = 1.1057222664."""
    by_variance = {"basicVariance": "0.0006", **SCORES}
    by_factor = {"basicGeometricStandardDeviation": "1.20", **SCORES}
    given = [{"pedigree": each} for each in (by_variance, by_factor, by_variance, by_factor)]
    leaf_name = scored(world, "scored", *given)
    first = {**by_variance, "basicGeometricStandardDeviation": None, "geometricStandardDeviation": "1.1057222664"}
    second = {**by_factor, "basicGeometricStandardDeviation": "1.2", "basicVariance": None}
    second["geometricStandardDeviation"] = "1.2296619925"
    own = footprint_of(world, "scored", "one")
    assert own["modelled"] == {"directPedigree": first}
    assert own["lines"][0] == {
        "geometricStandardDeviation": "1.2296619925",
        "pedigree": second,
        "fallback": {"pedigree": first},
    }
    assert own["lines"][1] == {"geometricStandardDeviation": None, "pedigree": None, "fallback": {"pedigree": first}}
    assert footprint_of(world, leaf_name, "two")["declared"] == {"pedigree": second}
    assert footprint_of(world, leaf_name, "one")["declared"] == {"pedigree": None}
    world.grant("scored", "two", level="INPUTS")
    seen = footprint_of(world, "scored", "two")
    assert seen["lines"] == [
        {"geometricStandardDeviation": "1.2296619925", "pedigree": None, "fallback": {"pedigree": None}}
    ]
    stated = [{"geometricStandardDeviation": each} for each in ("1.1057222664", "1.2296619925") * 2]
    scored(world, "stated", *stated)
    results = [ask(world, name) for name in ("scored", "stated")]
    assert results[0]["uncertainty"]["geometricStandardDeviation"] == "1.2321"
    for name in ("uncertainty", "monteCarlo"):
        assert results[0][name] == results[1][name]
    advice = [[{**each, "product": None} for each in result["uncertaintyAdvice"]] for result in results]
    assert advice[0] == advice[1]


def test_a_spread_is_stated_once(world: World) -> None:
    given = world.declared("twice", "1")
    given["declared"] |= {"geometricStandardDeviation": "1.1", "pedigree": {"basicVariance": "0.0006", **SCORES}}
    refused = world.client("one").mutate(
        "publishFootprint",
        {"idempotencyKey": new_key(), "footprint": given},
        "footprint { id }",
    )
    assert refused["code"] == "INVALID_INPUT"
    place = ["input", "footprint", "declared"]
    assert [(each["code"], each["path"]) for each in refused["problems"]] == [
        ("CONTRADICTION", [*place, "geometricStandardDeviation"]),
        ("CONTRADICTION", [*place, "pedigree"]),
    ]


def test_a_request_with_scores_again_gets_the_first_answer(world: World) -> None:
    given = world.declared("again", "1")
    given["declared"]["pedigree"] = {"basicVariance": "0.0006", **SCORES}
    request = {"idempotencyKey": new_key(), "footprint": given}
    first = world.client("one").done("publishFootprint", request, "footprint { id }")
    assert world.client("one").done("publishFootprint", request, "footprint { id }") == first
    given["declared"]["pedigree"]["completeness"] = 4
    found = world.client("one").mutate("publishFootprint", request, "footprint { id }")
    assert found["__typename"] == "Conflict"


@pytest.mark.parametrize(
    ("argument", "given", "message"),
    [
        ("samples", 99, "samples must be 100 to 10000; got 99."),
        ("samples", 10_001, "samples must be 100 to 10000; got 10001."),
        ("seed", -1, "seed must be 0 to 2147483647; got -1."),
        ("first", 0, "first must be 1 to 100; got 0."),
        ("first", 101, "first must be 1 to 100; got 101."),
    ],
)
def test_arguments_have_bounds(world: World, part: str, argument: str, given: int, message: str) -> None:
    variables = {"id": world.product(part), "samples": 100, "seed": 1, "first": 5, argument: given}
    answer = world.client("one").answer(ASKED, variables)
    [error, *_] = answer["errors"]
    assert error["message"] == message
    assert error["extensions"]["code"] == "INVALID_INPUT"


def test_a_view_too_large_is_refused_with_what_would_do(
    world: World, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = import_module("exchange.rollup.monte_carlo")
    monkeypatch.setattr(module, "AT_ONCE", module.Bounds(10_000, 1_000, ""))
    variables = {"id": world.product(part), "samples": 500, "seed": 1, "first": 5}
    [error] = world.client("one").answer(ASKED, variables)["errors"]
    assert error["message"].startswith(
        "500 samples of 2 products and 1 lines are more than 1000 numbers. Ask for at most 333"
    )
    assert error["extensions"]["code"] == "INVALID_INPUT"
