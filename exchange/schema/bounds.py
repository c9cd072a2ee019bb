"""Numbers that a field takes, each within its named bounds."""

from __future__ import annotations

from exchange.errors import InvalidInput


def bounded(argument: str, given: float | None, default: float, low: int, high: int) -> float:
    """What was given, or the default where it is null. Raises InvalidInput, naming the argument and its bounds."""
    amount = default if given is None else given
    if not low <= amount <= high:
        raise InvalidInput(f"{argument} must be {low} to {high}; got {amount}.", path=(argument,))
    return amount
