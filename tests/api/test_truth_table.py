"""Who is shown which field, and who may do what: every relation with every field, over HTTP on a real store.

What is expected stands in docs/permissions.md, in two tables that people read; a field of the schema that has no row
there fails. "Shown" means: exactly what the owner is shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from graphql import GraphQLObjectType, get_named_type

from exchange.config import Settings
from exchange.model.parties import Scope
from exchange.rollup import read_explain_file, verify
from exchange.schema.schema import core_schema
from tests.api.callers import Callers
from tests.api.exchange_server import ApiClient, new_key, serving
from tests.api.graph_dump import dump
from tests.api.schema_walk import SOMEBODY, fields_of, selection
from tests.api.shared_world import OWNERS, RELATIONS, WRITTEN_US, SharedWorld, caller_of, footprint, urn
from tests.docs.documents import document

FIELDS = "| field | TOTAL | BREAKDOWN | INPUTS | OWNER |"
ACTIONS = "| action | permission | anonymous | none | TOTAL | BREAKDOWN | INPUTS | OWNER | operator |"
TYPES = ("Product", "Footprint", "RollUp")
QUESTION = f"query ($id: ID!) {{ product(id: $id) {selection('Product')} }}"


@cache
def fields() -> dict[str, dict[str, str]]:
    """What each level is shown of each field."""
    rows = document("docs/permissions.md").table(FIELDS)
    return {row[0].strip("`"): dict(zip(FIELDS.strip("| ").split(" | ")[1:], row[1:], strict=True)) for row in rows}


@cache
def actions() -> dict[str, dict[str, str]]:
    rows = document("docs/permissions.md").table(ACTIONS)
    return {row[0].strip("`"): dict(zip(ACTIONS.strip("| ").split(" | ")[1:], row[1:], strict=True)) for row in rows}


@pytest.fixture(scope="module")
def world(settings: Settings) -> Iterator[SharedWorld]:
    clock = [WRITTEN_US]
    with serving(settings, clock=lambda: clock[0]) as server:
        yield SharedWorld(Callers(server), clock).build()


@pytest.fixture(scope="module")
def asked(world: SharedWorld):
    """The product of a relation as its viewer is shown it, in whole, or as its owner is."""
    question = QUESTION.replace(SOMEBODY, world.callers.organization("inputs"))

    @cache
    def ask(relation: str) -> dict[str, Any] | None:
        name, _ = RELATIONS[relation]
        found: dict[str, Any] | None = world.client(relation).query(question, {"id": world.products[name]})["product"]
        return found

    @cache
    def ask_owner(name: str) -> dict[str, Any]:
        client = world.callers.client(OWNERS[name])
        found: dict[str, Any] = client.query(question, {"id": world.products[name]})["product"]
        return found

    return ask, ask_owner


def part(product: dict[str, Any] | None, name: str) -> Any:
    """The value of `Type.field` in what was answered of a product."""
    if product is None:
        return None
    kind, field = name.split(".")
    inside = {"Product": product, "Footprint": product["footprint"], "RollUp": product["cradleToGate"]}[kind]
    return inside[field]


SCHEMA_FIELDS = [f"{kind}.{field}" for kind in TYPES for field in fields_of(kind)]
# Asked for whole, and different in what is inside of them: it has rows of its own.
WHOLE = {"Product.footprint", "Product.footprints", "Product.cradleToGate", "Product.grants"}


@pytest.mark.parametrize("relation", RELATIONS)
@pytest.mark.parametrize("kind", TYPES)
def test_each_field_is_shown_as_the_table_says(asked, kind: str, relation: str) -> None:
    ask, ask_owner = asked
    product, level = RELATIONS[relation]
    given, owned = ask(relation), ask_owner(product)
    if level == "none":
        assert given is None
        return
    assert given is not None
    for name in SCHEMA_FIELDS:
        if name.startswith(f"{kind}."):
            cell = fields()[name]["OWNER" if level == "operator" else level]
            value, of_owner = part(given, name), part(owned, name)
            if level not in {"OWNER", "operator"}:
                assert scores(value) <= {None}
                of_owner = without_scores(of_owner)
            if name != "Product.access":
                value, of_owner = without_access(value), without_access(of_owner)
            CELLS[cell](value, of_owner, name, relation, given)


def without_access(value: Any) -> Any:
    """The level on a product that an answer leads to is the viewer's own, and when lines were last read depends on when
    one asks: these tests read them."""
    if isinstance(value, dict):
        return {name: without_access(inner) for name, inner in value.items() if name not in {"access", "lastUsed"}}
    return [without_access(inner) for inner in value] if isinstance(value, list) else value


SCORES = {"pedigree", "directPedigree"}


def scores(value: Any) -> set[str | None]:
    """What stands in every place of an answer that has room for pedigree scores."""
    if isinstance(value, dict):
        here = {None if inner is None else str(inner) for name, inner in value.items() if name in SCORES}
        return here.union(*map(scores, value.values()))
    return set().union(*map(scores, value)) if isinstance(value, list) else set()


def without_scores(value: Any) -> Any:
    """What an owner states of its sources is its own, wherever it stands."""
    if isinstance(value, dict):
        return {name: None if name in SCORES else without_scores(inner) for name, inner in value.items()}
    return [without_scores(inner) for inner in value] if isinstance(value, list) else value


def test_every_place_of_scores_has_a_row_that_says_whose_they_are(asked) -> None:
    """And its owner, and the operator, are shown them there."""
    _, ask_owner = asked
    places = {
        f"{kind.name}.{field}"
        for kind in core_schema().type_map.values()
        if isinstance(kind, GraphQLObjectType)
        for field, each in kind.fields.items()
        if get_named_type(each.type).name == "Pedigree"
    }
    assert places == {"Line.pedigree", "FallbackLine.pedigree", "DeclaredFootprint.pedigree"} | {
        "ModelledFootprint.directPedigree"
    }
    for place in places:
        assert fields()[place] == {"TOTAL": "null", "BREAKDOWN": "null", "INPUTS": "null", "OWNER": "yes"}
    widget, leaf = ask_owner("widget")["footprint"], ask_owner("leaf")["footprint"]
    of_line, of_fallback = (each["pedigree"] for each in (widget["lines"][0], widget["lines"][1]["fallback"]))
    found = (of_line, of_fallback, widget["modelled"]["directPedigree"], leaf["declared"]["pedigree"])
    assert [each["basicGeometricStandardDeviation"] for each in found] == ["1.05", "1.2", "1.1", "1.3"]
    ask, _ = asked
    assert ask("operator")["footprint"]["lines"][0]["pedigree"] == of_line


def shown(value: Any, owned: Any, name: str, relation: str, given: dict[str, Any]) -> None:
    level = RELATIONS[relation][1]
    if name == "Product.access":
        assert value == level.replace("operator", "OWNER")
    elif name in WHOLE:
        assert value is not None
    else:
        assert value == owned


def hidden(value: Any, owned: Any, name: str, relation: str, given: dict[str, Any]) -> None:
    assert value is None


def empty(value: Any, owned: Any, name: str, relation: str, given: dict[str, Any]) -> None:
    assert value == []


def conditional(value: Any, owned: Any, name: str, relation: str, given: dict[str, Any]) -> None:
    """Direct emissions and stages: where every line is visible; lines: those that are."""
    product = RELATIONS[relation][0]
    if product == "leaf":
        assert value == owned
    elif name == "Footprint.lines":
        seen = [line for line in owned if line["number"] in SEEN_LINES[relation]]
        assert value == [{**line, "number": number} for number, line in enumerate(seen, 1)]
    else:
        assert value == (owned if relation in {"breakdown", "inputs"} else None)


SEEN_LINES = {"inputs": {1, 2}, "inputs, a line hidden": {1}, "inputs on gaps": {1}}


def month(value: Any, owned: Any, name: str, relation: str, given: dict[str, Any]) -> None:
    assert value == owned[:8] + "01" + owned[10:]
    assert value != owned


def of_declared(value: Any, owned: Any, name: str, relation: str, given: dict[str, Any]) -> None:
    assert value == (owned if given["footprint"]["kind"] == "DECLARED" else None)


def without_comments(value: Any, owned: Any, name: str, relation: str, given: dict[str, Any]) -> None:
    assert value == owned | {"comments": None} != owned


def rolled_up(value: Any, owned: Any, name: str, relation: str, given: dict[str, Any]) -> None:
    if given["footprint"]["kind"] == "DECLARED":
        assert value == owned
    else:
        assert value == given["cradleToGate"]["exemptedEmissionsPercent"] != owned


def of_operator(value: Any, owned: Any, name: str, relation: str, given: dict[str, Any]) -> None:
    assert owned is None
    assert (value is not None) is (relation == "operator")


def the_empty_scenario(value: Any) -> Any:
    """Which is the plain result."""
    [scenario] = value["scenarios"]
    assert scenario["before"] == scenario["after"]
    return scenario


def of_the_view(value: Any, owned: Any, name: str, relation: str, given: dict[str, Any]) -> None:
    """The owner's, where the viewer sees as much; else computed from what it sees."""
    product, level = RELATIONS[relation]
    if level == "OWNER":
        assert value == owned
        return
    if level == "operator":  # sees also the direct emissions of suppliers
        assert value is not None
        return
    lines = [line["product"]["name"] for line in given["footprint"]["lines"] or []]
    expected = {
        "RollUp.ipccCharacterizationFactors": ["AR5", "AR6"] if "Steel" in lines else ["AR6"],
        "RollUp.findings": ["MIXED_CHARACTERIZATION_FACTORS"] if "Steel" in lines else [],
        "RollUp.unknownComponents": owned if relation in {"inputs", "breakdown"} else [],
        "RollUp.gaps": [],
        "RollUp.fallbacks": [],
        "RollUp.contributions": {given["name"], *lines},
        "RollUp.tree": set(lines),
        "RollUp.contributionsBy": {OWNERS[name.lower()] for name in (given["name"], *lines)},
        "RollUp.elasticities": {(given["name"], None), *((name, None) for name in lines)}
        | {(given["name"], name) for name in lines},
        "RollUp.topPaths": {(given["name"],), *((given["name"], name) for name in lines)},
        "Product.whatIf": {given["name"], *lines},
        "RollUp.monteCarlo": 100,
        "RollUp.primaryDataAdvice": set(lines),
        "RollUp.uncertaintyAdvice": {given["name"], *lines},
    }
    found = {
        "RollUp.findings": lambda: [finding["code"] for finding in value],
        "RollUp.contributions": lambda: {each["product"]["name"] for each in value},
        "RollUp.tree": lambda: {child["product"]["name"] for child in value["root"]["children"]},
        "RollUp.contributionsBy": lambda: {
            group["organization"]["name"].lower().removesuffix(" & co") for group in value
        },
        "RollUp.elasticities": lambda: {
            (one["consumer"]["name"], one["supplier"] and one["supplier"]["name"]) for one in value["entries"]
        },
        "RollUp.topPaths": lambda: {
            tuple(step["product"]["name"] for step in path["steps"]) for path in value["paths"]
        },
        "Product.whatIf": lambda: {each["product"]["name"] for each in the_empty_scenario(value)["contributions"]},
        "RollUp.monteCarlo": lambda: value["samples"],
        "RollUp.primaryDataAdvice": lambda: {each["supplier"]["name"] for each in value},
        "RollUp.uncertaintyAdvice": lambda: {each["product"]["name"] for each in value},
    }.get(name, lambda: value)()
    if name == "RollUp.explainFile":
        check_file(value, given, lines)
    elif name == "RollUp.digest":
        assert (value == owned) is (relation in {"inputs"} or product in {"leaf", "gear"})
    else:
        assert found == expected[name]


