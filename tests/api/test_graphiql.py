"""The page to ask on: served to browsers, from this server alone, with examples that run on the demo data."""

from __future__ import annotations

import re

import httpx
import pytest
from graphql import OperationDefinitionNode, parse, validate
from starlette.applications import Starlette

import seed
from exchange.model.parties import ANONYMOUS
from exchange.schema import graphql_routes
from exchange.schema.limits import check_size
from exchange.schema.schema import core_schema
from exchange.web.graphiql import LIBRARY, OURS, graphiql_page, graphiql_routes
from exchange.web.not_found import EXCEPTION_HANDLERS
from tests.api.fakes import FakeExchange

BROWSER = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


async def anybody(_: str | None):
    return ANONYMOUS


def client() -> httpx.AsyncClient:
    exchange: object = FakeExchange()
    routes = [*graphql_routes(exchange, anybody, graphiql_page()), *graphiql_routes()]  # type: ignore[arg-type]
    app = Starlette(routes=routes, exception_handlers=EXCEPTION_HANDLERS)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://exchange")


async def read(path: str, headers=None) -> httpx.Response:
    async with client() as http:
        return await http.get(path, headers=headers)


async def test_a_browser_gets_the_page_and_a_program_does_not():
    page = await read("/graphql", BROWSER)
    assert page.headers["content-type"].startswith("text/html")
    program = await read("/graphql", {"accept": "application/json"})
    assert program.status_code == 400
    question = await read("/graphql?query={viewer{scopes}}", BROWSER)
    assert question.json() == {"data": {"viewer": {"scopes": []}}}


async def test_everything_the_page_loads_is_served_here():
    page = await read("/graphql", BROWSER)
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert [path for path in loaded if path != "data:,"]
    assert not [path for path in loaded if not path.startswith(("/graphiql/", "data:"))]
    start = await read("/graphiql/start.js")
    paths = {path for path in loaded if path.startswith("/")} | set(re.findall(r'"(/graphiql/[^"]+)"', start.text))
    assert {path.removeprefix("/graphiql/") for path in paths} == set(LIBRARY) | set(OURS)
    for path in paths:
        answer = await read(path)
        assert answer.status_code == 200
        assert answer.content


async def test_nothing_is_loaded_from_elsewhere():
    policy = (await read("/graphql", BROWSER)).headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "http" not in policy
    assert "unsafe-eval" not in policy
    for name in OURS:
        assert "://" not in (await read(f"/graphiql/{name}")).text
    assert "url(http" not in (await read("/graphiql/graphiql.min.css")).text


@pytest.mark.parametrize("name", ["nothing.js", "..%2f__init__.py", "index.html", "fetch.umd.js", "%2e%2e/graphiql.py"])
async def test_other_files_are_not_served(name):
    assert (await read(f"/graphiql/{name}")).status_code == 404


async def examples() -> list[str]:
    text = (await read("/graphiql/examples.graphql")).text
    return [query for query in re.split(r"(?m)^#{20,}$", text) if query.strip()]


async def test_the_examples_are_three_questions_about_public_products_of_the_demo():
    found = await examples()
    assert len(found) == 3
    data = seed.load()
    public = {grant.product for grant in data.grants if grant.to == "public"}
    known = {product.product_id for product in data.products if product.key in public}
    for query in found:
        document = parse(query)
        assert not validate(core_schema(), document)
        check_size(document, {})
        assert [type(definition) for definition in document.definitions] == [OperationDefinitionNode]
        assert set(re.findall(r'asOf: "([^"]+)"', query)) == {seed.AS_OF.isoformat()}
        assert set(re.findall(r'productId: "([^"]+)"', query)) <= known


async def test_the_headers_begin_empty():
    # A placeholder that is no JSON would break every question.
    start = (await read("/graphiql/start.js")).text
    assert 'defaultHeaders: "{}"' in start
    assert 'headers: "{}"' in start
