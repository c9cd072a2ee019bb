"""What a query's text is checked by: graphql-core's rules, two of which say more here.

A value that its type cannot hold is the same mistake in the text and in a variable, INVALID_INPUT, and the message says
at which argument it stands. An introspection that is nested too deeply is too large, like any other such query.
"""

from __future__ import annotations

import re
from typing import Any, Final

from graphql import (
    SKIP,
    ArgumentNode,
    GraphQLError,
    MaxIntrospectionDepthRule,
    ValueNode,
    ValuesOfCorrectTypeRule,
    specified_rules,
)
from graphql.type import GRAPHQL_MAX_INT, GRAPHQL_MIN_INT, GraphQLInputType
from graphql.utilities.validate_input_value import validate_input_literal
from graphql.validation.rules.max_introspection_depth_rule import MAX_LIST_DEPTH

from exchange.errors import place_of
from exchange.schema.limits import too_large
from exchange.schema.scalars import GOT_LENGTH_MAX

INTROSPECTED_LISTS_MAX: Final = MAX_LIST_DEPTH - 1  # one in another: a schema of many types would be told many times

_OF_A_SCALAR: Final = re.compile("(Int|Float|String|Boolean|ID) cannot represent ")
_TOO_MANY_DIGITS: Final = "for integer string conversion"  # Python's words, of more digits than it reads
_TOO_LARGE: Final = "Int cannot represent non 32-bit signed integer value: "


class NamedValues(ValuesOfCorrectTypeRule):
    """As graphql-core checks values, with the place of each that is wrong."""

    _argument = ""  # of none: the default of a variable

    def enter_argument(self, node: ArgumentNode, *_args: Any) -> None:
        self._argument = node.name.value

    def leave_argument(self, *_args: Any) -> None:
        self._argument = ""

    def is_valid_value_node(self, node: ValueNode, input_type: GraphQLInputType | None) -> Any:
        if input_type:

            def on_error(error: GraphQLError, path: list[str | int]) -> None:
                self.report_error(_placed(error, node, place_of([self._argument, *map(str, path)])))

            validate_input_literal(node, input_type, on_error, None, None, self.context.hide_suggestions)
        return SKIP  # what is inside was looked at


class IntrospectionDepth(MaxIntrospectionDepthRule):
    """As graphql-core measures introspections."""

    def report_error(self, error: GraphQLError) -> None:
        lists = f"more than {INTROSPECTED_LISTS_MAX} lists of fields one in another"
        message = f"The introspection follows {lists}: ask in several queries, for a type at a time with __type(name:)."
        super().report_error(too_large(message, error.nodes))


OWN_RULES: Final = {ValuesOfCorrectTypeRule: NamedValues, MaxIntrospectionDepthRule: IntrospectionDepth}
RULES: Final = [OWN_RULES.get(rule, rule) for rule in specified_rules]


def _placed(error: GraphQLError, node: ValueNode, place: str) -> GraphQLError:
    extensions, message = dict(error.extensions or {}), error.message
    if _OF_A_SCALAR.match(message):  # our own scalars say their code themselves
        extensions["code"] = "INVALID_INPUT"
    if _TOO_MANY_DIGITS in message:
        extensions["code"] = "INVALID_INPUT"
        message = _of_int("a number of thousands of digits")
    elif message.startswith(_TOO_LARGE):
        message = _of_int(message.removeprefix(_TOO_LARGE)[:GOT_LENGTH_MAX])
    return GraphQLError(f"{place}: {message}" if place else message, error.nodes or [node], extensions=extensions)


def _of_int(got: str) -> str:
    bounds = f"from {GRAPHQL_MIN_INT} to {GRAPHQL_MAX_INT}"
    return f"Int expects a whole number {bounds}; got {got}. The bounds of each argument are in its description."
