"""Everything that one viewer asks in one go: decided at one ledger head and one instant.

A session decides how much of each product its viewer is shown, once, and hands out answers that hold no more. Before
an answer leaves, `confirm` looks whether rights have changed since the session began.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TypeVar

from exchange.access import level, onward_keys
from exchange.errors import InvalidInput
from exchange.graph import Store
from exchange.model.closure import Dates, Node
from exchange.model.footprint import NEVER_US, Footprint
from exchange.model.grant import AccessLevel, Grant
from exchange.model.ledger import ChangeKind, LedgerHead
from exchange.model.paging import Page, PageOf, ProductOrder, ProductQuery, Visible
from exchange.model.parties import Organization, Viewer
from exchange.model.product import Product
from exchange.operations import footprint_answers, roll_ups
from exchange.operations.answers import (
    DatasetAnswer,
    FootprintAnswer,
    GrantAnswer,
    OrganizationAnswer,
    PageAnswer,
    ProductAnswer,
    RefusedAnswer,
    ReleaseAnswer,
    RollUpAnswer,
)
from exchange.operations.checks import US_PER_DAY
from exchange.rollup import choose

T = TypeVar("T")
S = TypeVar("S")


@dataclass(slots=True)
class Session:
    """One viewer's questions at `head` and `now_us` (microseconds). Make it with `Exchange.session`."""

    store: Store
    viewer: Viewer
    head: LedgerHead
    now_us: int
    _granted: dict[int, AccessLevel] | None = field(default=None, repr=False)
    _onward: set[int] | None = field(default=None, repr=False)
    _products: dict[int, ProductAnswer] = field(default_factory=dict, repr=False)

    # -- levels ----------------------------------------------------------------------------------------------------

    def dates(self, as_of_day: int | None = None, known_at_us: int | None = None) -> Dates:
        """The dates of a question; today and now where it names none."""
        today = self.now_us // US_PER_DAY
        return Dates(
            as_of_day=today if as_of_day is None else as_of_day,
            known_at_us=self.now_us if known_at_us is None else min(known_at_us, self.now_us),
            head=self.head.sequence,
        )

    async def granted(self) -> dict[int, AccessLevel]:
        """Product keys granted to the viewer's organization now, with the highest level; onward ones at TOTAL."""
        if self._granted is None:
            # Kept when it is whole: resolvers ask at once, and one must not see another's half.
            granted: dict[int, AccessLevel] = {}
            for grant in await self._grants_to_viewer():
                held = granted.get(grant.product_key, AccessLevel.NONE)
                granted[grant.product_key] = max(held, grant.level)
            for key in await self.onward():
                granted.setdefault(key, AccessLevel.TOTAL)
            self._granted = granted
        return self._granted

    async def _grants_to_viewer(self) -> list[Grant]:
        if self.viewer.organization_id is None:
            return []
        return [g for g in await self.store.grants_to(self.viewer.organization_id) if g.in_force(self.now_us)]

    async def onward(self) -> set[int]:
        """Products shown at TOTAL because the viewer holds INPUTS on something that they go into."""
        if self._onward is None:
            inputs = {g.product_key for g in await self._grants_to_viewer() if g.level == AccessLevel.INPUTS}
            self._onward = await self._find_onward(inputs) if inputs else set()
        return self._onward

    async def _find_onward(self, inputs: Collection[int]) -> set[int]:
        dates, nodes = self.dates(), await self.store.read_nodes(inputs)
        releases = {f.release_id for node in nodes.values() for f in node.footprints if f.release_id}
        successors = await self.store.read_successors(sorted(releases)) if releases else {}
        standing = {key: choose(node, dates, successors).footprint for key, node in nodes.items()}
        unbound = {
            name
            for footprint in standing.values()
            if footprint
            for name, supplier in zip(footprint.lines.names, footprint.lines.suppliers, strict=True)
            if supplier < 0
        }
        names = await self.store.read_names(unbound) if unbound else {}
        named = {key: _named_keys(footprint, names) for key, footprint in standing.items() if footprint}
        suppliers = await self.store.read_nodes(set().union(*named.values())) if named else {}
        return onward_keys([(nodes[key], keys) for key, keys in named.items()], suppliers, self.now_us)

    async def level_of_nodes(self, nodes: Collection[Node]) -> dict[int, AccessLevel]:
        """The viewer's level on products whose grants are at hand."""
        onward = await self.onward()
        return {node.product.key: level(self.viewer, node.product, node.grants, self.now_us, onward) for node in nodes}

    async def _visible(self) -> Visible | None:
        """Which products lists may show; None: all (the operator)."""
        if self.viewer.operator:
            return None
        return Visible(self.viewer.organization_id, (await self.granted()).keys(), self.now_us)

    async def _answers(self, products: Sequence[Product | None]) -> list[ProductAnswer | None]:
        """Products with the viewer's level; None for what is unknown or not visible."""
        unseen = [p for p in products if p is not None and p.key not in self._products]
        if unseen:
            granted = await self.granted()
            public = (
                set() if self.viewer.operator else await self.store.public_keys({p.key for p in unseen}, self.now_us)
            )
            for product in unseen:
                own = self.viewer.operator or product.owner_id == self.viewer.organization_id
                shown = AccessLevel.TOTAL if product.key in public else AccessLevel.NONE
                access = AccessLevel.OWNER if own else max(shown, granted.get(product.key, AccessLevel.NONE))
                if access >= AccessLevel.TOTAL:
                    self._products[product.key] = ProductAnswer(product, access)
        return [None if product is None else self._products.get(product.key) for product in products]

    # -- products --------------------------------------------------------------------------------------------------

    async def products(self, ids: Sequence[str]) -> list[ProductAnswer | None]:
        """One entry per id, in order; None: unknown or not visible."""
        return await self._answers(await self.store.get_products(ids))

    async def products_by_key(self, keys: Sequence[int]) -> list[ProductAnswer | None]:
        """The same by internal key."""
        missing = [key for key in keys if key not in self._products]
        if missing:
            await self._answers(await self.store.get_products_by_key(missing))
        return [self._products.get(key) for key in keys]

    async def products_by_urn(self, urns: Sequence[str]) -> list[ProductAnswer | None]:
        """The same by one of the product's URNs, in normal spelling."""
        found = await self.store.get_products_by_urn(urns)
        return await self._answers([found.get(urn) for urn in urns])

    async def list_products(self, query: ProductQuery, page: Page) -> PageAnswer[ProductAnswer]:
        """Only products that the viewer may see are filtered, ordered, counted and listed."""
        by_name = query.order == ProductOrder.NAME
        placed = page if by_name else await _placed(page, self._place_of_product)
        found = await self.store.list_products(query, placed, await self._visible())
        keys = found.keys if by_name else [product.id for product in found.items]
        return _page(found, await self._answers(found.items), keys)

    async def _place_of_product(self, product_id: str) -> str | None:
        answer = (await self.products([product_id]))[0]
        return None if answer is None else str(answer.product.key)

    # -- organizations ---------------------------------------------------------------------------------------------

    async def organizations(self, ids: Sequence[str]) -> list[OrganizationAnswer | None]:
        """Signed-in callers see all, anonymous ones the owners of public products."""
        visible = await self._visible_organizations()
        found = await self.store.get_organizations(ids)
        return [_organization(o) if o and (visible is None or o.id in visible) else None for o in found]

    async def organization_by_company_id(self, urn: str) -> OrganizationAnswer | None:
        found = await self.store.get_organization_by_company_id(urn)
        if found is None:
            return None
        return (await self.organizations([found.id]))[0]

    async def list_organizations(self, page: Page) -> PageAnswer[OrganizationAnswer]:
        found = await self.store.list_organizations(page, await self._visible_organizations())
        return _page(found, [_organization(item) for item in found.items], found.keys)

    async def _visible_organizations(self) -> set[str] | None:
        return await self.store.owners_of_public_products(self.now_us) if self.viewer.anonymous else None

    # -- footprints and roll-ups -----------------------------------------------------------------------------------

    async def footprints(self, ids: Sequence[str]) -> list[FootprintAnswer | None]:
        """Versions by id; None: unknown, or of a product that is not visible."""
        return await footprint_answers.by_footprint(self, await self.store.get_footprints(ids))

    async def standing_footprints(
        self, keys: Sequence[int], as_of_day: int | None, known_at_us: int | None
    ) -> list[FootprintAnswer | None]:
        """The footprint that stands for each product at these dates; None where none does."""
        return await footprint_answers.standing(self, keys, self.dates(as_of_day, known_at_us))

    async def list_footprints(self, product_key: int, page: Page) -> PageAnswer[FootprintAnswer]:
        """All versions of a visible product, newest first."""

        async def place(footprint_id: str) -> str | None:
            footprint = (await self.store.get_footprints([footprint_id]))[0]
            return str(footprint.sequence) if footprint and footprint.product_key == product_key else None

        found = await self.store.list_footprints(product_key, await _placed(page, place))
        answers = await footprint_answers.by_footprint(self, list(found.items))
        return _page(found, answers, [footprint.id for footprint in found.items])

    async def exempted_percent(self, footprint_id: str) -> Decimal:
        """Exempted emissions, percent of the whole result, of a shown version that is not the viewer's own."""
        return await footprint_answers.exempted_percent(self, footprint_id)

    async def roll_up(
        self, keys: Sequence[int], as_of_day: int | None, known_at_us: int | None
    ) -> list[RollUpAnswer | RefusedAnswer]:
        """Cradle to gate of visible products, in one closure read and one solve."""
        return await roll_ups.roll_up(self, keys, self.dates(as_of_day, known_at_us))

    # -- grants, datasets ------------------------------------------------------------------------------------------

    async def grants(self, ids: Sequence[str]) -> list[GrantAnswer | None]:
        """Grants by id: those on the viewer's own products, and those to it."""
        found = await self.store.get_grants(ids)
        products = await self.store.get_products_by_key([grant.product_key for grant in found if grant])
        owners = {product.key: product.owner_id for product in products if product}
        return [
            _grant(g) if g is not None and self._grant_is_shown(g, owners.get(g.product_key)) else None for g in found
        ]

    def _grant_is_shown(self, grant: Grant, owner_id: str | None) -> bool:
        """To the owner always; to the grantee while it holds (afterwards it must look as if there were none)."""
        mine = self.viewer.organization_id
        if self.viewer.operator or (mine is not None and mine == owner_id):
            return True
        return mine is not None and mine == grant.organization_id and grant.in_force(self.now_us)

    async def list_grants(self, product_key: int, page: Page) -> PageAnswer[GrantAnswer] | None:
        """The grants on an own product; None for whoever is not the owner."""
        answer = (await self.products_by_key([product_key]))[0]
        if answer is None or answer.access < AccessLevel.OWNER:
            return None

        async def place(grant_id: str) -> str | None:
            grant = (await self.store.get_grants([grant_id]))[0]
            return str(grant.sequence) if grant and grant.product_key == product_key else None

        found = await self.store.list_grants(product_key, await _placed(page, place))
        return _page(found, [_grant(item) for item in found.items], [grant.id for grant in found.items])

    async def datasets(self, ids: Sequence[str]) -> list[DatasetAnswer | None]:
        """Datasets of the viewer's own, and those with a footprint of a product that it may see."""
        found = await self.store.get_datasets(ids)
        own = {d.id for d in found if d and self._is_mine(d.publisher_id)}
        foreign = {d.id for d in found if d} - own
        visible = await self._visible()
        if foreign and visible is not None:
            foreign = await self.store.datasets_with_visible_products(sorted(foreign), visible)
        return [DatasetAnswer(d.id, d.name, d.publisher_id) if d and d.id in own | foreign else None for d in found]

    async def releases(self, ids: Sequence[str]) -> list[ReleaseAnswer | None]:
        """Releases of the viewer's own, and those with a footprint of a product that it may see."""
        found = await self.store.get_releases(ids)
        datasets = await self.store.get_datasets([release.dataset_id for release in found if release])
        mine = {dataset.id for dataset in datasets if dataset and self._is_mine(dataset.publisher_id)}
        own = {release.id for release in found if release and release.dataset_id in mine}
        foreign = {release.id for release in found if release} - own
        visible = await self._visible()
        if foreign and visible is not None:
            foreign = await self.store.releases_with_visible_products(sorted(foreign), visible)
        return [
            ReleaseAnswer(r.id, r.dataset_id, r.label, r.date_day) if r and r.id in own | foreign else None
            for r in found
        ]

    def _is_mine(self, organization_id: str) -> bool:
        return self.viewer.operator or organization_id == self.viewer.organization_id

    # -- before an answer leaves -----------------------------------------------------------------------------------

    async def confirm(self) -> bool:
        """Whether the rights that this session decided on still hold; False: run the whole operation again."""
        head = await self.store.head()
        if head.sequence == self.head.sequence:
            return True
        kinds = {change.kind for change in await self.store.changes(self.head.sequence, head.sequence)}
        if ChangeKind.ACCESS_REVOKED in kinds:
            return False
        # What is shown onward rests on the standing footprints of products held at INPUTS: a newer one may end it.
        if self._onward and not kinds.isdisjoint({ChangeKind.FOOTPRINT_PUBLISHED, ChangeKind.FOOTPRINT_DEPRECATED}):
            return self._onward <= await replace(self, head=head, _onward=None, _granted=None, _products={}).onward()
        return True


