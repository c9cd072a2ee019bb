"""Columns of lines as text: what goes in comes out, whatever a column holds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.errors import InvalidInput
from exchange.graph.line_columns import NUMBER_MAX, number_column, numbers_of, text_column, texts_of

NAMES = st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]))


@given(st.lists(st.integers(0, NUMBER_MAX)))
def test_numbers_come_back(numbers: list[int]) -> None:
    column = number_column(numbers)
    assert list(numbers_of(column)) == numbers
    column.encode()  # can be stored


@given(st.lists(NAMES, min_size=1))
def test_texts_come_back(texts: list[str]) -> None:
    assert texts_of(text_column(texts)) == texts


def test_a_line_feed_in_a_name_is_refused() -> None:
    with pytest.raises(InvalidInput):
        text_column(["urn:gtin:1\nurn:gtin:2"])
