"""Worlds with owners and grants, a store in memory that sessions read them from, and answers as text.

`everything` asks all that the operations answer to one viewer and writes it down: equal texts are byte-identical
answers. Internal keys become names, everything else is kept as it is, in the order that it has.
"""

from __future__ import annotations

import asyncio
import dataclasses
import enum
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from typing import Any

from exchange.errors import ExchangeError, InvalidInput, Problems
from exchange.model.alliance import Alliance, Membership, members_of
from exchange.model.closure import Snapshot
from exchange.model.footprint import NEVER_US, Footprint, FootprintKind, LifeCycleStage
from exchange.model.grant import NO_PRODUCT, AccessLevel, Grant
from exchange.model.ledger import LedgerHead
from exchange.model.paging import Page, PageOf, ProductOrder, ProductQuery
from exchange.model.parties import ANONYMOUS, OPERATOR, Organization, Scope, Viewer
from exchange.model.product import Product
from exchange.operations.answers.explanation import ContributionGrouping
from exchange.operations.answers.values import FootprintAnswer, ProductAnswer, RefusedAnswer
from exchange.operations.changing.grant_preview import preview_grant
from exchange.operations.reading.explain_files import write_explain_file
from exchange.operations.reading.session import Session
from exchange.operations.requests.inputs import GrantAccessInput, ProductKey, StageEmissionsInput
from exchange.operations.requests.what_if_inputs import (
    ChangeInput,
    DirectChangeInput,
    LineChangeInput,
    OwnSupplyInput,
    ReplaceSupplierInput,
    ScenarioInput,
    ShareOfLineInput,
    SubstituteInput,
)
from exchange.operations.watching.refused_scenarios import RefusedScenarios
from exchange.units import AmountUnit
from tests.rollup.check import NOW, World, instant


class GrantedWorld(World):
    """A World whose lines are followed and whose products are shown by grants."""

    def __init__(self) -> None:
        super().__init__()
        self.grants: list[Grant] = []
        self.memberships: list[Membership] = []
        self.classified: dict[str, tuple[str, ...]] = {}  # by product
        self.kept: Snapshot | None = None  # made when it is first asked for: then the world is finished

    def grant(
        self,
        name: str,
        to: str | None,
        level: str = "TOTAL",
        *,
        onward=False,
        from_us=0,
        until_us=NEVER_US,
        revoked=False,
        classification: str | None = None,
    ) -> Grant:
        """Grants a product to an organization, or to an alliance ("alliance-…"); to None: to everybody. A name "of …":
        everything of that owner, or what has the classification."""
        at = 1 if revoked else NEVER_US
        of_many, allied = name.startswith("of "), to is not None and to.startswith("alliance-")
        made = Grant(
            f"grant-{len(self.grants)}",
            None if of_many else f"product-{name}",
            NO_PRODUCT if of_many else self.key(name),
            None if allied else to,
            AccessLevel.NONE if level == "BENCHMARK" else AccessLevel[level],
            onward,
            from_us,
            until_us,
            at,
            0,
            at,
            alliance_id=to if allied else None,
            owner_id=name.removeprefix("of ") if of_many else None,
            classification=classification,
        )
        self.grants.append(made)
        return made

    def member(self, alliance: str, organization: str, *, joined_us=0, left=False, joined=True) -> Membership:
        """An organization that joined an alliance, left it since, or was only invited."""
        never, number = NEVER_US, len(self.memberships)
        made = Membership(
            id=f"membership-{number}",
            alliance_id=alliance,
            organization_id=organization,
            invited_by_id=organization,
            invited_at_us=0,
            joined_us=joined_us if joined else never,
            sequence=0 if joined else never,
            ended_at_us=1 if left else never,
            ended_sequence=1 if left else never,
        )
        self.memberships.append(made)
        return made

    def members(self, grant: Grant) -> Grant:
        """The grant with the members of its alliance, as it is read."""
        return replace(grant, members=members_of(self.memberships).get(grant.alliance_id or "", {}))

    def product(self, name: str) -> Product:
        return replace(super().product(name), classifications=self.classified.get(name, ()))

    def _publish(self, name, declared, modelled, **more) -> Footprint:
        """Named after its product: ids that count what was published would tell of others' footprints."""
        made = super()._publish(name, declared, modelled, **more)
        self.replace(name, len(self.footprints[name]), pf_id=f"pf-{name}-{len(self.footprints[name])}")
        return made

    def snapshot(self) -> Snapshot:
        if self.kept is None:
            found = super().snapshot()
            grants = [self.members(grant) for grant in self.grants]
            nodes = {
                key: replace(node, grants=tuple(grant for grant in grants if grant.covers(node.product)))
                for key, node in found.nodes.items()
            }
            self.kept = replace(found, nodes=nodes)
        return self.kept

    def names(self) -> dict[int, str]:
        return {key: name for name, key in self.keys.items()}


