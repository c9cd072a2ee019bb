"""Idempotency keys: the same request again gets the first answer, another request with the same key is a Conflict.

The answer is written in the transaction of what it answers, so it is there after a crash and on every server.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Context, Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

from exchange.errors import Conflict
from exchange.graph import Store
from exchange.model.writes import RememberAnswer, RememberedAnswer

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_EXACT = Context(prec=100)  # keeps every digit of a decimal; the usual 28 would make two requests one


def body_sha256(operation: str, body: DataclassInstance) -> str:
    """A hash of what was asked, independent of how a client formats it."""
    text = json.dumps([operation, body], sort_keys=True, default=_plain, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: object) -> object:
    """What JSON does not know. A request may hold a hundred thousand lines: nothing of it is copied."""
    if isinstance(value, Decimal):
        return str(value.normalize(_EXACT))
    if is_dataclass(value) and not isinstance(value, type):
        said, later = _fields(type(value))
        plain = {name: getattr(value, name) for name in said}
        return plain | {name: getattr(value, name) for name in later if getattr(value, name) is not None}
    if isinstance(value, datetime | date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in a request")


@cache
def _fields(kind: type[DataclassInstance]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The fields of a request that always count, and those that count only where they are there: an answer that was
    remembered before a server knew of a field is found again afterwards."""
    later = tuple(each.name for each in fields(kind) if "added_later" in each.metadata)
    return tuple(each.name for each in fields(kind) if each.name not in later), later


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
