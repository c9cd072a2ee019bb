"""Finding what a person means: an organization or a product by its id, its URN, its domain, or a name only one has."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated

import typer

from exchange.cli.calling import called
from exchange.errors import NotFound
from exchange.model.paging import PAGE_SIZE_MAX, Page, ProductQuery
from exchange.model.parties import Organization
from exchange.model.urns import normal_urn
from exchange.operations.answers.values import ProductAnswer
from exchange.operations.exchange import Exchange
from exchange.operations.reading.session import Session
from exchange.schema.ids import uuid_of

CANDIDATES_MAX = 10  # listed; whoever has more has to say more of the name
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)

ProductArgument = Annotated[
    str, typer.Argument(metavar="PRODUCT", help="Its id, its URN, or its name if no other product has it.")
]


async def all_organizations(exchange: Exchange) -> list[Organization]:
    """Every organization, page by page."""
    found: list[Organization] = []
    after: str | None = None
    while True:
        page = await exchange.store.list_organizations(Page(first=PAGE_SIZE_MAX, after=after), None)
        found.extend(page.items)
        if not page.has_next:
            return found
        after = page.keys[-1]


async def find_organization(exchange: Exchange, called: str) -> Organization:
    """By id, company id, domain or name. Raises NotFound, naming the candidates where several are meant."""
    text = called.strip()
    if not text:
        raise NotFound("Name an organization by its id, its domain, or its name.")
    named = text.lower() if UUID.fullmatch(text) else uuid_of(text, "Organization")
    if named is not None:
        [by_id] = await exchange.store.get_organizations([named])
        if by_id is not None:
            return by_id
    urn = normal_urn(text)
    by_urn = await exchange.store.get_organization_by_company_id(urn) if urn else None
    if by_urn is not None:
        return by_urn
    by_domain = await exchange.store.get_organizations_by_namespace([text.lower()], [])
    if by_domain:
        first: Organization = by_domain[0]
        return first
    return _organization_by_name(await all_organizations(exchange), text)


def _organization_by_name(everybody: list[Organization], text: str) -> Organization:
    wanted = text.casefold()
    exact = [one for one in everybody if one.name.casefold() == wanted]
    near = exact or [one for one in everybody if wanted in one.name.casefold()]
    if len(near) == 1:
        return near[0]
    if not near:
        raise NotFound(f"No organization is called {text!r}. List them: {called('organization list')}")
    shown = ", ".join(f"{one.name} ({one.domains[0] if one.domains else one.id})" for one in near[:10])
    raise NotFound(f"{len(near)} organizations are called {text!r}: {shown}. Name one by its domain or id.")


async def find_product(session: Session, called: str) -> ProductAnswer:
    """The one visible product that is meant. Raises NotFound, naming the candidates where several are."""
    text = called.strip()
    named = text.lower() if UUID.fullmatch(text) else uuid_of(text, "Product")
    urn = normal_urn(text)
    if named is not None:
        [found] = await session.products([named])
    elif urn is not None:
        [found] = await session.products_by_urn([urn])
    else:
        return await _product_by_name(session, text)
    if found is None:
        raise NotFound(f"No product {text}, or it is not visible to who asks.")
    return found


async def _product_by_name(session: Session, text: str) -> ProductAnswer:
    if not text:
        raise NotFound("Name a product by its id, its URN, or its name.")
    page = await session.list_products(ProductQuery(name_contains=text), Page(first=PAGE_SIZE_MAX))
    exact = [answer for answer in page.items if answer.product.name.casefold() == text.casefold()]
    near = exact or list(page.items)
    if len(near) == 1 and (exact or page.total == 1):
        return near[0]
    if not near:
        raise NotFound(f"No product is called {text!r}, or none that is visible to who asks.")
    count = len(near) if exact else page.total
    raise NotFound(f"{count} products are called {text!r}. Name one by its URN or id:\n{_listed(near, count)}")


def _listed(near: Sequence[ProductAnswer], count: int) -> str:
    lines = [
        f"  {answer.product.name}  {answer.product.product_ids[0] if answer.product.product_ids else answer.product.id}"
        for answer in near[:CANDIDATES_MAX]
    ]
    return "\n".join(lines + ([f"  … and {count - CANDIDATES_MAX} more"] if count > CANDIDATES_MAX else []))
