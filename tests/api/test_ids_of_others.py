"""Ids of one tenant in the hands of another: each answer is the one to an id that never existed, byte for byte.

Two tenants that share nothing. Every id of one (and its URNs, cursors and idempotency keys) is put into every argument
that takes one, found by walking the schema, and the whole body is compared with that of a made-up id in its place.
"""

from __future__ import annotations

import base64
import json
import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from graphql import GraphQLUnionType

from exchange.config import Settings
from exchange.model.benchmark import BenchmarkEdition, BenchmarkOutcome, BenchmarkSet, EditionMembers, Quarter
from exchange.model.footprint import SystemBoundary
from exchange.model.ledger import Change, ChangeKind
from exchange.model.writes import PublishQuarter
from exchange.operations.exchange import Exchange
from exchange.schema.ids import global_id, named_by
from exchange.units import Dimension
from tests.api.callers import ADMINISTRATOR, Callers, client_id
from tests.api.exchange_server import ApiClient, new_key, serving
from tests.api.graph_dump import dump
from tests.api.inputs import footprint
from tests.api.schema_walk import AS_OF, decoded, id_arguments, named, node_query, node_types, selection
from tests.api.shared_world import declared, modelled
from tests.rollup.check import instant

CLOCK_US = instant("2026-07-01")
REQUEST_ID = re.compile(r'"requestId": ?"[^"]*"')


@dataclass
class Tenant:
    """Everything of an organization that has an id. ids: by type."""

    name: str
    client: ApiClient
    ids: dict[str, str]
    urns: dict[str, str]
    pf_ids: list[str] = field(default_factory=list)


def line(urn: str, **more: Any) -> dict[str, Any]:
    return {"product": {"productId": urn}, "amount": "1", "unit": "KILOGRAM", **more}


def tenant(callers: Callers, name: str) -> Tenant:
    """Two products, one of which goes into the other, a dataset with a release, and a grant to a partner."""
    client = callers.client(name, ADMINISTRATOR)
    urns = {part: f"urn:pact:{name}.example:product-id:{part}" for part in ("part", "whole")}
    products = {}
    for part, urn in urns.items():
        given: dict[str, Any] = {"idempotencyKey": new_key(), "productIds": [urn], "name": f"{name} {part}"}
        products[part] = client.done("createProduct", given, "product { id }")["product"]["id"]
    given = {"idempotencyKey": new_key(), "dataset": f"{name} factors", "label": "1", "date": "2026-01-01"}
    release = client.done("createRelease", given, "release { id dataset { id } }")["release"]
    bodies = {"part": declared(), "whole": modelled(line(urns["part"]))}
    footprints, pf_ids = {}, []
    for part, body in bodies.items():
        pf_ids.append(new_key())
        more = {"release": release["id"]} if part == "part" else {}
        given = {"idempotencyKey": new_key(), "footprint": footprint(products[part], body, pfId=pf_ids[-1], **more)}
        footprints[part] = client.done("publishFootprint", given, "footprint { id }")["footprint"]["id"]
    partner = {"organization": callers.organization(f"{name}-partner")}
    given = {"idempotencyKey": new_key(), "product": products["whole"], "to": partner, "level": "INPUTS"}
    granted = client.done("grantAccess", given, "grant { id }")["grant"]["id"]
    given = {"idempotencyKey": new_key(), "name": f"{name} and friends"}
    alliance = client.done("foundAlliance", given, "alliance { id }")["alliance"]["id"]
    invited = {"idempotencyKey": new_key(), "alliance": alliance, **partner}
    ids = {
        "Product": products["whole"],
        "Footprint": footprints["whole"],
        "Release": release["id"],
        "Dataset": release["dataset"]["id"],
        "Grant": granted,
        "Organization": callers.organization(name),
        "Alliance": alliance,
        "Member": global_id("Member", client_id(name, ADMINISTRATOR)),
        "Membership": client.done("inviteToAlliance", invited, "invitation { id }")["invitation"]["id"],
        "BenchmarkEdition": edition(callers, name, alliance),
    }
    return Tenant(name, client, ids, urns, pf_ids)


