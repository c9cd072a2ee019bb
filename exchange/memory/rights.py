"""Who owns products, and which anybody may see: exchange.access.level by columns, without one viewer's grants."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from exchange.memory.columns import Array
from exchange.memory.layout import NOBODY
from exchange.memory.lines import permitted
from exchange.memory.tables import Tables
from exchange.model.closure import Dates
from exchange.model.resolved import Bools, Ints

OUTSIDER = NOBODY - 1  # an owner of nothing, to whom nothing was granted, and a member of nothing


@dataclass(frozen=True, slots=True, eq=False)
class Rights:
    """Of some products, by ascending key: the number of the owner in `owners`, and whether a public grant holds."""

    keys: Ints
    owner: Ints
    public: Bools
    owners: dict[str, int]

    def of(self, key: int, organization_id: str | None) -> tuple[bool, bool]:
        """Whether a product is the organization's own, and whether it is public; a key that is not there is neither."""
        at = int(np.searchsorted(self.keys, key))
        if at == len(self.keys) or self.keys[at] != key:
            return False, False
        own = organization_id is not None and self.owners.get(organization_id) == int(self.owner[at])
        return own, bool(self.public[at])


def rights(tables: Tables, keys: Array, dates: Dates) -> Rights:
    """At these dates, of all of the keys that name a product known then."""
    known = np.unique(keys)
    known = known[(known >= 0) & (known < len(tables.products.owner))]
    known = known[tables.products.sequence.values[known] <= dates.head]
    public = permitted(tables, np.full(len(known), OUTSIDER), known, dates)
    return Rights(known.astype(np.int64), tables.products.owner.values[known].astype(np.int64), public, tables.owners)