def check_file(value: dict[str, Any], given: dict[str, Any], lines: list[str]) -> None:
    """It verifies, is of the answer beside it, and has the products of the view."""
    result = given["cradleToGate"]
    document = read_explain_file(value["content"].encode())
    assert verify(document, result["digest"]).equal
    assert value["digest"] == result["digest"]
    assert {product["name"] for product in document["shown"]["products"]} == {given["name"], *lines}
    shown_result = document["shown"]["result"]
    for field in (*SAME_IN_THE_FILE, "dataQuality"):
        assert shown_result[field] == result[field], field


SAME_IN_THE_FILE = (
    "asOf",
    "knownAt",
    "pcfExcludingBiogenicUptake",
    "pcfIncludingBiogenicUptake",
    "lower",
    "upper",
    "outboundLogisticsGhgEmissions",
    "packagingGhgEmissions",
    "primaryDataShare",
    "exemptedEmissionsPercent",
    "validUntil",
    "ipccCharacterizationFactors",
    "unknownComponents",
    "hasGaps",
)
CELLS = {
    "yes": shown,
    "null": hidden,
    "[]": empty,
    "if": conditional,
    "month": month,
    "declared": of_declared,
    "no comments": without_comments,
    "rolled up": rolled_up,
    "operator": of_operator,
    "view": of_the_view,
}


