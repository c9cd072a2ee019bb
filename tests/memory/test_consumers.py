"""Who names a product, by columns: lines and fallbacks of every version, of one owner or of all."""

from __future__ import annotations

import pytest

from exchange.memory import consumers
from tests.memory.engine import everybody, tables_of
from tests.rollup.check import World, line


@pytest.fixture
def world() -> World:
    """steel took coal once and takes ore now; iron falls back to coal; both are the mill's, the mine burns its own."""
    world = World()
    world.own("mill", "steel", "iron")
    world.own("mine", "coal", "ore", "pit")
    world.declared("coal", "1")
    world.declared("ore", "1")
    world.modelled("steel", "1", [line("coal", 1)], deprecated="2026-02-01")
    world.modelled("steel", "1", [line("ore", 1)], published="2026-02-01")
    world.modelled("iron", "1", [line("nobody", 1, fallback=("coal", 1, "KILOGRAM"))])
    world.modelled("pit", "1", [line("coal", 1)])
    return world


@pytest.mark.parametrize(
    ("owner", "expected"),
    [("mill", ["pit"]), ("mine", ["steel", "iron"]), ("who owns nothing", ["steel", "iron", "pit"])],
)
def test_products_of_all_owners_but_one_that_name_others(world, owner, expected) -> None:
    tables = tables_of(world.snapshot(), everybody)
    expected = sorted(world.keys[name] for name in expected)
    assert consumers(tables, [world.keys["coal"]], owner, others=True) == expected
    assert consumers(tables, [world.keys["coal"]], owner, others=True, most=1) == expected[:1]
    assert consumers(tables, [world.keys["coal"]], owner, others=True, most=0) == []


@pytest.mark.parametrize(
    ("products", "owner", "expected"),
    [
        (["coal"], None, ["steel", "iron", "pit"]),
        (["coal"], "mill", ["steel", "iron"]),
        (["coal", "ore"], "mine", ["pit"]),
        (["ore"], None, ["steel"]),
        (["pit", "steel"], None, []),
        (["coal"], "who owns nothing", []),
        ([], None, []),
    ],
)
def test_products_that_name_others_in_any_version(world, products, owner, expected) -> None:
    tables = tables_of(world.snapshot(), everybody)
    found = consumers(tables, [world.keys[name] for name in products], owner)
    assert found == sorted(world.keys[name] for name in expected)
