"""What the store reads of the graph, as it stands at one ledger sequence, and hands to the arithmetic."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from exchange.model.footprint import Footprint
from exchange.model.grant import Grant
from exchange.model.product import Product, Release


@dataclass(frozen=True, slots=True)
class Node:
    """A product with every version of its footprint and every grant on it, past and future ones included."""

    product: Product
    footprints: Sequence[Footprint]
    grants: Sequence[Grant]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Part of the graph at ledger sequence `head`; what was written later is ignored by whoever reads it.

    nodes: by product key. names: URN -> product key, for names that nobody had registered when the line that
    names them was published (a name that is still nobody's is absent). successors: release id -> the later releases
    of the same dataset, earliest first (a release's footprints without stated validity end when the next one begins).
    """

    head: int
    nodes: Mapping[int, Node]
    names: Mapping[str, int]
    successors: Mapping[str, Sequence[Release]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Dates:
    """`as_of_day`: what did it carry on that day; `known_at_us`: what was known then; `head`: ledger sequence read."""

    as_of_day: int
    known_at_us: int
    head: int


# Whether a line of the first product's owner may be followed to the second product.
Permits = Callable[[Product, Node], bool]
