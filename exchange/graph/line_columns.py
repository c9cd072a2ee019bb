"""Columns of a footprint's lines as text: one property value a column, where a list would have one a line.

A closure reads a hundred thousand lines, and both databases and the driver spend most of that time on making single
values. Texts are separated by line feeds; small numbers are one character each, counted from '0'. They are taken
apart here at the speed of C.
"""

from __future__ import annotations

from collections.abc import Sequence

from exchange.errors import InvalidInput

NUMBER_MAX = 50_000  # characters from there on are surrogates, which cannot be stored; a unit table has 20,000
ZERO = ord("0")
_FROM_ZERO = bytes((code - ZERO) % 256 for code in range(256))


def text_column(texts: Sequence[str]) -> str:
    """Non-empty lists only: an empty one could not be told from one empty text."""
    column = "\n".join(texts)
    if column.count("\n") != len(texts) - 1:
        raise InvalidInput("The name of a line's product contains a line feed. Remove it.")
    return column


def texts_of(column: str) -> list[str]:
    return column.split("\n")


def number_column(numbers: Sequence[int]) -> str:
    """Of whole numbers from 0 to NUMBER_MAX."""
    return "".join([chr(ZERO + number) for number in numbers])


def numbers_of(column: str) -> Sequence[int]:
    """As bytes where all are small: then the arithmetic takes them as they are."""
    try:
        return column.encode("latin-1").translate(_FROM_ZERO)
    except UnicodeEncodeError:
        return [ord(character) - ZERO for character in column]
