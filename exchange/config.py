"""Settings: the only room that reads the environment. Every variable begins with EXCHANGE_.

A server that is half configured does not start: what is missing, out of range, contradictory or misspelled raises
ConfigurationInvalid, which names the variable and says what to do.
"""

from __future__ import annotations

import difflib
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from exchange.errors import ConfigurationInvalid

PREFIX: Final = "EXCHANGE_"
FOLDER: Final = "footprint-exchange"
SERVERS: Final = ("bolt:", "bolt+s:", "bolt+ssc:", "neo4j:", "neo4j+s:", "neo4j+ssc:")


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

    Raises ConfigurationInvalid.
    """
    _refuse_unknown(name for name in os.environ if name.startswith(PREFIX))
    try:
        settings = Settings(**{name: value for name, value in overrides.items() if value is not None})
    except ValidationError as error:
        raise ConfigurationInvalid(_explained(error)) from None
    _refuse_contradictions(settings)
    return settings


def _refuse_unknown(given: Iterable[str]) -> None:
    known = variables()
    for variable in given:
        if variable not in known:
            near = difflib.get_close_matches(variable, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"the settings are {', '.join(known)}."
            raise ConfigurationInvalid(f"{variable} is no setting of the exchange: {hint}")


def variables() -> list[str]:
    """The names of all settings, as environment variables."""
    return [PREFIX + name.upper() for name in Settings.model_fields]


def _explained(error: ValidationError) -> str:
    parts = []
    for problem in error.errors():
        name = str(problem["loc"][0]) if problem["loc"] else "?"
        got = "" if name == "graph_password" else f" (it is {problem['input']!r})"
        parts.append(f"{PREFIX}{name.upper()}: {problem['msg']}{got}.")
    return " ".join(parts)


def _refuse_contradictions(settings: Settings) -> None:
    uri = settings.graph_uri
    on_a_server = uri is not None and uri.startswith(SERVERS)
    if on_a_server and settings.graph_password is None:
        raise ConfigurationInvalid(
            "EXCHANGE_GRAPH_URI names a Neo4j server, but EXCHANGE_GRAPH_PASSWORD is not set: set it, too."
        )
    if on_a_server and settings.data_directory is not None:
        raise ConfigurationInvalid(
            "EXCHANGE_DATA_DIRECTORY is for the embedded database, but EXCHANGE_GRAPH_URI names a server: unset one."
        )
    if uri is not None and uri.startswith("embedded:") and settings.data_directory is not None:
        raise ConfigurationInvalid(
            "EXCHANGE_DATA_DIRECTORY and EXCHANGE_GRAPH_URI both say where the embedded database is: unset one."
        )
    if not on_a_server:
        for name in ("graph_user", "graph_password", "graph_database"):
            if getattr(settings, name) is not None:
                raise ConfigurationInvalid(
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
