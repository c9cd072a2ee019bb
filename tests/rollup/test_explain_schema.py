"""The published format of explain files is the one that they are checked by, and another validator reads it alike."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exchange.errors import Problems
from exchange.rollup.conforming import check_of
from exchange.rollup.explain_schema import SCHEMA
from tests.docs.documents import DOCS
from tests.rollup.explained import VIEWERS, at, delivered, example, leaves

PUBLISHED = DOCS / "explain-file.schema.json"


def problems(value: Any, schema: dict[str, Any] = SCHEMA) -> list[tuple[str, tuple[str, ...]]]:
    found = Problems()
    check_of(schema)(value, (), found)
    return [(one.code, one.path) for one in found.found]


def test_the_published_schema_is_the_one_that_files_are_checked_by() -> None:
    text = PUBLISHED.read_text(encoding="utf-8")
    assert json.loads(text) == SCHEMA, "run: python -m tests.docs.reference"


@pytest.mark.parametrize("viewer", VIEWERS)
def test_every_file_conforms(viewer: str) -> None:
    assert problems(example(viewer)) == []
    assert problems(delivered()) == []


def test_every_part_of_the_format_is_described() -> None:
    def bare(schema: dict[str, Any], path: str) -> list[str]:
        found = (
            [] if schema.get("description") or "$ref" in schema else [path] if schema.get("type") == "object" else []
        )
        for name, one in schema.get("properties", {}).items():
            found += bare(one, f"{path}.{name}")
        return found

    assert not bare(SCHEMA, "file")
    assert not [name for name, one in SCHEMA["$defs"].items() for name in bare(one, name)]


@pytest.fixture(scope="module")
def validator() -> Any:
    jsonschema = pytest.importorskip("jsonschema", reason="needs the extra `oracle`, which brings jsonschema")
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    return jsonschema.Draft202012Validator(SCHEMA)


@pytest.mark.parametrize("viewer", VIEWERS)
def test_another_validator_finds_every_file_valid(validator: Any, viewer: str) -> None:
    validator.validate(example(viewer))
    validator.validate(delivered())


PUT: list[Any] = [
    None,
    True,
    0,
    1,
    -1,
    10**8,
    "",
    "x",
    "0",
    "-0",
    "1.50",
    "01",
    "1E5",
    "sha256:" + "a" * 64,
    "a" * 201,
    [],
    {},
    ["x"],
]


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_another_validator_says_the_same_of_changed_files(validator: Any, data: st.DataObject) -> None:
    document = copy.deepcopy(data.draw(st.sampled_from([example(), delivered()])))
    path = data.draw(st.sampled_from(sorted(places(document), key=str)))
    parent = at(document, path[:-1])
    how = data.draw(st.sampled_from(["put", "remove", "add"]))
    if how == "put":
        parent[path[-1]] = data.draw(st.sampled_from(PUT))
    elif how == "remove":
        del parent[path[-1]]
    elif isinstance(parent, dict):
        parent["more"] = "x"
    else:
        parent.append(data.draw(st.sampled_from(PUT)))
    assert bool(problems(document)) is not validator.is_valid(document)


def places(document: dict[str, Any]) -> set[tuple[Any, ...]]:
    """Of every value, those that hold others too."""
    return {path[:length] for path in leaves(document) for length in range(1, len(path) + 1)}


@pytest.mark.parametrize(
    ("schema", "value", "found"),
    [
        ({"type": "integer", "minimum": 1, "maximum": 3}, 3, []),
        ({"type": "integer", "minimum": 1, "maximum": 3}, 4, ["OUT_OF_RANGE"]),
        ({"type": "integer", "minimum": 1, "maximum": 3}, True, ["TYPE_INVALID"]),
        ({"type": "string", "pattern": "^a$"}, "a\n", ["FORMAT_INVALID"]),
        ({"type": "string"}, "\ud83d", ["TEXT_INVALID"]),
        ({"enum": ["a", "b"]}, ["a"], ["NOT_KNOWN"]),
        ({"anyOf": [{"const": "a"}, {"type": "null"}]}, None, []),
        ({"type": "array", "items": {"const": "a"}, "maxItems": 1}, ["a", "a"], ["OUT_OF_RANGE"]),
    ],
    ids=map(str, range(8)),
)
def test_each_keyword_does_what_it_says(schema: dict[str, Any], value: Any, found: list[str]) -> None:
    assert [code for code, _ in problems(value, schema)] == found


def test_a_keyword_that_is_not_known_is_not_passed_over() -> None:
    with pytest.raises(NotImplementedError, match="multipleOf"):
        check_of({"type": "integer", "multipleOf": 2})
