"""Two products beside each other over HTTP: verdict, reasons, difference, and nothing of what is not visible."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from exchange.config import Settings
from tests.api.callers import Callers
from tests.api.exchange_server import new_key, serving
from tests.api.inputs import declared, footprint, modelled
from tests.api.schema_walk import AS_OF
from tests.rollup.check import instant

COMPARE = """query ($product: ID!, $other: ID!, $asOf: Date) { compare(product: $product, other: $other, asOf: $asOf) {
  verdict
  product { product { name } footprint { systemBoundary } systemBoundary emissions }
  other { product { name } footprint { systemBoundary } systemBoundary emissions }
  reasons { code finding prevents fields { field product other } }
  difference { declaredUnitAmount declaredUnitOfMeasurement productEmissions otherEmissions percent
    productLower productUpper otherLower otherUpper overlap }
} }"""
OLD = {"referencePeriodStart": "2024-01-01T00:00:00Z", "referencePeriodEnd": "2025-01-01T00:00:00Z"}
GRAVE = {"systemBoundary": "CRADLE_TO_GRAVE"}
RATED = {"dataQuality": {"technologicalDQR": "2", "temporalDQR": "2", "geographicalDQR": "2"}, "geographyCountry": "CN"}
RULED = {"productOrSectorSpecificRules": [{"operator": "PEF", "ruleNames": ["PEFCR of steel"]}]}
VERIFIED = {"verification": {"coverage": "PRODUCT_LEVEL", "providerName": "Checkers", "standardName": "ISO 14064-3"}}
SPACED = {"productOrSectorSpecificRules": [{"operator": "PEF", "ruleNames": [" PEFCR of steel "]}]}
OTHER_RULES = {
    "productOrSectorSpecificRules": [
        {"operator": "PEF", "ruleNames": ["PEFCR of steel"]},
        {"operator": "OTHER", "ruleNames": ["PCR 2", "PCR 1"], "otherOperatorName": "Steel Forum"},
    ]
}
STEEL = ["urn:pact:categories.example:category:steel"]


def spread(total: str) -> dict[str, Any]:
    body = declared(total)
    body["declared"] |= {"geometricStandardDeviation": "1.1", "primaryDataShare": "50"}
    return body | RATED | RULED


def unrated(total: str) -> dict[str, Any]:
    """All but its quality is stated."""
    body = declared(total)
    body["declared"] |= {"geometricStandardDeviation": "1.1"}
    return body | {"geographyCountry": "CN"} | RULED


@pytest.fixture(scope="module")
def world(settings: Settings) -> Iterator[tuple[Callers, dict[str, str]]]:
    with serving(settings, clock=lambda: instant("2026-07-01")) as server:
        callers, ids = Callers(server), dict[str, str]()
        hidden = {"product": {"productId": "urn:pact:none.example:product-id:x"}, "amount": "1", "unit": "KILOGRAM"}
        ton = {"declaredUnitAmount": "1000", "productMassPerDeclaredUnit": "1000"}
        bodies: dict[str, list[dict[str, Any]]] = {
            "slab": [footprint("", spread("2"))],
            "coil": [footprint("", spread("2500"), **ton)],
            "old": [footprint("", spread("4"), **OLD)],
            "gapped": [footprint("", modelled(hidden))],
            "checked": [footprint("", spread("5") | VERIFIED)],
            "ruled": [footprint("", spread("6") | OTHER_RULES)],
            "spaced": [footprint("", spread("2") | SPACED)],
            "free": [footprint("", spread("6") | {"productOrSectorSpecificRules": []})],
            "oil": [footprint("", spread("3"), declaredUnitOfMeasurement="LITER")],
            "car": [footprint("", declared("900"), **GRAVE, declaredUnitOfMeasurement="PIECE")],
            "van": [footprint("", declared("1350"), **GRAVE, declaredUnitOfMeasurement="PIECE")],
            "both": [footprint("", spread("3")), footprint("", declared("30"), **GRAVE)],
            "plain": [footprint("", unrated("2"))],
            "clear": [footprint("", unrated("3"))],
            "bare": [],
            "secret": [footprint("", spread("7"))],
        }
        client = callers.client("maker")
        for name, versions in bodies.items():
            given: dict[str, Any] = {"productIds": [f"urn:pact:maker.example:product-id:{name}"], "name": name}
            given |= {"idempotencyKey": new_key(), "classifications": STEEL}
            ids[name] = client.done("createProduct", given, "product { id }")["product"]["id"]
            for version in versions:
                given = {"idempotencyKey": new_key(), "footprint": version | {"product": ids[name]}}
                client.done("publishFootprint", given, "footprint { id }")
            if name != "secret":
                grant = {"idempotencyKey": new_key(), "product": ids[name], "to": {"public": True}, "level": "TOTAL"}
                client.done("grantAccess", grant, "grant { id }")
        yield callers, ids


def compared(world, one: str, other: str, organization: str | None = None, as_of: str = AS_OF) -> Any:
    callers, ids = world
    variables = {"product": ids.get(one, one), "other": ids.get(other, other), "asOf": as_of}
    return callers.client(organization).query(COMPARE, variables)["compare"]


def codes(found: Any) -> list[tuple[str, str]]:
    return [(reason["code"], reason["finding"]) for reason in found["reasons"]]


def test_what_agrees_in_everything_is_compared_in_one_unit(world):
    found = compared(world, "slab", "coil")
    assert found["verdict"] == "COMPARABLE"
    assert found["reasons"] == []
    assert found["difference"] == {
        "declaredUnitAmount": "1",
        "declaredUnitOfMeasurement": "KILOGRAM",
        "productEmissions": "2",
        "otherEmissions": "2.5",
        "percent": "25",
        "productLower": "1.65921",
        "productUpper": "2.41079",
        "otherLower": "2.07401",
        "otherUpper": "3.01349",
        "overlap": True,
    }
    assert found["product"]["emissions"] == "2"
    assert found["other"]["emissions"] == "2500"


def test_a_caveat_names_its_fields_with_both_values(world):
    found = compared(world, "slab", "old")
    assert found["verdict"] == "COMPARABLE_WITH_CAVEATS"
    assert found["difference"]["percent"] == "100"
    [period] = found["reasons"]
    assert (period["code"], period["finding"], period["prevents"]) == ("PERIOD", "DIFFERENT", False)
    assert period["fields"] == [
        {"field": "referencePeriodStart", "product": "2025-01-01T00:00:00Z", "other": "2024-01-01T00:00:00Z"},
        {"field": "referencePeriodEnd", "product": "2026-01-01T00:00:00Z", "other": "2025-01-01T00:00:00Z"},
    ]


def test_what_only_one_had_verified_is_told(world):
    found = compared(world, "slab", "checked")
    assert found["verdict"] == "COMPARABLE_WITH_CAVEATS"
    [reason] = found["reasons"]
    assert (reason["code"], reason["finding"], reason["prevents"]) == ("VERIFICATION", "DIFFERENT", False)
    assert reason["fields"] == [{"field": "verification", "product": None, "other": "stated"}]


def test_product_rules_are_told_with_whose_they_are(world):
    [reason] = compared(world, "slab", "ruled")["reasons"]
    assert (reason["code"], reason["finding"], reason["prevents"]) == ("PRODUCT_RULES", "DIFFERENT", False)
    one = 'PEF "PEFCR of steel"'
    other = f'OTHER "Steel Forum" "PCR 1", OTHER "Steel Forum" "PCR 2", {one}'
    assert reason["fields"] == [{"field": "productOrSectorSpecificRules", "product": one, "other": other}]


def test_blanks_around_a_rules_name_make_no_other_rule(world):
    assert compared(world, "slab", "spaced")["reasons"] == []


def test_two_without_a_product_rule_may_have_chosen_otherwise(world):
    [reason] = compared(world, "free", "free")["reasons"]
    assert (reason["code"], reason["finding"]) == ("PRODUCT_RULES", "UNKNOWN")


def test_gaps_and_what_is_not_stated_are_caveats(world):
    found = compared(world, "slab", "gapped")
    assert codes(found) == [
        ("GEOGRAPHY", "UNKNOWN"),
        ("PRODUCT_RULES", "DIFFERENT"),
        ("DATA_QUALITY", "UNKNOWN"),
        ("GAPS", "DIFFERENT"),
        ("SPREAD", "UNKNOWN"),
    ]
    assert found["difference"]["overlap"] is None


@pytest.mark.parametrize(("one", "ratings"), [("plain", None), ("slab", "2")])
def test_quality_that_nobody_stated_is_unknown_and_no_number(world, one, ratings):
    found = compared(world, one, "clear")
    assert found["verdict"] == "COMPARABLE_WITH_CAVEATS"
    [quality] = found["reasons"]
    assert (quality["code"], quality["finding"]) == ("DATA_QUALITY", "UNKNOWN")
    names = ["primaryDataShare", "technologicalDQR", "temporalDQR", "geographicalDQR"]
    assert [each["field"] for each in quality["fields"]] == names
    assert [each["product"] for each in quality["fields"]] == [ratings and "50", ratings, ratings, ratings]
    assert [each["other"] for each in quality["fields"]] == [None] * 4


def test_units_of_two_dimensions_are_not_compared(world):
    found = compared(world, "slab", "oil")
    assert (found["verdict"], found["difference"]) == ("NOT_COMPARABLE", None)
    assert codes(found) == [("UNIT", "DIFFERENT")]
    assert found["reasons"][0]["prevents"]


def test_cradle_to_gate_is_not_compared_with_cradle_to_grave(world):
    found = compared(world, "slab", "car")
    assert (found["verdict"], found["difference"]) == ("NOT_COMPARABLE", None)
    assert codes(found)[:3] == [("BOUNDARY", "DIFFERENT"), ("UNIT", "DIFFERENT"), ("BIOGENIC_CONVENTION", "UNKNOWN")]
    assert found["product"]["systemBoundary"] == "CRADLE_TO_GATE"
    assert found["other"]["footprint"] == {"systemBoundary": "CRADLE_TO_GRAVE"}
    assert found["other"]["emissions"] == "900"


def test_cradle_to_grave_is_compared_with_its_like(world):
    found = compared(world, "car", "van")
    assert found["verdict"] == "COMPARABLE_WITH_CAVEATS"
    assert codes(found) == [
        ("BIOGENIC_CONVENTION", "UNKNOWN"),
        ("GEOGRAPHY", "UNKNOWN"),
        ("PRODUCT_RULES", "UNKNOWN"),
        ("DATA_QUALITY", "UNKNOWN"),
        ("SPREAD", "UNKNOWN"),
    ]
    assert found["difference"]["percent"] == "50"


def test_a_product_with_both_is_compared_within_the_boundary_of_the_other(world):
    assert compared(world, "slab", "both")["other"]["emissions"] == "3"
    within = compared(world, "car", "both")
    assert within["other"]["emissions"] == "30"
    assert within["other"]["systemBoundary"] == "CRADLE_TO_GRAVE"
    assert codes(within)[0] == ("UNIT", "DIFFERENT")
    assert compared(world, "both", "both")["product"]["systemBoundary"] == "CRADLE_TO_GATE"


def test_a_product_without_a_result_says_why(world):
    found = compared(world, "slab", "bare")
    assert found["verdict"] == "NOT_COMPARABLE"
    fields = [{"field": "code", "product": None, "other": "NO_FOOTPRINT"}]
    assert found["reasons"] == [{"code": "NO_RESULT", "finding": "UNKNOWN", "prevents": True, "fields": fields}]
    assert (found["other"]["emissions"], found["other"]["footprint"]) == (None, None)
    later = compared(world, "slab", "coil", as_of="2040-01-01")
    assert later["reasons"][0]["fields"] == [{"field": "code", "product": "EXPIRED", "other": "EXPIRED"}]


def test_only_the_side_without_a_result_says_why(world):
    """The car's roll-up is refused, but its cradle-to-grave result is one."""
    found = compared(world, "car", "bare")
    assert found["product"]["emissions"] == "900"
    assert found["reasons"][0]["fields"] == [{"field": "code", "product": None, "other": "NO_FOOTPRINT"}]


def test_what_is_not_visible_does_not_exist(world):
    _, ids = world
    for one, other in (("slab", "secret"), ("secret", "slab"), ("slab", "nothing"), ("secret", "secret")):
        assert compared(world, one, other) is None
        assert compared(world, one, other, "stranger") is None
    assert compared(world, "slab", ids["secret"][:-4]) is None
    assert compared(world, "slab", "secret", "maker")["difference"]["percent"] == "250"


def test_a_modelled_footprint_is_not_cradle_to_grave(world):
    callers, ids = world
    line = {"product": {"id": ids["slab"]}, "amount": "1", "unit": "KILOGRAM"}
    given = {"idempotencyKey": new_key(), "footprint": footprint(ids["bare"], modelled(line), **GRAVE)}
    query = """mutation ($input: PublishFootprintInput!) { publishFootprint(input: $input) {
      __typename ... on InvalidInput { problems { code path } } } }"""
    found = callers.client("maker").query(query, {"input": given})["publishFootprint"]
    assert found["problems"] == [{"code": "CONTRADICTION", "path": ["input", "footprint", "systemBoundary"]}]
