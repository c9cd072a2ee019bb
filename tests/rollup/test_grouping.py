"""Contributions in groups: each emission in one group, the groups together the total, what is not known labelled so."""

from decimal import Decimal

import pytest

from exchange.model.footprint import DataQuality
from exchange.rollup import ContributionGrouping, GroupKind
from exchange.rollup.grouping import TIERS_MAX, data_quality_level
from tests.rollup.check import World, check, line, solve
from tests.rollup.test_view import delivered_world, power_and_coal
from tests.rollup.views import Viewer, view_of

ORGANIZATION, STAGE, COUNTRY, TIER, QUALITY = ContributionGrouping
KNOWN, NOT_BROKEN_DOWN, UNKNOWN, BEYOND = GroupKind


def groups(world, root, viewer, grouping, first=None):
    """Each group by what it has in common, with its emissions."""
    found = view_of(world, solve(world, root), root, viewer).contributions_by(grouping, first)
    total = solve(world, root).total(world.keys[root])
    if first is None:
        assert sum((group.kg_co2e for group in found), Decimal(0)) == total.excluding
    sizes = [abs(group.kg_co2e) for group in found]
    assert sizes == sorted(sizes, reverse=True)
    assert len({group.of for group in found}) == len(found)
    return {told(group.of): str(group.kg_co2e) for group in found}


def told(of):
    fields = (of.owner_id, of.stage and of.stage.value, of.country, of.tier, of.data_quality_level)
    common = next((field for field in fields if field is not None), None)
    return common if of.kind is KNOWN else (of.kind.value, common)


def car_world() -> World:
    """A car of two organizations' parts: direct 3, steel 2 x 5 (own 1, power 4 x 1), glass 1 x 7 declared."""
    world = World()
    world.modelled(
        "car",
        "3",
        [line("steel", 2), line("glass", 1, stage="MANUFACTURING")],
        country="DE",
        dqr=1,
    )
    world.modelled("steel", "1", [line("power", 4, "KILOWATT_HOUR")], country="CN", dqr=2)
    world.declared("power", "1", unit="KILOWATT_HOUR", country="CN", dqr=3)
    world.declared("glass", "7", region="Western Europe")
    world.own("CarCo", "car")
    world.own("SteelCo", "steel", "power")
    return world


def test_the_graph_in_memory_knows_owners_and_countries_too():
    solution = check(car_world(), "car", excluding=20)
    found = {key: solution.standing(key) for key in solution.keys}
    assert [(each.owner_id, each.geography_country) for each in found.values()] == [
        ("CarCo", "DE"),
        ("SteelCo", "CN"),
        ("owner of glass", None),
        ("SteelCo", "CN"),
    ]


ALL = Viewer(owner=["car", "steel", "power", "glass"])
BUYER = Viewer(owner=["car"])
CLOSED = Viewer()


@pytest.mark.parametrize(
    ("viewer", "grouping", "expected"),
    [
        (
            ALL,
            ORGANIZATION,
            {
                ("NOT_BROKEN_DOWN", "SteelCo"): "8",
                ("NOT_BROKEN_DOWN", "owner of glass"): "7",
                "CarCo": "3",
                "SteelCo": "2",
            },
        ),
        (
            BUYER,
            ORGANIZATION,
            {("NOT_BROKEN_DOWN", "SteelCo"): "10", ("NOT_BROKEN_DOWN", "owner of glass"): "7", "CarCo": "3"},
        ),
        (CLOSED, ORGANIZATION, {("NOT_BROKEN_DOWN", "CarCo"): "20"}),
        (ALL, STAGE, {"RAW_MATERIAL_ACQUISITION": "10", "MANUFACTURING": "10"}),
        (
            Viewer(inputs={"car": [1, 2]}),
            STAGE,
            {"RAW_MATERIAL_ACQUISITION": "10", "MANUFACTURING": "7", ("NOT_BROKEN_DOWN", None): "3"},
        ),
        (
            Viewer(inputs={"car": [2]}),
            STAGE,
            {("NOT_BROKEN_DOWN", None): "13", "MANUFACTURING": "7"},
        ),
        (CLOSED, STAGE, {("NOT_BROKEN_DOWN", None): "20"}),
        (ALL, COUNTRY, {("NOT_BROKEN_DOWN", "CN"): "8", ("UNKNOWN", None): "7", "DE": "3", "CN": "2"}),
        (BUYER, COUNTRY, {("NOT_BROKEN_DOWN", "CN"): "10", ("UNKNOWN", None): "7", "DE": "3"}),
        (CLOSED, COUNTRY, {("NOT_BROKEN_DOWN", "DE"): "20"}),
        (ALL, TIER, {("NOT_BROKEN_DOWN", 2): "8", ("NOT_BROKEN_DOWN", 1): "7", 0: "3", 1: "2"}),
        (BUYER, TIER, {("NOT_BROKEN_DOWN", 1): "17", 0: "3"}),
        (CLOSED, TIER, {("NOT_BROKEN_DOWN", 0): "20"}),
    ],
)
def test_each_emission_is_in_one_group(viewer, grouping, expected):
    assert groups(car_world(), "car", viewer, grouping) == expected