EARLIER_US = instant("2026-02-01")  # known-at: first versions are out, later ones are not


def viewer_of(organization: str | None) -> Viewer:
    """The viewer that an organization is; "operator" is the operator, None nobody."""
    if organization == "operator":
        return OPERATOR
    return ANONYMOUS if organization is None else Viewer(organization, frozenset(Scope))


def _with_public(node):
    """The product of a node with what the database keeps on it of public grants."""
    public = [g for g in node.grants if g.public and g.revoked_at_us == NEVER_US]
    return replace(node.product, public_us=tuple((g.from_us, g.until_us) for g in public))


class MemoryStore:
    """What a session reads, from a snapshot; lists and cursors behave as the real store's."""

    def __init__(
        self, snapshot: Snapshot, organizations: Sequence[str], memberships: Sequence[Membership] = ()
    ) -> None:
        self.snapshot, self.memberships = snapshot, memberships
        self.products = [_with_public(node) for node in snapshot.nodes.values()]
        self.footprints = [footprint for node in snapshot.nodes.values() for footprint in node.footprints]
        grants = {grant.id: grant for node in snapshot.nodes.values() for grant in node.grants}
        self.grants = sorted(grants.values(), key=lambda grant: int(grant.id.split("-")[1]))
        self.organizations = [
            Organization(name, name, (f"{name}.example",), (), (f"urn:x:{name}",), name, 0, 0) for name in organizations
        ]

    async def head(self):
        return LedgerHead(self.snapshot.head, len(self.products), len(self.footprints))

    async def read_nodes(self, keys):
        return {key: self.snapshot.nodes[key] for key in keys if key in self.snapshot.nodes}

    async def read_names(self, urns):
        return {urn: self.snapshot.names[urn] for urn in urns if urn in self.snapshot.names}

    async def read_successors(self, release_ids):
        return {release: list(self.snapshot.successors.get(release, ())) for release in release_ids}

    async def grants_to(self, *audiences):
        return [
            g
            for g in self.grants
            if g.revoked_at_us == NEVER_US and not {g.organization_id, g.alliance_id}.isdisjoint(audiences)
        ]

    async def grants_reaching(self, organization_id):
        memberships = await self.memberships_of(organization_id)
        joined = [each.alliance_id for each in memberships if each.joined_us != NEVER_US]
        return memberships, await self.grants_to(organization_id, *joined)

    async def get_alliances(self, ids):
        return [Alliance(each, each, "convener", 0, 0) if each.startswith("alliance-") else None for each in ids]

    async def memberships_of(self, organization_id):
        standing = [each for each in self.memberships if each.ended_at_us == NEVER_US]
        return [each for each in standing if each.organization_id == organization_id]

    async def memberships_in(self, alliance_ids):
        return [each for each in self.memberships if each.alliance_id in alliance_ids]

    async def covered_keys(self, pairs):
        return [
            product.key
            for product in self.products
            if any(
                product.owner_id == owner and (name is None or name in product.classifications) for owner, name in pairs
            )
        ]

    def public_keys(self, at_us):
        return {product.key for product in self.products if product.is_public(at_us)}

    async def owners_of_public_products(self, at_us):
        public = self.public_keys(at_us)
        return {product.owner_id for product in self.products if product.key in public}

    async def product_keys_with_lines_to(self, keys, owner_id, *, others=False, most=None):
        urns = {urn for key in keys for urn in self.snapshot.nodes[key].product.product_ids}
        found = {
            key
            for key, node in self.snapshot.nodes.items()
            if owner_id is None or (owner_id == node.product.owner_id) != others
            for names in [_named(footprint) for footprint in node.footprints]
            if not names.isdisjoint(urns)
        }
        return sorted(found)[:most]

    async def get_products(self, ids):
        return _by(self.products, "id", ids)

    async def get_products_by_key(self, keys):
        return _by(self.products, "key", keys)

    async def get_products_by_urn(self, urns):
        return {urn: product for product in self.products for urn in product.product_ids if urn in urns}

    async def get_organizations(self, ids):
        return _by(self.organizations, "id", ids)

    async def get_footprints(self, ids):
        return _by(self.footprints, "id", ids)

    async def get_grants(self, ids):
        return _by(self.grants, "id", ids)

    async def list_products(self, query, page, visible):
        at_us = 0 if visible is None else visible.at_us
        public = self.public_keys(at_us)
        seen = [
            product
            for product in self.products
            if (
                visible is None
                or product.owner_id == visible.organization_id
                or product.key in visible.keys
                or product.key in public
            )
            and (query.owner_id is None or product.owner_id == query.owner_id)
            and (query.urn is None or query.urn in product.product_ids)
            and (query.name_contains is None or query.name_contains.casefold() in product.name.casefold())
        ]
        by_name = query.order == ProductOrder.NAME
        return _page(seen, page, (lambda p: f"{p.name}\1{p.id}") if by_name else (lambda p: p.key), query.descending)

    async def list_footprints(self, product_key, page):
        found = [footprint for footprint in self.footprints if footprint.product_key == product_key]
        return _page(found, page, lambda footprint: footprint.sequence, True)

    async def list_grants(self, product_key, page):
        found = list(self.snapshot.nodes[product_key].grants)
        return _page(found, page, lambda grant: int(grant.id.split("-")[1]), False)

    async def list_organizations(self, page, visible):
        found = [each for each in self.organizations if visible is None or each.id in visible]
        return _page(found, page, lambda organization: organization.name, False)