def edition(callers: Callers, name: str, alliance: str) -> str:
    """A benchmark edition of an alliance, as if it had members enough; of a quarter of its own."""
    told = named_by(alliance)
    assert told is not None
    edition_id, quarter = str(uuid.uuid4()), f"2026-{name}"

    async def publish(exchange: Exchange) -> None:
        head = await exchange.store.head()
        sequence, at_us = head.sequence + 1, max(CLOCK_US, head.at_us)
        of = BenchmarkSet(told[1], f"urn:x:{name}", SystemBoundary.CRADLE_TO_GATE, Dimension.MASS, "", "NOT_STATED")
        made = BenchmarkEdition(edition_id, of, quarter, 0, None, Decimal(2), None, 10, "SIX_TO_EIGHT", at_us, sequence)
        written = PublishQuarter(
            Quarter(quarter, 0, 6, 1, 0, 0, at_us, sequence),
            (made,),
            (EditionMembers(edition_id, (("group", Decimal(2)),)),),
            (BenchmarkOutcome(of, quarter, edition_id, None, sequence),),
        )
        change = Change(sequence, ChangeKind.BENCHMARKS_PUBLISHED, quarter, "operator", at_us)
        await exchange.store.write([written], [change], head)

    callers.server.run(publish)
    return global_id("BenchmarkEdition", edition_id)


@dataclass
class Tenants:
    callers: Callers
    one: Tenant
    two: Tenant
    anonymous: ApiClient


@pytest.fixture(scope="module")
def tenants(settings: Settings) -> Iterator[Tenants]:
    with serving(settings, clock=lambda: CLOCK_US) as server:
        callers = Callers(server)
        yield Tenants(callers, tenant(callers, "one"), tenant(callers, "two"), callers.client(None))


def never(kind: str) -> str:
    """An id of this type that never existed."""
    return base64.urlsafe_b64encode(f"{kind}:{uuid.uuid4()}".encode()).decode().rstrip("=")


def body(client: ApiClient, query: str, variables: dict[str, Any], *, without: str) -> str:
    """The whole answer, without the text of the id that was asked with (in either spelling) and the request's id."""
    text = client.post(query, variables).text
    for spelling in (without, decoded(without).removeprefix("base64:").partition(":")[2] or without):
        text = text.replace(json.dumps(spelling)[1:-1], "<it>")
    return REQUEST_ID.sub('"requestId":""', text)


def check_alike(
    client: ApiClient, query: str, variables: Callable[[str], dict[str, Any]], real: str, made: str
) -> None:
    given, other = variables(real), variables(made)
    assert body(client, query, given, without=real) == body(client, query, other, without=made)


# --- every argument that takes an id --------------------------------------------------------------------------------

FIELDS_OF_ERRORS = """__typename ... on UserError { message code path }
  ... on InvalidInput { problems { code message path expected got } } ... on LoopRefused { members { id name } }"""


def mutation(name: str) -> str:
    kind = name[0].upper() + name[1:]
    fields = FIELDS_OF_ERRORS
    union = named(f"{kind}Result")
    assert isinstance(union, GraphQLUnionType)
    members = {member.name for member in union.types}
    if "LoopRefused" not in members or name == "grantAccess":
        fields = fields.replace("... on LoopRefused { members { id name } }", "")
    if "InvalidInput" not in members:
        fields = fields.replace("... on InvalidInput { problems { code message path expected got } }", "")
    return f"mutation ($input: {kind}Input!) {{ {name}(input: $input) {{ {fields} }} }}"


KEY = "11111111-2222-4333-8444-555555555555"  # nothing is written, so that one key serves for all
SEEN_BY_ALL = {"Organization", "Alliance"}  # who are signed in: that it is there, and its name


