"""`exchange benchmark publish`: once a quarter, by hand or by a schedule; a second time it says what was published."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from exchange.app import snapshot_of, target_of
from exchange.cli import running
from exchange.cli.console import JSON_OPTION, console, print_json
from exchange.config import read_settings
from exchange.errors import InvalidInput
from exchange.model.parties import OPERATOR
from exchange.operations.benchmarks.publishing import Published, publish_benchmarks
from exchange.operations.exchange import Exchange
from exchange.operations.requests.checks import date_of_day

benchmarks = typer.Typer(
    no_args_is_help=True,
    help="Benchmarks of alliances, in quarterly editions.\n\nExample: exchange benchmark publish --closing 2026-09-30",
)


@benchmarks.callback()
def _group() -> None:
    """So that its one command keeps its name."""


@benchmarks.command("publish")
def publish(
    closing: Annotated[
        date | None,
        typer.Option(
            "--closing",
            parser=running.parse_date,
            metavar="DATE",
            help="The last day of the quarter; of the newest that has ended if not given.",
            show_default=False,
        ),
    ] = None,
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Publish a quarter's benchmark editions, of all alliances. Again: says what was published then.

    A schedule may run it every day: it publishes once a quarter.

    Example: exchange benchmark publish --closing 2026-09-30
    """
    settings = read_settings()
    megabytes, snapshot = settings.graph_megabytes, snapshot_of(settings, target_of(settings))

    async def command(exchange: Exchange) -> Published:
        return await publish_benchmarks(exchange, OPERATOR, closing, megabytes_max=megabytes, snapshot=snapshot)

    try:
        published = running.run(command)
    except InvalidInput as error:  # a day that no quarter ends with, or that is not over
        raise typer.BadParameter(error.problems[0].message, param_hint="--closing") from None
    quarter = published.quarter
    closed = date_of_day(quarter.closing_day)
    if as_json:
        print_json(
            {
                "quarter": quarter.id,
                "closingDate": str(closed),
                "again": published.again,
                "new": quarter.new,
                "kept": quarter.kept,
                "none": quarter.none,
                "products": quarter.products,
            }
        )
        return
    word = "was published already" if published.again else "is published"
    console().print(f"[bold]{quarter.id}[/], which closed on {closed}, {word}.")
    console().print(
        f"{quarter.new} new editions and {quarter.kept} that stay, of {quarter.products} products; of {quarter.none} "
        "more sets with six groups or more nothing is published.",
        soft_wrap=True,
    )
