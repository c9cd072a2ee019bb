"""Loaders: what the resolvers of one operation ask for one by one is read together, once.

A page of products asks for a hundred roll-ups in a hundred places; they become one `session.roll_up`, one closure
read and one solve. One set of loaders belongs to one session, so nothing outlives an operation.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from strawberry.dataloader import DataLoader

from exchange.model.alliance import Membership as Found
from exchange.operations.answers.values import (
    AllianceAnswer,
    DatasetAnswer,
    FootprintAnswer,
    GrantAnswer,
    MembershipAnswer,
    OrganizationAnswer,
    ProductAnswer,
    RefusedAnswer,
    ReleaseAnswer,
    RollUpAnswer,
)
from exchange.operations.benchmarks import answers as benchmark_answers
from exchange.operations.benchmarks.answers import EditionAnswer
from exchange.operations.reading import alliance_answers, grant_answers, member_answers
from exchange.operations.reading.access_of import AccessOfAnswer
from exchange.operations.reading.comparing import ComparisonAnswer
from exchange.operations.reading.grant_use import GrantUse, last_uses
from exchange.operations.reading.member_answers import MemberAnswer
from exchange.schema.alliances import Alliance, Membership
from exchange.schema.benchmarks import BenchmarkEdition
from exchange.schema.datasets import Dataset, Release
from exchange.schema.footprints import Footprint
from exchange.schema.grants import Grant
from exchange.schema.members import Member
from exchange.schema.organizations import Organization
from exchange.schema.products import Product
from exchange.schema.roll_ups import RollUp, RollUpRefused

if TYPE_CHECKING:
    from exchange.operations.reading.session import Session

Dates = tuple[int | None, int | None]  # as-of day, known-at microseconds; None: today, now


class NotShown(RuntimeError):
    """An answer names what its viewer may not see: a bug of ours, which is masked."""


class Loaders:
    def __init__(self, session: Session) -> None:
        self._session = session
        self._products_by_key = DataLoader[int, ProductAnswer | None](session.products_by_key)
        self._products_by_name = DataLoader[tuple[str, str], ProductAnswer | None](self._read_named)
        self._organizations = DataLoader[str, OrganizationAnswer | None](session.organizations)
        self._footprints = DataLoader[str, FootprintAnswer | None](session.footprints)
        self._grants = DataLoader[str, GrantAnswer | None](session.grants)
        self._alliances = DataLoader[str, AllianceAnswer | None](lambda ids: alliance_answers.alliances(session, ids))
        self._memberships = DataLoader[str, MembershipAnswer | None](
            lambda ids: alliance_answers.memberships(session, ids)
        )
        self._memberships_in: DataLoader[AllianceAnswer, tuple[Found, ...] | None] = DataLoader(
            lambda asked: alliance_answers.memberships_in(session, asked)
        )
        self._granted_by: DataLoader[GrantAnswer, str | None] = DataLoader(
            lambda asked: grant_answers.granted_by(session, asked)
        )
        self._last_uses: DataLoader[GrantAnswer, GrantUse | None] = DataLoader(lambda asked: last_uses(session, asked))
        self._members = DataLoader[str, MemberAnswer | None](lambda ids: member_answers.members(session, ids))
        self._benchmark_editions = DataLoader[str, EditionAnswer | None](
            lambda ids: benchmark_answers.editions(session, ids)
        )
        self._datasets = DataLoader[str, DatasetAnswer | None](session.datasets)
        self._releases = DataLoader[str, ReleaseAnswer | None](session.releases)
        self._standing: dict[Dates, DataLoader[int, FootprintAnswer | None]] = {}
        self._comparisons: dict[Dates, DataLoader[tuple[int, int], ComparisonAnswer]] = {}
        self._accesses: dict[tuple[str, Dates], DataLoader[int, AccessOfAnswer | None]] = {}
        self._roll_ups: dict[Dates, DataLoader[int, RollUpAnswer | RefusedAnswer]] = {}

    # --- products ---

    async def _read_named(self, names: Sequence[tuple[str, str]]) -> list[ProductAnswer | None]:
        """Products by ("id", UUID) or ("urn", URN): both kinds together, so that what follows is read together."""
        ids = [name for kind, name in names if kind == "id"]
        urns = [name for kind, name in names if kind == "urn"]
        by_id = dict(zip(ids, await self._session.products(ids), strict=True)) if ids else {}
        by_urn = dict(zip(urns, await self._session.products_by_urn(urns), strict=True)) if urns else {}
        return [by_id[name] if kind == "id" else by_urn[name] for kind, name in names]

    def show_product(self, answer: ProductAnswer) -> Product:
        """A product that was read in a list; whoever names it again need not read it again."""
        self._products_by_key.prime(answer.product.key, answer)
        return Product.of(answer)

    async def product(self, key: int | None) -> Product | None:
        answer = None if key is None else await self._products_by_key.load(key)
        return None if answer is None else Product.of(answer)

    async def visible_product(self, key: int) -> Product:
        product = await self.product(key)
        if product is None:
            raise NotShown("an answer names a product that its viewer may not see")
        return product

    async def products_seen(self, keys: Iterable[int]) -> list[Product]:
        """Those of the products that the viewer may see."""
        answers = await self._products_by_key.load_many(keys)
        return [Product.of(answer) for answer in answers if answer is not None]

    async def product_by_id(self, uuid: str) -> Product | None:
        answer = await self._products_by_name.load(("id", uuid))
        return None if answer is None else self.show_product(answer)

    async def product_by_urn(self, urn: str) -> Product | None:
        answer = await self._products_by_name.load(("urn", urn))
        return None if answer is None else self.show_product(answer)

    # --- what products lead to ---

    async def standing_footprint(self, key: int, dates: Dates) -> Footprint | None:
        if dates not in self._standing:
            self._standing[dates] = DataLoader(lambda keys: self._session.standing_footprints(keys, *dates))
        answer = await self._standing[dates].load(key)
        return None if answer is None else Footprint.of(answer)

    async def cradle_to_gate(self, product: Product, dates: Dates) -> RollUp | RollUpRefused:
        if dates not in self._roll_ups:
            self._roll_ups[dates] = DataLoader(lambda keys: self._session.roll_up(keys, *dates))
        answer = await self._roll_ups[dates].load(product.answer.product.key)
        return RollUpRefused.of(answer) if isinstance(answer, RefusedAnswer) else RollUp.of(answer, product)

    async def access_of(self, key: int, organization: str, dates: Dates) -> AccessOfAnswer | None:
        """Of an own product; what is asked of one organization on the same dates is read and solved together."""
        of = (organization, dates)
        if of not in self._accesses:
            self._accesses[of] = DataLoader(lambda keys: self._session.access_of(keys, organization, *dates))
        return await self._accesses[of].load(key)

    async def comparison(self, keys: tuple[int, int], dates: Dates) -> ComparisonAnswer:
        """Of two visible products; those of one operation read and roll up together."""
        if dates not in self._comparisons:
            self._comparisons[dates] = DataLoader(lambda pairs: self._session.compare(pairs, *dates))
        return await self._comparisons[dates].load(keys)

    # --- the rest ---

    async def organization(self, uuid: str) -> Organization | None:
        answer = await self._organizations.load(uuid)
        return None if answer is None else Organization.of(answer)

    async def visible_organization(self, uuid: str) -> Organization:
        organization = await self.organization(uuid)
        if organization is None:
            raise NotShown("an answer names an organization that its viewer may not see")
        return organization

    async def footprint(self, uuid: str) -> Footprint | None:
        answer = await self._footprints.load(uuid)
        return None if answer is None else Footprint.of(answer)

    async def footprints(self, uuids: Sequence[str]) -> list[Footprint | None]:
        answers = await self._footprints.load_many(uuids)
        return [None if answer is None else Footprint.of(answer) for answer in answers]

    async def grant(self, uuid: str) -> Grant | None:
        answer = await self._grants.load(uuid)
        return None if answer is None else Grant.of(answer)

    async def granted_by(self, grant: GrantAnswer) -> str | None:
        return await self._granted_by.load(grant)

    async def last_use(self, grant: GrantAnswer) -> GrantUse | None:
        return await self._last_uses.load(grant)

    async def memberships_in(self, alliance: AllianceAnswer) -> tuple[Found, ...] | None:
        return await self._memberships_in.load(alliance)

    async def alliance(self, uuid: str | None) -> Alliance | None:
        answer = None if uuid is None else await self._alliances.load(uuid)
        return None if answer is None else Alliance.of(answer)

    async def visible_alliance(self, uuid: str) -> Alliance:
        alliance = await self.alliance(uuid)
        if alliance is None:
            raise NotShown("an answer names an alliance that its viewer may not see")
        return alliance

    async def membership(self, uuid: str) -> Membership | None:
        answer = await self._memberships.load(uuid)
        return None if answer is None else Membership.of(answer)

    async def member(self, uuid: str) -> Member | None:
        answer = await self._members.load(uuid)
        return None if answer is None else Member.of(answer)

    async def benchmark_edition(self, uuid: str) -> BenchmarkEdition | None:
        answer = await self._benchmark_editions.load(uuid)
        return None if answer is None else BenchmarkEdition.of(answer)

    async def dataset(self, uuid: str) -> Dataset | None:
        answer = await self._datasets.load(uuid)
        return None if answer is None else Dataset.of(answer)

    async def visible_dataset(self, uuid: str) -> Dataset:
        dataset = await self.dataset(uuid)
        if dataset is None:
            raise NotShown("an answer names a dataset that its viewer may not see")
        return dataset

    async def release(self, uuid: str) -> Release | None:
        answer = await self._releases.load(uuid)
        return None if answer is None else Release.of(answer)
