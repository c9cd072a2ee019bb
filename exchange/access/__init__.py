"""Who sees what: levels, edges, and `facts`, the one door through which anything about a product reaches a viewer.

levels.py   how much of a product a viewer is shown
edges.py    which lines the arithmetic may follow (the same for every viewer)
facts.py    what a viewer may know of one product: the values its answers are computed from
others.py   what an owner can say of what another organization sees of its products
view.py     those facts put together as the viewer's graph

Nothing here reads or writes: snapshots and results come in as values. The rules, the attacker's model and what is not
guaranteed are in docs/permissions.md.
"""

from exchange.access.edges import permits_at, permits_ever
from exchange.access.facts import Results, facts, line_is_shown
from exchange.access.levels import at_most, level, onward_keys
from exchange.access.others import Disclosure, Other, Route, RouteCondition, RouteKind, disclosed, levels_by, routes
from exchange.access.view import build_view, build_views

__all__ = [
    "Disclosure",
    "Other",
    "Results",
    "Route",
    "RouteCondition",
    "RouteKind",
    "at_most",
    "build_view",
    "build_views",
    "disclosed",
    "facts",
    "level",
    "levels_by",
    "line_is_shown",
    "onward_keys",
    "permits_at",
    "permits_ever",
    "routes",
]
