"""Reading closures: level by level, only what is still wanted, as the graph stands at one ledger sequence."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from exchange.access import permits_at, permits_ever
from exchange.graph import Store
from exchange.model.closure import Dates, Node, Snapshot
from exchange.model.footprint import Footprint
from exchange.model.grant import Grant
from exchange.model.product import Release
from exchange.operations.requests.checks import US_PER_DAY
from exchange.operations.turns import beside
from exchange.rollup import AdmissionWalk, ClosureWalk, Frontier

BESIDE_MIN = 10_000  # products and lines of a step: about 5 ms; a thread costs 0.1 ms


class Walk(Protocol):
    """Says what is still to be read of a closure (exchange.rollup decides; nothing is chosen in a query)."""

    def step(self, snapshot: Snapshot) -> Frontier: ...


async def read_closure(
    store: Store, roots: Sequence[int], dates: Dates, *, chosen: Mapping[int, Footprint] | None = None
) -> Snapshot:
    """Everything that a roll-up of these products needs, each level in one read of the store."""
    return await _read(store, ClosureWalk(roots, dates, permits_at(dates), chosen=chosen), dates.head)


async def read_admission(
    store: Store,
    keys: Sequence[int],
    new: Sequence[Footprint],
    head: int,
    now_us: int,
    *,
    deprecated_keys: Collection[int] = (),
    grants: Sequence[Grant] = (),
) -> Snapshot:
    """Everything that admission of these new footprints, and of these new grants, needs; the grants are in place."""
    walk = AdmissionWalk(keys, new, now_us // US_PER_DAY, permits_ever(now_us), deprecated_keys)
    return await _read(store, walk, head, grants)


async def _read(store: Store, walk: Walk, head: int, grants: Sequence[Grant] = ()) -> Snapshot:
    nodes: dict[int, Node] = {}
    names: dict[str, int] = {}
    successors: dict[str, Sequence[Release]] = {}
    snapshot = Snapshot(head, nodes, names, successors)
    read: dict[int, Node] = {}
    while wanted := await _step(walk, snapshot, read):
        read = await store.read_nodes(wanted.keys)
        for grant in grants:
            if grant.product_key in read:
                node = read[grant.product_key]
                read[grant.product_key] = replace(node, grants=(*node.grants, grant))
        nodes.update(read)
        if wanted.names:
            names.update(await store.read_names(wanted.names))
        if wanted.releases:
            found = await store.read_successors(sorted(wanted.releases))
            successors.update({release: found.get(release, ()) for release in wanted.releases})
    return snapshot


async def _step(walk: Walk, snapshot: Snapshot, read: Mapping[int, Node]) -> Frontier:
    """The next step; beside the event loop where there is much to look at."""
    lines = sum(len(footprint.lines) for node in read.values() for footprint in node.footprints)
    if len(read) + lines < BESIDE_MIN:
        return walk.step(snapshot)
    return await beside(lambda: walk.step(snapshot))
