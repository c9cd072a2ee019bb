"""Clients on the command line: the credentials with which an organization's programs sign in."""

from __future__ import annotations

import uuid
from typing import Annotated

import typer
from rich.markup import escape

from exchange.cli import running
from exchange.cli.console import JSON_OPTION, console, print_json, table
from exchange.cli.finding import find_organization
from exchange.model.footprint import NEVER_US
from exchange.model.parties import OPERATOR, ROLE_SCOPES, Client, MemberKind, Organization, Role, Scope
from exchange.operations.changing.credentials import add_client, get_client, give_role, list_clients, revoke_client
from exchange.operations.exchange import Exchange
from exchange.schema.instants import instant_of
from exchange.tokens import hash_secret, make_secret

clients = typer.Typer(
    no_args_is_help=True, help="Clients: credentials of organizations.\n\nExample: exchange client add acme.example"
)


@clients.command("add")
def add(
    organization: Annotated[str, typer.Argument(metavar="ORGANIZATION", help="Its name, domain or id.")],
    scope: Annotated[
        list[Scope] | None,
        typer.Option(
            parser=running.parse_one_of(Scope),
            metavar="|".join(Scope),
            help="Instead of a role, all scopes of one, READ or PUBLISH, or ADMINISTER for a client of the operator. "
            "Repeat for more.",
        ),
    ] = None,
    role: Annotated[
        Role | None,
        typer.Option(
            parser=running.parse_one_of(Role),
            metavar="|".join(Role),
            help="What it may do for the organization; PUBLISHER if not given.",
        ),
    ] = None,
    person: Annotated[
        bool, typer.Option("--person", help="A person's client; a service account's if not given.")
    ] = False,
    name: Annotated[str, typer.Option(help="What people call it, such as a person's name.", show_default=False)] = "",
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Add a client to an organization, and print its secret this once.

    The first administrator of an organization is added here; it then adds the other members itself, by the API.

    Example: exchange client add acme.example --role ADMINISTRATOR --person --name "Li Wei"
    """
    if scope and role:
        raise typer.BadParameter("Give --role or --scope, not both.")
    secret = make_secret()
    scopes = frozenset(scope) if scope else ROLE_SCOPES[role or Role.PUBLISHER]
    kind = MemberKind.PERSON if person else MemberKind.SERVICE_ACCOUNT

    async def command(exchange: Exchange) -> tuple[Organization, Client]:
        owner = await find_organization(exchange, organization)
        hashed, now_us = hash_secret(secret), exchange.clock()
        client = Client(str(uuid.uuid4()), owner.id, scopes, hashed, now_us, NEVER_US, kind, name)
        await add_client(exchange, OPERATOR, client)
        return owner, client

    owner, client = running.run(command)
    named = _scopes(client)
    if as_json:
        print_json({"organization": owner.id, "clientId": client.id, "clientSecret": secret, **_what(client)})
        return
    out = console()
    out.print(f"Client of [bold]{escape(owner.name)}[/], {_role(client)}, scopes {', '.join(named)}")
    out.print(f"  id      {client.id}")
    out.print(f"  secret  {secret}   (shown this once: keep it)")
    out.print(f"Get a token: curl -u {client.id}:SECRET -d grant_type=client_credentials http://HOST/auth/token")


@clients.command("list")
def list_all(
    organization: Annotated[str, typer.Argument(metavar="ORGANIZATION", help="Its name, domain or id.")],
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """List an organization's clients, oldest first, revoked ones too. Secrets are kept nowhere.

    Example: exchange client list acme.example
    """

    async def command(exchange: Exchange) -> tuple[Organization, list[Client]]:
        owner = await find_organization(exchange, organization)
        return owner, await list_clients(exchange, OPERATOR, owner.id)

    owner, found = running.run(command)
    if as_json:
        print_json([_fields(one) for one in found])
        return
    if not found:
        console().print(f"{escape(owner.name)} has no clients.")
        return
    rows = table("id", "name", "role", "scopes", "added", "revoked")
    for one in found:
        named = ", ".join(_scopes(one))
        rows.add_row(one.id, escape(one.name), _role(one), named, _instant(one.created_at_us), _revoked(one) or "")
    console().print(rows)


@clients.command("role")
def give(
    client_id: Annotated[str, typer.Argument(metavar="CLIENT_ID", help="Its id, as add and list print it.")],
    role: Annotated[
        Role,
        typer.Argument(
            parser=running.parse_one_of(Role), metavar="ROLE", help=f"What it may do from now on: {', '.join(Role)}."
        ),
    ],
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Give a client another role: it has to sign in again. So a client from before there were roles becomes the first
    administrator of its organization.

    Example: exchange client role 3f2b8c1e-5d47-4a90-9c6b-0e1d2f3a4b5c ADMINISTRATOR
    """
    changed = running.run(lambda exchange: give_role(exchange, OPERATOR, client_id.strip().lower(), role))
    if as_json:
        print_json(_fields(changed))
        return
    console().print(
        f"{changed.id} is {_role(changed)} now, scopes {', '.join(_scopes(changed))}. Its tokens have ended."
    )


@clients.command("revoke")
def revoke(
    client_id: Annotated[str, typer.Argument(metavar="CLIENT_ID", help="Its id, as add and list print it.")],
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Revoke a client: it gets no new token, and those that it has end.

    Example: exchange client revoke 3f2b8c1e-5d47-4a90-9c6b-0e1d2f3a4b5c
    """

    async def command(exchange: Exchange) -> Client:
        wanted = client_id.strip().lower()
        await revoke_client(exchange, OPERATOR, wanted)
        found = await get_client(exchange, wanted)
        assert found is not None  # clients are never deleted
        return found

    revoked = running.run(command)
    if as_json:
        print_json(_fields(revoked))
        return
    console().print(f"Revoked {revoked.id}: it gets no new token, and those that it has have ended.")


def _scopes(client: Client) -> list[str]:
    return [one.value for one in Scope if one in client.scopes]


def _role(client: Client) -> str:
    return "the operator's" if client.role is None else client.role.value


def _what(client: Client) -> dict[str, object]:
    role = None if client.role is None else client.role.value
    return {"name": client.name or None, "kind": client.kind.value, "role": role, "scopes": _scopes(client)}


def _fields(client: Client) -> dict[str, object]:
    return {
        "organization": client.organization_id,
        "clientId": client.id,
        **_what(client),
        "createdAt": _instant(client.created_at_us),
        "revokedAt": _revoked(client),
    }


def _revoked(client: Client) -> str | None:
    return None if client.revoked_at_us == NEVER_US else _instant(client.revoked_at_us)


def _instant(microseconds: int) -> str:
    """As the API writes instants."""
    return instant_of(microseconds).isoformat().replace("+00:00", "Z")