@pytest.mark.parametrize("name", SCHEMA_FIELDS)
def test_there_was_something_to_hide(asked, name: str) -> None:
    """Every field that some level is not shown has something in it for its owner (or the operator)."""
    ask, ask_owner = asked
    row = fields()[name]
    if not {"null", "[]", "month", "if", "view", "declared"} & set(row.values()):
        return
    of_owners = [part(ask_owner(product), name) for product in ("widget", "gapped", "leaf")]
    assert any(value not in (None, [], {}) for value in [*of_owners, part(ask("operator"), name)])


def test_the_owner_is_told_of_transport_alike_by_the_footprint_and_by_the_roll_up(asked) -> None:
    """One rule, one severity: what was found when it was published."""
    _, ask_owner = asked
    widget = ask_owner("widget")
    kept = [one for one in widget["footprint"]["findings"] if one["code"].startswith("TRANSPORT_")]
    assert [(one["code"], one["severity"]) for one in kept] == [("TRANSPORT_NOT_COUNTED", "INFO")]
    assert [one for one in widget["cradleToGate"]["findings"] if one["code"].startswith("TRANSPORT_")] == kept


# --- ways in --------------------------------------------------------------------------------------------------------

WAYS = {
    "Query.node": "query ($id: ID!, $urn: URN!) { found: node(id: $id) { id } product(productId: $urn) { id } }",
    "Query.nodes": "query ($id: ID!, $urn: URN!) { nodes(ids: [$id]) { id } product(productId: $urn) { id } }",
    "Query.product": "query ($id: ID!, $urn: URN!) { found: product(id: $id) { id } product(productId: $urn) { id } }",
    "Query.compare": "query ($id: ID!, $urn: URN!) { compare(product: $id, other: $id) { found: product { "
    "product { id } } } product(productId: $urn) { id } }",
    "Query.products": "query ($id: ID!, $urn: URN!) { products(filter: {productId: $urn}) { totalCount nodes { id } } "
    "product(id: $id) { id } }",
    "Query.organization": None,
    "Query.organizations": None,
    "Query.alliance": None,
    "Query.alliances": None,
    "Query.grantPreview": None,
    "Query.viewer": None,
}


