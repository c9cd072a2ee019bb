"""The layered layout: suppliers left, nothing on top of anything, lines around nodes, and always the same."""

from hypothesis import given
from hypothesis import strategies as st

from exchange.exports.layers import layered


def test_a_chain_runs_from_left_to_right():
    layout = layered(["ore", "steel", "car"], [("ore", "steel"), ("steel", "car")])
    assert layout.column == {"ore": 0, "steel": 1, "car": 2}
    assert len({round(layout.row[node], 6) for node in layout.row}) == 1


def test_a_line_over_columns_gets_way_points_of_its_own():
    layout = layered(["ore", "steel", "car"], [("ore", "steel"), ("steel", "car"), ("ore", "car")])
    [(column, row)] = layout.way_points["ore", "car"]
    assert column == 1
    assert abs(row - layout.row["steel"]) > 0.5


def test_a_loop_is_opened_at_one_line_and_drawn_apart():
    layout = layered(["car", "power", "coal"], [("power", "car"), ("coal", "power"), ("power", "coal")])
    assert layout.closing == {("power", "coal")}
    assert layout.column["coal"] < layout.column["power"] < layout.column["car"]


def test_a_source_stands_right_before_whoever_takes_it():
    edges = [("a", "b"), ("b", "c"), ("late", "c")]
    nodes = ["a", "b", "c", "late"]
    assert layered(nodes, edges).column["late"] == 1
    assert layered(nodes, edges, late_sources=False).column["late"] == 0


def test_nothing_and_one_node_are_laid_out():
    assert layered([], []).columns == 0
    assert layered(["a"], [("a", "a")]).row == {"a": 0.0}


GRAPHS = st.integers(1, 14).flatmap(
    lambda count: st.tuples(
        st.just(list(range(count))),
        st.lists(st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)), max_size=40),
    )
)


@given(GRAPHS)
def test_no_two_nodes_meet_and_every_open_line_leads_right(graph):
    nodes, edges = graph
    layout = layered(nodes, edges)
    for supplier, consumer in edges:
        if supplier != consumer and (supplier, consumer) not in layout.closing:
            assert layout.column[supplier] < layout.column[consumer]
            between = [column for column, _ in layout.way_points.get((supplier, consumer), ())]
            assert between == list(range(layout.column[supplier] + 1, layout.column[consumer]))
    for node in nodes:
        for other in nodes:
            if node < other and layout.column[node] == layout.column[other]:
                assert abs(layout.row[node] - layout.row[other]) > 1 - 1e-6
    assert min(layout.row.values()) > -1e-9
    assert layered(nodes, edges) == layout
