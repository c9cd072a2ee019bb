"""Idempotency keys: the same request again gets the first answer, another request with the same key is a Conflict.

The answer is written in the transaction of what it answers, so it is there after a crash and on every server.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Context, Decimal
from json.encoder import encode_basestring_ascii
from operator import attrgetter
from types import NoneType
from typing import TYPE_CHECKING, Any

from exchange.errors import Conflict
from exchange.graph import Store
from exchange.model.writes import RememberAnswer, RememberedAnswer

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_EXACT = Context(prec=100)  # keeps every digit of a decimal; the usual 28 would make two requests one


def body_sha256(operation: str, body: DataclassInstance) -> str:
    """A hash of what was asked, independent of how a client formats it."""
    return hashlib.sha256(_text([operation, body]).encode()).hexdigest()


def _text(value: object) -> str:
    """A request as JSON with sorted names, ASCII only.

    A request may hold a hundred thousand lines: nothing of it is copied, and each kind of value has its own writer,
    which takes less time than `json.dumps` with `sort_keys` and a `default`. The text is the same, byte for byte: its
    hash is kept in the database, and a request may be sent again to a newer exchange.
    """
    return _WRITERS[type(value)](value)


class _Writers(dict[type, Callable[[Any], str]]):
    """How each type is written; a type is looked at once."""

    def __missing__(self, kind: type) -> Callable[[Any], str]:
        self[kind] = found = _writer(kind)
        return found


def _writer(kind: type) -> Callable[[Any], str]:
    if is_dataclass(kind):
        later = {each.name: each.default for each in fields(kind) if "added_later" in each.metadata}
        return _writer_of_fields(sorted(each.name for each in fields(kind)), later)
    if issubclass(kind, str):
        return encode_basestring_ascii
    if issubclass(kind, Decimal):
        return lambda number: f'"{number.normalize(_EXACT)}"'
    if issubclass(kind, tuple | list):
        return lambda items: f"[{', '.join([_WRITERS[type(item)](item) for item in items])}]"
    if issubclass(kind, dict):
        return lambda named: (
            "{" + ", ".join([f"{_text(name)}: {_text(each)}" for name, each in sorted(named.items())]) + "}"
        )
    if issubclass(kind, date):  # or an instant
        return lambda at: f'"{at.isoformat()}"'
    if issubclass(kind, bool):
        return {True: "true", False: "false"}.__getitem__
    if issubclass(kind, int):
        return int.__repr__
    if issubclass(kind, NoneType):
        return lambda _: "null"
    raise TypeError(f"{kind.__name__} has no place in a request")


def _writer_of_fields(names: Sequence[str], later: Mapping[str, object]) -> Callable[[Any], str]:
    """Of a dataclass with these fields, of which most are usually left out. Those of `later` count only where they are
    not as they are without being named: an answer that was remembered before a server knew of a field is found again
    afterwards."""
    labels = [f"{_text(name)}: " for name in names]
    absent = [f"{label}null" for label in labels]
    unsaid = [later.get(name, _NEVER) for name in names]
    read = attrgetter(*names) if len(names) > 1 else lambda value: (getattr(value, names[0]),)

    def write(value: object) -> str:
        each = zip(labels, absent, unsaid, read(value), strict=True)
        texts = [
            no if one is None else label + _WRITERS[type(one)](one)
            for label, no, left_out, one in each
            if one is not left_out
        ]
        return "{" + ", ".join(texts) + "}"

    return write


_NEVER = object()
_WRITERS = _Writers()


def scoped_key(organization_id: str | None, key: str) -> str:
    """A key as it is stored: organizations choose theirs independently."""
    return f"{organization_id or 'operator'}:{key}"


async def first_answer(store: Store, key: str, body: str) -> Any | None:
    """The answer to the first request with this (scoped) key; None where there was none."""
    remembered = (await store.remembered_answers([key])).get(key)
    if remembered is None:
        return None
    if remembered.body_sha256 != body:
        raise Conflict(
            "This idempotency key was used for a different request. Make a new UUID for each new request.",
            path=("input", "idempotencyKey"),
        )
    return json.loads(remembered.answer)


def remember(key: str, body: str, answer: object, at_us: int) -> RememberAnswer:
    """What to write beside the thing itself."""
    return RememberAnswer(RememberedAnswer(key, body, json.dumps(answer), at_us))
