"""Through its own products an organization reaches the first products of others, up and down, and none farther."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from exchange.model.footprint import Footprint
from exchange.model.ledger import LedgerHead
from exchange.operations.swings import own_chains
from exchange.operations.swings.own_chains import Reading, customers_of, suppliers_through
from tests.access.worlds import EVERYBODY, GrantedWorld, MemoryStore, session_of, viewer_of
from tests.rollup.check import NOW, line


def up(world: GrantedWorld, *names: str, new: Sequence[Footprint] = ()) -> dict[str, set[str]]:
    """What the maker's products take of others, by name."""
    called, session = world.names(), session_of(world, viewer_of("maker"))
    found = asyncio.run(suppliers_through(session, "maker", [world.keys[name] for name in names], new))
    return {called[key]: {called[one] for one in reached} for key, reached in found.items() if called[key] in names}


def down(world: GrantedWorld, *names: str, owner: str = "maker") -> list[str]:
    """Whose products take the owner's, by name, in the order in which they are told."""
    store = MemoryStore(world.snapshot(), sorted(EVERYBODY), world.memberships)
    reading = Reading(store, None, LedgerHead(NOW.head, 0, 0), NOW.known_at_us)  # type: ignore[arg-type]
    found = asyncio.run(customers_of(reading, owner, [world.keys[name] for name in names]))
    return [product.name for product in found]


def chain(length: int, *, loop: bool = False) -> GrantedWorld:
    """ore (the mine's, granted) goes into part0, that into part1, and so on; all parts are the maker's."""
    world = GrantedWorld()
    world.own("mine", "pit", "ore")
    world.own("maker", *(f"part{number}" for number in range(length)))
    world.declared("pit", "1")
    world.modelled("ore", "1", [line("pit", 1)])
    world.grant("ore", "maker")
    world.grant("pit", "mine")
    last = [line(f"part{length - 1}", "0.1")] if loop else []
    world.modelled("part0", "1", [line("ore", 2), *last])
    for number in range(1, length):
        world.modelled(f"part{number}", "1", [line(f"part{number - 1}", 1)])
    return world


@pytest.mark.parametrize("loop", [False, True])
@pytest.mark.parametrize("length", [1, 2, 5])
def test_own_products_reach_the_first_of_others_and_none_beyond(length, loop) -> None:
    world = chain(length, loop=loop)
    assert up(world, f"part{length - 1}") == {f"part{length - 1}": {"ore"}}


def test_each_reaches_what_it_takes_itself() -> None:
    world = chain(2)
    world.own("mill", "steel", "bolt")
    world.own("maker", "frame", "bare")
    world.declared("steel", "1")
    world.declared("bolt", "1")
    world.grant("steel", "maker")
    world.modelled("frame", "1", [line("steel", 1), line("bolt", 1)])  # the bolt is not granted to the maker
    world.modelled("bare", "1")
    assert up(world, "part1", "frame", "bare") == {"part1": {"ore"}, "frame": {"steel"}, "bare": set()}


def test_a_foreign_product_between_own_ones_ends_it() -> None:
    world = chain(1)
    world.own("mill", "sheet")
    world.own("maker", "box")
    world.modelled("sheet", "1", [line("part0", 1)])
    world.modelled("box", "1", [line("sheet", 1)])
    world.grant("sheet", "maker")
    world.grant("part0", "mill")
    assert up(world, "box") == {"box": {"sheet"}}
    assert down(world, "part0") == ["sheet"]


def test_fallbacks_later_names_other_days_and_what_is_being_published_count_and_deprecated_versions_do_not() -> None:
    world = chain(1)
    world.own("mill", "spare", "young", "expired", "gone", "new")
    world.own("maker", "kit")
    world.late.add("young")
    for name in ("spare", "young", "expired", "gone", "new"):
        world.declared(name, "1")
        world.grant(name, "maker")
    world.modelled("kit", "1", [line("nobody", 1, fallback=("spare", 1, "KILOGRAM")), line("young", 1)])
    world.unregistered.add("nobody")
    world.modelled("kit", "1", [line("expired", 1)], period=("2010-01-01", "2011-01-01"))
    world.modelled("kit", "1", [line("gone", 1)], deprecated="2026-02-01")
    assert up(world, "kit") == {"kit": {"spare", "young", "expired"}}
    world.modelled("kit", "1", [line("new", 1)])
    other = world.footprints["kit"].pop()
    world.kept = None
    assert up(world, "kit", new=[other]) == {"kit": {"spare", "young", "expired", "new"}}


def test_no_more_is_looked_through_than_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_chains, "OWN_PRODUCTS_MAX", 3)
    assert up(chain(3), "part2") == {"part2": {"ore"}}
    assert up(chain(4), "part3") == {"part3": set()}
    monkeypatch.setattr(own_chains, "SUPPLIERS_MAX", 1)
    world = chain(1)
    world.own("maker", "kit")
    world.grant("pit", "maker")
    world.modelled("kit", "1", [line("ore", 1), line("pit", 1)])
    assert up(world, "kit") == {"kit": {"pit"}}  # which was registered first


