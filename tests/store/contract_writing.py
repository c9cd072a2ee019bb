"""What a write guarantees: everything or nothing, each value as it was given, each key once."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from typing import Any

import pytest

from exchange.errors import Conflict, InvalidInput, NotFound
from exchange.graph import HeadMoved, Store, footprint_writes, footprints
from exchange.graph.footprint_records import unit_text
from exchange.model.footprint import STAGES
from exchange.model.ledger import Change, ChangeKind, LedgerHead
from exchange.model.parties import MemberKind, Scope
from exchange.model.product import Dataset
from exchange.model.refused_loop import RefusedLoop
from exchange.model.writes import (
    AddClient,
    AddGrant,
    AddOrganization,
    AddSigningKey,
    ChangeClient,
    CreateDataset,
    CreateProduct,
    CreateRelease,
    DeprecateFootprint,
    PublishFootprint,
    RecordRefusedLoop,
    RememberAnswer,
    RememberedAnswer,
    RevokeClient,
    RevokeGrant,
    SetGroup,
)
from tests.store.databases import Database
from tests.store.examples import (
    NOW_US,
    OF_FACTOR,
    D,
    a_client,
    a_fallback,
    a_footprint,
    a_grant,
    a_line,
    a_product,
    a_release,
    a_signing_key,
    an_organization,
    changes_of,
    everything_declared,
    everything_in_a_line,
    new_id,
    put,
    put_footprint,
    put_organization,
    put_products,
)

ODD_TEXTS = {
    "emoji": "🌍🧪 碳足迹",
    "NUL": "before\u0000after",
    "64 KiB": "ä" * 65_536,
    "quotes": "'\"`\\{}$ //",
    "controls": "\u0001\u001f\u007f\u0085\u2028\ufeff\uffff",
    "right to left": "\u202eabc\u202c",
}


async def refused(store: Store, database: Database, error: type[Exception], *writes) -> Exception:
    """Checks that these writes are refused so, and that nothing whatever changed."""
    before, head = database.everything(), await store.head()
    with pytest.raises(error) as caught:
        await store.write(writes, changes_of(writes, head), head)
    assert database.everything() == before
    assert await store.head() == head
    return caught.value


class WritingContract:
    async def test_every_kind_of_value_comes_back_as_it_was_given(self, store: Store) -> None:
        owner = an_organization(gs1_prefixes=("0614141",), domains=("b.example", "a.example"))
        client, key = a_client(owner), a_signing_key()
        remembered = RememberedAnswer("organization:key", "ab" * 32, '{"id": "1"}', NOW_US)
        dataset = Dataset(new_id(), "Factors", owner.id)
        release = a_release(dataset, 19_000)
        product = a_product(owner, 0, description="hot rolled", product_ids=(), classifications=())
        grant = a_grant(product, owner, onward=True, until_us=NOW_US + 5)
        await put(
            store,
            AddGrant(grant),
            CreateProduct(product),
            CreateRelease(release),
            CreateDataset(dataset),
            RememberAnswer(remembered),
            AddSigningKey(key),
            AddClient(client),
            AddOrganization(owner),
        )
        assert await store.get_organizations([new_id(), owner.id]) == [None, owner]
        assert await store.get_client(client.id) == client
        assert await store.get_client(new_id()) is None
        assert await store.list_clients(owner.id) == [client]
        assert await store.signing_keys() == [key]
        assert await store.remembered_answers(["organization:key", "other"]) == {"organization:key": remembered}
        assert await store.get_products([product.id, new_id(), product.id]) == [product, None, product]
        assert await store.get_products_by_key([9, 0]) == [None, product]
        assert await store.get_dataset(owner.id, "Factors") == dataset
        assert await store.get_dataset(owner.id, "factors") is None
        assert await store.get_datasets([dataset.id]) == [dataset]
        assert await store.get_releases([new_id(), release.id]) == [None, release]
        assert await store.get_release_by_label(dataset.id, release.label) == release
        assert await store.get_grants([grant.id, new_id()]) == [grant, None]

    async def test_every_field_of_a_footprint_comes_back_as_it_was_given(self, store: Store) -> None:
        owner = await put_organization(store)
        steel, coal, power = await put_products(store, owner, "Steel", "Coal", "Power")
        dataset = Dataset(new_id(), "Factors", owner.id)
        release = a_release(dataset, 19_000)
        await put(store, CreateDataset(dataset), CreateRelease(release))
        plain = await put_footprint(store, coal)
        declared = await put_footprint(store, coal, release_id=release.id, **everything_declared())
        lines = [a_line(coal), everything_in_a_line(power, coal), a_line(urn="urn:gtin:1")]
        modelled = await put_footprint(store, steel, lines, deprecation_reason=None)
        assert modelled.modelled
        sure = replace(
            modelled.modelled,
            direct_geometric_standard_deviation=OF_FACTOR.geometric_standard_deviation,
            direct_pedigree=OF_FACTOR,
        )
        scored = await put_footprint(store, steel, lines, modelled=sure)
        empty = await put_footprint(store, steel, [])
        wanted = [plain, declared, modelled, scored, empty]
        assert await store.get_footprints([each.id for each in wanted]) == wanted
        found = await store.get_footprints_by_pf_id(owner.id, [modelled.pf_id, new_id()])
        assert found == [modelled, None]
        assert await store.get_footprints_by_pf_id(new_id(), [modelled.pf_id]) == [None]

    async def test_refused_loops_are_counted_by_product_and_day_and_found_by_their_members(
        self, store: Store, other_store: Store
    ) -> None:
        """Newest first, by whichever server, up to a head; another day's and another product's count for themselves."""
        owner = await put_organization(store)
        steel, coal, power = await put_products(store, owner, "Steel", "Coal", "Power")
        made = []
        for number, (product, day, members) in enumerate(
            [(steel, 5, (steel, coal)), (steel, 5, (steel,)), (steel, 6, (steel, power)), (coal, 5, (steel, coal))]
        ):
            head = await store.head()
            refused = RefusedLoop(new_id(), product.id, owner.id, day, 10 + number, head.sequence + 1)
            made.append(refused)
            await put(store, RecordRefusedLoop(refused, tuple(each.key for each in members)))
        every = [steel.id, coal.id, power.id, new_id()]
        for each in (store, other_store):
            assert await each.refused_loop_counts(every, 5) == {steel.id: 2, coal.id: 1}
            assert await each.refused_loop_counts(every, 6) == {steel.id: 1}
            assert await each.refused_loop_counts([], 5) == {}
            assert await each.refused_loops_through(steel.key, made[-1].sequence, 9) == made[::-1]
            assert await each.refused_loops_through(steel.key, made[-1].sequence, 2) == [made[3], made[2]]
            assert await each.refused_loops_through(coal.key, made[1].sequence, 9) == [made[0]]
            assert await each.refused_loops_through(power.key, made[-1].sequence, 9) == [made[2]]
            assert await each.refused_loops_through(99, made[-1].sequence, 9) == []

    async def test_edits_change_what_they_name_and_nothing_else(self, store: Store) -> None:
        owner = await put_organization(store)
        [steel] = await put_products(store, owner, "Steel")
        first, second = await put_footprint(store, steel), await put_footprint(store, steel)
        client, other = a_client(owner), a_client(owner)
        grant, kept = a_grant(steel, owner), a_grant(steel, owner, sequence=2)
        await put(store, AddClient(client), AddClient(other), AddGrant(grant), AddGrant(kept))
        await put(
            store,
            DeprecateFootprint(first.id, NOW_US + 1, 7, "wrong unit"),
            RevokeClient(client.id, NOW_US + 2),
            RevokeGrant(grant.id, NOW_US + 3, 8),
        )
        deprecated = replace(first, deprecated_at_us=NOW_US + 1, deprecated_sequence=7, deprecation_reason="wrong unit")
        assert await store.get_footprints([first.id, second.id]) == [deprecated, second]
        assert await store.get_client(client.id) == replace(client, revoked_at_us=NOW_US + 2)
        assert await store.get_client(other.id) == other
        revoked = replace(grant, revoked_at_us=NOW_US + 3, revoked_sequence=8)
        assert await store.get_grants([grant.id, kept.id]) == [revoked, kept]
        assert await store.grants_to(owner.id) == [kept]

    async def test_a_client_that_ends_or_changes_moves_the_mark_that_every_head_has(
        self, store: Store, other_store: Store
    ) -> None:
        owner = await put_organization(store)
        client, other = a_client(owner), replace(a_client(owner), kind=MemberKind.PERSON, name="Li Wei", version=3)
        head = await put(store, AddClient(client), AddClient(other))
        assert head.credentials == (await other_store.head()).credentials == 0
        assert await other_store.get_clients([other.id, new_id(), client.id]) == [other, None, client]
        changed = replace(other, scopes=frozenset({Scope.AUDIT, Scope.MANAGE}), secret_hash="new", version=4)
        head = await put(store, ChangeClient(changed))
        mark = head.sequence
        assert head.credentials == (await other_store.head()).credentials == mark
        assert await other_store.get_clients([client.id, other.id]) == [client, changed]
        await put_products(store, owner, "Steel")
        assert (await other_store.head()).credentials == mark
        head = await put(other_store, RevokeClient(client.id, NOW_US))
        assert head.sequence > mark
        assert head.credentials == (await store.head()).credentials == head.sequence
        ignorant = replace(head, credentials=0)  # who has not read the mark does not move it back
        added = [Change(head.sequence + 1, ChangeKind.CLIENT_ADDED, new_id(), "client", NOW_US)]
        await store.write([AddClient(a_client(owner))], added, ignorant)
        assert (await other_store.head()).credentials == head.sequence

    async def test_a_group_is_found_by_its_head(self, store: Store, other_store: Store) -> None:
        parent, child, other = [await put_organization(store) for _ in range(3)]
        assert await store.in_group(parent.id) == [parent.id]
        await put(store, SetGroup(child.id, parent.id))
        assert await other_store.in_group(parent.id) == sorted([parent.id, child.id])
        assert await other_store.in_group(child.id) == []
        assert await other_store.get_organizations([child.id]) == [replace(child, group_id=parent.id)]
        assert await store.in_group(other.id) == [other.id]
        await put(store, SetGroup(child.id, child.id))
        assert await other_store.in_group(child.id) == [child.id]

    @pytest.mark.parametrize("text", ODD_TEXTS.values(), ids=ODD_TEXTS)
    async def test_odd_text_comes_back_as_it_was_given(self, store: Store, text: str) -> None:
        owner = await put_organization(store, name=f"{text} & sons")
        [steel] = await put_products(store, owner, text, description=text)
        footprint = await put_footprint(store, steel, comment=text, pf_id=f"{new_id()}{text[:100]}")
        dataset = Dataset(new_id(), text, owner.id)
        release = a_release(dataset, 1, label=text)
        remembered = RememberedAnswer(f"key {text}", "ab", text, NOW_US)
        await put(store, CreateDataset(dataset), CreateRelease(release), RememberAnswer(remembered))
        assert await store.get_organizations([owner.id]) == [owner]
        assert await store.get_products([steel.id]) == [steel]
        assert await store.get_footprints([footprint.id]) == [footprint]
        assert await store.get_dataset(owner.id, text) == dataset
        assert await store.get_release_by_label(dataset.id, text) == release
        assert await store.remembered_answers([remembered.key]) == {remembered.key: remembered}

    @pytest.mark.parametrize(
        "changes",
        [
            {"name": "half \ud800"},
            {"description": "half \udfff"},
            {"created_at_us": 2**63},
            {"product_ids": ("x" * 9999,)},
        ],
        ids=["name", "description", "number", "urn"],
    )
    async def test_what_cannot_be_stored_is_invalid_input(
        self, store: Store, database: Database, changes: dict[str, Any]
    ) -> None:
        owner = await put_organization(store)
        await refused(store, database, InvalidInput, CreateProduct(replace(a_product(owner, 0), **changes)))
        await put_products(store, owner, "Steel")  # and the store goes on

    async def test_a_write_that_names_what_does_not_exist_leaves_nothing(
        self, store: Store, database: Database
    ) -> None:
        owner = await put_organization(store)
        [steel] = await put_products(store, owner, "Steel")
        nobody, nothing = an_organization(), a_product(owner, 99)
        new = CreateProduct(a_product(owner, 1))
        for write in (
            CreateProduct(a_product(nobody, 2)),
            AddClient(a_client(nobody)),
            PublishFootprint(a_footprint(nothing, 0)),
            PublishFootprint(a_footprint(steel, 0, [a_line(steel), a_line(nothing)])),
            PublishFootprint(a_footprint(steel, 0, [a_line(steel, fallback=a_fallback(nothing))])),
            DeprecateFootprint(new_id(), NOW_US, 1, None),
            AddGrant(a_grant(nothing, owner)),
            AddGrant(a_grant(steel, nobody)),
            RevokeGrant(new_id(), NOW_US, 1),
            RevokeClient(new_id(), NOW_US),
            ChangeClient(a_client(owner)),
            SetGroup(new_id(), owner.id),
        ):
            await refused(store, database, NotFound, new, write)

    async def test_a_taken_key_is_a_conflict_that_names_it(self, store: Store, database: Database) -> None:
        owner = await put_organization(store, name="Straße AG", gs1_prefixes=("0614141",))
        [steel] = await put_products(store, owner, "Steel")
        footprint = await put_footprint(store, steel)
        dataset = Dataset(new_id(), "Factors", owner.id)
        release, grant, client, key = a_release(dataset, 1), a_grant(steel, None), a_client(owner), a_signing_key()
        remembered = RememberedAnswer("key", "ab", "{}", NOW_US)
        await put(
            store,
            *(CreateDataset(dataset), CreateRelease(release), AddGrant(grant), AddClient(client)),
            *(AddSigningKey(key), RememberAnswer(remembered)),
        )
        new = CreateProduct(a_product(owner, 1))
        other = an_organization()
        urn = steel.product_ids[0]
        for kind, value, write in (
            ("urn", urn, CreateProduct(a_product(owner, 2, product_ids=(new_id(), urn)))),
            ("pfId", footprint.pf_id, PublishFootprint(a_footprint(steel, 1, pf_id=footprint.pf_id))),
            ("idempotencyKey", "key", RememberAnswer(replace(remembered, body_sha256="cd"))),
            ("organizationName", "STRASSE ag", AddOrganization(replace(other, name="STRASSE ag"))),
            ("namespace", owner.domains[0], AddOrganization(replace(other, domains=owner.domains))),
            ("namespace", "0614141", AddOrganization(replace(other, gs1_prefixes=("0614141",)))),
            ("companyId", owner.company_ids[0], AddOrganization(replace(other, company_ids=owner.company_ids))),
            ("datasetName", "Factors", CreateDataset(replace(dataset, id=new_id()))),
            ("releaseLabel", release.label, CreateRelease(replace(release, id=new_id()))),
            ("id", owner.id, AddOrganization(replace(other, id=owner.id))),
            ("id", client.id, AddClient(client)),
            ("id", key.id, AddSigningKey(key)),
            ("id", steel.id, CreateProduct(a_product(owner, 2, id=steel.id))),
            ("id", footprint.id, PublishFootprint(a_footprint(steel, 1, id=footprint.id))),
            ("id", grant.id, AddGrant(grant)),
        ):
            conflict = await refused(store, database, Conflict, new, write)
            assert isinstance(conflict, Conflict)
            assert conflict.path == (kind, value)
            assert re.fullmatch(
                rf"The [a-z A-Z0-9]+ {re.escape(value)} is taken already\. Nothing was written\.", conflict.message
            )
            assert kind in ("id", "pfId") or f" {kind} " not in conflict.message  # a path is for programs

    async def test_two_organizations_may_use_the_same_pf_id(self, store: Store) -> None:
        first, second = await put_organization(store), await put_organization(store)
        [steel] = await put_products(store, first, "Steel")
        [iron] = await put_products(store, second, "Iron")
        one = await put_footprint(store, steel)
        other = await put_footprint(store, iron, pf_id=one.pf_id)
        assert await store.get_footprints_by_pf_id(second.id, [one.pf_id]) == [other]

    async def test_the_list_copy_of_lines_equals_the_relationships(self, store: Store, database: Database) -> None:
        owner = await put_organization(store)
        steel, coal, power = await put_products(store, owner, "Steel", "Coal", "Power")
        lines = [everything_in_a_line(power, coal), a_line(steel), a_line(power, amount=D("1E+2")), a_line(coal)]
        footprint = await put_footprint(store, steel, lines)
        rows = database.run(
            "MATCH (f:Footprint {key: $key})-[e:INPUT]->(p:Product) "
            "RETURN e.line, p.key, e.amount, e.unit, e.stage ORDER BY e.line",
            key=footprint.key,
        )
        copy = footprint.lines
        assert rows == [
            [
                i + 1,
                copy.suppliers[i],
                copy.amounts[i],
                unit_text(*copy.unit_table[copy.units[i]]),
                STAGES[copy.stages[i]],
            ]
            for i in range(len(copy))
        ]
        fallbacks = database.run("MATCH (:Footprint)-[e:FALLBACK]->(p) RETURN e.line, p.key, e.amount, e.unit")
        assert fallbacks == [[1, coal.key, "7.50", "MONEY|EUR|2019|BASIC"]]

    async def test_a_batch_is_written_whole_in_bounded_statements(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(footprint_writes, "CHUNK_FOOTPRINTS_MAX", 7)
        monkeypatch.setattr(footprint_writes, "CHUNK_LINES_MAX", 20)
        monkeypatch.setattr(footprint_writes, "CHUNK_ROWS_MAX", 5)
        monkeypatch.setattr(footprints, "LINES_MAX", 30)
        owner = await put_organization(store)
        made = await put_products(store, owner, *(f"Part {i}" for i in range(25)))
        lines = [a_line(made[i], fallback=a_fallback(urn=f"urn:gtin:{i}")) for i in range(6)]
        lines += [a_line(urn="urn:gtin:99")]
        batch = [
            a_footprint(product, i, lines if i % 2 else None if i % 3 else [a_line(made[0])] * 40)
            for i, product in enumerate(made)
        ]
        head = await put(store, *(PublishFootprint(footprint) for footprint in batch))
        assert head == LedgerHead(1 + 25 + 25, 25, 25)
        nodes = await store.read_nodes([product.key for product in made])
        assert [nodes[product.key].footprints for product in made] == [[footprint] for footprint in batch]

    async def test_a_name_binds_when_it_is_registered(self, store: Store, database: Database) -> None:
        owner, miner = await put_organization(store), await put_organization(store)
        [steel] = await put_products(store, owner, "Steel")
        urn = f"urn:pact:{miner.domains[0]}:product-id:coal"
        lines = [a_line(urn=urn), a_line(urn="urn:gtin:5", fallback=a_fallback(urn=urn)), a_line(urn="urn:gtin:6")]
        before = await put_footprint(store, steel, lines)
        assert await store.read_names([urn, "urn:gtin:5"]) == {}
        assert await store.get_products_by_urn([urn]) == {}
        [coal] = await put_products(store, miner, "Coal", product_ids=(urn, "urn:gtin:5"))
        assert await store.read_names([urn, "urn:gtin:5", "urn:gtin:6"]) == {urn: coal.key, "urn:gtin:5": coal.key}
        assert await store.get_products_by_urn([urn]) == {urn: coal}
        assert await store.get_footprints([before.id]) == [before]  # what was published stays as it was
        kinds = (
            "MATCH (:Footprint)-[e]->(n) WHERE e.line > 0 "
            "RETURN type(e), e.line, n.key, e.stage ORDER BY type(e), e.line"
        )
        stage = "MANUFACTURING"
        assert database.run(kinds) == [
            ["FALLBACK", 2, coal.key, stage],
            ["INPUT", 1, coal.key, stage],
            ["INPUT", 2, coal.key, stage],
            ["NAMES", 3, None, stage],
        ]

    async def test_lines_beyond_the_bound_are_found_by_name(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(footprint_writes, "BOUND_LINES_MAX", 2)
        owner = await put_organization(store)
        made = await put_products(store, owner, *(f"Part {i}" for i in range(5)))
        for product in made:
            await put_footprint(store, product, [a_line(urn="urn:gtin:5")])
        [coal] = await put_products(store, owner, "Coal", product_ids=("urn:gtin:5",))
        assert await store.product_keys_with_lines_to([coal.key], None) == [product.key for product in made]
        assert await store.consumed_keys([coal.key, made[0].key]) == {coal.key}

    async def test_what_precedes_is_linked(self, store: Store, database: Database) -> None:
        owner = await put_organization(store)
        [steel] = await put_products(store, owner, "Steel")
        first = await put_footprint(store, steel)
        second = a_footprint(steel, 1, preceding_pf_ids=(first.pf_id, new_id()))
        third = a_footprint(steel, 2, preceding_pf_ids=(second.pf_id,))
        await put(store, PublishFootprint(third), PublishFootprint(second))
        rows = database.run("MATCH (a)-[:PRECEDED_BY]->(b) RETURN a.key, b.key ORDER BY a.key")
        assert rows == [[1, 0], [2, 1]]

    async def test_a_create_that_races_is_done_once(self, store: Store, other_store: Store) -> None:
        owner = await put_organization(store)
        head = await store.head()
        outcomes = []
        for each in (store, other_store):
            product = a_product(owner, 0, product_ids=("urn:gtin:7",))
            writes = [CreateProduct(product)]
            outcomes.append(each.write(writes, changes_of(writes, head), head))
        results = await asyncio.gather(*outcomes, return_exceptions=True)
        assert [type(result) for result in results if isinstance(result, Exception)] == [HeadMoved]
        assert (await store.head()).products == 1
        assert len(await store.get_products_by_urn(["urn:gtin:7"])) == 1
