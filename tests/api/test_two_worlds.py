"""Two worlds that show a viewer the same facts answer every question over HTTP with the same bytes.

Two stores, each with one world of every pair (tests/access/pairs.py); the questions come from walking the schema.
What the server makes up (ids, and digests over them) is numbered by first appearance, cursors are looked into.
"""

from __future__ import annotations

import contextlib
import difflib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest

from exchange.config import Settings
from exchange.model.parties import ROLE_SCOPES, Role, Scope
from exchange.schema.ids import global_id
from tests.access.granted_facts import granted_facts, levels
from tests.access.pairs import ALLIANCES, CHANGES, Plan, changed, random_plan, spread
from tests.api.exchange_server import ApiClient, ExchangeServer, serving
from tests.api.plans import PublishedPlan
from tests.api.schema_walk import AS_OF, Normal, all_ids, decoded, node_query, node_types, selection
from tests.embedded_databases import EmbeddedDatabases
from tests.rollup.check import instant

WRITTEN_US, ASKED_US = instant("2026-06-29"), instant("2026-07-02")
CLOSING = "2026-06-30"
# Seeds of plans with the changes that make the other world, so that each change is there. The loops of a plan have to
# pass admission, which not every seed's do.
PAIRS: dict[int, list[str]] = {
    1: ["loop", "split_a_line", "add_a_gap", "grant_to_others_customers"],
    3: ["shift_a_day", "add_unrelated", "change_owner", "grant_to_others_customers"],
    11: ["change_owner", "leave_unknown", "split_a_line"],
    16: ["change_owner", "other_gap", "grant_among_others"],
    54: ["stand_in", "add_unrelated", "split_a_line"],
    63: ["add_a_gap", "move_into_direct", "add_unrelated"],
    86: ["redescribe", "reorder", "grant_among_others"],
    101: ["consent", "ally_among_others", "share_with_other_allies", "grant_to_others_customers"],
    102: ["consent", "ally_among_others", "share_with_other_allies"],
}
# Where the changes leave the shown spreads as they are, most numbers have one. In the other world, whoever is not the
# viewer states it by scores.
SPREAD = PAIRS.keys() - {1, 11}
SCOPES = ROLE_SCOPES[Role.ADMINISTRATOR]  # who is told most of its own organization
KEY = "5f0c6f0e-51b5-4f4e-9a39-0f1c8a1b7d10"


@dataclass
class Sides:
    """The two servers, and for each pair the viewer's client on either."""

    servers: tuple[ExchangeServer, ExchangeServer]
    viewers: dict[int, tuple[ApiClient, ApiClient]]
    plans: dict[int, tuple[PublishedPlan, PublishedPlan]]


def pair(seed: int) -> tuple[Plan, Plan]:
    plan = random_plan(Random(seed), products=9)
    other, done = changed(Random(seed), plan, PAIRS[seed])
    assert done == PAIRS[seed]
    return (spread(plan), spread(other)) if seed in SPREAD else (plan, other)


def organizations(*plans: Plan) -> list[str]:
    """Every organization that any of them knows: signed-in callers see them all."""
    owners = {planned.owner for plan in plans for planned in plan.products.values()}
    grantees = {to for plan in plans for _, to, _, _ in plan.grants if to is not None and to not in ALLIANCES}
    allies = {organization for plan in plans for _, organization, _ in plan.members}
    return sorted(owners | grantees | allies | {"viewer", "convener"})