@pytest.mark.parametrize("relation", RELATIONS)
@pytest.mark.parametrize("action", [f"Query.{field}" for field in fields_of("Query")])
def test_every_way_in_answers_as_the_table_says(world: SharedWorld, action: str, relation: str) -> None:
    query, (name, level) = WAYS[action], RELATIONS[relation]
    column = "anonymous" if caller_of(relation) is None else level
    cell = actions()[action][column]
    client, variables = world.client(relation), {"id": world.products[name], "urn": urn(name)}
    if query is None:
        if action == "Query.grantPreview":
            check_preview(world, client, world.products[name], cell)
        else:
            check_organizations(world, client, action, cell)
        return
    answer = client.query(query, variables)
    visible = cell in {"yes", "part"} and level != "none"
    assert cell in ({"yes", "part"} if visible else {"null", "part"})
    listed = answer.get("nodes") or (answer.get("products") or {}).get("nodes") or []
    compared = ((answer.get("compare") or {}).get("found") or {}).get("product")
    found = answer.get("found") or compared or next(iter(listed), None)
    assert (found, answer["product"]) == ((({"id": world.products[name]},) * 2) if visible else (None, None))
    if action == "Query.products":
        assert answer["products"]["totalCount"] == int(visible)


PREVIEW = """query ($input: GrantAccessInput!) { grantPreview(input: $input) {
  __typename ... on UserError { code path } ... on GrantPreview { productCount reachCount consequences { code } } } }"""


