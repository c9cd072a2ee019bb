"""What enters a quarter's benchmarks: results on its last day of products whose owners are members and consent.

A value counts in an alliance where its owner was a member then, and consents by a grant of level BENCHMARK that was in
force then; whoever has left or revoked since is not counted. TOTAL granted to the alliance, or to everybody, is no
consent. Values are kept to six digits: what differs by less has not changed.

The graph is the one that a server has in memory, which stands still meanwhile; where there is none, it is loaded.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import numpy as np

from exchange.benchmarks import Candidate, Result, contributions
from exchange.benchmarks.categories import with_those_above
from exchange.comparison import BiogenicConvention
from exchange.errors import ConfigurationInvalid
from exchange.graph import Store
from exchange.memory import Comparables, Tables, comparables
from exchange.model.benchmark import UNSTATED
from exchange.model.closure import Dates
from exchange.model.footprint import SystemBoundary
from exchange.model.grant import AccessLevel, Grant
from exchange.model.ledger import LedgerHead
from exchange.model.resolved import Ints
from exchange.operations.following.follower import LiveGraph
from exchange.operations.following.graph_size import MEGABYTE
from exchange.operations.following.kept_graph import tables_at
from exchange.operations.following.snapshots import SnapshotFile
from exchange.operations.turns import beside
from exchange.units import DeclaredUnit

DIGITS: Final = 6  # a hundred thousandth of the finest grid; many more than the last bits of a solution

Members = Mapping[str, frozenset[str]]  # by alliance, ids of organizations


@dataclass(frozen=True, slots=True)
class Counted:
    """candidates: every set that has a value. products: how many entered, each once."""

    candidates: tuple[Candidate, ...]
    products: int


@dataclass(frozen=True, slots=True)
class Source:
    """Where the whole graph comes from. live: a server's, which is asked first. megabytes_max: how much memory it may
    take where it has to be loaded, out of a server's file (snapshot) where that can be used."""

    live: LiveGraph | None
    megabytes_max: int
    snapshot: SnapshotFile | None = None


async def read_counted(
    store: Store, source: Source, head: LedgerHead, now_us: int, closing_day: int, closing_us: int
) -> Counted:
    """What is counted on a closing day, whose last instant is `closing_us`, as the graph stands at `head` and `now_us`.
    Raises ConfigurationInvalid where the graph has to be loaded and needs more memory than it may have."""
    members = await _members(store, head, closing_us)
    organizations = sorted(frozenset().union(*members.values()))
    groups = {each.id: each.group_id for each in await store.get_organizations(organizations) if each is not None}
    grants = [
        grant
        for grant in await store.grants_to(*sorted(members))
        if grant.level == AccessLevel.NONE and grant.sequence <= head.sequence and grant.in_force(closing_us)
    ]
    if not grants:
        return Counted((), 0)
    dates = Dates(closing_day, closing_us, head.sequence)

    async def count(tables: Tables) -> Counted:
        return await beside(lambda: counted_of(tables, dates, members, groups, grants))

    live = source.live
    if live is not None:
        async with live.standing_still(head, now_us) as tables:
            counted = None if tables is None else await count(tables)
        if counted is not None and tables is not None and live.holds(tables):
            return counted
    return await count(await _loaded(store, source, head))


async def _loaded(store: Store, source: Source, head: LedgerHead) -> Tables:
    def check(tables: Tables) -> None:
        if tables.nbytes > source.megabytes_max * MEGABYTE:
            raise ConfigurationInvalid(
                f"Benchmarks are computed from the whole graph, which needs more than the {source.megabytes_max} MB "
                "that it may have in memory. Raise EXCHANGE_GRAPH_MEGABYTES. Nothing was published."
            )

    return await tables_at(store, head, check, source.snapshot)


