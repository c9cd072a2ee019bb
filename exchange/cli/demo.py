"""`exchange demo`: the example supply chains in a database of their own, one answer, and a question to ask.

With --once nothing stays: one query goes over HTTP to a server that lives as long as it takes.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import urllib.request
import uuid
from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.markup import escape

import seed
from exchange.app import check_address, running_exchange, serve_exchange
from exchange.cli.calling import called
from exchange.cli.console import console, error_console, progress
from exchange.cli.demo_place import data_directory, demo_directory, leave_note
from exchange.cli.errors import FAILED
from exchange.cli.roll_ups import roll_up_page, show_roll_up
from exchange.config import Settings, read_settings
from exchange.errors import ConfigurationInvalid, StoreUnavailable
from exchange.importers.demo_data import Seeded, publish_seed
from exchange.importers.publisher import publisher
from exchange.model.footprint import NEVER_US
from exchange.model.parties import OPERATOR, ROLE_SCOPES, Client, MemberKind, Role, Scope
from exchange.operations.changing.credentials import add_client, add_signing_key, list_clients, signing_keys
from exchange.operations.exchange import Exchange
from exchange.operations.requests.checks import day_of
from exchange.tokens.signing import issue, make_key, signing_key

SCOPES: Final = tuple(scope for scope in Scope if scope in ROLE_SCOPES[Role.ADMINISTRATOR])
CLIENT: Final = "Who tries the demo"
NO_SECRET: Final = ""  # is no hash of anything
ANSWER_SECONDS_MAX = 60.0

QUERY = """\
{
  product(productId: "%s") {
    name
    owner { name }
    cradleToGate(asOf: "%s") {
      ... on RollUp {
        pcfExcludingBiogenicUptake
        primaryDataShare
        hasGaps
        contributions(first: 3) { product { name } sharePercent }
      }
    }
  }
}"""


def demo(
    once: Annotated[bool, typer.Option("--once", help="Ask one question over HTTP, and end.")] = False,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port to listen on; 0 for a free one.")] = None,
) -> None:
    """Start the exchange on example data, and show what to ask it.

    The data stays in a database of its own, the folder `demo` in the data directory; EXCHANGE_GRAPH_URI names another.

    Example: exchange demo --once
    """
    settings = _settings(port, once=once)
    asyncio.run(_demo(settings, once=once))


def _settings(port: int | None, *, once: bool) -> Settings:
    """As configured; without a database of its own choice, the demo's own, so that it never meets real data."""
    settings = read_settings(port=0 if once and port is None else port)
    if not once:  # then it is asked on loopback
        settings = _where_it_can_listen(settings)
    if settings.graph_uri is not None:
        return settings
    return settings.model_copy(update={"data_directory": demo_directory(settings)})


def _where_it_can_listen(settings: Settings) -> Settings:
    """Another port where this one is taken and nobody asked for it. Raises ConfigurationInvalid."""
    try:
        check_address(settings.host, settings.port)
    except ConfigurationInvalid:
        if "port" in settings.model_fields_set:
            raise
        check_address(settings.host, 0)
        return settings.model_copy(update={"port": 0})
    return settings


async def _demo(settings: Settings, *, once: bool) -> None:
    out, data = console(), seed.load()
    # One question may be asked beside a demo that runs; serving twice from one database would end with the first.
    async with running_exchange(settings, attach=once, serving=not once) as exchange:
        if settings.graph_uri is None:
            leave_note(data_directory(settings))
        with progress(quiet=False) as report:
            seeded = await publish_seed(exchange, data, report)
        out.print(
            f"{len(seeded.products)} products of {len(seeded.organizations)} invented organizations are in the graph."
        )
        out.print()
        await _show_product(out, exchange, data, seeded)
        tokens = await _tokens(exchange, data, seeded, settings.token_minutes)
        query = QUERY % (_urn(data, seed.DEMO_PUBLIC[0]), data.as_of)
        if once:
            async with _serving(exchange, settings) as address:
                await _ask(out, address, query)
            return
        await serve_exchange(exchange, settings, lambda address: _invite(out, address, query, tokens, data, settings))


async def _show_product(out: Console, exchange: Exchange, data: seed.SeedData, seeded: Seeded) -> None:
    owner = next(product.owner for product in data.products if product.key == seed.DEMO_PRODUCT)
    session = await exchange.session(publisher(seeded.organizations[owner]))
    [found] = await session.products([seeded.products[seed.DEMO_PRODUCT]])
    assert found is not None  # an owner sees its own product
    show_roll_up(out, await roll_up_page(session, found.product.key, day_of(data.as_of), None))
    out.print()


def _urn(data: seed.SeedData, key: str) -> str:
    return next(product.product_id for product in data.products if product.key == key)


