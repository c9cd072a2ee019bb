"""Pages: what part of a list is asked for. Cursors are the items' sort keys, so pages stay stable under writes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

T = TypeVar("T")

PAGE_SIZE_DEFAULT = 20
PAGE_SIZE_MAX = 100  # a page of roll-ups is one closure and one solve; a hundred keeps both bounded


@dataclass(frozen=True, slots=True)
class Page:
    """Forward (`first`, `after`) or backward (`last`, `before`); `after` and `before` are sort keys."""

    first: int | None = PAGE_SIZE_DEFAULT
    after: str | None = None
    last: int | None = None
    before: str | None = None


@dataclass(frozen=True, slots=True)
class PageOf(Generic[T]):
    """Items in the list's order, with the sort key of each; `total` counts the whole list that the viewer may see."""

    items: Sequence[T]
    keys: Sequence[str]
    has_next: bool
    has_previous: bool
    total: int


def page_of_list(keys: Sequence[str], page: Page) -> range:
    """Positions of a page in a short list that is at hand. Raises ValueError where a cursor is none of its keys."""
    start = 0 if page.after is None else keys.index(page.after) + 1
    stop = len(keys) if page.before is None else keys.index(page.before)
    if page.first is None and page.last is not None:
        return range(max(start, stop - page.last), max(start, stop))
    return range(start, max(start, min(stop, start + (page.first or PAGE_SIZE_DEFAULT))))


def page_of_numbers(total: int, page: Page) -> range:
    """The numbers of a page of a list total … 1, which only ever grows, and shows its newest first. Cursors are
    numbers in decimal digits."""
    top = total if page.after is None else min(total, int(page.after) - 1)
    bottom = 1 if page.before is None else max(1, int(page.before) + 1)
    if page.first is None and page.last is not None:
        return range(min(top, bottom + page.last - 1), bottom - 1, -1)
    return range(top, max(bottom, top - (page.first or PAGE_SIZE_DEFAULT) + 1) - 1, -1)


class ProductOrder(StrEnum):
    NAME = "NAME"
    CREATED_AT = "CREATED_AT"


@dataclass(frozen=True, slots=True)
class ProductQuery:
    """Which products (all given conditions hold), in which order."""

    name_contains: str | None = None  # case-insensitive
    owner_id: str | None = None
    classification: str | None = None
    urn: str | None = None
    order: ProductOrder = ProductOrder.NAME
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Visible:
    """Which products a viewer may see: its own, those public at `at_us`, and those granted to it (`keys`)."""

    organization_id: str | None
    keys: Collection[int]
    at_us: int