# How an argument is asked with a foreign id: the types of id that go into it, the query, its variables. What would
# write something with any id (a line may name anything) is asked in a test of its own.
def granting(tenants: Tenants) -> dict[str, Any]:
    """A grant that is only asked about, of the second tenant to the first."""
    to = {"organization": tenants.one.ids["Organization"]}
    return {"idempotencyKey": KEY, "product": tenants.two.ids["Product"], "to": to, "level": "INPUTS"}


ASKED: dict[tuple[str, str], tuple[list[str], str, Callable[[Tenants, str], dict[str, Any]]]] = {
    ("Query.nodes", "ids"): (
        [kind for kind in node_types() if kind not in SEEN_BY_ALL],
        "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }",
        lambda all_, id_: {"ids": [id_, all_.two.ids["Product"], id_]},
    ),
    ("Query.product", "id"): (
        node_types(),
        f"query ($id: ID!) {{ product(id: $id) {selection('Product')} }}",
        lambda _, id_: {"id": id_},
    ),
    ("Query.compare", "product"): (
        node_types(),
        f"query ($id: ID!, $own: ID!) {{ compare(product: $id, other: $own) {selection('Comparison')} }}",
        lambda all_, id_: {"id": id_, "own": all_.two.ids["Product"]},
    ),
    ("Query.compare", "other"): (
        node_types(),
        f"query ($id: ID!, $own: ID!) {{ compare(product: $own, other: $id) {selection('Comparison')} }}",
        lambda all_, id_: {"id": id_, "own": all_.two.ids["Product"]},
    ),
    ("Product.accessOf", "organization"): (
        [kind for kind in node_types() if kind != "Organization"],
        f"""query ($id: ID!, $own: ID!) {{ product(id: $own) {{
          accessOf(organization: $id) {selection("ProductAccess", ("Product",))} }} }}""",
        lambda all_, id_: {"id": id_, "own": all_.two.ids["Product"]},
    ),
    ("GrantPreview.accessOf", "organization"): (
        [kind for kind in node_types() if kind != "Organization"],
        f"""query ($id: ID!, $input: GrantAccessInput!) {{ grantPreview(input: $input) {{ ... on GrantPreview {{
          accessOf(organization: $id) {selection("ProductAccess", ("Product",))} }} }} }}""",
        lambda all_, id_: {"id": id_, "input": granting(all_)},
    ),
    ("GrantPreview.accessOf", "product"): (
        node_types(),
        f"""query ($id: ID!, $input: GrantAccessInput!) {{ grantPreview(input: $input) {{ ... on GrantPreview {{
          accessOf(product: $id) {selection("ProductAccess", ("Product",))} }} }} }}""",
        lambda all_, id_: {"id": id_, "input": granting(all_)},
    ),
    ("Alliance.benchmarkPlaces", "product"): (
        node_types(),
        f"""query ($id: ID!, $alliance: ID!) {{ alliance(id: $alliance) {{
          benchmarkPlaces(product: $id, asOf: "{AS_OF}") {selection("BenchmarkPlace")} }} }}""",
        lambda all_, id_: {"id": id_, "alliance": all_.two.ids["Alliance"]},
    ),
    ("Query.organization", "id"): (
        [kind for kind in node_types() if kind != "Organization"],
        f"query ($id: ID!) {{ organization(id: $id) {selection('Organization')} }}",
        lambda _, id_: {"id": id_},
    ),
    ("ProductFilter", "owner"): (
        node_types(),
        """query ($id: ID!) { products(filter: {owner: $id}) {
          totalCount edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }""",
        lambda _, id_: {"id": id_},
    ),
    ("FootprintInput", "product"): (
        node_types(),
        mutation("publishFootprint"),
        lambda _, id_: {"input": {"idempotencyKey": KEY, "footprint": footprint(id_, declared())}},
    ),
    ("FootprintInput", "release"): (
        node_types(),
        mutation("publishFootprints"),
        lambda all_, id_: {
            "input": {
                "idempotencyKey": KEY,
                "footprints": [footprint(all_.two.ids["Product"], declared(), release=id_)],
            }
        },
    ),
    ("DeprecateFootprintInput", "footprint"): (
        node_types(),
        mutation("deprecateFootprint"),
        lambda _, id_: {"input": {"footprint": id_, "reason": "no"}},
    ),
    ("GrantAccessInput", "product"): (
        node_types(),
        mutation("grantAccess"),
        lambda _, id_: {"input": {"idempotencyKey": KEY, "product": id_, "to": {"public": True}, "level": "TOTAL"}},
    ),
    ("GranteeInput", "organization"): (
        [kind for kind in node_types() if kind != "Organization"],
        mutation("grantAccess"),
        lambda all_, id_: {
            "input": {
                "idempotencyKey": KEY,
                "product": all_.two.ids["Product"],
                "to": {"organization": id_},
                "level": "TOTAL",
            }
        },
    ),
    ("GranteeInput", "alliance"): (
        [kind for kind in node_types() if kind != "Alliance"],
        mutation("grantAccess"),
        lambda _, id_: {
            "input": {"idempotencyKey": KEY, "everything": True, "to": {"alliance": id_}, "level": "TOTAL"}
        },
    ),
    ("Query.alliance", "id"): (
        [kind for kind in node_types() if kind != "Alliance"],
        f"query ($id: ID!) {{ alliance(id: $id) {selection('Alliance')} }}",
        lambda _, id_: {"id": id_},
    ),
    ("InviteToAllianceInput", "alliance"): (
        [kind for kind in node_types() if kind != "Alliance"],
        mutation("inviteToAlliance"),
        lambda all_, id_: {
            "input": {"idempotencyKey": KEY, "alliance": id_, "organization": all_.one.ids["Organization"]}
        },
    ),
    ("InviteToAllianceInput", "organization"): (
        [kind for kind in node_types() if kind != "Organization"],
        mutation("inviteToAlliance"),
        lambda all_, id_: {"input": {"idempotencyKey": KEY, "alliance": all_.two.ids["Alliance"], "organization": id_}},
    ),
    ("AcceptInvitationInput", "invitation"): (
        node_types(),
        mutation("acceptInvitation"),
        lambda _, id_: {"input": {"invitation": id_}},
    ),
    ("DeclineInvitationInput", "invitation"): (
        node_types(),
        mutation("declineInvitation"),
        lambda _, id_: {"input": {"invitation": id_}},
    ),
    ("LeaveAllianceInput", "alliance"): (
        [kind for kind in node_types() if kind != "Alliance"],
        mutation("leaveAlliance"),
        lambda _, id_: {"input": {"alliance": id_}},
    ),
    ("ChangeMemberRoleInput", "member"): (
        node_types(),
        mutation("changeMemberRole"),
        lambda _, id_: {"input": {"member": id_, "role": "READER"}},
    ),
    ("RotateMemberSecretInput", "member"): (
        node_types(),
        mutation("rotateMemberSecret"),
        lambda _, id_: {"input": {"member": id_}},
    ),
    ("RemoveMemberInput", "member"): (
        node_types(),
        mutation("removeMember"),
        lambda _, id_: {"input": {"member": id_}},
    ),
    ("RevokeAccessInput", "grant"): (node_types(), mutation("revokeAccess"), lambda _, id_: {"input": {"grant": id_}}),
}
GRANTED = {("GrantAccessInput", "product"), ("GranteeInput", "organization"), ("GranteeInput", "alliance")}
# Asked by type, by what a line or fallback names, and over WebSocket (test_sampling.py).
ELSEWHERE = {("Query.node", "id"), ("ProductKey", "id"), ("Subscription.monteCarlo", "product")}


