"""Who takes part: organizations, their clients, and whoever asks."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from exchange.model.footprint import NEVER_US


class Scope(StrEnum):
    READ = "READ"
    PUBLISH = "PUBLISH"
    AUDIT = "AUDIT"
    MANAGE = "MANAGE"
    ADMINISTER = "ADMINISTER"  # the operator's; no role has it


class Role(StrEnum):
    """What a member may do for its organization."""

    ADMINISTRATOR = "ADMINISTRATOR"
    PUBLISHER = "PUBLISHER"
    READER = "READER"
    AUDITOR = "AUDITOR"


class MemberKind(StrEnum):
    PERSON = "PERSON"
    SERVICE_ACCOUNT = "SERVICE_ACCOUNT"


ROLE_SCOPES: Final[dict[Role, frozenset[Scope]]] = {
    Role.ADMINISTRATOR: frozenset({Scope.READ, Scope.PUBLISH, Scope.AUDIT, Scope.MANAGE}),
    Role.PUBLISHER: frozenset({Scope.READ, Scope.PUBLISH}),
    Role.READER: frozenset({Scope.READ}),
    Role.AUDITOR: frozenset({Scope.AUDIT}),
}


def role_of(scopes: Collection[Scope]) -> Role | None:
    """The role that scopes amount to; None: the operator's, who is no member. Clients from before there were roles have
    scopes alone, so nothing else is kept: with PUBLISH one is a PUBLISHER, with READ alone a READER."""
    if Scope.ADMINISTER in scopes:
        return None
    if Scope.MANAGE in scopes:
        return Role.ADMINISTRATOR
    if Scope.PUBLISH in scopes:
        return Role.PUBLISHER
    return Role.AUDITOR if Scope.AUDIT in scopes else Role.READER


@dataclass(frozen=True, slots=True)
class Organization:
    """An enterprise. It may register URNs only in the namespaces shown here to be its own."""

    id: str
    name: str
    domains: tuple[str, ...]  # of urn:pact:DOMAIN:...
    gs1_prefixes: tuple[str, ...]  # of urn:gtin:...
    company_ids: tuple[str, ...]  # URNs
    group_id: str  # the corporate group's head; its own id where it stands alone
    created_at_us: int
    sequence: int


@dataclass(frozen=True, slots=True)
class Client:
    """One set of credentials of an organization, a member's; only a slow hash of the secret is kept.

    version: how often its scopes or its secret have changed: a token of another version holds no longer. name: what
    people call it, empty where it was added before there were names.
    """

    id: str
    organization_id: str
    scopes: frozenset[Scope]
    secret_hash: str
    created_at_us: int
    revoked_at_us: int
    kind: MemberKind = MemberKind.SERVICE_ACCOUNT
    name: str = ""
    version: int = 0

    @property
    def stands(self) -> bool:
        """Whether nobody has removed it, whatever the clock of whoever removed it said."""
        return self.revoked_at_us == NEVER_US

    @property
    def role(self) -> Role | None:
        """None: the operator's, no member."""
        return role_of(self.scopes)


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks. Without an organization: anonymous, or (with `operator`) the operator, who sees everything.

    client_version: of the client when it was given the token that was sent; None: nobody sent one, so that there is
    nothing to look at again.
    """

    organization_id: str | None
    scopes: frozenset[Scope]
    operator: bool = False
    client_id: str | None = None
    client_version: int | None = None

    @property
    def anonymous(self) -> bool:
        return self.organization_id is None and not self.operator

    @property
    def totals_only(self) -> bool:
        """Whether it is shown TOTAL at most, of its own organization's products, too: an auditor, who checks who may
        see what, and needs no recipe for it."""
        return Scope.AUDIT in self.scopes and Scope.READ not in self.scopes and not self.operator


ANONYMOUS = Viewer(None, frozenset())
OPERATOR = Viewer(None, frozenset(Scope), operator=True)
