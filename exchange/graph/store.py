"""The store: one class over Bolt, one set of Cypher, whichever way the database was got.

What holds for every method: it raises StoreUnavailable (retryable) while the database is away and works again when it
is back, without a restart; StoreTooNew where a newer exchange has migrated the database; and no error of the driver.
Each method's own guarantee is its docstring, and a test in the contract suite that every database runs.
A store belongs to the event loop that opened it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence

from exchange.graph import (
    alliances,
    audit,
    columns,
    footprints,
    grants,
    ledger,
    organizations,
    products,
    refused_loops,
)
from exchange.graph.audit import AuditTail
from exchange.graph.benchmarks import Benchmarks
from exchange.graph.bolt import Bolt
from exchange.graph.connect import Source, Target, open_source
from exchange.graph.description import StoreDescription, describe
from exchange.graph.driver_errors import CAUGHT, translated
from exchange.graph.migrations import migrate
from exchange.model.alliance import Alliance, Membership
from exchange.model.audit import AuditEntry
from exchange.model.closure import Node
from exchange.model.columns import FootprintColumns, GrantColumns, ProductColumns
from exchange.model.footprint import Footprint
from exchange.model.grant import Grant
from exchange.model.ledger import Change, LedgerHead
from exchange.model.paging import Page, PageOf, ProductQuery, Visible
from exchange.model.parties import Client, Organization
from exchange.model.product import Dataset, Product, Release
from exchange.model.refused_loop import RefusedLoop
from exchange.model.writes import RememberedAnswer, SigningKey, Write


class Store:
    """The supply-chain graph in a database. Made by `Store.open`."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._raw = Bolt(source)
        self._head = ledger.SharedHead(self._raw)
        self._migrated = False
        self._migrating = asyncio.Lock()
        self.benchmarks = Benchmarks(self._bolt)

    # -- life ------------------------------------------------------------------------------------------------------

    @classmethod
    async def open(cls, target: Target) -> Store:
        """Gets hold of the database: starts the embedded one, attaches to one, or will connect to a server.

        A server that does not answer yet is no error here: `ready` tells. Raises StoreInUse, ConfigurationInvalid and
        StoreUnavailable where an embedded database cannot be had.
        """
        return cls(await open_source(target))

    async def close(self) -> None:
        """Lets go of the database; an embedded one of our own is stopped cleanly. Repeatable."""
        try:
            await self._raw.close()
        finally:
            await self._source.close()

    async def ready(self) -> None:
        """Returns if the database answers now and has our schema; migrates it when it is first reached."""
        await self._bolt()
        await self._head.read()

    async def describe(self) -> StoreDescription:
        """Which database this is, and how much is in it."""
        return await describe(await self._bolt())

    async def _bolt(self) -> Bolt:
        """The way to the database, once it has our schema."""
        if not self._migrated:
            async with self._migrating:
                if not self._migrated:
                    await migrate(self._raw, by_its_holder=self._source.attached)
                    self._migrated = True
        return self._raw

    # -- ledger ----------------------------------------------------------------------------------------------------

    async def head(self) -> LedgerHead:
        """The ledger's head, not older than this call: every write acknowledged before it, by any server, is counted.

        Callers share a read that has not started yet.
        """
        await self._bolt()
        return await self._head.read()

    @property
    def last_head(self) -> LedgerHead | None:
        """The head as it was seen last, by a read or a write of this process; another server may have moved it. None:
        it was never seen."""
        return self._head.seen

    async def changes(self, after: int, upto: int) -> list[Change]:
        """The changes after+1 … upto, each once and in order; `upto` at most a head that was read."""
        return await ledger.read_changes(await self._bolt(), after, upto)

    async def changes_at(self, sequences: Collection[int]) -> dict[int, Change]:
        """The changes with these sequences, by sequence; one that is not there is absent."""
        return await audit.changes_at(await self._bolt(), sequences)

    async def write(self, writes: Sequence[Write], changes: Sequence[Change], expected: LedgerHead) -> LedgerHead:
        """Writes everything in one transaction, or nothing; returns the new head when it is durable.

        Raises HeadMoved where `expected` is not the head any more (decide again), Conflict where a key that must be
        unique is taken (its path: kind and value), NotFound where a write names something that does not exist,
        InvalidInput for text or numbers that cannot be stored. A commit whose answer was lost is looked up: what was
        kept is reported as kept and never written twice. Changes carry the sequences that follow `expected`.
        """
        bolt = await self._bolt()
        try:
            after = await ledger.write(bolt, writes, changes, expected)
        except CAUGHT as error:
            raise translated(error) from error
        self._head.settle(after)
        return after

    # -- organizations, clients, keys ------------------------------------------------------------------------------

    async def get_organizations(self, ids: Sequence[str]) -> list[Organization | None]:
        """One entry per id, in order; None: unknown."""
        return await organizations.get_organizations(await self._bolt(), ids)

    async def get_organization_by_company_id(self, urn: str) -> Organization | None:
        """The organization that this company id is; at most one is."""
        return await organizations.get_by_company_id(await self._bolt(), urn)

    async def get_organizations_by_namespace(
        self, domains: Sequence[str], gs1_prefixes: Sequence[str]
    ) -> list[Organization]:
        """Organizations that hold any of the domains, or a GS1 prefix that equals, contains or lies inside one."""
        return await organizations.get_by_namespace(await self._bolt(), domains, gs1_prefixes)

    async def list_organizations(self, page: Page, visible: Collection[str] | None) -> PageOf[Organization]:
        """By name, case-insensitively; only those with an id in `visible` are listed and counted (None: all)."""
        return await organizations.list_organizations(await self._bolt(), page, visible)

    async def owners_of_public_products(self, at_us: int) -> set[str]:
        """Ids of the organizations of which a product is public at that instant."""
        return await organizations.owners_of_public_products(await self._bolt(), at_us)

    async def in_group(self, head_id: str) -> list[str]:
        """Ids of all organizations of the corporate group with this head, itself included; none: it is no head."""
        return await organizations.in_group(await self._bolt(), head_id)

    async def get_client(self, client_id: str) -> Client | None:
        """The client, revoked ones included."""
        return (await self.get_clients([client_id]))[0]

    async def get_clients(self, ids: Sequence[str]) -> list[Client | None]:
        """One entry per id, in order; None: unknown."""
        return await organizations.get_clients(await self._bolt(), ids)

    async def list_clients(self, organization_id: str) -> list[Client]:
        """An organization's clients, oldest first, revoked ones included."""
        return await organizations.list_clients(await self._bolt(), organization_id)

    async def signing_keys(self) -> list[SigningKey]:
        """The newest hundred keys, newest first, retired ones included."""
        return await organizations.signing_keys(await self._bolt())

    async def remembered_answers(self, keys: Sequence[str]) -> dict[str, RememberedAnswer]:
        """Answers that were written with these keys; a key that was never used is absent."""
        return await organizations.remembered_answers(await self._bolt(), keys)

    # -- products --------------------------------------------------------------------------------------------------

    async def get_products(self, ids: Sequence[str]) -> list[Product | None]:
        """One entry per id, in order; None: unknown. Each says when it is public, by the grants there are now."""
        return await products.get_products(await self._bolt(), ids)

    async def get_products_by_key(self, keys: Sequence[int]) -> list[Product | None]:
        """One entry per key, in order; None: unknown."""
        return await products.get_products_by_key(await self._bolt(), keys)

    async def get_products_by_urn(self, urns: Sequence[str]) -> dict[str, Product]:
        """Products by their URNs; a URN that nobody registered is absent."""
        return await products.get_products_by_urn(await self._bolt(), urns)

    async def list_products(self, query: ProductQuery, page: Page, visible: Visible | None) -> PageOf[Product]:
        """Only products that may be seen are filtered, ordered, counted and listed (None: all may)."""
        return await products.list_products(await self._bolt(), query, page, visible)

    async def product_keys_with_lines_to(
        self, keys: Collection[int], owner_id: str | None, *, others: bool = False, most: int | None = None
    ) -> list[int]:
        """Keys of products with a line or fallback, in any version, to any of these, by id or by URN; of one owner, or
        (None) of all, or (`others`) of all but that one; ascending, and at most so many of them."""
        return await products.keys_with_lines_to(await self._bolt(), keys, owner_id, others, most)

    async def consumed_keys(self, keys: Collection[int]) -> set[int]:
        """Those of the keys to which any footprint has a line or fallback, by id or by URN."""
        return await products.consumed_keys(await self._bolt(), keys)

    # -- footprints and closures -----------------------------------------------------------------------------------

    async def get_footprints(self, ids: Sequence[str]) -> list[Footprint | None]:
        """One entry per id, in order; None: unknown. Equal to what was published, but for a later deprecation."""
        return await footprints.get_footprints(await self._bolt(), ids)

    async def get_footprints_by_pf_id(self, product_owner_id: str, pf_ids: Sequence[str]) -> list[Footprint | None]:
        """The same by an owner's own pfIds, which are unique to that owner."""
        return await footprints.get_by_pf_id(await self._bolt(), product_owner_id, pf_ids)

    async def list_footprints(self, product_key: int, page: Page) -> PageOf[Footprint]:
        """All versions of a product, newest published first."""
        return await footprints.list_footprints(await self._bolt(), product_key, page)

    async def read_nodes(self, keys: Collection[int]) -> dict[int, Node]:
        """Products with all versions of their footprints and all grants on them; unknown keys are absent. Grants of
        many products are among those of each that they cover; those to alliances come with these alliances' members.

        Everything written up to a head that was read before is there; later writes may be there too, and carry a later
        sequence. Versions come by key, grants by sequence.
        """
        return await footprints.read_nodes(await self._bolt(), keys)

    async def read_keys(self, ids: Collection[str]) -> dict[str, int]:
        """Keys of the products with these ids; an unknown id is absent."""
        return await products.read_keys(await self._bolt(), ids)

    async def read_owned_keys(self, ids: Collection[str], owner_id: str) -> dict[str, int]:
        """The same of the products that this organization owns; any other id is absent."""
        return await products.read_owned_keys(await self._bolt(), ids, owner_id)

    async def read_names(self, urns: Collection[str]) -> dict[str, int]:
        """Keys of the products that registered these URNs; a URN that nobody registered is absent."""
        return await products.read_names(await self._bolt(), urns)

    async def read_successors(self, release_ids: Collection[str]) -> dict[str, list[Release]]:
        """For each release, the later ones of its dataset, earliest first; unknown ids are absent."""
        return await grants.read_successors(await self._bolt(), release_ids)

    async def read_releases(self) -> list[Release]:
        """Every dataset release, in the order of the ledger: there are few."""
        return await grants.read_releases(await self._bolt())

    # -- everything, for a server's memory -------------------------------------------------------------------------

    async def read_product_columns(self, first: int, after: int, head: int) -> tuple[ProductColumns, GrantColumns]:
        """Products with keys first … after-1 by column, and all grants on them; what was written after the ledger
        sequence `head` is left out, unknown keys are absent.

        Products come by key, grants by product and sequence. No answer of the database grows with the grants of one
        product. A grant that was revoked after `head` may already say so.
        """
        return await columns.read_product_columns(await self._bolt(), first, after, head)

    async def read_footprint_columns(self, first: int, after: int, head: int) -> FootprintColumns:
        """Versions with keys first … after-1 by column, in the order of their keys, equal to what `get_footprints`
        gives; what was written after `head` is left out, unknown keys are absent.

        No answer of the database grows with the lines of one footprint. A version that was deprecated after `head` may
        already say so.
        """
        rows = await columns.read_footprint_rows(await self._bolt(), first, after, head)
        return await asyncio.to_thread(columns.footprint_columns, rows)

    # -- grants ----------------------------------------------------------------------------------------------------

    async def get_grants(self, ids: Sequence[str]) -> list[Grant | None]:
        """One entry per id, in order; None: unknown. Revoked ones stay. Members of alliances are left out."""
        return await grants.get_grants(await self._bolt(), ids)

    async def list_grants(self, product_key: int, page: Page) -> PageOf[Grant]:
        """All grants on a product, those of many products that cover it included, oldest first, revoked ones
        included."""
        return await grants.list_grants(await self._bolt(), product_key, page)

    async def grants_to(self, *audiences: str) -> list[Grant]:
        """Grants to these organizations and alliances themselves that are not revoked, future and ended ones included,
        by sequence; no public ones. Members of alliances are left out."""
        return await grants.grants_to(await self._bolt(), audiences)

    async def grants_reaching(self, organization_id: str) -> tuple[list[Membership], list[Grant]]:
        """An organization's memberships and open invitations, and the grants to it and to alliances that it has joined
        and not left, as `memberships_of` and `grants_to` give them, in one statement."""
        return await grants.grants_reaching(await self._bolt(), organization_id)

    async def list_grants_by(self, owner_id: str, page: Page) -> PageOf[Grant]:
        """All grants that an organization gave, newest first, revoked ones included."""
        return await grants.list_grants_by(await self._bolt(), owner_id, page)

    async def read_grants_of_all(self, head: int) -> list[Grant]:
        """Every grant of many products that was given up to `head`, by sequence: there are few."""
        return await grants.read_grants_of_all(await self._bolt(), head)

    async def covered_keys(self, pairs: Collection[tuple[str, str | None]]) -> list[int]:
        """Keys of these owners' products: of all of them (None), or of one classification. In order, each once."""
        return await products.covered_keys(await self._bolt(), pairs)

    # -- alliances -------------------------------------------------------------------------------------------------

    async def get_alliances(self, ids: Sequence[str]) -> list[Alliance | None]:
        """One entry per id, in order; None: unknown."""
        return await alliances.get_alliances(await self._bolt(), ids)

    async def list_alliances(self, page: Page) -> PageOf[Alliance]:
        """All of them by name, case-insensitively."""
        return await alliances.list_alliances(await self._bolt(), page)

    async def alliance_is_called(self, name: str) -> bool:
        """Whether an alliance has this name, without regard to case."""
        return await alliances.alliance_is_called(await self._bolt(), name)

    async def get_memberships(self, ids: Sequence[str]) -> list[Membership | None]:
        """One entry per id, in order; None: unknown. Ended ones stay."""
        return await alliances.get_memberships(await self._bolt(), ids)

    async def memberships_of(self, organization_id: str) -> list[Membership]:
        """An organization's memberships and open invitations, oldest first; none that has ended."""
        return await alliances.memberships_of(await self._bolt(), organization_id)

    async def memberships_in(self, alliance_ids: Collection[str]) -> list[Membership]:
        """All that ever were in these alliances, invitations and ended ones included; members first, in the
        order in which they joined, then invitations in theirs."""
        return await alliances.memberships_in(await self._bolt(), alliance_ids)

    async def read_memberships(self, head: int) -> list[Membership]:
        """Everybody who joined an alliance up to `head`, in the order of the ledger: there are few. One that ended
        after `head` may already say so."""
        return await alliances.read_memberships(await self._bolt(), head)

    # -- datasets --------------------------------------------------------------------------------------------------

    async def get_dataset(self, publisher_id: str, name: str) -> Dataset | None:
        """A publisher's dataset of this name."""
        return await grants.get_dataset(await self._bolt(), publisher_id, name)

    async def get_datasets(self, ids: Sequence[str]) -> list[Dataset | None]:
        """One entry per id, in order; None: unknown."""
        return await grants.get_datasets(await self._bolt(), ids)

    async def get_releases(self, ids: Sequence[str]) -> list[Release | None]:
        """One entry per id, in order; None: unknown."""
        return await grants.get_releases(await self._bolt(), ids)

    async def get_release_by_label(self, dataset_id: str, label: str) -> Release | None:
        """A dataset's release of this label."""
        return await grants.get_release_by_label(await self._bolt(), dataset_id, label)

    async def releases_with_visible_products(self, ids: Collection[str], visible: Visible) -> set[str]:
        """Those of these releases that hold a footprint of a product that the viewer may see."""
        return await products.releases_with_visible_products(await self._bolt(), ids, visible)

    async def datasets_with_visible_products(self, ids: Collection[str], visible: Visible) -> set[str]:
        """Those of these datasets that have such a release."""
        return await products.datasets_with_visible_products(await self._bolt(), ids, visible)

    # -- refused loops ---------------------------------------------------------------------------------------------

    async def refused_loop_counts(self, product_ids: Collection[str], day: int) -> dict[str, int]:
        """How often a footprint of each product, or access to it, was refused on that day (UTC); never: absent."""
        return await refused_loops.counts(await self._bolt(), product_ids, day)

    async def refused_loops_through(self, product_key: int, head: int, most: int) -> list[RefusedLoop]:
        """The newest refused loops with this member that were recorded up to `head`, newest first."""
        return await refused_loops.through(await self._bolt(), product_key, head, most)

    # -- audit -----------------------------------------------------------------------------------------------------

    async def audit_tail(self) -> AuditTail:
        """Both ends of the audit chain, not older than this call."""
        return await audit.read_tail(await self._bolt())

    async def audit_entries(self, after: int, upto: int) -> list[AuditEntry]:
        """The first of the entries after+1 … upto, in order, a bounded number; within the chain, nothing else is
        there. One that somebody removed is left out."""
        return await audit.read_entries(await self._bolt(), after, upto)

    async def audit_count(self, organization_id: str) -> int:
        """How many entries an organization may read: they are numbered from 1 on, without a gap."""
        return await audit.count_of(await self._bolt(), organization_id)

    async def audit_entries_of(self, organization_id: str, numbers: Sequence[int]) -> list[AuditEntry | None]:
        """One entry per number of an organization's own list, in order; None: there is none."""
        return await audit.entries_of(await self._bolt(), organization_id, numbers)

    async def last_readings(self, pairs: Collection[tuple[str, str]]) -> dict[tuple[str, str], int]:
        """For each pair of what was read (as in RecordReading) and an organization: when a client of that was last
        recorded to be shown the lines; never: absent."""
        return await audit.last_readings(await self._bolt(), pairs)
