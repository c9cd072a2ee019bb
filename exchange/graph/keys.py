"""Texts that stand in an index: what is unique, what lists are ordered by, and how long such a text may be.

Both databases hold short texts in an index and refuse long ones, each at its own length and with its own error. So no
text of unlimited length is indexed: it is cut where only the order matters, and hashed where it must be unique.
"""

from __future__ import annotations

import hashlib
import re
from decimal import Decimal

from exchange.errors import InvalidInput

SEPARATOR = "\u0001"  # sorts before every character that a name holds
SORTED_CHARACTERS = 200  # of a name; what differs only after that is ordered by id
_BEHIND_SURROGATES = re.compile("[\ud7ff\ue000-\U0010ffff]")
INDEXED_BYTES_MAX = 2_000  # Neo4j refuses above about 4 KiB


def sort_name(name: str, identity: str) -> str:
    """What lists are ordered by: case-insensitively by name, then by id, so that no two are equal.

    In the order of code points, whether texts are compared as UTF-8, as UTF-16 (where characters beyond U+FFFF sort
    before U+E000) or in Python: what lies behind the surrogates is written with characters before them.
    """
    return _BEHIND_SURROGATES.sub(_spelled, name.casefold()[:SORTED_CHARACTERS]) + SEPARATOR + identity


def _spelled(match: re.Match[str]) -> str:
    point = ord(match[0])
    return f"\ud7ff{chr(0x100 + (point >> 12))}{chr(0x100 + (point & 0xFFF))}"


def search_name(name: str) -> str:
    """The text that a case-insensitive search looks into; not indexed, so of any length."""
    return name.casefold()


def name_key(*parts: str) -> str:
    """A key that is equal exactly where the parts are, whatever their length."""
    text = SEPARATOR.join(parts)
    if len(text.encode()) <= INDEXED_BYTES_MAX:
        return text
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def checked(text: str, what: str) -> str:
    """The text, if it is short enough to be found by; else InvalidInput naming what it is."""
    if len(text.encode()) > INDEXED_BYTES_MAX:
        raise InvalidInput(f"{what} is longer than {INDEXED_BYTES_MAX} bytes. Shorten it.")
    return text


def decimal_text(number: Decimal | None) -> str | None:
    """Decimals are stored as text, because the protocol has none; every digit and the exponent are kept."""
    return None if number is None else str(number)


def decimal_of(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
