"""What can be written to the graph: one value a kind of write. The store knows how; operations decide whether."""

from __future__ import annotations

from dataclasses import dataclass

from exchange.model.alliance import Alliance, Membership
from exchange.model.benchmark import BenchmarkEdition, BenchmarkOutcome, EditionMembers, Quarter
from exchange.model.footprint import Footprint
from exchange.model.grant import Grant
from exchange.model.parties import Client, Organization
from exchange.model.product import Dataset, Product, Release
from exchange.model.refused_loop import RefusedLoop


@dataclass(frozen=True, slots=True)
class AddOrganization:
    organization: Organization


@dataclass(frozen=True, slots=True)
class AddClient:
    client: Client


@dataclass(frozen=True, slots=True)
class RevokeClient:
    client_id: str
    at_us: int


@dataclass(frozen=True, slots=True)
class ChangeClient:
    """Its scopes, secret and version are from now on this client's; whose it is never changes."""

    client: Client


@dataclass(frozen=True, slots=True)
class SetGroup:
    """An organization belongs to the corporate group with this head; its own id: it stands alone."""

    organization_id: str
    group_id: str


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key that tokens are signed with: `document` is the JWK as JSON text. Retired keys verify until they end."""

    id: str
    document: str
    created_at_us: int
    signs_until_us: int
    verifies_until_us: int


@dataclass(frozen=True, slots=True)
class AddSigningKey:
    key: SigningKey


@dataclass(frozen=True, slots=True)
class CreateProduct:
    """Also binds every line that already names one of its URNs."""

    product: Product


@dataclass(frozen=True, slots=True)
class CreateDataset:
    dataset: Dataset


@dataclass(frozen=True, slots=True)
class CreateRelease:
    release: Release


@dataclass(frozen=True, slots=True)
class PublishFootprint:
    footprint: Footprint


@dataclass(frozen=True, slots=True)
class DeprecateFootprint:
    footprint_id: str
    at_us: int
    sequence: int
    reason: str | None


@dataclass(frozen=True, slots=True)
class AddGrant:
    grant: Grant


@dataclass(frozen=True, slots=True)
class RevokeGrant:
    grant_id: str
    at_us: int
    sequence: int


@dataclass(frozen=True, slots=True)
class FoundAlliance:
    alliance: Alliance


@dataclass(frozen=True, slots=True)
class AddMembership:
    """An invitation; the founder's is accepted already."""

    membership: Membership


@dataclass(frozen=True, slots=True)
class JoinAlliance:
    """An invitation is accepted."""

    membership_id: str
    at_us: int
    sequence: int


@dataclass(frozen=True, slots=True)
class EndMembership:
    """An invitation is declined or taken back, or a member leaves."""

    membership_id: str
    at_us: int
    sequence: int


@dataclass(frozen=True, slots=True)
class RecordRefusedLoop:
    """member_keys: products that the loop goes through, the refused one included."""

    refused: RefusedLoop
    member_keys: tuple[int, ...]


def reading_of_many(owner_id: str, classification: str | None) -> str:
    """Under what name a reading of any of an owner's products is recorded, or of any that is classified so."""
    return f"of {owner_id} {classification or 'everything'}"


@dataclass(frozen=True, slots=True)
class RecordReading:
    """That an organization's client was last shown the lines of a foreign product then. of: the product's id, or what
    `reading_of_many` gives: so a grant of many is looked up at once, too, however many products it is of."""

    of: str
    organization_id: str
    at_us: int


@dataclass(frozen=True, slots=True)
class PublishQuarter:
    """A quarter's benchmark editions, of all alliances: all of them or none."""

    quarter: Quarter
    editions: tuple[BenchmarkEdition, ...]
    members: tuple[EditionMembers, ...]
    outcomes: tuple[BenchmarkOutcome, ...]


@dataclass(frozen=True, slots=True)
class RememberedAnswer:
    """The answer to a request with an idempotency key. `key` holds the organization, so that keys never meet."""

    key: str
    body_sha256: str
    answer: str
    at_us: int


@dataclass(frozen=True, slots=True)
class RememberAnswer:
    remembered: RememberedAnswer


Write = (
    AddOrganization
    | AddClient
    | RevokeClient
    | ChangeClient
    | SetGroup
    | AddSigningKey
    | CreateProduct
    | CreateDataset
    | CreateRelease
    | PublishFootprint
    | DeprecateFootprint
    | AddGrant
    | RevokeGrant
    | FoundAlliance
    | AddMembership
    | JoinAlliance
    | EndMembership
    | RecordRefusedLoop
    | RecordReading
    | PublishQuarter
    | RememberAnswer
)
