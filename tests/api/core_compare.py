"""Compares a schema with the fixed core: names are there, answers are not more nullable, inputs are not stricter."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLType,
    GraphQLUnionType,
    Undefined,
    get_named_type,
    print_ast,
)


def differences(core: GraphQLSchema, ours: GraphQLSchema) -> Iterator[str]:
    """One sentence for each way in which a client of the core could not use ours."""
    for name, wanted in core.type_map.items():
        if name.startswith("__"):
            continue
        our = ours.type_map.get(name)
        found: Any = our
        if our is None or not isinstance(our, type(wanted)):
            yield f"{name}: missing or of another kind"
        elif isinstance(wanted, GraphQLObjectType | GraphQLInterfaceType):
            yield from fields(wanted, found)
        elif isinstance(wanted, GraphQLInputObjectType):
            yield from input_fields(wanted, found)
        elif isinstance(wanted, GraphQLEnumType):
            yield from (f"{name}.{value}: missing" for value in set(wanted.values) - set(found.values))
        elif isinstance(wanted, GraphQLUnionType):
            members = {member.name for member in found.types}
            yield from (f"{name}: lacks {member.name}" for member in wanted.types if member.name not in members)


def fields(wanted, found) -> Iterator[str]:
    interfaces = {interface.name for interface in found.interfaces}
    yield from (f"{wanted.name}: not a {i.name}" for i in wanted.interfaces if i.name not in interfaces)
    for name, field in wanted.fields.items():
        place = f"{wanted.name}.{name}"
        if name not in found.fields:
            yield f"{place}: missing"
            continue
        if not answers_as(found.fields[name].type, field.type):
            yield f"{place}: {found.fields[name].type} instead of {field.type}"
        yield from arguments(place, field.args, found.fields[name].args)


def arguments(place: str, wanted: dict[str, GraphQLArgument], found: dict[str, GraphQLArgument]) -> Iterator[str]:
    for name, argument in wanted.items():
        if name not in found:
            yield f"{place}({name}): missing"
        else:
            yield from input_value(f"{place}({name})", argument, found[name])
    for name in found.keys() - wanted.keys():
        if is_required(found[name]):
            yield f"{place}({name}): required, but not in the core"


def input_fields(wanted: GraphQLInputObjectType, found: GraphQLInputObjectType) -> Iterator[str]:
    if wanted.is_one_of != found.is_one_of:
        yield f"{wanted.name}: one-of differs"
    for name, field in wanted.fields.items():
        if name not in found.fields:
            yield f"{wanted.name}.{name}: missing"
        else:
            yield from input_value(f"{wanted.name}.{name}", field, found.fields[name])
    for name in found.fields.keys() - wanted.fields.keys():
        if is_required(found.fields[name]):
            yield f"{wanted.name}.{name}: required, but not in the core"


def input_value(place: str, wanted, found) -> Iterator[str]:
    if not takes(found.type, wanted.type):
        yield f"{place}: {found.type} instead of {wanted.type}"
    if is_required(found) and not is_required(wanted):
        yield f"{place}: required"
    if default(wanted) is not Undefined and default(wanted) != default(found):
        yield f"{place}: default {default(found)!r} instead of {default(wanted)!r}"


def default(value: GraphQLArgument | GraphQLInputField) -> object:
    """The default as it is written in the schema; both schemas must have been read from text."""
    stated = value.default
    if stated is None or stated.literal is None:
        return Undefined
    text = print_ast(stated.literal)
    return float(text) if get_named_type(value.type).name == "Float" else text


def is_required(value: GraphQLArgument | GraphQLInputField) -> bool:
    return isinstance(value.type, GraphQLNonNull) and default(value) is Undefined


def answers_as(found: GraphQLType, wanted: GraphQLType) -> bool:
    """Whether an answer of the one type is one of the other: the same, or less nullable."""
    if isinstance(wanted, GraphQLNonNull):
        return isinstance(found, GraphQLNonNull) and answers_as(found.of_type, wanted.of_type)
    if isinstance(found, GraphQLNonNull):
        return answers_as(found.of_type, wanted)
    if isinstance(wanted, GraphQLList):
        return isinstance(found, GraphQLList) and answers_as(found.of_type, wanted.of_type)
    return str(found) == str(wanted)


def takes(found: GraphQLType, wanted: GraphQLType) -> bool:
    """Whether every input of the core's type is taken: the same, or more nullable."""
    if isinstance(found, GraphQLNonNull):
        return isinstance(wanted, GraphQLNonNull) and takes(found.of_type, wanted.of_type)
    if isinstance(wanted, GraphQLNonNull):
        return takes(found, wanted.of_type)
    if isinstance(found, GraphQLList):
        return isinstance(wanted, GraphQLList) and takes(found.of_type, wanted.of_type)
    return str(found) == str(wanted)
