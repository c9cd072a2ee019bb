"""Numbers that a field takes, each within its named bounds.

What is outside of them is an error at the field, INVALID_INPUT, for every field alike: it is a mistake of the question,
and no answer about the product. A field that always has an answer is not null, so the product above it is.
"""

from __future__ import annotations

from exchange.errors import InvalidInput


def bounded(argument: str, given: float | None, default: float, low: int, high: int) -> float:
    """What was given, or the default where it is null. Raises InvalidInput, naming the argument and its bounds."""
    amount = default if given is None else given
    if not low <= amount <= high:
        raise InvalidInput(f"{argument} must be {low} to {high}; got {amount}.", path=(argument,))
    return amount
