"""Where a database listens, and the file by which commands of the same user find the one a server holds."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

ENDPOINT_FILE = "endpoint.json"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A Bolt address with its credentials; the password stays out of every representation.

    embedded: it is the database of an exchange's own child process. pid: that child's process id.
    database: the database's name on a server that has several; None: that server's default.
    """

    uri: str
    user: str
    password: str = field(repr=False)
    embedded: bool = False
    pid: int | None = None
    database: str | None = None


def write_endpoint(directory: Path, endpoint: Endpoint) -> None:
    """Puts the endpoint into its file, whole or not at all, readable by this user only."""
    target = directory / ENDPOINT_FILE
    temporary = target.with_suffix(f".{os.getpid()}")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(asdict(endpoint), file)
    temporary.replace(target)


def read_endpoint(directory: Path) -> Endpoint | None:
    """The endpoint that the file names, or None where there is no (readable) file."""
    try:
        return Endpoint(**json.loads((directory / ENDPOINT_FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def remove_endpoint(directory: Path) -> None:
    """Takes the file away, once nothing listens there any more."""
    (directory / ENDPOINT_FILE).unlink(missing_ok=True)
