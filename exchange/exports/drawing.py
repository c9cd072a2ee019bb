"""A product's upstream graph as a picture: suppliers left, the product right, colours for owners, shares on the lines.

What carries most is drawn; with more products than a person can read, the smallest are left out and counted. The
layout depends on the graph alone, so the same answer gives the same file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from exchange.exports import svg
from exchange.exports.layers import Layout, layered
from exchange.operations.reading.upstream import Upstream, UpstreamLine, UpstreamProduct

NODES_MAX = 60  # more do not fit a page that can still be read
LINES_SHARE_MIN_PERCENT = 0.05  # thinner lines are noise; every product keeps its thickest one
LABEL_SHARE_MIN_PERCENT = 1.0
LINES_PER_NODE_MAX = 2.5  # an input-output model has hundreds a product

BOX_WIDTH, BOX_HEIGHT = 160.0, 64.0
COLUMN, ROW = 232.0, 82.0
MARGIN, HEADER, LEGEND_ROW = 28.0, 92.0, 22.0
INK, QUIET, LINE, LOOP, GAP = "#1f2933", "#5f6c7b", "#94a3b3", "#7b4fa3", "#c0392b"
OWNERS = (
    "#3d6b99",
    "#2f7d4f",
    "#b7791f",
    "#9b3f82",
    "#c2571a",
    "#1f7a8c",
    "#6b5b95",
    "#7c5e10",
    "#b03a5b",
    "#4d7c0f",
    "#0f766e",
    "#475569",
)
OTHER_OWNER = "#8d99a6"

Node = int | str  # a product's key, or a gap's name
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class _Picture:
    """What is drawn of an upstream graph. lines: one for each pair, the shares of several added up."""

    upstream: Upstream
    shown: Mapping[int, UpstreamProduct]
    lines: Mapping[tuple[int, int], float]
    gaps: Mapping[str, str]  # gap's name -> what it is called
    gap_of: Mapping[str, int]
    colours: Mapping[str, str]
    layout: Layout[Node]

    def place(self, node: Node) -> Point:
        return self.at(self.layout.column[node], self.layout.row[node])

    def at(self, column: int, row: float) -> Point:
        return MARGIN + COLUMN * column, HEADER + ROW * row


def draw_upstream(upstream: Upstream, *, nodes_max: int = NODES_MAX) -> str:
    """The picture as SVG text."""
    picture = _picture(upstream, nodes_max)
    width = max(MARGIN * 2 + COLUMN * (picture.layout.columns - 1) + BOX_WIDTH, 760.0)
    bottom = HEADER + ROW * picture.layout.rows + BOX_HEIGHT + 30
    legend, height = _legend(picture, width, bottom)
    parts = [
        *_heading(picture),
        *_edges(picture),
        *(part for key in picture.shown for part in _product(picture, key)),
        *(part for name in picture.gaps for part in _gap(picture, name)),
        *legend,
    ]
    root = upstream.products[upstream.root_key]
    return svg.document(width, height, parts, label=f"What goes into {root.product.name}")


def _picture(upstream: Upstream, nodes_max: int) -> _Picture:
    shown = _largest(upstream, nodes_max)
    lines: dict[tuple[int, int], float] = {}
    for line in upstream.lines:
        if line.consumer_key in shown and line.supplier_key in shown and line.consumer_key != line.supplier_key:
            pair = line.supplier_key, line.consumer_key
            lines[pair] = lines.get(pair, 0.0) + float(line.share_percent)
    lines = _worth_drawing(lines, int(LINES_PER_NODE_MAX * len(shown)))
    gap_of = {f"gap {g.consumer_key} {g.line}": g.consumer_key for g in upstream.gaps if g.consumer_key in shown}
    gaps = {f"gap {g.consumer_key} {g.line}": g.named for g in upstream.gaps if g.consumer_key in shown}
    nodes: list[Node] = [*shown, *gaps]
    edges: list[tuple[Node, Node]] = [*lines, *gap_of.items()]
    owners = sorted({found.owner for found in shown.values()}, key=lambda owner: -_weight(shown.values(), owner))
    colours = {owner: OWNERS[i] if i < len(OWNERS) else OTHER_OWNER for i, owner in enumerate(owners)}
    return _Picture(upstream, shown, lines, gaps, gap_of, colours, layered(nodes, edges, bend_height=0.3))


def _largest(upstream: Upstream, nodes_max: int) -> dict[int, UpstreamProduct]:
    """The products through which most of the total passes, the root first; ties go to the older product."""
    through = {key: abs(found.demand * float(found.cradle_to_gate_kg_co2e)) for key, found in upstream.products.items()}
    through[upstream.root_key] = float("inf")
    kept = sorted(upstream.products, key=lambda key: (-through[key], key))[:nodes_max]
    return {key: upstream.products[key] for key in kept}


def _worth_drawing(lines: Mapping[tuple[int, int], float], lines_max: int) -> dict[tuple[int, int], float]:
    """The thickest lines that are no noise, and of every supplier its thickest."""
    thickest: dict[int, float] = {}
    for (supplier, _), share in lines.items():
        thickest[supplier] = max(thickest.get(supplier, 0.0), abs(share))
    ordered = sorted(lines, key=lambda pair: (-abs(lines[pair]), pair))
    thick = {pair for pair in ordered[:lines_max] if abs(lines[pair]) >= LINES_SHARE_MIN_PERCENT}
    return {pair: share for pair, share in lines.items() if pair in thick or abs(share) >= thickest[pair[0]]}


def _weight(products: Iterable[UpstreamProduct], owner: str) -> float:
    return sum(abs(float(found.own_share_percent)) for found in products if found.owner == owner)


def _heading(picture: _Picture) -> Iterator[str]:
    upstream = picture.upstream
    root = upstream.products[upstream.root_key]
    yield svg.text(MARGIN, 42, f"What goes into {root.product.name}", 23, fill=INK, font_weight="700")
    unit = f"{_plain(root.declared_unit_amount)} {_unit(root.declared_unit)}"
    facts = f"{_short(float(root.cradle_to_gate_kg_co2e))} kg CO2e per {unit}, cradle to gate. "
    facts += f"{len(upstream.products)} products of {len({p.owner for p in upstream.products.values()})} owners"
    hidden = len(upstream.products) - len(picture.shown)
    facts += f", the {hidden} smallest not drawn. " if hidden else ". "
    facts += "On each line: the share of the total that it brings in."
    yield svg.text(MARGIN, 66, facts, 13, fill=QUIET)


def _edges(picture: _Picture) -> Iterator[str]:
    labels: list[str] = []
    for (supplier, consumer), share in sorted(picture.lines.items(), key=lambda item: abs(item[1])):
        points = _points(picture, supplier, consumer)
        closing = (supplier, consumer) in picture.layout.closing
        width = 0.8 + min(abs(share), 100.0) / 100 * 9
        names = [picture.shown[key].product.name for key in (supplier, consumer)]
        yield svg.element(
            "path",
            svg.title(f"{names[0]} → {names[1]}: {_share(share)}"),
            d=_loop_path(points) if closing else svg.curve(points),
            fill="none",
            stroke=LOOP if closing else picture.colours[picture.shown[supplier].owner],
            stroke_width=width,
            stroke_opacity="0.55" if abs(share) >= LABEL_SHARE_MIN_PERCENT else "0.35",
            stroke_dasharray="5 3" if closing else None,
        )
        if abs(share) >= LABEL_SHARE_MIN_PERCENT:
            labels.append(_label(points[-1] if closing else _on_line(*points[-2:]), _share(share), width, closing))
    for name, consumer in picture.gap_of.items():
        points = _points(picture, name, consumer)
        yield svg.element(
            "path", d=svg.curve(points), fill="none", stroke=GAP, stroke_width=1.4, stroke_dasharray="4 3"
        )
    yield from labels


def _points(picture: _Picture, supplier: Node, consumer: Node) -> list[Point]:
    """From the supplier's right side to a place of its own at the consumer's left side."""
    x, y = picture.place(supplier)
    points = [(x + BOX_WIDTH, y + BOX_HEIGHT / 2)]
    for column, row in picture.layout.way_points.get((supplier, consumer), ()):
        left, top = picture.at(column, row)
        points += [(left, top + BOX_HEIGHT / 2), (left + BOX_WIDTH, top + BOX_HEIGHT / 2)]
    arriving: list[Node] = [s for s, c in picture.lines if c == consumer]
    arriving += [name for name, of in picture.gap_of.items() if of == consumer]

    def height(node: Node) -> tuple[float, str]:
        bends = picture.layout.way_points.get((node, consumer), ())
        return (bends[-1][1] if bends else picture.layout.row[node]), str(node)

    arriving.sort(key=height)
    to_x, to_y = picture.place(consumer)
    spread = min(BOX_HEIGHT - 12, 13.0 * (len(arriving) - 1))
    share = arriving.index(supplier) / (len(arriving) - 1) - 0.5 if len(arriving) > 1 else 0.0
    return [*points, (to_x, to_y + BOX_HEIGHT / 2 + spread * share)]


def _loop_path(points: Sequence[Point]) -> str:
    """A line that leads back: out at the right, around below, in at the left."""
    (x, y), (to_x, to_y) = points[0], points[-1]
    low = max(y, to_y) + ROW * 0.55
    return (
        f"M{svg.number(x)} {svg.number(y)}C{svg.number(x + 60)} {svg.number(low)} "
        f"{svg.number(to_x - 60)} {svg.number(low)} {svg.number(to_x)} {svg.number(to_y)}"
    )


def _on_line(start: Point, end: Point) -> Point:
    """A third of the way along a curve, where lines to one product are still apart."""
    t = 0.36
    bend = (end[0] - start[0]) / 2
    x = start[0] + 3 * bend * t * (1 - t) + (end[0] - start[0]) * t**3
    return x, start[1] + (end[1] - start[1]) * (3 * t**2 - 2 * t**3)


def _label(place: Point, words: str, line_width: float, closing: bool) -> str:
    """Just above its line, which it leaves to be seen; a halo as thin as the letters keeps it apart from others. Of a
    line that leads back it ends where the box begins."""
    return svg.text(
        place[0] - (4 if closing else 0),
        place[1] - line_width / 2 - 3,
        words,
        9.5,
        fill=LOOP if closing else INK,
        text_anchor="end" if closing else "middle",
        paint_order="stroke",
        stroke="#ffffff",
        stroke_width=2.5,
        stroke_opacity="0.9",
        stroke_linejoin="round",
    )


def _product(picture: _Picture, key: int) -> Iterator[str]:
    found = picture.shown[key]
    x, y = picture.place(key)
    colour, root = picture.colours[found.owner], key == picture.upstream.root_key
    total, percent = f"{_short(float(found.cradle_to_gate_kg_co2e))} kg CO2e each", float(found.own_share_percent)
    own = f"own part {_share(percent)}"
    yield svg.element(
        "rect",
        svg.title(f"{found.product.name}, {found.owner}: {total}; {own}"),
        x=x,
        y=y,
        width=BOX_WIDTH,
        height=BOX_HEIGHT,
        rx=8,
        fill=colour if root else "#ffffff",
        stroke=colour,
        stroke_width=1.4,
    )
    ink, quiet = ("#ffffff", "#ffffff") if root else (INK, QUIET)
    lines = svg.wrapped(found.product.name, 11.5, BOX_WIDTH - 16, 2)
    top = y + (16 if len(lines) == 2 else 20)
    for line in lines:
        yield svg.text(x + 9, top, line, 11.5, fill=ink, font_weight="600")
        top += 12.5
    owner = svg.shortened(found.owner, 9.5, BOX_WIDTH - 16)
    yield svg.text(x + 9, top + 1, owner, 9.5, fill=quiet)
    yield svg.text(x + 9, y + BOX_HEIGHT - 10, own, 9.5, fill=quiet)
    share = min(abs(percent), 100.0) / 100 * (BOX_WIDTH - 18)
    if share >= 0.5:
        yield svg.element(
            "rect", x=x + 9, y=y + BOX_HEIGHT - 6, width=share, height=3, rx=1.5, fill="#ffffff" if root else colour
        )


def _gap(picture: _Picture, name: str) -> Iterator[str]:
    x, y = picture.place(name)
    gap = next(g for g in picture.upstream.gaps if name == f"gap {g.consumer_key} {g.line}")
    yield svg.element(
        "rect",
        svg.title(gap.message),
        x=x,
        y=y,
        width=BOX_WIDTH,
        height=BOX_HEIGHT,
        rx=8,
        fill="#fff5f4",
        stroke=GAP,
        stroke_dasharray="4 3",
    )
    named = picture.gaps[name].rsplit(":", 1)[-1]
    yield svg.text(x + 9, y + 22, svg.shortened(named, 11.5, BOX_WIDTH - 16), 11.5, fill=INK, font_weight="600")
    yield svg.text(x + 9, y + 39, f"gap: {gap.code.replace('_', ' ').lower()}", 9.5, fill=GAP)


def _legend(picture: _Picture, width: float, top: float) -> tuple[list[str], float]:
    """A colour for each owner, in rows, and where the picture ends; owners beyond the palette share a grey."""
    x, y = MARGIN, top
    found: list[str] = []
    for owner, colour in picture.colours.items():
        if colour == OTHER_OWNER:
            continue
        words = svg.shortened(owner or "(owner not shown)", 11.5, 300)
        step = 24 + svg.text_width(words, 11.5) + 16
        if x + step > width - MARGIN:
            x, y = MARGIN, y + LEGEND_ROW
        found.append(svg.element("rect", x=x, y=y - 10, width=14, height=14, rx=3, fill=colour))
        found.append(svg.text(x + 20, y + 1.5, words, 11.5, fill=QUIET))
        x += step
    return found, y + 24


def _short(value: float) -> str:
    """Four significant digits without an exponent, as far as a picture needs."""
    if value == 0:
        return "0"
    text = f"{value:.4g}"
    return f"{value:,.0f}" if "e+" in text else (f"{value:.12f}".rstrip("0") if "e-" in text else text)


def _share(percent: float) -> str:
    return f"{percent:.0f} %" if abs(percent) >= 10 else f"{percent:.1f} %" if abs(percent) >= 0.1 else "< 0.1 %"


def _unit(unit: str) -> str:
    """KILOWATT_HOUR as people write it; money as it is."""
    return unit.lower().replace("_", " ") if unit.replace("_", "").isalpha() else unit


def _plain(value: object) -> str:
    return format(value, "f").rstrip("0").rstrip(".") if "." in format(value, "f") else format(value, "f")


__all__ = ["NODES_MAX", "UpstreamLine", "draw_upstream"]
