"""What is exported is read again by networkx, loses nothing, and is the same every time; pictures are sound SVG."""

import io
import json
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import networkx as nx
import pytest

import seed
from exchange.exports.drawing import draw_upstream
from exchange.exports.network import graphml, network, node_link
from exchange.exports.seed_chains import SeedChains
from exchange.exports.seed_picture import draw_seed
from exchange.exports.svg import shortened, text_width, wrapped
from tests.exports.upstreams import small, wide

SVG = "{http://www.w3.org/2000/svg}"
ROOT = Path(__file__).resolve().parents[2]


def check_network(graph, upstream):
    """Everything is there: products, every line with its number, gaps, and decimals as text."""
    expected = network(upstream)
    assert {node: graph.nodes[node] for node in graph} == {node: expected.nodes[node] for node in expected}
    found = sorted((c, s, data["line"], data.get("factor")) for c, s, data in graph.edges(data=True))
    assert found == sorted((c, s, data["line"], data.get("factor")) for c, s, data in expected.edges(data=True))
    assert graph.is_directed()
    assert graph.is_multigraph()
    assert graph.graph["asOf"] == "2026-06-30"
    assert set(graph.graph) <= {"asOf", "node_default", "edge_default"}  # the last two are networkx's own of GraphML


def test_graphml_is_read_again():
    upstream = small()
    text = graphml(upstream)
    check_network(nx.read_graphml(io.BytesIO(text.encode()), force_multigraph=True), upstream)
    assert graphml(small()) == text


def test_node_link_json_is_read_again():
    upstream = small()
    text = node_link(upstream)
    check_network(nx.node_link_graph(json.loads(text), edges="edges"), upstream)
    assert node_link(small()) == text


def test_the_network_says_what_each_thing_is():
    graph = network(small())
    assert graph.nodes["id-0"]["root"]
    assert graph.nodes["id-1"]["cradleToGateKgCo2e"] == "5"
    assert graph.nodes["gap:id-0:4"]["code"] == "NOT_GRANTED"
    assert graph.number_of_edges("id-0", "id-2") == 2


def texts(picture: str) -> list[str]:
    root = ET.fromstring(picture)  # raises where it is not XML
    assert root.tag == f"{SVG}svg"
    return [element.text or "" for element in root.iter(f"{SVG}text")]


def test_no_label_hides_a_line():
    root = ET.fromstring(draw_upstream(small()))
    labels = [one for one in root.iter(f"{SVG}text") if re.fullmatch(r"[0-9.]+ %", one.text or "")]
    assert len(labels) == 5
    _background, *boxes = root.iter(f"{SVG}rect")
    for label in labels:
        assert (label.get("paint-order"), label.get("stroke")) == ("stroke", "#ffffff")  # a halo as thin as the letters
        x, y = float(label.get("x", "")), float(label.get("y", ""))
        for box in boxes:
            left, top, width, height = (float(box.get(name, "")) for name in ("x", "y", "width", "height"))
            assert not (left <= x <= left + width and top <= y <= top + height), label.text


def test_a_drawing_shows_products_shares_owners_and_gaps():
    shown = texts(draw_upstream(small()))
    assert any("8 kg CO2e per 1 kilogram" in text for text in shown)
    assert {"Steel", "Power", "Coal", "mill", "grid", "seat", "gap: not granted"} <= set(shown)
    assert {"62 %", "25 %"} <= set(shown)  # the two lines from power to the car are one, and add up
    assert draw_upstream(small()) == draw_upstream(small())


def test_a_drawing_leaves_out_the_smallest_and_says_so():
    shown = texts(draw_upstream(wide(90), nodes_max=40))
    assert any("the 50 smallest not drawn" in text for text in shown)
    assert sum(text.startswith("own part") for text in shown) == 40
    assert not any("smallest" in text for text in texts(draw_upstream(wide(40))))


def test_boxes_of_a_drawing_do_not_overlap():
    root = ET.fromstring(draw_upstream(wide(55)))
    boxes = [
        (
            float(rect.get("x", "0")),
            float(rect.get("y", "0")),
            float(rect.get("width", "0")),
            float(rect.get("height", "0")),
        )
        for rect in root.iter(f"{SVG}rect")
        if rect.get("height") == "64"
    ]
    assert len(boxes) == 55
    for index, (x, y, width, height) in enumerate(boxes):
        for other_x, other_y, _, _ in boxes[index + 1 :]:
            assert abs(x - other_x) >= width or abs(y - other_y) >= height


def test_the_seeds_picture_shows_every_product_and_is_the_one_in_the_documents():
    data = seed.load()
    picture = draw_seed(data)
    shown = " ".join(texts(picture))
    for product in data.products:
        if product.chain != "factors":
            assert product.name.split()[0] in shown, product.name
    committed = (ROOT / "docs/graph.svg").read_text(encoding="utf-8")
    assert committed == picture, "make it again: exchange graph draw-seed -o docs/graph.svg"


def test_the_seeds_picture_knows_shared_suppliers_and_gaps():
    chains = SeedChains(seed.load())
    assert {"grid-power", "road-freight", "steam"} <= set(chains.shared)
    gaps = {supply.gap for supply in chains.supplies if supply.gap}
    assert gaps == {
        "nobody registered it",
        "a fallback serves",
        "not shared with the buyer",
        "no footprint yet",
        "footprint expired",
        "ordered by weight, no mass stated",
    }


@pytest.mark.parametrize("words", ["", "one", "a rather long name of a product that has to be shortened", "汽车" * 20])
def test_text_fits_where_it_is_put(words):
    assert text_width(shortened(words, 12, 100), 12) <= 100
    lines = wrapped(words, 12, 100, 2)
    assert 1 <= len(lines) <= 2
    assert all(text_width(line, 12) <= 100 for line in lines)
