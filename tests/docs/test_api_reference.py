"""Every limit, GraphQL type and field is documented: in docs/api.md by name, in the schema by a description."""

from __future__ import annotations

from pathlib import Path

import pytest
from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLInterfaceType, GraphQLObjectType

from exchange.schema.schema import core_schema
from tests.docs.limits import LIMITS, UNSEEN, limits_in, limits_passed, value_of
from tests.docs.reference import PAGE, written


def test_the_limits_and_the_reference_are_those_of_the_code() -> None:
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


def documented() -> set[str]:
    return {constant for rows in LIMITS.values() for each in rows for constant in each.constants}


def test_every_limit_is_documented_or_met_by_nobody() -> None:
    missing = limits_passed() - documented() - set(UNSEEN)
    assert not missing, f"tests/docs/limits.py says nothing of {sorted(missing)}"
    assert not documented() & set(UNSEEN)


def test_no_limit_is_documented_that_is_not_there() -> None:
    assert set(UNSEEN) <= limits_passed()
    assert all(value_of(constant) for constant in documented())


def test_a_limit_is_found_however_it_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.docs.limits.ROOT", tmp_path)
    file = tmp_path / "exchange" / "schema" / "new.py"
    file.parent.mkdir(parents=True)
    file.write_text("A_MAX = 1\nB_MAX: Final = 2\nC_MIN, C_MAX = 3, 4\nBACKOFF_MAX_S = 5\nMAXIMA = 6\n")
    assert set(limits_in(file)) == {f"schema.new.{name}" for name in ("A_MAX", "B_MAX", "C_MAX", "BACKOFF_MAX_S")}