def _named_keys(footprint: Footprint, names: dict[str, int]) -> set[int]:
    """Keys of the products that a footprint's lines name, those registered later included."""
    lines = footprint.lines
    found = {
        names.get(name, -1) if supplier < 0 else supplier
        for name, supplier in zip(lines.names, lines.suppliers, strict=True)
    }
    return {key for key in found if key >= 0}


def _organization(found: Organization) -> OrganizationAnswer:
    return OrganizationAnswer(found.id, found.name, found.company_ids, found.group_id)


def _grant(grant: Grant) -> GrantAnswer:
    return GrantAnswer(
        id=grant.id,
        product_key=grant.product_key,
        organization_id=grant.organization_id,
        level=grant.level,
        onward=grant.onward,
        from_us=grant.from_us,
        until_us=None if grant.until_us == NEVER_US else grant.until_us,
        revoked_at_us=None if grant.revoked_at_us == NEVER_US else grant.revoked_at_us,
    )


async def _placed(page: Page, place: Callable[[str], Awaitable[str | None]]) -> Page:
    """A page whose cursors are ids, as the store wants it: with the places of those things in its order.

    Those places are counters of the whole exchange (keys, ledger sequences): they count what others did, so no cursor
    holds one. An id that names nothing of this list for this viewer is refused like any other text.
    """

    async def found(cursor: str | None, argument: str) -> str | None:
        if cursor is None:
            return None
        at = await place(cursor)
        if at is None:
            raise InvalidInput("The cursor is not one of this list. Use one that the list gave.", path=(argument,))
        return at

    return replace(page, after=await found(page.after, "after"), before=await found(page.before, "before"))


def _page(found: PageOf[S], answers: Sequence[T | None], keys: Sequence[str]) -> PageAnswer[T]:
    """The answers that the viewer gets, each with its cursor."""
    shown = [(answer, key) for answer, key in zip(answers, keys, strict=True) if answer is not None]
    return PageAnswer(
        tuple(answer for answer, _ in shown),
        tuple(key for _, key in shown),
        found.has_next,
        found.has_previous,
        found.total,
    )