def _named(footprint: Footprint) -> set[str]:
    """The URNs that its lines and their fallbacks name."""
    lines = footprint.lines
    extras = (lines.extras or {}).values()
    return {*lines.names, *(each.fallback.urn for each in extras if each.fallback and each.fallback.urn)}


def _by(things, field, wanted):
    found = {getattr(thing, field): thing for thing in things}
    return [found.get(value) for value in wanted]


def _page(things, page: Page, key: Callable[[Any], Any], descending: bool) -> PageOf[Any]:
    """Pages forward only: what tests here ask for."""
    ordered = sorted(things, key=key, reverse=descending)
    after = page.after if page.after is None or not ordered or isinstance(key(ordered[0]), str) else int(page.after)
    rest = [one for one in ordered if after is None or (key(one) < after if descending else key(one) > after)]
    items = rest[: page.first]
    return PageOf(items, [str(key(one)) for one in items], len(rest) > len(items), page.after is not None, len(ordered))


# Signed-in callers see all organizations: those that any world of a pair knows are in both.
ASKED_ABOUT = ("org0", "org1", "customer0", "ally0")
EVERYBODY = {f"{kind}{number}" for kind in ("org", "customer", "buyer", "ally") for number in range(8)}
EVERYBODY |= {"elsewhere", "viewer"}


def session_of(world: GrantedWorld, viewer: Viewer) -> Session:
    organizations = sorted({world.product(name).owner_id for name in world.keys} | EVERYBODY)
    store = MemoryStore(world.snapshot(), organizations, world.memberships)
    return Session(store, viewer, LedgerHead(NOW.head, 0, 0), NOW.known_at_us)  # type: ignore[arg-type]


