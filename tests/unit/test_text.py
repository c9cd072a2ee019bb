"""Which characters steer whoever shows a text, and how they are shown where they are there all the same."""

from __future__ import annotations

import json

import pytest

from exchange.errors import Problems
from exchange.model.text import shows_nothing, steering_character, without_steering
from exchange.operations.requests.checks import Checker

STEERING = [
    *map(chr, [*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), *range(0x7F, 0xA0)]),
    *map(chr, [*range(0x202A, 0x202F), *range(0x2066, 0x206A)]),
]
HARMLESS = "a\u00a0é中🏭👩\u200d🔬\u200e\u200f\u061c\u2028\ufeff"


@pytest.mark.parametrize("character", STEERING, ids=ascii)
def test_what_steers_is_found_and_shown_written_out(character: str) -> None:
    for lines in (True, False):
        assert steering_character(f"a{character}b", lines=lines) == character
    shown = without_steering(f"a{character}b")
    assert shown == f"a\\u{ord(character):04x}b"
    assert json.loads(f'"{shown}"') == f"a{character}b"


@pytest.mark.parametrize(
    ("text", "in_lines", "in_a_line"),
    [
        ("a\nb\n", None, "\n"),
        ("a\tb", None, "\t"),
        ("a\r\nb", None, "\r"),
        ("a\rb", "\r", "\r"),
        ("\r\r\n", "\r", "\r"),
    ],
)
def test_line_feeds_and_tabs_belong_where_there_are_lines(text: str, in_lines: str | None, in_a_line: str) -> None:
    assert steering_character(text, lines=True) == in_lines
    assert steering_character(text, lines=False) == in_a_line


def test_other_text_is_left_alone() -> None:
    assert steering_character(HARMLESS, lines=False) is None
    assert without_steering(f"{HARMLESS}\n\t") == f"{HARMLESS}\n\t"


@pytest.mark.parametrize(
    ("text", "lines", "said"),
    [
        ("a\x1b[2Jb", False, "U+001B"),
        ("a\u202eb", True, "U+202E"),
        ("a\nb", False, "U+000A"),
        ("a\nb", True, None),
    ],
)
def test_a_check_names_the_character_and_what_to_do(text: str, lines: bool, said: str | None) -> None:
    problems = Problems()
    Checker(problems, ("input",)).text(text, "name", lines=lines)
    assert [(one.code, one.path, one.got) for one in problems.found] == (
        [("TEXT_INVALID", ("input", "name"), said)] if said else []
    )
    for one in problems.found:
        assert said is not None
        assert said in one.message
        assert ("remove it" in one.message) is not ("put a space" in one.message)


INVISIBLE = [0xAD, 0x34F, 0x61C, 0x115F, 0x1160, 0x17B4, 0x180B, 0x180E, 0x200B, 0x200C, 0x200D, 0x200E, 0x2060]
INVISIBLE += [
    0x2064,
    0x206F,
    0x2800,
    0x3000,
    0x3164,
    0xFE0F,
    0xFEFF,
    0xFFA0,
    0xFFF9,
    0x1BCA0,
    0x1D173,
    0xE0020,
    0xE01EF,
]


@pytest.mark.parametrize("character", list(map(chr, INVISIBLE)), ids=ascii)
def test_what_nobody_sees_is_no_name_and_may_be_in_one(character: str) -> None:
    for text in (character, f" {character}{character} "):
        assert shows_nothing(text)
    for text in (f"{character}a", f"é{character}", f"中{character}国"):
        assert not shows_nothing(text)


@pytest.mark.parametrize("text", ["a", ".", "\u0301", "中", "🏭", "\u0600", "\ufffc", "\ufffd"], ids=ascii)
def test_a_character_that_is_seen_is_enough(text: str) -> None:
    assert not shows_nothing(text)


@pytest.mark.parametrize(("text", "code"), [("", None), (" ", "U+0020"), ("\u200b\n", "U+200B"), ("\u200b.", None)])
def test_a_text_that_may_be_absent_is_none_that_shows_nothing(text: str, code: str | None) -> None:
    problems = Problems()
    Checker(problems, ("input",)).text(text, "comment", lines=True)
    assert [(one.code, one.path, one.got) for one in problems.found] == (
        [("TEXT_INVALID", ("input", "comment"), code)] if code else []
    )


def test_a_name_that_shows_nothing_is_told_from_an_empty_one() -> None:
    problems = Problems()
    at = Checker(problems, ())
    for name in ("", " \u3000", "\u200b", " \ufeff\u200b"):
        at.text(name, "name", required=True)
    said = "shows nothing: all of its characters are invisible, such as {}; write what people can read"
    assert [(one.code, one.message, one.got) for one in problems.found] == [
        ("REQUIRED", "must not be empty", None),
        ("REQUIRED", "must not be empty", None),
        ("REQUIRED", said.format("U+200B"), "U+200B"),
        ("REQUIRED", said.format("U+FEFF"), "U+FEFF"),
    ]


@pytest.mark.parametrize(
    ("character", "message"),
    [
        ("\0", "contains the control character U+0000; remove it"),
        ("\x1b", "contains the control character U+001B; remove it"),
        ("\x85", "contains the control character U+0085; remove it"),
        ("\u202e", "contains U+202E, which overrides the direction of writing; remove it"),
        ("\u2066", "contains U+2066, which overrides the direction of writing; remove it"),
    ],
)
def test_what_is_wrong_with_a_character_is_said_in_plain_words(character: str, message: str) -> None:
    problems = Problems()
    Checker(problems, ("input",)).text(f"a{character}b", "comment", lines=True)
    assert [one.message for one in problems.found] == [message]
