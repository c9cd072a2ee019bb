"""A picture of the demo supply chain: five chains side by side, and in front of them the suppliers they share.

A line to a shared supplier is not drawn from box to box, which would make a hairball of 32 lines to the grid alone: a
ribbon runs from the supplier to each chain, as wide as the number of its buyers there, and each buyer carries the
supplier's colour as a dot. Everything is placed from the data, so the picture follows the seed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

import seed
from exchange.exports import svg
from exchange.exports.layers import layered
from exchange.exports.seed_chains import FACTORS, SeedChains, Supply

WIDTH, MARGIN = 1500.0, 26.0
HEADER = 96.0
SHARED_WIDTH, SHARED_HEIGHT = 196.0, 74.0
LANES_X = 352.0
LANE_GAP, LANE_TOP, LANE_BOTTOM = 16.0, 38.0, 14.0
BOX_WIDTH, BOX_HEIGHT, ROW = 138.0, 44.0, 58.0
COLUMN_MAX = 214.0  # wider steps would only make the lines longer
LEGEND_HEIGHT = 74.0

INK, QUIET, GAP = "#1f2933", "#5f6c7b", "#c0392b"
LANES = {
    "power-and-coal-chemicals": ("#fdf6e3", "#b7791f"),
    "steel-and-aluminium": ("#eef3f8", "#3d6b99"),
    "battery-and-vehicle": ("#eef7f0", "#2f7d4f"),
    "photovoltaics": ("#fff3ec", "#c2571a"),
    "textile": ("#f8f0f6", "#9b3f82"),
}
SHARED_COLOURS = ("#d69e00", "#5b6770", "#c2410c", "#1f7a8c", "#3b3b58", "#7c5e10", "#64748b", "#166534")
FACTOR_COLOUR = "#a3adb8"

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class _Box:
    """A product's place: left and top, its column and row are no longer needed."""

    x: float
    y: float

    @property
    def left(self) -> Point:
        return self.x, self.y + BOX_HEIGHT / 2

    @property
    def right(self) -> Point:
        return self.x + BOX_WIDTH, self.y + BOX_HEIGHT / 2


@dataclass(frozen=True, slots=True)
class _Lane:
    chain: str
    y: float
    height: float
    boxes: Mapping[str, _Box]
    paths: Mapping[tuple[str, str], Sequence[Point]]
    closing: frozenset[tuple[str, str]]


def draw_seed(data: seed.SeedData) -> str:
    """The whole picture as SVG text."""
    chains = SeedChains(data)
    lanes = _lanes(chains)
    bottom = lanes[-1].y + lanes[-1].height
    shared = _shared_boxes(chains, HEADER, bottom)
    colours = {key: SHARED_COLOURS[index % len(SHARED_COLOURS)] for index, key in enumerate(chains.shared)}
    colours[FACTORS] = FACTOR_COLOUR
    boxes = {key: box for lane in lanes for key, box in lane.boxes.items()}
    parts = [
        *_heading(chains),
        *(part for lane in lanes for part in _lane_ground(chains, lane)),
        *_ribbons(chains, lanes, shared, colours),
        *_supplies(chains, lanes, boxes),
        *(part for key, box in boxes.items() for part in _product(chains, key, box, colours)),
        *(part for key, top in shared.items() for part in _shared_product(chains, key, top, colours)),
        *_legend(bottom + 24),
    ]
    label = "The demo supply chain: five chains that meet in shared suppliers"
    return svg.document(WIDTH, bottom + LEGEND_HEIGHT, parts, label=label)


# -- where things are --------------------------------------------------------------------------------------------------


def _lanes(chains: SeedChains) -> list[_Lane]:
    y = HEADER
    found = []
    for chain in seed.CHAINS:
        lane = _lane(chains, chain, y)
        found.append(lane)
        y += lane.height + LANE_GAP
    return found


def _lane(chains: SeedChains, chain: str, top: float) -> _Lane:
    members = [p.key for p in chains.data.products if p.chain == chain and p.key not in chains.shared]
    members += [one.product_id for one in chains.data.unregistered if chains.chain_of(one.product_id) == chain]
    inside = [(s.supplier, s.consumer) for s in chains.supplies if {s.supplier, s.consumer} <= set(members)]
    layout = layered(members, inside)
    room = WIDTH - MARGIN - LANES_X - BOX_WIDTH - 60
    step = min(room / max(layout.columns - 1, 1), COLUMN_MAX)
    left = LANES_X + 34 + (room - step * (layout.columns - 1)) / 2

    def place(column: int, row: float) -> Point:
        return left + step * column, top + LANE_TOP + ROW * row

    boxes = {key: _Box(*place(layout.column[key], layout.row[key])) for key in members}
    paths: dict[tuple[str, str], Sequence[Point]] = {}
    for supplier, consumer in inside:
        if supplier == consumer or (supplier, consumer) in layout.closing:
            continue
        bends = []
        for column, row in layout.way_points.get((supplier, consumer), ()):
            x, y = place(column, row)
            bends += [(x, y + BOX_HEIGHT / 2), (x + BOX_WIDTH, y + BOX_HEIGHT / 2)]
        paths[supplier, consumer] = [boxes[supplier].right, *bends, boxes[consumer].left]
    height = LANE_TOP + ROW * layout.rows + BOX_HEIGHT + LANE_BOTTOM
    return _Lane(chain, top, height, boxes, paths, layout.closing)


