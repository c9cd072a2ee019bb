"""Queries made by walking the schema, so that whatever is added to it is asked for, too; and answers to compare.

An answer is compared modulo what differs by necessity: UUIDs that the server makes (also inside global ids and
cursors, which are decoded) and digests, which hash them. Each becomes a number by first appearance, so that equal
things stay equal and different ones different. Nothing else is touched: a counter inside a cursor would show.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLUnionType,
    get_named_type,
)

from exchange.schema.schema import core_schema

AS_OF = "2026-06-30"
ARGUMENTS = {
    "asOf": f'"{AS_OF}"',
    "first": "20",
    "depth": "3",
    "cutoffPercent": "0",
    "maxNodes": "60",
    "scenarios": "[{}]",
    "samples": "100",
    "product": '"UHJvZHVjdDowMDAwMDAwMC0wMDAwLTQwMDAtODAwMC0wMDAwMDAwMDAwMDA"',  # nobody's: asked of others elsewhere
}
# Stands for an organization where one has to be named; whoever wants an answer puts a real one in its place.
SOMEBODY = base64.urlsafe_b64encode(b"Organization:00000000-0000-4000-8000-000000000000").decode().rstrip("=")
NEEDED = {"organization": f'"{SOMEBODY}"'}
SMALL_PAGES = {
    "footprints": "5",
    "grants": "10",
    "memberships": "5",
    "members": "20",
    "invitations": "20",
    "refusedLoops": "5",
    "audit": "5",
    "benchmarks": "5",
    "earlier": "5",
    "contributions": "50",
    "topPaths": "10",
    "primaryDataAdvice": "20",
    "uncertaintyAdvice": "20",
}
# What stands for a thing that another one leads to: whole it is asked for on its own.
SHORT = {
    "Product": "{ id productIds name access }",
    "Organization": "{ id companyIds name }",
    "Footprint": "{ id pfId kind status }",
    "Alliance": "{ id name }",
}
LEADS = ("Connection", "Viewer", "Query")  # from here, things are asked for whole; a product also shows its footprint
TREE_DEPTH = 3


def named(name: str) -> GraphQLNamedType:
    return core_schema().type_map[name]


def fields_of(name: str) -> Mapping[str, Any]:
    kind = named(name)
    assert isinstance(kind, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType)
    found: Mapping[str, Any] = kind.fields
    return found


def selection(name: str, above: tuple[str, ...] = ()) -> str:
    """Everything of a type, and of what it leads to enough to see what it is."""
    kind = named(name)
    if isinstance(kind, GraphQLUnionType):
        parts = (f"... on {each.name} {selection(each.name, above)}" for each in kind.types)
        return "{ __typename " + " ".join(parts) + " }"
    assert isinstance(kind, GraphQLObjectType)
    owners = [each for each in above if not each.endswith(LEADS)]
    if name in SHORT and owners and not (name == "Footprint" and owners == ["Product"]):
        return SHORT[name]
    if name.endswith("Edge"):
        node = get_named_type(kind.fields["node"].type)
        return "{ cursor node { " + ("id" if "id" in fields_of(node.name) else "__typename") + " } }"
    if above.count(name) >= (TREE_DEPTH if name == "ContributionNode" else 1):
        return "{ __typename }"
    parts = (text for field, value in kind.fields.items() for text in in_every_way(field, value, (*above, name)))
    return "{ " + " ".join(parts) + " }"


def in_every_way(field: str, value: Any, above: tuple[str, ...]) -> Iterator[str]:
    """A field; one that needs a word of an enumeration is asked for with each of them, the first without an alias."""
    words = {
        argument: list(kind.values)
        for argument, each in value.args.items()
        if isinstance(kind := get_named_type(each.type), GraphQLEnumType) and isinstance(each.type, GraphQLNonNull)
    }
    if not words:
        yield one_field(field, value, above, {})
    for argument, names in words.items():
        for name in names:
            alias = "" if name == names[0] else f"{field}_{name}: "
            yield alias + one_field(field, value, above, {argument: name})


def one_field(field: str, value: Any, above: tuple[str, ...], words: Mapping[str, str]) -> str:
    kind = get_named_type(value.type)
    given = {**{argument: ARGUMENTS[argument] for argument in value.args if argument in ARGUMENTS}, **words}
    given |= {
        argument: NEEDED[argument]
        for argument, each in value.args.items()
        if argument in NEEDED and isinstance(each.type, GraphQLNonNull)
    }
    if "first" in given and field in SMALL_PAGES:
        given["first"] = SMALL_PAGES[field]
    text = field + (f"({', '.join(f'{name}: {amount}' for name, amount in given.items())})" if given else "")
    if isinstance(kind, GraphQLScalarType | GraphQLEnumType):
        return text
    return f"{text} {selection(kind.name, above)}"


def node_types() -> list[str]:
    """Types that `node` finds."""
    kind = named("Node")
    assert isinstance(kind, GraphQLInterfaceType)
    return sorted(each.name for each in core_schema().get_implementations(kind).objects)


def node_query(name: str) -> str:
    """A thing by its id, whole, if it is of this type."""
    return f"query ($id: ID!) {{ node(id: $id) {{ __typename id ... on {name} {selection(name)} }} }}"


def all_ids(value: Any) -> Iterator[str]:
    """Every `id`, `namedId` and cursor in an answer."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name in {"id", "namedId", "cursor", "startCursor", "endCursor"} and isinstance(inner, str):
                yield inner
            else:
                yield from all_ids(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from all_ids(inner)


def id_arguments() -> set[tuple[str, str]]:
    """(field or input type, argument) of every argument that takes an id."""
    found = set()
    for name, kind in core_schema().type_map.items():
        if name.startswith("__"):
            continue
        if isinstance(kind, GraphQLInputObjectType):
            found |= {(name, field) for field, value in kind.fields.items() if takes_id(value.type)}
        elif isinstance(kind, GraphQLObjectType):
            for field, value in kind.fields.items():
                found |= {(f"{name}.{field}", at) for at, argument in value.args.items() if takes_id(argument.type)}
    return found


def takes_id(kind: Any) -> bool:
    while isinstance(kind, GraphQLNonNull | GraphQLList):
        kind = kind.of_type
    return bool(kind.name == "ID")


UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
DIGEST = re.compile(r"(?:sha256:)?[0-9a-f]{64}")  # also the hashes of the audit chain, over salts
ENCODED = {"id", "subject", "namedId", "cursor", "startCursor", "endCursor"}


class Normal:
    """Answers with what the server makes up replaced by numbers, over as many answers as there are."""

    def __init__(self) -> None:
        self._seen: dict[str, str] = {}

    def text(self, answer: Any) -> str:
        return json.dumps(self._plain(answer, ""), indent=1, ensure_ascii=False)

    def _plain(self, value: Any, name: str) -> Any:
        if isinstance(value, dict):
            return {key: self._plain(inner, key) for key, inner in value.items() if key != "requestId"}
        if isinstance(value, list):
            return [self._plain(inner, name) for inner in value]
        if not isinstance(value, str):
            return value
        if name in ENCODED:
            value = decoded(value)
        if name == "content":
            return self._explain_file(value)
        return DIGEST.sub(self._number, UUID.sub(self._number, value))

    def _explain_file(self, content: str) -> Any:
        """An explain file is sorted by ids that the server made: here it is by the order in which they are shown."""
        document = json.loads(content)
        place = {product["footprint"]: at for at, product in enumerate(document["shown"]["products"])}
        document["inputs"]["products"].sort(key=lambda entry: place[entry["footprint"]])
        return [len(content), self._plain(document["shown"], ""), self._plain(document, "")]

    def _number(self, found: re.Match[str]) -> str:
        return self._seen.setdefault(found[0], f"<{len(self._seen)}>")


def decoded(text: str) -> str:
    """What base64url holds, or the text itself where it is none."""
    try:
        return "base64:" + base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        return text
