"""Cases computed by hand: units, fallback, components, transport, packaging, loops and their gaps."""

import pytest

from exchange.model.footprint import Price, PriceBasis
from tests.rollup.check import USD_2012, World, check, line


def test_a_line_in_other_units_of_the_same_dimension():
    for amount, unit in [("30", "LITER"), ("0.03", "CUBIC_METER"), ("30000", "MILLILITER")]:
        world = World()
        world.modelled("kit", "0.7", [line("fuel", amount, unit)], unit="PIECE", amount="4", mass="2")
        world.declared("fuel", "2.0", unit="LITER", amount="12.5", mass="10")
        check(world, "kit", excluding="5.500000000000", gaps={})


@pytest.mark.parametrize(("amount", "unit", "expected"), [("6", "KILOGRAM", "12.0000"), ("6", "PIECE", "3.0000")])
def test_a_mass_line_to_a_product_counted_in_pieces_goes_by_its_mass(amount, unit, expected):
    world = World()
    world.modelled("root", None, [line("dozen", amount, unit)])
    world.declared("dozen", "6", unit="PIECE", amount="12", mass="3")
    check(world, "root", excluding=expected)


@pytest.mark.parametrize("unit", ["LITER", "CUBIC_METER", "SQUARE_METER"])
def test_a_mass_line_to_a_volume_or_an_area_goes_by_its_mass(unit):
    world = World()
    world.modelled("root", None, [line("bulk", "500", "GRAM")])
    world.declared("bulk", "6", unit=unit, amount="7", mass="0.25")
    check(world, "root", excluding="12.0000")


@pytest.mark.parametrize(
    ("amount", "unit", "supplier_unit", "mass"),
    [
        ("1", "PIECE", "KILOGRAM", "80"),
        ("1", "LITER", "KILOGRAM", "80"),
        ("1", "KILOGRAM", "PIECE", "0"),
        ("1", "KILOGRAM", "KILOWATT_HOUR", "5"),
        ("1", "TON_KILOMETER", "HOUR", "5"),
        ("1", "MONEY", "KILOGRAM", "5"),
        ("1", "LITER", "SQUARE_METER", "5"),
    ],
)
def test_units_that_do_not_meet_are_a_gap(amount, unit, supplier_unit, mass):
    world = World()
    world.modelled("root", "1", [line("other", amount, unit)])
    world.declared("other", "9", unit=supplier_unit, mass=mass)
    check(world, "root", excluding="1.000", gaps={1: "UNIT_NOT_CONVERTIBLE"})


@pytest.mark.parametrize(
    ("amount", "unit", "supplier_unit", "expected"),
    [
        ("1", "KILOWATT_HOUR", "MEGAJOULE", "3.6000"),
        ("1", "GIGAJOULE", "KILOWATT_HOUR", "277.777777778"),
        ("500", "WATT_HOUR", "MEGAJOULE", "1.8000"),
        ("0.002", "MEGAWATT_HOUR", "MEGAJOULE", "7.2000"),
        ("3", "TON", "KILOGRAM", "3000.0000"),
        ("7", "MILLIGRAM", "KILOGRAM", "0.0000070000"),
        ("2", "HOUR", "HOUR", "2.0000"),
        ("2", "MEGABIT_SECOND", "MEGABIT_SECOND", "2.0000"),
        ("2", "SQUARE_METER", "SQUARE_METER", "2.0000"),
    ],
)
def test_units_convert_exactly(amount, unit, supplier_unit, expected):
    world = World()
    world.modelled("root", None, [line("other", amount, unit)])
    world.declared("other", "1", unit=supplier_unit, mass="0")
    check(world, "root", excluding=expected, gaps={})


def test_money_of_another_year_is_a_gap():
    for price, gaps in [
        (USD_2012, {}),
        (Price("USD", 2013, PriceBasis.PRODUCER), {1: "UNIT_NOT_CONVERTIBLE"}),
        (Price("EUR", 2012, PriceBasis.PRODUCER), {1: "UNIT_NOT_CONVERTIBLE"}),
        (Price("USD", 2012, PriceBasis.BASIC), {1: "UNIT_NOT_CONVERTIBLE"}),
    ]:
        world = World()
        world.modelled("root", "1", [line("service", "2", "MONEY", price=price)])
        world.declared("service", "3", unit="MONEY", mass="0")
        check(world, "root", excluding="1.000" if gaps else "7.000", gaps=gaps)


