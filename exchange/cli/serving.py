"""`exchange serve` and `exchange schema`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from exchange.app import serve as serve_until_told
from exchange.cli.console import error_console
from exchange.config import read_settings
from exchange.schema import printed_schema


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; EXCHANGE_HOST or 127.0.0.1.")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port to listen on, 0 for a free one; EXCHANGE_PORT or 8000.")
    ] = None,
) -> None:
    """Serve the exchange until Ctrl-C: GraphQL, tokens, health.

    Example: exchange serve --port 8000
    """
    settings = read_settings(host=host, port=port)

    def started(address: str) -> None:
        error_console().print(f"Serving {address}/graphql. Stop with Ctrl-C.")

    serve_until_told(settings, started)


def schema() -> None:
    """Print the GraphQL schema.

    Example: exchange schema > schema.graphql
    """
    text = printed_schema()
    sys.stdout.write(text if text.endswith("\n") else text + "\n")