async def _members(store: Store, head: LedgerHead, closing_us: int) -> Members:
    """Of each alliance the members then who have not left since."""
    found: dict[str, set[str]] = defaultdict(set)
    for each in await store.read_memberships(head.sequence):
        if each.stands and each.holds(closing_us, head.sequence):
            found[each.alliance_id].add(each.organization_id)
    return {alliance: frozenset(organizations) for alliance, organizations in found.items()}


def counted_of(
    tables: Tables, dates: Dates, members: Members, groups: Mapping[str, str], grants: Sequence[Grant]
) -> Counted:
    """The same of a graph that is loaded, by the alliances' members, and groups by organization."""
    keys = {alliance: _consented(tables, of, members[alliance], dates) for alliance, of in _by_alliance(grants).items()}
    every = np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *keys.values()]))
    found = comparables(tables, dates, every)
    results = _results(tables, found, groups)
    candidates: list[Candidate] = []
    for alliance, theirs in keys.items():
        rows = np.flatnonzero(np.isin(found.product, theirs)).tolist()
        sets = contributions(results[row] for row in rows)
        candidates += [Candidate(alliance, key, values) for key, values in sets.items()]
    return Counted(tuple(candidates), len(np.unique(found.product)))


def _by_alliance(grants: Iterable[Grant]) -> Mapping[str, Sequence[Grant]]:
    found: dict[str, list[Grant]] = defaultdict(list)
    for grant in grants:
        assert grant.alliance_id is not None  # they were asked for by it
        found[grant.alliance_id].append(grant)
    return found


def _consented(tables: Tables, grants: Sequence[Grant], members: frozenset[str], dates: Dates) -> Ints:
    """Keys of the products of members that these grants are of; known then and now."""
    products = tables.products
    known = products.sequence.values <= dates.head
    mine = np.isin(products.owner.values, [tables.owners[each] for each in members if each in tables.owners]) & known
    found = np.zeros(len(mine), dtype=np.bool_)
    owners: dict[str | None, list[int]] = defaultdict(list)  # who consents with what it classified so; None: everything
    for grant in grants:
        if grant.owner_id is None:
            if 0 <= grant.product_key < len(found):
                found[grant.product_key] = True
        elif grant.owner_id in tables.owners:
            owners[grant.classification].append(tables.owners[grant.owner_id])
    for classification, consenting in owners.items():
        having = [classification is None or classification in kind for kind in tables.reach.kinds]
        found |= np.isin(products.owner.values, consenting) & np.array(having, dtype=np.bool_)[products.kind.values]
    return np.flatnonzero(found & mine)


def _results(tables: Tables, found: Comparables, groups: Mapping[str, str]) -> list[Result]:
    """Row by row."""
    categories = [with_those_above(kind) for kind in tables.reach.kinds]
    units = [(per.amount, DeclaredUnit(per.unit), per.price) for per in tables.supplier_units]
    of_owner = [groups.get(owner, owner) for owner in tables.owner_ids]
    owner, kind = tables.products.owner.values[found.product], tables.products.kind.values[found.product]
    columns = (found.product, owner, kind, found.to_grave, found.kg_co2e, found.unit, found.uptake_unclear)
    results = []
    for key, by, of, to_grave, kg_co2e, unit, unclear in zip(*(each.tolist() for each in columns), strict=True):
        amount, declared_unit, price = units[unit]
        results.append(
            Result(
                product_id=str(key),
                group_id=of_owner[by],
                categories=categories[of],
                boundary=SystemBoundary.CRADLE_TO_GRAVE if to_grave else SystemBoundary.CRADLE_TO_GATE,
                convention=UNSTATED if unclear else BiogenicConvention.EXCLUDING_UPTAKE.value,
                declared_unit_amount=amount,
                declared_unit=declared_unit,
                price=price,
                kg_co2e=kept(kg_co2e),
            )
        )
    return results


def kept(kg_co2e: float) -> Decimal:
    """As benchmarks have it: to DIGITS digits."""
    return Decimal(f"{kg_co2e:.{DIGITS - 1}e}")
