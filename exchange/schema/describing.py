"""How an enum of the model becomes one of the API: with every value described."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import TypeVar

import strawberry

E = TypeVar("E", bound=Enum)


def describe(enum: type[E], description: str, values: Mapping[str, str], *, name: str | None = None) -> None:
    """Makes a Python enum a GraphQL one; fails at start where a value has no description, or a description no value."""
    described = strawberry.enum(enum, name=name, description=description)
    definition = described.__strawberry_definition__  # type: ignore[attr-defined]
    if {value.name for value in definition.values} != set(values):
        raise TypeError(f"{enum.__name__}: describe exactly its values")
    for value in definition.values:
        value.description = values[value.name]
