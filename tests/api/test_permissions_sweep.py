"""Who may ask what: every field of Query and Mutation has a declared permission, and it is enforced."""

from typing import Any

import pytest
import strawberry

from exchange.model.parties import ANONYMOUS, OPERATOR, ROLE_SCOPES, Role, Scope, Viewer
from exchange.schema.permissions import PERMISSIONS, Guard, Permission, refusal
from exchange.schema.schema import SCHEMA, core_schema, guard
from tests.api.fakes import MAKER, READER, FakeExchange, ask

WITHOUT_SCOPES = Viewer(MAKER, frozenset(), client_id="client")
PUBLISHER = Viewer(MAKER, frozenset({Scope.PUBLISH}), client_id="client")
AUDITOR = Viewer(MAKER, ROLE_SCOPES[Role.AUDITOR], client_id="client")
MANAGER = Viewer(MAKER, frozenset({Scope.MANAGE}), client_id="client")


def test_every_field_has_exactly_one_declared_permission():
    for name in PERMISSIONS:
        root: Any = core_schema().type_map[name]
        assert set(root.fields) == set(PERMISSIONS[name])
    assert set(PERMISSIONS) == {"Query", "Mutation", "Subscription"}
    assert core_schema().query_type is core_schema().type_map["Query"]
    assert core_schema().mutation_type is core_schema().type_map["Mutation"]
    assert core_schema().subscription_type is core_schema().type_map["Subscription"]


def test_every_field_is_guarded():
    roots: list[Any] = [SCHEMA.query, SCHEMA.mutation, SCHEMA.subscription]
    for root in roots:
        for field in root.__strawberry_definition__.fields:
            guards = [extension for extension in field.extensions if isinstance(extension, Guard)]
            assert len(guards) == 1, field.name


def test_a_field_without_a_declared_permission_keeps_the_schema_from_being_built():
    @strawberry.type
    class Query:
        @strawberry.field
        async def everything(self) -> str:
            return "secret"

    with pytest.raises(KeyError, match="everything"):
        guard(Query)


@pytest.mark.parametrize(
    ("permission", "viewer", "code"),
    [
        (Permission.ANYBODY, ANONYMOUS, None),
        (Permission.ANYBODY, WITHOUT_SCOPES, None),
        (Permission.READ, ANONYMOUS, None),
        (Permission.READ, READER, None),
        (Permission.READ, OPERATOR, None),
        (Permission.READ, WITHOUT_SCOPES, "ACCESS_DENIED"),
        (Permission.READ, PUBLISHER, "ACCESS_DENIED"),
        (Permission.PUBLISH, ANONYMOUS, "NOT_SIGNED_IN"),
        (Permission.PUBLISH, READER, "ACCESS_DENIED"),
        (Permission.PUBLISH, PUBLISHER, None),
        (Permission.PUBLISH, OPERATOR, None),
        (Permission.READ, AUDITOR, None),
        (Permission.PUBLISH, AUDITOR, "ACCESS_DENIED"),
        (Permission.MANAGE, ANONYMOUS, "NOT_SIGNED_IN"),
        (Permission.MANAGE, PUBLISHER, "ACCESS_DENIED"),
        (Permission.MANAGE, AUDITOR, "ACCESS_DENIED"),
        (Permission.MANAGE, MANAGER, None),
        (Permission.ADMINISTER, MANAGER, "ACCESS_DENIED"),
        (Permission.ADMINISTER, ANONYMOUS, "NOT_SIGNED_IN"),
        (Permission.ADMINISTER, PUBLISHER, "ACCESS_DENIED"),
        (Permission.ADMINISTER, OPERATOR, None),
    ],
)
def test_who_may(permission, viewer, code):
    found = refusal(permission, viewer)
    assert (found and found.code) == code


