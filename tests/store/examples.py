"""Small values to store, and `Writer`, which numbers them against a store's head as operations do."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from exchange.graph import HeadMoved, Store
from exchange.model.alliance import Alliance, Membership
from exchange.model.carbon import CarbonComponents
from exchange.model.conformity import (
    ProductOrSectorSpecificRule,
    ProductRuleOperator,
    Verification,
    VerificationCoverage,
)
from exchange.model.footprint import (
    NEVER_DAY,
    NEVER_US,
    DataQuality,
    Declared,
    Fallback,
    Finding,
    Footprint,
    LifeCycleStage,
    Line,
    Lines,
    Modelled,
    Price,
    PriceBasis,
    SystemBoundary,
)
from exchange.model.grant import AccessLevel, Grant
from exchange.model.ledger import Change, ChangeKind, LedgerHead
from exchange.model.parties import Client, Organization, Scope
from exchange.model.pedigree import Pedigree
from exchange.model.product import Dataset, Product, Release
from exchange.model.writes import (
    AddClient,
    AddGrant,
    AddMembership,
    AddOrganization,
    AddSigningKey,
    ChangeClient,
    CreateProduct,
    CreateRelease,
    DeprecateFootprint,
    EndMembership,
    FoundAlliance,
    JoinAlliance,
    PublishFootprint,
    PublishQuarter,
    RecordRefusedLoop,
    RevokeClient,
    RevokeGrant,
    SetGroup,
    SigningKey,
    Write,
)
from exchange.units import DeclaredUnit

NOW_US = 1_760_000_000_000_000
D = Decimal
OF_VARIANCE = Pedigree(D("0.00060"), None, 1, 2, 3, 4, 5)
OF_FACTOR = Pedigree(None, D("1.050"), 5, 4, 3, 2, 1)


def new_id() -> str:
    return str(uuid.uuid4())


def an_organization(name: str | None = None, **changes) -> Organization:
    identity = new_id()
    domain = f"{identity}.example"
    own = Organization(
        id=identity,
        name=name or f"Mill {identity}",
        domains=(domain,),
        gs1_prefixes=(),
        company_ids=(f"urn:pact:{domain}:company-id:main",),
        group_id=identity,
        created_at_us=NOW_US,
        sequence=1,
    )
    return replace(own, **changes)


def a_client(organization: Organization) -> Client:
    return Client(new_id(), organization.id, frozenset({Scope.READ, Scope.PUBLISH}), "slow-hash", NOW_US, NEVER_US)


def a_signing_key(created_at_us: int = NOW_US) -> SigningKey:
    return SigningKey(new_id(), '{"kty": "EC"}', created_at_us, created_at_us + 10, created_at_us + 20)


def a_product(owner: Organization, key: int, name: str = "Steel", **changes) -> Product:
    identity = new_id()
    own = Product(
        id=identity,
        key=key,
        owner_id=owner.id,
        product_ids=(f"urn:pact:{owner.domains[0]}:product-id:{identity}",),
        name=name,
        description=None,
        classifications=("urn:example:steel",),
        created_at_us=NOW_US,
        sequence=1,
    )
    return replace(own, **changes)


def a_line(product: Product | None = None, urn: str | None = None, **changes) -> Line:
    own = Line(
        number=1,
        product_key=product.key if product else None,
        named_id=product.id if product else None,
        urn=urn,
        amount=D("0.40"),
        unit="KILOGRAM",
        price=None,
        stage=LifeCycleStage.MANUFACTURING,
        amount_is_primary=False,
        delivered=False,
        packaging=False,
        credit=False,
        data_quality=None,
        geometric_standard_deviation=None,
        fallback=None,
    )
    return replace(own, **changes)


def a_fallback(product: Product | None = None, urn: str | None = None, **changes) -> Fallback:
    own = Fallback(
        product_key=product.key if product else None,
        named_id=product.id if product else None,
        urn=urn,
        amount=D("7.50"),
        unit="MONEY",
        price=Price("EUR", 2019, PriceBasis.BASIC),
        geometric_standard_deviation=D("1.2"),
    )
    return replace(own, **changes)


def scored(pedigree: Pedigree) -> dict[str, Any]:
    """Scores, and the spread that follows."""
    return {"geometric_standard_deviation": pedigree.geometric_standard_deviation, "pedigree": pedigree}


def a_footprint(product: Product, key: int, lines: Sequence[Line] | None = None, **changes) -> Footprint:
    """Modelled where `lines` are given, else declared; as plain as it may be."""
    declared = Declared(D(2), D(2), CarbonComponents({"fossilGhgEmissions": D(2)}), None, None, None, None)
    modelled = None
    if lines is not None:
        direct = {LifeCycleStage.MANUFACTURING: CarbonComponents({"fossilGhgEmissions": D("0.85")})}
        modelled = Modelled(direct, None, None, None, Lines.of(lines))
    own = Footprint(
        id=new_id(),
        key=key,
        pf_id=new_id(),
        preceding_pf_ids=(),
        product_id=product.id,
        product_key=product.key,
        release_id=None,
        published_at_us=NOW_US,
        sequence=1,
        deprecated_at_us=NEVER_US,
        deprecated_sequence=NEVER_US,
        reference_period_start_us=NOW_US,
        reference_period_end_us=NOW_US + 10,
        valid_from_day=20_000,
        valid_until_day=NEVER_DAY,
        declared_unit_amount=D("12.5"),
        declared_unit=DeclaredUnit.LITER,
        price=None,
        mass_kg_per_declared_unit=D(10),
        geography_country=None,
        geography_country_subdivision=None,
        geography_region_or_subregion=None,
        boundary_processes_description=None,
        ipcc_characterization_factors=("AR6",),
        cross_sectoral_standards=("ISO14067",),
        exempted_emissions_percent=D(0),
        exempted_emissions_description=None,
        fossil_carbon_content=None,
        data_quality=None,
        comment=None,
        declared=None if modelled else declared,
        modelled=modelled,
    )
    return replace(own, **changes)


def everything_declared() -> dict[str, Any]:
    """Every field that a declared footprint may have."""
    return {
        "preceding_pf_ids": (new_id(), new_id()),
        "declared_unit": DeclaredUnit.MONEY,
        "price": Price("CNY", 2023, PriceBasis.PRODUCER),
        "geography_country": "CN",
        "geography_country_subdivision": "CN-GD",
        "geography_region_or_subregion": "Asia",
        "boundary_processes_description": "from quarry to gate",
        "ipcc_characterization_factors": ("AR5", "AR6"),
        "cross_sectoral_standards": (),
        "exempted_emissions_percent": D("2.50"),
        "exempted_emissions_description": "screws",
        "fossil_carbon_content": D("0.0"),
        "data_quality": DataQuality(D(1), D("2.5"), D(5)),
        "comment": "checked twice",
        "boundary": SystemBoundary.CRADLE_TO_GRAVE,
        "product_rules": (
            ProductOrSectorSpecificRule(ProductRuleOperator.EPD_INTERNATIONAL, ("PCR 2019:14", "c|ö\n")),
            ProductOrSectorSpecificRule(ProductRuleOperator.OTHER, ("a",), "Somebody"),
        ),
        "verification": Verification(VerificationCoverage.PCF_PROGRAM, "Checkers", NOW_US, "ISO 14064-3", "twice"),
        "findings": (Finding("SUM", "WARNING", "does not add up", ("pcf", "fossil"), "1", "2"),),
        "declared": Declared(
            D("1E-7"),
            D("-3.40"),
            CarbonComponents({"biogenicCO2Uptake": D("-3.4"), "fossilGhgEmissions": D("0.00")}),
            D("0.4"),
            D("0.5"),
            D("33.3"),
            **scored(OF_VARIANCE),
        ),
    }


def everything_in_a_line(product: Product, fallback: Product) -> Line:
    """Every field that a line may have."""
    return a_line(
        product,
        amount=D("-0.40"),
        unit="MONEY",
        price=Price("USD", 2012, PriceBasis.PURCHASER),
        stage=LifeCycleStage.END_OF_LIFE,
        amount_is_primary=True,
        delivered=True,
        packaging=True,
        credit=True,
        data_quality=DataQuality(D(1), D(2), D(3)),
        fallback=a_fallback(fallback, **scored(OF_VARIANCE)),
        **scored(OF_FACTOR),
    )


def an_alliance(founder: Organization, name: str = "Steel for all") -> Alliance:
    return Alliance(new_id(), name, founder.id, NOW_US, 1)


def an_invitation(alliance: Alliance, organization: Organization, **changes) -> Membership:
    own = Membership(
        id=new_id(),
        alliance_id=alliance.id,
        organization_id=organization.id,
        invited_by_id=alliance.founder_id,
        invited_at_us=NOW_US,
        joined_us=NEVER_US,
        sequence=NEVER_US,
        ended_at_us=NEVER_US,
        ended_sequence=NEVER_US,
    )
    return replace(own, **changes)


def a_grant(product: Product, to: Organization | None, **changes) -> Grant:
    own = Grant(
        id=new_id(),
        product_id=product.id,
        product_key=product.key,
        organization_id=to.id if to else None,
        level=AccessLevel.TOTAL,
        onward=False,
        from_us=NOW_US,
        until_us=NEVER_US,
        revoked_at_us=NEVER_US,
        sequence=1,
        revoked_sequence=NEVER_US,
    )
    return replace(own, **changes)


SUBJECT = {
    AddOrganization: (ChangeKind.ORGANIZATION_ADDED, lambda w: w.organization.id),
    AddClient: (ChangeKind.CLIENT_ADDED, lambda w: w.client.id),
    RevokeClient: (ChangeKind.CLIENT_REVOKED, lambda w: w.client_id),
    ChangeClient: (ChangeKind.CLIENT_ROLE_CHANGED, lambda w: w.client.id),
    SetGroup: (ChangeKind.GROUP_CHANGED, lambda w: w.organization_id),
    AddSigningKey: (ChangeKind.KEY_ADDED, lambda w: w.key.id),
    CreateProduct: (ChangeKind.PRODUCT_CREATED, lambda w: w.product.id),
    CreateRelease: (ChangeKind.RELEASE_CREATED, lambda w: w.release.id),
    PublishFootprint: (ChangeKind.FOOTPRINT_PUBLISHED, lambda w: w.footprint.id),
    DeprecateFootprint: (ChangeKind.FOOTPRINT_DEPRECATED, lambda w: w.footprint_id),
    AddGrant: (ChangeKind.ACCESS_GRANTED, lambda w: w.grant.id),
    RevokeGrant: (ChangeKind.ACCESS_REVOKED, lambda w: w.grant_id),
    FoundAlliance: (ChangeKind.ALLIANCE_FOUNDED, lambda w: w.alliance.id),
    AddMembership: (ChangeKind.MEMBER_INVITED, lambda w: w.membership.id),
    JoinAlliance: (ChangeKind.MEMBER_JOINED, lambda w: w.membership_id),
    EndMembership: (ChangeKind.MEMBER_LEFT, lambda w: w.membership_id),
    RecordRefusedLoop: (ChangeKind.LOOP_REFUSED, lambda w: w.refused.id),
    PublishQuarter: (ChangeKind.BENCHMARKS_PUBLISHED, lambda w: w.quarter.id),
}


def changes_of(writes: Sequence[Write], head: LedgerHead) -> list[Change]:
    """A change for every write that has one, numbered from the head on."""
    named = [SUBJECT[type(write)] + (write,) for write in writes if type(write) in SUBJECT]
    return [
        Change(head.sequence + number, kind, subject(write), "client", NOW_US)
        for number, (kind, subject, write) in enumerate(named, 1)
    ]


async def put(store: Store, *writes: Write) -> LedgerHead:
    """Writes at the store's head, deciding again where another writer was faster."""
    while True:
        head = await store.head()
        try:
            return await store.write(writes, changes_of(writes, head), head)
        except HeadMoved:
            continue


async def put_organization(store: Store, **changes) -> Organization:
    organization = an_organization(**changes)
    await put(store, AddOrganization(organization))
    return organization


async def put_products(store: Store, owner: Organization, *names: str, **changes) -> list[Product]:
    first = (await store.head()).products
    made = [a_product(owner, first + position, name, **changes) for position, name in enumerate(names)]
    await put(store, *(CreateProduct(product) for product in made))
    return made


async def put_footprint(store: Store, product: Product, lines: Sequence[Line] | None = None, **changes) -> Footprint:
    head = await store.head()
    footprint = a_footprint(product, head.footprints, lines, sequence=head.sequence + 1, **changes)
    await put(store, PublishFootprint(footprint))
    return footprint


def a_release(dataset: Dataset, date_day: int, **changes) -> Release:
    own = Release(new_id(), dataset.id, f"edition {date_day}", date_day, NOW_US, 1)
    return replace(own, **changes)
