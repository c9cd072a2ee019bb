"""GraphQL: the only room that knows it. What is asked becomes calls of exchange.operations, and answers become types.

Where to find a resolver
    query.py                 every field of Query
    mutation.py              every field of Mutation, its inputs, payloads and result unions
    subscription.py          every field of Subscription
    organizations.py, products.py, footprints.py, roll_ups.py, grants.py, datasets.py
                             the types, with the fields that lead from one to the other; carbon.py: what they share
    footprint_inputs.py      what publishers send
What every resolver uses
    work.py                  what one operation shares: who asks, its session, its loaders
    loaders.py               what is read together, so that a page of roll-ups is one
    permissions.py           who may ask what: the table, and the one place where it is enforced
    errors.py                union members, and what of an error a client sees
    connections.py, ids.py, scalars.py, enumerations.py, instants.py
                             pages, global ids, and how values are spelled
From a request to an answer
    endpoint.py → http.py, websocket.py (transport.py) → execution.py → documents.py, limits.py, schema.py

A resolver decides nothing about who sees what, and knows no database: it asks the session, whose answers hold only
what the viewer may see. Plain fields have no resolvers: types are filled when they are made.

Types are made and put together when somebody asks for the routes or the text, and not before: it takes longer than most
commands, and few of them need it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.routing import BaseRoute

    from exchange.operations.exchange import Exchange
    from exchange.schema.transport import Identify

__all__ = ["graphql_routes", "printed_schema"]


def graphql_routes(exchange: Exchange, identify: Identify, page: Response | None = None) -> list[BaseRoute]:
    """Routes of the API. `identify` finds out who asks; `page` is what a browser gets."""
    from exchange.schema.endpoint import graphql_routes as routes

    return routes(exchange, identify, page)


def printed_schema() -> str:
    """The text of schema.graphql."""
    from exchange.schema.schema import printed_schema as printed

    return printed()
