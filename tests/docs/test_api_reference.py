"""Every GraphQL type and field is documented: in docs/api.md by name, in the schema by a description."""

from __future__ import annotations

from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLInterfaceType, GraphQLObjectType

from exchange.schema.schema import core_schema
from tests.docs.reference import PAGE, written


def test_the_reference_is_the_schemas() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert text == written(text), "run: python -m tests.docs.reference"


def test_everything_in_the_schema_has_a_description() -> None:
    bare = []
    for name, kind in core_schema().type_map.items():
        if name.startswith("__"):
            continue
        if not kind.description:
            bare.append(name)
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            for field_name, field in kind.fields.items():
                if not field.description:
                    bare.append(f"{name}.{field_name}")
                arguments = getattr(field, "args", {})
                bare += [f"{name}.{field_name}({each})" for each, one in arguments.items() if not one.description]
        elif isinstance(kind, GraphQLEnumType):
            bare += [f"{name}.{value}" for value, one in kind.values.items() if not one.description]
    assert not bare, f"no description: {bare}"
