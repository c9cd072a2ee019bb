"""What reads guarantee: order, completeness, pages, and that nothing invisible is listed or counted."""

from __future__ import annotations

from typing import Any

import pytest

from exchange.errors import InvalidInput
from exchange.graph import Store
from exchange.model.footprint import NEVER_US
from exchange.model.paging import Page, PageOf, ProductOrder, ProductQuery, Visible
from exchange.model.product import Dataset
from exchange.model.writes import AddGrant, AddSigningKey, CreateDataset, CreateRelease, RevokeGrant
from tests.store.databases import Database
from tests.store.examples import (
    NOW_US,
    a_fallback,
    a_grant,
    a_line,
    a_release,
    a_signing_key,
    new_id,
    put,
    put_footprint,
    put_organization,
    put_products,
)

ALL = Page(first=100)


def names(page: PageOf[Any]) -> list[str]:
    return [item.name for item in page.items]


async def walk(read, size: int, *, backward: bool) -> list[Any]:
    """Everything of a list, page by page, in the list's order; checks what each page says of itself."""
    found: list[Any] = []
    page = Page(first=None, last=size) if backward else Page(first=size)
    while True:
        part = await read(page)
        assert len(part.items) == len(part.keys) <= size
        found = [*part.items, *found] if backward else [*found, *part.items]
        more, others = (part.has_previous, part.has_next) if backward else (part.has_next, part.has_previous)
        assert others == (len(found) > len(part.items))
        if not more:
            assert part.total == len(found)
            return found
        page = Page(first=None, last=size, before=part.keys[0]) if backward else Page(first=size, after=part.keys[-1])