def test_quality_is_the_level_of_the_product_whose_own_term_it_is():
    # car: |3| x 1 + 10 x 2.8 + 7 x 5 = 66 / 20 = 3.3; steel: (1 x 2 + 4 x 3) / 5 = 2.8; power 3; glass unknown.
    assert groups(car_world(), "car", ALL, QUALITY) == {3: "13", ("UNKNOWN", None): "7"}
    assert groups(car_world(), "car", CLOSED, QUALITY) == {3: "20"}


@pytest.mark.parametrize(
    ("ratings", "level"),
    [
        ((1, 1, 1), 1),
        ((1, 2, "1.5"), 2),  # 1.5 goes to the even level
        ((2, 3, "2.5"), 2),
        ((3, 4, "3.5"), 4),
        ((4, 5, "4.5"), 4),
        ((5, 5, "4.9"), 5),
        ((5, 5, 5), None),
    ],
)
def test_levels_are_the_mean_of_three_ratings_rounded_half_even(ratings, level):
    world = World()
    world.declared("leaf", "1")
    world.replace("leaf", 1, data_quality=DataQuality(*(Decimal(str(rating)) for rating in ratings)))
    assert data_quality_level(solve(world, "leaf").total(world.keys["leaf"])) == level


def test_a_loop_has_tiers_without_end_and_what_is_beyond_the_last_is_one_group():
    viewer = Viewer(owner=["power", "coal"])
    found = groups(power_and_coal(), "power", viewer, TIER)
    assert (found[0], found[1], found[2], found[3]) == ("0.85", "0.02", "0.0204", "0.00048")
    assert set(found) <= {*range(TIERS_MAX + 1), ("BEYOND", None)}
    slow = World()
    slow.modelled("self", "1", [line("self", "0.5")])
    found = groups(slow, "self", Viewer(owner=["self"]), TIER)
    assert len(found) == TIERS_MAX + 2
    # 2^-12 = 0.000244140625 is left over, and halfway between two multiples of 1e-11: one goes up, one down.
    assert [found[tier] for tier in (0, 1, TIERS_MAX)] == ["1", "0.5", "0.00024414063"]
    assert found["BEYOND", None] == "0.00024414062"


def test_a_chain_ends_and_nothing_is_beyond_it():
    world = World()
    for number in range(TIERS_MAX):
        world.modelled(f"p{number}", "1", [line(f"p{number + 1}", 1)])
    world.modelled(f"p{TIERS_MAX}", "1")
    everything = Viewer(owner=list(world.keys))
    assert groups(world, "p0", everything, TIER) == dict.fromkeys(range(TIERS_MAX + 1), "1")
    world.modelled("q", "1", [line("p0", 1)])
    found = groups(world, "q", Viewer(owner=[*world.keys]), TIER)
    assert found == dict.fromkeys([*range(TIERS_MAX + 1), ("BEYOND", None)], "1")


@pytest.mark.parametrize("grouping", ContributionGrouping)
def test_what_rounding_leaves_goes_to_the_groups_that_it_took_most_from(grouping):
    """1.000000000002 + 1.000000000005 + 1.000000000003 is 3.00000000001; each alone is 1 in steps of 1e-11."""
    world = World()
    world.modelled("root", None, [line(f"s{more}", f"1.00000000000{more}") for more in (2, 5, 3)])
    for country, more in (("CN", 2), ("DE", 5), ("FR", 3)):
        world.declared(f"s{more}", "1", country=country)
    found = groups(world, "root", Viewer(owner=["root"]), grouping)
    if grouping is COUNTRY:
        assert found == {
            ("NOT_BROKEN_DOWN", "DE"): "1.00000000001",
            ("NOT_BROKEN_DOWN", "CN"): "1",
            ("NOT_BROKEN_DOWN", "FR"): "1",
        }


def test_delivery_belongs_to_the_consumer_and_to_the_stage_of_its_line():
    viewer = Viewer(owner=["root"])
    assert groups(delivered_world(), "root", viewer, ORGANIZATION) == {
        ("NOT_BROKEN_DOWN", "owner of S"): "30",
        "owner of root": "1.8",
    }
    found = groups(delivered_world(), "root", Viewer(inputs={"root": [1]}), STAGE)
    assert found == {"RAW_MATERIAL_ACQUISITION": "30.8", ("NOT_BROKEN_DOWN", None): "1"}


def test_first_limits_the_groups_and_credits_count_by_their_size():
    world = World()
    world.modelled("root", "1", [line("a", 1), line("b", -1, credit=True)])
    world.declared("a", "3")
    world.declared("b", "5")
    view = view_of(world, solve(world, "root"), "root", Viewer(owner=["root"]))
    found = [
        (group.of.owner_id, str(group.kg_co2e), str(group.share_percent))
        for group in view.contributions_by(ORGANIZATION, 2)
    ]
    assert found == [("owner of b", "-5", "500"), ("owner of a", "3", "-300")]


def test_of_nothing_there_are_no_groups():
    world = World()
    world.declared("nothing", "0")
    for grouping in ContributionGrouping:
        assert groups(world, "nothing", CLOSED, grouping) == {}
