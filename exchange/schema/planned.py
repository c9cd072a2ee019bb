"""An executor that copies plain fields instead of executing each: the same answers, several times sooner.

graphql-core spends microseconds on every leaf (path, info, resolver, completion), though most of ours are attributes
that were filled when the object was made. For each selection set, what can be copied is found out once; everything
else, and everything that goes wrong while copying, takes the ordinary way, so that errors are the ordinary ones.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLResolveInfo,
    GraphQLScalarType,
    Undefined,
)
from graphql.execution.collect_fields import FieldDetails
from graphql.pyutils import Path, gather_with_cancel
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.field import StrawberryField

from exchange.schema.limits import COST_MAX

Write = Callable[[Any], Any]
# Where the answer's name comes from: the attribute and how it is written; None: take the ordinary way.
Step = tuple[str, list[FieldDetails], tuple[str, Write] | None]
TYPENAME: Final = "__typename"


ITEMS_AT_ONCE: Final = 500  # of a list: a few milliseconds


class NotFinished(Exception):
    """The answer has become too large; whoever executes says so, and shows nothing of it."""


class NotPlain(Exception):
    """The value is none that can be copied: the ordinary way says what is wrong with it."""


class PlannedExecutor(StrawberryGraphQLCoreExecutionContext):
    """One per execution, as graphql-core makes them; plans live as long."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # A grouped field set is kept with its plan, so that its id is not given to another one meanwhile.
        self._plans: dict[tuple[str, int], tuple[object, Sequence[Step]]] = {}
        self._one_part = asyncio.Lock()
        self.fields_answered = 0

    @property
    def is_too_large(self) -> bool:
        """Whether the answer has more fields than any may have; then it was left unfinished."""
        return self.fields_answered > COST_MAX

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Path | None,
        grouped_field_set: Mapping[str, list[FieldDetails]],
        position_context: Any,
    ) -> dict[str, Any] | Awaitable[dict[str, Any]]:
        """The answer to one selection set; fields in the order that was asked."""
        results: dict[str, Any] = {}
        waiting: list[str] = []
        plan = self._plan(parent_type, grouped_field_set)
        self.fields_answered += len(plan)
        if self.is_too_large:
            raise NotFinished
        try:
            for name, details, plain in plan:
                if plain is not None:
                    try:
                        results[name] = plain[1](getattr(source_value, plain[0]))
                        continue
                    except Exception:  # noqa: BLE001 (whatever it was, the ordinary way meets it again)
                        pass
                result = self.execute_field(
                    parent_type, source_value, details, Path(path, name, parent_type.name), position_context
                )
                if result is not Undefined:
                    results[name] = result
                    if self.is_awaitable(result):
                        waiting.append(name)
        except Exception:
            if waiting:
                self.settle_in_background([results[name] for name in waiting])
            raise
        return _when_all_are_there(results, waiting) if waiting else results

    def complete_iterable_value(
        self,
        item_type: GraphQLOutputType,
        field_details_list: list[FieldDetails],
        info: GraphQLResolveInfo[Any],
        path: Path,
        items: Iterable[Any],
        position_context: Any,
    ) -> list[Any] | Awaitable[list[Any]]:
        """A long list is answered in parts, between which others get their turn."""
        if not isinstance(items, Sequence) or len(items) <= ITEMS_AT_ONCE:
            return super().complete_iterable_value(item_type, field_details_list, info, path, items, position_context)
        return self._in_parts(item_type, field_details_list, info, path, items, position_context)

    async def _in_parts(
        self,
        item_type: GraphQLOutputType,
        field_details_list: list[FieldDetails],
        info: GraphQLResolveInfo[Any],
        path: Path,
        items: Sequence[Any],
        position_context: Any,
    ) -> list[Any]:
        answered: list[Any] = []
        for start in range(0, len(items), ITEMS_AT_ONCE):
            waiting: list[int] = []
            async with self._one_part:  # of all long lists of a request, or the loop would meet all of them in a row
                try:
                    for index, item in enumerate(items[start : start + ITEMS_AT_ONCE], start):
                        here = path.add_key(index, None)
                        if self.complete_list_item_value(
                            item, answered, item_type, field_details_list, info, here, position_context
                        ):
                            waiting.append(index)
                except Exception:
                    if waiting:
                        self.settle_in_background([answered[index] for index in waiting])
                    raise
                await asyncio.sleep(0)
            found = await gather_with_cancel(*(answered[index] for index in waiting)) if waiting else []
            for index, value in zip(waiting, found, strict=True):
                answered[index] = value
        return answered

    def _plan(self, parent_type: GraphQLObjectType, fields: Mapping[str, list[FieldDetails]]) -> Sequence[Step]:
        key = (parent_type.name, id(fields))
        known = self._plans.get(key)
        if known is None:
            known = self._plans[key] = (fields, [self._step(parent_type, *field) for field in fields.items()])
        return known[1]

    def _step(self, parent_type: GraphQLObjectType, name: str, details: list[FieldDetails]) -> Step:
        field_name = details[0].node.name.value
        if field_name == TYPENAME:
            return name, details, ("__class__", _constant(parent_type.name))
        field = parent_type.fields.get(field_name)
        return name, details, None if field is None else _plain(field)


async def _when_all_are_there(results: dict[str, Any], waiting: Sequence[str]) -> dict[str, Any]:
    if len(waiting) == 1:
        results[waiting[0]] = await results[waiting[0]]
        return results
    found = await gather_with_cancel(*(results[name] for name in waiting))
    results.update(zip(waiting, found, strict=True))
    return results


def _constant(value: str) -> Write:
    return lambda _: value


def _plain(field: GraphQLField) -> tuple[str, Write] | None:
    """The attribute that a field without a resolver is, if what it holds is a scalar, an enum, or a list of such."""
    definition = field.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    if field.args or not isinstance(definition, StrawberryField) or not definition.is_basic_field:
        return None
    write = _writer(field.type)
    return None if write is None else (definition.python_name, write)


def _writer(kind: Any) -> Write | None:
    """How a value of a type is written; None for types that are not leaves."""
    if isinstance(kind, GraphQLNonNull):
        return _writer_of_value(kind.of_type)
    write = _writer_of_value(kind)
    return None if write is None else lambda value: None if value is None else write(value)


def _writer_of_value(kind: Any) -> Write | None:
    """The same for a value that must be there: None raises."""
    if isinstance(kind, GraphQLScalarType):
        return _there(kind.coerce_output_value)
    if isinstance(kind, GraphQLEnumType):
        names = {entry.value: name for name, entry in kind.values.items()}
        return lambda value: names[value]
    if isinstance(kind, GraphQLList):
        write = _writer(kind.of_type)
        if write is not None:
            return lambda values: [write(value) for value in _listed(values)]
    return None


def _there(write: Write) -> Write:
    def write_it(value: Any) -> Any:
        if value is None:
            raise NotPlain
        return write(value)

    return write_it


def _listed(values: Any) -> list[Any]:
    if not isinstance(values, list):
        raise NotPlain
    return values
