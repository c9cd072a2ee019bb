"""`exchange explain` writes what an answer was computed from; `exchange verify` recomputes it, from the file alone.

`verify` opens no database, reads no settings and asks nobody: whoever was given a file can run it anywhere.
"""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from exchange.cli import running
from exchange.cli.calling import called
from exchange.cli.console import JSON_OPTION, console, print_json
from exchange.cli.errors import FAILED
from exchange.cli.files import refuse_what_is_there, write_whole
from exchange.cli.finding import ProductArgument, find_product
from exchange.errors import RollUpRefused
from exchange.operations.answers.values import RefusedAnswer
from exchange.operations.exchange import Exchange
from exchange.operations.reading.explain_files import write_explain_file
from exchange.rollup import FILE_BYTES_MAX, Difference, ExplainFile, Verdict, read_explain_file, verify
from exchange.rollup.rounding import text

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
STANDARD_INPUT = "-"


def explain(
    product: ProductArgument,
    as_of: running.AsOfOption = None,
    known_at: running.KnownAtOption = None,
    organization: running.AsOption = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", metavar="FILE", help="Where to write; standard output if not given.", show_default=False
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file if it is there.")] = False,
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Write the explain file of a product: what its cradle to gate was computed from, as its viewer may see it.

    Example: exchange explain "Electric car Zephyr" --as-of 2026-06-30 --as swiftwind.example -o car.explain.json
    """
    known_at_us = running.known_at_us(known_at)
    if output is not None:
        refuse_what_is_there(output, force=force)

    async def command(exchange: Exchange) -> ExplainFile:
        session = await exchange.session(await running.viewer_of(exchange, organization))
        found = await find_product(session, product)
        [answer] = await session.roll_up([found.product.key], running.as_of_day(as_of), known_at_us)
        if isinstance(answer, RefusedAnswer):
            raise RollUpRefused(answer.message, refusal=answer.code)
        return await write_explain_file(session, answer)

    file = running.run(command)
    if output is None:
        sys.stdout.write(file.text)
        return
    write_whole(file.text, output, force=force)
    if as_json:
        print_json({"file": str(output), "bytes": len(file.text.encode()), "digest": file.digest})
    else:
        typer.echo(f"Wrote {output}: {file.digest}\nCheck it: {called(f'verify {shlex.quote(str(output))}')}", err=True)


def verify_file(
    file: Annotated[str, typer.Argument(metavar="FILE", help="An explain file; - reads standard input.")],
    against: Annotated[
        str | None,
        typer.Option(
            "--against",
            metavar="DIGEST",
            help="The digest that somebody else stated, such as the exchange: sha256: and 64 digits.",
            show_default=False,
        ),
    ] = None,
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Recompute an explain file from nothing but itself, and say whether it is equal or where it differs.

    Exit code 0: equal. 1: it differs, or is damaged. 2: wrong use. Needs no exchange and no network.

    Example: exchange verify car.explain.json
    """
    digest = None if against is None else against.strip().lower()
    if digest is not None and DIGEST.fullmatch(digest) is None:
        raise typer.BadParameter(f"{against!r} is no digest: it is sha256: and 64 hexadecimal digits.")
    verdict = verify(read_explain_file(_content(file)), digest)
    if as_json:
        print_json(_fields(verdict))
    else:
        _show(verdict)
    if not verdict.equal:
        raise typer.Exit(FAILED)


def _content(file: str) -> bytes:
    """A byte more than any file may have tells that it has too many. A file that cannot be read is wrong use."""
    if file == STANDARD_INPUT:
        return sys.stdin.buffer.read(FILE_BYTES_MAX + 1)
    try:
        with Path(file).open("rb") as opened:
            return opened.read(FILE_BYTES_MAX + 1)
    except (OSError, ValueError) as error:
        raise typer.BadParameter(f"{file} cannot be read: {getattr(error, 'strerror', None) or error}.") from None


def _fields(verdict: Verdict) -> dict[str, object]:
    recount = verdict.recount
    return {
        "verdict": "EQUAL" if verdict.equal else "DIFFERS",
        "digest": verdict.digest,
        "against": verdict.against,
        "products": verdict.product_count,
        "lines": verdict.line_count,
        "shown": {
            "name": verdict.root["name"],
            "owner": verdict.root["owner"],
            "asOf": verdict.result["asOf"],
            "knownAt": verdict.result["knownAt"],
            "pcfExcludingBiogenicUptake": verdict.result["pcfExcludingBiogenicUptake"],
        },
        "recomputed": None
        if recount is None
        else {
            "pcfExcludingBiogenicUptake": text(recount.total_kg_co2e),
            "roundingOfInputs": text(recount.rounding_kg_co2e),
            "arithmetic": text(recount.arithmetic_kg_co2e),
        },
        "differenceCount": verdict.difference_count,
        "differences": [_difference(one) for one in verdict.differences],
    }


def _difference(one: Difference) -> dict[str, object]:
    return {
        "footprint": one.footprint,
        "product": one.product,
        "field": one.field,
        "expected": one.expected,
        "got": one.got,
    }


def _show(verdict: Verdict) -> None:
    out, root, result = console(), verdict.root, verdict.result
    word = "[bold green]equal[/]" if verdict.equal else "[bold red]differs[/]"
    out.print(f"{word}  {escape(root['name'])}  {escape(root['owner'])}  as of {escape(result['asOf'])}")
    out.print(f"  shown       {result['pcfExcludingBiogenicUptake']} kg CO2e per {_unit(verdict)}, cradle to gate")
    recount = verdict.recount
    if recount is not None:
        out.print(
            f"  recomputed  {text(recount.total_kg_co2e)} kg CO2e, from {verdict.product_count} products and "
            f"{verdict.line_count} lines; may differ by {text(recount.rounding_kg_co2e)} (inputs are rounded) and "
            f"{text(recount.arithmetic_kg_co2e)} (arithmetic)",
            soft_wrap=True,
        )
    out.print(f"  digest      {verdict.digest}")
    _show_differences(verdict)
    if verdict.equal and verdict.against is None:
        out.print(
            "[dim]The file agrees with itself. That it is what the exchange answered, only a digest from the exchange "
            "shows: compare it with --against.[/]",
            soft_wrap=True,
        )
    elif verdict.equal:
        out.print("Its digest is the one stated.")


def _show_differences(verdict: Verdict) -> None:
    if verdict.equal:
        return
    out = console()
    out.print("\n[bold]Where it differs[/]")
    for one in verdict.differences:
        place = "the file" if one.product is None else f"{one.product} (footprint {one.footprint})"
        out.print(f"{escape(place)}, [bold]{escape(one.field)}[/]", soft_wrap=True)
        out.print(f"  expected  {escape(one.expected)}\n  got       {escape(one.got)}", soft_wrap=True)
    more = verdict.difference_count - len(verdict.differences)
    if more:
        out.print(f"… and {more} more")


def _unit(verdict: Verdict) -> str:
    root = verdict.root
    if "currency" in root:
        return escape(f"{root['declaredUnitAmount']} {root['currency']} of {root.get('priceYear', '')}")
    return f"{root['declaredUnitAmount']} {root['declaredUnitOfMeasurement'].lower().replace('_', ' ')}"
