"""A graph in which everything occurs that tables treat differently, drawn at random: to build the tables twice."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from exchange.model.carbon import STATED, UNSPECIFIED, CarbonComponents
from exchange.model.footprint import (
    NEVER_DAY,
    NEVER_US,
    STAGES,
    DataQuality,
    Declared,
    Fallback,
    Footprint,
    Line,
    Lines,
    Modelled,
    Price,
    PriceBasis,
    SystemBoundary,
)
from exchange.model.grant import Grant
from exchange.model.parties import Organization
from exchange.model.pedigree import Pedigree
from exchange.model.product import Dataset, Product, Release
from exchange.model.writes import (
    AddGrant,
    AddOrganization,
    CreateDataset,
    CreateProduct,
    CreateRelease,
    PublishFootprint,
    Write,
)
from exchange.units import AmountUnit, DeclaredUnit
from tests.store.examples import (
    NOW_US,
    OF_FACTOR,
    a_footprint,
    a_grant,
    a_line,
    a_product,
    a_release,
    an_organization,
    new_id,
    scored,
)

PLAIN = ("0", "2", "0.40", "-0", "12.5", "1E+3", "0.000001", "99999999999999")
LONG = ("0.1234567890123456789", "1E-30", "123456789012345678.25", "-9.99999999999999999", "3E+25")
PRICES = (Price("EUR", 2019, PriceBasis.BASIC), Price("USD", 2012, PriceBasis.PURCHASER))


@dataclass
class Rich:
    """Everything in the order of the ledger; footprints by key, grants by product and sequence."""

    random: random.Random
    owners: list[Organization] = field(default_factory=list)
    datasets: list[Dataset] = field(default_factory=list)
    products: list[Product] = field(default_factory=list)
    releases: list[Release] = field(default_factory=list)
    footprints: list[Footprint] = field(default_factory=list)
    grants: list[Grant] = field(default_factory=list)
    late: str = ""

    def number(self) -> Decimal:
        return Decimal(self.random.choice(LONG if self.random.random() < 0.2 else PLAIN))

    def perhaps(self, share: float = 0.5) -> bool:
        return self.random.random() < share

    def components(self) -> CarbonComponents:
        names = self.random.sample((*STATED, UNSPECIFIED), self.random.choice((0, 1, 1, 2, 11)))
        return CarbonComponents({name: self.number() for name in names})

    def price_of(self, unit: str) -> Price | None:
        return self.random.choice(PRICES) if unit == "MONEY" else None

    def fallback(self) -> Fallback:
        product = self.random.choice(self.products)
        known, unit = self.perhaps(), self.random.choice(("KILOGRAM", "MONEY", "GIGAJOULE"))
        return Fallback(
            product_key=product.key if known else None,
            named_id=product.id if known else None,
            urn=None if known else self.late if self.perhaps() else f"urn:gtin:{self.random.randrange(9)}",
            amount=self.number(),
            unit=unit,
            price=self.price_of(unit),
            **self.spread(),
        )

    def spread(self) -> dict[str, Any]:
        """Of an amount or a result: stated, or by scores."""
        found = (
            self.random.choice((Decimal(1), OF_FACTOR, Decimal("2.123456789012345678"))) if self.perhaps(0.3) else None
        )
        return scored(found) if isinstance(found, Pedigree) else {"geometric_standard_deviation": found}

    def line(self) -> Line:
        product = self.random.choice(self.products)
        unit = self.random.choice(list(AmountUnit)).value
        named = self.random.choice(("key", "key", "key", "urn", "late", "id"))
        return a_line(
            product if named == "key" else None,
            urn={"urn": f"urn:gtin:{self.random.randrange(9)}", "late": self.late}.get(named),
            **({"named_id": new_id()} if named == "id" else {}),
            amount=self.number(),
            unit=unit,
            price=self.price_of(unit),
            stage=self.random.choice(STAGES),
            amount_is_primary=self.perhaps(),
            delivered=self.perhaps(),
            packaging=self.perhaps(),
            credit=self.perhaps(),
            data_quality=self.quality() if self.perhaps(0.2) else None,
            **self.spread(),
            fallback=self.fallback() if self.perhaps(0.2) else None,
        )

    def quality(self) -> DataQuality:
        return DataQuality(*(Decimal(self.random.choice(("1", "2.5", "5"))) for _ in range(3)))

    def footprint(self, sequence: int, lines_max: int) -> Footprint:
        unit = self.random.choice(list(DeclaredUnit))
        optional = [self.number() if self.perhaps(0.3) else None for _ in range(3)]
        made = a_footprint(
            self.random.choice(self.products[:-1]),
            len(self.footprints),
            id=self.random.choice(
                (new_id(), new_id(), new_id(), new_id().upper(), f"no uuid {sequence}", f"{sequence:06}" + "é" * 30)
            ),
            sequence=sequence,
            published_at_us=NOW_US + sequence,
            valid_from_day=self.random.randrange(19_000, 21_000),
            valid_until_day=self.random.choice((NEVER_DAY, 20_500)),
            release_id=self.random.choice(self.releases).id if self.perhaps(0.3) else None,
            deprecated_at_us=NOW_US + 900 if self.perhaps(0.2) else NEVER_US,
            declared_unit=unit,
            declared_unit_amount=Decimal(self.random.choice(("1", "1.0", "12.5", "1E+3", LONG[0]))),
            price=self.price_of(unit.value),
            mass_kg_per_declared_unit=Decimal(self.random.choice(("0", "1", "2.50", LONG[2]))),
            geography_country=self.random.choice((None, "CN", "DE", "XK")),
            ipcc_characterization_factors=self.random.choice((("AR6",), ("AR5", "AR6"))),
            exempted_emissions_percent=abs(self.number()),
            data_quality=self.quality() if self.perhaps() else None,
        )
        if self.perhaps(0.3):
            stated = Declared(
                self.number(), self.number(), self.components(), optional[0], optional[1], optional[2], **self.spread()
            )
            # Without a draw of its own: what else is made stays as it was.
            boundary = SystemBoundary.CRADLE_TO_GRAVE if made.key % 3 == 0 else SystemBoundary.CRADLE_TO_GATE
            return replace(made, declared=stated, boundary=boundary)
        stages = self.random.sample(STAGES, self.random.choice((0, 1, 1, 2, 5)))
        direct = {stage: self.components() for stage in stages}
        lines = Lines.of([self.line() for _ in range(self.random.randrange(lines_max))])
        spread = {f"direct_{name}": value for name, value in self.spread().items()}
        return replace(made, declared=None, modelled=Modelled(direct, optional[0], optional[1], lines=lines, **spread))


def rich(seed: int, *, products: int = 30, footprints: int = 80, lines_max: int = 9) -> Rich:
    """The last product was registered after everything else, under a URN that lines and fallbacks name."""
    made = Rich(random.Random(seed))
    made.owners = [an_organization() for _ in range(4)]
    made.late = f"urn:pact:{made.owners[0].domains[0]}:product-id:late"
    made.datasets = [Dataset(new_id(), f"Factors {number}", made.owners[0].id) for number in range(2)]
    made.releases = [
        a_release(made.random.choice(made.datasets), 19_500 + 300 * number, sequence=number + 1) for number in range(5)
    ]
    made.products = [
        a_product(made.random.choice(made.owners), key, f"Thing {key}", sequence=6 + key) for key in range(products)
    ]
    made.products[-1] = replace(made.products[-1], product_ids=(made.late,), sequence=10_000)
    for number in range(footprints):
        made.footprints.append(made.footprint(100 + number, lines_max))
    made.grants = _grants(made, made.products[::2])
    return made


def writes_of(made: Rich) -> list[Write]:
    """What puts all of it into an empty store, in this order."""
    [late] = made.products[-1:]
    return [
        *map(AddOrganization, made.owners),
        *map(CreateDataset, made.datasets),
        *map(CreateRelease, made.releases),
        *map(CreateProduct, made.products[:-1]),
        *map(PublishFootprint, made.footprints),
        CreateProduct(late),
        *map(AddGrant, made.grants),
    ]


def _grants(made: Rich, products: Sequence[Product]) -> list[Grant]:
    found: list[Grant] = []
    for product in products:
        for _ in range(made.random.randrange(4)):
            begin = NOW_US + made.random.choice((-500, 500))
            grant = a_grant(
                product,
                made.random.choice((None, *made.owners)),
                sequence=5_000 + len(found),
                from_us=begin,
                until_us=made.random.choice((NEVER_US, begin + 700)),
            )
            if made.perhaps(0.3):
                grant = replace(grant, revoked_at_us=NOW_US + 100, revoked_sequence=6_000 + len(found))
            found.append(grant)
    return found
