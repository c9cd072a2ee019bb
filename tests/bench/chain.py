"""A made-up supply chain (`supply.py`) as the values that an exchange keeps of it, numbered as its ledger would.

Organizations come first, then products, footprints and grants, each with one change. One footprint each: declared in
the first tier, modelled in the others. Everything is public. Ids are the same whenever it is made, so a database that
was filled once is known again.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from typing import Final

from exchange.model.carbon import CarbonComponents
from exchange.model.footprint import STAGES, Declared, Footprint, LifeCycleStage, Lines, Modelled
from exchange.model.grant import Grant
from exchange.model.ledger import Change, ChangeKind
from exchange.model.parties import Organization
from exchange.model.product import Product
from exchange.units import DeclaredUnit
from tests.bench.supply import KILOGRAM, OWNERS, VALID_FROM, Supply
from tests.store.examples import NOW_US, a_footprint, a_grant, a_product, an_organization

_MANUFACTURING: Final = STAGES.index(LifeCycleStage.MANUFACTURING)


def owner_domain(number: int) -> str:
    return f"owner-{number}.example"


def product_id(key: int) -> str:
    return _id("product", key)


@dataclass(frozen=True)
class Chain:
    """Values of `made`. Products and what belongs to them have the keys of the generator."""

    made: Supply
    _line_names: dict[int, str] = field(default_factory=dict, repr=False)  # of suppliers that were met before

    @property
    def head(self) -> int:
        """The ledger's last sequence."""
        return OWNERS + 3 * self.made.products

    @cached_property
    def organizations(self) -> tuple[Organization, ...]:
        return tuple(_organization(number) for number in range(OWNERS))

    def owner(self, key: int) -> Organization:
        return self.organizations[key % OWNERS]

    def product(self, key: int) -> Product:
        identity, owner = product_id(key), self.owner(key)
        urn = f"urn:pact:{owner.domains[0]}:product-id:{identity}"
        return a_product(
            owner, key, f"Product {key}", id=identity, product_ids=(urn,), sequence=OWNERS + key + 1, description=None
        )

    def grant(self, product: Product) -> Grant:
        sequence = OWNERS + 2 * self.made.products + product.key + 1
        return a_grant(product, None, id=_id("grant", product.key), from_us=0, sequence=sequence)

    def footprint(self, product: Product) -> Footprint:
        made = self.made
        first, after = int(made.starts[product.key]), int(made.starts[product.key + 1])
        suppliers = made.supplier[first:after].tolist()
        amount = Decimal(f"{made.own[product.key]:.9g}")
        own = CarbonComponents({"fossilGhgEmissions": amount})
        footprint = a_footprint(
            product,
            product.key,
            [],
            id=_id("footprint", product.key),
            pf_id=_id("pf", product.key),
            sequence=OWNERS + made.products + product.key + 1,
            valid_from_day=VALID_FROM,
            declared_unit=DeclaredUnit.KILOGRAM,
            declared_unit_amount=Decimal(1),
            mass_kg_per_declared_unit=Decimal(1),
            geography_country="CN",
        )
        if not suppliers:
            declared = Declared(amount, amount, own, None, None, None, None)
            return replace(footprint, declared=declared, modelled=None)
        lines = Lines(
            suppliers=suppliers,
            names=[self._line_name(key) for key in suppliers],
            amounts=[str(Decimal(repr(each))) for each in made.amount[first:after].tolist()],
            units=[0] * len(suppliers),
            unit_table=[(KILOGRAM, None)],
            stages=[_MANUFACTURING] * len(suppliers),
            flags=[0] * len(suppliers),
        )
        return replace(footprint, modelled=Modelled({LifeCycleStage.MANUFACTURING: own}, None, None, None, lines))

    def _line_name(self, key: int) -> str:
        found = self._line_names.get(key)
        if found is None:
            found = self._line_names[key] = f"id:{product_id(key)}"
        return found

    def changes(self) -> Iterator[Change]:
        """One of each value, in the order of the ledger."""
        sequence, keys = 0, range(self.made.products)
        for kind, subjects in (
            (ChangeKind.ORGANIZATION_ADDED, (organization.id for organization in self.organizations)),
            (ChangeKind.PRODUCT_CREATED, map(product_id, keys)),
            (ChangeKind.FOOTPRINT_PUBLISHED, (_id("footprint", key) for key in keys)),
            (ChangeKind.ACCESS_GRANTED, (_id("grant", key) for key in keys)),
        ):
            for subject in subjects:
                sequence += 1
                yield Change(sequence, kind, subject, "operator", NOW_US)


def _organization(number: int) -> Organization:
    identity, domain = _id("organization", number), owner_domain(number)
    return an_organization(
        f"Owner {number}",
        id=identity,
        domains=(domain,),
        company_ids=(f"urn:pact:{domain}:company-id:main",),
        group_id=identity,
        sequence=number + 1,
    )


def _id(kind: str, key: int) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{kind} {key}"))