def test_a_fallback_serves_with_its_own_amount():
    world = World()
    world.modelled("root", None, [line("secret", 3, "PIECE", fallback=("factor", "7.5", "KILOGRAM"))])
    world.declared("secret", "99", unit="PIECE", mass="1000")
    world.declared("factor", "2.1")
    world.denied.add(("root", "secret"))
    check(world, "root", excluding="15.7500", gaps={}, fallbacks={1: "NOT_GRANTED"})


def test_a_fallback_that_fails_too_is_one_gap_with_the_original_code():
    world = World()
    world.modelled("root", "1", [line("secret", 3, "PIECE", fallback=("factor", "7.5", "LITER"))])
    world.key("secret")
    world.declared("factor", "2.1")
    check(world, "root", excluding="1.000", gaps={1: "NO_FOOTPRINT"}, fallbacks={})


def test_a_fallback_that_may_not_be_followed_does_not_serve():
    world = World()
    world.modelled("root", "1", [line("secret", 3, "PIECE", fallback=("factor", "7.5", "KILOGRAM"))])
    world.key("secret")
    world.declared("factor", "2.1")
    world.denied.add(("root", "factor"))
    check(world, "root", excluding="1.000", gaps={1: "NO_FOOTPRINT"}, fallbacks={})


def test_what_another_owner_may_follow_is_a_gap_to_who_may_not():
    world = World()
    lines = [line("friend", 1), line("secret", 5), line("gone", 1, fallback=("factor", 7, "KILOGRAM"))]
    world.modelled("root", "1", lines)
    world.modelled("friend", "1", [line("secret", 1), line("factor", 1)])
    world.declared("secret", "10")
    world.declared("factor", "100")
    world.key("gone")
    world.denied |= {("root", "secret"), ("root", "factor")}
    gaps = {2: "NOT_GRANTED", 3: "NO_FOOTPRINT"}
    check(world, "root", excluding="112.000", gaps=gaps, fallbacks={})
    check(world, "friend", excluding="111.000", gaps={})


def test_a_fallback_is_not_used_where_the_line_is_served():
    world = World()
    world.modelled("root", None, [line("open", 3, fallback=("factor", "7.5", "KILOGRAM"))])
    world.declared("open", "1")
    world.declared("factor", "2.1")
    check(world, "root", excluding="3.000", gaps={}, fallbacks={})


def test_power_and_coal_consume_each_other():
    world = World()
    world.modelled("power", "0.85", [line("coal", "0.4")], unit="KILOWATT_HOUR")
    world.modelled("coal", "0.05", [line("power", "0.06", "KILOWATT_HOUR")])
    check(world, "power", excluding="0.8913934426")
    check(world, "coal", excluding="0.1034836066")


def test_stated_totals_govern_what_is_not_broken_down():
    world = World()
    parts = {
        "fossilGhgEmissions": "1.2",
        "landUseChangeGhgEmissions": "0.3",
        "biogenicNonCO2Emissions": "0.2",
        "biogenicCO2Uptake": "-1.5",
    }
    world.declared("leaf", "1.85", "1.63", components=parts)
    world.modelled("root", "0.3", [line("leaf", 2)])
    check(
        world,
        "root",
        excluding="4.000000",
        including="3.560000",
        unspecified="0.300000",
        unspecifiedBiogenic="2.560000",
        biogenicCO2Uptake="-3.000000",
        fossilGhgEmissions="2.700000",
    )
    check(world, "leaf", excluding="1.850000", including="1.630000", unspecified="0.150000")


def test_a_total_without_components_is_unspecified():
    world = World()
    world.declared("leaf", "5", "5", components={"fossilGhgEmissions": "0"})
    world.modelled("root", "0.3", [line("leaf", 2)])
    check(world, "root", excluding="10.3000", including="10.3000", unspecified="10.0000")


def test_components_sum_to_the_how_to_guides_totals():
    parts = {
        "fossilGhgEmissions": "1.7",
        "landUseChangeGhgEmissions": "5",
        "biogenicNonCO2Emissions": "0.2",
        "biogenicCO2Uptake": "-0.5",
    }
    world = World()
    world.modelled("root", parts)
    check(world, "root", excluding="6.900", including="6.400")


