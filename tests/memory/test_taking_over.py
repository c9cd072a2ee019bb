"""A database that shows a transaction step by step: the ledger's head is seen before what it counts.

Neo4j does so for a moment, under load. Nothing may then be taken over by halves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from exchange.errors import StoreUnavailable
from exchange.graph import Store, ledger
from exchange.model.footprint import NEVER_US
from exchange.model.ledger import LedgerHead
from exchange.model.writes import (
    AddGrant,
    AddMembership,
    DeprecateFootprint,
    EndMembership,
    FoundAlliance,
    JoinAlliance,
    RevokeGrant,
)
from exchange.operations.following.taking_over import LOOKS_MAX, load_tables, read_changed
from tests.store.contract_alliances import of_many
from tests.store.examples import (
    NOW_US,
    a_grant,
    an_alliance,
    an_invitation,
    put,
    put_footprint,
    put_organization,
    put_products,
)


def slow(monkeypatch: pytest.MonkeyPatch, store: Store, name: str, early: Callable[[Any], Any], looks: int = 1) -> None:
    """For the first few looks that find something, a method of the store finds it as it was before."""
    real, left = getattr(store, name), [looks]

    async def get(ids: Any) -> list[Any]:
        found = await real(ids)
        if found and left[0]:
            left[0] -= 1
            return [early(each) for each in found]
        return list(found)

    monkeypatch.setattr(store, name, get)


async def test_what_cannot_be_found_yet_is_looked_for_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    mill = await put_organization(store)
    before = await store.head()
    [steel] = await put_products(store, mill, "Steel")
    footprint, grant = await put_footprint(store, steel), a_grant(steel, None)
    await put(store, AddGrant(grant))
    for name in ("get_products", "get_footprints", "get_grants"):
        slow(monkeypatch, store, name, lambda each: None)
    changed = await read_changed(store, before.sequence, (await store.head()).sequence)
    assert [product.id for product in changed.products] == [steel.id]
    assert [each.id for each in changed.published] == [footprint.id]
    assert [each.id for each in changed.grants] == [grant.id]


async def test_what_has_not_ended_yet_is_looked_at_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    mill = await put_organization(store)
    [steel] = await put_products(store, mill, "Steel")
    footprint, grant = await put_footprint(store, steel), a_grant(steel, None)
    await put(store, AddGrant(grant))
    before = (await store.head()).sequence
    await put(
        store, DeprecateFootprint(footprint.id, NOW_US, before + 1, None), RevokeGrant(grant.id, NOW_US, before + 2)
    )
    slow(monkeypatch, store, "get_footprints", lambda each: replace(each, deprecated_sequence=NEVER_US))
    slow(monkeypatch, store, "get_grants", lambda each: replace(each, revoked_sequence=NEVER_US), looks=2)
    changed = await read_changed(store, before, (await store.head()).sequence)
    assert [each.deprecated_sequence for each in changed.deprecated] == [before + 1]
    assert [each.revoked_sequence for each in changed.grants] == [before + 2]


async def test_who_has_not_joined_or_left_yet_is_looked_at_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    mill, mine = await put_organization(store), await put_organization(store)
    [steel] = await put_products(store, mill, "Steel")
    alliance = an_alliance(mill)
    invited, broad = an_invitation(alliance, mine), of_many(steel, alliance_id=alliance.id)
    await put(store, FoundAlliance(alliance), AddMembership(invited))
    before = (await store.head()).sequence
    await put(store, AddGrant(broad), JoinAlliance(invited.id, NOW_US, before + 2))
    never = {"joined_us": NEVER_US, "sequence": NEVER_US}
    slow(monkeypatch, store, "get_memberships", lambda each: replace(each, **never), looks=2)
    slow(monkeypatch, store, "get_grants", lambda each: None)
    joined = (await store.head()).sequence
    changed = await read_changed(store, before, joined)
    assert [(each.id, each.owner_id) for each in changed.grants] == [(broad.id, mill.id)]
    assert [(each.joined_us, each.sequence) for each in changed.memberships] == [(NOW_US, before + 2)]
    await put(store, EndMembership(invited.id, NOW_US, joined + 1))
    slow(monkeypatch, store, "get_memberships", lambda each: replace(each, ended_sequence=NEVER_US), looks=2)
    changed = await read_changed(store, joined, (await store.head()).sequence)
    assert [each.ended_sequence for each in changed.memberships] == [joined + 1]


async def test_what_never_comes_is_not_taken_over(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    mill = await put_organization(store)
    before = await store.head()
    await put_products(store, mill, "Steel")
    slow(monkeypatch, store, "get_products", lambda each: None, looks=LOOKS_MAX)
    with pytest.raises(StoreUnavailable):
        await read_changed(store, before.sequence, (await store.head()).sequence)


async def test_changes_that_the_head_counts_already_are_looked_for_again(store: Store) -> None:
    await put_organization(store)
    bolt = await store._bolt()
    real, looks = bolt.read, 0

    class Slow:
        async def read(self, *given: Any, **parameters: Any) -> Any:
            nonlocal looks
            looks += 1
            return [] if looks == 1 else await real(*given, **parameters)

    [change] = await ledger.read_changes(Slow(), 0, 1)  # type: ignore[arg-type]
    assert (change.sequence, looks) == (1, 2)


async def test_a_graph_with_a_hole_is_not_loaded(store: Store) -> None:
    mill = await put_organization(store)
    [steel] = await put_products(store, mill, "Steel")
    await put_footprint(store, steel)
    head = await store.head()
    await load_tables(store, head, lambda _: None)
    for products, footprints in ((2, 1), (1, 2)):
        with pytest.raises(StoreUnavailable):
            await load_tables(store, LedgerHead(head.sequence, products, footprints), lambda _: None)