@pytest.fixture(scope="module")
def sides(settings: Settings, embedded_databases: EmbeddedDatabases) -> Iterator[Sides]:
    now = [WRITTEN_US]
    with contextlib.ExitStack() as stack:
        second = Settings(graph_uri=f"embedded:{stack.enter_context(embedded_databases.empty()).directory}")
        one, two = (stack.enter_context(serving(each, clock=lambda: now[0])) for each in (settings, second))
        made = Sides((one, two), {}, {})
        known: tuple[dict[str, str], dict[str, str]] = ({}, {})
        for seed in PAIRS:
            one_of, other = pair(seed)
            published = (
                PublishedPlan(one, one_of, str(seed), known[0]),
                PublishedPlan(two, other, str(seed), known[1], by_scores=True),
            )
            for each in published:
                each.publish(organizations(one_of, other))
            made.plans[seed] = published
        now[0] = ASKED_US
        for server in (one, two):  # of no set there are six groups: all that is told is that there are too few
            operator = server.add_organization("operator", scopes=frozenset(Scope))
            assert operator.done("publishBenchmarks", {"closing": CLOSING}, "newEditions")["newEditions"] == 0
        for seed, (one_plan, two_plan) in made.plans.items():
            made.viewers[seed] = client_of(one_plan), client_of(two_plan)
        yield made


def client_of(published: PublishedPlan) -> ApiClient:
    """The plan's viewer; one token for each organization."""
    server, viewer = published.server, published.plan.viewer
    if viewer is None:
        return server.client("anonymous")
    name = published.organization(viewer)
    if name not in server.clients:
        made = published.ids[viewer]
        server.clients[name] = ApiClient(server.http, server.token(made, SCOPES), global_id("Organization", made))
    return server.clients[name]


PRODUCT = f"query ($id: ID!) {{ product(id: $id) {selection('Product')} }}"
DATES = """query ($id: ID!, $asOf: Date, $knownAt: DateTime) { product(id: $id) {
  footprint(asOf: $asOf, knownAt: $knownAt) { pfId status lines { number amount product { id } } }
  cradleToGate(asOf: $asOf, knownAt: $knownAt) {
    __typename ... on RollUpRefused { code message members { id } }
    ... on RollUp { pcfExcludingBiogenicUptake lower upper validUntil hasGaps digest }
  } } }"""
OTHER_DATES = [
    {"asOf": "2025-06-01"},
    {"asOf": "2027-03-21"},
    {"asOf": "2040-01-01"},
    {"asOf": AS_OF, "knownAt": "2026-06-28T00:00:00Z"},
    {"asOf": AS_OF, "knownAt": "2027-01-01T00:00:00Z"},
]
# Of the viewer's own process every kind of change; whatever is wrong with it has to be wrong in both worlds.
WHAT_IF = f"""query ($id: ID!, $scenarios: [ScenarioInput!]!) {{ product(id: $id) {{
  whatIf(scenarios: $scenarios, asOf: "{AS_OF}") {selection("WhatIfResult", ("Product",))} }} }}"""
PLACES = f"""query ($id: ID!) {{ alliances(first: 20) {{ nodes {{ name
  benchmarkPlaces(product: $id, asOf: "{AS_OF}") {selection("BenchmarkPlace")} }} }} }}"""
COMPARE = f"""query ($one: ID!, $other: ID!) {{
  compare(product: $one, other: $other, asOf: "{AS_OF}") {selection("Comparison", ("Product", "Footprint"))} }}"""
ACCESS = f"""query ($id: ID!, $other: ID!) {{
  product(id: $id) {{
    accessOf(organization: $other, asOf: "{AS_OF}") {selection("ProductAccess", ("Product",))} }} }}"""
PREVIEW = f"""query ($input: GrantAccessInput!, $other: ID!) {{ grantPreview(input: $input) {{ __typename
  ... on GrantPreview {{
    productCount reachCount consequences {{ code severity message organization {{ id }} product {{ id }} }}
    accessOf(organization: $other, asOf: "{AS_OF}") {selection("ProductAccess", ("Product",))} }} }} }}"""