def test_every_argument_that_takes_an_id_is_asked() -> None:
    assert set(ASKED) | ELSEWHERE == id_arguments()


@pytest.mark.parametrize(("argument", "kind"), [(one, kind) for one, (kinds, _, _) in ASKED.items() for kind in kinds])
def test_an_id_of_another_is_an_id_that_never_existed(tenants: Tenants, argument: tuple[str, str], kind: str) -> None:
    _, query, variables = ASKED[argument]
    for client in (tenants.two.client, tenants.anonymous):
        check_alike(client, query, lambda id_: variables(tenants, id_), tenants.one.ids[kind], never(kind))


# --- ids of another type --------------------------------------------------------------------------------------------

OF_EVERY_TYPE = {("Query.nodes", "ids")}
# Of what type each id is that an input takes; a question says so by what it answers.
TAKES = {
    "product": "Product",
    "release": "Release",
    "footprint": "Footprint",
    "organization": "Organization",
    "alliance": "Alliance",
    "invitation": "Membership",
    "member": "Member",
    "grant": "Grant",
}
MALFORMED = ["", "x", "UHJvZHVjdDox"]


def id_problems(client: ApiClient, query: str, variables: dict[str, Any]) -> list[dict[str, Any]]:
    """What is said of an id in an input; nothing may be said otherwise than by a member of its union."""
    found = client.post(query, variables).json()
    assert "errors" not in found, found["errors"]
    [answer] = found["data"].values()
    return [each for each in answer.get("problems", ()) if each["code"] == "ID_INVALID"]


