"""The API's own scalars: how each is written in answers and read from requests.

Owns every rule of spelling. A JSON number is never a decimal (it passed through binary floating point, or may have),
and a time without an offset is never a time. Messages say what is expected, because they are the caller's help.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Final, NewType

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

from exchange.model.urns import URN_LENGTH_MAX, normal_urn

Urn = NewType("Urn", str)
Uuid = NewType("Uuid", str)

DECIMAL_DIGITS_MAX: Final = 38  # what the widest decimal types of databases keep, and far beyond any measurement
GOT_LENGTH_MAX: Final = 60  # a refused value is quoted at most this long

_DECIMAL = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DATE_TIME = re.compile(
    r"(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})[Tt](?P<time>[0-9]{2}:[0-9]{2}:[0-9]{2})(\.(?P<fraction>[0-9]{1,9}))?"
    r"(?P<offset>[Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)


def _refused(scalar: str, value: object, expected: str) -> GraphQLError:
    got = repr(value) if isinstance(value, str) else str(value)
    if len(got) > GOT_LENGTH_MAX:
        got = got[: GOT_LENGTH_MAX - 1] + "…"
    return GraphQLError(f"{scalar} expects {expected}; got {got}.", extensions={"code": "INVALID_INPUT"})


def decimal_text(number: Decimal) -> str:
    """Plain digits: no exponent, no trailing zeros after the point, no negative zero."""
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


def _read_decimal(value: object) -> Decimal:
    expected = f'a plain decimal as text such as "12.5", at most {DECIMAL_DIGITS_MAX} digits, no exponent'
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise _refused("Decimal", value, f'{expected}, in quotes ("{value}" and not {value})')
    if not isinstance(value, str) or _DECIMAL.fullmatch(value) is None:
        raise _refused("Decimal", value, expected)
    if sum(character.isdigit() for character in value) > DECIMAL_DIGITS_MAX:
        raise _refused("Decimal", value, expected)
    return Decimal(value)


def _read_date(value: object) -> dt.date:
    if isinstance(value, str) and _DATE.fullmatch(value):
        try:
            return dt.date.fromisoformat(value)
        except ValueError:
            pass
    raise _refused("Date", value, 'a day of the calendar such as "2026-06-30"')


def _read_date_time(value: object) -> dt.datetime:
    match = _DATE_TIME.fullmatch(value) if isinstance(value, str) else None
    if match is not None:
        fraction = (match["fraction"] or "0")[:6].ljust(6, "0")
        offset = "+00:00" if match["offset"] in {"Z", "z"} else match["offset"]
        try:
            read = dt.datetime.fromisoformat(f"{match['date']}T{match['time']}.{fraction}{offset}")
            return read.astimezone(dt.UTC)
        except (ValueError, OverflowError):
            pass
    raise _refused("DateTime", value, 'a date and time with its offset such as "2026-06-30T12:00:00Z"')


def date_time_text(instant: dt.datetime) -> str:
    """RFC 3339 in UTC, with a fraction only where there is one."""
    text = instant.astimezone(dt.UTC).replace(tzinfo=None).isoformat()
    return (text.rstrip("0") if "." in text else text) + "Z"


def _read_uuid(value: object) -> Uuid:
    if isinstance(value, str) and _UUID.fullmatch(value):
        return Uuid(value.lower())
    raise _refused("UUID", value, 'a UUID such as "6f1c3a52-8d0e-4b57-9a43-0c8e5f2d7b19"')


def _read_urn(value: object) -> Urn:
    urn = normal_urn(value) if isinstance(value, str) else None
    if urn is None:
        example = "urn:pact:example.com:product-id:4711"
        raise _refused("URN", value, f'an RFC 8141 name of at most {URN_LENGTH_MAX} characters such as "{example}"')
    return Urn(urn)


def _scalar(
    name: str,
    description: str,
    *,
    write: Callable[[object], object],
    read: Callable[[object], object],
    specified_by: str | None = None,
) -> ScalarDefinition:
    return strawberry.scalar(
        name=name, description=description, serialize=write, parse_value=read, specified_by_url=specified_by
    )


def _write_decimal(value: object) -> str:
    if not isinstance(value, Decimal) or not value.is_finite():
        raise TypeError(f"not a finite decimal: {type(value).__name__}")
    return decimal_text(value)


def _write_date(value: object) -> str:
    if not isinstance(value, dt.date) or isinstance(value, dt.datetime):
        raise TypeError(f"not a date: {type(value).__name__}")
    return value.isoformat()


def _write_date_time(value: object) -> str:
    if not isinstance(value, dt.datetime):
        raise TypeError(f"not an instant: {type(value).__name__}")
    return date_time_text(value)


def _write_text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"not text: {type(value).__name__}")
    return value


SCALARS: Final[dict[object, ScalarDefinition]] = {
    Decimal: _scalar(
        "Decimal",
        "Plain decimal as text: sign, digits, one point; no exponent, no NaN. At most 38 digits are read; a computed "
        "result may be longer. A JSON number is refused.",
        write=_write_decimal,
        read=_read_decimal,
    ),
    dt.date: _scalar("Date", 'ISO 8601 date, such as "2026-06-30".', write=_write_date, read=_read_date),
    dt.datetime: _scalar(
        "DateTime",
        "RFC 3339 date and time with its offset; answers are UTC.",
        write=_write_date_time,
        read=_read_date_time,
        specified_by="https://www.rfc-editor.org/rfc/rfc3339",
    ),
    Uuid: _scalar(
        "UUID",
        "RFC 4122 UUID, lower case in answers.",
        write=_write_text,
        read=_read_uuid,
        specified_by="https://www.rfc-editor.org/rfc/rfc4122",
    ),
    Urn: _scalar(
        "URN",
        "RFC 8141 URN, as in PACT.",
        write=_write_text,
        read=_read_urn,
        specified_by="https://www.rfc-editor.org/rfc/rfc8141",
    ),
}
