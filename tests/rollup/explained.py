"""Explain files for tests, of views as tests/rollup/views.py makes them, and files changed on purpose."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

from exchange.rollup import Called, Explained, ExplainFile, Solution, View, explain_file, read_explain_file, solve_view
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
