"""The list of GraphQL types in docs/api.md, made from the schema: `python -m tests.docs.reference` writes it anew."""

from __future__ import annotations

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLUnionType,
    is_introspection_type,
    is_specified_scalar_type,
)

from exchange.schema.schema import core_schema
from tests.docs.documents import DOCS

PAGE = DOCS / "api.md"
BEGIN, END = "<!-- reference: begin -->", "<!-- reference: end -->"
KINDS: tuple[tuple[str, type[GraphQLNamedType]], ...] = (
    ("Objects", GraphQLObjectType),
    ("Interfaces", GraphQLInterfaceType),
    ("Unions", GraphQLUnionType),
    ("Inputs", GraphQLInputObjectType),
    ("Enumerations", GraphQLEnumType),
    ("Scalars", GraphQLScalarType),
)


def reference() -> str:
    """One table a kind: the type, what it is, its fields or values."""
    parts = []
    for heading, kind in KINDS:
        rows = [
            _row(one) for name, one in sorted(core_schema().type_map.items()) if isinstance(one, kind) and _ours(one)
        ]
        parts.append("\n".join([f"### {heading}", "", "| type | what it is | holds |", "|---|---|---|", *rows]))
    return "\n\n".join(parts)


def _ours(one: GraphQLNamedType) -> bool:
    return not is_introspection_type(one) and not is_specified_scalar_type(one)


def _row(one: GraphQLNamedType) -> str:
    description = " ".join((one.description or "").split()).replace("|", "\\|")
    return f"| `{one.name}` | {description} | {_holds(one)} |"


def _holds(one: GraphQLNamedType) -> str:
    if isinstance(one, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
        return ", ".join(one.fields)
    if isinstance(one, GraphQLUnionType):
        return ", ".join(member.name for member in one.types)
    return ", ".join(one.values) if isinstance(one, GraphQLEnumType) else ""


def written(text: str) -> str:
    """The page with its reference made anew."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{reference()}\n\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
