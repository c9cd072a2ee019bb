"""Organizations on the command line: adding and listing them."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape

from exchange.cli import running
from exchange.cli.calling import called
from exchange.cli.console import JSON_OPTION, console, print_json, table
from exchange.cli.demo_place import demo_elsewhere, way_to_demo
from exchange.cli.finding import all_organizations, find_organization
from exchange.config import read_settings
from exchange.model.parties import OPERATOR, Organization
from exchange.operations.changing.organizations import add_organization, set_group
from exchange.operations.exchange import Exchange
from exchange.schema.ids import global_id

organizations = typer.Typer(
    no_args_is_help=True, help="Organizations: who publishes.\n\nExample: exchange organization list"
)


@organizations.command("add")
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What people call it.")],
    domain: Annotated[
        list[str],
        typer.Option(help="A domain shown to be its own: it may register urn:pact:DOMAIN:… Repeat for more."),
    ],
    gs1_prefix: Annotated[
        list[str] | None,
        typer.Option(help="A GS1 company prefix shown to be its own, for urn:gtin:… Repeat for more."),
    ] = None,
    company_id: Annotated[
        list[str] | None,
        typer.Option(metavar="URN", help="A company id; urn:pact:DOMAIN:company-id:main if not given."),
    ] = None,
    group: Annotated[
        str | None,
        typer.Option(metavar="ORGANIZATION", help="The head of its corporate group; itself if not given."),
    ] = None,
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Add an organization, with the namespaces that were shown to be its own.

    Example: exchange organization add "Acme Steel" --domain acme.example --gs1-prefix 4012345
    """

    async def command(exchange: Exchange) -> Organization:
        head = await find_organization(exchange, group) if group is not None else None
        return await add_organization(
            exchange,
            OPERATOR,
            name=name,
            domains=domain,
            gs1_prefixes=gs1_prefix or (),
            company_ids=company_id or (),
            group_id=head.id if head else None,
        )

    added = running.run(command, begins=True)
    if as_json:
        print_json(_fields(added))
        return
    console().print(f"Added [bold]{escape(added.name)}[/], id {added.id}")
    advice = called(f"client add {added.domains[0]} --role ADMINISTRATOR")
    console().print(f"Give it credentials: {escape(advice)}", soft_wrap=True)


@organizations.command("group")
def group_of(
    organization: Annotated[str, typer.Argument(metavar="ORGANIZATION", help="Its name, domain or id.")],
    head: Annotated[
        str | None,
        typer.Option(metavar="ORGANIZATION", help="The head of the group that it belongs to; none: it stands alone."),
    ] = None,
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Put an organization into a corporate group, or out of one. It is one party with its group in statistics.

    Example: exchange organization group acme.example --head holding.example
    """

    async def command(exchange: Exchange) -> tuple[Organization, str]:
        found = await find_organization(exchange, organization)
        above = await find_organization(exchange, head) if head is not None else found
        return await set_group(exchange, OPERATOR, found.id, above.id), above.name

    changed, above = running.run(command)
    if as_json:
        print_json(_fields(changed))
        return
    where = "stands alone" if changed.group_id == changed.id else f"belongs to the group of [bold]{escape(above)}[/]"
    console().print(f"[bold]{escape(changed.name)}[/] {where}")


@organizations.command("list")
def list_all(as_json: Annotated[bool, JSON_OPTION] = False) -> None:
    """List all organizations by name.

    Example: exchange organization list --json
    """
    found = running.run(all_organizations)
    if as_json:
        print_json([_fields(organization) for organization in found])
        return
    if not found:
        advice = f"{called('organization add NAME --domain DOMAIN')}, or {called('seed')}"
        console().print(f"There are none yet: {escape(advice)}", soft_wrap=True)
        demo = demo_elsewhere(read_settings())
        if demo is not None:
            console().print(escape(way_to_demo(demo)), soft_wrap=True)
        return
    rows = table("name", "domains", "GS1 prefixes", "id")
    for one in found:
        rows.add_row(escape(one.name), ", ".join(one.domains), ", ".join(one.gs1_prefixes), one.id)
    console().print(rows)


def _fields(one: Organization) -> dict[str, object]:
    return {
        "id": one.id,
        "globalId": global_id("Organization", one.id),
        "name": one.name,
        "domains": list(one.domains),
        "gs1Prefixes": list(one.gs1_prefixes),
        "companyIds": list(one.company_ids),
        "groupId": one.group_id,
    }
