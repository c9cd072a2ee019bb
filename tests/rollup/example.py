"""The small exchange of the API's published example, as a World: a loop, a fallback, a gap, a use stage."""

from __future__ import annotations

from tests.rollup.check import World, line

ENERGY, MASS = "KILOWATT_HOUR", "KILOGRAM"


def example_world() -> World:
    """Owners: power grid, coal mine, steel and car makers, a publisher of factors. `ore`, `seat` are nobody's."""
    world = World()
    world.unregistered |= {"ore", "seat"}
    world.own("factors", "orefactor", "transport")
    world.modelled("power", "0.85", [line("coal", "0.4", primary=True)], unit=ENERGY, mass="0", pds=100, dqr=1)
    world.modelled("coal", "0.05", [line("power", "0.06", ENERGY)], pds=20, dqr=2)
    world.declared("orefactor", "0.03", pds=0, dqr=3)
    world.declared(
        "transport", "0.1", components={"fossilGhgEmissions": "0.09"}, unit="TON_KILOMETER", mass="0", pds=0, dqr=3
    )
    steel = [
        line("power", 500, ENERGY, primary=True),
        line("coal", "0.6", "TON", primary=True),
        line("ore", 1600, primary=True, fallback=("orefactor", "1.5", "TON")),
        line("transport", 300, "TON_KILOMETER"),
    ]
    direct = {"fossilGhgEmissions": "1800", "ccsTechnologicalCO2Capture": "-100"}
    world.modelled("steel", direct, steel, amount="1000", mass="1000", pds=100, dqr=1)
    car = [
        line("steel", 900, primary=True),
        line("power", "0.4", "MEGAWATT_HOUR", primary=True),
        line("seat", 4, "PIECE", primary=True),
        line("power", 15000, ENERGY, stage="USE"),
    ]
    world.modelled("car", "300", car, unit="PIECE", mass="1500", pds=100, dqr=1)
    return world
