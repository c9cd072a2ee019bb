"""Supply chains of any size, made up: what the graph in memory holds of them, in columns.

Products stand in 12 tiers and take 5 to 8 inputs (mean 6.4), nearly all from the tiers before, one in a hundred from
the same tier or a later one: of the product's own industry (`local`), or of anywhere (`random`, where most products
end up in one loop). Two products of a hundred are hubs, which get half of all inputs by Zipf's law. Amounts span six
orders of magnitude; a product's inputs make 0.3 to 0.8 of its footprint. Nothing here is real.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from exchange.memory import NOBODY, Column, Tables
from exchange.memory.rare import STATED_WIDTH
from exchange.model.carbon import CarbonComponents
from exchange.model.footprint import NEVER_DAY, NEVER_US, Footprint, LifeCycleStage, Lines, Modelled
from exchange.model.resolved import Floats, Ints
from exchange.rollup.factors import SupplierUnit
from exchange.rollup.loops import strong_components
from exchange.rollup.standings import OWN_WIDTH
from exchange.units import DeclaredUnit

TIERS = 12
INDUSTRY = 650  # products, the largest loop of the local variant
HUBS = 0.02
TO_HUBS = 0.5
BACKWARDS = 0.01
INPUTS = (5, 8)
VALID_FROM, AS_OF = 0, 20_000
OWNERS = 1_000
KILOGRAM = DeclaredUnit.KILOGRAM.value


@dataclass(frozen=True)
class Supply:
    """starts: of each product, its first input; supplier and amount of inputs; own: emissions of each product."""

    starts: Ints
    supplier: Ints
    amount: Floats
    own: Floats

    @property
    def products(self) -> int:
        return len(self.own)


def supply(products: int, *, local: bool = True, seed: int = 1) -> Supply:
    """A supply chain of so many products; a product's tier is its key's twelfth of all."""
    random = np.random.default_rng(seed)
    counts = random.choice(np.arange(INPUTS[0], INPUTS[1] + 1), size=products, p=(0.2, 0.35, 0.3, 0.15))
    tier = np.arange(products) * TIERS // products
    counts[tier == 0] = 0
    starts = np.concatenate(([0], np.cumsum(counts)))
    consumer = np.repeat(np.arange(products), counts)
    first_of_tier = np.searchsorted(tier, np.arange(TIERS + 1))
    before = first_of_tier[tier[consumer]]
    supplier = (random.random(len(consumer)) * before).astype(np.int64)
    # Zipf's law over the hubs of the tiers before, spread evenly over them.
    hub = random.random(len(consumer)) < TO_HUBS
    hubs_before = np.maximum((before[hub] * HUBS).astype(np.int64), 1)
    rank = np.minimum(random.zipf(1.3, hub.sum()) - 1, hubs_before - 1)
    supplier[hub] = np.minimum((rank / HUBS).astype(np.int64) * 7919 % np.maximum(before[hub], 1), before[hub] - 1)
    back = random.random(len(consumer)) < BACKWARDS
    if local:
        industry = consumer[back] // INDUSTRY * INDUSTRY
        supplier[back] = np.minimum(industry + random.integers(0, INDUSTRY, back.sum()), products - 1)
    else:
        supplier[back] = random.integers(0, products, back.sum())
    # Amounts whose worth makes the share of the inputs, by the sizes that follow tier by tier.
    size = 10.0 ** random.uniform(-3, 3, products)
    share = random.uniform(0.3, 0.8, products)
    parts = random.dirichlet(np.ones(4), len(consumer))[:, 0] + 0.05
    sums = np.bincount(consumer, parts, minlength=products)
    amount = parts / sums[consumer] * share[consumer] * size[consumer] / size[supplier]
    own = size * np.where(counts > 0, 1 - share, 1.0)
    return Supply(starts, supplier, np.array([float(f"{each:.9g}") for each in amount]), own)


def new_version(made: Supply, product: int) -> Footprint:
    """A footprint of the product as somebody would publish it again: the same lines, the first of them anew."""
    part = slice(int(made.starts[product]), int(made.starts[product + 1]))
    amounts, count = made.amount[part].tolist(), int(made.starts[product + 1] - made.starts[product])
    lines = Lines(
        suppliers=made.supplier[part].tolist(),
        names=["urn:x:y"] * count,
        amounts=[f"{amount * (1.01 if not position else 1):.9g}" for position, amount in enumerate(amounts)],
        units=[0] * count,
        unit_table=[(KILOGRAM, None)],
        stages=bytes(count),
        flags=bytes(count),
    )
    direct = {LifeCycleStage.MANUFACTURING: CarbonComponents({"fossilGhgEmissions": Decimal(1)})}
    return Footprint(
        id=f"new-{product}",
        key=-1,
        pf_id="",
        preceding_pf_ids=(),
        product_id="",
        product_key=product,
        release_id=None,
        published_at_us=0,
        sequence=0,
        deprecated_at_us=NEVER_US,
        deprecated_sequence=NEVER_US,
        reference_period_start_us=0,
        reference_period_end_us=0,
        valid_from_day=VALID_FROM,
        valid_until_day=NEVER_DAY,
        declared_unit_amount=Decimal(1),
        declared_unit=DeclaredUnit.KILOGRAM,
        price=None,
        mass_kg_per_declared_unit=Decimal(1),
        geography_country=None,
        geography_country_subdivision=None,
        geography_region_or_subregion=None,
        boundary_processes_description=None,
        ipcc_characterization_factors=("AR6",),
        cross_sectoral_standards=(),
        exempted_emissions_percent=Decimal(0),
        exempted_emissions_description=None,
        fossil_carbon_content=None,
        data_quality=None,
        comment=None,
        declared=None,
        modelled=Modelled(direct, None, None, None, lines),
    )


def looped(made: Supply) -> Ints:
    """Products that lie on a loop."""
    shape = (made.products, made.products)
    matrix = csr_array((np.ones(len(made.supplier)), made.supplier.astype(np.int32), made.starts), shape=shape)
    labels = strong_components(matrix)
    return np.flatnonzero(np.bincount(labels)[labels] > 1)


def with_gain(made: Supply, gain: float) -> Supply:
    """The same with all amounts scaled so that its loops together consume that share of themselves (power iteration on
    amounts between products of equal size)."""
    rows, size = made.products, made.own.copy()
    matrix: Any = csr_array((made.amount, made.supplier.astype(np.int32), made.starts), shape=(rows, rows))
    for _ in range(60):
        size = made.own + matrix @ size
    scaled = made.amount * size[made.supplier] / np.repeat(size, np.diff(made.starts))
    matrix = csr_array((scaled, made.supplier.astype(np.int32), made.starts), shape=(rows, rows))
    vector, growth = np.ones(rows), []
    for _ in range(600):
        following = matrix @ vector
        norm = float(np.linalg.norm(following))
        growth.append(norm / float(np.linalg.norm(vector)))
        vector = following / norm
    mean = float(np.exp(np.mean(np.log(growth[500:]))))  # of many: loops of even length let it swing
    return replace(made, amount=made.amount * (gain / mean))


def tables_of(made: Supply) -> Tables:
    """The graph in memory of these products: one footprint each, everything public."""
    tables, products = Tables(), made.products
    keys = np.arange(products)
    tables.products.resize(products)
    tables.products.sequence.values[:] = keys
    tables.products.owner.values[:] = keys % OWNERS
    for number in range(OWNERS):
        tables.owner_number(str(number))
    tables.products.latest_version.values[:] = keys
    versions = tables.versions
    versions.resize(products)
    versions.product.values[:] = keys
    versions.sequence.values[:] = products + keys
    versions.valid_from_day.values[:] = VALID_FROM
    versions.valid_until_day.values[:] = NEVER_DAY
    versions.stated.put(keys, np.broadcast_to((0.0, 3.0, 3.0, 3.0, 0.0, 0.0, np.nan), (products, STATED_WIDTH)))
    versions.own.column(0).values[:] = made.own
    versions.own.column(OWN_WIDTH - 1).values[:] = made.own
    versions.first_line.values[:] = made.starts[:-1]
    versions.line_count.values[:] = np.diff(made.starts)
    one = SupplierUnit(KILOGRAM, None, Decimal(1), Decimal(1))
    tables.supplier_units.append(one)
    tables.units.append((KILOGRAM, None))
    tables.characterizations.append(("AR6",))
    tables.countries.append(None)
    _fill(tables.lines.supplier, made.supplier)
    _fill(tables.lines.version, np.repeat(keys, np.diff(made.starts)))
    _fill(tables.lines.amount, made.amount)
    _fill(tables.lines.unit, np.zeros(len(made.supplier)))
    _fill(tables.lines.kind, np.zeros(len(made.supplier)))
    grants = tables.grants
    tables.products.latest_grant.values[:] = keys
    _fill(grants.product, keys)
    _fill(grants.grantee, np.full(products, -1))
    _fill(grants.from_us, np.zeros(products))
    _fill(grants.until_us, np.full(products, NEVER_US))
    _fill(grants.sequence, 2 * products + keys)
    grants.revoked.row.resize(products)
    _fill(grants.previous, np.full(products, NOBODY))
    for column in (grants.owner, grants.classification):
        _fill(column, np.full(products, NOBODY))
    return tables


def _fill(column: Column, values: Any) -> None:
    column.extend(values)
