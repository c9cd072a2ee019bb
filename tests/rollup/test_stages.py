"""By stage: inside cradle to gate the stages sum to the total; outside it they are valued once."""

from decimal import Decimal

from exchange.model.carbon import COLUMN
from tests.rollup.check import World, assert_same, line, solve


def stages_of(world, name):
    solution = solve(world, name)
    found = solution.by_stage(world.keys[name])
    assert found is not None
    return {stage.stage: stage.components for stage in found}, solution.total(world.keys[name])


def test_stages_hold_direct_emissions_and_lines():
    world = World()
    lines = [
        line("a", "0.3"),
        line("a", "0.1", stage="MANUFACTURING"),
        line("truck", 2, "TON_KILOMETER", stage="DISTRIBUTION"),
        line("power", 10, stage="USE"),
        line("gone", 10, stage="END_OF_LIFE"),
    ]
    world.modelled("root", "1", lines, stages={"RAW_MATERIAL_ACQUISITION": "0.5", "USE": "0.25"})
    world.modelled("a", "2", [line("a", "0.1")])
    world.declared("truck", "0.12", unit="TON_KILOMETER", mass="0")
    world.declared("power", "0.7")
    world.key("gone")
    stages, total = stages_of(world, "root")
    fossil = {stage: components[0] for stage, components in stages.items()}
    assert list(fossil) == ["RAW_MATERIAL_ACQUISITION", "MANUFACTURING", "DISTRIBUTION", "USE", "END_OF_LIFE"]
    assert_same(fossil["RAW_MATERIAL_ACQUISITION"], "1.16666666667")
    assert_same(fossil["MANUFACTURING"], "1.22222222222")
    assert fossil["RAW_MATERIAL_ACQUISITION"] + fossil["MANUFACTURING"] == total.components[0]
    assert [str(fossil[stage]) for stage in ("DISTRIBUTION", "USE", "END_OF_LIFE")] == ["0.24", "7.25", "0"]
    assert str(total.outbound) == "0.24"


def test_a_single_stage_inside_cradle_to_gate_is_the_total():
    world = World()
    world.modelled("root", "1", [line("a", "0.333333", stage="MANUFACTURING")])
    world.declared("a", "0.7777777")
    stages, total = stages_of(world, "root")
    assert stages == {"MANUFACTURING": total.components}


def test_delivered_lines_bring_outbound_components_into_their_stage():
    world = World()
    world.modelled("root", "1", [line("s", 2, delivered=True)])
    world.modelled("s", "3", stages={"DISTRIBUTION": {"fossilGhgEmissions": "0", "biogenicNonCO2Emissions": "0.1"}})
    stages, total = stages_of(world, "root")
    acquired = stages["RAW_MATERIAL_ACQUISITION"]
    assert str(acquired[COLUMN["biogenicNonCO2Emissions"]]) == "0.2"
    assert str(acquired[0]) == "6"
    assert [a + b for a, b in zip(acquired, stages["MANUFACTURING"], strict=True)] == list(total.components)


def test_declared_products_and_suppliers_have_no_stages():
    world = World()
    world.modelled("root", "1", [line("a", 1)])
    world.modelled("a", "1", [line("b", 1)])
    world.declared("b", "1")
    solution = solve(world, "root", "b")
    assert solution.by_stage(world.keys["b"]) is None
    assert solution.by_stage(world.keys["a"]) is None
    assert solution.direct(world.keys["b"]) is None
    direct = solution.direct(world.keys["a"])
    assert direct is not None
    assert direct[0] == Decimal(1)


def test_outbound_logistics_are_stated_or_not():
    world = World()
    world.modelled("root", "1", [line("a", 1), line("b", 1), line("c", 1)])
    world.declared("a", "1", outbound="0")
    world.declared("b", "1")
    world.modelled("c", "1", [line("gone", 1, stage="DISTRIBUTION")])
    world.key("gone")
    solution = solve(world, "root")
    said = {name: solution.total(world.keys[name]).outbound_stated for name in ("root", "a", "b", "c")}
    assert said == {"root": False, "a": True, "b": False, "c": True}
