"""The contract of alliances, and of grants to them and of many products."""

from __future__ import annotations

from dataclasses import replace

import pytest

from exchange.errors import Conflict
from exchange.graph import Store
from exchange.model.footprint import NEVER_US
from exchange.model.grant import NO_PRODUCT, AccessLevel
from exchange.model.paging import Page
from exchange.model.product import Product
from exchange.model.writes import (
    AddGrant,
    AddMembership,
    CreateProduct,
    EndMembership,
    FoundAlliance,
    JoinAlliance,
    RevokeGrant,
)
from tests.store.examples import NOW_US, a_grant, a_product, an_alliance, an_invitation, new_id, put, put_organization

CLASS = "urn:pact:class.example:c:1"
MEMBER = "MATCH (:Organization {id: $id})-[x:MEMBER_OF]->(:Alliance) RETURN x.from, x.until ORDER BY x.from"


def of_many(product: Product, **changes):
    given = {"product_id": None, "product_key": NO_PRODUCT, "owner_id": product.owner_id}
    return a_grant(product, None, **given, **changes)


class AlliancesContract:
    async def test_alliances_are_kept_as_they_were_founded(self, store: Store) -> None:
        mill = await put_organization(store)
        first, second = an_alliance(mill, "Zinc"), an_alliance(mill, "alu")
        await put(store, FoundAlliance(first), FoundAlliance(second))
        assert await store.get_alliances([second.id, new_id(), first.id]) == [second, None, first]
        assert [each.name for each in (await store.list_alliances(Page())).items] == ["alu", "Zinc"]
        assert await store.alliance_is_called("ALU")
        assert not await store.alliance_is_called("Al")
        with pytest.raises(Conflict) as taken:
            await put(store, FoundAlliance(an_alliance(mill, "ALU")))
        assert taken.value.path == ("allianceName", "ALU")

    async def test_members_join_and_leave(self, store: Store) -> None:
        mill, mine = await put_organization(store, name="Mill"), await put_organization(store, name="Mine")
        alliance = an_alliance(mill)
        first = an_invitation(alliance, mill, joined_us=NOW_US, sequence=3)
        second = an_invitation(alliance, mine, invited_at_us=NOW_US + 1)
        await put(store, FoundAlliance(alliance), AddMembership(first), AddMembership(second))
        assert await store.get_memberships([second.id, new_id(), first.id]) == [second, None, first]
        assert await store.memberships_of(mine.id) == [second]
        assert await store.memberships_in([alliance.id, new_id()]) == [first, second]
        assert await store.read_memberships(10**9) == [first]
        assert await store._raw.read(MEMBER, id=mine.id) == []

        await put(store, JoinAlliance(second.id, NOW_US + 2, 7))
        joined = replace(second, joined_us=NOW_US + 2, sequence=7)
        assert await store.memberships_of(mine.id) == [joined]
        assert await store.read_memberships(6) == [first]
        assert await store.read_memberships(7) == [first, joined]
        assert [list(row) for row in await store._raw.read(MEMBER, id=mine.id)] == [[NOW_US + 2, NEVER_US]]

        await put(store, EndMembership(second.id, NOW_US + 3, 8))
        left = replace(joined, ended_at_us=NOW_US + 3, ended_sequence=8)
        assert await store.memberships_of(mine.id) == []
        assert await store.memberships_in([alliance.id]) == [first, left]
        assert await store.read_memberships(8) == [first, left]
        assert [list(row) for row in await store._raw.read(MEMBER, id=mine.id)] == [[NOW_US + 2, NOW_US + 3]]
        assert [list(row) for row in await store._raw.read(MEMBER, id=mill.id)] == [[NOW_US, NEVER_US]]

    async def test_grants_to_an_alliance_come_with_its_members(self, store: Store) -> None:
        mill, mine = await put_organization(store, name="Mill"), await put_organization(store, name="Mine")
        steel, alliance = a_product(mill, 0), an_alliance(mill)
        member = an_invitation(alliance, mine, joined_us=NOW_US, sequence=3)
        await put(store, CreateProduct(steel), FoundAlliance(alliance), AddMembership(member))
        grant = a_grant(steel, None, alliance_id=alliance.id, sequence=4)
        consent = a_grant(steel, None, alliance_id=alliance.id, level=AccessLevel.NONE, sequence=5)
        await put(store, AddGrant(grant), AddGrant(consent))
        assert await store.get_grants([grant.id, consent.id]) == [grant, consent]
        assert await store.grants_to(alliance.id) == [grant, consent]
        assert await store.grants_to(mine.id, alliance.id) == [grant, consent]
        assert await store.grants_to(mine.id) == []
        assert await store.grants_reaching(mine.id) == ([member], [grant, consent])
        assert await store.grants_reaching(mill.id) == ([], [])
        [read] = await store.get_products([steel.id])
        assert read is not None
        assert read.public_us == ()
        [found, _] = (await store.read_nodes([steel.key]))[steel.key].grants
        assert (found, found.members) == (grant, {mine.id: (member,)})
        products, granted = await store.read_product_columns(0, 1, 10**6)
        assert [tuple(each) for each in products.classifications] == [steel.classifications]
        assert (list(granted.alliance_ids), list(granted.organization_ids)) == ([alliance.id], [None])

    async def test_a_grant_to_an_alliance_reaches_who_has_joined_it_and_not_left(self, store: Store) -> None:
        mill, mine = await put_organization(store, name="Mill"), await put_organization(store, name="Mine")
        steel, alliance = a_product(mill, 0), an_alliance(mill)
        invited = an_invitation(alliance, mine)
        await put(store, CreateProduct(steel), FoundAlliance(alliance), AddMembership(invited))
        grant = a_grant(steel, None, alliance_id=alliance.id, sequence=4)
        own = a_grant(steel, mine, sequence=5)
        await put(store, AddGrant(grant), AddGrant(own))
        assert await store.grants_reaching(mine.id) == ([invited], [own])
        await put(store, JoinAlliance(invited.id, NOW_US + 2, 7))
        joined = replace(invited, joined_us=NOW_US + 2, sequence=7)
        assert await store.grants_reaching(mine.id) == ([joined], [grant, own])
        await put(store, EndMembership(invited.id, NOW_US + 3, 8))
        assert await store.grants_reaching(mine.id) == ([], [own])

    async def test_grants_of_many_are_among_those_of_each(self, store: Store) -> None:
        mill, mine = await put_organization(store, name="Mill"), await put_organization(store, name="Mine")
        made = [replace(a_product(mill, key, f"P{key}"), classifications=()) for key in range(3)]
        made[1] = replace(made[1], classifications=(CLASS,))
        other = a_product(mine, 3, "Ore")
        await put(store, *(CreateProduct(each) for each in (*made, other)))
        own = a_grant(made[0], mine, sequence=1)
        everything = of_many(made[0], organization_id=mine.id, sequence=2)
        some = of_many(made[0], organization_id=mine.id, classification=CLASS, sequence=3)
        await put(store, AddGrant(own), AddGrant(everything), AddGrant(some))
        nodes = await store.read_nodes([0, 1, 2, 3])
        assert {key: list(node.grants) for key, node in nodes.items()} == {
            0: [own, everything],
            1: [everything, some],
            2: [everything],
            3: [],
        }
        assert await store.get_grants([some.id]) == [some]
        assert await store.grants_to(mine.id) == [own, everything, some]
        assert await store.read_grants_of_all(2) == [everything]
        assert await store.read_grants_of_all(3) == [everything, some]
        assert [g.id for g in (await store.list_grants(1, Page())).items] == [everything.id, some.id]
        assert [g.id for g in (await store.list_grants(0, Page(first=1))).items] == [own.id]
        assert (await store.list_grants(0, Page(first=1))).total == 2
        assert [g.id for g in (await store.list_grants(0, Page(first=1, after="1"))).items] == [everything.id]
        by = await store.list_grants_by(mill.id, Page(first=2))
        assert ([g.id for g in by.items], by.total, by.has_next) == ([some.id, everything.id], 3, True)
        assert (await store.list_grants_by(mine.id, Page())).total == 0
        assert await store.covered_keys([(mill.id, None)]) == [0, 1, 2]
        assert await store.covered_keys([(mill.id, CLASS)]) == [1]
        assert await store.covered_keys([(mine.id, None), (mill.id, CLASS)]) == [1, 3]
        assert await store.covered_keys([]) == []
        _, columns = await store.read_product_columns(0, 4, 10**6)
        assert list(columns.sequences) == [1]
        assert await store.grants_reaching(mine.id) == ([], [own, everything, some])
        await put(store, RevokeGrant(everything.id, NOW_US, 9))
        assert await store.grants_to(mine.id) == [own, some]
        assert await store.grants_reaching(mine.id) == ([], [own, some])
