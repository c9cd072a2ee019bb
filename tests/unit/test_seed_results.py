"""What the seed's chains come to is interesting and plausible. Pure: the numbers come from a dense solve."""

from __future__ import annotations

import re
from collections import Counter
from decimal import Decimal

import networkx as nx
import numpy as np
import pytest

import seed
from tests.unit.seed_solver import DATA, FOOTPRINTS, GATE, PRODUCTS, UNITS, named, per_unit, results, standing, system

# ---- interesting ----


def test_the_gaps_are_these():
    gaps = Counter(
        (consumer, standing()[consumer].lines[position]["product"].get("product", "unregistered"), code)
        for consumer, position, code, served in system()[3]
        if not served
    )
    assert gaps == {
        ("methanol", "unregistered", "NOT_GRANTED"): 1,
        ("electric-car", "unregistered", "NOT_GRANTED"): 1,
        ("solar-cell", "unregistered", "NOT_GRANTED"): 1,
        ("carbon-anode", "coal-tar-pitch", "NOT_GRANTED"): 1,
        ("caustic-soda", "industrial-salt", "NO_FOOTPRINT"): 1,
        ("dyed-fabric", "reactive-dye", "NO_FOOTPRINT"): 1,
        ("battery-pack", "battery-management-system", "UNIT_NOT_CONVERTIBLE"): 1,
        ("rooftop-plant", "inverter", "EXPIRED"): 1,
    }
    served = [(consumer, code) for consumer, _, code, by_fallback in system()[3] if by_fallback]
    assert served == [("auto-sheet", "NOT_GRANTED")]


def test_the_features_of_the_method_occur():
    lines = [line for footprint in DATA.footprints for line in footprint.lines]
    units = {line["unit"] for line in lines}
    assert units >= {"TON", "GRAM", "MILLIGRAM", "MEGAWATT_HOUR", "WATT_HOUR", "GIGAJOULE", "MEGAJOULE"}
    assert units >= {"TON_KILOMETER", "PIECE", "SQUARE_METER", "CUBIC_METER", "LITER", "MILLILITER"}
    amounts = {footprint.input["declaredUnitAmount"] for footprint in DATA.footprints}
    assert amounts >= {"1", "12.5", "1000"}
    for flag in ("delivered", "packaging", "credit", "amountIsPrimary"):
        assert any(line.get(flag) for line in lines), flag
    assert {line["stage"] for line in lines} >= {*GATE, "DISTRIBUTION", "USE"}
    by_mass = {
        standing()[key].input["declaredUnitOfMeasurement"]
        for line in lines
        if (key := named(line)[0]) in standing() and UNITS[line["unit"]][0] == "mass"
    }
    assert by_mass >= {"KILOGRAM", "SQUARE_METER", "LITER", "PIECE"}
    assert any(Decimal(f.input.get("exemptedEmissionsPercent", "0")) for f in DATA.footprints)
    assert len({tuple(f.input["dataQuality"].values()) for f in DATA.footprints}) >= 6
    assert any(
        "declared" in f.input and "biogenicCO2Uptake" in f.input["declared"]["components"] for f in DATA.footprints
    )


def test_loops_run_through_the_chains_and_are_weak():
    order, a, _, _ = system()
    graph: nx.DiGraph[str] = nx.DiGraph()
    for row, consumer in enumerate(order):
        for column in np.flatnonzero(a[row]):
            graph.add_edge(consumer, order[column])
    for loop in (
        ("coal-power", "thermal-coal", "grid-power"),
        ("hot-rolled-coil", "coking-coal"),
        ("coal-power", "hot-rolled-coil", "grid-power"),
        ("grid-power", "rooftop-power", "rooftop-plant", "solar-module", "solar-cell"),
    ):
        assert nx.is_path(graph, [*loop, loop[0]]), loop
    largest = max(nx.strongly_connected_components(graph), key=len)
    assert len(largest) >= 15
    assert len({PRODUCTS[product].chain for product in largest}) >= 3
    inverse = np.linalg.inv(np.eye(len(order)) - np.abs(a))
    assert inverse.min() > -1e-9
    for consumer in largest:  # one unit embodies far less than one of itself, in absolute amounts
        row = order.index(consumer)
        assert 1 - 1 / inverse[row, row] < 0.2, consumer


