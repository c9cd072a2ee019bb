"""What a server counts, and how Prometheus is told: names, units and buckets in one place.

Each server has figures of its own; whoever runs several adds them up. They tell about all callers' work together and
never name a product or an organization; still they are the operator's, because one caller who watches them while it
asks would learn how large a closure is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

from exchange.operations.writing.measures import ClosureSource, Solving, tell_if_slow

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
PRODUCTS: Final = (1, 10, 100, 1_000, 3_000, 10_000, 30_000, 100_000, 200_000)
SWEEPS: Final = (4, 8, 16, 32, 64, 128, 256, 512, 1_024, 4_096, 16_384)


@dataclass(frozen=True, slots=True)
class GraphState:
    """Of the graph in memory when it is looked at. head_sequence: the ledger's; None: the database did not answer.
    graph_sequence: where the graph in memory stands; None: it is not loaded. snapshot_age_seconds: None: there is
    none."""

    head_sequence: int | None
    graph_sequence: int | None
    graph_bytes: int
    snapshot_age_seconds: float | None
    turns_under_way: int
    turns_waiting: int


class Metrics:
    """Counts what operations tell (`exchange.operations.writing.measures.Measures`) and prints all of it."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._seconds = Histogram(
            "exchange_rollup_seconds",
            "Time of a roll-up by step and source: until its closure was at hand, and to solve it.",
            ["step", "source"],
            buckets=SECONDS,
            registry=self._registry,
        )
        self._answered = Counter(
            "exchange_rollups",
            "Roll-ups by source: kept (solved before, nothing moved since), or solved anew from memory or the store.",
            ["source"],
            registry=self._registry,
        )
        self._products = Histogram(
            "exchange_rollup_closure_products", "Products in a closure.", buckets=PRODUCTS, registry=self._registry
        )
        self._lines = Counter(
            "exchange_rollup_lines", "Lines of all closures that were solved.", registry=self._registry
        )
        self._sweeps = Histogram(
            "exchange_rollup_sweeps", "Sweeps to solve a closure.", buckets=SWEEPS, registry=self._registry
        )
        self._refused = Counter("exchange_refusals", "What was refused, by code.", ["code"], registry=self._registry)
        self._checks = Counter(
            "exchange_self_checks",
            "Products on which memory and database were compared, by result.",
            ["result"],
            registry=self._registry,
        )
        self._loaded = Gauge("exchange_graph_loaded", "1 where the graph is in memory.", registry=self._registry)
        self._bytes = Gauge("exchange_graph_bytes", "Bytes of the graph in memory.", registry=self._registry)
        self._head = Gauge(
            "exchange_ledger_sequence", "Head of the ledger; NaN: the database did not answer.", registry=self._registry
        )
        self._lag = Gauge(
            "exchange_ledger_lag",
            "Changes that the graph in memory has yet to take over; NaN: none is there.",
            registry=self._registry,
        )
        self._snapshot = Gauge(
            "exchange_snapshot_age_seconds",
            "Since the snapshot of the graph was written; NaN: there is none.",
            registry=self._registry,
        )
        self._turns = Gauge(
            "exchange_turns", "Heavy requests, under way and waiting.", ["state"], registry=self._registry
        )

    def solved(self, solving: Solving) -> None:
        source = solving.source.value
        self._answered.labels(source).inc()
        self._seconds.labels("closure", source).observe(solving.read_seconds)
        self._seconds.labels("solve", source).observe(solving.solve_seconds)
        if solving.source is ClosureSource.KEPT:
            return
        self._products.observe(solving.products)
        self._lines.inc(solving.lines)
        self._sweeps.observe(solving.sweeps)
        tell_if_slow(solving)

    def refused(self, code: str) -> None:
        self._refused.labels(code).inc()

    def checked(self, *, agreed: bool) -> None:
        self._checks.labels("agreed" if agreed else "differed").inc()

    def text(self, state: GraphState) -> bytes:
        """Everything, in Prometheus' text format."""
        nothing = float("nan")
        known, there = state.head_sequence, state.graph_sequence
        self._loaded.set(0 if there is None else 1)
        self._bytes.set(state.graph_bytes)
        self._head.set(nothing if known is None else known)
        self._lag.set(nothing if known is None or there is None else max(known - there, 0))
        self._snapshot.set(nothing if state.snapshot_age_seconds is None else state.snapshot_age_seconds)
        self._turns.labels("under_way").set(state.turns_under_way)
        self._turns.labels("waiting").set(state.turns_waiting)
        return generate_latest(self._registry)
