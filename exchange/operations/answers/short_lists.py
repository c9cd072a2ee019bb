"""Pages of lists that are at hand whole, with ids as cursors, and what is said to a cursor that is none of a list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from exchange.errors import InvalidInput
from exchange.model.paging import Page, page_of_list
from exchange.operations.answers.values import PageAnswer

S = TypeVar("S")
T = TypeVar("T")

NOT_OF_THIS_LIST: Final = "The cursor is not one of this list. Use one that the list gave."


def page_of_ids(found: Sequence[S], ids: Sequence[str], page: Page, answer: Callable[[S], T]) -> PageAnswer[T]:
    """The page of a list whose items have these ids. Raises InvalidInput where a cursor is none of them."""
    for cursor, argument in ((page.after, "after"), (page.before, "before")):
        if cursor is not None and cursor not in ids:
            raise InvalidInput(NOT_OF_THIS_LIST, path=(argument,))
    part = page_of_list(ids, page)
    return PageAnswer(
        tuple(answer(each) for each in found[part.start : part.stop]),
        tuple(ids[part.start : part.stop]),
        has_next=part.stop < len(found),
        has_previous=part.start > 0,
        total=len(found),
    )
