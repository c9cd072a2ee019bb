"""`exchange audit export` writes the audit trail as JSON lines; `exchange audit verify` checks such a file by itself.

`verify` opens no database, reads no settings and asks nobody: whoever was given a file can run it anywhere.
"""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, TextIO

import typer
from rich.markup import escape

from exchange.cli import running
from exchange.cli.calling import called
from exchange.cli.console import JSON_OPTION, console, print_json
from exchange.cli.errors import FAILED
from exchange.cli.files import refuse_what_is_there, write_whole
from exchange.cli.finding import find_organization
from exchange.model.audit_file import LINE_CHARACTERS_MAX, AuditVerdict, verify_audit
from exchange.model.parties import OPERATOR
from exchange.operations.exchange import Exchange
from exchange.operations.reading.audit_reading import export_audit

STANDARD_INPUT = "-"
NOTED = re.compile(r"(?:sha256:)?([0-9a-f]{64})")

audits = typer.Typer(
    no_args_is_help=True,
    help="The audit trail: who did, saw and tried what, chained so that changes show.\n\n"
    "Example: exchange audit export --as acme.example -o acme.audit.jsonl",
)


@audits.command("export")
def export(
    organization: running.AsOption = None,
    since: Annotated[
        str | None,
        typer.Option(
            "--since",
            metavar="INSTANT",
            help="Only entries from then on, such as 2026-06-30T12:00:00Z; all if not given.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", metavar="FILE", help="Where to write; standard output if not given.", show_default=False
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file if it is there.")] = False,
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Write the audit trail as JSON lines: all of it, or as far as one organization may read it.

    Example: exchange audit export --as acme.example -o acme.audit.jsonl
    """
    since_us = running.known_at_us(since)
    if output is not None:
        refuse_what_is_there(output, force=force)

    async def command(exchange: Exchange) -> list[str]:
        reader = None if organization is None else (await find_organization(exchange, organization)).id
        session = await exchange.session(OPERATOR)
        return [line async for line in export_audit(exchange.store, session, reader, since_us)]

    lines = running.run(command)
    if output is None:
        sys.stdout.writelines(lines)
        return
    write_whole("".join(lines), output, force=force)
    verdict = verify_audit(lines)
    if as_json:
        print_json({"file": str(output), **_fields(verdict)})
    else:
        check = called(f"audit verify {shlex.quote(str(output))}")
        typer.echo(f"Wrote {output}: head {verdict.head}, {verdict.hash}\nNote the hash. Check it: {check}", err=True)


@audits.command("verify")
def verify(
    file: Annotated[str, typer.Argument(metavar="FILE", help="What export wrote; - reads standard input.")],
    head: Annotated[
        list[str] | None,
        typer.Option(
            "--head",
            metavar="HASH",
            help="A hash noted down earlier, which must be in the chain. Repeat for more.",
            show_default=False,
        ),
    ] = None,
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Check an audit file by itself: whether anything in it was changed, removed, put in or moved.

    Exit code 0: whole. 1: broken. 2: wrong use. It opens no database and asks nobody.

    Example: exchange audit verify acme.audit.jsonl
    """
    anchors = [_noted(one) for one in head or ()]
    verdict = verify_audit(_lines(file), anchors)
    if as_json:
        print_json(_fields(verdict))
    else:
        _show(file, verdict, anchored=bool(anchors))
    if not verdict.whole:
        raise typer.Exit(FAILED)


def _noted(given: str) -> str:
    found = NOTED.fullmatch(given.strip().lower())
    if found is None:
        raise typer.BadParameter(f"{given} is not a hash: 64 hexadecimal digits.", param_hint="--head")
    return found[1]


def _lines(file: str) -> Iterator[str]:
    """One after the other, and never more of one than a check looks at. Wrong use where it is no text."""
    try:
        if file == STANDARD_INPUT:
            yield from _cut(sys.stdin)
        else:
            with Path(file).open(encoding="utf-8", newline="\n") as opened:
                yield from _cut(opened)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise typer.BadParameter(f"{file} cannot be read: {reason}.", param_hint="FILE") from None


def _cut(opened: TextIO) -> Iterator[str]:
    while line := opened.readline(LINE_CHARACTERS_MAX + 1):
        yield line


def _fields(verdict: AuditVerdict) -> dict[str, object]:
    return {
        "whole": verdict.whole,
        "first": verdict.first,
        "head": verdict.head,
        "hash": verdict.hash,
        "fromTheBeginning": verdict.from_the_beginning,
        "entries": verdict.told,
        "leftOut": verdict.left_out,
        "problems": [{"line": line, "message": message} for line, message in verdict.problems],
    }


def _show(file: str, verdict: AuditVerdict, *, anchored: bool) -> None:
    out = console()
    word = "[bold green]whole[/]" if verdict.whole else "[bold red]broken[/]"
    counts = "no entries"
    if verdict.first <= verdict.head:
        counts = f"{verdict.first} to {verdict.head}: {verdict.told} entries, {verdict.left_out} left out"
    out.print(f"{word}  {escape(file)}  {counts}", soft_wrap=True)
    out.print(f"  head  {verdict.hash}", soft_wrap=True)
    for line, message in verdict.problems:
        out.print(f"  line {line}: {escape(message)}", soft_wrap=True)
    if not verdict.whole:
        return
    if not verdict.from_the_beginning:
        out.print(f"[dim]It takes up the chain at {verdict.first}: what came before is not in the file.[/]")
    if not anchored:
        out.print(
            "[dim]The file agrees with itself. That nothing was rewritten or cut off, only a hash that was noted "
            "earlier shows: give it with --head.[/]",
            soft_wrap=True,
        )
