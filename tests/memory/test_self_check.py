"""A server finds out by itself when its graph in memory does not say what the database says."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

from exchange.graph import Store
from exchange.metrics import Metrics
from exchange.model.parties import OPERATOR
from exchange.operations import self_check
from exchange.operations.exchange import Exchange, open_exchange
from exchange.operations.self_check import CHECKS_BETWEEN, SelfCheck, check_all, check_one
from tests.memory.test_following import NOW_US, closure, excluding, from_the_store, live, published
from tests.store.examples import a_line, put_footprint


async def opened(store: Store, metrics: Metrics) -> Exchange:
    exchange = open_exchange(store, clock=lambda: NOW_US, graph_megabytes=64, measures=metrics)
    assert await live(exchange).loaded()
    return exchange


def checks(metrics: Metrics) -> dict[str, float]:
    [family] = metrics._checks.collect()
    return {each.labels["result"]: each.value for each in family.samples if each.name.endswith("_total")}


async def test_it_agrees_before_and_after_changes(store: Store) -> None:
    metrics = Metrics()
    exchange = await opened(store, metrics)
    assert await check_one(exchange) is None  # there is nothing yet
    made = await published(store, 4)
    for product in made:
        assert await check_one(exchange, product.key) is True
    await put_footprint(store, made[1], [a_line(made[0]), a_line(made[0])])
    assert await check_one(exchange) is True
    assert await check_one(exchange, made[3].key) is True
    assert checks(metrics) == {"agreed": 6.0}
    await exchange.close()


@pytest.mark.parametrize("where", ["a factor", "what is kept"])
async def test_a_wrong_number_is_found_and_the_graph_loaded_again(
    store: Store, caplog: pytest.LogCaptureFixture, where: str
) -> None:
    metrics = Metrics()
    exchange = await opened(store, metrics)
    made = await published(store, 3)
    assert await check_one(exchange, made[2].key) is True
    graph = live(exchange)
    if where == "a factor":
        assert graph._present is not None
        graph._present.factor.values[:] *= 1 + 1e-9
    else:
        assert graph._everybody._whole is not None
        graph._everybody._whole._x *= 1 + 1e-9
    assert await check_one(exchange, made[2].key) is False
    assert checks(metrics) == {"agreed": 1.0, "differed": 1.0}
    assert "given up" in caplog.text
    assert await graph.loaded()
    assert await closure(exchange, made[2]) is not None
    assert await excluding(exchange, made[2]) == await from_the_store(exchange, made[2])
    assert await check_one(exchange, made[2].key) is True
    await exchange.close()


async def test_what_was_kept_of_a_wrong_graph_is_not_taken_again(store: Store, tmp_path: Path) -> None:
    made = await published(store, 3)
    exchange = open_exchange(
        store, clock=lambda: NOW_US, graph_megabytes=64, snapshot=tmp_path / "graph.snapshot", measures=Metrics()
    )
    graph = live(exchange)
    assert await graph.loaded()
    assert graph._writing is not None
    await graph._writing
    assert graph._present is not None
    graph._present.factor.values[:] *= 1 + 1e-9
    await graph._write_snapshot()
    assert await check_one(exchange, made[2].key) is False
    assert await graph.loaded()
    assert await excluding(exchange, made[2]) == await from_the_store(exchange, made[2])
    assert await check_one(exchange, made[2].key) is True
    await exchange.close()
    again = open_exchange(store, clock=lambda: NOW_US, graph_megabytes=64, snapshot=tmp_path / "graph.snapshot")
    assert await live(again).loaded()
    assert await excluding(again, made[2]) == await from_the_store(again, made[2])
    await again.close()


async def test_everybodys_results_are_solved_from_nothing_and_compared(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    metrics = Metrics()
    exchange = await opened(store, metrics)
    assert await check_all(exchange) is None  # there is nothing yet
    made = await published(store, 3)
    graph = live(exchange)
    assert await check_all(exchange) is True
    await put_footprint(store, made[1], [a_line(made[0]), a_line(made[0])])
    assert await check_all(exchange) is True
    assert checks(metrics) == {"agreed": 2.0}
    assert graph._everybody._whole is not None
    assert graph._everybody._whole.pushed == 0
    graph._everybody._whole._x[made[2].key] *= 1 + 1e-10
    assert await check_all(exchange) is False
    assert checks(metrics) == {"agreed": 2.0, "differed": 1.0}
    assert f"of 1 products is not what comes out, product key {made[2].key} first" in caplog.text
    assert await graph.loaded()
    assert await excluding(exchange, made[2]) == await from_the_store(exchange, made[2])
    assert await check_all(exchange) is True
    await exchange.close()


async def test_it_goes_on_by_itself(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    metrics, all_checked = Metrics(), []

    async def counted(exchange: Exchange) -> bool | None:
        agreed = await check_all(exchange)
        all_checked.append(agreed)
        return agreed

    monkeypatch.setattr(self_check, "check_all", counted)
    exchange = await opened(store, metrics)
    await published(store, 2)
    checking = SelfCheck(exchange, seconds_between=0.01)
    while checks(metrics).get("agreed", 0) < CHECKS_BETWEEN + 1:  # noqa: ASYNC110 - what it counts tells nobody
        await asyncio.sleep(0.01)
    assert len(all_checked) == (checks(metrics)["agreed"] - len(all_checked)) // CHECKS_BETWEEN > 0
    await checking.close()
    done = checks(metrics)
    await asyncio.sleep(0.05)
    assert checks(metrics) == done
    await exchange.close()


async def test_everybodys_results_follow_the_ledger(store: Store) -> None:
    exchange = await opened(store, Metrics())
    made = await published(store, 3)
    session = await exchange.session(OPERATOR)
    whole = await live(exchange).whole(session.head, session.now_us)
    assert whole is not None
    before = whole.excluding()[made[2].key]
    await put_footprint(store, made[0], [], valid_until_day=NOW_US // 86_400_000_000 + 400)
    await put_footprint(store, made[1], [a_line(made[0]), a_line(made[0])])
    session = await exchange.session(OPERATOR)
    again = await live(exchange).whole(session.head, session.now_us)
    assert again is whole
    assert whole.pushed > 0
    assert whole.excluding()[made[2].key] != before
    assert float(str(await from_the_store(exchange, made[2]))) == pytest.approx(
        whole.excluding()[made[2].key], rel=1e-11
    )
    assert np.isfinite(whole.radius()).all()
    await exchange.close()
