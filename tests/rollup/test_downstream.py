"""What rests on a product: every view that leads to it, solved once more with that product worth nothing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.rollup import resting_on
from exchange.rollup.own_terms import excluding
from tests.rollup.check import World, line, solve
from tests.rollup.test_laws import LAW, specs
from tests.rollup.test_view import power_and_coal
from tests.rollup.views import Viewer, nodes_of


def resting(world, viewer, product):
    roots = [name for name in world.keys if world.footprints[name]]
    names = {key: name for name, key in world.keys.items()}
    found = resting_on(nodes_of(world, solve(world, *roots), viewer), world.keys[product])
    return [(names[one.product_key], None if one.share_percent is None else f"{one.share_percent:f}") for one in found]


def chain_world() -> World:
    """ore 2 <- steel 1 + 3 ore = 7 <- car 3 + 1 steel = 10; glass uses none of it; bus is the car and nothing."""
    world = World()
    world.declared("ore", "2", outbound="0.5")
    world.modelled("steel", "1", [line("ore", 3)])
    world.modelled("car", "3", [line("steel", 1)])
    world.modelled("glass", "4", [line("sand", 1)])
    world.declared("sand", "1")
    world.modelled("bus", None, [line("car", 2)])
    return world


ALL = Viewer(owner=["ore", "steel", "car", "glass", "bus"])


def test_everything_that_leads_to_it_largest_first():
    assert resting(chain_world(), ALL, "ore") == [("steel", "85.7142857143"), ("car", "60"), ("bus", "60")]
    assert resting(chain_world(), ALL, "steel") == [("car", "70"), ("bus", "70")]
    assert resting(chain_world(), ALL, "sand") == [("glass", "20")]
    assert resting(chain_world(), ALL, "bus") == []


def test_a_closed_product_hides_what_is_behind_it():
    assert resting(chain_world(), Viewer(owner=["ore", "car"]), "ore") == []
    assert resting(chain_world(), Viewer(owner=["ore"], inputs={"steel": [1]}), "ore") == [("steel", "85.7142857143")]


def test_a_delivered_line_brings_its_outbound_logistics():
    world = chain_world()
    world.modelled("iron", "2", [line("ore", 2, delivered=True)])
    assert ("iron", "71.4285714286") in resting(world, Viewer(owner=["iron"]), "ore")  # 5 of 7


def test_on_a_loop_the_product_itself_is_worth_nothing():
    """coal 0.05 + 0.06 power: without power 0.05 of 0.1034836066 are left."""
    assert resting(power_and_coal(), Viewer(owner=["power", "coal"]), "power") == [("coal", "51.683168317")]


def test_credits_make_shares_negative_or_more_than_all():
    world = World()
    world.declared("scrap", "3")
    world.modelled("credited", "10", [line("scrap", -1, credit=True)])
    world.modelled("little", "-2", [line("scrap", 1)])
    world.modelled("zero", "-3", [line("scrap", 1)])
    everything = Viewer(owner=["credited", "little", "zero"])
    assert resting(world, everything, "scrap") == [("little", "300"), ("credited", "-42.8571428571"), ("zero", None)]


def test_a_small_share_keeps_its_digits():
    world = World()
    world.declared("pinch", "0.001")
    world.modelled("soup", "1000", [line("pinch", "0.0001")])
    assert resting(world, Viewer(owner=["soup"]), "pinch") == [("soup", "0.00000001")]


def test_a_product_outside_all_views_has_nothing_resting_on_it():
    world = chain_world()
    nodes = nodes_of(world, solve(world, "glass"), ALL)
    assert resting_on(nodes, world.keys["ore"]) == ()
    del nodes[world.keys["sand"]]
    with pytest.raises(LookupError):
        resting_on(nodes, world.keys["glass"])


@LAW
@given(specs(), st.sets(st.integers(0, 5)), st.integers(0, 5))
def test_shares_are_those_of_solving_again_with_the_product_worth_nothing(spec, closed, product):
    world, count = spec.world(), len(spec.direct)
    product %= count
    names = [f"p{number}" for number in range(count)]
    viewer = Viewer(owner=[name for number, name in enumerate(names) if number not in closed])
    nodes = nodes_of(world, solve(world, *names), viewer)
    at = {world.keys[name]: number for number, name in enumerate(names)}
    matrix, own = np.zeros((count, count)), np.zeros(count)
    for key, node in nodes.items():
        own[at[key]] = float(excluding(node.own))
        for supplier, factor in zip(node.lines.suppliers.tolist(), node.lines.factors.tolist(), strict=True):
            matrix[at[key], at[supplier]] += factor
    x = np.linalg.solve(np.eye(count) - matrix, own)
    matrix[product], own[product] = 0, 0
    without = np.linalg.solve(np.eye(count) - matrix, own)
    for one in resting_on(nodes, world.keys[f"p{product}"]):
        row = at[one.product_key]
        assert row != product
        shown = float(nodes[one.product_key].total.excluding)
        if one.share_percent is None:
            assert shown == 0
        else:
            expected = 100 * (x[row] - without[row]) / shown
            assert float(one.share_percent) == pytest.approx(expected, rel=1e-8, abs=1e-9 * (1 + 1 / abs(shown)))
