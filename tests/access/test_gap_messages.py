"""What is said of a line whose unit cannot be converted: both units, to whoever may see the product that it names."""

from __future__ import annotations

import asyncio

import pytest

from exchange.model.footprint import NEVER_US, Price, PriceBasis
from exchange.operations.answers.values import RollUpAnswer
from tests.access.worlds import EARLIER_US, GrantedWorld, session_of, viewer_of
from tests.rollup.check import line

USD = Price("USD", 2012, PriceBasis.PRODUCER)
EUR = Price("EUR", 2012, PriceBasis.PRODUCER)
HIDDEN = (
    "The line's unit cannot be converted to the unit that the supplier declares: ask the supplier which unit that is."
)
BEFORE = EARLIER_US + 1  # a grant that ended here covers the earlier known-at and shows nothing today


def buying(unit: str, declared: str, *, mass: str = "0", price: Price | None = None, until_us: int = NEVER_US):
    """M's car takes two of S's part, granted until then: a line and a supplier whose units are given."""
    world = GrantedWorld()
    world.own("S", "part")
    world.own("M", "car")
    world.declared("part", 3, unit=declared, mass=mass)
    world.modelled("car", 1, [line("part", 2, unit, price=price)])
    world.grant("part", "M", until_us=until_us)
    return world


def gaps(world: GrantedWorld, viewer: str, known_at_us: int | None = None) -> list[tuple[str, str, bool]]:
    """Code, message and whether the product is shown, of every gap of the car."""
    session = session_of(world, viewer_of(viewer))
    found = asyncio.run(session.roll_up([world.key("car")], None, known_at_us))[0]
    assert isinstance(found, RollUpAnswer)
    return [(gap.code.value, gap.message, gap.product_key is not None) for gap in found.gaps]


@pytest.mark.parametrize(
    ("world", "said"),
    [
        (
            buying("PIECE", "KILOGRAM"),
            "The line is in PIECE, and the supplier declares KILOGRAM: "
            "state the amount in KILOGRAM, GRAM, TON or MILLIGRAM.",
        ),
        (
            buying("KILOGRAM", "PIECE"),
            "The line is in KILOGRAM, and the supplier declares PIECE: state the amount in PIECE, "
            "or ask the supplier to state the product's mass (productMassPerDeclaredUnit).",
        ),
        (
            buying("PIECE", "LITER", mass="0.8"),
            "The line is in PIECE, and the supplier declares LITER: state the amount in LITER, CUBIC_METER or "
            "MILLILITER, or its mass in KILOGRAM, GRAM, TON or MILLIGRAM.",
        ),
        (
            buying("HOUR", "PIECE"),
            "The line is in HOUR, and the supplier declares PIECE: state the amount in PIECE.",
        ),
        (
            buying("KILOGRAM", "TON_KILOMETER", mass="7"),
            "The line is in KILOGRAM, and the supplier declares TON_KILOMETER: state the amount in TON_KILOMETER.",
        ),
        (
            buying("MONEY", "MONEY", price=EUR),
            "The line is in MONEY (EUR of 2012, PRODUCER price), and the supplier declares MONEY (USD of 2012, "
            "PRODUCER price): state the amount in MONEY (USD of 2012, PRODUCER price).",
        ),
        (
            buying("MONEY", "KILOGRAM", price=USD),
            "The line is in MONEY (USD of 2012, PRODUCER price), and the supplier declares KILOGRAM: "
            "state the amount in KILOGRAM, GRAM, TON or MILLIGRAM.",
        ),
    ],
)
def test_both_units_and_what_to_do_are_said(world: GrantedWorld, said: str) -> None:
    assert gaps(world, "M") == [("UNIT_NOT_CONVERTIBLE", said, True)]
    assert gaps(world, "operator") == [("UNIT_NOT_CONVERTIBLE", said, True)]


def test_a_product_that_is_not_shown_any_more_does_not_tell_its_unit() -> None:
    """Two suppliers with different units: their buyer's grant has ended, and it cannot tell them apart."""
    for declared in ("PIECE", "LITER"):
        world = buying("HOUR", declared, until_us=BEFORE)
        assert gaps(world, "M", EARLIER_US) == [("UNIT_NOT_CONVERTIBLE", HIDDEN, False)]
        assert gaps(world, "M") == [
            (
                "NOT_GRANTED",
                "Nobody registered this product, or its owner has not granted you access: ask the supplier.",
                False,
            )
        ]


def test_nobody_but_the_owner_of_the_line_is_told() -> None:
    for level in ("TOTAL", "BREAKDOWN", "INPUTS"):
        world = buying("PIECE", "KILOGRAM")
        world.grant("car", "V", level)
        world.grant("part", "V")
        assert gaps(world, "V") == []
