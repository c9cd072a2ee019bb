"""The demo supply chain as a picture needs it: who supplies whom today, which suppliers are shared, where gaps are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from functools import cached_property

import seed
from exchange.units import COUNTED_BY_MASS, DeclaredUnit, Dimension, dimension

FACTORS = "factors"
SHARED_CHAINS_MIN = 3  # a supplier of at least this many chains is drawn apart, as where they meet


@dataclass(frozen=True, slots=True)
class Supply:
    """One product goes into another. `gap`: why the line stays unresolved; None where it resolves."""

    supplier: str
    consumer: str
    gap: str | None


@dataclass(frozen=True)
class SeedChains:
    """The seed on its own day. Products are named by the seed's keys; a URN stands for what nobody registered."""

    data: seed.SeedData

    @cached_property
    def products(self) -> Mapping[str, seed.Product]:
        return {product.key: product for product in self.data.products}

    @cached_property
    def owner_name(self) -> Mapping[str, str]:
        """Names of enterprises without "(invented)", which the picture says once of all."""
        return {one.key: one.name.replace("(invented)", "").strip() for one in self.data.organizations}

    @cached_property
    def standing(self) -> Mapping[str, seed.Footprint]:
        """The footprint of each product that stands: the last one that nothing corrects."""
        corrected = {footprint.supersedes for footprint in self.data.footprints}
        found: dict[str, seed.Footprint] = {}
        for footprint in self.data.footprints:
            older = found.get(footprint.product)
            newer = older is None or footprint.input["referencePeriodEnd"] >= older.input["referencePeriodEnd"]
            if footprint.key not in corrected and newer:
                found[footprint.product] = footprint
        return found

    @cached_property
    def supplies(self) -> tuple[Supply, ...]:
        """Every line of every standing footprint, once for each pair of products."""
        found: dict[tuple[str, str], Supply] = {}
        for consumer, footprint in self.standing.items():
            for line in footprint.lines:
                named = line["product"]
                supplier = named.get("product") or named["productId"]
                found.setdefault((supplier, consumer), Supply(supplier, consumer, self._gap(supplier, consumer, line)))
        return tuple(found.values())

    @cached_property
    def chains_supplied(self) -> Mapping[str, frozenset[str]]:
        """The chains that a product goes into."""
        found: dict[str, set[str]] = defaultdict(set)
        for supply in self.supplies:
            found[supply.supplier].add(self.products[supply.consumer].chain)
        return {key: frozenset(chains) for key, chains in found.items()}

    @cached_property
    def shared(self) -> tuple[str, ...]:
        """Suppliers, not factors, of at least SHARED_CHAINS_MIN chains: the most used first."""
        count: dict[str, int] = defaultdict(int)
        for supply in self.supplies:
            count[supply.supplier] += 1
        found = [
            key
            for key, chains in self.chains_supplied.items()
            if key in self.products and self.products[key].chain != FACTORS and len(chains) >= SHARED_CHAINS_MIN
        ]
        return tuple(sorted(found, key=lambda key: (-len(self.chains_supplied[key]), -count[key], key)))

    def chain_of(self, key: str) -> str:
        """A product's chain; of an unregistered one, its consumer's."""
        if key in self.products:
            return self.products[key].chain
        return next(self.products[s.consumer].chain for s in self.supplies if s.supplier == key)

    def name_of(self, key: str) -> str:
        if key in self.products:
            return self.products[key].name
        return next(one.name for one in self.data.unregistered if one.product_id == key)

    def _gap(self, supplier: str, consumer: str, line: Mapping[str, object]) -> str | None:
        """The reason in a few words, in the order in which the exchange looks for one."""
        if supplier not in self.products:
            return "nobody registered it" if "fallback" not in line else "a fallback serves"
        owner, buyer = self.products[supplier].owner, self.products[consumer].owner
        granted = {grant.to for grant in self.data.grants if grant.product == supplier}
        if owner != buyer and granted.isdisjoint({buyer, "public"}):
            return "not shared with the buyer"
        footprint = self.standing.get(supplier)
        if footprint is None:
            return "no footprint yet"
        if _ends(footprint) <= datetime.combine(self.data.as_of, time(), UTC):
            return "footprint expired"
        declared = DeclaredUnit(footprint.input["declaredUnitOfMeasurement"])
        by_weight = dimension(str(line["unit"])) == Dimension.MASS and dimension(declared) in COUNTED_BY_MASS
        if by_weight and float(footprint.input["productMassPerDeclaredUnit"]) == 0:
            return "ordered by weight, no mass stated"
        return None


def _ends(footprint: seed.Footprint) -> datetime:
    """When a footprint ceases to hold: as stated, or three years after its reference period; a release's stays."""
    stated = footprint.input.get("validityPeriodEnd")
    if stated is None and footprint.release is not None:
        return datetime.max.replace(tzinfo=UTC)
    if stated is not None:
        return datetime.fromisoformat(stated)
    end = datetime.fromisoformat(footprint.input["referencePeriodEnd"])
    return end.replace(year=end.year + 3)
