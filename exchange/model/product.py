"""A product: a node of the supply-chain graph, owned by one organization."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Product:
    id: str
    key: int  # dense number, for reading in bulk; assigned when written
    owner_id: str
    product_ids: tuple[str, ...]  # URNs, in the owner's own namespaces
    name: str
    description: str | None
    classifications: tuple[str, ...]  # URNs
    created_at_us: int
    sequence: int  # of the Change that created it
    # From and until when everybody may see it, in microseconds, as it was read: what grants make of it, not its own.
    public_us: tuple[tuple[int, int], ...] = field(default=(), compare=False)

    def is_public(self, at_us: int) -> bool:
        return any(start <= at_us < end for start, end in self.public_us)


@dataclass(frozen=True, slots=True)
class Dataset:
    """A publisher's set of emission factors."""

    id: str
    name: str
    publisher_id: str


@dataclass(frozen=True, slots=True)
class Release:
    """One dated, immutable edition of a dataset."""

    id: str
    dataset_id: str
    label: str
    date_day: int  # days since 1970-01-01
    created_at_us: int
    sequence: int
