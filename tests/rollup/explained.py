"""Explain files for tests, of views as tests/rollup/views.py makes them, and files changed on purpose."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

from exchange.rollup import Called, Explained, ExplainFile, Solution, View, explain_file, read_explain_file, solve_view
from tests.rollup.check import World, line, solve
from tests.rollup.example import example_world
from tests.rollup.views import Viewer, nodes_of

# What an answer says beside its view; in these tests the same for all.
ANSWERED: dict[str, Any] = {
    "asOf": "2026-06-30",
    "knownAt": "2026-07-01T00:00:00Z",
    "packagingGhgEmissions": None,
    "primaryDataShare": "0",
    "dataQuality": {"technologicalDQR": "1", "temporalDQR": "2", "geographicalDQR": "2.5"},
    "exemptedEmissionsPercent": "0",
    "validUntil": None,
    "ipccCharacterizationFactors": ["AR6"],
    "unknownComponents": [],
    "hasGaps": False,
}


def explained(world, solution: Solution, root: str, viewer: Viewer) -> Explained:
    """The view that this viewer gets of `root`."""
    nodes = nodes_of(world, solution, viewer)
    key = world.keys[root]
    reached = solve_view(View(key, nodes)).keys
    return Explained(key, {one: nodes[one] for one in reached}, {one: solution.standing(one) for one in reached})


def file_of(world, solution: Solution, root: str, viewer: Viewer) -> ExplainFile:
    found = explained(world, solution, root, viewer)
    names = {key: name for name, key in world.keys.items()}
    called = {
        key: Called(f"product-{names[key]}", (f"urn:x:{names[key]}",), names[key], "somebody") for key in found.nodes
    }
    return explain_file(found, called, ANSWERED)


def document_of(file: ExplainFile) -> dict[str, Any]:
    return read_explain_file(file.text.encode())


def changed(document: dict[str, Any], change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    """A copy in which something is different; read again, as whoever gets it does."""
    other = copy.deepcopy(document)
    change(other)
    return read_explain_file(json.dumps(other).encode())


VIEWERS = {
    "of everything": Viewer(owner=["car", "steel", "power", "coal", "orefactor", "transport"]),
    "the car's maker": Viewer(owner=["car"], inputs={"steel": [1, 4]}),
    "a fleet": Viewer(inputs={"car": [1]}),
    "a dealer": Viewer(),
}


def example(viewer: str = "the car's maker", root: str = "car") -> dict[str, Any]:
    world = example_world()
    return document_of(file_of(world, solve(world, root), root, VIEWERS[viewer]))


def delivered() -> dict[str, Any]:
    """With outbound logistics that count, and a loop."""
    world = World()
    lines = [line("b", "0.3", delivered=True), line("c", "0.7")]
    world.modelled("a", {"fossilGhgEmissions": "1.0000000000000001"}, lines, amount="3")
    world.modelled("c", "0.25", [line("a", "0.125"), line("b", "2", delivered=True)])
    world.declared("b", "1234567.89123", outbound="0.1234567894")
    return document_of(file_of(world, solve(world, "a"), "a", Viewer(owner=["a"], inputs={"c": [1, 2]})))


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of all values that hold no others."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if inner is None:
        yield path
        return
    for name, one in inner:
        yield from leaves(one, (*path, name))


def at(value: Any, path: tuple[Any, ...]) -> Any:
    for name in path:
        value = value[name]
    return value
