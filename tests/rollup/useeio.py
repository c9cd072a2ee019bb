"""USEEIO straight from its two CSV files into a snapshot: 411 products of one publisher, 92,527 lines."""

from __future__ import annotations

import csv
import gzip
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from exchange.model.carbon import UNSPECIFIED, CarbonComponents
from exchange.model.closure import Node, Snapshot
from exchange.model.footprint import NEVER_DAY, Footprint, LifeCycleStage, Lines, Modelled
from tests.rollup.check import NOW, USD_2012, World


@dataclass(frozen=True)
class Useeio:
    """codes: in order of product keys. published: the publisher's totals, kg CO2e per dollar."""

    snapshot: Snapshot
    codes: list[str]
    published: list[float]


def read_useeio(folder: Path) -> Useeio:
    """The model as one dataset release of modelled footprints, per 2012 dollar."""
    with (folder / "useeio" / "products.csv").open(newline="", encoding="utf-8") as file:
        products = list(csv.DictReader(file))
    keys = {row["code"]: key for key, row in enumerate(products)}
    suppliers: list[array[int]] = [array("q") for _ in products]
    amounts: list[list[str]] = [[] for _ in products]
    with gzip.open(folder / "useeio" / "inputs.csv.gz", "rt", newline="", encoding="utf-8") as file:
        rows = csv.reader(file)
        next(rows)
        for consumer, supplier, amount in rows:
            suppliers[keys[consumer]].append(keys[supplier])
            amounts[keys[consumer]].append(amount)
    names = [f"urn:x:{row['code']}" for row in products]
    world = World()
    world.own("epa", *keys)
    nodes = {}
    for key, row in enumerate(products):
        lines = Lines(
            suppliers=suppliers[key],
            names=[names[supplier] for supplier in suppliers[key]],
            amounts=amounts[key],
            units=bytes(len(amounts[key])),
            unit_table=[("MONEY", USD_2012)],
            stages=bytes(len(amounts[key])),
            flags=bytes(len(amounts[key])),
        )
        footprint = _footprint(world, row["code"], Decimal(row["direct_kgco2e_per_usd"]), lines)
        nodes[key] = Node(world.product(row["code"]), (footprint,), ())
    snapshot = Snapshot(NOW.head, nodes, {}, {})
    return Useeio(snapshot, list(keys), [float(row["published_total_kgco2e_per_usd"]) for row in products])


def brightway_lca(useeio: Useeio, direct: Mapping[int, Sequence[Decimal]], demanded: int) -> Any:
    """The model in bw2calc, solved and assessed for one dollar of a product; skips where it is not installed."""
    calc = pytest.importorskip("bw2calc", reason="needs the extra `oracle`")
    processing = pytest.importorskip("bw_processing", reason="needs the extra `oracle`")
    consumers, suppliers, amounts = [], [], []
    for key, node in useeio.snapshot.nodes.items():
        lines = node.footprints[0].lines
        consumers += [key] * len(lines)
        suppliers += list(lines.suppliers)
        amounts += [float(amount) for amount in lines.amounts]
    package = processing.create_datapackage()
    products = np.arange(411)
    package.add_persistent_vector(  # one vector, so that a product's own output and its self-loop add up
        matrix="technosphere_matrix",
        indices_array=np.array(
            [*zip([*products, *suppliers], [*products, *consumers], strict=True)], dtype=processing.INDICES_DTYPE
        ),
        data_array=np.array([*np.ones(411), *amounts]),
        flip_array=np.array([False] * 411 + [True] * len(amounts)),
    )
    package.add_persistent_vector(
        matrix="biosphere_matrix",
        indices_array=np.array([(1000, key) for key in products], dtype=processing.INDICES_DTYPE),
        data_array=np.array([float(sum(direct[key])) for key in range(411)]),
    )
    package.add_persistent_vector(
        matrix="characterization_matrix",
        indices_array=np.array([(1000, 0)], dtype=processing.INDICES_DTYPE),
        data_array=np.ones(1),
    )
    lca = calc.LCA({demanded: 1}, data_objs=[package])
    lca.lci()
    lca.lcia()
    return lca


def _footprint(world: World, code: str, direct: Decimal, lines: Lines) -> Footprint:
    world.modelled(code, unit="MONEY", mass="0", release="2.0.1", period=("2012-01-01", "2013-01-01"), dqr=3)
    parts = CarbonComponents({"fossilGhgEmissions": Decimal(0), UNSPECIFIED: direct})
    modelled = Modelled({LifeCycleStage.MANUFACTURING: parts}, None, None, None, lines)
    world.replace(code, 1, modelled=modelled, valid_until_day=NEVER_DAY)
    return world.footprints[code][0]
