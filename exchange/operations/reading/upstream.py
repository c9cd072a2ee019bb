"""A product's upstream graph for its viewer: what drawings and exports are made of.

It is the viewer's own view (docs/permissions.md) and holds nothing else: the products that it reaches along the lines
it sees, what each line carries into the product asked about, and the gaps of its own products.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import networkx as nx
import numpy as np
from scipy.sparse import csc_array, eye_array
from scipy.sparse.linalg import spsolve

from exchange.access import build_view, facts
from exchange.errors import NotFound
from exchange.model.closure import Dates
from exchange.model.grant import AccessLevel
from exchange.model.product import Product
from exchange.model.resolved import GapCode, Standing, Total
from exchange.model.view import ViewNode
from exchange.operations.answers.gap_messages import gap_message
from exchange.operations.reading.roll_ups import Solved, solve_for
from exchange.operations.reading.session import Session
from exchange.rollup import View, upstream_graph
from exchange.rollup.rounding import round_to, share_percent


@dataclass(frozen=True, slots=True)
class UpstreamProduct:
    """One product of the view. kg CO2e excluding biogenic uptake.

    cradle_to_gate_kg_co2e: per its own declared unit. demand: declared units of it per declared unit of the root.
    own_kg_co2e, own_share_percent: what its own term is worth in the root's total, as among the contributions.
    """

    product: Product
    owner: str
    access: AccessLevel
    declared_unit_amount: Decimal
    declared_unit: str  # of money: currency, year and basis of the price
    cradle_to_gate_kg_co2e: Decimal
    demand: float
    own_kg_co2e: Decimal
    own_share_percent: Decimal
    has_gaps: bool


@dataclass(frozen=True, slots=True)
class UpstreamLine:
    """factor: declared units of the supplier per declared unit of the consumer. share_percent: of the root's total
    that comes in by this line, outbound logistics included where it is delivered (more than 100 in all, because it is
    counted again at every step)."""

    consumer_key: int
    supplier_key: int
    line: int
    factor: float
    delivered: bool
    share_percent: Decimal


@dataclass(frozen=True, slots=True)
class UpstreamGap:
    """A line of the viewer's own product that nothing serves; `named`: the product's name where the viewer may know
    it, else what the line calls it."""

    consumer_key: int
    line: int
    code: GapCode
    message: str
    named: str


@dataclass(frozen=True, slots=True)
class Upstream:
    """The whole view; products by key, the root first."""

    root_key: int
    as_of_day: int
    products: Mapping[int, UpstreamProduct]
    lines: Sequence[UpstreamLine]
    gaps: Sequence[UpstreamGap]


async def upstream(session: Session, key: int, dates: Dates) -> Upstream:
    """The upstream graph of a visible product. Raises NotFound, and RollUpRefused where it has no answer."""
    solved = await solve_for(session, [key], dates)
    if solved.level_of(key) < AccessLevel.TOTAL:
        raise NotFound("No such product, or it is not visible to you.")
    refusal = solved.solution.refusal(key)
    if refusal is not None:
        raise refusal.error()
    nodes = build_view(key, lambda other: session.met(facts(other, solved.level_of, solved)))
    graph = upstream_graph(View(key, nodes))
    demand = _demand(graph, key)
    total = nodes[key].total
    return Upstream(
        root_key=key,
        as_of_day=dates.as_of_day,
        products=await _products(session, solved, nodes, graph, demand, total),
        lines=[
            _line(consumer, supplier, attributes, demand[consumer], nodes[supplier].total, total)
            for consumer, supplier, attributes in graph.edges(data=True)
        ],
        gaps=await _gaps(session, solved, nodes),
    )


def _line(
    consumer: int, supplier: int, attributes: Mapping[str, Any], demand: float, taken: Total, root: Total
) -> UpstreamLine:
    """taken: the supplier's total. demand: declared units of the consumer per declared unit of the root."""
    factor, delivered = attributes["factor"], attributes["delivered"]
    worth = float(taken.excluding + taken.outbound if delivered else taken.excluding)
    kilograms = round_to(Decimal(demand * factor * worth), root.quantum)
    share = share_percent(kilograms, root.excluding)
    return UpstreamLine(consumer, supplier, attributes["line"], factor, delivered, share)


def _demand(graph: nx.MultiDiGraph[int], root: int) -> dict[int, float]:
    """y = e_root + A^T y (docs/method.md, "Explanation")."""
    keys = list(graph.nodes)
    position = {key: index for index, key in enumerate(keys)}
    edges: list[tuple[int, int, float]] = [
        (consumer, supplier, attributes["factor"]) for consumer, supplier, attributes in graph.edges(data=True)
    ]
    rows = [position[supplier] for _, supplier, _ in edges]
    columns = [position[consumer] for consumer, _, _ in edges]
    transposed = csc_array(([factor for _, _, factor in edges], (rows, columns)), shape=(len(keys), len(keys)))
    asked = np.zeros(len(keys))
    asked[position[root]] = 1.0
    found = np.atleast_1d(spsolve(csc_array(eye_array(len(keys)) - transposed), asked))
    return dict(zip(keys, found.tolist(), strict=True))


async def _products(
    session: Session,
    solved: Solved,
    nodes: Mapping[int, ViewNode],
    graph: nx.MultiDiGraph[int],
    demand: Mapping[int, float],
    total: Total,
) -> dict[int, UpstreamProduct]:
    answers = [answer for answer in await session.products_by_key(list(nodes)) if answer]
    owners = await session.organizations(sorted({answer.product.owner_id for answer in answers}))
    names = {owner.id: owner.name for owner in owners if owner}
    found: dict[int, UpstreamProduct] = {}
    for answer in answers:
        key = answer.product.key
        standing, own = solved.standing(key), Decimal(graph.nodes[key]["own_kg_co2e"])
        found[key] = UpstreamProduct(
            product=answer.product,
            owner=names.get(answer.product.owner_id, ""),
            access=answer.access,
            declared_unit_amount=standing.declared_unit_amount,
            declared_unit=_unit(standing),
            cradle_to_gate_kg_co2e=nodes[key].total.excluding,
            demand=demand[key],
            own_kg_co2e=own,
            own_share_percent=share_percent(own, total.excluding),
            has_gaps=nodes[key].has_gaps,
        )
    return found


def _unit(footprint: Standing) -> str:
    price = footprint.price
    return str(footprint.declared_unit) if price is None else f"{price.currency} {price.year} ({price.basis.lower()})"


async def _gaps(session: Session, solved: Solved, nodes: Mapping[int, ViewNode]) -> list[UpstreamGap]:
    gaps = [(key, gap) for key, node in nodes.items() for gap in node.gaps if not gap.by_fallback]
    visible = sorted({gap.visible_key for _, gap in gaps if gap.visible_key is not None})
    names = {answer.product.key: answer.product.name for answer in await session.products_by_key(visible) if answer}
    ids = {key: solved.standing(key).footprint_id for key, _ in gaps}
    footprints = await session.store.get_footprints(list(ids.values()))
    lines = {footprint.product_key: footprint.lines for footprint in footprints if footprint}
    found = []
    for key, gap in gaps:
        called = lines[key].names[gap.number - 1].removeprefix("id:")
        named = names.get(gap.visible_key, called) if gap.visible_key is not None else called
        found.append(UpstreamGap(key, gap.number, gap.code, gap_message(gap), named))
    return found
