"""What every importer does: finds or adds organizations, and publishes as them with keys that can be asked again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from exchange.model.parties import OPERATOR, Organization, Scope, Viewer
from exchange.operations.changing.organizations import add_organization
from exchange.operations.exchange import Exchange

T = TypeVar("T")

# What is being done, how much of it is done, and how much there is.
Progress = Callable[[str, int, int], None]

TOGETHER_MAX = 256  # writes that wait at once: four transactions' worth


def silent(what: str, done: int, total: int) -> None:
    """Progress that nobody watches."""


def publisher(organization_id: str) -> Viewer:
    """Whoever speaks for an organization, without a client of its own."""
    return Viewer(organization_id, frozenset({Scope.READ, Scope.PUBLISH}))


async def find_or_add_organization(
    exchange: Exchange, name: str, domain: str, company_ids: Sequence[str] = (), group_id: str | None = None
) -> Organization:
    """The organization that holds the domain, or a new one. What stands there is never changed."""
    found = await exchange.store.get_organizations_by_namespace([domain], [])
    if found:
        existing: Organization = found[0]
        return existing
    return await add_organization(
        exchange, OPERATOR, name=name, domains=[domain], company_ids=company_ids, group_id=group_id
    )


async def all_in_order(asks: Sequence[Callable[[], Awaitable[T]]], what: str, progress: Progress = silent) -> list[T]:
    """Runs many small writes, enough at once to fill transactions; the first error ends it and is raised."""
    found: list[T] = []
    progress(what, 0, len(asks))
    for start in range(0, len(asks), TOGETHER_MAX):
        results = await asyncio.gather(*(ask() for ask in asks[start : start + TOGETHER_MAX]), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result
            found.append(result)
        progress(what, len(found), len(asks))
    return found