def test_a_mix_of_suppliers_weighs_them_by_amount():
    world = World()
    world.modelled("mix", None, [line("a", 30000, "TON"), line("b", 18000, "TON"), line("c", 12000, "TON")])
    for name, tons in [("a", "1100"), ("b", "1600"), ("c", "1500")]:
        world.declared(name, tons, amount="1000")
    check(world, "mix", excluding="79800000.000")


def _wood_power(world: World) -> None:
    direct = {"fossilGhgEmissions": "0.02", "biogenicCO2Uptake": "1.8", "technologicalCO2Removals": "-1.62"}
    world.modelled("power", direct, [line("wood", 1, primary=True)], unit="KILOWATT_HOUR", pds=100)


def test_captured_wood_carbon_is_booked_once():
    world = World()
    _wood_power(world)
    parts = {"fossilGhgEmissions": "0.05", "biogenicCO2Uptake": "-1.8"}
    world.declared("wood", "0.05", "-1.75", components=parts, pds=0)
    check(
        world,
        "power",
        excluding="-1.550000",
        including="-1.550000",
        primary_data_share_percent="96.9696969697",
        biogenicCO2Uptake="0.000000",
        findings=(),
    )


def test_released_wood_carbon_without_its_uptake_is_a_finding():
    world = World()
    _wood_power(world)
    world.key("wood")
    check(
        world,
        "power",
        excluding="-1.600000",
        including="0.200000",
        gaps={1: "NO_FOOTPRINT"},
        findings=["UPTAKE_POSITIVE"],
    )


def _transport(lines, **more) -> World:
    world = World()
    world.modelled("root", "1", [line("S", 2, **more), *lines])
    world.declared("S", "10", outbound="0.4")
    world.declared("truck", "0.12", unit="TON_KILOMETER", mass="0")
    return world


def test_inbound_transport_as_a_line():
    check(_transport([line("truck", 3, "TON_KILOMETER")]), "root", excluding="21.3600", findings=())


def test_inbound_transport_as_delivered():
    check(_transport([], delivered=True), "root", excluding="21.8000", unspecified="0.8000", findings=())


def test_inbound_transport_that_nobody_states_is_not_counted():
    check(_transport([]), "root", excluding="21.0000", findings=())


def test_inbound_transport_stated_twice_is_counted_twice():
    """The arithmetic does what the lines say; that they say it is a finding of the footprint's own."""
    world = _transport([line("truck", 3, "TON_KILOMETER")], delivered=True)
    check(world, "root", excluding="22.1600", findings=())


def test_a_delivered_line_to_a_modelled_supplier_takes_its_distribution_stage():
    world = World()
    world.modelled("root", "1", [line("S", 2, delivered=True)])
    world.modelled(
        "S",
        "10",
        [line("truck", 5, "TON_KILOMETER", stage="DISTRIBUTION")],
        stages={"DISTRIBUTION": {"fossilGhgEmissions": "0.1", "biogenicNonCO2Emissions": "0.05"}},
    )
    world.declared("truck", "0.12", unit="TON_KILOMETER", mass="0")
    solution = check(world, "root", excluding="22.5000", fossilGhgEmissions="22.4000", biogenicNonCO2Emissions="0.1000")
    supplier = solution.total(world.keys["S"])
    assert (str(supplier.excluding), str(supplier.outbound), supplier.outbound_stated) == ("10", "0.75", True)
    assert solution.total(world.keys["root"]).outbound_stated is False


def test_delivered_distribution_lines_chain():
    # S ships by truck, the truck's fuel is itself delivered: o_S = 0.1 + 2 (0.5 + 0.25).
    world = World()
    world.modelled("root", None, [line("S", 1, delivered=True)])
    world.modelled("S", "1", [line("fuel", 2, stage="DISTRIBUTION", delivered=True)], stages={"DISTRIBUTION": "0.1"})
    world.declared("fuel", "0.5", outbound="0.25")
    check(world, "root", excluding="2.6000")


