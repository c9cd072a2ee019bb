"""The command line: one concept a file; `commands.py` lists them all, `errors.py` says what a failure looks like."""

from exchange.cli.commands import commands, main

__all__ = ["commands", "main"]