def test_the_chains_meet_in_shared_suppliers():
    graph: nx.DiGraph[str] = nx.DiGraph()
    for footprint in standing().values():
        for line in footprint.lines:
            key, _ = named(line)
            if key:
                graph.add_edge(footprint.product, key)
    ends = ("polypropylene", "aluminium-profile", "electric-car", "rooftop-power", "t-shirt")
    upstream = [nx.descendants(graph, product) for product in ends]
    assert set.intersection(*upstream) >= {"grid-power", "coal-power", "thermal-coal", "hot-rolled-coil"}
    owners = {PRODUCTS[product].owner for product in nx.descendants(graph, "electric-car")}
    assert len(owners) >= 15


def test_one_product_is_seen_at_three_levels_and_some_by_everybody():
    owner, inputs, total = seed.DEMO_VIEWERS
    levels = {grant.to: grant.level for grant in DATA.grants if grant.product == seed.DEMO_PRODUCT}
    assert PRODUCTS[seed.DEMO_PRODUCT].owner == owner
    assert levels == {inputs: "INPUTS", total: "TOTAL"}
    public = {grant.product for grant in DATA.grants if grant.to == "public"}
    assert public >= set(seed.DEMO_PUBLIC)
    onward = {grant.product for grant in DATA.grants if grant.onward and grant.to == owner}
    assert onward >= {"battery-pack", "auto-sheet"}


# ---- plausible ----


@pytest.mark.parametrize(
    ("product", "low", "high", "why"),
    [
        ("coal-power", 0.8, 1.1, "kg per kWh"),
        ("grid-power", 0.45, 0.75, "kg per kWh"),
        ("thermal-coal", 0.08, 0.25, "kg per kg at the mine"),
        ("methanol", 2.0, 3.6, "kg per kg, from coal"),
        ("propylene", 7, 12, "kg per kg, from coal"),
        ("polypropylene", 7, 12, "kg per kg, from coal"),
        ("hot-rolled-coil", 1.8, 2.6, "kg per kg, blast furnace"),
        ("recycled-steel", 0.4, 1.2, "kg per kg, electric arc furnace"),
        ("lime", 1.0, 1.4, "kg per kg"),
        ("alumina", 1.0, 2.5, "kg per kg"),
        ("primary-aluminium", 12, 18, "kg per kg, coal power"),
        ("hydro-aluminium", 4, 8, "kg per kg, hydropower"),
        ("electric-car", 8000, 15000, "kg per car"),
        ("t-shirt", 1, 6, "kg per piece"),
        ("rooftop-power", 0.02, 0.1, "kg per kWh"),
    ],
)
def test_results_are_plausible(product, low, high, why):
    assert low <= per_unit(product) <= high, (per_unit(product), why)


def test_battery_and_module_are_plausible_by_capacity():
    assert 60 <= per_unit("battery-pack") / 60.48 <= 120
    assert 400 <= per_unit("solar-module") / 0.545 <= 1000


def test_hydropower_aluminium_is_far_below_coal_power_aluminium():
    assert per_unit("primary-aluminium") > 2 * per_unit("hydro-aluminium")


def test_cotton_keeps_its_carbon_down_to_the_garment():
    for product in ("cotton-lint", "cotton-yarn", "knitted-fabric", "dyed-fabric", "t-shirt"):
        excluded, included = results()[product]
        assert included < excluded
    # The T-shirt holds 0.195 kg of cotton at about 1.54 kg CO2 per kg, and what was lost on the way but not burnt.
    taken_up = results()["t-shirt"][0] - results()["t-shirt"][1]
    assert 0.27 < taken_up < 0.37


def test_the_readme_shows_what_comes_out():
    text = (seed.FOLDER / "README.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `([a-z-]+)` \|.*\| ([\d.]+) \|$", text, flags=re.MULTILINE))
    assert len(rows) >= 10
    for product, shown in rows.items():
        assert float(shown) == pytest.approx(results()[product][0], rel=5e-3), product


def test_the_correction_lowered_the_pack():
    wrong, right = (FOOTPRINTS[key].lines[1]["amount"] for key in ("battery-pack-2025-first", "battery-pack-2025"))
    assert (wrong, right) == ("198.109", "98.109")
