"""The category tree: which category is above which, the same for everybody and always.

It follows from the codes alone. The Central Product Classification (United Nations, CPC 2.1) writes a subclass with
five digits, and each digit that is left out is the level above: 37440 cement clinker, 3744 … 3, ores and minerals. The
Harmonized System (World Customs Organization) and the Combined Nomenclature on it have chapters of two digits, headings
of four, subheadings of six, and eight. Codes of other systems, and categories that somebody made up, are in no tree.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

# By the name that the code stands behind in a URN: how long codes are, the highest level first.
LENGTHS: Final[Mapping[str, tuple[int, ...]]] = {
    "un-cpc": (1, 2, 3, 4, 5),
    "hs": (2, 4, 6),
    "cn": (2, 4, 6, 8),
}
_CODE: Final = re.compile(r"(?P<system>urn:.+:(?P<name>[^:]+):)(?P<code>[0-9]{1,8})", re.ASCII)


def above(category: str) -> str | None:
    """The category above; None: it is a highest one, or in no tree."""
    named = _CODE.fullmatch(category)
    if named is None:
        return None
    lengths = LENGTHS.get(named["name"].lower(), ())
    if len(named["code"]) not in lengths:
        return None
    at = lengths.index(len(named["code"]))
    return None if at == 0 else named["system"] + named["code"][: lengths[at - 1]]


def with_those_above(categories: Iterable[str]) -> tuple[str, ...]:
    """The categories and all above them, each once, in order."""
    found: dict[str, None] = {}
    for category in categories:
        at: str | None = category
        while at is not None:
            found[at] = None
            at = above(at)
    return tuple(found)


def parents_of(categories: Iterable[str]) -> dict[str, str]:
    """Of each category and of all above it, the one above."""
    found = {}
    for category in with_those_above(categories):
        parent = above(category)
        if parent is not None:
            found[category] = parent
    return found
