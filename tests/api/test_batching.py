"""Products that are asked for together are rolled up together: one closure read and one solve for a page."""

import pytest

from tests.api.fakes import FakeExchange, ask, id_of, product

TOTAL = "... on RollUp { pcfExcludingBiogenicUptake product { name owner { name group { name } } } }"


def check_calls(exchange: FakeExchange, **expected: int) -> None:
    assert {name: exchange.calls[name] for name in expected} == expected


async def test_a_page_is_one_roll_up():
    exchange = FakeExchange(products=150)
    query = f'{{ products(first: 100) {{ nodes {{ name cradleToGate(asOf: "2026-06-30") {{ {TOTAL} }} }} }} }}'
    body = await ask(exchange, query)
    assert "errors" not in body
    totals = [node["cradleToGate"]["pcfExcludingBiogenicUptake"] for node in body["data"]["products"]["nodes"]]
    assert totals == [str(key) for key in range(100)]
    check_calls(exchange, session=1, list_products=1, roll_up=1, organizations=1, products_by_key=0, confirm=1)


async def test_many_products_by_name_are_one_roll_up():
    exchange = FakeExchange(products=60)
    by_id = [f'i{key}: product(id: "{id_of(key)}") {{ cradleToGate {{ {TOTAL} }} }}' for key in range(30)]
    urns = {key: product(key).product.product_ids[0] for key in range(30, 60)}
    by_urn = [f'u{key}: product(productId: "{urn}") {{ cradleToGate {{ {TOTAL} }} }}' for key, urn in urns.items()]
    nodes = f'nodes(ids: ["{id_of(3)}", "{id_of(4)}"]) {{ ... on Product {{ cradleToGate {{ {TOTAL} }} }} }}'
    body = await ask(exchange, "{" + " ".join(by_id + by_urn) + nodes + "}")
    assert "errors" not in body
    assert len(body["data"]) == 61
    check_calls(exchange, roll_up=1, products=1, products_by_urn=1)


async def test_other_dates_are_another_roll_up():
    exchange = FakeExchange()
    query = """{ products { nodes { a: cradleToGate(asOf: "2026-06-30") { __typename }
      b: cradleToGate(asOf: "2025-06-30") { __typename } c: cradleToGate(asOf: "2026-06-30") { __typename } } } }"""
    assert "errors" not in await ask(exchange, query)
    check_calls(exchange, roll_up=2)


async def test_what_a_result_names_is_read_together():
    exchange = FakeExchange()
    query = """{ products { nodes { cradleToGate { ... on RollUp {
      contributions { product { name owner { name } } } tree { root { product { name } } } } } } } }"""
    assert "errors" not in await ask(exchange, query)
    check_calls(exchange, roll_up=1, products_by_key=0, organizations=1)


async def test_a_refused_product_names_only_visible_members():
    exchange = FakeExchange(refused=frozenset({1}))
    query = "{ products { nodes { cradleToGate { __typename ... on RollUpRefused { code members { name } } } } } }"
    body = await ask(exchange, query)
    refused = body["data"]["products"]["nodes"][1]["cradleToGate"]
    assert refused == {
        "__typename": "RollUpRefused",
        "code": "LOOP_WITHOUT_ANSWER",
        "members": [{"name": "Product 1"}],
    }


@pytest.mark.parametrize(("unsteady", "sessions"), [(0, 1), (1, 2), (2, 3)])
async def test_an_answer_whose_rights_changed_is_prepared_again(unsteady, sessions):
    exchange = FakeExchange(unsteady=unsteady)
    body = await ask(exchange, "{ products { totalCount } }")
    assert body == {"data": {"products": {"totalCount": 10}}}
    check_calls(exchange, session=sessions, list_products=sessions, confirm=sessions)


async def test_rights_that_keep_changing_are_said_to():
    exchange = FakeExchange(unsteady=10)
    body = await ask(exchange, "{ products { totalCount } }")
    assert body["errors"][0]["extensions"] == {
        "code": "STORE_UNAVAILABLE",
        "retryable": True,
        "requestId": "request-1",
    }
    assert "data" not in body
    check_calls(exchange, confirm=3)
