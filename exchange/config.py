"""Settings: the only room that reads the environment. Every variable begins with EXCHANGE_.

A server that is half configured does not start: what is missing, out of range, contradictory or misspelled raises
ConfigurationInvalid. It names each variable that is wrong, says what is wrong with what it has, and what to write.
Values of EXCHANGE_GRAPH_URI and EXCHANGE_GRAPH_PASSWORD are never quoted: both may hold a secret.
"""

from __future__ import annotations

import difflib
import ipaddress
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from exchange.errors import ConfigurationInvalid
from exchange.graph import uri_problem

PREFIX: Final = "EXCHANGE_"
FOLDER: Final = "footprint-exchange"
SERVERS: Final = ("bolt:", "bolt+s:", "bolt+ssc:", "neo4j:", "neo4j+s:", "neo4j+ssc:")
HOST_NAME: Final = re.compile(r"(?=.{1,253}\Z)([a-z0-9_-]{1,63}\.)*(?![0-9]+\.?\Z)[a-z0-9_-]{1,63}\.?", re.IGNORECASE)
VALUE_LENGTH_MAX: Final = 60  # of a wrong value that is quoted

# What may be wrong with a value, by pydantic's name for it, and what to write instead, by setting.
WRONG: Final = {
    "int_parsing": "is not a whole number",
    "greater_than_equal": "is out of range",
    "less_than_equal": "is out of range",
    "literal_error": "is not a level of the log",
    "string_too_short": "is empty",
}
WRITE: Final = {
    "host": "Write an IP address or a host name of this machine and nothing else, such as 127.0.0.1, ::1 or 0.0.0.0; "
    "the port goes into EXCHANGE_PORT.",
    "port": "Write a whole number from 0 to 65535, such as 8000; 0 takes a free port.",
    "graph_megabytes": "Write a whole number from 0 to 1000000, such as 768.",
    "token_minutes": "Write a whole number from 1 to 15.",
    "log_level": "Write DEBUG, INFO, WARNING or ERROR.",
}