def test_a_delivered_loop_through_outbound_logistics_is_solved():
    # x_S = 1 + 0.5 (x_T + o_T), o_T = 0.2 x_S, x_T = 2: x_S = 2 / (1 - 0.1).
    world = World()
    world.modelled("S", "1", [line("T", "0.5", delivered=True)])
    world.modelled("T", "2", [line("S", "0.2", stage="DISTRIBUTION")])
    solution = check(world, "S", excluding="2.22222222222", outbound="0.000")
    check(world, "T", excluding="2.000", outbound="0.444444444444")
    assert solution.keys == (world.keys["S"], world.keys["T"])


def test_a_loop_without_answer_through_outbound_logistics_is_refused():
    world = World()
    world.modelled("S", "1", [line("T", "1", delivered=True)])
    world.modelled("T", "2", [line("S", "1", stage="DISTRIBUTION")])
    solution = check(world, "S", refused="LOOP_WITHOUT_ANSWER")
    refusal = solution.refusal(world.keys["S"])
    assert refusal is not None
    assert refusal.members == tuple(sorted(world.keys.values()))


def test_packaging_is_a_memo_that_is_not_handed_on():
    world = World()
    world.modelled("root", "1", [line("B", 1), line("carton", "0.25", packaging=True)])
    world.declared("B", "4", packaging="0.5")
    world.declared("carton", "0.8")
    solution = check(world, "root", excluding="5.2000", packaging="0.2000")
    assert solution.total(world.keys["root"]).packaging_stated is True
    assert str(solution.total(world.keys["B"]).packaging) == "0.5"
    assert solution.total(world.keys["carton"]).packaging_stated is False


def test_own_packaging_adds_to_that_of_lines():
    world = World()
    world.modelled("root", "1", [line("carton", "0.25", packaging=True)], packaging="0.3")
    world.declared("carton", "0.8")
    check(world, "root", excluding="1.2000", packaging="0.5000")


def test_a_negative_amount_counts_as_stated():
    world = World()
    world.modelled("root", "10", [line("other", -8, credit=True)])
    world.declared("other", "1")
    check(world, "root", excluding="2.000")


def test_use_and_end_of_life_stay_outside_cradle_to_gate():
    world = World()
    lines = [line("power", 10, "KILOWATT_HOUR", stage="USE"), line("power", 1, "KILOWATT_HOUR", stage="END_OF_LIFE")]
    world.modelled("root", "1", lines, stages={"USE": "7", "END_OF_LIFE": "9"})
    world.modelled("power", "0.5", [line("coal", 1)], unit="KILOWATT_HOUR")
    world.declared("coal", "0.25")
    check(world, "root", excluding="1.000")


def test_everything_zero_is_exactly_zero():
    world = World()
    world.modelled("root", None, [line("free", 2)])
    world.modelled("free", "0")
    solution = check(world, "root", excluding="0", primary_data_share_percent="0", technological_dqr="5")
    total = solution.total(world.keys["root"])
    assert [str(one) for one in (total.lower, total.upper, total.excluding, total.including)] == ["0"] * 4
    assert set(map(str, total.components)) == {"0"}


def test_unknown_components_are_the_footprints_own():
    world = World()
    world.modelled("root", {"fossilGhgEmissions": "1", "biogenicCO2Uptake": "0"}, [line("leaf", 1)])
    world.declared("leaf", "1")
    solution = check(world, "root", excluding="2.000")
    unknown = solution.unknown_components(world.keys["root"])
    assert "fossilGhgEmissions" not in unknown
    assert "biogenicCO2Uptake" not in unknown
    assert len(unknown) == 8
    assert len(solution.unknown_components(world.keys["leaf"])) == 9


def test_a_line_binds_to_a_product_that_is_registered_later():
    world = World()
    world.unregistered |= {"later", "spare", "nobody"}
    world.modelled("k", "1", [line("later", "2"), line("nobody", "1", fallback=("spare", "3", "KILOGRAM"))])
    check(world, "k", excluding="1", gaps={1: "NOT_GRANTED", 2: "NOT_GRANTED"})
    world.unregistered -= {"later", "spare"}
    world.declared("later", "5")
    world.declared("spare", "7")
    check(world, "k", excluding="32", gaps={}, fallbacks={2: "NOT_GRANTED"})
