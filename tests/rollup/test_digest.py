"""The digest: the same for the same facts, another for another fact, and nothing else counts."""

import json
import re
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from exchange.model.grant import AccessLevel
from exchange.rollup import View, digest, solve_view
from tests.rollup.check import NOW, World, day, instant, line, solve
from tests.rollup.example import example_world
from tests.rollup.views import EXACT, Viewer, nodes_of, view_of

OWNER = Viewer(owner=["car", "steel"])


def digest_of(world, root="car", viewer=OWNER, **more) -> str:
    return view_of(world, solve(world, root, **more), root, viewer).digest()


def test_a_digest_is_a_named_hash():
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", digest_of(example_world()))


def test_the_canonical_form_is_what_the_method_says(monkeypatch):
    written = []

    def noting(value, **options):
        written.append(json.JSONEncoder(**options).encode(value))
        return written[-1]

    monkeypatch.setattr("exchange.rollup.digest.json.dumps", noting)
    world = World()
    lines = [line("b", "0.30", delivered=True), line("gone", 1)]
    world.modelled("a", {"fossilGhgEmissions": "1.0000000000000001"}, lines, amount="3")
    world.declared("b", "1234567.89123", outbound="0.1234567894")
    world.key("gone")
    digest_of(world, "a", Viewer(owner=["a"]))
    assert written == [
        '{"method":"1","products":['
        '{"footprint":"footprint-a-1","gaps":[[2,"NO_FOOTPRINT",false]],'
        '"lines":[{"factor":"0.3","number":1,"outbound":"0.123456789","supplier":"footprint-b-1"}],'
        '"own":{"fossilGhgEmissions":"1.0000000000000001"}},'
        '{"footprint":"footprint-b-1","lines":[],"own":{"fossilGhgEmissions":"1234567.89"}}],'
        '"root":"footprint-a-1"}'
    ]


def test_order_and_dates_and_the_ledger_do_not_count():
    world = example_world()
    expected = digest_of(world)
    later = replace(NOW, as_of_day=day("2027-01-31"), known_at_us=instant("2027-05-05"), head=99_999)
    assert digest_of(world, dates=later) == expected
    nodes = nodes_of(world, solve(world, "car"), OWNER)
    assert solve_view(View(world.keys["car"], dict(reversed(nodes.items())))).digest() == expected
    shuffled = {key: _shuffled(node) for key, node in nodes.items()}
    assert solve_view(View(world.keys["car"], shuffled)).digest() == expected


def _shuffled(node):
    lines, back = node.lines, slice(None, None, -1)
    turned = replace(
        lines,
        numbers=lines.numbers[back],
        suppliers=lines.suppliers[back],
        factors=lines.factors[back],
        delivered=lines.delivered[back],
    )
    return replace(node, lines=turned, exact_factors=list(node.exact_factors)[back])


def test_keys_do_not_count():
    """Another exchange may number its products otherwise."""
    world = example_world()
    nodes = nodes_of(world, solve(world, "car"), OWNER)
    moved = {}
    for key, node in nodes.items():
        lines = replace(node.lines, suppliers=1000 - np.asarray(node.lines.suppliers))
        moved[1000 - key] = replace(node, product_key=1000 - key, lines=lines)
    assert solve_view(View(1000 - world.keys["car"], moved)).digest() == digest_of(world)


def test_how_a_fact_is_allowed_does_not_count():
    world = example_world()
    nodes = nodes_of(world, solve(world, "transport"), Viewer())
    key = world.keys["transport"]
    as_owner = {**nodes, key: replace(nodes[key], level=AccessLevel.OWNER)}
    assert solve_view(View(key, nodes)).digest() == solve_view(View(key, as_owner)).digest()


def test_results_count_to_nine_digits():
    world = example_world()
    nodes = nodes_of(world, solve(world, "car"), OWNER)
    key, power = world.keys["car"], world.keys["power"]
    expected = solve_view(View(key, nodes)).digest()

    def with_power(change: str) -> str:
        own = (nodes[power].own[0] + Decimal(change), *nodes[power].own[1:])
        return solve_view(View(key, {**nodes, power: replace(nodes[power], own=own)})).digest()

    assert with_power("0.0000000001") == expected  # 0.8913934426 23 and a tenth of a ninth digit
    assert with_power("0.000000001") != expected


@pytest.mark.parametrize("change", ["amount", "direct", "number", "footprint", "gap", "method", "root"])
def test_every_fact_counts(change, monkeypatch):
    world = example_world()
    nodes = nodes_of(world, solve(world, "car"), OWNER)
    key, steel = world.keys["car"], world.keys["steel"]
    expected = solve_view(View(key, nodes)).digest()
    node = nodes[steel]
    if change == "amount":
        factors = [EXACT.add(node.exact_factors[0], Decimal("1E-30")), *node.exact_factors[1:]]
        nodes[steel] = replace(node, exact_factors=factors)
    elif change == "direct":
        nodes[steel] = replace(node, own=(EXACT.add(node.own[0], Decimal("1E-30")), *node.own[1:]))
    elif change == "number":
        nodes[steel] = replace(node, lines=replace(node.lines, numbers=node.lines.numbers + 1))
    elif change == "footprint":
        nodes[steel] = replace(node, footprint_id="footprint-steel-2")
    elif change == "gap":
        nodes[steel] = replace(node, gaps=())
    elif change == "method":
        monkeypatch.setattr(digest, "METHOD_VERSION", "2")
    else:
        key = steel
    assert solve_view(View(key, nodes)).digest() != expected


def test_what_is_not_in_the_view_does_not_count():
    """Two worlds that differ behind a closed total give the same digest."""
    worlds = []
    for share in ("0.25", "0.75"):
        world = World()
        world.modelled("root", "1", [line("closed", 2)])
        world.modelled("closed", Decimal(1) - Decimal(share), [line("hidden", share)])
        world.declared("hidden", "1")
        worlds.append(digest_of(world, "root", Viewer(owner=["root"])))
    assert worlds[0] == worlds[1]