@pytest.mark.parametrize("argument", [one for one in ASKED if ASKED[one][1].startswith("mutation")])
def test_an_input_refuses_ids_of_every_type_but_its_own(tenants: Tenants, argument: tuple[str, str]) -> None:
    _, query, variables = ASKED[argument]
    client, wanted = tenants.two.client, TAKES[argument[1]]
    for kind in node_types():
        found = id_problems(client, query, variables(tenants, never(kind)))
        if kind == wanted:
            assert found == []
            continue
        [problem] = found
        assert problem["path"][-1] == argument[1]
        assert [problem["expected"], problem["got"]] == [f"the id of {a(wanted)}", f"the id of {a(kind)}"]
        # That it is somebody's is not told, either.
        check_alike(client, query, partial(variables, tenants), tenants.one.ids[kind], never(kind))
    for text in MALFORMED:
        [problem] = id_problems(client, query, variables(tenants, text))
        assert [problem["expected"], problem["got"]] == [f"the id of {a(wanted)}", text]


def a(kind: str) -> str:
    return f"an {kind}" if kind in {"Organization", "Alliance"} else f"a {kind}"


@pytest.mark.parametrize(
    "argument", [one for one in ASKED if not ASKED[one][1].startswith("mutation") and one not in OF_EVERY_TYPE]
)
def test_a_question_answers_an_id_of_another_type_as_one_that_never_existed(
    tenants: Tenants, argument: tuple[str, str]
) -> None:
    _, query, variables = ASKED[argument]
    client = tenants.two.client
    wanted = "Organization" if argument == ("ProductFilter", "owner") else TAKES.get(argument[1], "Product")
    wanted = {"Query.organization": "Organization", "Query.alliance": "Alliance"}.get(argument[0], wanted)
    nothing = client.post(query, variables(tenants, never(wanted))).text
    assert "errors" not in json.loads(nothing)
    for id_ in [*map(never, node_types()), *MALFORMED]:
        assert client.post(query, variables(tenants, id_)).text == nothing


@pytest.mark.parametrize("kind", [*(kind for kind in node_types() if kind != "Product"), None])
def test_lines_and_scenarios_refuse_ids_of_other_types(tenants: Tenants, kind: str | None) -> None:
    id_ = "x" if kind is None else never(kind)
    whole, client = tenants.two.ids["Product"], tenants.two.client
    stated = footprint(whole, modelled({**line(""), "product": {"id": id_}}))
    found = id_problems(client, mutation("publishFootprint"), {"input": {"idempotencyKey": KEY, "footprint": stated}})
    changed = {"line": {"product": {"id": id_}, "line": 1}}
    asked = {"id": whole, "scenarios": [{"changes": [changed]}]}
    answer = client.query(WHAT_IF, asked)["product"]["whatIf"]
    for problem in (*found, *answer["problems"]):
        assert (problem["code"], problem["path"][-2:]) == ("ID_INVALID", ["product", "id"])
        assert problem["expected"] == "the id of a Product"
        assert problem["got"] == ("x" if kind is None else f"the id of {a(kind)}")
    assert (len(found), len(answer["problems"])) == (1, 1)


