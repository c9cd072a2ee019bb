"""Reading an explain file that somebody handed on: damaged, foreign, or as it should be.

What comes out has the form of explain_schema.py and hangs together: every line leads to a product of the file, and
each product is there once in every part. Nothing is said yet of whether its numbers are right; verifying.py says that.
Every refusal is InvalidInput with a message for whoever got the file, and the path of the place.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from typing import Any, Final, NoReturn

from exchange.errors import InvalidInput, Problems
from exchange.rollup.conforming import Check, check_of, quoted
from exchange.rollup.digest import METHOD_VERSION
from exchange.rollup.explain_file import FILE_BYTES_MAX, FORMAT
from exchange.rollup.explain_schema import SCHEMA

INTEGER_DIGITS_MAX: Final = 15  # more than any count of the format has
CUT_OFF: Final = " It ends too early: it was cut off. Ask for it again."
NESTED_TOO_DEEPLY: Final = "The file is nested too deeply: it is no explain file."
Fields = dict[str, Any]


def read_explain_file(content: bytes) -> Fields:
    """The file's value. Raises InvalidInput where it is too large, no JSON, of another format or method, or damaged."""
    if len(content) > FILE_BYTES_MAX:
        raise InvalidInput(f"The file has more than {FILE_BYTES_MAX:,} bytes: no explain file is as large.")
    if not content.strip():
        raise InvalidInput("The file is empty. Ask for it again.")
    try:
        text = content.decode("utf-8-sig")  # some editors put a byte order mark before what they save
    except UnicodeDecodeError as error:
        cut = CUT_OFF if error.end == len(content) and content.lstrip().startswith(b"{") else ""
        message = f"The file is not UTF-8 from byte {error.start} on: it is damaged, or no explain file.{cut}"
        raise InvalidInput(message) from None
    document = _parsed(text)
    _check_kind(document)
    problems = Problems()
    _check()(document, (), problems)
    _raise_any(problems)
    assert isinstance(document, dict)
    _check_products(document, problems)
    _raise_any(problems)
    return document


def _parsed(text: str) -> object:
    try:
        return json.loads(
            text,
            object_pairs_hook=_with_single_names,
            parse_constant=_no_number,
            parse_float=_no_float,
            parse_int=_small_integer,
        )
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        cut = CUT_OFF if _is_cut_off(text.strip(), error.pos - len(text) + len(text.lstrip())) else ""
        raise InvalidInput(f"The file is no JSON, at {where}: {error.msg}.{cut}") from None
    except ValueError as error:
        raise InvalidInput(f"The file is no explain file: {error}.") from None
    except RecursionError:  # how deep that is depends on the Python
        raise InvalidInput(NESTED_TOO_DEEPLY) from None


def _is_cut_off(text: str, at: int) -> bool:
    """Whether an object has no end; `at`: where its reader gave up."""
    return text.startswith("{") and (at >= len(text) or not text.endswith("}"))


def _with_single_names(pairs: list[tuple[str, Any]]) -> Fields:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the name {quoted(twice)!r} is there twice in one object")
    return found


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number of JSON")


def _no_float(text: str) -> NoReturn:
    raise ValueError(
        f"{quoted(text)} is a JSON number with a fraction or an exponent; this format has decimals as text"
    )


def _small_integer(text: str) -> int:
    if len(text) > INTEGER_DIGITS_MAX:
        raise ValueError(f"{quoted(text)} is larger than any count of this format")
    return int(text)


def _check_kind(document: object) -> None:
    """Another kind of file, or of another version, is named as such instead of by everything that it lacks."""
    kind = document.get("format") if isinstance(document, dict) else None
    if kind is None:
        raise InvalidInput("The file is JSON, but no explain file of a footprint exchange: it has no `format`.")
    if kind != FORMAT:
        message = (
            f"The file has the format {quoted(kind)!r}; this program reads {FORMAT!r}. Use the version that wrote it."
        )
        raise InvalidInput(message, path=("format",))
    assert isinstance(document, dict)
    inputs = document.get("inputs")
    method = inputs.get("method") if isinstance(inputs, dict) else None
    if isinstance(method, str) and method != METHOD_VERSION:
        raise InvalidInput(
            f"The file was computed by version {quoted(method)!r} of the method; this program computes by version "
            f"{METHOD_VERSION!r}. Verify it with a version of the exchange that does.",
            path=("inputs", "method"),
        )


@cache
def _check() -> Check:
    return check_of(SCHEMA)


def _check_products(document: Fields, problems: Problems) -> None:
    """Each product once in every part, and no line that leads out of the file."""
    inputs, shown, checksums = document["inputs"], document["shown"], document["checksums"]
    parts = {
        ("inputs", "products"): [entry["footprint"] for entry in inputs["products"]],
        ("shown", "products"): [entry["footprint"] for entry in shown["products"]],
        ("checksums", "products"): [entry["footprint"] for entry in checksums["products"]],
    }
    known = set(parts["inputs", "products"])
    for path, footprints in parts.items():
        _once(path, footprints, problems)
        for name in sorted(known ^ set(footprints))[:1]:
            where = "is missing here" if name in known else "is not among the inputs"
            problems.add("PRODUCT_MISSING", f"the product with footprint {quoted(name)} {where}", path)
    if inputs["root"] not in known:
        problems.add("PRODUCT_MISSING", "names a footprint that is not in the file", ("inputs", "root"))
    for at, entry in enumerate(inputs["products"]):
        for position, line in enumerate(entry["lines"]):
            if line["supplier"] not in known:
                place = ("inputs", "products", str(at), "lines", str(position), "supplier")
                message = f"a line of footprint {quoted(entry['footprint'])} leads to one that is not in the file"
                problems.add("PRODUCT_MISSING", message, place, got=quoted(line["supplier"]))
                return


def _once(path: tuple[str, ...], footprints: Iterable[str], problems: Problems) -> None:
    met: set[str] = set()
    for position, footprint in enumerate(footprints):
        if footprint in met:
            problems.add(
                "PRODUCT_TWICE", "the same footprint is there twice", (*path, str(position)), got=quoted(footprint)
            )
            return
        met.add(footprint)


def _raise_any(problems: Problems) -> None:
    """With the place in the message: there is often no more to see than that."""
    if not problems.found:
        return
    first, count = problems.found[0], len(problems.found)
    more = "" if count == 1 else f" (and more: {count} problems)"
    message = f"The file is damaged, or no explain file: {' '.join(first.path) or 'the whole'}: {first.message}{more}."
    raise InvalidInput(message, problems=problems.found, path=first.path)