class Settings(BaseSettings):
    """What an operator may set; the description of each is its documentation."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, extra="forbid", frozen=True)

    graph_uri: str | None = Field(
        default=None,
        description="Where the graph is: `embedded:PATH` (a database of its own, started with the server), "
        "`bolt://HOST:PORT` or `neo4j://HOST:PORT` (a Neo4j server or cluster; `+s` for TLS). "
        "Unset: embedded, in the data directory.",
    )
    graph_user: str | None = Field(
        default=None, description="User of the Neo4j server; `neo4j` if unset. Not for the embedded database."
    )
    graph_password: SecretStr | None = Field(
        default=None, description="Password of the Neo4j server. The embedded database makes its own."
    )
    graph_database: str | None = Field(
        default=None, description="Name of the database on the Neo4j server; its default one if unset."
    )
    data_directory: Path | None = Field(
        default=None,
        description="Where the embedded database keeps its files if EXCHANGE_GRAPH_URI is unset. Unset: the place that "
        "the system has for a user's data (on Linux ~/.local/share/footprint-exchange).",
    )
    graph_megabytes: int = Field(
        default=768,
        ge=0,
        le=1_000_000,
        description="How much memory the graph may take in a server: a million products take some four hundred. A "
        "graph that needs more is read from the database for every answer, which is slower; 0: always.",
    )
    graph_snapshot: Path | None = Field(
        default=None,
        description="File in which a server keeps the graph that it has in memory, so that its next start takes "
        "seconds. It holds what the database holds: keep it as safe. Unset: `graph.snapshot` beside an embedded "
        "database, none with a Neo4j server.",
    )
    host: str = Field(
        default="127.0.0.1",
        min_length=1,
        description="Address to listen on. The default lets in this machine only; 0.0.0.0 lets in everybody who "
        "reaches it, which calls for TLS in front of it.",
    )
    port: int = Field(default=8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    token_minutes: int = Field(
        default=15,
        ge=1,
        le=15,
        description="How long a token is good for. A revoked client's last token lives so long.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="How much is logged, on standard error."
    )


def read_settings(**overrides: Any) -> Settings:
    """The settings of this process. `overrides` (of the command line, by field name) go before the environment.

    Raises ConfigurationInvalid, with everything that is wrong.
    """
    wanted = {name: value for name, value in overrides.items() if value is not None}
    wrong = list(_unknown(name for name in os.environ if name.startswith(PREFIX)))
    settings = None
    try:
        settings = Settings(**wanted)
    except ValidationError as error:
        wrong += [
            _refused(str(each["loc"][0]), WRONG.get(each["type"], "cannot be used"), each["input"])
            for each in error.errors()
        ]
    given = _given() | wanted
    wrong += _unusable(given)
    wrong += _contradictions(given)
    if settings is None or wrong:
        several = "\n".join([f"{len(wrong)} settings are wrong:", *(f"- {each}" for each in wrong)])
        raise ConfigurationInvalid(several if len(wrong) > 1 else wrong[0])
    return settings


def variables() -> list[str]:
    """The names of all settings, as environment variables."""
    return [PREFIX + name.upper() for name in Settings.model_fields]


def _given() -> dict[str, Any]:
    """What the environment sets, as it stands there, by field name."""
    named = {name.upper(): value for name, value in os.environ.items() if value}
    return {field: named[PREFIX + field.upper()] for field in Settings.model_fields if PREFIX + field.upper() in named}


def _unknown(given: Iterable[str]) -> Iterator[str]:
    known = variables()
    for variable in given:
        if variable not in known:
            near = difflib.get_close_matches(
                variable.removeprefix(PREFIX), [name.removeprefix(PREFIX) for name in known], n=1
            )
            hint = f"did you mean {PREFIX}{near[0]}?" if near else f"the settings are {', '.join(known)}."
            yield f"{variable} is no setting of the exchange: {hint}"


def _refused(name: str, what: str, value: object) -> str:
    """One wrong value: the variable, what is wrong, what to write. Quoted only where nobody expects a secret."""
    text = str(value)
    shown = text if len(text) <= VALUE_LENGTH_MAX else text[: VALUE_LENGTH_MAX - 1] + "…"
    quoted = f"={shown!r}" if name in WRITE else ""
    return f"{PREFIX}{name.upper()}{quoted} {what}. {WRITE.get(name, 'See docs/settings.md.')}"


def _unusable(given: Mapping[str, Any]) -> Iterator[str]:
    """What has the right type and still means nothing."""
    uri, host = given.get("graph_uri"), given.get("host")
    problem = uri_problem(uri) if uri else None
    if problem is not None:
        yield problem
    if host and not _is_host(host):
        yield _refused("host", "is not an address to listen on", host)


def _is_host(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return HOST_NAME.fullmatch(text) is not None
    return True


def _contradictions(given: Mapping[str, Any]) -> Iterator[str]:
    uri = given.get("graph_uri")
    on_a_server = uri is not None and uri.startswith(SERVERS)
    embedded = uri is None or uri.startswith("embedded:")
    if on_a_server and "graph_password" not in given:
        yield "EXCHANGE_GRAPH_URI names a Neo4j server, but EXCHANGE_GRAPH_PASSWORD is not set: set it, too."
    if on_a_server and "data_directory" in given:
        yield "EXCHANGE_DATA_DIRECTORY is for the embedded database, but EXCHANGE_GRAPH_URI names a server: unset one."
    if uri is not None and embedded and "data_directory" in given:
        yield "EXCHANGE_DATA_DIRECTORY and EXCHANGE_GRAPH_URI both say where the embedded database is: unset one."
    if embedded:
        for name in ("graph_user", "graph_password", "graph_database"):
            if name in given:
                yield (
                    f"{PREFIX}{name.upper()} is set, but EXCHANGE_GRAPH_URI names no Neo4j server: "
                    "set EXCHANGE_GRAPH_URI=bolt://HOST:7687, or unset it to use the embedded database."
                )


def default_data_directory() -> Path:
    """Where this system keeps a user's data."""
    home = Path.home()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local") / FOLDER
    if sys.platform == "darwin":
        return home / "Library" / "Application Support" / FOLDER
    return Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share") / FOLDER
