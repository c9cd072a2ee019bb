"""The schema put together: every type, who may ask what, and the printed text that is committed."""

from __future__ import annotations

from typing import Final

import strawberry
from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLSchema, lexicographic_sort_schema, print_schema
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.base import StrawberryObjectDefinition

from exchange.schema.alliances import Alliance, Membership
from exchange.schema.benchmarks import BenchmarkEdition
from exchange.schema.datasets import Dataset, Release
from exchange.schema.enum_values import name_right_values
from exchange.schema.footprints import Footprint
from exchange.schema.grants import Grant
from exchange.schema.mutation import Mutation
from exchange.schema.organizations import Organization
from exchange.schema.permissions import PERMISSIONS, Guard
from exchange.schema.planned import PlannedExecutor
from exchange.schema.products import Product
from exchange.schema.query import Query
from exchange.schema.scalars import SCALARS
from exchange.schema.subscription import Subscription

CONFIG: Final = StrawberryConfig(scalar_map=SCALARS)


def guard(root: type) -> None:
    """Puts the declared permission before every field. Raises KeyError for a field without one."""
    definition: StrawberryObjectDefinition = root.__strawberry_definition__  # type: ignore[attr-defined]
    declared = PERMISSIONS[definition.name]
    for field in definition.fields:
        name = CONFIG.name_converter.get_graphql_name(field)
        if not any(isinstance(extension, Guard) for extension in field.extensions):
            field.extensions.append(Guard(declared[name]))


for _root in (Query, Mutation, Subscription):
    guard(_root)

SCHEMA: Final = strawberry.Schema(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    types=[Organization, Product, Footprint, Grant, Dataset, Release, Alliance, Membership, BenchmarkEdition],
    config=CONFIG,
    execution_context_class=PlannedExecutor,
)
for _type in SCHEMA._schema.type_map.values():
    # Strawberry checks @oneOf itself, in its own validation; graphql-core does it better once it is told.
    if isinstance(_type, GraphQLInputObjectType):
        _definition = _type.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
        _type.is_one_of = _definition is not None and _definition.is_one_of
    elif isinstance(_type, GraphQLEnumType) and not _type.name.startswith("__"):  # those are graphql-core's own
        name_right_values(_type)


def core_schema() -> GraphQLSchema:
    """The schema as graphql-core knows it."""
    return SCHEMA._schema


def printed_schema() -> str:
    """The text of schema.graphql. Only the text is sorted: a sorted schema breaks every union's result."""
    return print_schema(lexicographic_sort_schema(core_schema())).rstrip() + "\n"