def check_preview(world: SharedWorld, client: ApiClient, product: str, cell: str) -> None:
    """What is told before a grant is told to whoever may give it, and refused to everybody else as the grant is."""
    given: dict[str, Any] = {"idempotencyKey": new_key(), "product": product, "level": "TOTAL"}
    given["to"] = {"organization": world.callers.organization("newcomer")}
    answer = client.answer(PREVIEW, {"input": given})
    if cell == "NOT_SIGNED_IN":
        assert [error["extensions"]["code"] for error in answer["errors"]] == [cell]
        return
    found = answer["data"]["grantPreview"]
    if cell == "yes":
        assert (found["productCount"], found["reachCount"]) == (1, 1)
    else:
        assert (found["__typename"], found["code"]) == (ERRORS[cell], cell)


def check_organizations(world: SharedWorld, client: ApiClient, action: str, cell: str) -> None:
    """Signed in: all of them; anonymous: the maker, who owns what is public."""
    if action in {"Query.alliance", "Query.alliances"}:
        query = "query ($id: ID!) { alliance(id: $id) { name } alliances { totalCount nodes { name } } }"
        found = client.query(query, {"id": world.alliances["club"]})
        shown_names = ["Club", "Guild", "Statistics"] if cell == "yes" else []
        assert found["alliance"] == ({"name": "Club"} if cell == "yes" else None)
        assert found["alliances"]["totalCount"] == len(shown_names)
        assert [each["name"] for each in found["alliances"]["nodes"]] == shown_names
        return
    if action == "Query.viewer":
        assert (client.query("{ viewer { organization { id } } }")["viewer"]["organization"] is None) is (
            client.token is None
        )
        return
    query = "query ($one: ID!, $two: ID!) { one: organization(id: $one) { id } two: organization(id: $two) { id } "
    query += "organizations(first: 100) { totalCount } }"
    variables = {"one": world.callers.organization("maker"), "two": world.callers.organization("mill")}
    found = client.query(query, variables)
    assert found["one"] is not None
    assert (found["two"] is not None) is (cell == "yes")
    assert found["organizations"]["totalCount"] == (len(world.callers.ids) if cell == "yes" else 1)


# --- mutations ------------------------------------------------------------------------------------------------------

