"""A wrong enum value is answered with the right ones.

graphql-core says at most which values resemble it, and "kg" resembles none. The values are no secret: the schema's text
and its introspection have them for everybody.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from graphql import GraphQLEnumType, GraphQLError

VALUES_NAMED_MAX: Final = 60  # more than any enum here has; a longer list is looked up, not read in an error

Coerce = Callable[..., Any]


def name_right_values(enum: GraphQLEnumType) -> None:
    """Lets the enum name its values wherever it refuses one: in a query's text, and in a variable."""
    right = _right_values(list(enum.values))
    enum.coerce_input_value = _naming(enum.coerce_input_value, right)  # type: ignore[method-assign]
    enum.coerce_input_literal = _naming(enum.coerce_input_literal, right)  # type: ignore[method-assign]


def _naming(coerce: Coerce, right: str) -> Coerce:
    def coerce_or_name(given: Any, hide_suggestions: bool = False) -> Any:
        try:
            return coerce(given, hide_suggestions)
        except GraphQLError as error:
            raise GraphQLError(f"{error.message} {right}", error.nodes) from error

    return coerce_or_name


def _right_values(names: list[str]) -> str:
    more = len(names) - VALUES_NAMED_MAX
    named = ", ".join(names[:VALUES_NAMED_MAX])
    return f"Its values: {named}." if more <= 0 else f"Its values: {named} and {more} more."
