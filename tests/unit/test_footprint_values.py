"""What is sent as a FootprintInput becomes the operations' value: every field that the schema has, and no other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLList, GraphQLNonNull, get_named_type

from exchange.errors import Problems
from exchange.model.footprint import LifeCycleStage, SystemBoundary
from exchange.schema.footprint_values import footprint_value, parts_of
from exchange.schema.ids import global_id
from exchange.schema.schema import core_schema

UUID = "0d6a7a86-5a4b-4d5c-9d23-0b1b7e2c9f11"


class Read(Mapping[str, Any]):
    """An input object in which every field is there, and which remembers the ones that were read."""

    def __init__(self, kind: GraphQLInputObjectType, seen: dict[str, set[str]]) -> None:
        self._kind = kind
        self._seen = seen.setdefault(kind.name, set())
        self._values = {name: _something(field.type, name, seen) for name, field in kind.fields.items()}

    def __getitem__(self, name: str) -> Any:
        value = self._values[name]
        self._seen.add(name)
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def _something(kind: Any, name: str, seen: dict[str, set[str]]) -> Any:
    """A value of a type; of a scalar, one that nothing else has."""
    if isinstance(kind, GraphQLNonNull):
        return _something(kind.of_type, name, seen)
    if isinstance(kind, GraphQLList):
        return [_something(kind.of_type, name, seen)]
    if isinstance(kind, GraphQLInputObjectType):
        return Read(kind, seen)
    if isinstance(kind, GraphQLEnumType):
        return next(iter(kind.values.values())).value
    if name in {"product", "id"}:
        return global_id("Product", UUID)
    return global_id("Release", UUID) if name == "release" else f"a value of {name}"


def test_every_field_of_the_schema_is_read() -> None:
    seen: dict[str, set[str]] = {}
    kind = core_schema().type_map["FootprintInput"]
    assert isinstance(kind, GraphQLInputObjectType)
    problems = Problems()
    value = footprint_value(Read(kind, seen), problems, ("input",))
    assert not problems.found
    for name, read in seen.items():
        declared = core_schema().type_map[name]
        assert isinstance(declared, GraphQLInputObjectType)
        unread = set(declared.fields) - read
        assert unread == ({"productId"} if name == "ProductKey" else set()), name
    assert len(seen) == len(_input_types(kind))
    assert_filled(value)


def _input_types(kind: GraphQLInputObjectType) -> set[str]:
    found, waiting = {kind.name}, [kind]
    while waiting:
        for field in waiting.pop().fields.values():
            below = get_named_type(field.type)
            if isinstance(below, GraphQLInputObjectType) and below.name not in found:
                found.add(below.name)
                waiting.append(below)
    return found


def assert_filled(value: Any) -> None:
    """No field of the value, or of what is in it, was left out; and each went to the field of its name."""
    for field in fields(value):
        held = getattr(value, field.name)
        for each in held if isinstance(held, tuple) else (held,):
            if is_dataclass(each):
                assert_filled(each)
            elif isinstance(each, str) and each.startswith("a value of "):
                assert _plain(each.removeprefix("a value of ")) == _plain(field.name)
            elif field.name != "product_id":
                assert each is not None, field.name


def _plain(name: str) -> str:
    return name.replace("_", "").lower()


# What every footprint has, as graphql-core hands it on; conversion looks at none of the values.
REQUIRED = {
    "product": global_id("Product", UUID),
    "precedingPfIds": [],
    "declaredUnitAmount": "1",
    "declaredUnitOfMeasurement": "KILOGRAM",
    "productMassPerDeclaredUnit": "1",
    "referencePeriodStart": "s",
    "referencePeriodEnd": "e",
    "ipccCharacterizationFactors": ["AR6"],
    "crossSectoralStandards": ["ISO14067"],
    "exemptedEmissionsPercent": "0",
    "systemBoundary": SystemBoundary.CRADLE_TO_GATE,
}


def test_what_was_left_out_and_null_are_the_same() -> None:
    optional = dict.fromkeys(("release", "pfId", "comment", "dataQuality", "declared", "modelled"))
    problems = Problems()
    assert footprint_value(REQUIRED, problems, ()) == footprint_value({**REQUIRED, **optional}, problems, ())
    assert not problems.found
    assert parts_of(REQUIRED) == parts_of({**REQUIRED, **optional}) == 1


def test_a_malformed_id_is_a_problem_where_it_stands() -> None:
    line = {
        "product": {"id": "nonsense"},
        "amount": "1",
        "unit": "KILOGRAM",
        "stage": LifeCycleStage.MANUFACTURING,
        **dict.fromkeys(("amountIsPrimary", "delivered", "packaging", "credit"), False),
    }
    stated = {
        **REQUIRED,
        "product": global_id("Footprint", UUID),
        "modelled": {"direct": [], "lines": [line, {**line, "fallback": {**line, "product": {"id": "x"}}}]},
    }
    problems = Problems()
    footprint_value(stated, problems, ("input", "footprint"))
    at = ("input", "footprint", "modelled", "lines")
    assert [problem.path for problem in problems.found] == [
        ("input", "footprint", "product"),
        (*at, "0", "product", "id"),
        (*at, "1", "product", "id"),
        (*at, "1", "fallback", "product", "id"),
    ]
    assert parts_of(stated) == 3
