"""Primary data share, data quality ratings and exempted emissions."""

import pytest

from tests.rollup.check import World, check, line


def power_and_coal(coal_is_primary: bool) -> World:
    world = World()
    world.modelled("power", "0.85", [line("coal", "0.4", primary=True)], unit="KILOWATT_HOUR", pds=100)
    lines = [line("power", "0.06", "KILOWATT_HOUR", primary=coal_is_primary)]
    world.modelled("coal", "0.05", lines, pds=20)
    return world


@pytest.mark.parametrize(
    ("primary", "power", "coal"),
    [(True, "98.1609195402", "60.3960396040"), (False, "95.8050574713", "9.6633663366")],
)
def test_primary_data_share_over_a_loop(primary, power, coal):
    world = power_and_coal(primary)
    check(world, "power", primary_data_share_percent=power)
    check(world, "coal", primary_data_share_percent=coal)


def test_credits_do_not_lift_the_primary_data_share_over_its_bounds():
    world = World()
    world.modelled("i", "10", [line("credit", -8, credit=True, primary=True)], pds=100)
    world.declared("credit", "1", pds=0)
    world.modelled("j", "8", [line("i", 1, primary=True)], pds=0)
    check(world, "i", excluding="2.000", primary_data_share_percent="55.5555555556")
    check(world, "j", excluding="10.000", primary_data_share_percent="11.1111111111")


def how_to_guide(primary=True) -> World:
    world = World()
    parts = [("a", "800", 36), ("b", "2400", 0), ("c", "90", 0), ("d", "1000", 100)]
    world.modelled("root", None, [line(name, 1, primary=primary) for name, _, _ in parts])
    for name, kilograms, share in parts:
        world.declared(name, kilograms, pds=share)
    return world


def test_the_how_to_guides_primary_data_share():
    check(how_to_guide(), "root", excluding="4290.000", primary_data_share_percent="30.0233")
    check(how_to_guide(primary=False), "root", primary_data_share_percent="0.0000")


def test_the_how_to_guides_ratings():
    world = World()
    world.modelled("root", None, [line("a", 25), line("b", 30), line("c", 45)])
    for name, rating in [("a", (2, 1, 2)), ("b", (2, 5, 2)), ("c", (1, 2, 3))]:
        world.declared(name, "1", dqr=rating)
    check(world, "root", technological_dqr="1.5500", temporal_dqr="2.6500", geographical_dqr="2.4500")


def test_what_is_not_stated_is_unknown():
    world = World()
    world.modelled("root", "1", [line("leaf", 1, primary=True)])
    world.declared("leaf", "1")
    check(world, "root", primary_data_share_percent="0", technological_dqr="5.000")
    check(world, "leaf", primary_data_share_percent="0", geographical_dqr="5.000")


def test_a_declared_footprint_is_taken_as_stated_also_when_it_is_zero():
    world = World()
    world.declared("leaf", "0", pds="40.5", dqr=(1, 2, 3))
    check(
        world,
        "leaf",
        primary_data_share_percent="40.5000",
        technological_dqr="1.000",
        temporal_dqr="2.000",
        geographical_dqr="3.000",
    )


def test_a_dataset_release_holds_no_primary_data():
    world = World()
    world.modelled("factor", "1", [line("leaf", 1, primary=True)], release="r", pds=100, dqr=2)
    world.declared("leaf", "1", pds=100, dqr=4)
    world.declared("other", "1", pds=100, release="r")
    check(world, "factor", primary_data_share_percent="0", technological_dqr="3.000")
    check(world, "other", primary_data_share_percent="0")


def test_a_line_served_by_its_fallback_is_rated_worst_and_secondary():
    world = World()
    world.modelled("root", "1", [line("gone", 1, primary=True, fallback=("f", 1, "KILOGRAM"))], pds=100, dqr=1)
    world.declared("f", "1", pds=100, dqr=1)
    world.key("gone")
    check(world, "root", excluding="2.000", primary_data_share_percent="50.0000", technological_dqr="3.0000")


def test_a_lines_own_rating_wins_over_the_suppliers_and_over_the_fallbacks():
    world = World()
    lines = [
        line("s", 1, rating=(2, 3, 4)),
        line("gone", 1, rating=2, fallback=("f", 1, "KILOGRAM")),
    ]
    world.modelled("root", None, lines)
    world.declared("s", "1", dqr=5)
    world.declared("f", "1", dqr=5)
    world.key("gone")
    check(world, "root", technological_dqr="2.0000", temporal_dqr="2.5000", geographical_dqr="3.0000")


def test_gaps_and_other_stages_carry_no_weight():
    world = World()
    lines = [line("gone", 100), line("power", 100, stage="USE")]
    world.modelled("root", "1", lines, pds=80, dqr=2)
    world.key("gone")
    world.declared("power", "5", pds=0)
    check(world, "root", primary_data_share_percent="80.0000", technological_dqr="2.0000")


def test_a_delivered_line_weighs_with_its_transport():
    world = World()
    world.modelled("root", "5", [line("s", 1, primary=True, delivered=True)], pds=0)
    world.declared("s", "10", outbound="5", pds=100)
    check(world, "root", excluding="20.000", primary_data_share_percent="75.0000")


def test_direct_components_are_summed_before_they_weigh():
    world = World()
    parts = {"fossilGhgEmissions": "10", "ccsTechnologicalCO2Capture": "-9"}
    world.modelled("root", parts, [line("s", 1, primary=True)], pds=0)
    world.declared("s", "1", pds=100)
    check(world, "root", excluding="2.000", primary_data_share_percent="50.0000")


def test_without_any_emissions_nothing_is_known():
    world = World()
    world.modelled("root", "0", [line("s", 1)], pds=100, dqr=1)
    world.declared("s", "0", pds=100, dqr=1)
    check(world, "root", primary_data_share_percent="0", technological_dqr="5", temporal_dqr="5")


def test_exempted_emissions_add_up():
    world = World()
    world.modelled("root", "20", [line("s", 1)], exempted="2")
    world.declared("s", "80", exempted="3")
    check(world, "root", exempted_emissions_percent="4.3199935583")
    check(world, "s", exempted_emissions_percent="3.0000000000")


def test_exempted_emissions_add_up_over_a_loop_and_by_size():
    # E_a = 2/98 |x_a| + 0.5 E_b, E_b = 0.5 E_a; x_a = 10 - 0.5 x_b, x_b = 0.5 x_a.
    world = World()
    world.modelled("a", "10", [line("b", "-0.5", credit=True)], exempted="2")
    world.modelled("b", None, [line("a", "0.5")])
    check(world, "a", excluding="8.000", exempted_emissions_percent="2.6490066225")
