"""Characters that steer whoever shows a text, instead of standing for something in it, and those that show nothing.

Control characters move a terminal's cursor, recolour it or rewrite what stands there; characters that override the
direction of writing make a text read otherwise than it is stored. No name needs one. Line feeds and tabs are control
characters that have a meaning where a text may have lines. The marks that mixed scripts need (U+200E, U+200F, U+061C)
are none of them. A text may have characters that show nothing, because some scripts and symbols need them between
others; of them alone it is no name, since nobody could read it or tell it from another.
"""

from __future__ import annotations

import re

LAST_CONTROL_CHARACTER = 0x9F  # what steers and comes after it is a mark of direction

# C0, DEL, C1, and the overrides, embeddings and isolates of direction.
_STEERING = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_STEERING_IN_LINES = re.compile("(?!\r\n)[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_STEERING_WHEN_SHOWN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")

# Blanks, what steers, Unicode 16's Default_Ignorable_Code_Point, annotation marks and the empty Braille cell.
_SHOWS_NOTHING = re.compile(
    "[\\s\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]*"
)


def shows_nothing(text: str) -> bool:
    """Whether a text is empty, blank, or made of characters alone that nobody sees."""
    return _SHOWS_NOTHING.fullmatch(text) is not None


def steering_character(text: str, *, lines: bool) -> str | None:
    """The first one in a text; `lines`: it may have line feeds (also after a carriage return) and tabs."""
    found = (_STEERING_IN_LINES if lines else _STEERING).search(text)
    return None if found is None else found[0]


def without_steering(text: str) -> str:
    """The text with such characters written out (`\\u001b`), line feeds and tabs left alone; valid inside JSON."""
    return _STEERING_WHEN_SHOWN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
