"""Downstream of an own product: what its owner may open, by what its owner is shown, and nothing more."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from exchange.access import facts
from exchange.errors import InvalidInput
from exchange.model.grant import AccessLevel
from exchange.model.paging import Page
from exchange.operations.reading import downstream as module
from tests.access.granted_facts import granted_facts
from tests.access.worlds import GrantedWorld, everything, session_of, viewer_of
from tests.rollup.check import line


def world_of_steel() -> GrantedWorld:
    """The mine's ore goes into steel, steel into the car and the mine's own rail, the car into the fleet."""
    world = GrantedWorld()
    world.own("mine", "ore", "rail")
    world.own("mill", "steel", "plate")
    world.own("maker", "car")
    world.own("hirer", "fleet")
    world.declared("ore", "2")
    world.modelled("steel", "1", [line("ore", 3)])
    world.modelled("plate", "1", [line("steel", 1)])
    world.modelled("rail", "3", [line("steel", 1)])
    world.modelled("car", "3", [line("steel", 1), line("plate", 1)])
    world.modelled("fleet", None, [line("car", 10)])
    for name, to in (("ore", "mill"), ("steel", "mine"), ("steel", "maker"), ("plate", "maker"), ("car", "hirer")):
        world.grant(name, to)
    return world


def downstream(world: GrantedWorld, organization: str | None, name: str) -> dict[str, Decimal | None] | None:
    session, names = session_of(world, viewer_of(organization)), world.names()
    found = asyncio.run(session.downstream(world.keys[name], None, None, Page(first=100)))
    return None if found is None else {names[one.product_key]: one.share_percent for one in found.items}


def shares(found: dict[str, Decimal | None] | None) -> dict[str, str]:
    assert found is not None
    return {name: str(share) for name, share in found.items()}


def test_without_a_grant_of_inputs_nothing_is_downstream():
    """The mine sees steel's total, and that its own rail takes steel; not that ore is in it."""
    assert downstream(world_of_steel(), "mine", "ore") == {}


def test_inputs_on_a_customers_product_show_it_and_what_is_made_of_it():
    world = world_of_steel()
    world.grant("steel", "mine", "INPUTS")
    assert shares(downstream(world, "mine", "ore")) == {"steel": "85.7142857143", "rail": "60"}


def test_inputs_further_down_show_what_lies_between():
    """Through the car's steel, not through its plate, whose lines the mine is not shown."""
    world = world_of_steel()
    world.grant("steel", "mine", "INPUTS")
    world.grant("car", "mine", "INPUTS")
    assert shares(downstream(world, "mine", "ore")) == {"steel": "85.7142857143", "rail": "60", "car": "33.3333333333"}
    world = world_of_steel()
    for name in ("steel", "car", "plate"):
        world.grant(name, "mine", "INPUTS")
    found = shares(downstream(world, "mine", "ore"))
    assert found == {"steel": "85.7142857143", "plate": "75", "car": "66.6666666667", "rail": "60"}


def test_a_grant_that_has_ended_shows_nothing():
    world = world_of_steel()
    world.grant("steel", "mine", "INPUTS", revoked=True)
    assert downstream(world, "mine", "ore") == {}


@pytest.mark.parametrize("organization", ["mill", "maker", None])
def test_whoever_is_not_the_owner_is_told_nothing(organization):
    world = world_of_steel()
    world.grant("ore", None)
    assert downstream(world, organization, "ore") is None


def test_an_owner_sees_its_own_chain_whole():
    world = world_of_steel()
    assert shares(downstream(world, "mill", "steel")) == {"plate": "87.5"}
    assert shares(downstream(world, "operator", "ore")) == {
        "steel": "85.7142857143",
        "plate": "75",
        "car": "66.6666666667",
        "fleet": "66.6666666667",
        "rail": "60",
    }


def test_a_consumer_without_an_answer_is_not_listed():
    world = world_of_steel()
    world.own("mine", "old")
    world.modelled("old", "1", [line("ore", 1)], period=("2020-01-01", "2021-01-01"))
    world.grant("steel", "mine", "INPUTS")
    assert "old" not in shares(downstream(world, "mine", "ore"))


def test_too_many_to_look_at_are_refused(monkeypatch):
    world = world_of_steel()
    world.grant("steel", "mine", "INPUTS")
    monkeypatch.setattr(module, "DOWNSTREAM_PRODUCTS_MAX", 2)
    assert len(downstream(world, "mine", "ore") or ()) == 2
    monkeypatch.setattr(module, "DOWNSTREAM_PRODUCTS_MAX", 1)
    with pytest.raises(InvalidInput, match="more than 1 products") as caught:
        downstream(world, "mine", "ore")
    assert caught.value.path == ("downstream",)


def test_products_of_which_only_the_total_is_seen_do_not_count(monkeypatch):
    """Steel, car and plate are closed to the mine: only its own rail is looked at."""
    world = world_of_steel()
    for name in ("car", "plate"):
        world.grant(name, "mine")
    monkeypatch.setattr(module, "DOWNSTREAM_PRODUCTS_MAX", 0)
    assert downstream(world, "mine", "ore") == {}


def test_the_bound_does_not_tell_of_lines_that_are_not_shown(monkeypatch):
    """What is looked at of others' is what was granted, whether or not its hidden lines lead here."""
    monkeypatch.setattr(module, "DOWNSTREAM_PRODUCTS_MAX", 1)
    for supplier in ("ore", "clay"):
        world = GrantedWorld()
        world.own("mine", "ore")
        world.declared("ore", "2")
        world.declared("clay", "2")
        for number in range(2):
            world.modelled(f"p{number}", "1", [line(supplier, 1)])
            world.grant(f"p{number}", "mine", "INPUTS")
        with pytest.raises(InvalidInput):
            downstream(world, "mine", "ore")


def hidden(inside: str) -> GrantedWorld:
    """The mine may open the car, which takes a motor: 3 kg, and what is inside is not the mine's to know."""
    world = GrantedWorld()
    world.own("mine", "ore")
    world.declared("ore", "2")
    world.declared("clay", "2")
    world.modelled("car", "1", [line("motor", 1)])
    world.modelled("motor", "1", [line(inside, 1)])
    for name, to in (("ore", "owner of motor"), ("clay", "owner of motor"), ("motor", "owner of car")):
        world.grant(name, to)
    world.grant("motor", "mine")
    world.grant("car", "mine", "INPUTS")
    return world


def test_what_is_used_out_of_sight_is_not_told(monkeypatch):
    """Two worlds with equal facts, one with ore in the motor. A rule that looks through closed lines is found out."""
    within, without = hidden("ore"), hidden("clay")
    assert granted_facts(within, "mine") == granted_facts(without, "mine")
    assert everything(within, "mine") == everything(without, "mine")
    assert downstream(within, "mine", "ore") == {}
    monkeypatch.setattr(module, "facts", lambda key, _, results: facts(key, lambda _: AccessLevel.OWNER, results))
    assert shares(downstream(within, "mine", "ore")) == {"motor": "66.6666666667", "car": "50"}
    assert everything(within, "mine") != everything(without, "mine")
