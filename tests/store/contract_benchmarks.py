"""What the store guarantees of benchmark editions."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from exchange.errors import Conflict
from exchange.graph import Store
from exchange.model.benchmark import BenchmarkEdition, BenchmarkOutcome, BenchmarkSet, EditionMembers, Quarter
from exchange.model.footprint import SystemBoundary
from exchange.model.writes import FoundAlliance, PublishQuarter
from exchange.units import Dimension
from tests.store.examples import NOW_US, an_alliance, new_id, put, put_organization

D = Decimal
LATER = 10**9


def a_set(alliance_id: str, category: str = "urn:x:steel") -> BenchmarkSet:
    return BenchmarkSet(
        alliance_id, category, SystemBoundary.CRADLE_TO_GRAVE, Dimension.MONEY, "EUR 2024 BASIC", "NOT_STATED"
    )


def an_edition(of: BenchmarkSet, quarter: str, **changes) -> BenchmarkEdition:
    own = BenchmarkEdition(new_id(), of, quarter, 20_543, D("0.9091"), D("1.1"), None, 10, "SIX_TO_EIGHT", NOW_US, 5)
    return replace(own, **changes)


def a_quarter(name: str, *editions: BenchmarkEdition, sequence: int = 5) -> PublishQuarter:
    return PublishQuarter(
        Quarter(name, 20_543, 7, len(editions), 1, 2, NOW_US, sequence),
        editions,
        tuple(EditionMembers(each.id, (("g1", D("1.10")), ("g2", D("-3E-7")))) for each in editions),
        tuple(BenchmarkOutcome(each.of, name, each.id, None, sequence) for each in editions),
    )


class BenchmarksContract:
    async def test_a_quarter_is_kept_as_it_was_published(self, store: Store) -> None:
        mill = await put_organization(store)
        alliance, name = an_alliance(mill), f"{new_id()}"
        steel, iron = a_set(alliance.id), a_set(alliance.id, "urn:x:iron")
        of_steel = an_edition(steel, name)
        of_iron = an_edition(iron, name, lower_quartile=None, upper_quartile=D("12345678.9"))
        written = a_quarter(name, of_steel, of_iron)
        kept_back = BenchmarkOutcome(a_set(alliance.id, "urn:x:zinc"), name, None, "TOO_CLOSE_TO_ANOTHER", 5)
        written = replace(written, outcomes=(*written.outcomes, kept_back))
        await put(store, FoundAlliance(alliance), written)
        read = store.benchmarks
        assert written.quarter in await read.quarters(LATER)
        assert written.quarter not in await read.quarters(4)
        assert await read.get_editions([of_iron.id, new_id(), of_steel.id]) == [of_iron, None, of_steel]
        assert await read.editions_of(steel.key, LATER) == [of_steel]
        assert await read.editions_of(steel.key, 4) == []
        outcomes = await read.outcomes_in(alliance.id, name)
        assert [each.of.category for each in outcomes] == ["urn:x:iron", "urn:x:steel", "urn:x:zinc"]
        assert outcomes[2] == kept_back
        assert await read.outcomes_in(new_id(), name) == []
        assert sorted(await read.outcomes_of_quarter(name), key=lambda each: each.of.category) == outcomes
        assert await read.outcomes_of([steel.key, new_id()], LATER) == {steel.key: outcomes[1]}
        members = sorted(await read.members([of_steel.id, of_iron.id]), key=lambda each: each.edition_id)
        assert members == sorted(written.members, key=lambda each: each.edition_id)

    async def test_the_newest_outcome_of_a_set_up_to_a_head_is_found(self, store: Store) -> None:
        mill = await put_organization(store)
        alliance, first, second = an_alliance(mill), new_id(), new_id()
        of = a_set(alliance.id)
        edition = an_edition(of, first)
        await put(store, FoundAlliance(alliance), a_quarter(first, edition))
        newer = an_edition(of, second, sequence=9)
        await put(store, a_quarter(second, newer, sequence=9))
        assert (await store.benchmarks.outcomes_of([of.key], LATER))[of.key].quarter == second
        assert (await store.benchmarks.outcomes_of([of.key], 8))[of.key].quarter == first
        assert await store.benchmarks.editions_of(of.key, LATER) == [newer, edition]

    async def test_a_quarter_is_there_once(self, store: Store) -> None:
        mill = await put_organization(store)
        alliance, name = an_alliance(mill), new_id()
        of = a_set(alliance.id)
        await put(store, FoundAlliance(alliance), a_quarter(name, an_edition(of, name)))
        second = an_edition(of, name)
        with pytest.raises(Conflict) as taken:
            await put(store, a_quarter(name, second))
        assert taken.value.path == ("quarter", name)
        assert await store.benchmarks.get_editions([second.id]) == [None]