def _shared_boxes(chains: SeedChains, top: float, bottom: float) -> dict[str, float]:
    """Tops of the shared suppliers' boxes, the factors last, spread over the height of the lanes."""
    keys = [*chains.shared, FACTORS]
    step = (bottom - top - SHARED_HEIGHT) / (len(keys) - 1)
    return {key: top + step * index for index, key in enumerate(keys)}


def _buyers(chains: SeedChains, key: str) -> dict[str, list[str]]:
    """By chain, the products that take a shared supplier's (or any official factor)."""
    found: dict[str, set[str]] = defaultdict(set)
    for supply in chains.supplies:
        taken = supply.supplier == key if key != FACTORS else _is_factor(chains, supply.supplier)
        if taken and supply.consumer not in chains.shared:
            found[chains.products[supply.consumer].chain].add(supply.consumer)
    return {chain: sorted(keys) for chain, keys in found.items()}


def _is_factor(chains: SeedChains, key: str) -> bool:
    return key in chains.products and chains.products[key].chain == FACTORS


# -- what is drawn -----------------------------------------------------------------------------------------------------


def _heading(chains: SeedChains) -> Iterator[str]:
    owners = {chains.products[key].owner for key in chains.products}
    yield svg.text(MARGIN, 42, "Five supply chains that meet in shared suppliers", 25, fill=INK, font_weight="700")
    facts = (
        f"{len(chains.data.products)} products of {len(owners)} publishers, {len(chains.supplies)} supplier relations. "
        "All enterprises are invented; the factors are official. Goods flow from left to right."
    )
    yield svg.text(MARGIN, 66, facts, 14, fill=QUIET)


def _lane_ground(chains: SeedChains, lane: _Lane) -> Iterator[str]:
    ground, ink = LANES[lane.chain]
    width = WIDTH - MARGIN - LANES_X
    yield svg.element(
        "rect",
        x=LANES_X,
        y=lane.y,
        width=width,
        height=lane.height,
        rx=12,
        fill=ground,
        stroke=ink,
        stroke_opacity="0.25",
    )
    yield svg.text(LANES_X + 40, lane.y + 24, chains.data.chain_titles[lane.chain], 15, fill=ink, font_weight="700")


def _ribbons(
    chains: SeedChains, lanes: Sequence[_Lane], shared: Mapping[str, float], colours: Mapping[str, str]
) -> Iterator[str]:
    """From every shared supplier to every chain that takes its product, as wide as the number of buyers there."""
    buyers = {key: _buyers(chains, key) for key in shared}
    for key, top in shared.items():
        reached = [lane for lane in lanes if lane.chain in buyers[key]]
        for index, lane in enumerate(reached):
            takers = [other for other in shared if lane.chain in buyers[other]]
            start_y = top + SHARED_HEIGHT * (index + 1) / (len(reached) + 1)
            room = min(lane.height - 24, 26.0 * len(takers))
            end_y = lane.y + lane.height / 2 + room * ((takers.index(key) + 0.5) / len(takers) - 0.5)
            count = len(buyers[key][lane.chain])
            start, end = (MARGIN + SHARED_WIDTH, start_y), (LANES_X, end_y)
            width = 1.2 + 1.7 * sqrt(count)
            where = chains.data.chain_titles[lane.chain]
            yield svg.element(
                "path",
                svg.title(f"{_shared_name(chains, key)} goes into {count} products of {where}"),
                d=svg.curve([start, end]),
                fill="none",
                stroke=colours[key],
                stroke_width=width,
                stroke_opacity="0.5",
            )
            yield svg.element("circle", cx=LANES_X + 12, cy=end_y, r=9, fill=colours[key])
            yield svg.text(
                LANES_X + 12, end_y + 3.6, str(count), 10, fill="#ffffff", text_anchor="middle", font_weight="700"
            )


