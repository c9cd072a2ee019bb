"""How this program was called, so that the commands it advises can be copied: from a clone there is no `exchange`."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Final

INSTALLED: Final = "exchange"
MODULE: Final = "__main__.py"  # what `python -m exchange` starts


def called(arguments: str) -> str:
    """A command of ours, such as `seed`, begun as this one was: `exchange seed` or `python -m exchange seed`."""
    started = Path(sys.argv[0])
    if started.name != MODULE or started.parent.name != INSTALLED:
        return f"{INSTALLED} {arguments}"
    python = [_near(sys.orig_argv[0]), "-m", INSTALLED]
    return f"{subprocess.list2cmdline(python) if os.name == 'nt' else shlex.join(python)} {arguments}"


def _near(program: str) -> str:
    """Its path from this folder where it lies inside, so that the line stays short."""
    path = Path(program)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else program
