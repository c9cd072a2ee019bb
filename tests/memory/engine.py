"""The graph in memory, made of what a snapshot holds, and its answers beside those of `exchange.rollup.roll_up`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from exchange.memory import (
    NOBODY,
    Column,
    History,
    Present,
    Proposal,
    Tables,
    add_footprints,
    add_products,
    add_releases,
    bind,
    cut,
    demand,
    everything,
    put_grants,
)
from exchange.memory.lines import UNIT_NOT_CONVERTIBLE
from exchange.model.closure import Dates, Node, Permits, Snapshot
from exchange.model.footprint import NEVER_US, Footprint
from exchange.model.grant import AccessLevel, Grant
from exchange.model.product import Product, Release
from exchange.rollup import Solution
from exchange.rollup.demand import Demand

DAY_US = 86_400_000_000
# Of more products than these spreads are solved for together, as for a page of them, and the last day of each tenth:
# alone each is a solve, and of a long chain takes long.
ALONE_MAX = 100


def tables_of(snapshot: Snapshot, permits: Permits | None = None) -> Tables:
    """Columns of everything in a snapshot. `permits`: who may follow what, where its nodes hold no grants."""
    tables = Tables()
    nodes = [snapshot.nodes[key] for key in sorted(snapshot.nodes)]
    tables.products.resize(max((*snapshot.nodes, *snapshot.names.values(), 0)) + 1)
    footprints = [footprint for node in nodes for footprint in node.footprints]
    # A release and those after it; each dataset has an id of its own in the snapshot of a store.
    releases = {release.id: release for later in snapshot.successors.values() for release in later}
    for release_id in dict.fromkeys(footprint.release_id for footprint in footprints):
        if release_id is not None and release_id not in releases:
            later = snapshot.successors.get(release_id, ())
            releases[release_id] = release_before(release_id, later)
    add_releases(tables, releases.values())
    add_footprints(tables, footprints)
    add_products(tables, (node.product for node in nodes))
    bind(tables, (node.product for node in nodes))
    grants = [grant for node in nodes for grant in node.grants]
    put_grants(tables, grants if permits is None else grants_of(snapshot, permits))
    return tables


def release_before(release_id: str, later: Sequence[Release]) -> Release:
    """A release as a snapshot implies it: before those that follow it."""
    dataset = later[0].dataset_id if later else f"dataset of {release_id}"
    return Release(release_id, dataset, "", min((each.date_day for each in later), default=1) - 1, 0, 0)


def grants_of(snapshot: Snapshot, permits: Permits) -> list[Grant]:
    """Grants to exactly those owners that `permits` lets follow a line to a product."""
    consumers = {node.product.owner_id: node.product for node in snapshot.nodes.values()}
    if permits is everybody:
        return [_grant(-number, node, None) for number, node in enumerate(snapshot.nodes.values(), 1)]
    granted = [
        (node, owner)
        for node in snapshot.nodes.values()
        for owner, consumer in consumers.items()
        if owner != node.product.owner_id and permits(consumer, node)
    ]
    return [_grant(-number, node, owner) for number, (node, owner) in enumerate(granted, 1)]


def everybody(consumer: Product, supplier: Node) -> bool:
    """Every line may be followed."""
    return True


def _grant(sequence: int, node: Node, organization_id: str | None) -> Grant:
    product = node.product
    return Grant(
        id=f"grant{sequence}",
        product_id=product.id,
        product_key=product.key,
        organization_id=organization_id,
        level=AccessLevel.TOTAL,
        onward=False,
        from_us=0,
        until_us=NEVER_US,
        revoked_at_us=NEVER_US,
        sequence=sequence,
        revoked_sequence=NEVER_US,
    )


def solved_in_memory(
    tables: Tables,
    roots: Sequence[int],
    dates: Dates,
    footprints: Mapping[str, Footprint],
    *,
    chosen: Mapping[int, Footprint] | None = None,
    present: Present | None = None,
) -> Solution:
    """The roll-up from memory: of the present where one is given, else of history."""
    position = Column(np.int32, fill=NOBODY)
    position.resize(len(tables.products.owner))
    forced = {key: footprint.key for key, footprint in (chosen or {}).items()}
    source = History(tables, dates, forced) if present is None else present
    closure = cut(source, roots, position)
    assert (position.values == NOBODY).all()
    standing = [footprints[identity] for identity in closure.root_footprint_ids.values()]
    return closure.solve({footprint.product_key: footprint for footprint in standing})


def demand_in_memory(
    snapshot: Snapshot, proposal: Proposal, today_day: int, permits: Permits | None = None, present: bool = False
) -> Demand:
    """What admission judges, from memory; the columns are as they were afterwards."""
    tables = tables_of(snapshot, permits)
    now = Dates(today_day, today_day * DAY_US, snapshot.head)
    if present:
        Present(tables, now)  # sorts who names whom
    position = Column(np.int32, fill=NOBODY)
    position.resize(len(tables.products.owner))
    before = fingerprint(tables)
    try:
        return demand(tables, proposal, now, position)
    finally:
        assert (position.values == NOBODY).all()
        assert fingerprint(tables) == before


def fingerprint(tables: Tables) -> tuple[object, ...]:
    """Everything that the columns hold."""
    groups = (tables.products, tables.versions, tables.lines, tables.grants)
    columns = [column.values.tobytes() for group in groups for column in group.columns()]
    kept = (tables.owners, tables.units, tables.supplier_units, tables.releases, tables.fallbacks)
    beside = (*tables.versions.beside, tables.grants.revoked.pairs)
    return (*columns, *(column.values.tobytes() for column in beside), *map(repr, kept))


def assert_same_demand(one: Demand, other: Demand) -> None:
    """Row for row and line for line, to the last digit."""
    for name in ("product", "outbound", "size", "line", "row", "version", "also", "factor"):
        assert getattr(one, name).tolist() == getattr(other, name).tolist(), name


def assert_same_solution(one: Solution, other: Solution, keys: Sequence[int]) -> None:
    """Both say the same of these products, to the last digit that anybody is shown."""
    solved_for = set(keys)
    if len(keys) > ALONE_MAX:
        one.prepare_uncertainties(keys)
        other.prepare_uncertainties(keys)
        solved_for = set(keys[::10])
    for key in keys:
        refusal = one.refusal(key)
        assert refusal == other.refusal(key)
        if refusal is not None:
            continue
        assert one.total(key) == other.total(key)
        assert one.standing(key) == other.standing(key)
        assert one.direct(key) == other.direct(key)
        assert one.by_stage(key) == other.by_stage(key)
        if key in solved_for:
            assert one.valid_until_day(key) == other.valid_until_day(key)
        assert one.uncertainty(key) == other.uncertainty(key)
        assert repr(one.direct_deviation(key)) == repr(other.direct_deviation(key))
        mine, theirs = one.resolved(key), other.resolved(key)
        assert (mine is None) == (theirs is None)
        if mine is None or theirs is None:
            continue
        columns = ("named", "fallback_named", "has_fallback", "serving", "by_fallback", "reason", "factors", "stages")
        for name in (*columns, "delivered", "primary"):
            assert getattr(mine, name).tolist() == getattr(theirs, name).tolist(), (key, name)
        np.testing.assert_array_equal(mine.deviations, theirs.deviations)
        served = np.flatnonzero((mine.serving >= 0) & (mine.stages <= 1)).tolist()
        assert one.exact_factors(key, served) == other.exact_factors(key, served)
        for at in np.flatnonzero(mine.reason == UNIT_NOT_CONVERTIBLE).tolist():
            assert one.units_apart(key, at) == other.units_apart(key, at)


def assert_whole_agrees(tables: Tables, present: Present, some: Solution) -> None:
    """All products solved at once, with everything else there is: each inside the intervals of the others' answer."""
    position = Column(np.int32, fill=NOBODY)
    position.resize(len(tables.products.owner))
    whole = everything(present, position).solve({})
    assert (position.values == NOBODY).all()
    for key in some.keys:
        if some.refusal(key) is not None:  # perhaps only because it was asked about, for what it needs in use
            continue
        assert whole.refusal(key) is None
        (lower, upper), (other_lower, other_upper) = some.interval(key), whole.interval(key)
        assert lower <= other_upper
        assert other_lower <= upper
