"""Reading many of a kind at once: by key in chunks, and in pages by one indexed property."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from exchange.errors import InvalidInput
from exchange.graph.bolt import Bolt
from exchange.graph.records import Properties
from exchange.model.paging import PAGE_SIZE_DEFAULT, Page, PageOf

T = TypeVar("T")
K = TypeVar("K", str, int)

CHUNK_MAX = 2_000  # keys of one statement: larger ones are no faster, and hold up a connection
# Nodes of one record. The driver takes longer for a record than for what is in it, so nodes come together; but a
# product's description may have 64 KiB, and a record is held in memory whole, on both sides.
COLLECTED_MAX = 500


def chunks(keys: Iterable[K], most: int = CHUNK_MAX) -> Iterator[list[K]]:
    """The distinct keys, in bounded lists."""
    distinct = list(dict.fromkeys(keys))
    for start in range(0, len(distinct), most):
        yield distinct[start : start + most]


async def by_key(bolt: Bolt, label: str, name: str, keys: Sequence[K], of: Callable[[Properties], T]) -> list[T | None]:
    """One entry per key, in order; None where no node of the label has it. `name` must be indexed."""
    found = await map_by_key(bolt, label, name, keys, of)
    return [found.get(key) for key in keys]


async def map_by_key(
    bolt: Bolt, label: str, name: str, keys: Collection[K], of: Callable[[Properties], T]
) -> dict[K, T]:
    """What is found, by key."""
    statement = f"UNWIND $keys AS k MATCH (n:{label} {{{name}: k}}) RETURN collect([k, properties(n)])"
    found: dict[K, T] = {}
    for chunk in chunks(keys, COLLECTED_MAX):
        [[together]] = await bolt.read(statement, keys=chunk)
        found.update((key, of(stored)) for key, stored in together)
    return found


@dataclass(frozen=True, slots=True)
class Listing:
    """Nodes `n` in a total order. match: up to the node; where: conditions on it; order: its indexed property."""

    match: str
    order: str
    descending: bool = False
    integer: bool = False  # whether the order is by whole number (cursors are its decimal text)
    where: Sequence[str] = ()
    parameters: dict[str, Any] = field(default_factory=dict)

    def narrowed(self, condition: str, **parameters: Any) -> Listing:
        """The same list with one more condition."""
        return replace(self, where=[*self.where, condition], parameters=self.parameters | parameters)


async def read_page(bolt: Bolt, listing: Listing, page: Page, of: Callable[[Properties], T]) -> PageOf[T]:
    """One page by keyset: `after` and `before` are values of the order, so pages stay stable under writes."""
    size, backward = _size(page)
    follows, precedes = ("<", ">") if listing.descending else (">", "<")
    order = f"n.{listing.order}"
    conditions = [*listing.where, f"{order} >= $least"]  # without a bound the index would not be used
    parameters = {**listing.parameters, "least": 0 if listing.integer else ""}
    if page.after is not None:
        conditions.append(f"{order} {follows} $after")
        parameters["after"] = _cursor(page.after, listing)
    if page.before is not None:
        conditions.append(f"{order} {precedes} $before")
        parameters["before"] = _cursor(page.before, listing)
    direction = "DESC" if listing.descending != backward else "ASC"
    rows = await bolt.read(
        f"{listing.match} WHERE {' AND '.join(conditions)} "
        f"RETURN {order}, properties(n) ORDER BY {order} {direction} LIMIT $limit",
        **parameters,
        limit=size + 1,
    )
    more = len(rows) > size
    rows = rows[:size]
    if backward:
        rows.reverse()
    return PageOf(
        items=[of(stored) for _, stored in rows],
        keys=[str(key) for key, _ in rows],
        has_next=page.before is not None if backward else more,
        has_previous=more if backward else page.after is not None,
        total=await _count(bolt, listing),
    )


def merged(parts: Sequence[PageOf[T]], listing: Listing, page: Page) -> PageOf[T]:
    """One page out of the same page of lists that hold nothing in common and together make up the whole."""
    size, backward = _size(page)
    found = [pair for part in parts for pair in zip(part.keys, part.items, strict=True)]
    found.sort(key=lambda pair: int(pair[0]) if listing.integer else pair[0], reverse=listing.descending)
    taken = found[-size:] if backward else found[:size]
    more = len(taken) < len(found)
    return PageOf(
        items=[item for _, item in taken],
        keys=[key for key, _ in taken],
        has_next=any(part.has_next for part in parts) or (more and not backward),
        has_previous=any(part.has_previous for part in parts) or (more and backward),
        total=sum(part.total for part in parts),
    )


def _size(page: Page) -> tuple[int, bool]:
    """How many items the page has at most, and whether it is counted from its end."""
    backward = page.first is None and page.last is not None
    return (page.last if backward else page.first) or PAGE_SIZE_DEFAULT, backward


async def _count(bolt: Bolt, listing: Listing) -> int:
    where = f"WHERE {' AND '.join(listing.where)} " if listing.where else ""
    rows = await bolt.read(f"{listing.match} {where}RETURN count(n)", **listing.parameters)
    return int(rows[0][0])


def _cursor(text: str, listing: Listing) -> str | int:
    if not listing.integer:
        return text
    try:
        number = int(text)
    except ValueError:
        number = -1
    if not 0 <= number < 2**63:
        raise InvalidInput("The cursor is not one of this list. Use one that the list gave.")
    return number