OWN_SUPPLY = {"own": {"emissions": {"fossilGhgEmissions": "0.25"}, "unit": "KILOGRAM"}}
LISTS = [
    f"{{ viewer {selection('Viewer')} }}",
    f"{{ products(first: 20) {selection('ProductConnection')} }}",
    f"{{ organizations(first: 20) {selection('OrganizationConnection')} }}",
    f"{{ alliances(first: 20) {selection('AllianceConnection')} }}",
    *(
        f"{{ products(first: 100, {arguments}) {{ totalCount nodes {{ id name access }} }} }}"
        for arguments in (
            "orderBy: {field: NAME, direction: DESC}",
            "orderBy: {field: CREATED_AT}",
            "orderBy: {field: CREATED_AT, direction: DESC}",
            'filter: {nameContains: "P1"}',
            'filter: {nameContains: "unrelated"}',
            'filter: {nameContains: "standin"}',
            'filter: {classification: "urn:pact:x.example:y"}',
        )
    ),
]
# Refused, before and after a quarter that is published, and for one that is not.
QUARTERS = [
    f"mutation {{ publishBenchmarks(input: {{ {closing} }}) {selection('PublishBenchmarksResult')} }}"
    for closing in ("", f'closing: "{CLOSING}"', 'closing: "2026-06-29"', 'closing: "2030-12-31"')
]
PAGES = """query ($order: ProductOrder, $after: String, $first: Int) {
  products(first: $first, after: $after, orderBy: $order) {
  totalCount edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""


def everything(client: ApiClient, urns: list[str], tag: str) -> Iterator[dict[str, Any]]:
    """All answers: lists, every page of them with its cursors, every visible product of this pair, and ids of each
    kind that came up."""
    found = [client.answer(query) for query in (*LISTS, *QUARTERS)]
    for order in ({"field": "NAME"}, {"field": "CREATED_AT"}, {"field": "CREATED_AT", "direction": "DESC"}):
        found += pages(client, order)
    products = client.query(f'{{ products(first: 100, filter: {{nameContains: " {tag}"}}) {{ nodes {{ id }} }} }}')
    found += [client.answer(f'{{ product(productId: "{urn}") {{ id name }} }}') for urn in urns]
    for product in products["products"]["nodes"]:
        found.append(client.answer(PRODUCT, {"id": product["id"]}))
        found.append(client.answer(PLACES, {"id": product["id"]}))
    for product, dates in itertools.product(products["products"]["nodes"][:4], OTHER_DATES):
        found.append(client.answer(DATES, {"id": product["id"], **dates}))
    shown = [product["id"] for product in products["products"]["nodes"]]
    for one, other in itertools.pairwise([*shown, *shown[:1]]):
        found.append(client.answer(COMPARE, {"one": one, "other": other}))
    for product in products["products"]["nodes"]:
        found += what_ifs(client, product, urns)
    others = ids_of_organizations(client, tag)[:8] if client.token else []
    for product, other in itertools.product(products["products"]["nodes"], others):
        found.append(client.answer(ACCESS, {"id": product["id"], "other": other}))
        given = {"idempotencyKey": KEY, "product": product["id"], "to": {"organization": other}, "level": "INPUTS"}
        found.append(client.answer(PREVIEW, {"input": given, "other": other}))
    yield from found
    known = sorted({each for answer in found for each in all_ids(answer) if " " not in each}, key=first_seen(found))
    kinds = {kind: [each for each in known if kind in decoded_kind(each)] for kind in node_types() if kind != "Product"}
    for kind, ids in kinds.items():
        for each in ids[:5]:
            yield client.answer(node_query(kind), {"id": each})


def ids_of_organizations(client: ApiClient, tag: str) -> list[str]:
    """Of this pair: owners and grantees, in the order of names."""
    found = client.query("{ organizations(first: 100) { nodes { id name } } }")["organizations"]["nodes"]
    return [each["id"] for each in found if each["name"].lower().endswith(f"x{tag}co")]


def what_ifs(client: ApiClient, product: dict[str, str], urns: list[str]) -> Iterator[dict[str, Any]]:
    """One product's own lines, each with another amount and divided, and from each product of the pair in turn."""
    lines = "query ($id: ID!) { product(id: $id) { access footprint { kind lines { number } } } }"
    shown = client.query(lines, {"id": product["id"]})["product"]
    numbers = [line["number"] for line in ((shown["footprint"] or {}).get("lines") or [])]
    own: dict[str, Any] = {"product": {"id": product["id"]}}
    direct = [{"stage": "MANUFACTURING", "components": {"fossilGhgEmissions": "2"}}]
    changes: list[dict[str, Any]] = [{"direct": {**own, "direct": direct}}]
    for number in numbers[:3]:
        line = {**own, "line": number}
        changes.append({"line": {**line, "amount": "0.3"}})
        changes.append({"shareOfLine": {**line, "percent": "40", "by": OWN_SUPPLY}})
        changes += [{"line": {**line, "supplier": {"productId": urn}}} for urn in urns]
    changes += [{"replaceSupplier": {"supplier": {"productId": urn}, "by": OWN_SUPPLY}} for urn in urns]
    if shown["access"] != "OWNER":
        changes = changes[:3]
    for change in changes:
        yield client.answer(WHAT_IF, {"id": product["id"], "scenarios": [{"changes": [change]}]})


