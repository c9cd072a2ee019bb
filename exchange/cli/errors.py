"""How a failed command ends: a message that says what to do, a table of what is wrong, and exit code 1.

Every failure has a code; a product without a result has the API's code for why, too.

Exit codes: 0 done, 1 failed, 2 wrong use (an option or argument that is not understood), 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import sys
from typing import Any

import typer
from rich.markup import escape
from typer.core import TyperGroup

from exchange.cli.console import JSON_FLAG, JSON_WANTED, error_console, json_text, table
from exchange.errors import ExchangeError, InvalidInput, RollUpRefused, place_of

FAILED, WRONG_USE, INTERRUPTED = 1, 2, 130


class Commands(TyperGroup):
    """The root of all commands: no error of ours leaves it as a traceback."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        ctx.meta[JSON_WANTED] = JSON_FLAG in args  # known before any option of a command can be wrong
        return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except typer.TyperException as error:
            if error.exit_code != WRONG_USE or not ctx.meta[JSON_WANTED]:
                raise
            show_error(InvalidInput(error.format_message()), as_json=True)
            raise typer.Exit(WRONG_USE) from None
        except ExchangeError as error:
            show_error(error, as_json=bool(ctx.meta.get(JSON_WANTED)))
            raise typer.Exit(FAILED) from None
        except KeyboardInterrupt:
            error_console().print("Stopped.")
            raise typer.Exit(INTERRUPTED) from None


def show_error(error: ExchangeError, *, as_json: bool = False) -> None:
    """On standard error: for people, or as one JSON object."""
    if as_json:
        sys.stderr.write(json_text({"error": _fields(error)}))
        return
    console = error_console()
    why = f"{error.refusal}: " if isinstance(error, RollUpRefused) else ""
    where = " ".join(error.path) + ": " if _says_where(error) else ""
    console.print(f"[bold red]{error.code}[/] {why}{escape(where + error.message)}", soft_wrap=True)
    if isinstance(error, InvalidInput) and _adds_something(error):
        rows = table("where", "what", "got")
        for problem in error.problems:
            rows.add_row(escape(" ".join(problem.path)), escape(problem.message), escape(problem.got or ""))
        console.print(rows)
    if error.retryable:
        console.print("[dim]This may pass: try again.[/]")


def _says_where(error: ExchangeError) -> bool:
    """Whether the message is that of its one wrong field, which has a name that the message does not say."""
    if not isinstance(error, InvalidInput) or not error.path or _adds_something(error):
        return False
    return not error.message.startswith(place_of(error.path))


def _adds_something(error: InvalidInput) -> bool:
    return len(error.problems) > 1 or not error.message.endswith(error.problems[0].message)


def _fields(error: ExchangeError) -> dict[str, object]:
    fields: dict[str, object] = {"code": error.code, "message": error.message, "retryable": error.retryable}
    if isinstance(error, InvalidInput):
        fields["problems"] = [
            {"code": p.code, "message": p.message, "path": list(p.path), "expected": p.expected, "got": p.got}
            for p in error.problems
        ]
    if isinstance(error, RollUpRefused):
        fields["refusal"] = {"code": error.refusal}
    return fields
