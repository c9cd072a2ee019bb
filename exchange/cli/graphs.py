"""`exchange graph`: a product's upstream graph for other tools and for eyes, and the picture of the demo data."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

import seed
from exchange.cli import running
from exchange.cli.finding import ProductArgument, find_product
from exchange.errors import InvalidInput
from exchange.exports.drawing import NODES_MAX, draw_upstream
from exchange.exports.network import graphml, node_link
from exchange.exports.seed_picture import draw_seed
from exchange.operations.exchange import Exchange
from exchange.operations.reading.upstream import Upstream, upstream
from exchange.operations.requests.checks import joined

graphs = typer.Typer(
    no_args_is_help=True,
    help='Export and draw supply chains.\n\nExample: exchange graph export "T-shirt" --format svg -o t-shirt.svg',
)


class Format(StrEnum):
    GRAPHML = "graphml"
    NODE_LINK = "node-link"
    SVG = "svg"


SUFFIXES = {".graphml": Format.GRAPHML, ".json": Format.NODE_LINK, ".svg": Format.SVG}

OutputOption = Annotated[
    Path | None,
    typer.Option(
        "-o", "--output", metavar="FILE", help="Where to write; standard output if not given.", show_default=False
    ),
]


@graphs.command("export")
def export(
    product: ProductArgument,
    format_: Annotated[
        Format | None,
        typer.Option(
            "--format",
            parser=running.parse_one_of(Format),
            metavar="|".join(Format),
            help="What to write; taken from the file's name if not given.",
            show_default=False,
        ),
    ] = None,
    output: OutputOption = None,
    as_of: running.AsOfOption = None,
    known_at: running.KnownAtOption = None,
    organization: running.AsOption = None,
    nodes_max: Annotated[int, typer.Option("--max-nodes", min=2, max=500, help="Drawn at most (svg).")] = NODES_MAX,
) -> None:
    """Write what goes into a product, as its viewer may see it: GraphML, node-link JSON, or a drawing.

    Example: exchange graph export "Electric car Zephyr" --as-of 2026-06-30 --format graphml -o car.graphml
    """
    chosen = format_ or (SUFFIXES.get(output.suffix.lower()) if output else None)
    if chosen is None:
        raise typer.BadParameter(_what_to_write(output))
    known_at_us = running.known_at_us(known_at)

    async def command(exchange: Exchange) -> Upstream:
        session = await exchange.session(await running.viewer_of(exchange, organization))
        found = await find_product(session, product)
        return await upstream(session, found.product.key, session.dates(running.as_of_day(as_of), known_at_us))

    found = running.run(command)
    if chosen == Format.SVG:
        text = draw_upstream(found, nodes_max=nodes_max)
    else:
        text = graphml(found) if chosen == Format.GRAPHML else node_link(found)
    _write(text, output)


def _what_to_write(output: Path | None) -> str:
    say = f"Say what to write: --format {joined(list(Format), 'or')}"
    if output is None:
        return f"{say}."
    ends = f"ends in {output.suffix}" if output.suffix else "has no ending"
    return f"{output.name} {ends}, which is none of {joined(list(SUFFIXES))}. {say}, or name the file so."


@graphs.command("draw-seed")
def draw_the_seed(output: OutputOption = None) -> None:
    """Draw the example supply chains, from their files alone: docs/graph.svg is made this way.

    Example: exchange graph draw-seed -o docs/graph.svg
    """
    _write(draw_seed(seed.load()), output)


def _write(text: str, output: Path | None) -> None:
    """The same bytes on every system."""
    if output is None:
        sys.stdout.write(text)
        return
    try:
        output.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise InvalidInput(f"{output} cannot be written: {error.strerror or error}.") from None
    typer.echo(f"Wrote {output}", err=True)
