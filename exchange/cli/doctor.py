"""`exchange doctor`: what is configured, what answers, what is missing, and what to do about it."""

from __future__ import annotations

import asyncio
import importlib.util
import platform
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated

import typer
from rich.markup import escape

from exchange import __version__
from exchange.app import running_exchange, target_of
from exchange.cli.calling import called
from exchange.cli.console import JSON_OPTION, console, print_json, table
from exchange.cli.demo_place import data_directory, demo_elsewhere, is_demo, way_to_demo
from exchange.cli.running import not_begun
from exchange.config import Settings, read_settings
from exchange.errors import ConfigurationInvalid, ExchangeError
from exchange.operations.changing.credentials import signing_keys
from exchange.operations.exchange import Exchange

PACKAGES = ("strawberry-graphql", "starlette", "uvicorn", "neo4j", "numpy", "scipy", "networkx", "joserfc")
EMBEDDED_MODULE, EMBEDDED_PACKAGE = "arcadedb_embedded", "arcadedb-embedded"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at. `advice`: what to do where it is not well."""

    what: str
    well: bool
    found: str
    advice: str | None = None


def doctor(as_json: Annotated[bool, JSON_OPTION] = False) -> None:
    """Look at the settings and the database, and say what to do where something is missing.

    Example: exchange doctor
    """
    checks = list(_checks())
    well = all(check.well for check in checks)
    if as_json:
        print_json({"well": well, "checks": [asdict(check) for check in checks]})
    else:
        rows = table("", "what", "found")
        for check in checks:
            mark = "[green]ok[/]" if check.well else "[bold red]no[/]"
            advice = f"\n[yellow]{escape(check.advice)}[/]" if check.advice else ""
            rows.add_row(mark, check.what, escape(check.found) + advice)
        out = console()
        out.print(rows)
        out.print("Everything is well." if well else "Something needs you: see the lines marked no.")
    if not well:
        raise typer.Exit(1)


def _checks() -> Iterator[Check]:
    yield Check("version", True, f"{__version__}, Python {platform.python_version()}, {platform.platform()}")
    yield from _packages()
    try:
        settings = read_settings()
        target = target_of(settings, attach=True)
    except ExchangeError as error:
        yield Check("settings", False, error.code, error.message)
        return
    yield Check("settings", True, _settings(settings))
    embedded = target.endpoint is None
    present = importlib.util.find_spec(EMBEDDED_MODULE) is not None
    if embedded:
        advice = (
            "Install it with `pip install 'footprint-exchange[embedded]'` (Linux with glibc 2.34 or newer, macOS "
            "arm64, Windows x64), or set EXCHANGE_GRAPH_URI to a Neo4j server."
        )
        found = f"{EMBEDDED_PACKAGE} {_version(EMBEDDED_PACKAGE)}" if present else "not installed"
        yield Check("embedded store", present, found, None if present else advice)
    try:
        missing = not_begun(settings)
    except ConfigurationInvalid as error:
        yield Check("database", False, f"{target}: not a folder", error.message)
        return
    if missing is None:
        yield from asyncio.run(_database(settings, str(target)))
    else:
        yield Check("database", False, f"{target}: none yet", missing)
    yield from _demo(settings)


def _demo(settings: Settings) -> Iterator[Check]:
    """Whose database this is, or where else the demo's is: nothing about it is wrong, but it is easily confused."""
    demo = demo_elsewhere(settings)
    if demo is not None:
        yield Check("demo", True, str(demo), way_to_demo(demo))
    elif settings.graph_uri is None and is_demo(data_directory(settings)):
        yield Check("demo", True, f"this is the database of `{called('demo')}`")


def _packages() -> Iterator[Check]:
    found = {package: _version(package) for package in PACKAGES}
    missing = [package for package, number in found.items() if number is None]
    shown = ", ".join(f"{package} {number}" for package, number in found.items() if number)
    advice = f"Install {', '.join(missing)}: `python -m tasks setup`." if missing else None
    yield Check("packages", not missing, shown, advice)


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _settings(settings: Settings) -> str:
    """What is set, secrets left out."""
    given = settings.model_dump(exclude_defaults=True, exclude={"graph_password"})
    shown = ", ".join(f"EXCHANGE_{name.upper()}={value}" for name, value in sorted(given.items()))
    return shown or "all defaults"


async def _database(settings: Settings, target: str) -> list[Check]:
    started = time.monotonic()
    try:
        async with running_exchange(settings, attach=True) as exchange:
            return await _content(exchange, target, started)
    except ExchangeError as error:
        return [Check("database", False, f"{target}: {error.code}", error.message)]


async def _content(exchange: Exchange, target: str, started: float) -> list[Check]:
    await exchange.store.ready()
    about = await exchange.store.describe()
    milliseconds = (time.monotonic() - started) * 1000
    counts = ", ".join(f"{count} {label.lower()}s" for label, count in about.counts.items())
    keys = await signing_keys(exchange)
    empty = not about.counts.get("Organization")
    return [
        Check("database", True, f"{target}: {about.server}, schema {about.schema_version}, in {milliseconds:.0f} ms"),
        Check("content", True, counts, f"It is empty: try `{called('seed')}`." if empty else None),
        Check("signing keys", True, f"{len(keys)}" if keys else "none yet; the first token makes one"),
    ]