class ReadingContract:
    async def test_nothing_is_read_of_nothing(self, store: Store) -> None:
        assert await store.get_products([]) == []
        assert await store.read_nodes([]) == {}
        assert await store.read_nodes([5]) == {}
        assert await store.read_names([]) == {}
        assert await store.read_keys([]) == {}
        assert await store.read_owned_keys([], new_id()) == {}
        assert await store.read_successors([new_id()]) == {}
        assert await store.consumed_keys([]) == set()
        assert await store.owners_of_public_products(NOW_US) == set()
        assert await store.list_products(ProductQuery(), ALL, None) == PageOf([], [], False, False, 0)

    async def test_keys_of_ids(self, store: Store) -> None:
        owner = await put_organization(store)
        made = await put_products(store, owner, *(f"Thing {number}" for number in range(3)))
        wanted = [made[2].id, new_id(), made[0].id, made[2].id]
        assert await store.read_keys(wanted) == {made[2].id: made[2].key, made[0].id: made[0].key}

    async def test_keys_of_ids_that_an_organization_owns(self, store: Store) -> None:
        owner, other = await put_organization(store), await put_organization(store)
        made = await put_products(store, owner, "Thing 0", "Thing 1")
        foreign = await put_products(store, other, "Thing 2")
        wanted = [made[1].id, foreign[0].id, new_id(), made[0].id]
        assert await store.read_owned_keys(wanted, owner.id) == {each.id: each.key for each in made}
        assert await store.read_owned_keys(wanted, other.id) == {foreign[0].id: foreign[0].key}
        assert await store.read_owned_keys(wanted, new_id()) == {}

    @pytest.mark.parametrize("backward", [False, True])
    @pytest.mark.parametrize("descending", [False, True])
    @pytest.mark.parametrize("order", list(ProductOrder))
    async def test_pages_make_up_the_whole_list(
        self, store: Store, order: ProductOrder, descending: bool, backward: bool
    ) -> None:
        owner = await put_organization(store)
        made = await put_products(store, owner, "delta", "Alpha", "beta", "alpha", "Ötzi", "碳", "beta")
        if order == ProductOrder.NAME:
            made.sort(key=lambda product: (product.name.casefold(), product.id))
        if descending:
            made.reverse()
        query = ProductQuery(order=order, descending=descending)

        async def read(page: Page) -> PageOf[Any]:
            return await store.list_products(query, page, None)

        assert await walk(read, 3, backward=backward) == made
        assert await walk(read, 7, backward=backward) == made

    @pytest.mark.parametrize("backward", [False, True])
    @pytest.mark.parametrize("order", list(ProductOrder))
    async def test_what_was_granted_stands_among_the_rest(
        self, store: Store, order: ProductOrder, backward: bool
    ) -> None:
        mill, buyer = await put_organization(store), await put_organization(store)
        made = await put_products(store, mill, "a", "b", "c", "d", "e", "f", "\U0001f30d", "\ufffd", "\ue000")
        own = await put_products(store, buyer, "a", "c", "\U0001f30e", "\ufffc")
        for product in (made[1], made[6], made[8]):
            await put(store, AddGrant(a_grant(product, None)))
        shown = Visible(buyer.id, [product.key for product in made if product.name not in "be"], NOW_US)
        expected = [product for product in made if product.name != "e"] + own
        if order == ProductOrder.NAME:
            expected.sort(key=lambda product: (product.name, product.id))
        for descending in (False, True):
            query = ProductQuery(order=order, descending=descending)

            async def read(page: Page, query: ProductQuery = query) -> PageOf[Any]:
                return await store.list_products(query, page, shown)

            assert await walk(read, 3, backward=backward) == expected[:: -1 if descending else 1]
        found = await store.list_products(ProductQuery(urn=made[0].product_ids[0]), ALL, shown)
        assert found.items == [made[0]]
        found = await store.list_products(ProductQuery(urn=made[4].product_ids[0]), ALL, shown)
        assert found.total == 0

    async def test_lists_are_filtered_by_every_condition_at_once(self, store: Store) -> None:
        mill, mine = await put_organization(store), await put_organization(store)
        await put_products(store, mill, "Hot STEEL", "Cold steel", classifications=("urn:x:a",))
        await put_products(store, mine, "Steel coal", "Coal", classifications=("urn:x:a", "urn:x:b"))
        [coal] = (await store.list_products(ProductQuery(name_contains="coal"), Page(first=1), None)).items
        for query, expected in (
            (ProductQuery(), ["Coal", "Cold steel", "Hot STEEL", "Steel coal"]),
            (ProductQuery(name_contains="StEEl"), ["Cold steel", "Hot STEEL", "Steel coal"]),
            (ProductQuery(name_contains="steel", owner_id=mill.id), ["Cold steel", "Hot STEEL"]),
            (ProductQuery(classification="urn:x:b"), ["Coal", "Steel coal"]),
            (ProductQuery(classification="urn:x:b", name_contains="st"), ["Steel coal"]),
            (ProductQuery(urn=coal.product_ids[0]), ["Coal"]),
            (ProductQuery(urn=coal.product_ids[0], owner_id=mill.id), []),
            (ProductQuery(urn="urn:gtin:1"), []),
            (ProductQuery(owner_id=new_id()), []),
            (ProductQuery(name_contains=".*"), []),
        ):
            found = await store.list_products(query, ALL, None)
            assert names(found) == expected
            assert found.total == len(expected)

    async def test_what_may_not_be_seen_is_neither_listed_nor_counted(self, store: Store) -> None:
        mill, buyer = await put_organization(store), await put_organization(store)
        public, granted, hidden, ended = await put_products(store, mill, "Public", "Granted", "Hidden", "Ended")
        [own] = await put_products(store, buyer, "Own")
        await put(
            store,
            AddGrant(a_grant(public, None, from_us=5, until_us=10)),
            AddGrant(a_grant(public, None, from_us=20)),
            AddGrant(a_grant(ended, None, from_us=0, until_us=5)),
        )
        for viewer, keys, at, expected in (
            (buyer.id, [granted.key], 5, ["Granted", "Own", "Public"]),
            (buyer.id, [granted.key], 15, ["Granted", "Own"]),
            (buyer.id, [], 4, ["Ended", "Own"]),
            (None, [], 9, ["Public"]),
            (None, [], 10, []),
            (None, [], NEVER_US - 1, ["Public"]),
            (mill.id, [], 0, ["Ended", "Granted", "Hidden", "Public"]),
        ):
            found = await store.list_products(ProductQuery(), ALL, Visible(viewer, keys, at))
            assert names(found) == expected
            assert found.total == len(expected)
        keys = [public.key, hidden.key, own.key, ended.key]
        read = [product for product in await store.get_products_by_key(keys) if product is not None]
        assert [product.is_public(9) for product in read] == [True, False, False, False]
        assert [product.is_public(4) for product in read] == [False, False, False, True]

    async def test_public_ends_with_the_grant(self, store: Store) -> None:
        mill = await put_organization(store)
        [steel] = await put_products(store, mill, "Steel")
        first, second = a_grant(steel, None), a_grant(steel, None, until_us=NOW_US + 5, sequence=2)
        await put(store, AddGrant(first), AddGrant(second))
        assert await store.owners_of_public_products(NOW_US) == {mill.id}
        await put(store, RevokeGrant(first.id, NOW_US, 3))
        [read] = await store.get_products([steel.id])
        assert read is not None
        assert (read.is_public(NOW_US), read.is_public(NOW_US + 5)) == (True, False)
        await put(store, RevokeGrant(second.id, NOW_US, 4))
        assert (await store.get_products_by_urn(steel.product_ids))[steel.product_ids[0]].public_us == ()
        assert await store.owners_of_public_products(NOW_US) == set()
        assert await store.grants_to(mill.id) == []

    async def test_organizations_are_found_by_what_is_theirs(self, store: Store) -> None:
        mill = await put_organization(store, name="mill", domains=("mill.example",), gs1_prefixes=("0614141",))
        mine = await put_organization(store, name="Mine", domains=("mine.example",), gs1_prefixes=())
        for domains, prefixes, expected in (
            (["mill.example"], [], [mill]),
            (["mill.example", "mine.example"], ["0614141"], [mill, mine]),
            ([], ["061414"], [mill]),
            ([], ["06141419"], [mill]),
            ([], ["0614142", "961414"], []),
            (["0614141"], [], []),
            (["ill.example"], [], []),
        ):
            found = await store.get_organizations_by_namespace(domains, prefixes)
            assert sorted(each.id for each in found) == sorted(each.id for each in expected)
        assert await store.get_organization_by_company_id(mine.company_ids[0]) == mine
        assert await store.get_organization_by_company_id("urn:x:y") is None
        everyone = await store.list_organizations(ALL, None)
        assert names(everyone) == ["mill", "Mine"]
        assert names(await store.list_organizations(ALL, {mine.id, new_id()})) == ["Mine"]
        assert (await store.list_organizations(Page(first=1), {mine.id, mill.id})).has_next
        assert await store.list_organizations(ALL, set()) == PageOf([], [], False, False, 0)

    async def test_a_closure_holds_all_versions_and_all_grants(self, store: Store) -> None:
        mill, buyer = await put_organization(store), await put_organization(store)
        steel, coal = await put_products(store, mill, "Steel", "Coal")
        first = await put_footprint(store, steel, [a_line(coal)])
        second = await put_footprint(store, steel)
        early, late = a_grant(steel, buyer, sequence=8), a_grant(steel, None, sequence=9)
        await put(store, AddGrant(late), AddGrant(early))
        await put(store, RevokeGrant(early.id, NOW_US, 10))
        nodes = await store.read_nodes([steel.key, coal.key, 99])
        assert set(nodes) == {steel.key, coal.key}
        assert nodes[coal.key].product == coal
        assert nodes[coal.key].footprints == []
        assert nodes[steel.key].footprints == [first, second]
        assert [grant.id for grant in nodes[steel.key].grants] == [early.id, late.id]
        assert nodes[steel.key].grants[0].revoked_sequence == 10

    async def test_consumers_are_found_by_line_and_by_fallback(self, store: Store) -> None:
        mill, mine = await put_organization(store), await put_organization(store)
        steel, iron = await put_products(store, mill, "Steel", "Iron")
        coal, power = await put_products(store, mine, "Coal", "Power")
        await put_footprint(store, steel, [a_line(coal), a_line(coal), a_line(iron)])
        await put_footprint(store, iron, [a_line(urn="urn:gtin:5", fallback=a_fallback(coal))])
        await put_footprint(store, coal, [a_line(coal)])
        assert await store.product_keys_with_lines_to([coal.key], None) == [steel.key, iron.key, coal.key]
        assert await store.product_keys_with_lines_to([coal.key], mill.id) == [steel.key, iron.key]
        assert await store.product_keys_with_lines_to([power.key], None) == []
        assert await store.product_keys_with_lines_to([coal.key, iron.key, power.key], mill.id) == [steel.key, iron.key]
        assert await store.product_keys_with_lines_to([], None) == []
        assert await store.product_keys_with_lines_to([coal.key], mill.id, others=True) == [coal.key]
        assert await store.product_keys_with_lines_to([coal.key], mine.id, others=True) == [steel.key, iron.key]
        assert await store.product_keys_with_lines_to([coal.key], mine.id, others=True, most=1) == [steel.key]
        assert await store.product_keys_with_lines_to([coal.key], None, most=2) == [steel.key, iron.key]
        every = [steel.key, iron.key, coal.key, power.key]
        assert await store.consumed_keys(every) == {iron.key, coal.key}

    async def test_versions_and_grants_are_listed_in_pages(self, store: Store) -> None:
        mill = await put_organization(store)
        steel, coal = await put_products(store, mill, "Steel", "Coal")
        versions = [await put_footprint(store, steel) for _ in range(5)]
        await put_footprint(store, coal)
        start = (await store.head()).sequence + 1
        grants = [a_grant(steel, mill, sequence=start + number) for number in range(5)]
        await put(store, *(AddGrant(grant) for grant in grants), AddGrant(a_grant(coal, None)))

        async def read_versions(page: Page) -> PageOf[Any]:
            return await store.list_footprints(steel.key, page)

        async def read_grants(page: Page) -> PageOf[Any]:
            return await store.list_grants(steel.key, page)

        for backward in (False, True):
            assert await walk(read_versions, 2, backward=backward) == versions[::-1]
            assert await walk(read_grants, 2, backward=backward) == grants

    @pytest.mark.parametrize("cursor", ["", "x", "-1", "9" * 30, "\u0000"])
    async def test_a_strange_cursor_is_invalid_input(self, store: Store, cursor: str) -> None:
        with pytest.raises(InvalidInput, match="cursor"):
            await store.list_footprints(0, Page(first=1, after=cursor))

    async def test_successors_are_the_later_releases(self, store: Store) -> None:
        mill = await put_organization(store)
        dataset, other = Dataset(new_id(), "Factors", mill.id), Dataset(new_id(), "Others", mill.id)
        early, same, late = a_release(dataset, 5), a_release(dataset, 5, label="b", sequence=2), a_release(dataset, 9)
        foreign = a_release(other, 7)
        releases = [CreateRelease(each) for each in (late, early, foreign, same)]
        await put(store, CreateDataset(dataset), CreateDataset(other), *releases)
        found = await store.read_successors([early.id, same.id, late.id, foreign.id, new_id()])
        assert found == {early.id: [same, late], same.id: [late], late.id: [], foreign.id: []}

    async def test_keys_are_listed_newest_first(self, store: Store) -> None:
        keys = [a_signing_key(NOW_US + number) for number in (2, 1, 3)]
        await put(store, *(AddSigningKey(key) for key in keys))
        assert [key.created_at_us - NOW_US for key in await store.signing_keys()] == [3, 2, 1]

    async def test_the_description_holds_counts_and_no_secret(self, store: Store, database: Database) -> None:
        mill = await put_organization(store)
        await put_products(store, mill, "Steel", "Coal")
        described = await store.describe()
        assert described.counts["Organization"] == 1
        assert described.counts["Product"] == 2
        assert described.counts["Change"] == 3
        assert ("ArcadeDB" in described.server) == described.embedded
        assert database.endpoint().password not in repr(described) + repr(database.target)