async def _tokens(exchange: Exchange, data: seed.SeedData, seeded: Seeded, minutes: int) -> Mapping[str, str]:
    """Short-lived tokens of the demo's viewers, by name. Their clients have no secret: nobody can sign in as them."""
    now_us = exchange.clock()
    key = signing_key(await signing_keys(exchange), now_us)
    if key is None:
        await add_signing_key(exchange, make_key(now_us))
        key = signing_key(await signing_keys(exchange), now_us)
    if key is None:
        raise StoreUnavailable("No key to sign tokens with could be made. Try again.")
    names = {organization.key: organization.name for organization in data.organizations}
    tokens: dict[str, str] = {}
    for viewer in seed.DEMO_VIEWERS:
        client = await _administrator(exchange, seeded.organizations[viewer], now_us)
        tokens[names[viewer]] = issue(key, client, SCOPES, now_us, minutes).text
    return tokens


async def _administrator(exchange: Exchange, organization_id: str, now_us: int) -> Client:
    """Who looks for an organization of the demo: the same, however often it is started on one database."""
    for each in await list_clients(exchange, OPERATOR, organization_id):
        if each.stands and each.name == CLIENT and each.role is Role.ADMINISTRATOR:
            return each
    scopes = ROLE_SCOPES[Role.ADMINISTRATOR]
    client = Client(str(uuid.uuid4()), organization_id, scopes, NO_SECRET, now_us, NEVER_US, MemberKind.PERSON, CLIENT)
    await add_client(exchange, OPERATOR, client)
    return client


def _invite(
    out: Console, address: str, query: str, tokens: Mapping[str, str], data: seed.SeedData, settings: Settings
) -> None:
    """What to do next, in few lines; the query and the tokens stand alone, to be copied."""
    out.print(f"[bold]Ask it yourself: {address}/graphql[/]  (GraphiQL, in a browser). For example:")
    out.print(query, markup=False, soft_wrap=True)
    product = next(product for product in data.products if product.key == seed.DEMO_PRODUCT)
    out.print()
    out.print(
        f"Three pairs of eyes on {escape(product.name)} ({product.product_id}), for {settings.token_minutes} minutes. "
        'Put one into the headers: {"Authorization": "Bearer …"}'.replace("…", "TOKEN"),
        markup=False,
        soft_wrap=True,
    )
    for (name, token), sees in zip(tokens.items(), ("the owner", "INPUTS", "TOTAL"), strict=True):
        out.print(f"{name}, {sees}:", markup=False)
        out.print(token, markup=False, soft_wrap=True)
    out.print()
    if settings.graph_uri is None:
        out.print(
            f"The data is in {settings.data_directory}; other commands meet it there, for example", soft_wrap=True
        )
        command = f"{called('client add seamwork.example')}  (credentials of another enterprise, good for longer)"
        out.print(f"  EXCHANGE_DATA_DIRECTORY={settings.data_directory} {command}", markup=False, soft_wrap=True)
    out.print("Stop with Ctrl-C. The data stays; run it again to go on, or delete the folder to begin anew.")


@contextlib.asynccontextmanager
async def _serving(exchange: Exchange, settings: Settings) -> AsyncIterator[str]:
    """The server on loopback for as long as the block runs; gives its address."""
    address: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    loopback = settings.model_copy(update={"host": "127.0.0.1"})
    server = asyncio.create_task(serve_exchange(exchange, loopback, address.set_result))
    try:
        waiting: set[asyncio.Future[Any]] = {server, address}
        await asyncio.wait(waiting, timeout=ANSWER_SECONDS_MAX, return_when=asyncio.FIRST_COMPLETED)
        if not address.done():
            raise StoreUnavailable("The server did not start. Is the port free?")
        yield address.result()
    finally:
        server.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await server


async def _ask(out: Console, address: str, query: str) -> None:
    """Asks over HTTP, anonymously, and prints question and answer."""
    answer = await asyncio.to_thread(_post, f"{address}/graphql", {"query": query})
    out.print(f"[bold]POST {address}/graphql[/]")
    out.print(query, markup=False, soft_wrap=True)
    out.print(json.dumps(answer, ensure_ascii=False, indent=2), markup=False, soft_wrap=True)
    total = ((answer.get("data") or {}).get("product") or {}).get("cradleToGate", {}).get("pcfExcludingBiogenicUptake")
    if "errors" in answer or total is None:
        error_console().print(f"The exchange did not answer its own question. Run `{escape(called('doctor'))}`.")
        raise typer.Exit(FAILED)


def _post(url: str, body: Mapping[str, str]) -> dict[str, Any]:
    request = urllib.request.Request(
        url, json.dumps(body).encode(), {"Content-Type": "application/json", "Accept": "application/json"}
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=ANSWER_SECONDS_MAX) as response:
        found: dict[str, Any] = json.load(response)
    return found