# Callers, and the column of the table that is theirs.
WRITERS = {
    "anonymous": "anonymous",
    "stranger": "none",
    "revoked": "none",
    "total": "TOTAL",
    "public": "TOTAL",
    "onward": "none",
    "breakdown": "BREAKDOWN",
    "inputs": "INPUTS",
    "owner": "OWNER",
    "operator": "operator",
}
ERRORS = {"NOT_FOUND": "NotFound", "ACCESS_DENIED": "AccessDenied"}
PATHS = {
    "publishFootprint": ["input", "footprint", "product"],
    "publishFootprints": ["input", "footprints", "0", "product"],
    "deprecateFootprint": ["input", "footprint"],
    "grantAccess": ["input", "product"],
    "revokeAccess": ["input", "grant"],
    "inviteToAlliance": ["input", "alliance"],
    "acceptInvitation": ["input", "invitation"],
    "declineInvitation": ["input", "invitation"],
    "leaveAlliance": ["input", "alliance"],
    "changeMemberRole": ["input", "member"],
    "rotateMemberSecret": ["input", "member"],
    "removeMember": ["input", "member"],
}


def request(world: SharedWorld, mutation: str, writer: str) -> dict[str, Any]:
    """Of the maker's widget (its public product for who sees that); a grant is the one that the writer holds."""
    name = "open" if writer == "public" else "widget"
    product, key = world.products[name], {"idempotencyKey": new_key()}
    newcomer = world.callers.organization("newcomer")
    held = {"public": ("open", ""), "owner": ("widget", "total")}.get(writer, ("widget", writer))
    requests: dict[str, dict[str, Any]] = {
        "createProduct": {**key, "productIds": [f"urn:uuid:{new_key()}"], "name": "New"},
        "createRelease": {**key, "dataset": f"Factors of {writer}", "label": new_key(), "date": "2026-01-01"},
        "publishFootprint": {**key, "footprint": footprint("leaf", product)},
        "publishFootprints": {**key, "footprints": [footprint("leaf", product)]},
        "deprecateFootprint": {"footprint": world.footprints[name], "reason": "no"},
        "grantAccess": {**key, "product": product, "to": {"organization": newcomer}, "level": "INPUTS"},
        "foundAlliance": {**key, "name": f"Alliance of {writer}"},
        "inviteToAlliance": {**key, "alliance": world.alliances["club"], "organization": newcomer},
        "acceptInvitation": {"invitation": world.invitations["guild", "maker"]},
        "declineInvitation": {"invitation": world.invitations["statistics", "maker"]},
        "leaveAlliance": {"alliance": world.alliances["club"]},
        "addMember": {**key, "name": f"Of {writer}", "kind": "PERSON", "role": "READER"},
        "changeMemberRole": {"member": world.members[0], "role": "READER"},
        "rotateMemberSecret": {"member": world.members[1]},
        "removeMember": {"member": world.members[2]},
        "publishBenchmarks": {"closing": "2026-06-30"},
        "revokeAccess": {"grant": world.grants.get(held, world.grants["widget", "total"])},
    }
    return requests[mutation]


@pytest.mark.parametrize("writer", [each for each in WRITERS if each != "owner"])
@pytest.mark.parametrize("mutation", fields_of("Mutation"))
def test_who_may_not_write_is_told_so_and_nothing_is_written(world: SharedWorld, mutation: str, writer: str) -> None:
    expected = actions()[f"Mutation.{mutation}"][WRITERS[writer]]
    client = world.client(writer)
    given = request(world, mutation, writer)
    if (mutation, writer) == ("revokeAccess", "public"):
        expected = "NOT_FOUND"  # a public grant is nobody's but the owner's
    check_refused(world, client, mutation, given, expected, path=[] if writer == "operator" else None)


@pytest.mark.parametrize("mutation", fields_of("Mutation"))
def test_a_reader_may_not_write_even_to_its_own(world: SharedWorld, mutation: str) -> None:
    reader = world.callers.client("maker", frozenset({Scope.READ}))
    check_refused(world, reader, mutation, request(world, mutation, "owner"), "ACCESS_DENIED", path=[])