def pages(client: ApiClient, order: dict[str, str]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    after = None
    while True:
        found.append(client.answer(PAGES, {"order": order, "after": after, "first": 8}))
        info = found[-1]["data"]["products"]["pageInfo"]
        if not info["hasNextPage"]:
            return found
        after = info["endCursor"]


def first_seen(answers: list[dict[str, Any]]):
    order = list(dict.fromkeys(each for answer in answers for each in all_ids(answer)))
    places = {each: place for place, each in enumerate(order)}
    return places.__getitem__


def decoded_kind(text: str) -> str:
    return decoded(text).removeprefix("base64:").partition(":")[0]


def written(answers: Iterator[dict[str, Any]]) -> list[str]:
    normal = Normal()
    return [normal.text(answer) for answer in answers]


def test_every_change_is_among_the_pairs_and_shows_the_same_facts() -> None:
    assert {name for names in PAIRS.values() for name in names} == set(CHANGES)
    for seed in PAIRS:
        plan, other = pair(seed)
        assert granted_facts(plan.world(), plan.viewer) == granted_facts(other.world(), plan.viewer), seed


@pytest.mark.parametrize("seed", PAIRS)
def test_both_worlds_answer_with_the_same_bytes(sides: Sides, seed: int) -> None:
    one, two = sides.viewers[seed]
    names = [*sides.plans[seed][0].plan.products, *sides.plans[seed][1].plan.products, "nobody0", "nobody4"]
    urns = [sides.plans[seed][0].urn(name) for name in dict.fromkeys(names)]
    first, second = written(everything(one, urns, str(seed))), written(everything(two, urns, str(seed)))
    assert first, "nothing was asked"
    for left, right in zip(first, second, strict=True):
        assert left == right, "\n".join(difflib.unified_diff(left.splitlines(), right.splitlines(), n=4, lineterm=""))


@pytest.mark.parametrize("seed", PAIRS)
def test_the_questions_reach_every_product_that_is_shown(sides: Sides, seed: int) -> None:
    plan = pair(seed)[0]
    shown = {f"{name} {seed}" for name, level in levels(plan.world(), plan.viewer).items() if level}
    found = sides.viewers[seed][0].query("{ products(first: 100) { nodes { name } } }")["products"]["nodes"]
    assert {each["name"] for each in found if each["name"].endswith(f" {seed}")} == shown


def test_the_worlds_do_differ(sides: Sides) -> None:
    """For whoever sees everything."""
    ids = [server.ledger_head() for server in sides.servers]
    assert ids[0] != ids[1]


def test_in_the_other_world_others_state_scores(sides: Sides) -> None:
    """For whoever sees everything: the operator reads as the owner."""
    stated = []
    for server in sides.servers:
        rows = server.run(lambda exchange: exchange.store._raw.read(SCORED))
        stated.append([count for [count] in rows])
    assert stated[0] == [0]
    assert stated[1][0] > 10


SCORED = """MATCH (f:Footprint)
WHERE f.pedigree IS NOT NULL OR f.directPedigree IS NOT NULL OR f.lineExtras CONTAINS 'edigree' RETURN count(f)"""
