"""A product's upstream graph for people: to draw, or to export as GraphML or node-link JSON.

Made from one viewer's view, so it shows what that viewer may see; small graphs, hence networkx.
"""

from __future__ import annotations

import networkx as nx

from exchange.rollup.rounding import text
from exchange.rollup.view import View, solve_view


def upstream_graph(view: View) -> nx.MultiDiGraph[int]:
    """Nodes are product keys, edges lead from consumer to supplier, one for each line; attributes are plain values.

    Node: footprint, level, excluding_kg_co2e and own_kg_co2e (decimal text, of the root's demand), root.
    Edge: line (number), factor, delivered. Raises LookupError where a line leaves the view.
    """
    solved = solve_view(view)
    own = {entry.product_key: entry.own_kg_co2e for entry in solved.contributions()}
    graph: nx.MultiDiGraph[int] = nx.MultiDiGraph()
    for key in solved.keys:
        node = view.nodes[key]
        graph.add_node(
            key,
            footprint=node.footprint_id,
            level=node.level.name,
            excluding_kg_co2e=text(node.total.excluding),
            own_kg_co2e=text(own[key]) if key in own else "0",
            root=key == view.root_key,
        )
    for key in solved.keys:
        lines = view.nodes[key].lines
        columns = zip(
            lines.numbers.tolist(),
            lines.suppliers.tolist(),
            lines.factors.tolist(),
            lines.delivered.tolist(),
            strict=True,
        )
        for number, supplier, factor, delivered in columns:
            graph.add_edge(key, supplier, line=number, factor=factor, delivered=delivered)
    return graph
