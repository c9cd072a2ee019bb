"""What the documents have from the code: `python -m tests.docs.reference` writes it anew.

docs/api.md has its limits and its types, docs/explain-file.schema.json the format of explain files.
"""

from __future__ import annotations

import json

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

from exchange.rollup.explain_schema import SCHEMA
from exchange.schema.schema import core_schema
from tests.docs.documents import DOCS
from tests.docs.limits import limits

PAGE = DOCS / "api.md"
EXPLAIN_FILE = DOCS / "explain-file.schema.json"
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
    """The page with what it has from the code made anew."""
    for name, made in (("limits", limits()), ("reference", reference())):
        begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
        before, _, rest = text.partition(begin)
        _, _, after = rest.partition(end)
        text = f"{before}{begin}\n\n{made}\n\n{end}{after}"
    return text


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    EXPLAIN_FILE.write_text(json.dumps(SCHEMA, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
