"""How large a query may be. Attacks are measured by the work they cause, never by a clock."""

from typing import Any

import pytest
from graphql import GraphQLError, get_introspection_query, parse

from exchange.schema.documents import KEPT_CHARACTERS_MAX, Documents
from exchange.schema.limits import (
    COMMENTS_MAX,
    COST_MAX,
    DEPTH_MAX,
    FIELDS_MAX,
    LEXICAL_TOKENS_MAX,
    SOURCE_LENGTH_MAX,
    check_size,
    measure,
)
from exchange.schema.schema import core_schema
from tests.api.fakes import FakeExchange, ask, id_of


def size_error(query: str, variables=None) -> Any:
    try:
        check_size(parse(query), variables or {})
    except GraphQLError as error:
        return f"{(error.extensions or {})['code']}: {error.message}"
    return None


def unfolding(levels: int, spreads: int = 3) -> str:
    """Fragments that each spread the next one several times: `spreads` ** `levels` fields from little text."""
    aliases = "abcdefgh"[:spreads]
    each = "".join(
        f"fragment f{n} on Organization{{" + " ".join(f"{a}:group{{...f{n + 1}}}" for a in aliases) + "}"
        for n in range(levels)
    )
    return f"{{viewer{{organization{{...f0}}}}}}{each}fragment f{levels} on Organization{{name}}"


@pytest.mark.parametrize(("levels", "spreads"), [(10, 3), (18, 3), (18, 8)])
def test_fragments_that_unfold_are_measured_once_each(levels, spreads):
    attack = unfolding(levels, spreads)
    document: Any = parse(attack)
    with pytest.raises(GraphQLError, match="fields"):
        check_size(document, {})
    written = attack.count("group") + attack.count("...") + 3
    sizes = measure(document, {})
    sizes.selection_set(document.definitions[0].selection_set, 1)
    assert sizes.steps <= written + 2


async def test_the_attack_of_796_bytes_is_answered_at_once():
    attack = unfolding(10)
    assert len(attack) == 796
    exchange = FakeExchange()
    body = await ask(exchange, attack)
    assert [error["extensions"]["code"] for error in body["errors"]] == ["QUERY_TOO_LARGE"]
    assert not exchange.calls


def test_depth():
    def nested(levels: int) -> str:
        return "{viewer{organization" + "{group" * (levels - 3) + "{name}" + "}" * (levels - 3) + "}}"

    assert size_error(nested(DEPTH_MAX)) is None
    assert size_error(nested(DEPTH_MAX + 1)).startswith("QUERY_TOO_LARGE: The query is")
    chain = "".join(f"fragment f{n} on Organization{{group{{...f{n + 1}}}}}" for n in range(100))
    assert "levels deep" in size_error("{viewer{organization{...f0}}}" + chain + "fragment f100 on Organization{name}")
    inline = "{viewer" + "{...on Viewer" * 150 + "{scopes}" + "}" * 150 + "}"
    assert size_error(inline) is None


