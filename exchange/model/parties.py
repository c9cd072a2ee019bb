"""Who takes part: organizations, their clients, and whoever asks."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Scope(StrEnum):
    READ = "READ"
    PUBLISH = "PUBLISH"
    ADMINISTER = "ADMINISTER"


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
    """One set of credentials of an organization; only a slow hash of the secret is kept."""

    id: str
    organization_id: str
    scopes: frozenset[Scope]
    secret_hash: str
    created_at_us: int
    revoked_at_us: int


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks. Without an organization: anonymous, or (with `operator`) the operator, who sees everything."""

    organization_id: str | None
    scopes: frozenset[Scope]
    operator: bool = False
    client_id: str | None = None

    @property
    def anonymous(self) -> bool:
        return self.organization_id is None and not self.operator


ANONYMOUS = Viewer(None, frozenset())
OPERATOR = Viewer(None, frozenset(Scope), operator=True)
