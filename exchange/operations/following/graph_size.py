"""How much memory the graph may take in a process, and what is said where it needs more."""

from __future__ import annotations

from typing import Final

MEGABYTE: Final = 1_000_000


class GraphTooLarge(Exception):
    """The graph needs more memory than it may have."""


def too_large(bytes_max: int) -> GraphTooLarge:
    """Of a server, which goes on without the graph."""
    return GraphTooLarge(
        f"The graph needs more than the {bytes_max // MEGABYTE} MB that it may have in memory, so answers are computed "
        "from the database: correct, but slower. Raise EXCHANGE_GRAPH_MEGABYTES."
    )
