"""Figures: measured several times in turn with their peer, shown with their spread, and kept one a line.

A figure is the median of its rounds. Its peer is the same work done without the exchange, or by an established engine,
in the same rounds on the same machine. Nothing here judges: a figure that misses its aim is a figure.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "build" / "bench.jsonl"
Run = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Spread:
    """Of one thing measured several times."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    def scaled(self, make: Callable[[float], float]) -> Spread:
        return Spread(tuple(make(value) for value in self.values))

    def __str__(self) -> str:
        return f"{_short(self.median)} ({_short(min(self.values))}–{_short(max(self.values))})"


@dataclass(frozen=True, slots=True)
class Figure:
    """What was measured beside what; `peer_figure` None: the peer is absent, and `peer` says why."""

    name: str
    figure: Spread
    unit: str
    peer: str
    peer_figure: Spread | None

    @property
    def ratio(self) -> float | None:
        """Of each round's own pair, so that what slows the whole machine cancels out."""
        if self.peer_figure is None:
            return None
        pairs = zip(self.figure.values, self.peer_figure.values, strict=True)
        return statistics.median(one / other for one, other in pairs)


def in_turn(
    rounds: int, runs: Mapping[str, Run], *, warm_up: int = 1, clock: Callable[[], float] = time.perf_counter
) -> dict[str, Spread]:
    """Seconds of each, one after the other in every round, each round in another order.

    clock: time.process_time for what happens in this process alone: other programs then count for less.
    """
    names = list(runs)
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(warm_up + rounds):
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            began = clock()
            runs[name]()
            took = clock() - began
            if turn >= warm_up:
                seconds[name].append(took)
    return {name: Spread(tuple(values)) for name, values in seconds.items()}


def milliseconds(spread: Spread) -> Spread:
    return spread.scaled(lambda seconds: seconds * 1e3)


def machine() -> str:
    """What it was measured on, and how busy that was."""
    load = f", load {os.getloadavg()[0]:.0f}" if hasattr(os, "getloadavg") else ""
    return f"{platform.system()} {_processor()}, {os.cpu_count()} cores, Python {platform.python_version()}{load}"


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def process_megabytes(process: int | str, name: str) -> float:
    """VmRSS or VmHWM of a process by Linux's own account; not a number elsewhere."""
    status = Path(f"/proc/{process}/status")
    if not status.exists():
        return float("nan")
    for line in status.read_text(encoding="utf-8").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise LookupError(name)


def keep(figures: Sequence[Figure], on: str) -> None:
    """Appends to build/bench.jsonl."""
    RESULTS.parent.mkdir(exist_ok=True)
    with RESULTS.open("a", encoding="utf-8") as file:
        for one in figures:
            line = {
                "name": one.name,
                "figure": one.figure.median,
                "unit": one.unit,
                "peer": one.peer,
                "peerFigure": None if one.peer_figure is None else one.peer_figure.median,
                "ratio": one.ratio,
                "machine": on,
            }
            file.write(json.dumps(line, ensure_ascii=False) + "\n")


def show(title: str, figures: Sequence[Figure], on: str) -> None:
    table = Table(title=title, title_justify="left", caption=f"medians (least–most); {on}", caption_justify="left")
    for heading in ("what", "figure", "unit", "peer", "peer's figure", "ratio"):
        table.add_column(heading, overflow="fold")
    for one in figures:
        ratio = "" if one.ratio is None else f"{one.ratio:.2f}"
        peer = "" if one.peer_figure is None else str(one.peer_figure)
        table.add_row(one.name, str(one.figure), one.unit, one.peer, peer, ratio)
    Console(width=None if os.isatty(1) else 150).print(table)


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
