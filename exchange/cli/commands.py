"""All commands in one list."""

from __future__ import annotations

from typing import Annotated

import typer

from exchange import __version__
from exchange.cli.auditing import audits
from exchange.cli.benchmarking import benchmarks
from exchange.cli.clients import clients
from exchange.cli.console import speak_utf8
from exchange.cli.demo import demo
from exchange.cli.doctor import doctor
from exchange.cli.errors import Commands
from exchange.cli.explaining import explain, verify_file
from exchange.cli.graphs import graphs
from exchange.cli.importing import imports, seed
from exchange.cli.organizations import organizations
from exchange.cli.roll_ups import rollup
from exchange.cli.serving import schema, serve

commands = typer.Typer(
    cls=Commands,
    name="exchange",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="The footprint exchange: product carbon footprints of many owners, rolled up on one supply-chain graph.\n\n"
    "Example: exchange demo",
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"exchange {__version__}")
        raise typer.Exit


@commands.callback()
def root(
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    speak_utf8()


commands.command("demo")(demo)
commands.command("serve")(serve)
commands.command("seed")(seed)
commands.add_typer(imports, name="import")
commands.add_typer(organizations, name="organization")
commands.add_typer(clients, name="client")
commands.command("rollup")(rollup)
commands.command("explain")(explain)
commands.command("verify")(verify_file)
commands.add_typer(graphs, name="graph")
commands.add_typer(audits, name="audit")
commands.add_typer(benchmarks, name="benchmark")
commands.command("schema")(schema)
commands.command("doctor")(doctor)


def main() -> None:
    """The command `exchange`."""
    speak_utf8()
    commands()
