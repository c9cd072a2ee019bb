"""Clients on the command line: the credentials with which an organization's programs sign in."""

from __future__ import annotations

import uuid
from typing import Annotated

import typer
from rich.markup import escape

from exchange.cli import running
from exchange.cli.console import JSON_OPTION, console, print_json
from exchange.cli.finding import find_organization
from exchange.model.footprint import NEVER_US
from exchange.model.parties import OPERATOR, Client, Organization, Scope
from exchange.operations.credentials import add_client
from exchange.operations.exchange import Exchange
from exchange.tokens import hash_secret, make_secret

clients = typer.Typer(
    no_args_is_help=True, help="Clients: credentials of organizations.\n\nExample: exchange client add acme.example"
)


@clients.command("add")
def add(
    organization: Annotated[str, typer.Argument(metavar="ORGANIZATION", help="Its name, domain or id.")],
    scope: Annotated[
        list[Scope] | None,
        typer.Option(case_sensitive=False, help="What it may do; READ and PUBLISH if not given. Repeat for more."),
    ] = None,
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Add a client to an organization, and print its secret this once.

    Example: exchange client add acme.example --scope READ
    """
    secret = make_secret()
    scopes = frozenset(scope or (Scope.READ, Scope.PUBLISH))

    async def command(exchange: Exchange) -> tuple[Organization, Client]:
        owner = await find_organization(exchange, organization)
        client = Client(str(uuid.uuid4()), owner.id, scopes, hash_secret(secret), exchange.clock(), NEVER_US)
        await add_client(exchange, OPERATOR, client)
        return owner, client

    owner, client = running.run(command)
    named = [one.value for one in Scope if one in scopes]
    if as_json:
        fields = {"organization": owner.id, "clientId": client.id, "clientSecret": secret, "scopes": named}
        print_json(fields)
        return
    out = console()
    out.print(f"Client of [bold]{escape(owner.name)}[/], scopes {', '.join(named)}")
    out.print(f"  id      {client.id}")
    out.print(f"  secret  {secret}   (shown this once: keep it)")
    out.print(f"Get a token: curl -u {client.id}:SECRET -d grant_type=client_credentials http://HOST/auth/token")
