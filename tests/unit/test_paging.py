"""Pages of a short list that is at hand."""

from __future__ import annotations

import pytest

from exchange.model.paging import Page, page_of_list

KEYS = ["a", "b", "c", "d", "e"]


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (Page(first=2), "ab"),
        (Page(first=2, after="b"), "cd"),
        (Page(first=2, after="d"), "e"),
        (Page(first=2, after="e"), ""),
        (Page(first=4, after="a", before="d"), "bc"),
        (Page(first=None, last=2), "de"),
        (Page(first=None, last=2, before="b"), "a"),
        (Page(first=None, last=2, before="a"), ""),
        (Page(first=None, last=9, after="c"), "de"),
        (Page(first=2, after="d", before="b"), ""),
        (Page(first=None, last=2, after="d", before="b"), ""),
        (Page(), "abcde"),
    ],
)
def test_a_page_holds_what_lies_between_its_cursors(page: Page, expected: str) -> None:
    part = page_of_list(KEYS, page)
    assert "".join(KEYS[part.start : part.stop]) == expected


def test_a_cursor_of_another_list_is_refused() -> None:
    with pytest.raises(ValueError, match="z"):
        page_of_list(KEYS, Page(after="z"))
