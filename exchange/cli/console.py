"""What commands print: tables and progress for people, JSON for programs, UTF-8 wherever it goes.

Answers go to standard output. Progress and errors go to standard error, so that an answer can be piped.
"""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable, Iterator
from typing import Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from exchange.model.text import without_steering

WIDTH_WITHOUT_TERMINAL = 140  # a file or a pipe has no width: wide enough that no table is cut

Report = Callable[[str, int, int], None]  # what is being done, how much of it is done, how much there is


def _remember_json(context: typer.Context, wanted: bool) -> bool:
    """So that an error is JSON, too; `meta` is shared by the contexts of one call."""
    context.meta[JSON_WANTED] = wanted
    return wanted


JSON_WANTED = "exchange.json"
JSON_FLAG = "--json"
JSON_OPTION = typer.Option(
    JSON_FLAG, help="Print JSON for programs instead of a table.", show_default=False, callback=_remember_json
)


def speak_utf8() -> None:
    """Windows may have handed us a code page that lacks most of what is printed here."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure") and (stream.encoding or "").lower().replace("-", "") != "utf8":
            stream.reconfigure(encoding="utf-8", errors="replace")


class PlainConsole(Console):
    """Nothing that is printed steers the terminal but our own styles. Such text is refused when it comes in, but an
    older database may hold some."""

    def render_str(self, text: str, **how: Any) -> Text:
        return super().render_str(without_steering(text), **how)


def console() -> Console:
    """Standard output for people. Made anew each time, because tests and shells replace the stream."""
    width = None if sys.stdout.isatty() else WIDTH_WITHOUT_TERMINAL
    return PlainConsole(file=sys.stdout, width=width, highlight=False, legacy_windows=False)


def error_console() -> Console:
    width = None if sys.stderr.isatty() else WIDTH_WITHOUT_TERMINAL
    return PlainConsole(file=sys.stderr, width=width, highlight=False, legacy_windows=False)


def json_text(answer: object) -> str:
    """One JSON document, readable by people too."""
    return without_steering(json.dumps(answer, ensure_ascii=False, indent=2)) + "\n"


def print_json(answer: object) -> None:
    sys.stdout.write(json_text(answer))
    sys.stdout.flush()


def table(*columns: str, right: tuple[str, ...] = (), title: str | None = None) -> Table:
    """A table in the one style of this command line; `right`: columns of numbers."""
    found = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, header_style="dim")
    for name in columns:
        found.add_column(name, justify="right" if name in right else "left", overflow="fold")
    return found


@contextlib.contextmanager
def progress(*, quiet: bool) -> Iterator[Report]:
    """A way to report long work: bars on a terminal, nothing in a pipe or with --json."""
    if quiet or not sys.stderr.isatty():
        yield _unheard
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=error_console(), transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def report(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total)
            bars.update(tasks[what], completed=done, total=total)

        yield report


def _unheard(what: str, done: int, total: int) -> None:
    """Progress that nobody watches."""
