"""What every mutation shares: what is written is written once, and read back by whoever asked for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from exchange.schema.work import Info

T = TypeVar("T")

IDEMPOTENCY_KEY = (
    "Made by you, once per request that you mean: the same key and body again returns the first answer, also after a "
    "crash; another body with the same key is a Conflict."
)
DONE_OR_NOT = "The payload, or why nothing was changed."


async def written(info: Info, write: Callable[[], Awaitable[T]]) -> T:
    """What the operation wrote, read back later through a new session. At most once per place in the request."""
    return await info.context.once(tuple(info.path.as_list()), write)


def read_back(thing: T | None) -> T:
    """What was just written, which its writer may see."""
    if thing is None:
        raise RuntimeError("what was just written cannot be read back")
    return thing