PREVIEW = f"query ($input: GrantAccessInput!) {{ grantPreview(input: $input) {selection('GrantPreviewResult')} }}"


@pytest.mark.parametrize(
    ("argument", "kind"), [(one, kind) for one, (kinds, _, _) in ASKED.items() for kind in kinds if one in GRANTED]
)
def test_what_a_grant_would_do_is_not_told_of_an_id_of_another(
    tenants: Tenants, argument: tuple[str, str], kind: str
) -> None:
    """The same input as grantAccess takes, asked before anything is granted."""
    variables = ASKED[argument][2]
    for client in (tenants.two.client, tenants.anonymous):
        check_alike(client, PREVIEW, lambda id_: variables(tenants, id_), tenants.one.ids[kind], never(kind))


def test_organizations_are_seen_by_all_who_are_signed_in_and_by_nobody_else(tenants: Tenants) -> None:
    """The one thing of another that has an answer; it shows nothing of the other's products."""
    query = f"query ($id: ID!) {{ organization(id: $id) {selection('Organization')} }}"
    id_ = tenants.one.ids["Organization"]
    found = tenants.two.client.query(query, {"id": id_})["organization"]
    assert found["name"] == "One & Co"
    assert found["products"]["totalCount"] == 0
    assert found["products"]["edges"] == found["products"]["nodes"] == []
    check_alike(tenants.anonymous, query, lambda each: {"id": each}, id_, never("Organization"))


def test_of_an_alliance_of_others_there_is_a_name_and_nothing_more(tenants: Tenants) -> None:
    query = f"query ($id: ID!) {{ alliance(id: $id) {selection('Alliance')} }}"
    id_ = tenants.one.ids["Alliance"]
    assert tenants.two.client.query(query, {"id": id_})["alliance"] == {
        "id": id_,
        "name": "one and friends",
        "founder": None,
        "foundedAt": None,
        "members": None,
        "invitations": None,
        "benchmarks": None,
        "benchmarkPlaces": None,
    }
    check_alike(tenants.anonymous, query, lambda each: {"id": each}, id_, never("Alliance"))
    assert tenants.anonymous.query("{ alliances { totalCount } }") == {"alliances": {"totalCount": 0}}


@pytest.mark.parametrize("kind", node_types())
@pytest.mark.parametrize("claimed", node_types())
def test_nodes_of_another_are_nobodys_under_any_type(tenants: Tenants, kind: str, claimed: str) -> None:
    """Also where the id says that it is of another type."""
    uuid_ = decoded(tenants.one.ids[kind]).rpartition(":")[2]
    id_ = base64.urlsafe_b64encode(f"{claimed}:{uuid_}".encode()).decode().rstrip("=")
    clients = (
        [tenants.anonymous] if kind == claimed and kind in SEEN_BY_ALL else [tenants.anonymous, tenants.two.client]
    )
    for client in clients:
        check_alike(client, node_query(claimed), lambda each: {"id": each}, id_, never(claimed))


# --- names, filters, orders, counts, cursors ------------------------------------------------------------------------

