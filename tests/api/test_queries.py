"""Every way into the graph: what a bad or foreign name gives, and many questions in one request, on a real server."""

from __future__ import annotations

import re
from typing import Any

import pytest
from graphql import get_named_type

from exchange.schema.ids import global_id
from tests.api import example
from tests.api.exchange_server import ExchangeServer, publish_all
from tests.api.fakes import MAKER, FakeExchange, ask, id_of, product_id
from tests.api.schema_walk import fields_of


@pytest.mark.parametrize(
    "argument",
    [
        'id: "x"',
        'id: ""',
        f'id: "{global_id("Organization", MAKER)}"',
        f'id: "{global_id("Product", product_id(99))}"',
        f'id: "{product_id(1)}"',
        'productId: "urn:pact:nobody.example:product-id:1"',
    ],
)
async def test_what_names_no_visible_product_is_null(argument):
    assert await ask(FakeExchange(), f"{{ product({argument}) {{ name }} }}") == {"data": {"product": None}}


async def test_nodes_are_one_entry_per_id_in_order():
    ids = [id_of(3), "x", global_id("Organization", MAKER), id_of(99), id_of(1), id_of(3)]
    query = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"
    body = await ask(FakeExchange(), query, {"ids": ids})
    kinds = ["Product", None, "Organization", None, "Product", "Product"]
    assert body["data"]["nodes"] == [
        {"__typename": kind, "id": id_} if kind else None for kind, id_ in zip(kinds, ids, strict=True)
    ]


@pytest.mark.parametrize("count", [0, 100, 101])
async def test_at_most_a_hundred_nodes(count):
    body = await ask(FakeExchange(), "query($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": ["x"] * count})
    if count <= 100:
        assert body == {"data": {"nodes": [None] * count}}
    else:
        assert "at most 100 nodes" in body["errors"][0]["message"]
        assert body["errors"][0]["extensions"]["code"] == "INVALID_INPUT"


@pytest.mark.parametrize("arguments", ["", '(id: "x", productId: "urn:a1:b")', "(id: null)"])
async def test_a_product_has_exactly_one_name(arguments):
    body = await ask(FakeExchange(), f"{{ product{arguments} {{ name }} }}")
    assert body["errors"][0]["message"] == "Give exactly one of id and productId."


@pytest.mark.parametrize(
    ("field", "says"),
    [
        ("contributions(first: 0) { sharePercent }", "first must be 1 to 1000; got 0"),
        ("contributions(first: 1001) { sharePercent }", "first must be 1 to 1000"),
        ("contributionsBy(grouping: TIER, first: 0) { sharePercent }", "first must be 1 to 1000; got 0"),
        ("elasticities(first: 1001) { reason }", "first must be 1 to 1000; got 1001"),
        ("topPaths(first: 101) { complete }", "first must be 1 to 100; got 101"),
        ("tree(depth: 21) { hiddenNodes }", "depth must be 0 to 20"),
        ("tree(cutoffPercent: -1) { hiddenNodes }", "cutoffPercent must be 0 to 100"),
        ("tree(maxNodes: 0) { hiddenNodes }", "maxNodes must be 1 to 1000"),
    ],
)
async def test_what_is_computed_has_bounds(field, says):
    body = await ask(FakeExchange(), f"{{ products {{ nodes {{ cradleToGate {{ ... on RollUp {{ {field} }} }} }} }} }}")
    assert says in body["errors"][0]["message"]
    assert body["errors"][0]["extensions"]["code"] == "INVALID_INPUT"


def bounded_arguments() -> list[tuple[str, str]]:
    """Every number that a field of a result takes."""
    return [
        (field, name)
        for field, value in fields_of("RollUp").items()
        for name, argument in value.args.items()
        if get_named_type(argument.type).name in {"Int", "Float"}
    ]


@pytest.mark.parametrize(("field", "argument"), bounded_arguments())
async def test_a_number_outside_its_bounds_is_an_error_at_its_field_for_every_field_alike(field: str, argument: str):
    """And no data: which product it was about is in the error's path."""
    grouping = "grouping: TIER, " if "grouping" in fields_of("RollUp")[field].args else ""
    asked = f"{field}({grouping}{argument}: -1) {{ __typename }}"
    body = await ask(
        FakeExchange(), f'{{ product(id: "{id_of(1)}") {{ cradleToGate {{ ... on RollUp {{ {asked} }} }} }} }}'
    )
    assert body["data"] == {"product": None}
    [error] = body["errors"]
    assert error["path"] == ["product", "cradleToGate", field]
    assert re.fullmatch(rf"{argument} must be \d+ to \d+; got -1(\.0)?\.", error["message"])
    assert (error["extensions"]["code"], error["extensions"]["retryable"]) == ("INVALID_INPUT", False)


async def test_null_for_an_optional_bound_is_its_default():
    query = """{ products(first: null, filter: null, orderBy: null) { nodes { cradleToGate(asOf: null) { ... on RollUp {
      contributions(first: null) { sharePercent } tree(depth: null, cutoffPercent: null, maxNodes: null) { hiddenNodes }
      contributionsBy(grouping: TIER, first: null) { tier } elasticities(first: null) { reason }
      topPaths(first: null) { complete }
    } } } } }"""
    assert "errors" not in await ask(FakeExchange(products=1), query)


@pytest.fixture(scope="module")
def published(server: ExchangeServer) -> ExchangeServer:
    publish_all(server)
    return server


def test_many_questions_at_once_get_what_each_gets_alone(published: ExchangeServer):
    total = (
        f'cradleToGate(asOf: "{example.AS_OF}") {{ ... on RollUp {{ pcfExcludingBiogenicUptake gaps {{ line }} }} }}'
    )
    questions = {
        "list": f"list: products(first: 100) {{ totalCount nodes {{ name access owner {{ name }} {total} }} }}",
        "names": f'names: products(filter: {{nameContains: "E"}}) {{ nodes {{ name {total} }} }}',
        "organizations": "organizations { nodes { name products { totalCount } } }",
        **{
            key: f'{key}: product(productId: "{example.urn(key)}") {{ name access {total} footprint {{ pfId }} }}'
            for key in example.OWNERS
        },
    }
    for viewer in ("car", "lease", "stranger", "anonymous"):
        client = published.client(viewer)
        alone: dict[str, Any] = {}
        for question in questions.values():
            alone |= client.query(f"{{ {question} }}")
        assert client.query(f"{{ {' '.join(questions.values())} }}") == alone
        assert client.query(f"{{ {' '.join(reversed(questions.values()))} }}") == alone


def test_half_a_surrogate_pair_is_refused_and_quoted(published: ExchangeServer):
    body = rb'{"query": "query($u: URN!) { product(productId: $u) { name } }", "variables": {"u": "urn:a1:\ud800"}}'
    answer = published.http.post("/graphql", content=body, headers={"content-type": "application/json"})
    assert answer.json()["errors"][0]["extensions"]["code"] == "INVALID_INPUT"
    filtered = rb'{"query": "query($t: String!) { products(filter: {nameContains: $t}) { totalCount } }", '
    answer = published.http.post(
        "/graphql", content=filtered + rb'"variables": {"t": "\ud800"}}', headers={"content-type": "application/json"}
    )
    assert answer.json().get("data") == {"products": {"totalCount": 0}} or "errors" in answer.json()
