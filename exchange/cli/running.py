"""A command's way to the exchange: the settings, the database (attached to where a server holds it), and who asks.

Only a command that says so begins an exchange where there is none: looking creates nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from exchange.app import running_exchange, target_of
from exchange.cli.calling import called
from exchange.cli.demo_place import demo_elsewhere, way_to_demo
from exchange.cli.finding import find_organization
from exchange.config import Settings, read_settings
from exchange.errors import ConfigurationInvalid, NotFound
from exchange.graph import is_begun
from exchange.model.paging import Page
from exchange.model.parties import OPERATOR, Scope, Viewer
from exchange.operations.exchange import Exchange
from exchange.operations.requests.checks import day_of, instant_us

T = TypeVar("T")
W = TypeVar("W", bound=StrEnum)

DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def parse_date(given: str) -> date:
    """A date as people write it in an option; wrong use where it is none."""
    with contextlib.suppress(ValueError):
        if DATE.fullmatch(given):
            return date.fromisoformat(given)
    raise typer.BadParameter(f"{given or repr(given)} is not a date; write YYYY-MM-DD.")


def parse_one_of(kind: type[W]) -> Callable[[str], W]:
    """One of some words as people write it in an option, in whatever case; wrong use where it is none of them."""

    def parse(given: str) -> W:
        for word in kind:
            if word.value.casefold() == given.strip().casefold():
                return word
        raise typer.BadParameter(f"{given!r} is none of {', '.join(word.value for word in kind)}.")

    return parse


AsOption = Annotated[
    str | None,
    typer.Option(
        "--as",
        metavar="ORGANIZATION",
        help="Whose eyes to look through: an organization's name, domain or id. If not given: the operator's.",
        show_default=False,
    ),
]
AsOfOption = Annotated[
    date | None,
    typer.Option("--as-of", parser=parse_date, metavar="DATE", help="The day to ask about; today if not given."),
]
KnownAtOption = Annotated[
    str | None,
    typer.Option(
        "--known-at",
        metavar="INSTANT",
        help="What was known then, such as 2026-06-30T12:00:00Z; now if not given.",
        show_default=False,
    ),
]


def not_begun(settings: Settings) -> str | None:
    """What to tell whoever looks at an exchange that nobody has begun, and so creates none; None: there is one.

    Raises ConfigurationInvalid where none can be begun, because a file has the place of the folder.
    """
    target = target_of(settings)
    if is_begun(target):
        return None
    file = _file_in_place_of(target.directory) if target.directory else None
    if file is not None:
        raise ConfigurationInvalid(
            f"{file} is not a folder. Choose another data directory with EXCHANGE_DATA_DIRECTORY=PATH (where "
            "EXCHANGE_GRAPH_URI is set: EXCHANGE_GRAPH_URI=embedded:PATH)."
        )
    return (
        f"There is no exchange in {target.directory} yet. Begin one: `{called('serve')}`, or with example data "
        f"`{called('demo')}`."
    )


def _file_in_place_of(directory: Path) -> Path | None:
    """What is there instead of the folder, or of one that it would be in."""
    path = directory.expanduser().absolute()
    there = next((place for place in (path, *path.parents) if place.exists()), None)
    return None if there is None or there.is_dir() else there


def run(command: Callable[[Exchange], Awaitable[T]], *, begins: bool = False) -> T:
    """Runs a command on the exchange that the settings mean, and lets go of it again.

    begins: it may be the first one there. Otherwise raises NotFound, and creates nothing, where there is no exchange.
    """

    async def opened() -> T:
        settings = read_settings()
        missing = None if begins else not_begun(settings)
        if missing is not None:
            demo = demo_elsewhere(settings)
            raise NotFound(missing if demo is None else f"{missing} {way_to_demo(demo)}")
        async with running_exchange(settings, attach=True) as exchange:
            try:
                return await command(exchange)
            except NotFound as error:
                demo = demo_elsewhere(settings)
                if demo is None or (await exchange.store.list_organizations(Page(first=1), None)).total:
                    raise
                message = f"{error.message} This database is empty. {way_to_demo(demo)}"
                raise NotFound(message, path=error.path) from None

    return asyncio.run(opened())


async def viewer_of(exchange: Exchange, organization: str | None) -> Viewer:
    """The operator, or whoever speaks for an organization."""
    if organization is None:
        return OPERATOR
    found = await find_organization(exchange, organization)
    return Viewer(found.id, frozenset({Scope.READ, Scope.PUBLISH}))


def as_of_day(given: date | None) -> int | None:
    return None if given is None else day_of(given)


def known_at_us(given: str | None) -> int | None:
    """Microseconds of an instant with an offset; wrong use where it is none."""
    if given is None:
        return None
    try:
        instant = datetime.fromisoformat(given)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise typer.BadParameter(f"{given!r} is not an instant with an offset, such as 2026-06-30T12:00:00Z.")
    try:
        return instant_us(instant.astimezone(UTC))
    except OverflowError:
        raise typer.BadParameter(f"{given!r} lies outside of the years 1 to 9999 (UTC).") from None
