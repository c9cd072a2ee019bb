"""The planned executor answers as graphql-core's own does, to whatever is asked, errors included."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from typing import Any

import pytest
from graphql import (
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLUnionType,
    execute,
    get_named_type,
    parse,
    validate,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from exchange.model.parties import ANONYMOUS
from exchange.schema.loaders import Loaders
from exchange.schema.planned import PlannedExecutor, _plain
from exchange.schema.products import Product
from exchange.schema.schema import core_schema
from exchange.schema.work import Work
from tests.api.fakes import FakeExchange, id_of

# What the fake exchange cannot answer.
LEFT_OUT = {
    "alliance",
    "alliances",
    "accessOf",
    "compare",
    "grantPreview",
    "memberships",
    "audit",
    "whatIf",
    "footprint",
    "footprints",
    "grants",
    "refusedLoops",
    "organization",
    "organizations",
    "node",
    "nodes",
}
ARGUMENTS = {
    "Query.product": f'(id: "{id_of(2)}")',
    "Query.products": "(first: 3)",
    "RollUp.contributions": "(first: 2)",
    "RollUp.contributionsBy": "(grouping: TIER)",
    "RollUp.monteCarlo": "(samples: 100)",
}
DEPTH_MAX = 5


@st.composite
def selections(draw: st.DrawFn, kind: Any, depth: int = 0) -> str:
    """A selection set on a type: some of its fields, in any order, under other names or twice."""
    if isinstance(kind, GraphQLUnionType):
        return (
            "{ __typename " + " ".join(f"... on {m.name} {draw(selections(m, depth + 1))}" for m in kind.types) + " }"
        )
    fields = [name for name in kind.fields if name not in LEFT_OUT]
    if depth >= DEPTH_MAX:
        fields = [name for name in fields if isinstance(get_named_type(kind.fields[name].type), GraphQLScalarType)]
    chosen = draw(st.lists(st.sampled_from(["__typename", *fields]), min_size=1, max_size=4))
    written = []
    for number, name in enumerate(chosen):
        alias = f"{kind.name}{number}: " if draw(st.booleans()) or chosen.count(name) > 1 else ""
        below = get_named_type(kind.fields[name].type) if name in kind.fields else None
        deeper = isinstance(below, GraphQLObjectType | GraphQLUnionType)
        written.append(
            alias
            + name
            + ARGUMENTS.get(f"{kind.name}.{name}", "")
            + (" " + draw(selections(below, depth + 1)) if deeper else "")
        )
    return "{ " + " ".join(written) + " }"


async def run(exchange: Any, query: str, executor: type[Any]) -> tuple[Any, list[Any]]:
    work = await Work.begin(exchange, ANONYMOUS, Loaders)
    found = execute(core_schema(), parse(query), context_value=work, executor_class=executor)
    result = await found if inspect.isawaitable(found) else found
    return result.data, [(error.message, error.path) for error in result.errors or []]


def check_same(query: str, make: Callable[[], FakeExchange]) -> list[Any]:
    """Both executors answer alike, in the same order of fields; returns the errors."""
    assert not validate(core_schema(), parse(query)), query
    planned = asyncio.run(run(make(), query, PlannedExecutor))
    ordinary = asyncio.run(run(make(), query, StrawberryGraphQLCoreExecutionContext))
    assert planned == ordinary
    assert str(planned) == str(ordinary)
    return planned[1]


@settings(max_examples=100)
@given(query=selections(core_schema().query_type), refused=st.frozensets(st.integers(0, 3)))
def test_whatever_is_asked_is_answered_alike(query, refused):
    assert check_same(query, lambda: FakeExchange(products=4, refused=refused)) == []


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        ({"name": None}, "non-nullable"),
        ({"name": 5.5}, None),
        ({"name": object()}, "String"),
        ({"product_ids": None}, "non-nullable"),
        ({"product_ids": ["a", None]}, "non-nullable"),
        ({"product_ids": "abc"}, "Iterable"),
        ({"access": "EVERYTHING"}, "EVERYTHING"),
        ({"access": None}, "non-nullable"),
        ({"description": None}, None),
    ],
)
def test_what_is_damaged_is_said_alike(damage, message, monkeypatch):
    whole = Product.of

    def damaged(answer):
        product = whole(answer)
        for name, value in damage.items():
            setattr(product, name, value)
        return product

    monkeypatch.setattr(Product, "of", damaged)
    query = "{ products(first: 2) { nodes { __typename name description productIds access } } }"
    errors = check_same(query, FakeExchange)
    assert bool(errors) == (message is not None)
    assert message is None or message in errors[0][0]


def test_plain_fields_are_planned():
    for kind, name in (("Product", "name"), ("Product", "access"), ("RollUp", "lower"), ("Product", "classifications")):
        described: Any = core_schema().type_map[kind]
        assert _plain(described.fields[name]) is not None
    for kind, name in (("Product", "owner"), ("RollUp", "digest"), ("RollUp", "components"), ("Query", "viewer")):
        described = core_schema().type_map[kind]
        assert _plain(described.fields[name]) is None
