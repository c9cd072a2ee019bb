"""What is connected: for people and for `exchange doctor`."""

from __future__ import annotations

from dataclasses import dataclass

from exchange.graph.bolt import Bolt
from exchange.graph.migrations import newest_version

COUNTED = ("Organization", "Product", "Footprint", "Grant", "Dataset", "Release", "Change")


@dataclass(frozen=True, slots=True)
class StoreDescription:
    """Holds no secret."""

    uri: str
    server: str
    schema_version: int
    embedded: bool
    counts: dict[str, int]


async def describe(bolt: Bolt) -> StoreDescription:
    """Which database this is, and how much is in it."""
    counts = {}
    for label in COUNTED:
        [[counts[label]]] = await bolt.read(f"MATCH (n:{label}) RETURN count(n)")
    server, endpoint = await bolt.server(), bolt.endpoint
    assert endpoint is not None
    return StoreDescription(endpoint.uri, server, newest_version(), endpoint.embedded, counts)