def check_refused(
    world: SharedWorld,
    client: ApiClient,
    mutation: str,
    given: dict[str, Any],
    expected: str,
    path: list[str] | None = None,
) -> None:
    before = world.server.ledger_head()
    name = mutation[0].upper() + mutation[1:]
    wanted_fields = "__typename ... on UserError { code path }"
    text = f"mutation ($input: {name}Input!) {{ {mutation}(input: $input) {{ {wanted_fields} }} }}"
    answer = client.answer(text, {"input": given})
    if expected == "yes":
        assert answer["data"][mutation]["__typename"] == f"{name}Payload"
        return
    if expected == "NOT_SIGNED_IN":
        assert answer["data"] is None
        assert [error["extensions"]["code"] for error in answer["errors"]] == [expected]
    else:
        # The operator is refused for what it is, like a reader; others for the product that they named.
        wanted = PATHS.get(mutation, []) if path is None else path
        found = answer["data"][mutation]
        assert (found["__typename"], found["code"]) == (ERRORS[expected], expected)
        assert found["path"] == wanted
    assert world.server.wrote_nothing_since(before)


def test_a_grant_to_somebody_else_does_not_exist(world: SharedWorld) -> None:
    for relation in ("total", "stranger", "ended", "future", "revoked"):
        grants = [world.grants["widget", "inputs"], world.grants["widget", "future"], world.grants["widget", "ended"]]
        for grant in grants:
            check_refused(world, world.client(relation), "revokeAccess", {"grant": grant}, "NOT_FOUND")


GRANT = "query ($id: ID!) { node(id: $id) { ... on Grant { level product { id } organization { id } revokedAt } } }"


@pytest.mark.parametrize("holder", ["future", "ended", "revoked", "inputs"])
def test_a_grant_is_shown_to_its_holder_while_it_holds_and_to_its_owner_always(world: SharedWorld, holder: str) -> None:
    grant = {"id": world.grants["widget", holder]}
    shown = world.client(holder).query(GRANT, grant)["node"]
    product, organization = {"id": world.products["widget"]}, {"id": world.callers.organization(holder)}
    if holder == "inputs":
        assert shown == {"level": "INPUTS", "product": product, "organization": organization, "revokedAt": None}
    else:
        assert shown is None
    for other in ("total", "stranger", "anonymous"):
        assert world.client(other).query(GRANT, grant)["node"] is None
    owned = world.client("owner").query(GRANT, grant)["node"]
    assert (owned["product"], owned["organization"]) == (product, organization)
    assert (owned["revokedAt"] is not None) is (holder == "revoked")


def test_what_is_refused_changes_nothing_at_all(world: SharedWorld) -> None:
    """Not only the ledger's head: every node and relationship with its properties."""
    before = dump(world.server)
    for writer in ("stranger", "total", "anonymous"):
        for mutation in PATHS:
            client = world.client(writer)
            expected = actions()[f"Mutation.{mutation}"][WRITERS[writer]]
            check_refused(world, client, mutation, request(world, mutation, writer), expected)
    assert dump(world.server) == before


@pytest.mark.parametrize("mutation", fields_of("Mutation"))
def test_the_owner_may(world: SharedWorld, mutation: str) -> None:
    """Last, because it changes the world."""
    before = world.server.ledger_head()
    if actions()[f"Mutation.{mutation}"]["permission"] == "ADMINISTER":
        given = request(world, mutation, "owner")
        check_refused(world, world.client("owner"), mutation, given, actions()[f"Mutation.{mutation}"]["OWNER"])
        return
    assert actions()[f"Mutation.{mutation}"]["OWNER"] == "yes"
    assert (
        world.client("owner")
        .mutate(mutation, request(world, mutation, "owner"), "__typename")["__typename"]
        .endswith("Payload")
    )
    assert world.server.ledger_head() > before
