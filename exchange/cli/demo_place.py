"""Where the demo keeps its database, and how other commands reach it.

It is a folder of its own inside the data directory: it never meets real data, and needs no other place that can be
written. A note in it says whose it is, so that whoever names it as the data directory gets it, and not one more inside.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from exchange.config import Settings, default_data_directory

FOLDER: Final = "demo"
NOTE: Final = "demo.txt"
NOTE_TEXT: Final = "The database of `exchange demo`: invented data. Delete this folder to begin anew.\n"


def data_directory(settings: Settings) -> Path:
    """Where commands keep the embedded database."""
    return (settings.data_directory or default_data_directory()).expanduser()


def is_demo(directory: Path) -> bool:
    return (directory / NOTE).is_file()


def demo_directory(settings: Settings) -> Path:
    """Where the demo keeps its own."""
    directory = data_directory(settings)
    return directory if is_demo(directory) else directory / FOLDER


def leave_note(directory: Path) -> None:
    """Leaves the note in a directory that the demo uses."""
    if not is_demo(directory):
        (directory / NOTE).write_text(NOTE_TEXT, encoding="utf-8")


def demo_elsewhere(settings: Settings) -> Path | None:
    """The demo's directory, where there is one and commands with these settings use another database by default."""
    directory = demo_directory(settings)
    here = settings.graph_uri is not None or directory == data_directory(settings)
    return None if here or not directory.is_dir() else directory


def way_to_demo(directory: Path) -> str:
    """What to tell whoever looks for the demo's data elsewhere."""
    return f"The demo's data is in a database of its own: set EXCHANGE_DATA_DIRECTORY={directory} to reach it."
