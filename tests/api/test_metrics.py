"""Figures for Prometheus: the operator's alone, right, and without a name in them."""

from __future__ import annotations

import logging
import re

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from exchange.metrics import GraphState, Metrics
from exchange.model.parties import Scope
from exchange.operations.writing import measures
from exchange.operations.writing.measures import ClosureSource, Solving
from tests.api.exchange_server import ExchangeServer, publish_all
from tests.docs.documents import DOCS

GUIDE = DOCS / "guides" / "watch-a-server.md"
ROLL_UP = "query ($id: ID!) { product(id: $id) { cradleToGate { __typename } } }"
SOLVING = Solving(ClosureSource.STORE, 2, 0.25, 0.5, 30, 40, 12)


def figures(text: str) -> dict[str, float]:
    """By name and labels, as they stand in the text."""
    return {
        sample.name + "".join(f"{{{name}={value}}}" for name, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def scrape(server: ExchangeServer, token: str | None) -> httpx.Response:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return httpx.get(f"{server.url}/metrics", headers=headers)


def test_the_operator_is_told_what_was_asked_and_nobody_else_is(server: ExchangeServer) -> None:
    publish_all(server)
    assert scrape(server, None).status_code == 401
    assert scrape(server, "nonsense").status_code == 401
    refused = scrape(server, server.client("grid").token)
    assert refused.status_code == 403
    assert "ADMINISTER" in refused.text
    for answer in (scrape(server, None), refused):
        assert "exchange_" not in answer.text
    operator = server.add_organization("watching", scopes=frozenset(Scope))
    operator.query(ROLL_UP, {"id": server.products["car"]})
    before = figures(scrape(server, operator.token).text)
    operator.query(ROLL_UP, {"id": server.products["power"]})
    text = scrape(server, operator.token).text
    after = figures(text)
    operator.query(ROLL_UP, {"id": server.products["power"]})
    again = figures(scrape(server, operator.token).text)
    for name in ("exchange_rollup_closure_products_count", "exchange_rollups_total{source=memory}"):
        assert again[name] == after[name]
    kept = "exchange_rollups_total{source=kept}"
    assert again[kept] == after.get(kept, 0) + 1
    solved = "exchange_rollup_seconds_count{source=memory}{step=solve}"
    assert after[solved] == before[solved] + 1
    assert after["exchange_rollup_closure_products_count"] == before["exchange_rollup_closure_products_count"] + 1
    assert after["exchange_rollup_lines_total"] > before["exchange_rollup_lines_total"]
    assert after["exchange_rollup_sweeps_sum"] > before["exchange_rollup_sweeps_sum"]
    assert after["exchange_ledger_sequence"] == server.ledger_head()
    assert after["exchange_ledger_lag"] == 0
    assert after["exchange_graph_loaded"] == 1
    assert after["exchange_graph_bytes"] > 0
    assert not re.search("GridCo|grid|watching", text)


def test_every_figure_is_in_the_guide() -> None:
    metrics = Metrics()
    metrics.solved(SOLVING)
    metrics.refused("LOOP_REFUSED")
    metrics.checked(agreed=True)
    text = metrics.text(GraphState(7, 5, 1_000, 12.5, 1, 2)).decode()
    found = figures(text)
    assert found["exchange_ledger_lag"] == 2
    assert found["exchange_graph_bytes"] == 1_000
    assert found["exchange_snapshot_age_seconds"] == 12.5
    assert found["exchange_turns{state=waiting}"] == 2
    assert found["exchange_refusals_total{code=LOOP_REFUSED}"] == 1
    assert found["exchange_self_checks_total{result=agreed}"] == 1
    assert found["exchange_rollup_seconds_sum{source=store}{step=closure}"] == 0.25
    assert found["exchange_rollup_sweeps_sum"] == 12
    names = {re.sub("_(created|bucket|count|sum)$", "", name.partition("{")[0]) for name in found}
    ours = {name for name in names if name.startswith("exchange_")} - {
        "exchange_refusals",  # when it was made
        "exchange_rollup_lines",
        "exchange_rollups",
        "exchange_self_checks",
    }
    guide = GUIDE.read_text(encoding="utf-8")
    assert {name for name in ours if f"`{name}`" not in guide} == set()
    told = set(re.findall("`(exchange_[a-z_]+)`", guide))
    assert told - ours == set()


def test_what_is_not_there_is_no_number() -> None:
    found = figures(Metrics().text(GraphState(None, None, 0, None, 0, 0)).decode())
    for name in ("exchange_ledger_sequence", "exchange_ledger_lag", "exchange_snapshot_age_seconds"):
        assert found[name] != found[name]
    assert found["exchange_graph_loaded"] == 0


@pytest.mark.parametrize(("solve_seconds", "told"), [(0.5, False), (0.75, True)])
def test_a_slow_roll_up_says_where_its_time_went(
    caplog: pytest.LogCaptureFixture, solve_seconds: float, told: bool
) -> None:
    solving = Solving(ClosureSource.STORE, 2, 0.25, solve_seconds, 30, 40, 12)
    with caplog.at_level(logging.WARNING, logger=measures.__name__):
        Metrics().solved(solving)
    expected = (
        "slow roll-up: 1.00 s for 2 products asked about: 0.25 s until the closure of 30 products and 40 lines was at "
        "hand (store), 0.75 s to solve it in 12 sweeps"
    )
    assert caplog.messages == ([expected] if told else [])
