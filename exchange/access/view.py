"""A viewer's view put together: from the product asked about along the visible lines, and no further."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from exchange.model.view import ViewNode


def build_view(root: int, facts_of: Callable[[int], ViewNode | None]) -> dict[int, ViewNode]:
    """All products that the viewer reaches from `root` along lines that it sees, each with what it may know."""
    return build_views([root], facts_of)


def build_views(roots: Iterable[int], facts_of: Callable[[int], ViewNode | None]) -> dict[int, ViewNode]:
    """The views of several products of one viewer together.

    facts_of gives `exchange.access.facts` of a product. A line in a view always leads to a visible product, so a
    missing one is a bug here, never a thing to leave out. Nearest first, in the order of the lines: an order of keys
    would tell how many products others made.
    """
    found: dict[int, ViewNode] = {}
    waiting = deque(dict.fromkeys(roots))
    met = set(waiting)
    while waiting:
        key = waiting.popleft()
        node = facts_of(key)
        if node is None:
            raise AssertionError(f"the view reached product {key}, which its viewer may not see")
        found[key] = node
        if not node.lines.supplier_set <= met:
            new = [supplier for supplier in node.lines.distinct_suppliers if supplier not in met]
            met.update(new)
            waiting.extend(new)
    return found
