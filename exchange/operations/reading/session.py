"""Everything that one viewer may ask in one go: decided at one ledger head and one instant.

What the viewer sees is its `Sight`; a session puts questions to it and hands out answers that hold no more. Before an
answer leaves, `confirm` looks whether rights have changed since the session began.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TypeVar

from exchange.errors import InvalidInput, Problems
from exchange.model.footprint import SystemBoundary
from exchange.model.grant import AccessLevel, Grant
from exchange.model.ledger import CREDENTIALS, ChangeKind, LedgerHead
from exchange.model.paging import Page, PageOf, ProductOrder, ProductQuery
from exchange.model.parties import Organization
from exchange.operations.answers.short_lists import NOT_OF_THIS_LIST, page_of_ids
from exchange.operations.answers.values import (
    DatasetAnswer,
    FootprintAnswer,
    GrantAnswer,
    OrganizationAnswer,
    PageAnswer,
    ProductAnswer,
    RefusedAnswer,
    RefusedLoopAnswer,
    ReleaseAnswer,
    RollUpAnswer,
)
from exchange.operations.following.known import Known
from exchange.operations.reading import audit_reading, footprint_answers, grant_answers, roll_ups
from exchange.operations.reading import downstream as consumption
from exchange.operations.reading.access_of import AccessOfAnswer, access_of
from exchange.operations.reading.audit_reading import AuditAnswer
from exchange.operations.reading.comparing import ComparisonAnswer, Shown, compare_shown
from exchange.operations.reading.downstream import Resting
from exchange.operations.reading.sight import Sight
from exchange.operations.reading.what_if import SCENARIOS_MAX, WhatIfAnswer, answer_scenarios
from exchange.operations.requests.what_if_inputs import ScenarioInput
from exchange.operations.watching.refused_scenarios import RefusedScenarios

DATES_MAX = 12  # a year by months: enough for a development over time
REFUSED_LOOPS_LISTED_MAX = 1_000  # of a product, the newest: whoever reads on looks for a pattern, not for one more

T = TypeVar("T")
S = TypeVar("S")


@dataclass(slots=True)
class Session(Sight):
    """One viewer's questions at `head` and `now_us` (microseconds). Make it with `Exchange.session`."""

    assumed: bool = False  # its head was not read for it: where it has moved since, nothing is to be told
    _dates_asked: set[tuple[int | None, int | None]] = field(default_factory=set, repr=False)
    _scenarios_asked: int = field(default=0, repr=False)

    # -- products --------------------------------------------------------------------------------------------------

    async def products_by_urn(self, urns: Sequence[str]) -> list[ProductAnswer | None]:
        """The same by one of the product's URNs, in normal spelling."""
        found = await self.store.get_products_by_urn(urns)
        return await self.answers([found.get(urn) for urn in urns])

    async def list_products(self, query: ProductQuery, page: Page) -> PageAnswer[ProductAnswer]:
        """Only products that the viewer may see are filtered, ordered, counted and listed."""
        by_name = query.order == ProductOrder.NAME
        placed = page if by_name else await _placed(page, self._place_of_product)
        found = await self.store.list_products(query, placed, await self.visible())
        keys = found.keys if by_name else [product.id for product in found.items]
        return _page(found, await self.answers(found.items), keys)

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
        self._count_dates(as_of_day, known_at_us)
        return await footprint_answers.standing(self, keys, self.dates(as_of_day, known_at_us))

    async def list_footprints(self, product_key: int, page: Page) -> PageAnswer[FootprintAnswer]:
        """All versions of a visible product, newest first."""

        async def place(footprint_id: str) -> str | None:
            footprint = (await self.store.get_footprints([footprint_id]))[0]
            return str(footprint.sequence) if footprint and footprint.product_key == product_key else None

        found = await self.store.list_footprints(product_key, await _placed(page, place))
        answers = await footprint_answers.by_footprint(self, list(found.items))
        return _page(found, answers, [footprint.id for footprint in found.items])

    def _count_dates(self, as_of_day: int | None, known_at_us: int | None) -> None:
        """Each pair of dates is a closure of its own to read and solve; one request may not hold up all others."""
        self._dates_asked.add((as_of_day, known_at_us))
        if len(self._dates_asked) > DATES_MAX:
            raise InvalidInput(
                f"One request may ask about at most {DATES_MAX} different pairs of asOf and knownAt. Split it."
            )

    async def exempted_percent(self, footprint_id: str) -> Decimal:
        """Exempted emissions, percent of the whole result, of a shown version that is not the viewer's own."""
        return await footprint_answers.exempted_percent(self, footprint_id)

    async def roll_up(
        self, keys: Sequence[int], as_of_day: int | None, known_at_us: int | None
    ) -> list[RollUpAnswer | RefusedAnswer]:
        """Cradle to gate of visible products, in one closure read and one solve for each pair of dates."""
        self._count_dates(as_of_day, known_at_us)
        return await roll_ups.roll_up(self, keys, self.dates(as_of_day, known_at_us))

    async def compare(
        self, pairs: Sequence[tuple[int, int]], as_of_day: int | None, known_at_us: int | None
    ) -> list[ComparisonAnswer]:
        """Pairs of visible products beside each other, in one closure read and one solve."""
        keys = list(dict.fromkeys(key for pair in pairs for key in pair))
        results = await self.roll_up(keys, as_of_day, known_at_us)
        dates = self.dates(as_of_day, known_at_us)
        standing = await footprint_answers.standing_within(self, keys, dates, tuple(SystemBoundary))
        shown = {}
        for at, product in enumerate(await self.products_by_key(keys)):
            assert product is not None  # whoever asks has been shown it
            versions = {boundary: found[at] for boundary, found in standing.items()}
            known = {boundary: version for boundary, version in versions.items() if version is not None}
            shown[keys[at]] = Shown(product, known, results[at])
        return await self.compute(lambda: [compare_shown(shown[one], shown[other]) for one, other in pairs])

    async def downstream(
        self, product_key: int, as_of_day: int | None, known_at_us: int | None, page: Page
    ) -> PageAnswer[Resting] | None:
        """Products that the viewer may open and that rest on an own one; None for whoever is not the owner. Pages go
        forward only."""
        answer = (await self.products_by_key([product_key]))[0]
        if answer is None or answer.access < AccessLevel.OWNER:
            return None
        self._count_dates(as_of_day, known_at_us)
        found = await consumption.downstream(self, product_key, self.dates(as_of_day, known_at_us))
        places = {resting.product_key: place for place, resting in enumerate(found, 1)}

        async def place(product_id: str) -> str | None:
            product = (await self.products([product_id]))[0]
            at = None if product is None else places.get(product.product.key)
            return None if at is None else str(at)

        start = int((await _placed(page, place)).after or 0)
        items = found[start : start + (page.first or len(found))]
        products = await self.products_by_key([item.product_key for item in items])
        keys = tuple(product.product.id for product in products if product is not None)
        return PageAnswer(items, keys, start + len(items) < len(found), start > 0, len(found))

    async def what_if(
        self,
        refusals: RefusedScenarios,
        key: int,
        scenarios: Sequence[ScenarioInput],
        as_of_day: int | None,
        known_at_us: int | None,
        problems: Problems,
    ) -> WhatIfAnswer | RefusedAnswer:
        """Scenarios of a visible product side by side; `problems`: what was found wrong with them already."""
        self._count_dates(as_of_day, known_at_us)
        self._scenarios_asked += len(scenarios)
        if self._scenarios_asked > SCENARIOS_MAX:
            path, expected = ("scenarios",), f"≤ {SCENARIOS_MAX} entries"
            message = f"one request may ask about at most {SCENARIOS_MAX} scenarios; split it"
            problems.add("TOO_MANY", message, path, expected=expected, got=str(self._scenarios_asked))
            problems.raise_any()
        return await answer_scenarios(self, refusals, key, scenarios, self.dates(as_of_day, known_at_us), problems)

    async def compute(self, make: Callable[[], T], *, parts: int | None = None) -> T:
        """What a long computation gives, in a turn of this viewer and beside the event loop; at once where it has few
        `parts`."""
        return await self.share.compute(make, parts=parts)

    # -- grants, datasets ------------------------------------------------------------------------------------------

    async def grants(self, ids: Sequence[str]) -> list[GrantAnswer | None]:
        """Grants by id: those on the viewer's own products, and those to it."""
        return await grant_answers.by_id(self, ids)

    async def list_grants(self, product_key: int, page: Page) -> PageAnswer[GrantAnswer] | None:
        """The grants on an own product; None for whoever is not the owner."""
        answer = (await self.products_by_key([product_key]))[0]
        if answer is None or answer.access < AccessLevel.OWNER:
            return None
        product = answer.product
        placed = await _placed(page, lambda grant_id: grant_answers.place(self, grant_id, product.owner_id, product))
        found = await self.store.list_grants(product_key, placed)
        answers = [grant_answers.grant_answer(item, product.owner_id) for item in found.items]
        return _page(found, answers, [grant.id for grant in found.items])

    async def list_grants_by(self, owner_id: str, page: Page) -> PageAnswer[GrantAnswer] | None:
        """The grants that the viewer's organization gave, newest first; None for whoever asks of another."""
        if not self._is_mine(owner_id):
            return None
        placed = await _placed(page, lambda grant_id: grant_answers.place(self, grant_id, owner_id))
        found = await self.store.list_grants_by(owner_id, placed)
        answers = [grant_answers.grant_answer(item, owner_id) for item in found.items]
        return _page(found, answers, [grant.id for grant in found.items])

    async def access_of(
        self,
        keys: Sequence[int],
        organization_id: str,
        as_of_day: int | None,
        known_at_us: int | None,
        proposed: Grant | None = None,
    ) -> list[AccessOfAnswer | None]:
        """What an organization sees of own products; None for whoever is not the owner, or where there is no such
        organization. proposed: a grant that counts as if it had been given."""
        self._count_dates(as_of_day, known_at_us)
        return await access_of(self, keys, organization_id, self.dates(as_of_day, known_at_us), proposed)

    async def list_refused_loops(self, product_key: int, page: Page) -> PageAnswer[RefusedLoopAnswer] | None:
        """Attempts refused because they would have closed a loop through an own product, newest first; None for
        whoever is not the owner."""
        answer = (await self.products_by_key([product_key]))[0]
        if answer is None or answer.access < AccessLevel.OWNER:
            return None
        owner_id = answer.product.owner_id
        found = await self.store.refused_loops_through(product_key, self.head.sequence, REFUSED_LOOPS_LISTED_MAX)
        return page_of_ids(
            found,
            [each.id for each in found],
            page,
            lambda each: RefusedLoopAnswer(each.at_us, each.organization_id == owner_id, each.organization_id),
        )

    async def list_audit(self, organization_id: str, page: Page) -> PageAnswer[AuditAnswer] | None:
        """What was done, seen and tried by an organization and with its own, newest first; None for whoever is neither
        its administrator or auditor nor the operator."""
        return await audit_reading.list_audit(self, organization_id, page)

    async def datasets(self, ids: Sequence[str]) -> list[DatasetAnswer | None]:
        """Datasets of the viewer's own, and those with a footprint of a product that it may see."""
        found = await self.store.get_datasets(ids)
        own = {d.id for d in found if d and self._is_mine(d.publisher_id)}
        foreign = {d.id for d in found if d} - own
        visible = await self.visible()
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
        visible = await self.visible()
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
        if self.assumed:
            return False
        changes = await self.store.changes(self.head.sequence, head.sequence)
        kinds = {change.kind for change in changes}
        if any(change.kind in CREDENTIALS and change.subject == self.viewer.client_id for change in changes):
            return False
        if not kinds.isdisjoint({ChangeKind.ACCESS_REVOKED, ChangeKind.MEMBER_LEFT}):
            return False
        # What is shown onward rests on the standing footprints of products held at INPUTS: a newer one may end it.
        onward = self._granted.onward if self._granted is not None else frozenset()
        if onward and not kinds.isdisjoint({ChangeKind.FOOTPRINT_PUBLISHED, ChangeKind.FOOTPRINT_DEPRECATED}):
            return onward <= await self._at(head).onward()
        return True

    def _at(self, head: LedgerHead) -> Session:
        """The same viewer at a later head, of whom nothing is known yet."""
        return replace(self, head=head, known=Known(), _given=None, _granted=None, _products={})


def _organization(found: Organization) -> OrganizationAnswer:
    return OrganizationAnswer(found.id, found.name, found.company_ids, found.group_id)


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
            raise InvalidInput(NOT_OF_THIS_LIST, path=(argument,))
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
