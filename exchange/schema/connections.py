"""Relay connections over sort keys: pages stay stable while others write.

A cursor is the sort key of its item, base64url, opaque to clients. `first` or `last` is 1 to 100, never both.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Final, Generic, TypeVar

import strawberry
from strawberry import UNSET

from exchange.errors import InvalidInput, Problem
from exchange.model.paging import PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX, Page
from exchange.operations.answers.values import PageAnswer

T = TypeVar("T")
A = TypeVar("A")

CURSOR_LENGTH_MAX: Final = 2_000  # a sort key is a name cut short and an id

FIRST = strawberry.argument(
    description=f"How many from the start, 1 to {PAGE_SIZE_MAX}; {PAGE_SIZE_DEFAULT} if absent."
)
AFTER = strawberry.argument(description="Only what comes after this cursor.")
LAST = strawberry.argument(description=f"How many from the end, 1 to {PAGE_SIZE_MAX}; not together with first.")
BEFORE = strawberry.argument(description="Only what comes before this cursor.")


@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether more follows.")
    has_previous_page: bool = strawberry.field(description="Whether something comes before.")
    start_cursor: str | None = strawberry.field(description="Cursor of the page's first item; null on an empty page.")
    end_cursor: str | None = strawberry.field(description="Cursor of the page's last item; null on an empty page.")


@strawberry.type(description="One item of a page, with its place in the list.")
class Edge(Generic[T]):
    cursor: str = strawberry.field(description="The item's place; opaque.")
    node: T = strawberry.field(description="The item.")


@strawberry.type(description="One page of a list.")
class Connection(Generic[T]):
    edges: list[Edge[T]] = strawberry.field(description="The page's items with their cursors.")
    nodes: list[T] = strawberry.field(description="The page's items.")
    page_info: PageInfo = strawberry.field(description="Where the page stands in the list.")
    total_count: int = strawberry.field(description="Length of the whole list that the viewer may see.")


def cursor_of(key: str) -> str:
    return base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")


def _key_of(cursor: str | None, argument: str) -> str | None:
    if cursor is None:
        return None
    try:
        if len(cursor) > CURSOR_LENGTH_MAX:
            raise ValueError("too long")
        return base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise _wrong(argument, f"{argument} is not a cursor of this API: pass one that a page gave you.") from None


def _wrong(argument: str, message: str, got: object = None) -> InvalidInput:
    problem = Problem("INVALID_INPUT", message, (argument,), got=None if got is None else str(got))
    return InvalidInput(message, problems=[problem], path=(argument,))


def given(value: T | None) -> T | None:
    """An argument's value; None where it was left out or null."""
    return None if value is UNSET else value


def page_of(first: int | None, after: str | None, last: int | None, before: str | None) -> Page:
    """The page that the four arguments ask for. Raises InvalidInput, naming the argument and its bounds."""
    first, after, last, before = given(first), given(after), given(last), given(before)
    if first is not None and last is not None:
        raise _wrong("last", "Give first or last, not both: a page is read from one end.")
    for argument, size in (("first", first), ("last", last)):
        if size is not None and not 1 <= size <= PAGE_SIZE_MAX:
            raise _wrong(argument, f"{argument} must be 1 to {PAGE_SIZE_MAX}; got {size}.", size)
    return Page(
        first=PAGE_SIZE_DEFAULT if first is None and last is None else first,
        after=_key_of(after, "after"),
        last=last,
        before=_key_of(before, "before"),
    )


def connection(page: PageAnswer[A], convert: Callable[[A], T]) -> Connection[T]:
    """A page of answers as the API shows it."""
    nodes = [convert(item) for item in page.items]
    cursors = [cursor_of(key) for key in page.keys]
    return Connection(
        edges=[Edge(cursor=cursor, node=node) for cursor, node in zip(cursors, nodes, strict=True)],
        nodes=nodes,
        page_info=PageInfo(
            has_next_page=page.has_next,
            has_previous_page=page.has_previous,
            start_cursor=cursors[0] if cursors else None,
            end_cursor=cursors[-1] if cursors else None,
        ),
        total_count=page.total,
    )
