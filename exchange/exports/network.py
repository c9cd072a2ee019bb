"""A product's upstream graph as a networkx graph, and as the text of two file formats that other tools read.

Nodes are named by the exchange's own product ids; an edge leads from consumer to supplier, as in the exchange.
Attributes are plain values, because GraphML knows nothing else, and are called as in the API; a day is an ISO date.
"""

from __future__ import annotations

import json
from io import BytesIO

import networkx as nx

from exchange.exports.svg import clean
from exchange.operations.reading.upstream import Upstream
from exchange.operations.requests.checks import date_of_day


def network(upstream: Upstream) -> nx.MultiDiGraph[str]:
    """The upstream graph. Gaps are nodes too (kind "gap"), so that what is missing is not lost on the way out."""
    graph: nx.MultiDiGraph[str] = nx.MultiDiGraph(asOf=date_of_day(upstream.as_of_day).isoformat())
    ids = {key: product.product.id for key, product in upstream.products.items()}
    for key, found in upstream.products.items():
        graph.add_node(
            ids[key],
            kind="product",
            name=clean(found.product.name),
            owner=clean(found.owner),
            productIds=" ".join(found.product.product_ids),
            access=found.access.name,
            declaredUnitAmount=str(found.declared_unit_amount),
            declaredUnit=found.declared_unit,
            cradleToGateKgCo2e=format(found.cradle_to_gate_kg_co2e, "f"),
            ownKgCo2e=format(found.own_kg_co2e, "f"),
            ownSharePercent=float(found.own_share_percent),
            demand=found.demand,
            hasGaps=found.has_gaps,
            root=key == upstream.root_key,
        )
    for line in upstream.lines:
        graph.add_edge(
            ids[line.consumer_key],
            ids[line.supplier_key],
            line=line.line,
            factor=line.factor,
            delivered=line.delivered,
            sharePercent=float(line.share_percent),
        )
    for gap in upstream.gaps:
        name = f"gap:{ids[gap.consumer_key]}:{gap.line}"
        graph.add_node(name, kind="gap", name=clean(gap.named), code=str(gap.code), message=gap.message)
        graph.add_edge(ids[gap.consumer_key], name, line=gap.line)
    return graph


def graphml(upstream: Upstream) -> str:
    """For Gephi, yEd, Cytoscape, networkx.read_graphml."""
    buffer = BytesIO()
    nx.write_graphml(network(upstream), buffer, encoding="utf-8", prettyprint=True)
    return buffer.getvalue().decode("utf-8")


def node_link(upstream: Upstream) -> str:
    """For JavaScript, and networkx.node_link_graph."""
    return json.dumps(nx.node_link_data(network(upstream), edges="edges"), ensure_ascii=False, indent=1) + "\n"