def _supplies(chains: SeedChains, lanes: Sequence[_Lane], boxes: Mapping[str, _Box]) -> Iterator[str]:
    """Lines between products, in the colour of the supplier's chain; gaps red and dashed."""
    lane_of = {key: lane for lane in lanes for key in lane.boxes}
    drawn = [s for s in chains.supplies if s.supplier != s.consumer and {s.supplier, s.consumer} <= boxes.keys()]
    within = [s for s in drawn if (s.supplier, s.consumer) in lane_of[s.supplier].paths]
    across = [s for s in drawn if s not in within]
    for supply, (start, end) in zip(across, _ports(across, boxes), strict=True):
        downwards = end[1] > start[1]
        head = "l-3.4 -6h6.8z" if downwards else "l-3.4 6h6.8z"
        yield from _line(chains, supply, svg.bow(start, end), end, head, across=True)
    for supply in within:
        path = lane_of[supply.supplier].paths[supply.supplier, supply.consumer]
        yield from _line(chains, supply, svg.curve(path), path[-1], "l-6 -3.4v6.8z", across=False)


def _line(chains: SeedChains, supply: Supply, path: str, end: Point, head: str, *, across: bool) -> Iterator[str]:
    colour = GAP if supply.gap else LANES[chains.chain_of(supply.supplier)][1]
    described = f"{chains.name_of(supply.supplier)} → {chains.name_of(supply.consumer)}"
    yield svg.element(
        "path",
        svg.title(described + (f": {supply.gap}" if supply.gap else "")),
        d=path,
        fill="none",
        stroke=colour,
        stroke_width=1.3 if across else 1.6,
        stroke_dasharray="4 3" if supply.gap else None,
        stroke_opacity="0.6" if across else None,
    )
    yield svg.element("path", d=f"M{svg.number(end[0])} {svg.number(end[1])}{head}", fill=colour)


def _ports(across: Sequence[Supply], boxes: Mapping[str, _Box]) -> list[tuple[Point, Point]]:
    """Where lines between chains leave and arrive: at the edge that faces the other box, side by side."""
    sides: dict[tuple[str, bool], list[tuple[float, int, bool]]] = defaultdict(list)
    for index, supply in enumerate(across):
        supplier, consumer = boxes[supply.supplier], boxes[supply.consumer]
        below = consumer.y > supplier.y
        sides[supply.supplier, below].append((consumer.x, index, True))
        sides[supply.consumer, not below].append((supplier.x, index, False))
    starts: dict[int, Point] = {}
    ends: dict[int, Point] = {}
    for (key, at_bottom), found in sides.items():
        box = boxes[key]
        for place, (_, index, leaving) in enumerate(sorted(found)):
            x = box.x + BOX_WIDTH * (place + 1) / (len(found) + 1)
            (starts if leaving else ends)[index] = (x, box.y + (BOX_HEIGHT if at_bottom else 0))
    return [(starts[index], ends[index]) for index in range(len(across))]


def _product(chains: SeedChains, key: str, box: _Box, colours: Mapping[str, str]) -> Iterator[str]:
    _, ink = LANES[chains.chain_of(key)]
    registered = key in chains.products
    owner = chains.owner_name[chains.products[key].owner] if registered else "not registered"
    missing = not registered or key not in chains.standing
    yield svg.element(
        "rect",
        svg.title(f"{chains.name_of(key)}, {owner}"),
        x=box.x,
        y=box.y,
        width=BOX_WIDTH,
        height=BOX_HEIGHT,
        rx=7,
        fill="#ffffff",
        stroke=GAP if missing else ink,
        stroke_width=1.2,
        stroke_dasharray="4 3" if missing else None,
    )
    middle = box.x + BOX_WIDTH / 2
    lines = svg.wrapped(chains.name_of(key), 11.5, BOX_WIDTH - 12, 2)
    y = box.y + (13 if len(lines) == 2 else 18)
    for line in lines:
        yield svg.text(middle, y, line, 11.5, fill=INK, text_anchor="middle", font_weight="600")
        y += 11.5
    under = owner if registered and not missing else ("no footprint yet" if registered else owner)
    shown = svg.shortened(under, 9.5, BOX_WIDTH - 8)
    yield svg.text(middle, y + (0.5 if len(lines) == 2 else 3), shown, 9.5, fill=QUIET, text_anchor="middle")
    yield from _dots(chains, key, (middle, box.y + BOX_HEIGHT), colours)
    yield from _feeds(chains, key, box, colours)