def everything(world: GrantedWorld, organization: str | None) -> str:
    """All answers to one viewer, as text."""
    return asyncio.run(_everything(world, viewer_of(organization)))


async def _everything(world: GrantedWorld, viewer: Viewer) -> str:
    session, names = session_of(world, viewer), world.names()
    found: dict[str, object] = {"lists": await _lists(session)}
    visible = (await session.list_products(ProductQuery(order=ProductOrder.CREATED_AT), Page(first=100))).items
    keys = [answer.product.key for answer in visible]
    found["access"] = await _access(session, visible)
    standing = await session.standing_footprints(keys, None, None)
    together = await session.roll_up(keys, None, None) if keys else []
    for answer, footprint, result in zip(visible, standing, together, strict=True):
        key = answer.product.key
        versions = await session.list_footprints(key, Page(first=3))
        explained = None if isinstance(result, RefusedAnswer) else (await write_explain_file(session, result)).text
        found[answer.product.name] = {
            "product": answer,
            "standing": footprint,
            "versions": versions,
            "exempted": [
                await session.exempted_percent(version.id)
                for version in versions.items
                if version.exempted_emissions_percent is None
            ],
            "together": result,
            "explained": explained,
            "alone": (await session.roll_up([key], None, None))[0],
            "earlier": await _attempt(session.roll_up([key], None, EARLIER_US)),
            "grants": await session.list_grants(key, Page(first=100)),
            "preview": [await _attempt(preview_grant(session, given)) for given in _previews(answer)],
            "downstream": await session.downstream(key, None, None, Page(first=100)),
            "downstream earlier": await session.downstream(key, None, EARLIER_US, Page(first=2)),
            "what if": [await _what_if(session, key, changes) for changes in _scenarios(answer, footprint, visible)],
        }
    return json.dumps(plain(found, names), indent=1, ensure_ascii=False)


async def _access(session: Session, visible: Sequence[ProductAnswer]) -> object:
    """What others see of own products, now and with a grant that is asked about and not given."""
    own = [answer.product.key for answer in visible if answer.access == AccessLevel.OWNER]
    found: dict[str, object] = {}
    for other in ASKED_ABOUT if own else ():
        for to in (None, other if other == "org0" else "alliance-0"):
            allied = to is not None and to.startswith("alliance-")
            grant = Grant(
                "proposed",
                None,
                NO_PRODUCT,
                None if allied else to,
                AccessLevel.INPUTS,
                True,
                0,
                NEVER_US,
                NEVER_US,
                0,
                NEVER_US,
                alliance_id=to if allied else None,
                owner_id=session.viewer.organization_id,
            )
            proposed = None if to is None else grant
            found[f"{other} {to}"] = await session.access_of(own, other, None, None, proposed)
    return found


def _previews(answer: ProductAnswer) -> list[GrantAccessInput]:
    """Grants that are asked about and not given: of this product, and of everything."""
    given = GrantAccessInput("key", answer.product.id, AccessLevel.INPUTS, alliance="alliance-0", onward=True)
    return [given, replace(given, product=None, everything=True, alliance="alliance-1", level=AccessLevel.TOTAL)]


async def _attempt(asked):
    """An answer, or the error that stands for it."""
    try:
        return await asked
    except ExchangeError as error:
        return [type(error).__name__, error.message, list(error.path)]


