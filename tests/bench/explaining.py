"""The explain file of a USEEIO product with the most behind it: written, read again, and verified.

Writing begins with a solved closure and ends with the text; verifying begins with the bytes and ends with the verdict.
The peer is Python's own JSON writer or reader on the same content, which is the least that any of it can take. Times
are this process's own on the processor; megabytes are the most that Python and numpy held beside what was there.
"""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable
from time import process_time
from types import SimpleNamespace
from typing import TYPE_CHECKING

from exchange.rollup import read_explain_file, roll_up, verify
from tests.bench.measuring import Figure, Spread, in_turn, milliseconds

if TYPE_CHECKING:
    from tests.bench.__main__ import Options

TITLE = "the explain file of the USEEIO product with most behind it"
LARGEST = "2332A0"
WITHOUT_DATA = "needs --data PATH with useeio/"


def run(options: Options) -> list[Figure]:
    if options.data is None:
        print(f"explain: {WITHOUT_DATA}")
        return []
    from tests.rollup.check import NOW
    from tests.rollup.explained import file_of
    from tests.rollup.useeio import read_useeio
    from tests.rollup.views import Viewer

    useeio = read_useeio(options.data)
    solution = roll_up(useeio.snapshot, [useeio.codes.index(LARGEST)], NOW, lambda consumer, supplier: True)
    world = SimpleNamespace(keys={useeio.codes[key]: key for key in solution.keys})
    owner = Viewer(owner=set(useeio.codes))

    def write() -> bytes:
        return file_of(world, solution, LARGEST, owner).text.encode()

    content = write()
    document = json.loads(content)
    verdict = verify(read_explain_file(content))
    size = f"{verdict.product_count} products, {verdict.line_count:,} lines, {len(content) / 1e6:.1f} MB"
    runs: dict[str, Callable[[], object]] = {
        "write": write,
        "verify": lambda: verify(read_explain_file(content)),
        "dumps": lambda: json.dumps(document, ensure_ascii=False),
        "loads": lambda: json.loads(content),
    }
    took = {name: milliseconds(spread) for name, spread in in_turn(options.rounds, runs, clock=process_time).items()}
    held = {name: Spread((_megabytes(make),)) for name, make in runs.items()}
    writer, reader = "json.dumps of the same", "json.loads of the same"
    return [
        Figure(f"written: {size}", took["write"], "ms CPU", writer, took["dumps"]),
        Figure("read and verified", took["verify"], "ms CPU", reader, took["loads"]),
        Figure("written, memory", held["write"], "MB", writer, held["dumps"]),
        Figure("read and verified, memory", held["verify"], "MB", reader, held["loads"]),
    ]


def _megabytes(make: Callable[[], object]) -> float:
    tracemalloc.start()
    try:
        make()
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()