def _dots(chains: SeedChains, key: str, centre: Point, colours: Mapping[str, str]) -> Iterator[str]:
    """One dot for each shared supplier whose product goes in, and one for official factors."""
    taken = {s.supplier for s in chains.supplies if s.consumer == key}
    marks = [other for other in chains.shared if other in taken and other != key]
    marks += [FACTORS] if any(_is_factor(chains, other) for other in taken) else []
    left = centre[0] - 5.5 * (len(marks) - 1)
    for index, mark in enumerate(marks):
        yield svg.element(
            "circle",
            svg.title(f"takes {_shared_name(chains, mark)}"),
            cx=left + 11 * index,
            cy=centre[1],
            r=4.4,
            fill=colours[mark],
            stroke="#ffffff",
            stroke_width=1.2,
        )


def _feeds(chains: SeedChains, key: str, box: _Box, colours: Mapping[str, str]) -> Iterator[str]:
    """Marks of the shared suppliers that this product goes into: that is where loops close."""
    fed = [s.consumer for s in chains.supplies if s.supplier == key and s.consumer in chains.shared]
    for index, other in enumerate(fed):
        x = box.x + BOX_WIDTH - 10 - 19 * index
        yield svg.element(
            "g",
            svg.title(f"goes back into {_shared_name(chains, other)}") + "".join(_back_mark(x, box.y, colours[other])),
        )


def _back_mark(x: float, y: float, colour: str) -> Iterator[str]:
    """A disc with an arrow that turns back."""
    yield svg.element("circle", cx=x, cy=y, r=8, fill=colour, stroke="#ffffff", stroke_width=1.2)
    start = f"M{svg.number(x - 3.6)} {svg.number(y - 1.4)}"
    arrow = f"{start}h5a2.4 2.4 0 0 1 0 4.8h-4{start}l2.6 -2.6{start}l2.6 2.6"
    yield svg.element("path", d=arrow, fill="none", stroke="#ffffff", stroke_width=1.3, stroke_linecap="round")


def _shared_name(chains: SeedChains, key: str) -> str:
    return "official factors" if key == FACTORS else chains.name_of(key)


def _shared_product(chains: SeedChains, key: str, top: float, colours: Mapping[str, str]) -> Iterator[str]:
    factors = [p for p in chains.products.values() if p.chain == FACTORS]
    suppliers = {p.key for p in factors} if key == FACTORS else {key}
    buyers = {s.consumer for s in chains.supplies if s.supplier in suppliers}
    reached = {chains.products[buyer].chain for buyer in buyers}
    if key == FACTORS:
        heading, owner = f"{len(factors)} official factors", "China and UK, public"
    else:
        heading, owner = chains.name_of(key), chains.owner_name[chains.products[key].owner]
    yield svg.element("rect", x=MARGIN, y=top, width=SHARED_WIDTH, height=SHARED_HEIGHT, rx=10, fill=colours[key])
    lines = [
        (heading, 14.0, "700", "1"),
        (owner, 11.0, "400", "0.92"),
        (f"into {len(buyers)} products of {len(reached)} chains", 11.0, "600", "0.92"),
    ]
    for (content, size, weight, opacity), y in zip(lines, (24, 42, 60), strict=True):
        shown = svg.shortened(content, size, SHARED_WIDTH - 16)
        yield svg.text(MARGIN + 14, top + y, shown, size, fill="#ffffff", font_weight=weight, fill_opacity=opacity)
    if key != FACTORS:
        yield from _dots(chains, key, (MARGIN + SHARED_WIDTH / 2, top + SHARED_HEIGHT), colours)


def _legend(y: float) -> Iterator[str]:
    x, blue = MARGIN, LANES["steel-and-aluminium"][1]
    for kind, words in (
        ("line", "goes into (colour: the supplier's chain)"),
        ("gap", "a gap, or a fallback serves"),
        ("ribbon", "a shared supplier, as wide as the number of its buyers"),
        ("dot", "buys from the shared supplier of this colour"),
        ("back", "goes back into it: a loop closes"),
    ):
        if kind == "dot":
            yield svg.element("circle", cx=x + 15, cy=y, r=5, fill=SHARED_COLOURS[0])
        elif kind == "back":
            yield from _back_mark(x + 15, y, SHARED_COLOURS[0])
        else:
            colour = {"line": blue, "gap": GAP, "ribbon": SHARED_COLOURS[0]}[kind]
            yield svg.element(
                "path",
                d=f"M{svg.number(x)} {svg.number(y)}h28",
                stroke=colour,
                stroke_width=8 if kind == "ribbon" else 1.8,
                stroke_opacity="0.5" if kind == "ribbon" else None,
                stroke_dasharray="4 3" if kind == "gap" else None,
            )
        yield svg.text(x + 36, y + 4, words, 12, fill=QUIET)
        x += 36 + svg.text_width(words, 12) + 14
