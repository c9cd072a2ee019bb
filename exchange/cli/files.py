"""Files that a command writes: whole or not at all, the same bytes everywhere, and never over another by chance."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

from exchange.errors import InvalidInput


def refuse_what_is_there(path: Path, *, force: bool) -> None:
    """Before long work, so that it is not done in vain. Raises InvalidInput."""
    if path.is_dir():
        raise InvalidInput(f"{path} is a folder: name a file in it.")
    if not path.parent.is_dir():
        raise InvalidInput(f"There is no folder {path.parent} to write {path.name} into.")
    if not force and (path.exists() or path.is_symlink()):
        raise InvalidInput(_is_there(path))


def write_whole(text: str, path: Path, *, force: bool) -> None:
    """Beside the file first, and into its place when it is all there. Raises InvalidInput where it cannot be written,
    or where it is there and `force` is not given."""
    beside = path.with_name(f".{path.name[:100]}.{secrets.token_hex(8)}.part")
    try:
        try:
            with beside.open("x", encoding="utf-8", newline="\n") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            if force:
                beside.replace(path)
            else:
                _move_to_new(beside, path)
        finally:
            with contextlib.suppress(OSError):
                beside.unlink(missing_ok=True)
    except FileExistsError:
        raise InvalidInput(_is_there(path)) from None
    except OSError as error:
        raise InvalidInput(f"{path} cannot be written: {error.strerror or error}.") from None


def _move_to_new(beside: Path, path: Path) -> None:
    """Raises FileExistsError where somebody was there first; file systems without links are only asked before."""
    try:
        path.hardlink_to(beside)
    except FileExistsError:
        raise
    except OSError:
        if path.exists():
            raise FileExistsError from None
        beside.replace(path)


def _is_there(path: Path) -> str:
    return f"{path} is there already. Choose another name, or overwrite it with --force."