def sold(length: int, *, loop: bool = False) -> GrantedWorld:
    """The maker's last part goes into the shop's cart, which goes into the fleet of another."""
    world = chain(length, loop=loop)
    world.own("shop", "cart")
    world.own("hirer", "fleet")
    world.modelled("cart", "1", [line(f"part{length - 1}", 1)])
    world.modelled("fleet", "1", [line("cart", 1)])
    world.grant(f"part{length - 1}", "shop")
    world.grant("cart", "hirer")
    return world


@pytest.mark.parametrize("loop", [False, True])
@pytest.mark.parametrize("length", [1, 2, 5])
def test_who_takes_it_through_own_products_is_found_and_nobody_farther(length, loop) -> None:
    world = sold(length, loop=loop)
    assert down(world, "part0") == down(world, f"part{length - 1}") == ["cart"]


def test_the_first_foreign_product_is_found_also_where_more_of_its_owner_follow() -> None:
    assert down(sold(3), "pit", owner="mine") == down(sold(3), "ore", owner="mine") == ["part0"]


def test_the_nearest_come_first_and_each_once() -> None:
    world = sold(2)
    world.own("shop", "sled", "crate")
    world.modelled("sled", "1", [line("part1", 1)])
    world.modelled("crate", "1", [line("part0", 1), line("part1", 1)])
    world.grant("part0", "shop")
    assert down(world, "part0") == ["crate", "cart", "sled"]
    assert down(world, "part0", "part1") == ["cart", "sled", "crate"]


@pytest.mark.parametrize(
    ("right", "expected"),
    [
        ({}, ["cart"]),
        ({"revoked": True}, []),
        ({"until_us": NOW.known_at_us}, []),
        ({"from_us": NOW.known_at_us + 1}, []),
        ({"level": "BENCHMARK"}, []),
    ],
)
def test_who_may_not_take_it_now_is_not_found(right, expected) -> None:
    """A line to a guessed name must not tell that something of that name is there."""
    world = sold(2)
    world.grants = [grant for grant in world.grants if grant.organization_id != "shop"]
    assert down(world, "part0") == []
    world.kept = None
    world.grant("part1", "alliance-guild" if "level" in right else "shop", **right)
    world.member("alliance-guild", "shop")
    assert down(world, "part0") == expected


def test_rights_to_what_is_named_count_and_none_to_what_is_in_it() -> None:
    world = sold(2)
    world.grants = [grant for grant in world.grants if grant.organization_id != "shop"]
    world.grant("part0", "shop")
    assert down(world, "part0") == []


def test_public_products_members_of_alliances_fallbacks_and_later_names_are_found() -> None:
    world = chain(1)
    names = ("public", "allied", "left", "spare", "young", "old", "gone")
    for name in names:
        world.own(name, f"{name} cart")
    world.own("maker", "open", "club", "later")
    world.late.add("later")
    for name in ("open", "club", "later"):
        world.modelled(name, "1", [line("part0", 1)])
    world.modelled("public cart", "1", [line("open", 1)])
    world.modelled("allied cart", "1", [line("club", 1)])
    world.modelled("left cart", "1", [line("club", 1)])
    world.modelled("spare cart", "1", [line("ore", 1, fallback=("open", 1, "KILOGRAM"))])
    world.modelled("young cart", "1", [line("later", 1)])
    world.modelled("old cart", "1", [line("open", 1)], period=("2010-01-01", "2011-01-01"))
    world.modelled("gone cart", "1", [line("open", 1)], deprecated="2026-02-01")
    world.modelled("gone cart", "1")
    world.grant("open", None)
    world.grant("later", None)
    world.grant("club", "alliance-guild")
    world.member("alliance-guild", "allied")
    world.member("alliance-guild", "left", left=True)
    expected = ["public cart", "allied cart", "spare cart", "young cart", "old cart"]
    assert down(world, "part0") == expected


def test_no_more_are_found_or_looked_at_than_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    world = chain(2)
    for number in range(5):
        world.own("shop", f"cart{number}")
        world.modelled(f"cart{number}", "1", [line("part0", 1)], deprecated="2026-02-01" if number < 2 else None)
    world.grant("part0", "shop")
    every = ["cart2", "cart3", "cart4"]
    assert down(world, "part0") == every
    with monkeypatch.context() as patched:
        patched.setattr(own_chains, "CUSTOMERS_TOLD_MAX", 2)
        assert down(world, "part0") == every[:2]
    with monkeypatch.context() as patched:
        patched.setattr(own_chains, "CUSTOMERS_MAX", 3)
        assert down(world, "part0") == every[:1]
    far = sold(4)
    monkeypatch.setattr(own_chains, "OWN_PRODUCTS_MAX", 4)
    assert down(far, "part0") == ["cart"]
    monkeypatch.setattr(own_chains, "OWN_PRODUCTS_MAX", 3)
    assert down(far, "part0") == []
