"""Alliances whose members let their products be counted, made by operations: for tests of editions.

The clock stands still where a test puts it. Tests that share a server have companies of their own each, by `tag`, so
that no value of one is in a set of another; and each goes on where the one before has left the clock.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from exchange.benchmarks.quarters import closing_of
from exchange.importers.publisher import publisher
from exchange.model.footprint import Price, SystemBoundary
from exchange.model.grant import AccessLevel
from exchange.model.parties import OPERATOR
from exchange.operations.benchmarks.publishing import Published, publish_benchmarks
from exchange.operations.changing.alliances import accept_invitation, found_alliance, invite_to_alliance, leave_alliance
from exchange.operations.changing.organizations import add_organization
from exchange.operations.changing.products import create_product
from exchange.operations.changing.publishing import publish_footprints
from exchange.operations.changing.sharing import grant_access, revoke_access
from exchange.operations.exchange import Exchange
from exchange.operations.requests.inputs import (
    CreateProductInput,
    DeclaredInput,
    FootprintInput,
    FoundAllianceInput,
    GrantAccessInput,
    InviteToAllianceInput,
    PublishFootprintsInput,
)
from exchange.units import DeclaredUnit
from tests.rollup.check import instant

MEGABYTES = 1_024
CPC = "urn:pact:productclassification:un-cpc:"
BUILT = "2026-02-01"
DAY = dt.timedelta(days=1)


EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def key() -> str:
    return str(uuid.uuid4())


@dataclass
class BenchmarkWorld:
    """organizations: ids by name. products: of each name, by what they were called."""

    exchange: Exchange
    clock: list[int]
    tag: str = ""
    organizations: dict[str, str] = field(default_factory=dict)
    products: dict[tuple[str, str], str] = field(default_factory=dict)
    conveners: dict[str, str] = field(default_factory=dict)

    @property
    def closing(self) -> dt.date:
        """The last day of the quarter that it is."""
        return closing_of((EPOCH + dt.timedelta(microseconds=self.clock[0])).date())

    def after(self) -> dt.date:
        """Goes on to the second day after this quarter; its last day."""
        closing = self.closing
        self.clock[0] = instant(str(closing + 2 * DAY))
        return closing

    async def organization(self, name: str, group: str | None = None) -> str:
        if name not in self.organizations:
            head = None if group is None else await self.organization(group)
            called = f"{self.tag}{name}"
            made = await add_organization(
                self.exchange, OPERATOR, name=called, domains=[f"{called}.example"], group_id=head
            )
            self.organizations[name] = made.id
        return self.organizations[name]

    async def alliance(self, *members: str) -> str:
        """Its id; the first one convenes it."""
        by = publisher(await self.organization(members[0]))
        made = await found_alliance(self.exchange, by, FoundAllianceInput(key(), f"Alliance {key()}"))
        self.conveners[made] = members[0]
        for name in members[1:]:
            await self.join(made, name)
        return made

    async def join(self, alliance: str, name: str) -> None:
        convener = publisher(self.organizations[self.conveners[alliance]])
        given = InviteToAllianceInput(key(), alliance, await self.organization(name))
        invitation = await invite_to_alliance(self.exchange, convener, given)
        await accept_invitation(self.exchange, publisher(self.organizations[name]), invitation)

    async def leave(self, alliance: str, name: str) -> None:
        await leave_alliance(self.exchange, publisher(self.organizations[name]), alliance)

    async def product(self, owner: str, called: str, categories: Sequence[str], kg_co2e: str, **more: Any) -> str:
        """A product with a declared footprint per kilogram, valid from 2026 on."""
        by = publisher(await self.organization(owner))
        urn = f"urn:pact:{self.tag}{owner}.example:product-id:{called}"
        given = CreateProductInput(key(), (urn,), called, classifications=tuple(categories))
        self.products[owner, called] = await create_product(self.exchange, by, given)
        await self.publish(owner, called, kg_co2e, **more)
        return self.products[owner, called]

    async def publish(self, owner: str, called: str, kg_co2e: str, **more: Any) -> None:
        """Again: a newer reference period."""
        by = publisher(self.organizations[owner])
        given = footprint(self.products[owner, called], kg_co2e, self.clock[0], **more)
        await publish_footprints(self.exchange, by, PublishFootprintsInput(key(), (given,)))

    async def consent(self, owner: str, alliance: str, level: AccessLevel = AccessLevel.NONE, **more: Any) -> str:
        """To be counted with everything; the grant's id."""
        what: dict[str, object] = {"product": None, "everything": True} | more
        given = GrantAccessInput(key(), level=level, alliance=alliance, **what)  # type: ignore[arg-type]
        return await grant_access(self.exchange, publisher(self.organizations[owner]), given)

    async def revoke(self, owner: str, grant: str) -> None:
        await revoke_access(self.exchange, publisher(self.organizations[owner]), grant)

    async def counted(self, prefix: str, values: Sequence[str], categories: Sequence[str], **more: Any) -> str:
        """An alliance of companies prefix0, prefix1 … that are all counted, each with one product "thing"."""
        names = [f"{prefix}{at}" for at in range(len(values))]
        alliance = await self.alliance(*names)
        for name, value in zip(names, values, strict=True):
            await self.product(name, "thing", categories, value, **more)
            await self.consent(name, alliance)
        return alliance

    async def close(self) -> Published:
        """Publishes this quarter, on the second day after it."""
        return await publish_benchmarks(self.exchange, OPERATOR, self.after(), megabytes_max=MEGABYTES)


def footprint(
    product: str,
    kg_co2e: str,
    at_us: int,
    *,
    amount: str = "1",
    unit: DeclaredUnit = DeclaredUnit.KILOGRAM,
    boundary: SystemBoundary = SystemBoundary.CRADLE_TO_GATE,
    price: Price | None = None,
) -> FootprintInput:
    until = EPOCH + dt.timedelta(microseconds=at_us)
    total = Decimal(kg_co2e)
    return FootprintInput(
        product=product,
        declared_unit_amount=Decimal(amount),
        declared_unit_of_measurement=unit,
        product_mass_per_declared_unit=Decimal(1) if unit is not DeclaredUnit.KILOGRAM else Decimal(amount),
        reference_period_start=until - dt.timedelta(days=365),
        reference_period_end=until,
        validity_period_start=until,
        validity_period_end=until + dt.timedelta(days=1000),
        ipcc_characterization_factors=("AR6",),
        cross_sectoral_standards=("ISO14067",),
        declared=DeclaredInput(total, total, {"fossilGhgEmissions": total, "biogenicCO2Uptake": Decimal(0)}),
        system_boundary=boundary,
        currency=None if price is None else price.currency,
        price_year=None if price is None else price.year,
        price_basis=None if price is None else price.basis,
    )