def test_aliases():
    def aliased(count: int) -> str:
        return "{" + " ".join(f"a{n}:viewer{{scopes}}" for n in range(count)) + "}"

    assert size_error(aliased(FIELDS_MAX // 2)) is None
    assert "fields" in size_error(aliased(FIELDS_MAX // 2 + 1))
    hundred = " ".join(
        f'p{n}:product(id:"{id_of(n)}"){{name cradleToGate{{...on RollUp{{lower upper digest}}}}}}' for n in range(100)
    )
    assert size_error("{" + hundred + "}") is None


def test_repeats():
    assert size_error("{viewer{" + "scopes " * 20 + "}}") is None
    assert "more than 20 times" in size_error("{viewer{" + "scopes " * 21 + "}}")


@pytest.mark.parametrize("page", ["first:100", "last: 100", "first: $n"])
def test_pages_within_pages_cost_their_product(page):
    inner = f"products({page}){{nodes{{name cradleToGate{{__typename}}}}}}"
    query = f"query($n:Int){{organizations({page}){{nodes{{{inner}}}}}}}"
    assert f"at most {COST_MAX}" in size_error(query, {"n": 100})
    assert size_error(query.replace(page, "first: 2"), {}) is None


def test_lists_without_a_page_cost_what_is_usual():
    query = "name"
    for _ in range(7):
        query = f"footprint{{lines{{product{{{query}}}}}}}"
    assert "fields; at most" in size_error(f'{{product(id:"x"){{{query}}}}}')


def test_what_people_ask_is_not_too_large():
    page = """{ products(first: 100) { totalCount nodes { name owner { name group { name } } cradleToGate {
      ... on RollUp { lower components { fossilGhgEmissions unspecified } dataQuality { temporalDQR }
      contributions(first: 20) { product { name owner { name } } ownEmissions sharePercent brokenDown }
      gaps { code line consumer { name } } } } } } }"""
    assert size_error(page) is None
    levels = "{product{name} totalEmissions children" * 10 + "{product{name}}" + "}" * 10
    assert size_error(f'{{product(id:"x"){{cradleToGate{{...on RollUp{{tree(depth:10){{root{levels}}}}}}}}}}}') is None
    introspection = get_introspection_query(
        specified_by_url=True, directive_is_repeatable=True, schema_description=True, input_value_deprecation=True
    )
    assert size_error(introspection) is None


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{viewer{...f}} fragment f on Viewer{...f}", "INVALID_QUERY"),
        ("{viewer{...f}} fragment f on Viewer{...g} fragment g on Viewer{...f}", "INVALID_QUERY"),
        ("{viewer{...unknown}}", "INVALID_QUERY"),
        ("{", "INVALID_QUERY"),
        ("{products(first: 99999999999){totalCount}}", "INVALID_INPUT"),
        ('{products(first: "ten"){totalCount}}', "INVALID_INPUT"),
        ("{__schema{types{fields{type{fields{type{fields{name}}}}}}}}", "QUERY_TOO_LARGE"),
        ("{viewer{scopes}} #" + "x" * SOURCE_LENGTH_MAX, "QUERY_TOO_LARGE"),
        ("{" + "viewer " * LEXICAL_TOKENS_MAX + "}", "QUERY_TOO_LARGE"),
        ("{a" * 5_000, "QUERY_TOO_LARGE"),
        ('{product(id:"' + "[" * 7_000, "INVALID_QUERY"),
        ("{product(id:" + "[" * 7_000, "QUERY_TOO_LARGE"),
        ("#\n" * (COMMENTS_MAX + 1) + "{viewer{scopes}}", "QUERY_TOO_LARGE"),
        ("\ufeff{viewer{scopes}}\x00", "INVALID_QUERY"),
        ('{product(id:"' + "x" * 100_000 + '") {nam}}', "INVALID_QUERY"),
    ],
)
async def test_bad_documents_are_refused_and_ask_nothing_of_the_graph(query, code):
    exchange = FakeExchange()
    body = await ask(exchange, query)
    assert "data" not in body
    assert {error["extensions"]["code"] for error in body["errors"]} == {code}
    if code == "QUERY_TOO_LARGE":
        assert "ask in several queries" in body["errors"][0]["message"]
    assert not exchange.calls


@pytest.mark.parametrize(
    "query",
    ["{viewer{scopes}} #".ljust(SOURCE_LENGTH_MAX, "x"), "#\n" * COMMENTS_MAX + "{viewer{scopes}}"],
    ids=["characters", "comments"],
)
async def test_documents_up_to_a_limit_are_answered(query):
    assert await ask(FakeExchange(), query) == {"data": {"viewer": {"scopes": []}}}


async def test_what_is_kept_of_documents_is_bounded():
    documents = Documents(core_schema())
    first = "{viewer{scopes}} #" + "first"
    document, _ = documents.read(first, {})
    assert documents.read(first, {})[0] is document
    for number in range(40):
        documents.read("{viewer{scopes}} #" + f"{number}".rjust(15_000, "x"), {})
    assert documents._kept_characters <= KEPT_CHARACTERS_MAX
    assert sum(map(len, documents._kept)) == documents._kept_characters
    assert documents.read(first, {})[0] is not document
    documents.read("{viewer{scopes}} #" + "y" * 100_000, {})
    assert documents._kept_characters <= KEPT_CHARACTERS_MAX