def _scenarios(
    answer: ProductAnswer,
    footprint: FootprintAnswer | None,
    visible: Sequence[ProductAnswer],
) -> list[list[ChangeInput]]:
    """What is asked about one product: of an own process every kind of change, with all that is visible and with what
    is not."""
    if answer.access < AccessLevel.OWNER or footprint is None or footprint.kind != FootprintKind.MODELLED:
        return [[]]
    product = _by_urn(answer.product.name)
    others = [_by_urn(one.product.name) for one in visible if one.product.key != answer.product.key]
    seen = {one.product.name for one in visible}
    # Hidden or not there at all: the same questions, whichever of the two it is in this world.
    hidden = [_by_urn(name) for name in ("p0", "p1", "p5", "unrelated0", "never") if name not in seen][:2]
    own = SubstituteInput(own=OwnSupplyInput({"fossilGhgEmissions": Decimal("0.5")}, AmountUnit.GRAM))
    lines = range(1, len(footprint.lines or ()) + 1)
    direct = StageEmissionsInput(LifeCycleStage.MANUFACTURING, {"fossilGhgEmissions": Decimal(2)})
    found: list[list[ChangeInput]] = [[], [DirectChangeInput(product, (direct,))]]
    for number in lines:
        found.append([LineChangeInput(product, number, amount=Decimal("0.3"))])
        found.append([ShareOfLineInput(product, number, Decimal(40), own)])
        found += [[LineChangeInput(product, number, other)] for other in [*others[:3], *hidden]]
    found += [[ReplaceSupplierInput(one, SubstituteInput(supplier=other))] for one, other in pairwise(others[:4])]
    found += [[ReplaceSupplierInput(one, own, Decimal(25))] for one in [*others, *hidden]]
    return found


def _by_urn(name: str) -> ProductKey:
    return ProductKey(product_id=f"urn:x:{name}")


async def _what_if(session: Session, key: int, changes: list[ChangeInput]) -> object:
    session._scenarios_asked = 0
    scenarios = [ScenarioInput(tuple(changes))]
    try:
        return await session.what_if(RefusedScenarios(), key, scenarios, None, None, Problems())
    except InvalidInput as error:
        return error.problems


async def _lists(session: Session) -> list[object]:
    """The viewer's products in every order, page by page with their cursors, counted and filtered."""
    found: list[object] = []
    for query in (
        ProductQuery(),
        ProductQuery(order=ProductOrder.CREATED_AT),
        ProductQuery(order=ProductOrder.CREATED_AT, descending=True),
        ProductQuery(name_contains="1"),
    ):
        after = None
        while True:
            page = await session.list_products(query, Page(first=4, after=after))
            found.append([[item.product.name for item in page.items], page.keys, page.has_next, page.total])
            if not page.has_next:
                break
            after = page.keys[-1]
    if not session.viewer.anonymous:
        return found
    return [*found, await session.list_organizations(Page(first=100))]


TREES = ((20, 0.0, 60), (3, 1.0, 200))


def plain(value: object, names: Mapping[int, str], field: str = "") -> object:
    """A value as JSON can hold it; what an answer computes when called is called."""
    if callable(value) and field in CALLS:
        return plain(CALLS[field](value), names)
    if field.endswith("_key") and isinstance(value, int):
        return names.get(value, "nobody")
    if isinstance(value, enum.Enum):
        return value.name
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            each.name: plain(getattr(value, each.name), names, each.name)
            for each in dataclasses.fields(value)
            if each.name not in INTERNAL
        }
    if isinstance(value, Mapping):
        return {plain(key, names): plain(inner, names) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        one = field.removesuffix("s")
        return [plain(inner, names, one if one.endswith("_key") else "") for inner in value]
    return str(value) if isinstance(value, Decimal) else value


INTERNAL = {"key", "sequence", "created_at_us"}  # of a Product; never shown
CALLS: Mapping[str, Callable[[Any], Any]] = {
    "valid_until_day": lambda call: call(),
    "contributions": lambda call: call(1000),
    "tree": lambda call: [call(*arguments) for arguments in TREES],
    "digest": lambda call: call(),
    "contributions_by": lambda call: [call(grouping, 1000) for grouping in ContributionGrouping],
    "elasticities": lambda call: call(1000),
    "top_paths": lambda call: call(30),
    "explained": lambda call: call().parts,  # whole it is in the explain file
    "uncertainty": lambda call: call(),
    "monte_carlo": lambda call: call(100, 5),
    "monte_carlo_advised": lambda call: call(),
    "variables": lambda call: call(100).digest().hex(),
    "primary_data_advice": lambda call: call(100),
    "uncertainty_advice": lambda call: call(100),
}
