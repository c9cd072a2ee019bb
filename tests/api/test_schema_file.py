"""The schema as clients rely on it: the fixed core is in it, the committed file is it, everything is described."""

import re
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLUnionType,
    build_schema,
)

from exchange.model.carbon import STATED
from exchange.schema import printed_schema
from exchange.schema.schema import core_schema
from tests.api.core_compare import differences

# Ours and not PACT's: where PACT has nothing to name.
NOT_IN_PACT = {"unspecified", "unspecifiedBiogenic"}


def test_the_fixed_core_is_in_the_schema(api_core_dir):
    core = build_schema((api_core_dir / "core.graphql").read_text(encoding="utf-8"))
    assert not list(differences(core, build_schema(printed_schema())))


@pytest.mark.parametrize(
    ("ours", "complaint"),
    [
        ("type Query { a(x: Int): Int! } ", "Query.b: missing"),
        ("type Query { a(x: Int): Int b: String! }", "Query.a: Int instead of Int!"),
        ("type Query { a(x: Int!): Int! b: String! }", "Query.a(x): Int! instead of Int"),
        ("type Query { a(x: Int, y: Int!): Int! b: String! }", "Query.a(y): required, but not in the core"),
    ],
)
def test_a_schema_that_breaks_the_core_is_found(ours, complaint):
    core = build_schema("type Query { a(x: Int): Int! b: String }")
    assert complaint in list(differences(core, build_schema(ours)))


def test_the_committed_file_is_the_schema(pytestconfig):
    committed = (pytestconfig.rootpath / "schema.graphql").read_text(encoding="utf-8")
    assert committed == printed_schema(), "print it again with `make schema`"


def test_everything_is_described():
    undescribed = []
    for name, kind in core_schema().type_map.items():
        if name.startswith("__"):
            continue
        if not kind.description:
            undescribed.append(name)
        if isinstance(kind, GraphQLEnumType):
            undescribed += [f"{name}.{value}" for value, entry in kind.values.items() if not entry.description]
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            for field, entry in kind.fields.items():
                if not entry.description:
                    undescribed.append(f"{name}.{field}")
                arguments = getattr(entry, "args", {})
                undescribed += [f"{name}.{field}({a})" for a, argument in arguments.items() if not argument.description]
    ours = [place for place in undescribed if place not in {"String", "Int", "Float", "Boolean", "ID"}]
    assert not ours


def pact_names(text: str) -> set[str]:
    return set(re.findall(r"^ +([a-z][A-Za-z0-9]*):\s*$", text, re.MULTILINE))


def fields_of(kind: str) -> set[str]:
    described: Any = core_schema().type_map[kind]
    return set(described.fields)


def test_fields_that_pact_has_are_spelled_as_pact_spells_them(pact_schema_path):
    names = pact_names(pact_schema_path.read_text(encoding="utf-8"))
    assert "landManagementBiogenicCO2Emissions" in names
    assert set(STATED) <= names
    by_letters = {name.lower(): name for name in names}
    wrong = [
        f"{kind}.{field}"
        for kind in (
            "CarbonComponents",
            "CarbonComponentsInput",
            "Footprint",
            "FootprintInput",
            "RollUp",
            "DataQuality",
        )
        for field in fields_of(kind)
        if field not in NOT_IN_PACT and by_letters.get(field.lower(), field) != field
    ]
    assert not wrong
    components = fields_of("CarbonComponents")
    assert components - NOT_IN_PACT == set(STATED)


def test_sorting_the_text_leaves_the_schema_alone():
    union = core_schema().type_map["RollUpResult"]
    assert isinstance(union, GraphQLUnionType)
    assert [member.name for member in union.types] == ["RollUp", "RollUpRefused"]
    assert "input ProductKey @oneOf" in printed_schema()
    assert "= null" not in printed_schema()
