"""Adding organizations: the operator's, with the namespaces that were shown to be the organization's own.

A corporate group is its head and every organization that was put under it, directly: a head stands under nobody, and
who stands under a head is no head. So there is no chain and no loop of groups, and a group is found in one look-up.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace

from exchange.errors import Conflict, NotFound, Problems
from exchange.graph import Store
from exchange.model.ledger import ChangeKind, LedgerHead
from exchange.model.parties import Organization, Viewer
from exchange.model.writes import AddOrganization, SetGroup, Write
from exchange.operations.answers.permission import require_administrator, written_by
from exchange.operations.exchange import Exchange
from exchange.operations.requests.checks import NAME_LENGTH_MAX, Checker
from exchange.operations.writing.queue import Allocation, Decision

_DOMAIN = re.compile(r"(?=.{4,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])", re.ASCII)
_GS1_PREFIX = re.compile(r"[0-9]{6,13}", re.ASCII)


async def add_organization(
    exchange: Exchange,
    viewer: Viewer,
    *,
    name: str,
    domains: Sequence[str],
    gs1_prefixes: Sequence[str] = (),
    company_ids: Sequence[str] = (),
    group_id: str | None = None,
) -> Organization:
    """Adds an organization and returns it.

    domains: of urn:pact:DOMAIN:…; gs1_prefixes: of urn:gtin:…; company_ids: URNs, by default
    urn:pact:DOMAIN:company-id:main for each domain; group_id: the corporate group's head. Raises InvalidInput, NotFound
    (group), Conflict (a domain, prefix or company id of another organization, a head under another), AccessDenied.
    """
    require_administrator(viewer)
    problems = Problems()
    at = Checker(problems, ())
    at.text(name, "name", longest=NAME_LENGTH_MAX, required=True)
    lower = [domain.lower() for domain in domains]
    if not lower:
        at.add("REQUIRED", "needs at least one domain", "domain", expected="a name such as example.com")
    for domain in lower:
        if not _DOMAIN.fullmatch(domain):
            expected = "a name such as example.com"
            at.add("DOMAIN_INVALID", "is not a domain name", "domain", expected=expected, got=domain)
    for prefix in gs1_prefixes:
        if not _GS1_PREFIX.fullmatch(prefix):
            at.add("PREFIX_INVALID", "is not a GS1 company prefix", "gs1Prefix", expected="6 to 13 digits", got=prefix)
    urns = [at.identifier(urn, "companyId") for urn in company_ids]
    problems.raise_any()
    command = _AddOrganization(
        store=exchange.store,
        name=name,
        domains=tuple(dict.fromkeys(lower)),
        gs1_prefixes=tuple(dict.fromkeys(gs1_prefixes)),
        company_ids=tuple(dict.fromkeys(urns)) or tuple(f"urn:pact:{domain}:company-id:main" for domain in lower),
        group_id=group_id,
        by=written_by(viewer),
    )
    return await exchange.queue.do(command)


@dataclass(frozen=True, slots=True)
class _AddOrganization:
    store: Store
    name: str
    domains: tuple[str, ...]
    gs1_prefixes: tuple[str, ...]
    company_ids: tuple[str, ...]
    group_id: str | None
    by: str
    size: int = 1

    @property
    def touches(self) -> frozenset[str]:
        return frozenset({"organizations"})

    async def decide(self, head: LedgerHead, now_us: int) -> Decision[Organization]:
        if self.group_id is not None:
            await _head_of_group(self.store, self.group_id)
        taken = await self.store.get_organizations_by_namespace(self.domains, self.gs1_prefixes)
        if taken:
            raise Conflict(f"A domain or GS1 prefix is already {taken[0].name}'s. A namespace has one organization.")
        for urn in self.company_ids:
            if await self.store.get_organization_by_company_id(urn) is not None:
                raise Conflict(f"{urn} is already another organization's company id.")
        organization_id = str(uuid.uuid4())
        organization = Organization(
            id=organization_id,
            name=self.name,
            domains=self.domains,
            gs1_prefixes=self.gs1_prefixes,
            company_ids=self.company_ids,
            group_id=self.group_id or organization_id,
            created_at_us=now_us,
            sequence=head.sequence,
        )

        def build(allocation: Allocation) -> Sequence[Write]:
            allocation.change(
                ChangeKind.ORGANIZATION_ADDED, organization_id, owner_id=organization_id, organization_id=""
            )
            return [AddOrganization(organization)]

        return Decision(organization, build)


async def set_group(
    exchange: Exchange, viewer: Viewer, organization_id: str, head_id: str | None = None
) -> Organization:
    """Puts an organization under the head of a corporate group, or (None) lets it stand alone, from now on.

    Raises NotFound, Conflict (the head is under another, or the organization is a head itself), AccessDenied.
    """
    require_administrator(viewer)
    command = _SetGroup(exchange.store, organization_id, head_id or organization_id, written_by(viewer))
    return await exchange.queue.do(command)


async def _head_of_group(store: Store, head_id: str) -> Organization:
    """An organization under which others may be put."""
    found = (await store.get_organizations([head_id]))[0]
    if found is None:
        raise NotFound("No such organization to be the group's head. Check the id.", path=("group",))
    if found.group_id != found.id:
        message = f"{found.name} is under another head itself. Name the head of that group."
        raise Conflict(message, path=("group",))
    return found


@dataclass(frozen=True, slots=True)
class _SetGroup:
    store: Store
    organization_id: str
    group_id: str
    by: str
    size: int = 1

    @property
    def touches(self) -> frozenset[str]:
        return frozenset({"organizations"})

    async def decide(self, head: LedgerHead, now_us: int) -> Decision[Organization]:
        organization = (await self.store.get_organizations([self.organization_id]))[0]
        if organization is None:
            raise NotFound("No such organization. Check the id.")
        if organization.group_id == self.group_id:
            return Decision(organization, None)
        if self.group_id != organization.id:
            await _head_of_group(self.store, self.group_id)
            under = set(await self.store.in_group(organization.id)) - {organization.id}
            if under:
                message = f"{organization.name} is the head of a group, with {len(under)} under it. Move those first."
                raise Conflict(message, path=("group",))

        def build(allocation: Allocation) -> Sequence[Write]:
            detail = "stands alone" if self.group_id == organization.id else f"under {self.group_id}"
            allocation.change(
                ChangeKind.GROUP_CHANGED, organization.id, owner_id=organization.id, detail=detail, organization_id=""
            )
            return [SetGroup(organization.id, self.group_id)]

        return Decision(replace(organization, group_id=self.group_id), build)
