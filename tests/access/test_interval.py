"""The shown interval says how well a number was computed, and nothing of how the product is made.

The certificate's radius is w times the worst residual of everything that is solved together, and w follows from the
whole recipe. Whoever can make the residual large (by asking along for a loop of its own that consumes nearly all of
itself) could read w, and with it direct emissions, off the width of the interval of a closed product.
"""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from exchange.operations.answers.values import RollUpAnswer
from tests.access.worlds import GrantedWorld, session_of, viewer_of
from tests.rollup.check import line


def width(direct_kg: int, *asked_along: str, supplied=(), gain="0.9999999") -> Decimal:
    """Of a closed car that carries 1000 kg, of which `direct_kg` are direct emissions.

    supplied: the viewer's own products of which the car takes a little, so that it carries a little more.
    """
    world = GrantedWorld()
    world.own("S", "steel")
    world.own("M", "car")
    world.own("V", "leaf", "nothing", "long", "loop")
    world.declared("steel", 1)
    little = [line(name, "0.0000001") for name in supplied]
    world.modelled("car", direct_kg, [line("steel", 1000 - direct_kg), *little])
    world.declared("leaf", 1)
    world.modelled("nothing", 1000, [line("leaf", "-1000", credit=True)])
    world.modelled("long", 1, [line("nothing", 1)])
    world.modelled("loop", 1, [line("loop", gain)])
    for name in ("steel", *supplied):
        world.grant(name, "M")
    world.grant("car", "V")
    keys = [world.keys[name] for name in ("car", *asked_along)]
    result = asyncio.run(session_of(world, viewer_of("V")).roll_up(keys, None, None))[0]
    assert isinstance(result, RollUpAnswer)
    assert round(result.excluding_kg_co2e) == 1000
    return result.upper_kg_co2e - result.lower_kg_co2e


def test_alone_the_interval_is_the_same_whatever_the_recipe() -> None:
    assert width(900) == width(500) == width(100) == Decimal("1E-7")


@pytest.mark.parametrize("direct_kg", [900, 500, 100])
def test_the_interval_does_not_depend_on_what_is_asked_along(direct_kg) -> None:
    assert width(direct_kg, "loop", "long") == width(direct_kg)


@pytest.mark.parametrize("supplied", [("loop", "long"), ("loop",)])
def test_the_interval_does_not_depend_on_the_recipe_whatever_a_supplier_does(supplied) -> None:
    """By the gain at which the interval gets wider, a supplier with TOTAL could tell direct emissions."""
    given = {"supplied": supplied, "gain": "0.99985"}
    assert width(900, "long", **given) == width(100, "long", **given)