PAGE = """query ($filter: ProductFilter, $order: ProductOrder, $after: String, $before: String, $last: Int) {
  products(filter: $filter, orderBy: $order, after: $after, before: $before, last: $last) { totalCount nodes { id }
  edges { cursor } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""


def test_names_of_another_are_names_of_nobody(tenants: Tenants) -> None:
    real, made = tenants.one.urns["whole"], tenants.one.urns["part"].replace("part", "never")
    for client in (tenants.two.client, tenants.anonymous):
        for query in (
            f"query ($urn: URN!) {{ product(productId: $urn) {selection('Product')} }}",
            "query ($urn: URN!) { products(filter: {productId: $urn}) { totalCount nodes { id } } }",
            "query ($urn: URN!) { products(filter: {classification: $urn}) { totalCount nodes { id } } }",
        ):
            check_alike(client, query, lambda urn: {"urn": urn}, real, made)
        check_alike(client, PAGE, lambda text: {"filter": {"nameContains": text}}, "one whole", "two never")


ORDERS = [{"field": "NAME"}, {"field": "CREATED_AT"}, {"field": "CREATED_AT", "direction": "DESC"}]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("end", ["after", "before"])
def test_cursors_of_another_tell_nothing(tenants: Tenants, order: dict[str, str], end: str) -> None:
    """By name a cursor is a place in the alphabet, which anybody may ask for; by age it is an id."""
    page = tenants.one.client.query(PAGE, {"order": order})["products"]
    for real in (edge["cursor"] for edge in page["edges"]):
        made = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", str(uuid.uuid4()), plain(real))
        cursor = base64.urlsafe_b64encode(made.encode()).decode().rstrip("=")
        given: dict[str, Any] = {"order": order} | ({"last": 5} if end == "before" else {})
        for client in (tenants.two.client, tenants.anonymous):
            check_alike(client, PAGE, partial(placed, given, end), real, cursor)


def placed(given: dict[str, Any], end: str, cursor: str) -> dict[str, Any]:
    return {**given, end: cursor}


def plain(cursor: str) -> str:
    return base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()


def test_cursors_of_versions_and_grants_of_another_tell_nothing(tenants: Tenants) -> None:
    query = """query ($id: ID!, $at: String) { product(id: $id) { FIELD(after: $at) {
      totalCount edges { cursor node { id } } } } }"""
    for name in ("footprints", "grants"):
        text = query.replace("FIELD", name)
        edges = tenants.one.client.query(text, {"id": tenants.one.ids["Product"]})["product"][name]["edges"]
        real, product = edges[0]["cursor"], tenants.two.ids["Product"]
        made = base64.urlsafe_b64encode(str(uuid.uuid4()).encode()).decode().rstrip("=")
        check_alike(tenants.two.client, text, partial(placed, {"id": product}, "at"), real, made)


def test_no_cursor_holds_a_number(tenants: Tenants) -> None:
    """A key or a sequence would count what others wrote."""
    found = json.dumps(
        [tenants.two.client.query(PAGE, {"order": order}) for order in ({"field": "NAME"}, {"field": "CREATED_AT"})]
    )
    product = "query ($id: ID!) { product(id: $id) { footprints { edges { cursor } } grants { edges { cursor } } } }"
    found += json.dumps(tenants.two.client.query(product, {"id": tenants.two.ids["Product"]}))
    cursors = re.findall(r'"cursor": "([^"]+)"', found)
    assert len(cursors) == 6
    assert not [cursor for cursor in cursors if plain(cursor).isdigit()]


def test_counts_and_lists_are_of_what_is_ones_own(tenants: Tenants) -> None:
    for order in ({"field": "NAME"}, {"field": "CREATED_AT"}):
        found = tenants.two.client.query(PAGE, {"order": order})["products"]
        assert found["totalCount"] == len(found["nodes"]) == 2
        assert tenants.anonymous.query(PAGE, {"order": order})["products"]["totalCount"] == 0


# --- what may name anything: lines and fallbacks, pfIds, keys --------------------------------------------------------

SEEN = f"""query ($id: ID!) {{ product(id: $id) {{ footprint(asOf: "{AS_OF}") {selection("Footprint", ("Product",))}
  cradleToGate(asOf: "{AS_OF}") {selection("RollUpResult", ("Product",))} }} }}"""


@pytest.mark.parametrize("how", ["by id", "by urn", "by fallback"])
def test_a_line_to_what_is_anothers_is_a_line_to_nothing(tenants: Tenants, how: str) -> None:
    """Stored and reported alike: two new products of the second tenant, one line each."""

    def published(real: bool) -> str:
        client, key = tenants.two.client, new_key()
        given: dict[str, Any] = {"idempotencyKey": key, "productIds": [f"urn:uuid:{key}"], "name": "Taker"}
        product = client.done("createProduct", given, "product { id }")["product"]["id"]
        id_ = tenants.one.ids["Product"] if real else never("Product")
        urn = tenants.one.urns["whole"] if real else "urn:pact:one.example:product-id:never"
        lines = {
            "by id": {**line(""), "product": {"id": id_}},
            "by urn": line(urn),
            "by fallback": line("urn:pact:nobody.example:x:1", fallback={**line(urn)}),
        }
        given = {"idempotencyKey": new_key(), "footprint": footprint(product, modelled(lines[how]), pfId=key)}
        published = client.done("publishFootprint", given, "footprint { id }")["footprint"]["id"]
        text = json.dumps(client.query(SEEN, {"id": product}))
        # Everything that was made for this product by necessity; its footprint's own id stands in the explain file.
        for own in (product, key, id_, urn, decoded(published).rpartition(":")[2], decoded(product).rpartition(":")[2]):
            text = text.replace(own, "<own>")
        return re.sub(r'"id": "[^"]*"|sha256:[0-9a-f]+', "", text)

    assert published(real=True) == published(real=False)


WHAT_IF = f"""query ($id: ID!, $scenarios: [ScenarioInput!]!) {{ product(id: $id) {{
  whatIf(scenarios: $scenarios, asOf: "{AS_OF}") {selection("WhatIfResult", ("Product",))} }} }}"""


@pytest.mark.parametrize("kind", ["Product", "Footprint"])
@pytest.mark.parametrize("how", ["process", "supplier", "replaced", "substitute"])
def test_a_scenario_with_what_is_anothers_is_one_with_nothing(tenants: Tenants, kind: str, how: str) -> None:
    whole = tenants.two.ids["Product"]

    def asked(named: dict[str, str]) -> dict[str, Any]:
        own, grams = (
            {"product": {"id": whole}, "line": 1},
            {"own": {"emissions": {"fossilGhgEmissions": "0"}, "unit": "GRAM"}},
        )
        changes: dict[str, dict[str, Any]] = {
            "process": {"line": {"product": named, "line": 1, "amount": "2"}},
            "supplier": {"line": {**own, "supplier": named}},
            "replaced": {"replaceSupplier": {"supplier": named, "by": grams}},
            "substitute": {"shareOfLine": {**own, "percent": "5", "by": {"supplier": named}}},
        }
        return {"id": whole, "scenarios": [{"changes": [changes[how]]}]}

    client = tenants.two.client
    assert client.query(WHAT_IF, {"id": whole, "scenarios": [{}]})["product"]["whatIf"]["__typename"] == "WhatIf"
    check_alike(client, WHAT_IF, lambda id_: asked({"id": id_}), tenants.one.ids[kind], never(kind))
    if kind == "Product":
        urn = tenants.one.urns["whole"]
        check_alike(client, WHAT_IF, lambda name: asked({"productId": name}), urn, urn.replace("whole", "never"))
        found = client.query(WHAT_IF, asked({"id": tenants.one.ids[kind]}))["product"]["whatIf"]
        assert [problem["code"] for problem in found["problems"]] == ["NOT_FOUND"]


def test_versions_of_another_cannot_be_corrected_nor_their_ids_found_out(tenants: Tenants) -> None:
    """A pfId is the publisher's own: another may use the same, and learns nothing by it."""
    product = tenants.two.ids["Product"]

    def correcting(pf_id: str) -> dict[str, Any]:
        given = footprint(product, declared(), precedingPfIds=[pf_id])
        return {"input": {"idempotencyKey": KEY, "footprint": given}}

    query = mutation("publishFootprint")
    check_alike(tenants.two.client, query, correcting, tenants.one.pf_ids[1], str(uuid.uuid4()))


def test_what_was_tried_changed_nothing(tenants: Tenants) -> None:
    before = dump(tenants.callers.server)
    for argument, (kinds, query, variables) in ASKED.items():
        for kind in kinds:
            client = tenants.two.client
            answer = client.answer(query, variables(tenants, tenants.one.ids[kind]))
            assert "INTERNAL_ERROR" not in json.dumps(answer), argument
    assert dump(tenants.callers.server) == before