QUERIES = {
    "viewer": "viewer { scopes }",
    "node": 'node(id: "x") { id }',
    "nodes": "nodes(ids: []) { id }",
    "product": 'product(id: "x") { name }',
    "products": "products { totalCount }",
    "compare": 'compare(product: "x", other: "y") { verdict }',
    "organization": 'organization(id: "x") { name }',
    "organizations": "organizations { totalCount }",
    "alliance": 'alliance(id: "x") { name }',
    "alliances": "alliances { totalCount }",
    "grantPreview": None,  # written out below
}


@pytest.mark.parametrize("field", PERMISSIONS["Query"])
async def test_a_token_without_read_asks_who_it_is_and_nothing_else(field):
    exchange = FakeExchange()
    body = await ask(exchange, f"{{ {QUERIES[field]} }}", viewer=WITHOUT_SCOPES)
    if PERMISSIONS["Query"][field] is Permission.ANYBODY:
        assert body == {"data": {"viewer": {"scopes": []}}}
    elif field == "grantPreview":
        assert body["data"] == {"grantPreview": {"__typename": "AccessDenied"}}
    else:
        assert [error["extensions"]["code"] for error in body["errors"]] == ["ACCESS_DENIED"]
    assert not set(exchange.calls) - {"session", "confirm", "organizations"}


KEY = '"6f1c3a52-8d0e-4b57-9a43-0c8e5f2d7b19"'
INPUTS = {
    "createProduct": f'{{idempotencyKey: {KEY}, productIds: [], name: "x"}}',
    "publishFootprints": f"{{idempotencyKey: {KEY}, footprints: []}}",
    "publishFootprint": None,  # written out below
    "createRelease": f'{{idempotencyKey: {KEY}, dataset: "x", label: "x", date: "2026-01-01"}}',
    "deprecateFootprint": '{footprint: "x", reason: "x"}',
    "grantAccess": f'{{idempotencyKey: {KEY}, product: "x", to: {{public: true}}, level: TOTAL}}',
    "revokeAccess": '{grant: "x"}',
    "foundAlliance": f'{{idempotencyKey: {KEY}, name: "x"}}',
    "inviteToAlliance": f'{{idempotencyKey: {KEY}, alliance: "x", organization: "x"}}',
    "acceptInvitation": '{invitation: "x"}',
    "declineInvitation": '{invitation: "x"}',
    "leaveAlliance": '{alliance: "x"}',
    "addMember": f'{{idempotencyKey: {KEY}, name: "x", kind: PERSON, role: READER}}',
    "changeMemberRole": '{member: "x", role: READER}',
    "rotateMemberSecret": '{member: "x"}',
    "removeMember": '{member: "x"}',
    "publishBenchmarks": '{closing: "2026-06-30"}',
}
QUERIES["grantPreview"] = f"grantPreview(input: {INPUTS['grantAccess']}) {{ __typename }}"
FOOTPRINT = """{product: "x", declaredUnitAmount: "1", declaredUnitOfMeasurement: KILOGRAM,
  productMassPerDeclaredUnit: "1", referencePeriodStart: "2025-01-01T00:00:00Z",
  referencePeriodEnd: "2026-01-01T00:00:00Z", ipccCharacterizationFactors: ["AR6"], crossSectoralStandards: []}"""
INPUTS["publishFootprint"] = f"{{idempotencyKey: {KEY}, footprint: {FOOTPRINT}}}"


@pytest.mark.parametrize("field", PERMISSIONS["Mutation"])
async def test_a_mutation_needs_a_token_with_its_scope(field):
    exchange = FakeExchange()
    query = f"mutation {{ {field}(input: {INPUTS[field]}) {{ __typename ... on UserError {{ code message path }} }} }}"
    body = await ask(exchange, query)
    assert [error["extensions"]["code"] for error in body["errors"]] == ["NOT_SIGNED_IN"]
    body = await ask(exchange, query, viewer=READER)
    assert body["data"][field]["__typename"] == "AccessDenied"
    assert body["data"][field]["code"] == "ACCESS_DENIED"
    assert "errors" not in body
    assert set(exchange.calls) == {"session", "confirm", f"denied {field}"}
